//! A Redis Cluster loses masters one by one, moves slots, and forgets.

#![expect(clippy::unwrap_used, reason = "a test that panics fails")]

mod faults {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpStream;
    use std::time::{Duration, Instant};

    use bootstrap::{Secret, settings};
    use bytes::Bytes;
    use test_stack::Stack;
    use tokio::time::sleep;
    use vote_cache::{Cache, CacheError, Keep, StateKey, Token, Write as StateWrite, Written};
    use vote_domain::Ids;

    const RESPONSE_TIMEOUT: Duration = Duration::from_millis(500);

    /// Longest a call may take while a master is away: a new connection, and a little.
    const QUICK: Duration = Duration::from_millis(1_500);

    /// Longest until a cluster serves all keys after a master is back; Redis itself waits
    /// two seconds.
    const RECOVERY: Duration = Duration::from_secs(20);

    /// Enough for each master to have some.
    const N_VOTERS: u32 = 30;

    fn cache(stack: &Stack, prefix: &str) -> Cache {
        let settings = settings::Redis {
            url: Some(Secret::new(stack.redis_url())),
            key_prefix: prefix.to_owned(),
            connections: 2,
            response_timeout_ms: u64::try_from(RESPONSE_TIMEOUT.as_millis()).unwrap(),
        };
        Cache::redis(&settings, 0, Ids::random()).unwrap()
    }

    fn voters() -> Vec<StateKey> {
        let key = |voter| StateKey::new("votes.reviews", voter);
        (0..N_VOTERS).map(key).collect()
    }

    /// Reads and writes each voter's state; how many could not be.
    async fn n_away(cache: &Cache, ids: &Ids) -> usize {
        let mut n_away = 0;
        let keys = voters();
        for (key, read) in keys.iter().zip(cache.read_each_state(&keys).await) {
            let Ok(read) = read else {
                n_away += 1;
                continue;
            };
            let write = StateWrite {
                key: key.clone(),
                expected: read.state.map(|state| state.token),
                new_token: Token::draw(ids),
                bytes: Bytes::from_static(b"state"),
                keep: Keep::ForEver,
            };
            match cache.write_states(vec![write]).await {
                Ok(written) => assert_eq!(written, [Written::Written]),
                Err(_) => n_away += 1,
            }
        }
        n_away
    }

