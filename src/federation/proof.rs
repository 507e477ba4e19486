//! Who sent this request? The one answer for deliveries and for signed reads.
//!
//! Cheap things first: headers, host policy, rate; only then a key is looked for, and only a key may be fetched
//! (NET-21). What the proven sender may do is not decided here.

use super::{
    keys::{self, Keys, Known, Trouble},
    newcomers, objects, own_keys,
    pace::Buckets,
    signatures::{self, Claim, Incoming, OwnNames, Reject},
};
use crate::{
    Error,
    app::App,
    crypto::PublicKey,
    domain::{charter::revocation, remote::RemoteActor},
    peers,
    rate::Rule,
    store, uri,
};
use axum::{
    extract::ConnectInfo,
    http::{HeaderMap, HeaderName, HeaderValue, Method, header, request::Parts},
};
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};
use url::Url;

/// Deliveries of one host: so many a second, and so many at once.
const RATE: (u32, u32) = (50, 3_000);
/// The same for hosts that an entry names: in effect what the node can store.
const PEER_RATE: (u32, u32) = (500, 1_000_000);

/// Says with a 401 what a signature has to cover (SIGIN-29, RFC 9421 section 5).
pub const ACCEPT_SIGNATURE: HeaderName = HeaderName::from_static("accept-signature");
/// Of deliveries.
pub const WANTED_OF_DELIVERIES: HeaderValue =
    HeaderValue::from_static("sig1=(\"@method\" \"@target-uri\" \"content-digest\");created;keyid");
/// Of reads.
pub const WANTED_OF_READS: HeaderValue = HeaderValue::from_static("sig1=(\"@method\" \"@target-uri\");created;keyid");

/// Why a request is turned away. Nothing has changed when one of these is answered.
#[derive(Debug)]
pub enum Refusal {
    /// The signature.
    Unproven(Reject),
    /// No key: its document is no proof of it.
    NoKey,
    /// Its owner is gone for good.
    OwnerGone,
    /// The key's host cannot be reached just now.
    KeyAway,
    /// The host is not one we speak with (SIGIN-22, LAN-08).
    Host,
    /// The charter says that nobody acts in the name of the signer any more (N3).
    Revoked,
    /// The signer is somebody else than the activity's actor (SIG-13).
    NotTheActor,
    /// Too often; seconds to wait.
    Limited(u64),
    /// Ours: the database is away, the disk is full.
    Ours(Error),
}

impl From<Reject> for Refusal {
    fn from(reject: Reject) -> Self {
        Self::Unproven(reject)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}

impl Refusal {
    /// One word for counters, logs and the answer.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Unproven(reject) => reject.reason(),
            Self::NoKey => "no_key",
            Self::OwnerGone => "gone",
            Self::KeyAway => "key_unreachable",
            Self::Host => "host_policy",
            Self::Revoked => "revoked_by_charter",
            Self::NotTheActor => "not_the_actor",
            Self::Limited(_) => "rate_limit",
            Self::Ours(_) => "unavailable",
        }
    }
    /// The status it is answered with.
    pub fn status(&self) -> u16 {
        match self {
            Self::Unproven(reject) => reject.status(),
            Self::NoKey | Self::OwnerGone | Self::NotTheActor => 401,
            Self::Host | Self::Revoked => 403,
            Self::Limited(_) => 429,
            Self::KeyAway => 503,
            Self::Ours(Error::NoSpace) => 507,
            Self::Ours(Error::Internal(_)) => 500,
            Self::Ours(_) => 503,
        }
    }
    /// Seconds for `Retry-After`, where there is one.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Limited(seconds) => Some(*seconds),
            Self::KeyAway => Some(60),
            Self::Ours(Error::NoSpace) => None,
            Self::Ours(_) => Some(5),
            _ => None,
        }
    }
}

/// In-memory state; a part of the app.
pub struct Prover {
    names: OwnNames,
    keys: Keys,
    strangers: Buckets,
    peers: Buckets,
}

