//! The project in an actor document: read liberally, as text or object, one or many, under any spelling of its terms.

use super::facts::{skill, skill_name};
use crate::{
    domain::{
        html::{cut, plain_text},
        people::LINK_BYTES,
        projects::{
            RemoteProject,
            fields::{FEW, PURPOSE, REASON, TAG, TAGS, VENDOR, term_key},
            relations::RELATIONS,
        },
    },
    federation::json::Json,
    model::{RelationKind, WorkState},
    uri,
};
use std::collections::BTreeMap;

/// Bytes of what is kept of properties that this program does not know.
const REST: usize = 16 * 1024;

/// Where our terms and those of schema.org are found, behind the plain name.
const SCHEMA: [&str; 6] =
    ["sdo:", "schema:", "https://schema.org/", "http://schema.org/", "http://schema.org#", "https://schema.org#"];
const OURS: [&str; 2] = ["wc:", "https://w3id.org/watercooler/ns#"];

/// What every actor has, and what is read here: the rest is kept as it is.
const KNOWN: &[&str] = &[
    "@context",
    "id",
    "type",
    "inbox",
    "outbox",
    "followers",
    "following",
    "liked",
    "featured",
    "featuredTags",
    "featuredCollections",
    "interactionPolicy",
    "showFeatured",
    "showMedia",
    "showRepliesInMedia",
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
    "icon",
    "image",
    "alsoKnownAs",
    "movedTo",
    "attributionDomains",
    "generator",
    "implements",
    "attributedTo",
    "startTime",
    "proof",
    "signature",
];
const KNOWN_SCHEMA: &[&str] =
    &["additionalType", "knowsAbout", "member", "parentOrganization", "description", "inLanguage", "sameAs"];
const KNOWN_OURS: &[&str] = &[
    "kind",
    "workState",
    "stateSince",
    "stateReason",
    "lead",
    "lookingFor",
    "vendor",
    "relatedTo",
    "sameWorkAs",
    "supersedes",
    "reason",
];

fn find<'j>(json: &'j Json, name: &str, prefixes: &[&str]) -> &'j Json {
    static NOTHING: Json = Json::Null;
    let plain = json.get(name);
    if !plain.is_null() {
        return plain;
    }
    let spelt = prefixes.iter().map(|prefix| json.get(&format!("{prefix}{name}"))).find(|value| !value.is_null());
    spelt.unwrap_or(&NOTHING)
}

fn ours<'j>(json: &'j Json, name: &str) -> &'j Json {
    find(json, name, &OURS)
}

fn schema<'j>(json: &'j Json, name: &str) -> &'j Json {
    find(json, name, &SCHEMA)
}

fn line(text: &str, most: usize) -> String {
    let text = plain_text(cut(text, 16 * most));
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().take(most).collect()
}

/// Text, or the name of a thing.
fn name_of(value: &Json) -> Option<&str> {
    value.as_text().or_else(|| value.text("name")).or_else(|| schema(value, "name").as_text())
}

/// Texts, or the names of things.
fn names(values: &Json, most: usize, each: usize, name_of: fn(&Json) -> Option<&str>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for value in values.items().take(2 * most) {
        let name = line(name_of(value).unwrap_or("").trim_start_matches('#'), each);
        if !name.is_empty() && !out.contains(&name) && out.len() < most {
            out.push(name);
        }
    }
    out
}

/// Where the terms of these lists are described, by their names in lower case; the first that says so is believed.
fn term_links(lists: [&Json; 2]) -> BTreeMap<String, Vec<String>> {
    let mut out = BTreeMap::new();
    for value in lists.into_iter().flat_map(|list| list.items().take(2 * TAGS)) {
        let Some(term) = skill(value) else { continue };
        let name = term_key(&line(&term.name, TAG));
        let links: Vec<String> = term.same_as.into_iter().filter(|link| link.len() <= LINK_BYTES).collect();
        if !name.is_empty() && !links.is_empty() && out.len() < 2 * TAGS {
            out.entry(name).or_insert(links);
        }
    }
    out
}

