//! Handles of other servers. A handle is what its own domain confirms: WebFinger names the actor, and the actor's server
//! leads back to the same handle (DISC-08, DISC-09, AUT-19). Unsigned, as everybody asks (SIGOUT-02).

use super::{
    contacts,
    fetch::{Budget, is_activity},
    json::Json,
};
use crate::{
    Error, Result,
    app::App,
    domain::remote::RemoteActor,
    net::{Ask, Purpose, split_domain},
    uri,
};
use hyper::StatusCode;
use std::fmt;
use url::Url;

/// `user@domain`, the domain in its normal form (lower case, punycode, port only where it is part of the name).
#[derive(Clone, Debug)]
pub struct Handle {
    /// As its server writes it.
    pub username: String,
    /// `host` or `host:port`.
    pub domain: String,
}

impl Handle {
    /// Reads `user@domain`, `@user@domain` or `acct:user@domain`; none when it is no handle.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix("acct:").unwrap_or(text);
        let (username, domain) = text.trim_start_matches('@').rsplit_once('@')?;
        let good = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '~' | '+' | '=' | '%' | '!');
        // The actor of a node is called as the node, whose port may be a part of its name.
        let of_node = username.eq_ignore_ascii_case(domain);
        if username.is_empty() || username.len() > 128 || !of_node && !username.chars().all(good) {
            return None;
        }
        let (host, port) = split_domain(domain)?;
        let domain = match port {
            Some(port) => format!("{host}:{port}"),
            None => host,
        };
        Some(Self { username: username.to_owned(), domain })
    }
    /// The form that is compared and stored: all in lower case.
    pub fn key(&self) -> String {
        self.to_string().to_lowercase()
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.username, self.domain)
    }
}

impl PartialEq for Handle {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

/// What WebFinger says of a handle.
#[derive(Clone, Debug)]
pub struct Finger {
    /// What was asked for.
    pub asked: Handle,
    /// The handle the server prefers.
    pub subject: Handle,
    /// The actor's id, normalised.
    pub uri: String,
}

/// Asks the handle's domain. Where WebFinger is refused, the template of its host-meta is tried (DISC-08).
///
/// # Errors
/// `NotFound` when the domain knows no such actor, or is our own; `Forbidden` by host policy; `Upstream` for another try.
pub async fn lookup(app: &App, handle: &Handle, budget: &Budget) -> Result<Finger> {
    look_for(app, handle, None, budget).await
}

/// As [`lookup`]; where one name stands for several actors (a person and a group), the one with this id is meant.
async fn look_for(app: &App, handle: &Handle, wanted: Option<&str>, budget: &Budget) -> Result<Finger> {
    if app.site().is_own_name(&handle.domain) {
        return Err(Error::NotFound);
    }
    let origin = app.net().rules().origin_of(&handle.domain).ok_or(Error::NotFound)?;
    let mut url = origin.clone();
    url.set_path("/.well-known/webfinger");
    url.query_pairs_mut().append_pair("resource", &format!("acct:{handle}"));
    match ask(app, url, handle, wanted, budget).await {
        Err(Error::BadRequest(_) | Error::NotFound) => {}
        other => return other,
    }
    let template = host_meta(app, origin, budget).await.ok_or(Error::NotFound)?;
    let resource: String = url::form_urlencoded::byte_serialize(format!("acct:{handle}").as_bytes()).collect();
    let url = uri::parse(&template.replace("{uri}", &resource)).ok_or(Error::NotFound)?;
    ask(app, url, handle, wanted, budget).await.map_err(|e| match e {
        Error::BadRequest(_) => Error::NotFound,
        other => other,
    })
}

async fn ask(app: &App, url: Url, handle: &Handle, wanted: Option<&str>, budget: &Budget) -> Result<Finger> {
    budget.spend()?;
    contacts::may_read(app, budget, &url).await?;
    let accept = "application/jrd+json, application/json";
    let answer = app.net().fetch(Ask::get(Purpose::Webfinger, url).accept(accept)).await;
    let answer = answer.map_err(|failure| match failure.is_refusal() {
        true => Error::forbidden(failure.code()),
        false => failure.into(),
    })?;
    match answer.status {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND => return Err(Error::NotFound),
        StatusCode::GONE => return Err(Error::Gone),
        status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
            return Err(Error::upstream(status));
        }
        status => return Err(Error::bad_request(status.to_string())),
    }
    read(&Json::parse(&answer.body)?, handle, wanted)
}

/// Reads what a server says of a handle: of several actors the one with the `wanted` id, otherwise the first.
///
/// # Errors
/// `NotFound` when no actor is named; `BadRequest` for a subject that is no handle.
pub fn read(json: &Json, asked: &Handle, wanted: Option<&str>) -> Result<Finger> {
    let mut actors = json
        .values("links")
        .filter(|link| link.text("rel") == Some("self") && link.text("type").is_some_and(is_activity))
        .filter_map(|link| uri::normalize(link.text("href")?));
    let first = actors.next().ok_or(Error::NotFound)?;
    let uri = match wanted {
        Some(wanted) if first != wanted => actors.find(|id| id == wanted).unwrap_or(first),
        _ => first,
    };
    let subject = match json.text("subject") {
        // Some name the actor by its address: that says nothing of a handle.
        Some(subject) if uri::normalize(subject).is_some() => asked.clone(),
        Some(subject) => Handle::parse(subject).ok_or_else(|| Error::bad_request("a subject that is no handle"))?,
        None => asked.clone(),
    };
    Ok(Finger { asked: asked.clone(), subject, uri })
}

