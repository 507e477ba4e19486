//! Posts: write, show, edit, delete, react.

use super::{
    Access, Anyone, ApiError, ApiResult, Page, Params, Rendered, Routes, SignedIn,
    entities::{
        render::{self, Accounts, Render},
        status::{EditedOption, EditedPoll, StatusEdit, StatusSource},
    },
    media::{chosen, files_anew},
    page::{self, Prev},
    params::Value,
    quotes, scheduled,
    timelines::open_to,
};
use crate::{
    Error, Result,
    app::App,
    domain::{
        Tx, Viewer,
        audiences::{self, Wish},
        counters::{Counter, count},
        html, media,
        posts::{self, AttachmentChange, Change, Draft, PollDraft},
        reactions,
        scopes::Scope,
        text, timelines,
        views::{AccountViews, PostViews},
        visibility,
    },
    experts::finds,
    id::Id,
    limits,
    model::{Account, Audience, Media, Post, Visibility},
    store,
};
use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::{HashMap, HashSet};

/// The routes of this noun.
pub fn routes() -> Routes {
    const ANYONE: Access = Access::Anyone(&[Scope::ReadStatuses]);
    const WRITE: Access = Access::User(&[Scope::WriteStatuses]);
    const FAVOURITE: Access = Access::User(&[Scope::WriteFavourites]);
    const BOOKMARK: Access = Access::User(&[Scope::WriteBookmarks]);
    const PIN: Access = Access::User(&[Scope::WriteAccounts]);
    const MUTE: Access = Access::User(&[Scope::WriteMutes]);
    Routes::new()
        .post("/api/v1/statuses", WRITE, create)
        .get("/api/v1/statuses", ANYONE, several)
        .get("/api/v1/statuses/{id}", ANYONE, show)
        .update("/api/v1/statuses/{id}", WRITE, edit)
        .delete("/api/v1/statuses/{id}", WRITE, delete)
        .get("/api/v1/statuses/{id}/history", ANYONE, history)
        .get("/api/v1/statuses/{id}/source", Access::User(&[Scope::ReadStatuses]), source)
        .post("/api/v1/statuses/{id}/favourite", FAVOURITE, favourite)
        .post("/api/v1/statuses/{id}/unfavourite", FAVOURITE, unfavourite)
        .post("/api/v1/statuses/{id}/reblog", WRITE, reblog)
        .post("/api/v1/statuses/{id}/unreblog", WRITE, unreblog)
        .post("/api/v1/statuses/{id}/bookmark", BOOKMARK, bookmark)
        .post("/api/v1/statuses/{id}/unbookmark", BOOKMARK, unbookmark)
        .post("/api/v1/statuses/{id}/pin", PIN, pin)
        .post("/api/v1/statuses/{id}/unpin", PIN, unpin)
        .post("/api/v1/statuses/{id}/mute", MUTE, mute)
        .post("/api/v1/statuses/{id}/unmute", MUTE, unmute)
        .get("/api/v1/favourites", Access::User(&[Scope::ReadFavourites]), favourites)
        .get("/api/v1/bookmarks", Access::User(&[Scope::ReadBookmarks]), bookmarks)
}

/// Shows one post as it is now.
pub async fn answer(app: &App, viewer: Viewer, id: Id<Post>) -> ApiResult<Rendered> {
    let (site, now) = (app.site().clone(), app.clock().now());
    let bytes = app.glance(move |conn| {
        let views = PostViews::by_ids(conn, viewer, &[id], now)?;
        render::status(&site, &views, id)
    });
    Ok(Rendered(bytes.await?))
}

/// How far the post may go, as far as parameters say it.
fn wish(params: &Params) -> Result<Wish> {
    let audience = match params.filled("audience") {
        None => None,
        Some(word) => Some(word.parse().map_err(|()| {
            Error::invalid("audience", "inclusion", "Audience is not included in the list: site, organisation, open")
        })?),
    };
    Ok(Wish { audience, local_only: params.bool("local_only") })
}

