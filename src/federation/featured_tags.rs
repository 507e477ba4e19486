//! The hashtags that an account of another server has on its profile (COLL-04). Its document says as well where it lists the
//! collections of people that it recommends (COLL-06).

use super::{
    collections::{self, Bounds},
    fetch::{self, Budget},
    objects::tags,
};
use crate::{
    Error, Result,
    app::App,
    domain::{Task, hashtags},
    id::Id,
    limits,
    model::Account,
    store, uri,
};

/// The task `ReadFeaturedTags`: its `featuredTags` collection, which its document names.
///
/// # Errors
/// `Upstream` when it cannot be had just now.
pub async fn read(app: &App, id: Id<Account>) -> Result<()> {
    let owner = app.glance(move |conn| store::accounts::load(conn, id)).await?;
    if owner.is_local() || owner.is_unavailable() {
        return Ok(());
    }
    // The document, the collection, and a few for servers that want their own kind of signature.
    let budget = Budget::new(6);
    let document = match fetch::document(app, &owner.uri, &budget).await {
        Ok(document) => document,
        Err(e @ (Error::Upstream(_) | Error::Unavailable(_))) => return Err(e),
        Err(_) => return Ok(()),
    };
    let collections = document.json.uri("featuredCollections");
    if let Some(address) = collections.filter(|address| uri::same_authority(address, &owner.uri)) {
        app.write(move |tx| tx.enqueue(&Task::ReadCollections { account: id.raw(), address })).await?;
    }
    let given = document.json.one("featuredTags");
    if given.as_uri().is_none_or(|address| !uri::same_authority(&address, &owner.uri)) {
        return Ok(());
    }
    let bounds = Bounds { pages: 1, items: limits::REMOTE_FEATURED_TAGS };
    let found = match collections::read(app, given, &owner.uri, bounds, &budget).await {
        Ok(found) => found,
        Err(e @ (Error::Upstream(_) | Error::Unavailable(_))) => return Err(e),
        Err(_) => return Ok(()),
    };
    let names: Vec<String> = found.items.iter().filter_map(tags::featured).collect();
    app.write(move |tx| hashtags::receive_all_featured(tx, &owner, &names, found.is_complete)).await
}
