//! What clients ask for right after sign-in: preferences, reading positions, and lists that are empty here.

use super::{
    Access, Anyone, ApiResult, Page, Params, Rendered, Routes, SignedIn,
    entities::{
        misc::{Marker, Preferences},
        render::Accounts,
    },
    timelines::open_to,
};
use crate::{
    Error, Result,
    app::App,
    domain::{audiences, people, scopes::Scope, views::AccountViews},
    limits, model,
    store::{self, markers as rows, relations::Onlooker},
};
use axum::extract::State;
use std::collections::BTreeMap;

/// The routes of this noun.
pub fn routes() -> Routes {
    const ME: Access = Access::User(&[Scope::ReadAccounts]);
    Routes::new()
        .get("/api/v1/preferences", ME, preferences)
        .get("/api/v1/markers", Access::User(&[Scope::ReadStatuses]), markers)
        .post("/api/v1/markers", Access::User(&[Scope::WriteStatuses]), set_markers)
        .get("/api/v1/directory", Access::Anyone(&[]), directory)
}

async fn preferences(State(app): State<App>, me: SignedIn) -> ApiResult<Rendered> {
    let found = app.glance(move |conn| {
        let user = store::users::load(conn, me.account)?;
        let rules = store::audiences::rules(conn)?;
        let audience = audiences::standard(rules.as_ref(), user.default_audience, model::Visibility::Public);
        Rendered::of(&Preferences {
            visibility: user.default_visibility.as_str(),
            audience: audience.as_str(),
            sensitive: user.default_sensitive,
            language: user.default_language.as_deref(),
            quote_policy: user.default_quote_policy.as_str(),
            expand_media: "default",
            expand_spoilers: false,
            autoplay_gifs: false,
        })
    });
    Ok(found.await?)
}

/// The timelines a marker can stand in.
const TIMELINES: [&str; 2] = ["home", "notifications"];

fn marker_documents(rows: &[model::Marker]) -> Result<Rendered> {
    let ids: Vec<String> = rows.iter().map(|m| m.last_read_id.to_string()).collect();
    let map: BTreeMap<&str, Marker<'_>> = rows
        .iter()
        .zip(&ids)
        .map(|(m, id)| (m.timeline.as_str(), Marker { last_read_id: id, version: m.version, updated_at: m.updated_at }))
        .collect();
    Rendered::of(&map)
}

async fn markers(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    let asked: Vec<String> =
        params.texts("timeline").into_iter().filter(|t| TIMELINES.contains(t)).map(str::to_owned).collect();
    let found = app.glance(move |conn| marker_documents(&rows::some(conn, me.account, &asked)?));
    Ok(found.await?)
}

async fn set_markers(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    let mut wanted = Vec::new();
    for timeline in TIMELINES {
        if let Some(id) = params.map(timeline).map(|m| m.id::<model::Post>("last_read_id")).transpose()?.flatten() {
            wanted.push((timeline, id.raw()));
        }
    }
    let written = app.write(move |tx| {
        let mut out = Vec::with_capacity(wanted.len());
        for (timeline, id) in wanted {
            out.push(rows::set(tx.conn, me.account, timeline, id, tx.now)?);
        }
        marker_documents(&out)
    });
    Ok(written.await?)
}

async fn directory(State(app): State<App>, Anyone(viewer): Anyone, params: Params) -> ApiResult<Rendered> {
    open_to(&app, viewer)?;
    let limit = params.integer("limit")?.unwrap_or(Page::ACCOUNTS).clamp(1, 2 * Page::ACCOUNTS);
    let offset = params.integer("offset")?.unwrap_or(0);
    if offset < 0 {
        return Err(Error::bad_request("offset must not be negative").into());
    }
    let offset = offset.min(limits::ARRAY_REFUSED as i64);
    let (local, newest) = (params.flag("local"), params.text("order") == Some("new"));
    let (site, to) = (app.site().clone(), Onlooker { account: viewer.0, now: app.clock().now() });
    let found = app.read(move |conn| {
        let is_on = people::directory::is_on(conn)?;
        let ids = store::accounts::discoverable(conn, to, is_on, local, (newest, limit, offset))?;
        let views = AccountViews::load(conn, &ids)?.shown_to(conn, viewer)?;
        Rendered::of(&Accounts::new(&site, &views)?.in_order())
    });
    Ok(found.await?)
}
