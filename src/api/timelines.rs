//! Timelines and threads.

use super::{
    Access, Anyone, ApiResult, Page, Params, Rendered, Routes, SignedIn,
    entities::render::{self, Render},
    page::{self, Prev},
};
use crate::{
    Error, Result,
    app::App,
    db::Conn,
    domain::{
        Viewer,
        remote::threads,
        scopes::Scope,
        timelines::{self, TagRequest, Timeline},
    },
    store::timelines::Half,
    time::Timestamp,
};
use axum::{
    extract::{Path, State},
    http::Uri,
    response::{IntoResponse, Response},
};

/// The routes of this noun.
pub fn routes() -> Routes {
    const READ: Access = Access::User(&[Scope::ReadStatuses]);
    const ANYONE: Access = Access::Anyone(&[Scope::ReadStatuses]);
    Routes::new()
        .get("/api/v1/timelines/home", READ, home)
        .get("/api/v1/timelines/public", ANYONE, public)
        .get("/api/v1/timelines/tag/{hashtag}", ANYONE, tag)
        .get("/api/v1/timelines/direct", READ, direct)
        .get("/api/v1/timelines/list/{id}", Access::User(&[Scope::ReadLists]), list)
        .get("/api/v1/statuses/{id}/context", ANYONE, context)
}

/// Strangers read nothing while other servers must sign what they read: 401, so that clients offer to sign in.
pub fn open_to(app: &App, viewer: Viewer) -> Result<()> {
    if viewer.0.is_none() && app.authorized_fetch() {
        return Err(Error::unauthorized("This method requires an authenticated user"));
    }
    Ok(())
}

/// Reads a timeline and serialises it where it was read; answers it with its `Link` header. `short`: as for [`App::look`].
pub async fn answer<F>(app: &App, uri: &Uri, prev: Prev, short: bool, read: F) -> ApiResult<Response>
where
    F: FnOnce(&mut Conn, Timestamp) -> Result<Timeline> + Send + 'static,
{
    let (site, now) = (app.site().clone(), app.clock().now());
    let (bytes, bounds) = app
        .look(short, move |conn| {
            let timeline = read(conn, now)?;
            Ok((render::statuses(&site, &timeline.posts)?, timeline.bounds))
        })
        .await?;
    let mut response = Rendered::from(bytes).into_response();
    if let Some((first, last)) = bounds {
        response.headers_mut().extend(page::link(app.site().base(), uri, first, last, true, prev));
    }
    Ok(response)
}

async fn home(State(app): State<App>, me: SignedIn, uri: Uri, params: Params) -> ApiResult<Response> {
    let page = page::read(&params, Page::POSTS)?;
    answer(&app, &uri, Prev::MinId, true, move |conn, now| timelines::home(conn, me.account, page, now)).await
}

fn half(params: &Params) -> Half {
    match (params.flag("local"), params.flag("remote")) {
        (true, _) => Half::Local,
        (false, true) => Half::Remote,
        (false, false) => Half::All,
    }
}

async fn public(State(app): State<App>, Anyone(viewer): Anyone, uri: Uri, params: Params) -> ApiResult<Response> {
    open_to(&app, viewer)?;
    let page = page::read(&params, Page::POSTS)?;
    let (half, only_media) = (half(&params), params.flag("only_media"));
    // What there may be little of among much else is looked for longer.
    let short = !only_media && (half == Half::All || half == Half::Local && viewer.0.is_some());
    let read = move |conn: &mut Conn, now: Timestamp| timelines::public(conn, viewer, half, only_media, page, now);
    answer(&app, &uri, Prev::MinId, short, read).await
}

async fn tag(
    State(app): State<App>,
    Anyone(viewer): Anyone,
    Path(tag): Path<String>,
    uri: Uri,
    params: Params,
) -> ApiResult<Response> {
    open_to(&app, viewer)?;
    let page = page::read(&params, Page::POSTS)?;
    let names = |key| params.texts(key).into_iter().map(str::to_owned).collect();
    let request = TagRequest {
        tag,
        any: names("any"),
        all: names("all"),
        none: names("none"),
        half: half(&params),
        only_media: params.flag("only_media"),
    };
    answer(&app, &uri, Prev::MinId, false, move |conn, now| timelines::tagged(conn, viewer, &request, page, now)).await
}

/// Direct posts one by one, as clients before conversations asked for them.
async fn direct(State(app): State<App>, me: SignedIn, uri: Uri, params: Params) -> ApiResult<Response> {
    let page = page::read(&params, Page::POSTS)?;
    answer(&app, &uri, Prev::MinId, false, move |conn, now| timelines::direct(conn, me.account, page, now)).await
}

async fn list(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<String>,
    uri: Uri,
    params: Params,
) -> ApiResult<Response> {
    let (page, list) = (page::read(&params, Page::POSTS)?, id.parse()?);
    answer(&app, &uri, Prev::MinId, false, move |conn, now| timelines::list(conn, me.account, list, page, now)).await
}

async fn context(State(app): State<App>, Anyone(viewer): Anyone, Path(id): Path<String>) -> ApiResult<Rendered> {
    open_to(&app, viewer)?;
    let id = id.parse()?;
    let (site, now) = (app.site().clone(), app.clock().now());
    let found = app.read(move |conn| {
        let thread = timelines::context(conn, viewer, id, now)?;
        let render = Render::new(&site, &thread.posts)?;
        // Visitors make us ask nobody.
        let due = if viewer.0.is_some() { threads::due(conn, id, now)? } else { None };
        crate::Result::Ok((Rendered::of(&render.context(&thread))?, due))
    });
    let (rendered, due) = found.await?;
    if let Some(post) = due {
        app.write(move |tx| threads::order(tx, post)).await?;
    }
    Ok(rendered)
}
