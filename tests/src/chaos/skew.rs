//! Services whose clocks are wrong.

use std::path::Path;

use anyhow::{Result, bail};

/// Where Debian's `libfaketime` puts what is loaded before a program.
const LIBRARIES: [(&str, &str); 2] = [
    (
        "x86_64",
        "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    ),
    (
        "aarch64",
        "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
    ),
];

/// The settings of a service whose clock is `seconds` off, `+600` or `-600`; how time
/// passes is left alone.
///
/// # Errors
/// When `libfaketime` is not installed.
pub(crate) fn clock(seconds: &'static str) -> Result<[(&'static str, &'static str); 3]> {
    let installed = LIBRARIES
        .into_iter()
        .find(|(machine, path)| *machine == std::env::consts::ARCH && Path::new(path).exists());
    let Some((_, library)) = installed else {
        bail!("libfaketime is not installed: apt-get install libfaketime");
    };
    Ok([
        ("LD_PRELOAD", library),
        ("FAKETIME", seconds),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ])
}
