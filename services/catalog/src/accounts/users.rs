//! Signing up, and finding those who did.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use http_kit::etag::cached_json;
use http_kit::{Actor, Cursor, Json, Limit, Page, Problem, ProblemDetails, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vote_domain::{Permission, Role};
use vote_store::accounts::{NewUser, User, UserCreation};

use super::answer::UserBody;
use super::names::{UserName, invalid_user_name, may_begin_name};
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

/// Which members are listed.
#[derive(Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct UsersQuery {
    /// Only those whose names begin with this, in upper or lower case.
    q: String,
    /// How many at most: 1 to 100, 20 by default.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100)]
    limit: Limit,
    /// Where the page begins, from `next_cursor`.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
}

/// Where a page of members begins.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Position {
    user_name: String,
}

/// Lists members by name.
#[utoipa::path(
    get, path = "/api/v1/users",
    operation_id = "list_users", tag = "accounts", params(UsersQuery),
    responses(
        (status = 200, description = "A page; with `ETag`", body = Page<UserBody>),
        (status = 304, description = "As `If-None-Match` says"),
        (status = 401, description = "`unauthenticated`", body = ProblemDetails),
        (status = 403, description = "`forbidden`: for moderators", body = ProblemDetails),
        (status = 422, description = "`invalid_query`, `invalid_cursor`", body = ProblemDetails),
        (status = 503, description = "`database_unavailable`", body = ProblemDetails),
    ),
    security(("bearer" = []))
)]
pub(crate) async fn list(
    catalog: Data<Catalog>,
    actor: Actor,
    query: Query<UsersQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    catalog.require(&actor, Permission::FindUsers).await?;
    let UsersQuery { q, limit, cursor } = query.into_inner();
    let begin = q.trim();
    if !may_begin_name(begin) {
        let detail = "q must be the beginning of a user name.";
        return Err(Problem::invalid("invalid_query", detail).into());
    }
    let after = cursor.as_ref().map(Cursor::decode::<Position>);
    let after = after.transpose()?.map(|position| position.user_name);
    let n_rows = u32::from(limit.get()) + 1;
    let users = catalog.store.users(begin, after.as_deref(), n_rows).await?;
    let page = Page::from_rows(users, limit, |last| Position {
        user_name: last.user_name.clone(),
    });
    Ok(cached_json(&request, &page.map(UserBody::from))?)
}
