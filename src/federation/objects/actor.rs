//! Actor documents (DISC-10, DISC-11, DISC-12).

use super::{ACTORS, attachments, content, facts, tags};
use crate::{
    Error, Result,
    crypto::{KeyKind, PublicKey},
    domain::{
        html::{Html, cut, plain_text, sanitize_html},
        remote::{RemoteActor, RemoteKey},
    },
    federation::json::Json,
    limits,
    model::AccountKind,
    time::Timestamp,
    uri,
};

/// Characters of a username that is believed.
const USERNAME: usize = 128;

/// Reads an actor. Errors: `BadRequest` naming what is missing; an actor needs a web address as id and an inbox.
pub fn read(json: &Json) -> Result<RemoteActor> {
    let kind = json
        .types()
        .find(|t| ACTORS.contains(t))
        .map(|t| match t {
            "Service" => AccountKind::Service,
            "Application" => AccountKind::Application,
            "Group" => AccountKind::Group,
            "Organization" => AccountKind::Organization,
            _ => AccountKind::Person,
        })
        .ok_or_else(|| Error::bad_request("not an actor"))?;
    let id = json.id().ok_or_else(|| Error::bad_request("an actor without a web address as id"))?;
    let inbox = json.uri("inbox").ok_or_else(|| Error::bad_request("an actor without an inbox"))?;
    let shared_inbox = json
        .one("endpoints")
        .uri("sharedInbox")
        .or_else(|| json.uri("sharedInbox"))
        .filter(|shared| uri::same_authority(shared, &inbox));
    let claimed_handle =
        json.text("webfinger").map(|h| h.trim_start_matches("acct:").trim_start_matches('@').to_owned());
    let username = username(json, &id, claimed_handle.as_deref());
    let mut rsa_key = None;
    let mut ed25519_key = None;
    for key in keys(json) {
        // Its own keys only, on its own server (SIG-14).
        if key.owner.as_ref().is_some_and(|owner| *owner != id) || !uri::same_authority(&key.id, &id) {
            continue;
        }
        let Ok(public) = PublicKey::parse(&key.material) else { continue };
        let place = match public.kind() {
            KeyKind::Rsa => &mut rsa_key,
            KeyKind::Ed25519 => &mut ed25519_key,
        };
        if place.is_none() {
            *place = Some((key.id, public.stored().to_vec()));
        }
    }
    let (avatar, avatar_description) = attachments::picture(json.get("icon"));
    let (header, header_description) = attachments::picture(json.get("image"));
    Ok(RemoteActor {
        kind,
        display_name: name(json),
        note: note(json),
        url: attachments::page(json.get("url")),
        shared_inbox,
        outbox: json.uri("outbox"),
        followers: json.uri("followers"),
        following: json.uri("following"),
        featured: json.uri("featured"),
        avatar,
        avatar_description,
        header,
        header_description,
        fields: fields(json),
        emojis: tags::emojis(json),
        locked: json.flag("manuallyApprovesFollowers").unwrap_or(false),
        discoverable: json.flag("discoverable").unwrap_or(false),
        indexable: json.flag("indexable").unwrap_or(false),
        show_media: json.flag("showMedia").unwrap_or(true),
        show_media_replies: json.flag("showRepliesInMedia").unwrap_or(true),
        show_featured: json.flag("showFeatured").unwrap_or(true),
        memorial: json.flag("memorial").unwrap_or(false),
        suspended: json.flag("suspended").unwrap_or(false),
        left_on: facts::said(json, "leftOn")
            .items()
            .find_map(Json::as_text)
            .and_then(Timestamp::parse)
            .map(Timestamp::midnight),
        published: json.time("published"),
        moved_to: json.uri("movedTo").filter(|to| *to != id),
        also_known_as: json.uris("alsoKnownAs", 50),
        rsa_key,
        ed25519_key,
        attribution_domains: json
            .values("attributionDomains")
            .filter_map(Json::as_text)
            .take(20)
            .map(|d| cut(d, 255).to_ascii_lowercase())
            .collect(),
        facts: facts::read(json),
        project: super::project::read(json),
        uri: id,
        username,
        claimed_handle,
        handle_confirmed: false,
        inbox,
    })
}

/// The keys a document publishes, at most ten: RSA in `publicKey`, Ed25519 in `assertionMethod`; or the document is one.
pub fn keys(json: &Json) -> Vec<RemoteKey> {
    let own = json.id();
    json.values("publicKey")
        .chain(json.values("assertionMethod"))
        .chain(std::iter::once(json).filter(|j| !j.first_of(&["publicKeyPem", "publicKeyMultibase"]).is_null()))
        .filter_map(|key| {
            let material = key.text("publicKeyPem").or_else(|| key.text("publicKeyMultibase"))?;
            Some(RemoteKey {
                id: key.id().or_else(|| own.clone())?,
                owner: key.uri("owner").or_else(|| key.uri("controller")),
                material: material.to_owned(),
            })
        })
        .take(limits::KEYS_PER_ACTOR)
        .collect()
}

/// `preferredUsername`, else the name in its own handle, else the end of its id.
fn username(json: &Json, id: &str, claimed: Option<&str>) -> String {
    let usable = |name: &str| {
        let name = name.trim().trim_start_matches('@');
        let good = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '~' | '+' | '=' | '%' | '!');
        (!name.is_empty() && name.len() <= USERNAME && name.chars().all(good)).then(|| name.to_owned())
    };
    json.text("preferredUsername")
        .and_then(usable)
        .or_else(|| claimed.and_then(|h| h.split('@').next()).and_then(usable))
        .or_else(|| id.split(['/', '?', '#']).rfind(|s| !s.is_empty()).and_then(usable))
        .unwrap_or_else(|| "unnamed".to_owned())
}

