//! Dead letters: replayed and dropped, on each kind of adapters, and over HTTP.

#[macro_use]
mod engine;

use actix_web::web::Data;
use anyhow::{Context, Result, bail};
use bootstrap::Secret;
use bootstrap::settings::{Http, SigningKey};
use chrono::TimeDelta;
use engine::{Engine, UP, admitted, ballot, vote};
use http_kit::{Actor, Meter, Site, Tokens};
use serde_json::{Value, json};
use utoipa::OpenApi;
use uuid::Uuid;
use vote_domain::campaign::{
    Ballot as CampaignBallot, CLOSE_AFTER, CampaignOption, CampaignVote, Channel, ChannelNo, Draw,
    OptionNo, Plan, Progress, Terms, TicketExpiry,
};
use vote_domain::review::{Ballot, ReviewVote};
use vote_domain::{
    CampaignId, Clock, Ids, Outcome, Permission, RejectReason, Role, Seq, UserId, Voter,
};
use vote_gateway::{ReplayError, VoteState, routes};
use vote_queue::{BallotBox, PublishError, PublisherSettings, Refusal};
use vote_store::audit::{Act, AuditActor};
use vote_store::dead_letters::{DeadLetter, LetterFilter, LetterKind, LetterState, NewDeadLetter};

const DROPPED: VoteState = VoteState::Rejected(RejectReason::Dropped);

/// Keeps `bytes` as a worker does that cannot settle them; answers the letter's id.
async fn keep(engine: &Engine, name: &str, kind: LetterKind, bytes: &[u8]) -> Result<Uuid> {
    let letter = NewDeadLetter {
        ballot_box: name.to_owned(),
        kind,
        bytes: bytes.to_vec(),
        reason: "refused",
        detail: "a test".to_owned(),
    };
    let now = engine.cache.now().await?;
    engine.store.keep_dead_letters(&[letter], now).await?;
    let any = LetterFilter::default();
    let letters = engine.store.dead_letters(&any, None, 100).await?;
    let kept = letters.into_iter().find(|letter| letter.bytes == bytes);
    Ok(kept.context("no letter")?.id)
}

async fn keep_vote(engine: &Engine, vote: &ReviewVote) -> Result<Uuid> {
    let bytes = vote_messages::vote::encode(vote, "");
    keep(engine, "votes.reviews", LetterKind::Vote, &bytes).await
}

/// A vote of a member on a review, both new.
async fn a_vote(engine: &Engine) -> Result<ReviewVote> {
    let on = Ballot {
        review: engine.review().await?,
        direction: UP,
    };
    Ok(admitted(
        engine.ids.next(),
        on,
        engine.cache.now().await?,
        1,
    ))
}

async fn state_of(engine: &Engine, id: Uuid) -> Result<LetterState> {
    let letter: Option<DeadLetter> = engine.store.dead_letter(id).await?;
    Ok(letter.context("no letter")?.state)
}

