//! Entries are kept for a while, or until they are invalidated.

use std::time::Duration;

use bytes::Bytes;
use vote_cache::{Cache, Entry};

use crate::{LONG, SHORT};

crate::contract! {
    an_entry_is_kept_until_its_time_is_up
    an_invalidated_entry_is_gone_for_everyone
    a_later_put_replaces_an_earlier_one
}

fn value(bytes: &[u8]) -> Option<Entry> {
    Some(Entry::Value(Bytes::copy_from_slice(bytes)))
}

async fn an_entry_is_kept_until_its_time_is_up(one: Cache, two: Cache) {
    assert_eq!(one.get("a").await.unwrap(), None);
    one.put("a", b"\x00any\xff", SHORT).await.unwrap();
    one.put("b", b"", LONG).await.unwrap();
    assert_eq!(two.get("a").await.unwrap(), value(b"\x00any\xff"));
    tokio::time::sleep(SHORT + Duration::from_millis(100)).await;
    assert_eq!(two.get("a").await.unwrap(), None);
    assert_eq!(two.get("b").await.unwrap(), value(b""));
}

async fn an_invalidated_entry_is_gone_for_everyone(one: Cache, two: Cache) {
    for name in ["a", "b", "c"] {
        one.put(name, name.as_bytes(), LONG).await.unwrap();
    }
    two.invalidate(&["a", "b", "never put"]).await.unwrap();
    one.invalidate(&[""; 0]).await.unwrap();
    assert_eq!(one.get("a").await.unwrap(), None);
    assert_eq!(one.get("b").await.unwrap(), None);
    assert_eq!(one.get("c").await.unwrap(), value(b"c"));
}

async fn a_later_put_replaces_an_earlier_one(one: Cache, two: Cache) {
    one.put("a", b"1", SHORT).await.unwrap();
    two.put("a", b"2", LONG).await.unwrap();
    tokio::time::sleep(SHORT + Duration::from_millis(100)).await;
    assert_eq!(one.get("a").await.unwrap(), value(b"2"));
}
