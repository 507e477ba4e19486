//! What is to become of notifications of people whom one has nothing to do with, and of those that were held back.

use super::{
    ApiResult, Empty, Page, Params, Rendered,
    auth::{Access, Routes, SignedIn},
    entities::{
        Digits, Render,
        notification::{NotificationPolicy, NotificationPolicyV1, NotificationRequest, PolicySummary},
        render::Accounts,
    },
    page::{self, Prev},
};
use crate::{
    Error, Result,
    app::App,
    config::Site,
    db::Conn,
    domain::{
        Tx, Viewer, notification_requests as rules,
        scopes::Scope,
        views::{AccountViews, PostViews},
    },
    id::Id,
    model::{self, Account, Post, Verdict},
    store::notification_requests as rows,
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
        .get("/api/v2/notifications/policy", READ, policy)
        .update("/api/v2/notifications/policy", WRITE, set_policy)
        .get("/api/v1/notifications/policy", READ, policy_v1)
        .update("/api/v1/notifications/policy", WRITE, set_policy_v1)
        .get("/api/v1/notifications/requests", READ, list)
        .get("/api/v1/notifications/requests/merged", READ, merged)
        .get("/api/v1/notifications/requests/{id}", READ, show)
        .post("/api/v1/notifications/requests/accept", WRITE, accept_some)
        .post("/api/v1/notifications/requests/dismiss", WRITE, dismiss_some)
        .post("/api/v1/notifications/requests/{id}/accept", WRITE, accept)
        .post("/api/v1/notifications/requests/{id}/dismiss", WRITE, dismiss)
}

/// Counted up to this many.
const MOST: i64 = 100;

fn summary(conn: &mut Conn, me: Id<Account>) -> Result<PolicySummary> {
    Ok(PolicySummary {
        pending_requests_count: rows::count(conn, me, MOST)?,
        pending_notifications_count: rows::count_held(conn, me, MOST)?,
    })
}

fn document(conn: &mut Conn, me: Id<Account>) -> Result<Rendered> {
    let policy = rules::policy(conn, me)?;
    Rendered::of(&NotificationPolicy {
        for_not_following: policy.not_following,
        for_not_followers: policy.not_followers,
        for_new_accounts: policy.new_accounts,
        for_private_mentions: policy.private_mentions,
        for_limited_accounts: policy.limited_accounts,
        summary: summary(conn, me)?,
    })
}

fn document_v1(conn: &mut Conn, me: Id<Account>) -> Result<Rendered> {
    let policy = rules::policy(conn, me)?;
    Rendered::of(&NotificationPolicyV1 {
        filter_not_following: policy.not_following != Verdict::Accept,
        filter_not_followers: policy.not_followers != Verdict::Accept,
        filter_new_accounts: policy.new_accounts != Verdict::Accept,
        filter_private_mentions: policy.private_mentions != Verdict::Accept,
        summary: summary(conn, me)?,
    })
}

async fn policy(State(app): State<App>, me: SignedIn) -> ApiResult<Rendered> {
    Ok(app.read(move |conn| document(conn, me.account)).await?)
}

async fn policy_v1(State(app): State<App>, me: SignedIn) -> ApiResult<Rendered> {
    Ok(app.read(move |conn| document_v1(conn, me.account)).await?)
}

/// A verdict asked for; none when the parameter is absent.
fn verdict(params: &Params, name: &'static str) -> Result<Option<Verdict>> {
    let wrong = || Error::invalid(name, "inclusion", "Policy is not included in the list: accept, filter, drop");
    params.filled(name).map(|word| word.parse().map_err(|()| wrong())).transpose()
}

async fn set_policy(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    let wanted = [
        verdict(&params, "for_not_following")?,
        verdict(&params, "for_not_followers")?,
        verdict(&params, "for_new_accounts")?,
        verdict(&params, "for_private_mentions")?,
        verdict(&params, "for_limited_accounts")?,
    ];
    change(&app, me.account, wanted, document).await
}

async fn set_policy_v1(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    let verdict = |name| params.bool(name).map(|on| if on { Verdict::Filter } else { Verdict::Accept });
    let wanted = [
        verdict("filter_not_following"),
        verdict("filter_not_followers"),
        verdict("filter_new_accounts"),
        verdict("filter_private_mentions"),
        None,
    ];
    change(&app, me.account, wanted, document_v1).await
}

