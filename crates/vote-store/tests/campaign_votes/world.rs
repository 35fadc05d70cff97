//! A small campaign, and votes in it.

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Europe::Berlin;
use uuid::Uuid;
use vote_domain::campaign::{
    Ballot, CampaignOption, CampaignVote, Channel, ChannelNo, Draw, Facts, OptionNo, Plan, Terms,
    TicketExpiry, VoterState,
};
use vote_domain::id::named;
use vote_domain::{CampaignId, LotId, Outcome, Seq, UserId, VoteId, Voter};
use vote_store::audit::{Act, AuditActor};
use vote_store::campaign_ledger::LedgerCampaignVote;
use vote_store::campaign_settle::SettledCampaignBatch;
use vote_store::grants::{GrantOutcome, NewGrant};
use vote_store::voids::NewVoid;
use vote_store::{Store, StoreError};

pub(crate) const CAMPAIGN: CampaignId = CampaignId(Uuid::from_u128(0xCA));

pub(crate) fn operator() -> AuditActor {
    AuditActor::User(UserId(Uuid::from_u128(0x0A)))
}

/// Noon of the `day`th day of the campaign, and some seconds.
pub(crate) fn noon(day: i64, seconds: i64) -> DateTime<Utc> {
    let first: DateTime<Utc> = "2026-05-01T10:00:00Z".parse().unwrap();
    first + TimeDelta::days(day) + TimeDelta::seconds(seconds)
}

/// Ten days from the first noon on, three options, and channels `web`, `app` (at most 5
/// tickets a day).
pub(crate) fn plan() -> Plan {
    let channel = |key: &str, daily_ticket_limit| Channel {
        key: key.to_owned(),
        name: key.to_uppercase(),
        daily_ticket_limit,
        voter_kinds: None,
    };
    Plan {
        name: "Finale".to_owned(),
        starts_at: noon(0, 0),
        ends_at: noon(10, 0),
        zone: Berlin,
        free_daily_tickets: 3,
        expiry: TicketExpiry::Days { days: 2 },
        tickets_per_vote_max: 1_000,
        channels: vec![channel("web", None), channel("app", Some(5))],
        options: (0..3).map(option).collect(),
    }
}

pub(crate) fn option(n: u32) -> CampaignOption {
    CampaignOption {
        key: format!("option-{n}"),
        name: format!("Option {n}"),
        subject: None,
    }
}

pub(crate) fn terms() -> Terms {
    plan().terms(CAMPAIGN)
}

/// The plan that has `facts`.
pub(crate) fn plan_of(facts: &Facts) -> Plan {
    let terms = &facts.terms;
    Plan {
        name: "Random".to_owned(),
        starts_at: terms.starts_at,
        ends_at: terms.ends_at,
        zone: terms.zone,
        free_daily_tickets: terms.free_daily_tickets,
        expiry: terms.expiry,
        tickets_per_vote_max: terms.tickets_per_vote_max,
        channels: facts.channels.clone(),
        options: (0..terms.n_options).map(option).collect(),
    }
}

pub(crate) async fn create(store: &Store, campaign: CampaignId, plan: &Plan) -> Result<()> {
    let act = Act {
        audit_id: named("creation", campaign.0.as_bytes()),
        at: plan.starts_at - TimeDelta::hours(1),
        actor: operator(),
    };
    Ok(store.create_campaign(campaign, plan, &act).await?)
}

pub(crate) fn member(n: u128) -> Voter {
    Voter::member(UserId(Uuid::from_u128(n)))
}

pub(crate) fn vote_id(n: u128) -> VoteId {
    VoteId(Uuid::from_u128(0xB000 + n))
}

/// Vote `n` of `voter`, paid from that day's free lot.
pub(crate) fn free_vote(n: u128, voter: &Voter, at: DateTime<Utc>, tickets: u32) -> CampaignVote {
    let terms = terms();
    let day = terms.day(at);
    let draw = Draw {
        lot: terms.free_lot_id(voter.voter_id(), day),
        free_day: Some(day),
        tickets,
    };
    vote(n, voter, at, vec![draw])
}

