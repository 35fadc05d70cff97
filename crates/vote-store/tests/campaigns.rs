//! Campaigns, boards and fans, held to one suite on MariaDB and on SQLite.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod backends;

use std::collections::HashMap;
use std::fmt::Write;

use anyhow::Result;
use backends::{Backend, on_each_backend};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;
use vote_domain::campaign::{
    CampaignOption, Channel, ChannelNo, Edit, EditRefusal, Hour, OptionDraft, OptionNo, Plan,
    Progress, Stage, Subject, TicketExpiry,
};
use vote_domain::{CampaignId, UserId, VoterId};
use vote_store::audit::{Act, AuditActor, AuditFilter};
use vote_store::campaigns::{CampaignEdit, CampaignUpdate};
use vote_store::{Store, StoreError};

/// A whole UTC hour.
fn at(hours: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(500_000 * 3_600, 0).unwrap() + TimeDelta::hours(hours)
}

fn hour(hours: i64) -> Hour {
    Hour::of(at(hours))
}

fn id(n: u128) -> CampaignId {
    CampaignId(Uuid::from_u128(n))
}

fn act(n: u128) -> Act {
    Act {
        audit_id: Uuid::from_u128(n),
        at: at(-10) + TimeDelta::seconds(i64::try_from(n).unwrap()),
        actor: AuditActor::User(UserId(Uuid::from_u128(9))),
    }
}

fn option(key: &str) -> CampaignOption {
    CampaignOption {
        key: key.to_owned(),
        name: format!("Option {key} 🎤"),
        subject: None,
    }
}

fn plan(n_options: usize) -> Plan {
    let mut options: Vec<_> = (0..n_options).map(|n| option(&format!("o{n}"))).collect();
    if let Some(first) = options.first_mut() {
        first.subject = Some(Subject {
            kind: "couple".to_owned(),
            id: "Ä7".to_owned(),
        });
    }
    Plan {
        name: "Finale".to_owned(),
        starts_at: at(0) + TimeDelta::microseconds(1),
        ends_at: at(48),
        zone: chrono_tz::Europe::Berlin,
        free_daily_tickets: 3,
        expiry: TicketExpiry::Days { days: 2 },
        tickets_per_vote_max: 1_000_000,
        channels: vec![
            Channel {
                key: "web".to_owned(),
                name: "Web".to_owned(),
                daily_ticket_limit: Some(1_000_000_000),
                voter_kinds: None,
            },
            Channel {
                key: "jury".to_owned(),
                name: "Jury".to_owned(),
                daily_ticket_limit: None,
                voter_kinds: Some(vec!["jury".parse().unwrap()]),
            },
        ],
        options,
    }
}

fn change(campaign: u128, edit: Edit, now: DateTime<Utc>) -> CampaignEdit {
    CampaignEdit {
        campaign: id(campaign),
        edit,
        expected: None,
        now,
    }
}

fn name(name: &str) -> Edit {
    Edit {
        name: Some(name.to_owned()),
        ..Edit::default()
    }
}

async fn close(store: &Store, campaign: u128, progress: &str) -> Result<(), StoreError> {
    let key = literal(campaign);
    let sql = format!("UPDATE campaigns SET progress = '{progress}' WHERE campaign_id = {key}");
    store.execute_raw(&sql).await
}

fn literal(n: u128) -> String {
    format!("X'{}'", Uuid::from_u128(n).simple())
}

