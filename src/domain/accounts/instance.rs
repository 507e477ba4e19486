//! The actor of the node itself.

use crate::{
    Result,
    config::Site,
    domain::{Tx, counters},
    id::Id,
    model::{Account, AccountKind},
    store,
    time::Timestamp,
};

/// The id of its row, in every database.
pub const INSTANCE: Id<Account> = Id::new(1);

/// It, made when it is first needed; it may have no keys yet.
///
/// # Errors
/// Those of the database.
pub fn actor(tx: &mut Tx<'_>) -> Result<Account> {
    if let Some(known) = store::accounts::find(tx.conn, INSTANCE)? {
        return Ok(known);
    }
    let row = row(tx.site(), tx.now);
    store::actor_keys::insert_account(tx.conn, &row)?;
    counters::begin(tx)?;
    store::accounts::load(tx.conn, INSTANCE)
}

/// Its user name is the node's domain, which no person can have: it holds a dot or a colon, or is `localhost`.
fn row(site: &Site, now: Timestamp) -> Account {
    let uri = site.instance_actor_uri();
    Account {
        id: INSTANCE,
        handle: format!("{0}@{0}", site.domain().to_lowercase()),
        username: site.domain().to_owned(),
        domain: None,
        url: Some(site.url("/")),
        kind: AccountKind::Application,
        display_name: String::new(),
        note: String::new(),
        note_source: None,
        fields: "[]".into(),
        emojis: "[]".into(),
        avatar: None,
        avatar_remote_url: None,
        avatar_description: String::new(),
        header: None,
        header_remote_url: None,
        header_description: String::new(),
        locked: true,
        discoverable: false,
        indexable: false,
        hide_collections: true,
        show_media: true,
        show_media_replies: true,
        show_featured: true,
        memorial: false,
        inbox_url: Some(format!("{uri}/inbox")),
        shared_inbox_url: Some(site.shared_inbox_uri()),
        outbox_url: Some(format!("{uri}/outbox")),
        followers_url: None,
        following_url: None,
        featured_url: None,
        public_key_id: Some(site.instance_key_uri()),
        public_key: None,
        ed25519_key_id: None,
        ed25519_key: None,
        also_known_as: "[]".into(),
        moved_to_id: None,
        move_processed_at: None,
        posts_count: 0,
        open_posts_count: 0,
        followers_count: 0,
        following_count: 0,
        last_post_at: None,
        created_at: now,
        updated_at: now,
        fetched_at: None,
        suspended_at: None,
        suspended_by_origin: false,
        silenced_at: None,
        deleted_at: None,
        attribution_domains: "[]".into(),
        left_on: None,
        sensitized_at: None,
        uri,
    }
}
