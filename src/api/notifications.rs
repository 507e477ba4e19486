//! Notifications, one by one.

use super::{
    ApiResult, Empty, Page, Params, Rendered,
    auth::{Access, Routes, SignedIn},
    collections,
    entities::{
        Render,
        notification::{AccountWarning, Fallback, Notification, SeveranceEvent},
        render::Accounts,
    },
    page::{self, Prev},
    people::report_document,
};
use crate::{
    Error, Result,
    app::App,
    config::Site,
    db::Conn,
    domain::{
        Viewer, html,
        scopes::Scope,
        views::{AccountViews, PostViews},
    },
    id::Id,
    model::{self, Account, NotificationKind as Kind, Post},
    store::{self, notifications::Selection},
    time::Timestamp,
};
use axum::{
    extract::{OriginalUri, Path, State},
    http::HeaderMap,
};
use std::collections::HashMap;

/// The routes of this noun.
pub fn routes() -> Routes {
    const READ: Access = Access::User(&[Scope::ReadNotifications]);
    const WRITE: Access = Access::User(&[Scope::WriteNotifications]);
    Routes::new()
        .get("/api/v1/notifications", READ, list)
        .get("/api/v1/notifications/unread_count", READ, unread_count)
        .get("/api/v1/notifications/{id}", READ, one)
        .post("/api/v1/notifications/clear", WRITE, clear)
        .delete("/api/v1/notifications/destroy_multiple", WRITE, dismiss_several)
        .delete("/api/v1/notifications/{id}", WRITE, dismiss)
        .post("/api/v1/notifications/{id}/dismiss", WRITE, dismiss)
        .post("/api/v1/notifications/dismiss", WRITE, dismiss_named)
}

/// Rows of one page with everything shown of them.
pub(super) struct Shown {
    pub(super) rows: Vec<model::Notification>,
    pub(super) posts: PostViews,
    pub(super) accounts: AccountViews,
    pub(super) reports: HashMap<i64, model::Report>,
    pub(super) collections: collections::Shown,
    warnings: HashMap<i64, model::AccountWarning>,
    severances: HashMap<i64, model::Severance>,
}

impl Shown {
    /// Reads what the rows refer to, and these accounts; a row about a post that may not be seen any more is left out (PRV-19).
    pub(super) fn load(
        conn: &mut Conn,
        me: Id<Account>,
        rows: Vec<model::Notification>,
        also: &[Id<Account>],
        now: Timestamp,
    ) -> Result<Self> {
        let mut ids: Vec<Id<Post>> = rows.iter().filter_map(|n| n.post_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let posts = PostViews::by_ids(conn, Viewer::from(me), &ids, now)?;
        let mut ids: Vec<Id<model::Report>> = rows.iter().filter_map(|n| n.report_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let reports = store::reports::several(conn, &ids)?;
        let reports: HashMap<i64, model::Report> = reports.into_iter().map(|r| (r.id.raw(), r)).collect();
        let mut ids: Vec<Id<model::Collection>> = rows.iter().filter_map(|n| n.collection_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let collections = store::collections::several(conn, &ids)?;
        let collections = collections::Shown::load(conn, Viewer::from(me), collections)?;
        let ids: Vec<Id<model::AccountWarning>> = rows.iter().filter_map(|n| n.warning_id).collect();
        let warnings = store::warnings::several(conn, &ids)?;
        let warnings: HashMap<i64, model::AccountWarning> = warnings.into_iter().map(|w| (w.id.raw(), w)).collect();
        let ids: Vec<Id<model::Severance>> = rows.iter().filter_map(|n| n.severance_id).collect();
        let severances = store::severances::several(conn, &ids)?;
        let severances: HashMap<i64, model::Severance> = severances.into_iter().map(|s| (s.id.raw(), s)).collect();
        let mut people: Vec<Id<Account>> = rows.iter().map(|n| n.from_account_id).collect();
        people.extend(reports.values().map(|r| r.target_id));
        people.extend(warnings.values().map(|w| w.account_id));
        people.extend_from_slice(also);
        let accounts = AccountViews::load(conn, &people)?;
        let rows = rows
            .into_iter()
            .filter(|n: &model::Notification| {
                n.post_id.is_none_or(|id| posts.get(id).is_some())
                    && n.report_id.is_none_or(|id| reports.contains_key(&id.raw()))
                    && n.collection_id.is_none_or(|id| collections.has(id))
                    && accounts.get(n.from_account_id).is_some()
            })
            .collect();
        Ok(Self { rows, posts, accounts, reports, collections, warnings, severances })
    }

    /// The follows that a row says were lost.
    pub(super) fn event(&self, row: &model::Notification) -> Option<SeveranceEvent<'_>> {
        let severance = self.severances.get(&row.severance_id?.raw())?;
        Some(SeveranceEvent {
            id: severance.id,
            r#type: severance.kind,
            purged: severance.purged,
            target_name: &severance.target_name,
            followers_count: severance.followers_count,
            following_count: severance.following_count,
            created_at: severance.created_at,
        })
    }

    /// The word of staff that a row brings.
    pub(super) fn warning<'a>(
        &'a self,
        row: &model::Notification,
        accounts: &'a Accounts<'a>,
    ) -> Option<AccountWarning<'a>> {
        let warning = self.warnings.get(&row.warning_id?.raw())?;
        let numbers = |json: &String| serde_json::from_str::<Vec<i64>>(json).unwrap_or_default();
        Some(AccountWarning {
            id: warning.id,
            action: warning.action,
            text: &warning.text,
            status_ids: warning.post_ids.as_ref().map(|json| numbers(json).into_iter().map(Id::new).collect()),
            target_account: accounts.get(warning.account_id)?,
            appeal: None,
            created_at: warning.created_at,
        })
    }
}