/// The prover of this node.
pub fn prover(app: &App) -> Arc<Prover> {
    app.part_or(|| Prover {
        names: OwnNames::new(app.site().base_url(), app.site().domain()),
        keys: Keys::default(),
        strangers: Buckets::new(RATE.0, RATE.1),
        peers: Buckets::new(PEER_RATE.0, PEER_RATE.1),
    })
}

/// A request's claims, judged by their headers, with the hosts their keys live on.
#[derive(Debug)]
pub struct Claims {
    list: Vec<(Claim, String)>,
    address: Option<IpAddr>,
    /// The actor of this node that is read.
    asked: Option<String>,
}

impl Claims {
    /// Whether the body is the one that was signed (SIG-06).
    ///
    /// # Errors
    /// `Unproven(Digest)`.
    pub fn body_fits(&self, body: &[u8]) -> Result<(), Refusal> {
        self.list.iter().try_for_each(|(claim, _)| claim.body_fits(body)).map_err(Refusal::from)
    }

    /// The ids of the keys, normalised, in the order they count.
    pub fn key_ids(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|(_, key_id)| key_id.as_str())
    }

    /// The host that is said to have signed, for logs and counters.
    pub fn host(&self) -> &str {
        self.key_ids().next().map_or("", uri::host)
    }
}

/// The host a request was for: `Host`, which says what a trusted proxy was asked for, else `:authority` (SIGIN-10).
pub fn authority(parts: &Parts) -> String {
    let host = parts.headers.get(header::HOST).and_then(|v| v.to_str().ok());
    host.or_else(|| parts.uri.authority().map(|a| a.as_str())).unwrap_or_default().to_owned()
}

/// Who is connected, after trusted proxies were looked through.
pub fn address(parts: &Parts) -> Option<IpAddr> {
    parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip())
}

/// The actor of this node that is read.
fn asked(parts: &Parts) -> Option<String> {
    let name = parts.uri.path().strip_prefix("/users/")?;
    (parts.method != Method::POST && !name.contains('/')).then(|| name.to_owned())
}

/// Whether this key made the signature. Who asks for a key of one of our actors may have signed the end of its id.
async fn fits(app: &App, claims: &Claims, claim: &Claim, key: &PublicKey) -> Result<(), Refusal> {
    match (claim.verify(key), &claims.asked) {
        (Err(Reject::Signature), Some(name)) if claim.has_target() => {
            let name = name.clone();
            let fragments = app.glance(move |conn| own_keys::fragments(conn, &name)).await?;
            Ok(claim.verify_behind(key, &fragments)?)
        }
        (fits, _) => Ok(fits?),
    }
}

/// Whether anything here claims to be signed.
pub fn is_signed(headers: &HeaderMap) -> bool {
    headers.contains_key("signature") || headers.contains_key("signature-input")
}

