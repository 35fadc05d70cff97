//! Every guarded route by every role, against the one table that says who may do what.

use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};
use vote_domain::{Permission, Role};

use crate::server::{Member, ROOT, Server};

/// A guarded route, what it takes, and the permission that the table asks for.
fn guarded(places: &(String, String), user: &Member) -> Vec<(Method, String, Value, Permission)> {
    let (restaurant, item) = places;
    let review = json!({"item_id": item, "stars": 4, "content": "Good."});
    vec![
        (
            Method::POST,
            "/restaurants".to_owned(),
            json!({"name": "New", "address": "", "description": ""}),
            Permission::KeepCatalog,
        ),
        (
            Method::POST,
            format!("/restaurants/{restaurant}/items"),
            json!({"name": "New", "description": ""}),
            Permission::KeepCatalog,
        ),
        (
            Method::POST,
            format!("/restaurants/{restaurant}/reviews"),
            review.clone(),
            Permission::Review,
        ),
        (
            Method::POST,
            format!("/restaurants/{restaurant}/review"),
            review,
            Permission::Review,
        ),
        (
            Method::PUT,
            format!("/users/{}/role", user.id),
            json!({"role": "moderator"}),
            Permission::GiveRole,
        ),
        (
            Method::GET,
            "/partners".to_owned(),
            Value::Null,
            Permission::KeepPartners,
        ),
        (
            Method::GET,
            "/audit".to_owned(),
            Value::Null,
            Permission::ReadAudit,
        ),
        (
            Method::GET,
            "/users?q=the-".to_owned(),
            Value::Null,
            Permission::FindUsers,
        ),
        (Method::GET, "/me".to_owned(), Value::Null, Permission::Vote),
        (
            Method::GET,
            "/me/votes".to_owned(),
            Value::Null,
            Permission::Vote,
        ),
        (
            Method::GET,
            "/me/preferences".to_owned(),
            Value::Null,
            Permission::Vote,
        ),
    ]
}

async fn call(
    server: &Server,
    who: Option<&Member>,
    route: &(Method, String, Value, Permission),
) -> Result<u16> {
    let (method, path, body, _) = route;
    let mut request = server.request(method.clone(), path);
    if let Some(who) = who {
        request = request.bearer_auth(&who.token);
    }
    if !body.is_null() {
        request = request.json(body);
    }
    Ok(server.send(request).await?.status)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_may_do_what_the_table_says_and_nobody_anything() -> Result<()> {
    let server = Server::sqlite().await?;
    let places = server.furnish().await?;
    let subject = server.member("subject").await?;
    let routes = guarded(&places, &subject);
    for route in &routes {
        assert_eq!(call(&server, None, route).await?, 401, "{route:?}");
    }
    for role in Role::ALL {
        let who = server
            .member_with_role(&format!("the-{role}"), role.as_str())
            .await?;
        for route in &routes {
            let status = call(&server, Some(&who), route).await?;
            if role.may(route.3) {
                assert!(matches!(status, 200 | 201), "{role} {route:?}: {status}");
            } else {
                assert_eq!(status, 403, "{role} {route:?}");
            }
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn others_reviews_are_removed_as_the_table_says_and_changed_by_nobody_else() -> Result<()> {
    let server = Server::sqlite().await?;
    let places = server.furnish().await?;
    let author = server.member("author").await?;
    for role in Role::ALL {
        let who = server
            .member_with_role(&format!("the-{role}"), role.as_str())
            .await?;
        let review = server.add_review(&author, &places, 4).await?;
        let path = format!("/reviews/{review}");
        server
            .patch_as(&who, &path, "\"1\"", json!({"stars": 1}))
            .await?
            .problem(403, "forbidden");
        let anonymous = server.request(Method::DELETE, &path);
        server
            .send(anonymous)
            .await?
            .problem(401, "unauthenticated");
        let removal = server.delete_as(&who, &path).await?;
        if role.may(Permission::RemoveReview) {
            removal.ok(204);
        } else {
            removal.problem(403, "forbidden");
            server.delete_as(&author, &path).await?.ok(204);
        }
        server.get(&path).await?.problem(404, "review_not_found");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_anyone_may_read_needs_no_token_but_refuses_a_bad_one() -> Result<()> {
    let server = Server::sqlite().await?;
    let places = server.furnish().await?;
    let root = server.sign_in(ROOT).await?;
    let review = server.add_review(&root, &places, 4).await?;
    let (restaurant, item) = &places;
    for path in [
        format!("/reviews/{review}"),
        format!("/reviews/counts?ids={review}"),
        format!("/restaurants/{restaurant}/reviews"),
        format!("/items/{item}/reviews"),
    ] {
        server.get(&path).await?.ok(200);
        server.get_as(&root, &path).await?.ok(200);
        let forged = server.request(Method::GET, &path).bearer_auth("x.y.z");
        server.send(forged).await?.problem(401, "unauthenticated");
    }
    for path in [
        "/restaurants".to_owned(),
        format!("/restaurants/{restaurant}"),
        format!("/restaurants/{restaurant}/items"),
        format!("/items/{item}"),
    ] {
        server.get(&path).await?.ok(200);
    }
    Ok(())
}
