//! vote-cache
