//! Quotes of a post: who quotes it, who may, and taking back that somebody does.

use super::{
    Access, ApiResult, Page, Params, Rendered, Routes, SignedIn,
    entities::render,
    page::{self, Prev},
    statuses::answer,
};
use crate::{
    Error, Result,
    app::App,
    domain::{quotes, scopes::Scope, timelines},
    model::QuotePolicy,
};
use axum::{
    extract::{OriginalUri, Path, State},
    response::{IntoResponse, Response},
};

/// The routes of this noun.
pub fn routes() -> Routes {
    const WRITE: Access = Access::User(&[Scope::WriteStatuses]);
    Routes::new()
        .get("/api/v1/statuses/{id}/quotes", Access::User(&[Scope::ReadStatuses]), list)
        .post("/api/v1/statuses/{id}/quotes/{quoting}/revoke", WRITE, revoke)
        .update("/api/v1/statuses/{id}/interaction_policy", WRITE, change_policy)
}

/// Who may quote, as a parameter says it; none when it is absent or empty.
///
/// # Errors
/// `Invalid` for a word that is no policy.
pub fn policy_of(params: &Params, name: &'static str) -> Result<Option<QuotePolicy>> {
    let Some(word) = params.filled(name) else { return Ok(None) };
    let wrong = |()| Error::invalid(name, "inclusion", "Quote policy is not included in the list");
    word.parse().map(Some).map_err(wrong)
}

/// Posts that quote this one with consent, of those that the viewer may see.
async fn list(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<String>,
    uri: OriginalUri,
    params: Params,
) -> ApiResult<Response> {
    let (id, page) = (id.parse()?, page::read(&params, Page::POSTS)?);
    let (site, now) = (app.site().clone(), app.clock().now());
    let (bytes, bounds) = app
        .read(move |conn| {
            let timeline = timelines::quoting(conn, me.viewer(), id, page, now)?;
            Ok((render::statuses(&site, &timeline.posts)?, timeline.bounds))
        })
        .await?;
    let mut response = Rendered(bytes).into_response();
    if let Some((first, last)) = bounds {
        response.headers_mut().extend(page::link(app.site().base(), &uri, first, last, true, Prev::MinId));
    }
    Ok(response)
}

/// Answers the quoting post, which shows the quoted one no more.
async fn revoke(
    State(app): State<App>,
    me: SignedIn,
    Path((quoted, quoting)): Path<(String, String)>,
) -> ApiResult<Rendered> {
    let (quoted, quoting) = (quoted.parse()?, quoting.parse()?);
    let post = app.write(move |tx| quotes::revoke(tx, me.account, quoted, quoting)).await?;
    answer(&app, me.viewer(), post).await
}

async fn change_policy(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<String>,
    params: Params,
) -> ApiResult<Rendered> {
    let id = id.parse()?;
    let policy = policy_of(&params, "quote_approval_policy")?;
    app.write(move |tx| quotes::change_policy(tx, me.account, id, policy)).await?;
    answer(&app, me.viewer(), id).await
}