/// Vote `n` of `voter` on option 0 by channel `web`, paid by `draws`.
pub(crate) fn vote(n: u128, voter: &Voter, at: DateTime<Utc>, draws: Vec<Draw>) -> CampaignVote {
    CampaignVote {
        vote_id: vote_id(n),
        campaign: CAMPAIGN,
        voter: voter.clone(),
        ballot: Ballot {
            option: OptionNo(0),
            channel: ChannelNo(0),
            tickets: draws.iter().map(|draw| draw.tickets).sum(),
        },
        seq: Seq(at.timestamp_micros()),
        day: terms().day(at),
        limit: None,
        draws,
    }
}

pub(crate) fn from_lot(lot: LotId, tickets: u32) -> Draw {
    Draw {
        lot,
        free_day: None,
        tickets,
    }
}

/// Settles as a worker does: again for as long as others are in the way, then what voids
/// are due.
pub(crate) async fn settle(
    store: &Store,
    campaign: CampaignId,
    votes: &[CampaignVote],
    now: DateTime<Utc>,
) -> SettledCampaignBatch {
    let mut n_tries = 0;
    loop {
        n_tries += 1;
        assert!(n_tries < 1_000, "it does not settle");
        match store.settle_campaign(campaign, votes, now).await {
            Ok(settled) => return settled,
            Err(error) if error.is_transient() => {}
            Err(StoreError::Duplicate(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

pub(crate) fn new_grant(voter: &Voter, tickets: u32, key: &str) -> NewGrant {
    NewGrant {
        voter: voter.clone(),
        tickets,
        reason: "for playing".to_owned(),
        grant_key: key.to_owned(),
        granted_by: operator(),
    }
}

/// Grants, and says which lot.
pub(crate) async fn granted(
    store: &Store,
    voter: &Voter,
    tickets: u32,
    now: DateTime<Utc>,
) -> Result<LotId> {
    let key = format!("{voter} {now} {tickets}");
    let outcomes = store
        .grant(CAMPAIGN, &[new_grant(voter, tickets, &key)], now)
        .await?;
    match &outcomes[..] {
        [GrantOutcome::Granted { grant_id, .. }] => Ok(LotId(grant_id.0)),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn new_void(n: u128, forfeit: bool, at: DateTime<Utc>) -> NewVoid {
    NewVoid {
        void_id: Uuid::from_u128(0x1D00 + n),
        reason: format!("bought votes, case {n}"),
        forfeit,
        by: operator(),
        position: at.timestamp_micros(),
    }
}

/// What the ledger says of vote `n`.
pub(crate) async fn ledger(store: &Store, n: u128) -> Result<Option<LedgerCampaignVote>> {
    let found = store.campaign_ledger_votes(&[vote_id(n)]).await?;
    Ok(found.into_iter().next())
}

pub(crate) async fn outcome(store: &Store, n: u128) -> Result<Option<Outcome>> {
    Ok(ledger(store, n).await?.map(|vote| vote.outcome))
}

/// Tickets counted in all.
pub(crate) async fn counted(store: &Store) -> Result<i64> {
    let sql = "SELECT CAST(COALESCE(SUM(tickets), 0) AS SIGNED) AS n FROM campaign_totals";
    Ok(store.select_number(sql).await?)
}

/// The voter's state as a gateway loads it.
pub(crate) async fn state(store: &Store, voter: &Voter, now: DateTime<Utc>) -> Result<VoterState> {
    let id = voter.voter_id();
    let mut loaded = store.load_campaign_bases(CAMPAIGN, &[id], &[], now).await?;
    let mut state = VoterState::default();
    state.refresh(loaded.bases.remove(&id).unwrap(), |_| false, now);
    Ok(state)
}

/// What the voter can spend, by wallet; the statement must say the same.
pub(crate) async fn balance(store: &Store, voter: &Voter, now: DateTime<Utc>) -> Result<u64> {
    let wallet = state(store, voter, now).await?;
    let balance = wallet.wallet(&terms(), voter.voter_id(), now).balance;
    let rows = store.statement_rows(CAMPAIGN, voter.voter_id()).await?;
    let statement =
        vote_domain::campaign::statement(&terms(), voter.voter_id(), &rows.lots, &rows.votes, now);
    let stated = statement.last().map_or(0, |entry| entry.balance);
    assert_eq!(u64::try_from(stated)?, balance, "{statement:?}");
    Ok(balance)
}

/// `id` as both kinds of SQL write it.
pub(crate) fn literal(id: Uuid) -> String {
    format!("X'{}'", id.simple())
}