/// Waits until nothing is left in the box.
async fn empty(engine: &Engine) -> Result<()> {
    for _ in 0..500 {
        let depth = engine.queue.depth(&BallotBox::reviews()).await?;
        if depth.n_ready == 0 {
            // What was taken last is settled soon after.
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    bail!("the box is not emptied")
}

/// A campaign of one option that is open, and its box. Everybody has a free ticket a day.
async fn a_campaign(engine: &Engine) -> Result<Terms> {
    let (campaign, now): (CampaignId, _) = (engine.ids.next(), engine.cache.now().await?);
    let ballot_box = BallotBox::campaign(campaign.0);
    engine.queue.declare(&ballot_box).await?;
    let plan = Plan {
        name: "Best soup".to_owned(),
        starts_at: now - TimeDelta::hours(1),
        ends_at: now + TimeDelta::hours(1),
        zone: chrono_tz::UTC,
        free_daily_tickets: 1,
        expiry: TicketExpiry::CampaignEnd,
        tickets_per_vote_max: 1,
        channels: vec![Channel {
            key: "app".to_owned(),
            name: "App".to_owned(),
            daily_ticket_limit: None,
            voter_kinds: None,
        }],
        options: vec![CampaignOption {
            key: "leek".to_owned(),
            name: "Leek".to_owned(),
            subject: None,
        }],
    };
    let act = Act {
        audit_id: engine.ids.next(),
        at: now,
        actor: AuditActor::System,
    };
    engine.store.create_campaign(campaign, &plan, &act).await?;
    Ok(plan.terms(campaign))
}

/// A vote of somebody new, as the campaign began.
fn a_campaign_vote(engine: &Engine, terms: &Terms) -> CampaignVote {
    let voter = Voter::member(engine.ids.next::<UserId>());
    let day = terms.day(terms.starts_at);
    CampaignVote {
        vote_id: engine.ids.next(),
        campaign: terms.campaign,
        ballot: CampaignBallot {
            option: OptionNo(0),
            channel: ChannelNo(0),
            tickets: 1,
        },
        seq: Seq(terms.starts_at.timestamp_micros()),
        day,
        limit: None,
        draws: vec![Draw {
            lot: terms.free_lot_id(voter.voter_id(), day),
            free_day: Some(day),
            tickets: 1,
        }],
        voter,
    }
}

/// Lets the campaign be over for long enough to be closed.
async fn end(engine: &Engine, campaign: CampaignId) -> Result<()> {
    let ended_at = engine.cache.now().await? - CLOSE_AFTER;
    let sql = format!(
        "UPDATE campaigns SET ends_at = '{}' WHERE campaign_id = X'{}'",
        ended_at.format("%Y-%m-%d %H:%M:%S%.6f"),
        campaign.0.simple()
    );
    Ok(engine.store.execute_raw(&sql).await?)
}

async fn progress(engine: &Engine, campaign: CampaignId) -> Result<Progress> {
    let heads = engine.store.campaign_heads(&[campaign]).await?;
    Ok(heads.get(&campaign).context("no campaign")?.progress)
}

/// Waits until the close has come to `stage`.
async fn until(engine: &Engine, campaign: CampaignId, stage: Progress) -> Result<()> {
    for _ in 0..1_500 {
        if progress(engine, campaign).await? >= stage {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    bail!("the campaign does not come to be {stage:?}")
}

on_each_engine! {
    async fn a_letter_replayed_twice_while_its_vote_is_still_queued_counts_once(engine: Engine) -> Result<()> {
        let (by, sent) = (engine.ids.next(), a_vote(&engine).await?);
        engine.publish(std::slice::from_ref(&sent)).await?;
        let id = keep_vote(&engine, &sent).await?;
        for _ in 0..2 {
            let letter = engine.gateway.replay_dead_letter(id, by).await?;
            assert_eq!(letter.state, LetterState::Replayed);
        }
        assert_eq!(engine.queue.depth(&BallotBox::reviews()).await?.n_ready, 3);
        engine.work();
        assert_eq!(engine.settled(sent.voter, &[sent.vote_id]).await?, [VoteState::Counted]);
        empty(&engine).await?;
        engine.gateway.replay_dead_letter(id, by).await?;
        empty(&engine).await?;
        assert_eq!(engine.counts(sent.review).await?, (1, 0));
        assert_eq!(state_of(&engine, id).await?, LetterState::Replayed);
        Ok(())
    }

    async fn a_letter_that_fails_again_after_its_replay_is_open_again(engine: Engine) -> Result<()> {
        let by = engine.ids.next();
        let id = keep(&engine, "votes.reviews", LetterKind::Message, b"\xff\xffnonsense").await?;
        engine.work();
        engine.gateway.replay_dead_letter(id, by).await?;
        for _ in 0..500 {
            let letter = engine.store.dead_letter(id).await?.context("no letter")?;
            if letter.n_arrivals == 2 {
                assert_eq!(letter.state, LetterState::Open);
                return Ok(());
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        bail!("it did not arrive again")
    }

    async fn a_dropped_vote_is_rejected_and_no_longer_in_flight(engine: Engine) -> Result<()> {
        let (by, lost) = (engine.ids.next(), a_vote(&engine).await?);
        engine.reserve(&lost, false).await?;
        let id = keep_vote(&engine, &lost).await?;
        let dropped = engine.gateway.drop_dead_letter(id, by, "broken".to_owned()).await?;
        assert_eq!((dropped.rejected, dropped.n_votes, dropped.n_unreadable), (vec![lost.vote_id], 1, 0));
        assert!(engine.states().read(lost.voter).await?.state.in_flight.is_empty());
        let statuses = engine.gateway.statuses(lost.voter, &[lost.vote_id]).await?;
        assert_eq!(statuses[0].state, DROPPED);
        // The vote of the day is back, and the same ballot makes another vote.
        engine.work();
        let (another, used) = vote(engine.gateway.cast(ballot(lost.voter, lost.review, UP)).await);
        assert_eq!(used, 1);
        assert_ne!(another, lost.vote_id);
        // Should the first turn up after all, it has had its end.
        engine.publish(std::slice::from_ref(&lost)).await?;
        engine.settled(lost.voter, &[another]).await?;
        empty(&engine).await?;
        assert_eq!(engine.counts(lost.review).await?, (1, 0));
        let again = engine.gateway.drop_dead_letter(id, by, "broken".to_owned()).await?;
        assert!(again.rejected.is_empty());
        assert!(matches!(engine.gateway.replay_dead_letter(id, by).await, Err(ReplayError::Dropped)));
        Ok(())
    }

    async fn a_letter_of_a_box_that_is_gone_can_be_dropped_but_not_replayed(engine: Engine) -> Result<()> {
        let by = engine.ids.next();
        let gone = BallotBox::campaign(Uuid::from_u128(9));
        let id = keep(&engine, gone.name(), LetterKind::Message, b"\xff\xffnonsense").await?;
        let refused = engine.gateway.replay_dead_letter(id, by).await;
        assert!(matches!(&refused, Err(ReplayError::BoxGone(name)) if *name == gone), "{refused:?}");
        assert_eq!(state_of(&engine, id).await?, LetterState::Open);
        let dropped = engine.gateway.drop_dead_letter(id, by, "gone".to_owned()).await?;
        assert_eq!((dropped.n_votes, dropped.n_unreadable), (0, 1));
        assert_eq!(state_of(&engine, id).await?, LetterState::Dropped);
        Ok(())
    }

    async fn a_letter_replayed_after_its_campaigns_end_is_in_the_result(engine: Engine) -> Result<()> {
        let by = engine.ids.next();
        let terms = a_campaign(&engine).await?;
        let ballot_box = BallotBox::campaign(terms.campaign.0);
        let (kept, late) = (a_campaign_vote(&engine, &terms), a_campaign_vote(&engine, &terms));
        let bytes = vote_messages::vote::encode(&kept, "");
        let id = keep(&engine, ballot_box.name(), LetterKind::Vote, &bytes).await?;
        end(&engine, terms.campaign).await?;
        engine.work();
        until(&engine, terms.campaign, Progress::Closing).await?;
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        assert_eq!(progress(&engine, terms.campaign).await?, Progress::Closing, "it waits for the letter");
        let publisher = engine.queue.publisher(&ballot_box, &PublisherSettings::default(), vote_messages::vote::frame);
        let soon = tokio::time::Instant::now() + std::time::Duration::from_secs(5);
        let late = vote_messages::vote::encode(&late, "");
        let late = publisher.reserve()?.publish(late, soon, None).await;
        assert_eq!(late, Err(PublishError::Refused(Refusal::Unroutable)));

        let replayed = engine.gateway.replay_dead_letter(id, by).await?;
        assert_eq!(replayed.state, LetterState::Replayed);
        until(&engine, terms.campaign, Progress::Final).await?;
        let (facts, frozen) = engine.store.recompute_result(terms.campaign).await?;
        let frozen = frozen.context("no result")?;
        assert_eq!((frozen.n_votes, frozen.digest), (1, facts.digest()));
        let ledger = engine.store.campaign_ledger_votes(&[kept.vote_id]).await?;
        assert_eq!(ledger[0].outcome, Outcome::Counted);
        let again = engine.gateway.replay_dead_letter(id, by).await;
        assert!(matches!(&again, Err(ReplayError::BoxGone(name)) if *name == ballot_box), "{again:?}");
        Ok(())
    }

    async fn a_letter_whose_origin_nobody_named_goes_where_its_votes_belong(engine: Engine) -> Result<()> {
        let (by, sent) = (engine.ids.next(), a_vote(&engine).await?);
        let batch = vote_messages::vote::frame(&[vote_messages::vote::encode(&sent, "")]);
        let id = keep(&engine, BallotBox::dead().name(), LetterKind::Message, &batch).await?;
        let nonsense = keep(&engine, BallotBox::dead().name(), LetterKind::Message, b"\xff\xff").await?;
        engine.gateway.replay_dead_letter(id, by).await?;
        engine.work();
        assert_eq!(engine.settled(sent.voter, &[sent.vote_id]).await?, [VoteState::Counted]);
        let refused = engine.gateway.replay_dead_letter(nonsense, by).await;
        assert!(matches!(refused, Err(ReplayError::BoxUnknown)), "{refused:?}");
        engine.gateway.drop_dead_letter(nonsense, by, "nonsense".to_owned()).await?;
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_shows_and_decides_and_lets_operators_only() -> Result<()> {
    let engine = Engine::embedded(Clock::system()).await?;
    let site = Server::start(&engine).await?;
    let sent = a_vote(&engine).await?;
    let (first, second) = (
        keep_vote(&engine, &sent).await?,
        keep(
            &engine,
            BallotBox::dead().name(),
            LetterKind::Message,
            b"\xff\xff",
        )
        .await?,
    );
    let by = json!({"reason": "broken"});
    for role in Role::ALL {
        let who = site.actor(role).await?;
        let expected = if role.may(Permission::KeepDeadLetters) {
            200
        } else {
            403
        };
        assert_eq!(site.get(Some(&who), "").await?.0, expected, "{role}");
        assert_eq!(
            site.get(Some(&who), &format!("/{first}")).await?.0,
            expected,
            "{role}"
        );
        if expected == 403 {
            for (path, body) in [
                (format!("/{first}/replay"), Value::Null),
                (format!("/{first}/drop"), by.clone()),
            ] {
                assert_eq!(
                    site.post(Some(&who), &path, body).await?.0,
                    403,
                    "{role} {path}"
                );
            }
        }
    }
    assert_eq!(site.get(None, "").await?.0, 401);
    let operator = site.actor(Role::Operator).await?;
    let who = Some(&operator);

    let (status, page) = site.get(who, "?limit=1").await?;
    assert_eq!(
        (status, page["items"].as_array().map(Vec::len)),
        (200, Some(1))
    );
    let cursor = page["next_cursor"].as_str().context("no cursor")?;
    let (_, rest) = site.get(who, &format!("?limit=1&cursor={cursor}")).await?;
    assert_eq!(
        (&rest["items"][0]["state"], &rest["next_cursor"]),
        (&json!("open"), &Value::Null)
    );
    let (_, one) = site.get(who, "?box=votes.dead&state=open").await?;
    assert_eq!(one["items"][0]["dead_letter_id"], json!(second));
    let (_, none) = site.get(who, "?state=dropped").await?;
    assert_eq!(none["items"], json!([]));

    let (_, shown) = site.get(who, &format!("/{first}")).await?;
    let expected = json!({
        "vote_id": sent.vote_id.0, "voter": {"kind": "member", "id": sent.voter.0},
        "review_id": sent.review.0, "direction": "up", "cast_at": sent.seq.at(), "ledger": null
    });
    assert_eq!(
        (&shown["votes"], &shown["unreadable"]),
        (&json!([expected]), &json!(0))
    );
    assert!(!shown["bytes"].as_str().context("no bytes")?.is_empty());

    let nobody = Uuid::from_u128(7);
    let long = json!({"reason": "x".repeat(501)});
    let cases = [
        (
            format!("/{nobody}/replay"),
            Value::Null,
            404,
            "dead_letter_not_found",
        ),
        (
            format!("/{nobody}/drop"),
            by.clone(),
            404,
            "dead_letter_not_found",
        ),
        (
            format!("/{first}/drop"),
            json!({"reason": " "}),
            422,
            "invalid_body",
        ),
        (format!("/{first}/drop"), long, 422, "invalid_body"),
        (format!("/{first}/drop"), json!({}), 422, "invalid_body"),
        ("/7/replay".to_owned(), Value::Null, 422, "invalid_id"),
        (
            format!("/{second}/replay"),
            Value::Null,
            409,
            "ballot_box_unknown",
        ),
    ];
    for (path, body, status, code) in cases {
        let (got, problem) = site.post(who, &path, body).await?;
        assert_eq!(
            (got, &problem["code"]),
            (status, &json!(code)),
            "{path}: {problem}"
        );
    }
    for (path, code) in [
        ("?state=lost", "invalid_query"),
        ("?cursor=x", "invalid_cursor"),
    ] {
        let (got, problem) = site.get(who, path).await?;
        assert_eq!(
            (got, &problem["code"]),
            (422, &json!(code)),
            "{path}: {problem}"
        );
    }
    assert_eq!(site.get(who, &format!("/{nobody}")).await?.0, 404);
    let audits = "SELECT COUNT(*) AS n FROM audit_log";
    assert_eq!(engine.store.select_number(audits).await?, 0);

    let (status, replayed) = site
        .post(who, &format!("/{first}/replay"), Value::Null)
        .await?;
    assert_eq!((status, &replayed["state"]), (202, &json!("replayed")));
    let (status, problem) = site
        .post(who, &format!("/{first}/drop"), by.clone())
        .await?;
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("dead_letter_replayed"))
    );
    let (status, dropped) = site.post(who, &format!("/{second}/drop"), by).await?;
    assert_eq!((status, &dropped["unreadable"]), (200, &json!(1)));
    let (status, problem) = site
        .post(who, &format!("/{second}/replay"), Value::Null)
        .await?;
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("dead_letter_dropped"))
    );
    assert_eq!(engine.store.select_number(audits).await?, 2);
    Ok(())
}

/// The engine's gateway, over HTTP.
struct Server<'e> {
    engine: &'e Engine,
    base: String,
    tokens: Tokens,
    client: reqwest::Client,
}

impl<'e> Server<'e> {
    async fn start(engine: &'e Engine) -> Result<Self> {
        let tokens = tokens()?;
        let http = Http {
            port: 0,
            threads: 1,
            ..Http::default()
        };
        let meter = Meter::install()?;
        let gateway = engine.gateway.clone();
        let listening = Site::new(&http, routes::Api::openapi(), meter, Ids::random())
            .with_tokens(tokens.clone())
            .with_routes(move |config| {
                config.app_data(Data::new(gateway.clone()));
                routes::configure(config);
            })
            .listen(engine.stop.clone())?;
        let base = format!("http://{}/api/v1/dead-letters", listening.address());
        Ok(Self {
            engine,
            base,
            tokens,
            client: reqwest::Client::new(),
        })
    }

    /// Somebody who has `role` and is signed in.
    async fn actor(&self, role: Role) -> Result<Actor> {
        let actor = Actor {
            user_id: self.engine.ids.next::<UserId>(),
            role,
            session_id: self.engine.ids.next(),
        };
        let at = "'2026-03-01 00:00:00.000000'";
        let (user, session) = (actor.user_id.0.simple(), actor.session_id.simple());
        for row in [
            format!("users VALUES (X'{user}', '{user}', '', '{role}', 0, {at})"),
            format!("sessions VALUES (X'{session}', X'{user}', {at}, {at}, NULL)"),
        ] {
            let insert = format!("INSERT INTO {row}");
            self.engine.store.execute_raw(&insert).await?;
        }
        Ok(actor)
    }

    async fn get(&self, who: Option<&Actor>, path: &str) -> Result<(u16, Value)> {
        let request = self.client.get(format!("{}{path}", self.base));
        self.send(who, request).await
    }

    async fn post(&self, who: Option<&Actor>, path: &str, body: Value) -> Result<(u16, Value)> {
        let mut request = self.client.post(format!("{}{path}", self.base));
        if !body.is_null() {
            request = request.json(&body);
        }
        self.send(who, request).await
    }

    async fn send(
        &self,
        who: Option<&Actor>,
        mut request: reqwest::RequestBuilder,
    ) -> Result<(u16, Value)> {
        if let Some(who) = who {
            request = request.bearer_auth(self.tokens.sign(*who)?);
        }
        let answer = request.send().await?;
        Ok((answer.status().as_u16(), answer.json().await?))
    }
}

fn tokens() -> Result<Tokens> {
    let key = SigningKey {
        id: "test".to_owned(),
        secret: Secret::new("0123456789abcdef0123456789abcdef"),
    };
    Ok(Tokens::new(&[key], 900, Clock::system())?)
}
