//! Who is ahead.

/// Something with its rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ranked<T> {
    /// From 1; equal votes share a rank, and the next rank counts them all.
    pub rank: u64,
    /// What has it.
    pub of: T,
    /// Tickets spent on it.
    pub votes: u64,
}

/// Ranks by votes, most first; equal votes share a rank and stand in the order of `T`.
#[must_use]
pub fn ranked<T: Ord>(votes: impl IntoIterator<Item = (T, u64)>) -> Vec<Ranked<T>> {
    let mut sorted: Vec<(T, u64)> = votes.into_iter().collect();
    sorted.sort_unstable_by(|(a, a_votes), (b, b_votes)| b_votes.cmp(a_votes).then(a.cmp(b)));
    let mut ranked: Vec<Ranked<T>> = Vec::with_capacity(sorted.len());
    for (of, votes) in sorted {
        let rank = match ranked.last() {
            Some(before) if before.votes == votes => before.rank,
            _ => ranked.len() as u64 + 1,
        };
        ranked.push(Ranked { rank, of, votes });
    }
    ranked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_votes_share_a_rank_and_the_next_counts_them() {
        let board = ranked([("c", 5), ("a", 7), ("b", 5), ("d", 0)]);
        let rows: Vec<_> = board.iter().map(|r| (r.rank, r.of, r.votes)).collect();
        assert_eq!(rows, [(1, "a", 7), (2, "b", 5), (2, "c", 5), (4, "d", 0)]);
    }
}
