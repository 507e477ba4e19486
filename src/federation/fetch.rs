//! Documents of other servers, fetched and believed only as far as FETCH-01 to FETCH-03 and AUT-22, AUT-23 allow: the
//! right media type, and an id that is the address that answered. Signed by the instance actor, or by somebody of this
//! node who may read what is not for everybody (SIGOUT-02). At most one fetch of an address is in flight for one signer,
//! and what is permanently not there is remembered for five minutes (FETCH-07).
//!
//! Errors: `NotFound`, `Gone`, `Forbidden` and `BadRequest` are for good; `Upstream` is worth another try later.

use super::{
    admit,
    charter::vouch,
    contacts,
    json::{Bounds, Json},
    knock, objects, own_keys,
    signatures::{Elsewhere, HopSigner, Scheme},
    webfinger::{self, Finger, Handle},
};
use crate::{
    Error, Result,
    app::App,
    domain::remote::RemoteActor,
    id::Id,
    limits,
    model::{Account, Post},
    net::{Answer, Ask, Failure, Purpose, authority},
    time::Timestamp,
    uri,
};
use hyper::{StatusCode, body::Bytes, header};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::sync::OnceCell;
use url::Url;

/// What asks for ActivityPub (FETCH-01).
pub const ACCEPT: &str =
    "application/activity+json, application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"";
const CONTEXT: &str = "https://www.w3.org/ns/activitystreams";

/// How many fetches one cause may have, over everything it leads to (FETCH-06, NET-17, NET-18). Clones share it.
#[derive(Clone, Debug)]
pub struct Budget(Arc<AtomicUsize>, Option<Arc<str>>);

impl Budget {
    /// This many fetches.
    pub fn new(fetches: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(fetches)), None)
    }
    /// What one incoming activity, or one search of a person, may cause: 20.
    pub fn of_activity() -> Self {
        Self::new(limits::FETCHES_PER_ACTIVITY)
    }
    /// As [`Budget::of_activity`], because of what this actor sent.
    pub fn of_letter(actor: &str) -> Self {
        Self::of_activity().because_of(actor)
    }
    /// What is fetched also counts for the host of this actor, or of this post, whose letter is the cause (LIM-04).
    #[must_use]
    pub fn because_of(self, id: &str) -> Self {
        Self(self.0, Some(uri::host(id).into()))
    }
    /// As [`Budget::because_of`], where the post is one of another server.
    #[must_use]
    pub fn because_of_post(self, post: &Post) -> Self {
        if post.local { self } else { self.because_of(&post.uri) }
    }
    /// The host whose letter is the cause, if one is.
    pub fn sender(&self) -> Option<&str> {
        self.1.as_deref()
    }
    /// Uses one.
    ///
    /// # Errors
    /// `BadRequest` when nothing is left: what was not fetched is left out for good.
    pub fn spend(&self) -> Result<()> {
        let less = |left: usize| left.checked_sub(1);
        match self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less) {
            Ok(_) => Ok(()),
            Err(_) => Err(Error::bad_request("too many fetches for one cause")),
        }
    }
    /// What is left.
    pub fn left(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::of_activity()
    }
}

/// A document that was served by its own id.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its id, normalised: the address that answered.
    pub id: String,
    /// Its content.
    pub json: Json,
    /// The same as received, for proofs over the bytes.
    pub body: Bytes,
}

/// What [`Error::Forbidden`] says of a document that its server does not show us.
pub const REFUSED: &str = "the other server refuses us";

/// Why there is no document. Kept small, because it is remembered.
#[derive(Clone, Debug)]
enum Lack {
    NotFound,
    Gone,
    Forbidden(&'static str),
    Bad(String),
    Later(String),
}

impl Lack {
    fn into_error(self) -> Error {
        match self {
            Self::NotFound => Error::NotFound,
            Self::Gone => Error::Gone,
            Self::Forbidden(why) => Error::forbidden(why),
            Self::Bad(why) => Error::bad_request(why),
            Self::Later(why) => Error::upstream(why),
        }
    }
}

impl From<Failure> for Lack {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => Self::Forbidden(refusal.code()),
            Failure::TooLarge => Self::Bad("the document is too large".into()),
            other => Self::Later(other.to_string()),
        }
    }
}

type Fetched = Result<Arc<Document>, Lack>;

/// Fetches in flight, and addresses that gave nothing a moment ago.
struct Flights {
    running: Mutex<HashMap<String, Arc<OnceCell<Fetched>>>>,
    lacking: moka::sync::Cache<String, (Timestamp, Lack)>,
}

