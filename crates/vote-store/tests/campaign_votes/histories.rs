//! Random histories, as the rules' own tests have them, told to SQL: its rows must be those
//! of the rules.

use std::collections::BTreeMap;

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use uuid::Uuid;
use vote_domain::campaign::{Base, PostedEnd, Source, VoterState, statement};
use vote_domain::testing::campaigns::{
    Arrival, Books, End, Event, Run, Step, Void, Voided, arrivals, facts, forgetful_steps, steps,
};
use vote_domain::testing::shuffled;
use vote_domain::voter_state::{Fold, Settled};
use vote_domain::{CampaignId, GrantId, LotId, Outcome, VoteId, Voter, VoterId};
use vote_store::Store;
use vote_store::grants::{GrantOutcome, NewGrant};
use vote_store::voids::{NewVoid, VoidOutcome};

use crate::backends::on_each_backend;
use crate::world::{create, literal, operator, plan_of, settle};

const N_VOTERS: usize = 3;

type Told = Vec<(VoterId, Settled<vote_domain::campaign::Touched>)>;

fn campaign(space: u64) -> CampaignId {
    CampaignId(Uuid::from_u64_pair(space, 0xCA))
}

fn runner() -> TestRunner {
    TestRunner::new_with_rng(
        Config::default(),
        TestRng::deterministic_rng(RngAlgorithm::ChaCha),
    )
}

/// The grants as SQL is told of them, by its lots.
type Grants = BTreeMap<LotId, NewGrant>;

/// A run of random steps to its end, in which lots have the ids that SQL gives them.
fn run(
    runner: &mut TestRunner,
    space: u64,
    steps: &impl Strategy<Value = Vec<Step>>,
) -> (Run, Vec<Event>, Grants) {
    let facts = facts(campaign(space)).new_tree(runner).unwrap().current();
    let steps = steps.new_tree(runner).unwrap().current();
    let mut run = Run::of(facts, space, N_VOTERS, &steps);
    run.settle_all();
    let mut lots = BTreeMap::new();
    let mut grants = BTreeMap::new();
    for (lot, grant) in run.grants() {
        let new = NewGrant {
            voter: voter(&run, grant.voter).clone(),
            tickets: grant.lot.tickets,
            reason: "for playing".to_owned(),
            grant_key: lot.to_string(),
            granted_by: operator(),
        };
        let in_sql = LotId(new.grant_id(campaign(space)).0);
        lots.insert(lot, in_sql);
        grants.insert(in_sql, new);
    }
    let events = run.events.iter().map(|event| match event {
        Event::Grant(grant) => {
            let lot_id = lots[&grant.lot_id];
            let mut grant = *grant;
            grant.lot_id = lot_id;
            grant.lot.source = Source::Grant(GrantId(lot_id.0));
            Event::Grant(grant)
        }
        Event::Vote(vote) => {
            let mut vote = vote.clone();
            for draw in &mut vote.draws {
                draw.lot = lots.get(&draw.lot).copied().unwrap_or(draw.lot);
            }
            Event::Vote(vote)
        }
        Event::Void(void) => Event::Void(*void),
    });
    let events = events.collect();
    (run, events, grants)
}

fn voter(run: &Run, id: VoterId) -> &Voter {
    run.voters
        .iter()
        .find(|voter| voter.voter_id() == id)
        .unwrap()
}

/// Tells SQL of `arrival` at `now`, and says what states are to be told.
async fn tell(
    store: &Store,
    run: &Run,
    grants: &Grants,
    arrival: &Arrival,
    now: DateTime<Utc>,
) -> Result<Told> {
    let campaign = run.facts.terms.campaign;
    match arrival {
        Arrival::Grant(grant) => {
            let outcomes = store
                .grant(campaign, &[grants[&grant.lot_id].clone()], now)
                .await?;
            match outcomes.into_iter().next().unwrap() {
                GrantOutcome::Granted { settled, .. } => Ok(vec![settled]),
                other => panic!("{other:?}"),
            }
        }
        Arrival::Votes(votes) => {
            let mut told = settle(store, campaign, votes, now).await.voters;
            told.extend(store.apply_campaign_marks(campaign, now).await?);
            Ok(told)
        }
        Arrival::Void(void) => tell_void(store, run, void, now).await,
    }
}

