//! A fresh database of either kind for each test.

mod statements;

use anyhow::Result;
use test_stack::{Stack, TestScope};
use uuid::Uuid;
use vote_store::verify::{Findings, RewardsDue};
use vote_store::{MysqlSettings, Store};

/// A store with the schema in place.
pub(crate) struct Backend {
    /// The store.
    pub(crate) store: Store,
    _place: Place,
}

/// Where the rows lie, until the test is over.
enum Place {
    Folder(#[expect(dead_code, reason = "kept until dropped")] tempfile::TempDir),
    Server(#[expect(dead_code, reason = "kept until dropped")] TestScope),
}

#[allow(dead_code, reason = "each test file uses its own part")]
impl Backend {
    /// An SQLite file.
    pub(crate) async fn sqlite() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let store = Store::sqlite(folder.path().join("tally.db")).await?;
        store.migrate().await?;
        Ok(Self {
            store,
            _place: Place::Folder(folder),
        })
    }

    /// A database of its own on MariaDB or MySQL.
    pub(crate) async fn mysql(test: &str) -> Result<Self> {
        let scope = Stack::isolated(test).await?;
        statements::watch();
        let store = Store::mysql(&MysqlSettings::new(&scope.mysql_url))?;
        store.migrate().await?;
        Ok(Self {
            store,
            _place: Place::Server(scope),
        })
    }

    /// Puts a review there, so that it can be voted on.
    pub(crate) async fn review(&self, review: Uuid, author: Uuid) -> Result<()> {
        let at = "'2026-03-01 00:00:00.000000'";
        let none = "X'00000000000000000000000000000000'";
        self.store
            .execute_raw(&format!(
                "INSERT INTO reviews VALUES ({}, {none}, {none}, {}, 4, 'good', 1, {at}, {at}, NULL)",
                literal(review),
                literal(author)
            ))
            .await?;
        Ok(())
    }

    /// Puts an account there.
    pub(crate) async fn user(&self, user: Uuid) -> Result<()> {
        self.store
            .execute_raw(&format!(
                "INSERT INTO users VALUES ({}, '{user}', '', 'member', 0, '2026-03-01 00:00:00.000000')",
                literal(user)
            ))
            .await?;
        Ok(())
    }

    /// Holds what SQL has of votes on reviews to what the ledger says.
    pub(crate) async fn assert_review_books_hold(&self) -> Result<()> {
        let mut findings = Findings::default();
        let checked = self
            .store
            .verify_reviews(RewardsDue::Unknown, &mut findings, &|_| {});
        checked.await?;
        assert_eq!(findings.violations(), []);
        Ok(())
    }

    /// Reads an account's credit.
    pub(crate) async fn credit(&self, user: Uuid) -> Result<i64> {
        let sql = format!(
            "SELECT credit AS n FROM users WHERE user_id = {}",
            literal(user)
        );
        Ok(self.store.select_number(&sql).await?)
    }
}

/// `id` as both kinds of SQL write it.
fn literal(id: Uuid) -> String {
    format!("X'{}'", id.simple())
}

/// Writes one test for each backend.
macro_rules! on_each_backend {
    ($(async fn $name:ident($backend:ident: Backend) -> Result<()> $body:block)*) => {
        $(
            async fn $name($backend: $crate::backends::Backend) -> anyhow::Result<()> $body
        )*
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() -> anyhow::Result<()> {
                    super::$name($crate::backends::Backend::sqlite().await?).await
                }
            )*
        }
        mod mysql {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() -> anyhow::Result<()> {
                    let backend = $crate::backends::Backend::mysql(stringify!($name)).await?;
                    super::$name(backend).await
                }
            )*
        }
    };
}
pub(crate) use on_each_backend;
