//! A tunnel through an HTTP proxy: RFC 9110 section 9.3.6.
//!
//! By hyper, so that what the far end says first is kept even if it comes with the proxy's answer (a server of SSH speaks
//! first).

use super::error::DialError;
use super::proxy::Via;
use super::{Duplex, Stream};
use hyper::client::conn::http1;
use hyper::header::{HOST, PROXY_AUTHORIZATION};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;

/// Most octets of the proxy's answer.
const HEAD: usize = 16 << 10;

pub(super) async fn tunnel(stream: impl Duplex, via: &Via, host: &str, port: u16) -> Result<Stream, DialError> {
    let to = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    let refuses = |why: String| DialError::ProxyRefuses { proxy: via.to_string(), to: to.clone(), why };
    let broken = |error: hyper::Error| refuses(error.to_string());
    let mut request = Request::builder().method(Method::CONNECT).uri(to.as_str()).header(HOST, to.as_str());
    if let Some(basic) = via.basic() {
        request = request.header(PROXY_AUTHORIZATION, basic.clone());
    }
    let request = request.body(String::new()).map_err(|error| refuses(error.to_string()))?;
    let (mut sender, connection) =
        http1::Builder::new().max_buf_size(HEAD).handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let driver = tokio::spawn(connection.with_upgrades());
    let answer = sender.send_request(request).await.map_err(broken);
    let answer = match answer {
        Ok(answer) if answer.status().is_success() => answer,
        Ok(answer) => {
            driver.abort();
            return Err(match answer.status() {
                // The second is what tinyproxy says of a wrong password.
                StatusCode::PROXY_AUTHENTICATION_REQUIRED | StatusCode::UNAUTHORIZED => {
                    DialError::ProxyPassword { proxy: via.to_string(), given: via.basic().is_some() }
                }
                status => refuses(format!("HTTP status {status}")),
            });
        }
        Err(error) => {
            driver.abort();
            return Err(error);
        }
    };
    let through = hyper::upgrade::on(answer).await.map_err(broken)?;
    Ok(Box::new(TokioIo::new(through)))
}
