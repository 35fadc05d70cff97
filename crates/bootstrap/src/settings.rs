//! Settings: every key that can be set, its default and its limits, and where they are
//! read from. `docs/CONFIGURATION.md` is written from these declarations.

mod accounts;
mod boxes;
mod load;
mod networks;
mod page;
mod partners;
mod process;
mod rate_limits;
mod retention;
mod section;
mod servers;
mod voting;

pub use accounts::{Admin, Auth, SigningKey};
pub use boxes::{Boxes, UnknownBox};
pub use load::{ConfigFile, SettingsError, Sources};
pub use networks::{Networks, UnknownNetwork};
pub use page::render_page;
pub use partners::Partners;
pub use process::{ForwardedHeader, Http, Log, LogFormat};
pub use rate_limits::RateLimits;
pub use retention::Retention;
pub use section::Key;
pub use servers::{Mysql, Rabbitmq, Redis};
pub use voting::{Cache, Gateway, Reviews, Reward, Site, Worker};

use section::{Section, section};

section! {
    /// All settings, shared by all services: each reads the sections it needs.
    Settings {
        section
        /// Where the service listens, and what it asks of its clients.
        http: Http;
        section
        /// What is logged, and how.
        log: Log;
        section
        /// The SQL server.
        mysql: Mysql;
        section
        /// The message broker that carries votes.
        rabbitmq: Rabbitmq;
        section
        /// The Redis server.
        redis: Redis;
        section
        /// How accounts are kept and how long their tokens live.
        auth: Auth;
        section
        /// The first admin.
        admin: Admin;
        section
        /// Partners, whose servers sign their requests.
        partners: Partners;
        section
        /// Where the site is at home.
        site: Site;
        section
        /// Votes on reviews.
        reviews: Reviews;
        section
        /// How votes are admitted and enqueued.
        gateway: Gateway;
        section
        /// How votes are settled.
        worker: Worker;
        section
        /// How long what was read from SQL is kept in Redis.
        cache: Cache;
        section
        /// How often one client may call.
        rate_limits: RateLimits;
        section
        /// How long rows are kept that nothing needs any more.
        retention: Retention;
    }
}

impl Settings {
    /// Every key with its default, in the order of the page.
    #[must_use]
    pub fn keys() -> Vec<Key> {
        let mut keys = Vec::new();
        Self::default().describe("", &mut keys);
        keys
    }

    /// Every fault in the values, as sentences; empty when all are sound.
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        self.check_ranges("", &mut faults);
        self.redis.check(&mut faults);
        self.auth.check(&mut faults);
        self.admin.check(&mut faults);
        self.partners.check(&mut faults);
        faults
    }
}