impl Default for Flights {
    fn default() -> Self {
        Self { running: Mutex::default(), lacking: moka::sync::Cache::new(10_000) }
    }
}

/// How long a permanent failure is remembered. Milliseconds.
const REMEMBERED: i64 = 5 * 60 * 1000;

/// The document at this address, by its own id. A fragment is not sent; the answer is the document around it.
///
/// # Errors
/// See the module. `BadRequest` for an address of this node: what is ours is in the store (AUTH-08).
pub async fn document(app: &App, address: &str, budget: &Budget) -> Result<Arc<Document>> {
    shared(app, Purpose::Object, address, None, budget).await
}

/// In whose name a document is asked for (SIGOUT-02).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Eyes {
    /// Somebody of this node who is likely to be allowed to read it; without one the node itself asks.
    pub person: Option<Id<Account>>,
    /// It is known not to be for everybody: the node itself need not ask first.
    pub narrow: bool,
}

/// As [`document`], for what may not be for everybody: the node asks, and when it is refused or shown nothing, the
/// person does.
///
/// # Errors
/// As [`document`].
pub async fn document_for(app: &App, eyes: Eyes, address: &str, budget: &Budget) -> Result<Arc<Document>> {
    let Some(person) = eyes.person else { return document(app, address, budget).await };
    if !eyes.narrow {
        match document(app, address, budget).await {
            Err(Error::NotFound | Error::Forbidden(_)) => {}
            other => return other,
        }
    }
    shared(app, Purpose::Object, address, Some(person), budget).await
}

/// As [`document`], for whoever waits for the key of a request that is being verified: has a place of its own in the
/// line. Negative answers are the caller's to remember (SIGIN-21).
///
/// # Errors
/// As [`document`].
pub async fn key_document(app: &App, address: &str, budget: &Budget) -> Result<Arc<Document>> {
    shared(app, Purpose::Key, address, None, budget).await
}

/// Forgets that there was nothing at this address when the node asked.
pub fn forget(app: &App, address: &str) {
    forget_for(app, Eyes::default(), address);
}

/// As [`forget`], also for the person who asks.
pub fn forget_for(app: &App, eyes: Eyes, address: &str) {
    if let Some(url) = target(address) {
        let flights = app.part::<Flights>();
        for person in [None, eyes.person] {
            flights.lacking.invalidate(&flight(person, &url));
        }
    }
}

/// What a fetch is known by: the answer depends on who asks.
fn flight(person: Option<Id<Account>>, url: &Url) -> String {
    match person {
        Some(person) => format!("{person} {url}"),
        None => url.to_string(),
    }
}

async fn shared(
    app: &App,
    purpose: Purpose,
    address: &str,
    person: Option<Id<Account>>,
    budget: &Budget,
) -> Result<Arc<Document>> {
    let url = target(address).ok_or_else(|| Error::bad_request("not a web address"))?;
    if app.site().owns(&url) {
        return Err(Error::bad_request("an address of this node"));
    }
    let flights = app.part::<Flights>();
    let key = flight(person, &url);
    let now = app.clock().now();
    if purpose != Purpose::Key
        && let Some((until, lack)) = flights.lacking.get(&key)
        && until > now
    {
        return Err(lack.into_error());
    }
    let slot = {
        let mut running = flights.running.lock().unwrap_or_else(PoisonError::into_inner);
        // A key never waits for a place in the other line.
        let name = if purpose == Purpose::Key { format!("key {key}") } else { key.clone() };
        let slot = running.entry(name.clone()).or_default().clone();
        (name, slot)
    };
    let fetched = slot.1.get_or_init(|| load(app, purpose, person, url, budget)).await.clone();
    {
        let mut running = flights.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.get(&slot.0).is_some_and(|current| Arc::ptr_eq(current, &slot.1)) {
            running.remove(&slot.0);
        }
    }
    fetched.map_err(|lack| {
        if !matches!(lack, Lack::Later(_)) && budget.left() > 0 {
            flights.lacking.insert(key, (now.plus_millis(REMEMBERED), lack.clone()));
        }
        lack.into_error()
    })
}

/// The address in its normal form, without fragment.
fn target(address: &str) -> Option<Url> {
    let mut url = uri::parse(address)?;
    url.set_fragment(None);
    Some(url)
}