    async fn serves_all(cache: &Cache, ids: &Ids) {
        let back = Instant::now();
        loop {
            let n_away = n_away(cache, ids).await;
            if n_away == 0 {
                break;
            }
            assert!(back.elapsed() < RECOVERY, "{n_away} voters are still away");
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Asks for one voter at a time: some are there and the others fail, all of them soon.
    async fn serves_some_quickly(cache: &Cache) {
        let (mut n_there, mut n_away) = (0, 0);
        for key in voters() {
            let asked = Instant::now();
            match cache.read_states(&[key]).await {
                Ok(_) => n_there += 1,
                Err(CacheError::Unavailable(_)) => n_away += 1,
                Err(error) => panic!("{error}"),
            }
            assert!(asked.elapsed() < QUICK, "{:?}", asked.elapsed());
        }
        assert!(n_there > 0 && n_away > 0, "{n_there} there, {n_away} away");
        cache.health().await.unwrap();
        cache.now().await.unwrap();
    }

    /// Tries until it has come to that.
    async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
        let began = Instant::now();
        while !is_so() {
            assert!(began.elapsed() < RECOVERY, "in time: {what}");
            sleep(Duration::from_millis(200)).await;
        }
    }

    fn command(port: u16, command: &str) -> String {
        let mut redis = TcpStream::connect(("127.0.0.1", port)).unwrap();
        redis
            .write_all(format!("{command}\r\n").as_bytes())
            .unwrap();
        let mut redis = BufReader::new(redis);
        let mut answer = String::new();
        redis.read_line(&mut answer).unwrap();
        if answer.starts_with('$') {
            answer.clear();
            redis.read_line(&mut answer).unwrap();
        }
        answer.trim_end().to_owned()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_master_that_is_away_takes_only_its_own_voters_with_it() {
        let stack = Stack::start_cluster().await.unwrap();
        let ids = Ids::random();
        let cache = cache(&stack, "away");
        serves_all(&cache, &ids).await;
        for master in stack.redis_masters() {
            master.kill();
            // Once it is missed.
            let _ = n_away(&cache, &ids).await;
            serves_some_quickly(&cache).await;
            master.start().await.unwrap();
            serves_all(&cache, &ids).await;

            master.pause().unwrap();
            let _ = n_away(&cache, &ids).await;
            serves_some_quickly(&cache).await;
            master.resume().unwrap();
            serves_all(&cache, &ids).await;
        }

        // Markers lie in each master, so the loss of one is seen.
        let epoch = cache.set_epoch_if_absent(ids.next()).await.unwrap();
        assert_eq!(cache.epoch().await.unwrap(), Some(epoch));
        for n in 0..3 {
            stack.restart_redis_master_empty(n).await.unwrap();
            serves_all(&cache, &ids).await;
            assert_eq!(cache.epoch().await.unwrap(), None, "master {n} forgot");
            let before = cache.set_epoch_if_absent(ids.next()).await.unwrap();
            assert_ne!(before, epoch);
            assert_eq!(cache.epoch().await.unwrap(), Some(before));
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_slot_that_moves_is_followed_and_nothing_fails() {
        let stack = Stack::start_cluster().await.unwrap();
        let ids = Ids::random();
        let cache = cache(&stack, "moves");
        serves_all(&cache, &ids).await;
        let ports: Vec<u16> = stack.redis_masters().iter().map(|r| r.port()).collect();
        let names: Vec<String> = ports
            .iter()
            .map(|port| command(*port, "CLUSTER MYID"))
            .collect();
        let slot = command(ports[0], "CLUSTER KEYSLOT moves:v:votes.reviews:7");
        let slot = slot.trim_start_matches(':').to_owned();
        let key = StateKey::new("votes.reviews", 7);
        let from = ports
            .iter()
            .position(|port| command(*port, &format!("CLUSTER COUNTKEYSINSLOT {slot}")) != ":0");
        let from = from.unwrap();
        let to = (from + 1) % 3;
        // Under way: the key is still where it was, then gone ahead.
        let importing = format!("CLUSTER SETSLOT {slot} IMPORTING {}", names[from]);
        assert_eq!(command(ports[to], &importing), "+OK");
        let migrating = format!("CLUSTER SETSLOT {slot} MIGRATING {}", names[to]);
        assert_eq!(command(ports[from], &migrating), "+OK");
        assert_eq!(n_away(&cache, &ids).await, 0);
        let before = cache.read_states(std::slice::from_ref(&key)).await.unwrap();
        let migrate = format!(
            "MIGRATE 127.0.0.1 {} moves:v:votes.reviews:7 0 1000",
            ports[to]
        );
        assert_eq!(command(ports[from], &migrate), "+OK");
        let under_way = cache.read_states(std::slice::from_ref(&key)).await.unwrap();
        assert_eq!(under_way[0].state, before[0].state);
        assert_eq!(n_away(&cache, &ids).await, 0);
        // Done.
        let done = format!("CLUSTER SETSLOT {slot} NODE {}", names[to]);
        for port in [ports[to], ports[from]] {
            assert_eq!(command(port, &done), "+OK");
        }
        assert_eq!(n_away(&cache, &ids).await, 0);
        let at_home = cache.read_states(&[key]).await.unwrap();
        assert!(at_home[0].state.is_some());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_replica_that_takes_over_may_lack_something_and_that_shows() {
        let stack = Stack::start_cluster().await.unwrap();
        let ids = Ids::random();
        let cache = cache(&stack, "takes-over");
        serves_all(&cache, &ids).await;
        let ports: Vec<u16> = stack.redis_masters().iter().map(|r| r.port()).collect();
        // The last master gives its slots to the first, and becomes its replica.
        let last = "10922 16383";
        for port in &ports {
            command(*port, &format!("CLUSTER DELSLOTSRANGE {last}"));
        }
        let added = command(ports[0], &format!("CLUSTER ADDSLOTSRANGE {last}"));
        assert_eq!(added, "+OK");
        assert_eq!(
            command(ports[0], "CLUSTER BUMPEPOCH").get(..7),
            Some("+BUMPED")
        );
        assert_eq!(command(ports[2], "FLUSHALL"), "+OK");
        let first = command(ports[0], "CLUSTER MYID");
        until("it is a replica", || {
            command(ports[2], &format!("CLUSTER REPLICATE {first}")) == "+OK"
        })
        .await;
        serves_all(&cache, &ids).await;
        let before = cache.set_epoch_if_absent(ids.next()).await.unwrap();
        let states = cache.read_states(&voters()).await.unwrap();

        until("it takes over", || {
            command(ports[2], "CLUSTER FAILOVER");
            command(ports[2], "ROLE") == "*3" && command(ports[0], "ROLE") == "*5"
        })
        .await;
        // All is there; but after a fault, whoever takes over may have missed the last of it.
        let back = Instant::now();
        let there = loop {
            match cache.read_states(&voters()).await {
                Ok(there) => break there,
                Err(error) => assert!(back.elapsed() < RECOVERY, "{error}"),
            }
            sleep(Duration::from_millis(50)).await;
        };
        for (before, after) in states.iter().zip(&there) {
            assert_eq!(before.state, after.state);
        }
        assert_eq!(cache.epoch().await.unwrap(), None);
        let after = cache.set_epoch_if_absent(ids.next()).await.unwrap();
        assert_ne!(after, before);
    }
}
