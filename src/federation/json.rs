//! JSON of others: parsed once, strictly (one opinion about every key, bounded depth and size), read leniently (every
//! property may be single, a list or an object; absent, `null`, empty text and empty lists are the same). No JSON-LD
//! processor and no context is ever fetched: known terms only (FETCH-09, FETCH-10, AUT-16).

use crate::{Error, Result, limits, time::Timestamp, uri};
use serde::{
    de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor},
    ser::{SerializeMap, SerializeSeq},
};
use std::{cell::Cell, collections::HashSet, fmt};

pub use crate::domain::remote::PUBLIC;

/// Prefixes under which the same term may be written out.
const PREFIXES: [&str; 18] = [
    "as:",
    "https://www.w3.org/ns/activitystreams#",
    "http://www.w3.org/ns/activitystreams#",
    "ldp:",
    "http://www.w3.org/ns/ldp#",
    "sec:",
    "https://w3id.org/security#",
    "toot:",
    "http://joinmastodon.org/ns#",
    "gts:",
    "https://gotosocial.org/ns#",
    "https://w3id.org/fep/044f#",
    "misskey:",
    "https://misskey-hub.net/ns#",
    "litepub:",
    "http://litepub.social/ns#",
    "ostatus:",
    "http://ostatus.org#",
];

/// Keys in an object up to which duplicates are looked for pair by pair.
const FEW_KEYS: usize = 16;

/// How much of a document is read.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Nesting.
    pub depth: usize,
    /// Values over the whole tree.
    pub nodes: usize,
    /// Items kept of an array; the rest is read and dropped.
    pub kept: usize,
    /// Items of an array beyond which the document is refused.
    pub refused: usize,
}

impl Bounds {
    /// Of activities, actors and posts.
    pub const DOCUMENT: Self = Self {
        depth: limits::JSON_DEPTH,
        nodes: limits::JSON_NODES,
        kept: limits::ARRAY_KEPT,
        refused: limits::ARRAY_REFUSED,
    };
    /// Of collections, which are bounded by their bytes.
    pub const COLLECTION: Self =
        Self { depth: limits::JSON_DEPTH, nodes: usize::MAX, kept: usize::MAX, refused: usize::MAX };
}

/// What a number of things is at most: nothing that adds a few of them overflows.
const COUNT: i64 = 1 << 40;

/// A value. Keys are in the order of the document, each once, with known prefixes removed (`as:name` is `name`,
/// `@id` is `id`).
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// An object.
    Object(Vec<(String, Json)>),
}

static NULL: Json = Json::Null;

