//! Notifications in groups, the second generation.

use super::{
    ApiResult, Empty, Page, Params, Rendered,
    auth::{Access, Routes, SignedIn},
    entities::{
        Render,
        notification::{GroupedNotifications, NotificationGroup, PartialAccount},
        render::{self, Accounts},
    },
    notifications::{Shown, clear, fallback, kinds, known, selection},
    page::{self, Prev},
    people::report_document,
};
use crate::{
    Error, Result,
    app::App,
    config::Site,
    db::Conn,
    domain::scopes::Scope,
    id::Id,
    model::{Account, Notification, NotificationKind as Kind, Post},
    store::{
        self,
        notification_groups::{self, GROUPABLE, Group},
        notifications::Selection,
    },
    time::Timestamp,
};
use axum::{
    extract::{OriginalUri, Path, State},
    http::HeaderMap,
};

/// The routes of this noun.
pub fn routes() -> Routes {
    const READ: Access = Access::User(&[Scope::ReadNotifications]);
    const WRITE: Access = Access::User(&[Scope::WriteNotifications]);
    Routes::new()
        .get("/api/v2/notifications", READ, grouped)
        .get("/api/v2/notifications/unread_count", READ, unread)
        .get("/api/v2/notifications/{key}", READ, one)
        .get("/api/v2/notifications/{key}/accounts", READ, accounts)
        .post("/api/v2/notifications/{key}/dismiss", WRITE, dismiss)
        .post("/api/v2/notifications/clear", WRITE, clear)
}

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
        let page = notification_groups::page(conn, me.account, &selection, &together, now, wanted)?;
        let headers = match page.ends {
            Some((first, last)) => page::link(inner.site().base(), &uri, first, last, true, Prev::MinId),
            None => HeaderMap::new(),
        };
        let (groups, shown) = shown(conn, me.account, page.groups, now)?;
        Ok((headers, group_documents(inner.site(), &shown, &groups, &told)?))
    });
    Ok(answer.await?)
}

/// What is shown of groups; one about a post that may not be seen any more is left out (PRV-19).
fn shown(conn: &mut Conn, me: Id<Account>, mut groups: Vec<Group>, now: Timestamp) -> Result<(Vec<Group>, Shown)> {
    let people: Vec<Id<Account>> = groups.iter().flat_map(|group| group.people.iter().copied()).collect();
    let rows = groups.iter().map(|group| group.newest.clone()).collect();
    let shown = Shown::load(conn, me, rows, &people, now)?;
    groups.retain(|group| shown.rows.iter().any(|row| row.id == group.newest.id));
    Ok((groups, shown))
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
fn group_documents(site: &Site, shown: &Shown, groups: &[Group], told: &Told) -> Result<Rendered> {
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
                group_key: g.key.clone().unwrap_or_else(|| format!("ungrouped-{}", g.newest.id)),
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
                event: shown.event(&g.newest),
                moderation_warning: shown.warning(&g.newest, &accounts),
                fallback: fallback(&g.newest, shown, told.known.as_deref()),
            })
            .collect(),
    })
}

/// Somebody as a small picture needs them.
pub(super) fn partial_account<'a>(site: &'a Site, row: &'a Account) -> PartialAccount<'a> {
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

/// What a key stands for.
#[derive(Clone)]
enum Named {
    /// One notification.
    Alone(Id<Notification>),
    /// A group.
    Group(String),
}

/// `NotFound` for a text that is no key.
fn named(key: String) -> Result<Named> {
    match key.strip_prefix("ungrouped-") {
        Some(id) => Ok(Named::Alone(id.parse()?)),
        None => Ok(Named::Group(key)),
    }
}

async fn one(State(app): State<App>, me: SignedIn, Path(key): Path<String>, params: Params) -> ApiResult<Rendered> {
    let (named, now, site) = (named(key)?, app.clock().now(), app.site().clone());
    let told = Told { known: known(&params), ..Told::default() };
    let answer = app.read(move |conn| {
        let group = match named {
            Named::Alone(id) => {
                let only = Selection { only: Some(id), ..Selection::default() };
                let rows = store::notifications::list(conn, me.account, &only, now, Page::first(1))?;
                Group::alone(rows.into_iter().next().ok_or(Error::NotFound)?)
            }
            Named::Group(key) => notification_groups::one(conn, me.account, &key, now)?,
        };
        let (groups, shown) = shown(conn, me.account, vec![group], now)?;
        if groups.is_empty() {
            return Err(Error::NotFound);
        }
        group_documents(&site, &shown, &groups, &told)
    });
    Ok(answer.await?)
}

/// Who stands behind a group, in pages of notifications.
async fn accounts(
    State(app): State<App>,
    me: SignedIn,
    Path(key): Path<String>,
    uri: OriginalUri,
    params: Params,
) -> ApiResult<(HeaderMap, Rendered)> {
    let (named, page) = (named(key)?, page::read(&params, Page::ACCOUNTS)?);
    let (now, site) = (app.clock().now(), app.site().clone());
    let wanted = match named {
        Named::Alone(id) => Selection { only: Some(id), ..Selection::default() },
        Named::Group(key) => Selection { group: Some(key), ..Selection::default() },
    };
    let answer = app.read(move |conn| {
        let rows = store::notifications::list(conn, me.account, &wanted, now, page)?;
        let more = i64::try_from(rows.len()).is_ok_and(|n| n >= page.limit);
        let headers = match (rows.first(), rows.last()) {
            (Some(first), Some(last)) => {
                page::link(site.base(), &uri, first.id.raw(), last.id.raw(), more, Prev::MinId)
            }
            _ => HeaderMap::new(),
        };
        let shown = Shown::load(conn, me.account, rows, &[], now)?;
        // Behind the last page there is nobody; where there is no group there is no page.
        if shown.rows.is_empty() && page.max_id.is_none() && page.above().is_none() {
            return Err(Error::NotFound);
        }
        let accounts = Accounts::new(&site, &shown.accounts)?;
        let people: Vec<_> = shown.rows.iter().filter_map(|n| accounts.get(n.from_account_id)).collect();
        Ok((headers, Rendered::of(&people)?))
    });
    Ok(answer.await?)
}

async fn dismiss(State(app): State<App>, me: SignedIn, Path(key): Path<String>) -> ApiResult<Empty> {
    let named = named(key)?;
    app.write(move |tx| match &named {
        Named::Alone(id) => store::notifications::dismiss(tx.conn, me.account, &[*id]).map(drop),
        Named::Group(key) => notification_groups::dismiss(tx.conn, me.account, key),
    })
    .await?;
    Ok(Empty)
}

/// Counts groups.
async fn unread(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    let most = params.integer("limit")?.unwrap_or(100).clamp(1, 1_000);
    let Some(selection) = selection(&params) else { return Ok(Rendered(br#"{"count":0}"#.to_vec())) };
    let (together, now) = (together(&params), app.clock().now());
    let count = app.read(move |conn| {
        let read = store::notifications::read_marker(conn, me.account)?;
        notification_groups::count_above(conn, me.account, &selection, &together, read, now, most)
    });
    Ok(Rendered::of(&serde_json::json!({ "count": count.await? }))?)
}