fn documents(site: &Site, shown: &Shown, known: Option<&[Kind]>) -> Result<Rendered> {
    let render = Render::new(site, &shown.posts)?;
    let accounts = Accounts::new(site, &shown.accounts)?;
    let list: Vec<Notification<'_>> =
        shown.rows.iter().filter_map(|row| document(site, row, shown, &render, &accounts, known)).collect();
    Rendered::of(&list)
}

fn document<'a>(
    site: &Site,
    row: &'a model::Notification,
    shown: &'a Shown,
    render: &'a Render<'a>,
    accounts: &'a Accounts<'a>,
    known: Option<&[Kind]>,
) -> Option<Notification<'a>> {
    Some(Notification {
        id: row.id,
        r#type: row.kind.as_str(),
        group_key: row.group_key.clone().unwrap_or_else(|| format!("ungrouped-{}", row.id)),
        created_at: row.created_at,
        account: accounts.get(row.from_account_id)?,
        status: row.post_id.and_then(|id| render.status(id)),
        report: row.report_id.and_then(|id| {
            let report = shown.reports.get(&id.raw())?;
            Some(report_document(report, accounts.get(report.target_id)?))
        }),
        collection: row.collection_id.and_then(|id| shown.collections.document(site, id)),
        event: shown.event(row),
        moderation_warning: shown.warning(row, accounts),
        fallback: fallback(row, shown, known),
    })
}

/// The kinds that a client says it knows; none when it says nothing.
pub(super) fn known(params: &Params) -> Option<Vec<Kind>> {
    params.has("supported_types").then(|| kinds(params, "supported_types"))
}

/// What a client shows of a kind that is not among those it knows.
pub(super) fn fallback(row: &model::Notification, shown: &Shown, known: Option<&[Kind]>) -> Option<Fallback> {
    if known?.contains(&row.kind) {
        return None;
    }
    let who = shown.accounts.get(row.from_account_id)?;
    let name = if who.display_name.is_empty() { &who.username } else { &who.display_name };
    let did = match row.kind {
        Kind::Mention => "mentioned you",
        Kind::Status => "wrote a post",
        Kind::Reblog => "boosted your post",
        Kind::Follow => "follows you",
        Kind::FollowRequest => "asks to follow you",
        Kind::Favourite => "likes your post",
        Kind::Poll => "asked something, and the poll is over",
        Kind::Update => "changed a post that you took up",
        Kind::AdminSignUp => "signed up",
        Kind::AdminReport => "reported somebody",
        Kind::Quote => "quoted your post",
        Kind::QuotedUpdate => "changed a post that you quoted",
        Kind::AddedToCollection => "put you into a collection",
        Kind::CollectionUpdate => "changed a collection that you are in",
        Kind::ModerationWarning => "sent you a moderation warning",
        Kind::SeveredRelationships => "ended follows of yours",
    };
    let summary = match (row.warning_id, row.severance_id) {
        (Some(id), _) => shown.warnings.get(&id.raw()).map(|warning| warning.text.as_str()),
        (_, Some(id)) => shown.severances.get(&id.raw()).map(|severance| severance.target_name.as_str()),
        _ => None,
    };
    let summary = summary.filter(|text| !text.is_empty()).map(|text| html::escape(text).into_owned());
    Some(Fallback { title: format!("{} {did}", html::escape(name)), summary, details: None })
}

pub(super) fn kinds(params: &Params, name: &str) -> Vec<Kind> {
    params.texts(name).into_iter().filter_map(|word| word.parse().ok()).collect()
}

/// What is asked for; none when only kinds are asked for that do not exist here.
pub(super) fn selection(params: &Params) -> Option<Selection> {
    let wanted = kinds(params, "types");
    if wanted.is_empty() && !params.texts("types").is_empty() {
        return None;
    }
    let from = params.filled("account_id").map(|id| id.trim().parse().unwrap_or(Id::new(0)));
    let (except, held) = (kinds(params, "exclude_types"), params.flag("include_filtered"));
    Some(Selection { kinds: wanted, except, from, held, ..Selection::default() })
}

