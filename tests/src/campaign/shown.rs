//! What the API shows of a campaign, compared with its books.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt, stream};
use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

use super::books::CampaignBooks;
use super::judge::{CampaignPromise, CampaignViolation, Closing, sha256};
use super::voter::Voter;
use crate::client::{Client, send};

/// Voters asked after at once.
const AT_ONCE: usize = 16;

/// Option key and tickets, most first, then by rank: what a board says.
pub(crate) type Board = Vec<(String, i64)>;

/// Reads the board of `campaign`; `query` begins with `?` or is empty.
///
/// # Errors
/// When it is refused, or its ranks are not those of its votes.
pub(crate) async fn board(client: &Client, campaign: Uuid, query: &str) -> Result<Board> {
    let path = format!("/campaigns/{campaign}/board{query}");
    let answer = send(client.catalog(Method::GET, &path))
        .await?
        .expect(200)?;
    let rows = answer.body["options"].as_array().context("no options")?;
    let mut board = Vec::with_capacity(rows.len());
    let mut ahead: Vec<i64> = Vec::new();
    for row in rows {
        let option = row["option"].as_str().context("no option")?;
        let votes = row["votes"].as_i64().context("no votes")?;
        let rank = 1 + ahead.iter().filter(|more| **more > votes).count();
        anyhow::ensure!(
            row["rank"].as_u64() == u64::try_from(rank).ok(),
            "{row} should have rank {rank}"
        );
        ahead.push(votes);
        board.push((option.to_owned(), votes));
    }
    board.sort_unstable();
    Ok(board)
}

/// Compares all that is shown with `books`.
///
/// # Errors
/// When something is not shown at all.
pub(crate) async fn judge_shown(
    client: &Client,
    campaign: Uuid,
    books: &CampaignBooks,
    voters: &[Voter],
    closing: Closing,
) -> Result<Vec<CampaignViolation>> {
    let shown = Shown {
        client,
        campaign,
        books,
    };
    let mut faults = Vec::new();
    shown.judge_boards(&mut faults).await?;
    shown.judge_options(&mut faults).await?;
    let blame = |promise| move |detail| CampaignViolation::new(promise, detail);
    let mut violations: Vec<_> = faults
        .into_iter()
        .map(blame(CampaignPromise::ShownIsTrue))
        .collect();
    if closing.is_final() {
        let faults = shown.judge_result().await?;
        let wrong = faults.into_iter();
        violations.extend(wrong.map(blame(CampaignPromise::ResultIsTrue)));
    }
    let faults = wallet_faults(campaign, books, voters, closing).await?;
    let wrong = faults.into_iter();
    violations.extend(wrong.map(blame(CampaignPromise::WalletsAreTrue)));
    Ok(violations)
}

struct Shown<'s> {
    client: &'s Client,
    campaign: Uuid,
    books: &'s CampaignBooks,
}

