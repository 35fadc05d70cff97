//! `votectl import campaign`: a file of campaign votes, replayed and brought to its end.
//!
//! Each campaign of the file becomes one, each channel of it a channel that is reserved to
//! the voters of a partner, whose kind is the channel's key. Everything is signed as that
//! partner's server would sign it. Names and keys follow from `--run` and the rows alone,
//! so that a run that goes on finds everything and doubles nothing.

mod campaigns;
mod casting;
mod comparison;
mod ending;
mod file;
mod grants;
mod names;
mod partners;
mod scores;
mod shown;
mod summary;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use serde::Serialize;
use vote_domain::{Clock, Ids};

use crate::api::{Api, Call};
use crate::session::Session;
use campaigns::Campaign;
use comparison::{Difference, Expected};
use file::Votes;
use names::Names;
use partners::BorrowedKeys;
use scores::Scores;
use shown::Shown;
use summary::{CampaignSummary, Summary};

/// How the process ends when it was interrupted.
const INTERRUPTED: u8 = 130;

/// The longest that giving keys back may take.
const GIVE_BACK_TIMEOUT: Duration = Duration::from_secs(10);

/// How long what is shown may lag: other catalogs keep what they read for about a second.
const LAG: Duration = Duration::from_secs(5);

/// The wait before it is looked at again.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Votes a second that a campaign is made long enough for, at first.
const VOTES_PER_SECOND: u64 = 200;

/// And what is added to that, in seconds.
const SPARE_S: u64 = 15;

/// The longest that `--close-after` may be, in seconds: a day.
const CLOSE_AFTER_MAX_S: u64 = 86_400;

const HINTS: &str = "The file has the columns campaign, channel, voter, option and tickets. \
Each campaign of it becomes a campaign of Tally, and each channel is reserved to the voters of \
the same kind: for the channels jury and public there are partners of kind jury and public, who \
are admitted where they are missing; an existing partner is given one more key, and every key is \
revoked at the end.

Every run makes campaigns of its own. To go on with one that was interrupted, give the --run it \
told, before its campaigns end: grants and votes are named after the rows, and none is doubled.

An option without a vote is known from --results alone: give them from the first run on.

The campaigns end when --close-after is over. While votes still come in, an end that is near is \
moved; it cannot be moved back, so the run waits for it, and then for the close.

Start the services with TALLY__RATE_LIMITS__ENABLED=false.";

/// Replays a file of campaign votes as partners' servers would send them, in random order,
/// waits until the campaigns are closed, and compares boards and results.
#[derive(Debug, Args)]
#[command(after_help = HINTS)]
pub(crate) struct ImportCampaign {
    /// The file of votes: campaign,channel,voter,option,tickets
    file: PathBuf,
    /// What they must come to: campaign,option,place,(channels),total; else the file's own
    /// sums
    #[arg(long)]
    results: Option<PathBuf>,
    /// Where the services are, or the catalog alone, for example http://127.0.0.1:8080
    #[arg(long, env = "VOTECTL_URL")]
    url: String,
    /// Where votes are taken, when not at --url; votes are spread where it is given again
    #[arg(long, env = "VOTECTL_GATEWAY_URL", value_delimiter = ',')]
    gateway_url: Vec<String>,
    /// An admin, who makes the campaigns and admits the partners
    #[arg(long, env = "VOTECTL_ADMIN_USER")]
    admin_user: String,
    /// Its password
    #[arg(long, env = "VOTECTL_ADMIN_PASSWORD", hide_env_values = true)]
    admin_password: String,
    /// The name of a run that was interrupted, to go on with it; else a new one
    #[arg(long)]
    run: Option<String>,
    /// Only these campaigns of the file, for example 2021,2022
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// How many requests are under way at once
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1024))]
    clients: u16,
    /// Which random order the votes are cast in
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// When the campaigns end, in seconds from their making; else by the number of votes
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=CLOSE_AFTER_MAX_S))]
    close_after: Option<u64>,
    /// How long a service may be away, or a close may take, before the run gives up, in
    /// seconds
    #[arg(long, default_value_t = 300)]
    patience_s: u64,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

/// What the import works with.
struct Run {
    /// Campaigns, partners, boards.
    catalog: Api,
    /// Grants and votes; at least one.
    gateways: Vec<Api>,
    names: Names,
    time: ServerTime,
    ids: Ids,
    clients: usize,
    seed: u64,
    patience: Duration,
}

