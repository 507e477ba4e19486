//! Deliveries from other servers. One gate for the shared inbox and for every personal one (SIGIN-16).
//!
//! Order: content type, signature headers, host policy and rate, body within its limit, digest, shape; then the key and
//! the proof ([`super::proof`]); then one transaction that remembers the id and has the effect, or queues the activity
//! when something must be fetched first ([`queue`]). 202 is answered after that commit, never before (G1, G3).

mod carried;
mod document;
pub mod queue;
mod returned;

use super::{
    activities, admit, charter, followers_sync,
    outgoing::forward,
    proof::{self, Prover, Refusal, prover},
    received::{Outcome, Received},
    signatures::Reject,
};
use crate::{
    Error, Result,
    app::App,
    crypto,
    domain::{Task, Tx, projects::near, remote},
    limits,
    model::Account,
    peers, store, uri,
};
use axum::{
    Json as JsonBody, Router,
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use document::Document;
use std::{sync::Arc, time::Duration};

/// The queue of received activities, whose workers are woken.
pub const QUEUE: &str = queue::NAME;

/// How long a sender may take for its body.
const BODY_TIME: Duration = Duration::from_secs(30);
/// Age at which an actor that acts is read again from its origin (DISC-18, SIGIN-21). Hours.
const REFRESH_HOURS: i64 = 24;

/// Every door that takes deliveries: the router is made of these, and the tests go through all of them.
pub const DOORS: [&str; 3] = ["/inbox", "/actor/inbox", "/users/{name}/inbox"];

/// The inbox routes.
pub fn routes() -> Router<App> {
    DOORS.into_iter().fold(Router::new(), |router, door| {
        router.route(door, if door.contains("{name}") { post(personal) } else { post(shared) })
    })
}

async fn shared(State(app): State<App>, request: Request) -> Response {
    answer(deliver(&app, request, None).await)
}

async fn personal(State(app): State<App>, Path(name): Path<String>, request: Request) -> Response {
    answer(deliver(&app, request, Some(name)).await)
}

/// Why a delivery is turned away.
enum Turned {
    /// By the prover.
    Refusal(Refusal),
    /// By the shape of the request: status and a sentence.
    Shape(StatusCode, &'static str),
    /// The activity has no effect, for good.
    Effect(Error),
}

impl From<Refusal> for Turned {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

fn answer(result: Result<(), Turned>) -> Response {
    let (status, reason, retry_after) = match result {
        Ok(()) => return StatusCode::ACCEPTED.into_response(),
        Err(Turned::Shape(status, reason)) => {
            metrics::counter!("federation_rejected_total", "reason" => "shape").increment(1);
            (status, reason, None)
        }
        Err(Turned::Effect(error)) => {
            metrics::counter!("federation_rejected_total", "reason" => "effect").increment(1);
            // What we cannot find or do not know is nobody's fault (DEL-05, INT-01, ROB-02).
            match error {
                Error::BadRequest(_) | Error::Invalid { .. } => (StatusCode::BAD_REQUEST, "malformed activity", None),
                Error::Unauthorized(_) => (StatusCode::UNAUTHORIZED, "not yours", None),
                Error::Forbidden(_) => (StatusCode::FORBIDDEN, "not allowed", None),
                _ => return StatusCode::ACCEPTED.into_response(),
            }
        }
        Err(Turned::Refusal(refusal)) => {
            let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::UNAUTHORIZED);
            (status, refusal.reason(), refusal.retry_after())
        }
    };
    let mut response = (status, JsonBody(serde_json::json!({ "error": reason }))).into_response();
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(proof::ACCEPT_SIGNATURE, proof::WANTED_OF_DELIVERIES);
    }
    response
}

async fn deliver(app: &App, request: Request, name: Option<String>) -> Result<(), Turned> {
    let (parts, body) = request.into_parts();
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if !kind.is_empty() && !is_delivery(kind) {
        return Err(Turned::Shape(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported media type"));
    }
    let prover = prover(app);
    // All of this from the headers alone: an unsigned body is not even read (SIG-01, LIM-02).
    let from = proof::address(&parts);
    let claims = prover.read(app, &parts).inspect_err(|refusal| proof::count(app, from, refusal, "", "POST"))?;
    let counted = |refusal: &Refusal| proof::count(app, from, refusal, claims.host(), "POST");
    prover.patience(app, &claims).await.inspect_err(counted)?;
    let body = read_body(&parts.headers, body).await?;
    claims.body_fits(&body).inspect_err(counted)?;
    let parsed = Document::parse(&body).map_err(|reason| Turned::Shape(StatusCode::BAD_REQUEST, reason));
    // Whoever sends these costs us as much as who cannot be proven.
    let mut document = parsed.inspect_err(|_| proof::count_shape(app, from))?;

    admit::strip_shared(&app.net().rules(), &mut document.json);
    let done = match prove_and_take(app, &prover, (&claims, &parts.headers), &document, &body, name).await {
        // Most deletions are of things nobody here ever saw, by servers that are gone as well: no server error, or they
        // would come again and again (DEL-07).
        Err(Turned::Refusal(Refusal::KeyAway)) if document.json.is_a("Delete") => Err(Refusal::NoKey.into()),
        done => done,
    };
    if let Err(Turned::Refusal(refusal)) = &done {
        proof::count(app, from, refusal, claims.host(), document.kind());
    }
    done
}

async fn prove_and_take(
    app: &App,
    prover: &Prover,
    (claims, headers): (&proof::Claims, &header::HeaderMap),
    document: &Document,
    body: &[u8],
    name: Option<String>,
) -> Result<(), Turned> {
    // A key can only be the actor's when it lives where the actor lives: nothing else is worth a fetch (SIG-13), unless
    // the activity proves itself.
    if !claims.key_ids().any(|key_id| uri::same_authority(key_id, &document.actor)) {
        return carried::deliver(app, prover, claims, document, body).await;
    }
    if returned::is_meant(app, document).await? {
        return returned::take(app, prover, claims, document, body).await;
    }
    if prover.known(app, claims).await?.is_none() {
        match stranger(app, document).await? {
            Stranger::Welcome => {}
            Stranger::Forget => return Ok(()),
            Stranger::Suspended => return Err(Refusal::Host.into()),
            Stranger::Gone => return Err(Refusal::OwnerGone.into()),
        }
    }
    // Twice: the row may have got another key since it was parsed.
    for _ in 0..2 {
        let known = match prover.prove(app, claims).await {
            Ok(known) => known,
            // Its key cannot be had any more because it is gone, which is what it says (SIGIN-28). Anybody can name a
            // key whose address is gone: only that of the actor itself counts.
            Err(Refusal::OwnerGone) if document.is_own_end() && prover.is_gone(app, claims, &document.actor).await => {
                return bury(app, document).await;
            }
            // Its key lives at an address of its own, which tells nothing any more: the actor's own address does.
            Err(refusal @ (Refusal::NoKey | Refusal::Unproven(Reject::Signature)))
                if document.is_own_end() && is_here(app, &document.actor).await? =>
            {
                return match prover.is_gone(app, claims, &document.actor).await {
                    true => bury(app, document).await,
                    false => Err(refusal.into()),
                };
            }
            Err(refusal) => return Err(refusal.into()),
        };
        if *known.actor != document.actor {
            return carried::deliver(app, prover, claims, document, body).await;
        }
        prover.charge(app, uri::host(&known.actor))?;
        proof::spoke(app, &known.actor);
        if admit::drops_reports(&app.net().rules(), &document.json, uri::host(&known.actor)) {
            metrics::counter!("federation_rejected_total", "reason" => "reports").increment(1);
            return Ok(());
        }
        let text = std::str::from_utf8(body).map_err(|_| Turned::Shape(StatusCode::BAD_REQUEST, "not UTF-8"))?;
        let taken = take(app, known.clone(), document, text.to_owned(), name.clone()).await;
        let taken = taken.map_err(|turned| match turned {
            // Nobody is here to be followed: worth a word where it came to somebody's own inbox (FOL-14).
            Turned::Effect(Error::NotFound) if name.is_some() && document.json.is_a("Follow") => {
                Turned::Shape(StatusCode::NOT_FOUND, "nobody to follow")
            }
            other => other,
        });
        match taken? {
            Taken::Yes => {
                followers_sync::heard(app, headers, &known.actor).await;
                return Ok(());
            }
            Taken::NobodyThere => return Err(Turned::Shape(StatusCode::NOT_FOUND, "no such inbox")),
            Taken::Suspended => return Err(Refusal::Host.into()),
            Taken::OwnerGone => return Err(Refusal::OwnerGone.into()),
            Taken::OldKey => prover.forget(&known),
        }
    }
    Err(Refusal::KeyAway.into())
}

/// Whether an inbox takes a body of this type: any spelling of the two of ActivityPub, and plain JSON, which several
/// programs send (SIGIN-15).
fn is_delivery(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    ["application/activity+json", "application/ld+json", "application/json"]
        .iter()
        .any(|k| kind.eq_ignore_ascii_case(k))
}

async fn read_body(headers: &header::HeaderMap, body: Body) -> Result<axum::body::Bytes, Turned> {
    let too_large = || Turned::Shape(StatusCode::PAYLOAD_TOO_LARGE, "too large");
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limits::INBOX_BODY as u64) {
        return Err(too_large());
    }
    match tokio::time::timeout(BODY_TIME, axum::body::to_bytes(body, limits::INBOX_BODY)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if super::is_too_long(&error) => Err(too_large()),
        Ok(Err(_)) => Err(Turned::Shape(StatusCode::BAD_REQUEST, "the body cannot be read")),
        Err(_) => Err(Turned::Shape(StatusCode::REQUEST_TIMEOUT, "too slow")),
    }
}

/// What is to be done with the activity of an actor whose key is not known here, before anything is fetched.
enum Stranger {
    Welcome,
    Forget,
    Suspended,
    Gone,
}

async fn stranger(app: &App, document: &Document) -> Result<Stranger, Refusal> {
    let colleague =
        peers::organisation(app).is_some_and(|ours| ours.charter.node_at(uri::authority(&document.actor)).is_some());
    let (actor, about_itself, now) = (document.actor.clone(), document.is_about_itself(), app.clock().now());
    let is_news = document.json.is_a("Update") && charter::directory::welcomes(app, &actor);
    let deleted = if document.json.is_a("Delete") { document.json.uri("object") } else { None };
    Ok(app
        .glance(move |conn| {
            Ok(match store::accounts::find_by_uri(conn, &actor)? {
                Some(row) if row.suspended_at.is_some() => Stranger::Suspended,
                Some(row) if row.deleted_at.is_some() => Stranger::Gone,
                Some(_) => Stranger::Welcome,
                // What a neighbour said of an address nobody knew is not its owner's word (AUTH-11).
                None if store::remote::is_gone(conn, &[&actor], &actor, now)? => Stranger::Gone,
                // Somebody of our own organisation becomes known this way, or is known to be gone (SIGIN-27).
                None if colleague => Stranger::Welcome,
                // Most of the traffic of a public node: accounts nobody here ever heard of end or change (SIGIN-27).
                // People of the organisation are in the directory, followed or not.
                None if about_itself && !is_news => Stranger::Forget,
                // Nothing of theirs is here; a moderator of a group may mean what somebody else wrote (DEL-05).
                None if deleted.is_some_and(|id| !matches!(store::posts::find_by_uri(conn, &id), Ok(Some(_)))) => {
                    Stranger::Forget
                }
                None => Stranger::Welcome,
            })
        })
        .await?)
}

/// Whether there is anything of this actor here that could end.
async fn is_here(app: &App, actor: &str) -> Result<bool, Refusal> {
    let actor = actor.to_owned();
    Ok(app
        .glance(move |conn| Ok(store::accounts::find_by_uri(conn, &actor)?.is_some_and(|a| !a.is_unavailable())))
        .await?)
}

/// A deletion that the actor's own address confirmed with 410, or a Tombstone.
async fn bury(app: &App, document: &Document) -> Result<(), Turned> {
    let actor = document.actor.clone();
    app.write(move |tx| match store::accounts::find_by_uri(tx.conn, &actor)? {
        Some(row) if !row.is_local() && row.suspended_at.is_none() => remote::delete_actor(tx, &row),
        _ => Ok(()),
    })
    .await
    .map_err(|error| Refusal::Ours(error).into())
}

/// What the transaction says.
enum Taken {
    /// Stored, or seen before: acknowledged.
    Yes,
    /// No such local actor (FOL-14).
    NobodyThere,
    /// The signer is suspended here (SIG-19).
    Suspended,
    /// The signer is gone (SIG-20).
    OwnerGone,
    /// The row has another key now.
    OldKey,
}

async fn take(
    app: &App,
    known: Arc<super::keys::Known>,
    document: &Document,
    body: String,
    name: Option<String>,
) -> Result<Taken, Turned> {
    let rules = app.net().rules();
    let offer = Arc::new(Offer {
        room: queue::room(app),
        // An entry names it: nothing below what this node can store is too much.
        is_peer: rules.standing(uri::host(&known.actor)).is_peer,
        colleague: admit::is_colleague(&rules, uri::host(&known.actor)),
        known,
        // Markup is cleaned here, outside of the transaction: there is one writer.
        activity: Arc::new(activities::parsed::parse(&document.json).map_err(Turned::Effect)?.at_home(app.site())),
        activity_uri: document.id.clone(),
        proves_itself: document.json.values("proof").any(|p| p.text("cryptosuite") == Some("eddsa-jcs-2022")),
        // Sixteen bytes are enough to tell ids apart; an activity without one is its own bytes (ROB-06).
        hash: crypto::sha256(document.id.as_deref().unwrap_or(&body).as_bytes()),
        body,
        name,
    });
    let first = offer.clone();
    match app.write(move |tx| first.apply(tx)).await {
        Ok(taken) => Ok(taken),
        Err(error @ (Error::Unavailable(_) | Error::NoSpace)) => Err(Refusal::Ours(error).into()),
        Err(error) if queue::is_final(&error) => Err(Turned::Effect(error)),
        Err(error) => {
            // Our own failure, or a poisonous activity: it is kept and tried again, apart from the others (REL-18).
            tracing::warn!(%error, kind = document.kind(), "an activity failed and is queued");
            let why = error.to_string();
            app.write(move |tx| offer.keep(tx, &why)).await.map_err(|error| Refusal::Ours(error).into())
        }
    }
}

/// A proven activity on its way into the database.
struct Offer {
    room: Arc<queue::Room>,
    is_peer: bool,
    colleague: bool,
    known: Arc<super::keys::Known>,
    activity: Arc<activities::parsed::Parsed>,
    activity_uri: Option<String>,
    /// It carries a proof, which others may believe (THR-05).
    proves_itself: bool,
    hash: [u8; 32],
    body: String,
    name: Option<String>,
}

impl Offer {
    /// The whole effect, in this transaction; or the queue.
    fn apply(&self, tx: &mut Tx<'_>) -> Result<Taken> {
        let (signer, recipient) = match self.admit(tx)? {
            Ok(admitted) => admitted,
            Err(taken) => return Ok(taken),
        };
        let received = Received { signer, recipient, colleague: self.colleague, activity: self.activity.clone() };
        if !self.is_new(tx)? {
            activities::again(tx, &received)?;
            return Ok(Taken::Yes);
        }
        let signer = &received.signer;
        let day_old = tx.now.plus_seconds(-REFRESH_HOURS * 3_600);
        if signer.fetched_at.is_none_or(|at| at < day_old) {
            tx.enqueue(&Task::RefreshAccount { account: signer.id.raw() })?;
        }
        let ends = received.activity.kind == activities::parsed::Kind::Delete;
        let mut concerned = if self.proves_itself && ends { forward::concerned(tx, &received)? } else { None };
        match activities::apply(tx, &received)? {
            Outcome::Done => {}
            Outcome::Fetch => self.queue(tx, &received, 0, None)?,
        }
        if self.proves_itself && !ends {
            concerned = forward::concerned(tx, &received)?;
        }
        if let Some(author) = concerned {
            forward::forward(tx, &received, &author, &self.body)?;
        }
        Ok(Taken::Yes)
    }

    /// Only the queue: the effect failed for a reason of ours.
    fn keep(&self, tx: &mut Tx<'_>, why: &str) -> Result<Taken> {
        let (signer, recipient) = match self.admit(tx)? {
            Ok(admitted) => admitted,
            Err(taken) => return Ok(taken),
        };
        if self.is_new(tx)? {
            let received = Received { signer, recipient, colleague: self.colleague, activity: self.activity.clone() };
            self.queue(tx, &received, 1, Some(why))?;
        }
        Ok(Taken::Yes)
    }

    #[expect(clippy::type_complexity, reason = "either the two accounts, or why not")]
    fn admit(&self, tx: &mut Tx<'_>) -> Result<Result<(Account, Option<crate::id::Id<Account>>), Taken>> {
        let signer = store::accounts::load(tx.conn, self.known.account)?;
        if signer.suspended_at.is_some() {
            return Ok(Err(Taken::Suspended));
        }
        if signer.deleted_at.is_some() {
            return Ok(Err(Taken::OwnerGone));
        }
        if !self.known.is_current(&signer) {
            return Ok(Err(Taken::OldKey));
        }
        let recipient = match &self.name {
            None => None,
            Some(name) => match store::accounts::find_local(tx.conn, name)? {
                Some(row) if !near::is_near(tx.conn, row.id)? => Some(row.id),
                _ => return Ok(Err(Taken::NobodyThere)),
            },
        };
        Ok(Ok((signer, recipient)))
    }

    fn is_new(&self, tx: &mut Tx<'_>) -> Result<bool> {
        let short = self.hash.first_chunk::<16>().map_or(&self.hash[..], |short| short);
        store::inbox::remember(tx.conn, short, tx.now)
    }

    fn queue(&self, tx: &mut Tx<'_>, received: &Received, attempts: i64, error: Option<&str>) -> Result<()> {
        self.room.take(tx, uri::host(&received.signer.uri), self.is_peer)?;
        let item = store::inbox::NewItem {
            id: tx.new_id(),
            activity_uri: self.activity_uri.as_deref(),
            signer: received.signer.id,
            host: uri::host(&received.signer.uri),
            recipient: received.recipient,
            body: &self.body,
            attempts,
            run_at: tx.now.plus_millis(if attempts == 0 { 0 } else { queue::wait(attempts) }),
            error,
        };
        store::inbox::enqueue(tx.conn, &item, tx.now)?;
        tx.wake(QUEUE);
        Ok(())
    }
}
