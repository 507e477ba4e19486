//! Domains a person does not want to read anything from.

use super::{
    Access, ApiResult, Empty, Page, Params, Rendered, Routes, SignedIn,
    page::{self, Prev},
};
use crate::{
    Error, Result,
    app::App,
    domain::{domain_blocks as rules, scopes::Scope},
    net::split_domain,
    store,
};
use axum::{
    extract::{OriginalUri, State},
    response::{IntoResponse, Response},
};

/// Domains of a page, unless the client asks for another number.
const DEFAULT: i64 = 100;

/// The routes of this noun.
pub fn routes() -> Routes {
    const WRITE: Access = Access::User(&[Scope::WriteBlocks]);
    Routes::new()
        .get("/api/v1/domain_blocks", Access::User(&[Scope::ReadBlocks]), all)
        .post("/api/v1/domain_blocks", WRITE, block)
        .delete("/api/v1/domain_blocks", WRITE, unblock)
        .get("/api/v1/domain_blocks/preview", Access::User(&[Scope::ReadBlocks, Scope::WriteBlocks]), preview)
}

async fn all(State(app): State<App>, me: SignedIn, uri: OriginalUri, params: Params) -> ApiResult<Response> {
    let wanted: Page = page::read(&params, DEFAULT)?;
    let rows = app.read(move |conn| store::domain_blocks::page(conn, me.account, &wanted)).await?;
    let names: Vec<&str> = rows.iter().map(|(_, domain)| domain.as_str()).collect();
    let mut response = Rendered::of(&names)?.into_response();
    if let (Some((first, _)), Some((last, _))) = (rows.first(), rows.last()) {
        let more = i64::try_from(rows.len()).is_ok_and(|n| n >= wanted.limit);
        response.headers_mut().extend(page::link(app.site().base(), &uri, *first, *last, more, Prev::SinceId));
    }
    Ok(response)
}

/// The domain as it stands in handles.
fn named(params: &Params) -> Result<String> {
    let text = params.filled("domain").unwrap_or_default().trim().trim_start_matches('@');
    let refuse = || Error::invalid("domain", "invalid", "Domain is not a valid domain name");
    let (host, port) = split_domain(text).filter(|(host, _)| !host.is_empty()).ok_or_else(refuse)?;
    Ok(match port {
        Some(port) => format!("{host}:{port}"),
        None => host,
    })
}

async fn block(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Empty> {
    let domain = named(&params)?;
    app.write(move |tx| rules::block(tx, me.account, &domain)).await?;
    Ok(Empty)
}

/// Whom a block would cut off.
async fn preview(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    let domain = named(&params)?;
    let (following, followers) =
        app.read(move |conn| store::domain_blocks::count_follows(conn, me.account, &domain)).await?;
    Ok(Rendered::of(&serde_json::json!({ "following_count": following, "followers_count": followers }))?)
}

async fn unblock(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Empty> {
    let domain = named(&params)?;
    app.write(move |tx| rules::unblock(tx, me.account, &domain)).await?;
    Ok(Empty)
}