impl Prover {
    /// Everything that headers alone can tell: shape, cover, time, host policy, rate. No key, no network, no database.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn read(&self, app: &App, parts: &Parts) -> Result<Claims, Refusal> {
        let authority = authority(parts);
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
        let claims = signatures::read(&Incoming {
            method: parts.method.as_str(),
            target,
            authority: &authority,
            headers: &parts.headers,
            now: app.clock().now(),
            names: &self.names,
        })?;
        let rules = app.net().rules();
        let mut list = Vec::with_capacity(claims.len());
        for claim in claims {
            let key_id = uri::normalize(&claim.key_id).ok_or(Reject::Malformed)?;
            let standing = rules.standing(uri::host(&key_id));
            if app.site().owns_str(&key_id) {
                // Our own actors do not write to us over the network.
                return Err(Refusal::NoKey);
            }
            standing.admitted.map_err(|_| Refusal::Host)?;
            // A key that lives where the actor does is not even looked up; others show whose they are.
            let actor = key_id.split('#').next().unwrap_or_default();
            if is_revoked(app, actor) {
                return Err(Refusal::Revoked);
            }
            if parts.method == Method::POST {
                self.buckets(standing.is_peer).peek(uri::host(&key_id), app.clock().now()).map_err(Refusal::Limited)?;
            }
            list.push((claim, key_id));
        }
        Ok(Claims { list, address: address(parts), asked: asked(parts) })
    }

    /// Whether this request may make us fetch a key. An address that sent many unproven requests may not, whatever key
    /// hosts it invents; hosts that an entry names are few, and each has a budget of its own (LIM-02, NET-21).
    fn may_ask(&self, app: &App, claims: &Claims, key_id: &str) -> Result<(), Refusal> {
        if app.net().rules().standing(uri::host(key_id)).is_peer {
            return Ok(());
        }
        let Some(address) = claims.address else { return Ok(()) };
        app.limiter().peek_address(Rule::Unproven, address).map_err(|error| match error {
            Error::RateLimited { retry_after } => Refusal::Limited(retry_after),
            other => Refusal::Ours(other),
        })
    }

    fn buckets(&self, is_peer: bool) -> &Buckets {
        if is_peer { &self.peers } else { &self.strangers }
    }

    /// Takes a proven delivery's token from its host's bucket.
    ///
    /// # Errors
    /// `Limited`.
    pub fn charge(&self, app: &App, host: &str) -> Result<(), Refusal> {
        let is_peer = app.net().rules().standing(host).is_peer;
        self.buckets(is_peer).take(host, app.clock().now()).map_err(Refusal::Limited)
    }

    /// A key that is known here without asking anybody.
    ///
    /// # Errors
    /// `Ours`.
    pub async fn known(&self, app: &App, claims: &Claims) -> Result<Option<Arc<Known>>, Refusal> {
        for key_id in claims.key_ids() {
            if let Some(known) = keys::find(app, &self.keys, key_id).await? {
                return Ok(Some(known));
            }
        }
        Ok(None)
    }

    /// Refuses who could not be proven without a fetch that is not made for them any more: before the body is read.
    ///
    /// # Errors
    /// `Limited`, `Ours`.
    pub async fn patience(&self, app: &App, claims: &Claims) -> Result<(), Refusal> {
        let mut refused = Ok(());
        for key_id in claims.key_ids() {
            refused = self.may_ask(app, claims, key_id);
            if refused.is_ok() || keys::find(app, &self.keys, key_id).await?.is_some() {
                return Ok(());
            }
        }
        refused
    }

    /// Forgets a parsed key whose row has changed.
    pub fn forget(&self, known: &Known) {
        self.keys.forget(&known.key_id);
    }

    /// Proves that one of the keys signed, fetching it when it is unknown and again when it does not fit.
    ///
    /// # Errors
    /// See [`Refusal`]. `OwnerGone` when the key did not fit and its owner answers 410 now (SIGIN-28).
    pub async fn prove(&self, app: &App, claims: &Claims) -> Result<Arc<Known>, Refusal> {
        let known = self.prove_any(app, claims).await?;
        if is_revoked(app, &known.actor) { Err(Refusal::Revoked) } else { Ok(known) }
    }

    async fn prove_any(&self, app: &App, claims: &Claims) -> Result<Arc<Known>, Refusal> {
        let mut trouble = Trouble::Refused;
        for (claim, key_id) in &claims.list {
            if let Some(known) = keys::find(app, &self.keys, key_id).await? {
                return self.check(app, claims, claim, known).await;
            }
            self.may_ask(app, claims, key_id)?;
            newcomers::room(app, key_id).await?.map_err(Refusal::Limited)?;
            match keys::fetch(app, &self.keys, key_id).await? {
                // It was read for this very request: asking again would answer the same.
                Ok(known) => {
                    fits(app, claims, claim, &known.key).await?;
                    return Ok(known);
                }
                Err(why) => trouble = why,
            }
        }
        Err(Self::refused(trouble))
    }

    /// The first key that resolves decides; one that was known and does not fit is asked for once more (SIGIN-05).
    async fn check(&self, app: &App, claims: &Claims, claim: &Claim, known: Arc<Known>) -> Result<Arc<Known>, Refusal> {
        match fits(app, claims, claim, &known.key).await {
            Ok(()) => Ok(known),
            Err(Refusal::Unproven(Reject::Signature)) => self.check_again(app, claims, claim, &known).await,
            Err(refusal) => Err(refusal),
        }
    }

    async fn check_again(
        &self,
        app: &App,
        claims: &Claims,
        claim: &Claim,
        known: &Known,
    ) -> Result<Arc<Known>, Refusal> {
        // Nothing is fetched for somebody who is suspended or gone (SIG-19, SIG-20).
        let account = known.account;
        match app.glance(move |conn| store::accounts::find(conn, account)).await? {
            Some(row) if row.suspended_at.is_some() => return Err(Refusal::Host),
            Some(row) if row.deleted_at.is_some() => return Err(Refusal::OwnerGone),
            _ => {}
        }
        if self.may_ask(app, claims, &known.key_id).is_err() {
            return Err(Reject::Signature.into());
        }
        match keys::refresh(app, &self.keys, &known.key_id).await? {
            Some(Ok(fresh)) => {
                fits(app, claims, claim, &fresh.key).await?;
                Ok(fresh)
            }
            Some(Err(Trouble::Gone)) => Err(Refusal::OwnerGone),
            Some(Err(_)) | None => Err(Reject::Signature.into()),
        }
    }

    /// The key that the proof of a document names: as it is known, or (`again`) as its owner's document has it now. True
    /// beside it when its owner was asked for it just now.
    ///
    /// # Errors
    /// See [`Refusal`]. Its host is asked no more often than for keys of requests.
    pub async fn key_of_proof(
        &self,
        app: &App,
        claims: &Claims,
        method: &str,
        again: bool,
    ) -> Result<(Arc<Known>, bool), Refusal> {
        if !again && let Some(known) = keys::find(app, &self.keys, method).await? {
            return Ok((known, false));
        }
        self.may_ask(app, claims, method)?;
        let found = match again {
            true => keys::refresh(app, &self.keys, method).await?,
            false => Some(keys::fetch(app, &self.keys, method).await?),
        };
        let known = found.ok_or(Reject::Signature)?.map_err(Self::refused)?;
        Ok((known, true))
    }

    /// The document, as it stands now, of somebody who is gone here and says that they are back. Nobody is asked before the key
    /// that was theirs made the signature, and not more often than [`keys::returned`] says (SIG-20).
    ///
    /// # Errors
    /// See [`Refusal`].
    pub async fn returned(&self, app: &App, claims: &Claims, actor: &str) -> Result<RemoteActor, Refusal> {
        if is_revoked(app, actor) {
            return Err(Refusal::Revoked);
        }
        for (claim, key_id) in &claims.list {
            let Some(known) = keys::find(app, &self.keys, key_id).await? else { continue };
            if *known.actor != *actor {
                return Err(Refusal::NotTheActor);
            }
            fits(app, claims, claim, &known.key).await?;
            let found = keys::returned(app, &self.keys, key_id, actor).await;
            let (document, key) = found.map_err(Self::refused)?;
            fits(app, claims, claim, &key).await?;
            let read = objects::actor::read(&document.json).map_err(|_| Refusal::NoKey)?;
            return if read.uri == actor { Ok(read) } else { Err(Refusal::NotTheActor) };
        }
        Err(Refusal::OwnerGone)
    }

    /// Whether the address of `actor` itself says that it is gone for good (SIGIN-28).
    pub async fn is_gone(&self, app: &App, claims: &Claims, actor: &str) -> bool {
        let same = |key_id: &&str| key_id.split('#').next() == Some(actor);
        claims.key_ids().filter(same).any(|key_id| self.keys.is_known_gone(key_id, app.clock().now()))
            || keys::is_gone(app, &self.keys, actor).await
    }

    fn refused(trouble: Trouble) -> Refusal {
        match trouble {
            Trouble::Gone => Refusal::OwnerGone,
            Trouble::Refused => Refusal::NoKey,
            Trouble::Away => Refusal::KeyAway,
        }
    }
}

