//! Everything is broken while people vote. Longer: `cargo xtask chaos --minutes 15`.

mod faults {
    use anyhow::{Result, ensure};
    use journeys::chaos::{Books, Options, Promise, execute, judge, run};

    /// Chaos, short; then the judge is shown that it sees what is spoiled afterwards.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn every_promise_is_kept_while_everything_is_broken() -> Result<()> {
        let run = run(Options::short(1)).await?;
        println!("{}", run.report);
        assert_eq!(run.report.violations(), [], "promises were broken");
        assert_eq!(run.report.broken_off(), [""; 0], "faults broke off");
        ensure!(run.report.n_accepted() > 500, "hardly anything was voted");
        ensure!(
            run.report.n_accepted_in_campaigns() > 100,
            "hardly anything was voted in campaigns"
        );

        let url = &run.stack.mysql_url;
        let lost = run.history.accepted[0].vote_id.simple();
        for (statement, broken) in [
            (
                "UPDATE review_counters SET up = up + 1 LIMIT 1",
                Promise::CountersAreTrue,
            ),
            (
                "UPDATE review_voter_days SET used = used + 1 LIMIT 1",
                Promise::QuotaHolds,
            ),
            (
                "UPDATE users SET credit = credit + 1 LIMIT 1",
                Promise::RewardsAreExact,
            ),
            ("DELETE FROM review_standings LIMIT 1", Promise::OneStands),
            (
                "UPDATE review_votes SET reason = 'daily_quota_used' \
                 WHERE reason IS NULL AND day_limit > 3 LIMIT 1",
                Promise::RejectionsAreDue,
            ),
            (
                "UPDATE review_votes SET vote_id = REVERSE(vote_id) LIMIT 1",
                Promise::NothingIsAdded,
            ),
            (
                &*format!("DELETE FROM review_votes WHERE vote_id = X'{lost}'"),
                Promise::NothingIsLost,
            ),
        ] {
            execute(url, statement).await?;
            let books = Books::read(url).await?;
            let violations = judge(&books, &run.history, &run.rules);
            ensure!(
                violations
                    .iter()
                    .any(|violation| violation.promise == broken),
                "after {statement} the judge finds {violations:?}"
            );
        }
        Ok(())
    }
}
