//! vote-messages
