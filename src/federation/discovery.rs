//! WebFinger, host-meta and NodeInfo: the documents others find us by (DISC-01, DISC-02, DISC-06, DISC-07, DISC-16).
//! Pure: what a resource names and what the documents say. The routes are in `serve`.

use crate::net::split_domain;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use url::Url;

/// Content type of WebFinger answers.
pub const JRD_JSON: &str = "application/jrd+json; charset=utf-8";
/// Content type of host-meta.
pub const XRD_XML: &str = "application/xrd+xml; charset=utf-8";
/// The link relation of NodeInfo and instance discovery for the instance actor (FEP-2677).
pub const APPLICATION_REL: &str = "https://www.w3.org/ns/activitystreams#Application";
/// The link relation of the instance actor in WebFinger of the bare host (FEP-d556).
pub const SERVICE_REL: &str = "https://www.w3.org/ns/activitystreams#Service";

/// Names under which this node is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// Right side of handles, with a port where the node has one.
    pub domain: &'a str,
    /// Start of every URL, without a slash at its end.
    pub public_url: &'a str,
}

impl<'a> Names<'a> {
    /// Host and explicit port of the URLs.
    pub fn web_host(&self) -> &'a str {
        self.public_url.split_once("://").map_or(self.public_url, |(_, rest)| rest)
    }
    /// In any spelling (ROB-09).
    fn is_ours(&self, host: &str) -> bool {
        let own = [self.domain, self.web_host()];
        own.iter().any(|own| host.eq_ignore_ascii_case(own))
            || split_domain(host).is_some_and(|asked| own.into_iter().filter_map(split_domain).any(|own| own == asked))
    }
}

/// Whom a `resource` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resource {
    /// A local user, name in lower case.
    User(String),
    /// The node itself.
    Instance,
}

/// Reads `resource`: `acct:user@host` (with or without `acct:` and a leading `@`), an actor id, a profile page, or the
/// node's own address. `None`: it names nothing of ours (404).
pub fn resource(names: Names<'_>, resource: &str) -> Option<Resource> {
    let resource = resource.trim();
    let behind = |scheme: &str| {
        let (start, rest) = resource.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    };
    if behind("http://").is_some() || behind("https://").is_some() {
        return by_url(names, resource);
    }
    let acct = behind("acct:").unwrap_or(resource);
    let (user, host) = acct.strip_prefix('@').unwrap_or(acct).split_once('@')?;
    if !names.is_ours(host) {
        return None;
    }
    if names.is_ours(user) {
        return Some(Resource::Instance);
    }
    is_username(user).then(|| Resource::User(user.to_ascii_lowercase()))
}

fn by_url(names: Names<'_>, resource: &str) -> Option<Resource> {
    let asked = Url::parse(resource).ok()?;
    let ours = Url::parse(names.public_url).ok()?;
    let path = asked.path().trim_end_matches('/');
    let authority = match (asked.host_str()?, asked.port()) {
        (host, Some(port)) => format!("{host}:{port}"),
        (host, None) => host.to_owned(),
    };
    // Pages elsewhere ask for the name in handles, which people know.
    if path.is_empty() && asked.scheme() == ours.scheme() && names.is_ours(&authority) {
        return Some(Resource::Instance);
    }
    let same = asked.host_str() == ours.host_str() && asked.port_or_known_default() == ours.port_or_known_default();
    if !same || asked.scheme() != ours.scheme() {
        return None;
    }
    if path.is_empty() || path == "/actor" {
        return Some(Resource::Instance);
    }
    let user = path.strip_prefix("/users/").or_else(|| path.strip_prefix("/@"))?;
    is_username(user).then(|| Resource::User(user.to_ascii_lowercase()))
}

/// Whether `name` can be a local user name at all.
fn is_username(name: &str) -> bool {
    !name.is_empty() && name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
}

/// A JSON resource descriptor (RFC 7033).
#[derive(Debug, Serialize)]
pub struct Jrd<'a> {
    subject: String,
    aliases: [&'a str; 2],
    links: Vec<Link<'a>>,
}

#[derive(Debug, Default, Serialize)]
struct Link<'a> {
    rel: &'static str,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    href: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<String>,
    /// None; but Lemmy (0.17) finds nobody by a document that has a link without them.
    properties: BTreeMap<&'static str, &'static str>,
}

