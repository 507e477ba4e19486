//! Posts, for staff: an addition of this program to the client API.

use super::{acting, origin};
use crate::{
    Result,
    api::{
        ApiResult, Params, Rendered,
        auth::{Access, Routes, SignedIn},
    },
    app::App,
    domain::{
        posts::staff::{self, Act, Reason},
        scopes::Scope,
    },
    id::Id,
    model::{Post, Role},
};
use axum::{extract::State, http::request::Parts};
use serde_json::json;

/// The routes of this noun.
pub fn routes() -> Routes {
    const WRITE: Access = Access::Staff(Role::Moderator, &[Scope::AdminWriteReports]);
    Routes::new().post("/api/watercooler/v1/admin/statuses/delete", WRITE, delete).post(
        "/api/watercooler/v1/admin/statuses/sensitive",
        WRITE,
        hide,
    )
}

async fn delete(State(app): State<App>, me: SignedIn, parts: Parts, params: Params) -> ApiResult<Rendered> {
    act(app, me, parts, params, Act::Delete).await
}

async fn hide(State(app): State<App>, me: SignedIn, parts: Parts, params: Params) -> ApiResult<Rendered> {
    act(app, me, parts, params, Act::Hide).await
}

async fn act(app: App, me: SignedIn, parts: Parts, params: Params, act: Act) -> ApiResult<Rendered> {
    let from = origin(&parts);
    // What names nothing is no reason to delete the others.
    let named = params.list("status_ids").into_iter();
    let ids: Vec<Id<Post>> = named.map(|id| id.as_text().unwrap_or_default().trim().parse()).collect::<Result<_>>()?;
    let reason = Reason {
        report: params.id("report_id")?,
        text: params.text("text").unwrap_or_default().to_owned(),
        quiet: params.flag("quiet"),
    };
    let done = app.write(move |tx| {
        let by = acting(tx, me, Role::Moderator, &from)?;
        staff::act(tx, &by, act, &ids, &reason)
    });
    let ids: Vec<Id<Post>> = done.await?.into_iter().map(|done| done.id).collect();
    Ok(Rendered::of(&json!({ "status_ids": ids }))?)
}