/// The visibility asked for.
fn visibility_of(params: &Params) -> Result<Option<Visibility>> {
    match params.filled("visibility") {
        None => Ok(None),
        Some(word) => word
            .parse()
            .map(Some)
            .map_err(|()| Error::invalid("visibility", "inclusion", "Visibility is not included in the list")),
    }
}

/// The files asked for; a word that is no id names no file.
fn files(params: &Params) -> Result<Vec<Id<Media>>> {
    let texts: Vec<&str> = params.texts("media_ids").into_iter().filter(|t| !t.trim().is_empty()).collect();
    let ids = texts.iter().map(|t| t.trim().parse()).collect::<Result<Vec<_>>>();
    ids.map_err(|_| Error::invalid("media_ids", "invalid", "A file is missing or belongs to another post"))
}

/// The poll asked for; none when the parameter is absent, null or empty.
fn poll(params: &Params) -> ApiResult<Option<PollDraft>> {
    let Some(poll) = params.map("poll") else { return Ok(None) };
    let options: Vec<String> = poll.texts("options").into_iter().map(str::to_owned).collect();
    if options.is_empty() && !poll.has("expires_in") {
        return Ok(None);
    }
    Ok(Some(PollDraft {
        options,
        expires_in: poll.integer("expires_in")?.unwrap_or(0),
        multiple: poll.flag("multiple"),
        hide_totals: poll.flag("hide_totals"),
    }))
}

/// What is answered, instead of a post, to a client that said whom it may name.
#[derive(Serialize)]
struct Unexpected<'a> {
    error: &'static str,
    unexpected_accounts: Vec<&'a RawValue>,
}

async fn refuse_names(app: &App, viewer: Viewer, named: Vec<Id<Account>>) -> ApiResult<Response> {
    let site = app.site().clone();
    let body = app.read(move |conn| {
        let views = AccountViews::load(conn, &named)?.shown_to(conn, viewer)?;
        let accounts = Accounts::new(&site, &views)?;
        let unexpected_accounts = accounts.in_order();
        Rendered::of(&Unexpected { error: "Post would be sent to unexpected accounts", unexpected_accounts })
    });
    Ok((StatusCode::UNPROCESSABLE_ENTITY, body.await?).into_response())
}

async fn create(State(app): State<App>, me: SignedIn, headers: HeaderMap, params: Params) -> ApiResult<Response> {
    // What was meant for a moment that has passed is posted now.
    let at = scheduled::time(&params)?.filter(|at| *at > app.clock().now());
    let draft = Draft {
        app: Some(me.app),
        text: params.text("status").unwrap_or_default().to_owned(),
        spoiler_text: params.text("spoiler_text").unwrap_or_default().to_owned(),
        visibility: visibility_of(&params)?,
        audience: wish(&params)?,
        sensitive: params.bool("sensitive"),
        language: params.filled("language").map(str::to_owned),
        in_reply_to: params.id("in_reply_to_id")?,
        media: files(&params)?,
        poll: poll(&params)?,
        quoted: params.id("quoted_status_id")?,
        quote_policy: quotes::policy_of(&params, "quote_approval_policy")?,
        idempotency_key: headers.get("idempotency-key").and_then(|v| v.to_str().ok()).map(str::to_owned),
    };
    // What stays here makes nobody elsewhere be asked about; what is refused neither.
    if draft.text.contains('@') {
        let copy = draft.clone();
        let reach = app.glance(move |conn| posts::reach(conn, me.account, &copy)).await;
        if reach.is_ok_and(|reach| reach != Audience::Site) {
            meet(&app, &draft.text).await;
        }
    }
    let keyed = draft.idempotency_key.is_some();
    let names_some = params.get("allowed_mentions").is_some_and(|given| !matches!(given, Value::Null));
    let allowed: Option<Vec<Id<Account>>> = names_some.then(|| params.ids("allowed_mentions"));
    let id = app.write(move |tx| {
        if let Some(allowed) = allowed {
            let named = posts::unexpected(tx, me.account, &draft, &allowed)?;
            if !named.is_empty() {
                return Ok(Err(named));
            }
        }
        match at {
            Some(at) => posts::scheduled::schedule(tx, me.account, draft, at),
            None => posts::publish(tx, me.account, draft),
        }
        .map(Ok)
    });
    let id = match id.await {
        Err(error @ Error::Invalid { code: "open_forbidden", .. }) => {
            // What was refused left no trace of itself.
            app.write(|tx| count(tx, Counter::OpenRefused)).await?;
            return Err(error.into());
        }
        id => id?,
    };
    let id = match id {
        Ok(id) => id,
        Err(named) => return refuse_names(&app, me.viewer(), named).await,
    };
    // A repeated request is answered with what the first one made.
    if at.is_some() || keyed {
        let (site, waiting) = (app.site().clone(), Id::new(id.raw()));
        match app.glance(move |conn| scheduled::document(conn, &site, me.account, waiting)).await {
            Err(Error::NotFound) => {}
            answer => return Ok(answer?.into_response()),
        }
    }
    if finds::remembers(&app, me.account) {
        let named = app.glance(move |conn| store::posts::mentions(conn, id)).await?;
        finds::met(&app, me.account, named.iter().map(|mention| mention.account_id).collect()).await;
    }
    Ok(answer(&app, me.viewer(), id).await?.into_response())
}