impl Run {
    /// The gateway of the request of number `n`.
    fn gateway(&self, n: usize) -> &Api {
        &self.gateways[n % self.gateways.len()]
    }
}

/// The services' time: this machine's clock may be wrong.
#[derive(Clone, Debug)]
struct ServerTime {
    clock: Clock,
    ahead: TimeDelta,
}

impl ServerTime {
    /// A difference up to this is the way's, not the clocks'.
    const LEAST: TimeDelta = TimeDelta::seconds(2);

    /// The time of services that answered at `date` of their clock.
    fn new(clock: Clock, date: Option<DateTime<Utc>>) -> Self {
        let ahead = date.map_or(TimeDelta::zero(), |date| date - clock.now());
        let ahead = if ahead.abs() <= Self::LEAST {
            TimeDelta::zero()
        } else {
            ahead
        };
        Self { clock, ahead }
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now() + self.ahead
    }
}

/// Things that had to be there.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Made {
    total: usize,
    /// Those that were not there before.
    created: usize,
}

/// Reads what is shown of `campaign`, and compares; looks again where it may lag.
async fn look(
    run: &Run,
    campaign: &Campaign,
    votes: &Votes,
    expected: Expected<'_>,
) -> Result<(Shown, Vec<Difference>)> {
    let began_at = tokio::time::Instant::now();
    loop {
        let shown = shown::read(run, campaign, votes.channels()).await?;
        let differences = comparison::compare(expected, &shown);
        if differences.is_empty() || began_at.elapsed() >= LAG {
            return Ok((shown, differences));
        }
        tokio::time::sleep(LOOK_AGAIN_AFTER).await;
    }
}

/// The campaign that the file calls `label`.
fn of<'c>(campaigns: &'c [Campaign], label: &str) -> Result<&'c Campaign> {
    let found = campaigns.iter().find(|campaign| campaign.label == label);
    found.with_context(|| format!("{label} is no campaign of the run"))
}

