//! The outgoing gate: the only code that opens outgoing connections, whatever they are for.
//!
//! [`Gate::fetch`] asks the host policy ([`rules`]), waits in line ([`pace`]), dials addresses it has judged ([`dial`]),
//! judges every redirect anew and reads the body within its limits ([`body`]). It knows nothing of ActivityPub: content
//! types, ids and signatures are `federation::fetch`'s, the durable back-off of deliveries is `federation::deliver`'s.

pub mod address;
mod body;
mod dial;
mod failure;
mod front;
mod mail;
mod pace;
mod rules;
mod settings;

pub use crate::config::{Purpose, Scheme};
pub use body::{Answer, Opened};
pub use dial::{Io, Link, Network, SystemNetwork};
pub use failure::{Failure, Refusal};
pub use front::Front;
pub use mail::{Mail, check as check_mail};
pub use pace::{Slot, Slots};
pub use rules::{Block, NetConfig, Peer, Rules, Severity, Standing, Via, host_of, split_domain};
pub use settings::{check_ca, read_ca};

use crate::{
    limits,
    time::{Clock, Timestamp},
};
use dial::{Connector, Tls};
use futures_util::future::BoxFuture;
use http_body_util::Full;
use hyper::{
    HeaderMap, Method, Request, StatusCode, Uri,
    body::{Bytes, Incoming},
    header::{self, HeaderValue},
};
use hyper_util::{
    client::legacy::{Client, connect::capture_connection},
    rt::{TokioExecutor, TokioTimer},
};
use pace::Pauses;
use std::{
    collections::{BTreeMap, HashMap},
    error::Error as _,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};
use tokio::time::Instant;
use url::Url;

/// How long a connection is kept for the next request to its host. Shorter than servers keep theirs (ours ten seconds, others
/// from five): otherwise a request now and then runs into the end of a connection.
const QUIET: Duration = Duration::from_secs(4);

/// Signs a request anew for each hop; a signature is never carried to another URL (NET-05).
pub trait Signer: Send + Sync {
    /// The headers to add: `Date`, `Host`, `Digest`, `Signature` and the like.
    fn sign<'a>(&'a self, method: &'a Method, url: &'a Url, body: &'a Bytes)
    -> BoxFuture<'a, crate::Result<HeaderMap>>;
}

/// A request to be made.
#[derive(Clone)]
pub struct Ask {
    purpose: Purpose,
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Bytes,
    signer: Option<Arc<dyn Signer>>,
    limit: usize,
    cut: bool,
    patience: Duration,
    pause: Option<Duration>,
}

impl Ask {
    /// A GET. The limit of the body is the purpose's.
    pub fn get(purpose: Purpose, url: Url) -> Self {
        let limit = if purpose == Purpose::Media { limits::REMOTE_MEDIA } else { limits::FETCH_BODY };
        let patience = Duration::from_millis(match purpose {
            Purpose::Media => limits::MEDIA_TOTAL_MS,
            Purpose::Deliver | Purpose::Push | Purpose::Webhook | Purpose::Translate | Purpose::Store => {
                limits::DELIVERY_TOTAL_MS
            }
            _ => limits::FETCH_TOTAL_MS,
        });
        let (headers, body) = (HeaderMap::new(), Bytes::new());
        let pause = (purpose == Purpose::Deliver).then_some(Duration::from_millis(limits::DELIVERY_PAUSE_MS));
        Self { purpose, method: Method::GET, url, headers, body, signer: None, limit, cut: false, patience, pause }
    }
    /// A POST with this body; redirects are not followed (DLV-10), at most 64 KiB of the answer are read.
    pub fn post(purpose: Purpose, url: Url, body: impl Into<Bytes>) -> Self {
        Self { method: Method::POST, body: body.into(), limit: 64 * 1024, ..Self::get(purpose, url) }
    }
    /// A request with another method, for the bucket of files. As [`Ask::post`], but for the limit, which is that of a GET.
    pub fn of(purpose: Purpose, method: Method, url: Url, body: Bytes) -> Self {
        Self { method, body, ..Self::get(purpose, url) }
    }
    /// Adds a header.
    pub fn header(mut self, name: header::HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
    /// Adds headers.
    pub fn headers(mut self, headers: HeaderMap) -> Self {
        self.headers.extend(headers);
        self
    }
    /// Sets `Accept`.
    pub fn accept(self, types: &'static str) -> Self {
        self.header(header::ACCEPT, HeaderValue::from_static(types))
    }
    /// Signs every hop.
    pub fn signed_by(mut self, signer: Arc<dyn Signer>) -> Self {
        self.signer = Some(signer);
        self
    }
    /// Lowers the deadline of the whole request, which is the purpose's; it cannot be raised.
    pub fn within(mut self, patience: Duration) -> Self {
        self.patience = self.patience.min(patience);
        self
    }
    /// Lowers the time for which nothing may come; a delivery has one of its own (DLV-02).
    pub fn pausing(mut self, pause: Duration) -> Self {
        self.pause = Some(self.pause.map_or(pause, |own| own.min(pause)));
        self
    }
    /// Reads the first bytes only, after decompression: a longer body is cut there, not refused.
    pub fn beginning(mut self, bytes: usize) -> Self {
        (self.limit, self.cut) = (bytes, true);
        self
    }
    /// Lowers or raises the limit of the body. Unit: bytes after decompression.
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }
}

