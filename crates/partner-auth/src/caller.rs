//! Who calls.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use http_kit::{Actor, MaybeActor, Problem};
use uuid::Uuid;
use vote_domain::{PartnerId, Voter, VoterKind};
use vote_store::audit::AuditActor;

use crate::auth::not_for_partners;
use crate::headers::is_signed;

/// A partner whose signature held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partner {
    /// The partner.
    pub partner_id: PartnerId,
    /// The key it signed with.
    pub key_id: Uuid,
    /// The kind of its voters, which are all it may reach.
    pub voter_kind: VoterKind,
    /// The request's nonce: no other request of the key has it.
    pub nonce: String,
}

impl Partner {
    /// What names the one intent of this request where it carries no `Idempotency-Key`: at
    /// most 173 visible ASCII characters.
    #[must_use]
    pub fn request_key(&self) -> String {
        format!("partner:{}:{}", self.key_id, self.nonce)
    }

    /// The voter called `id` among this partner's.
    ///
    /// # Errors
    /// 422 `invalid_voter`.
    pub fn voter(&self, id: &str) -> Result<Voter, Problem> {
        Voter::new(self.voter_kind.clone(), id)
            .map_err(|error| Problem::invalid("invalid_voter", format!("The voter: {error}.")))
    }

    /// Lets the partner reach `voter` if it is one of its own.
    ///
    /// # Errors
    /// 403 `foreign_voter`.
    pub fn require_own(&self, voter: &Voter) -> Result<(), Problem> {
        if *voter.kind() == self.voter_kind {
            Ok(())
        } else {
            let detail = format!(
                "Only voters of kind {} are this partner's.",
                self.voter_kind
            );
            Err(Problem::forbidden("foreign_voter", detail))
        }
    }
}

/// Who calls: a member by an access token, or a partner's server by its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A member.
    Member(Actor),
    /// A partner's server.
    Partner(Partner),
}

impl Caller {
    /// Who this is in the audit record.
    #[must_use]
    pub fn audit_actor(&self) -> AuditActor {
        match self {
            Self::Member(actor) => AuditActor::User(actor.user_id),
            Self::Partner(partner) => AuditActor::Partner {
                partner: partner.partner_id,
                key_id: partner.key_id,
            },
        }
    }

    /// The partner, if it is one.
    #[must_use]
    pub fn partner(&self) -> Option<&Partner> {
        match self {
            Self::Member(_) => None,
            Self::Partner(partner) => Some(partner),
        }
    }
}

/// Who calls, or nobody when the request carries neither a token nor a signature. A bad
/// one is still refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaybeCaller(pub Option<Caller>);

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(match partner_of(request) {
            Ok(Some(partner)) => Ok(Self::Partner(partner)),
            Ok(None) => Actor::from_request(request, payload)
                .into_inner()
                .map(Self::Member),
            Err(problem) => Err(problem),
        })
    }
}

impl FromRequest for MaybeCaller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(match partner_of(request) {
            Ok(Some(partner)) => Ok(Self(Some(Caller::Partner(partner)))),
            Ok(None) => MaybeActor::from_request(request, payload)
                .into_inner()
                .map(|MaybeActor(actor)| Self(actor.map(Caller::Member))),
            Err(problem) => Err(problem),
        })
    }
}

/// The partner that the gate let in. A signed request that did not pass the gate is
/// nobody's: the route's description does not say that it takes one.
fn partner_of(request: &HttpRequest) -> Result<Option<Partner>, Problem> {
    let partner = request.extensions().get::<Partner>().cloned();
    if partner.is_none() && is_signed(request.headers()) {
        return Err(not_for_partners());
    }
    Ok(partner)
}
