//! Many rows in one statement: what the typed query builder cannot say in the same words
//! for both backends. Plain inserts and upserts of fixed chunk sizes (so that each text is
//! prepared once), and look-ups by keys, padded to the same sizes.

use chrono::NaiveDate;
use diesel::QueryResult;
use diesel::mysql::Mysql;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Binary, Bool, Date, Nullable, SmallInt, Text, Timestamp};
use diesel::sqlite::Sqlite;

use crate::key::{Key, Moment};

/// Rows in one statement, largest first. Any number of rows is written in few
/// statements, of few texts.
const CHUNKS: [usize; 10] = [512, 256, 128, 64, 32, 16, 8, 4, 2, 1];

/// A value bound into a row.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// A UUID.
    Key(Key),
    /// Any whole number, and a truth as 0 or 1.
    Int(i64),
    /// A whole number, or nothing.
    MaybeInt(Option<i64>),
    /// A UUID, or nothing.
    MaybeKey(Option<Key>),
    /// Text, or nothing.
    Text(Option<&'static str>),
    /// Text that somebody wrote.
    Words(String),
    /// Text that somebody may have written.
    MaybeWords(Option<String>),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A local day.
    Day(NaiveDate),
    /// A local day, or nothing.
    MaybeDay(Option<NaiveDate>),
    /// A moment.
    At(Moment),
}

/// What an upsert makes of a column whose row is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnDuplicate {
    /// Leaves it.
    Keep,
    /// Takes the new value.
    Replace,
    /// Adds the new value.
    Add,
    /// Takes the higher of both.
    Max,
    /// Raises it by one.
    Increment,
}

/// A statement that writes rows of one shape.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Write {
    /// The table.
    pub(crate) table: &'static str,
    /// Its key, as SQLite wants it named; empty for a plain insert, where a row that is
    /// there already is an error.
    pub(crate) upsert_key: &'static str,
    /// The columns, and what an upsert makes of each.
    pub(crate) columns: &'static [(&'static str, OnDuplicate)],
}

impl Write {
    /// Splits `rows` into statements.
    pub(crate) fn statements<'r, const N: usize>(
        &'r self,
        rows: &'r [[Value; N]],
    ) -> impl Iterator<Item = WriteRows<'r, N>> + Send {
        debug_assert_eq!(N, self.columns.len());
        chunks(rows).map(move |rows| WriteRows { write: self, rows })
    }

    fn head(&self, out: &mut AstPass<'_, '_, impl diesel::backend::Backend>) {
        out.push_sql("INSERT INTO ");
        out.push_sql(self.table);
        for (n, (column, _)) in self.columns.iter().enumerate() {
            out.push_sql(if n == 0 { " (" } else { ", " });
            out.push_sql(column);
        }
        out.push_sql(") VALUES ");
    }
}

/// Splits `rows` into chunks of the fixed sizes.
fn chunks<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> + Send
where
    T: Sync,
{
    std::iter::from_fn(move || {
        let size = CHUNKS.into_iter().find(|size| *size <= rows.len())?;
        let (chunk, rest) = rows.split_at(size);
        rows = rest;
        Some(chunk)
    })
}

/// One statement of a [`Write`].
#[derive(Debug)]
pub(crate) struct WriteRows<'r, const N: usize> {
    write: &'r Write,
    rows: &'r [[Value; N]],
}

// Prepared statements are kept by their text.
impl<const N: usize> QueryId for WriteRows<'_, N> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

