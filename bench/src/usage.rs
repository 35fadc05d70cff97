//! What processes use: time of the processor and memory, as Linux tells.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use journeys::RealStack;
use test_stack::ServiceProcess;

/// Processes by what they are; some are several.
#[derive(Clone, Debug)]
pub(crate) struct Processes(BTreeMap<&'static str, Vec<u32>>);

/// Processor time by what processes are.
#[derive(Clone, Debug)]
pub(crate) struct Used(BTreeMap<&'static str, Duration>);

impl Processes {
    /// The services and servers of `stack`, and this process.
    ///
    /// # Errors
    /// When one does not run.
    pub(crate) fn of(stack: &RealStack) -> Result<Self> {
        let servers = stack.servers()?;
        let pids =
            |services: &[ServiceProcess]| services.iter().filter_map(ServiceProcess::pid).collect();
        let one = |pid: Option<u32>| pid.context("a server does not run").map(|pid| vec![pid]);
        Ok(Self(BTreeMap::from([
            ("gateway", pids(&stack.gateways)),
            ("worker", pids(&stack.workers)),
            ("catalog", one(stack.catalog.pid())?),
            ("MariaDB", one(servers.mariadb.pid())?),
            ("RabbitMQ", one(servers.rabbitmq.pid())?),
            ("Redis", one(servers.redis.pid())?),
            ("clients", vec![std::process::id()]),
        ])))
    }

    /// These, and the process `pid` as `name`.
    pub(crate) fn and(mut self, name: &'static str, pid: Option<u32>) -> Self {
        self.0.entry(name).or_default().extend(pid);
        self
    }

    /// What they have used so far, and what those that they started have: each process counts
    /// for the nearest of its forebears that has a name.
    pub(crate) fn used(&self) -> Used {
        let parents = parents();
        let names: BTreeMap<u32, &'static str> = (self.0.iter())
            .flat_map(|(name, pids)| pids.iter().map(|pid| (*pid, *name)))
            .collect();
        let mut used = BTreeMap::<_, Duration>::new();
        for pid in parents.keys() {
            if let Some(name) = name_of(*pid, &names, &parents) {
                *used.entry(name).or_default() += processor_time(*pid);
            }
        }
        Used(used)
    }

    /// The most memory that a process called `name` ever held, in MiB.
    pub(crate) fn peak_mib(&self, name: &str) -> f64 {
        let pids = self.0.get(name).into_iter().flatten();
        pids.map(|pid| peak_mib(*pid)).fold(0.0, f64::max)
    }
}

impl Used {
    /// What was used since `before`, in microseconds for each of `n` things.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    pub(crate) fn us_each(&self, before: &Self, n: u64) -> BTreeMap<&'static str, f64> {
        let since = |(name, used): (&&'static str, &Duration)| {
            let before = before.0.get(name).copied().unwrap_or_default();
            let us = used.saturating_sub(before).as_secs_f64() * 1e6;
            (*name, us / n.max(1) as f64)
        };
        self.0.iter().map(since).collect()
    }
}

/// The parent of each process.
fn parents() -> BTreeMap<u32, u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid| Some((pid, stat(pid)?.get(1)?.parse().ok()?)))
        .collect()
}

fn name_of(
    mut pid: u32,
    names: &BTreeMap<u32, &'static str>,
    parents: &BTreeMap<u32, u32>,
) -> Option<&'static str> {
    loop {
        if let Some(name) = names.get(&pid) {
            return Some(name);
        }
        pid = *parents.get(&pid)?;
    }
}

/// The fields of `/proc/<pid>/stat` that follow the name: state, parent, …
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(')')?;
    Some(fields.split_whitespace().map(str::to_owned).collect())
}

fn processor_time(pid: u32) -> Duration {
    let ticks = || -> Option<u64> {
        let stat = stat(pid)?;
        Some(stat.get(11)?.parse::<u64>().ok()? + stat.get(12)?.parse::<u64>().ok()?)
    };
    let per_second = rustix::param::clock_ticks_per_second();
    Duration::from_micros(ticks().unwrap_or_default() * 1_000_000 / per_second.max(1))
}

fn peak_mib(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or_default() / 1_024.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_counts_for_its_nearest_forebear_with_a_name() {
        let names = BTreeMap::from([(10, "clients"), (20, "RabbitMQ")]);
        let parents = BTreeMap::from([(10, 1), (20, 10), (21, 20), (30, 10), (2, 1)]);
        let name = |pid| name_of(pid, &names, &parents);
        assert_eq!(name(10), Some("clients"));
        assert_eq!(name(30), Some("clients"));
        assert_eq!(name(21), Some("RabbitMQ"));
        assert_eq!(name(2), None);
    }
}
