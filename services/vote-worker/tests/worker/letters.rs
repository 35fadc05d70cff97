//! What cannot be settled, or not even kept, and what happens beside it.

use std::time::Duration;

use anyhow::{Result, ensure};
use bytes::Bytes;
use tokio::time::{Instant, sleep};
use vote_domain::campaign::CampaignVote;
use vote_messages::vote::{encode, frame};
use vote_queue::BallotBox;
use vote_store::dead_letters::DeadLetter;

use crate::close::give_up_on;
use crate::engine::{Engine, a_vote, on_each_engine};

/// Longest a test waits for letters: blame takes seconds for each vote, and so does what is
/// very long.
const PATIENCE: Duration = Duration::from_secs(90);

/// So many tickets at once SQL does not take here.
const UNLUCKY: u32 = 13;

on_each_engine! {
    async fn votes_are_blamed_one_by_one_after_their_neighbours_have_settled(engine: Engine) -> Result<()> {
        let head = engine.campaign().await?;
        let campaign = head.terms.campaign;
        refuse(&engine, "campaign_votes", &format!("NEW.tickets = {UNLUCKY}")).await?;
        // Those that fail are in front, in one batch with the others.
        let votes: Vec<_> = (0..40)
            .map(|n| if n < 3 { unlucky(a_vote(&head, n)) } else { a_vote(&head, n) })
            .collect();
        let encoded: Vec<Bytes> = votes.iter().map(|vote| encode(vote, "")).collect();
        let ballot_box = BallotBox::campaign(campaign.0);
        engine.publish_bodies(&ballot_box, [frame(&encoded)]).await?;
        let worker = engine.work();
        let first = letters(&engine, &ballot_box, 1).await?;
        assert_eq!(engine.n_settled(campaign).await?, 37);
        assert_eq!(first.len(), 1, "each is kept as soon as it is decided on");
        let all = letters(&engine, &ballot_box, 3).await?;
        for vote in &encoded[..3] {
            assert!(all.iter().any(|letter| letter.reason == "refused" && letter.bytes == *vote));
        }
        assert_eq!(engine.n_settled(campaign).await?, 37);
        worker.stop().await
    }

    async fn what_is_too_long_for_sql_is_kept_in_part_and_holds_up_nobody(engine: Engine) -> Result<()> {
        let head = engine.campaign().await?;
        let campaign = head.terms.campaign;
        let huge = vec![0xff; too_much(&engine).await?];
        give_up_on(&engine, campaign, huge.clone().into()).await?;
        engine.publish(campaign, &[a_vote(&head, 1)]).await?;
        let worker = engine.work();
        engine.until_settled(campaign, 1).await?;
        let ballot_box = BallotBox::campaign(campaign.0);
        let letters = letters(&engine, &ballot_box, 1).await?;
        let letter = &letters[0];
        assert_eq!(letter.reason, "undeliverable");
        assert_eq!(letter.bytes[..1_000], huge[..1_000]);
        assert!(letter.bytes.len() < 10_000);
        let n_bytes = format!("of {} bytes", huge.len());
        assert!(letter.detail.contains(&n_bytes), "{}", letter.detail);
        // And it is not delivered again.
        worker.stop().await?;
        assert_eq!(engine.queue.depth(&BallotBox::dead()).await?.n_ready, 0);
        Ok(())
    }
}

fn unlucky(mut vote: CampaignVote) -> CampaignVote {
    vote.ballot.tickets = UNLUCKY;
    vote.draws[0].tickets = UNLUCKY;
    vote
}

/// As many bytes as no letter can have. MySQL and MariaDB have a limit of their own, which is
/// also the most that RabbitMQ 4 takes.
async fn too_much(engine: &Engine) -> Result<usize> {
    if engine.scope().is_some() {
        return Ok(16 * 1024 * 1024);
    }
    refuse(engine, "dead_letters", "length(NEW.bytes) > 3000000").await?;
    Ok(3_000_001)
}

/// Has SQL refuse rows of `table` for their values, those for which `condition` holds.
async fn refuse(engine: &Engine, table: &str, condition: &str) -> Result<()> {
    let trigger = format!("CREATE TRIGGER refuse_some BEFORE INSERT ON {table}");
    let sql = if engine.scope().is_some() {
        format!(
            "{trigger} FOR EACH ROW BEGIN IF {condition} THEN SIGNAL SQLSTATE '45000' \
             SET MESSAGE_TEXT = 'cannot store it'; END IF; END"
        )
    } else {
        format!("{trigger} WHEN {condition} BEGIN SELECT RAISE(ABORT, 'cannot store it'); END")
    };
    Ok(engine.store.execute_raw(&sql).await?)
}

/// The open letters of `ballot_box`, once there are `n` or more.
async fn letters(engine: &Engine, ballot_box: &BallotBox, n: usize) -> Result<Vec<DeadLetter>> {
    let began = Instant::now();
    loop {
        let name = Some(ballot_box.name());
        let letters = engine.store.open_dead_letters(name, 100).await?;
        if letters.len() >= n {
            return Ok(letters);
        }
        ensure!(
            began.elapsed() < PATIENCE,
            "{} of {n} letters",
            letters.len()
        );
        sleep(Duration::from_millis(20)).await;
    }
}