/// Counts votes as settling does: campaign 1, (hour, option, channel, tickets).
async fn count(store: &Store, votes: &[(i64, u32, u32, u64)]) -> Result<(), StoreError> {
    let mut tables: HashMap<(&str, i64, u32, u32), u64> = HashMap::new();
    for (hours, option, channel, tickets) in votes {
        let hour = i64::from(hour(*hours).0);
        for (table, unit) in [
            ("campaign_tallies", hour),
            ("campaign_days", hour.div_euclid(24)),
            ("campaign_totals", 0),
        ] {
            *tables.entry((table, unit, *option, *channel)).or_default() += tickets;
        }
    }
    let key = literal(1);
    for ((table, unit, option, channel), tickets) in tables {
        let sql = match table {
            "campaign_totals" => {
                format!("INSERT INTO {table} VALUES ({key}, {option}, {channel}, {tickets}, 1)")
            }
            _ => {
                format!(
                    "INSERT INTO {table} VALUES ({key}, {unit}, {option}, {channel}, {tickets})"
                )
            }
        };
        store.execute_raw(&sql).await?;
    }
    Ok(())
}

fn sorted(mut totals: Vec<(OptionNo, u64)>) -> Vec<(u32, u64)> {
    totals.sort_unstable();
    totals
        .into_iter()
        .map(|(no, votes)| (no.0, votes))
        .collect()
}

/// Puts fans of option 0 of campaign 1 there, many in one statement.
async fn add_fans(
    store: &Store,
    fans: impl Iterator<Item = (u128, u64)>,
) -> Result<(), StoreError> {
    let key = literal(1);
    let fans: Vec<_> = fans.collect();
    for chunk in fans.chunks(5_000) {
        let (mut voters, mut rows) = (String::new(), String::new());
        for (n, (voter, tickets)) in chunk.iter().enumerate() {
            let comma = if n == 0 { "" } else { "," };
            let voter_key = literal(*voter);
            let _ = write!(voters, "{comma}({voter_key},{key},'jury','v{voter}',1,1)");
            let _ = write!(rows, "{comma}({key},0,{voter_key},{tickets})");
        }
        let sql = format!("INSERT INTO campaign_voters VALUES {voters}");
        store.execute_raw(&sql).await?;
        let sql = format!("INSERT INTO campaign_fans VALUES {rows}");
        store.execute_raw(&sql).await?;
    }
    Ok(())
}

