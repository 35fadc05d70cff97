//! Journeys of campaigns: operators, members, partners and their voters, on both modes.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use journeys::campaign::{Call, Channel, Draft, Partner, Service, Voter};
use journeys::{Answer, Client, Embedded, Member, RealStack, Site, on_both};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use uuid::Uuid;
use vote_domain::Clock;

/// How long shown boards may lag behind what is settled, and some for a busy machine.
const LAG: Duration = Duration::from_secs(20);

/// How long a campaign may take from its end to its result while nothing is broken.
const CLOSED_WITHIN: Duration = Duration::from_secs(60);

fn now() -> DateTime<Utc> {
    Clock::system().now()
}

/// An operator who is no admin.
async fn operator(site: &Site) -> Result<Member> {
    let admin = site.admin().await?;
    let operator = site.client()?.sign_up("operator").await?;
    let path = format!("/users/{}/role", operator.user_id);
    let role = json!({ "role": "operator" });
    admin
        .ask(Method::PUT, &path, Some(&role))
        .await?
        .expect(200)?;
    Ok(operator)
}

async fn member(site: &Site, user_name: &str) -> Result<Voter> {
    Ok(Voter::Member(site.client()?.sign_up(user_name).await?))
}

/// Grants tickets, as a member with the right to.
async fn grant(
    by: &Member,
    campaign: Uuid,
    (voter, tickets, key): (&Voter, i64, &str),
) -> Result<Answer> {
    let path = format!("/campaigns/{campaign}/grants");
    let body = json!({
        "voter": voter.body(), "tickets": tickets, "reason": "bought", "grant_key": key,
    });
    by.ask_gateway(Method::POST, &path, Some(&body)).await
}

async fn read(by: &Member, path: &str) -> Result<Value> {
    Ok(by.ask(Method::GET, path, None).await?.expect(200)?.body)
}

/// Options with their votes, as the board has them, once it says `due`.
async fn wait_for_board(
    by: &Member,
    campaign: Uuid,
    query: &str,
    due: &[(u64, &str, u64)],
) -> Result<()> {
    let asked_at = Instant::now();
    loop {
        let board = read(by, &format!("/campaigns/{campaign}/board{query}")).await?;
        ensure!(board["as_of"].is_string(), "no as_of in {board}");
        let rows = board["options"].as_array().context("no options")?;
        let found: Vec<(u64, &str, u64)> = rows
            .iter()
            .filter_map(|row| {
                let rank = row["rank"].as_u64()?;
                Some((rank, row["option"].as_str()?, row["votes"].as_u64()?))
            })
            .collect();
        if found == due {
            return Ok(());
        }
        ensure!(asked_at.elapsed() < LAG, "{found:?} instead of {due:?}");
        sleep(Duration::from_millis(100)).await;
    }
}

on_both!(a_campaign_as_its_voters_see_it);

