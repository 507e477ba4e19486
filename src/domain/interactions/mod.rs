//! What authors of other servers let people do to their posts (INT-13, the interaction policies of GoToSocial): answer, like
//! and boost them. What is forbidden is refused; where the author decides, they are asked, and until they agree an answer is
//! seen by whoever wrote it alone, and a boost is not there. Quotes have rules of their own ([`super::quotes`]), which say in
//! the same words who may. Posts of this node say nothing of it: everybody may answer, like and boost what they see.
//! What arrives from other servers is in [`arrivals`], what they ask in [`requests`].

pub mod arrivals;
pub mod requests;

use super::{
    Fact, Tx,
    concierge::words,
    quotes::policy::{self, Consent, Said},
};
use crate::{
    Error, Result,
    db::Conn,
    id::Id,
    limits,
    model::{Account, Audience, Interaction, InteractionKind, InteractionPolicy, InteractionState, Post, Visibility},
    store,
};
use std::collections::BTreeMap;

/// What the author of a post of another server says; of what nothing is said everybody may do it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policies {
    /// Who may answer it.
    pub reply: Option<Said>,
    /// Who may like it.
    pub favourite: Option<Said>,
    /// Who may boost it.
    pub boost: Option<Said>,
}

/// How the id of a request ends; before that stands the id of what is asked for.
const REQUEST: &str = "#request";

/// The id of the request for a reply, Like or Announce.
pub fn request_uri(row: &Interaction) -> String {
    format!("{}{REQUEST}", row.uri)
}

/// Keeps what the author of a post says. `known`: something may have been said of it before.
///
/// # Errors
/// Those of the database.
pub fn note(tx: &mut Tx<'_>, author: &Account, post: Id<Post>, told: &Policies, known: bool) -> Result<()> {
    let bits = |said: &Option<Said>| said.as_ref().map_or(policy::OPEN, |said| policy::bits_of_remote(author, said));
    let (reply, favourite, boost) = (bits(&told.reply), bits(&told.favourite), bits(&told.boost));
    if [reply, favourite, boost].into_iter().all(policy::is_open) {
        return if known { store::interactions::delete_policy(tx.conn, post) } else { Ok(()) };
    }
    let mut people = BTreeMap::new();
    for (kind, said) in [
        (InteractionKind::Reply, &told.reply),
        (InteractionKind::Favourite, &told.favourite),
        (InteractionKind::Boost, &told.boost),
    ] {
        let named = said.iter().flat_map(|said| &said.automatic).filter(|uri| **uri != author.uri);
        people.insert(kind.as_str(), named.take(limits::MENTIONS).collect::<Vec<_>>());
    }
    let people = serde_json::to_string(&people).map_err(Error::internal)?;
    store::interactions::set_policy(tx.conn, &InteractionPolicy { post_id: post, reply, favourite, boost, people })
}

/// What somebody, of this node or another one, gets who wants to do this to a post that they see.
///
/// # Errors
/// Those of the database.
pub fn consent(conn: &mut Conn, post: &Post, kind: InteractionKind, who: &Account) -> Result<Consent> {
    if post.local || post.account_id == who.id {
        return Ok(Consent::Automatic);
    }
    let Some(said) = store::interactions::policy(conn, post.id)? else { return Ok(Consent::Automatic) };
    let bits = match kind {
        InteractionKind::Reply => said.reply,
        InteractionKind::Favourite => said.favourite,
        InteractionKind::Boost => said.boost,
    };
    if policy::is_open(bits) {
        return Ok(Consent::Automatic);
    }
    let people: BTreeMap<String, Vec<String>> = serde_json::from_str(&said.people).unwrap_or_default();
    if people.get(kind.as_str()).is_some_and(|people| people.contains(&who.uri)) {
        return Ok(Consent::Automatic);
    }
    // Who is spoken to may speak.
    if kind == InteractionKind::Reply {
        let named = store::posts::mentions(conn, post.id)?.iter().any(|m| m.account_id == who.id && !m.silent);
        if named || post.in_reply_to_account_id == Some(who.id) {
            return Ok(Consent::Automatic);
        }
    }
    let (follows, followed) = match policy::asks_relations(bits) {
        true => store::quotes::relations(conn, who.id, &[post.account_id])?,
        false => (Vec::new(), Vec::new()),
    };
    Ok(policy::said(bits, !follows.is_empty(), !followed.is_empty()))
}

