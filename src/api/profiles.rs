//! Accounts as others see them: profile, posts, lookup by handle.

use super::{
    Access, Anyone, ApiResult, Page, Params, Rendered, Routes, SignedIn,
    credentials::badges,
    entities::render::{self, Accounts},
    page::{self, Prev},
    timelines::{answer, open_to},
};
use crate::{
    Error, Result,
    app::App,
    config::Site,
    db::Conn,
    domain::{Viewer, scopes::Scope, text::normalize_hashtag, timelines, views::AccountViews},
    id::Id,
    limits,
    model::Account,
    peers,
    store::{
        accounts, hashtags, lists,
        timelines::{AuthorQuery, tag_ids},
        users,
    },
};
use axum::{
    extract::{Path, State},
    http::Uri,
    response::Response,
};

/// The routes of this noun.
pub fn routes() -> Routes {
    const ANYONE: Access = Access::Anyone(&[Scope::ReadAccounts]);
    Routes::new()
        .get("/api/v1/accounts", ANYONE, several)
        .get("/api/v1/accounts/lookup", ANYONE, lookup)
        .get("/api/v1/accounts/familiar_followers", Access::User(&[Scope::ReadFollows]), familiar)
        .get("/api/v1/accounts/{id}", ANYONE, one)
        .get("/api/v1/accounts/{id}/statuses", Access::Anyone(&[Scope::ReadStatuses]), statuses)
        .get("/api/v1/accounts/{id}/lists", Access::User(&[Scope::ReadLists]), in_lists)
}

/// One account as bytes. `Gone` when it was removed for good, `NotFound` while it waits for approval.
pub fn account(conn: &mut Conn, site: &Site, viewer: Viewer, id: Id<Account>) -> Result<Rendered> {
    let views = AccountViews::load(conn, &[id])?.shown_to(conn, viewer)?;
    let row = views.get(id).ok_or(Error::NotFound)?;
    if row.deleted_at.is_some() {
        return Err(Error::Gone);
    }
    let user = if row.is_local() { users::find(conn, id)? } else { None };
    if user.as_ref().is_some_and(|user| user.approved_at.is_none()) {
        return Err(Error::NotFound);
    }
    let mut document = render::account(site, row, row.moved_to_id.and_then(|m| views.get(m)));
    // Who of the staff somebody is concerns whoever is here, not strangers.
    if viewer.0.is_some() && !document.suspended {
        document.roles = user.map_or_else(Vec::new, |user| badges(user.role));
    }
    Rendered::of(&document)
}

/// Accounts as bytes, in this order; what is gone is left out.
pub fn accounts(conn: &mut Conn, site: &Site, viewer: Viewer, ids: &[Id<Account>]) -> Result<Rendered> {
    let mut views = AccountViews::load(conn, ids)?.shown_to(conn, viewer)?;
    let mut gone: Vec<Id<Account>> = views.all().iter().filter(|a| a.deleted_at.is_some()).map(|a| a.id).collect();
    gone.extend(users::waiting(conn, ids)?);
    views.order.retain(|id| !gone.contains(id));
    Rendered::of(&Accounts::new(site, &views)?.in_order())
}

async fn one(State(app): State<App>, Anyone(viewer): Anyone, Path(id): Path<String>) -> ApiResult<Rendered> {
    open_to(&app, viewer)?;
    let (site, id) = (app.site().clone(), id.parse()?);
    if viewer.0.is_some() {
        // Their posts are asked for next.
        peers::look_at(&app, &[id]).await?;
    }
    Ok(app.glance(move |conn| account(conn, &site, viewer, id)).await?)
}

async fn several(State(app): State<App>, Anyone(viewer): Anyone, params: Params) -> ApiResult<Rendered> {
    open_to(&app, viewer)?;
    let site = app.site().clone();
    let mut ids: Vec<Id<Account>> = params.ids("id");
    ids.truncate(limits::ARRAY_KEPT);
    Ok(app.look(ids.len() <= SHORT, move |conn| accounts(conn, &site, viewer, &ids)).await?)
}

async fn lookup(State(app): State<App>, Anyone(viewer): Anyone, params: Params) -> ApiResult<Rendered> {
    open_to(&app, viewer)?;
    let site = app.site().clone();
    let handle = local_handle(&site, params.required("acct")?);
    let found = app.glance(move |conn| {
        let row = accounts::find_by_handle(conn, &handle)?.ok_or(Error::NotFound)?;
        if row.is_unavailable() {
            return Err(Error::NotFound);
        }
        account(conn, &site, viewer, row.id)
    });
    Ok(found.await?)
}

