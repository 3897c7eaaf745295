//! The calls to the portal: gRPC over one kept connection, opened when it is first needed and again when it broke.
//!
//! Who asks is proved twice: by the client certificate inside TLS, and by a signature beside each call for networks where a
//! proxy opens TLS and the certificate does not arrive. Each answer corrects the [`Clock`].

use crate::clock::{Clock, machine_ms};
use crate::dial::{Dialer, Proxy};
use crate::error::{CloudError, is_stale, refuses_certificate, told_time};
use crate::identity::Identity;
use crate::place::Place;
use crate::signed::Signed;
use crate::trust::{HTTP_2, Trust, TrustError};
use dca_wire::grpc::agent_client::AgentClient;
use dca_wire::grpc::enrollment_client::EnrollmentClient;
use dca_wire::grpc::ingest_client::IngestClient;
use dca_wire::grpc::tunnel_client::TunnelClient;
use dca_wire::v1::*;
use dca_wire::{Limited, SCHEMA};
use hyper::header::{CONTENT_TYPE, TE};
use hyper::http::Request;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::time::timeout;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Response, Status};
use tower::ServiceExt;

/// The longest that a call may take, from dialling on.
const PATIENCE: Duration = Duration::from_secs(30);
/// The same for what is large.
const LONG_PATIENCE: Duration = Duration::from_secs(300);
/// While a call waits, the connection is tried this often, and has as long to answer.
const PROBE: Duration = Duration::from_secs(20);
const HEADERS: u32 = 16 << 10;
/// Octets of a bundle in one chunk: what is around them still fits into 64 KiB.
const CHUNK: usize = 60 << 10;

/// Where the portal is and who asks.
#[derive(Debug)]
pub struct Settings {
    /// The portal's address.
    pub portal: Place,
    /// Whom to believe to be it.
    pub trust: Trust,
    /// What lies between.
    pub proxy: Proxy,
    /// Who asks; nobody before the enrolment.
    pub identity: Option<Identity>,
    /// The portal's clock, shared with whoever needs its time.
    pub clock: Arc<Clock>,
}

/// The calls to the portal. Cheap to clone; all clones share one connection.
#[derive(Debug, Clone)]
pub struct Link(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    portal: Place,
    dialer: Dialer,
    /// With the own certificate, and without.
    tls: [Arc<ClientConfig>; 2],
    identity: Option<Identity>,
    clock: Arc<Clock>,
    channel: Mutex<Channel>,
    /// The certificate is left out, because the last connection with it broke.
    bare: AtomicBool,
}

