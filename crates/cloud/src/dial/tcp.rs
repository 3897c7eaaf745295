//! TCP: the name resolved, IPv6 and IPv4 raced as RFC 8305 has it.

use super::error::DialError;
use hyper::http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tower::{Service, service_fn};

/// For all addresses together.
const PATIENCE: Duration = Duration::from_secs(10);
/// A dead connection is noticed after a minute or two, not after hours.
const KEEP_ALIVE: Duration = Duration::from_secs(60);

pub(super) async fn connect(host: &str, port: u16) -> Result<TcpStream, DialError> {
    let at = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    let uri = Uri::builder().scheme("https").authority(at.as_str()).path_and_query("/").build();
    let uri = uri.map_err(|error| DialError::NoName { host: host.to_owned(), why: error.to_string() })?;
    let mut connector = HttpConnector::new_with_resolver(service_fn(resolve));
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_keepalive(Some(KEEP_ALIVE));
    connector.set_connect_timeout(Some(PATIENCE));
    match connector.call(uri).await {
        Ok(stream) => Ok(stream.into_inner()),
        Err(error) => Err(explain(&error, host, at)),
    }
}

/// The system's resolver said no. A type of its own, to be found again inside the connector's error.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unresolved(String);

async fn resolve(name: Name) -> Result<std::vec::IntoIter<SocketAddr>, Unresolved> {
    let found = tokio::net::lookup_host((name.as_str(), 0)).await.map_err(|error| Unresolved(error.to_string()))?;
    Ok(found.collect::<Vec<_>>().into_iter())
}

fn explain(error: &(dyn Error + 'static), host: &str, at: String) -> DialError {
    let mut why = error.to_string();
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(Unresolved(why)) = error.downcast_ref() {
            return DialError::NoName { host: host.to_owned(), why: why.clone() };
        }
        if let Some(error) = error.downcast_ref::<io::Error>() {
            if error.kind() == io::ErrorKind::TimedOut {
                return DialError::Silent { at };
            }
            why = error.to_string();
            // The number is for programs.
            why.truncate(why.find(" (os error").unwrap_or(why.len()));
        }
        cause = error.source();
    }
    DialError::NoConnection { at, why }
}
