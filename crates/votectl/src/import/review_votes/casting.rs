//! Every row becomes a vote.

use std::cell::{Cell, RefCell};

use anyhow::{Context, Result, bail};
use futures::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use super::Run;
use super::file::{Row, Votes};
use super::memory::Memory;
use super::place::uuid;
use super::reviews::Reviews;
use crate::api::{Answer, Call};
use crate::progress::Progress;
use crate::session::Session;

/// A voter's accepted votes.
#[derive(Debug)]
pub(super) struct VoterVotes {
    /// The voter, still signed in.
    pub(super) session: Session,
    /// What was accepted.
    pub(super) votes: Vec<Uuid>,
}

/// What was cast.
#[derive(Debug)]
pub(super) struct Cast {
    pub(super) votes: Vec<VoterVotes>,
    /// Votes that were sent in this run.
    pub(super) n_sent: u32,
}

/// Casts every row; voters beside each other, the rows of one in their order.
///
/// # Errors
/// When a vote is refused, or the service stays away.
pub(super) async fn cast(
    run: &Run,
    votes: &Votes,
    reviews: &Reviews,
    memory: &mut Memory,
) -> Result<Cast> {
    let progress = Progress::begin("votes", votes.n_rows());
    let progress = &progress;
    let n_sent = Cell::new(0);
    let (memory, n_sent_seen) = (&RefCell::new(memory), &n_sent);
    let votes = stream::iter(votes.by_voter())
        .map(|(voter, rows)| async move {
            let user_name = run.names.user_name(voter);
            let password = run.names.password(voter);
            let mut session = Session::sign_in(&run.catalog, &user_name, &password)
                .await
                .context(
                    "is --seed the one that the members were made with, and --state a file about \
                     these data? (If they are new, remove it.)",
                )?;
            let mut votes = Vec::new();
            for row in rows {
                let remembered = memory.borrow().vote(row.voter, row.author);
                let vote_id = match remembered {
                    Some(vote_id) => vote_id,
                    None => {
                        let vote_id = cast_row(run, &mut session, reviews, &row).await?;
                        n_sent_seen.set(n_sent_seen.get() + 1);
                        memory
                            .borrow_mut()
                            .add_vote(row.voter, row.author, vote_id)?;
                        vote_id
                    }
                };
                votes.push(vote_id);
                progress.step();
            }
            anyhow::Ok(VoterVotes { session, votes })
        })
        .buffer_unordered(run.clients)
        .try_collect()
        .await?;
    Ok(Cast {
        votes,
        n_sent: n_sent.get(),
    })
}

async fn cast_row(run: &Run, session: &mut Session, reviews: &Reviews, row: &Row) -> Result<Uuid> {
    let review = reviews
        .get(&row.author)
        .with_context(|| format!("author {} has no review", row.author))?;
    let call = Call::post(format!("/reviews/{review}/{}", row.direction.route()))
        .idempotency_key(run.names.idempotency_key(row));
    let answer = session.call(&run.gateway, call).await?;
    match answer.status {
        202 => uuid(&answer.body["vote_id"]),
        _ => bail!(
            "{} voting on {}'s review: {}",
            row.voter,
            row.author,
            reason(&answer)
        ),
    }
}

fn reason(answer: &Answer) -> String {
    if answer.code() == "daily_quota_used" {
        format!(
            "{answer}. The file's members vote more often: start the services with \
             TALLY__REVIEWS__VOTES_PER_DAY=10000, or go on after {}",
            answer.body["resets_at"].as_str().unwrap_or("midnight")
        )
    } else {
        answer.to_string()
    }
}
