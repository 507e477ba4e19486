//! Stored files, and the door to files of other servers: a client can often not reach those, so this node fetches them
//! once and hands them out itself. Nothing served from here can run or be framed (WEB-08).

use crate::{
    Error, Result,
    app::App,
    domain::{cards, media},
    id::Id,
    limits,
    media::{
        Bounds, Kind,
        images::Portrait,
        intake::{self, Workshop},
        storage::{Opened, mime_of},
    },
    model::{Account, Card, Media},
    net::{Ask, Purpose, Slot, Slots, authority},
    store,
    time::Timestamp,
};
use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};
use url::Url;

/// The routes.
pub fn routes() -> Router<App> {
    Router::new()
        .route(crate::config::THUMBNAIL_PATH, get(thumbnail))
        .route("/media/{name}", get(stored))
        .route("/media/remote/{kind}/{id}", get(remote))
        .route("/media/remote/{kind}/{id}/small", get(remote_small))
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, [(header::CACHE_CONTROL, "no-store")]).into_response()
}

/// The picture of the node, where the settings name a file.
async fn thumbnail(State(app): State<App>) -> Response {
    let file = app.config().instance.thumbnail.as_ref().map(std::path::Path::new);
    let Some((file, kind)) = file.and_then(|file| Some((file, crate::config::picture_type(file)?))) else {
        return not_found();
    };
    match tokio::fs::read(file).await {
        Ok(bytes) => {
            let headers = [
                (header::CONTENT_TYPE, kind),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
                (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
                (header::CACHE_CONTROL, "public, max-age=3600"),
            ];
            (headers, bytes).into_response()
        }
        Err(_) => not_found(),
    }
}

async fn stored(State(app): State<App>, Path(name): Path<String>, asked: HeaderMap) -> Response {
    serve(&app, &name, &asked).await
}

/// One stored file, whole or a part of it; 404 when there is none, 503 while the bucket it lies in does not answer.
async fn serve(app: &App, name: &str, asked: &HeaderMap) -> Response {
    let begin = !asked.contains_key(header::RANGE) && !asked.contains_key(header::IF_NONE_MATCH);
    let answer = match app.storage().open(name, begin).await {
        Ok(Some(file)) => hand_over(file, name, asked).await,
        Ok(None) => Ok(None),
        Err(error) => Err(error),
    };
    match answer {
        Ok(answer) => answer.unwrap_or_else(not_found),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "30")]).into_response(),
    }
}

async fn hand_over(file: Opened, name: &str, asked: &HeaderMap) -> Result<Option<Response>> {
    let length = file.length();
    let Some(fixed) = fixed(name) else { return Ok(None) };
    let known = asked.get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    let tag = fixed.get(header::ETAG).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if known.is_some_and(|known| known.split(',').any(|k| k.trim().trim_start_matches("W/") == tag)) {
        return Ok(Some((StatusCode::NOT_MODIFIED, fixed).into_response()));
    }
    // Whoever has a part of another state of it gets the whole.
    let same = asked.get(header::IF_RANGE).is_none_or(|known| known.to_str().is_ok_and(|known| known.trim() == tag));
    let asked_part = asked.get(header::RANGE).filter(|_| same).and_then(|v| v.to_str().ok());
    let mut headers = fixed;
    let range = asked_part.and_then(|r| range(r, length));
    let (status, told, from, count) = match range {
        None => (StatusCode::OK, None, 0, length),
        Some(Some((from, to))) => {
            (StatusCode::PARTIAL_CONTENT, Some(format!("bytes {from}-{to}/{length}")), from, to - from + 1)
        }
        Some(None) => (StatusCode::RANGE_NOT_SATISFIABLE, Some(format!("bytes */{length}")), 0, 0),
    };
    if let Some(told) = told {
        headers.insert(header::CONTENT_RANGE, HeaderValue::from_str(&told).map_err(Error::internal)?);
    }
    if count == 0 {
        return Ok(Some((status, headers).into_response()));
    }
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(count));
    let body = Body::from_stream(file.stream(from, count).await?);
    Ok(Some((status, headers, body).into_response()))
}

