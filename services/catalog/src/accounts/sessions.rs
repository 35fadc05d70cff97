//! Signing in, staying in, signing out.
//!
//! An access token lives for minutes and is not looked up. A refresh token is 32 random
//! bytes that are worth one more pair of both; SQL keeps its SHA-256 only.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use http_kit::extract::{parse_json, read_body};
use http_kit::{Actor, Json, Problem, ProblemDetails};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;
use vote_store::accounts::{NewRefreshToken, Rotation, TokenHash};

use super::names::UserName;
use super::passwords::Password;
use super::users::Login;
use crate::catalog::Catalog;
use crate::failure::Failure;

/// A pair of tokens.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "access_token": "eyJhbGciOiJIUzI1NiIs…", "token_type": "Bearer", "expires_in": 900,
    "refresh_token": "5f0c6a…"
}))]
pub(crate) struct TokensBody {
    /// For the `Authorization` header.
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// How long the access token is good for, in seconds.
    expires_in: u64,
    /// Good for one more pair, once.
    refresh_token: String,
}

/// A refresh token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"refresh_token": "5f0c6a…"}))]
pub(crate) struct RefreshTokenBody {
    refresh_token: String,
}

impl RefreshTokenBody {
    fn hash(&self) -> TokenHash {
        Sha256::digest(&self.refresh_token).into()
    }
}

/// Signs in.
#[utoipa::path(
    post, path = "/api/v1/sessions",
    operation_id = "sign_in", tag = "accounts", request_body = Login,
    responses(
        (status = 200, description = "A pair of tokens", body = TokensBody),
        (status = 400, description = "`malformed_json`", body = ProblemDetails),
        (status = 401, description = "`invalid_credentials`", body = ProblemDetails),
        (status = 422, description = "`invalid_body`", body = ProblemDetails),
        (status = 429, description = "`rate_limited`: too often from here, or under this name", body = ProblemDetails),
        (status = 503, description = "`overloaded`, `database_unavailable`", body = ProblemDetails),
    )
)]
pub(crate) async fn sign_in(
    catalog: Data<Catalog>,
    login: Json<Login>,
) -> Result<HttpResponse, Failure> {
    let Login {
        user_name,
        password,
    } = login.into_inner();
    // Before anything is known of the name: whether somebody has it must not show.
    if let Some(limiter) = &catalog.settings.name_logins {
        let name = user_name.trim().to_lowercase();
        limiter.take(name).into_result()?;
    }
    // What nobody can have as a password needs no comparing.
    let password = Password::parse(password).ok_or_else(invalid_credentials)?;
    let found = match UserName::parse(&user_name) {
        Some(name) => catalog.store.credentials(name.as_str()).await?,
        None => None,
    };
    let hash = found.as_ref().map(|found| found.password_hash.clone());
    let right = catalog.passwords.verify(password, hash).await?;
    let found = found.filter(|_| right).ok_or_else(invalid_credentials)?;
    let session_id = catalog.ids.next();
    let (refresh_token, new) = catalog.draw_refresh_token();
    catalog
        .store
        .begin_session(session_id, found.user_id, new)
        .await?;
    let actor = Actor {
        user_id: found.user_id,
        role: found.role,
        session_id,
    };
    catalog.tokens_of(actor, refresh_token)
}

/// Trades a refresh token for a new pair.
#[utoipa::path(
    post, path = "/api/v1/sessions/refresh",
    operation_id = "refresh_session", tag = "accounts", request_body = RefreshTokenBody,
    responses(
        (status = 200, description = "A pair of tokens; the old refresh token is spent", body = TokensBody),
        (status = 400, description = "`malformed_json`", body = ProblemDetails),
        (status = 401, description = "`invalid_refresh_token`; one that was spent before revokes the session it came from", body = ProblemDetails),
        (status = 422, description = "`invalid_body`", body = ProblemDetails),
        (status = 503, description = "`database_unavailable`", body = ProblemDetails),
    )
)]
pub(crate) async fn refresh(
    catalog: Data<Catalog>,
    token: Json<RefreshTokenBody>,
) -> Result<HttpResponse, Failure> {
    let (refresh_token, new) = catalog.draw_refresh_token();
    match catalog
        .store
        .rotate_refresh_token(token.hash(), new)
        .await?
    {
        Rotation::Rotated { session_id, user } => {
            let actor = Actor {
                user_id: user.user_id,
                role: user.role,
                session_id,
            };
            catalog.tokens_of(actor, refresh_token)
        }
        Rotation::Reused { session_id } => {
            tracing::warn!(%session_id, "a spent refresh token came again: session revoked");
            metrics::counter!("tally_refresh_token_reuses_total").increment(1);
            Err(invalid_refresh_token().into())
        }
        Rotation::Refused => Err(invalid_refresh_token().into()),
    }
}

/// Signs out: of the session that the refresh token in the body belongs to, or without a
/// body of all. Access tokens already handed out run out by themselves.
#[utoipa::path(
    delete, path = "/api/v1/sessions",
    operation_id = "sign_out", tag = "accounts",
    request_body = Option<RefreshTokenBody>,
    responses(
        (status = 204, description = "Signed out"),
        (status = 401, description = "`unauthenticated`", body = ProblemDetails),
        (status = 422, description = "`invalid_body`", body = ProblemDetails),
        (status = 503, description = "`database_unavailable`", body = ProblemDetails),
    ),
    security(("bearer" = []))
)]
pub(crate) async fn sign_out(
    catalog: Data<Catalog>,
    actor: Actor,
    request: HttpRequest,
    payload: actix_web::web::Payload,
) -> Result<HttpResponse, Failure> {
    let body = read_body(&request, payload.into_inner()).await?;
    let now = catalog.clock.now();
    if body.is_empty() {
        catalog.store.revoke_sessions(actor.user_id, now).await?;
    } else {
        let token: RefreshTokenBody = parse_json(&body)?;
        catalog
            .store
            .revoke_session_of_token(actor.user_id, token.hash(), now)
            .await?;
    }
    Ok(HttpResponse::NoContent().finish())
}

impl Catalog {
    /// A new refresh token, and what SQL is to keep of it.
    fn draw_refresh_token(&self) -> (String, NewRefreshToken) {
        let (a, b): (Uuid, Uuid) = (
            Uuid::from_bytes(self.ids.bytes()),
            Uuid::from_bytes(self.ids.bytes()),
        );
        let token = format!("{}{}", a.simple(), b.simple());
        let now = self.clock.now();
        let new = NewRefreshToken {
            hash: Sha256::digest(&token).into(),
            issued_at: now,
            expires_at: now + self.settings.refresh_token_life,
        };
        (token, new)
    }

    fn tokens_of(&self, actor: Actor, refresh_token: String) -> Result<HttpResponse, Failure> {
        let access_token = match self.tokens.sign(actor) {
            Ok(token) => token,
            Err(error) => {
                tracing::error!(%error, "an access token cannot be made");
                return Err(Problem::internal_unlogged().into());
            }
        };
        Ok(HttpResponse::Ok().json(TokensBody {
            access_token,
            token_type: "Bearer",
            expires_in: self.tokens.lifetime_s(),
            refresh_token,
        }))
    }
}

fn invalid_credentials() -> Problem {
    Problem::new(
        actix_web::http::StatusCode::UNAUTHORIZED,
        "invalid_credentials",
        "There is no account with this name and password.",
    )
}

fn invalid_refresh_token() -> Problem {
    Problem::new(
        actix_web::http::StatusCode::UNAUTHORIZED,
        "invalid_refresh_token",
        "The refresh token is not valid: sign in again.",
    )
}
