//! Tests of customer-service.