impl Json {
    /// Parses a document that must be an object. Errors: `BadRequest` for malformed or too deep or too large JSON, for
    /// invalid UTF-8, for a key that occurs twice (AUT-15, SIGIN-26, ROB-01, ROB-04).
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        Self::parse_within(bytes, Bounds::DOCUMENT)
    }

    /// As [`Json::parse`], with other bounds.
    pub fn parse_within(bytes: &[u8], bounds: Bounds) -> Result<Self> {
        let nodes = Cell::new(0);
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let value = Seed { bounds, nodes: &nodes, depth: 0 }
            .deserialize(&mut reader)
            .and_then(|value| reader.end().map(|()| value))
            .map_err(|e| Error::bad_request(format!("Malformed JSON: {e}")))?;
        match value {
            Self::Object(_) => Ok(value),
            _ => Err(Error::bad_request("Malformed JSON: not an object")),
        }
    }

    /// The value of a property; `null` when it is absent or means nothing (ROB-10).
    pub fn get(&self, key: &str) -> &Self {
        let Self::Object(entries) = self else { return &NULL };
        entries.iter().find(|(k, _)| k == key).map_or(&NULL, |(_, v)| if v.is_nothing() { &NULL } else { v })
    }

    /// The value of the first of several properties that says something.
    pub fn first_of(&self, keys: &[&str]) -> &Self {
        keys.iter().map(|key| self.get(key)).find(|v| !v.is_null()).unwrap_or(&NULL)
    }

    /// `null`, or absent.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    fn is_nothing(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) => text.is_empty(),
            Self::List(items) => items.iter().all(Self::is_nothing),
            _ => false,
        }
    }

    /// The values of a property that may be single or a list.
    pub fn values(&self, key: &str) -> impl Iterator<Item = &Self> {
        self.get(key).items()
    }

    /// The items of a list; anything else is a list of itself, `null` an empty one.
    pub fn items(&self) -> impl Iterator<Item = &Self> {
        let items: &[Self] = if let Self::List(items) = self { items } else { std::slice::from_ref(self) };
        items.iter().filter(|v| !v.is_nothing())
    }

    /// The first value of a property, or `null`.
    pub fn one(&self, key: &str) -> &Self {
        self.values(key).next().unwrap_or(&NULL)
    }

    /// An object?
    pub fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// The members of an object in order; none of anything else.
    pub fn members(&self) -> impl Iterator<Item = (&str, &Self)> {
        let entries: &[(String, Self)] = if let Self::Object(entries) = self { entries } else { &[] };
        entries.iter().map(|(k, v)| (k.as_str(), v))
    }

    /// What stands in the written-out form `{"@value": ...}` of a number or a truth value; anything else as it is.
    fn written(&self) -> &Self {
        match self.get("@value") {
            Self::Null => self,
            value => value,
        }
    }

    /// Text, also in its written-out form `{"@value": ...}`.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Object(_) => match self.get("@value") {
                Self::Text(text) => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    /// The first text of a property.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.values(key).find_map(Self::as_text)
    }

    /// A whole number, also one in quotes or with a fraction; never negative.
    pub fn count(&self, key: &str) -> Option<i64> {
        let number = match self.one(key).written() {
            Self::Int(n) => *n,
            Self::Float(f) if f.is_finite() => *f as i64,
            Self::Text(text) => text.trim().parse().ok()?,
            _ => return None,
        };
        Some(number.clamp(0, COUNT))
    }

    /// A number.
    pub fn as_number(&self) -> Option<f64> {
        match self.written() {
            Self::Int(n) => Some(*n as f64),
            Self::Float(f) => Some(*f),
            Self::Text(text) => text.trim().parse().ok().filter(|f: &f64| f.is_finite()),
            _ => None,
        }
    }

    /// A truth value, also one in quotes.
    pub fn flag(&self, key: &str) -> Option<bool> {
        match self.one(key).written() {
            Self::Bool(b) => Some(*b),
            Self::Text(t) if t.eq_ignore_ascii_case("true") => Some(true),
            Self::Text(t) if t.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }

    /// A date; `None` when it is absent or unreadable (ROB-10).
    pub fn time(&self, key: &str) -> Option<Timestamp> {
        self.text(key).and_then(Timestamp::parse)
    }

    /// The normalised address this value names: text, or an object with `id`, or a Link with `href`.
    pub fn as_uri(&self) -> Option<String> {
        match self {
            Self::Text(text) => uri::normalize(text),
            Self::Object(_) => match self.get("id") {
                Self::Text(text) => uri::normalize(text),
                _ => self.get("href").as_text().and_then(uri::normalize),
            },
            _ => None,
        }
    }

    /// The normalised address of the first value of a property that has one.
    pub fn uri(&self, key: &str) -> Option<String> {
        self.values(key).find_map(Self::as_uri)
    }

    /// The normalised addresses of a property, at most `most`, each once. Recipients may name the public in three ways.
    pub fn uris(&self, key: &str, most: usize) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        for value in self.values(key).take(most) {
            let name = if value.is_object() { value.get("id").as_text() } else { value.as_text() };
            let found = match name {
                Some(name) if is_public(name) => Some(PUBLIC.to_owned()),
                _ => value.as_uri(),
            };
            if let Some(found) = found.filter(|f| !out.contains(f)) {
                out.push(found);
            }
        }
        out
    }

    /// The document's own id, normalised.
    pub fn id(&self) -> Option<String> {
        self.get("id").as_text().and_then(uri::normalize)
    }

    /// The types it claims, prefixes removed.
    pub fn types(&self) -> impl Iterator<Item = &str> {
        self.values("type").filter_map(Self::as_text).map(bare)
    }

    /// Whether it claims this type.
    pub fn is_a(&self, kind: &str) -> bool {
        self.types().any(|t| t == kind)
    }
}

