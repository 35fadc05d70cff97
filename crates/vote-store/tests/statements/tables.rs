//! What the rules ask of tables and keys, as the server describes them.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use test_stack::{Stack, TestScope};
use vote_store::{MysqlSettings, Store};

use crate::listed;
use crate::statement::Statement;

/// A database with the schema in place.
struct Schema {
    store: Store,
    _scope: TestScope,
}

/// The columns of each key of a table, by the key's name, in order.
type Keys = BTreeMap<String, Vec<String>>;

impl Schema {
    async fn new(test: &str) -> Result<Self> {
        let scope = Stack::isolated(test).await?;
        let store = Store::mysql(&MysqlSettings::new(&scope.mysql_url))?;
        store.migrate().await?;
        Ok(Self {
            store,
            _scope: scope,
        })
    }

    /// What `sql` selects as `text`, a line each.
    async fn lines(&self, sql: &str) -> Result<Vec<String>> {
        Ok(self.store.select_texts(sql).await?)
    }

    /// The unique keys of each table, the primary one among them.
    async fn unique_keys(&self) -> Result<BTreeMap<String, Keys>> {
        let lines = self
            .lines(
                "SELECT CONCAT(table_name, ' ', index_name, ' ', column_name) AS text \
                 FROM information_schema.statistics \
                 WHERE table_schema = DATABASE() AND non_unique = 0 \
                 ORDER BY table_name, index_name, seq_in_index",
            )
            .await?;
        let mut tables: BTreeMap<String, Keys> = BTreeMap::new();
        for line in lines {
            let [table, key, column] = line.split(' ').collect::<Vec<_>>()[..] else {
                anyhow::bail!("{line:?}");
            };
            let keys = tables.entry(table.to_owned()).or_default();
            keys.entry(key.to_owned())
                .or_default()
                .push(column.to_owned());
        }
        Ok(tables)
    }

    /// Nothing that `sql` selects as `text`.
    async fn has_none(&self, what: &str, sql: &str) -> Result<()> {
        let found = self.lines(sql).await?;
        assert!(found.is_empty(), "{what}: {found:?}");
        Ok(())
    }
}

/// What `migrate` itself keeps.
const MIGRATIONS: &str = "'__diesel_schema_migrations'";

#[tokio::test(flavor = "multi_thread")]
async fn tables_keep_the_storage_rules() -> Result<()> {
    let schema = Schema::new("tables_keep_the_rules").await?;
    let columns = "FROM information_schema.columns WHERE table_schema = DATABASE()";
    let named = "CONCAT(table_name, '.', column_name) AS text";
    schema
        .has_none(
            "ids that the server makes up",
            &format!("SELECT {named} {columns} AND extra LIKE '%auto_increment%'"),
        )
        .await?;
    schema
        .has_none(
            "foreign keys",
            "SELECT CONCAT(table_name, '.', constraint_name) AS text \
             FROM information_schema.table_constraints \
             WHERE table_schema = DATABASE() AND constraint_type = 'FOREIGN KEY'",
        )
        .await?;
    schema
        .has_none(
            "times that are not DATETIME(6)",
            &format!(
                "SELECT {named} {columns} AND data_type IN ('datetime', 'timestamp', 'time') \
                 AND column_type <> 'datetime(6)' AND table_name <> {MIGRATIONS}"
            ),
        )
        .await?;
    schema
        .has_none(
            "times that the server makes up",
            &format!(
                "SELECT {named} {columns} AND (extra LIKE '%on update%' \
                 OR column_default LIKE '%current_timestamp%') AND table_name <> {MIGRATIONS}"
            ),
        )
        .await?;
    // One name is one name however its letters are spelled; TiDB knows this order, too.
    let named_otherwise =
        "NOT (column_name = 'user_name' AND collation_name = 'utf8mb4_general_ci')";
    schema
        .has_none(
            "keys of text that are not compared by their bytes",
            &format!(
                "SELECT {named} {columns} AND column_key <> '' \
                 AND collation_name IS NOT NULL AND collation_name <> 'utf8mb4_bin' \
                 AND {named_otherwise} \
                 AND table_name <> {MIGRATIONS}"
            ),
        )
        .await?;
    schema
        .has_none(
            "triggers",
            "SELECT trigger_name AS text FROM information_schema.triggers \
             WHERE trigger_schema = DATABASE()",
        )
        .await?;
    schema
        .has_none(
            "tables without a primary key",
            "SELECT table_name AS text FROM information_schema.tables t \
             WHERE table_schema = DATABASE() AND NOT EXISTS (SELECT 1 \
             FROM information_schema.table_constraints c WHERE c.table_schema = t.table_schema \
             AND c.table_name = t.table_name AND c.constraint_type = 'PRIMARY KEY')",
        )
        .await?;
    schema
        .has_none(
            "keys that lead with a time: on TiDB all writes go to one place",
            &format!(
                "SELECT CONCAT(s.table_name, '.', s.index_name) AS text \
                 FROM information_schema.statistics s JOIN information_schema.columns c \
                 ON c.table_schema = s.table_schema AND c.table_name = s.table_name \
                 AND c.column_name = s.column_name \
                 WHERE s.table_schema = DATABASE() AND s.index_name = 'PRIMARY' \
                 AND s.seq_in_index = 1 AND c.data_type = 'datetime' \
                 AND s.table_name <> {MIGRATIONS}"
            ),
        )
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_upserted_has_one_unique_key() -> Result<()> {
    let keys = Schema::new("upserted_tables").await?.unique_keys().await?;
    let statements = listed();
    let upserted: BTreeSet<_> = (statements.iter())
        .filter(|statement| statement.is_upsert())
        .filter_map(Statement::table)
        .collect();
    assert!(upserted.len() > 5, "{upserted:?}");
    for table in upserted {
        assert_eq!(keys[table].len(), 1, "{table}: {:?}", keys[table]);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_locked_by_their_full_key() -> Result<()> {
    let keys = Schema::new("locked_rows").await?.unique_keys().await?;
    let statements = listed();
    let locking: Vec<_> = statements.iter().filter(|s| s.locks_rows()).collect();
    assert!(locking.len() >= 3);
    for statement in locking {
        let text = &statement.text;
        let Some(table) = statement.table() else {
            panic!("a join that locks: {text}");
        };
        let fixed = statement.fixed_columns();
        let is_by_key = keys[table]
            .values()
            .any(|key| key.iter().all(|column| fixed.contains(column)));
        assert!(
            is_by_key,
            "{:?} of {table} are not all fixed: {text}",
            keys[table]
        );
    }
    Ok(())
}
