//! Collections of people of other servers (FEP-7aa9, COLL-06): what their servers say of them is kept, and somebody is in one
//! once it was seen that they agreed. People of this node who let themselves be put into one are in it as soon as it is known.

use crate::{
    Result,
    db::Conn,
    domain::{Fact, Task, Tx},
    id::Id,
    limits,
    model::{Account, Collection, CollectionItem, ItemState},
    store::{self, collections as rows},
    time::Timestamp,
    uri,
};
use serde::{Deserialize, Serialize};

/// Seconds between two readings because somebody here looks.
const AGAIN_SECONDS: i64 = 3_600;
/// Seconds after which an authorisation is looked at again.
const CHECKED_SECONDS: i64 = 86_400;

/// A collection, as its own server has it. Its markup is clean and every address normalised.
#[derive(Clone, Debug)]
pub struct RemoteCollection {
    /// Its id.
    pub uri: String,
    /// Whose it is.
    pub owner: String,
    /// Its page.
    pub url: Option<String>,
    /// Its name; plain text.
    pub name: String,
    /// Its description; clean HTML.
    pub description: String,
    /// The language of both.
    pub language: Option<String>,
    /// It is hidden at first.
    pub sensitive: bool,
    /// Others find it.
    pub discoverable: bool,
    /// Normal name of a hashtag.
    pub tag: Option<String>,
    /// When it was made, as claimed.
    pub published: Option<Timestamp>,
    /// Who is in it; none when the document does not say.
    pub places: Option<Vec<RemotePlace>>,
}

/// Somebody in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemotePlace {
    /// Its id.
    pub uri: String,
    /// Who it is; none when only the place is named, which has to be read for that.
    pub person: Option<String>,
    /// What says that they agreed.
    pub stamp: Option<String>,
}

/// What an activity brings along of them.
#[derive(Clone, Debug)]
pub enum Recommended {
    /// A whole collection.
    Collection(Box<RemoteCollection>),
    /// Somebody in one.
    Place(RemotePlace),
}

/// The places that its server lists.
fn listed(row: &Collection) -> Vec<RemotePlace> {
    row.listed.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
}

fn written(places: &[RemotePlace]) -> Option<String> {
    serde_json::to_string(places).ok()
}

/// One of the owner's own.
fn own(conn: &mut Conn, owner: &Account, uri: &str) -> Result<Option<Collection>> {
    Ok(rows::find_by_uri(conn, uri)?.filter(|row| row.account_id == owner.id))
}

/// Its owner's server says what it is and who is in it: one that is new, or changed. Whom it does not list any more is not in
/// it any more.
///
/// # Errors
/// Those of the database.
pub fn receive(tx: &mut Tx<'_>, owner: &Account, told: &RemoteCollection) -> Result<()> {
    if owner.is_local() || owner.is_unavailable() || told.owner != owner.uri || told.name.is_empty() {
        return Ok(());
    }
    if !uri::same_authority(&told.uri, &owner.uri) {
        return Ok(());
    }
    store::remote::lock(tx.conn, &told.uri)?;
    let known = rows::find_by_uri(tx.conn, &told.uri)?;
    if known.as_ref().is_some_and(|row| row.account_id != owner.id) {
        return Ok(());
    }
    if known.is_none() && rows::count(tx.conn, owner.id)? >= limits::REMOTE_COLLECTIONS as i64 {
        return Ok(());
    }
    let before = known.clone();
    let mut row = known.unwrap_or_else(|| Collection {
        id: tx.new_id(),
        account_id: owner.id,
        name: String::new(),
        description: String::new(),
        language: None,
        sensitive: false,
        discoverable: true,
        tag: None,
        created_at: told.published.unwrap_or(tx.now).min(tx.now),
        updated_at: tx.now,
        uri: Some(told.uri.clone()),
        url: None,
        listed: None,
    });
    row.name.clone_from(&told.name);
    row.description.clone_from(&told.description);
    row.language.clone_from(&told.language);
    row.sensitive = told.sensitive;
    row.discoverable = told.discoverable;
    row.tag.clone_from(&told.tag);
    row.url.clone_from(&told.url);
    if let Some(places) = &told.places {
        row.listed = written(places);
    }
    row.updated_at = match &before {
        Some(before) if looks_alike(before, &row) => before.updated_at,
        _ => tx.now,
    };
    match &before {
        None => rows::insert(tx.conn, &row)?,
        Some(_) => rows::update(tx.conn, &row)?,
    }
    if let Some(places) = &told.places {
        for item in rows::all_items(tx.conn, row.id)? {
            let named = item.uri.as_ref().is_none_or(|uri| places.iter().any(|place| place.uri == *uri));
            if !named {
                take_off(tx, item)?;
            }
        }
    }
    for person in rows::agreed(tx.conn, owner.id, &told.uri, limits::REMOTE_COLLECTION_PEOPLE as i64)? {
        seat(tx, &row, person, None, false)?;
    }
    place_all(tx, &row)?;
    let is_renamed = |before: &Collection| (&before.name, &before.description) != (&row.name, &row.description);
    if before.as_ref().is_some_and(is_renamed) {
        tx.record(Fact::CollectionRenamed(row.id))?;
    }
    Ok(())
}

