//! A tunnel through a SOCKS5 proxy: RFC 1928, with user and password by RFC 1929. The proxy resolves the name.

use super::Stream;
use super::error::DialError;
use super::proxy::Via;
use hyper::http::Uri;
use hyper_util::client::legacy::connect::proxy::SocksV5;
use hyper_util::rt::TokioIo;
use std::io;
use tokio::net::TcpStream;
use tower::{Service, service_fn};

pub(super) async fn tunnel(tcp: TcpStream, via: &Via, host: &str, port: u16) -> Result<Stream, DialError> {
    let to = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    let refuses = |why: String| DialError::ProxyRefuses { proxy: via.to_string(), to: to.clone(), why };
    let target = Uri::builder().scheme("https").authority(to.as_str()).path_and_query("/").build();
    let target = target.map_err(|error| refuses(error.to_string()))?;
    let mut tcp = Some(TokioIo::new(tcp));
    let connected = service_fn(move |_: Uri| {
        let stream = tcp.take().ok_or_else(|| io::Error::other("used up"));
        std::future::ready(stream)
    });
    let mut socks = SocksV5::new(via.uri().clone(), connected);
    if let Some((user, password)) = via.user() {
        socks = socks.with_auth(user.to_owned(), password.to_owned());
    }
    match socks.call(target).await {
        Ok(stream) => Ok(Box::new(stream.into_inner())),
        Err(error) => {
            // The library does not give its reasons away but as text.
            let (reason, given) = (format!("{error:?}"), via.user().is_some());
            if reason.contains("Auth(Unsupported)") && given {
                return Err(refuses("it takes no user and password, only callers without".to_owned()));
            }
            let password = reason.contains("Auth(");
            Err(if password {
                DialError::ProxyPassword { proxy: via.to_string(), given }
            } else {
                refuses(error.to_string())
            })
        }
    }
}
