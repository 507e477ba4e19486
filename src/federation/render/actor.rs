//! Actors: people, bots and the instance itself (DISC-03, DISC-15, DISC-16, SIGOUT-08).

use super::capability::{self, Capability, Generator};
use super::context::Terms;
use super::post::Tag;
use activitypub_federation::kinds::{
    actor::{ApplicationType, GroupType, OrganizationType, PersonType, ServiceType},
    object::ImageType,
};
use serde::Serialize;
use url::Url;

/// The kinds of actors that live here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Kind {
    /// Somebody.
    Person(PersonType),
    /// A bot.
    Service(ServiceType),
    /// A project or a group.
    Group(GroupType),
    /// The instance.
    Application(ApplicationType),
}

impl Kind {
    /// Of a project or a group.
    pub const GROUP: Self = Self::Group(GroupType::Group);
    /// Of a bot.
    pub const SERVICE: Self = Self::Service(ServiceType::Service);
    /// Of somebody.
    pub const PERSON: Self = Self::Person(PersonType::Person);
    /// Of the instance.
    pub const APPLICATION: Self = Self::Application(ApplicationType::Application);
}

/// An actor as other servers see it. Strings are URLs or plain text unless said otherwise.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Actor<'a> {
    /// The actor id.
    pub id: &'a str,
    /// What kind of actor.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Personal inbox.
    pub inbox: String,
    /// Outbox.
    pub outbox: String,
    /// Never left out: without it followers-only posts are taken for direct ones (DISC-03).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub followers: Option<String>,
    /// Who the actor follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub following: Option<String>,
    /// Pinned posts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub featured: Option<String>,
    /// Featured hashtags.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub featured_tags: Option<String>,
    /// Collections of people (FEP-7aa9).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub featured_collections: Option<String>,
    /// Who may put the actor into one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interaction_policy: Option<serde_json::Value>,
    /// The user name.
    pub preferred_username: &'a str,
    /// Display name, plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    /// Biography, sanitised HTML.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<&'a str>,
    /// The page for people.
    pub url: String,
    /// Whether follows wait for approval.
    pub manually_approves_followers: bool,
    /// Whether the actor wants to be found (FEP-5feb).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discoverable: Option<bool>,
    /// Whether its public posts may be searched (FEP-5feb).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub indexable: Option<bool>,
    /// Which parts its page has.
    #[serde(flatten)]
    pub tabs: Option<Tabs>,
    /// Midnight of the day it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<String>,
    /// The account of a person who died.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub memorial: bool,
    /// Suspended here.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub suspended: bool,
    /// `user@domain`, without `acct:` (FEP-2c59).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webfinger: Option<String>,
    /// The one RSA key, an object for old readers (SIGOUT-08).
    pub public_key: PublicKey<'a>,
    /// Ed25519 keys (FEP-521a).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assertion_method: Vec<Multikey<'a>>,
    /// Profile fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attachment: Option<Vec<PropertyValue<'a>>>,
    /// Custom emoji and hashtags of the profile text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<Vec<Tag>>,
    /// Shared inbox.
    pub endpoints: Endpoints,
    /// Avatar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<Image>,
    /// Header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
    /// Other ids of the same person.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also_known_as: Vec<String>,
    /// Where the person went.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved_to: Option<&'a str>,
    /// Web sites that may name the actor as an author of theirs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attribution_domains: Vec<String>,
    /// The program behind it (FEP-844e).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generator: Option<Generator>,
    /// Of the instance actor: what the program can do (FEP-844e).
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub implements: &'static [Capability],
    /// When the document last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated: Option<String>,
    /// Skills and work.
    #[serde(flatten)]
    pub expertise: Expertise,
    /// Properties that this version does not know, as they came.
    #[serde(flatten)]
    pub extra: serde_json::Map<String, serde_json::Value>,
    /// The project it is.
    #[serde(flatten)]
    pub project: Option<super::project::Project>,
}

/// Which parts the page of a profile has beside the posts, in the words of Mastodon 4.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tabs {
    /// What it features.
    pub show_featured: bool,
    /// Media.
    pub show_media: bool,
    /// Media in answers are among them.
    pub show_replies_in_media: bool,
}

/// What somebody knows and where they work; what is empty is left out.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Expertise {
    /// Job title.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub job_title: String,
    /// Department.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member_of: Option<Organization>,
    /// Where they work.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub work_location: String,
    /// IANA name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub time_zone: String,
    /// BCP 47 tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub knows_language: Vec<String>,
    /// Skills.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub knows_about: Vec<DefinedTerm>,
    /// Collection of what they work on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub works_on: Option<String>,
    /// The day they left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_on: Option<String>,
    /// In when pairs for a coffee are made.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub coffee: bool,
}

