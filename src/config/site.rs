//! The addresses of a node: every URL and handle we hand out is built here, from configuration and never from a request
//! (WEB-13). Also the way back: which of our things a URL names.

use super::ConfigError;
use crate::id::Id;
use std::sync::Arc;
use url::Url;

/// `domain` and `public_url`, checked, with builders for everything below them. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site(Arc<Parts>);

#[derive(Debug, PartialEq, Eq)]
struct Parts {
    domain: String,
    base: Url,
    /// `base` without the final slash.
    text: String,
    authority: String,
    /// Where files are, without the final slash, and the name of that host when it is another one.
    files: String,
    files_authority: Option<String>,
}

impl Default for Site {
    fn default() -> Self {
        let text = "http://localhost:8080".to_owned();
        #[expect(clippy::expect_used, reason = "a constant")]
        let base = Url::parse(&text).expect("a constant URL parses");
        let domain = "localhost:8080".to_owned();
        Self(Arc::new(Parts {
            authority: domain.clone(),
            domain,
            base,
            files: text.clone(),
            text,
            files_authority: None,
        }))
    }
}

/// What stands between the id of a collection and the number of a place in it, in the id of a request.
const FEATURE_REQUEST: &str = "#requests/";

impl Site {
    /// Checks `domain` (host, or host:port on plain http) and `public_url` (scheme and authority only). Without a public
    /// address it is `http://` before localhost names and loopback addresses, `https://` before others.
    ///
    /// # Errors
    /// A sentence naming the key that is wrong.
    pub fn new(domain: &str, public_url: Option<&Url>) -> Result<Self, ConfigError> {
        let bad_domain = || {
            ConfigError::value("domain", format!("`{domain}` is not a host name such as example.org or localhost:8080"))
        };
        let trimmed = domain.trim().trim_end_matches('.');
        // The http scheme here only serves to read host and port.
        let parsed = Url::parse(&format!("http://{trimmed}/")).map_err(|_| bad_domain())?;
        let host = parsed.host_str().filter(|h| !h.is_empty()).ok_or_else(bad_domain)?;
        let plain = parsed.path() == "/" && parsed.query().is_none() && parsed.fragment().is_none();
        if !plain || !parsed.username().is_empty() || parsed.password().is_some() || trimmed.contains('/') {
            return Err(bad_domain());
        }
        let near = is_loopback_name(&parsed);
        let domain = match parsed.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let base = match public_url {
            Some(url) => url.clone(),
            None => {
                Url::parse(&format!("{}://{domain}/", if near { "http" } else { "https" })).map_err(|_| bad_domain())?
            }
        };
        let (text, authority) = bare("public_url", &base)?;
        Ok(Self(Arc::new(Parts { domain, base, files: text.clone(), text, authority, files_authority: None })))
    }

    /// The same node with its files at another name of it.
    ///
    /// # Errors
    /// A sentence when the address is more than a scheme and a host.
    pub fn with_files_at(self, url: Option<&Url>) -> Result<Self, ConfigError> {
        let Some(url) = url else { return Ok(self) };
        let (files, authority) = bare("media.files_url", url)?;
        let files_authority = (authority != self.0.authority).then_some(authority);
        let Parts { domain, base, text, authority, .. } = &*self.0;
        let (domain, base, text, authority) = (domain.clone(), base.clone(), text.clone(), authority.clone());
        Ok(Self(Arc::new(Parts { domain, base, text, authority, files, files_authority })))
    }

