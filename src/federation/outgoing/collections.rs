//! Collections of people (FEP-7aa9): what becomes of them goes to the servers of their owner's followers, and whoever of
//! another server is put into one is asked.

use super::{Draft, passing_uri, send, send_to_person};
use crate::{
    Result,
    domain::{Recommending, Tx},
    federation::{
        featured_collections::{self as featured, FeatureAuthorization},
        render::{activity::Activity, context::Terms},
    },
    id::Id,
    model::{self, Account, Collection, CollectionItem},
    store,
};
use serde::Serialize;

/// What became of a collection.
pub(super) fn changed(tx: &mut Tx<'_>, id: Id<Collection>, step: Recommending) -> Result<()> {
    let row = store::collections::load(tx.conn, id)?;
    let owner = store::accounts::load(tx.conn, row.account_id)?;
    // Only their owner is shown hidden ones in a list; nobody is told of them.
    if !row.discoverable && step != Recommending::Removed {
        return Ok(());
    }
    let site = tx.site();
    let (all, uri) =
        (site.featured_collections_uri(&owner.username), site.featured_collection_uri(&owner.username, row.id));
    match step {
        Recommending::Removed => told(tx, &owner, "Remove", uri.as_str(), Some(&all), Terms::NONE, Vec::new()),
        Recommending::Added | Recommending::Changed | Recommending::Asked => {
            let document = featured::document(tx.conn, site, &owner, &row)?;
            let terms = document.terms();
            let (kind, target) = match step {
                Recommending::Added => ("Add", Some(all.as_str())),
                _ => ("Update", None),
            };
            told(tx, &owner, kind, document, target, terms, Vec::new())
        }
    }
}

/// What became of somebody's place in one.
pub(super) fn item_changed(tx: &mut Tx<'_>, id: Id<CollectionItem>, step: Recommending) -> Result<()> {
    let Some(item) = store::collections::find_item_by_id(tx.conn, id)? else { return Ok(()) };
    let row = store::collections::load(tx.conn, item.collection_id)?;
    let owner = store::accounts::load(tx.conn, row.account_id)?;
    let other = store::accounts::load(tx.conn, item.account_id)?;
    let site = tx.site();
    if let Some(uri) = &row.uri {
        // Of a collection of another server nothing is told, but that a person of this node is out of it.
        return match step == Recommending::Removed && other.is_local() {
            true => withdrawn(tx, &other, &owner, uri),
            false => Ok(()),
        };
    }
    let collection = site.featured_collection_uri(&owner.username, row.id);
    if step == Recommending::Asked {
        let uri = site.feature_request_uri(&owner.username, row.id, item.id);
        let mut request = Activity::new("FeatureRequest", &uri, &owner.uri, other.uri.as_str()).to(&other.uri);
        request.instrument = Some(collection.as_str().into());
        let (number, json) = (tx.new_id::<model::Activity>().raw(), request.document(Terms::FEATURED)?);
        return send_to_person(tx, number, &uri, &owner, &other, "FeatureRequest", Some(&other.uri), json);
    }
    if !row.discoverable {
        return Ok(());
    }
    // Whom it is about hears of it, followed or not.
    let also: Vec<String> = other.inbox_url.iter().filter(|_| !other.is_local()).cloned().collect();
    let uri = site.featured_item_uri(&owner.username, row.id, item.id);
    match step {
        Recommending::Removed => told(tx, &owner, "Remove", uri.as_str(), Some(&collection), Terms::NONE, also),
        _ => match featured::item(tx.conn, site, &owner, &item)? {
            Some(document) => told(tx, &owner, "Add", document, Some(&collection), Terms::FEATURED, also),
            None => Ok(()),
        },
    }
}

fn told<T: Serialize>(
    tx: &mut Tx<'_>,
    owner: &Account,
    kind: &'static str,
    object: T,
    target: Option<&str>,
    terms: Terms,
    also: Vec<String>,
) -> Result<()> {
    let mut to = store::deliveries::follower_inboxes(tx.conn, owner.id)?;
    to.extend(also);
    let number = tx.new_id::<model::Activity>();
    let uri = passing_uri(&owner.uri, kind, number);
    let mut activity = Activity::new(kind, &uri, &owner.uri, object).to(tx.site().followers_uri(&owner.username));
    activity.target = target;
    let json = activity.document(terms)?;
    let reach = featured::reach(tx.conn)?;
    let draft = Draft {
        id: number.raw(),
        uri: &uri,
        account: owner.id,
        kind,
        object: None,
        post: None,
        reach,
        durable: false,
        json,
    };
    send(tx, draft, to)
}

/// Somebody elsewhere who wants to put a person of this node into a collection hears whether they may. `granted`: the
/// number of the authorisation.
pub(super) fn answered(
    tx: &mut Tx<'_>,
    person: Id<Account>,
    by: Id<Account>,
    request: &str,
    granted: Option<i64>,
) -> Result<()> {
    let (person, by) = (store::accounts::load(tx.conn, person)?, store::accounts::load(tx.conn, by)?);
    let kind = if granted.is_some() { "Accept" } else { "Reject" };
    let number = tx.new_id::<model::Activity>();
    let uri = passing_uri(&person.uri, kind, number);
    let stamp = granted.map(|id| tx.site().feature_authorization_uri(&person.username, Id::<CollectionItem>::new(id)));
    let mut answer = Activity::new(kind, &uri, &person.uri, request).to(&by.uri);
    answer.result = stamp.as_deref();
    let json = answer.document(Terms::FEATURED)?;
    send_to_person(tx, number.raw(), &uri, &person, &by, kind, Some(request), json)
}

/// A person of this node does not want to be in the collections of somebody elsewhere any more.
pub(super) fn revoked(tx: &mut Tx<'_>, person: Id<Account>, by: Id<Account>) -> Result<()> {
    let (person, by) = (store::accounts::load(tx.conn, person)?, store::accounts::load(tx.conn, by)?);
    for (id, collection) in store::collections::authorizations(tx.conn, person.id, by.id)? {
        take_back(tx, &person, &by, id, collection)?;
    }
    store::collections::forget_authorizations(tx.conn, person.id, by.id)
}

/// A person of this node takes themselves out of one collection of somebody elsewhere.
fn withdrawn(tx: &mut Tx<'_>, person: &Account, by: &Account, collection: &str) -> Result<()> {
    for (id, granted) in store::collections::authorizations(tx.conn, person.id, by.id)? {
        if granted == collection {
            take_back(tx, person, by, id, granted)?;
        }
    }
    store::collections::forget_authorization(tx.conn, person.id, by.id, collection)
}

/// The authorisation of this number does not count any more.
fn take_back(tx: &mut Tx<'_>, person: &Account, by: &Account, id: i64, collection: String) -> Result<()> {
    let stamp = tx.site().feature_authorization_uri(&person.username, Id::<CollectionItem>::new(id));
    let uri = format!("{stamp}#delete");
    let object = FeatureAuthorization::new(stamp.clone(), &person.uri, collection);
    let json = Activity::new("Delete", &uri, &person.uri, object).to(&by.uri).document(Terms::FEATURED)?;
    let number = tx.new_id::<model::Activity>().raw();
    send_to_person(tx, number, &uri, person, by, "Delete", Some(&stamp), json)
}
