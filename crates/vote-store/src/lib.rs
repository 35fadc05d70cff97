//! vote-store
