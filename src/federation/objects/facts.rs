//! What an actor document says of skills and work: schema.org terms and those of our own vocabulary, in whatever spelling
//! they come (bare, with a prefix, or as whole addresses with http or https), single or several, as text or as objects.

use crate::{
    domain::{
        html::cut,
        people::{LINKS, Stance},
        remote::{RemoteFacts, RemoteSkill},
    },
    federation::json::Json,
    time::Timestamp,
};

/// Skills that are looked at.
const SKILLS: usize = 100;
/// Bytes of one text.
const TEXT: usize = 500;
/// Bytes of the properties that are kept without being known.
const EXTRA: usize = 16 * 1024;
/// Our vocabulary.
pub const WC: &str = "https://w3id.org/watercooler/ns#";

const SCHEMA: [&str; 6] =
    ["sdo:", "schema:", "https://schema.org/", "http://schema.org/", "http://schema.org#", "https://schema.org#"];
const OURS: [&str; 2] = ["wc:", WC];

/// The value of a term, bare or with one of these prefixes.
fn value<'a>(json: &'a Json, term: &str, prefixes: &[&str]) -> &'a Json {
    let bare = json.get(term);
    if !bare.is_null() {
        return bare;
    }
    let named = json.members().find(|(key, value)| {
        !value.is_null() && prefixes.iter().any(|prefix| key.strip_prefix(prefix).is_some_and(|rest| rest == term))
    });
    named.map_or(bare, |(_, value)| value)
}

/// A term of schema.org without its prefix, in whatever spelling; none for any other word.
pub(super) fn in_schema(word: &str) -> Option<&str> {
    SCHEMA.iter().find_map(|prefix| word.strip_prefix(prefix))
}

/// What a post says with a term of our vocabulary or of schema.org, in whatever spelling.
pub(super) fn said<'a>(json: &'a Json, term: &str) -> &'a Json {
    let ours = value(json, term, &OURS);
    if ours.is_null() { value(json, term, &SCHEMA) } else { ours }
}

/// A word of our vocabulary, without the prefix that it may have.
pub(super) fn word<'a>(json: &'a Json, term: &str) -> Option<&'a str> {
    let text = said(json, term).items().find_map(Json::as_text)?;
    text.rsplit([':', '#', '/']).next()
}

/// The address of a thing.
pub(super) fn address(json: &Json, term: &str) -> Option<String> {
    said(json, term).items().find_map(Json::as_uri)
}

/// Text, or the name of a thing.
fn text(json: &Json) -> Option<&str> {
    let direct = json.as_text();
    let name = || value(json, "name", &SCHEMA).items().find_map(Json::as_text);
    let map = || json.get("nameMap").members().find_map(|(_, name)| name.as_text());
    direct.or_else(name).or_else(map).map(|text| cut(text.trim(), TEXT)).filter(|text| !text.is_empty())
}

fn first(json: &Json, term: &str, prefixes: &[&str]) -> String {
    value(json, term, prefixes).items().find_map(text).unwrap_or_default().to_owned()
}

/// A skill without a stance is known.
fn stance(json: &Json) -> Stance {
    match word(json, "stance").unwrap_or_default().to_ascii_lowercase().as_str() {
        "ask" => Stance::Ask,
        "learning" => Stance::Learning,
        _ => Stance::Knows,
    }
}

/// What a skill is called, and whether nothing but its address says so: `{"type": "DefinedTerm", "name": ...}`, or text; an
/// address alone is named by its end.
fn called(json: &Json) -> Option<(&str, bool)> {
    let code = || value(json, "termCode", &SCHEMA).items().find_map(Json::as_text);
    let id = || json.get("id").as_text();
    let name = text(json).or_else(code).or_else(id)?;
    if name.starts_with("https://") || name.starts_with("http://") {
        return Some((name.trim_end_matches('/').rsplit('/').next().unwrap_or_default(), true));
    }
    Some((name, false))
}

/// What a skill, or a tag of a project, is called.
pub(super) fn skill_name(json: &Json) -> Option<&str> {
    called(json).map(|(name, _)| name)
}

/// A skill, or a tag of a project.
pub(super) fn skill(json: &Json) -> Option<RemoteSkill> {
    let (name, is_address) = called(json)?;
    let mut same_as: Vec<String> =
        value(json, "sameAs", &SCHEMA).items().filter_map(Json::as_uri).take(LINKS).collect();
    if is_address {
        // Nothing but an address: that is what is meant.
        same_as.extend(json.as_uri().filter(|_| same_as.is_empty()));
    }
    Some(RemoteSkill { name: cut(name, TEXT).to_owned(), stance: stance(json), same_as })
}

/// A language tag, also as a `Language`.
fn language(json: &Json) -> Option<String> {
    let alternate = || value(json, "alternateName", &SCHEMA).items().find_map(Json::as_text);
    Some(json.as_text().or_else(alternate).or_else(|| text(json))?.trim().to_owned())
}

/// Reads them; what makes no sense is left out.
pub fn read(json: &Json) -> RemoteFacts {
    let left = value(json, "leftOn", &OURS).items().find_map(Json::as_text);
    RemoteFacts {
        skills: value(json, "knowsAbout", &SCHEMA).items().take(SKILLS).filter_map(skill).collect(),
        title: first(json, "jobTitle", &SCHEMA),
        department: first(json, "memberOf", &SCHEMA),
        site: first(json, "workLocation", &SCHEMA),
        time_zone: first(json, "timeZone", &OURS),
        languages: value(json, "knowsLanguage", &SCHEMA).items().take(SKILLS).filter_map(language).collect(),
        left_on: left.and_then(|date| Some(date.get(..10)?.to_owned())).filter(|date| is_date(date)),
        coffee: matches!(value(json, "coffee", &OURS), Json::Bool(true)),
        updated: json.time("updated").filter(|at| *at >= Timestamp::Y2000),
        extra: extra(json),
    }
}

