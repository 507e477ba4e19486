//! Collections of people of other servers, read (FEP-7aa9, COLL-06): the list of them that an account has, one of them, and
//! the authorisations of those who are in one.

use super::{
    authorizations,
    collections::{self, Bounds},
    fetch::{self, Budget},
    import,
    json::Json,
    objects::collection,
};
use crate::{
    Error, Result,
    app::App,
    domain::{
        interactions::arrivals::Claim,
        remote::collections::{self as rules, RemotePlace},
    },
    id::Id,
    limits,
    model::{Account, Collection},
    store, uri,
};

/// Pages of a list, or of a collection.
const PAGES: usize = 3;
/// Fetches for somebody in a collection: the place, their document, their handle, their authorisation, and a few for servers
/// that want their own kind of signature.
const FETCHES: usize = 8;

/// What will be no other the next time it is asked for.
const fn is_final(error: &Error) -> bool {
    !matches!(error, Error::Upstream(_) | Error::Unavailable(_))
}

/// An account of another server that may still be asked for what it lists.
async fn owner(app: &App, id: Id<Account>) -> Result<Option<Account>> {
    let owner = app.glance(move |conn| store::accounts::load(conn, id)).await?;
    Ok(Some(owner).filter(|owner| !owner.is_local() && !owner.is_unavailable()))
}

/// The task `ReadCollections`: all collections that an account of another server lists at `address`. Those that it does not
/// list any more go.
///
/// # Errors
/// `Upstream` when the list cannot be had just now.
pub async fn read_all(app: &App, id: Id<Account>, address: String) -> Result<()> {
    let Some(owner) = owner(app, id).await? else { return Ok(()) };
    if !uri::same_authority(&address, &owner.uri) {
        return Ok(());
    }
    let budget = Budget::new(PAGES + 1 + limits::REMOTE_COLLECTIONS * (PAGES + 1));
    let bounds = Bounds { pages: PAGES, items: limits::REMOTE_COLLECTIONS };
    let list = match collections::read(app, &Json::Text(address.clone()), &owner.uri, bounds, &budget).await {
        Ok(list) => list,
        Err(error) if is_final(&error) => return Ok(()),
        Err(error) => return Err(error),
    };
    let named: Vec<String> = list.items.iter().filter_map(Json::as_uri).collect();
    for item in &list.items {
        // One that cannot be had just now is read the next time.
        if let Err(error) = take(app, &owner, item, &budget).await {
            tracing::debug!(%error, "a collection of people could not be read");
        }
    }
    app.write(move |tx| {
        store::collections::set_address(tx.conn, owner.id, &address, tx.now)?;
        if list.is_complete { rules::receive_all(tx, &owner, &named) } else { Ok(()) }
    })
    .await
}

/// The task `ReadCollection`: one of them.
///
/// # Errors
/// `Upstream` when it cannot be had just now.
pub async fn read(app: &App, id: Id<Account>, address: String) -> Result<()> {
    let Some(owner) = owner(app, id).await? else { return Ok(()) };
    match take(app, &owner, &Json::Text(address), &Budget::new(2 * (PAGES + 1))).await {
        Err(error) if !is_final(&error) => Err(error),
        _ => Ok(()),
    }
}

/// A collection of `owner`: embedded, it is as good as fetched, because the owner's server sent it.
async fn take(app: &App, owner: &Account, given: &Json, budget: &Budget) -> Result<()> {
    let Some(id) = given.as_uri().filter(|id| uri::same_authority(id, &owner.uri)) else { return Ok(()) };
    let json = match given.is_a(collection::COLLECTION) {
        true => given.clone(),
        false => {
            fetch::forget(app, &id);
            match fetch::document(app, &id, budget).await {
                Ok(document) => document.json.clone(),
                // One that is not there any more.
                Err(Error::Gone | Error::NotFound) => {
                    let owner = owner.clone();
                    return app.write(move |tx| rules::receive_removal(tx, &owner, &id, None).map(|_| ())).await;
                }
                Err(error) => return Err(error),
            }
        }
    };
    let Some(mut found) = collection::read(&json).filter(|found| found.uri == id && found.owner == owner.uri) else {
        return Ok(());
    };
    if found.places.is_none() {
        let bounds = Bounds { pages: PAGES, items: limits::REMOTE_COLLECTION_PEOPLE };
        let items = collections::read(app, &json, &owner.uri, bounds, budget).await?;
        // Whoever stands on a page that cannot be had is not gone for that.
        let is_enough = items.is_complete || items.items.len() >= limits::REMOTE_COLLECTION_PEOPLE;
        found.places = is_enough.then(|| collection::places(items.items.iter(), &id));
    }
    let owner = owner.clone();
    app.write(move |tx| rules::receive(tx, &owner, &found)).await
}

/// The task `CheckPlaces`: whether those whom a collection of another server lists agreed to be in it. Each is looked at where
/// they live.
///
/// # Errors
/// `Upstream` when somebody's server cannot be asked just now.
pub async fn check(app: &App, id: Id<Collection>) -> Result<()> {
    let now = app.clock().now();
    let Some((owner, row, places)) = app.read(move |conn| rules::unchecked(conn, id, now)).await? else {
        return Ok(());
    };
    let Some(address) = row.uri else { return Ok(()) };
    let mut later = None;
    for place in places {
        match check_one(app, (id, address.as_str()), &owner, &place).await {
            Err(error) if !is_final(&error) => later = Some(error),
            // Nobody we could show, or nothing that says so.
            _ => {}
        }
    }
    later.map_or(Ok(()), Err)
}

async fn check_one(
    app: &App,
    (id, address): (Id<Collection>, &str),
    owner: &Account,
    as_listed: &RemotePlace,
) -> Result<()> {
    let budget = Budget::new(FETCHES).because_of(&owner.uri);
    let place = match as_listed.person {
        Some(_) => as_listed.clone(),
        None => {
            let document = fetch::document(app, &as_listed.uri, &budget).await?;
            let same = |place: &RemotePlace| place.uri == as_listed.uri && uri::same_authority(&place.uri, &owner.uri);
            match collection::place(&document.json).filter(same) {
                Some(place) => place,
                None => return Ok(()),
            }
        }
    };
    let (Some(person), Some(stamp)) = (place.person.clone(), place.stamp.clone()) else { return Ok(()) };
    // What people of this node agreed to is known here.
    if app.site().owns_str(&person) || !uri::same_authority(&stamp, &person) {
        return Ok(());
    }
    let account = import::account(app, &person, &budget).await?;
    if account.uri != person || account.is_unavailable() {
        return Ok(());
    }
    let claim = Claim { stamp, author: person.clone(), object: address.to_owned(), target: person };
    let genuine = authorizations::is_genuine(app, &claim, authorizations::FEATURE, &budget).await?;
    let as_listed = as_listed.clone();
    app.write(move |tx| rules::checked(tx, id, (&as_listed, &place), &account, genuine)).await
}
