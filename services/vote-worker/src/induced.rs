//! Panics that tests of faults ask for, in builds with debug assertions alone.

use vote_domain::voter_state::Vote;

/// Names a file with a voter in each line: settling a vote of theirs panics.
#[cfg(debug_assertions)]
const FILE_VARIABLE: &str = "TALLY_PANIC_OVER_VOTERS";

/// Panics if one of `votes` was cast by a voter of the file.
#[cfg(debug_assertions)]
pub(crate) fn panic_over<V: Vote>(votes: &[V]) {
    let file = std::env::var_os(FILE_VARIABLE);
    let voters = file.and_then(|file| std::fs::read_to_string(file).ok());
    for line in voters.iter().flat_map(|voters| voters.lines()) {
        let named = votes.iter().any(|vote| vote.voter_id().to_string() == line);
        assert!(!named, "a vote of voter {line} was to panic");
    }
}

/// Does nothing.
#[cfg(not(debug_assertions))]
pub(crate) fn panic_over<V: Vote>(_votes: &[V]) {}
