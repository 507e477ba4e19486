//! The four decoders (`tests/it/support/answers.rs`): that they refuse what the apps refuse, and that no endpoint goes round
//! them.

use crate::support::{
    answers,
    decoders::{APPS, Decoders, Rule},
    schema::Schema,
};
use serde_json::{Value, json};

/// A value that is of no kind like this one.
fn something_else(kind: &str) -> Value {
    match kind {
        "text" | "id" | "url" | "moment" | "date" => json!(7),
        "bool" => json!("true"),
        _ => json!("7"),
    }
}

fn with(document: &Value, field: &str, value: Value) -> Value {
    let mut changed = document.clone();
    changed[field] = value;
    changed
}

fn without(document: &Value, field: &str) -> Value {
    let mut changed = document.clone();
    changed.as_object_mut().unwrap().remove(field);
    changed
}

#[test]
fn each_decoder_refuses_a_document_without_a_field_that_its_app_needs() {
    let decoders = Decoders::get();
    let mut refused = 0;
    for shape in decoders.shapes() {
        let whole = decoders.example(shape);
        for (app, name) in APPS {
            let decodes = |document: &Value| decoders.faults(app, shape, document).is_empty();
            assert!(decodes(&whole), "{name}: {:?} {whole:#}", decoders.faults(app, shape, &whole));
            let rules = decoders.rules(shape);
            for rule in &rules {
                let about = |other: &&&Rule| other.field == rule.field;
                let needed = rules.iter().filter(about).any(|other| other.apps.contains(app));
                for broken in [without(&whole, &rule.field), with(&whole, &rule.field, Value::Null)] {
                    assert_eq!(decodes(&broken), !needed, "{name} {shape}.{}: {broken:#}", rule.field);
                    refused += u32::from(needed);
                }
                let strange = with(&whole, &rule.field, something_else(&rule.kind));
                let one_of = rule.kind.starts_with("one:");
                assert!(!decodes(&strange) || (one_of && !rule.apps.contains(app)), "{name} {shape}.{}", rule.field);
                if rule.kind.starts_with('[') {
                    let with_null = with(&whole, &rule.field, json!([null]));
                    assert!(!decodes(&with_null), "{name} {shape}.{}: a null among others", rule.field);
                }
            }
        }
    }
    assert!(refused > 500, "{refused}");
}

#[test]
fn each_decoder_refuses_what_is_particular_to_its_app() {
    let decoders = Decoders::get();
    let who_refuses = |shape: &str, document: &Value| -> String {
        APPS.iter().filter(|(app, _)| !decoders.faults(*app, shape, document).is_empty()).map(|(app, _)| app).collect()
    };
    let post = decoders.example("Status");
    // A date without milliseconds: one shows the present, one throws.
    assert_eq!(who_refuses("Status", &with(&post, "created_at", json!("2026-07-02T07:47:51Z"))), "IC");
    assert_eq!(who_refuses("Status", &with(&post, "created_at", json!("yesterday"))), "TAIC");
    assert_eq!(who_refuses("Status", &with(&post, "visibility", json!("local"))), "AC");
    assert_eq!(who_refuses("Status", &with(&post, "id", json!("01J9ZB"))), "TAIC");
    // One bad post, however deep, and the whole answer is lost.
    let page = json!({"ancestors": [], "descendants": [post, without(&post, "mentions")]});
    assert_eq!(who_refuses("Context", &page), "TAIC");
    let boost = with(&post, "reblog", without(&post, "content"));
    assert_eq!(who_refuses("Status", &boost), "TC");
    assert_eq!(
        answers::faults("array<Status>", &json!([without(&post, "tags")]))
            .iter()
            .filter(|f| f.contains("tags is needed"))
            .count(),
        3
    );
    // Addresses that are empty texts.
    let emoji = decoders.example("CustomEmoji");
    assert_eq!(who_refuses("CustomEmoji", &with(&emoji, "url", json!(""))), "TAIC");
    assert_eq!(who_refuses("PreviewCard", &with(&decoders.example("PreviewCard"), "image", json!(""))), "TAIC");
    assert_eq!(who_refuses("PreviewCard", &with(&decoders.example("PreviewCard"), "image", Value::Null)), "");
    // Attachments: a picture without its file, a film without its picture.
    let file =
        |kind: &str, url: Value, preview: Value| json!({"id": "1", "type": kind, "url": url, "preview_url": preview});
    let there = json!("https://alpha.test/a");
    assert_eq!(who_refuses("MediaAttachment", &file("image", there.clone(), Value::Null)), "");
    assert_eq!(who_refuses("MediaAttachment", &file("video", there.clone(), Value::Null)), "A");
    assert_eq!(who_refuses("MediaAttachment", &file("audio", Value::Null, Value::Null)), "TA");
    // Polls of somebody who is signed in say how they voted.
    let poll = decoders.example("Poll");
    assert_eq!(who_refuses("Poll", &without(&poll, "own_votes")), "A");
    assert_eq!(who_refuses("Poll", &without(&without(&poll, "own_votes"), "voted")), "");
    // Numbers: of notifications as numbers, of subscriptions as small ones.
    let group = decoders.example("NotificationGroup");
    assert_eq!(who_refuses("NotificationGroup", &with(&group, "most_recent_notification_id", json!("12"))), "TAIC");
    assert_eq!(who_refuses("NotificationGroup", &without(&group, "most_recent_notification_id")), "AC");
    let push = decoders.example("WebPushSubscription");
    assert_eq!(who_refuses("WebPushSubscription", &with(&push, "id", json!(2_147_483_648_i64))), "TA");
    // What a filter does, which a client before 4.4 does not know, loses every post that it marks.
    let filter = decoders.example("MatchedFilter");
    assert_eq!(who_refuses("MatchedFilter", &with(&filter, "filter_action", json!("blur"))), "C");
    let error = json!({"error": "no", "details": {"username": [{"error": "ERR_TAKEN"}]}});
    assert_eq!(who_refuses("Error", &error), "A");
}

