//! Rows whose counterpart is not there.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Text};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::Conn;
use crate::StoreError;
use crate::key::{Key, KeyRange};
use crate::orphans::{RELATIONS, Relation, next_campaign_of};
use crate::schema::{campaign_votes, campaigns, review_votes, reviews};
use crate::verify::{Check, Findings, Hear, LOST, Mend};

/// Rows looked at with one statement.
const SLICE: i64 = 5_000;
/// The most orphans told of one slice.
const ORPHANS_MAX: i64 = 1_000;

#[derive(QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = Binary)]
    k: Key,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    a: String,
    #[diesel(sql_type = Text)]
    b: String,
    #[diesel(sql_type = Text)]
    c: String,
}

/// Looks at the rows of `relation` from `from` on; answers where those behind them begin.
pub(crate) async fn slice(
    connection: &mut Conn,
    relation: &Relation,
    from: Key,
    findings: &mut Findings,
    hear: Hear<'_>,
) -> Result<Option<Key>, StoreError> {
    let last: Option<KeyRow> = diesel::sql_query(relation.slice_end())
        .bind::<Binary, _>(from)
        .bind::<BigInt, _>(SLICE)
        .get_result(connection)
        .await
        .optional()?;
    let to = last.map_or(Key(Uuid::max()), |row| row.k);
    let range = KeyRange { from, to };
    let looked: Number = diesel::sql_query(relation.n_rows())
        .bind::<Binary, _>(range.from)
        .bind::<Binary, _>(range.to)
        .get_result(connection)
        .await?;
    let orphans: Vec<Name> = diesel::sql_query(relation.orphans())
        .bind::<Binary, _>(range.from)
        .bind::<Binary, _>(range.to)
        .bind::<BigInt, _>(ORPHANS_MAX)
        .load(connection)
        .await?;
    hear(looked.n.unsigned_abs());
    findings.look(
        Check::Orphans,
        usize::try_from(looked.n).unwrap_or_default(),
    );
    for orphan in orphans {
        let ids = [orphan.a, orphan.b, orphan.c];
        let key: Vec<String> = relation.key.iter().zip(ids).map(named).collect();
        findings.find(
            Check::Orphans,
            format!("{} ({})", relation.child, key.join(", ")),
            format!("a row in {}", relation.parent),
            "none",
            Mend::Not(LOST),
        );
    }
    Ok(range.next())
}

fn named((column, hex): (&&'static str, String)) -> String {
    match Uuid::parse_str(&hex) {
        Ok(id) => format!("{column}={id}"),
        Err(_) => format!("{column}={hex}"),
    }
}

/// Looks at the campaigns that `table` names.
pub(crate) async fn of_campaigns(
    connection: &mut Conn,
    table: &str,
    findings: &mut Findings,
    hear: Hear<'_>,
) -> Result<(), StoreError> {
    let text = next_campaign_of(table);
    let mut from = Some(Key::FIRST);
    while let Some(begin) = from {
        let named: Option<KeyRow> = diesel::sql_query(&text)
            .bind::<Binary, _>(begin)
            .get_result(connection)
            .await
            .optional()?;
        let Some(KeyRow { k: campaign }) = named else {
            return Ok(());
        };
        hear(1);
        findings.look(Check::Orphans, 1);
        let n_there: i64 = campaigns::table
            .filter(campaigns::campaign_id.eq(campaign))
            .count()
            .get_result(connection)
            .await?;
        if n_there == 0 {
            findings.find(
                Check::Orphans,
                format!("{table} (campaign_id={})", campaign.0),
                "a row in campaigns",
                "none",
                Mend::Not(LOST),
            );
        }
        from = campaign.next();
    }
    Ok(())
}

/// About how many rows a whole look at everything takes in.
pub(crate) async fn n_rows(connection: &mut Conn) -> Result<u64, StoreError> {
    let votes: i64 = review_votes::table.count().get_result(connection).await?;
    let of_campaigns: i64 = campaign_votes::table.count().get_result(connection).await?;
    let of_reviews: i64 = reviews::table.count().get_result(connection).await?;
    // Each vote on a review is met with its voter and with its review.
    let mut n_rows = 2 * votes + of_campaigns + of_reviews;
    for relation in RELATIONS {
        let rows: Number = diesel::sql_query(relation.n_rows())
            .bind::<Binary, _>(Key::FIRST)
            .bind::<Binary, _>(Key(Uuid::max()))
            .get_result(connection)
            .await?;
        n_rows += rows.n;
    }
    Ok(n_rows.unsigned_abs())
}