impl Shown<'_> {
    /// What a board must say, of all channels or one.
    fn due(&self, channel: Option<usize>) -> Board {
        let mut sums = vec![0; self.books.options.len()];
        for vote in self.books.votes.iter().filter(|vote| vote.counts()) {
            let is_here = channel.is_none_or(|no| i64::try_from(no) == Ok(vote.channel));
            if let Some(sum) = usize::try_from(vote.option)
                .ok()
                .filter(|_| is_here)
                .and_then(|at| sums.get_mut(at))
            {
                *sum += vote.tickets;
            }
        }
        let mut board: Board = self.books.options.iter().cloned().zip(sums).collect();
        board.sort_unstable();
        board
    }

    async fn judge_boards(&self, faults: &mut Vec<String>) -> Result<()> {
        let from = hour_text(self.books.starts_at.div_euclid(MICROS_OF_HOUR))?;
        let to = hour_text(self.books.ends_at.div_euclid(MICROS_OF_HOUR) + 1)?;
        let mut asked = vec![
            (String::new(), None),
            (format!("?from={from}&to={to}"), None),
        ];
        for (no, (key, _)) in self.books.channels.iter().enumerate() {
            asked.push((format!("?channel={key}"), Some(no)));
            asked.push((format!("?channel={key}&from={from}&to={to}"), Some(no)));
        }
        for (query, channel) in asked {
            let found = board(self.client, self.campaign, &query).await?;
            let due = self.due(channel);
            if found != due {
                faults.push(format!("board{query} says {found:?} instead of {due:?}"));
            }
        }
        Ok(())
    }

    /// Hours and fans of each option.
    async fn judge_options(&self, faults: &mut Vec<String>) -> Result<()> {
        for (no, option) in self.books.options.iter().enumerate() {
            let votes = self.books.votes.iter().filter(|vote| vote.counts());
            let votes = votes.filter(|vote| i64::try_from(no) == Ok(vote.option));
            let mut hours: BTreeMap<String, i64> = BTreeMap::new();
            let mut fans: BTreeMap<(String, String), i64> = BTreeMap::new();
            for vote in votes {
                let hour = hour_text(vote.seq.div_euclid(MICROS_OF_HOUR))?;
                *hours.entry(hour).or_default() += vote.tickets;
                let voter = self.books.voters.get(&vote.voter).cloned();
                *fans.entry(voter.unwrap_or_default()).or_default() += vote.tickets;
            }
            let found = self.hours(option).await?;
            if found != hours {
                faults.push(format!("hours of {option}: {found:?} instead of {hours:?}"));
            }
            let found = self.fans(option).await?;
            if found != fans {
                faults.push(format!("fans of {option}: {found:?} instead of {fans:?}"));
            }
        }
        Ok(())
    }

    async fn hours(&self, option: &str) -> Result<BTreeMap<String, i64>> {
        let path = format!("/campaigns/{}/options/{option}/hours", self.campaign);
        let answer = send(self.client.catalog(Method::GET, &path)).await?;
        let answer = answer.expect(200)?;
        let rows = answer.body["hours"].as_array().context("no hours")?;
        let read = |row: &Value| {
            let hour = row["hour"].as_str().context("no hour")?;
            Ok((hour.to_owned(), row["votes"].as_i64().context("no votes")?))
        };
        let hours: Result<BTreeMap<_, _>> = rows.iter().map(read).collect();
        Ok(hours?.into_iter().filter(|(_, votes)| *votes > 0).collect())
    }

    async fn fans(&self, option: &str) -> Result<BTreeMap<(String, String), i64>> {
        let mut fans = BTreeMap::new();
        let mut cursor = String::new();
        let mut ahead: Vec<i64> = Vec::new();
        loop {
            let path = format!(
                "/campaigns/{}/options/{option}/fans?limit=100{cursor}",
                self.campaign
            );
            let page = send(self.client.catalog(Method::GET, &path)).await?;
            let page = page.expect(200)?.body;
            for row in page["items"].as_array().context("no items")? {
                let text = |field: &str| row["voter"][field].as_str().map(str::to_owned);
                let voter = text("kind").zip(text("id")).context("no voter")?;
                let votes = row["votes"].as_i64().context("no votes")?;
                let rank = 1 + ahead.iter().filter(|more| **more > votes).count();
                anyhow::ensure!(
                    row["rank"].as_u64() == u64::try_from(rank).ok(),
                    "{row} should have rank {rank}"
                );
                ahead.push(votes);
                anyhow::ensure!(
                    fans.insert(voter, votes).is_none(),
                    "{row} is twice among the fans of {option}"
                );
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(fans),
            }
        }
    }

    async fn judge_result(&self) -> Result<Vec<String>> {
        let mut faults = Vec::new();
        let path = format!("/campaigns/{}/result", self.campaign);
        let answer = send(self.client.catalog(Method::GET, &path)).await?;
        let shown = answer.expect(200)?.body;
        let path = format!("{path}?format=canonical");
        let text = self.client.catalog(Method::GET, &path).send().await?;
        let text = text.error_for_status()?.text().await?;
        let (canonical, digest, _) = self.books.result.clone().context("no result in SQL")?;
        if text != canonical {
            faults.push(format!(
                "the canonical text is {text} instead of {canonical}"
            ));
        }
        let shown_digest = shown["digest"].as_str().unwrap_or_default();
        if shown_digest != digest || shown_digest != sha256(&text) {
            faults.push(format!("{shown_digest} is not the digest of {text}"));
        }
        let rows = shown["options"].as_array().context("no options")?;
        let mut found: Board = rows
            .iter()
            .filter_map(|row| Some((row["option"].as_str()?.to_owned(), row["votes"].as_i64()?)))
            .collect();
        found.sort_unstable();
        if found != self.due(None) {
            faults.push(format!("the result says {found:?}"));
        }
        Ok(faults)
    }
}

