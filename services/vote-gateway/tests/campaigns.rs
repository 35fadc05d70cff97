//! The promises, for campaign votes: at the gateway and the worker, on each kind of
//! adapters.

#[macro_use]
mod engine;

use anyhow::{Context, Result, bail};
use chrono::{DateTime, TimeDelta, Utc};
use engine::{Engine, noon, stranger};
use tokio::task::JoinSet;
use vote_cache::VoterStates;
use vote_domain::campaign::{
    Ballot, Base, CampaignOption, CampaignVote, Channel, ChannelNo, Entry, OptionNo, Plan,
    Rejection, Stage, TicketExpiry, Wallet,
};
use vote_domain::voter_state::InFlight;
use vote_domain::{CampaignId, Clock, Outcome, UserId, VoteId, Voter};
use vote_gateway::{
    Accepted, CampaignRefusal, Cast, CastError, Gateway, IdempotencyKey, Unavailable,
};
use vote_queue::BallotBox;
use vote_store::audit::{Act, AuditActor};
use vote_store::campaign_ledger::LedgerCampaignVote;
use vote_store::grants::{GrantOutcome, NewGrant};
use vote_store::voids::{NewVoid, VoidOutcome};

type CampaignCast = Result<Accepted<u64>, CastError<CampaignRefusal>>;

/// A campaign of two options and a limited channel, open from an hour before `now`.
fn plan(now: DateTime<Utc>) -> Plan {
    let channel = |key: &str, limit| Channel {
        key: key.to_owned(),
        name: key.to_owned(),
        daily_ticket_limit: limit,
        voter_kinds: None,
    };
    let option = |key: &str| CampaignOption {
        key: key.to_owned(),
        name: key.to_owned(),
        subject: None,
    };
    Plan {
        name: "Song of the year".to_owned(),
        starts_at: now - TimeDelta::hours(1),
        ends_at: now + TimeDelta::hours(1),
        zone: chrono_tz::UTC,
        free_daily_tickets: 0,
        expiry: TicketExpiry::CampaignEnd,
        tickets_per_vote_max: 1_000,
        channels: vec![channel("web", None), channel("app", Some(3))],
        options: vec![option("a"), option("b")],
    }
}

async fn create(engine: &Engine, plan: &Plan) -> Result<CampaignId> {
    let campaign: CampaignId = engine.ids.next();
    engine
        .queue
        .declare(&BallotBox::campaign(campaign.0))
        .await?;
    let act = Act {
        audit_id: engine.ids.next(),
        at: plan.starts_at,
        actor: AuditActor::System,
    };
    engine.store.create_campaign(campaign, plan, &act).await?;
    Ok(campaign)
}

/// A campaign that is open now.
async fn open(engine: &Engine) -> Result<CampaignId> {
    create(engine, &plan(engine.cache.now().await?)).await
}

async fn grant(engine: &Engine, campaign: CampaignId, voter: &Voter, tickets: u32) -> Result<()> {
    let grant = NewGrant {
        voter: voter.clone(),
        tickets,
        reason: "a test".to_owned(),
        grant_key: engine.ids.next::<uuid::Uuid>().to_string(),
        granted_by: AuditActor::System,
    };
    let now = engine.cache.now().await?;
    match &engine.store.grant(campaign, &[grant], now).await?[..] {
        [GrantOutcome::Granted { .. }] => Ok(()),
        other => bail!("not granted: {other:?}"),
    }
}

fn member(engine: &Engine) -> Voter {
    Voter::member(engine.ids.next::<UserId>())
}

fn spending(voter: &Voter, option: u32, channel: u32, tickets: u32) -> Cast<Voter, Ballot> {
    Cast {
        voter: voter.clone(),
        ballot: Ballot {
            option: OptionNo(option),
            channel: ChannelNo(channel),
            tickets,
        },
        key: None,
        trace_parent: String::new(),
    }
}

