//! Which route a request goes to, and the table of documented routes: what a path that
//! nobody serves could have meant.

use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use utoipa::openapi::OpenApi;

use crate::Problem;

/// The path that routes are found by: with its percent-escapes decoded, but for those of
/// `%`, `/` and `+`. Whatever is decided on a path is decided on this one, for a client may
/// write `/%61pi` and be served as at `/api`.
pub(crate) fn routed_path(request: &HttpRequest) -> &str {
    request.match_info().as_str()
}

/// The template of the route at the request's path, such as `/api/v1/reviews/{id}`, also
/// before the request has gone there; `None` where there is none.
#[must_use]
pub fn route_template(request: &HttpRequest) -> Option<String> {
    request.resource_map().match_pattern(routed_path(request))
}

/// Path templates such as `/api/v1/reviews/{id}`, each with its methods.
#[derive(Clone, Debug, Default)]
pub(crate) struct RouteTable(Vec<Route>);

#[derive(Clone, Debug)]
struct Route {
    template: String,
    /// What stands between its slashes; none where a parameter does.
    segments: Vec<Option<String>>,
    methods: Vec<&'static str>,
}

impl Route {
    fn new(template: &str, methods: impl IntoIterator<Item = &'static str>) -> Self {
        let segment = |text: &str| (!text.starts_with('{')).then(|| text.to_owned());
        Self {
            template: template.to_owned(),
            segments: template.split('/').map(segment).collect(),
            methods: methods.into_iter().collect(),
        }
    }

    fn n_parameters(&self) -> usize {
        self.segments.iter().filter(|text| text.is_none()).count()
    }

    /// Begins at the end: all paths of the API begin alike.
    fn fits(&self, path: &str) -> bool {
        let mut segments = self.segments.iter().rev().zip(path.rsplit('/'));
        segments.all(|(wanted, given)| match wanted {
            Some(wanted) => wanted == given,
            None => !given.is_empty(),
        })
    }
}

impl RouteTable {
    pub(crate) fn new(api: &OpenApi) -> Self {
        let routes = api.paths.paths.iter().map(|(path, item)| {
            let methods = [
                (item.get.is_some(), "GET"),
                (item.post.is_some(), "POST"),
                (item.put.is_some(), "PUT"),
                (item.patch.is_some(), "PATCH"),
                (item.delete.is_some(), "DELETE"),
            ];
            let methods = methods
                .into_iter()
                .filter_map(|(is, name)| is.then_some(name));
            Route::new(path, methods)
        });
        Self(routes.collect())
    }

    /// The template that `path` fits best: the one with the fewest parameters.
    pub(crate) fn template(&self, path: &str) -> Option<&str> {
        self.fitting(path)
            .min_by_key(|route| route.n_parameters())
            .map(|route| route.template.as_str())
    }

    /// The methods that some route at `path` takes.
    fn methods(&self, path: &str) -> Vec<&'static str> {
        let mut methods: Vec<_> = self
            .fitting(path)
            .flat_map(|route| route.methods.iter().copied())
            .collect();
        methods.sort_unstable();
        methods.dedup();
        methods
    }

    fn fitting(&self, path: &str) -> impl Iterator<Item = &Route> {
        let n_segments = path.bytes().filter(|byte| *byte == b'/').count() + 1;
        let as_long = (self.0.iter()).filter(move |route| route.segments.len() == n_segments);
        as_long.filter(move |route| route.fits(path))
    }
}

/// Answers what no route took: 405 `method_not_allowed` with `Allow` where another
/// method would do, 404 `not_found` elsewhere.
pub(crate) async fn fallback(request: HttpRequest, routes: Data<RouteTable>) -> HttpResponse {
    let methods = routes.methods(routed_path(&request));
    if methods.is_empty() || methods.contains(&request.method().as_str()) {
        return not_found().error_response();
    }
    method_not_allowed(
        request.method(),
        HeaderValue::from_str(&methods.join(", ")).ok(),
    )
    .error_response()
}

fn not_found() -> Problem {
    Problem::not_found("not_found", "There is nothing at this path.")
}

/// 405, with the methods that would do where they are known.
pub(crate) fn method_not_allowed(method: &Method, allow: Option<HeaderValue>) -> Problem {
    let problem = Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        format!("This path does not take {method}."),
    );
    match allow {
        Some(allow) => problem.with_header(header::ALLOW, allow),
        None => problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> RouteTable {
        RouteTable(vec![
            Route::new("/reviews/{id}", ["GET", "PATCH"]),
            Route::new("/reviews/counts", ["GET"]),
            Route::new("/reviews/{id}/vote", ["DELETE"]),
        ])
    }

    #[test]
    fn a_path_fits_the_template_with_the_fewest_parameters() {
        assert_eq!(table().template("/reviews/counts"), Some("/reviews/counts"));
        assert_eq!(table().template("/reviews/7"), Some("/reviews/{id}"));
        for path in [
            "/reviews/",
            "/reviews",
            "/reviews/7/",
            "/reviews/7/vote/x",
            "/",
        ] {
            assert_eq!(table().template(path), None, "{path}");
        }
    }

    #[test]
    fn the_methods_of_all_fitting_routes_are_named() {
        assert_eq!(table().methods("/reviews/7"), ["GET", "PATCH"]);
        assert_eq!(table().methods("/reviews/7/vote"), ["DELETE"]);
        assert!(table().methods("/votes").is_empty());
    }
}