macro_rules! push_value {
    ($value:expr, $out:ident) => {
        match $value {
            Value::Key(key) => $out.push_bind_param::<Binary, _>(key)?,
            Value::Int(number) => $out.push_bind_param::<BigInt, _>(number)?,
            Value::MaybeInt(number) => $out.push_bind_param::<Nullable<BigInt>, _>(number)?,
            Value::MaybeKey(key) => $out.push_bind_param::<Nullable<Binary>, _>(key)?,
            Value::Words(text) => $out.push_bind_param::<Text, _>(text)?,
            Value::MaybeWords(text) => $out.push_bind_param::<Nullable<Text>, _>(text)?,
            Value::Text(text) => $out.push_bind_param::<Nullable<Text>, _>(text)?,
            Value::Bytes(bytes) => $out.push_bind_param::<Binary, _>(bytes)?,
            Value::Day(day) => $out.push_bind_param::<Date, _>(day)?,
            Value::MaybeDay(day) => $out.push_bind_param::<Nullable<Date>, _>(day)?,
            Value::At(at) => $out.push_bind_param::<Timestamp, _>(at)?,
        }
    };
}

macro_rules! push_rows {
    ($rows:expr, $out:ident) => {
        for (n, row) in $rows.enumerate() {
            if n > 0 {
                $out.push_sql(", ");
            }
            for (n, value) in row.iter().enumerate() {
                $out.push_sql(if n == 0 { "(" } else { ", " });
                push_value!(value, $out);
            }
            $out.push_sql(")");
        }
    };
}

impl<const N: usize> QueryFragment<Mysql> for WriteRows<'_, N> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Mysql>) -> QueryResult<()> {
        self.write.head(&mut out);
        push_rows!(self.rows.iter(), out);
        if self.write.upsert_key.is_empty() {
            return Ok(());
        }
        let mut first = true;
        for (column, on_duplicate) in self.write.columns {
            let set = match on_duplicate {
                OnDuplicate::Keep => continue,
                OnDuplicate::Replace => format!("{column} = VALUES({column})"),
                OnDuplicate::Add => format!("{column} = {column} + VALUES({column})"),
                OnDuplicate::Max => format!("{column} = GREATEST({column}, VALUES({column}))"),
                OnDuplicate::Increment => format!("{column} = {column} + 1"),
            };
            out.push_sql(if first {
                " ON DUPLICATE KEY UPDATE "
            } else {
                ", "
            });
            out.push_sql(&set);
            first = false;
        }
        Ok(())
    }
}

impl<const N: usize> QueryFragment<Sqlite> for WriteRows<'_, N> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.write.head(&mut out);
        push_rows!(self.rows.iter(), out);
        if self.write.upsert_key.is_empty() {
            return Ok(());
        }
        out.push_sql(" ON CONFLICT (");
        out.push_sql(self.write.upsert_key);
        let mut first = true;
        for (column, on_duplicate) in self.write.columns {
            let table = self.write.table;
            let set = match on_duplicate {
                OnDuplicate::Keep => continue,
                OnDuplicate::Replace => format!("{column} = excluded.{column}"),
                OnDuplicate::Add => format!("{column} = {table}.{column} + excluded.{column}"),
                OnDuplicate::Max => {
                    format!("{column} = MAX({table}.{column}, excluded.{column})")
                }
                OnDuplicate::Increment => format!("{column} = {table}.{column} + 1"),
            };
            out.push_sql(if first { ") DO UPDATE SET " } else { ", " });
            out.push_sql(&set);
            first = false;
        }
        Ok(())
    }
}

/// `(a, b, …) IN (…)`: rows whose key is one of some. The keys are repeated up to the next
/// of the fixed sizes, so that they are asked after in few statements, of few texts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyIn<'k, const N: usize> {
    columns: &'static str,
    keys: &'k [[Value; N]],
    size: usize,
}

/// The values of ids, as keys to look up.
pub(crate) fn key_values<Id: Into<Key>>(ids: impl IntoIterator<Item = Id>) -> Vec<[Value; 1]> {
    ids.into_iter().map(|id| [Value::Key(id.into())]).collect()
}

/// Splits `keys` into conditions on `columns`, "a, b".
pub(crate) fn key_in<'k, const N: usize>(
    columns: &'static str,
    keys: &'k [[Value; N]],
) -> impl Iterator<Item = KeyIn<'k, N>> + Send {
    keys.chunks(CHUNKS[0]).map(move |keys| KeyIn {
        columns,
        keys,
        size: CHUNKS
            .into_iter()
            .rfind(|size| keys.len() <= *size)
            .unwrap_or(keys.len()),
    })
}

