//! Lists.

use super::{
    Access, ApiResult, Empty, Page, Params, Rendered, Routes, SignedIn,
    entities::{misc, render::Accounts},
    page::{self, Prev},
};
use crate::{
    Error, Result,
    app::App,
    domain::{lists as rules, scopes::Scope, views::AccountViews},
    id::Id,
    limits,
    model::{Account, List},
    store,
};
use axum::{
    extract::{Path, State},
    http::Uri,
    response::{IntoResponse, Response},
};

/// The routes of this noun.
pub fn routes() -> Routes {
    const READ: Access = Access::User(&[Scope::ReadLists]);
    const WRITE: Access = Access::User(&[Scope::WriteLists]);
    Routes::new()
        .get("/api/v1/lists", READ, all)
        .post("/api/v1/lists", WRITE, create)
        .get("/api/v1/lists/{id}", READ, one)
        .update("/api/v1/lists/{id}", WRITE, change)
        .delete("/api/v1/lists/{id}", WRITE, delete)
        .get("/api/v1/lists/{id}/accounts", READ, members)
        .post("/api/v1/lists/{id}/accounts", WRITE, add)
        .delete("/api/v1/lists/{id}/accounts", WRITE, remove)
}

/// The words of the reply policies, by their stored number.
const POLICIES: [&str; 3] = ["followed", "list", "none"];

/// The document of a list.
pub fn list(row: &List) -> misc::List<'_> {
    misc::List {
        id: row.id,
        title: &row.title,
        replies_policy: usize::try_from(row.replies_policy)
            .ok()
            .and_then(|n| POLICIES.get(n))
            .copied()
            .unwrap_or("list"),
        exclusive: row.exclusive,
    }
}

fn policy(params: &Params) -> Result<Option<i16>> {
    let Some(word) = params.filled("replies_policy") else { return Ok(None) };
    POLICIES
        .iter()
        .zip(0i16..)
        .find(|(name, _)| **name == word)
        .map(|(_, code)| Some(code))
        .ok_or_else(|| Error::invalid("replies_policy", "inclusion", "Replies policy is not included in the list"))
}

async fn all(State(app): State<App>, me: SignedIn) -> ApiResult<Rendered> {
    let found = app.glance(move |conn| {
        let rows = store::lists::all(conn, me.account)?;
        Rendered::of(&rows.iter().map(list).collect::<Vec<_>>())
    });
    Ok(found.await?)
}

async fn one(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    let id = id.parse()?;
    Ok(app.glance(move |conn| Rendered::of(&list(&store::lists::owned(conn, me.account, id)?))).await?)
}

async fn create(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    let title = params.text("title").unwrap_or("").to_owned();
    let (policy, exclusive) = (policy(&params)?, params.flag("exclusive"));
    let made = app.write(move |tx| {
        let row = rules::create(tx, me.account, &title, policy.unwrap_or(1), exclusive)?;
        Rendered::of(&list(&row))
    });
    Ok(made.await?)
}

async fn change(State(app): State<App>, me: SignedIn, Path(id): Path<String>, params: Params) -> ApiResult<Rendered> {
    let id: Id<List> = id.parse()?;
    let title = params.text("title").map(str::to_owned);
    let (policy, exclusive) = (policy(&params)?, params.bool("exclusive"));
    let changed = app.write(move |tx| {
        let row = rules::change(tx, me.account, id, title.as_deref(), policy, exclusive)?;
        Rendered::of(&list(&row))
    });
    Ok(changed.await?)
}

async fn delete(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Empty> {
    let id: Id<List> = id.parse()?;
    app.write(move |tx| rules::delete(tx, me.account, id)).await?;
    Ok(Empty)
}

async fn members(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<String>,
    uri: Uri,
    params: Params,
) -> ApiResult<Response> {
    let id: Id<List> = id.parse()?;
    // 0 means everything; one client relies on it.
    let page = match params.integer("limit")? {
        Some(0) => None,
        _ => Some(page::read(&params, Page::ACCOUNTS)?),
    };
    let site = app.site().clone();
    let (rendered, ids) = app
        .read(move |conn| {
            store::lists::owned(conn, me.account, id)?;
            let ids = store::lists::members(conn, id, page.as_ref())?;
            let views = AccountViews::load(conn, &ids)?;
            Ok((Rendered::of(&Accounts::new(&site, &views)?.in_order())?, ids))
        })
        .await?;
    let mut response = rendered.into_response();
    if let (Some(page), Some(first), Some(last)) = (page, ids.first(), ids.last()) {
        let more = i64::try_from(ids.len()).is_ok_and(|n| n >= page.limit);
        response.headers_mut().extend(page::link(
            app.site().base(),
            &uri,
            first.raw(),
            last.raw(),
            more,
            Prev::SinceId,
        ));
    }
    Ok(response)
}

fn named(params: &Params) -> Vec<Id<Account>> {
    let mut ids = params.ids("account_ids");
    ids.truncate(limits::ARRAY_KEPT);
    ids
}

async fn add(State(app): State<App>, me: SignedIn, Path(id): Path<String>, params: Params) -> ApiResult<Empty> {
    let (id, accounts) = (id.parse()?, named(&params));
    app.write(move |tx| rules::add(tx, me.account, id, &accounts)).await?;
    Ok(Empty)
}

async fn remove(State(app): State<App>, me: SignedIn, Path(id): Path<String>, params: Params) -> ApiResult<Empty> {
    let (id, accounts): (Id<List>, _) = (id.parse()?, named(&params));
    app.write(move |tx| rules::remove(tx, me.account, id, &accounts)).await?;
    Ok(Empty)
}
