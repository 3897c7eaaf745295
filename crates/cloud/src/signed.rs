//! A channel that signs each call with the agent's key: metadata `dca-signature`.

use crate::clock::Clock;
use crate::identity::Identity;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hyper::header::HeaderValue;
use hyper::http::{Request, Response};
use std::sync::Arc;
use std::task::{Context, Poll};
use tonic::body::Body;
use tonic::transport::Channel;
use tower::{BoxError, Service};

const HEADER: &str = "dca-signature";

#[derive(Debug, Clone)]
pub(crate) struct Signed {
    channel: Channel,
    identity: Option<Identity>,
    clock: Arc<Clock>,
}

impl Signed {
    pub(crate) fn new(channel: Channel, identity: Option<Identity>, clock: Arc<Clock>) -> Self {
        Self { channel, identity, clock }
    }

    fn signature(&self, path: &str) -> Result<Option<HeaderValue>, BoxError> {
        let Some(identity) = &self.identity else { return Ok(None) };
        let mut nonce = [0; 12];
        getrandom::fill(&mut nonce)?;
        let signature = identity.signature(path, self.clock.now_ms(), &BASE64_URL_SAFE_NO_PAD.encode(nonce))?;
        let mut value = HeaderValue::try_from(signature)?;
        value.set_sensitive(true);
        Ok(Some(value))
    }
}

impl Service<Request<Body>> for Signed {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.channel.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        match self.signature(request.uri().path()) {
            Ok(Some(value)) => drop(request.headers_mut().insert(HEADER, value)),
            Ok(None) => {}
            Err(error) => return Box::pin(std::future::ready(Err(error))),
        }
        let answer = self.channel.call(request);
        Box::pin(async move { answer.await.map_err(Into::into) })
    }
}
