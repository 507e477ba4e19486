//! Uploads. A small picture is ready when the call answers; films and what else takes long are processed behind a 202, and
//! apps ask until they are ready, but for those of the first generation, which wait for the answer.

use super::{Access, ApiResult, Empty, Params, Rendered, Routes, SignedIn, entities::render, params::Value};
use crate::{
    Error, Result,
    app::App,
    config::Site,
    db::Conn,
    domain::{
        media::{self, Described, Preview, Upload},
        scopes::Scope,
    },
    id::Id,
    limits,
    media::{
        Bounds, Kind,
        images::Portrait,
        intake::{self, Poster, Workshop},
        outlook, storage,
    },
    model::{Account, Media, MediaState, Post},
    store,
};
use axum::{
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
};
use std::collections::HashMap;

/// The routes of this noun.
pub fn routes() -> Routes {
    const WRITE: Access = Access::User(&[Scope::WriteMedia]);
    Routes::new()
        .post("/api/v1/media", WRITE, upload_whole)
        .post("/api/v2/media", WRITE, upload)
        .get("/api/v1/media/{id}", WRITE, show)
        .update("/api/v1/media/{id}", WRITE, change)
        .delete("/api/v1/media/{id}", WRITE, discard)
}

/// One's own file, and how far it is: 206 while it is processed.
fn document(conn: &mut Conn, site: &Site, owner: Id<Account>, id: Id<Media>) -> Result<(StatusCode, Rendered)> {
    let media = media::pending(conn, owner, id)?;
    let status = match media.state {
        MediaState::Ready => StatusCode::OK,
        MediaState::Processing => StatusCode::PARTIAL_CONTENT,
        MediaState::Failed => return Err(Error::invalid("file", "invalid", "File cannot be processed")),
    };
    Ok((status, Rendered::of(&render::media(site, &media))?))
}

/// Cut to what may be stored; longer alternative texts are refused, not cut.
fn described(params: &Params) -> ApiResult<Described> {
    let description = params.text("description").map(str::to_owned);
    media::check_description(description.as_deref())?;
    Ok(Described { description, focus: params.filled("focus").map(media::focus).transpose()? })
}

