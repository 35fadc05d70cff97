//! What must never do harm: each of it is a problem with its code, never a 500, and
//! changes nothing.

use anyhow::Result;
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

use crate::server::{Member, PASSWORD, ROOT, Server, on_each_stack};

/// A server with one of everything, a member, and an operator.
struct Scene {
    server: Server,
    member: Member,
    operator: Member,
    restaurant: String,
    item: String,
    review: String,
}

impl Scene {
    async fn set(server: Server) -> Result<Self> {
        let places = server.furnish().await?;
        let member = server.member("ada").await?;
        let operator = server.member_with_role("olga", "operator").await?;
        let review = server.add_review(&member, &places, 4).await?;
        let (restaurant, item) = places;
        Ok(Self {
            server,
            member,
            operator,
            restaurant,
            item,
            review,
        })
    }

    /// Every route that takes a body: method, path, a sound body, and who may.
    fn routes_with_bodies(&self) -> Vec<(Method, String, Value, Option<&Member>)> {
        let Self {
            restaurant,
            item,
            review,
            ..
        } = self;
        let login = json!({"user_name": "new", "password": PASSWORD});
        let words = json!({"item_id": item, "stars": 4, "content": "x"});
        let by_operator = Some(&self.operator);
        let by_member = Some(&self.member);
        vec![
            (Method::POST, "/users".to_owned(), login.clone(), None),
            (Method::POST, "/sessions".to_owned(), login, None),
            (
                Method::POST,
                "/sessions/refresh".to_owned(),
                json!({"refresh_token": "x"}),
                None,
            ),
            (
                Method::DELETE,
                "/sessions".to_owned(),
                json!({"refresh_token": "x"}),
                by_member,
            ),
            (
                Method::PUT,
                format!("/users/{}/role", self.member.id),
                json!({"role": "member"}),
                by_operator,
            ),
            (
                Method::POST,
                "/restaurants".to_owned(),
                json!({"name": "x", "address": "", "description": ""}),
                by_operator,
            ),
            (
                Method::POST,
                format!("/restaurants/{restaurant}/items"),
                json!({"name": "x", "description": ""}),
                by_operator,
            ),
            (
                Method::POST,
                format!("/restaurants/{restaurant}/reviews"),
                words.clone(),
                by_member,
            ),
            (
                Method::POST,
                format!("/restaurants/{restaurant}/review"),
                words,
                by_member,
            ),
            (
                Method::PATCH,
                format!("/reviews/{review}"),
                json!({"stars": 1}),
                by_member,
            ),
        ]
    }

    fn request(
        &self,
        method: &Method,
        path: &str,
        who: Option<&Member>,
    ) -> reqwest::RequestBuilder {
        let request = self
            .server
            .request(method.clone(), path)
            .header("if-match", "\"1\"");
        match who {
            Some(who) => request.bearer_auth(&who.token),
            None => request,
        }
    }

    /// How many rows there are of each kind, and what the review says.
    async fn rows(&self) -> Result<Vec<i64>> {
        let mut rows = Vec::new();
        for sql in [
            "SELECT COUNT(*) AS n FROM users",
            "SELECT COUNT(*) AS n FROM sessions WHERE revoked_at IS NULL",
            "SELECT COUNT(*) AS n FROM refresh_tokens WHERE spent_at IS NULL",
            "SELECT COUNT(*) AS n FROM restaurants",
            "SELECT COUNT(*) AS n FROM items",
            "SELECT COUNT(*) AS n FROM reviews WHERE deleted_at IS NULL",
            "SELECT CAST(SUM(version * 10 + stars) AS SIGNED) AS n FROM reviews",
            "SELECT COUNT(*) AS n FROM users WHERE role = 'member'",
        ] {
            // SQLite knows no SIGNED, but takes any word.
            let sql = match format!("{:?}", self.server.store).contains("sqlite") {
                true => sql.replace("AS SIGNED", "AS INTEGER"),
                false => sql.to_owned(),
            };
            rows.push(self.server.store.select_number(&sql).await?);
        }
        Ok(rows)
    }
}

