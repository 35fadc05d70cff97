//! Whether everything that is shown is what the votes must come to.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::scores::Options;
use super::shown::{Board, Shown};

/// Something that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Difference {
    pub(super) campaign: String,
    /// None where it is about the campaign as a whole.
    pub(super) option: Option<String>,
    /// Where it shows: `board`, `board jury`, `result`, …
    pub(super) shown_by: String,
    /// What differs there: `votes`, `rank`, …
    pub(super) what: &'static str,
    pub(super) expected: String,
    pub(super) found: String,
}

/// What a campaign must show.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'e> {
    pub(super) campaign: &'e str,
    pub(super) options: &'e Options,
    /// How many votes must have counted.
    pub(super) n_votes: u64,
}

/// The place that an option has, and how many share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tie {
    rank: u64,
    n_options: u64,
}

/// Compares everything that is shown with `expected`; most telling differences first.
pub(super) fn compare(expected: Expected<'_>, shown: &Shown) -> Vec<Difference> {
    let mut found = Differences {
        campaign: expected.campaign,
        list: Vec::new(),
    };
    let result = &shown.result;
    found.check(
        "result",
        None,
        "votes that counted",
        expected.n_votes,
        result.n_votes,
    );
    if result.digest != result.computed_digest {
        let (digest, computed) = (&result.digest, &result.computed_digest);
        found.add(
            "result",
            None,
            "SHA-256 of the canonical text",
            digest,
            computed,
        );
    }
    let totals: BTreeMap<&str, u64> = (expected.options.iter())
        .map(|(option, score)| (option.as_str(), score.total()))
        .collect();
    let boards = [("board", &shown.board), ("board by hours", &shown.hours)];
    for (shown_by, board) in boards.into_iter().chain([("result", &result.board)]) {
        found.check_board(shown_by, &totals, board);
    }
    for (channel, board) in &shown.channels {
        let tickets = |score: &super::scores::Score| {
            score.by_channel.get(channel).copied().unwrap_or_default()
        };
        let of_channel = (expected.options.iter())
            .map(|(option, score)| (option.as_str(), tickets(score)))
            .collect();
        found.check_board(&format!("board {channel}"), &of_channel, board);
        for (option, score) in expected.options {
            let frozen = result.channels.get(option);
            let frozen = frozen
                .and_then(|by_channel| by_channel.get(channel))
                .copied();
            let shown_by = format!("result {channel}");
            found.check(
                &shown_by,
                Some(option),
                "votes",
                tickets(score),
                frozen.unwrap_or_default(),
            );
        }
    }
    for (option, score) in expected.options {
        if let (Some(place), Some(tie)) = (score.place, tie(&shown.board, option))
            && !(tie.rank..tie.rank + tie.n_options).contains(&place)
        {
            found.add("board", Some(option), "place", &place, &tie.rank);
        }
    }
    found.list
}

/// The places of `option`: an official rule may have put it on any of them.
fn tie(board: &Board, option: &str) -> Option<Tie> {
    let line = board.get(option)?;
    let sharing = board.values().filter(|other| other.votes == line.votes);
    Some(Tie {
        rank: line.rank,
        n_options: sharing.count() as u64,
    })
}

/// The rank that `votes` has among `all`: one more than there are greater ones.
fn rank(votes: u64, all: &BTreeMap<&str, u64>) -> u64 {
    1 + all.values().filter(|other| **other > votes).count() as u64
}

struct Differences<'e> {
    campaign: &'e str,
    list: Vec<Difference>,
}

