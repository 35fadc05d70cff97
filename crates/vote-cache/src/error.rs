//! Why the cache did not answer.

/// Why a call failed. Every call of this crate may be repeated.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CacheError {
    /// Redis is away, overloaded, out of memory or refuses. Whether a write of the call
    /// was done is not known.
    #[error("Redis is unavailable: {0}")]
    Unavailable(String),
    /// The settings name no Redis that this build can reach.
    #[error(
        "`redis.url` is not a URL such as redis://host:port/0 or redis-cluster://host:port,host:port"
    )]
    InvalidUrl,
    /// Something else wrote to a key of ours.
    #[error("the value of {0} is not one of ours")]
    Foreign(String),
}
