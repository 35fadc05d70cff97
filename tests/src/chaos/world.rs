//! Who votes on what.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Result;
use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use rand::Rng;
use rand::rngs::StdRng;
use uuid::Uuid;

use super::judge::Rules;
use super::record::Record;
use super::{BUSY_LIMIT, Options};
use crate::member::Member;
use crate::site::Site;

/// How many reviews are voted on; each has an author of its own, who votes as well.
const N_REVIEWS: usize = 30;

/// Members that all clients vote as, at the same time.
const N_SHARED: usize = 8;

/// Members with many votes a day, for each client.
const N_BUSY: usize = 2;

/// Members with the usual three votes a day, for each client and minute.
const N_USUAL: usize = 4;

/// The most of them for each client.
const N_USUAL_MAX: usize = 15;

/// Sign-ups under way at once.
const SIGN_UPS: usize = 8;

/// How many votes a member has a day: by way of which gateways it votes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    Busy,
    Usual,
}

/// A member, and what the run knows of it.
#[derive(Debug)]
pub(crate) struct Voter {
    pub(crate) member: Member,
    pub(crate) limit: Limit,
    /// The review it wrote itself.
    pub(crate) own_review: Option<Uuid>,
}

/// Members and reviews.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) reviews: Vec<Uuid>,
    pub(crate) voters: Vec<Voter>,
    /// The members of each client.
    shares: Vec<Share>,
    busy_gateways: Vec<String>,
    usual_gateways: Vec<String>,
    /// Where every answer is noted.
    pub(crate) record: Arc<Record>,
}

#[derive(Debug)]
struct Share {
    busy: Vec<usize>,
    usual: Vec<usize>,
}

impl World {
    /// Signs everybody up and writes the reviews.
    pub(crate) async fn make(site: &Site, options: &Options, record: Arc<Record>) -> Result<Self> {
        let place = site.place().await?;
        let authors: Vec<Voter> = stream::iter(0..N_REVIEWS)
            .map(|n| async move {
                let (member, review) = site.author(place, &format!("author-{n}")).await?;
                anyhow::Ok(Voter {
                    member,
                    limit: Limit::Busy,
                    own_review: Some(review),
                })
            })
            .buffered(SIGN_UPS)
            .try_collect()
            .await?;
        let minutes = usize::try_from(options.voting.as_secs() / 60)?.max(1);
        let n_usual = (N_USUAL * minutes).min(N_USUAL_MAX);
        let limits: Vec<Limit> = std::iter::repeat_n(Limit::Busy, N_SHARED)
            .chain((0..options.n_review_clients()).flat_map(|_| {
                let busy = std::iter::repeat_n(Limit::Busy, N_BUSY);
                busy.chain(std::iter::repeat_n(Limit::Usual, n_usual))
            }))
            .collect();
        let client = &site.client()?;
        let others: Vec<Voter> = stream::iter(limits.into_iter().enumerate())
            .map(|(n, limit)| async move {
                anyhow::Ok(Voter {
                    member: client.sign_up(&format!("voter-{n}")).await?,
                    limit,
                    own_review: None,
                })
            })
            .buffered(SIGN_UPS)
            .try_collect()
            .await?;

        let reviews = authors
            .iter()
            .filter_map(|author| author.own_review)
            .collect();
        let voters: Vec<Voter> = authors.into_iter().chain(others).collect();
        let shared: Vec<usize> = (0..N_REVIEWS + N_SHARED).collect();
        let shares = (0..options.n_review_clients())
            .map(|client| {
                let first = N_REVIEWS + N_SHARED + client * (N_BUSY + n_usual);
                let own_busy = first..first + N_BUSY;
                Share {
                    // Its own come up more often than those of all.
                    busy: shared
                        .iter()
                        .copied()
                        .chain(own_busy.cycle_times(10))
                        .collect(),
                    usual: (first + N_BUSY..first + N_BUSY + n_usual).collect(),
                }
            })
            .collect();
        let (busy_gateways, usual_gateways) = site.gateways.split_at(2);
        Ok(Self {
            reviews,
            voters,
            shares,
            busy_gateways: busy_gateways.to_vec(),
            usual_gateways: usual_gateways.to_vec(),
            record,
        })
    }

    /// Members with many votes a day that one client alone votes as.
    pub(crate) fn own_busy(&self) -> Vec<Uuid> {
        let busy = self.shares.iter().filter_map(|share| share.busy.last());
        busy.map(|voter| self.voters[*voter].member.user_id)
            .collect()
    }

    pub(crate) fn n_members(&self) -> usize {
        self.voters.len()
    }

    /// One of the members of `client`. Those with the usual votes come one after the
    /// other as the run goes on (`progress`, from 0 to 1), so that at any moment there
    /// are some with votes left.
    pub(crate) fn draw_voter(&self, client: usize, progress: f64, rng: &mut StdRng) -> usize {
        let Share { busy, usual } = &self.shares[client];
        if rng.random_bool(0.15) {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a place among a few members"
            )]
            let turn = (progress * usual.len() as f64) as usize;
            usual[turn.min(usual.len() - 1)]
        } else {
            busy[rng.random_range(0..busy.len())]
        }
    }

    /// The member at `voter`, by way of one of the gateways that it may vote at.
    pub(crate) fn at_some_gateway(&self, voter: usize, rng: &mut StdRng) -> Member {
        let Voter { member, limit, .. } = &self.voters[voter];
        let gateways = match limit {
            Limit::Busy => &self.busy_gateways,
            Limit::Usual => &self.usual_gateways,
        };
        member.by_way_of(&gateways[rng.random_range(0..gateways.len())])
    }

    /// What SQL must hold to, in a run in which Redis first lost what it knew at `lost_at`.
    pub(crate) fn rules(
        &self,
        reward_up_votes: i64,
        reward_credit: i64,
        lost_at: Option<DateTime<Utc>>,
    ) -> Rules {
        let limits: HashMap<Uuid, i64> = self
            .voters
            .iter()
            .map(|voter| {
                let limit = match voter.limit {
                    Limit::Busy => BUSY_LIMIT.parse().unwrap_or(i64::MAX),
                    Limit::Usual => 3,
                };
                (voter.member.user_id, limit)
            })
            .collect();
        Rules {
            limits,
            reward_up_votes,
            reward_credit,
            lost_at,
        }
    }
}

trait CycleTimes: Iterator {
    /// Everything, `n` times over.
    fn cycle_times(self, n: usize) -> impl Iterator<Item = Self::Item>
    where
        Self: Clone + Sized,
    {
        std::iter::repeat_n(self, n).flatten()
    }
}

impl<I: Iterator> CycleTimes for I {}