/// One line of plain text.
fn name(json: &Json) -> String {
    let text = content::mapped(json, "name", "nameMap").unwrap_or("");
    let line: String = cut(text, limits::REMOTE_NAME).chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.trim().to_owned()
}

fn note(json: &Json) -> Html {
    let text = content::mapped(json, "summary", "summaryMap");
    sanitize_html(cut(text.unwrap_or(""), limits::REMOTE_BIO))
}

/// PropertyValue attachments, in any spelling of schema.org, and Notes with a name (FEP-fb2a): whoever sends both means one.
fn fields(json: &Json) -> Vec<(String, Html)> {
    let field = |field: &Json, value: &Json| {
        let name = plain_text(cut(content::mapped(field, "name", "nameMap")?, limits::REMOTE_FIELD));
        let value = sanitize_html(cut(value.as_text().unwrap_or(""), limits::REMOTE_FIELD));
        (!name.is_empty()).then_some((name, value))
    };
    let is_property = |attached: &&Json| {
        attached.types().any(|t| t == "PropertyValue" || facts::in_schema(t) == Some("PropertyValue"))
    };
    let properties = json.values("attachment").filter(is_property);
    let mut found: Vec<(String, Html)> = properties
        .filter_map(|attached| field(attached, facts::said(attached, "value")))
        .take(limits::REMOTE_FIELDS)
        .collect();
    for note in json.values("attachment").filter(|attached| attached.is_a("Note")) {
        if let Some(one) = field(note, note.get("content"))
            && found.len() < limits::REMOTE_FIELDS
            && !found.iter().any(|(name, _)| *name == one.0)
        {
            found.push(one);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: serde_json::Value) -> Result<RemoteActor> {
        read(&Json::parse(text.to_string().as_bytes()).unwrap())
    }

    #[test]
    fn fed_disc_10_fed_disc_11_a_profile_is_read_whole() {
        let actor = parse(serde_json::json!({
            "id": "https://a.example/u/1", "type": ["schema:Person", "Service"], "preferredUsername": "robot",
            "name": "Robot \u{1f916}", "summary": "<p onclick=x>beep</p>", "inbox": "https://a.example/u/1/inbox",
            "endpoints": {"sharedInbox": "https://b.example/inbox"}, "manuallyApprovesFollowers": true,
            "icon": [{"type": "Image", "url": "https://a.example/small.png", "width": 10},
                     {"type": "Image", "url": {"type": "Link", "href": "https://a.example/big.png"}, "width": 100, "name": "me"}],
            "image": "https://a.example/header.png", "discoverable": true, "memorial": "true", "published": "2020-02-02",
            "attachment": [{"type": "PropertyValue", "name": "Site", "value": "<a href='https://x.example'>x</a>"},
                           {"type": "https://schema.org/PropertyValue", "name": "Team", "https://schema.org/value": "Bench 3"},
                           {"type": "IdentityProof", "name": "no"}, {"type": "PropertyValue"}, {"type": "Note"},
                           {"type": "Note", "name": "Pronouns", "content": "they"},
                           {"type": "Note", "name": "Site", "content": "the same again"}],
            "https://w3id.org/watercooler/ns#leftOn": "2026-11-26",
            "alsoKnownAs": "https://c.example/u", "movedTo": "https://a.example/u/1",
            "url": [{"type": "Link", "mediaType": "text/html", "href": "https://a.example/@robot"}],
        }))
        .unwrap();
        assert_eq!((actor.kind, actor.username.as_str(), actor.locked), (AccountKind::Service, "robot", true));
        assert_eq!(actor.note.as_str(), "<p>beep</p>");
        assert_eq!(
            (actor.avatar.as_deref(), actor.avatar_description.as_str()),
            (Some("https://a.example/big.png"), "me")
        );
        assert_eq!(actor.header.as_deref(), Some("https://a.example/header.png"));
        assert_eq!(actor.url.as_deref(), Some("https://a.example/@robot"));
        let fields: Vec<_> = actor.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(fields[1..], [("Team", "Bench 3"), ("Pronouns", "they")]);
        assert_eq!((fields[0].0, actor.discoverable, actor.memorial), ("Site", true, true));
        assert_eq!(actor.left_on.map(Timestamp::date).as_deref(), Some("2026-11-26"));
        assert_eq!(actor.published.map(|t| t.date()).as_deref(), Some("2020-02-02"));
        assert_eq!(actor.also_known_as, ["https://c.example/u"]);
        assert_eq!((actor.shared_inbox, actor.moved_to), (None, None), "not of another authority, not to itself");
    }

    #[test]
    fn fed_disc_12_what_makes_no_actor_is_refused() {
        let whole =
            serde_json::json!({"id": "https://a.example/u/ada", "type": "Person", "inbox": "https://a.example/i"});
        assert_eq!(parse(whole.clone()).unwrap().username, "ada", "the end of the id, for want of a name");
        for (key, value) in [
            ("id", serde_json::json!("acct:x@y")),
            ("inbox", serde_json::Value::Null),
            ("type", serde_json::json!("Note")),
        ] {
            let mut broken = whole.clone();
            broken[key] = value;
            assert!(parse(broken).is_err(), "{key}");
        }
    }
}
