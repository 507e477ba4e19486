//! Collections of people.

use super::{
    Access, Anyone, ApiResult, Empty, Page, Params, Rendered, Routes, SignedIn,
    entities::{
        collection::{
            Collection, CollectionItem, CollectionTag, CollectionWithAccounts, Collections, OneCollection, OneItem,
        },
        render::Accounts,
    },
    notification_groups::partial_account,
    page,
    timelines::open_to,
};
use crate::{
    Error, Result,
    app::App,
    config::Site,
    db::Conn,
    domain::{
        Viewer,
        collections::{self as rules, Shape},
        html,
        remote::collections as remote,
        scopes::Scope,
        views::AccountViews,
    },
    id::Id,
    limits,
    model::{self, Account},
    store::{self, collections as rows},
};
use axum::{
    extract::{OriginalUri, Path, State},
    http::HeaderMap,
};
use std::collections::HashSet;

/// People of a collection whose pictures stand beside its name.
const PICTURED: usize = 4;

/// The routes of this noun.
pub fn routes() -> Routes {
    const PUBLIC: Access = Access::Anyone(&[Scope::ReadCollections]);
    const WRITE: Access = Access::User(&[Scope::WriteCollections]);
    Routes::new()
        .get("/api/v1/accounts/{id}/collections", PUBLIC, of_account)
        .get("/api/v1/accounts/{id}/in_collections", Access::User(&[Scope::ReadCollections]), with_account)
        .post("/api/v1/collections", WRITE, create)
        .get("/api/v1/collections/{id}", PUBLIC, show)
        .update("/api/v1/collections/{id}", WRITE, change)
        .delete("/api/v1/collections/{id}", WRITE, delete)
        .post("/api/v1/collections/{id}/items", WRITE, put_in)
        .delete("/api/v1/collections/{id}/items/{item}", WRITE, take_out)
        .post("/api/v1/collections/{id}/items/{item}/revoke", WRITE, revoke)
}

pub(super) use crate::domain::collections::Shown;

impl Shown {
    /// Whether this one is among them.
    pub(super) fn has(&self, id: Id<model::Collection>) -> bool {
        self.rows.iter().any(|row| row.id == id)
    }

    /// One of them, when it is among them.
    pub(super) fn document<'a>(&'a self, site: &Site, id: Id<model::Collection>) -> Option<Collection<'a>> {
        let row = self.rows.iter().find(|row| row.id == id)?;
        let items: Vec<CollectionItem> = self.items.iter().filter(|item| item.collection_id == id).map(item).collect();
        let owner = self.people.get(row.account_id)?;
        let (uri, url, description) = match &row.uri {
            Some(uri) => (uri.clone(), row.url.clone().unwrap_or_else(|| uri.clone()), row.description.clone()),
            None => (
                site.featured_collection_uri(&owner.username, row.id),
                format!("{}#collection-{}", site.profile_url(&owner.username), row.id),
                html::escape(&row.description).into_owned(),
            ),
        };
        Some(Collection {
            id: row.id,
            account_id: row.account_id,
            uri,
            url,
            name: &row.name,
            description,
            language: row.language.as_deref(),
            local: row.uri.is_none(),
            sensitive: row.sensitive,
            discoverable: row.discoverable,
            tag: row.tag.as_deref().map(|name| CollectionTag { name, url: site.tag_url(name) }),
            created_at: row.created_at,
            updated_at: row.updated_at,
            item_count: items.len(),
            items,
        })
    }

    fn documents<'a>(&'a self, site: &Site) -> Vec<Collection<'a>> {
        self.rows.iter().filter_map(|row| self.document(site, row.id)).collect()
    }

    /// Those that this text links to.
    pub(super) fn linked_in<'a>(&'a self, site: &Site, text: &str) -> Vec<Collection<'a>> {
        if self.rows.is_empty() {
            return Vec::new();
        }
        let is_local = |id: &Id<model::Collection>| self.rows.iter().any(|row| row.id == *id && row.uri.is_none());
        let elsewhere = self.rows.iter().filter(|row| row.uri.is_some()).map(|row| row.id);
        let ids = rules::linked(text).into_iter().filter(is_local).chain(elsewhere);
        let found = ids.filter_map(|id| self.document(site, id));
        let links_to = |address: &str| text.contains(&format!("href=\"{}\"", html::escape(address)));
        found.filter(|found| links_to(&found.url) || links_to(&found.uri)).collect()
    }
}