/// Nothing makes it another one than before.
fn looks_alike(a: &Collection, b: &Collection) -> bool {
    (&a.name, &a.description, &a.language, &a.tag) == (&b.name, &b.description, &b.language, &b.tag)
        && (a.sensitive, a.discoverable, &a.listed) == (b.sensitive, b.discoverable, &b.listed)
}

/// Those of this node whom it lists get their places, where they agreed; of the others is looked at whether they did.
fn place_all(tx: &mut Tx<'_>, row: &Collection) -> Result<()> {
    let site = tx.site();
    for place in listed(row) {
        let Some(person) = place.person.as_deref().filter(|person| site.owns_str(person)) else { continue };
        let Some(account) = store::accounts::find_by_uri(tx.conn, person)? else { continue };
        let collection = row.uri.as_deref().unwrap_or_default();
        if rows::is_authorized(tx.conn, account.id, row.account_id, collection)? {
            seat(tx, row, account.id, Some(&place.uri), true)?;
        }
    }
    // What people of this node agreed to is known here.
    let ours = |place: &RemotePlace| place.person.as_deref().is_some_and(|person| site.owns_str(person));
    let waits = open(tx.conn, row, tx.now)?.iter().any(|place| !ours(place));
    if waits { tx.enqueue(&Task::CheckPlaces { collection: row.id.raw() }) } else { Ok(()) }
}

/// A person of this node who agreed to be in this collection is in it, unless they took themselves out; `anew`: whether its
/// owner took them out or not. `place`: what its server calls their place, where it lists them.
fn seat(tx: &mut Tx<'_>, row: &Collection, person: Id<Account>, place: Option<&str>, anew: bool) -> Result<()> {
    let uri = place.map(str::to_owned);
    match rows::find_item(tx.conn, row.id, person)? {
        None => {
            let item = CollectionItem {
                id: tx.new_id(),
                collection_id: row.id,
                account_id: person,
                state: ItemState::Accepted,
                created_at: tx.now,
                stamp_uri: None,
                uri,
                checked_at: None,
            };
            rows::insert_item(tx.conn, &item)?;
            tx.record(Fact::CollectionJoined(item.id))
        }
        Some(item) if item.state == ItemState::Withdrawn && anew => {
            let item = CollectionItem { state: ItemState::Accepted, uri, ..item };
            rows::renew_item(tx.conn, &item)?;
            tx.record(Fact::CollectionJoined(item.id))
        }
        Some(item) if uri.is_some() && item.uri != uri => rows::renew_item(tx.conn, &CollectionItem { uri, ..item }),
        Some(_) => Ok(()),
    }
}

/// A person of this node lets `by` put them into this collection of theirs. What is not known yet is read.
///
/// # Errors
/// Those of the database.
pub fn admitted(tx: &mut Tx<'_>, person: Id<Account>, by: &Account, collection: &str) -> Result<()> {
    match rows::find_by_uri(tx.conn, collection)? {
        Some(row) if row.account_id == by.id => seat(tx, &row, person, None, true),
        Some(_) => Ok(()),
        None => tx.enqueue(&Task::ReadCollection { account: by.id.raw(), uri: collection.to_owned() }),
    }
}

