//! TLS towards clients: a configured certificate, or one made at start.

use std::sync::Arc;

use anyhow::Context;
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::backend::tls::{read_certificates, read_key};
use crate::frontend::options::{TlsMode, TlsOptions};

/// `None` when TLS is off.
pub(super) fn server_config(options: &TlsOptions) -> anyhow::Result<Option<Arc<ServerConfig>>> {
    if options.mode == TlsMode::Off {
        return Ok(None);
    }
    let (certificates, key) = match &options.identity {
        Some((certificate, key)) => (read_certificates(certificate)?, read_key(key)?),
        None => self_signed().context("making a certificate")?,
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .context("the listener's certificate")?;
    Ok(Some(Arc::new(config)))
}

/// Encrypts, and proves nothing: as MySQL's own automatic certificates.
fn self_signed() -> anyhow::Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])?;
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).map_err(|error| anyhow::anyhow!(error))?;
    Ok((vec![made.cert.der().clone()], key))
}