/// Whether an address means everybody (ADDR-IN-05).
pub fn is_public(address: &str) -> bool {
    matches!(address, PUBLIC | "as:Public" | "Public" | "http://www.w3.org/ns/activitystreams#Public")
}

/// A term without its prefix.
fn bare(term: &str) -> &str {
    if !term.contains(':') {
        return term;
    }
    PREFIXES.iter().find_map(|prefix| term.strip_prefix(prefix)).filter(|t| !t.is_empty()).unwrap_or(term)
}

/// What stands in `{"@list": ...}` or `{"@set": ...}`, which say of a list only whether its order matters. With both, or with
/// anything else beside it but an index, it is none.
fn unwrapped(value: Json) -> Result<Json, Json> {
    let mut entries = match value {
        Json::Object(entries) => entries,
        other => return Err(other),
    };
    let is_list = |key: &str| matches!(key, "@list" | "@set");
    let lists = entries.iter().filter(|(key, _)| is_list(key)).count();
    let others = entries.iter().any(|(key, _)| !is_list(key) && key != "@index");
    match entries.iter().position(|(key, _)| is_list(key)) {
        Some(at) if lists == 1 && !others => Ok(entries.swap_remove(at).1),
        _ => Err(Json::Object(entries)),
    }
}

/// A key as it is stored.
fn key_name(key: String) -> String {
    match bare(&key) {
        "@id" => "id".to_owned(),
        "@type" => "type".to_owned(),
        same if same.len() == key.len() => key,
        shorter => shorter.to_owned(),
    }
}

#[derive(Clone, Copy)]
struct Seed<'n> {
    bounds: Bounds,
    nodes: &'n Cell<usize>,
    depth: usize,
}

impl Seed<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth >= self.bounds.depth {
            return Err(E::custom("nested too deeply"));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Json;
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Json, D::Error> {
        self.nodes.set(self.nodes.get() + 1);
        if self.nodes.get() > self.bounds.nodes {
            return Err(D::Error::custom("too many values"));
        }
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }
    fn visit_bool<E>(self, v: bool) -> Result<Json, E> {
        Ok(Json::Bool(v))
    }
    fn visit_i64<E>(self, v: i64) -> Result<Json, E> {
        Ok(Json::Int(v))
    }
    fn visit_u64<E>(self, v: u64) -> Result<Json, E> {
        Ok(i64::try_from(v).map_or(Json::Float(v as f64), Json::Int))
    }
    fn visit_f64<E>(self, v: f64) -> Result<Json, E> {
        Ok(Json::Float(v))
    }
    fn visit_str<E>(self, v: &str) -> Result<Json, E> {
        Ok(Json::Text(v.to_owned()))
    }
    fn visit_string<E>(self, v: String) -> Result<Json, E> {
        Ok(Json::Text(v))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let inner = self.deeper()?;
        let mut items = Vec::new();
        let mut seen = 0_usize;
        while let Some(item) = list.next_element_seed(inner)? {
            // A list in a list that says that it is one is a part of it.
            let some = match unwrapped(item) {
                Ok(Json::List(part)) => part,
                Ok(item) | Err(item) => vec![item],
            };
            seen = seen.saturating_add(some.len());
            if seen > self.bounds.refused {
                return Err(A::Error::custom("too many items"));
            }
            let room = self.bounds.kept.saturating_sub(items.len());
            items.extend(some.into_iter().take(room));
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let inner = self.deeper()?;
        let mut entries: Vec<(String, Json)> = Vec::with_capacity(8);
        let mut seen: Option<HashSet<String>> = None;
        while let Some(key) = map.next_key::<String>()? {
            let key = key_name(key);
            let twice = match &mut seen {
                Some(seen) => !seen.insert(key.clone()),
                None if entries.len() < FEW_KEYS => entries.iter().any(|(k, _)| *k == key),
                None => {
                    let mut all: HashSet<String> = entries.iter().map(|(k, _)| k.clone()).collect();
                    let twice = !all.insert(key.clone());
                    seen = Some(all);
                    twice
                }
            };
            if twice {
                return Err(A::Error::custom("a key occurs twice"));
            }
            let value = map.next_value_seed(inner)?;
            entries.push((key, unwrapped(value).unwrap_or_else(|same| same)));
        }
        Ok(Json::Object(entries))
    }
}

impl<'de> serde::Deserialize<'de> for Json {
    /// With the bounds of a document.
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        Seed { bounds: Bounds::DOCUMENT, nodes: &Cell::new(0), depth: 0 }.deserialize(reader)
    }
}

