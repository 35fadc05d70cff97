//! The API's description at `/openapi.json`, and a page to read and try it at `/docs/`.

mod everywhere;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{self, ServiceConfig};
use utoipa::Modify;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_swagger_ui::SwaggerUi;

pub(crate) use everywhere::describe;

/// Where the page is.
pub(crate) const PATH: &str = "/docs";

/// The page's scripts and styles come from this server; it styles itself inline.
pub(crate) const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; \
    style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

/// Says what `bearer` means, where a description names it; among its `modifiers`.
#[derive(Clone, Copy, Debug)]
pub struct BearerScheme;

impl Modify for BearerScheme {
    fn modify(&self, api: &mut OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .build();
        api.components
            .get_or_insert_default()
            .add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// Mounts both.
pub(crate) fn mount(config: &mut ServiceConfig, api: OpenApi) {
    config
        .service(web::resource(PATH).route(web::get().to(to_the_page)))
        .service(SwaggerUi::new("/docs/{_:.*}").url("/openapi.json", api));
}

async fn to_the_page() -> HttpResponse {
    HttpResponse::PermanentRedirect()
        .insert_header((header::LOCATION, "/docs/"))
        .finish()
}
