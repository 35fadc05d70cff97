//! Who may do what, beyond what every member may.

use http_kit::{Actor, Problem};
use vote_domain::Permission;
use vote_store::Store;

use crate::error::Unavailable;

/// Lets `actor` pass if they may do `permission` now: the role is read from SQL, together
/// with whether the session stands, so that a demotion and a sign-out hold at once.
///
/// # Errors
/// 401 `unauthenticated` for a session that was revoked, 403 `forbidden`.
pub(crate) async fn require(
    store: &Store,
    actor: &Actor,
    permission: Permission,
) -> Result<(), Problem> {
    let role = store.acting_role(actor.user_id, actor.session_id).await;
    let Some(role) = role.map_err(Unavailable::from)? else {
        return Err(Problem::unauthenticated(
            "The session was revoked: sign in again.",
        ));
    };
    Actor { role, ..*actor }.require(permission)
}