const MICROS_OF_HOUR: i64 = 3_600_000_000;

fn hour_text(hour: i64) -> Result<String> {
    let at = chrono::DateTime::from_timestamp(hour * 3_600, 0).context("no such hour")?;
    Ok(at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
}

/// What is wrong with the wallets and statements of `voters`.
///
/// # Errors
/// When one is not shown at all.
pub(crate) async fn wallet_faults(
    campaign: Uuid,
    books: &CampaignBooks,
    voters: &[Voter],
    closing: Closing,
) -> Result<Vec<String>> {
    let found: Vec<Vec<String>> = stream::iter(voters)
        .map(|voter| wallet_faults_of(voter, campaign, books, closing))
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    Ok(found.concat())
}

async fn wallet_faults_of(
    voter: &Voter,
    campaign: Uuid,
    books: &CampaignBooks,
    closing: Closing,
) -> Result<Vec<String>> {
    let wallet = voter.wallet(campaign).await?;
    let (lines, stated) = voter.statement(campaign).await?;
    let who = (voter.kind().to_owned(), voter.id());
    let ids = books.voters.iter().filter(|(_, known)| **known == who);
    let id = ids.map(|(id, _)| *id).next();
    let is_own = |of: &Uuid| Some(*of) == id;
    let mut faults = Vec::new();
    let mut check = |what: &str, found: i64, due: i64| {
        if found != due {
            faults.push(format!("{who:?}: {what} is {found} instead of {due}"));
        }
    };

    let balance = wallet["balance"].as_i64().context("no balance")?;
    let held = wallet["lots"].as_array().context("no lots")?;
    let held: BTreeMap<Uuid, i64> = held
        .iter()
        .filter_map(|lot| {
            let id = lot["lot_id"].as_str()?.parse().ok()?;
            Some((id, lot["remaining"].as_i64()?))
        })
        .collect();
    check("the sum of lots", held.values().sum(), balance);
    check("the statement's balance", stated, balance);

    // The statement, line by line.
    let sum = |kind: &str| -> i64 {
        let of_kind = lines.iter().filter(|line| line["kind"] == kind);
        of_kind.filter_map(|line| line["tickets"].as_i64()).sum()
    };
    let running: i64 = lines
        .iter()
        .filter_map(|line| line["tickets"].as_i64())
        .sum();
    check("the sum of lines", running, balance);
    let newest = lines.first().and_then(|line| line["balance"].as_i64());
    check("the last line", newest.unwrap_or_default(), balance);
    let votes = || books.votes.iter().filter(|vote| is_own(&vote.voter));
    let cast: i64 = votes().map(|vote| vote.tickets).sum();
    let returned = votes().filter(|vote| !vote.spends());
    let returned: i64 = returned.map(|vote| vote.tickets).sum();
    check("what votes took", -sum("vote"), cast);
    check("what was returned", sum("refund"), returned);
    let granted = books.grants.iter().filter(|(_, of, _)| is_own(of));
    let granted: i64 = granted.map(|(.., tickets)| tickets).sum();
    let free = lines
        .iter()
        .filter(|line| line["kind"] == "grant" && line["source"] == "free_daily");
    let free: i64 = free.filter_map(|line| line["tickets"].as_i64()).sum();
    check("what was granted", sum("grant"), granted + free);
    let left = granted + free - cast + returned;
    match closing {
        // Nothing outlives its campaign.
        Closing::Final | Closing::FinalAfterLoss(_) => {
            check("the balance", balance, 0);
            check("what expired", -sum("expiry"), left);
        }
        Closing::RunningAfterLoss(_) => check("the balance", balance, left),
    }
    if !closing.is_final() {
        for lot in books.lots.iter().filter(|lot| is_own(&lot.voter)) {
            let shown = held.get(&lot.lot_id).copied().unwrap_or_default();
            let what = format!("lot {}", lot.lot_id);
            check(&what, shown, lot.tickets - lot.spent);
        }
    }
    Ok(faults)
}
