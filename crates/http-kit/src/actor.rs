//! Who acts: taken from the request's bearer token.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use vote_domain::Permission;

use crate::Problem;
pub use crate::tokens::Actor;
use crate::tokens::{TokenError, Tokens};

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

/// What the token of a request came to; left in its extensions, for a signature takes its time.
#[derive(Clone, Copy)]
struct Verified(Result<Actor, TokenError>);

/// The actor whose token `request` bears, if it bears a good one.
pub(crate) fn bearer(request: &HttpRequest) -> Option<Actor> {
    let tokens = request.app_data::<Data<Tokens>>()?;
    let token = bearer_token(request.headers().get(header::AUTHORIZATION)?)?;
    verify(request, tokens, token).ok()
}

fn verify(request: &HttpRequest, tokens: &Tokens, token: &str) -> Result<Actor, TokenError> {
    let mut extensions = request.extensions_mut();
    if let Some(Verified(verified)) = extensions.get() {
        return *verified;
    }
    let verified = tokens.verify(token);
    extensions.insert(Verified(verified));
    verified
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
    match verify(request, tokens, token) {
        Ok(actor) => Ok(Some(actor)),
        Err(error) => Err(Problem::unauthenticated(format!(
            "The request was refused: {error}."
        ))),
    }
}
