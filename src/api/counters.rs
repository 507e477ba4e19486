//! What the node counts about itself, for its staff.

use super::{Access, ApiResult, Params, Rendered, Routes};
use crate::{
    app::App,
    domain::{counters, scopes::Scope},
    experts,
    model::Role,
};
use axum::extract::State;

/// Days over which is counted, unless others are asked for.
const DAYS: i64 = 90;

/// The routes of this noun.
pub fn routes() -> Routes {
    Routes::new().get("/api/watercooler/v1/admin/counters", Access::Staff(Role::Moderator, &[Scope::Read]), show)
}

async fn show(State(app): State<App>, params: Params) -> ApiResult<Rendered> {
    let (days, now) = (params.integer("days")?.unwrap_or(DAYS), app.clock().now());
    let config = app.config_arc();
    experts::finds::write_down(&app).await;
    Ok(app.read(move |conn| Rendered::of(&counters::report(conn, &config.questions, days, now)?)).await?)
}
