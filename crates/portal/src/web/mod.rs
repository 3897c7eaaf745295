//! The pages: read only, made on the server, without a script. Everything a printer or an agent says is text and stays text.

mod agents;
mod devices;
mod lasting;
pub(crate) mod links;
mod overview;
mod parts;
mod strip;
mod words;

use crate::Portal;
use crate::store::StoreError;
use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, Request, State};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{StatusCode, request::Parts};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;
use words::Words;

const COOKIE: &str = "__Host-explorer";
/// `<use href>` of the icons is an image of our own.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// Who asks, in what language, and when.
struct Page {
    portal: Arc<Portal>,
    words: &'static Words,
    now: i64,
}

/// Why there is no page.
enum Trouble {
    Gone,
    Failed,
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a page could not be made");
        Self::Failed
    }
}

#[derive(Template)]
#[template(path = "notice.html")]
struct Notice<'a> {
    w: &'a Words,
    title: &'a str,
    text: &'a str,
    home: bool,
}

/// All pages on their paths.
pub(crate) fn routes(portal: &Arc<Portal>) -> Router {
    Router::new()
        .route("/", get(|page: Page| async move { shown(&page, overview::overview(&page).await) }))
        .route(
            "/devices",
            get(|page: Page, Query(query): Query<devices::Query>| async move {
                shown(&page, devices::list(&page, query).await)
            }),
        )
        .route(
            "/devices/{id}",
            get(|page: Page, Path(id): Path<i64>| async move { shown(&page, devices::one(&page, id).await) }),
        )
        .route("/agents", get(|page: Page| async move { shown(&page, agents::list(&page)) }))
        .route("/link/{secret}", get(enter))
        .route("/assets/{name}", get(asset))
        .layer(middleware::from_fn(guarded))
        .with_state(portal.clone())
}

/// For paths that lead nowhere.
pub(crate) fn nowhere() -> Router {
    Router::new().fallback(gone).layer(middleware::from_fn(guarded))
}

async fn gone(headers: HeaderMap) -> Response {
    let w = language(&headers);
    (StatusCode::NOT_FOUND, page(&Notice { w, title: w.gone, text: w.gone_how, home: true })).into_response()
}

/// What stands on every answer, an error's and a file's too.
async fn guarded(request: Request, next: Next) -> Response {
    let is_file = request.uri().path().starts_with("/assets/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name, value| drop(headers.insert(name, HeaderValue::from_static(value)));
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::CACHE_CONTROL, if is_file { "public, max-age=3600" } else { "no-store" });
    response
}

impl axum::extract::FromRequestParts<Arc<Portal>> for Page {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, portal: &Arc<Portal>) -> Result<Self, Response> {
        let (now, words) = (portal.clock.now_ms(), language(&parts.headers));
        if session(&parts.headers).is_some_and(|secret| portal.links.is_open(secret, now)) {
            return Ok(Self { portal: portal.clone(), words, now });
        }
        let notice = Notice { w: words, title: words.sign_in, text: words.sign_in_how, home: false };
        Err((StatusCode::UNAUTHORIZED, page(&notice)).into_response())
    }
}

/// `GET /link/{secret}`: once.
async fn enter(State(portal): State<Arc<Portal>>, Path(secret): Path<String>, headers: HeaderMap) -> Response {
    match portal.links.take(&secret, portal.clock.now_ms()) {
        Some(session) => {
            let cookie = format!("{COOKIE}={session}; Path=/; Secure; HttpOnly; SameSite=Lax");
            (StatusCode::SEE_OTHER, [(header::SET_COOKIE, cookie), (header::LOCATION, "/".to_owned())]).into_response()
        }
        None => {
            let w = language(&headers);
            (StatusCode::UNAUTHORIZED, page(&Notice { w, title: w.sign_in, text: w.sign_in_how, home: false }))
                .into_response()
        }
    }
}

/// `GET /assets/{name}`.
async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let (kind, octets): (&str, &[u8]) = match name.as_str() {
        "tokens.css" => ("text/css; charset=utf-8", include_bytes!("../../assets/tokens.css")),
        "base.css" => ("text/css; charset=utf-8", include_bytes!("../../assets/base.css")),
        "components.css" => ("text/css; charset=utf-8", include_bytes!("../../assets/components.css")),
        "long.css" => ("text/css; charset=utf-8", include_bytes!("../../assets/long.css")),
        "icons.svg" => ("image/svg+xml", include_bytes!("../../assets/icons.svg")),
        "favicon.svg" => ("image/svg+xml", include_bytes!("../../assets/favicon.svg")),
        _ => return gone(headers).await,
    };
    ([(header::CONTENT_TYPE, kind)], octets).into_response()
}

fn shown(page_: &Page, outcome: Result<Response, Trouble>) -> Response {
    let w = page_.words;
    match outcome {
        Ok(response) => response,
        Err(Trouble::Gone) => {
            (StatusCode::NOT_FOUND, page(&Notice { w, title: w.gone, text: w.gone_how, home: true })).into_response()
        }
        Err(Trouble::Failed) => {
            let notice = Notice { w, title: w.failed, text: w.failed_how, home: true };
            (StatusCode::SERVICE_UNAVAILABLE, page(&notice)).into_response()
        }
    }
}

fn rendered(template: &impl Template) -> Result<Response, Trouble> {
    template.render().map(|text| Html(text).into_response()).map_err(|error| {
        tracing::error!(%error, "a page could not be made");
        Trouble::Failed
    })
}

fn page(notice: &Notice<'_>) -> Html<String> {
    Html(notice.render().unwrap_or_default())
}

fn language(headers: &HeaderMap) -> &'static Words {
    Words::of(headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default())
}

fn session(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|cookies| cookies.split(';'))
        .find_map(|cookie| cookie.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}