/// People of other servers a text mentions whom nobody here has met: as many as this are asked for, this long.
const STRANGERS: usize = 10;
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

/// Looks up who is mentioned and not known here, so that a mention of a stranger reaches them. Who cannot be found in
/// time stays text.
async fn meet(app: &App, text: &str) {
    if !text.contains('@') {
        return;
    }
    let typed = text::clean_input(text);
    let site = app.site();
    let handles: Vec<String> = text::mentions(&text::scan(&typed))
        .into_iter()
        .filter_map(|(name, domain)| Some(format!("{name}@{}", domain.filter(|d| !site.is_own_name(d))?)))
        .take(limits::MENTIONS)
        .collect();
    if handles.is_empty() {
        return;
    }
    let unknown = app.glance(move |conn| {
        let mut unknown = Vec::new();
        for handle in handles {
            if store::accounts::find_by_handle(conn, &handle)?.is_none() {
                unknown.push(handle);
            }
        }
        Ok(unknown)
    });
    let unknown = unknown.await.unwrap_or_default();
    let lookups = unknown.iter().take(STRANGERS).map(|handle| app.look_up(handle));
    let _ = tokio::time::timeout(PATIENCE, futures_util::future::join_all(lookups)).await;
}

async fn several(State(app): State<App>, Anyone(viewer): Anyone, params: Params) -> ApiResult<Rendered> {
    open_to(&app, viewer)?;
    let (mut ids, mut known): (Vec<Id<Post>>, _) = (params.ids("id"), HashSet::new());
    ids.retain(|id| known.insert(*id));
    if i64::try_from(ids.len()).is_ok_and(|asked| asked > Page::POSTS) {
        return Err(Error::invalid("id", "too_long", format!("Cannot show more than {} posts", Page::POSTS)).into());
    }
    let (site, now) = (app.site().clone(), app.clock().now());
    let bytes = app.glance(move |conn| {
        let views = PostViews::by_ids(conn, viewer, &ids, now)?;
        render::statuses(&site, &views)
    });
    Ok(Rendered(bytes.await?))
}

async fn show(State(app): State<App>, Anyone(viewer): Anyone, Path(id): Path<String>) -> ApiResult<Rendered> {
    open_to(&app, viewer)?;
    answer(&app, viewer, id.parse()?).await
}