async fn tell_void(store: &Store, run: &Run, void: &Void, now: DateTime<Utc>) -> Result<Told> {
    let campaign = run.facts.terms.campaign;
    let new = NewVoid {
        void_id: Uuid::from_u64_pair(
            campaign.0.as_u64_pair().0,
            0x1D00 + void.mark.position.unsigned_abs(),
        ),
        reason: "bought".to_owned(),
        forfeit: void.mark.forfeit,
        by: operator(),
        position: void.mark.position,
    };
    let outcome = match void.of {
        Voided::Vote(vote) => store.void_vote(campaign, vote, &new, now).await?,
        Voided::UpTo(up_to) => {
            store
                .void_voter(campaign, voter(run, void.voter), up_to, &new, now)
                .await?
        }
    };
    match outcome {
        VoidOutcome::Done { voters, .. } => Ok(voters),
        VoidOutcome::Waiting | VoidOutcome::AlreadyVoided | VoidOutcome::NotCounted(_) => {
            Ok(Vec::new())
        }
        other => panic!("{other:?}"),
    }
}

/// When each arrival is told: the time it was decided, or that of what came before.
fn time_of(arrival: &Arrival, before: DateTime<Utc>) -> DateTime<Utc> {
    match arrival {
        Arrival::Grant(grant) => grant.lot.granted_at,
        Arrival::Votes(_) => before + TimeDelta::microseconds(1),
        Arrival::Void(void) => void.at,
    }
}

/// What the rules make of `arrivals`.
fn books_of(run: &Run, arrivals: &[(Arrival, DateTime<Utc>)]) -> Books {
    let mut books = Books::new(run.facts.terms.clone());
    for (arrival, at) in arrivals {
        match arrival {
            Arrival::Grant(grant) => drop(books.grant(grant)),
            Arrival::Votes(votes) => drop(books.settle(votes, *at)),
            Arrival::Void(void) => drop(books.void(void)),
        }
    }
    books
}

