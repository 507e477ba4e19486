//! The way to a PostgreSQL server: what its address says, and whom TLS takes for it.

use crate::{Error, Result, config::PostgresAddress};
use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};
use std::{
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    time::Duration,
};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres_rustls::MakeRustlsConnect;

/// A server that needs longer is away.
const PATIENCE: Duration = Duration::from_secs(2);

type Tls = <MakeRustlsConnect as MakeTlsConnect<tokio_postgres::Socket>>::Stream;
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What the address of a server says.
pub(super) struct Server {
    /// Everything but whom to trust.
    pub config: tokio_postgres::Config,
    trust: Trust,
}

/// Whose certificate is taken for the server's.
#[derive(Clone)]
enum Trust {
    /// Anybody's. Who would do without TLS loses nothing by taking it from whoever offers it; the certificate that a
    /// server is installed with is signed by itself.
    Anybody,
    /// One that this machine trusts.
    Machine,
    /// One of the authorities in this file.
    File(PathBuf),
}

/// Whether an address can be one, and the authorities it names are there.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn check_address(url: &str) -> std::result::Result<(), String> {
    let server = Server::read(url)?;
    if let Trust::File(file) = &server.trust {
        authorities(file)?;
    }
    Ok(())
}

impl Server {
    /// # Errors
    /// `Unavailable` when nothing can be at such an address.
    pub fn new(url: &str) -> Result<Self> {
        Self::read(url).map_err(|why| away(&why))
    }

    fn read(url: &str) -> std::result::Result<Self, String> {
        let address = PostgresAddress::read(url);
        let mut config = address.driver.parse::<tokio_postgres::Config>().map_err(|error| whole(&error))?;
        // What it notes about statements of ours ("already exists, skipping") is no news for whoever reads the log.
        let options = format!("{} -c client_min_messages=warning", config.get_options().unwrap_or_default());
        config.options(options.trim_start());
        let trust = match address.authorities {
            Some(file) if file != "system" => Trust::File(file.into()),
            Some(_) => Trust::Machine,
            None if address.proven => Trust::Machine,
            None => Trust::Anybody,
        };
        Ok(Self { config, trust })
    }

    /// A connection, and what moves its bytes when it is polled.
    ///
    /// # Errors
    /// `Unavailable` when the server cannot be reached or refuses.
    pub async fn connect(
        &self,
    ) -> Result<(tokio_postgres::Client, tokio_postgres::Connection<tokio_postgres::Socket, Tls>)> {
        let connecting = self.config.connect(WhenOffered(self.trust.clone()));
        match tokio::time::timeout(PATIENCE, connecting).await {
            Ok(connected) => connected.map_err(|error| away(&whole(&error))),
            Err(_) => Err(away(&"no answer within 2 s")),
        }
    }
}

/// The server is away, for this reason.
pub(super) fn away(why: &dyn std::fmt::Display) -> Error {
    Error::Unavailable(format!("PostgreSQL: {why}").into())
}

/// An error with all that led to it: "error connecting to server" alone helps nobody.
pub(super) fn whole(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// TLS with the server that offers it: only then is the system's trust store read, which takes longer than everything else
/// about a connection.
struct WhenOffered(Trust);

/// The same, for the name that the certificate must have.
struct Offered(String, Trust);

impl MakeTlsConnect<tokio_postgres::Socket> for WhenOffered {
    type Stream = Tls;
    type TlsConnect = Offered;
    type Error = Failure;

    fn make_tls_connect(&mut self, domain: &str) -> std::result::Result<Offered, Failure> {
        Ok(Offered(domain.to_owned(), self.0.clone()))
    }
}

impl TlsConnect<tokio_postgres::Socket> for Offered {
    type Stream = Tls;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = std::result::Result<Tls, Failure>> + Send>>;

    fn connect(self, stream: tokio_postgres::Socket) -> Self::Future {
        Box::pin(async move {
            let mut make = MakeRustlsConnect::new(tls_config(&self.1)?);
            let named = MakeTlsConnect::<tokio_postgres::Socket>::make_tls_connect(&mut make, &self.0)?;
            Ok(named.connect(stream).await?)
        })
    }
}

fn tls_config(trust: &Trust) -> std::result::Result<ClientConfig, Failure> {
    use rustls_platform_verifier::BuilderVerifierExt;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
    let judged = match trust {
        Trust::Anybody => builder.dangerous().with_custom_certificate_verifier(Arc::new(Anybody(provider))),
        Trust::Machine => builder.with_platform_verifier()?,
        Trust::File(file) => builder.with_root_certificates(authorities(file)?),
    };
    Ok(judged.with_no_client_auth())
}

/// The authorities in a PEM file.
fn authorities(file: &Path) -> std::result::Result<RootCertStore, String> {
    let pem = std::fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| format!("{}: {error}", file.display()))?;
        roots.add(certificate).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    match roots.is_empty() {
        true => Err(format!("{} holds no certificate in PEM form", file.display())),
        false => Ok(roots),
    }
}

/// Takes every certificate, and still wants whoever shows it to have its key.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
