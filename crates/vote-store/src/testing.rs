//! What only tests may do: anything, in SQL.

use diesel_async::SimpleAsyncConnection;

use crate::run::Backend;
use crate::{Store, StoreError};

impl Store {
    /// Runs `sql` as it stands, in words that the backend in use understands.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn execute_raw(&self, sql: &str) -> Result<(), StoreError> {
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
        let query = diesel::sql_query(sql);
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

#[derive(diesel::QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}
