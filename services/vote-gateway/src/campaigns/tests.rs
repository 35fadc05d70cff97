//! Orders of events that two requests of one voter can only be brought into from within.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use chrono::{DateTime, TimeDelta, Utc};
use tempfile::TempDir;
use tokio::time::Instant;
use uuid::Uuid;
use vote_cache::Cache;
use vote_domain::campaign::{
    Ballot, CampaignOption, CampaignVote, Channel, ChannelNo, Facts, OptionNo, Plan, Rejection,
    Stage, TicketExpiry,
};
use vote_domain::review::QuotaPolicy;
use vote_domain::{CampaignId, Clock, Ids, Seq, Voter};
use vote_queue::{BallotBox, EmbeddedSettings, PublisherSettings, Queue};
use vote_store::Store;
use vote_store::audit::{Act, AuditActor};
use vote_store::grants::NewGrant;

use super::product::{Campaign, CampaignRefusal};
use crate::booth::Booth;
use crate::cast::{Accepted, Cast, Try};
use crate::error::CastError;
use crate::gateway::{Gateway, GatewayParts, GatewaySettings};
use crate::idempotency::IdempotencyKey;
use crate::pressure::PressureSettings;

/// A campaign, open for an hour, on embedded adapters.
struct Place {
    gateway: Gateway,
    parts: GatewayParts,
    campaign: CampaignId,
    _folder: TempDir,
}

fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_780_000_000, 0).unwrap_or_default()
}

fn plan() -> Plan {
    Plan {
        name: "Song of the year".to_owned(),
        starts_at: noon() - TimeDelta::hours(1),
        ends_at: noon() + TimeDelta::hours(1),
        zone: chrono_tz::UTC,
        free_daily_tickets: 0,
        expiry: TicketExpiry::CampaignEnd,
        tickets_per_vote_max: 1_000,
        channels: vec![Channel {
            key: "web".to_owned(),
            name: "Web".to_owned(),
            daily_ticket_limit: None,
            voter_kinds: None,
        }],
        options: vec![CampaignOption {
            key: "a".to_owned(),
            name: "A".to_owned(),
            subject: None,
        }],
    }
}

fn settings() -> GatewaySettings {
    GatewaySettings {
        policy: QuotaPolicy {
            votes_per_day: 3,
            zone: chrono_tz::UTC,
        },
        accept_timeout: Duration::from_secs(3),
        publisher: PublisherSettings::default(),
        base_max_age: Duration::from_secs(30),
        facts_max_age: Duration::ZERO,
        counter_ttl: Duration::from_secs(10),
        pressure: PressureSettings::default(),
    }
}

