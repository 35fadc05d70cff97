//! Campaigns: creating, editing and reading them; boards, fans, hours and results.
//!
//! A campaign's *head* is all that may change while it runs; it is an entry in the cache
//! and lives a second. Its *paper*, channels and options, belongs to one version and stays
//! in this process' memory. Boards are snapshots, made at most once a second while they
//! are asked for.

mod answer;
pub(crate) mod board;
mod body;
pub(crate) mod boxes;
pub(crate) mod fans;
mod head;
pub(crate) mod hours;
mod kept;
pub(crate) mod list;
mod problem;
mod range;
pub(crate) mod read;
pub(crate) mod result;
pub(crate) mod write;

use std::sync::Arc;
use std::time::Duration;

use http_kit::etag::Tagged;
use vote_domain::CampaignId;
use vote_domain::campaign::{ChannelNo, OptionNo, Progress};
use vote_queue::Queue;

use crate::gathered::Gathered;

use board::{RangeQuery, Shown, Snapshot, shown_boards};
use head::Paper;
use hours::Series;
use kept::Kept;
use result::Frozen;

/// How long a snapshot lives; less the jitter of the cache, at least a second.
pub(crate) const SNAPSHOT_LIFE: Duration = Duration::from_millis(1_250);

/// How long papers and results are kept in memory; they never change.
const FIXED_LIFE: Duration = Duration::from_secs(600);

/// Bytes of each kind of thing kept in memory, about.
const KEPT_BYTES_MAX: u64 = 64 * 1_024 * 1_024;

/// A campaign as it stood when something was computed: another version has other options,
/// and once the closing is further what was computed before is not shown any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Standing {
    pub(crate) campaign: CampaignId,
    pub(crate) version: u64,
    pub(crate) progress: Progress,
}

/// What a range of hours is asked of: the whole campaign or an option, on all channels or
/// one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Within {
    pub(crate) standing: Standing,
    pub(crate) option: Option<OptionNo>,
    pub(crate) channel: Option<ChannelNo>,
    /// The first hour, and the one behind the last.
    pub(crate) hours: (i32, i32),
}

/// What campaigns need besides what every route needs. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Campaigns {
    pub(crate) queue: Queue,
    pub(crate) papers: Kept<(CampaignId, u64), Option<Arc<Paper>>>,
    pub(crate) results: Kept<CampaignId, Frozen>,
    /// Boards of a range. A client may ask for any, so they are no entries in the cache.
    pub(crate) ranges: Kept<Within, Snapshot>,
    pub(crate) series: Kept<Within, Series>,
    /// Boards being made for those who ask for the same at the same time.
    pub(crate) boards: Gathered<(CampaignId, RangeQuery), Arc<Tagged>>,
    /// Boards as they were answered last.
    pub(crate) shown: moka::sync::Cache<board::Place, Shown>,
    /// How many fans of an option have more than so many tickets.
    pub(crate) ranks: Kept<(CampaignId, OptionNo, u64), u32>,
}

impl Campaigns {
    pub(crate) fn new(queue: Queue) -> Self {
        Self {
            queue,
            papers: Kept::new(FIXED_LIFE, KEPT_BYTES_MAX, |paper: &Option<Arc<Paper>>| {
                paper.as_ref().map_or(0, |paper| paper.n_bytes())
            }),
            results: Kept::new(FIXED_LIFE, KEPT_BYTES_MAX, Frozen::n_bytes),
            ranges: Kept::new(SNAPSHOT_LIFE, KEPT_BYTES_MAX, Snapshot::n_bytes),
            series: Kept::new(SNAPSHOT_LIFE, KEPT_BYTES_MAX, Series::n_bytes),
            boards: Gathered::new(),
            shown: shown_boards(),
            ranks: Kept::new(SNAPSHOT_LIFE, KEPT_BYTES_MAX / 8, |_| 0),
        }
    }
}