impl Differences<'_> {
    fn add(
        &mut self,
        shown_by: &str,
        option: Option<&str>,
        what: &'static str,
        expected: &dyn ToString,
        found: &dyn ToString,
    ) {
        self.list.push(Difference {
            campaign: self.campaign.to_owned(),
            option: option.map(str::to_owned),
            shown_by: shown_by.to_owned(),
            what,
            expected: expected.to_string(),
            found: found.to_string(),
        });
    }

    fn check(
        &mut self,
        shown_by: &str,
        option: Option<&str>,
        what: &'static str,
        expected: u64,
        found: u64,
    ) {
        if expected != found {
            self.add(shown_by, option, what, &expected, &found);
        }
    }

    /// Compares votes and ranks of every option.
    fn check_board(&mut self, shown_by: &str, expected: &BTreeMap<&str, u64>, board: &Board) {
        let options: BTreeSet<&str> = (expected.keys().copied())
            .chain(board.keys().map(String::as_str))
            .collect();
        for option in options {
            let votes = expected.get(option).copied();
            let Some(line) = board.get(option) else {
                let votes = votes.unwrap_or_default();
                self.add(shown_by, Some(option), "votes", &votes, &"no line");
                continue;
            };
            self.check(
                shown_by,
                Some(option),
                "votes",
                votes.unwrap_or_default(),
                line.votes,
            );
            // What others got moves a rank, too: it is told where the votes are right.
            if votes == Some(line.votes) {
                self.check(
                    shown_by,
                    Some(option),
                    "rank",
                    rank(line.votes, expected),
                    line.rank,
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::scores::Score;
    use super::super::shown::{FrozenResult, Line};
    use super::*;

    /// Two options share the second place, which an official rule broke.
    fn options() -> Options {
        [
            ("a", 5, 4, 1),
            ("b", 3, 3, 3),
            ("c", 4, 2, 2),
            ("d", 0, 0, 4),
        ]
        .into_iter()
        .map(|(option, jury, public, place)| {
            let by_channel = [("jury".to_owned(), jury), ("public".to_owned(), public)];
            let score = Score {
                by_channel: by_channel.into(),
                place: Some(place),
            };
            (option.to_owned(), score)
        })
        .collect()
    }

    fn board(lines: [(&str, u64, u64); 4]) -> Board {
        lines
            .map(|(option, rank, votes)| (option.to_owned(), Line { rank, votes }))
            .into()
    }

    fn shown() -> Shown {
        let total = board([("a", 1, 9), ("b", 2, 6), ("c", 2, 6), ("d", 4, 0)]);
        let channels = options()
            .into_iter()
            .map(|(option, score)| (option, score.by_channel));
        Shown {
            board: total.clone(),
            hours: total.clone(),
            channels: [
                (
                    "jury",
                    board([("a", 1, 5), ("c", 2, 4), ("b", 3, 3), ("d", 4, 0)]),
                ),
                (
                    "public",
                    board([("a", 1, 4), ("b", 2, 3), ("c", 3, 2), ("d", 4, 0)]),
                ),
            ]
            .map(|(channel, board)| (channel.to_owned(), board))
            .into(),
            result: FrozenResult {
                board: total,
                channels: channels.collect(),
                n_votes: 20,
                digest: "d".to_owned(),
                computed_digest: "d".to_owned(),
            },
        }
    }

    fn differences(shown: &Shown) -> Vec<(String, String)> {
        let expected = Expected {
            campaign: "2016",
            options: &options(),
            n_votes: 20,
        };
        compare(expected, shown)
            .into_iter()
            .map(|d| {
                let option = d.option.unwrap_or_default();
                (format!("{} {}", d.shown_by, d.what), option)
            })
            .collect()
    }

    #[test]
    fn a_shared_rank_is_right_where_a_rule_broke_the_tie() {
        assert_eq!(differences(&shown()), []);
    }

    #[test]
    fn every_place_where_something_shows_is_compared() {
        let told = |what: &str, option: &str| (what.to_owned(), option.to_owned());
        let spoil = |spoil: fn(&mut Shown)| {
            let mut shown = shown();
            spoil(&mut shown);
            differences(&shown)
        };
        assert_eq!(
            spoil(|s| s.hours.get_mut("d").unwrap().votes = 1),
            [told("board by hours votes", "d")]
        );
        assert_eq!(
            spoil(|s| s
                .channels
                .get_mut("jury")
                .unwrap()
                .get_mut("b")
                .unwrap()
                .votes = 9),
            [told("board jury votes", "b")]
        );
        assert_eq!(
            spoil(|s| {
                s.result.channels.get_mut("c").unwrap().remove("public");
            }),
            [told("result public votes", "c")]
        );
        assert_eq!(
            spoil(|s| s.board.get_mut("c").unwrap().rank = 3),
            [told("board rank", "c"), told("board place", "c")]
        );
        assert_eq!(
            spoil(|s| {
                s.board.remove("d");
            }),
            [told("board votes", "d")]
        );
        assert_eq!(
            spoil(|s| s.result.n_votes = 21),
            [told("result votes that counted", "")]
        );
        assert_eq!(
            spoil(|s| s.result.computed_digest = "e".to_owned()),
            [told("result SHA-256 of the canonical text", "")]
        );
    }

    #[test]
    fn an_official_place_outside_the_tie_differs() {
        let mut options = options();
        options.get_mut("c").unwrap().place = Some(4);
        let expected = Expected {
            campaign: "2016",
            options: &options,
            n_votes: 20,
        };
        let found = compare(expected, &shown());
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].what, found[0].expected.as_str()), ("place", "4"));
    }
}
