//! What votes are cast on, and by whom.

use std::sync::Arc;

use anyhow::Result;
use bytes::Bytes;
use chrono::TimeDelta;
use futures::{StreamExt, TryStreamExt, stream};
use http_body_util::Full;
use http_kit::{Actor, Tokens};
use hyper::Request;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use journeys::RealStack;
use journeys::campaign::Draft;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use uuid::Uuid;
use vote_domain::{Clock, Role, UserId};

use crate::load::Client;
use crate::wire::{Call, Wire, address_of};

/// Requests under way at once while the ground is prepared.
const AT_ONCE: usize = 16;

/// Accounts that are made in one statement.
const ACCOUNTS_AT_ONCE: usize = 1_000;

/// Members who wrote the reviews, and do not vote. A reward locks its author's account: were
/// all by one, workers would wait for each other as they never do.
const N_AUTHORS: usize = 40;

/// Tickets that each voter has free each day: more than anybody spends.
const FREE_TICKETS: i64 = 10_000;

/// How many of what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) n_voters: usize,
    pub(crate) n_reviews: usize,
    pub(crate) n_options: usize,
}

/// Voters with their tokens, reviews and a campaign.
#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) voters: Vec<Voter>,
    pub(crate) reviews: Vec<Uuid>,
    pub(crate) campaign: Uuid,
    pub(crate) options: Vec<String>,
}

/// Somebody who votes. A token says who it is, so nobody signs in.
#[derive(Debug)]
pub(crate) struct Voter {
    id: Uuid,
    bearer: HeaderValue,
}

