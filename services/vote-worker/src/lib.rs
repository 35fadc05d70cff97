//! vote-worker
