//! test-stack
