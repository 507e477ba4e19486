//! The door: accepts connections, bounds what a connection may cost, tells the routes who is really asking, and stops
//! without dropping a request. What is answered is decided in `api`, `web` and `federation`.

mod door;
mod forwarded;
mod health;

pub use health::measure_queues;

use crate::{app::App, config::Config, limits};
use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{Request, Response, StatusCode, Version, header},
    response::IntoResponse,
};
use door::{Door, Progress};
use futures_util::FutureExt;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
};
use std::{convert::Infallible, io, net::SocketAddr, panic::AssertUnwindSafe, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    time::Instant,
};
use tower::ServiceExt;
use tower_http::{
    compression::{
        CompressionLayer,
        predicate::{DefaultPredicate, NotForContentType, Predicate},
    },
    timeout::TimeoutBody,
};

/// Time for the headers of a request, and for the next request of an idle connection (LIM-09).
const HEADER_DEADLINE: Duration = Duration::from_secs(10);
/// Longest pause within the body of a request.
const BODY_PAUSE: Duration = Duration::from_secs(30);
/// Time for running requests when the node stops (REL-25).
const GRACE: Duration = Duration::from_secs(10);
/// How long accepting rests when the machine has no file descriptor left (REL-28).
const ACCEPT_REST: Duration = Duration::from_millis(200);

/// Adds what every node answers whatever its parts are: health, and for machines that ask for them compressed answers.
pub fn outer(app: &App, routes: Router) -> Router {
    // Films and sounds are as small as they get, as pictures are.
    let worth_it =
        DefaultPredicate::new().and(NotForContentType::const_new("audio/")).and(NotForContentType::const_new("video/"));
    let packed = CompressionLayer::new().quality(tower_http::CompressionLevel::Fastest).compress_when(worth_it);
    routes.merge(health::routes(app)).layer(packed)
}

/// Serves until `app` is told to stop; then takes no more connections, finishes running requests within ten seconds and
/// returns.
pub async fn serve(app: &App, listener: TcpListener, routes: Router) {
    if let Ok(address) = listener.local_addr() {
        app.net().guard(address);
    }
    let graceful = GracefulShutdown::new();
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_DEADLINE)
        .max_buf_size(limits::HEADER_BYTES)
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(limits::HEADER_BYTES).unwrap_or(u32::MAX))
        .max_concurrent_streams(100)
        .keep_alive_interval(Duration::from_secs(60));
    let mut resting = false;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = app.stopping().cancelled() => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) if is_of_one_connection(&error) => continue,
            Err(error) => {
                if !resting {
                    tracing::warn!(%error, "cannot accept connections for now");
                    resting = true;
                }
                tokio::time::sleep(ACCEPT_REST).await;
                continue;
            }
        };
        if resting {
            tracing::info!("accepting connections again");
            resting = false;
        }
        let _ = stream.set_nodelay(true);
        connection(app, &builder, &graceful, stream, peer, &routes);
    }
    drop(listener);
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
}

fn connection(
    app: &App,
    builder: &auto::Builder<TokioExecutor>,
    graceful: &GracefulShutdown,
    stream: TcpStream,
    peer: SocketAddr,
    routes: &Router,
) {
    let (config, routes) = (app.config_arc(), routes.clone());
    let progress = Arc::new(Progress::default());
    let door = Door::of(stream, progress.clone());
    let service = hyper::service::service_fn(move |mut request: Request<hyper::body::Incoming>| {
        progress.asked(request.version() > Version::HTTP_11 || request.headers().contains_key(header::UPGRADE));
        if !names_one_host(&request) {
            let end = [(header::CONNECTION, "close"), (header::CONTENT_TYPE, "application/json; charset=utf-8")];
            let refusal = (StatusCode::BAD_REQUEST, end, r#"{"error":"One Host header is wanted"}"#).into_response();
            return futures_util::future::Either::Left(std::future::ready(Ok(refusal)));
        }
        let client = forwarded::resolve(&config, peer, request.headers_mut());
        request.extensions_mut().insert(ConnectInfo(client));
        if is_elsewhere(&config, &request) {
            return futures_util::future::Either::Left(std::future::ready(Ok(StatusCode::NOT_FOUND.into_response())));
        }
        futures_util::future::Either::Right(answer(
            routes.clone(),
            request.map(|body| Body::new(TimeoutBody::new(BODY_PAUSE, body))),
        ))
    });
    let serving = builder.serve_connection_with_upgrades(TokioIo::new(door), service).into_owned();
    let watched = graceful.watch(serving);
    tokio::spawn(async move {
        if let Err(error) = watched.await {
            tracing::debug!(%error, %peer, "a connection ended early");
        }
    });
}

/// Whether it says once whom it is for (RFC 9112, 3.2). Of two names a proxy may read one and we the other, and a
/// signature covers only one of them (LIM-09, SIG-10).
fn names_one_host<B>(request: &Request<B>) -> bool {
    match request.headers().get_all(header::HOST).iter().count() {
        0 => request.version() != Version::HTTP_11,
        named => named == 1,
    }
}

/// Whether it came to the name that is for files alone, and asks for something else: no page and no cookie is ever at home
/// there, so a file that a browser ran after all would find nothing to take (WEB-08).
fn is_elsewhere(config: &Config, request: &Request<hyper::body::Incoming>) -> bool {
    let named = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let host = named.or_else(|| request.uri().authority().map(|authority| authority.as_str())).unwrap_or_default();
    config.site.is_for_files_only(host) && !request.uri().path().starts_with("/media/")
}

/// One request. A panic costs this request and nothing else (OPS-07).
async fn answer(routes: Router, request: Request<Body>) -> Result<Response<Body>, Infallible> {
    let started = Instant::now();
    let method = request.method().clone();
    // The path only: queries carry tokens and search words (PRV-20).
    let path = tracing::enabled!(tracing::Level::DEBUG).then(|| request.uri().path().to_owned());
    let response = match AssertUnwindSafe(routes.oneshot(request)).catch_unwind().await {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(_) => {
            tracing::error!(%method, "a request panicked");
            let json = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
            (StatusCode::INTERNAL_SERVER_ERROR, json, r#"{"error":"Internal error"}"#).into_response()
        }
    };
    let class = match response.status().as_u16() {
        ..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    };
    metrics::counter!("http_requests_total", "status" => class).increment(1);
    metrics::histogram!("http_request_seconds").record(started.elapsed().as_secs_f64());
    if let Some(path) = path {
        tracing::debug!(%method, path, status = response.status().as_u16(), micros = started.elapsed().as_micros(), "answered");
    }
    Ok(response)
}

/// Errors of `accept` that concern the connection and not the machine.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
