//! How MariaDB or MySQL goes about the statements of the hot paths.

use std::fmt::Write;

use anyhow::Result;
use test_stack::Stack;
use vote_store::{MysqlSettings, Store};

use crate::world::*;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_at_every_vote_is_found_by_its_key() -> Result<()> {
    let scope = Stack::isolated("campaign_plans").await?;
    let store = Store::mysql(&MysqlSettings::new(&scope.mysql_url))?;
    store.migrate().await?;
    create(&store, CAMPAIGN, &plan()).await?;
    fill(&store).await?;

    let campaign = literal(CAMPAIGN.0);
    let some = |n: u128| literal(uuid::Uuid::from_u128(0xC0_0000 + n));
    let keys = |of: &dyn Fn(u128) -> String| (1..=16).map(of).collect::<Vec<_>>().join(", ");
    let voters = keys(&|n| format!("({})", some(n)));
    let lots = keys(&|n| format!("({}, {campaign}, {})", some(n), some(n)));
    let uses = keys(&|n| format!("({}, {campaign}, 1, '2026-05-02')", some(n)));
    let place = (some(500), some(500));
    let statements = [
        (
            "the voters, and their marks",
            format!(
                "SELECT * FROM campaign_voters LEFT JOIN campaign_voter_marks \
             ON campaign_voter_marks.voter_id = campaign_voters.voter_id \
             AND campaign_voter_marks.campaign_id = campaign_voters.campaign_id \
             WHERE campaign_voters.campaign_id = {campaign} AND (campaign_voters.voter_id) IN ({voters})"
            ),
        ),
        (
            "the lots drawn on",
            format!(
                "SELECT * FROM campaign_lots WHERE (voter_id, campaign_id, lot_id) IN ({lots})"
            ),
        ),
        (
            "the uses",
            format!(
                "SELECT * FROM campaign_uses WHERE (voter_id, campaign_id, channel_no, day) IN ({uses})"
            ),
        ),
        (
            "the ledger",
            format!("SELECT vote_id FROM campaign_votes WHERE (vote_id) IN ({voters})"),
        ),
        (
            "the marks of the votes",
            format!(
                "SELECT * FROM campaign_vote_marks WHERE (vote_id) IN ({voters}) AND campaign_id = {campaign}"
            ),
        ),
        (
            "marks that are due",
            format!(
                "SELECT m.void_id, m.vote_id FROM campaign_vote_marks m \
             INNER JOIN campaign_votes v ON v.vote_id = m.vote_id \
             WHERE m.campaign_id = {campaign} AND m.applied_at IS NULL"
            ),
        ),
        (
            "marks of voters that are due",
            format!(
                "SELECT void_id, void_id FROM campaign_voter_marks \
             WHERE campaign_id = {campaign} AND applied_at IS NULL"
            ),
        ),
        (
            "the lots of bases",
            format!(
                "SELECT * FROM campaign_lots WHERE campaign_id = {campaign} AND (voter_id) IN ({voters}) \
             AND granted_at >= '2026-05-01' AND (free_day IS NOT NULL OR spent < tickets)"
            ),
        ),
        (
            "the uses of bases",
            format!(
                "SELECT * FROM campaign_uses WHERE campaign_id = {campaign} AND (voter_id) IN ({voters}) \
             AND day >= '2026-05-01'"
            ),
        ),
        (
            "the grants",
            format!("SELECT * FROM campaign_grants WHERE (grant_id) IN ({voters})"),
        ),
        (
            "a voter's votes to be voided",
            format!(
                "SELECT v.* FROM campaign_votes v LEFT JOIN campaign_voids o ON o.vote_id = v.vote_id \
             WHERE v.campaign_id = {campaign} AND v.voter_id = {} AND v.seq <= 9 AND v.reason IS NULL \
             AND o.vote_id IS NULL ORDER BY v.seq LIMIT 256",
                some(7)
            ),
        ),
        (
            "a slice of the ledger",
            format!(
                "SELECT v.*, o.vote_id FROM campaign_votes v LEFT JOIN campaign_voids o ON o.vote_id = v.vote_id \
             WHERE v.campaign_id = {campaign} AND v.voter_id >= {0} AND (v.voter_id > {0} OR v.seq > 5 \
             OR (v.seq = 5 AND v.vote_id > {1})) ORDER BY v.voter_id, v.seq, v.vote_id LIMIT 100",
                place.0, place.1
            ),
        ),
    ];
    for (what, sql) in statements {
        let plan = store.explain(&sql).await?;
        assert!(!plan.is_empty());
        for table in plan {
            let access = table.access.as_deref().unwrap_or_default();
            let extra = table.extra.as_deref().unwrap_or_default();
            let by_key = matches!(access, "range" | "ref" | "eq_ref" | "const" | "system");
            // Where nothing can match, nothing is looked at.
            let nothing = extra.contains("Impossible") || extra.contains("no matching row");
            assert!(by_key || nothing, "{what}: {table:?}");
            assert!(!extra.contains("filesort"), "{what}: {table:?}");
        }
    }
    Ok(())
}

/// Rows enough that looking at all of them costs more than going by a key.
async fn fill(store: &Store) -> Result<()> {
    let campaign = literal(CAMPAIGN.0);
    let at = "'2026-05-02 10:00:00.000000'";
    let mut tables: [(&str, String); 7] = [
        ("campaign_voters", String::new()),
        ("campaign_lots", String::new()),
        ("campaign_uses", String::new()),
        ("campaign_votes", String::new()),
        ("campaign_vote_marks", String::new()),
        ("campaign_voter_marks", String::new()),
        ("campaign_grants", String::new()),
    ];
    for n in 0..2_000_u128 {
        let id = literal(uuid::Uuid::from_u128(0xC0_0000 + n));
        let rows = [
            format!("({id}, {campaign}, 'jury', 'n{n}', 1, 1)"),
            format!("({id}, {campaign}, {id}, NULL, {id}, 5, 1, {at})"),
            format!("({id}, {campaign}, 1, '2026-05-02', 1, 5)"),
            format!("({id}, {campaign}, {id}, 0, 1, 1, 5, '2026-05-02', 5, '', NULL, 0, {at})"),
            format!("({id}, {campaign}, {id}, 1, 0, 'why', {at})"),
            format!("({id}, {id}, {campaign}, 1, 1, 0, 'why', {at})"),
            format!("({id}, {campaign}, {id}, 5, 'why', 'k', 'system', {at})"),
        ];
        for ((_, values), row) in tables.iter_mut().zip(rows) {
            write!(values, "{}{row}", if n == 0 { "" } else { ", " })?;
        }
    }
    for (table, values) in tables {
        let sql = format!("INSERT INTO {table} VALUES {values}");
        store.execute_raw(&sql).await?;
        store.execute_raw(&format!("ANALYZE TABLE {table}")).await?;
    }
    Ok(())
}
