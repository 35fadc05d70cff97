//! Sections about votes: the rules' numbers, and the pace of gateway, worker and cache.

use chrono_tz::Tz;

use super::boxes::Boxes;
use super::section::section;

section! {
    /// Where the site is at home.
    Site {
        /// Zone whose midnight begins a new day of votes.
        time_zone: Tz = Tz::UTC;
    }
}

section! {
    /// Votes on reviews.
    Reviews {
        /// Votes a member may cast on reviews in one local day.
        votes_per_day: u32 = 3, 0..=10_000;
        section
        /// What a well received review earns its author.
        reward: Reward;
    }
}

section! {
    /// What a well received review earns its author, once.
    Reward {
        /// Members who must ever have voted the review up.
        up_votes: u32 = 10, 1..=1_000_000;
        /// Credit the author is given then.
        credit: u32 = 1, 0..=1_000_000;
    }
}

section! {
    /// How votes are admitted and enqueued.
    Gateway {
        /// Longest from a ballot's first look at its campaign to its vote's admission, and from
        /// there to its answer, in milliseconds; then 503.
        accept_timeout_ms: u64 = 3_000, 10..=5_000;
        /// Publishes in flight at once for each ballot box. The more, the fewer votes travel
        /// together, and the more the broker has to do for each.
        lanes: usize = 2, 1..=64;
        /// Most votes in one message.
        batch_votes_max: usize = 256, 1..=10_000;
        /// Most bytes in one message.
        batch_bytes_max: usize = 65_536, 1_024..=1_048_576;
        /// Most votes that wait for a publish; more are answered 503.
        waiting_max: usize = 10_000, 1..=1_000_000;
        /// Oldest a voter's base may be before it is read from SQL again, in seconds.
        base_max_age_s: u64 = 30, 1..=3_600;
        /// Oldest the facts about a review or campaign may be, in milliseconds. A campaign is
        /// fixed before its start for longer than that.
        facts_max_age_ms: u64 = 2_000, 0..=2_000;
        /// Most ballots being cast at once; more are answered 503 `overloaded`, for they would
        /// only make all others wait.
        casts_max: usize = 1_000, 1..=1_000_000;
        /// How long a ballot box's oldest vote may wait to be settled, in seconds, before the
        /// box takes no more: 503 `overloaded` until it is down to half of that. 0 for no
        /// limit. Votes are durable while they wait, so the default outlasts workers that are
        /// away for five minutes, and the time to catch up; lower it where it matters more
        /// that counts are fresh.
        box_age_max_s: u64 = 600, 0..=604_800;
        /// How much memory the process may use, in MiB, before it takes no more votes: 503
        /// `overloaded` until it is 10 percent below. 0 for no limit.
        memory_max_mib: u64 = 1_024, 0..=16_777_216;
    }
}

section! {
    /// How votes are settled.
    Worker {
        /// Most votes settled in one transaction.
        batch_votes_max: usize = 500, 1..=5_000;
        /// Longest the first vote waits for its batch, in milliseconds.
        batch_linger_ms: u64 = 20, 0..=1_000;
        /// Ballot boxes this process serves: `reviews`, `campaigns` for all of them, or
        /// campaigns' ids. See to it that every box is served by somebody: who serves a
        /// campaign's box also closes the campaign.
        boxes: Boxes = Boxes::all();
        /// Consumers one process runs for the box of review votes. Each settles one batch at
        /// a time: of more, batches are smaller, and cost SQL more for each vote.
        consumers: usize = 1, 1..=64;
        /// Consumers one process runs for the box of each campaign that is open or about
        /// to open. Each is a channel of the one connection votes are consumed on, and
        /// brokers allow 2,047 of these: this times the open campaigns must stay below.
        campaign_consumers: usize = 1, 1..=64;
        /// Messages the broker hands a consumer ahead of their acknowledgement: a batch has
        /// no more.
        prefetch: u16 = 128, 1..=10_000;
        /// How long the box of a campaign that is over must stay empty before the campaign
        /// is closed, in milliseconds; at least `gateway.accept_timeout_ms` is waited.
        close_quiet_ms: u64 = 5_000, 100..=600_000;
    }
}

section! {
    /// How long what was read from SQL is kept in Redis.
    Cache {
        /// Counters of a review, in seconds.
        counter_ttl_s: u64 = 10, 1..=86_400;
        /// Restaurants, items and reviews, in seconds.
        entity_ttl_s: u64 = 60, 1..=86_400;
        /// That something does not exist, in seconds.
        missing_ttl_s: u64 = 5, 1..=3_600;
        /// How far a time to live strays from the number above, in percent either way,
        /// so that what was read together does not expire together.
        jitter_percent: u32 = 20, 0..=90;
        /// Lists, in milliseconds.
        list_ttl_ms: u64 = 2_000, 1..=3_600_000;
    }
}