impl Expertise {
    fn is_empty(&self) -> bool {
        self.knows_about.is_empty()
            && self.job_title.is_empty()
            && self.member_of.is_none()
            && self.work_location.is_empty()
            && self.time_zone.is_empty()
            && self.knows_language.is_empty()
            && self.works_on.is_none()
            && self.left_on.is_none()
            && !self.coffee
    }
}

/// A department.
#[derive(Debug, Serialize)]
pub struct Organization {
    /// `Organization`.
    #[serde(rename = "type")]
    pub kind: OrganizationType,
    /// Its name.
    pub name: String,
}

/// A skill.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DefinedTerm {
    /// `DefinedTerm`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Page of its hashtag.
    pub id: String,
    /// As its owner typed it.
    pub name: String,
    /// Its normal form.
    pub term_code: String,
    /// `ask`, `knows` or `learning`.
    pub stance: &'static str,
    /// Where else it is described.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub same_as: Vec<String>,
}

/// The RSA key of an actor.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PublicKey<'a> {
    /// `actor#main-key`.
    pub id: String,
    /// The actor.
    pub owner: &'a str,
    /// SPKI, PEM.
    pub public_key_pem: &'a str,
}

/// A key in multibase form.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Multikey<'a> {
    /// `actor#ed25519-key`.
    pub id: String,
    /// `Multikey`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The actor.
    pub controller: &'a str,
    /// base58btc multibase.
    pub public_key_multibase: &'a str,
}

/// A field of the profile table.
#[derive(Debug, Serialize)]
pub struct PropertyValue<'a> {
    /// `PropertyValue`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Plain text.
    pub name: &'a str,
    /// Sanitised HTML.
    pub value: &'a str,
}

/// Server-wide addresses.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Endpoints {
    /// One inbox for all (DISC-15).
    pub shared_inbox: String,
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Image {
    /// `Image`.
    #[serde(rename = "type")]
    pub kind: ImageType,
    /// Its MIME type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Where it is.
    pub url: String,
}

impl Image {
    /// A picture at `url`.
    pub fn new(url: String, media_type: Option<String>) -> Self {
        Self { kind: ImageType::Image, media_type, url }
    }
}

/// The facts an actor document is made of. `id` begins the ids of all its collections; `id#main-key` is its first key.
#[derive(Debug)]
pub struct Profile<'a> {
    /// The actor id.
    pub id: &'a str,
    /// User name.
    pub username: &'a str,
    /// The page for people.
    pub page: String,
    /// The node's shared inbox.
    pub shared_inbox: String,
    /// A bot.
    pub bot: bool,
    /// Follows wait for approval.
    pub locked: bool,
    /// The RSA key, SPKI PEM.
    pub public_key_pem: &'a str,
    /// The Ed25519 key, multibase.
    pub ed25519: Option<&'a str>,
    /// The ids of both, where they are not the first keys of the actor.
    pub key_ids: Option<(&'a str, &'a str)>,
}

impl<'a> Actor<'a> {
    /// What anybody may know: enough to address the actor and to check its signatures. This is all that an unsigned
    /// reader sees while authorised fetch is on (SIGIN-23); the caller adds the rest.
    pub fn essential(profile: Profile<'a>) -> Self {
        let Profile { id, .. } = profile;
        let (rsa_id, ed25519_id) = match profile.key_ids {
            Some((rsa, ed25519)) => (rsa.to_owned(), ed25519.to_owned()),
            None => (format!("{id}#main-key"), format!("{id}#ed25519-key")),
        };
        Self {
            id,
            kind: if profile.bot { Kind::SERVICE } else { Kind::PERSON },
            inbox: format!("{id}/inbox"),
            outbox: format!("{id}/outbox"),
            followers: Some(format!("{id}/followers")),
            following: Some(format!("{id}/following")),
            featured: None,
            featured_tags: None,
            featured_collections: None,
            interaction_policy: None,
            preferred_username: profile.username,
            name: None,
            summary: None,
            url: profile.page,
            manually_approves_followers: profile.locked,
            discoverable: None,
            indexable: None,
            tabs: None,
            published: None,
            memorial: false,
            suspended: false,
            webfinger: None,
            public_key: PublicKey { id: rsa_id, owner: id, public_key_pem: profile.public_key_pem },
            assertion_method: profile
                .ed25519
                .map(|key| Multikey { id: ed25519_id, kind: "Multikey", controller: id, public_key_multibase: key })
                .into_iter()
                .collect(),
            attachment: None,
            tag: None,
            endpoints: Endpoints { shared_inbox: profile.shared_inbox },
            icon: None,
            image: None,
            also_known_as: Vec::new(),
            moved_to: None,
            attribution_domains: Vec::new(),
            generator: None,
            implements: &[],
            updated: None,
            expertise: Expertise::default(),
            extra: serde_json::Map::new(),
            project: None,
        }
    }

