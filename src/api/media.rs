//! Uploads. A file is ready when the call answers, so nobody ever has to ask again.

use super::{Access, ApiResult, Empty, Params, Rendered, Routes, SignedIn, entities::render};
use crate::{
    Error, Result,
    app::App,
    config::Site,
    db::Conn,
    domain::{
        media::{self, Upload},
        scopes::Scope,
    },
    id::Id,
    limits,
    media::{
        Bounds, Kind,
        images::Portrait,
        intake::{self, Workshop},
    },
    model::{Account, Media, MediaKind},
};
use axum::extract::{Path, State};

/// The routes of this noun.
pub fn routes() -> Routes {
    const WRITE: Access = Access::User(&[Scope::WriteMedia]);
    Routes::new()
        .post("/api/v1/media", WRITE, upload)
        .post("/api/v2/media", WRITE, upload)
        .get("/api/v1/media/{id}", WRITE, show)
        .update("/api/v1/media/{id}", WRITE, change)
        .delete("/api/v1/media/{id}", WRITE, discard)
}

fn document(conn: &mut Conn, site: &Site, owner: Id<Account>, id: Id<Media>) -> Result<Rendered> {
    let media = media::pending(conn, owner, id)?;
    Rendered::of(&render::media(site, &media))
}

/// Alternative text and the point that stays in view.
type Described = (Option<String>, Option<(f64, f64)>);

/// Cut to what may be stored; longer alternative texts are refused, not cut.
fn described(params: &Params) -> ApiResult<Described> {
    let description = params.text("description").map(str::to_owned);
    media::check_description(description.as_deref())?;
    Ok((description, params.filled("focus").map(media::focus).transpose()?))
}

async fn upload(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    let Some(file) = params.file("file") else {
        return Err(Error::invalid("file", "blank", "File can't be blank").into());
    };
    let (description, focus) = described(&params)?;
    let (bytes, preview) = (file.bytes.clone(), params.file("thumbnail").map(|t| t.bytes.clone()));
    let settings = &app.config().media;
    let bounds = Bounds {
        image_bytes: settings.image_bytes,
        image_pixels: limits::IMAGE_PIXELS,
        film_bytes: settings.video_bytes,
        film_pixels: limits::VIDEO_PIXELS,
    };
    drop(params);
    let (storage, random, ffmpeg) = (app.storage(), app.random().clone(), app.ffmpeg());
    let work = move || {
        let mut incoming = storage.incoming(random.bytes())?;
        incoming.write(&bytes)?;
        drop(bytes);
        let mut stored = intake::take(&storage, &random, incoming, bounds, &ffmpeg)?;
        if let Some(picture) = preview.filter(|_| stored.kind != Kind::Image) {
            intake::preview(&storage, &random, &mut stored, &picture)?;
        }
        Ok(stored)
    };
    let stored = app.part::<Workshop>().run(work).await?;
    let upload = Upload {
        kind: match stored.kind {
            Kind::Image => MediaKind::Image,
            Kind::Video => MediaKind::Video,
            Kind::Audio => MediaKind::Audio,
        },
        mime: stored.mime.to_owned(),
        file: stored.file,
        thumbnail: stored.thumbnail,
        size: stored.size,
        blurhash: stored.blurhash,
        width: stored.width,
        height: stored.height,
        small: stored.small,
        duration_ms: stored.duration_ms,
        description,
        focus,
    };
    let site = app.site().clone();
    let answer = app.write(move |tx| {
        let id = media::create(tx, me.account, upload)?;
        document(tx.conn, &site, me.account, id)
    });
    Ok(answer.await?)
}

async fn show(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    let (id, site) = (id.parse()?, app.site().clone());
    Ok(app.read(move |conn| document(conn, &site, me.account, id)).await?)
}

async fn change(State(app): State<App>, me: SignedIn, Path(id): Path<String>, params: Params) -> ApiResult<Rendered> {
    let (id, site) = (id.parse()?, app.site().clone());
    let (description, focus) = described(&params)?;
    let answer = app.write(move |tx| {
        media::describe(tx, me.account, id, description, focus)?;
        document(tx.conn, &site, me.account, id)
    });
    Ok(answer.await?)
}

async fn discard(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Empty> {
    let id = id.parse()?;
    app.write(move |tx| {
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
        None if params.has(name) && params.text(name).is_none_or(str::is_empty) => Ok(Some(None)),
        None => Ok(None),
    }
}