/// WebFinger of a user (DISC-01). `avatar` is URL and MIME type.
pub fn user_jrd<'a>(
    names: Names<'_>,
    username: &str,
    actor: &'a str,
    page: &'a str,
    avatar: Option<(&'a str, &'a str)>,
) -> Jrd<'a> {
    let mut links = vec![
        Link {
            rel: "http://webfinger.net/rel/profile-page",
            kind: Some("text/html"),
            href: Some(page),
            ..Link::default()
        },
        Link { rel: "self", kind: Some("application/activity+json"), href: Some(actor), ..Link::default() },
        subscribe(names),
    ];
    if let Some((href, kind)) = avatar {
        links.push(Link {
            rel: "http://webfinger.net/rel/avatar",
            kind: Some(kind),
            href: Some(href),
            ..Link::default()
        });
    }
    links.extend(intents(names));
    Jrd { subject: format!("acct:{username}@{}", names.domain), aliases: [actor, page], links }
}

/// Where other servers send people of this node who want to follow or answer somebody there.
fn subscribe(names: Names<'_>) -> Link<'static> {
    Link {
        rel: "http://ostatus.org/schema/1.0/subscribe",
        template: Some(format!("{}/authorize_interaction?uri={{uri}}", names.public_url)),
        ..Link::default()
    }
}

/// The same for newer servers, by what somebody wants to do (FEP-3b86): to follow, or to look at something here.
fn intents(names: Names<'_>) -> [Link<'static>; 2] {
    ["https://w3id.org/fep/3b86/Follow", "https://w3id.org/fep/3b86/Object"].map(|rel| Link {
        rel,
        template: Some(format!("{}/authorize_interaction?uri={{object}}", names.public_url)),
        ..Link::default()
    })
}

/// WebFinger of the node itself (DISC-16), also for whoever only says of which node they are.
pub fn instance_jrd<'a>(names: Names<'a>, actor: &'a str) -> Jrd<'a> {
    let kind = Some("application/activity+json");
    let [follow, object] = intents(names);
    Jrd {
        subject: format!("acct:{0}@{0}", names.domain),
        aliases: [actor, names.public_url],
        links: vec![
            Link { rel: "self", kind, href: Some(actor), ..Link::default() },
            Link { rel: SERVICE_REL, kind, href: Some(actor), ..Link::default() },
            subscribe(names),
            follow,
            object,
        ],
    }
}

/// host-meta (DISC-07).
pub fn host_meta(names: Names<'_>) -> String {
    // A public URL holds no character that XML would have to escape: it is an origin.
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <XRD xmlns=\"http://docs.oasis-open.org/ns/xri/xrd-1.0\">\n  \
         <Link rel=\"lrdd\" template=\"{}/.well-known/webfinger?resource={{uri}}\"/>\n</XRD>\n",
        names.public_url
    )
}

/// The index of NodeInfo documents (DISC-06).
pub fn nodeinfo_index(names: Names<'_>, instance_actor: &str) -> Value {
    let base = names.public_url;
    json!({"links": [
        {"rel": "http://nodeinfo.diaspora.software/ns/schema/2.0", "href": format!("{base}/nodeinfo/2.0")},
        {"rel": "http://nodeinfo.diaspora.software/ns/schema/2.1", "href": format!("{base}/nodeinfo/2.1")},
        {"rel": APPLICATION_REL, "href": instance_actor},
    ]})
}

/// The schema versions served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeInfoVersion {
    /// 2.0
    V20,
    /// 2.1
    V21,
}

/// What NodeInfo tells about the node.
#[derive(Clone, Debug, Default)]
pub struct NodeFacts {
    /// Name of the node.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Whether anybody may sign up.
    pub open_registrations: bool,
    /// Local accounts.
    pub users: i64,
    /// Of these, seen in the last 30 days.
    pub active_month: i64,
    /// Of these, seen in the last 180 days.
    pub active_half_year: i64,
    /// Local posts.
    pub posts: i64,
}

