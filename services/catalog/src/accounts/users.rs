//! Signing up.

use actix_web::HttpResponse;
use actix_web::web::Data;
use http_kit::{Json, Problem, ProblemDetails};
use serde::Deserialize;
use utoipa::ToSchema;
use vote_domain::Role;
use vote_store::accounts::{NewUser, User, UserCreation};

use super::answer::UserBody;
use super::names::{UserName, invalid_user_name};
use super::passwords::{Password, invalid_password};
use crate::catalog::Catalog;
use crate::failure::Failure;

/// A name and a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"user_name": "ada", "password": "correct horse"}))]
pub(crate) struct Login {
    /// 3 to 32 characters: letters a to z, digits, `_`, `.` and `-`.
    pub(crate) user_name: String,
    /// 8 to 72 bytes.
    pub(crate) password: String,
}

/// Makes an account.
#[utoipa::path(
    post, path = "/api/v1/users",
    operation_id = "sign_up", tag = "accounts", request_body = Login,
    responses(
        (status = 201, description = "The account", body = UserBody),
        (status = 400, description = "`malformed_json`", body = ProblemDetails),
        (status = 409, description = "`name_taken`, however it is spelled", body = ProblemDetails),
        (status = 413, description = "`body_too_large`", body = ProblemDetails),
        (status = 422, description = "`invalid_body`, `invalid_user_name`, `invalid_password`", body = ProblemDetails),
        (status = 503, description = "`overloaded`, `database_unavailable`", body = ProblemDetails),
    )
)]
pub(crate) async fn sign_up(
    catalog: Data<Catalog>,
    login: Json<Login>,
) -> Result<HttpResponse, Failure> {
    let Login {
        user_name,
        password,
    } = login.into_inner();
    let name = UserName::parse(&user_name).ok_or_else(invalid_user_name)?;
    let password = Password::parse(password).ok_or_else(invalid_password)?;
    // Asked first, so that a taken name costs no hash; the insert asks again.
    if catalog.store.credentials(name.as_str()).await?.is_some() {
        return Err(name_taken().into());
    }
    let new = NewUser {
        user_id: catalog.ids.next(),
        user_name: name.as_str().to_owned(),
        password_hash: catalog.passwords.hash(password).await?,
        role: Role::Member,
        created_at: catalog.clock.now(),
    };
    match catalog.store.create_user(&new).await? {
        UserCreation::Created => Ok(HttpResponse::Created().json(UserBody::from(User {
            user_id: new.user_id,
            user_name: new.user_name,
            role: new.role,
            credit: 0,
            created_at: new.created_at,
        }))),
        UserCreation::NameTaken => Err(name_taken().into()),
    }
}

fn name_taken() -> Problem {
    Problem::conflict("name_taken", "Another account has this name.")
}
