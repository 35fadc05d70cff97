//! Accounts: who there is, what they are trusted with, and the sessions they hold.
//!
//! A session is a sign-in and the family of refresh tokens that followed from it. Its row
//! is the lock under which its tokens are spent, so a family is revoked as a whole.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vote_domain::{Role, UserId};

use crate::audit::Act;
use crate::run::{read, write};
use crate::{Store, StoreError};

/// An account, as others may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The account.
    pub user_id: UserId,
    /// Its name, spelled as it was when the account was made.
    pub user_name: String,
    /// What it is trusted with.
    pub role: Role,
    /// What its reviews earned.
    pub credit: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// An account to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The account.
    pub user_id: UserId,
    /// Its name: ASCII, at most 64 bytes.
    pub user_name: String,
    /// bcrypt's hash of the password.
    pub password_hash: String,
    /// What it is trusted with.
    pub role: Role,
    /// When it is made.
    pub created_at: DateTime<Utc>,
}

/// What became of making an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserCreation {
    /// It is there now.
    Created,
    /// Another account has the name, however its letters are spelled.
    NameTaken,
}

/// What a password is compared with.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The account.
    pub user_id: UserId,
    /// bcrypt's hash of its password.
    pub password_hash: String,
    /// What it is trusted with.
    pub role: Role,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("user_id", &self.user_id)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// SHA-256 of a refresh token; the token itself is never kept.
pub type TokenHash = [u8; 32];

/// A refresh token about to be handed out.
#[derive(Clone, Copy, Debug)]
pub struct NewRefreshToken {
    /// Its hash.
    pub hash: TokenHash,
    /// When it is handed out.
    pub issued_at: DateTime<Utc>,
    /// Until when it can be spent.
    pub expires_at: DateTime<Utc>,
}

/// What became of spending a refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// It is spent, and the new one takes its place.
    Rotated {
        /// The session both belong to.
        session_id: Uuid,
        /// Whose session it is, as the account is now.
        user: User,
    },
    /// It was spent before: somebody has a copy. Its session is revoked now.
    Reused {
        /// The session.
        session_id: Uuid,
    },
    /// Nobody knows it, it expired, or its session was revoked.
    Refused,
}

/// What became of giving a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleChange {
    /// The account as it is now.
    Done(User),
    /// There is no such account.
    NotFound,
    /// The account is the only admin, and would be no more.
    LastAdmin,
}

/// What became of asking for the first admin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdminSetup {
    /// The account was made.
    Created,
    /// An account of that name was there. It is an admin now, and whoever had made it
    /// knows neither its password nor holds a session any more.
    TakenOver,
    /// The account was an admin already; nothing was changed.
    AlreadyAdmin,
}

impl Store {
    /// Makes an account. Made again under the same id it is a [`StoreError::Duplicate`].
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn create_user(&self, user: &NewUser) -> Result<UserCreation, StoreError> {
        write!(self, accounts::create_user(user))
    }

    /// Reads an account.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn user(&self, user: UserId) -> Result<Option<User>, StoreError> {
        read!(self, accounts::user(user))
    }

    /// Reads the names of `users`; an account that is not there is left out.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn user_names(
        &self,
        users: &[UserId],
    ) -> Result<HashMap<UserId, String>, StoreError> {
        read!(self, accounts::user_names(users))
    }

    /// Lists at most `limit` accounts whose names begin with `begin`, in any spelling, by name;
    /// only those after the name `after`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn users(
        &self,
        begin: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<User>, StoreError> {
        read!(self, accounts::users(begin, after, limit))
    }

    /// Reads what a sign-in under `user_name`, in any spelling, is checked against.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn credentials(&self, user_name: &str) -> Result<Option<Credentials>, StoreError> {
        read!(self, accounts::credentials(user_name))
    }

    /// Begins the session `session_id` of `user` with its first refresh token.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn begin_session(
        &self,
        session_id: Uuid,
        user: UserId,
        token: NewRefreshToken,
    ) -> Result<(), StoreError> {
        write!(self, accounts::begin_session(session_id, user, token))
    }

    /// Spends the refresh token of hash `spent` and puts `next` in its place. Of two calls
    /// that spend the same token, one succeeds; the other revokes the session.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn rotate_refresh_token(
        &self,
        spent: TokenHash,
        next: NewRefreshToken,
    ) -> Result<Rotation, StoreError> {
        write!(self, accounts::rotate(spent, next))
    }

    /// Revokes the session that the refresh token of hash `token` belongs to, if it is
    /// one of `user`. Doing so again changes nothing.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn revoke_session_of_token(
        &self,
        user: UserId,
        token: TokenHash,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        write!(self, accounts::revoke_session_of_token(user, token, now))
    }

    /// Revokes all sessions of `user`. Doing so again changes nothing.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn revoke_sessions(
        &self,
        user: UserId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        write!(self, accounts::revoke_sessions(user, now))
    }

    /// Reads the role that `user` has now, if `session_id` is a session of theirs that was
    /// not revoked: what guards all that a member may not do.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn acting_role(
        &self,
        user: UserId,
        session_id: Uuid,
    ) -> Result<Option<Role>, StoreError> {
        read!(self, accounts::acting_role(user, session_id))
    }

    /// Gives `role` to `user`, and records `act` as `role_given`. Giving it again changes
    /// nothing and records nothing.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn give_role(
        &self,
        user: UserId,
        role: Role,
        act: &Act,
    ) -> Result<RoleChange, StoreError> {
        write!(self, accounts::give_role(user, role, act))
    }

    /// Sees to it that the account called `admin.user_name` is there and is an admin.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn ensure_admin(&self, admin: &NewUser) -> Result<AdminSetup, StoreError> {
        write!(self, accounts::ensure_admin(admin))
    }
}
