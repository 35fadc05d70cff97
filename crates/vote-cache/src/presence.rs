//! Who is alive, and whether Redis still is the one it was.

use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;

use crate::{Cache, CacheError};

impl Cache {
    /// The marker that lies in Redis since it was last empty; none while it is.
    ///
    /// # Errors
    /// [`CacheError`].
    pub async fn epoch(&self) -> Result<Option<Uuid>, CacheError> {
        let key = self.keys.epoch();
        let mut values = self.get_values(std::slice::from_ref(&key)).await?;
        let value = values.pop().flatten();
        value.map(|value| parse(&key, &value)).transpose()
    }

    /// Lays down `epoch` where there is none; gives the one that stands. Safe to repeat.
    ///
    /// # Errors
    /// [`CacheError`]: it may have been laid down.
    pub async fn set_epoch_if_absent(&self, epoch: Uuid) -> Result<Uuid, CacheError> {
        let key = self.keys.epoch();
        let value = Bytes::copy_from_slice(epoch.as_bytes());
        match self.get_or_set(&key, value, None).await? {
            Some(value) => parse(&key, &value),
            None => Ok(epoch),
        }
    }

    /// Says that `gateway` is alive for `ttl` from now.
    ///
    /// # Errors
    /// [`CacheError`].
    pub async fn beat(&self, gateway: Uuid, ttl: Duration) -> Result<(), CacheError> {
        let key = self.keys.gateway(gateway);
        self.set(&key, Bytes::from_static(b"1"), ttl).await
    }

    /// Which of `gateways` said so, in their order.
    ///
    /// # Errors
    /// [`CacheError`].
    pub async fn alive(&self, gateways: &[Uuid]) -> Result<Vec<bool>, CacheError> {
        let keys: Vec<_> = gateways.iter().map(|id| self.keys.gateway(*id)).collect();
        let values = self.get_values(&keys).await?;
        Ok(values.iter().map(Option::is_some).collect())
    }
}

fn parse(key: &str, value: &[u8]) -> Result<Uuid, CacheError> {
    Uuid::from_slice(value).map_err(|_| CacheError::Foreign(key.to_owned()))
}
