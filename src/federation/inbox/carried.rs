//! Activities that somebody else carries here: forwarded answers, posts of groups (AUTH-13). The request proves the
//! carrier, who is charged for it; the document's own proof (FEP-8b32) proves its actor. It has its effect as if it had
//! come to the shared inbox: to whose inbox it was carried says nothing about its actor's will. Without a proof it is a hint:
//! what it says about a post that matters here, or a relay's that there is one, is asked of that post's own server.

use super::{Document, Stranger, Taken, Turned, stranger, take};
use crate::{
    app::App,
    crypto::{
        KeyKind,
        integrity::{self, Unproven},
    },
    db::Conn,
    domain::Task,
    federation::{
        admit,
        proof::{self, Claims, Prover, Refusal},
        signatures::Reject,
    },
    store,
    time::Timestamp,
    uri,
};
use axum::http::StatusCode;
use serde_json::Value;

/// How old a proof may be. Seconds. Ids are remembered as long, so that nothing has its effect twice.
const AGE: i64 = 30 * 24 * 3_600;
/// How far its date may lie ahead, as with signatures of requests. Seconds.
const AHEAD: i64 = 3_600;

/// Takes in what the proof of its actor covers.
pub(super) async fn deliver(
    app: &App,
    prover: &Prover,
    claims: &Claims,
    document: &Document,
    body: &[u8],
) -> Result<(), Turned> {
    let hint = hint(app, claims, document).await?;
    if document.json.get("proof").is_null()
        && let Some(hint) = hint
    {
        let carrier = carrier(app, prover, claims, document).await?;
        tracing::debug!(carrier = uri::host(&carrier), kind = document.kind(), "carried without a proof");
        return match hint {
            Hint::Ask(task) => ask(app, task).await,
            Hint::Nothing => Ok(()),
        };
    }
    let (proven, method) = readable(document, body, app.clock().now())?;
    let (rules, host) = (app.net().rules(), uri::host(&document.actor));
    carrier(app, prover, claims, document).await?;
    match stranger(app, document).await? {
        Stranger::Welcome => {}
        Stranger::Forget => return Ok(()),
        Stranger::Suspended => return Err(Refusal::Host.into()),
        Stranger::Gone => return Err(Refusal::OwnerGone.into()),
    }
    let text = std::str::from_utf8(body).map_err(|_| Turned::Shape(StatusCode::BAD_REQUEST, "not UTF-8"))?;
    let mut again = false;
    // Twice: the row may have got another key since it was parsed, or its owner a new one.
    for _ in 0..2 {
        let (known, is_new) = prover.key_of_proof(app, claims, &method, again).await?;
        // The owner's own document lists this key: whose it is, nobody else can say (AUTH-09).
        if *known.actor != document.actor || known.key.kind() != KeyKind::Ed25519 {
            return Err(Refusal::NotTheActor.into());
        }
        match integrity::verify(&proven, &known.key, app.clock().now()) {
            Ok(()) => {}
            Err(Unproven::Signature) if !again && !is_new => {
                again = true;
                continue;
            }
            Err(Unproven::Expired) => return Err(Reject::Expired.into()),
            Err(Unproven::Signature) => return Err(Reject::Signature.into()),
            Err(Unproven::Missing | Unproven::Malformed) => return Err(Reject::Malformed.into()),
        }
        if admit::drops_reports(&rules, &document.json, host) {
            return Ok(());
        }
        match take(app, known.clone(), document, text.to_owned(), None).await? {
            Taken::Yes | Taken::NobodyThere => {
                // Its author says so, which makes it nothing that matters here; that a relay carries it does.
                return match hint {
                    Some(Hint::Ask(task @ Task::FetchPost { .. })) => ask(app, task).await,
                    _ => Ok(()),
                };
            }
            Taken::Suspended => return Err(Refusal::Host.into()),
            Taken::OwnerGone => return Err(Refusal::OwnerGone.into()),
            Taken::OldKey => prover.forget(&known),
        }
    }
    Err(Refusal::KeyAway.into())
}

