//! Who may do what, and who did it.

use http_kit::{Actor, Problem};
use vote_domain::{Permission, Role};
use vote_store::audit::{Act, AuditActor};

use crate::catalog::Catalog;
use crate::failure::Failure;

impl Catalog {
    /// Lets `actor` pass if they may do `permission` now.
    ///
    /// What every member may do, the token alone decides. For anything more its role is
    /// only a hint: the role is read from SQL, together with whether the session stands,
    /// so that a promotion, a demotion and a sign-out hold at once.
    ///
    /// # Errors
    /// 401 `unauthenticated` for a session that was revoked, 403 `forbidden`.
    pub(crate) async fn require(
        &self,
        actor: &Actor,
        permission: Permission,
    ) -> Result<(), Failure> {
        if permission.least_role() == Role::Member {
            return Ok(actor.require(permission)?);
        }
        let role = self
            .store
            .acting_role(actor.user_id, actor.session_id)
            .await?;
        let Some(role) = role else {
            let detail = "The session was revoked: sign in again.";
            return Err(Problem::unauthenticated(detail).into());
        };
        Ok(Actor { role, ..*actor }.require(permission)?)
    }
    /// A decision that `actor` takes now, for the audit record.
    pub(crate) fn act(&self, actor: &Actor) -> Act {
        Act {
            audit_id: self.ids.next(),
            at: self.clock.now(),
            actor: AuditActor::User(actor.user_id),
        }
    }
}
