//! How this node looks from the street: its own public name, asked as others ask it. The settings name the address, and
//! nobody else can, so the rules about what others name have no say here.

use super::{Failure, Gate, Io, Refusal};
use crate::{crypto::certificate, time::Timestamp};
use rustls::pki_types::ServerName;
use std::{io, net::IpAddr, sync::Arc, time::Duration};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use url::Url;

/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of an answer that are read.
const LONGEST: u64 = 64 * 1024;

/// What answers under the public name.
#[derive(Clone, Debug, Default)]
pub struct Front {
    /// Status code; 0 for what is no HTTP.
    pub status: u16,
    /// Head and body as they came, the first 64 KiB.
    pub text: String,
    /// Until when the certificate is good; none over plain http.
    pub certificate_ends: Option<Timestamp>,
}

impl Gate {
    /// Asks this node's own public address. `ca` is trusted beside the system's authorities, PEM.
    ///
    /// # Errors
    /// [`Failure`] when there is no answer, or a certificate that others would not accept.
    pub async fn front(&self, url: &Url, ca: Option<&str>) -> Result<Front, Failure> {
        tokio::time::timeout(PATIENCE, self.look(url, ca)).await.unwrap_or(Err(Failure::TimedOut))
    }

    async fn look(&self, url: &Url, ca: Option<&str>) -> Result<Front, Failure> {
        let host = url.host_str().ok_or(Refusal::Malformed)?.trim_matches(['[', ']']).to_owned();
        let port = url.port_or_known_default().ok_or(Refusal::Malformed)?;
        let addresses = match host.parse::<IpAddr>() {
            Ok(address) => vec![address],
            Err(_) => self.0.network.resolve(host.clone()).await.map_err(unreachable)?,
        };
        let mut opened = Err(Failure::Unreachable("the name has no address".into()));
        for address in addresses {
            opened = self.0.network.connect((address, port).into()).await.map_err(unreachable);
            if opened.is_ok() {
                break;
            }
        }
        let io = opened?.io;
        if url.scheme() != "https" {
            return ask(io, url, None).await;
        }
        let config = self.0.tls.config(ca.map(|pem| Arc::from(pem.as_bytes()))).await?;
        let name = ServerName::try_from(host).map_err(|error| Failure::Unreachable(error.to_string()))?;
        let secured = tokio_rustls::TlsConnector::from(config).connect(name, io).await.map_err(unreachable)?;
        let ends = secured.get_ref().1.peer_certificates().and_then(|chain| chain.first()).and_then(|leaf| {
            // That of the leaf: those above it are renewed by whoever signs.
            certificate::end_of(leaf)
        });
        ask(Box::new(secured), url, ends).await
    }
}

fn unreachable(error: io::Error) -> Failure {
    Failure::Unreachable(error.to_string())
}

async fn ask(mut io: Box<dyn Io>, url: &Url, certificate_ends: Option<Timestamp>) -> Result<Front, Failure> {
    let authority = url.authority();
    let target = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let request = format!(
        "GET {target} HTTP/1.1\r\nhost: {authority}\r\naccept: application/json, */*\r\nconnection: close\r\n\r\n"
    );
    io.write_all(request.as_bytes()).await.map_err(unreachable)?;
    let mut answer = Vec::new();
    match io.take(LONGEST).read_to_end(&mut answer).await {
        Ok(_) => {}
        // Some proxies end a connection without a word.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && !answer.is_empty() => {}
        Err(error) => return Err(unreachable(error)),
    }
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)).and_then(|code| code.parse().ok());
    Ok(Front { status: status.unwrap_or(0), text, certificate_ends })
}
