//! Who is alive, and whether Redis still is the one it was.

use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;

use crate::{Cache, CacheError};

impl Cache {
    /// The marker that lies in Redis since it was last empty; none while it is. In a
    /// Redis Cluster there is one in each master, and this stands for all of them: it
    /// changes when one loses its data, when a replica takes the place of one, and when slots
    /// move to another set of masters. That a server lost the last it was told does not show:
    /// with `appendfsync everysec` that is a second, where its machine lost power.
    ///
    /// # Errors
    /// [`CacheError`]: a master is away.
    pub async fn epoch(&self) -> Result<Option<Uuid>, CacheError> {
        let keys = self.keys_of_epoch().await?;
        let mut epochs = Vec::with_capacity(keys.len());
        for (key, value) in keys.iter().zip(self.get_values(&keys).await) {
            match value? {
                Some(value) => epochs.push(parse(key, &value)?),
                None => return Ok(None),
            }
        }
        Ok(combine(epochs))
    }

    /// Lays down `epoch` where there is none; gives the one that stands. Safe to repeat.
    ///
    /// # Errors
    /// [`CacheError`]: it may have been laid down.
    pub async fn set_epoch_if_absent(&self, epoch: Uuid) -> Result<Uuid, CacheError> {
        let value = Bytes::copy_from_slice(epoch.as_bytes());
        let mut epochs = Vec::new();
        for key in self.keys_of_epoch().await? {
            epochs.push(match self.get_or_set(&key, value.clone(), None).await? {
                Some(value) => parse(&key, &value)?,
                None => epoch,
            });
        }
        let nowhere = || CacheError::Unavailable("no master has slots".to_owned());
        combine(epochs).ok_or_else(nowhere)
    }

    async fn keys_of_epoch(&self) -> Result<Vec<String>, CacheError> {
        self.key_everywhere(&self.keys.epoch()).await
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
        let values = self.get_values(&keys).await.into_iter();
        values
            .map(|value| value.map(|value| value.is_some()))
            .collect()
    }
}

/// One epoch as it is, several as one that changes with each of them.
fn combine(epochs: Vec<Uuid>) -> Option<Uuid> {
    let numbers = epochs.into_iter().map(|epoch| epoch.as_u128());
    // Odd, so that no bit of the former ones is lost.
    const SPREAD: u128 = 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835;
    let one = numbers.reduce(|all, next| all.wrapping_mul(SPREAD).rotate_left(29) ^ next);
    one.map(Uuid::from_u128)
}

fn parse(key: &str, value: &[u8]) -> Result<Uuid, CacheError> {
    Uuid::from_slice(value).map_err(|_| CacheError::Foreign(key.to_owned()))
}
