//! Decisions alone, and the worker in the real runtime.
