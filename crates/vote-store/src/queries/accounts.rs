//! Rows of accounts and their sessions.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use uuid::Uuid;
use vote_domain::{Role, UserId};

use super::{Conn, audit};
use crate::StoreError;
use crate::accounts::{
    AdminSetup, Credentials, NewRefreshToken, NewUser, RoleChange, Rotation, TokenHash, User,
    UserCreation,
};
use crate::audit::{Act, AuditActor, NewAudit};
use crate::key::{Key, Moment, keys};
use crate::schema::{refresh_tokens, sessions, users};

type UserRow = (Key, String, String, i64, Moment);

const USER: (
    users::user_id,
    users::user_name,
    users::role,
    users::credit,
    users::created_at,
) = (
    users::user_id,
    users::user_name,
    users::role,
    users::credit,
    users::created_at,
);

fn into_user((user_id, user_name, role, credit, created_at): UserRow) -> Result<User, StoreError> {
    Ok(User {
        user_id: user_id.into(),
        user_name,
        role: role_of(&role)?,
        credit,
        created_at: created_at.into(),
    })
}

fn role_of(text: &str) -> Result<Role, StoreError> {
    text.parse()
        .map_err(|error| StoreError::Refused(format!("users: {error}")))
}

pub(crate) async fn create_user(
    connection: &mut Conn,
    user: &NewUser,
) -> Result<UserCreation, StoreError> {
    // Asked first, so that a name taken is told from an id taken; the key guards it.
    if credentials(connection, &user.user_name).await?.is_some() {
        return Ok(UserCreation::NameTaken);
    }
    match insert_user(connection, user).await {
        Ok(()) => Ok(UserCreation::Created),
        // Somebody was quicker: in a new transaction the name is seen.
        Err(StoreError::Duplicate(text)) if text.contains("name") => {
            Err(StoreError::Contention(text))
        }
        Err(error) => Err(error),
    }
}

async fn insert_user(connection: &mut Conn, user: &NewUser) -> Result<(), StoreError> {
    diesel::insert_into(users::table)
        .values((
            users::user_id.eq(Key::from(user.user_id)),
            users::user_name.eq(&user.user_name),
            users::password_hash.eq(&user.password_hash),
            users::role.eq(user.role.as_str()),
            users::credit.eq(0),
            users::created_at.eq(Moment(user.created_at)),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn user(connection: &mut Conn, user: UserId) -> Result<Option<User>, StoreError> {
    let row: Option<UserRow> = users::table
        .filter(users::user_id.eq(Key::from(user)))
        .select(USER)
        .first(connection)
        .await
        .optional()?;
    row.map(into_user).transpose()
}

pub(crate) async fn user_names(
    connection: &mut Conn,
    ids: &[UserId],
) -> Result<HashMap<UserId, String>, StoreError> {
    let rows: Vec<(Key, String)> = users::table
        .filter(users::user_id.eq_any(keys(ids)))
        .select((users::user_id, users::user_name))
        .load(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(user, name)| (user.into(), name))
        .collect())
}

/// Comes after every character of a name, in the order of any server.
const BEYOND: char = '{';

pub(crate) async fn users(
    connection: &mut Conn,
    begin: &str,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<User>, StoreError> {
    let mut query = users::table
        .select(USER)
        .order(users::user_name)
        .limit(limit.into())
        .into_boxed();
    if !begin.is_empty() {
        let end = format!("{begin}{BEYOND}");
        query = query.filter(users::user_name.ge(begin).and(users::user_name.lt(end)));
    }
    if let Some(after) = after {
        query = query.filter(users::user_name.gt(after));
    }
    let rows: Vec<UserRow> = query.load(connection).await?;
    rows.into_iter().map(into_user).collect()
}

pub(crate) async fn credentials(
    connection: &mut Conn,
    user_name: &str,
) -> Result<Option<Credentials>, StoreError> {
    let row: Option<(Key, String, String)> = users::table
        .filter(users::user_name.eq(user_name))
        .select((users::user_id, users::password_hash, users::role))
        .first(connection)
        .await
        .optional()?;
    row.map(|(user_id, password_hash, role)| {
        Ok(Credentials {
            user_id: user_id.into(),
            password_hash,
            role: role_of(&role)?,
        })
    })
    .transpose()
}

pub(crate) async fn begin_session(
    connection: &mut Conn,
    session_id: Uuid,
    user: UserId,
    token: NewRefreshToken,
) -> Result<(), StoreError> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::session_id.eq(Key(session_id)),
            sessions::user_id.eq(Key::from(user)),
            sessions::created_at.eq(Moment(token.issued_at)),
            sessions::refreshed_at.eq(Moment(token.issued_at)),
        ))
        .execute(connection)
        .await?;
    insert_token(connection, session_id, token).await
}