/// A vote that is reserved, and was never published: what a gateway killed in between
/// leaves.
async fn reserve(
    engine: &Engine,
    campaign: CampaignId,
    voter: &Voter,
    tickets: u32,
) -> Result<CampaignVote> {
    let states = VoterStates::of_campaign(engine.cache.clone(), engine.ids.clone(), campaign);
    wallet(&engine.gateway, campaign, voter).await?;
    let facts = engine.store.campaign_heads(&[campaign]).await?;
    let paper = engine.store.ballot_paper(campaign).await?;
    let paper = paper.context("no paper")?;
    let facts = vote_domain::campaign::Facts {
        terms: facts[&campaign].terms.clone(),
        progress: facts[&campaign].progress,
        channels: paper.channels,
        options: paper.options,
    };
    let ballot = spending(voter, 0, 0, tickets).ballot;
    let vote_id = engine.ids.next();
    loop {
        let mut known = states.read(voter.voter_id()).await?;
        let state = &known.state;
        let lost = vote_domain::campaign::admit(state, &facts, known.now, voter, ballot, vote_id)?;
        known.state.in_flight.push(InFlight {
            message: vote_messages::vote::encode(&lost, "").to_vec(),
            vote: lost.clone(),
            gateway: stranger(),
            sent_at: known.now,
            n_sends: 1,
            unknown: false,
        });
        // A worker may be telling what became of the votes before.
        if states.write(voter.voter_id(), &known).await? {
            return Ok(lost);
        }
    }
}

/// Makes the voter's base so old that the next request reads it from SQL.
async fn make_stale(states: &VoterStates<Base>, voter: &Voter) -> Result<()> {
    loop {
        let mut known = states.read(voter.voter_id()).await?;
        known.state.base.loaded_at = DateTime::UNIX_EPOCH;
        // As above.
        if states.write(voter.voter_id(), &known).await? {
            return Ok(());
        }
    }
}

fn under(key: &str, cast: Cast<Voter, Ballot>) -> Cast<Voter, Ballot> {
    Cast {
        key: IdempotencyKey::parse(key.as_bytes()).ok(),
        ..cast
    }
}

fn vote(cast: CampaignCast) -> (VoteId, u64) {
    match cast {
        Ok(Accepted::Vote(vote_id, balance)) => (vote_id, balance),
        other => panic!("no vote: {other:?}"),
    }
}

fn refusal(cast: CampaignCast) -> Rejection {
    match cast {
        Err(CastError::Refused(CampaignRefusal::Rejected(rejection, _))) => rejection,
        other => panic!("not refused: {other:?}"),
    }
}

async fn wallet(gateway: &Gateway, campaign: CampaignId, voter: &Voter) -> Result<Wallet> {
    let wallet: Result<_, Unavailable> = gateway.wallet(campaign, voter).await;
    wallet?.context("no campaign")
}

async fn statement(engine: &Engine, campaign: CampaignId, voter: &Voter) -> Result<Vec<Entry>> {
    let statement = engine.gateway.statement(campaign, voter).await?;
    statement.context("no campaign")
}

