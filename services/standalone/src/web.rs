//! The front end: the files that Vite built, handed out as they are.
//!
//! They are read once, at the start: there are few, and what is served is what was there
//! then. What is asked for is looked up among them by name, so nothing else of the disk can
//! be reached. A browser that goes to a page of the front end, which has no file, gets
//! `index.html`, and the page is found there.

use std::collections::HashMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actix_web::guard::{self, GuardContext};
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::web::{self, Bytes, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use anyhow::{Context, Result, ensure};
use http_kit::etag::{none_match, tag_of};

/// What a browser may do on these pages: nothing from elsewhere, and no script or style that
/// stands within a page. It is what keeps the session that lies in the browser's storage.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; base-uri 'none'; \
    form-action 'self'; frame-ancestors 'none'; object-src 'none'";

/// What names a page of the front end is looked for under.
const INDEX: &str = "index.html";

/// Files below this are named by what is in them, and never change.
const HASHED: &str = "assets/";

/// Paths that belong to somebody else, and are no pages.
const OTHERS: [&str; 7] = [
    "/api",
    "/assets",
    "/docs",
    "/livez",
    "/readyz",
    "/metrics",
    "/openapi.json",
];

/// The files of the front end. Clones share them.
#[derive(Clone)]
pub(crate) struct Web(Arc<HashMap<String, File>>);

struct File {
    content_type: &'static str,
    is_hashed: bool,
    tag: String,
    plain: Bytes,
    /// As Vite laid them beside it.
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
}

impl Web {
    /// Reads the files below `folder`.
    ///
    /// # Errors
    /// There is no `index.html`, or a file cannot be read.
    pub(crate) fn load(folder: &Path) -> Result<Self> {
        let mut found = HashMap::new();
        read_below(folder, "", &mut found)?;
        ensure!(
            found.contains_key(INDEX),
            "there is no {INDEX} in {}",
            folder.display()
        );
        let names: Vec<String> = found.keys().cloned().collect();
        let mut files = HashMap::new();
        for name in names {
            let Some(content_type) = content_type(&name) else {
                continue;
            };
            let Some(plain) = found.get(&name).cloned() else {
                continue;
            };
            let file = File {
                content_type,
                is_hashed: name.starts_with(HASHED),
                // Weak: it stands for all encodings.
                tag: format!("W/{}", tag_of(&plain)),
                plain,
                brotli: found.get(&format!("{name}.br")).cloned(),
                gzip: found.get(&format!("{name}.gz")).cloned(),
            };
            files.insert(name, file);
        }
        Ok(Self(Arc::new(files)))
    }

    /// Serves the files, and `index.html` at every path that a browser can go to.
    pub(crate) fn configure(&self, config: &mut ServiceConfig) {
        let files = self.clone();
        let is_ours = move |context: &GuardContext<'_>| files.takes(context);
        config.app_data(Data::new(self.clone())).service(
            web::resource("/{path:.*}")
                .guard(guard::Any(guard::Get()).or(guard::Head()))
                .guard(guard::fn_guard(is_ours))
                .to(serve),
        );
    }

    /// Whether there is a file at the request's path, or somebody goes to a page.
    fn takes(&self, context: &GuardContext<'_>) -> bool {
        let head = context.head();
        let path = head.uri.path();
        self.file(path).is_some() || (is_navigation(head.headers()) && !is_others(path))
    }

    fn file(&self, path: &str) -> Option<&File> {
        let name = path.trim_start_matches('/');
        self.0.get(if name.is_empty() { INDEX } else { name })
    }
}

/// Where the front end lies that was built with this program: beside the program, or in the
/// repository that it was built in.
pub fn built_web() -> Option<PathBuf> {
    let program = env::current_exe().ok()?;
    let beside = program.parent()?.join("web");
    let of_repository = program.ancestors().skip(1).map(|dir| dir.join("web/dist"));
    std::iter::once(beside)
        .chain(of_repository.take(4))
        .find(|folder| folder.join(INDEX).is_file())
}

fn read_below(folder: &Path, before: &str, found: &mut HashMap<String, Bytes>) -> Result<()> {
    let failed = || format!("cannot read {}", folder.display());
    for entry in fs::read_dir(folder).with_context(failed)? {
        let entry = entry.with_context(failed)?;
        let path = entry.path();
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let name = format!("{before}{name}");
        if path.is_dir() {
            read_below(&path, &format!("{name}/"), found)?;
        } else {
            let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()));
            found.insert(name, bytes?.into());
        }
    }
    Ok(())
}

/// What the front end is made of; other files are not served.
fn content_type(name: &str) -> Option<&'static str> {
    let (_, extension) = name.rsplit_once('.')?;
    Some(match extension {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "txt" => "text/plain; charset=utf-8",
        "woff2" => "font/woff2",
        "webmanifest" => "application/manifest+json",
        _ => return None,
    })
}

/// Whether a browser goes to a page, rather than that a program asks for something.
fn is_navigation(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|it| it.to_str().ok());
    accept.is_some_and(|kinds| kinds.contains("text/html"))
}

