//! Private servers: they start, forget nothing when killed, and end with us.

#![expect(clippy::unwrap_used, reason = "a test helper may panic as a test may")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use test_stack::{PidFile, Stack};

/// Runs `sql` and returns what came back.
fn query(url: &str, sql: &str) -> Result<String, String> {
    let place = url.rsplit_once('@').unwrap().1;
    let (host_and_port, database) = place.split_once('/').unwrap();
    let port = host_and_port.split_once(':').unwrap().1;
    let output = Command::new("mariadb")
        .args(["--no-defaults", "-h127.0.0.1", "-utally", "-ptally", "-BN"])
        .args(["-P", port, "-e", sql, database])
        .output()
        .unwrap();
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).unwrap().trim().to_owned())
    } else {
        Err(String::from_utf8(output.stderr).unwrap())
    }
}

/// Sends one command and returns the answer's lines.
fn ask_redis(stack: &Stack, command: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", stack.redis.port())).unwrap();
    stream
        .write_all(format!("{command}\r\nQUIT\r\n").as_bytes())
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn pids(stack: &Stack) -> Vec<u32> {
    let files = PidFile::running_in(stack.folder()).unwrap();
    let pids: Vec<u32> = files.iter().map(PidFile::pid).collect();
    assert_eq!(pids.len(), 4, "{files:?}");
    pids
}

fn alive(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}/exe")).read_link().is_ok()
}

#[tokio::test]
async fn killed_servers_come_back_on_the_same_ports_with_their_data() {
    let stack = Stack::start().await.unwrap();
    let endpoints = stack.endpoints();
    let mysql = stack.mysql_url();
    query(&mysql, "CREATE TABLE t (n INT PRIMARY KEY)").unwrap();
    query(&mysql, "INSERT INTO t VALUES (1)").unwrap();
    stack.rabbitmqctl(&["add_vhost", "kept"]).await.unwrap();
    assert!(ask_redis(&stack, "SET k v").starts_with("+OK"));

    let before = stack.mariadb.pid().unwrap();
    stack.mariadb.kill();
    assert!(!alive(before));
    assert!(query(&mysql, "SELECT 1").is_err());
    stack.mariadb.start().await.unwrap();
    assert_ne!(stack.mariadb.pid(), Some(before));
    assert_eq!(query(&mysql, "SELECT n FROM t").unwrap(), "1");

    stack.rabbitmq.kill();
    stack.rabbitmq.start().await.unwrap();
    let vhosts = stack
        .rabbitmqctl(&["list_vhosts", "--quiet"])
        .await
        .unwrap();
    assert!(vhosts.lines().any(|vhost| vhost == "kept"), "{vhosts}");

    stack.redis.restart().await.unwrap();
    assert!(ask_redis(&stack, "GET k").contains("v\r\n"));
    stack.flush_redis().await.unwrap();
    assert!(ask_redis(&stack, "GET k").starts_with("$-1"));
    ask_redis(&stack, "SET k v");
    stack.restart_redis_empty().await.unwrap();
    assert!(ask_redis(&stack, "GET k").starts_with("$-1"));

    assert_eq!(stack.endpoints(), endpoints);
    // Starting what runs changes nothing.
    let pid = stack.redis.pid();
    stack.redis.start().await.unwrap();
    assert_eq!(stack.redis.pid(), pid);

    let (folder, pids) = (stack.folder().to_owned(), pids(&stack));
    drop(stack);
    assert!(pids.iter().all(|&pid| !alive(pid)), "{pids:?}");
    assert!(!folder.exists());
}

#[tokio::test]
async fn servers_are_tuned_as_in_production() {
    let stack = Stack::start().await.unwrap();
    let tuned = query(
        &stack.mysql_url(),
        "SELECT @@sync_binlog, @@innodb_flush_log_at_trx_commit, @@log_bin, @@time_zone, \
         @@character_set_server, @@sql_mode LIKE '%STRICT_TRANS_TABLES%', @@bind_address",
    );
    assert_eq!(tuned.unwrap(), "1\t1\t1\t+00:00\tutf8mb4\t1\t127.0.0.1");
    assert!(ask_redis(&stack, "CONFIG GET appendonly").contains("yes"));
    assert!(ask_redis(&stack, "CONFIG GET appendfsync").contains("everysec"));
    assert!(ask_redis(&stack, "CONFIG GET maxmemory-policy").contains("noeviction"));
}

#[tokio::test]
async fn a_paused_server_is_silent_until_it_goes_on() {
    let stack = Stack::start().await.unwrap();
    stack.redis.pause().unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", stack.redis.port())).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_millis(300)))
        .unwrap();
    stream.write_all(b"PING\r\n").unwrap();
    let mut answer = [0; 5];
    assert!(stream.read_exact(&mut answer).is_err());
    stack.redis.resume().unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"+PONG");

    // A paused server can be stopped and killed as well.
    stack.redis.pause().unwrap();
    stack.redis.stop().await.unwrap();
    assert_eq!(stack.redis.pid(), None);
    assert!(stack.redis.pause().is_err());
}

#[tokio::test]
async fn a_given_folder_keeps_data_and_ports_and_admits_one_stack_at_a_time() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("stack");
    let stack = Stack::start_in(&folder).await.unwrap();
    let (endpoints, mysql) = (stack.endpoints(), stack.mysql_url());
    query(&mysql, "CREATE TABLE t (n INT PRIMARY KEY)").unwrap();
    assert!(Stack::start_in(&folder).await.is_err());

    stack.detach();
    let servers = PidFile::running_in(&folder).unwrap();
    let names: Vec<&str> = servers.iter().map(PidFile::name).collect();
    assert_eq!(names, ["epmd", "mariadb", "rabbitmq", "redis"]);
    let error = Stack::start_in(&folder).await.unwrap_err().to_string();
    assert!(error.contains("runs already"), "{error}");
    query(&mysql, "INSERT INTO t VALUES (7)").unwrap();
    for server in &servers {
        server.terminate(Duration::from_secs(60)).await.unwrap();
        assert!(!alive(server.pid()));
    }
    assert_eq!(PidFile::running_in(&folder).unwrap(), []);

    let stack = Stack::start_in(&folder).await.unwrap();
    assert_eq!(stack.endpoints(), endpoints);
    assert_eq!(query(&mysql, "SELECT n FROM t").unwrap(), "7");
    stack.stop().await.unwrap();
    assert!(folder.join("mariadb.log").exists());
}

#[test]
fn servers_end_when_the_process_that_started_them_is_killed() {
    let mut holder = Command::new(env!("CARGO_BIN_EXE_test-stack"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(holder.stdout.take().unwrap()).lines();
    let folder = lines.next().unwrap().unwrap();
    let folder = PathBuf::from(folder.rsplit(' ').next().unwrap());
    let servers = PidFile::running_in(&folder).unwrap();
    assert_eq!(servers.len(), 4);

    holder.kill().unwrap();
    holder.wait().unwrap();
    let killed_at = Instant::now();
    while servers.iter().any(|server| alive(server.pid())) || folder.exists() {
        assert!(
            killed_at.elapsed() < Duration::from_secs(20),
            "{servers:?} live on"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_pid_that_somebody_else_got_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut stranger = Command::new("sleep").arg("60").spawn().unwrap();
    fs::write(folder.path().join("mariadb.pid"), stranger.id().to_string()).unwrap();
    assert_eq!(PidFile::running_in(folder.path()).unwrap(), []);
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}
