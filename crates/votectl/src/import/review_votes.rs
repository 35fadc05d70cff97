//! `votectl import review-votes`: a file of votes, replayed and counted.
//!
//! Each author is a member with one review, each voter a member, each row one vote on
//! that author's review. Names, passwords and idempotency keys follow from the file and
//! `--seed` alone, so that a second run finds everything and changes nothing.

mod casting;
mod comparison;
mod file;
mod members;
mod memory;
mod names;
mod place;
mod reviews;
mod settled;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;

use crate::api::Api;
use crate::session::Session;
use comparison::Difference;
use file::Votes;
use memory::Memory;
use names::Names;

/// How the process ends when it was interrupted.
const INTERRUPTED: u8 = 130;

const HINTS: &str = "The services must be ready for it: TALLY__REVIEWS__VOTES_PER_DAY=10000 \
(members of the file vote more than three times a day), TALLY__AUTH__BCRYPT_COST=4 (thousands \
of members sign up; not for production) and TALLY__RATE_LIMITS__ENABLED=false.

The file has the columns voter, author, direction (up or down) and cast_at; no pair of voter \
and author twice. The run may be interrupted and started again at any time.";

/// Replays a file of review votes through the public HTTP paths, waits until all are
/// settled, and compares every author's up and down with what the file says.
#[derive(Debug, Args)]
#[command(after_help = HINTS)]
pub(crate) struct ReviewVotes {
    /// The file of votes: voter,author,direction,cast_at
    file: PathBuf,
    /// Where the services are, or the catalog alone, for example http://127.0.0.1:8080
    #[arg(long, env = "VOTECTL_URL")]
    url: String,
    /// Where votes are taken, when not at --url
    #[arg(long, env = "VOTECTL_GATEWAY_URL")]
    gateway_url: Option<String>,
    /// An operator or admin, who makes the restaurant and its item
    #[arg(long, env = "VOTECTL_ADMIN_USER")]
    admin_user: String,
    /// Its password
    #[arg(long, env = "VOTECTL_ADMIN_PASSWORD", hide_env_values = true)]
    admin_password: String,
    /// How many requests are under way at once
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1024))]
    clients: u16,
    /// Only the first rows of the file
    #[arg(long)]
    rows: Option<usize>,
    /// What the votes must come to: author,up,down; else the file's own sums
    #[arg(long, conflicts_with = "rows")]
    totals: Option<PathBuf>,
    /// What members' passwords are derived from; the same for every run
    #[arg(
        long,
        env = "VOTECTL_IMPORT_SEED",
        hide_env_values = true,
        default_value = "tally"
    )]
    seed: String,
    /// What members' names begin with
    #[arg(long, default_value = "otc")]
    prefix: String,
    /// Remembers here what is done, so that a run after an interruption skips it
    #[arg(long)]
    state: Option<PathBuf>,
    /// How long a service may be away before the run gives up, in seconds
    #[arg(long, default_value_t = 300)]
    patience_s: u64,
    /// How long shown counts may lag behind what is settled, in seconds
    #[arg(long, default_value_t = 30)]
    lag_s: u64,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

/// What the import works with.
struct Run {
    /// Accounts and reviews.
    catalog: Api,
    /// Votes.
    gateway: Api,
    names: Names,
    clients: usize,
    patience: Duration,
    lag: Duration,
}

/// What came of it.
#[derive(Debug, Serialize)]
struct Summary {
    members: Made,
    reviews: Made,
    votes: settled::Ends,
    up: u64,
    down: u64,
    differences: Vec<Difference>,
    votes_per_second: f64,
    seconds: f64,
}

/// Things that had to be there.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Made {
    total: usize,
    /// Those that were not there before this run.
    created: usize,
}

impl ReviewVotes {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        // Dropping the import ends its requests; the next run repeats what was half done.
        let summary = tokio::select! {
            summary = self.import() => summary?,
            interrupted = tokio::signal::ctrl_c() => {
                interrupted.context("cannot wait for interrupts")?;
                eprintln!("votectl: interrupted; the same command goes on from here");
                return Ok(ExitCode::from(INTERRUPTED));
            }
        };
        if self.json {
            println!("{}", serde_json::to_string_pretty(&summary)?);
        } else {
            print!("{summary}");
        }
        Ok(if summary.is_exact() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    async fn import(&self) -> Result<Summary> {
        let started = Instant::now();
        let votes = Votes::read(&self.file, self.rows)?;
        let expected = match &self.totals {
            Some(totals) => file::read_totals(totals)?,
            None => votes.totals(),
        };
        let patience = Duration::from_secs(self.patience_s);
        let catalog = Api::new(&self.url, patience)?;
        let gateway = match &self.gateway_url {
            Some(url) => Api::new(url, patience)?,
            None => catalog.clone(),
        };
        let run = Run {
            catalog,
            gateway,
            names: Names::new(&self.prefix, &self.seed),
            clients: self.clients.into(),
            patience,
            lag: Duration::from_secs(self.lag_s),
        };
        let mut memory = match &self.state {
            Some(path) => Memory::open(path, &format!("{} {}", self.url, self.prefix))?,
            None => Memory::none(),
        };

        let mut admin = Session::sign_in(&run.catalog, &self.admin_user, &self.admin_password)
            .await
            .context("the admin given")?;
        let place = place::find_or_make(&run, &mut admin).await?;
        let members = members::sign_up(&run, &votes, &mut memory).await?;
        let (reviews, reviews_made) = reviews::find_or_write(&run, &votes, &place).await?;
        let casting_since = Instant::now();
        let cast = casting::cast(&run, &votes, &reviews, &mut memory).await?;
        let casting_took = casting_since.elapsed().as_secs_f64();
        let ends = settled::wait(&run, cast.votes).await?;
        let comparison = comparison::compare(&run, &expected, &reviews).await?;
        Ok(Summary {
            members,
            reviews: reviews_made,
            votes: ends,
            up: comparison.up,
            down: comparison.down,
            differences: comparison.differences,
            votes_per_second: f64::from(cast.n_sent) / casting_took,
            seconds: started.elapsed().as_secs_f64(),
        })
    }
}

impl Summary {
    fn is_exact(&self) -> bool {
        self.differences.is_empty() && self.votes.rejected.is_empty()
    }
}

/// How many differences are shown to people.
const SHOWN_MAX: usize = 20;

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            members,
            reviews,
            votes,
            ..
        } = self;
        writeln!(
            f,
            "{} members, {} of them new",
            members.total, members.created
        )?;
        writeln!(
            f,
            "{} reviews, {} of them new",
            reviews.total, reviews.created
        )?;
        writeln!(
            f,
            "{} votes: {} counted, {} rejected; {:.0} requests a second",
            votes.total,
            votes.counted,
            votes.rejected.values().sum::<usize>(),
            self.votes_per_second,
        )?;
        for (reason, n_votes) in &votes.rejected {
            writeln!(f, "  rejected as {reason}: {n_votes}")?;
        }
        writeln!(
            f,
            "{} up and {} down over {} reviews",
            self.up, self.down, reviews.total
        )?;
        for difference in self.differences.iter().take(SHOWN_MAX) {
            writeln!(f, "  {difference}")?;
        }
        if self.is_exact() {
            writeln!(
                f,
                "every author has what the file says; {:.0} s",
                self.seconds
            )
        } else {
            writeln!(f, "{} authors differ from the file", self.differences.len())
        }
    }
}
