//! votectl
fn main() {}