/// The first generation answers when the file is ready: some apps never ask again.
async fn upload_whole(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<(StatusCode, Rendered)> {
    receive(app, me, params, false).await
}

async fn upload(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<(StatusCode, Rendered)> {
    receive(app, me, params, true).await
}

/// Takes a file. With `later` a film, or what else takes long, is answered with 202 and processed behind it.
async fn receive(app: App, me: SignedIn, params: Params, later: bool) -> ApiResult<(StatusCode, Rendered)> {
    let Some(file) = params.file("file") else {
        return Err(Error::invalid("file", "blank", "File can't be blank").into());
    };
    let said = described(&params)?;
    let (bytes, chosen) = (file.bytes.clone(), params.file("thumbnail").map(|t| t.bytes.clone()));
    let settings = &app.config().media;
    let bounds = Bounds {
        image_bytes: settings.image_bytes,
        image_pixels: limits::IMAGE_PIXELS,
        film_bytes: settings.video_bytes,
        film_pixels: limits::VIDEO_PIXELS,
    };
    drop(params);
    let outlook = outlook(&bytes, bounds, &app.ffmpeg())?;
    let (storage, random, ffmpeg) = (app.storage(), app.random().clone(), app.ffmpeg());
    let workshop = app.part::<Workshop>();
    let place = if later && outlook.takes_long { workshop.place() } else { None };
    // What waits lies on the disk, not in memory.
    let incoming = blocking({
        let (storage, random) = (storage.clone(), random.clone());
        move || {
            let mut incoming = storage.incoming(random.bytes())?;
            incoming.write(&bytes)?;
            Ok(incoming)
        }
    });
    let incoming = incoming.await?;
    let work = move || {
        let mut stored = intake::take(&storage, &random, incoming, bounds, &ffmpeg)?;
        if let Some(picture) = chosen.filter(|_| stored.kind != Kind::Image) {
            stored.shown_by(intake::poster(&storage, &random, &picture)?);
        }
        Ok(Upload::from(stored))
    };
    let site = app.site().clone();
    let Some(place) = place else {
        let upload = workshop.run(work).await?;
        let answer = app.write(move |tx| {
            let id = media::create(tx, me.account, upload, said)?;
            document(tx.conn, &site, me.account, id)
        });
        return Ok(answer.await?);
    };
    let answer = app.write(move |tx| {
        let id = media::begin(tx, me.account, outlook.kind.into(), said)?;
        Ok((id, document(tx.conn, &site, me.account, id)?.1))
    });
    let (id, body) = answer.await?;
    tokio::spawn(async move {
        // What a node leaves undone is given up by the next one (`media::give_up_unfinished`).
        let done = tokio::select! {
            done = workshop.run(work) => done,
            () = app.stopping().cancelled() => return,
        };
        drop(place);
        if let Err(error @ (Error::NoSpace | Error::Internal(_))) = &done {
            tracing::warn!(%error, "cannot process a file");
        }
        let done = done.ok();
        let written = app.write(move |tx| match done {
            Some(upload) => media::finish(tx, id, upload),
            None => media::fail(tx, id),
        });
        if let Err(error) = written.await {
            tracing::warn!(%error, "cannot note that a file is processed");
        }
    });
    Ok((StatusCode::ACCEPTED, body))
}

/// Runs what waits for the disk.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

async fn show(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<(StatusCode, Rendered)> {
    let (id, site) = (id.parse()?, app.site().clone());
    Ok(app.read(move |conn| document(conn, &site, me.account, id)).await?)
}

async fn change(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<String>,
    params: Params,
) -> ApiResult<(StatusCode, Rendered)> {
    let (id, site) = (id.parse()?, app.site().clone());
    let said = described(&params)?;
    let preview = match params.file("thumbnail") {
        Some(file) => {
            app.read(move |conn| media::pending(conn, me.account, id)).await?;
            chosen(&app, me.account, id, file.bytes.clone()).await?
        }
        None => None,
    };
    let answer = app.write(move |tx| {
        media::describe(tx, me.account, id, said)?;
        if let Some(preview) = preview {
            media::choose_preview(tx, me.account, id, preview)?;
        }
        document(tx.conn, &site, me.account, id)
    });
    Ok(answer.await?)
}

/// The picture that is to stand for a film or sound of this person; none for what stands for itself, or is not there.
pub(super) async fn chosen(app: &App, owner: Id<Account>, id: Id<Media>, picture: Bytes) -> Result<Option<Preview>> {
    match app.read(move |conn| store::media::load_own(conn, owner, id)).await {
        Ok(media) if media::takes_preview(&media) => {}
        Ok(_) | Err(Error::NotFound) => return Ok(None),
        Err(error) => return Err(error),
    }
    let (storage, random) = (app.storage(), app.random().clone());
    let poster = app.part::<Workshop>().run(move || intake::poster(&storage, &random, &picture)).await?;
    let Poster { file, size, small, blurhash, colours } = poster;
    Ok(Some(Preview { file, size, small, blurhash, colours }))
}

async fn discard(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Empty> {
    let id = id.parse()?;
    app.write(move |tx| {
        if store::media::load_own(tx.conn, me.account, id)?.post_id.is_some() {
            let reason = "Media attachment is currently used by a status".into();
            return Err(Error::Invalid { field: "", code: "", reason });
        }
        media::pending(tx.conn, me.account, id)?;
        media::discard(tx, me.account, &[id])
    })
    .await?;
    Ok(Empty)
}

/// A profile picture sent along: none when the parameter is absent, `Some(None)` when it is there and empty (remove
/// it), else the name of the stored picture.
///
/// # Errors
/// `Invalid` when it is no picture.
pub async fn portrait(app: &App, params: &Params, name: &str, kind: Portrait) -> Result<Option<Option<String>>> {
    match params.file(name) {
        Some(file) => {
            let (bytes, storage, random) = (file.bytes.clone(), app.storage(), app.random().clone());
            let ffmpeg = app.ffmpeg();
            let work = move || intake::portrait(&storage, &random, &bytes, kind, &ffmpeg);
            Ok(Some(Some(app.part::<Workshop>().run(work).await?)))
        }
        // A form of a browser in which no file was chosen sends an empty one, and means nothing by it.
        None if matches!(params.get(name), Some(Value::Null)) || params.text(name) == Some("") => Ok(Some(None)),
        None => Ok(None),
    }
}

/// How long a store may take to copy the files of a post.
const COPYING: std::time::Duration = std::time::Duration::from_secs(5);

/// Other names, by the old ones, for the files of a post that its author deletes to write it anew: the author goes on with
/// them, and whoever was shown the post finds nothing any more where they were (PRV-13). The bytes lie there already. What
/// the store does not copy now keeps its name: nobody waits for one that does not answer.
pub(super) async fn files_anew(app: &App, me: Id<Account>, post: Id<Post>) -> ApiResult<HashMap<String, String>> {
    let rows = app.read(move |conn| match store::posts::find(conn, post)? {
        Some(found) if found.account_id == me => store::remote::media_of(conn, post),
        _ => Ok(Vec::new()),
    });
    let old = rows.await?.into_iter().flat_map(|media| [media.file, media.thumbnail]).flatten();
    let other = |name: String| {
        let (stem, extension) = name.split_once('.')?;
        let other = storage::name(app.random().bytes(), stem.ends_with("-small"), extension);
        Some((name, other))
    };
    let mut names: HashMap<String, String> = old.filter_map(other).collect();
    if names.is_empty() {
        return Ok(names);
    }
    let storage = app.storage();
    let copied = tokio::task::spawn_blocking(move || {
        names.retain(|name, other| match storage.copy(name, other) {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(%error, "a file keeps its name beyond its post");
                false
            }
        });
        names
    });
    match tokio::time::timeout(COPYING, copied).await {
        Ok(copied) => Ok(copied.map_err(Error::internal)?),
        Err(_) => {
            tracing::warn!("files keep their names beyond their post: their store does not answer");
            Ok(HashMap::new())
        }
    }
}
