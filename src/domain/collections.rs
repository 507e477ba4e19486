//! People recommend others together, under a name (FEP-7aa9). Only who wants to be found is put into one; who is of another
//! server is asked first, once for each collection, and is in it once they agree: who is taken out and put in again is not
//! asked anew. Who is in one may take themselves out, and is not put in again.

mod shown;

pub use shown::{Shown, linked};

use super::{
    Fact, Recommending, Task, Tx, audiences, interactions::arrivals::Claim, people, posts, projects::near, remote, text,
};
use crate::{
    Error, Result,
    config::Site,
    db::Conn,
    id::Id,
    limits,
    model::{Account, AccountKind, Audience, Collection, CollectionItem, ItemState},
    store, uri,
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

/// Whether somebody may be put into a collection; who is of another server is asked.
pub fn may_be_put_in(account: &Account) -> bool {
    account.discoverable
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
        uri: None,
        url: None,
        listed: None,
    };
    shape(&mut row, Shape { name: Some(wanted.name.clone().unwrap_or_default()), ..wanted })?;
    store::collections::insert(tx.conn, &row)?;
    tx.record(Fact::CollectionChanged(row.id, Recommending::Added))?;
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
    let was_shown = row.discoverable;
    shape(&mut row, wanted)?;
    row.updated_at = tx.now;
    store::collections::update(tx.conn, &row)?;
    if before != (row.name, row.description) {
        tx.record(Fact::CollectionRenamed(id))?;
    }
    let step = match (was_shown, row.discoverable) {
        (true, false) => Recommending::Removed,
        (false, true) => Recommending::Added,
        _ => Recommending::Changed,
    };
    tx.record(Fact::CollectionChanged(id, step))
}

/// Removes one.
///
/// # Errors
/// `NotFound` when there is none; `Forbidden` for somebody else's.
pub fn delete(tx: &mut Tx<'_>, owner: Id<Account>, id: Id<Collection>) -> Result<()> {
    let row = own(tx, owner, id)?;
    // Of one that is hidden nobody knows, or they were told already that it is away.
    if row.discoverable {
        tx.record(Fact::CollectionChanged(id, Recommending::Removed))?;
    }
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
    if !store::users::waiting(tx.conn, &[account])?.is_empty() {
        return Err(Error::NotFound);
    }
    let willing =
        may_be_put_in(&other) && (account == owner || !store::follows::is_blocked_either_way(tx.conn, owner, account)?);
    // Whoever could not look at it, because it stays inside, is not asked either.
    if !willing || people::directory::is_inside_only(tx.conn)? && audiences::place(tx.conn, &other)? == Audience::Open {
        return Err(Error::forbidden("This action is not allowed"));
    }
    let before = store::collections::find_item(tx.conn, id, account)?;
    if before.as_ref().is_some_and(|item| item.state != ItemState::Withdrawn) {
        return Err(Error::invalid("account_id", "taken", "Account has already been taken"));
    }
    if store::collections::places(tx.conn, id)? >= limits::COLLECTION_PEOPLE as i64 {
        let reason = format!("A collection cannot have more than {} people", limits::COLLECTION_PEOPLE);
        return Err(Error::invalid("", "too_long", reason));
    }
    row.updated_at = tx.now;
    store::collections::update(tx.conn, &row)?;
    if let Some(item) = before {
        return put_back(tx, item);
    }
    let item = CollectionItem {
        id: tx.new_id(),
        collection_id: id,
        account_id: account,
        // Who is of this node has said already whether they want to be found.
        state: if other.is_local() { ItemState::Accepted } else { ItemState::Pending },
        created_at: tx.now,
        stamp_uri: None,
        uri: None,
        checked_at: None,
    };
    store::collections::insert_item(tx.conn, &item)?;
    if other.is_local() {
        tx.record(Fact::CollectionJoined(item.id))?;
    }
    let step = if other.is_local() { Recommending::Added } else { Recommending::Asked };
    tx.record(Fact::CollectionItemChanged(item.id, step))?;
    Ok(item)
}