/// Reads a project; none when the document is not one.
pub fn read(json: &Json) -> Option<RemoteProject> {
    let bare = |word: &str| word.rsplit(['#', '/', ':']).next() == Some("project");
    let is_kind = ours(json, "kind").items().filter_map(Json::as_text).any(bare);
    let is_type = schema(json, "additionalType").items().any(|value| {
        let address = value.as_text().map(str::to_owned).or_else(|| value.as_uri()).unwrap_or_default();
        SCHEMA.iter().any(|prefix| address.strip_prefix(prefix) == Some("Project"))
    });
    if !is_kind && !is_type {
        return None;
    }
    let id = json.id()?;
    let word = |name| ours(json, name).items().find_map(Json::as_text).unwrap_or("");
    let state = word("workState").rsplit(['#', '/', ':']).next().unwrap_or("").to_lowercase();
    let state: WorkState = state.parse().unwrap_or(WorkState::Active);
    let language = schema(json, "inLanguage").items().find_map(Json::as_text).unwrap_or("");
    let organisation = schema(json, "parentOrganization").items().next();
    Some(RemoteProject {
        purpose: purpose(json, state),
        tags: names(schema(json, "knowsAbout"), TAGS, TAG, skill_name),
        state,
        state_since: ours(json, "stateSince").items().find_map(Json::as_text).and_then(crate::time::Timestamp::parse),
        state_reason: line(word("stateReason"), REASON),
        lead: ours(json, "lead").items().find_map(Json::as_uri),
        looking_for: names(ours(json, "lookingFor"), TAGS, TAG, skill_name),
        term_links: term_links([schema(json, "knowsAbout"), ours(json, "lookingFor")]),
        vendor: names(ours(json, "vendor"), FEW, VENDOR, name_of),
        links: schema(json, "sameAs").items().filter_map(Json::as_uri).take(FEW).collect(),
        language: Some(language.to_lowercase()).filter(|tag| (2..=35).contains(&tag.len())),
        site: organisation
            .and_then(|o| o.text("name").or_else(|| schema(o, "name").as_text()).or_else(|| o.as_text()))
            .map(|name| line(name, TAG))
            .filter(|name| !name.is_empty()),
        started: json.time("startTime"),
        members: schema(json, "member").items().find_map(Json::as_uri).filter(|m| uri::same_authority(m, &id)),
        relations: relations(json, &id),
        rest: rest(json),
    })
}

/// The plain description; else the bio without the state it begins with and the hashtags it ends in.
fn purpose(json: &Json, state: WorkState) -> String {
    let bounded = |text: &str| text.trim().chars().take(PURPOSE).collect::<String>();
    if let Some(text) = schema(json, "description").items().find_map(Json::as_text) {
        return bounded(&plain_text(cut(text, 16 * PURPOSE)));
    }
    let bio = json.text("summary").or_else(|| json.one("summaryMap").members().find_map(|(_, v)| v.as_text()));
    let bio = plain_text(cut(bio.unwrap_or(""), 16 * PURPOSE));
    let bio = bio.trim();
    match bio.split_once(". ") {
        Some((first, rest)) if crate::domain::projects::words::state_of(&first.to_lowercase()) == Some(state) => {
            bounded(rest)
        }
        _ => bounded(bio),
    }
}

fn relations(json: &Json, own: &str) -> Vec<(RelationKind, String, String)> {
    let said = ours(json, "reason").items().find_map(Json::as_text);
    let mut out: Vec<(RelationKind, String, String)> = Vec::new();
    let kinds = [
        (RelationKind::Related, "relatedTo"),
        (RelationKind::Same, "sameWorkAs"),
        (RelationKind::Supersedes, "supersedes"),
    ];
    for (kind, name) in kinds {
        for value in ours(json, name).items() {
            let Some(other) = value.as_uri().filter(|other| other != own) else { continue };
            if out.len() as i64 >= RELATIONS || out.iter().any(|(_, known, _)| *known == other) {
                continue;
            }
            let reason = ours(value, "reason").as_text().map(|text| line(text, REASON)).unwrap_or_default();
            out.push((kind, other, reason));
        }
    }
    // One reason beside one relation is its reason.
    if let ([only], Some(said)) = (out.as_mut_slice(), said)
        && only.2.is_empty()
    {
        only.2 = line(said, REASON);
    }
    out
}