/// FETCH-03: when the id is another address than the one that answered, ask there once; then it must match, but for a fragment.
async fn load(app: &App, purpose: Purpose, person: Option<Id<Account>>, url: Url, budget: &Budget) -> Fetched {
    let asked = authority(&url);
    let first = read(app, purpose, person, url, budget).await?;
    match first {
        Read::Own(document) => Ok(Arc::new(document)),
        Read::Elsewhere(id) => {
            let url = target(&id).ok_or_else(|| Lack::Bad("the document has no web address as id".into()))?;
            if app.site().owns(&url) {
                return Err(Lack::Bad("the document claims an address of this node".into()));
            }
            // The person has to do with the server that was asked, not with whatever it names.
            let person = person.filter(|_| authority(&url) == asked);
            match read(app, purpose, person, url, budget).await? {
                Read::Own(document) => Ok(Arc::new(document)),
                Read::Elsewhere(_) => Err(Lack::Bad("the id of the document is not where it is".into())),
            }
        }
    }
}

enum Read {
    Own(Document),
    Elsewhere(String),
}

async fn read(
    app: &App,
    purpose: Purpose,
    person: Option<Id<Account>>,
    url: Url,
    budget: &Budget,
) -> Result<Read, Lack> {
    let answer = get(app, purpose, person, url, budget).await?;
    let mut json = parse(&answer.body).map_err(|e| Lack::Bad(e.to_string()))?;
    admit::strip(&app.net().rules(), &mut json);
    let id = json.id().ok_or_else(|| Lack::Bad("a document without id".into()))?;
    let here = uri::normalize(answer.url.as_str()).unwrap_or_default();
    // What the document is about may be a part of it.
    if id.split_once('#').map_or(id.as_str(), |(whole, _)| whole) == here {
        return Ok(Read::Own(Document { id, json, body: answer.body }));
    }
    Ok(Read::Elsewhere(id))
}

/// Collections are bounded by their bytes alone, everything else by its size and shape too (COLL-05).
fn parse(body: &[u8]) -> Result<Json> {
    let is_cut = |json: &Json| {
        let most = ["items", "orderedItems"].into_iter().map(|name| json.get(name).items().count()).max();
        most.is_some_and(|most| most >= limits::ARRAY_KEPT)
    };
    let is_collection = |json: &Json| objects::kind(json) == objects::Kind::Collection;
    match Json::parse(body) {
        Ok(json) if !(is_collection(&json) && is_cut(&json)) => Ok(json),
        small => match Json::parse_within(body, Bounds::COLLECTION) {
            Ok(json) if is_collection(&json) => Ok(json),
            _ => small,
        },
    }
}

/// A signed GET whose answer is an ActivityPub document. A host that does not believe the common signature format is
/// asked once more in the other one (SIGOUT-03).
async fn get(
    app: &App,
    purpose: Purpose,
    person: Option<Id<Account>>,
    url: Url,
    budget: &Budget,
) -> Result<Answer, Lack> {
    let later = |e: Error| Lack::Later(e.to_string());
    let node = own_keys::instance_signer(app).await.map_err(later)?;
    let (signer, elsewhere) = match person {
        // Where the server sends us from there, nobody knows whose it is.
        Some(person) => {
            let elsewhere = Elsewhere { home: authority(&url), signer: node };
            (own_keys::signer(app, person).await.map_err(later)?, Some(elsewhere))
        }
        None => (node, None),
    };
    let mut last = Lack::Forbidden(REFUSED);
    let host = authority(&url);
    contacts::may_read(app, budget, &url).await.map_err(later)?;
    let [first, second] = knock::order(app, &host).await;
    // Where the query is not looked at, a signature over it is a wrong one (SIGOUT-07).
    let bare = url.query().map(|_| (Scheme::Cavage, true));
    for (scheme, bare) in [(first, false), (second, false)].into_iter().chain(bare) {
        if bare && !matches!(last, Lack::Forbidden(_)) {
            break;
        }
        budget.spend().map_err(|e| Lack::Bad(e.to_string()))?;
        let hop = HopSigner {
            signer: signer.clone(),
            elsewhere: elsewhere.clone(),
            scheme,
            bare,
            media_type: "",
            clock: app.clock().clone(),
        };
        let mut ask = Ask::get(purpose, url.clone()).accept(ACCEPT).signed_by(Arc::new(hop));
        if let Some((name, value)) = vouch::wish(app) {
            ask = ask.header(name, value);
        }
        let answer = app.net().fetch(ask).await?;
        last = match answer.status {
            StatusCode::OK if !vouch::is_believed(app, &answer) => {
                return Err(Lack::Forbidden("the answer is not signed by the node of the charter"));
            }
            StatusCode::OK if is_activity(answer.header(header::CONTENT_TYPE)) => {
                if scheme != first && !bare {
                    knock::learned(app, &host, scheme).await;
                }
                return Ok(answer);
            }
            StatusCode::OK => return Err(Lack::Bad("not an ActivityPub document".into())),
            StatusCode::NOT_FOUND => return Err(Lack::NotFound),
            StatusCode::GONE => return Err(Lack::Gone),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Lack::Forbidden(REFUSED),
            StatusCode::BAD_REQUEST => Lack::Bad("the other server does not understand us".into()),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY => {
                return Err(Lack::Later(answer.status.to_string()));
            }
            status if status.is_server_error() => return Err(Lack::Later(status.to_string())),
            status => return Err(Lack::Bad(status.to_string())),
        };
    }
    Err(last)
}

