//! The first admin.

use anyhow::{Context, anyhow};
use bootstrap::settings::Admin;
use vote_domain::Role;
use vote_store::accounts::{AdminSetup, NewUser};

use super::names::UserName;
use super::passwords::Password;
use crate::catalog::Catalog;

/// Sees to it that the admin that the settings name is there; nothing is done where they
/// name none. Safe to repeat: an admin's password stays as it is. An account of that name
/// that is no admin becomes one, with the settings' password and without its sessions, so
/// that whoever took the name first gains nothing.
///
/// # Errors
/// The name or password is none that an account may have, or SQL cannot be reached.
pub async fn ensure_admin(catalog: &Catalog, admin: &Admin) -> anyhow::Result<()> {
    let (Some(name), Some(password)) = (&admin.user_name, &admin.password) else {
        return Ok(());
    };
    let name = UserName::parse(name).context("`admin.user_name` is not a user name")?;
    let found = catalog.store.credentials(name.as_str()).await?;
    if found.is_some_and(|found| found.role == Role::Admin) {
        return Ok(());
    }
    let password = Password::parse(password.expose().to_owned())
        .context("`admin.password` must be 8 to 72 bytes, without NUL")?;
    let hash = catalog.passwords.hash(password).await;
    let new = NewUser {
        user_id: catalog.ids.next(),
        user_name: name.as_str().to_owned(),
        password_hash: hash.map_err(|failure| anyhow!("{failure}"))?,
        role: Role::Admin,
        created_at: catalog.clock.now(),
    };
    match catalog.store.ensure_admin(&new).await? {
        AdminSetup::Created => tracing::info!(user_name = name.as_str(), "first admin made"),
        AdminSetup::TakenOver => tracing::warn!(
            user_name = name.as_str(),
            "the account is an admin now, with the settings' password; its sessions are revoked"
        ),
        AdminSetup::AlreadyAdmin => {}
    }
    Ok(())
}