/// Somebody of another server who was taken out is in it as before: with what they agreed to, or waiting for their answer.
fn put_back(tx: &mut Tx<'_>, item: CollectionItem) -> Result<CollectionItem> {
    let state = if item.stamp_uri.is_some() { ItemState::Accepted } else { ItemState::Pending };
    store::collections::settle_item(tx.conn, item.id, state, item.stamp_uri.as_deref())?;
    if state == ItemState::Accepted {
        tx.record(Fact::CollectionItemChanged(item.id, Recommending::Added))?;
    }
    Ok(CollectionItem { state, ..item })
}

/// Takes somebody out.
///
/// # Errors
/// `NotFound` when they are not in it; `Forbidden` for somebody else's collection.
pub fn take_out(tx: &mut Tx<'_>, owner: Id<Account>, id: Id<Collection>, item: Id<CollectionItem>) -> Result<()> {
    own(tx, owner, id)?;
    let item = store::collections::load_item(tx.conn, id, item)?;
    match item.state {
        // Whoever took themselves out stays out.
        ItemState::Revoked | ItemState::Rejected => Ok(()),
        ItemState::Withdrawn => Err(Error::NotFound),
        ItemState::Accepted | ItemState::Pending => {
            tx.record(Fact::CollectionLeft(item.id))?;
            tx.record(Fact::CollectionItemChanged(item.id, Recommending::Removed))?;
            if store::accounts::load(tx.conn, item.account_id)?.is_local() {
                return store::collections::delete_item(tx.conn, item.id);
            }
            store::collections::settle_item(tx.conn, item.id, ItemState::Withdrawn, item.stamp_uri.as_deref())
        }
    }
}

/// The place in a collection of this node that a request is about, while the answer of `by` is awaited.
fn awaited(conn: &mut Conn, site: &Site, by: Id<Account>, request: &str) -> Result<Option<CollectionItem>> {
    let Some(id) = site.feature_requested::<CollectionItem>(request) else { return Ok(None) };
    let item = store::collections::find_item_by_id(conn, id)?;
    Ok(item.filter(|item| {
        let waits = matches!(item.state, ItemState::Pending | ItemState::Withdrawn) && item.stamp_uri.is_none();
        item.account_id == by && waits
    }))
}

/// Somebody of another server says whether they want to be in a collection of this node: the answer to the request of this
/// id. A yes counts with an authorisation on their own server, which is looked at first.
///
/// # Errors
/// Those of the database.
pub fn receive_answer(tx: &mut Tx<'_>, by: &Account, request: &str, willing: bool, stamp: Option<&str>) -> Result<()> {
    let site = tx.site();
    let Some(item) = awaited(tx.conn, site, by.id, request)? else { return Ok(()) };
    if !willing {
        return store::collections::settle_item(tx.conn, item.id, ItemState::Rejected, None);
    }
    let Some(stamp) = stamp.filter(|stamp| uri::same_authority(stamp, &by.uri)) else { return Ok(()) };
    let (object, stamp) = (request.to_owned(), stamp.to_owned());
    tx.enqueue(&Task::CheckConsent { by: by.id.raw(), object, stamp, quote: false, looks: 0 })
}

/// What the authorisation has to say that `by` agreed with to this request; none when that is over, or it is about something
/// else.
///
/// # Errors
/// Those of the database.
pub fn agreed(conn: &mut Conn, site: &Site, by: Id<Account>, request: &str, stamp: &str) -> Result<Option<Claim>> {
    let Some(item) = awaited(conn, site, by, request)? else { return Ok(None) };
    let row = store::collections::load(conn, item.collection_id)?;
    let owner = store::accounts::load(conn, row.account_id)?;
    let person = store::accounts::load(conn, by)?.uri;
    let object = site.featured_collection_uri(&owner.username, row.id);
    Ok(Some(Claim { stamp: stamp.to_owned(), author: person.clone(), object, target: person }))
}