impl<const N: usize> KeyIn<'_, N> {
    fn padded(&self) -> impl Iterator<Item = &[Value; N]> {
        let last = self.keys.last();
        let more = self.size - self.keys.len();
        self.keys
            .iter()
            .chain(std::iter::repeat_n(last, more).flatten())
    }
}

impl<const N: usize> QueryId for KeyIn<'_, N> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<const N: usize> diesel::expression::Expression for KeyIn<'_, N> {
    type SqlType = diesel::sql_types::Bool;
}
impl<QS, const N: usize> diesel::expression::SelectableExpression<QS> for KeyIn<'_, N> {}
impl<QS, const N: usize> diesel::expression::AppearsOnTable<QS> for KeyIn<'_, N> {}
impl<GB, const N: usize> diesel::expression::ValidGrouping<GB> for KeyIn<'_, N> {
    type IsAggregate = diesel::expression::is_aggregate::No;
}

impl<const N: usize> QueryFragment<Mysql> for KeyIn<'_, N> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Mysql>) -> QueryResult<()> {
        out.push_sql("(");
        out.push_sql(self.columns);
        out.push_sql(") IN (");
        push_rows!(self.padded(), out);
        out.push_sql(")");
        Ok(())
    }
}

impl<const N: usize> QueryFragment<Sqlite> for KeyIn<'_, N> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("(");
        out.push_sql(self.columns);
        out.push_sql(") IN (VALUES ");
        push_rows!(self.padded(), out);
        out.push_sql(")");
        Ok(())
    }
}

/// What stands for each of some (voter, review), null where nothing does.
///
/// MySQL joins the keys as a table of their own. Of `(voter_id, review_id) IN (…)` MariaDB
/// weighs each pair against all others, for both indexes of the table begin with one of the
/// columns: planning took it 50 ms for 256 pairs and 260 ms for 498, the join takes 3 and 6.
#[derive(Clone, Debug)]
pub(crate) struct StandingsOf<'k>(KeyIn<'k, 2>);

/// Splits `keys`, each a voter and a review, into such queries.
pub(crate) fn standings_of(keys: &[[Value; 2]]) -> impl Iterator<Item = StandingsOf<'_>> + Send {
    key_in("voter_id, review_id", keys).map(StandingsOf)
}

const STANDINGS_HEAD: &str = "SELECT found.voter_id, found.review_id, found.seq, found.vote_id, \
     found.direction, found.ever_up FROM ";

impl QueryId for StandingsOf<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl diesel::query_builder::Query for StandingsOf<'_> {
    type SqlType = Nullable<(Binary, Binary, BigInt, Binary, SmallInt, Bool)>;
}

impl QueryFragment<Mysql> for StandingsOf<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Mysql>) -> QueryResult<()> {
        out.push_sql(STANDINGS_HEAD);
        for (n, [voter, review]) in self.0.padded().enumerate() {
            out.push_sql(if n == 0 { "(" } else { " UNION ALL " });
            out.push_sql("SELECT CAST(");
            push_value!(voter, out);
            out.push_sql(" AS BINARY(16)) AS voter_id, CAST(");
            push_value!(review, out);
            out.push_sql(" AS BINARY(16)) AS review_id");
        }
        // From the keys to the rows, and not the other way.
        out.push_sql(
            ") AS asked LEFT JOIN review_standings AS found \
             ON found.voter_id = asked.voter_id AND found.review_id = asked.review_id",
        );
        Ok(())
    }
}

impl QueryFragment<Sqlite> for StandingsOf<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(STANDINGS_HEAD);
        out.push_sql("review_standings AS found WHERE ");
        self.0.walk_ast(out)
    }
}

/// A query whose rows are locked until the transaction ends. SQLite has one writer at a
/// time, and needs no such words.
#[derive(Clone, Copy, Debug, QueryId)]
pub(crate) struct Locked<Q>(pub(crate) Q);

