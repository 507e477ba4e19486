//! Reports, for staff.

use super::{PAGE, accounts::People, acting, origin};
use crate::{
    Error, Result,
    api::{
        ApiResult, Params, Rendered,
        auth::{Access, Routes, SignedIn},
        collections::Shown,
        entities::{Render, admin::AdminReport},
        instance::house_rules,
        page::{self, Prev},
    },
    app::App,
    config::Config,
    db::Conn,
    domain::{
        Tx, Viewer,
        audit::Staff,
        reports::{self as rules, Category},
        scopes::Scope,
        views::PostViews,
    },
    id::Id,
    model::{Account, Collection, Post, Report, Role},
    store,
    time::Timestamp,
};
use axum::{
    extract::{OriginalUri, Path, State},
    http::{HeaderMap, request::Parts},
};

/// The routes of this noun.
pub fn routes() -> Routes {
    const READ: Access = Access::Staff(Role::Moderator, &[Scope::AdminReadReports]);
    const WRITE: Access = Access::Staff(Role::Moderator, &[Scope::AdminWriteReports]);
    Routes::new()
        .get("/api/v1/admin/reports", READ, list)
        .get("/api/v1/admin/reports/{id}", READ, show)
        .update("/api/v1/admin/reports/{id}", WRITE, classify)
        .post("/api/v1/admin/reports/{id}/assign_to_self", WRITE, assign)
        .post("/api/v1/admin/reports/{id}/unassign", WRITE, unassign)
        .post("/api/v1/admin/reports/{id}/resolve", WRITE, resolve)
        .post("/api/v1/admin/reports/{id}/reopen", WRITE, reopen)
}

fn numbers(json: &str) -> Vec<i64> {
    serde_json::from_str(json).unwrap_or_default()
}