/// The gate. Cheap to clone; one per node.
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    network: Arc<dyn Network>,
    clock: Clock,
    tls: Arc<Tls>,
    slots: Slots,
    pauses: Pauses,
    config: Mutex<NetConfig>,
    state: RwLock<Arc<State>>,
    counts: Mutex<BTreeMap<&'static str, u64>>,
}

type Http = Client<Connector, Full<Bytes>>;

/// The rules, and the connections that were opened under them: both are replaced together.
struct State {
    rules: Arc<Rules>,
    user_agent: Option<HeaderValue>,
    direct: Http,
    relay: Http,
    translator: Http,
    store: Http,
    proxied: HashMap<Url, Http>,
    /// Signatures under way.
    signing: tokio::sync::Semaphore,
}

impl Gate {
    /// A gate with the machine's network.
    pub fn new(config: NetConfig, clock: Clock) -> Self {
        Self::with_network(config, clock, Arc::new(SystemNetwork::default()))
    }

    /// A gate over another network. The rules stay the same.
    pub fn with_network(config: NetConfig, clock: Clock, network: Arc<dyn Network>) -> Self {
        let tls = Arc::new(Tls::default());
        let state = RwLock::new(Arc::new(State::new(&config, &network, &tls)));
        Self(Arc::new(Inner {
            network,
            clock,
            tls,
            slots: Slots::default(),
            pauses: Pauses::default(),
            config: Mutex::new(config),
            state,
            counts: Mutex::default(),
        }))
    }

    /// Changes the settings; what was queued under the old ones is judged by the new ones, and connections that were
    /// opened under the old ones are not used again (LAN-09).
    pub fn configure(&self, change: impl FnOnce(&mut NetConfig)) {
        let mut config = self.0.config.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut config);
        let state = Arc::new(State::new(&config, &self.0.network, &self.0.tls));
        *self.0.state.write().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// Never dials this address again: one of our own listeners, known now that it is bound (NET-07).
    pub fn guard(&self, listener: SocketAddr) {
        if !self.config().guarded.contains(&listener) {
            self.configure(|config| config.guarded.push(listener));
        }
    }

