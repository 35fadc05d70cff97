//! Lists that are read a page at a time.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

use crate::Problem;

/// First byte of every cursor, so that a later layout can tell itself from this one.
const CURSOR_VERSION: u8 = 1;

/// Longest cursor that is looked at, in bytes of text.
const CURSOR_LENGTH_MAX: usize = 1_024;

/// How many things a page holds at most: 1 to 100, 20 by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit(u16);

impl Limit {
    /// The most that may be asked for.
    pub const MAX: u16 = 100;

    /// The number.
    #[must_use]
    pub fn get(self) -> u16 {
        self.0
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(20)
    }
}

impl From<Limit> for usize {
    fn from(limit: Limit) -> Self {
        limit.0.into()
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let limit = u16::deserialize(deserializer)
            .map_err(|_| D::Error::custom("limit must be 1 to 100"))?;
        if (1..=Self::MAX).contains(&limit) {
            Ok(Self(limit))
        } else {
            Err(D::Error::custom("limit must be 1 to 100"))
        }
    }
}

/// Where a page begins, as the client hands it back: opaque text from `next_cursor`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// Writes the position `at` as text for `next_cursor`.
    #[must_use]
    pub fn encode(at: &impl Serialize) -> String {
        let mut bytes = vec![CURSOR_VERSION];
        // A position is a struct of numbers, texts and ids: those always serialise.
        if let Err(error) = serde_json::to_writer(&mut bytes, at) {
            tracing::error!(%error, "a cursor's position is no JSON");
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads the position back. Give each list a position type of its own, with
    /// `deny_unknown_fields`, so that one list's cursor does not fit another.
    ///
    /// # Errors
    /// 422 `invalid_cursor` when the text was not made by [`Cursor::encode`] from a `T`.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let invalid = || {
            Problem::invalid(
                "invalid_cursor",
                "The cursor is not one that this list gave out.",
            )
        };
        if self.0.len() > CURSOR_LENGTH_MAX {
            return Err(invalid());
        }
        let bytes = URL_SAFE_NO_PAD.decode(&self.0).map_err(|_| invalid())?;
        match bytes.split_first() {
            Some((&CURSOR_VERSION, json)) => serde_json::from_slice(json).map_err(|_| invalid()),
            _ => Err(invalid()),
        }
    }
}

/// A time in a cursor, in microseconds of the Unix epoch. One that SQL does not know, before 1970
/// or after the year 9999, was made up: such a cursor does not decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CursorTime(pub DateTime<Utc>);

impl Serialize for CursorTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.timestamp_micros().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CursorTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// The end of the year 9999.
        const MICROS_MAX: i64 = 253_402_300_799_999_999;
        Some(i64::deserialize(deserializer)?)
            .filter(|micros| (0..=MICROS_MAX).contains(micros))
            .and_then(DateTime::from_timestamp_micros)
            .map(Self)
            .ok_or_else(|| D::Error::custom("no time that SQL knows"))
    }
}

/// The query of a list that takes nothing but a page: `?limit=&cursor=`. A list that
/// takes more has a struct of its own with these two fields.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PageQuery {
    /// How many things the page holds at most.
    pub limit: Limit,
    /// Where it begins; the start of the list without one.
    pub cursor: Option<Cursor>,
}

impl PageQuery {
    /// The position to go on from, if the client gave one.
    ///
    /// # Errors
    /// 422 `invalid_cursor`, see [`Cursor::decode`].
    pub fn position<T: DeserializeOwned>(&self) -> Result<Option<T>, Problem> {
        self.cursor.as_ref().map(Cursor::decode).transpose()
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The things, in the list's order.
    pub items: Vec<T>,
    /// Asks for the next page; null on the last one.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page from up to `limit + 1` rows: a row too many says that more follow,
    /// and `position` of the last one kept tells where.
    #[must_use]
    pub fn from_rows<P: Serialize>(
        mut rows: Vec<T>,
        limit: Limit,
        position: impl FnOnce(&T) -> P,
    ) -> Self {
        let more = rows.len() > usize::from(limit);
        rows.truncate(limit.into());
        let next_cursor = rows
            .last()
            .filter(|_| more)
            .map(|last| Cursor::encode(&position(last)));
        Self {
            items: rows,
            next_cursor,
        }
    }

    /// The same page with each item turned into something else.
    #[must_use]
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(change).collect(),
            next_cursor: self.next_cursor,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Position {
        score: i64,
        id: u32,
    }

    fn cursor(text: &str) -> Cursor {
        Cursor(text.to_owned())
    }

    #[test]
    fn a_cursor_comes_back_as_the_position_it_was_made_from() {
        let position = Position { score: -5, id: 7 };
        let text = Cursor::encode(&position);
        assert!(
            text.chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        );
        assert_eq!(cursor(&text).decode::<Position>().unwrap(), position);
    }

    #[test]
    fn cursors_made_up_are_invalid() {
        let other_list = Cursor::encode(&serde_json::json!({"created_at": 1}));
        let other_version = URL_SAFE_NO_PAD.encode(b"\x02{\"score\":1,\"id\":1}");
        let long = "A".repeat(100_000);
        for text in [
            "",
            "x",
            "%%%",
            "AQ",
            "null",
            &other_list,
            &other_version,
            &long,
        ] {
            let problem = cursor(text).decode::<Position>().unwrap_err();
            assert_eq!(problem.code(), "invalid_cursor", "{text}");
            assert_eq!(problem.status(), 422);
        }
    }

    #[test]
    fn a_row_too_many_says_that_more_follow() {
        let limit = Limit(2);
        let page = Page::from_rows(vec![1, 2, 3], limit, |last| *last);
        assert_eq!(page.items, [1, 2]);
        assert_eq!(
            cursor(&page.next_cursor.unwrap()).decode::<i32>().unwrap(),
            2
        );
        let page = Page::from_rows(vec![1, 2], limit, |last| *last);
        assert_eq!((page.items, page.next_cursor), (vec![1, 2], None));
        let page = Page::from_rows(Vec::<i32>::new(), limit, |last| *last);
        assert_eq!(page.next_cursor, None);
    }

    #[test]
    fn limits_are_1_to_100_and_20_unless_told() {
        assert_eq!(PageQuery::default().limit.get(), 20);
        for (text, sound) in [
            ("1", true),
            ("100", true),
            ("0", false),
            ("101", false),
            ("-1", false),
            ("\"x\"", false),
        ] {
            assert_eq!(serde_json::from_str::<Limit>(text).is_ok(), sound, "{text}");
        }
    }
}
