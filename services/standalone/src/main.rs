//! standalone
fn main() {}
