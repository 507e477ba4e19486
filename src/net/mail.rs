//! The way out for letters: the mail server that the settings name, and no other.

use super::Gate;
use crate::{Error, Result, config};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
};
use std::time::Duration;

type Server = AsyncSmtpTransport<Tokio1Executor>;

/// How long a mail server may take for one step.
const PATIENCE: Duration = Duration::from_secs(20);

/// A letter in plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Its sender, `Watercooler <node@example.org>`.
    pub from: String,
    /// Whom it is for.
    pub to: String,
    /// What it is about.
    pub subject: String,
    /// What it says.
    pub text: String,
}

/// Checks the settings without asking the server: the key of what is wrong, and why.
///
/// # Errors
/// The first wrong one.
pub fn check(mail: &config::Mail) -> std::result::Result<(), (&'static str, String)> {
    let Some(server) = &mail.server else { return Ok(()) };
    connect(server.expose()).map_err(|why| ("mail.server", why.to_owned()))?;
    let from = mail.from.as_deref().ok_or(("mail.from", "is needed where `mail.server` is set".to_owned()))?;
    from.parse::<Mailbox>().map(drop).map_err(|_| ("mail.from", format!("`{from}` is no e-mail address")))
}

fn connect(server: &str) -> std::result::Result<Server, &'static str> {
    const UNREADABLE: &str = "begins with smtps:// or smtp://, as smtps://USER:PASSWORD@HOST";
    if !(server.starts_with("smtp://") || server.starts_with("smtps://")) {
        return Err(UNREADABLE);
    }
    let builder = Server::from_url(server).map_err(|_| UNREADABLE)?;
    Ok(builder.timeout(Some(PATIENCE)).build())
}

impl Gate {
    /// Hands a letter to the mail server at `server` (`smtps://USER:PASSWORD@HOST:PORT`; `smtp://` with `?tls=required`
    /// for STARTTLS, without for a relay beside the node).
    ///
    /// # Errors
    /// `Upstream` when it does not take it.
    pub async fn mail(&self, server: &str, mail: Mail) -> Result<()> {
        let refused = |e: &dyn std::fmt::Display| Error::upstream(format!("mail: {e}"));
        let message = Message::builder()
            .from(mail.from.parse().map_err(|e: lettre::address::AddressError| refused(&e))?)
            .to(mail.to.parse().map_err(|e: lettre::address::AddressError| refused(&e))?)
            .subject(mail.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(mail.text)
            .map_err(|e| refused(&e))?;
        let server = connect(server).map_err(|e| refused(&e))?;
        server.send(message).await.map(drop).map_err(|e| refused(&e))
    }
}
