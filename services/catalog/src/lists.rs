//! What lists share: their first pages are kept in the cache.

use std::future::Future;

use http_kit::{Limit, Problem};
use serde::Serialize;
use serde::de::DeserializeOwned;
use vote_store::StoreError;

use crate::catalog::Catalog;
use crate::entries::Life;
use crate::failure::Failure;

impl Catalog {
    /// How long a thing is kept, and that there is none.
    pub(crate) fn life(&self) -> Life {
        Life {
            ttl: self.settings.entity_ttl,
            missing_ttl: self.settings.missing_ttl,
        }
    }

    /// The first page of `list` in `order`, from the cache or else from `load`.
    pub(crate) async fn first_page<T, Loading>(
        &self,
        list: &str,
        order: &str,
        limit: Limit,
        load: impl FnOnce() -> Loading + Send + 'static,
    ) -> Result<T, Failure>
    where
        T: Serialize + DeserializeOwned + 'static,
        Loading: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let generation = self.generation(list).await?;
        let name = format!("page:{list}:{generation}:{order}:{}", limit.get());
        let life = Life {
            ttl: self.settings.list_ttl,
            missing_ttl: self.settings.list_ttl,
        };
        let load = || async move { load().await.map(Some) };
        let page = self.entries.get(&name, life, load).await?;
        Ok(page.ok_or_else(Problem::internal_unlogged)?)
    }

    /// The generation of `list`.
    pub(crate) async fn generation(&self, list: &str) -> Result<String, Failure> {
        self.entries
            .generation(list, self.settings.entity_ttl)
            .await
    }
}