impl ImportCampaign {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let ids = Ids::random();
        let run_name = match &self.run {
            Some(run) => run.clone(),
            None => format!("{:08x}", u32::from_be_bytes(ids.bytes())),
        };
        let patience = Duration::from_secs(self.patience_s);
        let catalog = Api::new(&self.url, patience)?;
        let keys = BorrowedKeys::default();
        // Dropping the import ends its requests; the next run repeats what was half done.
        let outcome = tokio::select! {
            summary = self.import(&catalog, &run_name, ids, &keys) => summary.map(Some),
            interrupted = tokio::signal::ctrl_c() => {
                interrupted.map(|()| None).context("cannot wait for interrupts")
            }
        };
        // What was begun can be gone on with.
        let go_on = match keys.is_empty() {
            true => None,
            false => Some(format!(
                "go on with --run {run_name}, before the campaigns end"
            )),
        };
        let give_back = keys.give_back(&catalog, &self.admin_user, &self.admin_password);
        match tokio::time::timeout(GIVE_BACK_TIMEOUT, give_back).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => eprintln!("votectl: partners' keys are not revoked: {error:#}"),
            Err(_) => eprintln!("votectl: partners' keys are not revoked: no answer"),
        }
        let summary = match (outcome, go_on) {
            (Ok(Some(summary)), _) => summary,
            (Ok(None), go_on) => {
                let go_on = go_on.unwrap_or_else(|| "nothing was begun".to_owned());
                eprintln!("votectl: interrupted; {go_on}");
                return Ok(ExitCode::from(INTERRUPTED));
            }
            (Err(error), None) => return Err(error),
            (Err(error), Some(go_on)) => {
                eprintln!("votectl: once what follows is put right, {go_on}");
                return Err(error);
            }
        };
        if self.json {
            println!("{}", serde_json::to_string_pretty(&summary)?);
        } else {
            print!("{summary}");
        }
        Ok(if summary.differences.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    async fn import(
        &self,
        catalog: &Api,
        run_name: &str,
        ids: Ids,
        keys: &BorrowedKeys,
    ) -> Result<Summary> {
        let started = Instant::now();
        let votes = Votes::read(&self.file, &self.only)?;
        let expected = self.expected(&votes)?;
        let mut admin = Session::sign_in(catalog, &self.admin_user, &self.admin_password)
            .await
            .context("the admin given")?;
        let run = self.set_up(catalog, &mut admin, run_name, ids).await?;
        eprintln!("run {run_name}: {} votes", votes.votes().len());

        let (signers, partners) = keys.borrow(&run, &mut admin, votes.channels()).await?;
        let ends_at = run.time.now() + self.window(&votes);
        let (mut campaigns, campaigns_made) =
            campaigns::find_or_make(&run, &mut admin, &votes, &expected, ends_at).await?;
        for campaign in campaigns.iter().filter(|campaign| !campaign.is_open()) {
            let label = &campaign.label;
            eprintln!("{label} of this run is over: nothing is cast in it any more");
        }
        ending::move_near_ends(&run, &mut admin, &mut campaigns).await?;
        let known = campaigns.clone();
        let load = async {
            let granted = grants::grant(&run, &votes, &known, &signers).await?;
            let casting_since = Instant::now();
            let n_cast = casting::cast(&run, &votes, &known, &signers).await?;
            Ok((granted, n_cast, casting_since.elapsed().as_secs_f64()))
        };
        let (granted, n_cast, casting_took) = tokio::select! {
            loaded = load => loaded,
            kept = ending::keep_ahead(&run, &mut admin, &mut campaigns) => match kept {
                Ok(never) => match never {},
                Err(error) => Err(error),
            },
        }?;
        ending::wait_until_final(&run, &campaigns).await?;

        let mut differences = Vec::new();
        let mut summaries = Vec::new();
        for campaign in &campaigns {
            let expected = Expected {
                campaign: &campaign.label,
                options: &expected.0[&campaign.label],
                n_votes: votes.n_votes(&campaign.label),
            };
            let (shown, found) = look(&run, campaign, &votes, expected).await?;
            differences.extend(found);
            summaries.push(CampaignSummary::new(campaign, &expected, &shown));
        }
        Ok(Summary {
            run: run_name.to_owned(),
            partners,
            campaigns_made,
            campaigns: summaries,
            granted,
            votes: n_cast,
            votes_per_second: n_cast as f64 / casting_took.max(0.001),
            differences,
            seconds: started.elapsed().as_secs_f64(),
        })
    }

    /// What every campaign of `votes` must come to.
    fn expected(&self, votes: &Votes) -> Result<Scores> {
        let Some(results) = &self.results else {
            return Ok(votes.scores());
        };
        let mut expected = Scores::read(results)?;
        let campaigns = votes.campaigns();
        expected
            .0
            .retain(|label, _| campaigns.contains(label.as_str()));
        for campaign in campaigns {
            if !expected.0.contains_key(campaign) {
                bail!("{} says nothing of {campaign}", results.display());
            }
        }
        Ok(expected)
    }

    /// How long the campaigns are to last, at first.
    fn window(&self, votes: &Votes) -> TimeDelta {
        let n_votes = votes.votes().len() as u64;
        let seconds = self
            .close_after
            .unwrap_or(SPARE_S + n_votes / VOTES_PER_SECOND);
        TimeDelta::seconds(i64::try_from(seconds.min(CLOSE_AFTER_MAX_S)).unwrap_or_default())
    }

    async fn set_up(
        &self,
        catalog: &Api,
        admin: &mut Session,
        run_name: &str,
        ids: Ids,
    ) -> Result<Run> {
        let patience = Duration::from_secs(self.patience_s);
        let mut gateways = Vec::new();
        for url in &self.gateway_url {
            gateways.push(Api::new(url, patience)?);
        }
        if gateways.is_empty() {
            gateways.push(catalog.clone());
        }
        let asked = admin.call(catalog, Call::get("/me")).await?;
        let date = asked.expect(200, "asking for the time")?.date;
        Ok(Run {
            catalog: catalog.clone(),
            gateways,
            names: Names::new(run_name),
            time: ServerTime::new(Clock::system(), date),
            ids,
            clients: self.clients.into(),
            seed: self.seed,
            patience,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_wrong_is_put_right_by_the_services() {
        let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let now = |ahead_s| {
            let date = Some(at + TimeDelta::seconds(ahead_s));
            ServerTime::new(Clock::manual(at), date).now() - at
        };
        assert_eq!(now(-1), TimeDelta::zero());
        assert_eq!(now(360), TimeDelta::seconds(360));
        assert_eq!(now(-360), TimeDelta::seconds(-360));
    }
}