/// Whether the charter in force revokes this actor.
pub fn is_revoked(app: &App, actor: &str) -> bool {
    peers::organisation(app).is_some_and(|ours| revocation::is_revoked(&ours.charter, actor))
}

/// Who asks, when a read is signed: the proven owner of the key. `None` when it is not signed. A bad signature is
/// refused, never treated as none (SIGIN-23).
///
/// # Errors
/// See [`Refusal`].
pub async fn reader(app: &App, parts: &Parts) -> Result<Option<Arc<Known>>, Refusal> {
    if !is_signed(&parts.headers) {
        return Ok(None);
    }
    let prover = prover(app);
    let claims = prover.read(app, parts).inspect_err(|refusal| count(app, address(parts), refusal, "", "GET"))?;
    let refused = |refusal: &Refusal| count(app, claims.address, refusal, claims.host(), "GET");
    // Twice: the row may have got another key since it was parsed.
    for _ in 0..2 {
        let known = prover.prove(app, &claims).await.inspect_err(refused)?;
        if is_welcome(app, &known).await.inspect_err(refused)? {
            spoke(app, &known.actor);
            return Ok(Some(known));
        }
        prover.forget(&known);
    }
    Err(Refusal::KeyAway)
}

/// Whether the owner may still read, and still has this key; false when it has another. Looked up every few seconds only.
///
/// # Errors
/// `Host` for who is suspended here, `OwnerGone`, `Ours`.
pub async fn is_welcome(app: &App, known: &Known) -> Result<bool, Refusal> {
    let now = app.clock().now();
    if known.is_fresh(now) {
        return Ok(true);
    }
    let account = known.account;
    let row = app.glance(move |conn| store::accounts::find(conn, account)).await?;
    match row {
        None => Ok(false),
        Some(row) if row.suspended_at.is_some() => Err(Refusal::Host),
        Some(row) if row.deleted_at.is_some() => Err(Refusal::OwnerGone),
        Some(row) => {
            let current = known.is_current(&row);
            if current {
                known.checked_at(now);
            }
            Ok(current)
        }
    }
}