impl serde::Serialize for Json {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => out.serialize_unit(),
            Self::Bool(b) => out.serialize_bool(*b),
            Self::Int(n) => out.serialize_i64(*n),
            Self::Float(f) => out.serialize_f64(*f),
            Self::Text(t) => out.serialize_str(t),
            Self::List(items) => {
                let mut list = out.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(item)?;
                }
                list.end()
            }
            Self::Object(entries) => {
                let mut map = out.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Json {
        Json::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn fed_fetch_09_spellings_of_terms_read_the_same() {
        let plain = parse(r#"{"id":"https://a.example/1","type":"Note","name":"x","to":"as:Public"}"#);
        for other in [
            r#"{"@id":"https://a.example/1","@type":"Note","as:name":["x"],"to":["Public"]}"#,
            r#"{"id":"https://A.example:443/1","type":["https://www.w3.org/ns/activitystreams#Note"],
                "https://www.w3.org/ns/activitystreams#name":{"@value":"x"},
                "as:to":{"id":"https://www.w3.org/ns/activitystreams#Public"}}"#,
            r#"{"id":"https://a.example/1","type":"as:Note","name":"x","to":[{"@id":"as:Public","type":"Collection"}]}"#,
        ] {
            let other = parse(other);
            assert_eq!(other.id(), plain.id());
            assert!(other.is_a("Note"));
            assert_eq!(other.text("name"), Some("x"));
            assert_eq!(other.uris("to", 10), vec![PUBLIC.to_owned()]);
        }
    }

    #[test]
    fn fed_fetch_09_terms_of_other_programs_are_read_written_out_too() {
        let short = parse(r#"{"tag":{"type":"Emoji"},"directMessage":true,"featured":"https://a.example/f"}"#);
        for long in [
            r#"{"tag":{"type":"toot:Emoji"},"litepub:directMessage":true,"toot:featured":"https://a.example/f"}"#,
            r#"{"as:tag":{"@type":"http://joinmastodon.org/ns#Emoji"},"http://litepub.social/ns#directMessage":true,
                "http://joinmastodon.org/ns#featured":{"@id":"https://a.example/f"}}"#,
        ] {
            let long = parse(long);
            assert!(long.one("tag").is_a("Emoji") && short.one("tag").is_a("Emoji"));
            assert_eq!((long.flag("directMessage"), long.uri("featured")), (Some(true), short.uri("featured")));
        }
    }

    #[test]
    fn fed_fetch_09_lists_that_say_that_they_are_lists_are_lists() {
        let plain = parse(r#"{"to":["a","b"],"one":["x"],"none":[],"tag":[{"name":"x"},{"name":"y"}]}"#);
        let wrapped = parse(
            r#"{"to":{"@list":["a",{"@set":["b"]}]},"one":[{"@list":{"@set":["x"]}}],"none":{"@set":[]},
                "tag":[{"@set":[{"name":"x"}]},{"@list":[{"name":"y"}],"@index":"1"}]}"#,
        );
        assert_eq!(wrapped.get("to"), plain.get("to"));
        assert_eq!((wrapped.get("one"), wrapped.get("tag")), (plain.get("one"), plain.get("tag")));
        assert!(wrapped.get("none").is_null());
        // Anything else that looks like one has no meaning.
        let other = parse(r#"{"to":{"@list":["a"],"@set":["b"]},"cc":{"@list":["a"],"id":"b"}}"#);
        assert!(other.get("to").is_object() && other.get("cc").is_object());
        // Pieces count as one list.
        let piece = format!("{{\"@list\":[{}1]}}", "1,".repeat(999));
        assert_eq!(parse(&format!("{{\"a\":[{piece},{piece}]}}")).values("a").count(), limits::ARRAY_KEPT);
        assert!(Json::parse(format!("{{\"a\":[{piece},{piece},{piece}]}}").as_bytes()).is_err());
    }

    #[test]
    fn fed_rob_10_nothing_has_many_spellings() {
        let doc =
            parse(r#"{"a":null,"b":"","c":[],"d":[null,""],"e":"3","f":"2024-01-02T03:04:05.123456789","g":"true"}"#);
        for key in ["a", "b", "c", "d", "missing"] {
            assert!(doc.get(key).is_null(), "{key}");
            assert_eq!(doc.values(key).count(), 0);
        }
        assert_eq!(doc.count("e"), Some(3));
        assert_eq!(doc.time("f").unwrap().rfc3339(), "2024-01-02T03:04:05.123Z");
        assert_eq!(doc.flag("g"), Some(true));
    }

    #[test]
    fn sec_aut_15_a_key_given_twice_is_refused() {
        let many: String = (0..40).map(|i| format!("\"k{i}\":1,")).collect();
        for bad in [
            r#"{"actor":"a","actor":"b"}"#.to_owned(),
            r#"{"actor":"a","as:actor":"b"}"#.to_owned(),
            r#"{"id":"a","@id":"b"}"#.to_owned(),
            r#"{"object":{"id":"a","\u0069d":"b"}}"#.to_owned(),
            format!("{{{many}\"k3\":2}}"),
        ] {
            assert!(Json::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn fed_rob_01_malformed_json_is_refused() {
        for bad in
            ["", "[]", "3", "\"x\"", "{", "{\"a\":1}x", "{\"a\":1,}", "{\"a\":\"\\ud800\"}", "{\"a\":1e999}", "{a:1}"]
        {
            assert!(matches!(Json::parse(bad.as_bytes()), Err(Error::BadRequest(_))), "{bad}");
        }
        assert!(Json::parse(b"{\"a\":\"\xff\"}").is_err());
    }

    #[test]
    fn fed_rob_04_depth_and_size_are_bounded() {
        let nested = |n: usize| format!("{{\"a\":{}{}}}", "[".repeat(n), "]".repeat(n));
        assert!(Json::parse(nested(63).as_bytes()).is_ok());
        assert!(Json::parse(nested(64).as_bytes()).is_err());
        assert!(Json::parse(nested(100_000).as_bytes()).is_err());
        let list = |n: usize| format!("{{\"a\":[{}1]}}", "1,".repeat(n - 1));
        assert_eq!(parse(&list(1_500)).values("a").count(), limits::ARRAY_KEPT);
        assert!(Json::parse(list(2_001).as_bytes()).is_err());
        let nodes = format!("{{\"a\":[{}1]}}", "[1,2,3,4,5,6,7,8,9],".repeat(1_000));
        assert!(Json::parse(nodes.as_bytes()).is_err());
    }

    #[test]
    fn what_was_parsed_can_be_written_again() {
        let text = r#"{"id":"x","n":[1,2.5,null,true],"o":{"k":"v"}}"#;
        assert_eq!(serde_json::to_string(&parse(text)).unwrap(), text);
    }
}