on_each_stack! {
    async fn bodies_that_are_no_json_or_do_not_fit_are_refused(server: Server) -> Result<()> {
        let scene = Scene::set(server).await?;
        let before = scene.rows().await?;
        for (method, path, sound, who) in scene.routes_with_bodies() {
            let send = async |body: String, kind: &str| {
                let request = scene.request(&method, &path, who).header("content-type", kind);
                scene.server.send(request.body(body)).await
            };
            let json = "application/json";
            for text in ["{", "nonsense", "{\"a\":}", "\u{0}", "[1,2"] {
                send(text.to_owned(), json).await?.problem(400, "malformed_json");
            }
            if method != Method::DELETE {
                send(String::new(), json).await?.problem(400, "malformed_json");
                let kind = send(sound.to_string(), "text/plain").await?;
                kind.problem(415, "unsupported_media_type");
            }
            for text in ["[]", "[\"bob\",\"correct horse\"]", "null", "1", "\"x\""] {
                send(text.to_owned(), json).await?.problem(422, "invalid_body");
            }
            let mut extra = sound.clone();
            extra["is_admin"] = json!(true);
            send(extra.to_string(), json).await?.problem(422, "invalid_body");
            for field in sound.as_object().unwrap().keys() {
                for wrong in [json!({}), json!([]), json!(true), json!(1.5)] {
                    let mut body = sound.clone();
                    body[field] = wrong;
                    send(body.to_string(), json).await?.problem(422, "invalid_body");
                }
                if method != Method::PATCH {
                    let mut body = sound.clone();
                    body.as_object_mut().unwrap().remove(field);
                    send(body.to_string(), json).await?.problem(422, "invalid_body");
                }
            }
            let large = format!("{{\"content\":\"{}\"}}", "x".repeat(1_024 * 1_024));
            send(large, json).await?.problem(413, "body_too_large");
        }
        assert_eq!(scene.rows().await?, before);
        Ok(())
    }

    async fn names_and_passwords_that_none_may_have_are_refused(server: Server) -> Result<()> {
        let scene = Scene::set(server).await?;
        let before = scene.rows().await?;
        let sign_up = async |name: &str, password: &str| {
            scene.server.post("/users", json!({"user_name": name, "password": password})).await
        };
        for name in [
            "", "ab", "a\0b", "ada😀", "😀😀😀", "ad\u{e4}", "a b c", "a/b", "\u{202e}ada",
            "' OR 1=1", &"x".repeat(33),
        ] {
            sign_up(name, PASSWORD).await?.problem(422, "invalid_user_name");
        }
        for password in ["", "1234567", &"x".repeat(73), &"é".repeat(37), "12345678\0"] {
            sign_up("newcomer", password).await?.problem(422, "invalid_password");
        }
        assert_eq!(scene.rows().await?, before);
        Ok(())
    }

    async fn texts_and_stars_out_of_bounds_are_refused(server: Server) -> Result<()> {
        let scene = Scene::set(server).await?;
        let before = scene.rows().await?;
        let long = |n: usize| "x".repeat(n);
        for (field, value, code) in [
            ("name", "", "invalid_name"),
            ("name", " \t ", "invalid_name"),
            ("name", "a\0b", "invalid_name"),
            ("name", &long(201), "invalid_name"),
            ("address", &long(401), "invalid_address"),
            ("address", "\0", "invalid_address"),
            ("description", &long(4_001), "invalid_description"),
            ("description", "\0", "invalid_description"),
        ] {
            let mut body = json!({"name": "x", "address": "x", "description": "x"});
            body[field] = json!(value);
            let server = &scene.server;
            server.post_as(&scene.operator, "/restaurants", body.clone()).await?.problem(422, code);
            if field != "address" {
                body.as_object_mut().unwrap().remove("address");
                let path = format!("/restaurants/{}/items", scene.restaurant);
                server.post_as(&scene.operator, &path, body).await?.problem(422, code);
            }
        }
        let reviews = format!("/restaurants/{}/reviews", scene.restaurant);
        let review = format!("/reviews/{}", scene.review);
        for (field, value, code) in [
            ("stars", json!(0), "invalid_stars"),
            ("stars", json!(6), "invalid_stars"),
            ("stars", json!(-1), "invalid_stars"),
            ("stars", json!(i64::MAX), "invalid_stars"),
            ("content", json!(""), "invalid_content"),
            ("content", json!("\u{0}"), "invalid_content"),
            ("content", json!(long(10_001)), "invalid_content"),
        ] {
            let mut body = json!({"item_id": scene.item, "stars": 4, "content": "x"});
            body[field] = value.clone();
            scene.server.post_as(&scene.member, &reviews, body).await?.problem(422, code);
            let mut change = json!({});
            change[field] = value;
            let changed = scene.server.patch_as(&scene.member, &review, "\"1\"", change);
            changed.await?.problem(422, code);
        }
        let nothing = scene.server.patch_as(&scene.member, &review, "\"1\"", json!({}));
        nothing.await?.problem(422, "invalid_body");
        assert_eq!(scene.rows().await?, before);
        Ok(())
    }

    async fn ids_that_are_none_or_name_nothing_are_refused(server: Server) -> Result<()> {
        let scene = Scene::set(server).await?;
        let before = scene.rows().await?;
        let nothing = "00000000-0000-4000-8000-000000000000";
        for bad in ["x", "1", "%00", "%F0%9F%98%80", "..%2F..", &"a".repeat(500), "{id}"] {
            for path in [
                format!("/restaurants/{bad}"),
                format!("/restaurants/{bad}/items"),
                format!("/restaurants/{bad}/reviews"),
                format!("/items/{bad}"),
                format!("/items/{bad}/reviews"),
                format!("/reviews/{bad}"),
                format!("/reviews/counts?ids={bad}"),
            ] {
                scene.server.get(&path).await?.problem(422, "invalid_id");
            }
            let path = format!("/reviews/{bad}");
            scene.server.delete_as(&scene.member, &path).await?.problem(422, "invalid_id");
            let change = json!({"stars": 1});
            let changed = scene.server.patch_as(&scene.member, &path, "\"1\"", change);
            changed.await?.problem(422, "invalid_id");
            let role = format!("/users/{bad}/role");
            let given = scene.server.put_as(&scene.operator, &role, json!({"role": "admin"}));
            given.await?.problem(422, "invalid_id");
        }
        let path = format!("/reviews/{nothing}");
        for _ in 0..2 {
            scene.server.get(&path).await?.problem(404, "review_not_found");
        }
        scene.server.delete_as(&scene.member, &path).await?.problem(404, "review_not_found");
        let changed = scene.server.patch_as(&scene.member, &path, "\"1\"", json!({"stars": 1}));
        changed.await?.problem(404, "review_not_found");
        let reviews = format!("/restaurants/{}/reviews", scene.restaurant);
        let body = json!({"item_id": nothing, "stars": 4, "content": "x"});
        scene.server.post_as(&scene.member, &reviews, body).await?.problem(404, "item_not_found");
        assert_eq!(scene.rows().await?, before);
        Ok(())
    }

    async fn queries_and_cursors_made_up_are_refused(server: Server) -> Result<()> {
        let scene = Scene::set(server).await?;
        let Scene { server, member, restaurant, item, .. } = &scene;
        let lists = [
            "/restaurants?".to_owned(),
            "/restaurants?q=x&".to_owned(),
            format!("/restaurants/{restaurant}/items?"),
            format!("/restaurants/{restaurant}/reviews?"),
            format!("/restaurants/{restaurant}/reviews?sort=top&"),
            format!("/items/{item}/reviews?sort=hot&"),
            "/me/votes?".to_owned(),
        ];
        for list in &lists {
            for query in ["limit=0", "limit=101", "limit=-1", "limit=x", "limit=", "unknown=1", "limit=1&limit=2"] {
                let answer = server.get_as(member, &format!("{list}{query}")).await?;
                answer.problem(422, "invalid_query");
            }
            for cursor in cursors() {
                let answer = server.get_as(member, &format!("{list}cursor={cursor}")).await?;
                answer.problem(422, "invalid_cursor");
            }
        }
        for query in ["sort=best", "sort=", "sort=New"] {
            let path = format!("/restaurants/{restaurant}/reviews?{query}");
            server.get(&path).await?.problem(422, "invalid_query");
        }
        let long = "x".repeat(201);
        for q in ["%00", "a%0Ab", &long] {
            server.get(&format!("/restaurants?q={q}")).await?.problem(422, "invalid_query");
        }
        server.get("/reviews/counts").await?.problem(422, "invalid_query");
        Ok(())
    }

    async fn a_cursor_fits_its_own_list_only(server: Server) -> Result<()> {
        let scene = Scene::set(server).await?;
        let Scene { server, member, restaurant, item, .. } = &scene;
        let places = (restaurant.clone(), item.clone());
        server.add_review(member, &places, 4).await?;
        let mut cursors = Vec::new();
        for sort in ["new", "top", "hot"] {
            let path = format!("/restaurants/{restaurant}/reviews?sort={sort}&limit=1");
            let page = server.get(&path).await?.ok(200);
            cursors.push((sort, page["next_cursor"].as_str().unwrap().to_owned()));
        }
        for (made_for, cursor) in &cursors {
            for sort in ["new", "top", "hot"] {
                let path = format!("/restaurants/{restaurant}/reviews?sort={sort}&cursor={cursor}");
                let answer = server.get(&path).await?;
                if sort == *made_for {
                    answer.ok(200);
                } else {
                    answer.problem(422, "invalid_cursor");
                }
            }
            let elsewhere = format!("/restaurants?cursor={cursor}");
            server.get(&elsewhere).await?.problem(422, "invalid_cursor");
        }
        Ok(())
    }

    async fn a_hundred_and_one_ids_are_too_many(server: Server) -> Result<()> {
        let scene = Scene::set(server).await?;
        let ids = |n: u128| {
            let ids = (0..n).map(|n| uuid::Uuid::from_u128(n).to_string());
            ids.collect::<Vec<_>>().join(",")
        };
        let counts = async |ids: String| {
            scene.server.get(&format!("/reviews/counts?ids={ids}")).await
        };
        counts(ids(101)).await?.problem(422, "too_many_ids");
        assert_eq!(counts(ids(100)).await?.ok(200)["counts"], json!([]));
        let review = &scene.review;
        let folded = counts(vec![review.as_str(); 150].join(",")).await?.ok(200);
        assert_eq!(folded["counts"].as_array().unwrap().len(), 1);
        Ok(())
    }

    async fn tokens_missing_forged_or_expired_are_refused(server: Server) -> Result<()> {
        let scene = Scene::set(server).await?;
        let before = scene.rows().await?;
        let token = &scene.member.token;
        let (head, _) = token.rsplit_once('.').unwrap();
        let forged = [
            "Bearer".to_owned(),
            "Bearer ".to_owned(),
            "Bearer x".to_owned(),
            format!("Bearer {head}."),
            format!("Bearer {head}.AAAA"),
            format!("Bearer {token}x"),
            format!("Basic {token}"),
            token.clone(),
            format!("Bearer {}", "x".repeat(4_000)),
            // Signed by another key, and by none.
            "Bearer eyJhbGciOiJub25lIiwidHlwIjoiSldUIiwia2lkIjoidGVzdCJ9.e30.".to_owned(),
        ];
        for (method, path, body, who) in scene.routes_with_bodies() {
            if who.is_none() {
                continue;
            }
            let request = || scene.server.request(method.clone(), &path).json(&body);
            scene.server.send(request()).await?.problem(401, "unauthenticated");
            for value in &forged {
                let answer = scene.server.send(request().header("authorization", value)).await?;
                assert_eq!(answer.header("www-authenticate"), "Bearer");
                answer.problem(401, "unauthenticated");
            }
        }
        scene.server.clock.set(scene.server.start + TimeDelta::seconds(903));
        for path in ["/me", "/me/votes", "/me/preferences"] {
            scene.server.get(path).await?.problem(401, "unauthenticated");
            let expired = scene.server.get_as(&scene.member, path).await?;
            expired.problem(401, "unauthenticated");
        }
        assert_eq!(scene.rows().await?, before);
        Ok(())
    }

    async fn a_change_must_name_one_version(server: Server) -> Result<()> {
        let scene = Scene::set(server).await?;
        let before = scene.rows().await?;
        let path = format!("/reviews/{}", scene.review);
        let bare = scene.server.request(Method::PATCH, &path).bearer_auth(&scene.member.token);
        let bare = scene.server.send(bare.json(&json!({"stars": 1}))).await?;
        bare.problem(428, "version_required");
        for version in ["1", "*", "\"\"", "\"x\"", "W/\"1\"", "\"-1\"", "\"1\", \"2\"", "\"99999999999999999999\""] {
            let change = scene.server.patch_as(&scene.member, &path, version, json!({"stars": 1}));
            change.await?.problem(422, "invalid_version");
        }
        for version in ["\"0\"", "\"2\"", "\"18446744073709551615\""] {
            let change = scene.server.patch_as(&scene.member, &path, version, json!({"stars": 1}));
            assert_eq!(change.await?.problem(412, "stale_version")["version"], 1);
        }
        assert_eq!(scene.rows().await?, before);
        Ok(())
    }

    async fn roles_that_are_none_are_refused(server: Server) -> Result<()> {
        let scene = Scene::set(server).await?;
        let root = scene.server.sign_in(ROOT).await?;
        let before = scene.rows().await?;
        let path = format!("/users/{}/role", scene.member.id);
        for role in ["", "Admin", "root", "member\0"] {
            let given = scene.server.put_as(&root, &path, json!({"role": role})).await?;
            given.problem(422, "invalid_body");
        }
        assert_eq!(scene.rows().await?, before);
        Ok(())
    }
}

/// Cursors that no list gave out, some of them in the right dress.
fn cursors() -> Vec<String> {
    use http_kit::Cursor;
    let id = "00000000-0000-4000-8000-000000000000";
    vec![
        "x".to_owned(),
        "AQ".to_owned(),
        "%00".to_owned(),
        "null".to_owned(),
        "A".repeat(2_000),
        Cursor::encode(&json!({})),
        Cursor::encode(&json!(null)),
        Cursor::encode(&json!({"at": i64::MAX, "id": id})),
        Cursor::encode(&json!({"at": i64::MIN, "id": id})),
        Cursor::encode(&json!({"at": "now", "id": id})),
        Cursor::encode(&json!({"at": 1, "id": "x"})),
        Cursor::encode(&json!({"by": "new", "place": {"score": 1, "at": 1, "id": id}})),
        Cursor::encode(&json!({"name_key": 1, "restaurant_id": id})),
        Cursor::encode(&json!({"seq": 1.5, "vote_id": id})),
    ]
}
