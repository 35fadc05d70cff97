//! What is spoiled is found and named.

use vote_store::verify::{Check, Mend};

use crate::backends::on_each_backend;
use crate::site::*;
use crate::world::*;

/// Something that a hand does to a row.
struct Spoil {
    /// What is done.
    sql: String,
    /// What finds it, and where; there may be more that does.
    check: Check,
    row: &'static str,
    /// Whether `recount` mends it.
    mends: Mends,
}

#[derive(Clone, Copy, PartialEq)]
enum Mends {
    Recount,
    Nothing,
}

fn spoil(sql: impl Into<String>, check: Check, row: &'static str, mends: Mends) -> Spoil {
    Spoil {
        sql: sql.into(),
        check,
        row,
        mends,
    }
}

/// Each on books that are whole.
fn spoils() -> Vec<Spoil> {
    use Check::*;
    use Mends::*;
    let of_review = |n| literal(review(n));
    let review_vote = |n: u128| literal(uuid::Uuid::from_u128(0xA000 + n));
    let campaign_vote = |n: u128| literal(vote_id(n).0);
    let nobody = literal(uuid::Uuid::from_u128(0xDEAD));
    let at = "'2026-03-01 00:00:00.000000'";
    vec![
        spoil(
            format!(
                "UPDATE review_counters SET up = up + 1 WHERE review_id = {}",
                of_review(1)
            ),
            ReviewCounters,
            "review_counters",
            Recount,
        ),
        spoil(
            format!(
                "DELETE FROM review_counters WHERE review_id = {}",
                of_review(2)
            ),
            ReviewCounters,
            "review_counters",
            Recount,
        ),
        spoil(
            "UPDATE review_voters SET n_standings = 9",
            ReviewVoters,
            "review_voters",
            Recount,
        ),
        spoil(
            "UPDATE restaurants SET stars_sum = 1",
            Ratings,
            "restaurants",
            Recount,
        ),
        spoil("UPDATE items SET n_reviews = 1", Ratings, "items", Recount),
        spoil(
            "UPDATE campaign_totals SET n_votes = n_votes + 1",
            CampaignTotals,
            "campaign_totals",
            Recount,
        ),
        spoil(
            "DELETE FROM campaign_tallies",
            CampaignHours,
            "campaign_tallies",
            Recount,
        ),
        spoil(
            "UPDATE campaign_days SET tickets = -1",
            CampaignDays,
            "campaign_days",
            Recount,
        ),
        spoil(
            "UPDATE campaign_fans SET tickets = tickets + 2",
            CampaignFans,
            "campaign_fans",
            Recount,
        ),
        spoil(
            format!(
                "INSERT INTO campaign_fans VALUES ({}, 2, {}, 4)",
                literal(CAMPAIGN.0),
                literal(user(9))
            ),
            CampaignFans,
            "campaign_fans",
            Recount,
        ),
        // A row of the ledger is gone: whose vote stands, whose tickets are spent, tells.
        spoil(
            format!(
                "DELETE FROM review_votes WHERE vote_id = {}",
                review_vote(3)
            ),
            ReviewStandings,
            "review_standings",
            Nothing,
        ),
        spoil(
            format!(
                "DELETE FROM review_votes WHERE vote_id = {}",
                review_vote(1)
            ),
            ReviewDays,
            "review_voter_days",
            Nothing,
        ),
        spoil(
            format!(
                "DELETE FROM campaign_votes WHERE vote_id = {}",
                campaign_vote(10)
            ),
            CampaignLots,
            "campaign_lots",
            Nothing,
        ),
        spoil(
            format!(
                "DELETE FROM campaign_votes WHERE vote_id = {}",
                campaign_vote(10)
            ),
            CampaignResults,
            "campaign_results",
            Nothing,
        ),
        // Somebody votes twice, or after the end, or for nothing.
        spoil(
            format!(
                "INSERT INTO review_votes SELECT {nobody}, voter_id, review_id, seq, direction, day, \
                 cost, day_limit, reason, settled_at FROM review_votes WHERE vote_id = {}",
                review_vote(6)
            ),
            ReviewDays,
            "review_voter_days",
            Nothing,
        ),
        spoil(
            format!(
                "UPDATE review_votes SET reason = NULL WHERE vote_id = {}",
                review_vote(10)
            ),
            ReviewVotes,
            "review_votes",
            Nothing,
        ),
        spoil(
            format!(
                "UPDATE review_votes SET reason = 'odd' WHERE vote_id = {}",
                review_vote(10)
            ),
            ReviewVotes,
            "review_votes",
            Nothing,
        ),
        spoil(
            format!(
                "UPDATE campaign_votes SET seq = {} WHERE vote_id = {}",
                noon(10, 0).timestamp_micros(),
                campaign_vote(10)
            ),
            CampaignVotes,
            "campaign_votes",
            Nothing,
        ),
        spoil(
            format!(
                "UPDATE campaign_votes SET draws = X'00' WHERE vote_id = {}",
                campaign_vote(10)
            ),
            CampaignVotes,
            "campaign_votes",
            Nothing,
        ),
        spoil(
            format!(
                "DELETE FROM campaign_voids WHERE vote_id = {}",
                campaign_vote(1)
            ),
            CampaignLots,
            "campaign_lots",
            Nothing,
        ),
        // What voters hold.
        spoil(
            "UPDATE review_standings SET direction = -direction",
            ReviewStandings,
            "review_standings",
            Nothing,
        ),
        spoil(
            "UPDATE review_voter_days SET used = used + 1",
            ReviewDays,
            "review_voter_days",
            Nothing,
        ),
        spoil(
            "UPDATE review_voters SET last_seq = last_seq - 1",
            ReviewVoters,
            "review_voters",
            Nothing,
        ),
        spoil(
            "UPDATE campaign_voters SET last_seq = last_seq - 1",
            CampaignVoters,
            "campaign_voters",
            Nothing,
        ),
        spoil(
            "UPDATE campaign_voters SET voter_kind = 'jury'",
            CampaignVoters,
            "campaign_voters",
            Nothing,
        ),
        spoil(
            "UPDATE campaign_lots SET spent = spent + 1 WHERE grant_id IS NOT NULL",
            CampaignLots,
            "campaign_lots",
            Nothing,
        ),
        spoil(
            "UPDATE campaign_lots SET tickets = tickets + 1 WHERE free_day IS NOT NULL",
            CampaignLots,
            "campaign_lots",
            Nothing,
        ),
        spoil(
            "UPDATE campaign_lots SET tickets = tickets + 1 WHERE grant_id IS NOT NULL",
            CampaignGrants,
            "campaign_lots",
            Nothing,
        ),
        spoil(
            "DELETE FROM campaign_lots WHERE grant_id IS NOT NULL AND spent = 0",
            CampaignGrants,
            "campaign_grants",
            Nothing,
        ),
        spoil(
            "UPDATE campaign_uses SET used = 4",
            CampaignUses,
            "campaign_uses",
            Nothing,
        ),
        spoil(
            "UPDATE campaign_results SET n_votes = 99",
            CampaignResults,
            "campaign_results",
            Nothing,
        ),
        spoil(
            "DELETE FROM campaign_results",
            CampaignResults,
            "campaign_results",
            Nothing,
        ),
        spoil(
            format!(
                "INSERT INTO campaign_vote_marks VALUES ({}, {}, {nobody}, 1, 0, '', NULL)",
                campaign_vote(10),
                literal(CAMPAIGN.0)
            ),
            CampaignVoids,
            "campaign_vote_marks",
            Nothing,
        ),
        // Rewards.
        spoil(
            format!(
                "UPDATE users SET credit = 6 WHERE user_id = {}",
                literal(user(10))
            ),
            Rewards,
            "users",
            Nothing,
        ),
        spoil("DELETE FROM rewards", Rewards, "review_counters", Nothing),
        spoil(
            "UPDATE review_counters SET reward_sent_at = NULL",
            Rewards,
            "review_counters",
            Recount,
        ),
        spoil(
            format!("UPDATE rewards SET user_id = {}", literal(user(1))),
            Rewards,
            "rewards",
            Nothing,
        ),
        // Orphans.
        spoil(
            format!(
                "INSERT INTO review_standings VALUES ({}, {nobody}, 1, {nobody}, 1, 1)",
                literal(user(1))
            ),
            Orphans,
            "review_standings",
            Nothing,
        ),
        spoil(
            format!("INSERT INTO review_counters VALUES ({nobody}, 0, 0, 0, 1, NULL)"),
            Orphans,
            "review_counters",
            Nothing,
        ),
        spoil(
            format!(
                "INSERT INTO review_voids VALUES ({nobody}, {nobody}, {nobody}, {nobody}, 0, '', {at})"
            ),
            Orphans,
            "review_voids",
            Nothing,
        ),
        spoil(
            format!(
                "INSERT INTO campaign_lots VALUES ({nobody}, {}, {nobody}, NULL, {nobody}, 1, 0, {at})",
                literal(CAMPAIGN.0)
            ),
            Orphans,
            "campaign_lots",
            Nothing,
        ),
        spoil(
            format!("INSERT INTO campaign_tallies VALUES ({nobody}, 1, 0, 0, 5)"),
            Orphans,
            "campaign_tallies",
            Nothing,
        ),
        spoil(
            format!(
                "INSERT INTO campaign_totals VALUES ({}, 7, 0, 0, 0)",
                literal(CAMPAIGN.0)
            ),
            Orphans,
            "campaign_totals",
            Nothing,
        ),
        spoil(
            "DELETE FROM campaign_options WHERE option_no = 2",
            Orphans,
            "campaign_options",
            Nothing,
        ),
        spoil(
            format!("DELETE FROM users WHERE user_id = {}", literal(user(2))),
            Orphans,
            "review_voters",
            Nothing,
        ),
        spoil("DELETE FROM items", Orphans, "reviews", Nothing),
    ]
}

