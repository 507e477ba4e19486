//! Delivery truth (N15), an addition of this program to the client API: where one's own post is, and for staff how every
//! other server is.

use super::{Access, ApiResult, Rendered, Routes, SignedIn};
use crate::{
    app::App,
    domain::{delivery, people::fields::Tongue, scopes::Scope},
    model::Role,
    peers::health,
    store,
};
use axum::extract::{Path, State};

/// The routes of this noun.
pub fn routes() -> Routes {
    Routes::new().get("/api/watercooler/v1/statuses/{id}/delivery", Access::User(&[Scope::ReadStatuses]), of_post).get(
        "/api/watercooler/v1/admin/peers",
        Access::Staff(Role::Admin, &[Scope::AdminRead]),
        peers,
    )
}

async fn of_post(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    let (id, now) = (id.parse()?, app.clock().now());
    let main = app.config().instance.languages.first().cloned();
    let found = app.read(move |conn| {
        let user = store::users::load(conn, me.account)?;
        let language = user.locale.or(user.default_language).or(main);
        Rendered::of(&delivery::of_post(conn, me.account, id, now, Tongue::of(language.as_deref()))?)
    });
    Ok(found.await?)
}

async fn peers(State(app): State<App>) -> ApiResult<Rendered> {
    Ok(Rendered::of(&health::all(&app).await?)?)
}
