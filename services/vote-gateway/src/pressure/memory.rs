//! How much memory this process uses.

use std::fs;

/// The bytes of this process that are in memory; `None` where the system does not say.
pub(super) fn used_bytes() -> Option<u64> {
    parse(&fs::read_to_string("/proc/self/status").ok()?)
}

/// `VmRSS:     1234 kB` among the lines of a process' status. Unlike `statm`, it needs no
/// page size.
fn parse(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resident_set_is_found_among_the_lines() {
        let status = "Name:\tvote-gateway\nVmHWM:\t  999 kB\nVmRSS:\t   4096 kB\nThreads:\t9\n";
        assert_eq!(parse(status), Some(4_194_304));
        assert_eq!(parse("Name:\tx\n"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_uses_some() {
        assert!(used_bytes().unwrap() > 100_000);
    }
}