impl Place {
    async fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let ids = Ids::random();
        let parts = GatewayParts {
            store: Store::sqlite(folder.path().join("tally.db")).await?,
            cache: Cache::memory(Clock::manual(noon()), 0, ids.clone()),
            queue: Queue::embedded(EmbeddedSettings::at(folder.path().join("votes"))).await?,
            ids: ids.clone(),
        };
        parts.store.migrate().await?;
        let campaign: CampaignId = ids.next();
        let ballot_box = BallotBox::campaign(campaign.0);
        parts.queue.declare(&BallotBox::reviews()).await?;
        parts.queue.declare(&ballot_box).await?;
        let act = Act {
            audit_id: ids.next(),
            at: noon(),
            actor: AuditActor::System,
        };
        parts.store.create_campaign(campaign, &plan(), &act).await?;
        Ok(Self {
            gateway: Gateway::new(parts.clone(), settings()),
            parts,
            campaign,
            _folder: folder,
        })
    }

    async fn facts(&self) -> Result<Arc<Facts>> {
        let facts = self.gateway.campaigns.facts(self.campaign).await?;
        facts.context("the campaign is there")
    }

    async fn booth(&self) -> Result<Booth<Campaign>> {
        Ok(self.gateway.campaigns.booth(self.facts().await?.as_ref()))
    }

    async fn grant(&self, voter: &Voter) -> Result<()> {
        let ids = &self.parts.ids;
        let grant = NewGrant {
            voter: voter.clone(),
            tickets: 10,
            reason: "a test".to_owned(),
            grant_key: ids.next::<Uuid>().to_string(),
            granted_by: AuditActor::System,
        };
        let facts = self.facts().await?;
        let granted = self.gateway.campaigns.grant(&facts, grant, ids).await;
        granted.map_err(|problem| anyhow::anyhow!("{problem}"))?;
        Ok(())
    }

    /// A gateway that can publish nothing: whoever asks for a place in a line is told that it
    /// is full.
    fn gateway_without_places(&self) -> Gateway {
        let publisher = PublisherSettings {
            waiting_max: 0,
            ..PublisherSettings::default()
        };
        let settings = GatewaySettings {
            publisher,
            ..settings()
        };
        Gateway::new(self.parts.clone(), settings)
    }

    fn ballot_box(&self) -> BallotBox {
        BallotBox::campaign(self.campaign.0)
    }

    /// The only vote of `voter` that is in flight.
    async fn sent(&self, voter: &Voter) -> Result<CampaignVote> {
        let mut known = self.booth().await?.read(voter.voter_id()).await?;
        let sent = known.state.in_flight.pop();
        Ok(sent.context("nothing is in flight")?.vote)
    }

    /// Brings `sent`, all that was cast, into the ledger, and the campaign to its end; without
    /// word of it to the voters' states, as a worker does that dies before.
    async fn close(&self, sent: &[CampaignVote]) -> Result<()> {
        let GatewayParts { store, queue, .. } = &self.parts;
        store.settle_campaign(self.campaign, sent, noon()).await?;
        queue.delete(&self.ballot_box()).await?;
        let over = "UPDATE campaigns SET progress = 'final'";
        Ok(store.execute_raw(over).await?)
    }

    async fn balance(&self, voter: &Voter) -> Result<u64> {
        let wallet = self.gateway.wallet(self.campaign, voter).await?;
        Ok(wallet.context("the campaign is there")?.balance)
    }
}