#[test]
fn every_endpoint_that_is_built_says_what_it_answers() {
    let schema = Schema::get();
    let table = include_str!("../endpoints.csv");
    let mut built = 0;
    for row in table.lines().skip(1).filter(|row| row.ends_with(",yes")) {
        let [method, path] = row.split(',').collect::<Vec<_>>()[..2] else { panic!("{row}") };
        let plain = |path: &str| {
            path.split('/').map(|p| if p.starts_with(':') { ":" } else { p }).collect::<Vec<_>>().join("/")
        };
        let method = if method == "PATCH" { "PUT" } else { method };
        let lines = answers::lines().iter().filter(|line| line.method == method && plain(&line.path) == plain(path));
        assert_eq!(lines.count(), 1, "{row}: say in tests/answers.txt what it answers");
        built += 1;
    }
    assert_eq!(built, answers::lines().len(), "a line of tests/answers.txt is about nothing that is built");
    for line in answers::lines().iter().filter(|line| line.kind != "other") {
        // A shape that is not known is a panic.
        schema.faults_of_kind(&line.kind, &json!({"x": [{}]}));
        schema.faults_of_kind(&line.kind, &json!([{}]));
    }
    // What an app decodes, and needs a field of, has a shape: the two tables name the same things.
    let inside = ["ErrorDetail", "MatchedFilter", "ScheduledStatus::Params"];
    for shape in Decoders::get().shapes().filter(|shape| !inside.contains(shape)) {
        for rule in Decoders::get().rules(shape) {
            let away = schema.faults(shape, &json!({}));
            let field = format!("{shape}.{} is missing", rule.field);
            let unsure = rule.when.is_some() || away.contains(&field) || schema.may_be_away(shape, &rule.field);
            assert!(unsure, "{shape}.{} stands in no line of tests/entities.txt", rule.field);
        }
    }
}

#[test]
fn answers_are_found_by_method_and_path() {
    for (method, path, kind) in [
        ("GET", "/api/v1/accounts/lookup", Some("Account")),
        ("GET", "/api/v1/accounts/12", Some("Account")),
        ("GET", "/api/v1/accounts/search/", Some("array<Account>")),
        ("PUT", "/api/v1/accounts/update_credentials", Some("CredentialAccount")),
        ("GET", "/api/v2/filters/keywords/3", Some("FilterKeyword")),
        ("GET", "/api/v2/filters/3/keywords", Some("array<FilterKeyword>")),
        ("GET", "/api/v1/nothing", None),
        ("POST", "/api/v1/timelines/home", None),
    ] {
        assert_eq!(answers::kind_of(method, path), kind, "{method} {path}");
    }
}

/// Fields of the facts that stand elsewhere in our table, or nowhere, and why.
const ELSEWHERE: [(&str, &str); 8] = [
    ("MutedAccount.", "an Account with one field more"),
    ("Trends::Link.", "its days have a shape of their own, History"),
    ("Admin::Measure.", "what may be asked for, not what is answered"),
    ("Data.", "what a dimension may be asked for; its lines stand in Admin::Dimension"),
    ("CohortData.", "its lines stand in Admin::Cohort"),
    ("Collection.collection", "the object around it, OneCollection and Collections"),
    ("CollectionItem.collection_item", "the object around it, OneItem"),
    ("AnnualReport.", "there are none; the object around them is AnnualReports"),
];

/// The facts of the API's documentation, where there are some: in the file that `API_FACTS` names, or beside the checkout.
#[test]
fn the_table_of_shapes_lacks_nothing_of_the_facts() {
    let beside = || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/api/mastodon-api-facts.json");
    let file: std::path::PathBuf = std::env::var_os("API_FACTS").map_or_else(beside, Into::into);
    let Ok(text) = std::fs::read_to_string(&file) else {
        assert!(std::env::var_os("API_FACTS").is_none(), "API_FACTS names no file");
        eprintln!("skipped: no facts beside the checkout, and API_FACTS names none");
        return;
    };
    let (facts, schema) = (serde_json::from_str::<Value>(&text).unwrap(), Schema::get());
    let mut lacking = Vec::new();
    for (shape, fields) in facts["entities"].as_object().unwrap() {
        for fact in fields.as_array().unwrap() {
            let field = fact["field"].as_str().unwrap();
            let name = format!("{shape}.{field}");
            let elsewhere = ELSEWHERE.iter().any(|(start, _)| name.starts_with(start));
            if !elsewhere && let Some(fault) = schema.looser_than(shape, fact) {
                lacking.push(format!("{name}: {fault}"));
            }
        }
    }
    assert!(lacking.is_empty(), "{}", lacking.join("\n"));
}
