//! Clients that vote in a campaign without pause, and note what they are told.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use chrono::{DateTime, Utc};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use uuid::Uuid;
use vote_domain::Clock;

use super::history::{Accepted, CampaignHistory, Doubt, Open};
use super::voter::Voter;
use crate::answer::Answer;
use crate::chaos::record::{Asked, Record};

/// How often a ballot with a key is tried.
const TRIES: usize = 30;

/// No answer may take longer: frozen for some seconds, and then a service's own limit.
const HUNG: Duration = Duration::from_secs(18);

/// How long a ballot may be answered `503` after everything was healed.
const ANSWERED_WITHIN: Duration = Duration::from_secs(60);

/// Of the voters, how many first ones every client votes as.
pub(crate) const N_SHARED: usize = 8;

/// The channel that is reserved to partners' voters.
pub(crate) const RESERVED: &str = "jury";

/// The channel with a daily limit.
pub(crate) const LIMITED: &str = "web";

/// The channel for everybody, without a limit.
pub(crate) const FREE: &str = "app";

/// How an answer leaves a ballot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// Its fate is told.
    Final,
    /// The campaign is over, and so is this ballot, unless an earlier try was heard.
    Over,
    /// To be asked for again.
    Later,
}

/// Who votes on what.
#[derive(Debug)]
pub(crate) struct Crowd {
    pub(crate) campaign: Uuid,
    pub(crate) ends_at: DateTime<Utc>,
    pub(crate) options: Vec<String>,
    pub(crate) voters: Vec<Voter>,
    pub(crate) gateways: Vec<String>,
    pub(crate) n_clients: usize,
    /// How long a client rests between two votes, on average.
    pub(crate) rest: Duration,
    pub(crate) seed: u64,
    pub(crate) clock: Clock,
    /// Where every answer is noted, if it is.
    pub(crate) record: Option<Arc<Record>>,
}

impl Crowd {
    /// Lets all clients vote until `stopped`.
    pub(crate) fn begin(
        self: &Arc<Self>,
        stopped: &watch::Receiver<bool>,
    ) -> Vec<tokio::task::JoinHandle<CampaignHistory>> {
        (0..self.n_clients)
            .map(|client| tokio::spawn(self.clone().vote(client, stopped.clone())))
            .collect()
    }

    async fn vote(
        self: Arc<Self>,
        client: usize,
        stopped: watch::Receiver<bool>,
    ) -> CampaignHistory {
        let seed = self.seed.wrapping_mul(1_000_003) + client as u64;
        let mut rng = StdRng::seed_from_u64(seed);
        let mut history = CampaignHistory::default();
        let mut n_ballots = 0;
        while !*stopped.borrow() {
            n_ballots += 1;
            let ballot = self.draw_ballot(client, n_ballots, &mut rng);
            let told = self.cast(ballot, &mut history, &mut rng, &stopped).await;
            // Once it is over they only try now and then.
            if told == Told::Over {
                sleep(Duration::from_millis(rng.random_range(200..600))).await;
            }
            if !self.rest.is_zero() {
                sleep(self.rest.mul_f64(rng.random_range(0.0..2.0))).await;
            }
        }
        history
    }

    fn draw_ballot(&self, client: usize, n_ballots: usize, rng: &mut StdRng) -> Open {
        let own: Vec<usize> = (N_SHARED..self.voters.len())
            .filter(|voter| voter % self.n_clients == client)
            .collect();
        let voter = if own.is_empty() || rng.random_bool(0.2) {
            rng.random_range(0..N_SHARED)
        } else {
            own[rng.random_range(0..own.len())]
        };
        let is_partner = matches!(self.voters[voter], Voter::Partner { .. });
        let channel = match rng.random_range(0..100) {
            0..2 => RESERVED,
            2..40 if is_partner => RESERVED,
            2..60 => LIMITED,
            _ => FREE,
        };
        // The first options are the favourites.
        let n_options = self.options.len();
        let option = rng
            .random_range(0..n_options)
            .min(rng.random_range(0..n_options));
        let tickets = match rng.random_range(0..20) {
            0 => rng.random_range(10..40),
            _ => rng.random_range(1..4),
        };
        Open {
            voter,
            option: self.options[option].clone(),
            channel,
            tickets,
            key: rng
                .random_bool(0.7)
                .then(|| format!("client-{client}-ballot-{n_ballots}")),
            asked_at: self.clock.now(),
        }
    }

    async fn cast(
        &self,
        ballot: Open,
        history: &mut CampaignHistory,
        rng: &mut StdRng,
        stopped: &watch::Receiver<bool>,
    ) -> Told {
        // Without a key a ballot sent again may be another vote, so a client asks its user.
        let n_tries = if ballot.key.is_some() { TRIES } else { 1 };
        for n in 0..n_tries {
            match self.try_once(&ballot, history, rng).await {
                Told::Final => return Told::Final,
                // An earlier try may yet be heard.
                Told::Over if n > 0 => {
                    history.open.push(ballot);
                    return Told::Over;
                }
                Told::Over => return Told::Over,
                Told::Later if *stopped.borrow() => break,
                Told::Later => sleep(Duration::from_millis(rng.random_range(200..900))).await,
            }
        }
        if ballot.key.is_some() {
            history.open.push(ballot);
        }
        Told::Later
    }