/// What is said of every file; none for a name that is not ours.
fn fixed(name: &str) -> Option<HeaderMap> {
    let mime = mime_of(name)?;
    let tag = format!("\"{}\"", name.split('.').next().unwrap_or(name));
    let fixed: [(HeaderName, HeaderValue); 6] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(mime)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
        // A name never changes its content; shared caches keep nothing, since the post may be for few (PRV-13).
        (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable")),
        (header::ETAG, HeaderValue::from_str(&tag).ok()?),
        (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
    ];
    Some(HeaderMap::from_iter(fixed))
}

/// The part asked for, first and last byte. None: all of it (no range, several, or not understood). `Some(None)`: none
/// of it lies within the file.
#[expect(clippy::option_option, reason = "three answers: all, this part, no such part")]
fn range(text: &str, length: u64) -> Option<Option<(u64, u64)>> {
    let (from, to) = text.strip_prefix("bytes=")?.split_once('-')?;
    let last = length.checked_sub(1);
    match (from.trim(), to.trim()) {
        ("", tail) => {
            let tail: u64 = tail.parse().ok()?;
            Some(last.filter(|_| tail > 0).map(|last| (length.saturating_sub(tail), last)))
        }
        (from, to) => {
            let from: u64 = from.parse().ok()?;
            let to: u64 = if to.is_empty() { u64::MAX } else { to.parse().ok()? };
            if to < from {
                return None;
            }
            Some(last.filter(|last| from <= *last).map(|last| (from, to.min(last))))
        }
    }
}

/// `remote/avatar/ACCOUNT`, `remote/header/ACCOUNT`, `remote/card/CARD-SEAL`, `remote/emoji/SEAL`, or `remote/MEDIA/SEAL`.
async fn remote(State(app): State<App>, Path((kind, id)): Path<(String, String)>, asked: HeaderMap) -> Response {
    let name = match kind.as_str() {
        "avatar" => portrait(&app, &id, Portrait::Avatar).await,
        "header" => portrait(&app, &id, Portrait::Header).await,
        "card" => card(&app, &id).await,
        "emoji" => emoji(&app, &id).await,
        media => attachment(&app, media, &id, false).await,
    };
    hand_out(&app, name, &asked).await
}

async fn remote_small(State(app): State<App>, Path((id, seal)): Path<(String, String)>, asked: HeaderMap) -> Response {
    let name = attachment(&app, &id, &seal, true).await;
    hand_out(&app, name, &asked).await
}

/// Where a remote file is to be had.
enum Source {
    /// Our copy, by its name.
    Ours(String),
    /// At its own address: the settings say that clients fetch it themselves.
    Theirs(String),
}

/// Whether clients are sent to the other server: only by setting, and never for peers, whom clients may not reach.
fn is_theirs(app: &App, url: &str) -> bool {
    let rules = app.net().rules();
    let is_peer = Url::parse(url).is_ok_and(|url| rules.standing_of_url(&url).is_peer);
    !app.config().media.proxy_remote && !rules.is_allowlist() && !is_peer
}

/// Whether the rules of this node let nothing of the host of `url` be shown.
fn is_refused(app: &App, url: &str) -> bool {
    let rules = app.net().rules();
    !Url::parse(url).is_ok_and(|url| {
        let standing = rules.standing_of_url(&url);
        standing.admitted.is_ok() && !standing.reject_media
    })
}

async fn hand_out(app: &App, name: Result<Source>, asked: &HeaderMap) -> Response {
    let mut response = match name {
        Ok(Source::Theirs(url)) => return Redirect::temporary(&url).into_response(),
        Ok(Source::Ours(name)) => serve(app, &name, asked).await,
        Err(Error::Unavailable(_)) => (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "30")]).into_response(),
        Err(_) => not_found(),
    };
    // The copy behind this address may change; the address of the copy itself is in the next answer of the API.
    if response.status().is_success() {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=86400"));
        response.headers_mut().remove(header::ETAG);
    }
    response
}

/// Addresses that could not be fetched lately are left alone for a while.
#[derive(Default)]
struct Failed(Mutex<HashMap<String, Timestamp>>);

/// Seconds after which a failed address is tried again.
const AGAIN_SECONDS: i64 = 600;

impl Failed {
    fn is_known(&self, url: &str, now: Timestamp) -> bool {
        let map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        map.get(url).is_some_and(|at| at.plus_seconds(AGAIN_SECONDS) > now)
    }
    fn note(&self, url: &str, now: Timestamp) {
        let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if map.len() >= 10_000 {
            map.retain(|_, at| at.plus_seconds(AGAIN_SECONDS) > now);
        }
        if map.len() < 10_000 {
            map.insert(url.to_owned(), now);
        }
    }
}

/// Fetches at once, over all remote files.
const FETCHES: usize = 8;

/// Places for fetches: for each host a few of them, so that a slow one cannot have them all.
struct Fetches(Slots);

impl Default for Fetches {
    fn default() -> Self {
        Self(Slots::of(FETCHES))
    }
}

impl Fetches {
    /// Waits in line for the host of `url`, and then among all.
    async fn place(&self, url: &str) -> Result<Slot> {
        let url = Url::parse(url).map_err(Error::upstream)?;
        Ok(self.0.take(Purpose::Media, &authority(&url)).await)
    }
}

