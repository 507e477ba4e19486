//! Whom people recommend on their profile.

use super::{
    ApiResult, Params, Rendered,
    auth::{Access, Anyone, Routes, SignedIn},
    people::{Answer, answer},
    relationships::act,
    timelines::open_to,
};
use crate::{
    Error,
    app::App,
    domain::{Viewer, endorsements, scopes::Scope},
    id::Id,
    model::Account,
    store,
};
use axum::extract::{OriginalUri, Path, State};

/// The routes of this noun.
pub fn routes() -> Routes {
    const WRITE: Access = Access::User(&[Scope::WriteAccounts]);
    Routes::new()
        .get("/api/v1/endorsements", Access::User(&[Scope::ReadAccounts]), mine)
        .get("/api/v1/accounts/{id}/endorsements", Access::Anyone(&[Scope::ReadAccounts]), of_account)
        .post("/api/v1/accounts/{id}/pin", WRITE, endorse)
        .post("/api/v1/accounts/{id}/unpin", WRITE, withdraw)
        .post("/api/v1/accounts/{id}/endorse", WRITE, endorse)
        .post("/api/v1/accounts/{id}/unendorse", WRITE, withdraw)
}

async fn page_of(app: App, viewer: Viewer, of: Id<Account>, uri: OriginalUri, params: Params) -> Answer {
    answer(app, viewer, uri, params, move |conn, page, _| {
        let account = store::accounts::load(conn, of)?;
        let blocked = match viewer.0 {
            Some(viewer) => store::follows::find_block(conn, of, viewer)?.is_some(),
            None => false,
        };
        if account.is_unavailable() || blocked {
            return Err(Error::NotFound);
        }
        store::endorsements::list(conn, of, page)
    })
    .await
}

async fn mine(State(app): State<App>, me: SignedIn, uri: OriginalUri, params: Params) -> Answer {
    page_of(app, me.viewer(), me.account, uri, params).await
}

async fn of_account(
    State(app): State<App>,
    Anyone(viewer): Anyone,
    Path(id): Path<String>,
    uri: OriginalUri,
    params: Params,
) -> Answer {
    open_to(&app, viewer)?;
    let id = id.parse()?;
    page_of(app, viewer, id, uri, params).await
}

async fn endorse(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    let target = id.parse()?;
    act(&app, me, target, move |tx| endorsements::endorse(tx, me.account, target)).await
}

async fn withdraw(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    let target = id.parse()?;
    act(&app, me, target, move |tx| endorsements::withdraw(tx, me.account, target)).await
}