impl<Q: diesel::query_builder::Query> diesel::query_builder::Query for Locked<Q> {
    type SqlType = Q::SqlType;
}

impl<Q: QueryFragment<Mysql>> QueryFragment<Mysql> for Locked<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Mysql>) -> QueryResult<()> {
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(" FOR UPDATE");
        Ok(())
    }
}

impl<Q: QueryFragment<Sqlite>> QueryFragment<Sqlite> for Locked<Q> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_rows_is_written_once_in_fixed_sizes() {
        let rows: Vec<_> = (0..855).collect();
        let sizes: Vec<_> = chunks(&rows).map(<[_]>::len).collect();
        assert_eq!(sizes, [512, 256, 64, 16, 4, 2, 1]);
        assert_eq!(chunks(&rows).flatten().copied().collect::<Vec<_>>(), rows);
    }

    #[test]
    fn keys_are_asked_after_in_fixed_sizes() {
        let keys = [[Value::Int(1)], [Value::Int(2)], [Value::Int(3)]];
        let condition = key_in("a", &keys).next().expect("one condition");
        assert_eq!(
            diesel::debug_query::<Mysql, _>(&condition).to_string(),
            "(a) IN ((?), (?), (?), (?)) -- binds: [1, 2, 3, 3]"
        );
        let many = vec![[Value::Int(7)]; 600];
        let sizes: Vec<_> = key_in("a", &many).map(|keys| keys.size).collect();
        assert_eq!(sizes, [512, 128]);
        assert_eq!(key_in::<1>("a", &[]).count(), 0);
    }

    #[test]
    fn standings_are_found_from_their_keys() {
        let keys = [
            [Value::Int(1), Value::Int(2)],
            [Value::Int(3), Value::Int(4)],
        ];
        let query = standings_of(&keys).next().expect("one query");
        assert_eq!(
            diesel::debug_query::<Mysql, _>(&query).to_string(),
            "SELECT found.voter_id, found.review_id, found.seq, found.vote_id, found.direction, \
             found.ever_up FROM (SELECT CAST(? AS BINARY(16)) AS voter_id, \
             CAST(? AS BINARY(16)) AS review_id UNION ALL SELECT CAST(? AS BINARY(16)) AS voter_id, \
             CAST(? AS BINARY(16)) AS review_id) AS asked LEFT JOIN review_standings AS found \
             ON found.voter_id = asked.voter_id AND found.review_id = asked.review_id \
             -- binds: [1, 2, 3, 4]"
        );
        assert_eq!(
            diesel::debug_query::<Sqlite, _>(&query).to_string(),
            "SELECT found.voter_id, found.review_id, found.seq, found.vote_id, found.direction, \
             found.ever_up FROM review_standings AS found WHERE (voter_id, review_id) IN \
             (VALUES (?, ?), (?, ?)) -- binds: [1, 2, 3, 4]"
        );
    }

    #[test]
    fn an_upsert_says_the_same_to_both_backends() {
        const WRITE: Write = Write {
            table: "t",
            upsert_key: "a",
            columns: &[
                ("a", OnDuplicate::Keep),
                ("b", OnDuplicate::Add),
                ("c", OnDuplicate::Max),
            ],
        };
        let rows = [[Value::Int(1), Value::Int(2), Value::Int(3)]];
        let statement = WRITE.statements(&rows).next().expect("one statement");
        assert_eq!(
            diesel::debug_query::<Mysql, _>(&statement).to_string(),
            "INSERT INTO t (a, b, c) VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE \
             b = b + VALUES(b), c = GREATEST(c, VALUES(c)) -- binds: [1, 2, 3]"
        );
        assert_eq!(
            diesel::debug_query::<Sqlite, _>(&statement).to_string(),
            "INSERT INTO t (a, b, c) VALUES (?, ?, ?) ON CONFLICT (a) DO UPDATE SET \
             b = t.b + excluded.b, c = MAX(t.c, excluded.c) -- binds: [1, 2, 3]"
        );
    }
}
