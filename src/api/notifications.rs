//! Notifications, one by one (v1) and grouped (v2).

use super::{
    ApiResult, Empty, Page, Params, Rendered,
    auth::{Access, Routes, SignedIn},
    collections,
    entities::{
        Render,
        notification::{Fallback, GroupedNotifications, Notification, NotificationGroup, PartialAccount},
        render::{self, Accounts},
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
use std::collections::{HashMap, HashSet};

/// The routes of this noun.
pub fn routes() -> Routes {
    const READ: Access = Access::User(&[Scope::ReadNotifications]);
    const WRITE: Access = Access::User(&[Scope::WriteNotifications]);
    Routes::new()
        .get("/api/v1/notifications", READ, list)
        .get("/api/v1/notifications/unread_count", READ, unread_count)
        .get("/api/v2/notifications", READ, grouped)
        .get("/api/v2/notifications/unread_count", READ, unread_groups)
        .get("/api/v1/notifications/{id}", READ, one)
        .post("/api/v1/notifications/clear", WRITE, clear)
        .delete("/api/v1/notifications/destroy_multiple", WRITE, dismiss_several)
        .delete("/api/v1/notifications/{id}", WRITE, dismiss)
        .post("/api/v1/notifications/{id}/dismiss", WRITE, dismiss)
        .post("/api/v1/notifications/dismiss", WRITE, dismiss_named)
        .get("/api/v2/notifications/{key}", READ, one_group)
        .get("/api/v2/notifications/{key}/accounts", READ, accounts_of_group)
        .post("/api/v2/notifications/{key}/dismiss", WRITE, dismiss_group)
        .post("/api/v2/notifications/clear", WRITE, clear)
}

/// Rows of one page with everything shown of them.
struct Shown {
    rows: Vec<model::Notification>,
    posts: PostViews,
    accounts: AccountViews,
    reports: HashMap<i64, model::Report>,
    collections: collections::Shown,
}

impl Shown {
    /// Reads what the rows refer to; a row about a post that may not be seen any more is left out (PRV-19).
    fn load(conn: &mut Conn, me: Id<Account>, rows: Vec<model::Notification>, now: Timestamp) -> Result<Self> {
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
        let mut people: Vec<Id<Account>> = rows.iter().map(|n| n.from_account_id).collect();
        people.extend(reports.values().map(|r| r.target_id));
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
        Ok(Self { rows, posts, accounts, reports, collections })
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
        group_key: group_key(row),
        created_at: row.created_at,
        account: accounts.get(row.from_account_id)?,
        status: row.post_id.and_then(|id| render.status(id)),
        report: row.report_id.and_then(|id| {
            let report = shown.reports.get(&id.raw())?;
            Some(report_document(report, accounts.get(report.target_id)?))
        }),
        collection: row.collection_id.and_then(|id| shown.collections.document(site, id)),
        fallback: fallback(row, shown, known),
    })
}

/// The kinds that a client says it knows; none when it says nothing.
fn known(params: &Params) -> Option<Vec<Kind>> {
    params.has("supported_types").then(|| kinds(params, "supported_types"))
}

/// What a client shows of a kind that is not among those it knows.
fn fallback(row: &model::Notification, shown: &Shown, known: Option<&[Kind]>) -> Option<Fallback> {
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
    };
    Some(Fallback { title: format!("{} {did}", html::escape(name)), summary: None, details: None })
}

/// Hours over which notifications of one kind about one thing are one group.
const GROUP_HOURS: i64 = 12;

/// Letters, digits and `-` only: it is a segment of an address.
fn group_key(row: &model::Notification) -> String {
    let span = row.created_at.seconds() / (GROUP_HOURS * 3600);
    match (row.kind, row.post_id) {
        (Kind::Favourite | Kind::Reblog, Some(post)) => format!("{}-{post}-{span}", row.kind),
        (Kind::Follow, _) => format!("follow-{span}"),
        (Kind::AdminSignUp, _) => format!("admin-sign-up-{span}"),
        _ => format!("ungrouped-{}", row.id),
    }
}