    /// `https://files.example.org`: where files are; the public address when they have no other.
    pub fn files_base(&self) -> &str {
        &self.0.files
    }
    /// Whether a request that came to this name may ask for files only.
    pub fn is_for_files_only(&self, host: &str) -> bool {
        self.0.files_authority.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(host))
    }

    /// The right side of handles, with the port where there is one.
    pub fn domain(&self) -> &str {
        &self.0.domain
    }
    /// `https://host` without a final slash.
    pub fn base(&self) -> &str {
        &self.0.text
    }
    /// The public address as a URL.
    pub fn base_url(&self) -> &Url {
        &self.0.base
    }
    /// `host` or `host:port` of the public address (no default port).
    pub fn authority(&self) -> &str {
        &self.0.authority
    }
    /// Host of the public address, without port.
    pub fn host(&self) -> &str {
        self.0.base.host_str().unwrap_or_default()
    }
    /// Whether the public address has TLS, so cookies are `Secure` and HSTS is sent.
    pub fn is_https(&self) -> bool {
        self.0.base.scheme() == "https"
    }
    /// `wss://host` or `ws://host`, no path: what clients put `/api/v1/streaming` behind.
    pub fn streaming_base(&self) -> String {
        self.0.text.replacen("http", "ws", 1)
    }
    /// The public address followed by `path`, which begins with a slash and is already encoded.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.0.text)
    }

    /// `ada@example.org`.
    pub fn handle(&self, username: &str) -> String {
        format!("{username}@{}", self.0.domain)
    }
    /// Id of an actor.
    pub fn actor_uri(&self, username: &str) -> String {
        self.url(&format!("/users/{username}"))
    }
    /// Outbox of an actor.
    pub fn outbox_uri(&self, username: &str) -> String {
        self.url(&format!("/users/{username}/outbox"))
    }
    /// Followers of an actor.
    pub fn followers_uri(&self, username: &str) -> String {
        self.url(&format!("/users/{username}/followers"))
    }
    /// Those an actor follows.
    pub fn following_uri(&self, username: &str) -> String {
        self.url(&format!("/users/{username}/following"))
    }
    /// Pinned posts of an actor.
    pub fn featured_uri(&self, username: &str) -> String {
        self.url(&format!("/users/{username}/collections/featured"))
    }
    /// Featured hashtags of an actor.
    pub fn featured_tags_uri(&self, username: &str) -> String {
        self.url(&format!("/users/{username}/collections/tags"))
    }
    /// The collections of people of an actor.
    pub fn featured_collections_uri(&self, username: &str) -> String {
        self.url(&format!("/users/{username}/featured_collections"))
    }
    /// A collection of people.
    pub fn featured_collection_uri<T>(&self, username: &str, id: Id<T>) -> String {
        self.url(&format!("/users/{username}/featured_collections/{id}"))
    }
    /// Somebody in a collection: a part of its document.
    pub fn featured_item_uri<C, T>(&self, username: &str, collection: Id<C>, id: Id<T>) -> String {
        format!("{}#items/{id}", self.featured_collection_uri(username, collection))
    }
    /// The request to somebody to be in a collection.
    pub fn feature_request_uri<C, T>(&self, username: &str, collection: Id<C>, id: Id<T>) -> String {
        format!("{}{FEATURE_REQUEST}{id}", self.featured_collection_uri(username, collection))
    }
    /// Which place in a collection such a request is about.
    pub fn feature_requested<T>(&self, uri: &str) -> Option<Id<T>> {
        let (collection, id) = uri.split_once(FEATURE_REQUEST)?;
        if self.owns_str(collection) { id.parse().ok() } else { None }
    }
    /// What lets somebody be in a collection.
    pub fn feature_authorization_uri<T>(&self, username: &str, id: Id<T>) -> String {
        self.url(&format!("/users/{username}/feature_authorizations/{id}"))
    }
    /// The collection of what somebody works on.
    pub fn works_on_uri(&self, username: &str) -> String {
        format!("{}/projects", self.actor_uri(username))
    }
    /// Inbox of the whole node.
    pub fn shared_inbox_uri(&self) -> String {
        self.url("/inbox")
    }
    /// Id of the actor that signs fetches on behalf of the node.
    pub fn instance_actor_uri(&self) -> String {
        self.url("/actor")
    }
    /// Id of the RSA key of the instance actor.
    pub fn instance_key_uri(&self) -> String {
        self.url("/actor#main-key")
    }
    /// Id of a post.
    pub fn post_uri<T>(&self, username: &str, id: Id<T>) -> String {
        self.url(&format!("/users/{username}/statuses/{id}"))
    }
    /// Id of the Create (or, for a boost, the Announce) of a post.
    pub fn post_activity_uri<T>(&self, username: &str, id: Id<T>) -> String {
        self.url(&format!("/users/{username}/statuses/{id}/activity"))
    }
    /// Replies of a post.
    pub fn replies_uri<T>(&self, username: &str, id: Id<T>) -> String {
        self.url(&format!("/users/{username}/statuses/{id}/replies"))
    }
    /// Likes of a post (total only).
    pub fn likes_uri<T>(&self, username: &str, id: Id<T>) -> String {
        self.url(&format!("/users/{username}/statuses/{id}/likes"))
    }
    /// Boosts of a post (total only).
    pub fn shares_uri<T>(&self, username: &str, id: Id<T>) -> String {
        self.url(&format!("/users/{username}/statuses/{id}/shares"))
    }
    /// Id of the authorisation by which this person lets the post with this number quote one of theirs.
    pub fn quote_stamp_uri<T>(&self, username: &str, id: Id<T>) -> String {
        self.url(&format!("/users/{username}/quote_authorizations/{id}"))
    }
    /// Id of the authorisation by which this person lets somebody answer, like or boost one of their posts.
    pub fn interaction_authorization_uri<T>(&self, username: &str, id: Id<T>) -> String {
        self.url(&format!("/users/{username}/interaction_authorizations/{id}"))
    }
    /// Id of any other activity.
    pub fn activity_uri<T>(&self, id: Id<T>) -> String {
        self.url(&format!("/activities/{id}"))
    }
    /// Page of a profile.
    pub fn profile_url(&self, username: &str) -> String {
        self.url(&format!("/@{username}"))
    }
    /// Page of a post.
    pub fn post_url<T>(&self, username: &str, id: Id<T>) -> String {
        self.url(&format!("/@{username}/{id}"))
    }
    /// What other sites may show of the post with this page (oEmbed).
    pub fn oembed_url(&self, page: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        self.url(&format!("/api/oembed?{}", query.append_pair("url", page).finish()))
    }
    /// Page of a hashtag.
    pub fn tag_url(&self, name: &str) -> String {
        let mut url = self.0.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().extend(["tags", name]);
        }
        url.into()
    }
    /// A file under `/media`; `path` has no leading slash and is ours, so needs no encoding.
    pub fn media_url(&self, path: &str) -> String {
        format!("{}/media/{path}", self.0.files)
    }

    /// Whether `url` has our scheme, host and port: the authority of everything we own.
    pub fn owns(&self, url: &Url) -> bool {
        url.origin() == self.0.base.origin()
    }
    /// The same for text; what is no URL is not ours.
    pub fn owns_str(&self, url: &str) -> bool {
        Url::parse(url).is_ok_and(|url| self.owns(&url))
    }
    /// Whether `name` (`host` or `host:port`, any case) is a name under which requests reach us (SIG-10).
    pub fn is_own_name(&self, name: &str) -> bool {
        let name = name.strip_suffix('.').unwrap_or(name);
        let default_port = if self.is_https() { ":443" } else { ":80" };
        [self.authority(), self.domain()].into_iter().any(|own| {
            name.eq_ignore_ascii_case(own) || name.to_ascii_lowercase().strip_suffix(default_port) == Some(own)
        })
    }
    /// The user name of the local actor that `url` names: its id or its profile page, without more behind it.
    pub fn local_username(&self, url: &str) -> Option<String> {
        match self.segments(url)?.as_slice() {
            [users, name] if users == "users" => Some(name.clone()),
            [name] => name.strip_prefix('@').map(str::to_owned),
            _ => None,
        }
    }
    /// User name and number of the local post that `url` names: its id or its page.
    pub fn local_post<T>(&self, url: &str) -> Option<(String, Id<T>)> {
        match self.segments(url)?.as_slice() {
            [users, name, statuses, id] if users == "users" && statuses == "statuses" => {
                Some((name.clone(), id.parse().ok()?))
            }
            [name, id] => Some((name.strip_prefix('@')?.to_owned(), id.parse().ok()?)),
            _ => None,
        }
    }
    /// The id of the person or post of this node whose page `url` is: others may name either.
    pub fn id_of_page(&self, url: &str) -> Option<String> {
        match self.segments(url)?.as_slice() {
            [name] => name.strip_prefix('@').map(|name| self.actor_uri(name)),
            [name, id] => Some(self.post_uri::<()>(name.strip_prefix('@')?, id.parse().ok()?)),
            _ => None,
        }
    }
    /// Number of the collection of people of this node that `url` names: its id, or its place on the page of its owner.
    pub fn local_collection<T>(&self, url: &str) -> Option<Id<T>> {
        if let Some((page, id)) = url.split_once("#collection-") {
            return self.local_username(page).and_then(|_| id.parse().ok());
        }
        match self.segments(url)?.as_slice() {
            [users, _, collections, id] if users == "users" && collections == "featured_collections" => id.parse().ok(),
            _ => None,
        }
    }
    fn segments(&self, url: &str) -> Option<Vec<String>> {
        let url = Url::parse(url).ok()?;
        if !self.owns(&url) || url.query().is_some() || url.fragment().is_some() {
            return None;
        }
        Some(url.path().trim_matches('/').split('/').map(str::to_owned).collect())
    }
}

/// An address of nothing but a scheme and a host: as text without the final slash, and its authority.
fn bare(key: &str, url: &Url) -> Result<(String, String), ConfigError> {
    let wrong = |reason: &str| ConfigError::value(key, format!("`{url}` {reason}"));
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(wrong("begins with neither https:// nor http://"));
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("has a path: a node lives at the root of its host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("carries a user name"));
    }
    let authority = authority_of(url).ok_or_else(|| wrong("has no host"))?;
    Ok((url.as_str().trim_end_matches('/').to_owned(), authority))
}

/// `host` or `host:port` of a URL, without the default port of its scheme.
fn authority_of(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}

/// Localhost, names under it, and loopback addresses: reachable without TLS by default.
fn is_loopback_name(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(v4)) => v4.is_loopback(),
        Some(url::Host::Ipv6(v6)) => v6.is_loopback(),
        None => false,
    }
}