/// It was looked at, and says so: they are in the collection. False when nothing of the kind is awaited.
///
/// # Errors
/// Those of the database.
pub fn agree(tx: &mut Tx<'_>, by: Id<Account>, request: &str, stamp: &str) -> Result<bool> {
    let site = tx.site();
    let Some(item) = awaited(tx.conn, site, by, request)? else { return Ok(false) };
    let person = store::accounts::load(tx.conn, by)?.uri;
    store::remote::lock(tx.conn, stamp)?;
    if store::remote::is_gone(tx.conn, &[stamp], &person, tx.now)? {
        return Ok(true);
    }
    // Who was taken out meanwhile is in it again without being asked anew.
    let state = if item.state == ItemState::Withdrawn { ItemState::Withdrawn } else { ItemState::Accepted };
    store::collections::settle_item(tx.conn, item.id, state, Some(stamp))?;
    if state == ItemState::Accepted {
        tx.record(Fact::CollectionItemChanged(item.id, Recommending::Added))?;
    }
    Ok(true)
}

/// Somebody of another server takes back what lets them be in a collection of this node; false when this is nothing of the
/// kind.
///
/// # Errors
/// Those of the database.
pub fn receive_revocation(tx: &mut Tx<'_>, by: &Account, stamp: &str) -> Result<bool> {
    let Some(item) = store::collections::find_item_by_stamp(tx.conn, stamp, by.id)? else { return Ok(false) };
    match item.state {
        ItemState::Accepted => tx.record(Fact::CollectionItemChanged(item.id, Recommending::Removed))?,
        ItemState::Withdrawn => {}
        ItemState::Revoked | ItemState::Pending | ItemState::Rejected => return Ok(false),
    }
    store::collections::revoke_item(tx.conn, item.id)?;
    Ok(true)
}

/// Somebody elsewhere wants to put a person of this node into a collection of theirs.
///
/// # Errors
/// Those of the database.
pub fn receive_request(tx: &mut Tx<'_>, person: &Account, by: &Account, request: &str, collection: &str) -> Result<()> {
    // Who waits for approval is nobody yet, and a project of this site alone is there for nobody elsewhere.
    let is_there = store::users::waiting(tx.conn, &[person.id])?.is_empty() && !near::is_near(tx.conn, person.id)?;
    if !person.is_local() || by.is_unavailable() || !is_there {
        return Ok(());
    }
    let outside = people::directory::is_inside_only(tx.conn)? && audiences::place(tx.conn, by)? == Audience::Open;
    let found = match outside {
        true => people::directory::is_discoverable_outside(tx.conn, person)?,
        false => people::directory::is_discoverable(tx.conn, person)?,
    };
    let willing = found
        && may_be_put_in(person)
        && !store::follows::is_blocked_either_way(tx.conn, person.id, by.id)?
        && !remote::collections::has_left(tx.conn, person.id, by, collection)?;
    let granted = match willing {
        true => {
            let id = tx.new_id::<CollectionItem>().raw();
            let granted = store::collections::authorize(tx.conn, id, person.id, by.id, collection, tx.now)?;
            remote::collections::admitted(tx, person.id, by, collection)?;
            Some(granted)
        }
        false => None,
    };
    tx.record(Fact::FeatureAnswered { person: person.id, by: by.id, request: request.to_owned(), granted })
}

/// Somebody takes themselves out: of a collection of this node, or of one of another server, which hears of it.
///
/// # Errors
/// `NotFound` when they are not in it; `Forbidden` for somebody else's place.
pub fn revoke(tx: &mut Tx<'_>, me: Id<Account>, id: Id<Collection>, item: Id<CollectionItem>) -> Result<()> {
    let item = store::collections::load_item(tx.conn, id, item)?;
    if item.account_id != me {
        return Err(Error::forbidden("This action is not allowed"));
    }
    if item.state == ItemState::Revoked {
        return Ok(());
    }
    tx.record(Fact::CollectionLeft(item.id))?;
    tx.record(Fact::CollectionItemChanged(item.id, Recommending::Removed))?;
    store::collections::revoke_item(tx.conn, item.id)
}