async fn edit(State(app): State<App>, me: SignedIn, Path(id): Path<String>, params: Params) -> ApiResult<Rendered> {
    let id: Id<Post> = id.parse()?;
    let mut attachments = Vec::new();
    for one in params.maps("media_attributes") {
        let Some(id) = one.id("id")? else { continue };
        attachments.push(AttachmentChange {
            id,
            description: one.text("description").map(str::to_owned),
            focus: one.filled("focus").map(media::focus).transpose()?,
            preview: match one.file("thumbnail") {
                Some(picture) => chosen(&app, me.account, id, picture.bytes.clone()).await?,
                None => None,
            },
        });
    }
    // An edit says all that the post is from now on: clients leave out what was taken off (a file, the poll).
    let change = Change {
        text: Some(params.text("status").unwrap_or_default().to_owned()),
        spoiler_text: Some(params.text("spoiler_text").unwrap_or_default().to_owned()),
        sensitive: Some(params.flag("sensitive")),
        language: params.filled("language").map(str::to_owned),
        media: Some(files(&params)?),
        attachments,
        poll: Some(poll(&params)?),
        quote_policy: quotes::policy_of(&params, "quote_approval_policy")?,
        audience: wish(&params)?,
    };
    if let Some(text) = &change.text {
        let post = app.glance(move |conn| store::posts::find(conn, id)).await?;
        if post.is_some_and(|post| post.audience != Audience::Site) {
            meet(&app, text).await;
        }
    }
    app.write(move |tx| posts::edit(tx, me.account, id, change)).await?;
    answer(&app, me.viewer(), id).await
}

/// Answers what was deleted, with its source, so that a client can offer to write it anew.
async fn delete(State(app): State<App>, me: SignedIn, Path(id): Path<String>, params: Params) -> ApiResult<Rendered> {
    let id: Id<Post> = id.parse()?;
    let with_media = params.flag("delete_media");
    let names = if with_media { HashMap::new() } else { files_anew(&app, me.account, id).await? };
    let site = app.site().clone();
    let bytes = app.write(move |tx| {
        let now = tx.now;
        if !names.is_empty() {
            posts::rename_files(tx, me.account, id, &names)?;
        }
        let views = PostViews::by_ids(tx.conn, me.viewer(), &[id], now)?;
        let post = &views.get(id).ok_or(Error::NotFound)?.post;
        let source = audiences::to_write_anew(tx.conn, post, source_of(post))?;
        let render = Render::new(&site, &views)?;
        let mut status = render.status(id).ok_or(Error::NotFound)?;
        status.text = Some(&source);
        let bytes = serde_json::to_vec(&status).map_err(Error::internal)?;
        posts::delete_own(tx, me.account, id, with_media)?;
        Ok(bytes)
    });
    Ok(Rendered(bytes.await?))
}

fn source_of(post: &Post) -> String {
    post.source_text.clone().unwrap_or_else(|| html::plain_text(&post.content))
}

async fn source(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    let (id, now) = (id.parse()?, app.clock().now());
    let answer = app.glance(move |conn| {
        let post = visibility::visible_post(conn, me.viewer(), id, now)?;
        Rendered::of(&StatusSource { id, text: &source_of(&post), spoiler_text: &post.spoiler_text })
    });
    Ok(answer.await?)
}

async fn history(State(app): State<App>, Anyone(viewer): Anyone, Path(id): Path<String>) -> ApiResult<Rendered> {
    open_to(&app, viewer)?;
    let (id, now, site) = (id.parse()?, app.clock().now(), app.site().clone());
    let answer = app.read(move |conn| {
        let post = visibility::visible_post(conn, viewer, id, now)?;
        let versions = posts::history(conn, &post)?;
        let authors = AccountViews::load(conn, &[post.account_id])?.shown_to(conn, viewer)?;
        let views = PostViews::by_ids(conn, viewer, &[id], now)?;
        let shown = Render::new(&site, &views)?;
        let accounts = Accounts::new(&site, &authors)?;
        let account = accounts.get(post.account_id).ok_or(Error::NotFound)?;
        let edits: Vec<StatusEdit<'_>> = versions
            .iter()
            .map(|version| StatusEdit {
                content: &version.content,
                spoiler_text: &version.spoiler_text,
                sensitive: version.sensitive,
                created_at: version.created_at,
                account,
                poll: version.poll.as_ref().map(|titles| EditedPoll {
                    options: titles.iter().map(|title| EditedOption { title: title.into() }).collect(),
                }),
                media_attachments: version.media.iter().map(|m| render::media(&site, m)).collect(),
                emojis: render::emojis(&site, &post.emojis),
                quote: views.get(id).and_then(|view| shown.quote(view, true)),
            })
            .collect();
        Rendered::of(&edits)
    });
    Ok(answer.await?)
}

