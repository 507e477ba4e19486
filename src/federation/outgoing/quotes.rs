//! Quotes with consent (FEP-044f): asking, answering, and taking back.

use super::{Draft, edited, inboxes, local_post, passing_uri, send, send_to_person};
use crate::{
    Result,
    domain::Tx,
    federation::render::{PUBLIC, activity::Activity, context::Terms, post::QuoteAuthorization},
    id::Id,
    model::{self, Account, Post, Quote, QuoteState, Visibility},
    store,
};
use serde_json::{Value, json};

/// The QuoteRequest of a post, to the author of what it quotes; with the post, which they may not be able to fetch.
pub(super) fn asked(tx: &mut Tx<'_>, post: Id<Post>) -> Result<()> {
    let (Some(quote), Some(whole)) = (store::quotes::find(tx.conn, post)?, local_post(tx, post)?) else {
        return Ok(());
    };
    let (Some(author), Some(uri)) = (quote.quoted_account_id, &quote.request_uri) else { return Ok(()) };
    let author = store::accounts::load(tx.conn, author)?;
    let note = whole.note(tx.site());
    let terms = note.terms() | Terms::QUOTE;
    let note = serde_json::to_value(&note).map_err(crate::Error::internal)?;
    let mut request =
        Activity::new("QuoteRequest", uri, &whole.author.uri, quote.quoted_uri.as_str()).to(author.uri.as_str());
    request.instrument = Some(note);
    let draft = Draft {
        id: tx.new_id::<model::Activity>().raw(),
        uri,
        account: whole.author.id,
        kind: "QuoteRequest",
        object: Some(&quote.quoted_uri),
        post: Some(post),
        reach: whole.post.audience,
        durable: true,
        json: request.document(terms)?,
    };
    send(tx, draft, author.inbox_url.clone().into_iter().collect())
}

/// The request that is answered, as it was sent.
fn request(uri: Option<&str>, by: &str, object: &str, instrument: &str) -> Value {
    let mut request = json!({"type": "QuoteRequest", "actor": by, "object": object, "instrument": instrument});
    if let (Some(uri), Some(members)) = (uri, request.as_object_mut()) {
        members.insert("id".into(), uri.into());
    }
    request
}

/// A quote stands: whoever asked for it gets the authorisation, and readers of a post of ours get it with the post.
pub(super) fn accepted(tx: &mut Tx<'_>, id: Id<Post>) -> Result<()> {
    let Some(Quote { quoted_uri, quoted_account_id: Some(author), stamp_uri: Some(stamp), request_uri, .. }) =
        store::quotes::find(tx.conn, id)?
    else {
        return Ok(());
    };
    let post = store::posts::load(tx.conn, id)?;
    let author = store::accounts::load(tx.conn, author)?;
    match (post.local, author.is_local(), request_uri) {
        (true, false, _) => edited(tx, id),
        (false, true, Some(asked)) => {
            let by = store::accounts::load(tx.conn, post.account_id)?;
            let number = tx.new_id::<model::Activity>();
            let uri = passing_uri(&author.uri, "Accept", number);
            let object = request(Some(&asked), &by.uri, &quoted_uri, &post.uri);
            let mut accept = Activity::new("Accept", &uri, &author.uri, object).to(by.uri.as_str());
            accept.result = Some(&stamp);
            let json = accept.document(Terms::QUOTE)?;
            send_to_person(tx, number.raw(), &uri, &author, &by, "Accept", Some(&asked), json)
        }
        _ => Ok(()),
    }
}

/// Reject of a QuoteRequest of which nothing is kept.
pub(super) fn refused(
    tx: &mut Tx<'_>,
    author: Id<Account>,
    by: Id<Account>,
    asked: Option<&str>,
    object: &str,
    instrument: &str,
) -> Result<()> {
    let (author, by) = (store::accounts::load(tx.conn, author)?, store::accounts::load(tx.conn, by)?);
    let number = tx.new_id::<model::Activity>();
    let uri = passing_uri(&author.uri, "Reject", number);
    let object = request(asked, &by.uri, object, instrument);
    let json = Activity::new("Reject", &uri, &author.uri, object).to(by.uri.as_str()).document(Terms::QUOTE)?;
    send_to_person(tx, number.raw(), &uri, &author, &by, "Reject", asked, json)
}

/// A quote is over: a post of ours goes out without it, and an authorisation of ours is deleted where it may be known.
pub(super) fn ended(tx: &mut Tx<'_>, id: Id<Post>) -> Result<()> {
    let Some(quote) = store::quotes::find(tx.conn, id)? else { return Ok(()) };
    let post = store::posts::load(tx.conn, id)?;
    if post.local {
        edited(tx, id)?;
    }
    match (quote.state, quote.quoted_account_id, quote.stamp_uri) {
        (QuoteState::Revoked, Some(author), Some(stamp)) => {
            let author = store::accounts::load(tx.conn, author)?;
            if author.is_local() { revoked(tx, &post, &author, &stamp, &quote.quoted_uri) } else { Ok(()) }
        }
        _ => Ok(()),
    }
}

/// Delete of an authorisation: to the author of the quoting post, and to those who may have got that or the quoted one
/// (QUO-06). Who is told of a post that is not for everybody got it.
fn revoked(tx: &mut Tx<'_>, post: &Post, author: &Account, stamp: &str, quoted: &str) -> Result<()> {
    let by = store::accounts::load(tx.conn, post.account_id)?;
    let mut to: Vec<String> = by.inbox_url.iter().filter(|_| !by.is_local()).cloned().collect();
    let open = post.visibility <= Visibility::Unlisted;
    if open {
        to.extend(store::deliveries::follower_inboxes(tx.conn, author.id)?);
        to.extend(store::deliveries::involved_inboxes(tx.conn, post.id)?);
    }
    if let Some(whole) = local_post(tx, post.id)? {
        to.extend(inboxes(tx, &whole)?);
    }
    let uri = format!("{stamp}#delete");
    let object = QuoteAuthorization::new(stamp, &author.uri, &post.uri, quoted);
    let delete = Activity::new("Delete", &uri, &author.uri, object);
    let draft = Draft {
        id: tx.new_id::<model::Activity>().raw(),
        uri: &uri,
        account: author.id,
        kind: "Delete",
        object: Some(stamp),
        post: Some(post.id),
        reach: post.audience,
        durable: true,
        json: delete.to(if open { PUBLIC } else { by.uri.as_str() }).document(Terms::QUOTE)?,
    };
    send(tx, draft, to)
}
