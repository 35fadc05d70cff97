//! vote-gateway
