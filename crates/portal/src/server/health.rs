//! Metrics, health and readiness, on a loopback port of their own.

use crate::Portal;
use crate::store::sql;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use std::sync::Arc;
use tokio::net::TcpListener;

pub(super) async fn run(portal: Arc<Portal>, listener: TcpListener) {
    let router = Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .with_state(portal);
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "metrics are no longer served");
    }
}

async fn metrics(State(portal): State<Arc<Portal>>) -> String {
    portal.metrics.text()
}

/// Ready is whose database answers and takes what is written, and who is not about to stop.
async fn ready(State(portal): State<Arc<Portal>>) -> (StatusCode, String) {
    let not = |why: String| (StatusCode::SERVICE_UNAVAILABLE, why);
    if portal.is_draining() {
        return not("stopping\n".to_owned());
    }
    if portal.store.row(sql::SCHEMA_VERSION, &[]).await.is_err() {
        return not("the database does not answer\n".to_owned());
    }
    match portal.store.trouble() {
        Some(why) => not(format!("the database takes nothing: {why}\n")),
        None => (StatusCode::OK, "ready\n".to_owned()),
    }
}
