//! Stands in for a service in this crate's own tests: not ready for its first
//! two questions, then ready; ends at once on SIGTERM.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use anyhow::{Context, Result, ensure};

fn main() -> Result<()> {
    let port: u16 = env::var("TALLY__HTTP__PORT").context("no port")?.parse()?;
    println!("listening on {port}");
    ensure!(
        env::var("PRETEND").as_deref() != Ok("broken"),
        "pretending to be broken"
    );
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    for (n_questions, stream) in listener.incoming().enumerate() {
        let mut stream = stream?;
        let mut head = BufReader::new(stream.try_clone()?).lines();
        while head
            .next()
            .transpose()?
            .is_some_and(|line| !line.is_empty())
        {}
        let status = if n_questions < 2 {
            "503 Not Yet"
        } else {
            "200 OK"
        };
        stream.write_all(format!("HTTP/1.1 {status}\r\nConnection: close\r\n\r\n").as_bytes())?;
    }
    Ok(())
}