/// Counts a rejection, for whoever sent it too, and says one line about it: never bodies, keys or query strings
/// (security rule 4).
pub fn count(app: &App, address: Option<IpAddr>, refusal: &Refusal, host: &str, what: &str) {
    // Not who is refused by our policy, and not those whose accounts ended: big servers send a lot of these in good faith.
    let suspicious = matches!(refusal, Refusal::Unproven(_) | Refusal::NoKey | Refusal::KeyAway | Refusal::NotTheActor);
    if let Some(address) = address.filter(|_| suspicious) {
        app.limiter().hit_address(Rule::Unproven, address);
    }
    metrics::counter!("federation_rejected_total", "reason" => refusal.reason()).increment(1);
    match refusal {
        Refusal::Revoked => tracing::info!(host, what, "a signature of an actor that the charter revokes was refused"),
        Refusal::Ours(error) => tracing::error!(host, what, %error, "a request of a peer failed here"),
        _ => tracing::debug!(host, what, reason = refusal.reason(), "a request of a peer was refused"),
    }
}

/// Counts a body of no use for whoever sent it; what it was is counted elsewhere.
pub fn count_shape(app: &App, address: Option<IpAddr>) {
    if let Some(address) = address {
        app.limiter().hit_address(Rule::Unproven, address);
    }
}

/// A valid request came from there: it is not left alone any longer, and what waits for it is sent (DLV-01).
pub fn spoke(app: &App, actor: &str) {
    if let Ok(url) = Url::parse(actor) {
        app.net().wake(&url);
        super::deliver::heard_from(app, uri::host(actor));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fed_sigin_10_what_a_trusted_proxy_was_asked_for_counts_over_http_2_too() {
        let parts = |uri: &str, host: Option<&str>| {
            let mut request = axum::http::Request::builder().uri(uri);
            if let Some(host) = host {
                request = request.header("host", host);
            }
            request.body(()).unwrap().into_parts().0
        };
        // `Host` is what `server::forwarded` made of the proxy's word.
        assert_eq!(authority(&parts("http://inner:8080/inbox", Some("social.example"))), "social.example");
        assert_eq!(authority(&parts("/inbox", Some("social.example"))), "social.example");
        assert_eq!(authority(&parts("https://social.example/inbox", None)), "social.example");
        assert_eq!(authority(&parts("/inbox", None)), "");
    }
}