/// A handle as it is stored: without `@` in front, in lower case, without our own domain.
pub fn local_handle(site: &Site, typed: &str) -> String {
    let handle = typed.trim().trim_start_matches('@').to_lowercase();
    match handle.split_once('@') {
        Some((name, domain)) if site.is_own_name(domain) => name.to_owned(),
        _ => handle,
    }
}

async fn statuses(
    State(app): State<App>,
    Anyone(viewer): Anyone,
    Path(id): Path<String>,
    uri: Uri,
    params: Params,
) -> ApiResult<Response> {
    open_to(&app, viewer)?;
    let author: Id<Account> = id.parse()?;
    let page = page::read(&params, Page::POSTS)?;
    if viewer.0.is_some() && !["max_id", "since_id", "min_id"].iter().any(|name| params.has(name)) {
        peers::look_at(&app, &[author]).await?;
    }
    let (pinned, tagged) = (params.flag("pinned"), params.filled("tagged").map(str::to_owned));
    let (only_media, exclude_replies) = (params.flag("only_media"), params.flag("exclude_replies"));
    let (exclude_boosts, exclude_direct) = (params.flag("exclude_reblogs"), params.flag("exclude_direct"));
    answer(&app, &uri, Prev::MinId, false, move |conn, now| {
        let tag = match tagged {
            None => None,
            Some(name) => {
                let names: Vec<String> = normalize_hashtag(&name).into_iter().collect();
                match tag_ids(conn, &names)?.pop() {
                    Some(tag) => Some(tag),
                    None => return Ok(timelines::Timeline::default()),
                }
            }
        };
        let query = AuthorQuery { only_media, exclude_replies, exclude_boosts, exclude_direct, tagged: tag };
        if pinned {
            let mut posts = timelines::pinned(conn, viewer, author, now)?;
            let with_tag: Vec<_> = match tag {
                Some(tag) => hashtags::carrying(conn, tag, &posts.order)?,
                None => Vec::new(),
            };
            posts.retain(|view| {
                let (post, id) = (&view.post, view.post.id.raw());
                let answers = post.in_reply_to_id.is_some() || post.in_reply_to_uri.is_some();
                let unwanted = only_media && view.media.is_empty()
                    || exclude_replies && answers && post.in_reply_to_account_id != Some(post.account_id)
                    || tag.is_some() && !with_tag.contains(&post.id)
                    || page.max_id.is_some_and(|max| id >= max)
                    || page.above().is_some_and(|above| id <= above);
                !unwanted
            });
            posts.order.truncate(usize::try_from(page.limit).unwrap_or(0));
            // They stand in the order in which they were pinned: a bound goes by the newest and the oldest of them.
            let ids = || posts.order.iter().map(|id| id.raw());
            let bounds = ids().max().zip(ids().min());
            return Ok(timelines::Timeline { posts, bounds });
        }
        timelines::author(conn, viewer, author, query, page, now)
    })
    .await
}

async fn in_lists(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    let id = id.parse()?;
    let found = app.glance(move |conn| {
        accounts::load(conn, id)?;
        let rows = lists::containing(conn, me.account, id)?;
        Rendered::of(&rows.iter().map(super::lists::list).collect::<Vec<_>>())
    });
    Ok(found.await?)
}

/// Accounts asked about at once.
const FAMILIAR: usize = 20;

/// Accounts that are read without keeping others waiting; a client may name many more.
pub(super) const SHORT: usize = 80;

async fn familiar(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    let mut ids: Vec<Id<Account>> = Vec::new();
    for id in params.ids("id") {
        // Who is named twice is answered once.
        if ids.len() < FAMILIAR && !ids.contains(&id) {
            ids.push(id);
        }
    }
    let site = app.site().clone();
    let found = app.read(move |conn| {
        let there = accounts::list(conn, &ids)?;
        ids.retain(|id| there.iter().any(|account| account.id == *id && !account.is_unavailable()));
        let known = accounts::familiar(conn, me.account, &ids, 10)?;
        let of = |id: Id<Account>| known.iter().filter(|(target, _)| *target == id).map(|(_, known)| *known).collect();
        let pairs: Vec<(Id<Account>, Vec<Id<Account>>)> = ids.into_iter().map(|id| (id, of(id))).collect();
        let all: Vec<Id<Account>> = pairs.iter().flat_map(|(_, known)| known.iter().copied()).collect();
        let views = AccountViews::load(conn, &all)?;
        let documents = Accounts::new(&site, &views)?;
        let answer: Vec<_> = pairs
            .iter()
            .map(|(id, known)| super::entities::account::FamiliarFollowers {
                id: *id,
                accounts: known.iter().filter_map(|id| documents.get(*id)).collect(),
            })
            .collect();
        Rendered::of(&answer)
    });
    Ok(found.await?)
}
