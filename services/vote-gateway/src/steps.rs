//! How long the steps of casting take, each try at a ballot for itself.

use std::future::Future;

use metrics::{Histogram, histogram};
use tokio::time::Instant;

/// The metric; a step is its label `step`.
const NAME: &str = "tally_cast_step_seconds";

/// Notes how long steps take. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Steps {
    /// A voter's state is read.
    pub(crate) read: Step,
    /// What is known of a voter is brought up to date from SQL.
    pub(crate) load: Step,
    /// Votes of unknown fate are sent again first.
    pub(crate) resend: Step,
    /// What was answered under an idempotency key before is looked for, in SQL if need be.
    pub(crate) repeat: Step,
    /// A ballot is decided on, by facts that may have to be read.
    pub(crate) decide: Step,
    /// A vote is reserved in the voter's state.
    pub(crate) reserve: Step,
    /// A vote waits for others to travel with, and for the broker's confirm.
    pub(crate) publish: Step,
}

/// One of them.
#[derive(Clone)]
pub(crate) struct Step(Histogram);

impl Steps {
    pub(crate) fn new() -> Self {
        let step = |name: &'static str| Step(histogram!(NAME, "step" => name));
        Self {
            read: step("read"),
            load: step("load"),
            resend: step("resend"),
            repeat: step("repeat"),
            decide: step("decide"),
            reserve: step("reserve"),
            publish: step("publish"),
        }
    }
}

impl Step {
    /// Takes `step`, and notes how long it took.
    pub(crate) async fn take<T>(&self, step: impl Future<Output = T>) -> T {
        let began = Instant::now();
        let outcome = step.await;
        self.0.record(began.elapsed());
        outcome
    }
}
