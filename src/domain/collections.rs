//! People recommend others together, under a name. Only who wants to be found is put into one, of the people of this node;
//! who is in one may take themselves out, and is not put in again.

use super::{Fact, Tx, posts, text};
use crate::{
    Error, Result,
    id::Id,
    limits,
    model::{Account, AccountKind, Collection, CollectionItem, ItemState},
    store,
};

/// What a collection is to be; what is none stays as it is, or begins as usual.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    /// Its name.
    pub name: Option<String>,
    /// Its description, plain text.
    pub description: Option<String>,
    /// The language of both; an empty one is none.
    pub language: Option<String>,
    /// It is hidden at first.
    pub sensitive: Option<bool>,
    /// Others find it.
    pub discoverable: Option<bool>,
    /// What it is about: a hashtag; an empty one is none.
    pub tag: Option<String>,
}

/// Whether somebody may be put into a collection.
pub fn may_be_put_in(account: &Account) -> bool {
    account.is_local()
        && account.discoverable
        && account.kind != AccountKind::Service
        && account.left_on.is_none()
        && !account.is_unavailable()
}

fn shape(row: &mut Collection, shape: Shape) -> Result<()> {
    if let Some(name) = shape.name {
        let name = text::clean_input(&name).trim().to_owned();
        if name.is_empty() {
            return Err(Error::invalid("name", "blank", "Name can't be blank"));
        }
        row.name = name;
    }
    if text::characters(&row.name) > limits::COLLECTION_NAME {
        let reason = format!("Name is too long (maximum is {} characters)", limits::COLLECTION_NAME);
        return Err(Error::invalid("name", "too_long", reason));
    }
    if let Some(description) = shape.description {
        row.description = text::clean_input(&description).trim().to_owned();
    }
    if text::characters(&row.description) > limits::COLLECTION_TEXT {
        let reason = format!("Description is too long (maximum is {} characters)", limits::COLLECTION_TEXT);
        return Err(Error::invalid("description", "too_long", reason));
    }
    if let Some(language) = shape.language {
        row.language = if language.is_empty() { None } else { Some(posts::language(&language)?) };
    }
    if let Some(tag) = shape.tag {
        let tag = tag.trim().trim_start_matches('#');
        let wrong = || Error::invalid("tag_name", "invalid", "Tag is not a hashtag");
        row.tag = if tag.is_empty() { None } else { Some(text::normalize_hashtag(tag).ok_or_else(wrong)?) };
    }
    row.sensitive = shape.sensitive.unwrap_or(row.sensitive);
    row.discoverable = shape.discoverable.unwrap_or(row.discoverable);
    Ok(())
}

/// Makes one, with these people in it.
///
/// # Errors
/// `Invalid` for what the limits forbid; as [`put_in`].
pub fn create(tx: &mut Tx<'_>, owner: Id<Account>, wanted: Shape, people: &[Id<Account>]) -> Result<Id<Collection>> {
    if store::collections::count(tx.conn, owner)? >= limits::COLLECTIONS as i64 {
        return Err(Error::invalid("", "invalid", "You have reached the maximum number of collections"));
    }
    let mut row = Collection {
        id: tx.new_id(),
        account_id: owner,
        name: String::new(),
        description: String::new(),
        language: None,
        sensitive: false,
        discoverable: true,
        tag: None,
        created_at: tx.now,
        updated_at: tx.now,
    };
    shape(&mut row, Shape { name: Some(wanted.name.clone().unwrap_or_default()), ..wanted })?;
    store::collections::insert(tx.conn, &row)?;
    for account in people {
        put_in(tx, owner, row.id, *account)?;
    }
    Ok(row.id)
}

/// One of the owner's own.
///
/// # Errors
/// `NotFound` when there is none; `Forbidden` for somebody else's.
fn own(tx: &mut Tx<'_>, owner: Id<Account>, id: Id<Collection>) -> Result<Collection> {
    let row = store::collections::load(tx.conn, id)?;
    if row.account_id == owner { Ok(row) } else { Err(Error::forbidden("This action is not allowed")) }
}