/// Our copy of a remote attachment, fetched now when there is none; the small version when `small`.
async fn attachment(app: &App, id: &str, seal: &str, small: bool) -> Result<Source> {
    let id: Id<Media> = id.parse()?;
    let find = |app: &App| {
        let app = app.clone();
        async move { app.read(move |conn| store::media::find(conn, id)).await?.ok_or(Error::NotFound) }
    };
    let media = find(app).await?;
    let url = media.remote_url.as_deref().filter(|url| intake::seal(url) == seal).ok_or(Error::NotFound)?.to_owned();
    let pick =
        |file: String, thumbnail: Option<String>| Source::Ours(if small { thumbnail.unwrap_or(file) } else { file });
    if let Some(file) = media.file {
        return Ok(pick(file, media.thumbnail));
    }
    if is_theirs(app, &url) {
        return Ok(Source::Theirs(url));
    }
    let fetches = app.part::<Fetches>();
    let _place = fetches.place(&url).await?;
    // Somebody else may have fetched it while we waited.
    let media = find(app).await?;
    if let Some(file) = media.file {
        return Ok(pick(file, media.thumbnail));
    }
    let (storage, random, ffmpeg) = (app.storage(), app.random().clone(), app.ffmpeg());
    let stored =
        fetch(app, &url, move |incoming| intake::take(&storage, &random, incoming, Bounds::REMOTE, &ffmpeg)).await?;
    let source = pick(stored.file.clone(), stored.thumbnail.clone());
    let copy = media::Upload::from(stored);
    app.write(move |tx| media::keep_copy(tx, id, &copy)).await?;
    Ok(source)
}

/// Our copy of a remote profile picture, fetched now when there is none.
async fn portrait(app: &App, id: &str, kind: Portrait) -> Result<Source> {
    let id: Id<Account> = id.parse()?;
    let find = |app: &App| {
        let app = app.clone();
        async move {
            let account = app.read(move |conn| store::accounts::load(conn, id)).await?;
            if account.is_unavailable() {
                return Err(Error::NotFound);
            }
            Ok(match kind {
                Portrait::Avatar => (account.avatar, account.avatar_remote_url),
                Portrait::Header => (account.header, account.header_remote_url),
            })
        }
    };
    let url = match find(app).await? {
        (Some(name), _) => return Ok(Source::Ours(name)),
        (None, Some(url)) if is_theirs(app, &url) => return Ok(Source::Theirs(url)),
        (None, Some(url)) => url,
        (None, None) => return Err(Error::NotFound),
    };
    let fetches = app.part::<Fetches>();
    let _place = fetches.place(&url).await?;
    let url = match find(app).await? {
        (Some(name), _) => return Ok(Source::Ours(name)),
        (None, url) => url.ok_or(Error::NotFound)?,
    };
    let (storage, random, ffmpeg) = (app.storage(), app.random().clone(), app.ffmpeg());
    let name = fetch(app, &url, move |incoming| {
        let bytes = std::fs::read(incoming.path()).map_err(Error::internal)?;
        intake::portrait(&storage, &random, &bytes, kind, &ffmpeg)
    })
    .await?;
    let kept = name.clone();
    app.write(move |tx| store::media::set_portrait(tx.conn, id, kind == Portrait::Avatar, &kept, &url)).await?;
    Ok(Source::Ours(name))
}

/// Our copy of the picture of a card, fetched now when there is none: a small one, for it is never looked at by itself.
async fn card(app: &App, name: &str) -> Result<Source> {
    let (id, seal) = name.split_once('-').ok_or(Error::NotFound)?;
    let id: Id<Card> = id.parse()?;
    let find = |app: &App| {
        let app = app.clone();
        async move { app.read(move |conn| store::cards::find(conn, id)).await?.ok_or(Error::NotFound) }
    };
    let card = find(app).await?;
    let url =
        card.image_remote_url.as_deref().filter(|url| intake::seal(url) == seal).ok_or(Error::NotFound)?.to_owned();
    if let Some(file) = card.image {
        return Ok(Source::Ours(file));
    }
    if is_theirs(app, &url) {
        return Ok(Source::Theirs(url));
    }
    let fetches = app.part::<Fetches>();
    let _place = fetches.place(&url).await?;
    if let Some(file) = find(app).await?.image {
        return Ok(Source::Ours(file));
    }
    let (storage, random, ffmpeg) = (app.storage(), app.random().clone(), app.ffmpeg());
    let picture = fetch(app, &url, move |incoming| {
        let stored = intake::take(&storage, &random, incoming, Bounds::REMOTE, &ffmpeg)?;
        if stored.kind != Kind::Image {
            storage.remove(&stored.file)?;
            stored.thumbnail.iter().try_for_each(|small| storage.remove(small))?;
            return Err(Error::upstream("not a picture"));
        }
        let whole = (stored.width > 0).then_some((stored.width, stored.height));
        let (file, size) = match stored.thumbnail {
            Some(small) => {
                storage.remove(&stored.file)?;
                (small, stored.small.or(whole))
            }
            None => (stored.file, whole),
        };
        let size = size.map(|(width, height)| (i64::from(width), i64::from(height)));
        Ok(cards::Picture { file, blurhash: stored.blurhash, size })
    })
    .await?;
    let file = picture.file.clone();
    app.write(move |tx| cards::keep_picture(tx, id, &url, picture.clone())).await?;
    Ok(Source::Ours(file))
}

