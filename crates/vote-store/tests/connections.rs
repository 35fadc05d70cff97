//! Connections that a server let go of.

use std::time::Duration;

use anyhow::Result;
use test_stack::Stack;
use vote_store::{MysqlSettings, Store};

/// The server lets go of a connection that rests for a minute; here it is told to.
#[tokio::test]
async fn a_connection_that_the_server_let_go_of_is_not_written_on() -> Result<()> {
    let scope = Stack::isolated("connections").await?;
    let settings = MysqlSettings::new(&scope.mysql_url);
    let (store, other) = (Store::mysql(&settings)?, Store::mysql(&settings)?);
    store.execute_raw("CREATE TABLE kept (n BIGINT)").await?;
    let connection = "SELECT CONNECTION_ID() AS n";
    let lost = store.select_number(connection).await?;
    // Longer than a connection may rest without being asked after.
    tokio::time::sleep(Duration::from_secs(11)).await;
    other.execute_raw(&format!("KILL {lost}")).await?;
    store.execute_raw("INSERT INTO kept VALUES (1)").await?;
    assert_ne!(store.select_number(connection).await?, lost);
    Ok(())
}

#[test]
fn debug_output_shows_no_password() {
    let settings = MysqlSettings::new("mysql://tally:a-password@127.0.0.1/tally");
    let shown = format!("{settings:?}");
    assert!(shown.contains("connections_max") && !shown.contains("a-password"));
}