/// Free tickets, a vote, a grant: each shows at once in the wallet and the statement, and
/// soon on the boards.
async fn a_campaign_as_its_voters_see_it(site: &Site) -> Result<()> {
    let operator = operator(site).await?;
    let draft = Draft::open_for(now(), TimeDelta::hours(1));
    let campaign = draft.create(&operator).await?;
    let shown = read(&operator, &format!("/campaigns/{campaign}")).await?;
    assert_eq!(shown["state"], "open", "it starts at once: {shown}");
    let listed = read(&operator, "/campaigns").await?;
    assert_eq!(listed["items"][0]["campaign_id"], campaign.to_string());

    let voter = member(site, "voter").await?;
    let wallet = voter.wallet(campaign).await?;
    assert_eq!(wallet["balance"], 3);
    assert_eq!(wallet["lots"][0]["source"], "free_daily");
    assert_eq!(wallet["lots"][0]["remaining"], 3);

    let (vote_id, accepted) = voter.spend_well(campaign, ("b", "web", 2)).await?;
    assert_eq!(accepted.body["state"], "accepted");
    assert_eq!(accepted.body["balance"], 1);
    assert_eq!(
        voter.balance(campaign).await?,
        1,
        "the wallet shows a vote at once"
    );
    let (lines, balance) = voter.statement(campaign).await?;
    assert_eq!(balance, 1, "and so does the statement");
    assert_eq!(lines[0]["kind"], "vote");
    assert_eq!(lines[0]["vote_id"], vote_id.to_string());
    assert_eq!(lines[0]["option"], "b");
    assert_eq!(lines[0]["tickets"], -2);

    let granted = grant(&operator, campaign, (&voter, 10, "order-1")).await?;
    let grant_id = granted.expect(202)?.id("grant_id")?;
    assert_eq!(voter.balance(campaign).await?, 11, "and a grant");
    let again = grant(&operator, campaign, (&voter, 10, "order-1")).await?;
    assert_eq!(again.expect(202)?.id("grant_id")?, grant_id);
    assert_eq!(voter.balance(campaign).await?, 11, "a key grants once");
    let other = grant(&operator, campaign, (&voter, 11, "order-1")).await?;
    other.expect_problem(422, "grant_key_reused")?;

    let (second, accepted) = voter.spend_well(campaign, ("a", "web", 11)).await?;
    assert_eq!(accepted.body["balance"], 0);
    let status = voter.wait_until_settled(second).await?;
    assert_eq!(status["state"], "counted");
    assert_eq!(status["campaign_id"], campaign.to_string());
    assert_eq!(status["option"], "a");
    assert_eq!(status["tickets"], 11);
    voter.wait_until_settled(vote_id).await?;
    wait_for_board(
        &operator,
        campaign,
        "",
        &[(1, "a", 11), (2, "b", 2), (3, "c", 0)],
    )
    .await?;

    let rival = member(site, "rival").await?;
    rival.spend_well(campaign, ("b", "web", 3)).await?;
    let due = [(1, "a", 11), (2, "b", 5), (3, "c", 0)];
    wait_for_board(&operator, campaign, "?channel=web", &due).await?;
    let asked_at = Instant::now();
    let fans = loop {
        let fans = voter.fans(campaign, "b").await?;
        let is_whole = fans["items"].as_array().is_some_and(|fans| fans.len() == 2);
        if is_whole && fans["me"]["rank"] == 2 {
            break fans;
        }
        ensure!(asked_at.elapsed() < LAG, "{fans}");
        sleep(Duration::from_millis(100)).await;
    };
    assert_eq!(fans["items"][0]["name"], "rival");
    assert_eq!(fans["items"][0]["rank"], 1);
    assert_eq!(fans["items"][1]["voter"], voter.body());
    assert_eq!(fans["me"], json!({ "rank": 2, "votes": 2 }));

    // What the voter did not do is nobody else's.
    let foreign = rival.status(vote_id).await?;
    foreign.expect_problem(404, "vote_not_found")?;
    let (lines, balance) = voter.statement(campaign).await?;
    assert_eq!(balance, voter.balance(campaign).await?);
    let running = lines.iter().rev().try_fold(0, |balance, line| {
        let after = balance + line["tickets"].as_i64()?;
        (line["balance"].as_i64() == Some(after)).then_some(after)
    });
    assert_eq!(
        running,
        Some(0),
        "the running balance is not one: {lines:?}"
    );
    Ok(())
}

on_both!(what_a_voter_may_not_spend_is_refused_and_costs_nothing);

