//! Streaming: many streams over one WebSocket, or one stream as server-sent events. Each connection listens to what the
//! node announces after commits, picks what it subscribed to and renders it for its own viewer.

mod told;

use super::{
    ApiError, ApiResult, Params, Rendered, announcements,
    auth::{Access, Grant, Routes, authenticate},
    conversations,
    entities::render,
    notifications,
};
use crate::{
    Error, Result,
    app::App,
    domain::{
        Event, EventKind,
        scopes::Scope,
        text::normalize_hashtag,
        views::{Gathered, PostViews},
    },
    id::Id,
    limits,
    model::{Account, List, Post},
    store,
};
use axum::{
    body::{Body, Bytes},
    extract::{
        State,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio_util::sync::CancellationToken;
use told::{Payload, Told};

/// The routes of this noun. Tokens come in ways of their own here, so the handlers look at them.
pub fn routes() -> Routes {
    let mut routes = Routes::new().get("/api/v1/streaming/health", Access::Open, async || "OK").get(
        "/api/v1/streaming",
        Access::Open,
        socket,
    );
    for path in [
        // What is no stream is refused by name, as over a socket.
        "/api/v1/streaming/{*stream}",
        "/api/v1/streaming/user",
        "/api/v1/streaming/user/notification",
        "/api/v1/streaming/public",
        "/api/v1/streaming/public/local",
        "/api/v1/streaming/public/remote",
        "/api/v1/streaming/hashtag",
        "/api/v1/streaming/hashtag/local",
        "/api/v1/streaming/list",
        "/api/v1/streaming/direct",
    ] {
        routes = routes.get(path, Access::Open, server_sent);
    }
    routes
}

/// How often connections show that they are alive, and how long they are waited for.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Time between pings; who did not answer the last one is gone.
    pub ping: Duration,
    /// Time between comments on a server-sent stream.
    pub thump: Duration,
    /// For how long a client may leave what it was sent unread before it is given up.
    pub patience: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { ping: Duration::from_secs(30), thump: Duration::from_secs(15), patience: Duration::from_secs(10) }
    }
}

/// Bytes of a message from a client.
const MESSAGE: usize = 16 * 1024;
/// Bytes kept for what a connection reads, and for what it writes.
const BUFFER: usize = 4 * 1024;
/// Streams of one connection.
const SUBSCRIPTIONS: usize = 100;

/// Open connections by account: a user's eleventh closes the oldest.
#[derive(Default)]
struct Sockets(Mutex<HashMap<Id<Account>, VecDeque<CancellationToken>>>);

impl Sockets {
    fn enter(&self, account: Id<Account>) -> CancellationToken {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = open.entry(account).or_default();
        mine.retain(|socket| !socket.is_cancelled());
        if mine.len() >= limits::SOCKETS_PER_USER
            && let Some(oldest) = mine.pop_front()
        {
            oldest.cancel();
        }
        let socket = CancellationToken::new();
        mine.push_back(socket.clone());
        socket
    }

    fn of(&self, account: Id<Account>) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&account).map_or(0, VecDeque::len)
    }

    fn leave(&self, account: Id<Account>, socket: &CancellationToken) {
        socket.cancel();
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mine) = open.get_mut(&account) {
            mine.retain(|socket| !socket.is_cancelled());
            if mine.is_empty() {
                open.remove(&account);
            }
        }
    }
}

/// One stream a connection listens to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Subscription {
    /// As the client wrote it: the name, then the tag or list.
    names: Vec<String>,
    /// As events name it.
    key: String,
}

/// A frame to a client.
struct Frame {
    names: Vec<String>,
    event: &'static str,
    payload: Option<String>,
}

/// Why a connection ends.
#[derive(Clone, Copy)]
enum End {
    Revoked,
    TooSlow,
    Replaced,
    Stopping,
}

impl End {
    const fn code(self) -> u16 {
        match self {
            Self::Revoked => 1008,
            Self::TooSlow | Self::Replaced => 1013,
            Self::Stopping => 1001,
        }
    }
}

/// A listening connection.
struct Session {
    app: App,
    account: Id<Account>,
    grant: Grant,
    subscriptions: Vec<Subscription>,
    events: Receiver<Arc<Event>>,
    socket: CancellationToken,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.app.part::<Sockets>().leave(self.account, &self.socket);
    }
}

