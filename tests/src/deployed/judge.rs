//! What clients were told, against what Tally holds.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use reqwest::Method;
use serde_json::Value;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::record::{Record, Told};
use crate::client::password;
use crate::member::Member;
use crate::site::Site;

/// Longest that workers may take for what was accepted last.
const SETTLE_LIMIT: Duration = Duration::from_secs(120);

/// How many votes are asked after at once.
const IDS: usize = 50;

/// Waits until every vote that was answered 202 has come to its end, and says so; then compares
/// counts and boards with what clients remember.
///
/// # Errors
/// When a vote is lost, rejected or counted twice, or something differs.
pub async fn judge(site: &Site, record: &Record) -> Result<String> {
    let mut n_counted = 0;
    for told in &record.members {
        let name = &told.user_name;
        let member = site.client()?.sign_in(name, &password(name)).await?;
        n_counted += counted(&member, told).await.with_context(|| name.clone())?;
    }
    compare_reviews(site, record).await?;
    compare_board(site, record).await?;
    Ok(format!(
        "{n_counted} votes were answered 202, and all of them are counted; {} reviews and the \
         board show what their voters remember{}",
        record.reviews.len(),
        match record.n_in_doubt() {
            0 => String::new(),
            n => format!(", but for {n} votes that were given up"),
        }
    ))
}

/// How many votes of `member` are counted: all of them.
async fn counted(member: &Member, told: &Told) -> Result<usize> {
    let asked_at = Instant::now();
    let mut open: BTreeSet<Uuid> = told.accepted.iter().copied().collect();
    let n = open.len();
    while !open.is_empty() {
        let some: Vec<String> = open.iter().take(IDS).map(Uuid::to_string).collect();
        let path = format!("/votes?ids={}", some.join(","));
        let answer = member.ask_gateway(Method::GET, &path, None).await?;
        let answer = answer.expect(200)?;
        let votes = answer.body["votes"]
            .as_array()
            .or_else(|| answer.body["items"].as_array())
            .with_context(|| format!("no votes in {}", answer.body))?;
        ensure!(
            votes.len() == some.len(),
            "{} of {} votes that were answered 202 are known",
            votes.len(),
            some.len()
        );
        let mut waiting = 0;
        for vote in votes {
            match vote["state"].as_str() {
                Some("counted") => {
                    open.remove(&crate::answer::id_of(vote, "vote_id")?);
                }
                Some("accepted") => waiting += 1,
                _ => bail!("a vote that was answered 202 is {vote}"),
            }
        }
        if waiting > 0 {
            ensure!(
                asked_at.elapsed() < SETTLE_LIMIT,
                "{waiting} votes do not settle, after {SETTLE_LIMIT:?}"
            );
            sleep(Duration::from_millis(200)).await;
        }
    }
    Ok(n)
}

async fn compare_reviews(site: &Site, record: &Record) -> Result<()> {
    for review in &record.reviews {
        let doubt = record
            .members
            .iter()
            .any(|told| told.in_doubt.contains(&review.to_string()));
        if doubt {
            continue;
        }
        let stand = |wanted: i64| {
            let standing = |told: &&Told| told.standing.get(review) == Some(&wanted);
            record.members.iter().filter(standing).count() as u64
        };
        site.wait_for_counts(*review, stand(1), stand(-1)).await?;
    }
    Ok(())
}

async fn compare_board(site: &Site, record: &Record) -> Result<()> {
    let mut remembered = BTreeMap::<&str, u64>::new();
    for told in &record.members {
        for (option, tickets) in &told.spent {
            *remembered.entry(option).or_default() += tickets;
        }
    }
    let client = site.client()?;
    let path = format!("/campaigns/{}/board", record.campaign);
    let asked_at = Instant::now();
    loop {
        let board = crate::client::send(client.catalog(Method::GET, &path)).await?;
        let board = board.expect(200)?.body;
        let wrong: Vec<String> = remembered
            .iter()
            .filter(|(option, _)| {
                let in_doubt = |told: &Told| told.in_doubt.iter().any(|named| named == **option);
                !record.members.iter().any(in_doubt)
            })
            .filter(|(option, tickets)| shown(&board, option) != Some(**tickets))
            .map(|(option, tickets)| {
                format!("{option}: {:?} instead of {tickets}", shown(&board, option))
            })
            .collect();
        if wrong.is_empty() {
            return Ok(());
        }
        if asked_at.elapsed() > Duration::from_secs(15) {
            bail!("the board shows {}", wrong.join(", "));
        }
        sleep(Duration::from_millis(200)).await;
    }
}

fn shown(board: &Value, option: &str) -> Option<u64> {
    let options = board["options"].as_array()?;
    options.iter().find(|shown| shown["option"] == option)?["votes"].as_u64()
}
