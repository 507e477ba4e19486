//! What reaches us from other servers: people and posts that live elsewhere. The input is free of their formats
//! ([`RemoteActor`], [`RemotePost`]) and already clean; who may say it has been decided by
//! `federation::activities::authorize_activity`. These operations decide what it means here.

mod actors;
pub mod collections;
mod input;
mod moves;
pub mod outbox;
mod posts;
mod reactions;
pub mod threads;

pub use actors::{
    delete_actor, is_profile_only, names, purge_some, save_actor, show_moved, update_profile, went_somewhere,
};
pub use input::*;
pub use moves::{carry_followers, receive_move};
pub use posts::{Arrival, Deletion, delete_moderated, delete_post, let_go, receive_post, update_post, visibility};
pub use reactions::{
    Announced, Named, may_pin, receive_boost, receive_dislike, receive_flag, receive_like, receive_pin, receive_pins,
    undo, undo_known,
};

use super::Tx;
use crate::{Result, store};

/// How long an id is remembered whose Delete or Undo came first (DEL-03, INT-09). Hours.
const REMEMBERED_HOURS: i64 = 6;

/// Remembers that `actor` ended something that never came; only for ids of its own server.
fn remember(tx: &mut Tx<'_>, uri: &str, actor: &str) -> Result<()> {
    if crate::uri::same_authority(uri, actor) {
        let until = tx.now.plus_seconds(REMEMBERED_HOURS * 3600);
        store::remote::remember_gone(tx.conn, uri, actor, tx.now, until)?;
    }
    Ok(())
}
