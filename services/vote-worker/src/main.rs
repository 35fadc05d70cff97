//! vote-worker
fn main() {}
