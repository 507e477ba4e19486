//! What clients ask for and a node of this kind has none of: reports on a year, work behind an answer, proofs of identity,
//! collections of money.
//! They get the answer of a server that has none either, not that of an older one.

use super::{Access, ApiResult, Empty, Rendered, Routes, SignedIn};
use crate::{Error, app::App, domain::scopes::Scope, id::Id, model::Account, store};
use axum::{
    extract::{Path, State},
    http::StatusCode,
};

/// The routes of this noun.
pub fn routes() -> Routes {
    const READ: Access = Access::User(&[Scope::ReadAccounts]);
    const WRITE: Access = Access::User(&[Scope::WriteAccounts]);
    Routes::new()
        .get("/api/v1/annual_reports", READ, reports)
        .get("/api/v1/annual_reports/{year}", READ, report)
        .get("/api/v1/annual_reports/{year}/state", READ, state)
        .post("/api/v1/annual_reports/{year}/read", WRITE, report)
        .post("/api/v1/annual_reports/{year}/generate", WRITE, generate)
        .get("/api/v1_alpha/async_refreshes/{id}", Access::User(&[Scope::Read]), refresh)
        .get("/api/v1/accounts/{id}/identity_proofs", READ, proofs)
        .get("/api/v1/donation_campaigns", Access::User(&[]), campaigns)
}

async fn reports(_: SignedIn) -> Rendered {
    Rendered(br#"{"annual_reports":[],"accounts":[],"statuses":[]}"#.to_vec())
}

/// Also for whoever says to have read one.
async fn report(_: SignedIn) -> ApiResult<Rendered> {
    Err(Error::NotFound.into())
}

async fn state(_: SignedIn) -> Rendered {
    Rendered(br#"{"state":"ineligible"}"#.to_vec())
}

/// Nothing begins.
async fn generate(_: SignedIn) -> Empty {
    Empty
}

/// No answer names one.
async fn refresh(_: SignedIn) -> ApiResult<Rendered> {
    Err(Error::NotFound.into())
}

async fn proofs(State(app): State<App>, _: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    let id: Id<Account> = id.parse()?;
    app.read(move |conn| store::accounts::load(conn, id)).await?;
    Ok(Rendered(b"[]".to_vec()))
}

/// One campaign is answered, or no body at all: `{}` would be one without a text.
async fn campaigns(_: SignedIn) -> StatusCode {
    StatusCode::NO_CONTENT
}