/// A NodeInfo document. `metadata.upstream.name` tells clients which API to expect.
pub fn nodeinfo(version: NodeInfoVersion, facts: &NodeFacts) -> Value {
    let mut software = serde_json::Map::new();
    software.insert("name".into(), json!("watercooler"));
    software.insert("version".into(), json!(env!("CARGO_PKG_VERSION")));
    if version == NodeInfoVersion::V21
        && let Some(repository) = option_env!("CARGO_PKG_REPOSITORY").filter(|url| !url.is_empty())
    {
        software.insert("repository".into(), json!(repository));
    }
    json!({
        "version": match version { NodeInfoVersion::V20 => "2.0", NodeInfoVersion::V21 => "2.1" },
        "software": software,
        "protocols": ["activitypub"],
        "services": {"inbound": [], "outbound": []},
        "usage": {
            "users": {
                "total": facts.users, "activeMonth": facts.active_month, "activeHalfyear": facts.active_half_year,
            },
            "localPosts": facts.posts,
        },
        "openRegistrations": facts.open_registrations,
        "metadata": {
            "nodeName": facts.name,
            "nodeDescription": facts.description,
            "upstream": {"name": "mastodon"},
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPLIT: Names<'static> = Names { domain: "alpha.test", public_url: "https://social.alpha.test" };
    const PORT: Names<'static> = Names { domain: "localhost:8080", public_url: "http://localhost:8080" };

    #[test]
    fn fed_disc_02_a_resource_may_be_a_handle_an_actor_or_a_page() {
        let ada = Some(Resource::User("ada".into()));
        for good in [
            "acct:ada@alpha.test",
            "acct:Ada@ALPHA.test",
            "acct:ada@social.alpha.test",
            "ACCT:ada@alpha.test",
            "acct:ada@alpha.test.",
            "ada@alpha.test",
            "acct:@ada@alpha.test",
            "https://social.alpha.test/users/ada",
            "https://social.alpha.test/@ada",
            "https://social.alpha.test:443/@Ada/",
            "HTTPS://social.alpha.test/@ada",
        ] {
            assert_eq!(resource(SPLIT, good), ada, "{good}");
        }
        for bad in [
            "",
            "ada",
            "acct:ada",
            "acct:ada@beta.test",
            "acct:ada@evilalpha.test",
            "http://social.alpha.test/@ada",
            "https://social.alpha.test/@ada/1",
            "https://social.alpha.test:8443/@ada",
            "acct:a b@alpha.test",
            "mailto:ada@alpha.test",
        ] {
            assert_eq!(resource(SPLIT, bad), None, "{bad}");
        }
        assert_eq!(resource(PORT, "acct:ada@localhost:8080"), ada);
        assert_eq!(resource(PORT, "acct:ada@localhost"), None);
        let idn = Names { domain: "xn--bcher-kva.example", public_url: "https://xn--bcher-kva.example" };
        assert_eq!(resource(idn, "acct:ada@b\u{fc}cher.example"), ada);
    }

    #[test]
    fn fed_disc_16_the_node_itself_is_found_by_its_host() {
        for it in [
            "acct:alpha.test@alpha.test",
            "https://social.alpha.test",
            "https://social.alpha.test/actor",
            "https://alpha.test",
            "https://alpha.test/",
        ] {
            assert_eq!(resource(SPLIT, it), Some(Resource::Instance), "{it}");
        }
        for other in ["https://alpha.test/actor", "http://alpha.test", "https://alpha.test:8443", "https://beta.test"] {
            assert_eq!(resource(SPLIT, other), None, "{other}");
        }
        let json = serde_json::to_value(instance_jrd(SPLIT, "https://social.alpha.test/actor")).unwrap();
        let template = json["links"].as_array().unwrap().iter().find_map(|link| link["template"].as_str());
        assert_eq!(template, Some("https://social.alpha.test/authorize_interaction?uri={uri}"));
    }

    #[test]
    fn fed_disc_01_webfinger_names_actor_page_and_subscribe_template() {
        let jrd = user_jrd(SPLIT, "ada", "https://social.alpha.test/users/ada", "https://social.alpha.test/@ada", None);
        let json = serde_json::to_value(&jrd).unwrap();
        assert_eq!(json["subject"], "acct:ada@alpha.test");
        assert_eq!(json["links"][1]["type"], "application/activity+json");
        assert_eq!(json["links"][2]["template"], "https://social.alpha.test/authorize_interaction?uri={uri}");
        assert_eq!(json["aliases"][0], "https://social.alpha.test/users/ada");
        // By what somebody wants to do, for those who know that.
        for (at, rel) in [(3, "https://w3id.org/fep/3b86/Follow"), (4, "https://w3id.org/fep/3b86/Object")] {
            let template = "https://social.alpha.test/authorize_interaction?uri={object}";
            assert_eq!((&json["links"][at]["rel"], &json["links"][at]["template"]), (&json!(rel), &json!(template)));
        }
    }

    #[test]
    fn fed_disc_06_nodeinfo_counts_and_names_the_api() {
        let facts = NodeFacts { users: 3, posts: 5, ..NodeFacts::default() };
        let json = nodeinfo(NodeInfoVersion::V21, &facts);
        assert_eq!(json["version"], "2.1");
        assert_eq!(json["software"]["name"], "watercooler");
        assert_eq!(json["usage"]["users"]["total"], 3);
        assert_eq!(json["metadata"]["upstream"]["name"], "mastodon");
    }

    #[test]
    fn fed_disc_07_host_meta_has_the_template() {
        assert!(
            host_meta(SPLIT).contains("template=\"https://social.alpha.test/.well-known/webfinger?resource={uri}\"")
        );
    }
}