/// Whether this is the media type of a document that may be believed: parameters, case and spacing are free, but a file
/// somebody uploaded never has it (FETCH-02, AUT-22).
pub fn is_activity(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    if essence.eq_ignore_ascii_case("application/activity+json") {
        return true;
    }
    essence.eq_ignore_ascii_case("application/ld+json")
        && parts.any(|parameter| {
            let Some((name, value)) = parameter.split_once('=') else { return false };
            name.trim().eq_ignore_ascii_case("profile")
                && value.trim().trim_matches('"').split_ascii_whitespace().any(|profile| profile == CONTEXT)
        })
}

/// An actor whose document and handle were both confirmed by their own servers.
#[derive(Clone, Debug)]
pub struct FoundActor {
    /// What the document says.
    pub actor: RemoteActor,
    /// The handle to store (DISC-08, DISC-09, AUT-19).
    pub handle: Handle,
    /// The document itself.
    pub document: Arc<Document>,
}

/// The actor with this id, with the handle that WebFinger confirms.
///
/// # Errors
/// As [`document`]; `BadRequest` when there is something else than an actor.
pub async fn actor(app: &App, id: &str, budget: &Budget) -> Result<FoundActor> {
    let document = document(app, id, budget).await?;
    actor_of(app, document, None, budget).await
}

/// The actor behind `user@domain` (with or without a leading `@`).
///
/// # Errors
/// As [`actor`].
pub async fn actor_by_handle(app: &App, handle: &str, budget: &Budget) -> Result<FoundActor> {
    let handle = Handle::parse(handle).ok_or(Error::NotFound)?;
    let finger = webfinger::lookup(app, &handle, budget).await?;
    let document = document(app, &finger.uri, budget).await?;
    if document.id != finger.uri {
        return Err(Error::bad_request("WebFinger names another actor than the document"));
    }
    actor_of(app, document, Some(finger), budget).await
}

/// What an already fetched document says of an actor, with its handle confirmed. `known` saves asking again.
///
/// # Errors
/// As [`actor`].
pub async fn actor_of(
    app: &App,
    document: Arc<Document>,
    known: Option<Finger>,
    budget: &Budget,
) -> Result<FoundActor> {
    let mut actor = objects::actor::read(&document.json)?;
    let (handle, confirmed) = webfinger::confirm(app, &actor, known, budget).await;
    actor.handle_confirmed = confirmed;
    Ok(FoundActor { actor, handle, document })
}

/// The document behind an address somebody typed or pasted: the document itself, or a page that links to it (FETCH-04,
/// FETCH-05).
///
/// # Errors
/// As [`document`].
pub async fn by_page(app: &App, address: &str, budget: &Budget) -> Result<Arc<Document>> {
    match document(app, address, budget).await {
        Err(Error::BadRequest(why)) if why == "not an ActivityPub document" => {}
        other => return other,
    }
    let url = target(address).ok_or(Error::NotFound)?;
    budget.spend()?;
    let ask = Ask::get(Purpose::Object, url).accept("text/html, application/xhtml+xml");
    let answer = app.net().fetch(ask).await?;
    if answer.status != StatusCode::OK {
        return Err(Error::NotFound);
    }
    let found = answer
        .headers
        .get_all(header::LINK)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .find_map(link_in_header)
        .or_else(|| link_in_page(&String::from_utf8_lossy(&answer.body)))
        .ok_or(Error::NotFound)?;
    let found = answer.url.join(&found).map_err(|_| Error::NotFound)?;
    document(app, found.as_str(), budget).await
}

