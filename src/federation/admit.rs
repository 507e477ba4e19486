//! What a document of an admitted server may bring along from servers that are not: nothing (LAN-08). Attachments, emoji
//! pictures and quotes whose addresses the host policy refuses are taken out of a document before anything reads it, so that
//! nothing of them is fetched, stored or handed to a client; the rest of the document stays.

use super::json::Json;
use crate::{net::Rules, uri};
use std::sync::Arc;

/// Properties whose values are files.
const FILES: [&str; 6] = ["attachment", "icon", "image", "preview", "tag", "url"];
/// Properties that name a post that is quoted, and what its author's server says to that.
const QUOTES: [&str; 5] = ["quote", "quoteUrl", "quoteUri", "_misskey_quote", "quoteAuthorization"];
/// How deep documents stand in one another: an activity, its object, and what that wraps.
const DEPTH: usize = 3;

/// Whether an activity is a report of a server whose reports staff does not want (MOD-06).
pub fn drops_reports(rules: &Rules, activity: &Json, host: &str) -> bool {
    activity.is_a("Flag") && rules.standing(host).reject_reports
}

/// Whether this host is a node of our own organisation, or one that an allowlist names: what its people write is taken in
/// whoever it is addressed to (POST-15).
pub fn is_colleague(rules: &Rules, host: &str) -> bool {
    (rules.is_allowlist() || rules.has_organisation()) && rules.standing(host).is_peer
}

/// Takes out what the policy refuses. Free of cost while nobody is refused.
pub fn strip(rules: &Rules, json: &mut Json) {
    if rules.is_restrictive() {
        strip_within(rules, json, DEPTH);
    }
}

/// As [`strip`], for a shared document.
pub fn strip_shared(rules: &Rules, json: &mut Arc<Json>) {
    if rules.is_restrictive() {
        strip_within(rules, Arc::make_mut(json), DEPTH);
    }
}

fn strip_within(rules: &Rules, json: &mut Json, depth: usize) {
    let Json::Object(members) = json else { return };
    for (key, value) in members.iter_mut() {
        if matches!(key.as_str(), "object" | "instrument") && depth > 0 {
            match value {
                Json::List(items) => items.iter_mut().for_each(|item| strip_within(rules, item, depth - 1)),
                other => strip_within(rules, other, depth - 1),
            }
        } else if QUOTES.contains(&key.as_str()) {
            if value.items().filter_map(Json::as_uri).any(|address| !is_spoken_with(rules, &address)) {
                *value = Json::Null;
            }
        } else if FILES.contains(&key.as_str()) {
            match value {
                Json::List(items) => items.retain(|item| is_admitted(rules, key, item)),
                one if !is_admitted(rules, key, one) => *one = Json::Null,
                _ => {}
            }
        }
    }
}

/// Whether anything is taken from the server of an address.
fn is_spoken_with(rules: &Rules, address: &str) -> bool {
    uri::parse(address).is_none_or(|url| rules.standing_of_url(&url).admitted.is_ok())
}

/// Whether all addresses of a file in here may be asked for media.
fn is_admitted(rules: &Rules, key: &str, item: &Json) -> bool {
    let file = match key {
        // A quote in the words of FEP-e232.
        "tag" if item.is_a("Link") => return item.uri("href").is_none_or(|address| is_spoken_with(rules, &address)),
        // A mention or hashtag leads to a page, which is only a link; an emoji is a picture.
        "tag" if !item.is_a("Emoji") => return true,
        "tag" => item.get("icon"),
        // The page of a post is a link; only a list of Links names files (PeerTube).
        "url" if !item.is_object() || item.text("mediaType") == Some("text/html") => return true,
        _ => item,
    };
    let mut addresses = file.items().flat_map(|file| {
        let own = [file, file.get("href")].into_iter().filter_map(Json::as_text);
        let inner = file.values("url").flat_map(|url| [url, url.get("href")]).filter_map(Json::as_text);
        own.chain(inner).collect::<Vec<_>>()
    });
    addresses.all(|address| {
        uri::parse(address).is_none_or(|url| {
            let standing = rules.standing_of_url(&url);
            standing.admitted.is_ok() && !standing.reject_media
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{Block, NetConfig, Peer};

    #[test]
    fn sec_lan_08_files_of_refused_hosts_are_taken_out_of_documents() {
        let peer = Peer { domain: "in.example".into(), ..Peer::default() };
        let config = NetConfig { allowlist: true, peers: vec![peer], ..NetConfig::default() };
        let mut json = Json::parse(
            br#"{"id":"https://in.example/c","type":"Create","actor":"https://in.example/a","object":{
            "id":"https://in.example/n","type":"Note","content":"x","url":"https://in.example/@a/1",
            "attachment":[{"type":"Document","url":"https://in.example/1.png"},{"type":"Document","url":"https://out.example/2.png"},
                {"type":"Image","url":[{"type":"Link","href":"https://out.example/3.png"}]},{"type":"PropertyValue","name":"a","value":"b"}],
            "tag":[{"type":"Mention","href":"https://out.example/users/b"},{"type":"Emoji","name":":a:","icon":{"url":"https://out.example/e.png"}},
                {"type":"Emoji","name":":b:","icon":{"url":"https://in.example/e.png"}}],
            "quote":"https://out.example/n","quoteUrl":"https://in.example/m","icon":{"type":"Image","url":"https://out.example/i.png"},"image":"https://in.example/i.png"}}"#,
        )
        .unwrap();
        strip(&Rules::new(&config), &mut json);
        let note = json.get("object");
        assert_eq!(note.values("attachment").count(), 2);
        assert_eq!(note.values("tag").count(), 2);
        assert!(note.get("quote").is_null() && !note.get("quoteUrl").is_null());
        assert!(note.get("icon").is_null() && !note.get("image").is_null() && !note.get("url").is_null());

        let block = Block { domain: "out.example".into(), reject_media: true, ..Block::default() };
        let open = NetConfig { blocks: vec![block], ..NetConfig::default() };
        let mut actor =
            Json::parse(br#"{"id":"https://in.example/a","icon":{"url":"https://cdn.out.example/i.png"}}"#).unwrap();
        strip(&Rules::new(&open), &mut actor);
        assert!(actor.get("icon").is_null());
        assert!(!Rules::new(&NetConfig::default()).is_restrictive());
    }
}
