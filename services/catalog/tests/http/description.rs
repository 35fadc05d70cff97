//! The description of the routes, and what every service serves besides.

use anyhow::Result;
use reqwest::Method;
use serde_json::Value;

use crate::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_described_with_its_problems() -> Result<()> {
    let server = Server::sqlite().await?;
    let api = server.request_at(Method::GET, "/openapi.json");
    let api = server.send(api).await?.ok(200);
    let paths = api["paths"].as_object().unwrap();
    let mut n_routes = 0;
    for (path, methods) in paths {
        assert!(path.starts_with("/api/v1/"), "{path}");
        for (method, route) in methods.as_object().unwrap() {
            n_routes += 1;
            let name = format!("{method} {path}");
            let responses = route["responses"].as_object().unwrap();
            assert!(
                responses.keys().any(|status| status.starts_with('2')),
                "{name}"
            );
            for (status, response) in responses {
                let is_problem = status.starts_with(['4', '5']);
                if is_problem {
                    let text = response["description"].as_str().unwrap();
                    assert!(
                        text.starts_with('`'),
                        "{name} {status} names no code: {text}"
                    );
                    assert!(!response["content"].is_null(), "{name} {status}");
                }
            }
            let guarded = route["security"].as_array().is_some_and(|s| s.len() == 1);
            if guarded && !path.ends_with("/review") {
                assert!(responses.contains_key("401"), "{name}");
            }
        }
    }
    assert_eq!(n_routes, 36);
    let schemas = api["components"]["schemas"].as_object().unwrap();
    for name in [
        "UserBody",
        "RestaurantBody",
        "ItemBody",
        "ReviewBody",
        "CountsBody",
        "MeBody",
    ] {
        assert!(
            schemas[name]["example"] != Value::Null,
            "{name} has no example"
        );
    }
    assert_eq!(
        api["components"]["securitySchemes"]["bearer"]["scheme"],
        "bearer"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_described_route_is_served() -> Result<()> {
    let server = Server::sqlite().await?;
    let api = server.request_at(Method::GET, "/openapi.json");
    let api = server.send(api).await?.ok(200);
    for (path, methods) in api["paths"].as_object().unwrap() {
        let filled: Vec<_> = path
            .split('/')
            .map(|part| if part.starts_with('{') { "x" } else { part })
            .collect();
        for method in methods.as_object().unwrap().keys() {
            let verb: Method = method.to_uppercase().parse()?;
            let answer = server
                .send(server.request_at(verb, &filled.join("/")))
                .await?;
            assert_ne!(answer.body["code"], "not_found", "{method} {path}");
            assert_ne!(answer.status, 405, "{method} {path}");
        }
        let other = server.request_at(Method::TRACE, &filled.join("/"));
        let other = server.send(other).await?;
        assert!(!other.header("allow").is_empty(), "{path}");
        other.problem(405, "method_not_allowed");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_tells_of_itself() -> Result<()> {
    let server = Server::sqlite().await?;
    for path in ["/livez", "/readyz", "/metrics", "/docs/"] {
        let answer = server.send(server.request_at(Method::GET, path)).await?;
        assert_eq!(answer.status, 200, "{path}");
    }
    let unknown = server.request(Method::GET, "/nothing");
    server.send(unknown).await?.problem(404, "not_found");
    Ok(())
}