async fn what_a_voter_may_not_spend_is_refused_and_costs_nothing(site: &Site) -> Result<()> {
    let operator = operator(site).await?;
    let mut draft = Draft::open_for(now(), TimeDelta::hours(1));
    draft.free_daily_tickets = 10;
    draft.max_tickets_per_vote = Some(7);
    let limited = Channel {
        daily_limit: Some(4),
        ..Channel::open("web")
    };
    let reserved = Channel {
        only: Some("jury"),
        ..Channel::open("jury")
    };
    draft.channels = vec![limited, reserved, Channel::open("app")];
    let campaign = draft.create(&operator).await?;
    let mut other = Draft::open_for(now(), TimeDelta::hours(1));
    other.options = vec!["elsewhere".to_owned()];
    other.create(&operator).await?;
    let voter = member(site, "voter").await?;

    let million = 1_000_000;
    for (ballot, status, code) in [
        (("a", "jury", 1), 403, "channel_closed_to_voter"),
        (("elsewhere", "app", 1), 404, "option_not_found"),
        (("a", "elsewhere", 1), 404, "channel_not_found"),
        (("a", "app", 0), 422, "invalid_tickets"),
        (("a", "app", -1), 422, "invalid_tickets"),
        (("a", "app", 8), 422, "too_many_tickets"),
        (("a", "app", million * million), 422, "too_many_tickets"),
        (("a", "web", 5), 429, "channel_limit_reached"),
    ] {
        let refused = voter.spend(campaign, ballot, None).await?;
        let refused = refused.expect_problem(status, code);
        refused.with_context(|| format!("{ballot:?}"))?;
        assert_eq!(voter.balance(campaign).await?, 10, "{ballot:?}");
    }
    voter.spend_well(campaign, ("a", "web", 3)).await?;
    let refused = voter.spend(campaign, ("a", "web", 2), None).await?;
    let refused = refused.expect_problem(429, "channel_limit_reached")?;
    ensure!(refused.body["resets_at"].is_string(), "{}", refused.body);
    refused.retry_after()?;
    voter.spend_well(campaign, ("a", "web", 1)).await?;
    voter.spend_well(campaign, ("b", "app", 5)).await?;
    let refused = voter.spend(campaign, ("a", "app", 2), None).await?;
    let refused = refused.expect_problem(422, "insufficient_tickets")?;
    assert_eq!(refused.body["balance"], 1);
    assert_eq!(voter.balance(campaign).await?, 1);

    let nowhere = Uuid::from_u128(7);
    let refused = voter.spend(nowhere, ("a", "app", 1), None).await?;
    refused.expect_problem(404, "campaign_not_found")?;
    let member = site.client()?.sign_up("curious").await?;
    let refused = grant(&member, campaign, (&voter, 1, "mine")).await?;
    refused.expect_problem(403, "forbidden")?;
    for tickets in [0, -1] {
        let refused = grant(&operator, campaign, (&voter, tickets, "none")).await?;
        refused.expect_problem(422, "invalid_tickets")?;
    }
    let refused = grant(&operator, campaign, (&voter, million * million, "all")).await?;
    refused.expect_problem(422, "too_many_tickets")?;
    assert_eq!(voter.balance(campaign).await?, 1);
    Ok(())
}

on_both!(one_key_is_one_campaign_vote);

async fn one_key_is_one_campaign_vote(site: &Site) -> Result<()> {
    let operator = operator(site).await?;
    let draft = Draft::open_for(now(), TimeDelta::hours(1));
    let campaign = draft.create(&operator).await?;
    let voter = member(site, "voter").await?;
    let key = Some("once");
    let first = voter.spend(campaign, ("a", "web", 1), key).await?;
    let first = first.expect(202)?.id("vote_id")?;
    for _ in 0..2 {
        let again = voter.spend(campaign, ("a", "web", 1), key).await?;
        assert_eq!(again.expect(202)?.id("vote_id")?, first);
        let other = voter.spend(campaign, ("b", "web", 1), key).await?;
        other.expect_problem(422, "idempotency_key_reused")?;
        // The second time it is settled.
        voter.wait_until_settled(first).await?;
    }
    assert_eq!(voter.balance(campaign).await?, 2);
    wait_for_board(
        &operator,
        campaign,
        "",
        &[(1, "a", 1), (2, "b", 0), (2, "c", 0)],
    )
    .await
}

on_both!(a_void_takes_votes_back_and_returns_tickets);