fn rest(json: &Json) -> String {
    let unknown = json.members().filter(|(key, _)| {
        let bare = |prefixes: &[&str]| prefixes.iter().find_map(|p| key.strip_prefix(p)).unwrap_or(key).to_owned();
        !KNOWN.contains(key)
            && !KNOWN_OURS.contains(&bare(&OURS).as_str())
            && !KNOWN_SCHEMA.contains(&bare(&SCHEMA).as_str())
    });
    let kept = Json::Object(unknown.map(|(key, value)| (key.to_owned(), value.clone())).collect());
    serde_json::to_string(&kept).ok().filter(|text| text.len() <= REST).unwrap_or_else(|| "{}".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: serde_json::Value) -> Option<RemoteProject> {
        read(&Json::parse(text.to_string().as_bytes()).unwrap())
    }

    #[test]
    fn a_project_is_read_in_any_spelling() {
        let plain = parse(serde_json::json!({
            "id": "https://lyon.example/users/quiet", "type": "Group", "kind": "project", "workState": "paused",
            "summary": "<p>Paused. Find why bearing B7 hums.</p>", "lead": "https://lyon.example/users/alice",
            "knowsAbout": [{"type": "DefinedTerm", "name": "Bearings", "termCode": "bearings"}, "noise"],
            "lookingFor": {"type": "DefinedTerm", "termCode": "acoustics"}, "vendor": "SoundCam rental",
            "parentOrganization": {"type": "Organization", "name": "Lyon"},
            "relatedTo": "https://hq.example/users/other", "reason": "other bearing", "budgetCode": "B7",
        }))
        .unwrap();
        assert_eq!((plain.state, plain.purpose.as_str()), (WorkState::Paused, "Find why bearing B7 hums."));
        assert_eq!(
            (plain.tags, plain.looking_for),
            (vec!["Bearings".into(), "noise".into()], vec!["acoustics".into()])
        );
        assert_eq!((plain.vendor, plain.site.as_deref()), (vec!["SoundCam rental".into()], Some("Lyon")));
        let related = (RelationKind::Related, "https://hq.example/users/other".into(), "other bearing".into());
        assert_eq!((plain.relations, plain.rest.as_str()), (vec![related], r#"{"budgetCode":"B7"}"#));
        let spelt = parse(serde_json::json!({
            "@id": "https://lyon.example/users/quiet", "@type": "Group",
            "http://schema.org/additionalType": {"@id": "http://schema.org/Project"},
            "wc:workState": ["https://w3id.org/watercooler/ns#done"], "sdo:description": "Quiet <b>bearings</b>",
            "https://w3id.org/watercooler/ns#supersedes": [{"id": "https://hq.example/users/a", "reason": "newer"}],
            "https://w3id.org/watercooler/ns#lead": {"id": "https://lyon.example/users/alice", "type": "Person"},
        }))
        .unwrap();
        assert_eq!((spelt.state, spelt.lead.as_deref()), (WorkState::Done, Some("https://lyon.example/users/alice")));
        assert_eq!(spelt.relations, [(RelationKind::Supersedes, "https://hq.example/users/a".into(), "newer".into())]);
        assert_eq!(spelt.purpose, "Quiet bearings");
        // Skills are called as those of people are; what was bought is text, whatever it looks like.
        let addressed = parse(serde_json::json!({
            "id": "https://lyon.example/users/quiet", "type": "Group", "kind": "project",
            "knowsAbout": ["https://www.wikidata.org/wiki/Q102047/", {"id": "https://lyon.example/tags/noise"},
                           {"id": "https://lyon.example/tags/x", "name": "Hum"}, {"sdo:termCode": "cages"}, {}, 7],
            "lookingFor": {"id": "https://lyon.example/tags/acoustics"}, "vendor": ["https://soundcam.example"],
        }))
        .unwrap();
        assert_eq!(addressed.tags, ["Q102047", "noise", "Hum", "cages"]);
        assert_eq!(addressed.looking_for, ["acoustics"]);
        // An address alone is what is meant.
        assert_eq!(addressed.term_links["q102047"], ["https://www.wikidata.org/wiki/Q102047/"]);
        let described = parse(serde_json::json!({
            "id": "https://lyon.example/users/quiet", "type": "Group", "wc:kind": ["wc:project"],
            "sdo:knowsAbout": {"sdo:name": "#Bearings", "schema:sameAs": {"id": "https://www.wikidata.org/wiki/Q102047"}},
            "wc:lookingFor": [{"name": "Acoustics", "sameAs": ["https://esco.example/1", "https://esco.example/2"]}, "x"],
        }))
        .unwrap();
        assert_eq!(described.term_links["bearings"], ["https://www.wikidata.org/wiki/Q102047"]);
        assert_eq!(described.term_links["acoustics"], ["https://esco.example/1", "https://esco.example/2"]);
        assert_eq!(described.term_links.len(), 2);
        assert_eq!(addressed.vendor, ["https://soundcam.example"]);
        assert!(parse(serde_json::json!({"id": "https://a.example/g", "type": "Group", "name": "Tea"})).is_none());
    }
}
