//! Ports that nobody else takes while they are held.

use std::collections::hash_map::RandomState;
use std::fs::{self, File};
use std::hash::{BuildHasher, Hasher};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

/// Below the range from which Linux draws the near ends of outgoing connections
/// (32768 upwards): a server that is down for a moment finds its port free again
/// however many connections are opened meanwhile.
const FIRST: u16 = 20_000;
const LAST: u16 = 32_000;

/// A port that no other stack of this user will choose while this value lives.
#[derive(Debug)]
pub(crate) struct Port {
    number: u16,
    _lock: File,
}

impl Port {
    /// Takes a free port at random.
    ///
    /// # Errors
    /// When none could be found.
    pub(crate) fn take() -> Result<Self> {
        for _ in 0..1_000 {
            let span = u64::from(LAST - FIRST);
            let offset = u16::try_from(random() % span).unwrap_or_default();
            if let Some(port) = Self::try_take(FIRST + offset)? {
                return Ok(port);
            }
        }
        bail!("no free port between {FIRST} and {LAST}")
    }

    /// Takes `number` if it is free.
    ///
    /// # Errors
    /// When the folder of lock files cannot be made.
    pub(crate) fn try_take(number: u16) -> Result<Option<Self>> {
        let folder = lock_folder()?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(folder.join(number.to_string()));
        let Ok(lock) = lock else { return Ok(None) };
        let free =
            lock.try_lock().is_ok() && TcpListener::bind((Ipv4Addr::LOCALHOST, number)).is_ok();
        Ok(free.then_some(Self {
            number,
            _lock: lock,
        }))
    }

    /// The port's number.
    pub(crate) fn number(&self) -> u16 {
        self.number
    }
}

/// A loopback port that is free now, outside the range of outgoing connections.
///
/// Nothing keeps it free: bind it soon.
///
/// # Errors
/// When none could be found.
pub fn free_port() -> Result<u16> {
    Ok(Port::take()?.number())
}

/// A number that differs from call to call and from process to process.
pub(crate) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

fn lock_folder() -> Result<PathBuf> {
    let user = rustix::process::getuid().as_raw();
    let folder = std::env::temp_dir().join(format!("tally-ports-{user}"));
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}
