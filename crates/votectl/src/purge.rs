//! `votectl purge`: what is kept no longer.

use std::process::ExitCode;

use anyhow::{Context, Result};
use bootstrap::settings::Retention;
use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use serde_json::json;
use vote_domain::Clock;
use vote_store::Store;
use vote_store::retention::{Purge as Kind, PurgeSlice};

use crate::database::Database;
use crate::progress::Progress;

const HINTS: &str = "How long rows are kept is set under `retention`. Deleted are refresh tokens \
that expired, sessions without a token, and dead letters that were dealt with; at most 500 rows in \
one transaction, by key. Nonces of partners live in Redis and expire there. Ledgers, lots, days \
and voids are never deleted: balances, statements and `votectl verify` are computed from them.

Exit codes: 0 done, or nothing to do; 1 with --dry-run: something would be deleted; 2 it failed \
(what was deleted until then is gone), or was called wrongly.";

/// Deletes what is kept no longer.
#[derive(Debug, Args)]
#[command(after_help = HINTS)]
pub(crate) struct Purge {
    #[command(flatten)]
    database: Database,
    /// Count what would be deleted, and delete nothing
    #[arg(long)]
    dry_run: bool,
    /// Print what was done as JSON
    #[arg(long)]
    json: bool,
}

/// What became of one table.
struct Purged {
    table: &'static str,
    /// Rows of no use since before then; none if they are kept for ever.
    cutoff: Option<DateTime<Utc>>,
    n_rows: usize,
}

impl Purge {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let store = if self.dry_run {
            self.database.reader().await?
        } else {
            self.database.writer().await?
        };
        let retention = self.database.settings()?.retention;
        let now = Clock::system().now();
        let mut purged = Vec::new();
        for kind in Kind::ALL {
            let cutoff = cutoff(&retention, kind, now);
            let n_rows = match cutoff {
                Some(cutoff) => self
                    .purge(&store, kind, cutoff)
                    .await
                    .with_context(|| format!("cannot purge {}", kind.table()))?,
                None => 0,
            };
            purged.push(Purged {
                table: kind.table(),
                cutoff,
                n_rows,
            });
        }
        self.tell(&purged)?;
        let n_rows: usize = purged.iter().map(|one| one.n_rows).sum();
        Ok(if self.dry_run && n_rows > 0 {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    }

    async fn purge(&self, store: &Store, kind: Kind, cutoff: DateTime<Utc>) -> Result<usize> {
        let progress = Progress::begin(kind.table(), 0);
        let mut n_rows = 0;
        let mut slice = PurgeSlice::default();
        loop {
            slice = store.purgeable(kind, cutoff, &slice).await?;
            if slice.n_rows() == 0 {
                return Ok(n_rows);
            }
            let n_gone = match self.dry_run {
                true => slice.n_rows(),
                false => store.purge(kind, cutoff, &slice).await?,
            };
            progress.steps(n_gone);
            n_rows += n_gone;
        }
    }

    fn tell(&self, purged: &[Purged]) -> Result<()> {
        if self.json {
            let tables: Vec<_> = purged
                .iter()
                .map(|one| json!({"table": one.table, "before": one.cutoff, "rows": one.n_rows}))
                .collect();
            let report = json!({"dry_run": self.dry_run, "purged": tables});
            println!("{}", serde_json::to_string_pretty(&report)?);
            return Ok(());
        }
        let verb = match self.dry_run {
            true => "would be deleted",
            false => "deleted",
        };
        for one in purged {
            match one.cutoff {
                Some(cutoff) => println!(
                    "{}: {} rows {verb}, of no use since before {cutoff}",
                    one.table, one.n_rows
                ),
                None => println!("{}: kept for ever", one.table),
            }
        }
        Ok(())
    }
}

/// The moment before which rows must have been of no use to go; none if they are kept.
fn cutoff(retention: &Retention, kind: Kind, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let days = match kind {
        Kind::RefreshTokens => retention.refresh_tokens_days,
        Kind::Sessions => retention.sessions_days,
        Kind::DeadLetters => retention.dead_letters_days,
    };
    (days > 0).then(|| now - TimeDelta::days(days.into()))
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use uuid::Uuid;
    use vote_domain::UserId;
    use vote_store::accounts::NewRefreshToken;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        purge: Purge,
    }

    #[tokio::test]
    async fn a_dry_run_ends_with_1_while_there_is_something_to_delete() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::sqlite(folder.path().join("tally.db")).await.unwrap();
        store.migrate().await.unwrap();
        let long_ago = "2020-01-01T00:00:00Z".parse().unwrap();
        let token = NewRefreshToken {
            hash: [7; 32],
            issued_at: long_ago,
            expires_at: long_ago,
        };
        let (session, user) = (Uuid::from_u128(1), UserId(Uuid::from_u128(2)));
        store.begin_session(session, user, token).await.unwrap();
        let purge = async |dry_run: &[&str]| {
            let line = ["purge", "--data-dir", folder.path().to_str().unwrap()];
            let line = Line::try_parse_from([&line, dry_run].concat()).unwrap();
            line.purge.run().await.unwrap()
        };
        // A dry run deletes nothing, so that the next one finds the same.
        for _ in 0..2 {
            assert_eq!(purge(&["--dry-run"]).await, ExitCode::FAILURE);
        }
        assert_eq!(purge(&[]).await, ExitCode::SUCCESS);
        assert_eq!(purge(&["--dry-run"]).await, ExitCode::SUCCESS);
    }

    #[test]
    fn what_is_kept_for_0_days_is_kept_for_ever() {
        let retention = Retention {
            refresh_tokens_days: 2,
            sessions_days: 3,
            dead_letters_days: 0,
        };
        let now: DateTime<Utc> = "2026-05-10T00:00:00Z".parse().unwrap();
        let days = |kind| cutoff(&retention, kind, now).map(|at| (now - at).num_days());
        assert_eq!(Kind::ALL.map(days), [Some(2), Some(3), None]);
    }
}
