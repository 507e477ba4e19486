//! What people talk about lately: hashtags and posts. Pages are in [`super::links`].

use super::{
    Access, Anyone, ApiResult, Page, Params, Rendered, Routes, entities::render, page::link_by_offset, tags,
    timelines::open_to,
};
use crate::{app::App, config::Site, domain::trends as rules};
use axum::{
    extract::State,
    http::{HeaderMap, Uri},
};

/// The routes of this noun.
pub fn routes() -> Routes {
    Routes::new()
        .get("/api/v1/trends", Access::Anyone(&[]), hashtags)
        .get("/api/v1/trends/tags", Access::Anyone(&[]), hashtags)
        .get("/api/v1/trends/statuses", Access::Anyone(&[]), posts)
}

/// How many, after how many; `default` unless asked for fewer or more, twice that at most.
fn part(params: &Params, default: i64) -> ApiResult<(usize, usize)> {
    let limit = params.integer("limit")?.unwrap_or(default).clamp(1, 2 * default);
    let offset = params.integer("offset")?.unwrap_or(0).max(0);
    Ok((usize::try_from(limit).unwrap_or(0), usize::try_from(offset).unwrap_or(0)))
}

/// Where the pages beside one of `rows` rows are: a full one leads on, and an empty one nowhere.
pub(super) fn beside(site: &Site, uri: &Uri, rows: usize, limit: usize, offset: usize) -> HeaderMap {
    let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX / 2);
    match rows {
        0 => HeaderMap::new(),
        rows => link_by_offset(site.base(), uri, number(limit), number(offset), rows >= limit),
    }
}

/// Strangers who may read nothing are told of nothing.
fn nothing() -> (HeaderMap, Rendered) {
    (HeaderMap::new(), Rendered::from(b"[]".to_vec()))
}

/// A page, with where the next one is.
type Listed = ApiResult<(HeaderMap, Rendered)>;

async fn hashtags(State(app): State<App>, Anyone(viewer): Anyone, uri: Uri, params: Params) -> Listed {
    let (limit, offset) = part(&params, 10)?;
    if open_to(&app, viewer).is_err() {
        return Ok(nothing());
    }
    let (site, now) = (app.site().clone(), app.clock().now());
    let found = app.read(move |conn| {
        let list = rules::tags(conn, viewer, now, limit, offset)?;
        let links = beside(&site, &uri, list.len(), limit, offset);
        Ok((links, Rendered::of(&tags::documents(conn, &site, viewer, &list, now)?)?))
    });
    Ok(found.await?)
}

async fn posts(State(app): State<App>, Anyone(viewer): Anyone, uri: Uri, params: Params) -> Listed {
    let (limit, offset) = part(&params, Page::POSTS)?;
    if open_to(&app, viewer).is_err() {
        return Ok(nothing());
    }
    let (site, now) = (app.site().clone(), app.clock().now());
    let found = app.read(move |conn| {
        let (views, looked_at) = rules::posts(conn, viewer, now, limit, offset)?;
        let links = beside(&site, &uri, looked_at, limit, offset);
        Ok((links, Rendered::from(render::statuses(&site, &views)?)))
    });
    Ok(found.await?)
}
