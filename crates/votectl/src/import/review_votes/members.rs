//! Everybody in the file signs up.

use std::cell::{Cell, RefCell};

use anyhow::Result;
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::json;
use tokio::time::{Duration, Instant};

use super::file::{Number, Votes};
use super::memory::Memory;
use super::{Made, Run};
use crate::api::Call;
use crate::progress::Progress;

/// So many sign-ups show how long the rest will take.
const SAMPLE: u32 = 32;

/// Sign-ups that take longer than this each get a hint.
const SLOW: Duration = Duration::from_millis(60);

/// Signs everybody up who is not there yet.
///
/// # Errors
/// When somebody cannot be signed up, or the service stays away.
pub(super) async fn sign_up(run: &Run, votes: &Votes, memory: &mut Memory) -> Result<Made> {
    let members = votes.members();
    let total = members.len();
    let signing_up = SigningUp {
        run,
        total,
        memory: RefCell::new(memory),
        progress: Progress::begin("members", total),
        started: Instant::now(),
        n_asked: Cell::new(0),
        n_created: Cell::new(0),
    };
    stream::iter(members)
        .map(Ok)
        .try_for_each_concurrent(run.clients, |member| signing_up.sign_up(member))
        .await?;
    Ok(Made {
        total,
        created: signing_up.n_created.get(),
    })
}

struct SigningUp<'a> {
    run: &'a Run,
    total: usize,
    memory: RefCell<&'a mut Memory>,
    progress: Progress,
    started: Instant,
    n_asked: Cell<u32>,
    n_created: Cell<usize>,
}

impl SigningUp<'_> {
    async fn sign_up(&self, member: Number) -> Result<()> {
        if !self.memory.borrow().has_member(member) {
            let user_name = self.run.names.user_name(member);
            let call = Call::post("/users").body(json!({
                "user_name": user_name,
                "password": self.run.names.password(member),
            }));
            let answer = self.run.catalog.call(call).await?;
            // Taken means: by an earlier run, or by the try before this one.
            if answer.status == 201 {
                self.n_created.update(|n| n + 1);
            } else if answer.code() != "name_taken" {
                answer.expect(201, &format!("signing {user_name} up"))?;
            }
            self.memory.borrow_mut().add_member(member)?;
            self.n_asked.update(|n| n + 1);
            if self.n_asked.get() == SAMPLE {
                self.hint_if_slow();
            }
        }
        self.progress.step();
        Ok(())
    }

    fn hint_if_slow(&self) {
        let each = self.started.elapsed() / SAMPLE;
        if each < SLOW {
            return;
        }
        let minutes = each.as_millis() * (self.total as u128) / 60_000;
        self.progress.say(&format!(
            "A sign-up takes {} ms, all of them {minutes} minutes. That is how passwords are \
             kept safe; for an import start the catalog with TALLY__AUTH__BCRYPT_COST=4.",
            each.as_millis()
        ));
    }
}
