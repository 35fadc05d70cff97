//! Which voter a request acts for.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use http_kit::Problem;
use partner_signature::VOTER_HEADER;
use vote_domain::Voter;

use crate::caller::{Caller, MaybeCaller, Partner};
use crate::headers::only;

/// Who calls, and the voter they act for: members for themselves, a partner's server for
/// the one of its voters that `X-Tally-Voter` names; without it 422 `invalid_voter`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VotingCaller {
    /// Who calls.
    pub caller: Caller,
    /// For whom.
    pub voter: Voter,
}

/// The voter that the request acts for, or nobody: neither token nor signature, or a
/// partner's request without `X-Tally-Voter`. What is there and bad is still refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaybeVoter(pub Option<Voter>);

impl FromRequest for VotingCaller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = Caller::from_request(request, payload).into_inner();
        ready(caller.and_then(|caller| {
            let voter = match &caller {
                Caller::Member(actor) => Voter::member(actor.user_id),
                Caller::Partner(partner) => named_voter(partner, request)?,
            };
            Ok(Self { caller, voter })
        }))
    }
}

impl FromRequest for MaybeVoter {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = MaybeCaller::from_request(request, payload).into_inner();
        let names_voter = request.headers().contains_key(VOTER_HEADER);
        ready(caller.and_then(|MaybeCaller(caller)| match &caller {
            None => Ok(Self(None)),
            Some(Caller::Member(actor)) => Ok(Self(Some(Voter::member(actor.user_id)))),
            Some(Caller::Partner(_)) if !names_voter => Ok(Self(None)),
            Some(Caller::Partner(partner)) => named_voter(partner, request).map(Some).map(Self),
        }))
    }
}

fn named_voter(partner: &Partner, request: &HttpRequest) -> Result<Voter, Problem> {
    let id = only(request.headers(), VOTER_HEADER).ok_or_else(|| {
        Problem::invalid(
            "invalid_voter",
            "A signed request names the voter it acts for in X-Tally-Voter, once.",
        )
    })?;
    partner.voter(id)
}