    /// The actor that signs for the whole node (DISC-16): nobody follows it, it has no posts.
    pub fn instance(
        id: &'a str,
        host: &'a str,
        page: String,
        shared_inbox: String,
        public_key_pem: &'a str,
        ed25519: Option<&'a str>,
    ) -> Self {
        let profile = Profile {
            id,
            username: host,
            page,
            shared_inbox,
            bot: true,
            locked: true,
            public_key_pem,
            ed25519,
            key_ids: None,
        };
        Self {
            kind: Kind::APPLICATION,
            followers: None,
            following: None,
            webfinger: Some(format!("{host}@{host}")),
            implements: capability::ALL,
            ..Self::essential(profile)
        }
    }

    /// The terms this document uses.
    pub fn terms(&self) -> Terms {
        let mut terms = Terms::ACTOR;
        let mut add = |used: bool, group: Terms| {
            if used {
                terms = terms | group;
            }
        };
        add(!self.assertion_method.is_empty(), Terms::MULTIKEY);
        add(self.attachment.as_ref().is_some_and(|fields| !fields.is_empty()), Terms::FIELDS);
        add(self.tabs.is_some(), Terms::TABS);
        add(self.moved_to.is_some() || !self.also_known_as.is_empty(), Terms::MOVED);
        add(self.memorial || self.suspended, Terms::STATE);
        add(!self.attribution_domains.is_empty(), Terms::ATTRIBUTION);
        add(self.generator.is_some() || !self.implements.is_empty(), Terms::CAPABILITIES);
        add(!self.expertise.is_empty(), Terms::EXPERTISE);
        add(self.expertise.knows_about.iter().any(|skill| !skill.same_as.is_empty()), Terms::SAME_AS);
        add(self.expertise.coffee, Terms::COFFEE);
        add(self.project.is_some(), Terms::PROJECT);
        for tag in self.tag.iter().flatten() {
            add(true, tag.terms());
        }
        terms
    }
}

/// The authority of a URL as it appears in keys of our tables: host and explicit port, lower case, default port left
/// out. `None` for what is not http(s) or has no host.
pub fn authority(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let host = url.host_str()?;
    Some(match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::document;
    use super::*;

    fn profile(id: &str) -> Profile<'_> {
        Profile {
            id,
            username: "ada",
            page: "https://alpha.test/@ada".into(),
            shared_inbox: "https://alpha.test/inbox".into(),
            bot: false,
            locked: true,
            public_key_pem: "PEM",
            ed25519: Some("z6Mk"),
            key_ids: None,
        }
    }

    #[test]
    fn fed_disc_03_an_actor_names_its_collections_and_its_keys() {
        let actor = Actor::essential(profile("https://alpha.test/users/ada"));
        let json: serde_json::Value = serde_json::from_str(&document(actor.terms(), &actor).unwrap()).unwrap();
        assert_eq!(json["type"], "Person");
        assert_eq!(json["followers"], "https://alpha.test/users/ada/followers");
        assert_eq!(json["endpoints"]["sharedInbox"], "https://alpha.test/inbox");
        assert_eq!(json["publicKey"]["id"], "https://alpha.test/users/ada#main-key");
        assert_eq!(json["assertionMethod"][0]["type"], "Multikey");
        assert_eq!(json["@context"][2]["Multikey"], "https://w3id.org/security#Multikey");
        assert_eq!(json["manuallyApprovesFollowers"], true);
    }

    #[test]
    fn fed_sigin_23_the_essential_actor_shows_no_profile_facts() {
        let actor = Actor::essential(profile("https://alpha.test/users/ada"));
        let json = serde_json::to_value(&actor).unwrap();
        let mut keys: Vec<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
        keys.sort_unstable();
        let mut allowed: Vec<_> = "id type preferredUsername url inbox outbox followers following endpoints \
            manuallyApprovesFollowers publicKey assertionMethod"
            .split_whitespace()
            .collect();
        allowed.sort_unstable();
        assert_eq!(keys, allowed);
    }

    #[test]
    fn fed_disc_16_the_instance_actor_cannot_be_followed() {
        let actor = Actor::instance(
            "https://alpha.test/actor",
            "alpha.test",
            "https://alpha.test/".into(),
            "https://alpha.test/inbox".into(),
            "PEM",
            None,
        );
        let json = serde_json::to_value(&actor).unwrap();
        assert_eq!(json["type"], "Application");
        assert_eq!(json["webfinger"], "alpha.test@alpha.test");
        assert_eq!(json["implements"][0]["href"], "https://datatracker.ietf.org/doc/html/rfc9421");
        assert_eq!(json["implements"][1]["href"], capability::WATERCOOLER);
        assert!(json.get("followers").is_none());
    }

    #[test]
    fn an_authority_keeps_an_explicit_port_and_drops_the_default_one() {
        assert_eq!(authority("https://Beta.Test/inbox").as_deref(), Some("beta.test"));
        assert_eq!(authority("https://beta.test:443/x").as_deref(), Some("beta.test"));
        assert_eq!(authority("http://beta.localhost:8081/x").as_deref(), Some("beta.localhost:8081"));
        assert_eq!(authority("mailto:a@b"), None);
    }
}
