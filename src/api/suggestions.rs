//! Whom one may want to follow.

use super::{
    Access, ApiResult, Empty, Page, Params, Rendered, Routes, SignedIn,
    entities::{misc::Suggestion, render::Accounts},
};
use crate::{
    Error,
    app::App,
    domain::{
        scopes::Scope,
        suggestions::{self as rules, Source},
        views::AccountViews,
    },
    id::Id,
    model::Account,
    store,
};
use axum::extract::{Path, State};

/// The routes of this noun.
pub fn routes() -> Routes {
    const READ: Access = Access::User(&[Scope::ReadAccounts]);
    Routes::new().get("/api/v1/suggestions", READ, first).get("/api/v2/suggestions", READ, second).delete(
        "/api/v1/suggestions/{account_id}",
        Access::User(&[Scope::WriteAccounts]),
        dismiss,
    )
}

async fn list(app: App, me: SignedIn, params: Params, with_reasons: bool) -> ApiResult<Rendered> {
    let most = params.integer("limit")?.unwrap_or(Page::ACCOUNTS).clamp(1, 2 * Page::ACCOUNTS);
    let after = params.integer("offset")?.unwrap_or(0);
    if after < 0 {
        return Err(Error::bad_request("Invalid parameter: offset").into());
    }
    // There are never more than a few pages.
    let after = after.min(4 * Page::ACCOUNTS);
    let (site, now) = (app.site().clone(), app.clock().now());
    let answer = app.read(move |conn| {
        let mut found = rules::list(conn, me.account, now, after + most)?;
        found.drain(..usize::try_from(after).unwrap_or_default().min(found.len()));
        let ids: Vec<Id<Account>> = found.iter().map(|(id, _)| *id).collect();
        let views = AccountViews::load(conn, &ids)?.shown_to(conn, me.viewer())?;
        let accounts = Accounts::new(&site, &views)?;
        if !with_reasons {
            return Rendered::of(&accounts.in_order());
        }
        let documents: Vec<Suggestion<'_>> = found
            .iter()
            .filter_map(|(id, sources)| {
                Some(Suggestion {
                    source: sources.first().copied().unwrap_or(Source::MostFollowed).legacy(),
                    sources: sources.iter().map(|source| source.as_str()).collect(),
                    account: accounts.get(*id)?,
                })
            })
            .collect();
        Rendered::of(&documents)
    });
    Ok(answer.await?)
}

/// The first generation: people only.
async fn first(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    list(app, me, params, false).await
}

async fn second(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    list(app, me, params, true).await
}

async fn dismiss(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Empty> {
    let id: Id<Account> = id.parse()?;
    app.write(move |tx| {
        store::accounts::find(tx.conn, id)?.ok_or(Error::NotFound)?;
        store::suggestions::dismiss(tx.conn, me.account, id)
    })
    .await?;
    Ok(Empty)
}