/// A reaction: what it does to a post, and the post that shows it.
type Reaction = fn(&mut Tx<'_>, Id<Account>, Id<Post>) -> Result<Id<Post>>;

async fn react(app: &App, me: SignedIn, id: &str, reaction: Reaction) -> ApiResult<Rendered> {
    let id = id.parse()?;
    let shown = app.write(move |tx| reaction(tx, me.account, id)).await?;
    answer(app, me.viewer(), shown).await
}

/// As [`react`], of what takes something back: who is blocked by the author meanwhile may do so, and sees that it is done.
async fn take_back(app: &App, me: SignedIn, id: &str, reaction: Reaction) -> ApiResult<Rendered> {
    let id = id.parse()?;
    let shown = app.write(move |tx| reaction(tx, me.account, id)).await?;
    match answer(app, me.viewer(), shown).await {
        Err(ApiError(Error::NotFound)) => {
            let (site, now) = (app.site().clone(), app.clock().now());
            let bytes = app.glance(move |conn| {
                let views = PostViews::taken_back(conn, me.viewer(), shown, now)?;
                render::status(&site, &views, shown)
            });
            Ok(Rendered(bytes.await?))
        }
        other => other,
    }
}

async fn favourite(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    react(&app, me, &id, reactions::favourite).await
}

async fn unfavourite(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    take_back(&app, me, &id, reactions::unfavourite).await
}

async fn reblog(State(app): State<App>, me: SignedIn, Path(id): Path<String>, params: Params) -> ApiResult<Rendered> {
    let (id, visibility) = (id.parse()?, visibility_of(&params)?);
    let boost = app.write(move |tx| reactions::boost(tx, me.account, id, visibility)).await?;
    answer(&app, me.viewer(), boost).await
}

async fn unreblog(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    take_back(&app, me, &id, reactions::unboost).await
}

async fn bookmark(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    react(&app, me, &id, reactions::bookmark).await
}

async fn unbookmark(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    take_back(&app, me, &id, reactions::unbookmark).await
}

async fn pin(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    react(&app, me, &id, reactions::pin).await
}

async fn unpin(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    react(&app, me, &id, reactions::unpin).await
}

async fn mute(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    react(&app, me, &id, reactions::mute_conversation).await
}

async fn unmute(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    react(&app, me, &id, reactions::unmute_conversation).await
}

async fn kept(app: &App, me: SignedIn, bookmarks: bool, uri: &Uri, params: &Params) -> ApiResult<Response> {
    let page = page::read(params, Page::POSTS)?;
    let (site, now) = (app.site().clone(), app.clock().now());
    let (bytes, bounds) = app
        .glance(move |conn| {
            let timeline = timelines::kept(conn, bookmarks, me.account, page, now)?;
            Ok((render::statuses(&site, &timeline.posts)?, timeline.bounds))
        })
        .await?;
    let mut response = Rendered(bytes).into_response();
    if let Some((first, last)) = bounds {
        response.headers_mut().extend(page::link(app.site().base(), uri, first, last, true, Prev::MinId));
    }
    Ok(response)
}

async fn favourites(State(app): State<App>, me: SignedIn, uri: Uri, params: Params) -> ApiResult<Response> {
    kept(&app, me, false, &uri, &params).await
}

async fn bookmarks(State(app): State<App>, me: SignedIn, uri: Uri, params: Params) -> ApiResult<Response> {
    kept(&app, me, true, &uri, &params).await
}