/// Whether the author of a post has to be asked before somebody of this node does this to it.
///
/// # Errors
/// `Forbidden` when its author lets nobody do that, or not them.
pub fn must_ask(tx: &mut Tx<'_>, post: &Post, kind: InteractionKind, who: Id<Account>) -> Result<bool> {
    if post.local {
        return Ok(false);
    }
    let who = store::accounts::load(tx.conn, who)?;
    match consent(tx.conn, post, kind, &who)? {
        Consent::Automatic => Ok(false),
        // Somebody is named whom we cannot tell: the author's server can.
        Consent::Manual | Consent::Unknown => Ok(true),
        Consent::Denied => Err(Error::forbidden(match kind {
            InteractionKind::Reply => words::NO_ANSWER.0,
            InteractionKind::Favourite => "The author of this post does not want it to be liked",
            InteractionKind::Boost => "The author of this post does not want it to be boosted",
        })),
    }
}

/// Something is about to be done that the author of `target` has to be asked about.
///
/// # Errors
/// `Invalid` when they do not get what goes this far.
pub fn ask(
    tx: &mut Tx<'_>,
    kind: InteractionKind,
    who: Id<Account>,
    target: &Post,
    (post, uri): (Option<Id<Post>>, String),
    (visibility, audience): (Visibility, Audience),
) -> Result<Id<Interaction>> {
    let author = store::accounts::load(tx.conn, target.account_id)?;
    if super::audiences::place(tx.conn, &author)? > audience {
        return Err(Error::invalid("audience", "out_of_reach", words::ANSWER_OUT_OF_REACH.0));
    }
    let row = Interaction {
        id: tx.new_id(),
        kind,
        account_id: who,
        target_id: target.id,
        post_id: post,
        uri,
        visibility,
        state: InteractionState::Pending,
        stamp_uri: None,
        created_at: tx.now,
    };
    store::interactions::insert(tx.conn, &row)?;
    Ok(row.id)
}

/// A person takes back what they asked for, or did.
///
/// # Errors
/// Those of the database.
pub fn forget(tx: &mut Tx<'_>, who: Id<Account>, target: &Post, kind: InteractionKind) -> Result<()> {
    if target.local {
        return Ok(());
    }
    match store::interactions::standing(tx.conn, who, target.id, kind)? {
        Some(row) => store::interactions::delete(tx.conn, row.id),
        None => Ok(()),
    }
}

/// Whether an answer of this node is seen by whoever wrote it alone, because the author of what it answers has not agreed.
///
/// # Errors
/// Those of the database.
pub(super) fn waits(conn: &mut Conn, post: &Post) -> Result<bool> {
    if !post.local || post.visibility != Visibility::Direct || post.in_reply_to_id.is_none() {
        return Ok(false);
    }
    let asked = store::interactions::of_post(conn, post.id)?;
    Ok(asked.is_some_and(|asked| asked.kind == InteractionKind::Reply && asked.state != InteractionState::Accepted))
}

/// As `ask`, of a reply that is being stored, which waits.
///
/// # Errors
/// As [`ask`].
pub(super) fn begin_reply(tx: &mut Tx<'_>, post: &Post, target: &Post, wanted: Visibility) -> Result<Id<Interaction>> {
    let reply = (Some(post.id), post.uri.clone());
    ask(tx, InteractionKind::Reply, post.account_id, target, reply, (wanted, post.audience))
}

/// A person wants to boost a post whose author decides: they are asked, once.
///
/// # Errors
/// As [`ask`].
pub(super) fn begin_boost(tx: &mut Tx<'_>, booster: &Account, original: &Post, visibility: Visibility) -> Result<()> {
    let kind = InteractionKind::Boost;
    if store::interactions::standing(tx.conn, booster.id, original.id, kind)?.is_some() {
        return Ok(());
    }
    // What the boost will be called: by that the author agrees.
    let id: Id<Post> = tx.new_id();
    let uri = tx.site().post_activity_uri(&booster.username, id);
    let asked = ask(tx, kind, booster.id, original, (None, uri), (visibility, original.audience))?;
    tx.record(Fact::InteractionAsked(asked))
}