impl Ground {
    /// Prepares the ground on `stack`, whose tokens are signed by `tokens`.
    ///
    /// # Errors
    /// When something is refused.
    pub(crate) async fn prepare(
        stack: &RealStack,
        tokens: &Tokens,
        size: Size,
        seed: u64,
    ) -> Result<Self> {
        let mut rng = StdRng::seed_from_u64(seed);
        let voters = (0..size.n_voters).map(|_| Voter::draw(tokens, &mut rng));
        let voters: Vec<_> = voters.collect::<Result<_>>()?;
        make_accounts(&stack.mysql_url, &voters).await?;
        let site = stack.site();
        let place = site.place().await?;
        let mut authors = Vec::new();
        for n in 0..N_AUTHORS {
            authors.push(site.client()?.sign_up(&format!("author-{n}")).await?);
        }
        let authors = &authors;
        let reviews = stream::iter(0..size.n_reviews)
            .map(|n| async move {
                let author = &authors[n % N_AUTHORS];
                let content = format!("Dish number {n}, and every bit as good.");
                author
                    .write_review(place.restaurant, place.item, &content)
                    .await
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        let options: Vec<_> = (0..size.n_options).map(|n| format!("option-{n}")).collect();
        let mut draft = Draft::open_for(Clock::system().now(), TimeDelta::days(2));
        draft.free_daily_tickets = FREE_TICKETS;
        draft.options.clone_from(&options);
        let campaign = draft.create(&site.admin().await?).await?;
        Ok(Self {
            voters,
            reviews,
            campaign,
            options,
        })
    }
}

impl Voter {
    fn draw(tokens: &Tokens, rng: &mut StdRng) -> Result<Self> {
        let id = drawn_id(rng);
        let token = tokens.sign(Actor {
            user_id: UserId(id),
            role: Role::Member,
            session_id: drawn_id(rng),
        })?;
        let mut bearer = HeaderValue::try_from(format!("Bearer {token}"))?;
        bearer.set_sensitive(true);
        Ok(Self { id, bearer })
    }
}

/// Gives `voters` accounts that nobody can sign in to: passwords take long to hash.
async fn make_accounts(mysql_url: &str, voters: &[Voter]) -> Result<()> {
    let mut sql = Conn::new(Opts::from_url(mysql_url)?).await?;
    for voters in voters.chunks(ACCOUNTS_AT_ONCE) {
        let rows = voters.iter().map(|voter| {
            let id = voter.id.simple();
            format!("(x'{id}', '{id}', '', 'member', 0, '2026-01-01')")
        });
        let rows = rows.collect::<Vec<_>>().join(", ");
        let columns = "user_id, user_name, password_hash, role, credit, created_at";
        sql.query_drop(format!("INSERT INTO users ({columns}) VALUES {rows}"))
            .await?;
    }
    sql.disconnect().await?;
    Ok(())
}

fn drawn_id(rng: &mut StdRng) -> Uuid {
    uuid::Builder::from_random_bytes(rng.random()).into_uuid()
}

/// What votes are cast on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aim {
    /// Reviews, all of them in turn.
    Reviews,
    /// A campaign's options, all of them in turn.
    Options,
    /// One option.
    OneOption,
}

/// How votes are asked for: what paths begin with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Base(pub(crate) &'static str);

impl Base {
    /// Tally's own.
    pub(crate) const TALLY: Self = Self("/api/v1");
}

/// One client, which votes for its share of the voters, one after the other.
pub(crate) struct Voting {
    ground: Arc<Ground>,
    aim: Aim,
    base: Base,
    host: HeaderValue,
    rng: StdRng,
    /// Its voters are `first`, `first + step` and so on.
    first: usize,
    step: usize,
    n_cast: usize,
    round: usize,
}

impl Voting {
    /// `n` clients that vote at `aim` by way of the server at `url`. Those with another
    /// `round` cast other votes.
    ///
    /// # Errors
    /// When `url` is none.
    pub(crate) fn clients(
        ground: &Arc<Ground>,
        n: usize,
        url: &str,
        (aim, base): (Aim, Base),
        round: usize,
    ) -> Result<Vec<(Wire, Self)>> {
        let address = address_of(url)?;
        let host = HeaderValue::try_from(&address)?;
        Ok((0..n)
            .map(|first| {
                let client = Self {
                    ground: ground.clone(),
                    aim,
                    base,
                    host: host.clone(),
                    rng: StdRng::seed_from_u64((round << 16 | first) as u64),
                    first,
                    step: n,
                    n_cast: 0,
                    round,
                };
                (Wire::to(&address), client)
            })
            .collect())
    }
}

impl Client for Voting {
    fn next(&mut self) -> Call {
        let ground = &self.ground;
        let n_own = (ground.voters.len() - self.first).div_ceil(self.step);
        let voter_no = self.first + self.step * (self.n_cast % n_own);
        let voter = &ground.voters[voter_no];
        let turn = self.n_cast / n_own;
        self.n_cast += 1;
        let base = self.base.0;
        let (path, body) = match self.aim {
            Aim::Reviews => {
                // Never one that this voter has voted on in this round: each vote is one more.
                let review_no = voter_no * 31 + self.round * 251 + turn;
                let review = ground.reviews[review_no % ground.reviews.len()];
                let direction = if self.rng.random_bool(0.8) {
                    "up"
                } else {
                    "down"
                };
                let path = format!("{base}/reviews/{review}/{direction}vote");
                (path, Bytes::new())
            }
            Aim::Options | Aim::OneOption => {
                let option = match self.aim {
                    Aim::OneOption => &ground.options[0],
                    _ => &ground.options[self.rng.random_range(0..ground.options.len())],
                };
                let body = format!(r#"{{"option":"{option}","channel":"web","tickets":1}}"#);
                let path = format!("{base}/campaigns/{}/votes", ground.campaign);
                (path, Bytes::from(body))
            }
        };
        let mut call = Request::post(path)
            .header(HOST, self.host.clone())
            .header(AUTHORIZATION, voter.bearer.clone())
            // One intent is one key, as the front end has it.
            .header(
                "Idempotency-Key",
                format!("{:032x}", self.rng.random::<u128>()),
            );
        if !body.is_empty() {
            call = call.header(CONTENT_TYPE, "application/json");
        }
        #[expect(
            clippy::unwrap_used,
            reason = "all parts are well formed by construction"
        )]
        call.body(Full::new(body)).unwrap()
    }
}