/// Waits until the ledger knows all of `votes`; answers their rows.
async fn settled(engine: &Engine, votes: &[VoteId]) -> Result<Vec<LedgerCampaignVote>> {
    for _ in 0..1_500 {
        let found = engine.store.campaign_ledger_votes(votes).await?;
        if found.len() == votes.len() {
            return Ok(found);
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    bail!("votes not settled in time")
}

async fn total(engine: &Engine, campaign: CampaignId) -> Result<i64> {
    let sql = format!(
        "SELECT CAST(COALESCE(SUM(tickets), 0) AS SIGNED) AS n FROM campaign_totals WHERE campaign_id = X'{}'",
        campaign.0.simple()
    );
    Ok(engine.store.select_number(&sql).await?)
}

on_each_engine! {
    async fn tickets_are_spent_once_however_many_ask_at_once(engine: Engine) -> Result<()> {
        engine.work();
        let (campaign, voter) = (open(&engine).await?, member(&engine));
        grant(&engine, campaign, &voter, 5).await?;
        let mut casting = JoinSet::new();
        let other = engine.another_gateway();
        for n in 0..32_u32 {
            let gateway = if n % 2 == 0 { engine.gateway.clone() } else { other.clone() };
            let cast = spending(&voter, n % 2, 0, 1);
            casting.spawn(async move { gateway.cast_in_campaign(campaign, cast).await });
        }
        let (mut votes, mut n_refused) = (Vec::new(), 0);
        for cast in casting.join_all().await {
            match cast {
                Ok(Accepted::Vote(vote_id, _)) => votes.push(vote_id),
                refused => {
                    assert_eq!(refusal(refused), Rejection::InsufficientTickets { balance: 0 });
                    n_refused += 1;
                }
            }
        }
        assert_eq!((votes.len(), n_refused), (5, 27));
        let ends = settled(&engine, &votes).await?;
        assert!(ends.iter().all(|vote| vote.outcome == Outcome::Counted));
        assert_eq!(total(&engine, campaign).await?, 5);
        assert_eq!(wallet(&engine.gateway, campaign, &voter).await?.balance, 0);
        Ok(())
    }

    async fn a_wallet_shows_grants_and_votes_at_once(engine: Engine) -> Result<()> {
        let (campaign, voter) = (open(&engine).await?, member(&engine));
        assert_eq!(wallet(&engine.gateway, campaign, &voter).await?.balance, 0);
        let cast = spending(&voter, 0, 0, 4);
        let refused = engine.gateway.cast_in_campaign(campaign, cast).await;
        assert_eq!(refusal(refused), Rejection::InsufficientTickets { balance: 0 });
        // As another process grants: only SQL and the voter's base know.
        grant(&engine, campaign, &voter, 10).await?;
        let states = VoterStates::of_campaign(engine.cache.clone(), engine.ids.clone(), campaign);
        make_stale(&states, &voter).await?;
        assert_eq!(wallet(&engine.gateway, campaign, &voter).await?.balance, 10);
        let cast = spending(&voter, 0, 0, 4);
        assert_eq!(vote(engine.gateway.cast_in_campaign(campaign, cast).await).1, 6);
        let held = wallet(&engine.another_gateway(), campaign, &voter).await?;
        assert_eq!((held.balance, held.lots.len()), (6, 1));
        let lines = statement(&engine, campaign, &voter).await?;
        let amounts: Vec<_> = lines.iter().map(|line| (line.tickets, line.balance)).collect();
        assert_eq!(amounts, [(10, 10), (-4, 6)]);
        Ok(())
    }

    async fn one_key_is_one_vote_before_and_after_settling(engine: Engine) -> Result<()> {
        let (campaign, voter) = (open(&engine).await?, member(&engine));
        grant(&engine, campaign, &voter, 10).await?;
        let cast = |key, tickets| under(key, spending(&voter, 1, 0, tickets));
        let (first, balance) = vote(engine.gateway.cast_in_campaign(campaign, cast("k", 3)).await);
        assert_eq!(balance, 7);
        let again = engine.another_gateway().cast_in_campaign(campaign, cast("k", 3)).await;
        assert_eq!(vote(again), (first, 7));
        let other = engine.gateway.cast_in_campaign(campaign, cast("k", 4)).await;
        assert!(matches!(other, Err(CastError::KeyReused)));
        engine.work();
        settled(&engine, &[first]).await?;
        let again = engine.gateway.cast_in_campaign(campaign, cast("k", 3)).await;
        assert_eq!(vote(again).0, first);
        let other = engine.gateway.cast_in_campaign(campaign, cast("k", 4)).await;
        assert!(matches!(other, Err(CastError::KeyReused)));
        assert_eq!(wallet(&engine.gateway, campaign, &voter).await?.balance, 7);
        Ok(())
    }

    async fn a_vote_of_a_gateway_that_died_is_sent_again_when_the_wallet_is_read(engine: Engine) -> Result<()> {
        let (campaign, voter) = (open(&engine).await?, member(&engine));
        grant(&engine, campaign, &voter, 10).await?;
        engine.work();
        let lost = reserve(&engine, campaign, &voter, 6).await?;
        assert_eq!(wallet(&engine.gateway, campaign, &voter).await?.balance, 4);
        let ends = settled(&engine, &[lost.vote_id]).await?;
        assert_eq!(ends[0].outcome, Outcome::Counted);
        assert_eq!(total(&engine, campaign).await?, 6);
        Ok(())
    }

    async fn sql_holds_the_balance_when_states_are_lost(engine: Engine) -> Result<()> {
        let (campaign, voter) = (open(&engine).await?, member(&engine));
        grant(&engine, campaign, &voter, 5).await?;
        let states = VoterStates::of_campaign(engine.cache.clone(), engine.ids.clone(), campaign);
        let mut votes = Vec::new();
        for option in [0, 1] {
            let cast = spending(&voter, option, 0, 4);
            votes.push(vote(engine.gateway.cast_in_campaign(campaign, cast).await).0);
            // The state is lost, as if Redis had been emptied.
            let mut known = states.read(voter.voter_id()).await?;
            known.state = vote_domain::campaign::VoterState::default();
            assert!(states.write(voter.voter_id(), &known).await?);
        }
        engine.work();
        let ends = settled(&engine, &votes).await?;
        let n_counted = ends.iter().filter(|vote| vote.outcome == Outcome::Counted).count();
        assert_eq!(n_counted, 1, "{ends:?}");
        assert_eq!(total(&engine, campaign).await?, 4);
        make_stale(&states, &voter).await?;
        assert_eq!(wallet(&engine.gateway, campaign, &voter).await?.balance, 1);
        let lines = statement(&engine, campaign, &voter).await?;
        assert_eq!(lines.last().map(|line| line.balance), Some(1));
        Ok(())
    }

    async fn votes_voided_while_they_are_queued_return_their_tickets(engine: Engine) -> Result<()> {
        let (campaign, voter) = (open(&engine).await?, member(&engine));
        grant(&engine, campaign, &voter, 10).await?;
        let mut votes = Vec::new();
        for _ in 0..3 {
            let cast = spending(&voter, 0, 1, 1);
            votes.push(vote(engine.gateway.cast_in_campaign(campaign, cast).await).0);
        }
        let limited = engine.gateway.cast_in_campaign(campaign, spending(&voter, 0, 1, 1)).await;
        assert!(matches!(refusal(limited), Rejection::ChannelLimitReached { limit: 3, used: 3, .. }));
        let states = VoterStates::of_campaign(engine.cache.clone(), engine.ids.clone(), campaign);
        let known = states.read(voter.voter_id()).await?;
        let void = NewVoid {
            void_id: engine.ids.next(),
            reason: "bought".to_owned(),
            forfeit: false,
            by: AuditActor::System,
            position: known.now.timestamp_micros(),
        };
        let up_to = known.state.last_seq();
        let done = engine.store.void_voter(campaign, &voter, up_to, &void, known.now).await?;
        assert!(matches!(done, VoidOutcome::Done { voided: 0, .. }), "{done:?}");
        engine.work();
        let ends = settled(&engine, &votes).await?;
        assert!(ends.iter().all(|vote| vote.outcome == Outcome::Voided), "{ends:?}");
        assert_eq!(total(&engine, campaign).await?, 0);
        // What is cast afterwards counts, and the day on the channel is whole again.
        for _ in 0..500 {
            if wallet(&engine.gateway, campaign, &voter).await?.balance == 10 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        let cast = spending(&voter, 1, 1, 3);
        let (later, balance) = vote(engine.gateway.cast_in_campaign(campaign, cast).await);
        assert_eq!(balance, 7);
        assert_eq!(settled(&engine, &[later]).await?[0].outcome, Outcome::Counted);
        let lines = statement(&engine, campaign, &voter).await?;
        assert_eq!(lines.last().map(|line| line.balance), Some(7), "{lines:?}");
        Ok(())
    }

    async fn a_box_that_was_unbound_makes_no_vote(engine: Engine) -> Result<()> {
        let (campaign, voter) = (open(&engine).await?, member(&engine));
        grant(&engine, campaign, &voter, 5).await?;
        let cast = || spending(&voter, 0, 0, 1);
        let (counted, _) = vote(engine.gateway.cast_in_campaign(campaign, cast()).await);
        engine.queue.unbind(&BallotBox::campaign(campaign.0)).await?;
        match engine.gateway.cast_in_campaign(campaign, cast()).await {
            Err(CastError::Unavailable(error)) => assert_eq!(error.vote_id, None),
            other => panic!("a vote without a way: {other:?}"),
        }
        assert_eq!(wallet(&engine.gateway, campaign, &voter).await?.balance, 4);
        engine.work();
        assert_eq!(settled(&engine, &[counted]).await?[0].outcome, Outcome::Counted);
        assert_eq!(total(&engine, campaign).await?, 1);
        Ok(())
    }

    async fn what_is_not_in_the_ledger_of_a_drained_campaign_was_never_cast(engine: Engine) -> Result<()> {
        let (campaign, voter) = (open(&engine).await?, member(&engine));
        grant(&engine, campaign, &voter, 10).await?;
        let lost = reserve(&engine, campaign, &voter, 6).await?;
        engine.queue.unbind(&BallotBox::campaign(campaign.0)).await?;
        let cast = || spending(&voter, 0, 0, 1);
        // Unbound, and some worker may still have it.
        match engine.gateway.cast_in_campaign(campaign, cast()).await {
            Err(CastError::Unavailable(_)) => {}
            other => panic!("a vote without a way: {other:?}"),
        }
        assert_eq!(wallet(&engine.gateway, campaign, &voter).await?.balance, 4);
        let drained = "UPDATE campaigns SET progress = 'drained'";
        engine.store.execute_raw(drained).await?;
        match refusal(engine.another_gateway().cast_in_campaign(campaign, cast()).await) {
            Rejection::NotOpen(stage) => assert_eq!(stage, Stage::Drained),
            other => panic!("{other:?}"),
        }
        assert_eq!(wallet(&engine.another_gateway(), campaign, &voter).await?.balance, 10);
        let lines = statement(&engine, campaign, &voter).await?;
        assert_eq!(lines.last().map(|line| line.balance), Some(10), "{lines:?}");
        assert_eq!(engine.store.campaign_ballots(&[lost.vote_id]).await?.len(), 0);
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn votes_are_taken_from_the_first_moment_to_before_the_last() -> Result<()> {
    let clock = Clock::manual(noon());
    let engine = Engine::embedded(clock.clone()).await?;
    let mut plan = plan(noon());
    (plan.starts_at, plan.ends_at) = (noon() + TimeDelta::hours(1), noon() + TimeDelta::hours(2));
    plan.free_daily_tickets = 10;
    let campaign = create(&engine, &plan).await?;
    let voter = member(&engine);
    let at = async |at: DateTime<Utc>| {
        clock.set(at);
        let cast = spending(&voter, 0, 0, 1);
        engine.gateway.cast_in_campaign(campaign, cast).await
    };
    let (start, end) = (plan.starts_at, plan.ends_at);
    let moment = TimeDelta::milliseconds(1);
    let not_open = |stage| Rejection::NotOpen(stage);
    assert_eq!(
        refusal(at(start - moment).await),
        not_open(Stage::Scheduled)
    );
    assert_eq!(vote(at(start).await).1, 9);
    assert_eq!(vote(at(end - moment).await).1, 8);
    assert_eq!(refusal(at(end).await), not_open(Stage::Closing));
    assert_eq!(refusal(at(end + moment).await), not_open(Stage::Closing));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_local_day_gives_free_tickets_visited_or_not() -> Result<()> {
    // Berlin's clocks go forward on 29 March 2026: that day has 23 hours.
    let start: DateTime<Utc> = "2026-03-27T12:00:00Z".parse()?;
    let clock = Clock::manual(start);
    let engine = Engine::embedded(clock.clone()).await?;
    let mut plan = plan(start);
    (plan.starts_at, plan.ends_at) = (start, start + TimeDelta::days(30));
    (plan.zone, plan.free_daily_tickets) = (chrono_tz::Europe::Berlin, 2);
    plan.expiry = TicketExpiry::Days { days: 3 };
    let campaign = create(&engine, &plan).await?;
    let voter = member(&engine);
    let mut balances = Vec::new();
    for at in [
        "2026-03-27T12:00:00Z",
        "2026-03-28T22:59:59Z",
        "2026-03-28T23:00:00Z",
        "2026-03-29T21:59:59Z",
        "2026-03-29T22:00:00Z",
    ] {
        clock.set(at.parse()?);
        balances.push(wallet(&engine.gateway, campaign, &voter).await?.balance);
    }
    // Three days at most; midnight in Berlin is 23:00 UTC, then 22:00.
    assert_eq!(balances, [2, 4, 6, 6, 6]);
    let lines = statement(&engine, campaign, &voter).await?;
    assert_eq!(lines.iter().map(|line| line.tickets).sum::<i64>(), 6);
    assert_eq!(lines.len(), 5, "four days, one of them expired");
    Ok(())
}

/// Where ballots add up, the same one without a key is another intent.
#[tokio::test(flavor = "multi_thread")]
async fn a_503_does_not_carry_the_vote_of_another_intent() -> Result<()> {
    let engine = Engine::embedded(Clock::system()).await?;
    let folder = tempfile::tempdir()?;
    let broken = engine.gateway_without_broker(&folder).await?;
    let (campaign, voter) = (open(&engine).await?, member(&engine));
    grant(&engine, campaign, &voter, 10).await?;
    reserve(&engine, campaign, &voter, 1).await?;
    let same = spending(&voter, 0, 0, 1);
    match broken.cast_in_campaign(campaign, same).await {
        Err(CastError::Unavailable(error)) => assert_eq!(error.vote_id, None),
        other => bail!("cast without a broker: {other:?}"),
    }
    Ok(())
}