/// Holds SQL's rows to the books, and to themselves.
async fn assert_same(store: &Store, run: &Run, books: &Books, now: DateTime<Utc>) -> Result<()> {
    let terms = &run.facts.terms;
    let campaign = literal(terms.campaign.0);
    let number = async |sql: String| store.select_number(&sql).await;

    let ids: Vec<VoteId> = books.votes().map(|(vote, _)| vote.vote_id).collect();
    let ledger = store.campaign_ledger_votes(&ids).await?;
    let ends: BTreeMap<VoteId, End> = ledger
        .iter()
        .map(|vote| {
            let end = match vote.outcome {
                Outcome::Counted => End::Counted,
                Outcome::Rejected(reason) => End::Rejected(reason),
                Outcome::Voided if vote.forfeited => End::Forfeited,
                Outcome::Voided => End::Returned,
            };
            assert_eq!(vote.outcome == Outcome::Voided, vote.void_reason.is_some());
            (vote.vote_id, end)
        })
        .collect();
    assert_eq!(ends, books.ends());
    let n_ledger = number(format!(
        "SELECT COUNT(*) AS n FROM campaign_votes WHERE campaign_id = {campaign}"
    ))
    .await?;
    assert_eq!(n_ledger, i64::try_from(ids.len())?);

    // Tallies: each row, and nothing besides.
    for (table, filter_of) in [
        (
            "campaign_tallies",
            (|hour| format!("hour_no = {hour}")) as fn(i32) -> String,
        ),
        ("campaign_days", |hour: i32| {
            format!("day_no = {}", hour.div_euclid(24))
        }),
        ("campaign_totals", |_| "1 = 1".to_owned()),
    ] {
        let mut all = BTreeMap::<String, i64>::new();
        for ((option, channel, hour), tickets) in &books.tallies {
            let place = format!(
                "option_no = {} AND channel_no = {} AND {}",
                option.0,
                channel.0,
                filter_of(hour.0)
            );
            *all.entry(place).or_default() += tickets;
        }
        let of_table = |what: &str, place: &str| {
            format!(
                "SELECT CAST(COALESCE(SUM({what}), 0) AS SIGNED) AS n FROM {table} WHERE campaign_id = {campaign} AND {place}"
            )
        };
        for (place, tickets) in &all {
            assert_eq!(
                number(of_table("tickets", place)).await?,
                *tickets,
                "{table} {place}"
            );
        }
        assert_eq!(
            number(of_table("ABS(tickets)", "1 = 1")).await?,
            all.values().sum::<i64>(),
            "{table}"
        );
        if table == "campaign_totals" {
            let n_counted = ends.values().filter(|end| **end == End::Counted).count();
            assert_eq!(
                number(of_table("n_votes", "1 = 1")).await?,
                i64::try_from(n_counted)?
            );
        }
    }
    for ((option, voter), tickets) in &books.fans {
        let sql = format!(
            "SELECT tickets AS n FROM campaign_fans WHERE campaign_id = {campaign} AND option_no = {} AND voter_id = {}",
            option.0,
            literal(voter.0)
        );
        assert_eq!(number(sql).await?, *tickets);
    }
    let fans = number(format!("SELECT CAST(COALESCE(SUM(ABS(tickets)), 0) AS SIGNED) AS n FROM campaign_fans WHERE campaign_id = {campaign}")).await?;
    assert_eq!(fans, books.fans.values().sum::<i64>());
    let used = number(format!("SELECT CAST(COALESCE(SUM(used), 0) AS SIGNED) AS n FROM campaign_uses WHERE campaign_id = {campaign}")).await?;
    assert_eq!(
        used,
        books
            .used()
            .values()
            .map(|used| i64::from(*used))
            .sum::<i64>()
    );

    let voters: Vec<VoterId> = run.voters.iter().map(Voter::voter_id).collect();
    let votes = books.votes();
    let votes: Vec<_> = votes
        .map(|(vote, _)| (vote.voter.voter_id(), vote.vote_id))
        .collect();
    let loaded = store
        .load_campaign_bases(terms.campaign, &voters, &votes, now)
        .await?;
    assert_eq!(loaded.known.len(), ids.len());
    for voter in voters {
        let mut base = loaded.bases[&voter].clone();
        let mut expected = Base {
            version: base.version,
            loaded_at: base.loaded_at,
            ..books.base(voter, now)
        };
        // A vote that was voided as it settled never was on its channel.
        base.uses.retain(|_, used| used.used > 0);
        expected.uses.retain(|_, used| used.used > 0);
        assert_eq!(base, expected);

        // Tickets are conserved: what is spent from a lot is what the ledger drew on it.
        let rows = store.statement_rows(terms.campaign, voter).await?;
        let mut drawn: BTreeMap<LotId, u32> = BTreeMap::new();
        for posted in &rows.votes {
            if matches!(posted.end, PostedEnd::Spent | PostedEnd::Forfeited) {
                for draw in &posted.vote.draws {
                    *drawn.entry(draw.lot).or_default() += draw.tickets;
                }
            }
        }
        for (lot_id, lot) in &rows.lots {
            assert_eq!(lot.spent, drawn.remove(lot_id).unwrap_or_default());
            assert!(lot.spent <= lot.tickets);
        }
        assert!(drawn.is_empty());
        let spent: BTreeMap<_, _> = rows
            .lots
            .iter()
            .filter(|(_, lot)| lot.spent > 0)
            .map(|(id, lot)| ((voter, *id), lot.spent))
            .collect();
        let of_books = books
            .spent()
            .into_iter()
            .filter(|((who, _), _)| *who == voter)
            .collect();
        assert_eq!(spent, of_books);

        let lines = statement(terms, voter, &rows.lots, &rows.votes, now);
        let state = VoterState {
            base,
            ..VoterState::default()
        };
        let balance = state.wallet(terms, voter, now).balance;
        assert_eq!(
            lines.last().map_or(0, |line| line.balance),
            i64::try_from(balance)?
        );
    }

    // What operators have to check all of this finds nothing either.
    let mut findings = vote_store::verify::Findings::default();
    store
        .verify_campaign(terms.campaign, &mut findings, &|_| {})
        .await?;
    assert_eq!(findings.violations(), []);
    Ok(())
}

