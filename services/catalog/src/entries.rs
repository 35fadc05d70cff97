//! What is read through the cache: things and first pages of lists, as JSON.
//!
//! A list is kept under its *generation*, a random id that is itself an entry. Whoever
//! changes the list invalidates the generation, and with it every page at once. Only
//! first pages are kept, for there are few of those: a client may make up any number of
//! searches and cursors, and those must not fill the cache.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;
use vote_cache::{Cache, Entry, Loader};
use vote_domain::Ids;
use vote_store::StoreError;

use crate::failure::{Failure, overloaded};
use crate::turns::Turns;

/// Most loads from SQL at once that go through the cache, and again that do not.
const LOADS_MAX: usize = 16;

/// Most searches at once: one may read a whole table, and others want a connection, too.
const SEARCHES_MAX: usize = 2;

/// How long an entry lives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Life {
    /// A thing.
    pub(crate) ttl: Duration,
    /// That there is none.
    pub(crate) missing_ttl: Duration,
}

/// What a page is called in place of its list's generation while the cache is away.
const NO_GENERATION: &str = "none";

/// Entries in front of SQL. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Entries {
    cache: Cache,
    ids: Ids,
    loader: Loader<StoreError>,
    turns: Turns,
    searches: Turns,
}

impl Entries {
    pub(crate) fn new(cache: Cache, ids: Ids) -> Self {
        Self {
            loader: Loader::new(cache.clone(), LOADS_MAX),
            turns: Turns::new(LOADS_MAX),
            searches: Turns::new(SEARCHES_MAX),
            cache,
            ids,
        }
    }

    /// The thing called `name`, from the cache or else from `load`.
    pub(crate) async fn get<T, Loading>(
        &self,
        name: &str,
        life: Life,
        load: impl FnOnce() -> Loading + Send + 'static,
    ) -> Result<Option<T>, Failure>
    where
        T: Serialize + DeserializeOwned + 'static,
        Loading: Future<Output = Result<Option<T>, StoreError>> + Send + 'static,
    {
        let load = || async move {
            let thing = load().await?;
            thing.map(|thing| encode(&thing)).transpose()
        };
        let bytes = self
            .loader
            .get_or_load(name, life.ttl, life.missing_ttl, load)
            .await?;
        let Some(bytes) = bytes else { return Ok(None) };
        match serde_json::from_slice(&bytes) {
            Ok(thing) => Ok(Some(thing)),
            // Of another version's making: the next who asks reads it from SQL.
            Err(error) => {
                tracing::warn!(%error, name, "an entry cannot be read");
                self.invalidate(&[name.to_owned()]).await;
                Err(overloaded("The entry is being read anew.").into())
            }
        }
    }

    /// What `load` gives, not kept: for what a client may ask in any number of ways.
    pub(crate) async fn uncached<T, Loading>(
        &self,
        load: impl FnOnce() -> Loading,
    ) -> Result<T, Failure>
    where
        Loading: Future<Output = Result<T, StoreError>>,
    {
        let _turn = self.turns.take().await?;
        Ok(load().await?)
    }

    /// What `search` finds, not kept; few search at once.
    pub(crate) async fn searched<T, Loading>(
        &self,
        search: impl FnOnce() -> Loading,
    ) -> Result<T, Failure>
    where
        Loading: Future<Output = Result<T, StoreError>>,
    {
        let _turn = self.searches.take().await?;
        Ok(search().await?)
    }

    /// The generation of the list called `list`: another one after each invalidation.
    pub(crate) async fn generation(&self, list: &str, ttl: Duration) -> Result<String, Failure> {
        let kept = match self.cache.get(list).await {
            Ok(Some(Entry::Value(bytes))) => Some(bytes),
            Ok(Some(Entry::Missing) | None) => {
                let drawn: Uuid = self.ids.next();
                let draw = move || async move { Ok(Some(Bytes::from(drawn.to_string()))) };
                self.loader.get_or_load(list, ttl, ttl, draw).await?
            }
            Err(_) => None,
        };
        let text = kept.and_then(|bytes| String::from_utf8(bytes.into()).ok());
        Ok(text.unwrap_or_else(|| NO_GENERATION.to_owned()))
    }

    /// Forgets what is kept under `names`. Where the cache is away, it may come back with
    /// them, and they then live until their time is up.
    pub(crate) async fn invalidate(&self, names: &[String]) {
        if let Err(error) = self.cache.invalidate(names).await {
            tracing::warn!(%error, "entries not invalidated");
        }
    }
}

fn encode(thing: &impl Serialize) -> Result<Bytes, StoreError> {
    match serde_json::to_vec(thing) {
        Ok(bytes) => Ok(bytes.into()),
        Err(error) => Err(StoreError::Refused(format!("entry: {error}"))),
    }
}
