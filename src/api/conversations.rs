//! Direct exchanges, one per thread and reader.

use super::{
    Access, ApiResult, Empty, Page, Params, Rendered, Routes, SignedIn,
    entities::{misc, render::Render},
    page::{self, Prev},
};
use crate::{
    Result,
    app::App,
    config::Site,
    db::Conn,
    domain::{scopes::Scope, views::PostViews},
    id::Id,
    model::{Account, Conversation},
    store::conversations as rows,
    time::Timestamp,
};
use axum::{
    extract::{Path, State},
    http::Uri,
    response::{IntoResponse, Response},
};

/// The routes of this noun.
pub fn routes() -> Routes {
    const WRITE: Access = Access::User(&[Scope::WriteConversations]);
    Routes::new()
        .get("/api/v1/conversations", Access::User(&[Scope::ReadStatuses]), all)
        .delete("/api/v1/conversations/{id}", WRITE, hide)
        .post("/api/v1/conversations/{id}/read", WRITE, read)
        .post("/api/v1/conversations/{id}/unread", WRITE, unread)
}

/// Who else takes part, as the row remembers it; `owner` where nobody does: clients show a conversation by its people.
fn participants(row: &Conversation, owner: Id<Account>) -> impl Iterator<Item = Id<Account>> + use<> {
    let mut others = serde_json::from_str::<Vec<i64>>(&row.participants).unwrap_or_default();
    if others.is_empty() {
        others.push(owner.raw());
    }
    others.into_iter().map(Id::new)
}

/// The document of one conversation.
pub fn document(
    conn: &mut Conn,
    site: &Site,
    owner: Id<Account>,
    row: Conversation,
    now: Timestamp,
) -> Result<Rendered> {
    let Rendered(list) = documents(conn, site, owner, &[row], now)?;
    // One document out of a list of one.
    Ok(Rendered(list.get(1..list.len().saturating_sub(1)).unwrap_or_default().to_vec()))
}

/// The documents of conversations, in their order.
pub fn documents(
    conn: &mut Conn,
    site: &Site,
    owner: Id<Account>,
    list: &[Conversation],
    now: Timestamp,
) -> Result<Rendered> {
    let people: Vec<Id<Account>> = list.iter().flat_map(|c| participants(c, owner)).collect();
    let ids: Vec<_> = list.iter().map(|c| c.last_post_id).collect();
    let posts = crate::store::views::posts(conn, &ids)?;
    let views = PostViews::load_with(conn, owner.into(), posts, &people, now)?;
    let render = Render::new(site, &views)?;
    let documents: Vec<_> = list
        .iter()
        .map(|c| misc::Conversation {
            id: c.id,
            unread: c.unread,
            accounts: participants(c, owner).filter_map(|id| render.accounts.get(id)).collect(),
            last_status: render.status(c.last_post_id),
        })
        .collect();
    Rendered::of(&documents)
}

async fn all(State(app): State<App>, me: SignedIn, uri: Uri, params: Params) -> ApiResult<Response> {
    let page = page::read(&params, Page::POSTS)?;
    let (site, now) = (app.site().clone(), app.clock().now());
    let (rendered, bounds) = app
        .glance(move |conn| {
            let list = rows::page(conn, me.account, &page)?;
            let bounds = list.first().map(|c| c.last_post_id.raw()).zip(list.last().map(|c| c.last_post_id.raw()));
            Ok((documents(conn, &site, me.account, &list, now)?, bounds))
        })
        .await?;
    let mut response = rendered.into_response();
    if let Some((first, last)) = bounds {
        response.headers_mut().extend(page::link(app.site().base(), &uri, first, last, true, Prev::MinId));
    }
    Ok(response)
}

async fn hide(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Empty> {
    let id = id.parse()?;
    app.write(move |tx| {
        rows::owned(tx.conn, me.account, id)?;
        rows::set_hidden(tx.conn, id)
    })
    .await?;
    Ok(Empty)
}

async fn mark(app: App, me: SignedIn, id: &str, unread: bool) -> ApiResult<Rendered> {
    let id: Id<Conversation> = id.parse()?;
    let (site, now) = (app.site().clone(), app.clock().now());
    let done = app.write(move |tx| {
        rows::owned(tx.conn, me.account, id)?;
        rows::set_unread(tx.conn, id, unread)?;
        let row = rows::owned(tx.conn, me.account, id)?;
        document(tx.conn, &site, me.account, row, now)
    });
    Ok(done.await?)
}

async fn read(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    mark(app, me, &id, false).await
}

async fn unread(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    mark(app, me, &id, true).await
}