/// The documents of some reports. Of the posts named, those are shown that the reader may see as anybody may: a report
/// opens no private post to staff.
fn documents(
    conn: &mut Conn,
    config: &Config,
    me: Id<Account>,
    reports: &[Report],
    now: Timestamp,
    then: impl FnOnce(&[AdminReport<'_>]) -> Result<Rendered>,
) -> Result<Rendered> {
    let mut ids: Vec<Id<Account>> = Vec::new();
    for report in reports {
        ids.extend(
            [Some(report.account_id), Some(report.target_id), report.assigned_id, report.closed_by]
                .into_iter()
                .flatten(),
        );
    }
    let people = People::load(conn, &ids)?;
    let accounts = people.accounts(&config.site)?;
    let posts: Vec<Id<Post>> = reports.iter().flat_map(|report| numbers(&report.post_ids)).map(Id::new).collect();
    let views = PostViews::by_ids(conn, Viewer::from(me), &posts, now)?;
    let render = Render::new(&config.site, &views)?;
    let ids: Vec<Id<Collection>> =
        reports.iter().flat_map(|report| numbers(&report.collection_ids)).map(Id::new).collect();
    let collections = store::collections::several(conn, &ids)?;
    let collections = Shown::load(conn, Viewer::from(me), collections)?;
    let list: Vec<AdminReport<'_>> = reports
        .iter()
        .filter_map(|report| {
            let rules = numbers(&report.rule_ids);
            let person = |id: Option<Id<Account>>| id.and_then(|id| people.document(&accounts, id));
            Some(AdminReport {
                id: report.id,
                action_taken: report.closed_at.is_some(),
                action_taken_at: report.closed_at,
                category: Category::from_code(report.category).as_str(),
                comment: &report.comment,
                forwarded: report.forwarded,
                created_at: report.created_at,
                updated_at: report.closed_at.unwrap_or(report.created_at),
                account: person(Some(report.account_id))?,
                target_account: person(Some(report.target_id))?,
                assigned_account: person(report.assigned_id),
                action_taken_by_account: person(report.closed_by),
                statuses: numbers(&report.post_ids).into_iter().filter_map(|id| render.status(Id::new(id))).collect(),
                collections: numbers(&report.collection_ids)
                    .into_iter()
                    .filter_map(|id| collections.document(&config.site, Id::new(id)))
                    .collect(),
                rules: house_rules(config)
                    .into_iter()
                    .filter(|rule| rule.id.parse::<i64>().is_ok_and(|id| rules.contains(&id)))
                    .collect(),
            })
        })
        .collect();
    then(&list)
}

fn document(conn: &mut Conn, config: &Config, me: Id<Account>, id: Id<Report>, now: Timestamp) -> Result<Rendered> {
    let report = store::reports::load(conn, id)?;
    documents(conn, config, me, std::slice::from_ref(&report), now, |list| match list.first() {
        Some(one) => Rendered::of(one),
        None => Err(Error::NotFound),
    })
}

async fn list(
    State(app): State<App>,
    me: SignedIn,
    uri: OriginalUri,
    params: Params,
) -> ApiResult<(HeaderMap, Rendered)> {
    let (page, closed) = (page::read(&params, PAGE)?, params.flag("resolved"));
    let (by, about) = (params.id("account_id")?, params.id("target_account_id")?);
    let (config, now) = (app.config_arc(), app.clock().now());
    let answer = app.read(move |conn| {
        let reports = store::reports::page(conn, closed, by, about, page)?;
        let headers = match (reports.first(), reports.last()) {
            (Some(first), Some(last)) => {
                page::link(config.site.base(), &uri, first.id.raw(), last.id.raw(), true, Prev::MinId)
            }
            _ => HeaderMap::new(),
        };
        let body = documents(conn, &config, me.account, &reports, now, |list| Rendered::of(&list))?;
        Ok((headers, body))
    });
    Ok(answer.await?)
}

async fn show(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    let (id, config, now) = (id.parse()?, app.config_arc(), app.clock().now());
    Ok(app.read(move |conn| document(conn, &config, me.account, id, now)).await?)
}

/// Does something with a report and answers it as it is then.
async fn act<F>(app: App, me: SignedIn, id: String, parts: Parts, act: F) -> ApiResult<Rendered>
where
    F: FnOnce(&mut Tx<'_>, &Staff, Id<Report>) -> Result<()> + Clone + Send + 'static,
{
    let (id, config, from) = (id.parse()?, app.config_arc(), origin(&parts));
    let answer = app.write(move |tx| {
        let by = acting(tx, me, Role::Moderator, &from)?;
        act(tx, &by, id)?;
        let now = tx.now;
        document(tx.conn, &config, me.account, id, now)
    });
    Ok(answer.await?)
}

async fn classify(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<String>,
    parts: Parts,
    params: Params,
) -> ApiResult<Rendered> {
    let category = match params.filled("category") {
        None => None,
        Some(word) => Some(
            Category::parse(word)
                .ok_or_else(|| Error::invalid("category", "inclusion", "Category is not included in the list"))?,
        ),
    };
    let rules: Option<Vec<i64>> = params
        .has("rule_ids")
        .then(|| params.texts("rule_ids").into_iter().filter_map(|id| id.trim().parse().ok()).take(50).collect());
    act(app, me, id, parts, move |tx, by, id| rules::classify(tx, by, id, category, rules)).await
}

async fn assign(State(app): State<App>, me: SignedIn, Path(id): Path<String>, parts: Parts) -> ApiResult<Rendered> {
    act(app, me, id, parts, |tx, by, id| rules::assign(tx, by, id, by.account)).await
}

async fn unassign(State(app): State<App>, me: SignedIn, Path(id): Path<String>, parts: Parts) -> ApiResult<Rendered> {
    act(app, me, id, parts, |tx, by, id| rules::assign(tx, by, id, None)).await
}

async fn resolve(State(app): State<App>, me: SignedIn, Path(id): Path<String>, parts: Parts) -> ApiResult<Rendered> {
    act(app, me, id, parts, |tx, by, id| match rules::close(tx, by, id) {
        // Somebody else was faster.
        Err(Error::Conflict(_)) => Ok(()),
        other => other,
    })
    .await
}

async fn reopen(State(app): State<App>, me: SignedIn, Path(id): Path<String>, parts: Parts) -> ApiResult<Rendered> {
    act(app, me, id, parts, rules::reopen).await
}
