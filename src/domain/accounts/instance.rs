//! The actor of the node itself.

use super::blank;
use crate::{
    Result,
    domain::{Tx, counters},
    id::Id,
    model::{Account, AccountKind},
    store,
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
    let row = row(tx);
    store::actor_keys::insert_account(tx.conn, &row)?;
    counters::begin(tx)?;
    store::accounts::load(tx.conn, INSTANCE)
}

/// Its user name is the node's domain, which no person can have: it holds a dot or a colon, or is `localhost`.
fn row(tx: &Tx<'_>) -> Account {
    let site = tx.site();
    let uri = site.instance_actor_uri();
    Account {
        handle: format!("{0}@{0}", site.domain().to_lowercase()),
        url: Some(site.url("/")),
        locked: true,
        discoverable: false,
        indexable: false,
        hide_collections: true,
        inbox_url: Some(format!("{uri}/inbox")),
        shared_inbox_url: Some(site.shared_inbox_uri()),
        outbox_url: Some(format!("{uri}/outbox")),
        public_key_id: Some(site.instance_key_uri()),
        uri,
        ..blank(tx, INSTANCE, site.domain().to_owned(), AccountKind::Application)
    }
}
