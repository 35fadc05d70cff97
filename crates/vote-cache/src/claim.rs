//! Names that can be claimed once, and the time by which that is reckoned.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};

use crate::{Cache, CacheError, Token};

impl Cache {
    /// The time of whoever keeps the data: Redis' own, or the clock of the cache in
    /// memory. All processes that share a Redis share it.
    ///
    /// # Errors
    /// [`CacheError`].
    pub async fn now(&self) -> Result<DateTime<Utc>, CacheError> {
        self.time().await
    }

    /// Claims `name` for `ttl`, to the millisecond; whether nobody had. Of all that ask at
    /// once, in whatever process, one is told so.
    ///
    /// # Errors
    /// [`CacheError`]: it may have been claimed.
    pub async fn claim(&self, name: &str, ttl: Duration) -> Result<bool, CacheError> {
        let key = self.keys.claim(name);
        // Known by its token again, if the connection sends the claim twice.
        let token = Bytes::copy_from_slice(&Token::draw(&self.ids).0);
        let before = self.get_or_set(&key, token.clone(), Some(ttl)).await?;
        Ok(before.is_none_or(|before| before == token))
    }
}
