//! Holds a private stack until Ctrl-C and prints how tests can share it.
//!
//! `cargo run -p test-stack` once, paste its lines into another terminal, and
//! every test run there starts at once.

use anyhow::{Result, bail};
use test_stack::Stack;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    if std::env::args().len() > 1 {
        bail!("test-stack takes no arguments: it starts private servers and ends with Ctrl-C");
    }
    let stack = Stack::start().await?;
    println!("# data, logs and pids: {}", stack.folder().display());
    for (name, value) in stack.endpoints().variables() {
        println!("export {name}={value}");
    }
    println!("# Ctrl-C ends it.");
    tokio::signal::ctrl_c().await?;
    Ok(())
}
