//! Asking the authors of posts elsewhere for what they decide about (INT-13): a ReplyRequest, LikeRequest or AnnounceRequest
//! with the reply, Like or Announce in it; and answers to those that ask about posts of this node.

use super::{Draft, edited, local_post, passing_uri, send, send_to_person};
use crate::{
    Error, Result,
    domain::{
        Tx,
        interactions::{self, requests::Answer},
    },
    federation::{
        documents::audience,
        render::{activity::Activity, context::Terms},
    },
    id::Id,
    model::{self, Account, Audience as Reach, Interaction, InteractionKind, InteractionState, Post},
    store,
};
use serde_json::json;

/// The request for a reply or a boost.
pub(super) fn asked(tx: &mut Tx<'_>, id: Id<Interaction>) -> Result<()> {
    let Some(row) = store::interactions::find(tx.conn, id)? else { return Ok(()) };
    let Some(target) = store::documents::post(tx.conn, row.target_id)? else { return Ok(()) };
    let from = store::accounts::load(tx.conn, row.account_id)?;
    let author = store::accounts::load(tx.conn, target.account_id)?;
    match (row.kind, row.post_id) {
        (InteractionKind::Reply, Some(post)) => {
            let Some(whole) = local_post(tx, post)? else { return Ok(()) };
            let note = whole.note(tx.site());
            let terms = note.terms();
            let note = serde_json::to_value(&note).map_err(Error::internal)?;
            request(tx, "ReplyRequest", &row, (&from, &author), &target, note, terms, whole.post.audience)
        }
        (InteractionKind::Boost, _) => {
            let followers = tx.site().followers_uri(&from.username);
            let meant = audience(row.visibility, &followers, std::iter::once(author.uri.clone()));
            let announce = Activity::new("Announce", &row.uri, &from.uri, target.uri.as_str());
            let announce = announce.at(tx.now.rfc3339()).for_audience(meant);
            let announce = serde_json::to_value(&announce).map_err(Error::internal)?;
            request(tx, "AnnounceRequest", &row, (&from, &author), &target, announce, Terms::NONE, target.audience)
        }
        (InteractionKind::Reply, None) | (InteractionKind::Favourite, _) => Ok(()),
    }
}

/// Asks for a like, when that has to be done; false when it is to be sent as it is.
pub(super) fn like_asked(tx: &mut Tx<'_>, uri: &str, from: &Account, target: &Post, author: &Account) -> Result<bool> {
    let Some(row) = store::interactions::find_by_uri(tx.conn, uri)? else { return Ok(false) };
    if row.state != InteractionState::Pending {
        return Ok(false);
    }
    let like = Activity::new("Like", uri, &from.uri, target.uri.as_str()).to(&author.uri);
    let like = serde_json::to_value(&like).map_err(Error::internal)?;
    request(tx, "LikeRequest", &row, (from, author), target, like, Terms::NONE, Reach::Open)?;
    Ok(true)
}

#[expect(clippy::too_many_arguments, reason = "a request has that many sides")]
fn request(
    tx: &mut Tx<'_>,
    kind: &'static str,
    row: &Interaction,
    (from, author): (&Account, &Account),
    target: &Post,
    instrument: serde_json::Value,
    terms: Terms,
    reach: Reach,
) -> Result<()> {
    let uri = interactions::request_uri(row);
    let mut request = Activity::new(kind, &uri, &from.uri, target.uri.as_str()).to(author.uri.as_str());
    request.instrument = Some(instrument);
    let draft = Draft {
        id: tx.new_id::<model::Activity>().raw(),
        uri: &uri,
        account: from.id,
        kind,
        object: Some(&target.uri),
        post: row.post_id,
        reach,
        durable: true,
        json: request.document(terms | Terms::CONSENT)?,
    };
    send(tx, draft, author.inbox_url.clone().into_iter().collect())
}

/// Whoever elsewhere asked to do something to a post of this node hears whether they may.
pub(super) fn answered(tx: &mut Tx<'_>, answer: &Answer) -> Result<()> {
    let Answer { author, by, request, granted } = answer;
    let (author, by) = (store::accounts::load(tx.conn, *author)?, store::accounts::load(tx.conn, *by)?);
    let asked = match request.kind {
        InteractionKind::Reply => "ReplyRequest",
        InteractionKind::Favourite => "LikeRequest",
        InteractionKind::Boost => "AnnounceRequest",
    };
    let mut object =
        json!({"type": asked, "actor": by.uri, "object": request.object, "instrument": request.instrument});
    if let (Some(uri), Some(members)) = (&request.uri, object.as_object_mut()) {
        members.insert("id".into(), uri.as_str().into());
    }
    let kind = if granted.is_some() { "Accept" } else { "Reject" };
    let number = tx.new_id::<model::Activity>();
    let uri = passing_uri(&author.uri, kind, number);
    let stamp = granted.map(|id| tx.site().interaction_authorization_uri(&author.username, id));
    let mut said = Activity::new(kind, &uri, &author.uri, object).to(by.uri.as_str());
    said.result = stamp.as_deref();
    let json = said.document(Terms::CONSENT)?;
    send_to_person(tx, number.raw(), &uri, &author, &by, kind, request.uri.as_deref(), json)
}

/// Readers of an answer get the authorisation with it, or the answer without one that does not stand any more.
pub(super) fn settled(tx: &mut Tx<'_>, post: Id<Post>) -> Result<()> {
    edited(tx, post)
}