async fn a_void_takes_votes_back_and_returns_tickets(site: &Site) -> Result<()> {
    let operator = operator(site).await?;
    let draft = Draft::open_for(now(), TimeDelta::hours(1));
    let campaign = draft.create(&operator).await?;
    let voter = member(site, "voter").await?;
    let (voided, _) = voter.spend_well(campaign, ("a", "web", 2)).await?;
    let (kept, _) = voter.spend_well(campaign, ("b", "web", 1)).await?;
    voter.wait_until_settled(voided).await?;
    voter.wait_until_settled(kept).await?;
    wait_for_board(
        &operator,
        campaign,
        "",
        &[(1, "a", 2), (2, "b", 1), (3, "c", 0)],
    )
    .await?;

    let path = format!("/campaigns/{campaign}/voids");
    let void = json!({ "vote_id": voided, "reason": "bought votes" });
    let Voter::Member(member) = &voter else {
        unreachable!("a member")
    };
    let refused = member.ask_gateway(Method::POST, &path, Some(&void)).await?;
    refused.expect_problem(403, "forbidden")?;
    for n_voided in [1, 0] {
        let done = operator
            .ask_gateway(Method::POST, &path, Some(&void))
            .await?;
        assert_eq!(done.expect(202)?.body["voided"], n_voided);
    }
    let asked_at = Instant::now();
    while voter.balance(campaign).await? != 2 {
        ensure!(asked_at.elapsed() < LAG, "no ticket came back");
        sleep(Duration::from_millis(50)).await;
    }
    let status = voter.status(voided).await?.expect(200)?;
    assert_eq!(status.body["state"], "voided");
    let (lines, balance) = voter.statement(campaign).await?;
    assert_eq!(balance, 2);
    assert_eq!(lines[0]["kind"], "refund");
    assert_eq!(lines[0]["tickets"], 2);
    wait_for_board(
        &operator,
        campaign,
        "",
        &[(1, "b", 1), (2, "a", 0), (2, "c", 0)],
    )
    .await?;

    // All that the voter has cast, and the tickets are lost.
    let void = json!({ "voter": voter.body(), "reason": "a robot", "forfeit": true });
    let done = operator
        .ask_gateway(Method::POST, &path, Some(&void))
        .await?;
    assert_eq!(done.expect(202)?.body["voided"], 1);
    wait_for_board(
        &operator,
        campaign,
        "",
        &[(1, "a", 0), (1, "b", 0), (1, "c", 0)],
    )
    .await?;
    assert_eq!(voter.balance(campaign).await?, 2);
    let audit = read(&site.admin().await?, "/audit?limit=100")
        .await?
        .to_string();
    ensure!(
        audit.contains("bought votes"),
        "no void in the audit record"
    );
    Ok(())
}

/// Two partners, and a campaign with a channel for the voters of the first.
async fn partners(site: &Site) -> Result<(Member, Partner, Partner, Uuid)> {
    let operator = operator(site).await?;
    let admin = site.admin().await?;
    let jury = Partner::admit(&admin, "Broadcaster", "jury").await?;
    let other = Partner::admit(&admin, "Newspaper", "reader").await?;
    let mut draft = Draft::open_for(now(), TimeDelta::hours(1));
    let reserved = Channel {
        only: Some("jury"),
        ..Channel::open("jury")
    };
    draft.channels = vec![reserved, Channel::open("web")];
    let campaign = draft.create(&operator).await?;
    Ok((operator, jury, other, campaign))
}

fn vote_of(campaign: Uuid, voter: &str) -> Call {
    let path = format!("/campaigns/{campaign}/votes");
    let mut call = Call::new(Service::Gateway, Method::POST, path);
    call.body = Some(json!({ "option": "a", "channel": "jury", "tickets": 1 }));
    call.voter = Some(voter.to_owned());
    call
}

on_both!(a_partners_voter_votes_by_signed_requests);

