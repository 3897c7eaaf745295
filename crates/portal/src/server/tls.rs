//! TLS of the one port: 1.2 or better, the portal's own certificate or a configured one, a client certificate asked for but
//! not demanded: people have none, and agents that enrol have none yet.

use super::ServerError;
use crate::Portal;
use crate::ca::Own;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::path::Path;
use std::sync::Arc;

pub(super) fn config(portal: &Portal) -> Result<Arc<ServerConfig>, ServerError> {
    let own = match &portal.config.certificate {
        Some((chain, key)) => load(chain, key)?,
        None => portal.ca.own(&portal.keys, &portal.config.names, portal.clock.now_ms())?,
    };
    let mut roots = RootCertStore::empty();
    roots.add(portal.ca.certificate().clone())?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let clients = WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone())
        .allow_unauthenticated()
        .build()
        .map_err(|error| ServerError::Certificate(error.to_string()))?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(clients)
        .with_single_cert(own.chain, own.key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.ticketer = aws_lc_rs::Ticketer::new()?;
    Ok(Arc::new(config))
}

fn load(chain: &Path, key: &Path) -> Result<Own, ServerError> {
    let wrong = |path: &Path, error: rustls::pki_types::pem::Error| {
        ServerError::Certificate(format!("{}: {error}", path.display()))
    };
    let certificates = CertificateDer::pem_file_iter(chain).map_err(|error| wrong(chain, error))?;
    Ok(Own {
        chain: certificates.collect::<Result<_, _>>().map_err(|error| wrong(chain, error))?,
        key: PrivateKeyDer::from_pem_file(key).map_err(|error| wrong(key, error))?,
    })
}