    /// The settings as they stand.
    pub fn config(&self) -> NetConfig {
        self.0.config.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The host policy as it stands.
    pub fn rules(&self) -> Arc<Rules> {
        Arc::clone(&self.state().rules)
    }

    /// How often each reason occurred since the start, for the operator and the tests. Failures and refusals alike.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.0.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Hosts with a request running or waiting.
    pub fn busy_hosts(&self) -> usize {
        self.0.slots.busy_hosts()
    }

    /// The host of this URL spoke to us validly: it is not left alone any longer.
    pub fn wake(&self, url: &Url) {
        self.0.pauses.clear(&authority(url));
    }

    /// Makes the request and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// [`Failure`]: only when there is no answer. After a fixed minimum time where a person may be watching (NET-12).
    pub async fn fetch(&self, ask: Ask) -> Result<Answer, Failure> {
        let (purpose, started) = (ask.purpose, Instant::now());
        let answer = match self.attempt(ask).await {
            Ok(opened) => opened.finish().await,
            Err(failure) => Err(failure),
        };
        self.conclude(purpose, started, answer).await
    }

    /// Makes the request and gives the answer with its body unread, for media.
    ///
    /// # Errors
    /// As [`Gate::fetch`].
    pub async fn open(&self, ask: Ask) -> Result<Opened, Failure> {
        let (purpose, started) = (ask.purpose, Instant::now());
        let opened = self.attempt(ask).await.and_then(|opened| match body::is_plain(&opened.headers) {
            true => Ok(opened),
            false => Err(Failure::Nonsense("content encoding".into())),
        });
        self.conclude(purpose, started, opened).await
    }

    async fn conclude<T>(&self, purpose: Purpose, started: Instant, result: Result<T, Failure>) -> Result<T, Failure> {
        if let Err(failure) = &result {
            *self.0.counts.lock().unwrap_or_else(PoisonError::into_inner).entry(failure.code()).or_default() += 1;
            metrics::counter!("outgoing_failed_total", "purpose" => purpose.as_str(), "reason" => failure.code())
                .increment(1);
            if !matches!(purpose, Purpose::Deliver | Purpose::Key | Purpose::Store) {
                tokio::time::sleep_until(started + Duration::from_millis(limits::FETCH_FAILURE_MIN_MS)).await;
            }
        }
        result
    }

    fn state(&self) -> Arc<State> {
        Arc::clone(&self.0.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// One request with its redirects.
    async fn attempt(&self, ask: Ask) -> Result<Opened, Failure> {
        let deadline = Instant::now() + ask.patience;
        let mut url = canonical(ask.url.clone())?;
        for _ in 0..=limits::REDIRECTS {
            let opened = tokio::time::timeout_at(deadline, self.hop(&ask, url.clone(), deadline))
                .await
                .unwrap_or(Err(Failure::TimedOut))
                .inspect_err(|failure| self.note(&ask, &url, failure))?;
            let location = opened.header(header::LOCATION);
            if ask.method != Method::GET || !is_redirect(opened.status) || location.is_empty() {
                return Ok(opened);
            }
            let next = canonical(url.join(location).map_err(|_| Refusal::Malformed)?)?;
            if url.scheme() == "https" && next.scheme() == "http" {
                return Err(Refusal::Scheme.into());
            }
            url = next;
        }
        Err(Refusal::TooManyRedirects.into())
    }

    /// Keeps account of hosts that do not answer.
    fn note(&self, ask: &Ask, url: &Url, failure: &Failure) {
        let host = url.host_str().unwrap_or_default();
        tracing::debug!(purpose = ask.purpose.as_str(), host, reason = failure.code(), "outgoing request failed");
        if ask.purpose != Purpose::Store && matches!(failure, Failure::Unreachable(_) | Failure::TimedOut) {
            self.0.pauses.failed(&authority(url));
        }
    }

    /// One request, judged, without its redirects.
    async fn hop(&self, ask: &Ask, url: Url, deadline: Instant) -> Result<Opened, Failure> {
        // Judged before waiting, so that nonsense never queues, and after, because the rules may have changed.
        self.state().rules.judge(ask.purpose, &url)?;
        let host = authority(&url);
        // Deliveries have their own, durable back-off, and a probe must get through; the bucket is part of this node.
        if !matches!(ask.purpose, Purpose::Deliver | Purpose::Store) {
            self.0.pauses.check(&host)?;
        }
        let slot = self.0.slots.take(ask.purpose, &host).await;
        let state = self.state();
        let via = state.rules.judge(ask.purpose, &url)?;
        let client = match &via {
            Via::Direct => &state.direct,
            Via::Relay => &state.relay,
            Via::Translator => &state.translator,
            Via::Store => &state.store,
            Via::Proxy(proxy) => state.proxied.get(proxy).ok_or(Refusal::Malformed)?,
        };
        let answer = self.send(client, &state, ask, &url).await?;
        let (parts, body) = answer.into_parts();
        match (parts.status, retry_after(&parts.headers, self.0.clock.now())) {
            (StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE, Some(wait)) => {
                self.0.pauses.asked(&host, wait);
            }
            _ => self.0.pauses.clear(&host),
        }
        let (status, headers, limit) = (parts.status, parts.headers, ask.limit);
        Ok(Opened { status, headers, url, body, deadline, pause: ask.pause, limit, cut: ask.cut, _slot: slot })
    }

    /// Signs and sends. A kept connection that the other side closed at the same moment is tried once more: everything
    /// sent here may be received twice.
    async fn send(
        &self,
        client: &Http,
        state: &State,
        ask: &Ask,
        url: &Url,
    ) -> Result<hyper::Response<Incoming>, Failure> {
        let uri: Uri = url.as_str().parse().map_err(|_| Refusal::Malformed)?;
        let mut headers = ask.headers.clone();
        if let Some(signer) = &ask.signer {
            // Each signature takes a core for a moment, on a thread of its own: more at once than cores only costs memory.
            let turn = state.signing.acquire().await;
            let signed = signer.sign(&ask.method, url, &ask.body).await;
            drop(turn);
            headers.extend(signed.map_err(|e| Failure::Unsigned(e.to_string()))?);
        }
        if let Some(agent) = &state.user_agent {
            headers.insert(header::USER_AGENT, agent.clone());
        }
        if ask.method == Method::GET {
            let plain = matches!(ask.purpose, Purpose::Media | Purpose::Store);
            let accepted = if plain { "identity" } else { "gzip" };
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(accepted));
        }
        let mut again = true;
        loop {
            let mut request = Request::new(Full::new(ask.body.clone()));
            *request.method_mut() = ask.method.clone();
            *request.uri_mut() = uri.clone();
            *request.headers_mut() = headers.clone();
            let answer = match ask.pause {
                Some(pause) => patiently(client, request, pause).await?,
                None => client.request(request).await,
            };
            match answer {
                Ok(answer) => return Ok(answer),
                Err(error) if again && was_closed(&error) => again = false,
                Err(error) => return Err(failure_of(&error)),
            }
        }
    }
}

impl State {
    fn new(config: &NetConfig, network: &Arc<dyn Network>, tls: &Arc<Tls>) -> Self {
        let rules = Arc::new(Rules::new(config));
        let client = |via: Via| {
            let kept = if via == Via::Store { limits::STORE } else { limits::PER_HOST };
            let connector =
                Connector { rules: Arc::clone(&rules), network: Arc::clone(network), tls: Arc::clone(tls), via };
            Client::builder(TokioExecutor::new())
                .pool_timer(TokioTimer::new())
                .pool_idle_timeout(QUIET)
                .pool_max_idle_per_host(kept)
                .http1_max_buf_size(64 * 1024)
                .build(connector)
        };
        Self {
            user_agent: HeaderValue::from_str(&config.user_agent).ok(),
            direct: client(Via::Direct),
            relay: client(Via::Relay),
            translator: client(Via::Translator),
            store: client(Via::Store),
            proxied: config.proxies.values().map(|p| (p.clone(), client(Via::Proxy(p.clone())))).collect(),
            rules,
            signing: tokio::sync::Semaphore::new(std::thread::available_parallelism().map_or(2, usize::from)),
        }
    }
}

/// Makes a request that is given up when nothing is answered for so long after the connection stood.
async fn patiently(
    client: &Http,
    mut request: Request<Full<Bytes>>,
    pause: Duration,
) -> Result<Result<hyper::Response<Incoming>, hyper_util::client::legacy::Error>, Failure> {
    let mut connection = capture_connection(&mut request);
    let mut answer = client.request(request);
    tokio::select! {
        answer = &mut answer => return Ok(answer),
        _ = connection.wait_for_connection_metadata() => {}
    }
    tokio::time::timeout(pause, answer).await.map_err(|_| Failure::TimedOut)
}

/// What an answer's `Retry-After` asks for: seconds, or a date.
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = Timestamp::parse_http(value)?;
    u64::try_from(at.millis() - now.millis()).ok().map(Duration::from_millis)
}

/// Without fragment and trailing dot: the URL that is judged is the one that is asked.
fn canonical(mut url: Url) -> Result<Url, Refusal> {
    if url.as_str().len() > limits::URL_BYTES {
        return Err(Refusal::Malformed);
    }
    url.set_fragment(None);
    if let Some(host) = url.host_str().and_then(|h| h.strip_suffix('.')).map(str::to_owned) {
        url.set_host(Some(&host)).map_err(|_| Refusal::Malformed)?;
    }
    Ok(url)
}

/// `host:port`, the name under which a host is paced.
pub fn authority(url: &Url) -> String {
    let mut name = url.host_str().unwrap_or_default().to_owned();
    name.push(':');
    name.push_str(&url.port_or_known_default().unwrap_or_default().to_string());
    name
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn was_closed(error: &hyper_util::client::legacy::Error) -> bool {
    let inner = error.source().and_then(|s| s.downcast_ref::<hyper::Error>());
    !error.is_connect() && inner.is_some_and(|e| e.is_incomplete_message() || e.is_canceled() || e.is_closed())
}

fn failure_of(error: &hyper_util::client::legacy::Error) -> Failure {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = error.source();
    while let Some(current) = cause {
        if let Some(failure) = current.downcast_ref::<Failure>() {
            return failure.clone();
        }
        if let Some(http) = current.downcast_ref::<hyper::Error>()
            && http.is_parse()
        {
            return Failure::Nonsense(http.to_string());
        }
        cause = current.source();
    }
    Failure::Unreachable(error.to_string())
}