/// The target of `<...>; rel="alternate"; type="application/activity+json"` among the links of a header. Commas may stand in
/// addresses as well as between links.
fn link_in_header(links: &str) -> Option<String> {
    links.split('<').skip(1).find_map(|link| {
        let (target, parameters) = link.split_once('>')?;
        let parameters = parameters.to_ascii_lowercase();
        let modern = || parameters.contains("application/ld+json") && parameters.contains(CONTEXT);
        let right = parameters.contains("application/activity+json") || modern();
        (right && parameters.contains("alternate")).then(|| target.trim().to_owned())
    })
}

/// The `href` of `<link rel="alternate" type="application/activity+json" href="...">` in the head of a page, in any spelling,
/// with either type that a document may have.
fn link_in_page(page: &str) -> Option<String> {
    let lower = page.to_ascii_lowercase();
    let end = lower.find("</head").unwrap_or(lower.len());
    for (at, _) in lower.get(..end)?.match_indices("<link") {
        let Some(tag) = page.get(at..end).and_then(|rest| rest.split('>').next()) else { continue };
        let tag = tag.replace(['\n', '\r', '\t', '\u{c}'], " ");
        let names = tag.to_ascii_lowercase();
        let attribute = |name: &str| {
            let at = names.find(&format!(" {name}="))? + name.len() + 2;
            let rest = tag.get(at..)?;
            let value = match rest.chars().next()? {
                quote @ ('"' | '\'') => rest.get(1..)?.split(quote).next()?,
                // Pages that were made small have no quotation marks.
                _ => rest.split(' ').next()?,
            };
            Some(value.trim().replace("&quot;", "\"").replace("&amp;", "&"))
        };
        let alternate = |rel: String| rel.split(' ').any(|word| word.eq_ignore_ascii_case("alternate"));
        if attribute("rel").is_some_and(alternate) && attribute("type").is_some_and(|kind| is_activity(&kind)) {
            return attribute("href");
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fed_fetch_02_only_activitypub_media_types_are_documents() {
        for good in [
            "application/activity+json",
            "Application/Activity+JSON; charset=utf-8",
            "application/activity+json;charset=utf-8; profile=\"x\"",
            "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"",
            "application/ld+json;profile=https://www.w3.org/ns/activitystreams",
            "application/ld+json; charset=utf-8; Profile = \"https://w3id.org/security/v1 https://www.w3.org/ns/activitystreams\"",
        ] {
            assert!(is_activity(good), "{good}");
        }
        for bad in [
            "",
            "application/json",
            "text/plain",
            "text/html",
            "image/png",
            "application/ld+json",
            "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams.evil\"",
            "text/html; profile=\"https://www.w3.org/ns/activitystreams\"",
            "application/activity+jsonx",
        ] {
            assert!(!is_activity(bad), "{bad}");
        }
    }

    #[test]
    fn a_page_links_to_its_document() {
        let page = r#"<html><head><link rel="stylesheet" href="/a.css"><link href='https://x.test/n/1?a&amp;b'
            rel="alternate" type='application/activity+json'/></head><body>"#;
        assert_eq!(link_in_page(page).as_deref(), Some("https://x.test/n/1?a&b"));
        assert_eq!(link_in_page("<body><link rel=alternate"), None);
        let page = "<HEAD><LINK\n\tREL='alternate me'\n\tTYPE=\"application/activity+json; charset=utf-8\"\tHref=\" /n/2 \"></HEAD>";
        assert_eq!(link_in_page(page).as_deref(), Some("/n/2"));
        let header =
            "<https://x.test/a,b>; rel=\"canonical\", </n/3,4>; type=\"application/activity+json\"; rel=alternate";
        assert_eq!(link_in_header(header).as_deref(), Some("/n/3,4"));
        assert_eq!(link_in_header("rel=alternate; application/activity+json"), None);
        let small =
            "<link rel=alternate type=text/xml href=/rss><link rel=alternate type=application/activity+json href=/n/5>";
        assert_eq!(link_in_page(small).as_deref(), Some("/n/5"));
        let profile =
            r#"</n/6>; rel="alternate"; type="application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"""#;
        assert_eq!(link_in_header(profile).as_deref(), Some("/n/6"));
        assert_eq!(link_in_header(r#"</context>; rel="alternate"; type="application/ld+json""#), None);
    }

    #[test]
    fn sec_net_18_a_budget_is_shared_and_ends() {
        let budget = Budget::new(2);
        let clone = budget.clone();
        assert!(budget.spend().is_ok() && clone.spend().is_ok());
        assert!(budget.spend().is_err() && clone.spend().is_err());
        assert_eq!(Budget::of_activity().left(), 20);
    }
}
