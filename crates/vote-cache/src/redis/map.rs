//! Which master of a cluster serves which keys.

use std::collections::HashMap;

use deadpool_redis::redis::{Value, from_redis_value};

use super::connections::Connections;

/// Slots of every Redis Cluster.
const N_SLOTS: usize = 16_384;

/// Stands for no master.
const NOBODY: u16 = u16::MAX;

/// Tags looked through for one of each master's own. A master has one in three of those if
/// there are three; one with a single slot has one in 16,384.
const TAGS_MAX: u32 = 400_000;

/// Host and port of a master.
pub(super) type Place = (String, u16);

/// The masters, and their slots.
pub(super) struct Map {
    pub(super) masters: Vec<Master>,
    owners: Vec<u16>,
}

/// One master.
pub(super) struct Master {
    pub(super) place: Place,
    pub(super) connections: Connections,
    /// Its node's name in the cluster, which it keeps wherever it moves to.
    pub(super) node: String,
    /// A key with this in braces is the master's; none if it has no slot.
    pub(super) tag: Option<String>,
}

/// Which slots a master has, from the first to the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) first: u16,
    pub(super) last: u16,
    pub(super) master: Place,
    pub(super) node: String,
}

impl Map {
    /// The map that `ranges` draw; `connect` gives the connections to a master.
    ///
    /// # Errors
    /// What `connect` failed with.
    pub(super) fn draw<E>(
        ranges: &[Range],
        mut connect: impl FnMut(&Place) -> Result<Connections, E>,
    ) -> Result<Self, E> {
        let (owners, places) = owners(ranges);
        let mut tags = tags(&owners, places.len());
        let masters = places.into_iter().enumerate().map(|(n, place)| {
            let of_place = ranges.iter().find(|range| range.master == place);
            Ok(Master {
                connections: connect(&place)?,
                node: of_place.map(|range| range.node.clone()).unwrap_or_default(),
                place,
                tag: tags[n].take(),
            })
        });
        Ok(Self {
            masters: masters.collect::<Result<_, _>>()?,
            owners,
        })
    }

    /// The number, in `masters`, of who serves `key`.
    pub(super) fn master_of(&self, key: &str) -> Option<usize> {
        let owner = self.owners[usize::from(slot(key))];
        (owner != NOBODY).then(|| usize::from(owner))
    }

    /// The master at `place`.
    pub(super) fn at(&self, place: &Place) -> Option<&Master> {
        self.masters.iter().find(|master| master.place == *place)
    }
}

/// Who owns each slot, as a number in the list of masters; these in the order of their
/// first slots, so that all who read the same cluster have the same order.
fn owners(ranges: &[Range]) -> (Vec<u16>, Vec<Place>) {
    let mut ranges: Vec<_> = ranges.iter().collect();
    ranges.sort_by_key(|range| range.first);
    let mut owners = vec![NOBODY; N_SLOTS];
    let (mut numbers, mut places) = (HashMap::new(), Vec::new());
    for range in ranges {
        let number = *numbers.entry(&range.master).or_insert_with(|| {
            places.push(range.master.clone());
            u16::try_from(places.len() - 1).unwrap_or(NOBODY)
        });
        let last = usize::from(range.last).min(N_SLOTS - 1);
        let first = usize::from(range.first).min(last);
        owners[first..=last].fill(number);
    }
    (owners, places)
}

/// For each master the first number whose slot it owns.
fn tags(owners: &[u16], n_masters: usize) -> Vec<Option<String>> {
    let mut tags = vec![None; n_masters];
    let mut n_missing = n_masters;
    for n in 0..TAGS_MAX {
        if n_missing == 0 {
            break;
        }
        let tag = n.to_string();
        let owner = owners[usize::from(slot(&tag))];
        if let Some(place @ None) = tags.get_mut(usize::from(owner)) {
            *place = Some(tag);
            n_missing -= 1;
        }
    }
    tags
}

/// The slot of `key`: of what stands in its first braces, if anything does.
fn slot(key: &str) -> u16 {
    let tagged = key
        .split_once('{')
        .and_then(|(_, rest)| rest.split_once('}'))
        .map(|(tag, _)| tag)
        .filter(|tag| !tag.is_empty());
    crc16(tagged.unwrap_or(key).as_bytes()) % 16_384
}

/// CRC-16/XMODEM, as the specification of Redis Cluster has it.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            let carried = if crc & 0x8000 == 0 { 0 } else { 0x1021 };
            (crc << 1) ^ carried
        })
    })
}

/// What `CLUSTER SLOTS` answered: for each range its ends, its master, its replicas. A
/// node that leaves its host out means the one that was asked, `asked`; a master without
/// a known host has no place.
pub(super) fn ranges(answer: Value, asked: &str) -> Option<Vec<Range>> {
    let entries: Vec<Vec<Value>> = from_redis_value(answer).ok()?;
    let ranges = entries.into_iter().filter_map(|entry| {
        let mut entry = entry.into_iter();
        let first = from_redis_value(entry.next()?).ok()?;
        let last = from_redis_value(entry.next()?).ok()?;
        let mut node = from_redis_value::<Vec<Value>>(entry.next()?)
            .ok()?
            .into_iter();
        let host: Option<String> = from_redis_value(node.next()?).ok()?;
        let port = from_redis_value(node.next()?).ok()?;
        let node = from_redis_value(node.next()?).ok()?;
        let host = host.filter(|host| !host.is_empty());
        let host = host.unwrap_or_else(|| asked.to_owned());
        (host != "?").then_some(Range {
            first,
            last,
            master: (host, port),
            node,
        })
    });
    let ranges: Vec<_> = ranges.collect();
    (!ranges.is_empty()).then_some(ranges)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(first: u16, last: u16, host: &str) -> Range {
        Range {
            first,
            last,
            master: (host.to_owned(), 1),
            node: format!("node-{host}"),
        }
    }

    #[test]
    fn keys_have_the_slots_that_redis_gives_them() {
        // From the specification, and from `CLUSTER KEYSLOT` of Redis 7.
        assert_eq!(crc16(b"123456789"), 0x31C3);
        assert_eq!(slot("foo"), 12_182);
        assert_eq!(slot("bar"), 5_061);
        assert_eq!(slot("a{foo}b{bar}"), 12_182);
        assert_eq!(slot("{}foo"), crc16(b"{}foo") % 16_384);
        assert_eq!(slot("foo{"), crc16(b"foo{") % 16_384);
    }

    #[test]
    fn every_master_has_a_tag_of_its_own() {
        let ranges = [
            range(8_000, 16_383, "c"),
            range(0, 100, "a"),
            range(102, 7_999, "c"),
            range(101, 101, "b"),
        ];
        let (owners, places) = owners(&ranges);
        let hosts: Vec<_> = places.iter().map(|(host, _)| host.as_str()).collect();
        assert_eq!(hosts, ["a", "b", "c"]);
        for (n, tag) in tags(&owners, 3).into_iter().enumerate() {
            let owner = owners[usize::from(slot(&format!("epoch:{{{}}}", tag.unwrap())))];
            assert_eq!(usize::from(owner), n);
        }
    }

    #[test]
    fn slots_of_nobody_are_known_as_such() {
        let (owners, _) = owners(&[range(0, 9, "a")]);
        assert_eq!((owners[9], owners[10]), (0, NOBODY));
    }
}