/// Tables that are put back after each spoil.
const TABLES: &[&str] = &[
    "users",
    "restaurants",
    "items",
    "reviews",
    "review_counters",
    "review_voters",
    "review_voter_days",
    "review_standings",
    "review_votes",
    "review_voids",
    "rewards",
    "campaigns",
    "campaign_options",
    "campaign_voters",
    "campaign_lots",
    "campaign_grants",
    "campaign_uses",
    "campaign_votes",
    "campaign_voids",
    "campaign_vote_marks",
    "campaign_tallies",
    "campaign_days",
    "campaign_totals",
    "campaign_fans",
    "campaign_results",
];

async fn keep(store: &vote_store::Store) -> anyhow::Result<()> {
    for table in TABLES {
        let sql = format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}");
        store.execute_raw(&sql).await?;
    }
    Ok(())
}

async fn put_back(store: &vote_store::Store) -> anyhow::Result<()> {
    for table in TABLES {
        store.execute_raw(&format!("DELETE FROM {table}")).await?;
        let sql = format!("INSERT INTO {table} SELECT * FROM kept_{table}");
        store.execute_raw(&sql).await?;
    }
    Ok(())
}

on_each_backend! {
    async fn books_that_nobody_touched_hold(backend: Backend) -> Result<()> {
        let store = &backend.store;
        let empty = findings(store).await?;
        assert_eq!(lines(&empty), Vec::<String>::new());
        whole(&backend).await?;
        let whole = findings(store).await?;
        assert_eq!(lines(&whole), Vec::<String>::new());
        for check in Check::ALL {
            assert!(whole.looked(check) > 0, "{check:?} looked at nothing");
        }
        assert_eq!(whole.looked(Check::ReviewVotes), 13);
        assert_eq!(whole.looked(Check::CampaignVotes), 10);
        assert!(store.n_rows_to_verify().await? > 36);
        Ok(())
    }

    async fn each_spoiled_row_is_found_and_named(backend: Backend) -> Result<()> {
        let store = &backend.store;
        whole(&backend).await?;
        keep(store).await?;
        for spoil in spoils() {
            store.execute_raw(&spoil.sql).await?;
            let found = findings(store).await?;
            let rows = [format!("{} (", spoil.row), format!("{}, ", spoil.row)];
            let named = found.violations().iter().find(|one| {
                one.check == spoil.check && rows.iter().any(|row| one.row.starts_with(row))
            });
            let Some(named) = named else {
                panic!("{} is not found by {:?}: {:#?}", spoil.sql, spoil.check, lines(&found));
            };
            let by_recount = spoil.mends == Mends::Recount;
            assert_eq!(named.mend == Mend::Recount, by_recount, "{}: {}", spoil.sql, named.mend);
            if by_recount {
                assert_eq!(found.n_violations(), found.violations().iter().filter(|one| one.mend == Mend::Recount).count() as u64, "{}", spoil.sql);
            }
            put_back(store).await?;
        }
        assert_eq!(lines(&findings(store).await?), Vec::<String>::new());
        Ok(())
    }
}