impl Session {
    fn open(app: &App, grant: Grant, account: Id<Account>) -> Self {
        Self {
            // An event that is shown late is better than one that is lost.
            app: app.unhurried(),
            account,
            grant,
            subscriptions: Vec::new(),
            events: app.subscribe(),
            socket: app.part::<Sockets>().enter(account),
        }
    }

    /// Checks a subscription and adds it; a second one to the same stream is ignored.
    async fn subscribe(&mut self, stream: &str, tag: Option<&str>, list: Option<&str>) -> Result<()> {
        let subscription = self.check(stream, tag, list).await?;
        if !self.subscriptions.contains(&subscription) && self.subscriptions.len() < SUBSCRIPTIONS {
            self.subscriptions.push(subscription);
        }
        Ok(())
    }

    fn unsubscribe(&mut self, stream: &str, tag: Option<&str>, list: Option<&str>) {
        let wanted: Vec<&str> = [Some(stream), tag, list].into_iter().flatten().collect();
        if self.subscriptions.iter().any(|s| s.names == wanted) {
            return self.subscriptions.retain(|s| s.names != wanted);
        }
        // Another spelling of the hashtag names the same stream.
        let name = tag.and_then(|tag| normalize_hashtag(tag.trim_start_matches('#')));
        if let Some(key) = name.map(|name| format!("{stream}:{name}")) {
            self.subscriptions.retain(|s| s.key != key);
        }
    }

    async fn check(&self, stream: &str, tag: Option<&str>, list: Option<&str>) -> Result<Subscription> {
        let needed = if stream == "user:notification" { Scope::ReadNotifications } else { Scope::ReadStatuses };
        if !self.grant.scopes.allows(needed) {
            return Err(Error::unauthorized("Access token does not have the required scopes"));
        }
        let plain = |key: &str| Subscription { names: vec![stream.to_owned()], key: key.to_owned() };
        Ok(match stream {
            "user"
            | "user:notification"
            | "direct"
            | "public"
            | "public:local"
            | "public:remote"
            | "public:media"
            | "public:local:media"
            | "public:remote:media" => plain(stream),
            // Not a name of the original API, but a client asks for it.
            "local" => plain("public:local"),
            "hashtag" | "hashtag:local" => {
                let tag =
                    tag.filter(|t| !t.is_empty()).ok_or_else(|| Error::bad_request("No tag for stream provided"))?;
                let name = normalize_hashtag(tag.trim_start_matches('#'))
                    .ok_or_else(|| Error::bad_request("Invalid tag for stream"))?;
                Subscription { names: vec![stream.to_owned(), tag.to_owned()], key: format!("{stream}:{name}") }
            }
            "list" => {
                let text = list.unwrap_or("");
                let refused = || Error::unauthorized("Not authorized to stream this list");
                let (id, me) = (text.parse::<Id<List>>().map_err(|_| refused())?, self.account);
                self.app.glance(move |conn| store::lists::owned(conn, me, id)).await.map_err(|_| refused())?;
                Subscription { names: vec![stream.to_owned(), text.to_owned()], key: format!("list:{id}") }
            }
            _ => return Err(Error::bad_request("Unknown stream type")),
        })
    }

    /// The next event a subscription asks for. Waiting for it may be given up at any moment without losing one; showing
    /// it ([`Self::frames`]) may not.
    async fn next(&mut self) -> std::result::Result<Arc<Event>, End> {
        loop {
            let event = tokio::select! {
                () = self.socket.cancelled() => return Err(End::Replaced),
                () = self.app.stopping().cancelled() => return Err(End::Stopping),
                event = self.events.recv() => match event {
                    Ok(event) => event,
                    Err(RecvError::Lagged(_)) => return Err(End::TooSlow),
                    Err(RecvError::Closed) => return Err(End::Stopping),
                },
            };
            if self.events.len() > limits::EVENTS_QUEUED {
                return Err(End::TooSlow);
            }
            if event.what == EventKind::Missed {
                return Err(End::TooSlow);
            }
            if let EventKind::Revoked(tokens) = &event.what {
                let all = tokens.is_empty() && event.home.contains(&self.account);
                if all || tokens.contains(&self.grant.token.raw()) {
                    return Err(End::Revoked);
                }
                continue;
            }
            if self.subscriptions.iter().any(|s| self.wants(s, &event)) {
                return Ok(event);
            }
        }
    }

