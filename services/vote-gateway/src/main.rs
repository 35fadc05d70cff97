//! vote-gateway
fn main() {}
