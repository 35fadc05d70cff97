//! The section about how often one client may call.

use super::section::section;

section! {
    /// How often one client may call. Each process counts for itself, so behind a balancer
    /// with two of them a client may do twice as much. All of a window's requests may come at
    /// once; then room for one comes back after each part of it.
    RateLimits {
        /// Whether rate limits hold; switch them off for load tests and imports only.
        enabled: bool = true;
        /// Reads from one address, in 10 seconds. Of IPv6, the first 64 bits are an address.
        address_reads: u32 = 10_000, 1..=10_000_000;
        /// Reads by one account, in 10 seconds: enough to poll 100 reviews one by one each
        /// second.
        voter_reads: u32 = 2_000, 1..=10_000_000;
        /// Votes and other changes from one address, in 10 seconds.
        address_writes: u32 = 2_000, 1..=10_000_000;
        /// Votes and other changes by one account, in 10 seconds.
        voter_writes: u32 = 200, 1..=10_000_000;
        /// Sign-ins and renewed sessions from one address, in 60 seconds.
        address_logins: u32 = 300, 1..=10_000_000;
        /// Sign-ins under one user name, from wherever they come, in 60 seconds.
        name_logins: u32 = 30, 1..=10_000_000;
        /// New accounts from one address, in 60 seconds.
        address_sign_ups: u32 = 300, 1..=10_000_000;
        /// Requests signed with one partner's key, in 10 seconds; as many with any signature
        /// from one address.
        partner_requests: u32 = 20_000, 1..=10_000_000;
    }
}
