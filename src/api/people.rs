//! Lists of accounts: followers, requests, blocks, mutes, who favourited and boosted; and reports.

use super::{
    Anyone, ApiResult, Page, Params, Rendered,
    auth::{Access, Routes, SignedIn},
    entities::{misc::Report, render::Accounts},
    page::{self, Prev},
    relationships,
    timelines::open_to,
};
use crate::{
    Error, Result,
    app::App,
    db::Conn,
    domain::{
        Viewer,
        projects::near,
        reports::{self, Category},
        scopes::Scope,
        views::AccountViews,
        visibility,
    },
    id::Id,
    model::{self, Account, Post},
    store::{self, Listed, relations::Onlooker},
    time::Timestamp,
};
use axum::{
    extract::{OriginalUri, Path, State},
    http::HeaderMap,
};
use serde::Serialize;
use serde_json::value::RawValue;

/// The routes of this noun.
pub fn routes() -> Routes {
    const PUBLIC: Access = Access::Anyone(&[Scope::ReadAccounts]);
    const STATUS: Access = Access::Anyone(&[Scope::ReadStatuses]);
    Routes::new()
        .get("/api/v1/accounts/{id}/followers", PUBLIC, followers)
        .get("/api/v1/accounts/{id}/following", PUBLIC, following)
        .get("/api/v1/follow_requests", Access::User(&[Scope::ReadFollows]), requests)
        .get("/api/v1/blocks", Access::User(&[Scope::ReadBlocks]), blocks)
        .get("/api/v1/mutes", Access::User(&[Scope::ReadMutes]), mutes)
        .get("/api/v1/statuses/{id}/favourited_by", STATUS, favourited_by)
        .get("/api/v1/statuses/{id}/reblogged_by", STATUS, reblogged_by)
        .post("/api/v1/reports", Access::User(&[Scope::WriteReports]), report)
}

pub(super) type Answer = ApiResult<(HeaderMap, Rendered)>;

/// Reads a list, renders its accounts and says where the next page is.
pub(super) async fn answer<F>(app: App, viewer: Viewer, uri: OriginalUri, params: Params, read: F) -> Answer
where
    F: FnOnce(&mut Conn, Page, Timestamp) -> Result<Vec<Listed<Account>>> + Send + 'static,
{
    let wanted = page::read(&params, Page::ACCOUNTS)?;
    let (inner, now) = (app.clone(), app.clock().now());
    let page = app.read(move |conn| {
        let rows = read(conn, wanted, now)?;
        let ids: Vec<Id<Account>> = rows.iter().map(|r| r.id).collect();
        let views = AccountViews::load(conn, &ids)?.shown_to(conn, viewer)?;
        let body = Rendered::of(&Accounts::new(inner.site(), &views)?.in_order())?;
        Ok((ends(&rows, |r| r.cursor), rows.len(), body))
    });
    let (ends, n, body) = page.await?;
    Ok((headers(&app, &uri, ends, n, wanted), body))
}

fn ends<T>(rows: &[T], cursor: impl Fn(&T) -> i64) -> Option<(i64, i64)> {
    Some((cursor(rows.first()?), cursor(rows.last()?)))
}

fn headers(app: &App, uri: &OriginalUri, ends: Option<(i64, i64)>, rows: usize, page: Page) -> HeaderMap {
    // A short page is the last one; an empty one leads nowhere.
    let more = i64::try_from(rows).is_ok_and(|n| n >= page.limit);
    match ends {
        Some((first, last)) => page::link(app.site().base(), uri, first, last, more, Prev::SinceId),
        None => HeaderMap::new(),
    }
}

/// May `viewer` see whom this account follows and who follows it?
fn open_lists(conn: &mut Conn, viewer: Viewer, id: Id<Account>) -> Result<bool> {
    let account = store::accounts::load(conn, id)?;
    // A project of this site alone is there for nobody who asks from elsewhere.
    if account.is_unavailable() || viewer.0.is_none() && near::is_near(conn, id)? {
        return Err(Error::NotFound);
    }
    if viewer.0 == Some(id) {
        return Ok(true);
    }
    let blocked = match viewer.0 {
        Some(viewer) => store::follows::find_block(conn, id, viewer)?.is_some(),
        None => false,
    };
    Ok(!account.hide_collections && !blocked)
}

/// Reads a page of accounts around one thing.
type Rows<T> = fn(&mut Conn, Id<T>, Onlooker, Page) -> Result<Vec<Listed<Account>>>;

/// A list of an account that its owner may hide.
async fn connections(
    app: App,
    viewer: Viewer,
    id: String,
    uri: OriginalUri,
    params: Params,
    rows: Rows<Account>,
) -> Answer {
    open_to(&app, viewer)?;
    let id = id.parse()?;
    answer(app, viewer, uri, params, move |conn, page, now| match open_lists(conn, viewer, id)? {
        // In one's own lists nobody is passed over.
        true => rows(conn, id, Onlooker { account: viewer.0.filter(|viewer| *viewer != id), now }, page),
        false => Ok(Vec::new()),
    })
    .await
}

