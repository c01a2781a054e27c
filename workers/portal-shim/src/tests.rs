//! Tests: the parts that need nothing alone, then the portal with a real broker.
