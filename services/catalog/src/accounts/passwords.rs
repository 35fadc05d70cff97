//! Passwords: hashed by bcrypt off the async threads, as many at once as settings say, so that
//! a flood of sign-ins leaves cores to everything else.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http_kit::Problem;
use tokio::sync::Semaphore;
use vote_domain::Ids;

use crate::failure::{Failure, overloaded};

/// The longest that a password waits for its turn: a request that waited for longer would be
/// given up. How many that lets in follows from bcrypt's cost.
const WAIT_MAX: Duration = Duration::from_secs(8);

/// How many wait at most, whatever they cost: so much memory is theirs.
const WAITING_MAX: usize = 1_000;

/// A password that an account may have: 8 to 72 bytes, for bcrypt sees no more. A NUL is
/// refused: bcrypt repeats the password behind one, so that several would be the same.
pub(crate) struct Password(String);

impl Password {
    /// The password, if it may be one.
    pub(crate) fn parse(text: String) -> Option<Self> {
        ((8..=72).contains(&text.len()) && !text.contains('\0')).then_some(Self(text))
    }
}

/// 422 `invalid_password`.
pub(crate) fn invalid_password() -> Problem {
    Problem::invalid(
        "invalid_password",
        "password must have 8 to 72 bytes, and no NUL.",
    )
}

/// Hashes and verifies. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Passwords {
    cost: u32,
    ids: Ids,
    /// A place in the line, the cores included.
    line: Arc<Semaphore>,
    cores: Arc<Semaphore>,
}

impl Passwords {
    /// Hashes at `cost`, with salts from `ids`, `at_once` passwords at a time; 0 takes one for
    /// every two cores.
    pub(crate) fn new(cost: u32, at_once: usize, ids: Ids) -> Self {
        let n_cores = match at_once {
            0 => (std::thread::available_parallelism().map_or(1, usize::from) / 2).max(1),
            at_once => at_once,
        };
        Self {
            cost,
            ids,
            line: Arc::new(Semaphore::new(n_cores + WAITING_MAX)),
            cores: Arc::new(Semaphore::new(n_cores)),
        }
    }

    /// The hash of `password`.
    ///
    /// # Errors
    /// 503 `overloaded` when the line is full, or moves too slowly.
    pub(crate) async fn hash(&self, password: Password) -> Result<String, Failure> {
        let (cost, salt) = (self.cost, self.ids.bytes());
        let hash = self
            .on_a_core(move || bcrypt::hash_with_salt(password.0, cost, salt))
            .await?;
        match hash {
            Ok(hash) => Ok(hash.to_string()),
            Err(error) => Err(Failure::internal(&error)),
        }
    }

    /// Whether `password` is the one that was hashed to `hash`; false without a hash, and
    /// that takes as long.
    ///
    /// # Errors
    /// 503 `overloaded` when the line is full, or moves too slowly.
    pub(crate) async fn verify(
        &self,
        password: Password,
        hash: Option<String>,
    ) -> Result<bool, Failure> {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| nobodys_hash(self.cost));
        let equal = self
            .on_a_core(move || bcrypt::verify(password.0, &hash))
            .await?;
        match equal {
            Ok(equal) => Ok(equal && known),
            Err(error) => Err(Failure::internal(&error)),
        }
    }

    async fn on_a_core<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let full = || {
            metrics::counter!("tally_password_hashes_shed_total").increment(1);
            overloaded("Too many sign-ins are under way.")
        };
        let place = self.line.clone().try_acquire_owned().map_err(|_| full())?;
        let turn = tokio::time::timeout(WAIT_MAX, self.cores.clone().acquire_owned());
        let core = turn.await.map_err(|_| full())?.map_err(|_| full())?;
        let worked = tokio::task::spawn_blocking(move || {
            // Held to the end of the work, also when whoever asked has gone.
            let _held = (place, core);
            let started = Instant::now();
            let done = work();
            metrics::histogram!("tally_password_hash_duration_seconds").record(started.elapsed());
            done
        });
        worked.await.map_err(|panic| Failure::internal(&panic))
    }
}

/// A hash of nobody's password.
fn nobodys_hash(cost: u32) -> String {
    format!("$2b${cost:02}${}", ".".repeat(53))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::parse(text.to_owned()).unwrap()
    }

    #[test]
    fn a_password_is_8_to_72_bytes() {
        let ok = |text: &str| Password::parse(text.to_owned()).is_some();
        assert!(ok("12345678") && ok(&"x".repeat(72)) && ok(&"é".repeat(36)));
        assert!(!ok("1234567") && !ok(&"x".repeat(73)) && !ok(&"é".repeat(37)));
        assert!(!ok("12345678\0abcdefgh"));
    }

    #[tokio::test]
    async fn a_hash_fits_its_password_to_the_72nd_byte() {
        let passwords = Passwords::new(4, 1, Ids::seeded(1));
        let long = "x".repeat(71);
        let hash = passwords.hash(password(&format!("{long}a"))).await.unwrap();
        let verify = async |text: &str| {
            passwords
                .verify(password(text), Some(hash.clone()))
                .await
                .unwrap()
        };
        assert!(verify(&format!("{long}a")).await);
        assert!(!verify(&format!("{long}b")).await);
        assert!(!verify(&long).await);
        let again = passwords.hash(password(&format!("{long}a"))).await.unwrap();
        assert_ne!(hash, again, "salts differ");
    }

    #[tokio::test]
    async fn nobodys_password_is_verified_at_the_same_cost_and_never_right() {
        let parts: bcrypt::HashParts = nobodys_hash(7).parse().unwrap();
        assert_eq!(parts.get_cost(), 7);
        let passwords = Passwords::new(4, 1, Ids::seeded(1));
        assert!(!passwords.verify(password("12345678"), None).await.unwrap());
    }

    #[tokio::test]
    async fn a_full_line_is_refused_at_once() {
        let passwords = Passwords::new(4, 1, Ids::seeded(1));
        let n_places = u32::try_from(passwords.line.available_permits()).unwrap();
        let places = passwords.line.clone().acquire_many_owned(n_places).await;
        assert!(passwords.hash(password("12345678")).await.is_err());
        drop(places);
        assert!(passwords.hash(password("12345678")).await.is_ok());
    }
}
