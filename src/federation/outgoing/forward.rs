//! Inbox forwarding (THR-05): what somebody says in a thread of this node is passed on, unchanged, to the servers that
//! follow the thread here and cannot know of it. Only what carries a proof of its actor: nobody would believe us.

use super::{Draft, send};
use crate::{
    Result,
    domain::Tx,
    federation::{
        activities::parsed::{Kind, Parsed},
        received::Received,
    },
    model::{self, Account, Audience, Post, Visibility},
    store, uri,
};

/// Whose thread of ours an activity belongs to: the author of the post that its own post answers. Asked for a Delete
/// before it has its effect, for everything else after it.
///
/// # Errors
/// Those of the database.
pub fn concerned(tx: &mut Tx<'_>, received: &Received) -> Result<Option<Account>> {
    let activity: &Parsed = &received.activity;
    if !matches!(activity.kind, Kind::Create | Kind::Update | Kind::Delete) {
        return Ok(None);
    }
    let Some(object) = &activity.object else { return Ok(None) };
    let Some(post) = store::posts::find_by_uri(tx.conn, object)?.filter(|p| p.account_id == received.signer.id) else {
        return Ok(None);
    };
    let Some(parent) = post.in_reply_to_id else { return Ok(None) };
    let parent = store::posts::load(tx.conn, parent)?;
    if !(parent.local && is_open(&post) && is_open(&parent)) {
        return Ok(None);
    }
    store::accounts::load(tx.conn, parent.account_id).map(Some)
}

fn is_open(post: &Post) -> bool {
    post.visibility <= Visibility::Unlisted && post.audience == Audience::Open
}

/// Passes the activity on, as it came, to the servers of the followers of `author`, but not to where it comes from.
///
/// # Errors
/// Those of the database.
pub fn forward(tx: &mut Tx<'_>, received: &Received, author: &Account, body: &str) -> Result<()> {
    let Some(id) = &received.activity.id else { return Ok(()) };
    let mut to = store::deliveries::follower_inboxes(tx.conn, author.id)?;
    to.retain(|inbox| !uri::same_authority(inbox, &received.signer.uri));
    let draft = Draft {
        id: tx.new_id::<model::Activity>().raw(),
        uri: id,
        account: author.id,
        // A word of its own: it is sent as it is, whatever it says.
        kind: "Forward",
        object: received.activity.object.as_deref(),
        post: None,
        reach: Audience::Open,
        durable: received.activity.kind == Kind::Delete,
        json: body.to_owned(),
    };
    send(tx, draft, to)
}