/// Changes one.
///
/// # Errors
/// `NotFound` when there is none; `Forbidden` for somebody else's; `Invalid` as [`create`].
pub fn change(tx: &mut Tx<'_>, owner: Id<Account>, id: Id<Collection>, wanted: Shape) -> Result<()> {
    let mut row = own(tx, owner, id)?;
    let before = (row.name.clone(), row.description.clone());
    shape(&mut row, wanted)?;
    row.updated_at = tx.now;
    store::collections::update(tx.conn, &row)?;
    if before == (row.name, row.description) { Ok(()) } else { tx.record(Fact::CollectionChanged(id)) }
}

/// Removes one.
///
/// # Errors
/// `NotFound` when there is none; `Forbidden` for somebody else's.
pub fn delete(tx: &mut Tx<'_>, owner: Id<Account>, id: Id<Collection>) -> Result<()> {
    own(tx, owner, id)?;
    store::collections::delete(tx.conn, id)
}

/// Puts somebody in.
///
/// # Errors
/// `NotFound` when there is no such collection or account; `Forbidden` for somebody else's collection, and for who does not
/// want it; `Invalid` when they are in it already, took themselves out, or it is full.
pub fn put_in(tx: &mut Tx<'_>, owner: Id<Account>, id: Id<Collection>, account: Id<Account>) -> Result<CollectionItem> {
    let mut row = own(tx, owner, id)?;
    let other = store::accounts::load(tx.conn, account)?;
    let willing =
        may_be_put_in(&other) && (account == owner || !store::follows::is_blocked_either_way(tx.conn, owner, account)?);
    if !willing {
        return Err(Error::forbidden("This action is not allowed"));
    }
    if store::collections::find_item(tx.conn, id, account)?.is_some() {
        return Err(Error::invalid("account_id", "taken", "Account has already been taken"));
    }
    if store::collections::items(tx.conn, &[id])?.len() >= limits::COLLECTION_PEOPLE {
        let reason = format!("A collection cannot have more than {} people", limits::COLLECTION_PEOPLE);
        return Err(Error::invalid("", "too_long", reason));
    }
    let item = CollectionItem {
        id: tx.new_id(),
        collection_id: id,
        account_id: account,
        state: ItemState::Accepted,
        created_at: tx.now,
    };
    store::collections::insert_item(tx.conn, &item)?;
    row.updated_at = tx.now;
    store::collections::update(tx.conn, &row)?;
    tx.record(Fact::CollectionJoined(item.id))?;
    Ok(item)
}

/// Takes somebody out.
///
/// # Errors
/// `NotFound` when they are not in it; `Forbidden` for somebody else's collection.
pub fn take_out(tx: &mut Tx<'_>, owner: Id<Account>, id: Id<Collection>, item: Id<CollectionItem>) -> Result<()> {
    own(tx, owner, id)?;
    let item = store::collections::load_item(tx.conn, id, item)?;
    // Whoever took themselves out stays out.
    if item.state == ItemState::Revoked {
        return Ok(());
    }
    tx.record(Fact::CollectionLeft(item.id))?;
    store::collections::delete_item(tx.conn, item.id)
}

/// Somebody takes themselves out.
///
/// # Errors
/// `NotFound` when they are not in it; `Forbidden` for somebody else's place.
pub fn revoke(tx: &mut Tx<'_>, me: Id<Account>, id: Id<Collection>, item: Id<CollectionItem>) -> Result<()> {
    let item = store::collections::load_item(tx.conn, id, item)?;
    if item.account_id != me {
        return Err(Error::forbidden("This action is not allowed"));
    }
    tx.record(Fact::CollectionLeft(item.id))?;
    store::collections::revoke_item(tx.conn, item.id)
}