/// Proves who carries it, and charges them; answers who it is.
async fn carrier(app: &App, prover: &Prover, claims: &Claims, document: &Document) -> Result<String, Turned> {
    if app.site().owns_str(&document.actor) {
        return Err(Refusal::NotTheActor.into());
    }
    app.net().rules().standing(uri::host(&document.actor)).admitted.map_err(|_| Refusal::Host)?;
    if proof::is_revoked(app, &document.actor) {
        return Err(Refusal::Revoked.into());
    }
    let carrier = prover.prove(app, claims).await?;
    if !proof::is_welcome(app, &carrier).await? {
        prover.forget(&carrier);
        return Err(Refusal::KeyAway.into());
    }
    prover.charge(app, uri::host(&carrier.actor))?;
    proof::spoke(app, &carrier.actor);
    Ok((*carrier.actor).to_owned())
}

/// What comes of what is carried without a proof.
enum Hint {
    /// The post's own server is asked.
    Ask(Task),
    /// A relay carries whatever it is sent: what says nothing to us is no fault of its.
    Nothing,
}

async fn ask(app: &App, task: Task) -> Result<(), Turned> {
    app.write(move |tx| tx.enqueue(&task)).await.map_err(|error| Refusal::Ours(error).into())
}

/// What is to be asked of the post's own server, when what is carried is about a post of its actor that is known here, or
/// that is said to answer one; or when a relay carries it. A neighbour has nothing to carry: their server would have sent it.
async fn hint(app: &App, claims: &Claims, document: &Document) -> Result<Option<Hint>, Turned> {
    if claims.key_ids().any(|key_id| uri::same_authority(key_id, &document.actor)) {
        return Ok(None);
    }
    let (gone, is_new) = (document.json.is_a("Delete"), document.json.is_a("Create"));
    let says = gone || is_new || document.json.is_a("Update");
    let object = document.json.one("object");
    let about = object.as_uri().filter(|uri| *uri != document.actor);
    let own = about.clone().filter(|uri| says && uri::same_authority(uri, &document.actor));
    let parent = object.uri("inReplyTo").filter(|_| !gone);
    // A relay is there to say that a post exists (COLL-07), its author's or what somebody boosts.
    let news = if document.json.is_a("Announce") { about } else { own.clone().filter(|_| is_new) };
    let carriers: Vec<String> = claims.key_ids().map(|key_id| uri::authority(key_id).to_owned()).collect();
    let instance = app.site().instance_actor_uri();
    let hint = app.glance(move |conn| {
        let is_here = |conn: &mut Conn, uri: &str| store::posts::find_by_uri(conn, uri).map(|found| found.is_some());
        if let Some(uri) = own {
            let known = is_here(conn, &uri)?;
            if known && is_new {
                return Ok(Some(Hint::Nothing));
            }
            let matters = known
                || match parent {
                    Some(parent) => is_here(conn, &parent)?,
                    None => false,
                };
            if matters {
                return Ok(Some(Hint::Ask(Task::ReadCarried { uri, gone })));
            }
        }
        if !store::remote::is_relay_at(conn, &instance, &carriers)? {
            return Ok(None);
        }
        Ok(Some(match news {
            Some(uri) if !is_here(conn, &uri)? => Hint::Ask(Task::FetchPost { uri }),
            _ => Hint::Nothing,
        }))
    });
    Ok(hint.await.map_err(Refusal::Ours)?)
}

impl From<Reject> for Turned {
    fn from(reject: Reject) -> Self {
        Self::Refusal(reject.into())
    }
}

/// What the proof is about, and where its key is: judged by the document alone, before anything is asked for.
fn readable(document: &Document, body: &[u8], now: Timestamp) -> Result<(Value, String), Turned> {
    let not_the_actor = || Turned::from(Refusal::NotTheActor);
    // One without an id could come again with a blank more, as another one.
    document.id.as_ref().ok_or_else(not_the_actor)?;
    let mut value: Value = serde_json::from_slice(body).map_err(|_| not_the_actor())?;
    let method = integrity::method(&value).and_then(uri::normalize).ok_or_else(not_the_actor)?;
    if !uri::same_authority(&method, &document.actor) {
        return Err(not_the_actor());
    }
    let created = integrity::created(&value).ok_or(Reject::Malformed)?;
    if created < now.plus_seconds(-AGE) {
        return Err(Reject::Stale.into());
    }
    if created > now.plus_seconds(AHEAD) {
        return Err(Reject::Future.into());
    }
    // Senders add a linked-data signature after the proof; it proves nothing here (AUTH-14).
    if let Some(members) = value.as_object_mut() {
        members.remove("signature");
    }
    Ok((value, method))
}