/// Whether a person of this node took themselves out of this collection of `by`.
///
/// # Errors
/// Those of the database.
pub fn has_left(conn: &mut Conn, person: Id<Account>, by: &Account, collection: &str) -> Result<bool> {
    let Some(row) = own(conn, by, collection)? else { return Ok(false) };
    Ok(rows::find_item(conn, row.id, person)?.is_some_and(|item| item.state == ItemState::Revoked))
}

/// Somebody is put into a collection of `owner`.
///
/// # Errors
/// Those of the database.
pub fn receive_place(tx: &mut Tx<'_>, owner: &Account, collection: &str, place: &RemotePlace) -> Result<()> {
    if !uri::same_authority(collection, &owner.uri) || !uri::same_authority(&place.uri, &owner.uri) {
        return Ok(());
    }
    store::remote::lock(tx.conn, collection)?;
    let Some(mut row) = rows::find_by_uri(tx.conn, collection)? else {
        return tx.enqueue(&Task::ReadCollection { account: owner.id.raw(), uri: collection.to_owned() });
    };
    if row.account_id != owner.id {
        return Ok(());
    }
    let mut places = listed(&row);
    if let Some(known) = places.iter_mut().find(|known| known.uri == place.uri) {
        known.clone_from(place);
    } else if places.len() < limits::REMOTE_COLLECTION_PEOPLE {
        places.push(place.clone());
    } else {
        return Ok(());
    }
    row.listed = written(&places);
    row.updated_at = tx.now;
    rows::update(tx.conn, &row)?;
    place_all(tx, &row)
}

/// `owner` takes a collection of theirs away, or somebody out of one; false when this is nothing of the kind. `target` is the
/// collection that somebody is taken out of, where it is said.
///
/// # Errors
/// Those of the database.
pub fn receive_removal(tx: &mut Tx<'_>, owner: &Account, object: &str, target: Option<&str>) -> Result<bool> {
    if let Some(row) = own(tx.conn, owner, object)? {
        rows::delete(tx.conn, row.id)?;
        return Ok(true);
    }
    let mut known = false;
    for item in rows::items_by_uri(tx.conn, owner.id, object)? {
        let row = rows::load(tx.conn, item.collection_id)?;
        if target.is_some_and(|target| row.uri.as_deref() != Some(target)) {
            continue;
        }
        known = true;
        unlist(tx, row, object)?;
        take_off(tx, item)?;
    }
    // Of whom it was not seen yet that they agreed.
    if let Some(target) = target.filter(|_| !known)
        && let Some(row) = own(tx.conn, owner, target)?
    {
        known = true;
        unlist(tx, row, object)?;
    }
    Ok(known)
}

/// Its server does not list this place any more.
fn unlist(tx: &mut Tx<'_>, mut row: Collection, place: &str) -> Result<()> {
    let mut places = listed(&row);
    let before = places.len();
    places.retain(|known| known.uri != place);
    if places.len() == before {
        return Ok(());
    }
    row.listed = written(&places);
    row.updated_at = tx.now;
    rows::update(tx.conn, &row)
}

/// Somebody is in a collection no more. Whoever of this node is taken out and put in again is not asked anew, and whoever took
/// themselves out stays out.
fn take_off(tx: &mut Tx<'_>, item: CollectionItem) -> Result<()> {
    if item.state != ItemState::Accepted {
        return Ok(());
    }
    tx.record(Fact::CollectionLeft(item.id))?;
    if store::accounts::load(tx.conn, item.account_id)?.is_local() {
        return rows::renew_item(tx.conn, &CollectionItem { state: ItemState::Withdrawn, ..item });
    }
    rows::delete_item(tx.conn, item.id)
}

/// These are all the collections that `owner` lists: the others are gone.
///
/// # Errors
/// Those of the database.
pub fn receive_all(tx: &mut Tx<'_>, owner: &Account, named: &[String]) -> Result<()> {
    for uri in rows::uris(tx.conn, owner.id)? {
        if named.contains(&uri) {
            continue;
        }
        // One that others shall not find is on no list; it is there as long as its server does not say otherwise.
        if let Some(row) = own(tx.conn, owner, &uri)?.filter(|row| row.discoverable) {
            rows::delete(tx.conn, row.id)?;
        }
    }
    Ok(())
}

