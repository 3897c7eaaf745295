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

/// Ready is who can read from the database and is not about to stop.
async fn ready(State(portal): State<Arc<Portal>>) -> (StatusCode, &'static str) {
    if portal.is_draining() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    match portal.store.row(sql::SCHEMA_VERSION, &[]).await {
        Ok(_) => (StatusCode::OK, "ready\n"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
    }
}