macro_rules! calls {
    ($($(#[$doc:meta])* $call:ident, $client:ident . $method:ident: $request:ident -> $answer:ident, $patience:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// See [`CloudError`].
        pub async fn $call(&self, request: $request) -> Result<$answer, CloudError> {
            self.call($patience, |channel| {
                let request = request.clone();
                async move {
                    let client = $client::new(channel);
                    client.max_decoding_message_size($answer::OCTETS).$method(request).await
                }
            })
            .await
        }
    )*};
}

impl Link {
    /// The calls to the portal of `settings`. Nothing is sent yet.
    ///
    /// # Errors
    /// If whom to trust or the own identity cannot be set up.
    pub fn new(settings: Settings) -> Result<Self, TrustError> {
        let Settings { portal, trust, proxy, identity, clock } = settings;
        let dialer = Dialer::new(proxy, &trust, &clock)?;
        let with_own = Arc::new(trust.client(identity.as_ref(), &clock, HTTP_2)?);
        let channel = Mutex::new(channel(&portal, &dialer, &with_own)?);
        let tls = [with_own, Arc::new(trust.client(None, &clock, HTTP_2)?)];
        let bare = AtomicBool::new(false);
        Ok(Self(Arc::new(Inner { portal, dialer, tls, identity, clock, channel, bare })))
    }

    calls! {
        /// An activation code becomes an identity.
        activate, EnrollmentClient.activate: ActivateRequest -> ActivateAnswer, PATIENCE;
        /// A new certificate.
        renew, EnrollmentClient.renew: RenewRequest -> RenewAnswer, PATIENCE;
        /// The end of this agent.
        retire, EnrollmentClient.retire: RetireRequest -> RetireAnswer, PATIENCE;
        /// How the agent is, and what the portal wants.
        check_in, AgentClient.check_in: CheckInRequest -> CheckInAnswer, PATIENCE;
        /// Records.
        report, IngestClient.report: ReportRequest -> ReportAnswer, PATIENCE * 2;
        /// How an open tunnel fares.
        report_tunnel, TunnelClient.report: TunnelReportRequest -> TunnelReportAnswer, PATIENCE;
    }

    /// The bundle that the order `order_id` asked for.
    ///
    /// # Errors
    /// See [`CloudError`].
    pub async fn put_diagnostics(
        &self,
        caller: Caller,
        order_id: Vec<u8>,
        bundle: Vec<u8>,
    ) -> Result<DiagnosticsAnswer, CloudError> {
        let mut chunks: Vec<DiagnosticsChunk> = bundle
            .chunks(CHUNK)
            .map(|data| DiagnosticsChunk { data: data.to_vec(), ..DiagnosticsChunk::default() })
            .collect();
        if chunks.is_empty() {
            chunks.push(DiagnosticsChunk::default());
        }
        if let Some(first) = chunks.first_mut() {
            (first.caller, first.order_id) = (Some(caller), order_id);
        }
        self.call(LONG_PATIENCE, |channel| {
            let chunks = futures_util::stream::iter(chunks.clone());
            async move {
                let client = AgentClient::new(channel);
                client.max_decoding_message_size(DiagnosticsAnswer::OCTETS).put_diagnostics(chunks).await
            }
        })
        .await
    }

    /// What a request says of who asks: a request of its own, by the portal's clock. `boot_id` is drawn when the agent
    /// starts.
    pub fn caller(&self, boot_id: [u8; 16]) -> Caller {
        Caller {
            agent_id: self.0.identity.as_ref().map(|own| own.agent().to_string()).unwrap_or_default(),
            boot_id: boot_id.to_vec(),
            request_id: crate::request_id(self.0.clock.now_ms()).to_vec(),
            sent_at_ms: machine_ms(),
            schema: SCHEMA,
        }
    }

    /// Who asks.
    pub fn identity(&self) -> Option<&Identity> {
        self.0.identity.as_ref()
    }

    /// The portal's clock.
    pub fn clock(&self) -> &Arc<Clock> {
        &self.0.clock
    }

    /// The way out that it uses.
    pub fn dialer(&self) -> &Dialer {
        &self.0.dialer
    }

    /// Drops the connection, once what is under way is done: the portal asked for it (`drain`). The next call opens another.
    pub fn drain(&self) {
        let Inner { portal, dialer, tls: [with_own, bare], .. } = &*self.0;
        let tls = if self.0.bare.load(Ordering::Relaxed) { bare } else { with_own };
        if let Ok(fresh) = channel(portal, dialer, tls) {
            *self.0.channel.lock().unwrap_or_else(PoisonError::into_inner) = fresh;
        }
    }

    /// Whether gRPC comes through: a call without a message, to which only a portal answers as gRPC does. Gives the date of
    /// the answer, as HTTP writes it.
    pub(crate) async fn probe(&self) -> Result<Option<String>, CloudError> {
        let channel = self.0.channel.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let unreachable = |why: String| CloudError::Unreachable { why };
        let request =
            Request::post("/dca.v1.Agent/CheckIn").header(CONTENT_TYPE, "application/grpc").header(TE, "trailers");
        let request = request.body(tonic::body::Body::empty()).map_err(|error| unreachable(error.to_string()))?;
        let answer = channel
            .oneshot(request)
            .await
            .map_err(|error| CloudError::from_status(&Status::from_error(Box::new(error))))?;
        let text = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        if text("content-type").is_some_and(|kind| kind.starts_with("application/grpc")) {
            return Ok(text("date"));
        }
        Err(unreachable(format!(
            "something on the way answers in its place (HTTP status {}): let HTTP/2 to the portal pass it",
            answer.status()
        )))
    }

    async fn call<A, F>(&self, patience: Duration, call: impl Fn(Signed) -> F) -> Result<A, CloudError>
    where
        A: Answers,
        F: Future<Output = Result<Response<A>, Status>>,
    {
        let (mut broken, mut told) = (0, false);
        loop {
            let status = match self.once(patience, &call).await {
                Ok(answer) => return Ok(answer),
                Err(status) => status,
            };
            let again = if is_stale(&status) {
                broken += 1;
                // A connection that went stale between two check-ins says nothing of the portal. A fresh one that breaks as well
                // may be how the own certificate is refused: TLS 1.3 has no better way to tell. The signature proves as much.
                if broken == 2 {
                    self.turn();
                }
                broken <= 2
            } else if refuses_certificate(&status) && !self.0.bare.load(Ordering::Relaxed) {
                self.turn();
                true
            } else {
                // A signature is good for minutes. With the portal's time at hand the next one is.
                !std::mem::replace(&mut told, true)
                    && told_time(&status).is_some_and(|time| {
                        let before = self.0.clock.now_ms();
                        self.0.clock.measured(machine_ms(), Duration::ZERO, time);
                        self.0.clock.now_ms().abs_diff(before) > 60_000
                    })
            };
            if !again {
                // So may silence; the next call shows it.
                if status.code() == Code::DeadlineExceeded {
                    self.turn();
                }
                return Err(CloudError::from_status(&status));
            }
        }
    }

    /// The next connection is without the own certificate; or with it again, if it was that.
    fn turn(&self) {
        self.0.bare.fetch_xor(true, Ordering::Relaxed);
        self.drain();
    }

    async fn once<A, F>(&self, patience: Duration, call: impl Fn(Signed) -> F) -> Result<A, Status>
    where
        A: Answers,
        F: Future<Output = Result<Response<A>, Status>>,
    {
        let channel = self.0.channel.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let signed = Signed::new(channel, self.0.identity.clone(), Arc::clone(&self.0.clock));
        let (sent_ms, started) = (machine_ms(), Instant::now());
        let answer = timeout(patience, call(signed)).await.map_err(|_| Status::deadline_exceeded(""))??.into_inner();
        if let Some(courtesy) = answer.courtesy() {
            self.0.clock.measured(sent_ms, started.elapsed(), courtesy.server_time_ms);
        }
        Ok(answer)
    }
}

fn channel(portal: &Place, dialer: &Dialer, tls: &Arc<ClientConfig>) -> Result<Channel, TrustError> {
    let bad = |error: tonic::transport::Error| TrustError::Tls(error.to_string());
    let at = portal.authority();
    // TLS is ours, below the channel: to it the way looks plain, and the origin says what the portal is to read.
    let origin = format!("https://{at}").parse().map_err(|_| TrustError::Tls(format!("{at} is no address")))?;
    let endpoint = Endpoint::from_shared(format!("http://{at}"))
        .map_err(bad)?
        .origin(origin)
        .user_agent(concat!("dca/", env!("CARGO_PKG_VERSION")))
        .map_err(bad)?
        .http2_keep_alive_interval(PROBE)
        .keep_alive_timeout(PROBE)
        .http2_max_header_list_size(HEADERS);
    let (portal, dialer, tls) = (portal.clone(), dialer.clone(), Arc::clone(tls));
    Ok(endpoint.connect_with_connector_lazy(tower::service_fn(move |_| {
        let (portal, dialer, tls) = (portal.clone(), dialer.clone(), Arc::clone(&tls));
        async move { dialer.dial_tls(portal.host(), portal.port(), &tls).await.map(TokioIo::new) }
    })))
}

/// Every answer carries the portal's time.
trait Answers {
    fn courtesy(&self) -> Option<&Courtesy>;
}

macro_rules! answers {
    ($($answer:ident)*) => {$(
        impl Answers for $answer {
            fn courtesy(&self) -> Option<&Courtesy> {
                self.courtesy.as_ref()
            }
        }
    )*};
}
answers!(ActivateAnswer RenewAnswer RetireAnswer CheckInAnswer ReportAnswer TunnelReportAnswer DiagnosticsAnswer);
