//! Collections of people (FEP-7aa9, COLL-06).

use super::{Answered, Failure, Reader, activity_json, local_actor, read};
use crate::{
    Error,
    app::App,
    db::Conn,
    federation::{
        featured_collections::{self as featured, FeatureAuthorization},
        render::{self, collection::Collection as Wire, context::Terms},
    },
    id::Id,
    limits,
    model::{Account, Audience, Collection, CollectionItem, ItemState},
    store,
};
use axum::{
    extract::{Path, State},
    http::request::Parts,
};

/// An account whose collections a reader of this audience may see.
fn owner(conn: &mut Conn, name: &str, reader: Audience) -> Result<Account, Failure> {
    let account = local_actor(conn, name)?;
    if account.is_unavailable() || !featured::are_shown(conn, reader)? {
        return Err(Error::NotFound.into());
    }
    Ok(account)
}

/// `GET /users/{name}/featured_collections`: the ids of those that others may find.
pub async fn of_account(State(app): State<App>, Path(name): Path<String>, parts: Parts) -> Answered {
    let reader = Reader::of(&app, &parts).await?;
    let (place, site) = (reader.viewer()?.audience(), app.site().clone());
    let body = read(&app, move |conn| {
        let account = owner(conn, &name, place)?;
        let rows = store::collections::of(conn, account.id, false, limits::COLLECTIONS as i64, 0)?;
        let ids: Vec<String> = rows.iter().map(|row| site.featured_collection_uri(&account.username, row.id)).collect();
        let id = site.featured_collections_uri(&account.username);
        Ok(render::document(Terms::NONE, Wire::whole(&id, ids))?)
    })
    .await?;
    Ok(activity_json(reader, body))
}

/// `GET /users/{name}/featured_collections/{id}`.
pub async fn show(State(app): State<App>, Path((name, id)): Path<(String, String)>, parts: Parts) -> Answered {
    let reader = Reader::of(&app, &parts).await?;
    let (place, site) = (reader.viewer()?.audience(), app.site().clone());
    let body = read(&app, move |conn| {
        let (account, id): (Account, Id<Collection>) = (owner(conn, &name, place)?, id.parse()?);
        let row = store::collections::load(conn, id)?;
        if row.account_id != account.id {
            return Err(Error::NotFound.into());
        }
        let document = featured::document(conn, &site, &account, &row)?;
        Ok(render::document(document.terms(), &document)?)
    })
    .await?;
    Ok(activity_json(reader, body))
}

/// `GET /users/{name}/feature_authorizations/{id}`: while somebody is in a collection, and wants to be found.
pub async fn authorization(State(app): State<App>, Path((name, id)): Path<(String, String)>, parts: Parts) -> Answered {
    let reader = Reader::of(&app, &parts).await?;
    let (place, site) = (reader.viewer()?.audience(), app.site().clone());
    let body = read(&app, move |conn| {
        let account = owner(conn, &name, place)?;
        if !featured::may_be_shown(conn, &account)? {
            return Err(Error::NotFound.into());
        }
        let number: Id<CollectionItem> = id.parse()?;
        let collection = match store::collections::find_item_by_id(conn, number)? {
            Some(item) if item.account_id == account.id && item.state == ItemState::Accepted => {
                let row = store::collections::load(conn, item.collection_id)?;
                // What was agreed to for others has a number of its own.
                if row.uri.is_some() {
                    return Err(Error::NotFound.into());
                }
                let by = store::accounts::load(conn, row.account_id)?;
                site.featured_collection_uri(&by.username, row.id)
            }
            Some(_) => return Err(Error::NotFound.into()),
            None => store::collections::authorized(conn, account.id, number.raw())?.ok_or(Error::NotFound)?,
        };
        let id = site.feature_authorization_uri(&account.username, number);
        let document = FeatureAuthorization::new(id, &account.uri, collection);
        Ok(render::document(Terms::FEATURED, &document)?)
    })
    .await?;
    Ok(activity_json(reader, body))
}
