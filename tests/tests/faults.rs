//! Journeys during which something breaks. Each starts servers of its own.

mod faults {
    use std::collections::{BTreeMap, BTreeSet};
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use anyhow::{Context, Result, ensure};
    use journeys::campaign::{Arena, Means, lose_nodes_under_load};
    use journeys::{Direction, Embedded, Member, RealStack, Site};
    use reqwest::Method;
    use serde_json::Value;
    use tokio::time::sleep;
    use uuid::Uuid;

    /// The longest an accepted vote may take to be counted once nothing is broken.
    const SETTLED_WITHIN: Duration = Duration::from_secs(30);

    /// What a gateway is given for an answer by default, and some for a busy machine.
    const ANSWER_LIMIT: Duration = Duration::from_secs(5);

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn upvote_replies_503_while_the_broker_is_down() -> Result<()> {
        let stack = RealStack::start(1, 1, &[]).await?;
        let site = stack.site();
        let (_author, review) = site.author(site.place().await?, "author").await?;
        let voter = site.client()?.sign_up("voter").await?;
        stack.servers()?.stop_brokers().await?;

        let asked_at = Instant::now();
        let refused = voter.vote_with_key(review, Direction::Up, "once").await?;
        let took = asked_at.elapsed();
        let refused = refused.expect_problem(503, "queue_unavailable")?;
        ensure!(took < ANSWER_LIMIT, "the answer took {took:?}");
        ensure!(refused.retry_after()? >= Duration::from_secs(1));
        // What was certainly not enqueued costs nothing.
        assert_eq!(voter.votes_used().await?, 0);

        stack.servers()?.start_brokers().await?;
        let vote_id = retry_until_accepted(&voter, review, "once").await?;
        assert_eq!(voter.wait_until_settled(vote_id).await?["state"], "counted");
        site.wait_for_counts(review, 1, 0).await?;
        assert_eq!(voter.votes_used().await?, 1);
        Ok(())
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn upvote_replies_503_while_the_broker_blocks_and_counts_once_afterwards() -> Result<()> {
        let stack = RealStack::start(1, 1, &[]).await?;
        let site = stack.site();
        let (_author, review) = site.author(site.place().await?, "author").await?;
        let voter = site.client()?.sign_up("voter").await?;
        let servers = stack.servers()?;
        servers
            .rabbitmqctl(&["set_vm_memory_high_watermark", "0.00001"])
            .await?;
        let asked_at = Instant::now();
        let refused = voter.vote_with_key(review, Direction::Up, "once").await?;
        let took = asked_at.elapsed();
        let refused = refused.expect_problem(503, "queue_unavailable")?;
        ensure!(took < ANSWER_LIMIT, "the answer took {took:?}");
        refused.retry_after()?;
        servers
            .rabbitmqctl(&["set_vm_memory_high_watermark", "0.4"])
            .await?;
        let vote_id = retry_until_accepted(&voter, review, "once").await?;
        if let Some(named) = refused.vote_id() {
            assert_eq!(named, vote_id, "the same key is the same vote");
        }
        voter.wait_until_settled(vote_id).await?;
        site.wait_for_counts(review, 1, 0).await?;
        assert_eq!(voter.votes_used().await?, 1);
        Ok(())
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_gateway_and_a_worker_that_are_told_to_stop_lose_no_accepted_vote() -> Result<()> {
        let settings = [("TALLY__REVIEWS__VOTES_PER_DAY", "10000")];
        let stack = RealStack::start(1, 1, &settings).await?;
        let site = stack.site().clone();
        let voting = Voting::begin(&site, 16).await?;
        sleep(Duration::from_millis(500)).await;
        // While votes come in: first the worker, then the gateway.
        let limit = Duration::from_secs(40);
        let worker = stack.workers[0].terminate(limit).await?;
        sleep(Duration::from_millis(300)).await;
        let gateway = stack.gateways[0].terminate(limit).await?;
        ensure!(worker.success(), "the worker ended with {worker}");
        ensure!(gateway.success(), "the gateway ended with {gateway}");
        let accepted = voting.end().await?;
        ensure!(
            accepted.len() > 20,
            "only {} votes came through",
            accepted.len()
        );
        stack.workers[0].start().await?;
        stack.gateways[0].start().await?;
        all_are_counted(&accepted).await
    }

    /// Three brokers and three masters of Redis; of each one at a time is gone, so votes go
    /// on, but for those of voters whose master is away.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn accepted_votes_outlive_each_node_of_both_clusters() -> Result<()> {
        let settings = [
            ("TALLY__REVIEWS__VOTES_PER_DAY", "10000"),
            ("TALLY__AUTH__ACCESS_TOKEN_S", "86400"),
        ];
        let stack = RealStack::start_cluster(None, 2, 2, &settings).await?;
        let arena = Arena::on(Arc::new(stack), 6, Means::default()).await?;
        let voting = Voting::begin(arena.stack.site(), 6).await?;
        let loss = lose_nodes_under_load(&arena, 1).await?;
        let accepted = voting.end().await?;
        println!("{loss}; {} votes on reviews", accepted.len());
        assert_eq!(loss.violations, [], "promises were broken");
        ensure!(loss.history.n_accepted() > 50, "hardly anything was voted");
        ensure!(accepted.len() > 50, "hardly any review was voted on");
        all_are_counted(&accepted).await
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn an_embedded_tally_that_is_killed_loses_no_accepted_vote() -> Result<()> {
        let settings = [("TALLY__REVIEWS__VOTES_PER_DAY", "10000")];
        let embedded = Embedded::start(&settings).await?;
        let site = embedded.site().clone();
        let mut accepted = Vec::new();
        for round in 0..3 {
            let voting = Voting::begin_round(&site, 8, round).await?;
            sleep(Duration::from_millis(700)).await;
            embedded.process.restart().await?;
            accepted.extend(voting.end().await?);
        }
        ensure!(
            accepted.len() > 20,
            "only {} votes came through",
            accepted.len()
        );
        all_are_counted(&accepted).await
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_vote_can_be_followed_by_its_id_through_the_logs() -> Result<()> {
        let stack = RealStack::isolated("logs", 1, 1, &[]).await?;
        let site = stack.site();
        let (_author, review) = site.author(site.place().await?, "author").await?;
        let voter = site.client()?.sign_up("voter").await?;
        let vote_id = voter
            .vote(review, Direction::Up)
            .await?
            .expect(202)?
            .id("vote_id")?;
        voter.wait_until_settled(vote_id).await?;
        let gateway = line_about(&stack.gateways[0].log(), vote_id, "vote accepted")?;
        // The worker writes its line after the commit, which is what was waited for.
        sleep(Duration::from_millis(500)).await;
        let worker = line_about(&stack.workers[0].log(), vote_id, "vote counted")?;
        let trace = |line: &serde_json::Value| {
            line["trace_parent"]
                .as_str()
                .filter(|trace| !trace.is_empty())
                .map(str::to_owned)
        };
        assert!(trace(&gateway).is_some(), "{gateway}");
        assert_eq!(trace(&gateway), trace(&worker), "one request, two traces");
        Ok(())
    }

    fn line_about(log: &str, vote_id: Uuid, message: &str) -> Result<serde_json::Value> {
        let vote_id = vote_id.to_string();
        let line = log
            .lines()
            .find(|line| line.contains(&vote_id) && line.contains(message))
            .with_context(|| format!("no {message:?} of {vote_id} in:\n{log}"))?;
        Ok(serde_json::from_str(line)?)
    }

    async fn retry_until_accepted(voter: &Member, review: Uuid, key: &str) -> Result<Uuid> {
        let started = Instant::now();
        loop {
            let answer = voter.vote_with_key(review, Direction::Up, key).await?;
            if answer.status == 202 {
                return answer.id("vote_id");
            }
            ensure!(answer.status == 503, "{} {}", answer.status, answer.body);
            ensure!(
                started.elapsed() < Duration::from_secs(30),
                "no vote after half a minute"
            );
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Asks after a hundred votes of a member at once, for there are thousands.
    async fn all_are_counted(accepted: &[(Member, Uuid)]) -> Result<()> {
        let mut voters = BTreeMap::<Uuid, (&Member, BTreeSet<Uuid>)>::new();
        for (voter, vote_id) in accepted {
            let (_, votes) = voters
                .entry(voter.user_id)
                .or_insert((voter, BTreeSet::new()));
            votes.insert(*vote_id);
        }
        for (voter, votes) in voters.into_values() {
            let votes: Vec<String> = votes.iter().map(Uuid::to_string).collect();
            for some in votes.chunks(100) {
                wait_until_counted(voter, some).await?;
            }
        }
        Ok(())
    }

    async fn wait_until_counted(voter: &Member, votes: &[String]) -> Result<()> {
        let path = format!("/votes?ids={}", votes.join(","));
        let asked_at = Instant::now();
        loop {
            let told = voter.ask_gateway(Method::GET, &path, None).await?;
            let told = told.expect(200)?.body;
            let found = told["items"].as_array().context("no items")?;
            ensure!(found.len() == votes.len(), "votes are missing: {told}");
            let is = |vote: &Value, state: &str| vote["state"] == state;
            if found.iter().all(|vote| is(vote, "counted")) {
                return Ok(());
            }
            let is_on_its_way = |vote: &Value| is(vote, "counted") || is(vote, "accepted");
            ensure!(found.iter().all(is_on_its_way), "{told}");
            ensure!(asked_at.elapsed() < SETTLED_WITHIN, "not settled: {told}");
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Members who vote up and down in turn, as fast as they are answered.
    struct Voting {
        members: Vec<tokio::task::JoinHandle<Vec<(Member, Uuid)>>>,
        stop: tokio::sync::watch::Sender<bool>,
    }

    impl Voting {
        async fn begin(site: &Site, n_members: usize) -> Result<Self> {
            Self::begin_round(site, n_members, 0).await
        }

        async fn begin_round(site: &Site, n_members: usize, round: usize) -> Result<Self> {
            let place = site.place().await?;
            let (_author, review) = site.author(place, &format!("author-{round}")).await?;
            let (stop, stopped) = tokio::sync::watch::channel(false);
            let mut members = Vec::new();
            for n in 0..n_members {
                let voter = site
                    .client()?
                    .sign_up(&format!("voter-{round}-{n}"))
                    .await?;
                members.push(tokio::spawn(vote_in_turn(voter, review, stopped.clone())));
            }
            Ok(Self { members, stop })
        }

        async fn end(self) -> Result<Vec<(Member, Uuid)>> {
            let _ = self.stop.send(true);
            let mut accepted = Vec::new();
            for member in self.members {
                accepted.extend(member.await?);
            }
            Ok(accepted)
        }
    }

    async fn vote_in_turn(
        voter: Member,
        review: Uuid,
        stopped: tokio::sync::watch::Receiver<bool>,
    ) -> Vec<(Member, Uuid)> {
        let mut accepted = Vec::new();
        for direction in [Direction::Up, Direction::Down].into_iter().cycle() {
            if *stopped.borrow() {
                break;
            }
            if let Ok(answer) = voter.vote(review, direction).await
                && answer.status == 202
                && let Some(vote_id) = answer.vote_id()
            {
                accepted.push((voter.clone(), vote_id));
            }
            sleep(Duration::from_millis(20)).await;
        }
        accepted
    }
}