on_each_backend! {
    async fn a_campaign_is_read_as_it_was_planned(backend: Backend) -> Result<()> {
        let store = &backend.store;
        assert_eq!(store.campaign_detail(id(1)).await?, None);
        for (n, n_options) in [(1, 2), (2, 5_000)] {
            store.create_campaign(id(n), &plan(n_options), &act(n)).await?;
            let detail = store.campaign_detail(id(n)).await?.unwrap();
            assert_eq!(detail.plan(), plan(n_options));
            assert_eq!(detail.campaign.version, 1);
            assert_eq!(detail.campaign.progress, Progress::Running);
            assert_eq!(detail.campaign.created_at, act(n).at);
            assert_eq!(Some(detail.campaign), store.campaign(id(n)).await?);
            let paper = store.ballot_paper(id(n)).await?.unwrap();
            assert_eq!(paper.options.len(), n_options);
            assert_eq!(paper.options["o1"], OptionNo(1));
            assert_eq!(paper.channels, plan(1).channels);
        }
        let records = store.audit_records(&AuditFilter::default(), None, 10).await?;
        assert_eq!(records[0].action, "campaign_created");
        assert_eq!(records[0].subject, format!("campaign:{}", id(2)));
        assert_eq!(records[0].detail["n_options"], 5_000);
        Ok(())
    }

    async fn a_campaign_that_is_there_is_not_created_again(backend: Backend) -> Result<()> {
        let store = &backend.store;
        store.create_campaign(id(1), &plan(2), &act(1)).await?;
        let again = store.create_campaign(id(1), &plan(3), &act(2)).await;
        assert!(matches!(again, Err(StoreError::Duplicate(_))), "{again:?}");
        assert_eq!(store.campaign_detail(id(1)).await?.unwrap().plan(), plan(2));
        assert_eq!(store.audit_records(&AuditFilter::default(), None, 9).await?.len(), 1);
        Ok(())
    }

    async fn an_edit_changes_what_it_says_and_is_recorded(backend: Backend) -> Result<()> {
        let store = &backend.store;
        store.create_campaign(id(1), &plan(3), &act(1)).await?;
        let edit = Edit {
            options: Some(vec![OptionDraft {
                key: "z".to_owned(),
                name: "Z".to_owned(),
                subject_kind: None,
                subject_id: None,
            }]),
            free_daily_tickets: Some(0),
            ..name("New")
        };
        let done = store.edit_campaign(&change(1, edit, at(-1)), &act(2)).await?;
        assert_eq!(done, CampaignUpdate::Done);
        let detail = store.campaign_detail(id(1)).await?.unwrap();
        assert_eq!(detail.campaign.version, 2);
        assert_eq!(detail.campaign.updated_at, act(2).at);
        assert_eq!(detail.campaign.terms.n_options, 1);
        let mut planned = plan(0);
        planned.name = "New".to_owned();
        planned.free_daily_tickets = 0;
        planned.options = vec![CampaignOption { name: "Z".to_owned(), ..option("z") }];
        assert_eq!(detail.plan(), planned);
        let filter = AuditFilter { action: Some("campaign_edited".to_owned()), subject: None };
        let records = store.audit_records(&filter, None, 9).await?;
        assert_eq!(
            records[0].detail,
            json!({"version": 2, "changes": {
                "name": {"from": "Finale", "to": "New"},
                "free_daily_tickets": {"from": 3, "to": 0},
                "options": {"from": ["o0", "o1", "o2"], "to": ["z"]},
            }})
        );
        Ok(())
    }

    async fn an_edit_that_changes_nothing_or_may_not_be_writes_nothing(
        backend: Backend
    ) -> Result<()> {
        let store = &backend.store;
        store.create_campaign(id(1), &plan(2), &act(1)).await?;
        let edit = async |edit: CampaignEdit| store.edit_campaign(&edit, &act(2)).await;
        assert_eq!(edit(change(2, name("x"), at(-1))).await?, CampaignUpdate::NotFound);
        assert_eq!(edit(change(1, name(" Finale "), at(-1))).await?, CampaignUpdate::Done);
        let stale = CampaignEdit { expected: Some(2), ..change(1, name("x"), at(-1)) };
        assert_eq!(edit(stale).await?, CampaignUpdate::Stale(1));
        let open = Edit { free_daily_tickets: Some(9), ..name("x") };
        assert_eq!(
            edit(change(1, open, at(1))).await?,
            CampaignUpdate::Refused(EditRefusal::Fixed(vec!["free_daily_tickets"]))
        );
        let over = edit(change(1, name("x"), at(48))).await?;
        assert_eq!(over, CampaignUpdate::Refused(EditRefusal::Over(Stage::Closing)));
        close(store, 1, "drained").await?;
        let over = edit(change(1, name("x"), at(1))).await?;
        assert_eq!(over, CampaignUpdate::Refused(EditRefusal::Over(Stage::Drained)));
        let detail = store.campaign_detail(id(1)).await?.unwrap();
        assert_eq!((detail.campaign.version, detail.plan()), (1, plan(2)));
        assert_eq!(store.audit_records(&AuditFilter::default(), None, 9).await?.len(), 1);
        Ok(())
    }

    async fn of_edits_at_once_each_is_seen_by_the_next(backend: Backend) -> Result<()> {
        let store = &backend.store;
        store.create_campaign(id(1), &plan(2), &act(1)).await?;
        let edits: Vec<_> = (0..6_i64).map(|n| {
            let store = store.clone();
            let edit = Edit { free_daily_tickets: Some(100 + n), ..Edit::default() };
            let act = act(10 + u128::try_from(n).unwrap());
            tokio::spawn(async move { store.edit_campaign(&change(1, edit, at(-1)), &act).await })
        }).collect();
        for edit in edits {
            assert_eq!(edit.await??, CampaignUpdate::Done);
        }
        assert_eq!(store.campaign(id(1)).await?.unwrap().version, 7);
        // Of those that name the version they read, one comes through.
        let edits: Vec<_> = (0..6_u128).map(|n| {
            let store = store.clone();
            let edit = change(1, name(&format!("n{n}")), at(-1));
            let edit = CampaignEdit { expected: Some(7), ..edit };
            tokio::spawn(async move { store.edit_campaign(&edit, &act(20 + n)).await })
        }).collect();
        let mut n_done = 0;
        for edit in edits {
            match edit.await?? {
                CampaignUpdate::Done => n_done += 1,
                other => assert_eq!(other, CampaignUpdate::Stale(8)),
            }
        }
        assert_eq!(n_done, 1);
        Ok(())
    }

    async fn campaigns_are_listed_latest_start_first_by_page_and_stage(
        backend: Backend
    ) -> Result<()> {
        let store = &backend.store;
        for (n, starts, ends) in [(1, 0, 10), (2, 5, 15), (3, 5, 20), (4, 12, 30)] {
            let plan = Plan { starts_at: at(starts), ends_at: at(ends), ..plan(1) };
            store.create_campaign(id(n), &plan, &act(n)).await?;
        }
        let ids = |campaigns: Vec<vote_store::campaigns::Campaign>| -> Vec<u128> {
            campaigns.iter().map(|c| c.terms.campaign.0.as_u128()).collect()
        };
        let all = store.campaigns(None, None, 9).await?;
        assert_eq!(ids(all.clone()), [4, 3, 2, 1]);
        for (n, last) in all.iter().enumerate() {
            let before = Some((last.terms.starts_at, last.terms.campaign));
            assert_eq!(store.campaigns(None, before, 9).await?, all[n + 1..]);
        }
        assert_eq!(ids(store.campaigns(None, None, 2).await?), [4, 3]);
        let mut expected = HashMap::from([
            (Stage::Scheduled, vec![4]), (Stage::Open, vec![3, 2]), (Stage::Closing, vec![1]),
            (Stage::Drained, vec![]), (Stage::Final, vec![]),
        ]);
        for _ in 0..2 {
            for (stage, expected) in &expected {
                let found = store.campaigns(Some((*stage, at(11))), None, 9).await?;
                assert_eq!(&ids(found.clone()), expected, "{stage:?}");
                for campaign in found {
                    assert_eq!(campaign.terms.stage(campaign.progress, at(11)), *stage);
                }
            }
            close(store, 1, "final").await?;
            close(store, 2, "closing").await?;
            close(store, 3, "drained").await?;
            expected = HashMap::from([
                (Stage::Scheduled, vec![4]), (Stage::Open, vec![]), (Stage::Closing, vec![2]),
                (Stage::Drained, vec![3]), (Stage::Final, vec![1]),
            ]);
        }
        let unfinished = store.unfinished_campaigns().await?;
        assert_eq!(unfinished.len(), 3);
        assert_eq!(ids(store.campaigns_ending_after(at(29)).await?), [4]);
        assert_eq!(ids(store.campaigns_ending_after(at(30)).await?), [0; 0]);
        Ok(())
    }

    async fn totals_are_by_option_by_channel_and_by_hours(backend: Backend) -> Result<()> {
        let store = &backend.store;
        assert_eq!(store.option_totals(id(1), None).await?, []);
        count(store, &[(1, 0, 0, 5), (1, 1, 1, 7), (30, 0, 1, 2), (99, 2, 0, 1)]).await?;
        let totals = async |channel: Option<u32>, hours: Option<(i64, i64)>| {
            let channel = channel.map(ChannelNo);
            let totals = match hours {
                None => store.option_totals(id(1), channel).await,
                Some((from, to)) => {
                    store.option_totals_within(id(1), channel, hour(from)..hour(to)).await
                }
            };
            totals.map(sorted)
        };
        assert_eq!(totals(None, None).await?, [(0, 7), (1, 7), (2, 1)]);
        assert_eq!(totals(Some(1), None).await?, [(0, 2), (1, 7)]);
        assert_eq!(totals(None, Some((1, 2))).await?, [(0, 5), (1, 7)]);
        assert_eq!(totals(None, Some((2, 99))).await?, [(0, 2)]);
        assert_eq!(totals(None, Some((1, 100))).await?, [(0, 7), (1, 7), (2, 1)]);
        assert_eq!(totals(Some(0), Some((0, 90))).await?, [(0, 5)]);
        assert_eq!(totals(None, Some((5, 5))).await?, []);
        assert_eq!(store.option_totals(id(2), None).await?, []);
        let hours = store.option_hours(id(1), OptionNo(0), None, hour(0)..hour(31)).await?;
        assert_eq!(hours, [(hour(1), 5), (hour(30), 2)]);
        let hours = store
            .option_hours(id(1), OptionNo(0), Some(ChannelNo(1)), hour(1)..hour(31))
            .await?;
        assert_eq!(hours, [(hour(30), 2)]);
        let none = store.option_hours(id(1), OptionNo(0), None, hour(2)..hour(30)).await?;
        assert_eq!(none, []);
        Ok(())
    }

    async fn fans_are_paged_with_their_names(backend: Backend) -> Result<()> {
        let store = &backend.store;
        let fans = [(11, 5), (12, 9), (13, 5), (14, 5), (15, 1), (16, 0)];
        add_fans(store, fans.into_iter()).await?;
        // 12 is a member with an account, 15 one whose account is gone.
        backend.user(Uuid::from_u128(12)).await?;
        for member in [12, 15] {
            let sql = format!(
                "UPDATE campaign_voters SET voter_kind = 'member' WHERE voter_id = {}",
                literal(member)
            );
            store.execute_raw(&sql).await?;
        }
        let all = store.fans(id(1), OptionNo(0), None, 10).await?;
        let order: Vec<_> = all.iter().map(|fan| (fan.voter.0.as_u128(), fan.tickets)).collect();
        assert_eq!(order, [(12, 9), (14, 5), (13, 5), (11, 5), (15, 1)]);
        assert_eq!((all[0].kind.as_str(), &*all[0].name), ("member", &*Uuid::from_u128(12).to_string()));
        assert_eq!((all[1].kind.as_str(), &*all[1].id, &*all[1].name), ("jury", "v14", "v14"));
        assert_eq!(all[4].name, "v15");
        for limit in 1..6 {
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let page = store.fans(id(1), OptionNo(0), after, limit).await?;
                let Some(last) = page.last() else { break };
                after = Some((last.tickets, last.voter));
                seen.extend(page);
            }
            assert_eq!(seen, all, "{limit}");
        }
        assert_eq!(store.fans(id(1), OptionNo(1), None, 10).await?, []);
        assert_eq!(store.fans(id(2), OptionNo(0), None, 10).await?, []);
        let voter = |n| VoterId(Uuid::from_u128(n));
        assert_eq!(store.fan_tickets(id(1), OptionNo(0), voter(13)).await?, 5);
        assert_eq!(store.fan_tickets(id(1), OptionNo(0), voter(99)).await?, 0);
        for (tickets, most, ahead) in [(9, 9, 0), (5, 9, 1), (1, 9, 4), (0, 9, 5), (0, 3, 3)] {
            let n = store.fans_ahead(id(1), OptionNo(0), tickets, most).await?;
            assert_eq!(n, ahead, "{tickets} {most}");
        }
        Ok(())
    }

    async fn a_result_is_read_as_it_was_frozen(backend: Backend) -> Result<()> {
        let store = &backend.store;
        assert_eq!(store.frozen_result(id(1)).await?, None);
        let sql = format!(
            "INSERT INTO campaign_results VALUES \
             ({}, 'tally-result 1 …', 'abc', 7, '2026-03-01 00:00:00.000000')",
            literal(1)
        );
        store.execute_raw(&sql).await?;
        let result = store.frozen_result(id(1)).await?.unwrap();
        assert_eq!((&*result.canonical, &*result.digest), ("tally-result 1 …", "abc"));
        assert_eq!((result.n_votes, result.frozen_at), (7, "2026-03-01T00:00:00Z".parse()?));
        Ok(())
    }
}