fn item(row: &model::CollectionItem) -> CollectionItem {
    CollectionItem { id: row.id, account_id: row.account_id, state: row.state, created_at: row.created_at }
}

fn one(conn: &mut Conn, site: &Site, viewer: Viewer, id: Id<model::Collection>) -> Result<Rendered> {
    let row = rows::load(conn, id)?;
    let shown = Shown::load(conn, viewer, vec![row])?;
    let documents = shown.documents(site);
    Rendered::of(&OneCollection { collection: documents.first().ok_or(Error::NotFound)? })
}

fn several(conn: &mut Conn, site: &Site, viewer: Viewer, rows: Vec<model::Collection>) -> Result<Rendered> {
    let shown = Shown::load(conn, viewer, rows)?;
    let mut people: Vec<Id<Account>> = shown.rows.iter().map(|row| row.account_id).collect();
    for row in &shown.rows {
        let inside = shown.items.iter().filter(|item| item.collection_id == row.id);
        people.extend(inside.take(PICTURED).map(|item| item.account_id));
    }
    let mut seen = HashSet::new();
    people.retain(|id| seen.insert(id.raw()));
    let pictured = people.iter().filter_map(|id| shown.people.get(*id));
    Rendered::of(&Collections {
        collections: &shown.documents(site),
        partial_accounts: pictured.map(|row| partial_account(site, row)).collect(),
    })
}

/// Whether this account recommends anything to this viewer: nothing to whom it blocks.
fn recommends(conn: &mut Conn, viewer: Viewer, owner: Id<Account>) -> Result<bool> {
    let account = store::accounts::load(conn, owner)?;
    let views = AccountViews::load(conn, &[owner])?.shown_to(conn, viewer)?;
    if account.is_unavailable() || views.get(owner).is_none() {
        return Err(Error::NotFound);
    }
    match viewer.0.filter(|viewer| *viewer != owner) {
        Some(viewer) => Ok(store::follows::find_block(conn, owner, viewer)?.is_none()),
        None => Ok(true),
    }
}

/// May this viewer see what this account recommends?
fn check(conn: &mut Conn, viewer: Viewer, owner: Id<Account>) -> Result<()> {
    if recommends(conn, viewer, owner)? { Ok(()) } else { Err(Error::NotFound) }
}

fn shape(params: &Params) -> Shape {
    let text = |name: &str| params.text(name).map(str::to_owned);
    Shape {
        name: text("name"),
        description: text("description"),
        language: text("language"),
        sensitive: params.bool("sensitive"),
        discoverable: params.bool("discoverable"),
        tag: text("tag_name"),
    }
}

/// How many, and after how many.
fn part(params: &Params) -> ApiResult<(i64, i64)> {
    let limit = params.integer("limit")?.unwrap_or(Page::ACCOUNTS).clamp(1, 2 * Page::ACCOUNTS);
    let offset = params.integer("offset")?.unwrap_or(0);
    if offset < 0 {
        return Err(Error::bad_request("offset must not be negative").into());
    }
    Ok((limit, offset.min(limits::ARRAY_REFUSED as i64)))
}

type Answer = ApiResult<(HeaderMap, Rendered)>;

/// A page of collections with its `Link` header, which leads on by `offset`.
async fn listed<F>(app: App, viewer: Viewer, uri: OriginalUri, (limit, offset): (i64, i64), read: F) -> Answer
where
    F: FnOnce(&mut Conn, i64, i64) -> Result<Vec<model::Collection>> + Send + 'static,
{
    let site = app.site().clone();
    let answer = app.read(move |conn| {
        // One more than is shown: whether there are any.
        let mut rows = read(conn, limit + 1, offset)?;
        let more = i64::try_from(rows.len()).is_ok_and(|found| found > limit);
        rows.truncate(usize::try_from(limit).unwrap_or(0));
        Ok((more, several(conn, &site, viewer, rows)?))
    });
    let (more, body) = answer.await?;
    Ok((page::link_by_offset(app.site().base(), &uri, limit, offset, more), body))
}