    fn wants(&self, subscription: &Subscription, event: &Event) -> bool {
        let mine = event.home.contains(&self.account);
        match (&event.what, subscription.key.as_str()) {
            (EventKind::Notification(_), "user") => mine && self.grant.scopes.allows(Scope::ReadNotifications),
            (EventKind::Notification(_), "user:notification") => mine,
            (
                EventKind::Announcement(_) | EventKind::AnnouncementReaction { .. } | EventKind::AnnouncementDelete(_),
                "user",
            ) => true,
            (EventKind::Conversation(_), "direct")
            | (EventKind::FiltersChanged | EventKind::NotificationsMerged, "user") => mine,
            (EventKind::Update(_) | EventKind::Edit(_) | EventKind::Delete(_), "user") => mine,
            (EventKind::Update(_) | EventKind::Edit(_) | EventKind::Delete(_), key) => {
                event.streams.iter().any(|stream| stream == key)
            }
            _ => false,
        }
    }

    /// An event as this viewer is told of it, once for each stream that carries it.
    async fn frames(&self, event: &Arc<Event>) -> Vec<Frame> {
        let connections = self.app.part::<Sockets>().of(self.account);
        let told = self.app.part::<Told>();
        let (name, payload) = match told.of(event, self.account, connections, self.payload(&event.what)).await {
            Ok(Some(rendered)) => rendered,
            Ok(None) => return Vec::new(),
            Err(error) => {
                tracing::debug!(%error, "an event could not be shown");
                return Vec::new();
            }
        };
        let matched = self.subscriptions.iter().filter(|s| self.wants(s, event));
        matched.map(|s| Frame { names: s.names.clone(), event: name, payload: payload.clone() }).collect()
    }

    /// The name and the payload of an event; `None` when the viewer shall not see it.
    async fn payload(&self, what: &EventKind) -> Result<Payload> {
        let (site, me, now) = (self.app.site().clone(), self.account, self.app.clock().now());
        let text = |Rendered(bytes): Rendered| String::from_utf8(bytes).map_err(Error::internal);
        let document = match what {
            EventKind::Update(id) => self.post(*id).await?.map(|json| ("update", Some(json))),
            EventKind::Edit(id) => self.post(*id).await?.map(|json| ("status.update", Some(json))),
            EventKind::Delete(id) => Some(("delete", Some(id.to_string()))),
            EventKind::Notification(id) => {
                let id = *id;
                let rendered = self.app.glance(move |conn| notifications::document_of(conn, &site, me, id, now)).await;
                match rendered {
                    Ok(rendered) => Some(("notification", Some(text(rendered)?))),
                    Err(Error::NotFound) => None,
                    Err(error) => return Err(error),
                }
            }
            EventKind::Conversation(id) => {
                let id = *id;
                let rendered = self.app.glance(move |conn| {
                    let row = store::conversations::owned(conn, me, id)?;
                    conversations::document(conn, &site, me, row, now)
                });
                Some(("conversation", Some(text(rendered.await?)?)))
            }
            EventKind::Announcement(id) => {
                let id = *id;
                match self.app.read(move |conn| announcements::document_of(conn, &site, me, id, now)).await {
                    Ok(rendered) => Some(("announcement", Some(text(rendered)?))),
                    Err(Error::NotFound) => None,
                    Err(error) => return Err(error),
                }
            }
            EventKind::AnnouncementReaction { announcement, name, count } => {
                let (id, name, count) = (*announcement, name.clone(), *count);
                let rendered = self.app.glance(move |conn| announcements::reaction_of(conn, &site, id, &name, count));
                Some(("announcement.reaction", Some(text(rendered.await?)?)))
            }
            EventKind::AnnouncementDelete(id) => Some(("announcement.delete", Some(id.to_string()))),
            EventKind::NotificationsMerged => Some(("notifications_merged", Some("1".to_owned()))),
            EventKind::FiltersChanged => Some(("filters_changed", None)),
            EventKind::Revoked(_) | EventKind::Missed => None,
        };
        Ok(document)
    }

