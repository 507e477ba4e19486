//! Collections of people (FEP-7aa9), and who is in them.

use super::attachments;
use crate::{
    domain::{
        html::{cut, plain_line, sanitize_html},
        remote::collections::{Recommended, RemoteCollection, RemotePlace},
        text,
    },
    federation::json::Json,
    limits, uri,
};

/// The type of a collection.
pub const COLLECTION: &str = "FeaturedCollection";
/// The type of a place in one.
const ITEM: &str = "FeaturedItem";

/// Reads a collection; none when it is no such thing, or does not say whose it is.
pub fn read(json: &Json) -> Option<RemoteCollection> {
    if !json.is_a(COLLECTION) {
        return None;
    }
    let (id, owner) = (json.id()?, json.uri("attributedTo")?);
    let in_a_language = json.one("summaryMap").members().find_map(|(tag, said)| Some((tag, said.as_text()?)));
    let summary = in_a_language.map(|(_, said)| said).or_else(|| json.text("summary")).unwrap_or_default();
    let name = json.text("name").unwrap_or_default();
    let items = json.first_of(&["orderedItems", "items"]);
    let is_whole = !items.is_null() || json.count("totalItems") == Some(0) && json.one("first").is_null();
    Some(RemoteCollection {
        name: plain_line(cut(name, limits::REMOTE_COLLECTION_TEXT), limits::REMOTE_COLLECTION_NAME),
        description: sanitize_html(cut(summary, limits::REMOTE_COLLECTION_TEXT)).into_string(),
        language: in_a_language.and_then(|(tag, _)| text::language_tag(tag)),
        sensitive: json.flag("sensitive").unwrap_or(false),
        discoverable: json.flag("discoverable").unwrap_or(true),
        tag: json
            .one("topic")
            .text("name")
            .and_then(|name| text::normalize_hashtag(cut(name.trim().trim_start_matches('#'), limits::REMOTE_NAME))),
        url: attachments::page(json.get("url")).filter(|url| uri::same_authority(url, &id)),
        published: json.time("published"),
        places: is_whole.then(|| places(items.items(), &id)),
        uri: id,
        owner,
    })
}

/// The places among these items of a collection, each once; what lies on another server is none.
pub fn places<'j>(items: impl Iterator<Item = &'j Json>, collection: &str) -> Vec<RemotePlace> {
    let mut found: Vec<RemotePlace> = Vec::new();
    for item in items.take(limits::REMOTE_COLLECTION_PEOPLE) {
        let Some(place) = place(item).filter(|place| uri::same_authority(&place.uri, collection)) else { continue };
        if !found.iter().any(|known| known.uri == place.uri) {
            found.push(place);
        }
    }
    found
}

/// Somebody in a collection: the whole of it, or its id.
pub fn place(json: &Json) -> Option<RemotePlace> {
    if !json.is_object() {
        return Some(RemotePlace { uri: json.as_uri()?, person: None, stamp: None });
    }
    if !json.is_a(ITEM) {
        return None;
    }
    let (uri, person) = (json.id()?, json.uri("featuredObject")?);
    Some(RemotePlace { uri, person: Some(person), stamp: json.uri("featureAuthorization") })
}

/// What the object of an activity is of these, when it is embedded.
pub fn recommended(object: &Json) -> Option<Recommended> {
    if !object.is_object() {
        return None;
    }
    match object.is_a(ITEM) {
        true => place(object).map(Recommended::Place),
        false => read(object).map(|found| Recommended::Collection(Box::new(found))),
    }
}

#[cfg(test)]
mod tests {
    use super::{read, recommended};
    use crate::{
        domain::remote::collections::{Recommended, RemotePlace},
        federation::json::Json,
    };

    fn parse(text: &str) -> Json {
        Json::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_collection_says_what_it_is_and_who_is_in_it() {
        let json = parse(
            r##"{"id":"https://a.example/c/1","type":"FeaturedCollection","attributedTo":"https://a.example/ada",
            "name":"Poets","summaryMap":{"de":"<p>Alle<script>x</script></p>"},"sensitive":true,"discoverable":false,
            "topic":{"type":"Hashtag","name":"#Poetry"},"url":"https://b.example/c/1","orderedItems":[
            {"type":"FeaturedItem","id":"https://a.example/i/1","featuredObject":{"id":"https://b.example/bob"},
            "featureAuthorization":"https://b.example/s/1"},"https://a.example/i/2","https://b.example/i/3",
            {"type":"Person","id":"https://a.example/i/4"},
            {"type":"FeaturedItem","id":"https://a.example/i/1","featuredObject":"https://b.example/eve"}]}"##,
        );
        let found = read(&json).unwrap();
        assert_eq!((found.uri.as_str(), found.owner.as_str()), ("https://a.example/c/1", "https://a.example/ada"));
        assert_eq!((found.name.as_str(), found.language.as_deref()), ("Poets", Some("de")));
        assert_eq!(found.description, "<p>Alle</p>");
        assert_eq!((found.sensitive, found.discoverable, found.tag.as_deref()), (true, false, Some("poetry")));
        assert_eq!(found.url, None, "a page on another server is none");
        let place = |uri: &str, person: Option<&str>, stamp: Option<&str>| RemotePlace {
            uri: uri.into(),
            person: person.map(str::to_owned),
            stamp: stamp.map(str::to_owned),
        };
        assert_eq!(
            found.places.unwrap(),
            [
                place("https://a.example/i/1", Some("https://b.example/bob"), Some("https://b.example/s/1")),
                place("https://a.example/i/2", None, None),
            ]
        );
    }

    #[test]
    fn what_does_not_say_who_is_in_it_is_told_from_what_is_empty() {
        let of = |rest: &str| {
            let text = format!(
                r#"{{"id":"https://a.example/c/1","type":"FeaturedCollection","attributedTo":"https://a.example/ada"{rest}}}"#
            );
            read(&parse(&text)).unwrap().places
        };
        assert_eq!(of(""), None);
        assert_eq!(of(r#","totalItems":0,"orderedItems":[]"#), Some(Vec::new()));
        assert_eq!(of(r#","totalItems":3,"first":"https://a.example/c/1?page=1""#), None);
        for none in [r#"{"type":"Note","id":"https://a.example/1"}"#, "{}"] {
            assert!(recommended(&parse(none)).is_none(), "{none}");
        }
        let item =
            parse(r#"{"type":"FeaturedItem","id":"https://a.example/i","featuredObject":"https://a.example/b"}"#);
        assert!(matches!(recommended(&item), Some(Recommended::Place(_))));
    }
}