async fn a_partners_voter_votes_by_signed_requests(site: &Site) -> Result<()> {
    let (operator, jury, other, campaign) = partners(site).await?;
    let voter = jury.voter("DE");
    assert_eq!(voter.balance(campaign).await?, 3);
    let mut call = Call::new(
        Service::Gateway,
        Method::POST,
        format!("/campaigns/{campaign}/grants"),
    );
    call.body = Some(json!({
        "voter": voter.body(), "tickets": 12, "reason": "a jury's points", "grant_key": "DE",
    }));
    jury.ask(call.clone()).await?.expect(202)?;
    assert_eq!(voter.balance(campaign).await?, 15);
    let (vote_id, _) = voter.spend_well(campaign, ("a", "jury", 12)).await?;
    let status = voter.wait_until_settled(vote_id).await?;
    assert_eq!(status["state"], "counted");
    assert_eq!(voter.balance(campaign).await?, 3);
    let due = [(1, "a", 12), (2, "b", 0), (2, "c", 0)];
    wait_for_board(&operator, campaign, "?channel=jury", &due).await?;
    let fans = voter.fans(campaign, "a").await?;
    assert_eq!(fans["me"], json!({ "rank": 1, "votes": 12 }));
    assert_eq!(fans["items"][0]["name"], "DE");

    // The other partner reaches none of these voters, nor this channel.
    let refused = other.ask(call).await?;
    refused.expect_problem(403, "foreign_voter")?;
    let namesake = other.voter("DE");
    assert_eq!(
        namesake.balance(campaign).await?,
        3,
        "another voter of that name"
    );
    let refused = namesake.status(vote_id).await?;
    refused.expect_problem(404, "vote_not_found")?;
    let refused = namesake.spend(campaign, ("a", "jury", 1), None).await?;
    refused.expect_problem(403, "channel_closed_to_voter")?;
    let refused = member(site, "somebody").await?;
    let refused = refused.spend(campaign, ("a", "jury", 1), None).await?;
    refused.expect_problem(403, "channel_closed_to_voter")?;
    Ok(())
}

/// Signed requests that are not what was signed, or come again: by way of `same` and
/// `another` gateway.
async fn requests_that_were_tampered_with_are_refused(site: &Site) -> Result<()> {
    let (_operator, jury, _other, campaign) = partners(site).await?;
    let voter = jury.voter("DE");
    let same: Client = jury.client().clone();
    let another = match site.gateways.last() {
        Some(gateway) => same.by_way_of(gateway),
        None => same.clone(),
    };

    let signed = jury.sign(vote_of(campaign, "DE"));
    signed.send(&same).await?.expect(202)?;
    for client in [&same, &another] {
        let refused = signed.send(client).await?;
        refused.expect_problem(401, "replayed_request")?;
    }
    for off in [-360, 360] {
        let signed = jury.sign_with_clock_off(vote_of(campaign, "DE"), off);
        let refused = signed.send(&another).await?;
        refused.expect_problem(401, "invalid_signature")?;
    }
    for off in [-240, 240] {
        let signed = jury.sign_with_clock_off(vote_of(campaign, "DE"), off);
        let accepted = signed.send(&another).await?.expect(202)?;
        accepted.id("vote_id")?;
    }
    assert_eq!(voter.balance(campaign).await?, 0);

    let path = format!("/campaigns/{campaign}/grants");
    let mut grant = Call::new(Service::Gateway, Method::POST, path);
    grant.body = Some(json!({
        "voter": voter.body(), "tickets": 5, "reason": "bought", "grant_key": "order-1",
    }));
    type Spoil = fn(&mut journeys::campaign::Signed);
    let spoils: [(&str, Spoil); 6] = [
        ("a byte of the signature", |signed| {
            let signature = signed.header_mut("x-tally-signature");
            let other = if signature.ends_with('0') { '1' } else { '0' };
            signature.pop();
            signature.push(other);
        }),
        ("a byte of the body", |signed| {
            let body =
                String::from_utf8_lossy(&signed.body).replace("\"tickets\":5", "\"tickets\":6");
            signed.body = body.into_bytes();
        }),
        ("the timestamp", |signed| {
            let timestamp = signed.header_mut("x-tally-timestamp");
            *timestamp = format!("{}", timestamp.parse::<i64>().unwrap_or(0) + 1);
        }),
        ("the nonce", |signed| {
            signed.header_mut("x-tally-nonce").push('0');
        }),
        ("the key", |signed| {
            *signed.header_mut("x-tally-key") = Uuid::from_u128(7).to_string();
        }),
        ("the path", |signed| signed.call.path.push_str("?a=b")),
    ];
    for (what, spoil) in spoils {
        let mut signed = jury.sign(grant.clone());
        spoil(&mut signed);
        for client in [&same, &another] {
            let refused = signed.send(client).await?;
            let refused = refused.expect_problem(401, "invalid_signature");
            refused.with_context(|| format!("{what} was changed"))?;
        }
        assert_eq!(voter.balance(campaign).await?, 0, "{what} was changed");
    }

    let mut nobodys = vote_of(campaign, "DE");
    nobodys.voter = None;
    let refused = jury.ask(nobodys).await?;
    refused.expect_problem(422, "invalid_voter")?;
    let mut create = Call::new(Service::Catalog, Method::POST, "/campaigns");
    create.body = Some(Draft::open_for(now(), TimeDelta::hours(1)).body());
    let refused = jury.ask(create).await?;
    refused.expect_problem(403, "not_for_partners")?;
    Ok(())
}

