//! What only tests may do: anything, in SQL.

use diesel::sql_types::{Nullable, Text};
use diesel_async::SimpleAsyncConnection;

use crate::run::Backend;
use crate::{Store, StoreError};

impl Store {
    /// Runs `sql` as it stands, in words that the backend in use understands.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn execute_raw(&self, sql: &str) -> Result<(), StoreError> {
        let sql = &marked(sql);
        match &self.backend {
            Backend::Mysql(backend) => {
                let mut lease = backend.writer().await?;
                lease.connection()?.batch_execute(sql).await?;
                lease.finish(None);
            }
            Backend::Sqlite(backend) => {
                let mut lease = backend.writer().await?;
                lease.connection().batch_execute(sql).await?;
                lease.finish();
            }
        }
        Ok(())
    }

    /// Reads the one whole number that `sql` selects as `n`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn select_number(&self, sql: &str) -> Result<i64, StoreError> {
        use diesel_async::RunQueryDsl;
        let query = diesel::sql_query(marked(sql));
        let row: Number = match &self.backend {
            Backend::Mysql(backend) => {
                let mut lease = backend.writer().await?;
                let row = query.get_result(lease.connection()?).await?;
                lease.finish(None);
                row
            }
            Backend::Sqlite(backend) => {
                let mut lease = backend.writer().await?;
                let row = query.get_result(lease.connection()).await?;
                lease.finish();
                row
            }
        };
        Ok(row.n)
    }
}

impl Store {
    /// Reads the texts that `sql` selects as `text`, on MariaDB or MySQL; none on SQLite.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn select_texts(&self, sql: &str) -> Result<Vec<String>, StoreError> {
        use diesel_async::RunQueryDsl;
        let Backend::Mysql(backend) = &self.backend else {
            return Ok(Vec::new());
        };
        let mut lease = backend.reader().await?;
        let query = diesel::sql_query(marked(sql));
        let rows: Vec<Line> = query.load(lease.connection()?).await?;
        lease.finish(None);
        Ok(rows.into_iter().map(|row| row.text).collect())
    }
}

/// `sql` with a word that tells it from the store's own statements.
fn marked(sql: &str) -> String {
    format!("/* test */ {sql}")
}

/// How MariaDB or MySQL goes about one table of a statement.
#[derive(Clone, Debug, diesel::QueryableByName)]
pub struct Explained {
    /// The table; `<derived2>` is what the query that is explained as number 2 found.
    #[diesel(sql_type = Nullable<Text>)]
    pub table: Option<String>,
    /// How rows are found; `ALL` is a full scan, `index` one of an index.
    #[diesel(sql_type = Nullable<Text>, column_name = "type")]
    pub access: Option<String>,
    /// The indexes that could be used.
    #[diesel(sql_type = Nullable<Text>)]
    pub possible_keys: Option<String>,
    /// The index in use.
    #[diesel(sql_type = Nullable<Text>)]
    pub key: Option<String>,
    /// What is done besides, such as `Using filesort`.
    #[diesel(sql_type = Nullable<Text>, column_name = "Extra")]
    pub extra: Option<String>,
}

/// The statements that boards and fans are read with, `?` for what is bound.
#[must_use]
pub fn board_statements() -> Vec<&'static str> {
    crate::statements::all()
}

impl Store {
    /// Has MariaDB or MySQL explain `sql`; nothing on SQLite.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn explain(&self, sql: &str) -> Result<Vec<Explained>, StoreError> {
        use diesel_async::RunQueryDsl;
        let Backend::Mysql(backend) = &self.backend else {
            return Ok(Vec::new());
        };
        let mut lease = backend.reader().await?;
        let query = diesel::sql_query(format!("EXPLAIN FORMAT=TRADITIONAL {sql}"));
        let rows = query.load(lease.connection()?).await?;
        lease.finish(None);
        Ok(rows)
    }
}

#[derive(diesel::QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    text: String,
}
