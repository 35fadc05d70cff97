//! Campaigns during which something breaks. Longer: `cargo xtask close-runs`.

mod faults {
    use std::time::Duration;

    use anyhow::{Result, ensure};
    use journeys::RealStack;
    use journeys::campaign::close_run::{close_under_fire, is_refused_after_the_end};
    use journeys::campaign::hot_option::{HotOption, compare};
    use journeys::campaign::{
        Arena, CampaignBooks, CampaignPromise, Closing, judge, lose_redis_under_load,
    };
    use journeys::chaos::execute;

    /// A short close run; then the judge is shown that it sees what is spoiled afterwards.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_campaign_closes_on_what_was_accepted_while_workers_are_killed() -> Result<()> {
        let arena = Arena::open(3, 32).await?;
        let run = close_under_fire(&arena, 2, Duration::from_secs(8)).await?;
        println!("{run}");
        assert_eq!(run.violations, [], "promises were broken");
        ensure!(run.history.n_accepted() > 100, "hardly anything was voted");
        is_refused_after_the_end(&arena, &run).await?;

        let url = &arena.stack.mysql_url;
        let lost = run.history.accepted[0].vote_id.simple();
        let campaign = run.campaign.simple();
        let of_it = format!("WHERE campaign_id = X'{campaign}' LIMIT 1");
        for (statement, broken) in [
            (
                format!("UPDATE campaign_totals SET tickets = tickets + 1 {of_it}"),
                CampaignPromise::TalliesAreTrue,
            ),
            (
                format!("UPDATE campaign_fans SET tickets = tickets + 1 {of_it}"),
                CampaignPromise::TalliesAreTrue,
            ),
            (
                format!("UPDATE campaign_lots SET spent = spent + 1 {of_it}"),
                CampaignPromise::TicketsAreConserved,
            ),
            (
                format!("UPDATE campaign_uses SET used = used + 1 {of_it}"),
                CampaignPromise::LimitsHold,
            ),
            (
                format!("UPDATE campaign_results SET canonical = CONCAT(canonical, ' ') {of_it}"),
                CampaignPromise::ResultIsTrue,
            ),
            (
                format!("UPDATE campaigns SET ends_at = ends_at - INTERVAL 6 SECOND {of_it}"),
                CampaignPromise::NothingAfterTheEnd,
            ),
            (
                format!("UPDATE campaign_votes SET reason = 'insufficient_tickets' {of_it}"),
                CampaignPromise::RejectionsAreDue,
            ),
            (
                format!("UPDATE campaign_votes SET vote_id = REVERSE(vote_id) {of_it}"),
                CampaignPromise::NothingIsAdded,
            ),
            (
                format!("DELETE FROM campaign_votes WHERE vote_id = X'{lost}'"),
                CampaignPromise::NothingIsLost,
            ),
        ] {
            execute(url, &statement).await?;
            let books = CampaignBooks::read(url, run.campaign).await?;
            let violations = judge(&books, &run.history, Closing::Final);
            ensure!(
                violations.iter().any(|found| found.promise == broken),
                "after {statement} the judge finds {violations:?}"
            );
        }
        Ok(())
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn no_ticket_is_lost_or_made_when_redis_is_emptied_under_load() -> Result<()> {
        let arena = Arena::open(2, 32).await?;
        let loss = lose_redis_under_load(&arena, 1, 4).await?;
        println!("{loss}");
        assert_eq!(loss.violations, [], "promises were broken");
        ensure!(loss.history.n_accepted() > 100, "hardly anything was voted");
        Ok(())
    }

    /// Fast or not, votes on one option count, each once; `hot-option` measures.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn four_workers_settle_one_option_without_a_batch_failing_for_good() -> Result<()> {
        let stack = RealStack::start(1, 4, &[]).await?;
        let few = HotOption {
            n_votes: 2_000,
            n_voters: 100,
            n_options: 100,
            n_rounds: 1,
        };
        let comparison = compare(&stack, few).await?;
        assert_eq!(comparison.n_dead_letters, 0);
        assert_eq!(comparison.rounds.len(), 2);
        Ok(())
    }
}