/// Any range of hours, summed from days and hours, is what a sum of votes gives.
#[tokio::test(flavor = "multi_thread")]
async fn any_range_is_the_sum_of_its_hours() -> Result<()> {
    let backend = Backend::sqlite().await?;
    let store = &backend.store;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let votes = prop::collection::vec((-60_i64..60, 0_u32..3, 0_u32..2, 1_u64..9), 200);
    let votes = prop::strategy::ValueTree::current(&votes.new_tree(&mut runner).unwrap());
    count(store, &votes).await?;
    for from in -60..60_i64 {
        for length in [1, 2, 23, 24, 25, 47, 48, 49, 100] {
            let hours = from..from + length;
            let mut sums: HashMap<u32, u64> = HashMap::new();
            for (hour, option, _, tickets) in &votes {
                if hours.contains(hour) {
                    *sums.entry(*option).or_default() += tickets;
                }
            }
            let span = hour(hours.start)..hour(hours.end);
            let read = store.option_totals_within(id(1), None, span).await?;
            let read: HashMap<u32, u64> = sorted(read).into_iter().collect();
            assert_eq!(read, sums, "{hours:?}");
        }
    }
    Ok(())
}

/// A derived table of the numbers below `end`, as `seq`. (MariaDB has such tables, MySQL
/// has not.)
fn numbers(end: u32) -> String {
    let digits = (1..10).fold("SELECT 0 AS d".to_owned(), |sql, digit| {
        format!("{sql} UNION ALL SELECT {digit}")
    });
    let places = 0..(end - 1).to_string().len();
    let value: Vec<String> = places
        .clone()
        .map(|place| format!("p{place}.d * {}", 10_u32.pow(u32::try_from(place).unwrap())))
        .collect();
    let from: Vec<String> = places.map(|place| format!("({digits}) p{place}")).collect();
    let (value, from) = (value.join(" + "), from.join(", "));
    format!("(SELECT {value} AS seq FROM {from} WHERE {value} < {end}) n")
}

