//! How long rows are kept that nothing needs any more.

use super::section::section;

section! {
    /// How long `votectl purge` keeps what nothing needs any more. Ledgers and all that
    /// balances follow from are kept for ever. No service reads this: set it where `votectl purge`
    /// runs (in compose the service `votectl`, on Kubernetes the CronJob `purge`).
    Retention {
        /// Refresh tokens, from when they expire, in days; 0 keeps them for ever.
        refresh_tokens_days: u32 = 30, 0..=3_650;
        /// Sessions without a token, from when they were last refreshed, in days; 0 keeps
        /// them for ever.
        sessions_days: u32 = 90, 0..=3_650;
        /// Dead letters that were dealt with, from then on, in days; 0 keeps them for ever.
        dead_letters_days: u32 = 0, 0..=3_650;
    }
}
