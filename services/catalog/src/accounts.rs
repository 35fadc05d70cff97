//! Accounts: signing up and in, what a member sees of themselves, and roles.

pub(crate) mod admin;
mod answer;
pub(crate) mod history;
pub(crate) mod me;
pub(crate) mod names;
pub(crate) mod passwords;
pub(crate) mod preferences;
pub(crate) mod roles;
pub(crate) mod sessions;
pub(crate) mod users;