/// The rows a key stands for: one, or those of one kind about one thing in one stretch of time. `NotFound` for a text
/// that is no key.
fn rows_of(key: &str) -> Result<Selection> {
    if let Some(id) = key.strip_prefix("ungrouped-") {
        return Ok(Selection { only: Some(id.parse()?), ..Selection::default() });
    }
    let (rest, span) = key.rsplit_once('-').ok_or(Error::NotFound)?;
    let (kind, post) = match rest.split_once('-') {
        _ if rest == "follow" => (Kind::Follow, None),
        _ if rest == "admin-sign-up" => (Kind::AdminSignUp, None),
        Some(("favourite", post)) => (Kind::Favourite, Some(post.parse()?)),
        Some(("reblog", post)) => (Kind::Reblog, Some(post.parse()?)),
        _ => return Err(Error::NotFound),
    };
    // Ten digits are more than there will be.
    let span: i64 = span.parse::<u32>().map_err(|_| Error::NotFound)?.into();
    let at = |span: i64| Timestamp::from_millis(span * GROUP_HOURS * 3_600_000);
    Ok(Selection { kinds: vec![kind], post, during: Some((at(span), at(span + 1))), ..Selection::default() })
}

fn kinds(params: &Params, name: &str) -> Vec<Kind> {
    params.texts(name).into_iter().filter_map(|word| word.parse().ok()).collect()
}