/// Our copy of the picture of an emoji of another server, fetched now when there is none. Its seal finds it: an address
/// that nobody told this node of is not there.
async fn emoji(app: &App, seal: &str) -> Result<Source> {
    let find = |app: &App| {
        let (app, seal) = (app.clone(), seal.to_owned());
        async move { app.read(move |conn| store::emojis::picture(conn, &seal)).await?.ok_or(Error::NotFound) }
    };
    let picture = find(app).await?;
    let url = picture.url;
    // It is in the posts of a host that was blocked since, too.
    if is_refused(app, &url) {
        return Err(Error::NotFound);
    }
    if let Some(file) = picture.file {
        return Ok(Source::Ours(file));
    }
    if is_theirs(app, &url) {
        return Ok(Source::Theirs(url));
    }
    let fetches = app.part::<Fetches>();
    let _place = fetches.place(&url).await?;
    if let Some(file) = find(app).await?.file {
        return Ok(Source::Ours(file));
    }
    let (storage, random, ffmpeg) = (app.storage(), app.random().clone(), app.ffmpeg());
    let name = fetch(app, &url, move |incoming| {
        let length = std::fs::metadata(incoming.path()).map_err(Error::internal)?.len();
        if length > limits::REMOTE_EMOJI_BYTES as u64 {
            return Err(Error::TooLarge("The picture of an emoji is too large".into()));
        }
        let bytes = std::fs::read(incoming.path()).map_err(Error::internal)?;
        intake::remote_emoji(&storage, &random, &bytes, &ffmpeg)
    })
    .await?;
    let (kept, seal) = (name.clone(), seal.to_owned());
    app.write(move |tx| store::emojis::set_copy(tx.conn, &seal, &kept, tx.now)).await?;
    Ok(Source::Ours(name))
}

/// Receives a remote file through the gate and hands it to `work`.
async fn fetch<T, F>(app: &App, url: &str, work: F) -> Result<T>
where
    T: Send + 'static,
    F: FnOnce(crate::media::storage::Incoming) -> Result<T> + Send + 'static,
{
    let (failed, now) = (app.part::<Failed>(), app.clock().now());
    if failed.is_known(url, now) {
        return Err(Error::NotFound);
    }
    let got = receive(app, url).await;
    let done = match got {
        Ok(incoming) => app.part::<Workshop>().run(move || work(incoming)).await,
        Err(e) => Err(e),
    };
    if let Err(error) = &done {
        if matches!(error, Error::NoSpace | Error::Internal(_)) {
            tracing::warn!(%error, "cannot keep a copy of a remote file");
        }
        failed.note(url, now);
    }
    done
}

async fn receive(app: &App, url: &str) -> Result<crate::media::storage::Incoming> {
    let url = Url::parse(url).map_err(Error::upstream)?;
    let mut opened = app.net().open(Ask::get(Purpose::Media, url)).await.map_err(Error::upstream)?;
    if !opened.status.is_success() {
        return Err(Error::upstream("the file is not there"));
    }
    let mut incoming = app.storage().incoming(app.random().bytes())?;
    while let Some(chunk) = opened.chunk().await.map_err(Error::upstream)? {
        incoming.write(&chunk)?;
    }
    Ok(incoming)
}

#[cfg(test)]
mod tests {
    use super::range;

    #[test]
    fn ranges_are_read_as_browsers_ask() {
        assert_eq!(range("bytes=0-", 10), Some(Some((0, 9))));
        assert_eq!(range("bytes=2-4", 10), Some(Some((2, 4))));
        assert_eq!(range("bytes=5-99", 10), Some(Some((5, 9))));
        assert_eq!(range("bytes=-3", 10), Some(Some((7, 9))));
        assert_eq!(range("bytes=10-", 10), Some(None));
        assert_eq!(range("bytes=0-", 0), Some(None));
        for whole in ["bytes=4-2", "bytes=0-1,3-4", "lines=1-2", "bytes=x-"] {
            assert_eq!(range(whole, 10), None, "{whole}");
        }
    }
}
