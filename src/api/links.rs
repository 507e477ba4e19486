//! Pages that people link to: their timeline, their trends; and what other sites may show of posts of this node.

use super::{
    Access, Anyone, ApiResult, Page, Params, Rendered, Routes,
    entities::{Digits, card::PreviewCard, misc::History, render::Accounts},
    page::{self, Prev},
    timelines::{answer, open_to},
};
use crate::{
    Error, Result,
    app::App,
    config::Site,
    db::Conn,
    domain::{
        Viewer, html,
        scopes::Scope,
        timelines, trends,
        views::{AccountViews, PostViews},
        visibility,
    },
    id::Id,
    model::Post,
    time::Timestamp,
    uri,
};
use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, Uri, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// The routes of this noun.
pub fn routes() -> Routes {
    Routes::new()
        .get("/api/v1/timelines/link", Access::Anyone(&[Scope::ReadStatuses]), timeline)
        .get("/api/v1/trends/links", Access::Anyone(&[]), trending)
        .get("/api/oembed", Access::Open, oembed)
}

async fn timeline(State(app): State<App>, Anyone(viewer): Anyone, uri: Uri, params: Params) -> ApiResult<Response> {
    open_to(&app, viewer)?;
    let url = params.required("url")?.to_owned();
    let page = page::read(&params, Page::POSTS)?;
    let first = !["max_id", "since_id", "min_id"].iter().any(|name| params.has(name));
    answer(&app, &uri, Prev::MinId, false, move |conn, now| {
        let found = timelines::linking(conn, viewer, &url, page, now)?;
        // The same for a page of which nobody speaks and for one of which the viewer may read nothing.
        if first && found.posts.order.is_empty() { Err(Error::NotFound) } else { Ok(found) }
    })
    .await
}

/// Links answered at once, unless asked for fewer or more, and at most.
const TRENDS: (i64, i64) = (10, 20);

async fn trending(
    State(app): State<App>,
    Anyone(viewer): Anyone,
    uri: Uri,
    params: Params,
) -> ApiResult<(HeaderMap, Rendered)> {
    let limit = params.integer("limit")?.unwrap_or(TRENDS.0).clamp(1, TRENDS.1);
    let offset = params.integer("offset")?.unwrap_or(0).max(0);
    // Strangers who may read nothing are told of nothing.
    if open_to(&app, viewer).is_err() {
        return Ok((HeaderMap::new(), Rendered::from(b"[]".to_vec())));
    }
    let (site, now) = (app.site().clone(), app.clock().now());
    let found = app.read(move |conn| {
        let (limit, offset) = (usize::try_from(limit).unwrap_or(0), usize::try_from(offset).unwrap_or(0));
        let found = trends::links(conn, viewer, now, limit, offset)?;
        let links = super::trends::beside(&site, &uri, found.len(), limit, offset);
        let creators: Vec<_> = found.iter().filter_map(|trend| trend.card.creator_id).collect();
        let views = AccountViews::load(conn, &creators)?.shown_to(conn, viewer)?;
        let accounts = Accounts::new(&site, &views)?;
        let list: Vec<PreviewCard<'_>> = found
            .iter()
            .map(|trend| {
                let creator = trend.card.creator_id.and_then(|id| Some((views.get(id)?, accounts.get(id)?)));
                let days = trend.days.iter().map(|day| History {
                    day: Digits(day.day.seconds()),
                    accounts: Digits(day.people),
                    uses: Digits(day.uses),
                });
                PreviewCard { history: Some(days.collect()), ..PreviewCard::new(&site, &trend.card, creator, viewer.0) }
            })
            .collect();
        Ok((links, Rendered::of(&list)?))
    });
    Ok(found.await?)
}

/// What another site may show of a post (oEmbed 1.0).
#[derive(Serialize)]
struct Embed {
    r#type: &'static str,
    version: &'static str,
    title: String,
    author_name: String,
    author_url: String,
    provider_name: String,
    provider_url: String,
    cache_age: i64,
    html: String,
    width: i64,
    height: Option<i64>,
}

/// Seconds for which other sites may keep it.
const CACHE_SECONDS: i64 = 86_400;
/// Pixels.
const WIDTH: i64 = 400;

async fn oembed(State(app): State<App>, params: Params) -> ApiResult<Response> {
    let url = params.required("url")?;
    let width = params.integer("maxwidth")?.unwrap_or(WIDTH).clamp(1, WIDTH);
    let height = params.integer("maxheight")?.map(|most| most.clamp(1, i64::from(i32::MAX)));
    let id = own_post(app.site(), url).ok_or(Error::NotFound)?;
    if !app.public_pages() {
        return Err(Error::NotFound.into());
    }
    let (site, now, name) = (app.site().clone(), app.clock().now(), app.config().instance.name.clone());
    let url = url.to_owned();
    let found = app.read(move |conn| Rendered::of(&embed(conn, &site, name, (id, &url), (width, height), now)?));
    // Whoever shows it may keep it as long as `cache_age` says; nobody between does, for it may be gone by then.
    let kept = [(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"))];
    Ok((kept, found.await?).into_response())
}

/// The post of this node whose page or id this may be.
fn own_post(site: &Site, url: &str) -> Option<Id<Post>> {
    let url = uri::parse(url).filter(|url| site.owns(url))?;
    url.path_segments()?.next_back()?.parse().ok()
}

/// A post as strangers may see it, by a page or id that is really its own.
fn embed(
    conn: &mut Conn,
    site: &Site,
    provider: String,
    (id, url): (Id<Post>, &str),
    (width, height): (i64, Option<i64>),
    now: Timestamp,
) -> Result<Embed> {
    let post = visibility::visible_post(conn, Viewer::ANYONE, id, now)?;
    if !post.local || post.is_boost() {
        return Err(Error::NotFound);
    }
    let views = PostViews::load(conn, Viewer::ANYONE, vec![post], now)?;
    let post = &views.get(id).ok_or(Error::NotFound)?.post;
    let author = views.accounts.get(post.account_id).ok_or(Error::NotFound)?;
    let page = site.post_url(&author.username, id);
    let asked = uri::normalize(url.split('#').next().unwrap_or_default()).unwrap_or_default();
    let is = |own: &str| uri::normalize(own).is_some_and(|own| own == asked.split('?').next().unwrap_or_default());
    if !is(&page) && !is(&post.uri) {
        return Err(Error::NotFound);
    }
    let name = if author.display_name.is_empty() { &author.username } else { &author.display_name };
    let handle = site.handle(&author.username);
    // What its author typed: escaped below, and nothing of it is markup.
    let text = match post.spoiler_text.as_str() {
        "" => html::plain_text(&post.content),
        warning => warning.to_owned(),
    };
    let text = html::cut(&text, crate::limits::CARD_DESCRIPTION);
    let html = format!(
        "<blockquote cite=\"{page}\"><p>{text}</p><footer><a href=\"{page}\">{name} (@{handle})</a></footer></blockquote>",
        page = html::escape(&page),
        text = html::escape(text),
        name = html::escape(name),
        handle = html::escape(&handle),
    );
    Ok(Embed {
        r#type: "rich",
        version: "1.0",
        title: format!("{name} (@{handle})"),
        author_name: name.clone(),
        author_url: site.profile_url(&author.username),
        provider_name: provider,
        provider_url: site.url("/"),
        cache_age: CACHE_SECONDS,
        html,
        width,
        height,
    })
}
