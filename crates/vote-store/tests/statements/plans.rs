//! Every statement finds its rows by an index, however many there are.

use anyhow::{Context, Result};
use test_stack::Stack;
use vote_store::{MysqlSettings, Store};

use crate::listed;

/// Words of statements that may read a whole table, with why.
const SCANS: [(&str, &str); 1] = [(
    "FROM `dead_letters` ",
    "letters are few, and operators list them by hand",
)];

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_finds_its_rows_by_an_index() -> Result<()> {
    let scope = Stack::isolated("statements_by_index").await?;
    let store = Store::mysql(&MysqlSettings::new(&scope.mysql_url))?;
    store.migrate().await?;
    // MySQL rather sorts what is empty than read an index; it must only take each statement.
    let is_mariadb = "SELECT VERSION() LIKE '%MariaDB%' AS n";
    let sorts_by_index = store.select_number(is_mariadb).await? == 1;
    let mut scans = Vec::new();
    let mut n_explained = 0;
    for statement in listed() {
        let text = &statement.text;
        let finds = ["SELECT ", "(SELECT ", "UPDATE ", "DELETE "];
        if !finds.iter().any(|begin| text.starts_with(begin)) {
            continue;
        }
        let plan = store.explain(&statement.with_values()).await;
        let plan = plan.with_context(|| statement.with_values())?;
        n_explained += 1;
        for table in plan {
            let extra = table.extra.clone().unwrap_or_default();
            // Found, or found missing, by a whole key while the plan was made; or no table.
            let is_looked_up = table.access.is_none() || extra.contains("const table");
            // What another part of the statement found, or what it was asked for.
            let is_derived = (table.table.as_deref()).is_some_and(|name| name.starts_with('<'));
            let by_index = table.possible_keys.is_some() || table.key.is_some();
            let is_sorted = extra.contains("filesort") && !sorts_by_index;
            let may = SCANS.iter().any(|(words, _)| text.contains(words));
            if !is_looked_up && !is_derived && !by_index && !is_sorted && !may {
                scans.push(format!("{table:?}\n    {text}"));
            }
        }
    }
    assert!(n_explained > 50, "{n_explained}");
    assert!(
        scans.is_empty(),
        "these read whole tables:\n{}",
        scans.join("\n")
    );
    Ok(())
}