/// What is asked for; none when only kinds are asked for that do not exist here.
fn selection(params: &Params) -> Option<Selection> {
    let wanted = kinds(params, "types");
    if wanted.is_empty() && !params.texts("types").is_empty() {
        return None;
    }
    let from = params.filled("account_id").map(|id| id.trim().parse().unwrap_or(Id::new(0)));
    let (except, held) = (kinds(params, "exclude_types"), params.flag("include_filtered"));
    Some(Selection { kinds: wanted, except, from, held, ..Selection::default() })
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
    let answer = app.read(move |conn| {
        let rows = store::notifications::list(conn, me.account, &selection, now, wanted)?;
        let headers = link(&inner, &uri, &rows);
        let shown = Shown::load(conn, me.account, rows, now)?;
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
    let shown = Shown::load(conn, me, vec![row], now)?;
    let render = Render::new(site, &shown.posts)?;
    let accounts = Accounts::new(site, &shown.accounts)?;
    let row = shown.rows.first().ok_or(Error::NotFound)?;
    Rendered::of(&document(site, row, &shown, &render, &accounts, known).ok_or(Error::NotFound)?)
}

async fn one(State(app): State<App>, me: SignedIn, Path(id): Path<String>, params: Params) -> ApiResult<Rendered> {
    let (id, known) = (id.parse()?, known(&params));
    let (site, now) = (app.site().clone(), app.clock().now());
    Ok(app.read(move |conn| document_for(conn, &site, me.account, id, now, known.as_deref())).await?)
}

/// Notifications read at once to find the groups of one page.
const GROUPED: i64 = 400;
/// Accounts named in a group.
const SAMPLE: usize = 8;
/// Kinds that are shown as groups unless a client says otherwise.
const GROUPABLE: [Kind; 4] = [Kind::Favourite, Kind::Reblog, Kind::Follow, Kind::AdminSignUp];

async fn grouped(
    State(app): State<App>,
    me: SignedIn,
    uri: OriginalUri,
    params: Params,
) -> ApiResult<(HeaderMap, Rendered)> {
    let wanted = page::read(&params, Page::ACCOUNTS)?;
    let Some(selection) = selection(&params) else {
        let nothing = GroupedNotifications::default();
        return Ok((HeaderMap::new(), Rendered::of(&nothing)?));
    };
    let (together, told) = (together(&params), Told::read(&params)?);
    let (inner, now) = (app.clone(), app.clock().now());
    let answer = app.read(move |conn| {
        let mut read = wanted;
        read.limit = GROUPED;
        let rows = store::notifications::list(conn, me.account, &selection, now, read)?;
        let shown = Shown::load(conn, me.account, rows, now)?;
        let (groups, rows) = groups(&shown, &together, wanted);
        let headers = match (rows.first(), rows.last()) {
            (Some(first), Some(last)) => page::link(inner.site().base(), &uri, *first, *last, true, Prev::MinId),
            _ => HeaderMap::new(),
        };
        Ok((headers, group_documents(inner.site(), &shown, &groups, &told)?))
    });
    Ok(answer.await?)
}

/// The kinds a client wants to see as groups.
fn together(params: &Params) -> Vec<Kind> {
    match params.has("grouped_types") {
        true => kinds(params, "grouped_types"),
        false => GROUPABLE.to_vec(),
    }
}

/// How groups are told of.
#[derive(Default)]
struct Told {
    /// As a page: what only makes sense within one is left out of a single group.
    of_page: bool,
    /// Of most people only what a small picture needs.
    partly: bool,
    /// The kinds that the client knows, when it says so.
    known: Option<Vec<Kind>>,
}

impl Told {
    fn read(params: &Params) -> ApiResult<Self> {
        let partly = match params.filled("expand_accounts") {
            None | Some("full") => false,
            Some("partial_avatars") => true,
            Some(_) => return Err(Error::bad_request("Invalid parameter: expand_accounts").into()),
        };
        Ok(Self { of_page: true, partly, known: known(params) })
    }
}

/// Groups with the accounts and posts they name.
fn group_documents(site: &Site, shown: &Shown, groups: &[Group<'_>], told: &Told) -> Result<Rendered> {
    let of_page = told.of_page;
    let render = Render::new(site, &shown.posts)?;
    let accounts = Accounts::new(site, &shown.accounts)?;
    let in_full = if told.partly { 1 } else { usize::MAX };
    let mut people: Vec<Id<Account>> = groups.iter().flat_map(|g| g.people.iter().take(in_full).copied()).collect();
    people.sort_unstable();
    people.dedup();
    let mut others: Vec<Id<Account>> = groups.iter().flat_map(|g| g.people.iter().skip(in_full).copied()).collect();
    others.sort_unstable();
    others.dedup();
    others.retain(|id| people.binary_search(id).is_err());
    let mut posts: Vec<Id<Post>> = groups.iter().filter_map(|g| g.newest.post_id).collect();
    posts.sort_unstable();
    posts.dedup();
    Rendered::of(&GroupedNotifications {
        accounts: people.iter().filter_map(|id| accounts.get(*id)).collect(),
        partial_accounts: told.partly.then(|| {
            others.iter().filter_map(|id| shown.accounts.get(*id)).map(|row| partial_account(site, row)).collect()
        }),
        statuses: posts.iter().filter_map(|id| render.status(*id)).collect(),
        notification_groups: groups
            .iter()
            .map(|g| NotificationGroup {
                group_key: g.key.clone(),
                notifications_count: g.count,
                r#type: g.newest.kind.as_str(),
                most_recent_notification_id: g.newest.id.raw(),
                page_min_id: of_page.then_some(g.oldest),
                page_max_id: of_page.then_some(g.newest.id),
                latest_page_notification_at: of_page.then_some(g.newest.created_at),
                sample_account_ids: g.people.clone(),
                status_id: g.newest.post_id,
                report: g.newest.report_id.and_then(|id| {
                    let report = shown.reports.get(&id.raw())?;
                    Some(report_document(report, accounts.get(report.target_id)?))
                }),
                collection: g.newest.collection_id.and_then(|id| shown.collections.document(site, id)),
                fallback: fallback(g.newest, shown, told.known.as_deref()),
            })
            .collect(),
    })
}

fn partial_account<'a>(site: &'a Site, row: &'a Account) -> PartialAccount<'a> {
    let whole = render::account(site, row, None);
    PartialAccount {
        id: whole.id,
        acct: whole.acct,
        url: whole.url,
        avatar: whole.avatar,
        avatar_static: whole.avatar_static,
        avatar_description: whole.avatar_description,
        locked: whole.locked,
        bot: whole.bot,
    }
}

/// The rows of one group, newest first; `NotFound` when there are none (any more).
fn load_group(conn: &mut Conn, me: Id<Account>, rows: &Selection, now: Timestamp) -> Result<Shown> {
    let page = Page::first(GROUPED);
    let rows = store::notifications::list(conn, me, rows, now, page)?;
    let shown = Shown::load(conn, me, rows, now)?;
    if shown.rows.is_empty() { Err(Error::NotFound) } else { Ok(shown) }
}

async fn one_group(
    State(app): State<App>,
    me: SignedIn,
    Path(key): Path<String>,
    params: Params,
) -> ApiResult<Rendered> {
    let (wanted, now, site) = (rows_of(&key)?, app.clock().now(), app.site().clone());
    let told = Told { known: known(&params), ..Told::default() };
    let answer = app.read(move |conn| {
        let shown = load_group(conn, me.account, &wanted, now)?;
        // A row of a kind that could be grouped may be asked for alone.
        let together: &[Kind] = if wanted.only.is_some() { &[] } else { &GROUPABLE };
        let (groups, _) = groups(&shown, together, Page::first(1));
        group_documents(&site, &shown, &groups, &told)
    });
    Ok(answer.await?)
}

async fn accounts_of_group(State(app): State<App>, me: SignedIn, Path(key): Path<String>) -> ApiResult<Rendered> {
    let (wanted, now, site) = (rows_of(&key)?, app.clock().now(), app.site().clone());
    let answer = app.read(move |conn| {
        let shown = load_group(conn, me.account, &wanted, now)?;
        let accounts = Accounts::new(&site, &shown.accounts)?;
        Rendered::of(&shown.rows.iter().filter_map(|n| accounts.get(n.from_account_id)).collect::<Vec<_>>())
    });
    Ok(answer.await?)
}

async fn dismiss_group(State(app): State<App>, me: SignedIn, Path(key): Path<String>) -> ApiResult<Empty> {
    let wanted = rows_of(&key)?;
    app.write(move |tx| {
        let page = Page::first(GROUPED);
        let now = tx.now;
        let rows = store::notifications::list(tx.conn, me.account, &wanted, now, page)?;
        let ids: Vec<_> = rows.iter().map(|n| n.id).collect();
        store::notifications::dismiss(tx.conn, me.account, &ids)
    })
    .await?;
    Ok(Empty)
}

struct Group<'a> {
    key: String,
    newest: &'a model::Notification,
    oldest: Id<model::Notification>,
    count: i64,
    /// Newest first, at most [`SAMPLE`].
    people: Vec<Id<Account>>,
}

/// The key of the group a row belongs to, for a client that wants these kinds together.
fn key_of(row: &model::Notification, together: &[Kind]) -> String {
    if together.contains(&row.kind) { group_key(row) } else { format!("ungrouped-{}", row.id) }
}

/// The groups of one page, newest first, and the ids of the rows that went into them. A page holds `limit` groups; rows
/// beyond the first group too many are for the next page.
fn groups<'a>(shown: &'a Shown, together: &[Kind], page: Page) -> (Vec<Group<'a>>, Vec<i64>) {
    let limit = usize::try_from(page.limit).unwrap_or(0);
    let mut groups: Vec<Group<'a>> = Vec::new();
    let mut used = Vec::new();
    // Upward pages fill from their oldest row.
    let rows: Vec<&model::Notification> =
        if page.upward() { shown.rows.iter().rev().collect() } else { shown.rows.iter().collect() };
    for row in rows {
        let key = key_of(row, together);
        let full = groups.len() == limit;
        match groups.iter_mut().find(|g| g.key == key) {
            Some(group) => {
                group.count += 1;
                if row.id > group.newest.id {
                    group.newest = row;
                }
                group.oldest = group.oldest.min(row.id);
                if !group.people.contains(&row.from_account_id) {
                    if page.upward() {
                        group.people.insert(0, row.from_account_id);
                    } else {
                        group.people.push(row.from_account_id);
                    }
                    group.people.truncate(SAMPLE);
                }
            }
            None if full => break,
            None => {
                groups.push(Group { key, newest: row, oldest: row.id, count: 1, people: vec![row.from_account_id] })
            }
        }
        used.push(row.id.raw());
    }
    groups.sort_unstable_by_key(|g| std::cmp::Reverse(g.newest.id));
    used.sort_unstable_by_key(|id| std::cmp::Reverse(*id));
    (groups, used)
}

async fn unread_count(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    let most = params.integer("limit")?.unwrap_or(100).clamp(1, 1_000);
    let Some(selection) = selection(&params) else { return Ok(Rendered(br#"{"count":0}"#.to_vec())) };
    let now = app.clock().now();
    let count = app.read(move |conn| {
        let read = store::notifications::read_marker(conn, me.account)?;
        store::notifications::count_above(conn, me.account, &selection, read, now, most)
    });
    Ok(Rendered::of(&serde_json::json!({ "count": count.await? }))?)
}

/// The second generation counts groups.
async fn unread_groups(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    let most = params.integer("limit")?.unwrap_or(100).clamp(1, 1_000);
    let Some(selection) = selection(&params) else { return Ok(Rendered(br#"{"count":0}"#.to_vec())) };
    let (together, now) = (together(&params), app.clock().now());
    let count = app.read(move |conn| {
        let read = store::notifications::read_marker(conn, me.account)?;
        let page = Page { since_id: Some(read), ..Page::first(GROUPED) };
        let rows = store::notifications::list(conn, me.account, &selection, now, page)?;
        let keys: HashSet<String> = rows.iter().map(|row| key_of(row, &together)).collect();
        Ok(i64::try_from(keys.len()).unwrap_or(most).min(most))
    });
    Ok(Rendered::of(&serde_json::json!({ "count": count.await? }))?)
}

async fn clear(State(app): State<App>, me: SignedIn) -> ApiResult<Empty> {
    app.write(move |tx| store::notifications::clear(tx.conn, me.account)).await?;
    Ok(Empty)
}

/// The oldest form: the id is a parameter.
async fn dismiss_named(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Empty> {
    let id = params.id("id")?.ok_or(Error::NotFound)?;
    app.write(move |tx| store::notifications::dismiss(tx.conn, me.account, &[id])).await?;
    Ok(Empty)
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
    let id = id.parse()?;
    app.write(move |tx| store::notifications::dismiss(tx.conn, me.account, &[id])).await?;
    Ok(Empty)
}