/// Whether all of them are asked for: a kind of which there are few is looked for longer.
fn is_plain(selection: &Selection) -> bool {
    selection.kinds.is_empty() && selection.except.is_empty() && selection.from.is_none()
}

fn link(app: &App, uri: &OriginalUri, rows: &[model::Notification]) -> HeaderMap {
    match (rows.first(), rows.last()) {
        (Some(first), Some(last)) => {
            page::link(app.site().base(), uri, first.id.raw(), last.id.raw(), true, Prev::MinId)
        }
        _ => HeaderMap::new(),
    }
}

async fn list(
    State(app): State<App>,
    me: SignedIn,
    uri: OriginalUri,
    params: Params,
) -> ApiResult<(HeaderMap, Rendered)> {
    let wanted = page::read(&params, Page::ACCOUNTS)?;
    let Some(selection) = selection(&params) else { return Ok((HeaderMap::new(), Rendered(b"[]".to_vec()))) };
    let (inner, now, known) = (app.clone(), app.clock().now(), known(&params));
    let answer = app.look(is_plain(&selection), move |conn| {
        let rows = store::notifications::list(conn, me.account, &selection, now, wanted)?;
        let headers = link(&inner, &uri, &rows);
        let shown = Shown::load(conn, me.account, rows, &[], now)?;
        Ok((headers, documents(inner.site(), &shown, known.as_deref())?))
    });
    Ok(answer.await?)
}

/// The document of one notification; `NotFound` when it is not this account's or not to be shown any more.
pub fn document_of(
    conn: &mut Conn,
    site: &Site,
    me: Id<Account>,
    id: Id<model::Notification>,
    now: Timestamp,
) -> Result<Rendered> {
    document_for(conn, site, me, id, now, None)
}

/// The same for a client that knows these kinds.
fn document_for(
    conn: &mut Conn,
    site: &Site,
    me: Id<Account>,
    id: Id<model::Notification>,
    now: Timestamp,
    known: Option<&[Kind]>,
) -> Result<Rendered> {
    let row = store::notifications::find(conn, me, id, now)?.ok_or(Error::NotFound)?;
    let shown = Shown::load(conn, me, vec![row], &[], now)?;
    let render = Render::new(site, &shown.posts)?;
    let accounts = Accounts::new(site, &shown.accounts)?;
    let row = shown.rows.first().ok_or(Error::NotFound)?;
    Rendered::of(&document(site, row, &shown, &render, &accounts, known).ok_or(Error::NotFound)?)
}

async fn one(State(app): State<App>, me: SignedIn, Path(id): Path<String>, params: Params) -> ApiResult<Rendered> {
    let (id, known) = (id.parse()?, known(&params));
    let (site, now) = (app.site().clone(), app.clock().now());
    Ok(app.glance(move |conn| document_for(conn, &site, me.account, id, now, known.as_deref())).await?)
}

async fn unread_count(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    let most = params.integer("limit")?.unwrap_or(100).clamp(1, 1_000);
    let Some(selection) = selection(&params) else { return Ok(Rendered(br#"{"count":0}"#.to_vec())) };
    let now = app.clock().now();
    let count = app.look(most <= 100 && is_plain(&selection), move |conn| {
        let read = store::notifications::read_marker(conn, me.account)?;
        store::notifications::count_above(conn, me.account, &selection, read, now, most)
    });
    Ok(Rendered::of(&serde_json::json!({ "count": count.await? }))?)
}

pub(super) async fn clear(State(app): State<App>, me: SignedIn) -> ApiResult<Empty> {
    app.write(move |tx| store::notifications::clear(tx.conn, me.account)).await?;
    Ok(Empty)
}

/// The oldest form: the id is a parameter.
async fn dismiss_named(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Empty> {
    dismiss_one(&app, me, params.id("id")?.ok_or(Error::NotFound)?).await
}

/// Notifications that go at once.
const AT_ONCE: usize = 400;

/// Another old form: several ids; those that are not there are passed over.
async fn dismiss_several(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Empty> {
    let mut ids = params.ids("ids");
    ids.truncate(AT_ONCE);
    if !ids.is_empty() {
        app.write(move |tx| store::notifications::dismiss(tx.conn, me.account, &ids)).await?;
    }
    Ok(Empty)
}

async fn dismiss(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Empty> {
    dismiss_one(&app, me, id.parse()?).await
}

async fn dismiss_one(app: &App, me: SignedIn, id: Id<model::Notification>) -> ApiResult<Empty> {
    match app.write(move |tx| store::notifications::dismiss(tx.conn, me.account, &[id])).await? {
        0 => Err(Error::NotFound.into()),
        _ => Ok(Empty),
    }
}