fn one_ticket(voter: &Voter, key: Option<&str>) -> Cast<Voter, Ballot> {
    Cast {
        voter: voter.clone(),
        ballot: Ballot {
            option: OptionNo(0),
            channel: ChannelNo(0),
            tickets: 1,
        },
        key: key.and_then(|key| IdempotencyKey::parse(key.as_bytes()).ok()),
        trace_parent: String::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn votes_after_the_end_cost_the_broker_nothing_and_old_answers_stand() -> Result<()> {
    let place = Place::new().await?;
    let voter = Voter::new("jury".parse()?, "DE")?;
    place.grant(&voter).await?;
    let cast = || one_ticket(&voter, Some("a key"));
    let first = place.gateway.cast_in_campaign(place.campaign, cast()).await;
    let sent = place.sent(&voter).await?;
    assert!(matches!(first, Ok(Accepted::Vote(vote_id, 9)) if vote_id == sent.vote_id));
    place.close(std::slice::from_ref(&sent)).await?;

    // One that had the campaign's booth open, and one that could not open it.
    for gateway in [place.gateway.clone(), place.gateway_without_places()] {
        for n in 0..50 {
            let stranger = Voter::new("jury".parse()?, &n.to_string())?;
            let late = one_ticket(&stranger, None);
            match gateway.cast_in_campaign(place.campaign, late).await {
                Err(CastError::Refused(CampaignRefusal::Rejected(rejection, _))) => {
                    assert_eq!(rejection, Rejection::NotOpen(Stage::Final));
                }
                other => bail!("not refused: {other:?}"),
            }
        }
        let again = gateway.cast_in_campaign(place.campaign, cast()).await;
        assert!(
            matches!(again, Ok(Accepted::Vote(vote_id, 9)) if vote_id == sent.vote_id),
            "{again:?}"
        );
        assert!(gateway.campaigns.lock().is_empty());
        // Nobody looks into a box that is gone.
        let (pressure, gone) = (&gateway.office.pressure, place.ballot_box());
        let watched = async {
            while pressure.watched(&gone).is_some() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), watched).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_line_is_told_of_before_anything_is_reserved() -> Result<()> {
    let place = Place::new().await?;
    let voter = Voter::new("jury".parse()?, "DE")?;
    let gateway = place.gateway_without_places();
    let cast = one_ticket(&voter, None);
    match gateway.cast_in_campaign(place.campaign, cast).await {
        Err(CastError::Unavailable(error)) => {
            assert_eq!((error.part, error.vote_id), ("queue", None));
        }
        other => bail!("a vote without a place: {other:?}"),
    }
    let known = place.booth().await?.read(voter.voter_id()).await?;
    assert!(!known.was_there(), "it was read, and kept");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_shows_though_another_request_keeps_what_it_read_before() -> Result<()> {
    let place = Place::new().await?;
    let voter = Voter::new("jury".parse()?, "DE")?;
    // A request reads a voter who has no state, from SQL too,
    let booth = place.booth().await?;
    let mut known = booth.read(voter.voter_id()).await?;
    booth.refresh(voter.voter_id(), &mut known).await?;
    // then somebody grants, and is answered,
    place.grant(&voter).await?;
    // and only then it keeps what it read.
    booth.keep(voter.voter_id(), &known).await;
    assert_eq!(place.balance(&voter).await?, 10);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_that_comes_from_the_future_is_read_again() -> Result<()> {
    let place = Place::new().await?;
    let booth = place.booth().await?;
    let voter = Voter::new("jury".parse()?, "DE")?.voter_id();
    let mut known = booth.read(voter).await?;
    assert!(booth.is_stale(&known, false));
    booth.refresh(voter, &mut known).await?;
    assert!(booth.write(voter, &known).await?);
    let mut known = booth.read(voter).await?;
    assert!(!booth.is_stale(&known, false));
    // The clock is put back.
    known.now -= TimeDelta::minutes(10);
    assert!(booth.is_stale(&known, false));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vote_that_came_to_its_end_meanwhile_is_not_called_released() -> Result<()> {
    let place = Place::new().await?;
    let booth = place.booth().await?;
    let voter = Voter::new("jury".parse()?, "DE")?.voter_id();
    let mut known = booth.read(voter).await?;
    known.state.base.last_seq = Seq(1);
    assert!(booth.write(voter, &known).await?);
    // Another gateway sent it again, and a worker settled it.
    assert!(!booth.release(voter, place.parts.ids.next()).await?);
    let stranger = Voter::new("jury".parse()?, "FR")?.voter_id();
    assert!(!booth.release(stranger, place.parts.ids.next()).await?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ballot_without_a_key_finds_what_an_earlier_try_reserved() -> Result<()> {
    let place = Place::new().await?;
    let voter = Voter::new("jury".parse()?, "DE")?;
    place.grant(&voter).await?;
    let mut all_of_them = one_ticket(&voter, None);
    all_of_them.ballot.tickets = 10;
    let first = place
        .gateway
        .cast_in_campaign(place.campaign, all_of_them.clone());
    assert!(matches!(first.await, Ok(Accepted::Vote(_, 0))));
    let sent = place.sent(&voter).await?;

    // As where the answer to the reservation was lost, and the next try begins.
    let other = Gateway::new(place.parts.clone(), settings());
    let booth = other.campaigns.booth(place.facts().await?.as_ref());
    let soon = Instant::now() + Duration::from_secs(3);
    let again = booth.try_cast(&all_of_them, sent.vote_id, soon).await;
    let again = again.map_err(|error| anyhow::anyhow!("{error:?}"))?;
    assert!(matches!(again, Try::Done(Accepted::Vote(vote_id, 0)) if vote_id == sent.vote_id));
    Ok(())
}
