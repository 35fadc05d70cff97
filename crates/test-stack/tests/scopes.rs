//! Tests on shared servers do not see each other.

#![expect(clippy::unwrap_used, reason = "a test helper may panic as a test may")]

use std::net::TcpStream;
use std::process::Command;

use test_stack::{Stack, TestScope};

fn sql(scope_url: &str, sql: &str) -> bool {
    let (login, place) = scope_url
        .strip_prefix("mysql://")
        .unwrap()
        .rsplit_once('@')
        .unwrap();
    let (user, password) = login.split_once(':').unwrap();
    let (host_and_port, database) = place.split_once('/').unwrap();
    let (host, port) = host_and_port.split_once(':').unwrap();
    Command::new("mariadb")
        .args([
            "--no-defaults",
            "--protocol=tcp",
            "-h",
            host,
            "-P",
            port,
            "-u",
            user,
        ])
        .args(["-e", sql, database])
        .env("MYSQL_PWD", password)
        .status()
        .unwrap()
        .success()
}

#[tokio::test]
async fn two_scopes_share_servers_and_nothing_else() {
    let (one, two) =
        tokio::try_join!(Stack::isolated("same name"), Stack::isolated("same name")).unwrap();
    assert_ne!(one.mysql_url, two.mysql_url);
    assert_ne!(one.amqp_url, two.amqp_url);
    assert_ne!(one.redis_prefix, two.redis_prefix);
    assert_eq!(one.redis_url, two.redis_url);
    assert!(one.redis_prefix.ends_with(':'));

    assert!(sql(&one.mysql_url, "CREATE TABLE t (n INT)"));
    assert!(!sql(&two.mysql_url, "SELECT * FROM t"));
    let redis = one.redis_url.strip_prefix("redis://").unwrap();
    TcpStream::connect(redis).unwrap();
}

#[tokio::test]
async fn a_dropped_scope_leaves_no_database_and_no_vhost() {
    let stack = Stack::start().await.unwrap();
    let TestScopeUrls { name, mysql_url } = urls(&stack.scope("short lived").await.unwrap());
    // The scope was dropped at the end of the line above.
    assert!(!sql(&mysql_url, "SELECT 1"));
    let vhosts = stack
        .rabbitmqctl(&["list_vhosts", "--quiet"])
        .await
        .unwrap();
    assert!(!vhosts.contains(&name), "{vhosts}");

    let kept = stack.scope("kept").await.unwrap();
    assert!(sql(&kept.mysql_url, "SELECT 1"));
    let vhosts = stack
        .rabbitmqctl(&["list_vhosts", "--quiet"])
        .await
        .unwrap();
    assert!(vhosts.contains(&kept.name), "{vhosts}");
    let permissions = stack
        .rabbitmqctl(&["list_permissions", "--quiet", "--vhost", &kept.name])
        .await
        .unwrap();
    assert!(permissions.contains("tally"), "{permissions}");
}

struct TestScopeUrls {
    name: String,
    mysql_url: String,
}

fn urls(scope: &TestScope) -> TestScopeUrls {
    TestScopeUrls {
        name: scope.name.clone(),
        mysql_url: scope.mysql_url.clone(),
    }
}