async fn insert_token(
    connection: &mut Conn,
    session_id: Uuid,
    token: NewRefreshToken,
) -> Result<(), StoreError> {
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::token_hash.eq(token.hash.to_vec()),
            refresh_tokens::session_id.eq(Key(session_id)),
            refresh_tokens::issued_at.eq(Moment(token.issued_at)),
            refresh_tokens::expires_at.eq(Moment(token.expires_at)),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn rotate(
    connection: &mut Conn,
    spent: TokenHash,
    next: NewRefreshToken,
) -> Result<Rotation, StoreError> {
    let now = Moment(next.issued_at);
    let found: Option<Key> = refresh_tokens::table
        .filter(refresh_tokens::token_hash.eq(spent.to_vec()))
        .select(refresh_tokens::session_id)
        .first(connection)
        .await
        .optional()?;
    let Some(session) = found else {
        return Ok(Rotation::Refused);
    };
    // Locks the session: from here on its tokens are ours alone.
    let open = sessions::table
        .filter(sessions::session_id.eq(session))
        .filter(sessions::revoked_at.is_null());
    let n_locked = diesel::update(open)
        .set(sessions::refreshed_at.eq(now))
        .execute(connection)
        .await?;
    if n_locked == 0 {
        return Ok(Rotation::Refused);
    }
    let unspent = refresh_tokens::table
        .filter(refresh_tokens::token_hash.eq(spent.to_vec()))
        .filter(refresh_tokens::spent_at.is_null());
    let n_spent = diesel::update(unspent.clone().filter(refresh_tokens::expires_at.gt(now)))
        .set(refresh_tokens::spent_at.eq(Some(now)))
        .execute(connection)
        .await?;
    if n_spent == 0 {
        let expired: Option<Key> = unspent
            .select(refresh_tokens::session_id)
            .first(connection)
            .await
            .optional()?;
        if expired.is_some() {
            return Ok(Rotation::Refused);
        }
        revoke(connection, session, now).await?;
        return Ok(Rotation::Reused {
            session_id: session.0,
        });
    }
    insert_token(connection, session.0, next).await?;
    let row: UserRow = users::table
        .inner_join(sessions::table.on(sessions::user_id.eq(users::user_id)))
        .filter(sessions::session_id.eq(session))
        .select(USER)
        .first(connection)
        .await?;
    Ok(Rotation::Rotated {
        session_id: session.0,
        user: into_user(row)?,
    })
}

async fn revoke(connection: &mut Conn, session: Key, now: Moment) -> Result<(), StoreError> {
    let open = sessions::table
        .filter(sessions::session_id.eq(session))
        .filter(sessions::revoked_at.is_null());
    diesel::update(open)
        .set(sessions::revoked_at.eq(Some(now)))
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn revoke_session_of_token(
    connection: &mut Conn,
    user: UserId,
    token: TokenHash,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let found: Option<Key> = refresh_tokens::table
        .inner_join(sessions::table.on(sessions::session_id.eq(refresh_tokens::session_id)))
        .filter(refresh_tokens::token_hash.eq(token.to_vec()))
        .filter(sessions::user_id.eq(Key::from(user)))
        .select(sessions::session_id)
        .first(connection)
        .await
        .optional()?;
    match found {
        Some(session) => revoke(connection, session, Moment(now)).await,
        None => Ok(()),
    }
}

pub(crate) async fn revoke_sessions(
    connection: &mut Conn,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let open = sessions::table
        .filter(sessions::user_id.eq(Key::from(user)))
        .filter(sessions::revoked_at.is_null());
    diesel::update(open)
        .set(sessions::revoked_at.eq(Some(Moment(now))))
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn acting_role(
    connection: &mut Conn,
    user: UserId,
    session_id: Uuid,
) -> Result<Option<Role>, StoreError> {
    let role: Option<String> = users::table
        .inner_join(sessions::table.on(sessions::user_id.eq(users::user_id)))
        .filter(users::user_id.eq(Key::from(user)))
        .filter(sessions::session_id.eq(Key(session_id)))
        .filter(sessions::revoked_at.is_null())
        .select(users::role)
        .first(connection)
        .await
        .optional()?;
    role.map(|role| role_of(&role)).transpose()
}

pub(crate) async fn give_role(
    connection: &mut Conn,
    id: UserId,
    role: Role,
    act: &Act,
) -> Result<RoleChange, StoreError> {
    // Locks all admins, so that two of them cannot demote each other at once.
    let admins = users::table.filter(users::role.eq(Role::Admin.as_str()));
    let n_admins = diesel::update(admins)
        .set(users::credit.eq(users::credit))
        .execute(connection)
        .await?;
    let Some(before) = user(connection, id).await? else {
        return Ok(RoleChange::NotFound);
    };
    if before.role == Role::Admin && role != Role::Admin && n_admins <= 1 {
        return Ok(RoleChange::LastAdmin);
    }
    if before.role != role {
        set_role(connection, id, role).await?;
        let record = role_given(act, id, before.role, role);
        audit::append(connection, &[record]).await?;
    }
    Ok(RoleChange::Done(User { role, ..before }))
}

fn role_given(act: &Act, user: UserId, from: Role, to: Role) -> NewAudit {
    let detail = json!({"from": from.as_str(), "to": to.as_str()});
    act.record("role_given", format!("user:{user}"), detail)
}

async fn set_role(connection: &mut Conn, id: UserId, role: Role) -> Result<(), StoreError> {
    diesel::update(users::table.filter(users::user_id.eq(Key::from(id))))
        .set(users::role.eq(role.as_str()))
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn ensure_admin(
    connection: &mut Conn,
    admin: &NewUser,
) -> Result<AdminSetup, StoreError> {
    let act = Act {
        // Drawn for this call, and the name of nothing else among the records.
        audit_id: admin.user_id.0,
        at: admin.created_at,
        actor: AuditActor::System,
    };
    let Some(found) = credentials(connection, &admin.user_name).await? else {
        return match create_user(connection, admin).await? {
            UserCreation::Created => {
                let record = role_given(&act, admin.user_id, Role::Member, Role::Admin);
                audit::append(connection, &[record]).await?;
                Ok(AdminSetup::Created)
            }
            UserCreation::NameTaken => Err(StoreError::Contention(admin.user_name.clone())),
        };
    };
    if found.role == Role::Admin {
        return Ok(AdminSetup::AlreadyAdmin);
    }
    diesel::update(users::table.filter(users::user_id.eq(Key::from(found.user_id))))
        .set((
            users::role.eq(Role::Admin.as_str()),
            users::password_hash.eq(&admin.password_hash),
        ))
        .execute(connection)
        .await?;
    let record = role_given(&act, found.user_id, found.role, Role::Admin);
    audit::append(connection, &[record]).await?;
    revoke_sessions(connection, found.user_id, admin.created_at).await?;
    Ok(AdminSetup::TakenOver)
}