async fn of_account(
    State(app): State<App>,
    Anyone(viewer): Anyone,
    Path(id): Path<String>,
    uri: OriginalUri,
    params: Params,
) -> Answer {
    open_to(&app, viewer)?;
    let (id, part): (Id<Account>, _) = (id.parse()?, part(&params)?);
    if viewer.0.is_some() {
        look_at(&app, id).await?;
    }
    listed(app, viewer, uri, part, move |conn, limit, offset| match recommends(conn, viewer, id)? {
        true => rows::of(conn, id, viewer.0 == Some(id), limit, offset),
        false => Ok(Vec::new()),
    })
    .await
}

/// Somebody looks at the collections of this account: those of another server are read in the background.
async fn look_at(app: &App, id: Id<Account>) -> Result<()> {
    let now = app.clock().now();
    match app.glance(move |conn| remote::due(conn, id, now)).await? {
        true => app.write(move |tx| remote::look(tx, id)).await,
        false => Ok(()),
    }
}

/// Only one's own: in which collections somebody else is, is their business.
async fn with_account(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<String>,
    uri: OriginalUri,
    params: Params,
) -> Answer {
    let (id, part): (Id<Account>, _) = (id.parse()?, part(&params)?);
    if id != me.account {
        return Err(Error::forbidden("This action is not allowed").into());
    }
    listed(app, me.viewer(), uri, part, move |conn, limit, offset| rows::with(conn, id, limit, offset)).await
}

async fn show(State(app): State<App>, Anyone(viewer): Anyone, Path(id): Path<String>) -> ApiResult<Rendered> {
    open_to(&app, viewer)?;
    let (id, site) = (id.parse()?, app.site().clone());
    let answer = app.read(move |conn| {
        let row = rows::load(conn, id)?;
        check(conn, viewer, row.account_id)?;
        let shown = Shown::load(conn, viewer, vec![row])?;
        let documents = shown.documents(&site);
        let accounts = Accounts::new(&site, &shown.people)?;
        Rendered::of(&CollectionWithAccounts {
            accounts: shown.items.iter().filter_map(|item| accounts.get(item.account_id)).collect(),
            collection: documents.first().ok_or(Error::NotFound)?,
        })
    });
    Ok(answer.await?)
}

async fn create(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    let (shape, people, site) = (shape(&params), params.ids("account_ids"), app.site().clone());
    let answer = app.write(move |tx| {
        let id = rules::create(tx, me.account, shape, &people)?;
        one(tx.conn, &site, me.viewer(), id)
    });
    Ok(answer.await?)
}

async fn change(State(app): State<App>, me: SignedIn, Path(id): Path<String>, params: Params) -> ApiResult<Rendered> {
    let (id, shape, site) = (id.parse()?, shape(&params), app.site().clone());
    let answer = app.write(move |tx| {
        rules::change(tx, me.account, id, shape)?;
        one(tx.conn, &site, me.viewer(), id)
    });
    Ok(answer.await?)
}

async fn delete(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Empty> {
    let id = id.parse()?;
    app.write(move |tx| rules::delete(tx, me.account, id)).await?;
    Ok(Empty)
}

async fn put_in(State(app): State<App>, me: SignedIn, Path(id): Path<String>, params: Params) -> ApiResult<Rendered> {
    let Some(account) = params.id("account_id")? else {
        return Err(Error::invalid("account_id", "blank", "Account can't be blank").into());
    };
    let id = id.parse()?;
    let added = app.write(move |tx| rules::put_in(tx, me.account, id, account)).await?;
    Ok(Rendered::of(&OneItem { collection_item: item(&added) })?)
}

async fn take_out(State(app): State<App>, me: SignedIn, Path((id, item)): Path<(String, String)>) -> ApiResult<Empty> {
    let (id, item) = (id.parse()?, item.parse()?);
    app.write(move |tx| rules::take_out(tx, me.account, id, item)).await?;
    Ok(Empty)
}

async fn revoke(State(app): State<App>, me: SignedIn, Path((id, item)): Path<(String, String)>) -> ApiResult<Empty> {
    let (id, item) = (id.parse()?, item.parse()?);
    app.write(move |tx| rules::revoke(tx, me.account, id, item)).await?;
    Ok(Empty)
}
