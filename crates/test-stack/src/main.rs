//! Holds a private stack until Ctrl-C and prints how tests can share it.
//!
//! `cargo run -p test-stack` once, paste its lines into another terminal, and
//! every test run there starts at once.

use anyhow::Result;
use test_stack::Stack;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let stack = Stack::start().await?;
    println!("# data, logs and pids: {}", stack.folder().display());
    for (name, value) in stack.endpoints().variables() {
        println!("export {name}={value}");
    }
    println!("# Ctrl-C ends it.");
    tokio::signal::ctrl_c().await?;
    Ok(())
}
