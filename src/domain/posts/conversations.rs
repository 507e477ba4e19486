//! Direct messages, grouped by thread for each local reader.

use super::super::{Event, EventKind, Tx};
use crate::{
    Result,
    id::Id,
    model::{Account, Conversation, Post},
    store,
};

/// A direct post was stored: it becomes the newest of its conversation for its author and everybody addressed here.
pub(super) fn touch(tx: &mut Tx<'_>, post: &Post, mentions: &[(Id<Account>, bool)], fresh: bool) -> Result<()> {
    let mut people: Vec<Id<Account>> = vec![post.account_id];
    people.extend(mentions.iter().map(|(account, _)| *account).filter(|a| *a != post.account_id));
    people.dedup();
    let accounts = store::accounts::list(tx.conn, &people)?;
    for reader in accounts.iter().filter(|a| a.is_local()) {
        let others: Vec<i64> = people.iter().filter(|p| **p != reader.id).map(|p| p.raw()).collect();
        let row = Conversation {
            id: tx.new_id(),
            account_id: reader.id,
            conversation_id: post.conversation_id,
            last_post_id: post.id,
            unread: reader.id != post.account_id,
            hidden: false,
            participants: serde_json::json!(others).to_string(),
            updated_at: tx.now,
        };
        if let Some(id) = store::conversations::touch(tx.conn, &row)?.filter(|_| fresh) {
            tx.announce(Event { home: [reader.id].into(), streams: Vec::new(), what: EventKind::Conversation(id) });
        }
    }
    Ok(())
}

/// A direct post is about to go: the one before it becomes the newest, or the conversation goes.
pub(super) fn forget(tx: &mut Tx<'_>, post: &Post) -> Result<()> {
    store::conversations::step_back(tx.conn, post.conversation_id, post.id)
}