mod tampering {
    use super::{Embedded, RealStack, Result, requests_that_were_tampered_with_are_refused};

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn on_real_servers_by_way_of_two_gateways() -> Result<()> {
        let stack = RealStack::isolated("tampering", 2, 1, &[]).await?;
        requests_that_were_tampered_with_are_refused(stack.site()).await
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn embedded() -> Result<()> {
        let embedded = Embedded::start(&[]).await?;
        requests_that_were_tampered_with_are_refused(embedded.site()).await
    }
}

on_both!(a_campaign_ends_and_its_result_is_frozen);

async fn a_campaign_ends_and_its_result_is_frozen(site: &Site) -> Result<()> {
    let operator = operator(site).await?;
    let voters = [member(site, "anna").await?, member(site, "ben").await?];
    let late = member(site, "late").await?;
    let mut draft = Draft::open_for(now(), TimeDelta::seconds(8));
    draft.channels = vec![Channel::open("web"), Channel::open("app")];
    let campaign = draft.create(&operator).await?;
    let path = format!("/campaigns/{campaign}");
    let mut votes = Vec::new();
    for (n, ballot) in [
        (0, ("a", "web", 2)),
        (1, ("b", "app", 3)),
        (0, ("a", "app", 1)),
    ] {
        votes.push((n, voters[n].spend_well(campaign, ballot).await?.0));
    }
    let refused = operator
        .ask(Method::GET, &format!("{path}/result"), None)
        .await?;
    refused.expect_problem(409, "campaign_not_final")?;

    // A moment before the end, and a moment after it.
    let left = (draft.ends_at - now()).to_std().unwrap_or_default();
    sleep(left.saturating_sub(Duration::from_millis(300))).await;
    let last = late.spend(campaign, ("c", "web", 1), None).await?;
    let left = (draft.ends_at - now()).to_std().unwrap_or_default();
    let n_last = if last.status == 202 { 1 } else { 0 };
    ensure!(
        n_last == 1 || left.is_zero(),
        "{} {}",
        last.status,
        last.body
    );
    sleep(left + Duration::from_millis(1)).await;
    let refused = late.spend(campaign, ("c", "web", 1), None).await?;
    let refused = refused.expect_problem(409, "campaign_not_open")?;
    assert_eq!(refused.body["state"], "closing");
    let refused = grant(&operator, campaign, (&late, 1, "late")).await?;
    refused.expect_problem(409, "campaign_not_open")?;

    let ended_at = Instant::now();
    let mut states = Vec::new();
    while states.last().is_none_or(|state| state != "final") {
        let shown = read(&operator, &path).await?;
        let state = shown["state"].as_str().context("no state")?.to_owned();
        if states.last() != Some(&state) {
            states.push(state);
        }
        ensure!(ended_at.elapsed() < CLOSED_WITHIN, "it is only {states:?}");
        sleep(Duration::from_millis(50)).await;
    }
    let order = ["closing", "drained", "final"];
    ensure!(
        states.iter().all(|state| order.contains(&state.as_str())) && states.is_sorted(),
        "it was {states:?}"
    );

    let result = read(&operator, &format!("{path}/result")).await?;
    assert_eq!(result["n_votes"], 3 + n_last);
    let row = |at: usize| &result["options"][at];
    assert_eq!(row(0)["option"], "a");
    assert_eq!(row(0)["votes"], 3);
    assert_eq!(row(0)["channels"], json!({ "web": 2, "app": 1 }));
    assert_eq!(
        (&row(1)["option"], &row(1)["rank"]),
        (&json!("b"), &json!(1))
    );
    let canonical = operator
        .client
        .catalog(Method::GET, &format!("{path}/result?format=canonical"))
        .send()
        .await?
        .text()
        .await?;
    let head = format!("tally-result 1\ncampaign {campaign}\n");
    ensure!(canonical.starts_with(&head), "{canonical}");
    ensure!(
        canonical.contains("option a app 1\noption a web 2\n"),
        "{canonical}"
    );
    assert_eq!(result["digest"].as_str(), Some(&*sha256(&canonical)));
    let due = [(1, "a", 3), (1, "b", 3), (3, "c", n_last)];
    wait_for_board(&operator, campaign, "", &due).await?;

    // It never moves again.
    let voids = format!("{path}/voids");
    for (n, vote_id) in votes {
        let status = voters[n].status(vote_id).await?.expect(200)?;
        assert_eq!(status.body["state"], "counted");
        let void = json!({ "vote_id": vote_id, "reason": "too late" });
        let refused = operator
            .ask_gateway(Method::POST, &voids, Some(&void))
            .await?;
        refused.expect_problem(409, "campaign_not_open")?;
    }
    let edit = json!({ "name": "Another name" });
    let refused = operator.ask(Method::PATCH, &path, Some(&edit)).await?;
    refused.expect_problem(409, "campaign_not_editable")?;
    let refused = voters[0].spend(campaign, ("a", "web", 1), None).await?;
    let refused = refused.expect_problem(409, "campaign_not_open")?;
    assert_eq!(refused.body["state"], "final");
    for voter in &voters {
        assert_eq!(
            voter.balance(campaign).await?,
            0,
            "nothing outlives its campaign"
        );
        assert_eq!(voter.statement(campaign).await?.1, 0);
    }
    assert_eq!(read(&operator, &format!("{path}/result")).await?, result);
    Ok(())
}

fn sha256(text: &str) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(text);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

on_both!(a_campaign_is_edited_before_it_opens_and_hardly_afterwards);

async fn a_campaign_is_edited_before_it_opens_and_hardly_afterwards(site: &Site) -> Result<()> {
    let operator = operator(site).await?;
    let mut draft = Draft::open_for(now() + TimeDelta::hours(1), TimeDelta::hours(1));
    let scheduled = draft.create(&operator).await?;
    let path = format!("/campaigns/{scheduled}");
    assert_eq!(read(&operator, &path).await?["state"], "scheduled");
    let voter = member(site, "voter").await?;
    let refused = voter.spend(scheduled, ("a", "web", 1), None).await?;
    refused.expect_problem(409, "campaign_not_open")?;
    // Tickets may be granted before.
    grant(&operator, scheduled, (&voter, 2, "early"))
        .await?
        .expect(202)?;

    let edit = json!({
        "name": "Renamed", "free_daily_tickets": 5, "time_zone": "America/New_York",
        "options": [{ "key": "z", "name": "Another" }],
    });
    let edited = operator.ask(Method::PATCH, &path, Some(&edit)).await?;
    let edited = edited.expect(200)?.body;
    assert_eq!(edited["name"], "Renamed");
    assert_eq!(edited["options"][0]["key"], "z");
    assert_eq!(edited["time_zone"], "America/New_York");
    let Voter::Member(member) = &voter else {
        unreachable!("a member")
    };
    let refused = member.ask(Method::PATCH, &path, Some(&edit)).await?;
    refused.expect_problem(403, "forbidden")?;

    draft.starts_at = now();
    let open = draft.create(&operator).await?;
    let path = format!("/campaigns/{open}");
    for edit in [
        json!({ "free_daily_tickets": 9 }),
        json!({ "options": [{ "key": "z", "name": "Another" }] }),
        json!({ "channels": [{ "key": "z", "name": "Another" }] }),
        json!({ "ticket_expiry": { "kind": "end_of_day" } }),
    ] {
        let refused = operator.ask(Method::PATCH, &path, Some(&edit)).await?;
        let refused = refused.expect_problem(409, "campaign_not_editable");
        refused.with_context(|| edit.to_string())?;
    }
    let earlier = json!({ "ends_at": (draft.ends_at - TimeDelta::seconds(1)).to_rfc3339() });
    let refused = operator.ask(Method::PATCH, &path, Some(&earlier)).await?;
    refused.expect_problem(422, "invalid_campaign")?;
    let later = draft.ends_at + TimeDelta::hours(1);
    let edit = json!({ "name": "Longer", "ends_at": later.to_rfc3339() });
    let edited = operator.ask(Method::PATCH, &path, Some(&edit)).await?;
    let edited = edited.expect(200)?.body;
    assert_eq!(edited["name"], "Longer");
    let ends_at: DateTime<Utc> = edited["ends_at"].as_str().context("no end")?.parse()?;
    ensure!(
        (later - ends_at).abs() < TimeDelta::milliseconds(1),
        "{edited}"
    );
    voter.spend_well(open, ("a", "web", 1)).await?;
    Ok(())
}

on_both!(campaigns_that_make_no_sense_are_refused);

async fn campaigns_that_make_no_sense_are_refused(site: &Site) -> Result<()> {
    let operator = operator(site).await?;
    let good = Draft::open_for(now(), TimeDelta::hours(1));
    let option = json!({ "key": "a", "name": "A" });
    let ends = |ends_at: DateTime<Utc>| json!(ends_at.to_rfc3339());
    for (field, value) in [
        ("ends_at", ends(good.starts_at)),
        ("ends_at", ends(good.starts_at - TimeDelta::hours(2))),
        ("time_zone", json!("Europe/Atlantis")),
        ("options", json!([option, option])),
        ("options", json!([])),
        (
            "channels",
            json!([{ "key": "web", "name": "W" }, { "key": "web", "name": "V" }]),
        ),
        ("free_daily_tickets", json!(-1)),
        ("free_daily_tickets", json!(1_000_000_000_000_i64)),
        ("max_tickets_per_vote", json!(0)),
        ("ticket_expiry", json!({ "kind": "days", "days": 0 })),
    ] {
        let mut body = good.body();
        body[field] = value;
        let refused = operator
            .ask(Method::POST, "/campaigns", Some(&body))
            .await?;
        let refused = refused.expect_problem(422, "invalid_campaign");
        refused.with_context(|| format!("{field}: {}", body[field]))?;
    }
    let mut body = good.body();
    body["colour"] = json!("red");
    let refused = operator
        .ask(Method::POST, "/campaigns", Some(&body))
        .await?;
    refused.expect(422)?;
    let body = good.body();
    let member = site.client()?.sign_up("member").await?;
    let refused = member.ask(Method::POST, "/campaigns", Some(&body)).await?;
    refused.expect_problem(403, "forbidden")?;
    let listed = read(&operator, "/campaigns").await?;
    assert_eq!(listed["items"], json!([]), "nothing changed");
    Ok(())
}
