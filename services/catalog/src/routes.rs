//! The catalog's routes.

use actix_web::http::Method;
use actix_web::web::{ServiceConfig, delete, get, patch, post, put, resource};
use http_kit::rate::{RateClass, RateRule};
use http_kit::{BearerScheme, BodyLimit, ProblemDetails};
use partner_auth::PartnerScheme;
use utoipa::OpenApi;

use crate::accounts::{history, me, preferences, roles, sessions, users};
use crate::campaigns::{
    board, fans, hours, list as campaign_list, read as campaign_read, result,
    write as campaign_write,
};
use crate::partners::{admit, keys, list as partner_list};
use crate::reviews::{counts, list, read, write};
use crate::{audit, items, restaurants};

/// Adds the catalog's routes; they expect [`Data<Catalog>`] among the application's data.
///
/// [`Data<Catalog>`]: actix_web::web::Data
pub fn configure(config: &mut ServiceConfig) {
    config
        // What is polled goes first: routes are tried one after the other.
        .service(resource("/reviews/counts").route(get().to(counts::counts)))
        .service(resource("/campaigns/{campaign_id}/board").route(get().to(board::board)))
        .service(
            resource("/users")
                .route(get().to(users::list))
                .route(post().to(users::sign_up)),
        )
        .service(resource("/users/{user_id}/role").route(put().to(roles::give_role)))
        .service(
            resource("/sessions")
                .route(post().to(sessions::sign_in))
                .route(delete().to(sessions::sign_out)),
        )
        .service(resource("/sessions/refresh").route(post().to(sessions::refresh)))
        .service(resource("/me").route(get().to(me::me)))
        .service(resource("/me/votes").route(get().to(history::my_votes)))
        .service(resource("/me/preferences").route(get().to(preferences::my_preferences)))
        .service(
            resource("/restaurants")
                .route(get().to(restaurants::list))
                .route(post().to(restaurants::create)),
        )
        .service(resource("/restaurants/{restaurant_id}").route(get().to(restaurants::read)))
        .service(
            resource("/restaurants/{restaurant_id}/items")
                .route(get().to(items::list))
                .route(post().to(items::create)),
        )
        .service(
            resource("/restaurants/{restaurant_id}/reviews")
                .route(get().to(list::of_restaurant))
                .route(post().to(write::create)),
        )
        .service(
            resource("/restaurants/{restaurant_id}/review")
                .route(post().to(write::create_by_alias)),
        )
        .service(
            resource("/campaigns")
                .app_data(BodyLimit(campaign_write::BODY_MAX_BYTES))
                .route(get().to(campaign_list::list))
                .route(post().to(campaign_write::create)),
        )
        .service(
            resource("/campaigns/{campaign_id}")
                .app_data(BodyLimit(campaign_write::BODY_MAX_BYTES))
                .route(get().to(campaign_read::read))
                .route(patch().to(campaign_write::edit)),
        )
        .service(
            resource("/campaigns/{campaign_id}/options/{option}/hours")
                .route(get().to(hours::hours)),
        )
        .service(
            resource("/campaigns/{campaign_id}/options/{option}/fans").route(get().to(fans::fans)),
        )
        .service(resource("/campaigns/{campaign_id}/result").route(get().to(result::result)))
        .service(
            resource("/partners")
                .route(get().to(partner_list::list))
                .route(post().to(admit::admit)),
        )
        .service(resource("/partners/{partner_id}/keys").route(post().to(keys::give)))
        .service(resource("/partners/{partner_id}/keys/{key_id}").route(delete().to(keys::revoke)))
        .service(resource("/audit").route(get().to(audit::list)))
        .service(resource("/items/{item_id}").route(get().to(items::read)))
        .service(resource("/items/{item_id}/reviews").route(get().to(list::of_item)))
        .service(
            resource("/reviews/{review_id}")
                .route(get().to(read::read))
                .route(patch().to(write::change))
                .route(delete().to(write::remove)),
        );
}

/// What requests count as other than reads and writes.
pub const RATE_RULES: [RateRule; 3] = [
    (Method::POST, "/api/v1/users", RateClass::SignUp),
    (Method::POST, "/api/v1/sessions", RateClass::Login),
    (Method::POST, "/api/v1/sessions/refresh", RateClass::Login),
];

/// The description of the catalog's routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tally: catalog",
        description = "Accounts, and the restaurants, items and reviews they write."
    ),
    paths(
        users::sign_up,
        users::list,
        sessions::sign_in,
        sessions::refresh,
        sessions::sign_out,
        me::me,
        history::my_votes,
        preferences::my_preferences,
        roles::give_role,
        restaurants::list,
        restaurants::read,
        restaurants::create,
        items::list,
        items::read,
        items::create,
        list::of_restaurant,
        list::of_item,
        write::create,
        write::create_by_alias,
        read::read,
        write::change,
        write::remove,
        counts::counts,
        admit::admit,
        partner_list::list,
        keys::give,
        keys::revoke,
        audit::list,
        campaign_list::list,
        campaign_write::create,
        campaign_read::read,
        campaign_write::edit,
        board::board,
        hours::hours,
        fans::fans,
        result::result
    ),
    components(schemas(ProblemDetails)),
    modifiers(&BearerScheme, &PartnerScheme)
)]
pub struct Api;
