//! The services of the contract: who calls is proven first, then the portal does what was asked.

use crate::Portal;
use crate::authenticate::Peer;
use dca_wire::Limited;
use dca_wire::grpc::agent_server::AgentServer;
use dca_wire::grpc::enrollment_server::EnrollmentServer;
use dca_wire::grpc::ingest_server::IngestServer;
use dca_wire::grpc::tunnel_server::TunnelServer;
use dca_wire::grpc::{agent_server, enrollment_server, ingest_server, tunnel_server};
use dca_wire::v1::{
    ActivateAnswer, ActivateRequest, CheckInAnswer, CheckInRequest, DiagnosticsAnswer, DiagnosticsChunk, RenewAnswer,
    RenewRequest, ReportAnswer, ReportRequest, RetireAnswer, RetireRequest, TunnelReportAnswer, TunnelReportRequest,
};
use std::sync::Arc;
use tonic::service::Routes;
use tonic::{Request, Response, Status, Streaming};

/// All services on their paths.
pub(super) fn routes(portal: &Arc<Portal>) -> axum::Router {
    let calls = Calls(portal.clone());
    Routes::default()
        .add_service(EnrollmentServer::new(calls.clone()).max_decoding_message_size(ActivateRequest::OCTETS))
        .add_service(AgentServer::new(calls.clone()).max_decoding_message_size(CheckInRequest::OCTETS))
        .add_service(IngestServer::new(calls.clone()).max_decoding_message_size(ReportRequest::OCTETS))
        .add_service(TunnelServer::new(calls).max_decoding_message_size(TunnelReportRequest::OCTETS))
        .into_axum_router()
}

#[derive(Clone)]
struct Calls(Arc<Portal>);

impl Calls {
    fn answer<T>(&self, outcome: Result<T, Status>) -> Result<Response<T>, Status> {
        if outcome.is_err() {
            self.0.metrics.unproven.inc();
        }
        outcome.map(Response::new)
    }
}

fn peer<T>(request: &Request<T>) -> Result<Peer, Status> {
    request.extensions().get::<Peer>().cloned().ok_or_else(|| Status::internal("A call without a connection."))
}

/// Proves who calls with a message that has a caller, and goes on with both.
macro_rules! proven {
    ($self:ident, $request:ident, $path:literal, |$portal:ident, $peer:ident, $agent:ident, $message:ident| $then:expr) => {{
        let $portal = &$self.0;
        let outcome = async {
            let $peer = peer(&$request)?;
            let (metadata, _, $message) = $request.into_parts();
            let $agent = $portal.authenticate(&$peer, &metadata, $message.caller.as_ref(), $path).await?;
            $then
        };
        $self.answer(outcome.await)
    }};
}

#[tonic::async_trait]
impl enrollment_server::Enrollment for Calls {
    async fn activate(&self, request: Request<ActivateRequest>) -> Result<Response<ActivateAnswer>, Status> {
        let outcome = async {
            let peer = peer(&request)?;
            self.0.activate(&peer, request.into_inner()).await
        };
        self.answer(outcome.await)
    }

    async fn renew(&self, request: Request<RenewRequest>) -> Result<Response<RenewAnswer>, Status> {
        proven!(self, request, "/dca.v1.Enrollment/Renew", |portal, peer, agent, message| {
            portal.seen(&peer, &agent, message.caller.as_ref()).await;
            portal.renew(&agent, &message).await
        })
    }

    async fn retire(&self, request: Request<RetireRequest>) -> Result<Response<RetireAnswer>, Status> {
        proven!(self, request, "/dca.v1.Enrollment/Retire", |portal, peer, agent, message| {
            portal.seen(&peer, &agent, message.caller.as_ref()).await;
            portal.retire(&agent, &message).await
        })
    }
}

#[tonic::async_trait]
impl agent_server::Agent for Calls {
    async fn check_in(&self, request: Request<CheckInRequest>) -> Result<Response<CheckInAnswer>, Status> {
        proven!(self, request, "/dca.v1.Agent/CheckIn", |portal, peer, agent, message| {
            portal.check_in(&peer, &agent, message).await
        })
    }

    async fn put_diagnostics(
        &self,
        request: Request<Streaming<DiagnosticsChunk>>,
    ) -> Result<Response<DiagnosticsAnswer>, Status> {
        let portal = &self.0;
        let outcome = async {
            let peer = peer(&request)?;
            let (metadata, _, mut chunks) = request.into_parts();
            let first = chunks.message().await?.ok_or_else(|| Status::invalid_argument("A bundle has chunks."))?;
            let path = "/dca.v1.Agent/PutDiagnostics";
            let agent = portal.authenticate(&peer, &metadata, first.caller.as_ref(), path).await?;
            portal.put_diagnostics(&agent, first, chunks).await
        };
        self.answer(outcome.await)
    }
}

#[tonic::async_trait]
impl ingest_server::Ingest for Calls {
    async fn report(&self, request: Request<ReportRequest>) -> Result<Response<ReportAnswer>, Status> {
        proven!(self, request, "/dca.v1.Ingest/Report", |portal, peer, agent, message| {
            portal.seen(&peer, &agent, message.caller.as_ref()).await;
            // What was begun is brought to its end, whether the agent still waits for it or not.
            let portal = portal.clone();
            let report = tokio::spawn(async move { portal.report(&agent, message).await });
            report.await.unwrap_or_else(|_| Err(Status::internal("The report was not taken.")))
        })
    }
}

#[tonic::async_trait]
impl tunnel_server::Tunnel for Calls {
    async fn report(&self, request: Request<TunnelReportRequest>) -> Result<Response<TunnelReportAnswer>, Status> {
        proven!(self, request, "/dca.v1.Tunnel/Report", |portal, _peer, _agent, _message| {
            // This portal opens no tunnels: one that is reported is none of its own.
            Ok(TunnelReportAnswer { courtesy: portal.courtesy(), close: true })
        })
    }
}