/// The places of a collection of which it has to be looked at whether somebody agreed.
fn open(conn: &mut Conn, row: &Collection, now: Timestamp) -> Result<Vec<RemotePlace>> {
    let mut places = listed(row);
    let known = rows::all_items(conn, row.id)?;
    let day_old = now.plus_seconds(-CHECKED_SECONDS);
    places.retain(|place| {
        let item = known.iter().find(|item| item.uri.as_ref() == Some(&place.uri));
        // Not asked again: what was seen today, and what somebody took back.
        item.is_none_or(|item| {
            let is_old = item.state != ItemState::Revoked && item.checked_at.is_none_or(|at| at < day_old);
            is_old || place.stamp.is_some() && place.stamp != item.stamp_uri
        })
    });
    Ok(places)
}

/// A collection with those of its places that have to be looked at; none when it is gone, or its owner is.
///
/// # Errors
/// Those of the database.
pub fn unchecked(
    conn: &mut Conn,
    id: Id<Collection>,
    now: Timestamp,
) -> Result<Option<(Account, Collection, Vec<RemotePlace>)>> {
    let Some(row) = rows::several(conn, &[id])?.into_iter().next().filter(|row| row.uri.is_some()) else {
        return Ok(None);
    };
    let owner = store::accounts::load(conn, row.account_id)?;
    if owner.is_unavailable() {
        return Ok(None);
    }
    let places = open(conn, &row, now)?;
    Ok(Some((owner, row, places)))
}

/// It was looked at whether `person` agreed to this place, as `place` names it. `as_listed`: as its server lists it.
///
/// # Errors
/// Those of the database.
pub fn checked(
    tx: &mut Tx<'_>,
    id: Id<Collection>,
    (as_listed, place): (&RemotePlace, &RemotePlace),
    person: &Account,
    genuine: bool,
) -> Result<()> {
    let Some(stamp) = &place.stamp else { return Ok(()) };
    store::remote::lock(tx.conn, stamp)?;
    let Some(row) = rows::several(tx.conn, &[id])?.into_iter().next() else { return Ok(()) };
    // It may have changed meanwhile.
    if !listed(&row).contains(as_listed) {
        return Ok(());
    }
    let genuine = genuine && !store::remote::is_gone(tx.conn, &[stamp.as_str()], &person.uri, tx.now)?;
    match rows::find_item(tx.conn, id, person.id)? {
        Some(item) if !genuine && item.uri.as_ref() == Some(&place.uri) => take_off(tx, item),
        _ if !genuine => Ok(()),
        Some(item) if item.state == ItemState::Revoked && item.stamp_uri.as_ref() == Some(stamp) => Ok(()),
        Some(item) => rows::renew_item(
            tx.conn,
            &CollectionItem {
                state: ItemState::Accepted,
                stamp_uri: Some(stamp.clone()),
                uri: Some(place.uri.clone()),
                checked_at: Some(tx.now),
                ..item
            },
        ),
        None => {
            let item = CollectionItem {
                id: tx.new_id(),
                collection_id: id,
                account_id: person.id,
                state: ItemState::Accepted,
                created_at: tx.now,
                stamp_uri: Some(stamp.clone()),
                uri: Some(place.uri.clone()),
                checked_at: Some(tx.now),
            };
            rows::insert_item(tx.conn, &item)
        }
    }
}

/// Whether the collections of this account should be read when somebody here looks at them: it lives elsewhere, and they were
/// not within an hour.
///
/// # Errors
/// Those of the database.
pub fn due(conn: &mut Conn, account: Id<Account>, now: Timestamp) -> Result<bool> {
    let known = store::accounts::find(conn, account)?;
    if known.is_none_or(|account| account.is_local() || account.is_unavailable()) {
        return Ok(false);
    }
    Ok(!rows::was_read_since(conn, account, now.plus_seconds(-AGAIN_SECONDS))?)
}

/// Somebody here looks at the collections of an account elsewhere: they are read in the background, once an hour.
///
/// # Errors
/// Those of the database.
pub fn look(tx: &mut Tx<'_>, account: Id<Account>) -> Result<()> {
    let before = tx.now.plus_seconds(-AGAIN_SECONDS);
    match rows::claim_reading(tx.conn, account, before, tx.now)? {
        true => tx.enqueue(&Task::ReadFeaturedTags { account: account.raw() }),
        false => Ok(()),
    }
}
