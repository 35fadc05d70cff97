//! The end of a run: wait until everything is settled, read the books, judge.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt, stream};
use mysql_async::prelude::Queryable;
use reqwest::Method;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::books::{Books, connect};
use super::history::History;
use super::judge::{Promise, Rules, Violation, judge};
use super::world::World;
use crate::answer::Answer;
use crate::real_stack::RealStack;

/// How long the ledger may stand still before what is missing counts as lost.
const STANDSTILL: Duration = Duration::from_secs(45);

/// How long shown counts may lag behind SQL: some cache lifetimes.
const LAG: Duration = Duration::from_secs(30);

/// How often something is asked that answers 503 although everything was healed.
const PATIENCE_TRIES: u32 = 30;

/// Members asked at once.
const ASKED: usize = 8;

/// What the judge found, and what it was found in.
#[derive(Debug)]
pub(crate) struct Reckoning {
    pub(crate) books: Books,
    pub(crate) violations: Vec<Violation>,
    /// What became of votes that a 503 named.
    pub(crate) doubts: BTreeMap<String, usize>,
}

/// Waits until everything is settled, and judges.
pub(crate) async fn reckon(
    stack: &RealStack,
    world: &World,
    history: &History,
    rules: &Rules,
) -> Result<Reckoning> {
    let books = wait_until_settled(stack, history).await?;
    let mut violations = judge(&books, history, rules);
    for unexpected in &history.unexpected {
        violations.push(Violation::new(Promise::AnswersAreClear, unexpected));
    }
    violations.extend(compare_shown_counts(world, &books).await?);
    violations.extend(compare_shown_use(world, &books).await?);
    let doubts = resolve_doubts(world, history, &mut violations).await?;
    Ok(Reckoning {
        books,
        violations,
        doubts,
    })
}

/// Waits until the queues are empty, or the ledger has stood still for long.
async fn wait_until_settled(stack: &RealStack, history: &History) -> Result<Books> {
    let mut moved_at = Instant::now();
    let mut n_known = 0;
    loop {
        // A queue that is empty stays so: nobody votes any more.
        let n_queued = n_queued(stack).await?;
        if n_queued == 0 {
            let books = Books::read(&stack.mysql_url).await?;
            let known: HashSet<Uuid> = books.ledger.iter().map(|vote| vote.vote_id).collect();
            let mut told = history.accepted.iter();
            let is_whole = told.all(|told| known.contains(&told.vote_id));
            if is_whole || moved_at.elapsed() > STANDSTILL {
                return Ok(books);
            }
        } else if moved_at.elapsed() > STANDSTILL {
            return Books::read(&stack.mysql_url).await;
        }
        let n_ledger = n_ledger(stack).await?;
        if n_ledger != n_known {
            n_known = n_ledger;
            moved_at = Instant::now();
        }
        sleep(Duration::from_millis(500)).await;
    }
}

/// How many votes have come to an end.
async fn n_ledger(stack: &RealStack) -> Result<u64> {
    let mut sql = connect(&stack.mysql_url).await?;
    let n: Option<u64> = sql.query_first("SELECT COUNT(*) FROM review_votes").await?;
    sql.disconnect().await?;
    Ok(n.unwrap_or_default())
}

/// Asks again while the answer is a 503: what was healed a moment ago may need another
/// moment, and says so.
async fn patiently<F>(ask: impl Fn() -> F) -> Result<Answer>
where
    F: Future<Output = Result<Answer>>,
{
    for _ in 0..PATIENCE_TRIES {
        let answer = ask().await?;
        if answer.status != 503 || answer.code() == "vote_state_unknown" {
            return Ok(answer);
        }
        sleep(Duration::from_millis(300)).await;
    }
    ask().await
}

/// How many messages are in the queues, unacknowledged ones included.
async fn n_queued(stack: &RealStack) -> Result<u64> {
    let args = ["--quiet", "list_queues", "messages", "--no-table-headers"];
    let text = stack.servers()?.rabbitmqctl(&args).await?;
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| {
            line.parse::<u64>()
                .with_context(|| format!("rabbitmqctl printed {line:?}"))
        })
        .sum()
}

