//! Which routes take signed requests: those whose description says so.

use std::collections::HashMap;

use actix_web::http::Method;
use utoipa::Modify;
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};

/// The scheme's name in descriptions.
const SCHEME: &str = "partner";

/// Says what `partner` means, where a description names it; among its `modifiers`.
#[derive(Clone, Copy, Debug)]
pub struct PartnerScheme;

impl Modify for PartnerScheme {
    fn modify(&self, api: &mut OpenApi) {
        let scheme = ApiKey::Header(ApiKeyValue::with_description(
            "X-Tally-Signature",
            "A partner's server signs its requests. `X-Tally-Key` names its key, \
             `X-Tally-Timestamp` is the time in Unix seconds (at most 300 off), \
             `X-Tally-Nonce` is new each time (8 to 128 visible ASCII characters), and \
             `X-Tally-Signature` is the hexadecimal HMAC-SHA256, under the key's secret, of \
             `METHOD\\nPATH_WITH_QUERY\\nTIMESTAMP\\nNONCE\\nhex(SHA-256(body))`. \
             `X-Tally-Voter` names the partner's voter that the request acts for.",
        ));
        api.components
            .get_or_insert_default()
            .add_security_scheme(SCHEME, SecurityScheme::ApiKey(scheme));
    }
}

/// Whether a route takes signed requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// It does.
    Signed,
    /// It does not.
    Unsigned,
    /// Nobody described it: no handler of the API is there.
    Nothing,
}

/// Described routes.
#[derive(Debug)]
pub(crate) struct PartnerRoutes(HashMap<(Method, String), bool>);

impl PartnerRoutes {
    pub(crate) fn new(api: &OpenApi) -> Self {
        let routes = api.paths.paths.iter().flat_map(|(path, item)| {
            let operations = [
                (Method::GET, &item.get),
                (Method::POST, &item.post),
                (Method::PUT, &item.put),
                (Method::PATCH, &item.patch),
                (Method::DELETE, &item.delete),
            ];
            operations.into_iter().filter_map(|(method, operation)| {
                let operation = operation.as_ref()?;
                Some(((method, shape(path)), takes_signed(operation)))
            })
        });
        Self(routes.collect())
    }

    /// Whether the route of this method and pattern takes signed requests.
    pub(crate) fn takes(&self, method: &Method, pattern: Option<&str>) -> Takes {
        let Some(pattern) = pattern else {
            return Takes::Nothing;
        };
        match self.0.get(&(method.clone(), shape(pattern))) {
            Some(true) => Takes::Signed,
            Some(false) => Takes::Unsigned,
            None => Takes::Nothing,
        }
    }
}

/// A path's template without the names of its parameters.
fn shape(template: &str) -> String {
    let segments = template.split('/').map(|segment| {
        if segment.starts_with('{') {
            "{}"
        } else {
            segment
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

fn takes_signed(operation: &Operation) -> bool {
    let requirements = operation.security.iter().flatten();
    // What a requirement names can be read as JSON only.
    requirements
        .filter_map(|requirement| serde_json::to_value(requirement).ok())
        .any(|requirement| requirement.get(SCHEME).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use utoipa::OpenApi;

    #[derive(OpenApi)]
    #[openapi(paths(open, bearer, either), modifiers(&PartnerScheme))]
    struct Api;

    #[utoipa::path(get, path = "/api/v1/open", responses((status = 200)))]
    #[allow(dead_code, reason = "its description is what is tested")]
    fn open() {}

    #[utoipa::path(post, path = "/api/v1/open", responses((status = 200)), security(("bearer" = [])))]
    #[allow(dead_code, reason = "its description is what is tested")]
    fn bearer() {}

    #[utoipa::path(
        put, path = "/api/v1/things/{thing_id}", responses((status = 200)),
        security(("bearer" = []), ("partner" = []))
    )]
    #[allow(dead_code, reason = "its description is what is tested")]
    fn either() {}

    #[test]
    fn a_route_takes_what_its_description_says() {
        let routes = PartnerRoutes::new(&Api::openapi());
        let takes = |method, pattern| routes.takes(&method, pattern);
        assert_eq!(takes(Method::GET, Some("/api/v1/open")), Takes::Unsigned);
        assert_eq!(takes(Method::POST, Some("/api/v1/open")), Takes::Unsigned);
        assert_eq!(
            takes(Method::PUT, Some("/api/v1/things/{id}")),
            Takes::Signed
        );
        assert_eq!(
            takes(Method::GET, Some("/api/v1/things/{id}")),
            Takes::Nothing
        );
        assert_eq!(takes(Method::GET, Some("/livez")), Takes::Nothing);
        assert_eq!(takes(Method::GET, None), Takes::Nothing);
        let api = serde_json::to_value(Api::openapi()).unwrap();
        let scheme = &api["components"]["securitySchemes"]["partner"];
        assert_eq!(scheme["name"], "X-Tally-Signature");
    }
}
