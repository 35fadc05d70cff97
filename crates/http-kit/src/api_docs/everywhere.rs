//! What is true of every route, said once for all of them in the API's description:
//! problems are `application/problem+json`, and whoever takes a body or a token answers
//! what reading those can end in.

use utoipa::openapi::path::Operation;
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, Response};

use crate::problem::PROBLEM_JSON;

/// Where routes describe bodies whose content type they do not name.
const JSON: &str = "application/json";

/// What reading a body can end in.
const BODY_PROBLEMS: [(&str, &str); 5] = [
    ("400", "`malformed_json`, `incomplete_body`"),
    ("408", "`body_timeout`"),
    ("413", "`body_too_large`"),
    ("415", "`unsupported_media_type`"),
    ("422", "`invalid_body`"),
];

/// What looking at a token can end in.
const TOKEN_PROBLEMS: [(&str, &str); 1] = [("401", "`unauthenticated`")];

/// What a path or a query that is none can end in.
const PARAMETER_PROBLEMS: [(&str, &str); 1] = [("422", "`invalid_id`, `invalid_query`")];

/// What any request can end in.
const PROBLEMS: [(&str, &str); 2] = [("429", "`rate_limited`"), ("503", "`request_timeout`")];

/// Completes the description of every route; what a route says itself stands.
pub(crate) fn describe(api: &mut OpenApi) {
    for item in api.paths.paths.values_mut() {
        let operations = [
            &mut item.get,
            &mut item.post,
            &mut item.put,
            &mut item.patch,
            &mut item.delete,
        ];
        for operation in operations.into_iter().flatten() {
            complete(operation);
        }
    }
}

fn complete(operation: &mut Operation) {
    let takes_body = operation.request_body.is_some();
    let takes_token = operation.security.iter().flatten().next().is_some();
    let takes_parameters = operation.parameters.iter().flatten().next().is_some();
    let problems = [
        (takes_body, BODY_PROBLEMS.as_slice()),
        (takes_token, TOKEN_PROBLEMS.as_slice()),
        (takes_parameters, PARAMETER_PROBLEMS.as_slice()),
        (true, PROBLEMS.as_slice()),
    ];
    let responses = &mut operation.responses.responses;
    for (_, problems) in problems.into_iter().filter(|(takes, _)| *takes) {
        for (status, codes) in problems {
            responses
                .entry((*status).to_owned())
                .or_insert_with(|| problem(codes).into());
        }
    }
    for (status, response) in responses {
        if let RefOr::T(response) = response
            && status.starts_with(['4', '5'])
            && let Some(content) = response.content.swap_remove(JSON)
        {
            response.content.insert(PROBLEM_JSON.to_owned(), content);
        }
    }
}

fn problem(codes: &str) -> Response {
    let details = Content::new(Some(Ref::from_schema_name("ProblemDetails")));
    let mut response = Response::new(codes);
    response
        .content
        .insert(PROBLEM_JSON.to_owned(), details.into());
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use utoipa::OpenApi as _;

    use crate::ProblemDetails;

    #[derive(utoipa::OpenApi)]
    #[openapi(paths(open, guarded))]
    struct Api;

    #[utoipa::path(get, path = "/open", responses((status = 200, body = String)))]
    #[allow(dead_code, reason = "its description is what is tested")]
    fn open() {}

    #[utoipa::path(
        post, path = "/guarded", request_body = String, security(("bearer" = [])),
        responses(
            (status = 201, description = "Made", body = String),
            (status = 422, description = "`invalid_name`", body = ProblemDetails),
        )
    )]
    #[allow(dead_code, reason = "its description is what is tested")]
    fn guarded() {}

    fn described() -> Value {
        let mut api = Api::openapi();
        describe(&mut api);
        serde_json::to_value(api).unwrap()
    }

    #[test]
    fn problems_are_of_their_own_content_type_and_answers_are_not() {
        let api = described();
        let responses = &api["paths"]["/guarded"]["post"]["responses"];
        assert!(responses["422"]["content"]["application/problem+json"].is_object());
        assert_eq!(responses["422"]["content"]["application/json"], Value::Null);
        assert_eq!(responses["201"]["content"].as_object().unwrap().len(), 1);
        assert_eq!(
            responses["201"]["content"]["application/problem+json"],
            Value::Null
        );
    }

    #[test]
    fn a_route_answers_what_its_body_and_token_can_end_in_and_what_it_says_stands() {
        let api = described();
        let statuses = |path: &str, method: &str| {
            let responses = api["paths"][path][method]["responses"].as_object().unwrap();
            json!(responses.keys().collect::<Vec<_>>())
        };
        assert_eq!(statuses("/open", "get"), json!(["200", "429", "503"]));
        assert_eq!(
            statuses("/guarded", "post"),
            json!([
                "201", "400", "401", "408", "413", "415", "422", "429", "503"
            ])
        );
        let own = &api["paths"]["/guarded"]["post"]["responses"]["422"];
        assert_eq!(own["description"], "`invalid_name`");
    }
}