/// Whether reviews show what SQL counts; they may lag for a moment.
async fn compare_shown_counts(world: &World, books: &Books) -> Result<Vec<Violation>> {
    let counters: HashMap<Uuid, (i64, i64)> = books
        .counters
        .iter()
        .map(|row| (row.review, (row.up, row.down)))
        .collect();
    let client = &world.voters[0].member.client;
    let started = Instant::now();
    loop {
        let mut violations = Vec::new();
        for reviews in world.reviews.chunks(100) {
            let shown = match client.counts(reviews).await {
                Ok(shown) => shown,
                Err(error) => {
                    let detail = format!("counts are not shown: {error:#}");
                    violations.push(Violation::new(Promise::ShownIsTrue, detail));
                    continue;
                }
            };
            for (review, (up, down)) in reviews.iter().zip(shown) {
                let expected = counters.get(review).copied().unwrap_or_default();
                let shown = (i64::try_from(up)?, i64::try_from(down)?);
                if shown != expected {
                    let detail = format!("{review} shows {shown:?}, and SQL has {expected:?}");
                    violations.push(Violation::new(Promise::ShownIsTrue, detail));
                }
            }
        }
        if violations.is_empty() || started.elapsed() > LAG {
            return Ok(violations);
        }
        sleep(Duration::from_secs(1)).await;
    }
}

/// Whether members are shown the votes that SQL says they used on the last day of the run.
async fn compare_shown_use(world: &World, books: &Books) -> Result<Vec<Violation>> {
    let mut last_days = BTreeMap::<Uuid, (&str, i64)>::new();
    for row in &books.days {
        let last = last_days.entry(row.voter).or_insert((&row.day, row.used));
        if row.day.as_str() > last.0 {
            *last = (&row.day, row.used);
        }
    }
    let last_day = last_days
        .values()
        .map(|(day, _)| *day)
        .max()
        .unwrap_or_default();
    let last_days = &last_days;
    let found: Vec<Option<Violation>> = stream::iter(&world.voters)
        .map(|voter| async move {
            let member = &voter.member;
            let expected = match last_days.get(&member.user_id) {
                Some((day, used)) if *day == last_day => *used,
                _ => 0,
            };
            let me = patiently(|| member.ask(Method::GET, "/me", None)).await?;
            let me = me.expect(200)?.body;
            // A day that began since is another day.
            let resets_at = me["votes"]["resets_at"].as_str().unwrap_or_default();
            let is_later = !last_day.is_empty() && !is_day_after(last_day, resets_at);
            let shown = me["votes"]["used"].as_i64();
            let is_wrong = shown != Some(expected) && !is_later;
            anyhow::Ok(is_wrong.then(|| {
                let detail = format!(
                    "{} is shown {shown:?} votes used, and SQL has {expected}",
                    member.user_name
                );
                Violation::new(Promise::ShownIsTrue, detail)
            }))
        })
        .buffer_unordered(ASKED)
        .try_collect()
        .await?;
    Ok(found.into_iter().flatten().collect())
}

/// Whether `resets_at` is the midnight that ends `day`.
fn is_day_after(day: &str, resets_at: &str) -> bool {
    let day: Option<chrono::NaiveDate> = day.parse().ok();
    let end = day.and_then(|day| day.succ_opt());
    end.is_some_and(|end| resets_at.starts_with(&end.to_string()))
}

/// Asks after every vote that a 503 named: it must have come to an end by now, or never
/// have been.
async fn resolve_doubts(
    world: &World,
    history: &History,
    violations: &mut Vec<Violation>,
) -> Result<BTreeMap<String, usize>> {
    let states: Vec<(Uuid, String)> = stream::iter(history.unknown())
        .map(|(voter, vote_id)| async move {
            let member = &world.voters[voter].member;
            let status = patiently(|| member.status(vote_id)).await?;
            let state = match (status.status, status.code()) {
                (200, _) => status.body["state"].as_str().unwrap_or("?").to_owned(),
                (404, _) | (503, "vote_state_unknown") => "never was".to_owned(),
                _ => format!("{} {}", status.status, status.body),
            };
            anyhow::Ok((vote_id, state))
        })
        .buffer_unordered(ASKED)
        .try_collect()
        .await?;
    let mut found = BTreeMap::<String, usize>::new();
    for (vote_id, state) in states {
        match state.as_str() {
            "counted" | "rejected" | "never was" => {}
            "accepted" => {
                let detail = format!("vote {vote_id} is stranded: its voter asked again since");
                violations.push(Violation::new(Promise::NothingIsStranded, detail));
            }
            answer => {
                let detail = format!("asking after {vote_id} was answered {answer}");
                violations.push(Violation::new(Promise::AnswersAreClear, detail));
                continue;
            }
        }
        *found.entry(state).or_default() += 1;
    }
    Ok(found)
}
