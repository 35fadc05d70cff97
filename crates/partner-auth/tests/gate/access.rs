//! Which routes take signed requests, and for whom they act.

use anyhow::Result;
use reqwest::Method;
use uuid::Uuid;
use vote_domain::UserId;

use crate::server::{Draft, Server};

const ADA: UserId = UserId(Uuid::from_u128(1));

#[tokio::test(flavor = "multi_thread")]
async fn members_call_the_same_routes_with_their_tokens() -> Result<()> {
    let server = Server::sqlite().await?;
    let token = server.token(ADA);
    let read = server.draft(Method::GET, "/things");
    let request = server.unsigned(&read).bearer_auth(&token);
    assert_eq!(
        server.answer(request).await?.ok()["member"],
        ADA.to_string()
    );
    let anonymous = server.answer(server.unsigned(&read)).await?;
    anonymous.problem(401, "unauthenticated");
    let vote = server.draft(Method::POST, "/votes");
    let request = server.unsigned(&vote).bearer_auth(&token);
    assert_eq!(
        server.answer(request).await?.ok()["voter"],
        format!("member/{ADA}")
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn routes_that_take_no_partners_refuse_them_before_any_handler() -> Result<()> {
    let server = Server::sqlite().await?;
    let jury = server.partner("jury").await?;
    for (method, path) in [(Method::POST, "/open"), (Method::GET, "/guarded")] {
        let draft = server.draft(method, path);
        server
            .send(&jury, &draft)
            .await?
            .problem(403, "not_for_partners");
    }
    // A handler that nobody described takes none either.
    let undescribed = server.draft(Method::GET, "/undescribed");
    server
        .send(&jury, &undescribed)
        .await?
        .problem(403, "not_for_partners");
    let nothing = server.draft(Method::GET, "/nothing");
    server
        .send(&jury, &nothing)
        .await?
        .problem(404, "not_found");
    let other_method = server.draft(Method::DELETE, "/votes");
    server
        .send(&jury, &other_method)
        .await?
        .problem(405, "method_not_allowed");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_is_signed_as_it_is_sent_and_leads_where_it_leads_decoded() -> Result<()> {
    let server = Server::sqlite().await?;
    let jury = server.partner("jury").await?;
    let plain = server.draft(Method::GET, "/things");
    let escaped = Draft {
        path: plain.path.replace("things", "%74hings"),
        ..plain.clone()
    };
    assert_eq!(server.send(&jury, &escaped).await?.ok()["kind"], "jury");
    let signed_otherwise = server.send_as(&jury, &plain, &escaped).await?;
    signed_otherwise.problem(401, "invalid_signature");
    let guarded = server.draft(Method::GET, "/%67uarded");
    server
        .send(&jury, &guarded)
        .await?
        .problem(403, "not_for_partners");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_and_a_signature_do_not_go_together() -> Result<()> {
    let server = Server::sqlite().await?;
    let jury = server.partner("jury").await?;
    let draft = server.post();
    let mut request = server.unsigned(&draft).bearer_auth(server.token(ADA));
    for (name, value) in draft.headers(&jury) {
        request = request.header(name, value);
    }
    server
        .answer(request)
        .await?
        .problem(422, "two_credentials");
    server.send(&jury, &draft).await?.ok();
    // Nor does a token with another voter's name.
    let vote = Draft {
        voter: Some("DE".to_owned()),
        ..server.draft(Method::POST, "/votes")
    };
    let request = server.unsigned(&vote).bearer_auth(server.token(ADA));
    server
        .answer(request)
        .await?
        .problem(422, "two_credentials");
    let nobody = server.answer(server.unsigned(&vote)).await?;
    nobody.problem(401, "invalid_signature");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_acts_for_voters_of_its_own_kind_alone() -> Result<()> {
    let server = Server::sqlite().await?;
    let (jury, public) = (
        server.partner("jury").await?,
        server.partner("public").await?,
    );
    for (who, expected) in [(&jury, "jury/DE"), (&public, "public/DE")] {
        let vote = Draft {
            voter: Some("DE".to_owned()),
            ..server.draft(Method::POST, "/votes")
        };
        assert_eq!(server.send(who, &vote).await?.ok()["voter"], expected);
    }
    let bad = [
        None,
        Some(String::new()),
        Some("a b".to_owned()),
        Some("x".repeat(129)),
    ];
    for voter in bad {
        let vote = Draft {
            voter,
            ..server.draft(Method::POST, "/votes")
        };
        server
            .send(&jury, &vote)
            .await?
            .problem(422, "invalid_voter");
    }
    let glance = server.draft(Method::GET, "/glance");
    assert!(server.send(&jury, &glance).await?.ok()["voter"].is_null());
    let glance = Draft {
        voter: Some("DE".to_owned()),
        ..server.draft(Method::GET, "/glance")
    };
    assert_eq!(server.send(&jury, &glance).await?.ok()["voter"], "jury/DE");
    let anonymous = Draft {
        voter: None,
        ..glance.clone()
    };
    assert!(server.answer(server.unsigned(&anonymous)).await?.ok()["voter"].is_null());
    let token = server.token(ADA);
    let member = server.unsigned(&anonymous).bearer_auth(token);
    assert_eq!(
        server.answer(member).await?.ok()["voter"],
        format!("member/{ADA}")
    );
    Ok(())
}
