//! Who acts: taken from the request's bearer token.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use vote_domain::Permission;

use crate::Problem;
pub use crate::tokens::Actor;
use crate::tokens::Tokens;

impl Actor {
    /// Lets the actor pass if its role may do `permission`.
    ///
    /// # Errors
    /// 403 `forbidden`.
    pub fn require(&self, permission: Permission) -> Result<(), Problem> {
        if self.role.may(permission) {
            Ok(())
        } else {
            Err(Problem::forbidden(
                "forbidden",
                format!("The role {} may not do this.", self.role),
            ))
        }
    }
}

/// The actor, or nobody when the request carries no token. A bad token is still refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaybeActor(pub Option<Actor>);

impl FromRequest for Actor {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(actor_of(request).and_then(|actor| {
            actor.ok_or_else(|| Problem::unauthenticated("This call needs an access token."))
        }))
    }
}

impl FromRequest for MaybeActor {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(actor_of(request).map(Self))
    }
}

/// The actor whose token these headers bear, if they bear a good one.
pub(crate) fn bearer(headers: &HeaderMap, tokens: &Tokens) -> Option<Actor> {
    tokens
        .verify(bearer_token(headers.get(header::AUTHORIZATION)?)?)
        .ok()
}

/// The token of an `Authorization` header with a bearer's.
fn bearer_token(authorization: &HeaderValue) -> Option<&str> {
    let (scheme, token) = authorization.to_str().ok()?.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}

/// The actor of `request`; none without an `Authorization` header.
fn actor_of(request: &HttpRequest) -> Result<Option<Actor>, Problem> {
    let Some(value) = request.headers().get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    let Some(token) = bearer_token(value) else {
        return Err(Problem::unauthenticated(
            "Authorization must be a bearer token.",
        ));
    };
    let Some(tokens) = request.app_data::<Data<Tokens>>() else {
        tracing::error!("the service was started without tokens");
        return Err(Problem::internal_unlogged());
    };
    match tokens.verify(token) {
        Ok(actor) => Ok(Some(actor)),
        Err(error) => Err(Problem::unauthenticated(format!(
            "The request was refused: {error}."
        ))),
    }
}