    async fn post(&self, id: Id<Post>) -> Result<Option<String>> {
        let (site, me, now) = (self.app.site().clone(), self.account, self.app.clock().now());
        let bytes = self.app.glance(move |conn| {
            let posts = store::views::posts(conn, &[id])?;
            let gathered = Gathered::read(conn, me.into(), posts, true, now)?;
            if !gathered.has(id) {
                return Ok(None);
            }
            let views = PostViews::finish(conn, me.into(), gathered, &[], now)?;
            render::status(&site, &views, id).map(Some)
        });
        bytes.await?.map(|bytes| String::from_utf8(bytes).map_err(Error::internal)).transpose()
    }
}

/// The token: header, then query, then sub-protocol.
fn token(headers: &HeaderMap, params: &Params) -> Option<String> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| v.split_once(' '));
    if let Some((_, token)) = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")) {
        return Some(token.trim().to_owned());
    }
    if let Some(token) = params.filled("access_token") {
        return Some(token.to_owned());
    }
    protocol(headers).map(str::to_owned)
}

fn protocol(headers: &HeaderMap) -> Option<&str> {
    let offered = headers.get(header::SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?;
    offered.split(',').map(str::trim).find(|p| !p.is_empty())
}

async fn sign_in(app: &App, headers: &HeaderMap, params: &Params) -> Result<(Grant, Id<Account>)> {
    let bad = || Error::unauthorized("Invalid access token");
    let token = token(headers, params).ok_or_else(|| Error::unauthorized("Missing access token"))?;
    let grant = authenticate(app, &token).await?.ok_or_else(bad)?;
    let account = grant.account.ok_or_else(bad)?;
    Ok((grant, account))
}

/// The answer to a socket that is refused: the reason in a header, because the program cannot read the body.
fn refused(error: &Error) -> Response {
    let status = match error {
        Error::BadRequest(_) => StatusCode::BAD_REQUEST,
        // Our trouble: a client that heard 401 would sign its person out.
        Error::Unavailable(_) | Error::Internal(_) | Error::NoSpace => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::UNAUTHORIZED,
    };
    let mut response = status.into_response();
    if let Ok(value) = HeaderValue::from_str(&error.to_string()) {
        response.headers_mut().insert(HeaderName::from_static("x-error-message"), value);
    }
    response
}

async fn socket(
    State(app): State<App>,
    headers: HeaderMap,
    upgrade: std::result::Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    params: Params,
) -> Response {
    let Ok(upgrade) = upgrade else { return ApiError(Error::NotFound).into_response() };
    let (grant, account) = match sign_in(&app, &headers, &params).await {
        Ok(found) => found,
        Err(error) => return refused(&error),
    };
    let mut session = Session::open(&app, grant, account);
    if let Some(stream) = params.filled("stream")
        && let Err(error) = session.subscribe(stream, params.filled("tag"), params.filled("list")).await
    {
        return refused(&error);
    }
    // The answer must name the sub-protocol that was offered, or a browser closes the connection.
    let offered = protocol(&headers).map(str::to_owned);
    // Clients say little: the usual buffers would take 128 KiB of each of thousands of connections.
    let upgrade = upgrade.max_message_size(MESSAGE).read_buffer_size(BUFFER).write_buffer_size(BUFFER);
    upgrade.protocols(offered).on_upgrade(move |socket| serve(session, socket))
}

/// A message from a client.
#[derive(serde::Deserialize)]
struct Wish {
    r#type: String,
    stream: String,
    tag: Option<String>,
    /// Some clients send the number.
    list: Option<serde_json::Value>,
}

async fn serve(mut session: Session, mut socket: WebSocket) {
    let pace = session.app.part::<Pace>();
    let mut ping = tokio::time::interval(pace.ping);
    ping.reset();
    let mut answered = true;
    let end = loop {
        tokio::select! {
            event = session.next() => match event {
                Ok(event) => {
                    for frame in session.frames(&event).await {
                        if !send(&pace, &mut socket, Message::Text(frame_text(&frame).into())).await {
                            return;
                        }
                    }
                }
                Err(end) => break end.code(),
            },
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => {
                    if let Some(answer) = obey(&mut session, &text).await
                        && !send(&pace, &mut socket, Message::Text(answer.into())).await
                    {
                        return;
                    }
                }
                Some(Ok(Message::Binary(_))) => break 1003,
                Some(Ok(Message::Pong(_))) => answered = true,
                Some(Ok(Message::Ping(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
            _ = ping.tick() => {
                if !answered || !send(&pace, &mut socket, Message::Ping(Bytes::new())).await {
                    return;
                }
                answered = false;
            }
        }
    };
    send(&pace, &mut socket, Message::Close(Some(CloseFrame { code: end, reason: "".into() }))).await;
}

/// Sends a message; false when the client is gone or does not read.
async fn send(pace: &Pace, socket: &mut WebSocket, message: Message) -> bool {
    matches!(tokio::time::timeout(pace.patience, socket.send(message)).await, Ok(Ok(())))
}

/// Does what a client asks; what it cannot read is ignored. The answer is an error, if any.
async fn obey(session: &mut Session, text: &str) -> Option<String> {
    let wish: Wish = serde_json::from_str(text).ok()?;
    let list = match &wish.list {
        Some(serde_json::Value::String(list)) => Some(list.clone()),
        Some(serde_json::Value::Number(list)) => Some(list.to_string()),
        _ => None,
    };
    match wish.r#type.as_str() {
        "subscribe" => {
            let error = session.subscribe(&wish.stream, wish.tag.as_deref(), list.as_deref()).await.err()?;
            let status = ApiError(error).0;
            let code = if matches!(status, Error::BadRequest(_)) { 400 } else { 401 };
            Some(serde_json::json!({ "error": status.to_string(), "status": code }).to_string())
        }
        "unsubscribe" => {
            session.unsubscribe(&wish.stream, wish.tag.as_deref(), list.as_deref());
            None
        }
        _ => None,
    }
}

fn frame_text(frame: &Frame) -> String {
    let mut object = serde_json::Map::new();
    object.insert("stream".into(), frame.names.clone().into());
    object.insert("event".into(), frame.event.into());
    if let Some(payload) = &frame.payload {
        object.insert("payload".into(), payload.clone().into());
    }
    serde_json::Value::Object(object).to_string()
}

async fn server_sent(State(app): State<App>, headers: HeaderMap, uri: Uri, params: Params) -> ApiResult<Response> {
    let (grant, account) = sign_in(&app, &headers, &params).await?;
    let mut session = Session::open(&app, grant, account);
    let path = uri.path().trim_end_matches('/');
    let mut stream = path.strip_prefix("/api/v1/streaming/").unwrap_or("").replace('/', ":");
    if params.flag("only_media") && stream.starts_with("public") {
        stream.push_str(":media");
    }
    session.subscribe(&stream, params.filled("tag"), params.filled("list")).await?;
    let (send, receive) = tokio::sync::mpsc::channel::<std::result::Result<Bytes, std::convert::Infallible>>(64);
    tokio::spawn(async move {
        if send.send(Ok(Bytes::from_static(b":)\n"))).await.is_err() {
            return;
        }
        let pace = session.app.part::<Pace>();
        let mut thump = tokio::time::interval(pace.thump);
        thump.reset();
        loop {
            let text = tokio::select! {
                () = send.closed() => return,
                _ = thump.tick() => ":thump\n".to_owned(),
                event = session.next() => match event {
                    // An event without a payload would end the stream for strict readers.
                    Ok(event) => session
                        .frames(&event)
                        .await
                        .into_iter()
                        .filter_map(|f| f.payload.map(|p| format!("event: {}\ndata: {p}\n\n", f.event)))
                        .collect(),
                    Err(_) => return,
                },
            };
            if text.is_empty() {
                continue;
            }
            if !matches!(tokio::time::timeout(pace.patience, send.send(Ok(text.into()))).await, Ok(Ok(()))) {
                return;
            }
        }
    });
    let mut response = Response::new(Body::from_stream(tokio_stream::wrappers::ReceiverStream::new(receive)));
    let to = response.headers_mut();
    to.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    to.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    // A server in front would keep events until it has many.
    to.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}
