//! Journeys through the whole of Tally, on the programs as they are shipped, over HTTP
//! as any client speaks it.
//!
//! [`RealStack`] runs the services as processes on real servers, [`Embedded`] runs
//! `standalone`; both are a [`Site`], and most journeys are the same on either
//! ([`on_both!`]). [`chaos`] votes while everything is killed, and judges the outcome;
//! [`campaign`] does so with campaigns that end meanwhile. [`deployed`] sees a whole installation
//! through its API gateway.

mod answer;
mod broker_api;
pub mod campaign;
mod campaign_import;
pub mod chaos;
mod client;
pub mod deployed;
mod embedded;
mod import;
mod links;
mod member;
mod real_stack;
mod site;
mod votectl;

pub use answer::Answer;
pub use campaign_import::{
    Books, campaign_import_command, check_campaign_import, import_campaigns, verify_result,
};
pub use client::Client;
pub use embedded::Embedded;
pub use import::{
    IMPORT_SETTINGS, ImportRun, check_import, data_file, import_command, import_review_votes,
};
pub use links::Links;
pub use member::{Direction, Member};
pub use real_stack::RealStack;
pub use site::{Place, Site};
pub use votectl::Ran;

/// Makes two tests of one journey, a function of a [`Site`]: `on_real_servers` and
/// `embedded`. Settings, as pairs of environment variable and value, may follow.
#[macro_export]
macro_rules! on_both {
    ($journey:ident $(, $key:literal = $value:literal)* $(,)?) => {
        mod $journey {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_real_servers() -> anyhow::Result<()> {
                let settings: &[(&str, &str)] = &[$(($key, $value)),*];
                let stack = $crate::RealStack::isolated(stringify!($journey), 1, 1, settings).await?;
                super::$journey(stack.site()).await
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn embedded() -> anyhow::Result<()> {
                let settings: &[(&str, &str)] = &[$(($key, $value)),*];
                let embedded = $crate::Embedded::start(settings).await?;
                super::$journey(embedded.site()).await
            }
        }
    };
}