/// Changes what is named, and answers the policy as it is then.
async fn change(
    app: &App,
    me: Id<Account>,
    wanted: [Option<Verdict>; 5],
    document: fn(&mut Conn, Id<Account>) -> Result<Rendered>,
) -> ApiResult<Rendered> {
    let answer = app.write(move |tx| {
        let old = rules::policy(tx.conn, me)?;
        let [not_following, not_followers, new_accounts, private_mentions, limited_accounts] = wanted;
        let new = model::NotificationPolicy {
            account_id: me,
            not_following: not_following.unwrap_or(old.not_following),
            not_followers: not_followers.unwrap_or(old.not_followers),
            new_accounts: new_accounts.unwrap_or(old.new_accounts),
            private_mentions: private_mentions.unwrap_or(old.private_mentions),
            limited_accounts: limited_accounts.unwrap_or(old.limited_accounts),
        };
        if new != old {
            rows::set_policy(tx.conn, &new)?;
        }
        document(tx.conn, me)
    });
    Ok(answer.await?)
}

/// The documents of some requests; a post that may not be seen any more is left out of its request.
fn documents(
    conn: &mut Conn,
    site: &Site,
    me: Id<Account>,
    requests: &[model::NotificationRequest],
    now: Timestamp,
    then: impl FnOnce(&[NotificationRequest<'_>]) -> Result<Rendered>,
) -> Result<Rendered> {
    let people: Vec<Id<Account>> = requests.iter().map(|request| request.from_account_id).collect();
    let held: HashMap<i64, (i64, i64)> =
        rows::held(conn, me, &people)?.into_iter().map(|(from, count, last)| (from, (count, last))).collect();
    let last: Vec<Id<Post>> = held.values().map(|(_, last)| Id::new(*last)).collect();
    let posts = PostViews::by_ids(conn, Viewer::from(me), &last, now)?;
    let views = AccountViews::load(conn, &people)?;
    let (render, accounts) = (Render::new(site, &posts)?, Accounts::new(site, &views)?);
    let list: Vec<NotificationRequest<'_>> = requests
        .iter()
        .filter_map(|request| {
            let (count, last) = held.get(&request.from_account_id.raw()).copied().unwrap_or_default();
            Some(NotificationRequest {
                id: request.id,
                created_at: request.created_at,
                updated_at: request.updated_at,
                notifications_count: Digits(count.min(MOST)),
                account: accounts.get(request.from_account_id)?,
                last_status: render.status(Id::new(last)),
            })
        })
        .collect();
    then(&list)
}

async fn list(
    State(app): State<App>,
    me: SignedIn,
    uri: OriginalUri,
    params: Params,
) -> ApiResult<(HeaderMap, Rendered)> {
    let wanted = page::read(&params, Page::ACCOUNTS)?;
    let (inner, now) = (app.clone(), app.clock().now());
    let answer = app.read(move |conn| {
        let requests = rows::list(conn, me.account, wanted)?;
        let headers = match (requests.first(), requests.last()) {
            (Some(first), Some(last)) => {
                page::link(inner.site().base(), &uri, first.id.raw(), last.id.raw(), true, Prev::MinId)
            }
            _ => HeaderMap::new(),
        };
        let body = documents(conn, inner.site(), me.account, &requests, now, |list| Rendered::of(&list))?;
        Ok((headers, body))
    });
    Ok(answer.await?)
}

async fn show(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    let (id, site, now) = (id.parse()?, app.site().clone(), app.clock().now());
    let answer = app.read(move |conn| {
        let found = rows::some(conn, me.account, &[id])?;
        documents(conn, &site, me.account, &found, now, |list| match list.first() {
            Some(one) => Rendered::of(one),
            None => Err(Error::NotFound),
        })
    });
    Ok(answer.await?)
}

/// What was accepted is among the others at once.
async fn merged(_: SignedIn) -> Rendered {
    Rendered(br#"{"merged":true}"#.to_vec())
}

/// What is decided about requests; answers how many there were.
type Decision = fn(&mut Tx<'_>, Id<Account>, &[Id<model::NotificationRequest>]) -> Result<usize>;

async fn decide(app: &App, me: SignedIn, id: &str, decision: Decision) -> ApiResult<Empty> {
    let id = id.parse()?;
    match app.write(move |tx| decision(tx, me.account, &[id])).await? {
        0 => Err(Error::NotFound.into()),
        _ => Ok(Empty),
    }
}

async fn decide_some(app: &App, me: SignedIn, params: &Params, decision: Decision) -> ApiResult<Empty> {
    let ids = params.ids("id");
    app.write(move |tx| decision(tx, me.account, &ids)).await?;
    Ok(Empty)
}

async fn accept(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Empty> {
    decide(&app, me, &id, rules::accept).await
}

async fn dismiss(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Empty> {
    decide(&app, me, &id, rules::dismiss).await
}

async fn accept_some(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Empty> {
    decide_some(&app, me, &params, rules::accept).await
}

async fn dismiss_some(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Empty> {
    decide_some(&app, me, &params, rules::dismiss).await
}
