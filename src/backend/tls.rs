//! TLS towards servers: four modes, none of which falls back to plain text.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_cert_signed_by_trust_anchor};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::options::{TlsMode, TlsOptions};

/// What is wrong with the TLS files of a replica set.
#[derive(Debug, thiserror::Error)]
pub enum TlsSetupError {
    #[error("cannot read {path}: {reason}")]
    File { path: String, reason: String },
    #[error("no trusted certificate authority is known; set `ca`")]
    NoAuthority,
    #[error(transparent)]
    Tls(#[from] rustls::Error),
}

/// The client side configuration for one replica set; `None` when TLS is off.
pub fn client_config(options: &TlsOptions) -> Result<Option<Arc<ClientConfig>>, TlsSetupError> {
    if options.mode == TlsMode::Off {
        return Ok(None);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let builder = match options.mode {
        TlsMode::Off | TlsMode::Required => {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate { provider }))
        }
        TlsMode::VerifyCa => {
            let roots = Arc::new(roots(options)?);
            builder.dangerous().with_custom_certificate_verifier(Arc::new(TrustedAuthority { provider, roots }))
        }
        TlsMode::VerifyIdentity => {
            let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots(options)?), provider)
                .build()
                .map_err(|_| TlsSetupError::NoAuthority)?;
            builder.with_webpki_verifier(verifier)
        }
    };
    let config = match &options.identity {
        Some((cert, key)) => builder.with_client_auth_cert(read_certificates(cert)?, read_key(key)?)?,
        None => builder.with_no_client_auth(),
    };
    Ok(Some(Arc::new(config)))
}

fn roots(options: &TlsOptions) -> Result<RootCertStore, TlsSetupError> {
    let mut store = RootCertStore::empty();
    match &options.ca {
        Some(path) => {
            for certificate in read_certificates(path)? {
                store.add(certificate)?;
            }
        }
        None => {
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if store.is_empty() { Err(TlsSetupError::NoAuthority) } else { Ok(store) }
}

/// All certificates of a PEM file, in order.
pub fn read_certificates(path: &std::path::Path) -> Result<Vec<CertificateDer<'static>>, TlsSetupError> {
    let fail = |reason: String| TlsSetupError::File { path: path.display().to_string(), reason };
    let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).map_err(|e| fail(e.to_string()))?.collect();
    let found = found.map_err(|e| fail(e.to_string()))?;
    if found.is_empty() { Err(fail("it holds no certificate".to_owned())) } else { Ok(found) }
}

/// The first private key of a PEM file.
pub fn read_key(path: &std::path::Path) -> Result<PrivateKeyDer<'static>, TlsSetupError> {
    PrivateKeyDer::from_pem_file(path)
        .map_err(|e| TlsSetupError::File { path: path.display().to_string(), reason: e.to_string() })
}

/// `required`: encrypted, but whoever answers is believed.
#[derive(Debug)]
struct AnyCertificate {
    provider: Arc<CryptoProvider>,
}

/// `verify-ca`: signed by a trusted authority, whatever name it is made out to.
#[derive(Debug)]
struct TrustedAuthority {
    provider: Arc<CryptoProvider>,
    roots: Arc<RootCertStore>,
}

macro_rules! verify_signatures_by_provider {
    () => {
        fn verify_tls12_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            let algorithms = &self.provider.signature_verification_algorithms;
            rustls::crypto::verify_tls12_signature(message, cert, dss, algorithms)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            let algorithms = &self.provider.signature_verification_algorithms;
            rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.provider.signature_verification_algorithms.supported_schemes()
        }
    };
}

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    verify_signatures_by_provider!();
}

impl ServerCertVerifier for TrustedAuthority {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let certificate = ParsedCertificate::try_from(end_entity)
            .map_err(|_| rustls::Error::InvalidCertificate(CertificateError::BadEncoding))?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&certificate, &self.roots, intermediates, now, algorithms)?;
        Ok(ServerCertVerified::assertion())
    }

    verify_signatures_by_provider!();
}