fn is_date(text: &str) -> bool {
    Timestamp::parse(&format!("{text}T00:00:00Z")).is_some()
}

/// Terms of actors that mean something here, without prefix.
const KNOWN: &[&str] = &[
    "id",
    "type",
    "@context",
    "inbox",
    "outbox",
    "followers",
    "following",
    "featured",
    "featuredTags",
    "featuredCollections",
    "interactionPolicy",
    "showFeatured",
    "showMedia",
    "showRepliesInMedia",
    "liked",
    "streams",
    "preferredUsername",
    "name",
    "nameMap",
    "summary",
    "summaryMap",
    "url",
    "manuallyApprovesFollowers",
    "discoverable",
    "indexable",
    "published",
    "updated",
    "memorial",
    "suspended",
    "webfinger",
    "publicKey",
    "assertionMethod",
    "attachment",
    "tag",
    "endpoints",
    "sharedInbox",
    "icon",
    "image",
    "alsoKnownAs",
    "movedTo",
    "attributionDomains",
    "generator",
    "implements",
    "knowsAbout",
    "jobTitle",
    "memberOf",
    "workLocation",
    "knowsLanguage",
    "timeZone",
    "worksOn",
    "leftOn",
    "coffee",
];

/// The properties that nobody here knows, as a JSON object: kept, so that nodes of different versions destroy nothing.
/// None when there are none, or too many.
fn extra(json: &Json) -> Option<String> {
    let bare = |key: &str| {
        let prefix = SCHEMA.iter().chain(&OURS).find(|prefix| key.starts_with(**prefix));
        prefix.map_or(0, |prefix| prefix.len())
    };
    let unknown = json
        .members()
        .filter(|(key, value)| !value.is_null() && key.get(bare(key)..).is_some_and(|term| !KNOWN.contains(&term)));
    let mut kept = serde_json::Map::new();
    for (key, value) in unknown.take(50) {
        kept.insert(key.to_owned(), serde_json::to_value(value).unwrap_or_default());
    }
    if kept.is_empty() {
        return None;
    }
    let text = serde_json::Value::Object(kept).to_string();
    (text.len() <= EXTRA).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: serde_json::Value) -> RemoteFacts {
        read(&Json::parse(json.to_string().as_bytes()).unwrap())
    }

    #[test]
    fn terms_are_read_in_every_spelling() {
        let ours = parse(serde_json::json!({
            "knowsAbout": [{"type": "DefinedTerm", "id": "https://a.example/tags/rust", "name": "Rust", "stance": "learning",
                            "sdo:sameAs": ["https://esco.example/rust", {"id": "https://www.wikidata.org/wiki/Q575650"}, 7]},
                           "Torque", {"sdo:name": "Kafka", "wc:stance": "wc:ask"}, "https://www.wikidata.org/wiki/Q1"],
            "jobTitle": "Engineer", "memberOf": {"type": "Organization", "name": "Bench 3"}, "workLocation": "Lyon",
            "timeZone": "Europe/Paris", "knowsLanguage": ["fr", {"type": "Language", "name": "English", "alternateName": "en"}],
            "wc:leftOn": "2026-11-26T08:00:00Z", "updated": "2026-11-26T08:00:00.123Z",
        }));
        let names: Vec<_> = ours.skills.iter().map(|skill| (skill.name.as_str(), skill.stance)).collect();
        let links: Vec<_> = ours.skills.iter().map(|skill| skill.same_as.clone()).collect();
        let esco = ["https://esco.example/rust".to_owned(), "https://www.wikidata.org/wiki/Q575650".into()];
        assert_eq!(links, [esco.to_vec(), vec![], vec![], vec!["https://www.wikidata.org/wiki/Q1".to_owned()]]);
        assert_eq!(
            names,
            [("Rust", Stance::Learning), ("Torque", Stance::Knows), ("Kafka", Stance::Ask), ("Q1", Stance::Knows)]
        );
        assert_eq!(
            (ours.title.as_str(), ours.department.as_str(), ours.site.as_str()),
            ("Engineer", "Bench 3", "Lyon")
        );
        assert_eq!((ours.languages, ours.left_on.as_deref()), (vec!["fr".to_owned(), "en".into()], Some("2026-11-26")));
        for prefix in ["sdo:", "schema:", "http://schema.org/", "https://schema.org/", "http://schema.org#"] {
            let one = parse(serde_json::json!({
                format!("{prefix}knowsAbout"): "welding", format!("{prefix}jobTitle"): {"name": "Welder"},
                "https://w3id.org/watercooler/ns#timeZone": "UTC",
            }));
            assert_eq!(
                (one.skills.len(), one.title.as_str(), one.time_zone.as_str()),
                (1, "Welder", "UTC"),
                "{prefix}"
            );
        }
        assert_eq!(parse(serde_json::json!({"knowsAbout": [7, {}, [], null], "jobTitle": 3})), RemoteFacts::default());
    }

    #[test]
    fn what_is_unknown_is_kept() {
        let found = parse(
            serde_json::json!({"id": "https://a.example/u", "jobTitle": "x", "wc:badge": {"x": [1, "a"]}, "sdo:award": "gold"}),
        );
        assert_eq!(found.extra.as_deref(), Some(r#"{"wc:badge":{"x":[1,"a"]},"sdo:award":"gold"}"#));
        let huge = parse(serde_json::json!({"odd": "x".repeat(EXTRA)}));
        assert_eq!(huge.extra, None);
    }
}
