//! Leaving and coming back, for staff: an addition of this program to the client API.

use super::{Access, ApiResult, Params, Rendered, Routes, SignedIn, request::address_of};
use crate::{
    app::App,
    domain::{audit::Staff, leavers, scopes::Scope},
    id::Id,
    model::{Account, Role},
};
use axum::{
    extract::{Path, State},
    http::request::Parts,
};
use serde_json::json;

/// The routes of this noun.
pub fn routes() -> Routes {
    const STAFF: Access = Access::Staff(Role::Admin, &[Scope::AdminWriteAccounts]);
    Routes::new()
        .post("/api/watercooler/v1/admin/accounts/{id}/leave", STAFF, leave)
        .post("/api/watercooler/v1/admin/accounts/{id}/rehire", STAFF, rehire)
        .post("/api/watercooler/v1/admin/accounts/{id}/anonymise", STAFF, anonymise)
}

fn origin(parts: &Parts) -> String {
    address_of(&parts.extensions).map(|address| address.to_string()).unwrap_or_default()
}

async fn leave(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<String>,
    parts: Parts,
    params: Params,
) -> ApiResult<Rendered> {
    let (id, from): (Id<Account>, _) = (id.parse()?, origin(&parts));
    let on = params.filled("on").map(leavers::day).transpose()?;
    let departure = app.write(move |tx| {
        let by = Staff::signed_in(tx, me.account, Role::Admin, &from)?;
        leavers::leave(tx, &by, id, on)
    });
    Ok(Rendered::of(&departure.await?)?)
}

async fn rehire(State(app): State<App>, me: SignedIn, Path(id): Path<String>, parts: Parts) -> ApiResult<Rendered> {
    let (id, from): (Id<Account>, _) = (id.parse()?, origin(&parts));
    app.write(move |tx| {
        let by = Staff::signed_in(tx, me.account, Role::Admin, &from)?;
        leavers::rehire(tx, &by, id)
    })
    .await?;
    Ok(Rendered::of(&json!({ "state": "active" }))?)
}

async fn anonymise(State(app): State<App>, me: SignedIn, Path(id): Path<String>, parts: Parts) -> ApiResult<Rendered> {
    let (id, from): (Id<Account>, _) = (id.parse()?, origin(&parts));
    app.write(move |tx| {
        let by = Staff::signed_in(tx, me.account, Role::Admin, &from)?;
        leavers::anonymise(tx, &by, id)
    })
    .await?;
    Ok(Rendered::of(&json!({ "state": "anonymised" }))?)
}