/// With five thousand options, a hundred thousand tallies and two hundred thousand
/// fans, no statement scans a table or sorts what it read.
#[tokio::test(flavor = "multi_thread")]
async fn boards_and_fans_are_read_by_their_keys_alone() -> Result<()> {
    let backend = Backend::mysql("boards_by_key").await?;
    let store = &backend.store;
    let key = literal(1);
    for (other, hours) in [(literal(1), 16), (literal(2), 2), (literal(3), 2)] {
        for hour_no in 500_000..500_000 + hours {
            for table in ["campaign_tallies", "campaign_days"] {
                if table == "campaign_days" && hour_no % 8 > 0 {
                    continue;
                }
                let unit = if table == "campaign_days" {
                    hour_no / 24 + hour_no % 24
                } else {
                    hour_no
                };
                let sql = format!(
                    "INSERT IGNORE INTO {table} SELECT {other}, {unit}, seq, 0, 1 FROM {}",
                    numbers(5_000)
                );
                store.execute_raw(&sql).await?;
            }
        }
        let sql = format!(
            "INSERT INTO campaign_totals SELECT {other}, seq, 0, 1, 1 FROM {}",
            numbers(5_000)
        );
        store.execute_raw(&sql).await?;
    }
    // Half of the fans have one ticket each.
    let fans = format!(
        "INSERT INTO campaign_fans SELECT {key}, 0, LEFT(UNHEX(SHA2(seq, 256)), 16), \
         IF(seq % 2, 1, seq % 1000) FROM {}",
        numbers(200_000)
    );
    store.execute_raw(&fans).await?;
    let analyze = "ANALYZE TABLE campaign_tallies, campaign_days, campaign_totals, campaign_fans";
    store.execute_raw(analyze).await?;
    for statement in vote_store::testing::board_statements() {
        let mut sql = String::new();
        let mut parts = statement.split('?');
        sql.push_str(parts.next().unwrap());
        for part in parts {
            let bound = if sql.ends_with("campaign_id = ") {
                &key
            } else if sql.ends_with("hour_no >= ") {
                "500010"
            } else if sql.ends_with("hour_no < ") {
                "500012"
            } else if sql.ends_with("day_no >= ") {
                "20833"
            } else if sql.ends_with("day_no < ") {
                "20834"
            } else if sql.ends_with("voter_id < ") {
                "X'80000000000000000000000000000000'"
            } else if sql.ends_with("LIMIT ") {
                "100"
            } else if sql.ends_with("tickets < ") {
                "9223372036854775807"
            } else if sql.ends_with("tickets > ") {
                "1"
            } else if sql.ends_with("tickets = ") {
                // Few have as many. Where half of all have, their key may do as well.
                "998"
            } else {
                "0"
            };
            sql.push_str(bound);
            sql.push_str(part);
        }
        let explained = store.explain(&sql).await?;
        assert!(!explained.is_empty(), "{sql}");
        for table in explained {
            let extra = table.extra.clone().unwrap_or_default();
            // The derived table of the bounded count is what it counted.
            let is_derived = statement.starts_with("SELECT COUNT(*)") && table.key.is_none();
            assert!(is_derived || table.key.is_some(), "{sql}\n{table:?}");
            assert!(
                is_derived || table.access.as_deref() != Some("ALL"),
                "{sql}\n{table:?}"
            );
            assert_ne!(table.access.as_deref(), Some("index"), "{sql}\n{table:?}");
            assert!(!extra.contains("filesort"), "{sql}\n{table:?}");
            if statement.contains("campaign_fans") && !is_derived {
                assert!(extra.contains("Using index"), "{sql}\n{table:?}");
                assert!(!extra.contains("temporary"), "{sql}\n{table:?}");
            }
            if statement.contains("option_no = ?") && statement.contains("campaign_tallies") {
                assert_eq!(
                    table.key.as_deref(),
                    Some("campaign_tallies_by_option"),
                    "{sql}"
                );
            }
        }
    }
    let started = tokio::time::Instant::now();
    let totals = store
        .option_totals_within(id(1), None, Hour(500_000)..Hour(500_016))
        .await?;
    assert_eq!(totals.len(), 5_000);
    store.option_totals(id(1), None).await?;
    for tickets in [1, 500] {
        store
            .fans_ahead(id(1), OptionNo(0), tickets, 100_000)
            .await?;
    }
    let took = started.elapsed();
    assert!(took.as_secs() < 5, "{took:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_is_held_up_until_the_start_is_near_changes_nothing() -> Result<()> {
    let backend = Backend::mysql("an_edit_that_is_held_up").await?;
    let store = &backend.store;
    store.create_campaign(id(1), &plan(2), &act(1)).await?;
    // Somebody holds the campaign's row.
    let holder = store.clone();
    let holding = tokio::spawn(async move {
        let sql = "UPDATE campaigns SET name = name WHERE SLEEP(1.8) = 0";
        holder.execute_raw(sql).await
    });
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let edit = Edit {
        free_daily_tickets: Some(9),
        ..Edit::default()
    };
    let in_time = plan(2).starts_at - TimeDelta::milliseconds(10_100);
    let edited = store
        .edit_campaign(&change(1, edit, in_time), &act(2))
        .await;
    assert!(matches!(edited, Err(StoreError::TooSlow(_))), "{edited:?}");
    holding.await??;
    let detail = store.campaign_detail(id(1)).await?.unwrap();
    assert_eq!((detail.campaign.version, detail.plan()), (1, plan(2)));
    Ok(())
}