/// The `lrdd` template of a domain, if it has one.
async fn host_meta(app: &App, origin: Url, budget: &Budget) -> Option<String> {
    budget.spend().ok()?;
    let mut url = origin;
    url.set_path("/.well-known/host-meta");
    let answer = app.net().fetch(Ask::get(Purpose::Webfinger, url).accept("application/xrd+xml")).await.ok()?;
    if answer.status != StatusCode::OK {
        return None;
    }
    template_in(&String::from_utf8_lossy(&answer.body))
}

fn template_in(xrd: &str) -> Option<String> {
    for link in xrd.split("<Link").skip(1) {
        let link = link.split('>').next()?;
        let attribute = |name: &str| {
            let (_, rest) = link.split_once(&format!("{name}="))?;
            let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            rest.get(1..)?.split(quote).next().map(|value| value.replace("&amp;", "&"))
        };
        if attribute("rel").as_deref() == Some("lrdd") {
            return attribute("template").filter(|t| t.contains("{uri}"));
        }
    }
    None
}

/// The handle to store for a freshly fetched actor: the one that leads from a domain to this id, and that this id's own
/// server (or the `webfinger` property) leads to. At most one change of subject is followed, and then it must be stable.
/// Whatever fails, the answer is `username@host-of-the-id`, which is some actor's of that server, and false: on a host of
/// several people it may be another's. `known` is an earlier answer that saves a question.
pub async fn confirm(app: &App, actor: &RemoteActor, known: Option<Finger>, budget: &Budget) -> (Handle, bool) {
    let own = Handle { username: actor.username.clone(), domain: uri::host(&actor.uri).to_owned() };
    let claimed = actor.claimed_handle.as_deref().and_then(Handle::parse);
    let mut known: Vec<Finger> = known.into_iter().collect();
    for candidate in claimed.into_iter().chain([own.clone()]) {
        if let Some(confirmed) = stable(app, candidate, &actor.uri, &mut known, budget).await {
            // One user name has many spellings; the actor's own is shown.
            let username = match confirmed.username.eq_ignore_ascii_case(&actor.username) {
                true => actor.username.clone(),
                false => confirmed.username,
            };
            return (Handle { username, domain: confirmed.domain }, true);
        }
    }
    (own, false)
}

async fn stable(app: &App, first: Handle, id: &str, known: &mut Vec<Finger>, budget: &Budget) -> Option<Handle> {
    let mut asked = first;
    for _ in 0..2 {
        let finger = match known.iter().find(|f| f.asked == asked) {
            Some(finger) => finger.clone(),
            None => {
                let finger = look_for(app, &asked, Some(id), budget).await.ok()?;
                known.push(finger.clone());
                finger
            }
        };
        if finger.uri != id {
            return None;
        }
        if finger.subject == asked {
            return Some(finger.subject);
        }
        asked = finger.subject;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_read_in_all_their_spellings() {
        for (given, want) in [
            ("@ben@Marketing.Example", "ben@marketing.example"),
            ("acct:ben@marketing.example.", "ben@marketing.example"),
            ("ben@localhost:8081", "ben@localhost:8081"),
            ("Ben.B_c-d@bücher.example", "Ben.B_c-d@xn--bcher-kva.example"),
        ] {
            assert_eq!(Handle::parse(given).unwrap().to_string(), want);
        }
        assert_eq!(Handle::parse("A@x.example"), Handle::parse("a@X.example"));
        for bad in ["ben", "@ben", "ben@", "@@x", "a b@x.example", "ben@x/y", "ben@host:port", "a/b@x.example", ""] {
            assert!(Handle::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn fed_disc_08_of_several_actors_of_one_name_the_wanted_one_is_meant() {
        let json = Json::parse(
            br#"{"subject":"acct:tea@x.example","links":[
            {"rel":"self","type":"application/activity+json","href":"https://x.example/c/tea"},
            {"rel":"self","type":"application/activity+json","href":"https://x.example/u/tea"}]}"#,
        )
        .unwrap();
        let asked = Handle::parse("tea@x.example").unwrap();
        let found = |wanted: Option<&str>| read(&json, &asked, wanted).unwrap().uri;
        assert_eq!(found(Some("https://x.example/u/tea")), "https://x.example/u/tea");
        for wanted in [None, Some("https://x.example/c/tea"), Some("https://x.example/u/other")] {
            assert_eq!(found(wanted), "https://x.example/c/tea");
        }
    }

    #[test]
    fn the_actor_is_the_self_link_with_an_activitypub_type() {
        let json = Json::parse(
            br#"{"subject":"acct:Ben@x.example","links":[{"rel":"http://webfinger.net/rel/profile-page","href":"https://x.example/@ben"},
            {"rel":"self","type":"text/html","href":"https://x.example/no"},
            {"rel":"self","type":"application/activity+json","href":"https://X.example/users/ben"}]}"#,
        )
        .unwrap();
        let finger = read(&json, &Handle::parse("ben@x.example").unwrap(), None).unwrap();
        assert_eq!(finger.uri, "https://x.example/users/ben");
        assert_eq!(finger.subject, finger.asked);
        let by_address = Json::parse(
            br#"{"subject":"https://x.example/users/ben","links":[
            {"rel":"self","type":"application/activity+json","href":"https://x.example/users/ben"}]}"#,
        );
        let finger = read(&by_address.unwrap(), &Handle::parse("ben@x.example").unwrap(), None).unwrap();
        assert_eq!((finger.uri.as_str(), &finger.subject), ("https://x.example/users/ben", &finger.asked));
        assert_eq!(
            template_in("<XRD><Link rel='lrdd' template=\"https://x.example/wf?a=1&amp;resource={uri}\"/></XRD>")
                .unwrap(),
            "https://x.example/wf?a=1&resource={uri}"
        );
    }
}