fn is_others(path: &str) -> bool {
    OTHERS.iter().any(|other| {
        let rest = path.strip_prefix(other);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// `GET /{path}`
async fn serve(request: HttpRequest, web: Data<Web>) -> HttpResponse {
    // There is always an index.
    let Some(file) = web.file(request.path()).or_else(|| web.file("/")) else {
        return HttpResponse::NotFound().finish();
    };
    let is_known = none_match(&request, &file.tag);
    let mut answer = if is_known {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    let cache_control = if file.is_hashed {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    answer
        .insert_header((header::CACHE_CONTROL, cache_control))
        .insert_header((header::ETAG, file.tag.as_str()))
        .insert_header((header::VARY, "accept-encoding"))
        .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY));
    if is_known {
        return answer.finish();
    }
    let encodings = [("br", &file.brotli), ("gzip", &file.gzip)];
    let compressed = encodings.into_iter().find_map(|(name, bytes)| {
        let bytes = bytes.as_ref()?;
        accepts(request.headers(), name).then_some((name, bytes))
    });
    answer.content_type(file.content_type);
    match compressed {
        Some((name, bytes)) => answer
            .insert_header((header::CONTENT_ENCODING, HeaderValue::from_static(name)))
            .body(bytes.clone()),
        None => answer.body(file.plain.clone()),
    }
}

/// Whether the client takes `encoding`: it names it, and does not say `q=0` to it.
fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let lines = headers.get_all(header::ACCEPT_ENCODING);
    let mut given = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','));
    given.any(|given| {
        let (name, weight) = given.split_once(';').unwrap_or((given, ""));
        let weight = weight.trim().trim_start_matches("q=");
        name.trim().eq_ignore_ascii_case(encoding) && !weight.parse().is_ok_and(|q: f32| q == 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::body::to_bytes;
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::{App, http::StatusCode};

    fn built() -> Result<tempfile::TempDir> {
        let folder = tempfile::tempdir()?;
        let put = |name: &str, text: &str| fs::write(folder.path().join(name), text);
        fs::create_dir(folder.path().join("assets"))?;
        put("index.html", "<html>")?;
        put("assets/app-1a.js", "plain")?;
        put("assets/app-1a.js.br", "brotli")?;
        put("assets/app-1a.js.gz", "gzip")?;
        put("notes.toml", "not ours to show")?;
        Ok(folder)
    }

    async fn ask(path: &str, headers: &[(&'static str, &str)]) -> Result<HttpResponse> {
        let folder = built()?;
        let web = Web::load(folder.path())?;
        let app = init_service(App::new().configure(|config| web.configure(config))).await;
        let mut request = TestRequest::get().uri(path);
        for header in headers {
            request = request.insert_header(*header);
        }
        let answer = call_service(&app, request.to_request()).await;
        Ok(answer.map_into_boxed_body().into_parts().1)
    }

    const BROWSER: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");

    #[actix_web::test]
    async fn a_browser_gets_the_index_at_every_page_and_nothing_of_others() -> Result<()> {
        for path in ["/", "/restaurants/7", "/operate/audit?action=x", "/apiary"] {
            let answer = ask(path, &[BROWSER]).await?;
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            assert_eq!(answer.headers().get("cache-control").unwrap(), "no-cache");
            let policy = answer.headers().get("content-security-policy").unwrap();
            assert!(!policy.to_str()?.contains("unsafe"));
            let body = to_bytes(answer.into_body()).await.unwrap();
            assert_eq!(body, "<html>");
        }
        for path in [
            "/api/v2/x",
            "/api",
            "/assets/gone-2b.js",
            "/metrics",
            "/docs/x",
        ] {
            let answer = ask(path, &[BROWSER]).await?;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        }
        Ok(())
    }

    #[actix_web::test]
    async fn a_program_gets_files_only() -> Result<()> {
        assert_eq!(ask("/", &[]).await?.status(), StatusCode::OK);
        for path in ["/restaurants/7", "/notes.toml", "/../Cargo.toml", "/assets"] {
            let answer = ask(path, &[("accept", "*/*")]).await?;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        }
        Ok(())
    }

    #[actix_web::test]
    async fn a_hashed_file_is_kept_for_ever_in_the_encoding_that_is_taken() -> Result<()> {
        for (accepted, body) in [
            ("gzip, deflate, br", "brotli"),
            ("gzip;q=1.0", "gzip"),
            ("br;q=0, gzip", "gzip"),
            ("identity", "plain"),
        ] {
            let answer = ask("/assets/app-1a.js", &[("accept-encoding", accepted)]).await?;
            let kept = answer.headers().get("cache-control").unwrap().to_str()?;
            assert!(kept.contains("immutable"));
            let encoding = answer.headers().get("content-encoding").cloned();
            assert_eq!(encoding.is_some(), body != "plain", "{accepted}");
            let found = to_bytes(answer.into_body()).await.unwrap();
            assert_eq!(found, body, "{accepted}");
        }
        Ok(())
    }

    #[actix_web::test]
    async fn what_a_browser_has_is_not_sent_again() -> Result<()> {
        let first = ask("/", &[BROWSER]).await?;
        let tag = first.headers().get("etag").unwrap().to_str()?.to_owned();
        let again = ask("/", &[BROWSER, ("if-none-match", &tag)]).await?;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert!(to_bytes(again.into_body()).await.unwrap().is_empty());
        Ok(())
    }

    #[test]
    fn a_folder_without_an_index_is_no_front_end() -> Result<()> {
        let folder = tempfile::tempdir()?;
        assert!(Web::load(folder.path()).is_err());
        Ok(())
    }
}
