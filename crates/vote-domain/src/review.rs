//! Review votes.