/// Tells SQL of a history one arrival after another, folding what is told into states.
async fn assert_told_in_turn(
    store: &Store,
    (run, events, grants): &(Run, Vec<Event>, Grants),
    seed: u64,
) -> Result<()> {
    let terms = &run.facts.terms;
    create(store, terms.campaign, &plan_of(&run.facts)).await?;
    let mut now = terms.starts_at - TimeDelta::minutes(1);
    let mut told_of = Vec::new();
    let mut states: BTreeMap<VoterId, VoterState> = BTreeMap::new();
    for arrival in arrivals(events, seed) {
        now = now.max(time_of(&arrival, now));
        for (voter, settled) in tell(store, run, grants, &arrival, time_of(&arrival, now)).await? {
            assert_eq!(
                states.entry(voter).or_default().fold(&settled, now),
                Fold::Done
            );
        }
        let at = time_of(&arrival, now);
        told_of.push((arrival, at));
    }
    let books = books_of(run, &told_of);
    assert_same(store, run, &books, run.now).await?;
    // What was told, piece by piece, is what SQL says.
    for (voter, state) in states {
        let loaded = store
            .load_campaign_bases(terms.campaign, &[voter], &[], run.now)
            .await?;
        let base = loaded.bases[&voter].clone();
        assert_eq!(
            (base.version, base.last_seq),
            (state.base.version, state.base.last_seq)
        );
        let loaded = VoterState {
            base,
            ..VoterState::default()
        };
        assert_eq!(
            state.wallet(terms, voter, run.now),
            loaded.wallet(terms, voter, run.now)
        );
    }
    Ok(())
}

on_each_backend! {
    async fn any_arrival_of_a_campaign_ends_in_the_rows_of_the_rules(backend: Backend) -> Result<()> {
        let mut runner = runner();
        for case in 0..12 {
            let history = run(&mut runner, 100 + case, &steps(N_VOTERS));
            let run = &history.0;
            assert_told_in_turn(&backend.store, &history, case).await?;
            // And that is what came of it when it happened, for no state was lost.
            let ids: Vec<_> = run.votes().map(|vote| vote.vote_id).collect();
            let counted = run.books.ends().values().filter(|end| **end == End::Counted).count();
            let ledger = backend.store.campaign_ledger_votes(&ids).await?;
            assert_eq!(ledger.iter().filter(|vote| vote.outcome == Outcome::Counted).count(), counted);
            assert!(!ledger.iter().any(|vote| matches!(vote.outcome, Outcome::Rejected(_))));
        }
        Ok(())
    }

    async fn a_campaign_whose_states_are_lost_ends_in_the_rows_of_the_rules(backend: Backend) -> Result<()> {
        let mut runner = runner();
        for case in 0..12 {
            let history = run(&mut runner, 200 + case, &forgetful_steps(N_VOTERS));
            assert_told_in_turn(&backend.store, &history, case).await?;
        }
        Ok(())
    }

    async fn campaign_workers_at_once_end_in_the_same_rows(backend: Backend) -> Result<()> {
        let mut runner = runner();
        for case in 0..6 {
            let (run, events, grants) = run(&mut runner, 300 + case, &steps(N_VOTERS));
            let run = std::sync::Arc::new(run);
            let store = &backend.store;
            let terms = run.facts.terms.clone();
            create(store, terms.campaign, &plan_of(&run.facts)).await?;
            // Four workers, each of which is given every vote, once what it was decided on
            // has committed.
            let mut workers = tokio::task::JoinSet::new();
            let mut queues = Vec::new();
            for worker in 0..4 {
                let (queue, mut batches) = tokio::sync::mpsc::unbounded_channel::<Vec<_>>();
                queues.push(queue);
                let (store, terms, last) = (store.clone(), terms.clone(), run.now);
                workers.spawn(async move {
                    while let Some(votes) = batches.recv().await {
                        for batch in shuffled(&votes, 100 * case + worker) {
                            settle(&store, terms.campaign, &batch, last).await;
                            store.apply_campaign_marks(terms.campaign, last).await?;
                        }
                    }
                    anyhow::Ok(())
                });
            }
            let mut now = terms.starts_at - TimeDelta::minutes(1);
            for arrival in arrivals(&events, case) {
                now = now.max(time_of(&arrival, now));
                if let Arrival::Votes(votes) = arrival {
                    for queue in &queues {
                        queue.send(votes.clone())?;
                    }
                } else {
                    tell(store, &run, &grants, &arrival, time_of(&arrival, now)).await?;
                }
            }
            drop(queues);
            while let Some(worker) = workers.join_next().await {
                worker??;
            }
            let in_turn: Vec<_> = events
                .iter()
                .map(|event| match event {
                    Event::Grant(grant) => (Arrival::Grant(*grant), grant.lot.granted_at),
                    Event::Vote(vote) => (Arrival::Votes(vec![vote.clone()]), vote.seq.at()),
                    Event::Void(void) => (Arrival::Void(*void), void.at),
                })
                .collect();
            assert_same(store, &run, &books_of(&run, &in_turn), run.now).await?;
        }
        Ok(())
    }
}