async fn followers(
    State(app): State<App>,
    Anyone(viewer): Anyone,
    Path(id): Path<String>,
    uri: OriginalUri,
    params: Params,
) -> Answer {
    connections(app, viewer, id, uri, params, store::relations::followers).await
}

async fn following(
    State(app): State<App>,
    Anyone(viewer): Anyone,
    Path(id): Path<String>,
    uri: OriginalUri,
    params: Params,
) -> Answer {
    connections(app, viewer, id, uri, params, store::relations::following).await
}

async fn requests(State(app): State<App>, me: SignedIn, uri: OriginalUri, params: Params) -> Answer {
    answer(app, me.viewer(), uri, params, move |conn, page, _| store::relations::requests(conn, me.account, page)).await
}

async fn blocks(State(app): State<App>, me: SignedIn, uri: OriginalUri, params: Params) -> Answer {
    answer(app, me.viewer(), uri, params, move |conn, page, _| store::relations::blocked(conn, me.account, page)).await
}

/// An account with the end of its mute.
#[derive(Serialize)]
struct Muted<'a> {
    #[serde(flatten)]
    account: super::entities::account::Account<'a>,
    mute_expires_at: Option<Timestamp>,
}

async fn mutes(State(app): State<App>, me: SignedIn, uri: OriginalUri, params: Params) -> Answer {
    let wanted = page::read(&params, Page::ACCOUNTS)?;
    let (inner, now) = (app.clone(), app.clock().now());
    let page = app.glance(move |conn| {
        let rows = store::relations::muted(conn, me.account, now, wanted)?;
        let ids: Vec<Id<Account>> = rows.iter().map(|m| m.target_id).collect();
        let views = AccountViews::load(conn, &ids)?;
        let list: Vec<Muted<'_>> = rows
            .iter()
            .filter_map(|m| {
                let row = views.get(m.target_id)?;
                let moved = row.moved_to_id.and_then(|id| views.get(id));
                let account = super::entities::render::account(inner.site(), row, moved);
                Some(Muted { account, mute_expires_at: m.expires_at })
            })
            .collect();
        Ok((ends(&rows, |m| m.id.raw()), rows.len(), Rendered::of(&list)?))
    });
    let (ends, n, body) = page.await?;
    Ok((headers(&app, &uri, ends, n, wanted), body))
}

/// Who reacted to a post, for those who may see it.
async fn reactors<F>(app: App, viewer: Viewer, id: String, uri: OriginalUri, params: Params, rows: F) -> Answer
where
    F: FnOnce(&mut Conn, Id<Post>, Onlooker, Page) -> Result<Vec<Listed<Account>>> + Send + 'static,
{
    open_to(&app, viewer)?;
    let id = id.parse()?;
    answer(app, viewer, uri, params, move |conn, page, now| {
        let post = visibility::visible_original(conn, viewer, id, now)?;
        rows(conn, post.id, Onlooker { account: viewer.0, now }, page)
    })
    .await
}

async fn favourited_by(
    State(app): State<App>,
    Anyone(viewer): Anyone,
    Path(id): Path<String>,
    uri: OriginalUri,
    params: Params,
) -> Answer {
    reactors(app, viewer, id, uri, params, store::relations::favourited_by).await
}

async fn reblogged_by(
    State(app): State<App>,
    Anyone(viewer): Anyone,
    Path(id): Path<String>,
    uri: OriginalUri,
    params: Params,
) -> Answer {
    let rows = move |conn: &mut Conn, id, to, page| store::relations::boosted_by(conn, id, viewer.audience(), to, page);
    reactors(app, viewer, id, uri, params, rows).await
}

async fn report(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    let (target, filing) = relationships::filing(&params)?;
    let inner = app.clone();
    let answer = app.write(move |tx| {
        let report = reports::file(tx, me.account, target, filing)?;
        let views = AccountViews::load(tx.conn, &[target])?;
        let accounts = Accounts::new(inner.site(), &views)?;
        Rendered::of(&report_document(&report, accounts.get(target).ok_or(Error::NotFound)?))
    });
    Ok(answer.await?)
}

/// The document of a report.
pub(super) fn report_document<'a>(report: &'a model::Report, target: &'a RawValue) -> Report<'a> {
    let numbers = |json: &str| serde_json::from_str::<Vec<i64>>(json).unwrap_or_default();
    Report {
        id: report.id,
        action_taken: report.closed_at.is_some(),
        action_taken_at: report.closed_at,
        category: Category::from_code(report.category).as_str(),
        comment: &report.comment,
        forwarded: report.forwarded,
        created_at: report.created_at,
        status_ids: numbers(&report.post_ids).into_iter().map(Id::new).collect(),
        collection_ids: numbers(&report.collection_ids).into_iter().map(Id::new).collect(),
        rule_ids: numbers(&report.rule_ids).iter().map(i64::to_string).collect(),
        target_account: target,
    }
}