    async fn try_once(
        &self,
        ballot: &Open,
        history: &mut CampaignHistory,
        rng: &mut StdRng,
    ) -> Told {
        let gateway = &self.gateways[rng.random_range(0..self.gateways.len())];
        let voter = self.voters[ballot.voter].by_way_of(gateway);
        let asked_at = Instant::now();
        let what = (&*ballot.option, ballot.channel, ballot.tickets);
        let answer = voter
            .spend(self.campaign, what, ballot.key.as_deref())
            .await;
        let took = asked_at.elapsed();
        history.slowest = history.slowest.max(took);
        if took > HUNG {
            let detail = format!("no answer within {HUNG:?} at {gateway}");
            history.unexpected.push(detail);
        }
        if let Some(record) = &self.record {
            let asked = Asked {
                voter: &self.voters[ballot.voter].id(),
                ballot: json!({
                    "campaign": self.campaign, "option": ballot.option,
                    "channel": ballot.channel, "tickets": ballot.tickets,
                }),
                key: ballot.key.as_deref(),
                gateway,
            };
            record.answer(&asked, answer.as_ref().ok(), took);
        }
        match answer {
            Ok(answer) => self.take(ballot, &answer, history),
            Err(_) => {
                history.count("no answer");
                history.in_doubt.push(self.doubt(ballot, None));
                Told::Later
            }
        }
    }

    fn name_of(&self, ballot: &Open) -> (String, String) {
        let voter = &self.voters[ballot.voter];
        (voter.kind().to_owned(), voter.id())
    }

    fn doubt(&self, ballot: &Open, vote_id: Option<Uuid>) -> Doubt {
        Doubt {
            voter: self.name_of(ballot),
            option: ballot.option.clone(),
            channel: ballot.channel.to_owned(),
            tickets: ballot.tickets,
            key: ballot.key.clone(),
            vote_id,
        }
    }

    /// Notes an answer.
    fn take(&self, ballot: &Open, answer: &Answer, history: &mut CampaignHistory) -> Told {
        history.count(format!("{} {}", answer.status, answer.code()).trim_end());
        let answered_at = self.clock.now();
        let is_member = matches!(self.voters[ballot.voter], Voter::Member(_));
        match (answer.status, answer.code()) {
            (202, _) if ballot.channel != RESERVED || !is_member => match answer.vote_id() {
                Some(vote_id) => history.accepted.push(Accepted {
                    vote_id,
                    voter: self.name_of(ballot),
                    option: ballot.option.clone(),
                    channel: ballot.channel.to_owned(),
                    tickets: ballot.tickets,
                    key: ballot.key.clone(),
                    asked_at: ballot.asked_at,
                    answered_at,
                }),
                None => history
                    .unexpected
                    .push(format!("202 without a vote_id: {}", answer.body)),
            },
            (409, "campaign_not_open") if answered_at >= self.ends_at => return Told::Over,
            (403, "channel_closed_to_voter") if ballot.channel == RESERVED && is_member => {}
            (422, "insufficient_tickets") if answer.body["balance"].as_i64().is_some() => {}
            (429, "channel_limit_reached") if ballot.channel == LIMITED => {}
            // The gateway was frozen for so long that it never read the request.
            (408, _) => return Told::Later,
            (503, _) if answer.retry_after().is_ok() => {
                // One that names no vote cast none.
                let unknown = answer.vote_id();
                let unknown = unknown.map(|vote_id| self.doubt(ballot, Some(vote_id)));
                history.in_doubt.extend(unknown);
                return Told::Later;
            }
            _ => history.unexpected.push(format!(
                "{ballot:?} was answered {} at {answered_at}: {}",
                answer.status, answer.body
            )),
        }
        Told::Final
    }

    /// Sends every ballot of open fate once more, under the key it had, until its fate is
    /// told: nothing breaks any more.
    ///
    /// # Errors
    /// When one finds no answer.
    pub(crate) async fn settle_what_is_open(&self, history: &mut CampaignHistory) -> Result<()> {
        let open = std::mem::take(&mut history.open);
        let mut rng = StdRng::seed_from_u64(self.seed);
        for ballot in open {
            // A busy machine takes its time for hundreds of them.
            let asked_at = Instant::now();
            while let Told::Later = self.try_once(&ballot, history, &mut rng).await {
                if asked_at.elapsed() > ANSWERED_WITHIN {
                    bail!("{ballot:?} finds no answer, although everything was healed");
                }
                sleep(Duration::from_millis(300)).await;
            }
        }
        Ok(())
    }
}
