//! `doctor`: each fault is found, and each finding says what to do.

use crate::{
    cli::Place,
    organisation::next,
    support::{
        NOW, Node, NodeBuilder,
        organisation::{alone, behind_tls, brings_in, found, offers, org},
        settle,
    },
};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use watercooler::{
    cli::doctor::{self, DoctorArgs},
    config::{PeerEntry, Scheme},
    crypto::PrivateKey,
    time::{Clock, Timestamp},
};

/// What is found, whatever it is: what is not as it should be comes with what to do.
async fn look(node: &Node) -> Value {
    let report = doctor::run(&node.app, &DoctorArgs::default()).await.unwrap();
    for finding in report["findings"].as_array().unwrap() {
        assert!(finding["state"] == "ok" || finding["to_do"].as_str().is_some_and(|text| text.len() > 10), "{finding}");
    }
    report
}

fn findings<'a>(report: &'a Value, check: &str) -> Vec<&'a Value> {
    report["findings"].as_array().unwrap().iter().filter(|finding| finding["check"] == check).collect()
}

fn problems(report: &Value) -> Vec<String> {
    let all = report["findings"].as_array().unwrap().iter().filter(|finding| finding["state"] == "problem");
    all.map(|finding| format!("{} {}", finding["check"].as_str().unwrap(), finding["found"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn a_healthy_organisation_has_no_problem_and_is_tried_in_both_directions() {
    let clock = Clock::fixed(NOW);
    let (hq, lyon, oslo) = (alone("hq", &clock).await, alone("lyon", &clock).await, alone("oslo", &clock).await);
    found(&hq).await;
    brings_in(&hq, &lyon).await;
    brings_in(&hq, &oslo).await;
    settle(&[&hq, &lyon, &oslo]).await;
    let report = look(&hq).await;
    assert_eq!(problems(&report), Vec::<String>::new());
    for check in ["reach", "reached by"] {
        let about: Vec<&Value> = findings(&report, check).iter().map(|finding| &finding["about"]).collect();
        assert_eq!(about, [&json!(lyon.domain), &json!(oslo.domain)], "{check}: {report}");
    }
    assert_eq!(findings(&report, "clock")[0]["found"], "at most 0 seconds from the others'");
    assert_eq!(findings(&report, "charter key").len(), 1);
    // PostgreSQL has checks of its own.
    let embedded = hq.app.read(|conn| Ok(conn.dialect() == watercooler::db::Dialect::Sqlite)).await.unwrap();
    let integrity: Vec<&str> =
        findings(&report, "integrity").iter().map(|finding| finding["state"].as_str().unwrap()).collect();
    assert_eq!(integrity, if embedded { vec!["ok"] } else { Vec::new() });
    assert_eq!(findings(&report, "backup")[0]["state"], "warning");
}

#[tokio::test]
async fn a_node_that_is_down_or_has_a_wrong_clock_is_named() {
    let clock = Clock::fixed(NOW);
    let hq = alone("hq", &clock).await;
    let (lyon, oslo) = (alone("lyon", &Clock::fixed(NOW)).await, alone("oslo", &Clock::fixed(NOW)).await);
    found(&hq).await;
    brings_in(&hq, &lyon).await;
    brings_in(&hq, &oslo).await;
    settle(&[&hq, &lyon, &oslo]).await;
    lyon.clock.advance(200_000);
    let report = look(&hq).await;
    let clock = findings(&report, "clock")[0];
    assert_eq!(
        (&clock["state"], &clock["found"]),
        (&json!("warning"), &json!(format!("200 seconds from the clock of {}", lyon.domain)))
    );
    let domain = oslo.domain.clone();
    drop(oslo);
    let report = look(&hq).await;
    let found = findings(&report, "reach").into_iter().find(|finding| finding["about"] == domain.as_str()).unwrap();
    assert_eq!(found["state"], "problem");
    assert!(found["to_do"].as_str().unwrap().contains("firewalls"), "{found}");
    assert_eq!(report["state"], "problem");
}

#[tokio::test]
async fn a_charter_that_names_this_node_otherwise_than_it_is_is_a_problem() {
    let clock = Clock::fixed(NOW);
    let (hq, lyon) = (alone("hq", &clock).await, alone("lyon", &clock).await);
    let key = found(&hq).await;
    brings_in(&hq, &lyon).await;
    settle(&[&hq, &lyon]).await;
    let own = |report: &Value| -> Vec<Value> {
        findings(report, "charter").into_iter().filter(|finding| finding["state"] == "problem").cloned().collect()
    };
    assert_eq!(own(&look(&lyon).await), Vec::<Value>::new());
    // As after a restore of somebody else's keys.
    let other = PrivateKey::generate_ed25519().unwrap().public_multikey();
    let document = next(&hq, &key, |charter| {
        charter.nodes.iter_mut().filter(|node| node.domain == lyon.domain).for_each(|node| node.key = other.clone());
    })
    .await;
    assert_eq!(offers(&hq, &lyon, &document).await.status, 200);
    let found = own(&look(&lyon).await);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0]["found"].as_str().unwrap().contains("other keys"), "{found:?}");
    assert!(found[0]["to_do"].as_str().unwrap().contains("org join CODE"), "{found:?}");
}

#[tokio::test]
async fn the_way_back_is_tried_by_the_other_node() {
    let clock = Clock::fixed(NOW);
    let (hq, lyon) = (alone("hq", &clock).await, alone("lyon", &clock).await);
    found(&hq).await;
    brings_in(&hq, &lyon).await;
    settle(&[&hq, &lyon]).await;
    // Lyon blocks hq: from there the way is closed, from here it is open.
    let block = watercooler::peers::NewBlock {
        domain: hq.domain.clone(),
        severity: watercooler::net::Severity::Suspend,
        reject_media: false,
        reject_reports: false,
        comment: String::new(),
        ..watercooler::peers::NewBlock::default()
    };
    watercooler::peers::block(&lyon.app, watercooler::domain::audit::Staff::console(), block).await.unwrap();
    let report = look(&hq).await;
    assert_eq!(findings(&report, "reach")[0]["state"], "ok", "{report}");
    let back = findings(&report, "reached by")[0];
    assert_eq!(back["state"], "problem", "{report}");
    assert!(back["found"].as_str().unwrap().contains("blocked"), "{back}");
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_told_apart_from_a_name_that_is_unknown() {
    let clock = Clock::fixed(NOW);
    let secure = behind_tls("secure", &clock).await;
    let port: u16 = secure.app.site().domain().rsplit_once(':').unwrap().1.parse().unwrap();
    let entry = |domain: &str| PeerEntry {
        domain: domain.to_owned(),
        addresses: vec!["127.0.0.0/8".parse().unwrap()],
        port: Some(port),
        scheme: Scheme::Https,
        ca_file: None,
    };
    let node = NodeBuilder::new("alpha").await.config(|config| {
        config.federation.peer = vec![entry("secure.test"), entry("nowhere.example")];
    });
    let node = node.start().await;
    let report = look(&node).await;
    let of = |name: &str| {
        let all = findings(&report, "reach");
        all.into_iter().find(|finding| finding["about"].as_str().unwrap().starts_with(name)).cloned().unwrap()
    };
    assert!(of("secure")["to_do"].as_str().unwrap().contains("--ca-file"), "{}", of("secure"));
    assert_eq!(of("nowhere")["to_do"], "correct DNS", "{}", of("nowhere"));
}

#[tokio::test]
async fn a_server_of_other_software_reaches_us_when_it_spoke() {
    let (a, b) = Node::two().await;
    let (ada, bob) = (a.member("ada").await, b.member("bob").await);
    let report = look(&a).await;
    assert_eq!(findings(&report, "reach")[0]["state"], "ok", "{report}");
    assert!(findings(&report, "reached by")[0]["found"].as_str().unwrap().starts_with("unknown"));
    let found = bob.get(&format!("/api/v2/search?resolve=true&q=@{}", a.handle("ada"))).await.ok();
    let id = found["accounts"][0]["id"].as_str().unwrap();
    bob.post(&format!("/api/v1/accounts/{id}/follow"), json!({})).await.ok();
    settle(&[&a, &b]).await;
    assert_eq!(ada.get(&format!("/api/v1/accounts/{}/followers", ada.id)).await.ok().as_array().unwrap().len(), 1);
    let report = look(&a).await;
    assert!(findings(&report, "reached by")[0]["found"].as_str().unwrap().contains("spoke"), "{report}");
}

#[test]
fn the_command_answers_alone_and_beside_a_server_and_fails_while_a_problem_stands() {
    let place = Place::new();
    place.json(&["account", "create", "ada", "--json"]);
    let report = place.json(&["doctor", "--json"]);
    assert_eq!((&report["state"], &report["problems"]), (&json!("warning"), &json!(0)), "{report}");
    assert_eq!(findings(&report, "server")[0]["state"], "warning");
    let server = place.serve();
    let report = place.json(&["doctor", "--offline", "--json"]);
    assert_eq!(findings(&report, "server")[0]["state"], "ok");
    drop(server);
    let key = place.path().join("data/secret.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let output = place.run(&["doctor", "--offline"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("PROBLEM  secret.key") && text.contains("-> chmod 600"), "{text}");
}

#[test]
fn a_settings_file_with_secrets_that_others_can_read_is_named() {
    let place = Place::embedded();
    let file = place.path().join("watercooler.toml");
    let look = || findings(&place.json(&["doctor", "--offline", "--json"]), "settings").first().cloned().cloned();
    let open = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    open(0o644);
    assert_eq!(look(), None, "nothing in it is secret");
    place.settings("[metrics]\ntoken = \"hunter2\"\n");
    open(0o644);
    for alone in [true, false] {
        let server = (!alone).then(|| place.serve());
        let finding = look().unwrap();
        assert_eq!(finding["state"], "warning");
        let (found, to_do) = (finding["found"].as_str().unwrap(), finding["to_do"].as_str().unwrap());
        assert!(found.contains("mode 644") && found.ends_with("metrics.token"), "{found}");
        assert!(to_do.starts_with(&format!("chmod 600 {}", file.display())), "{to_do}");
        assert!(!finding.to_string().contains("hunter2"));
        drop(server);
    }
    open(0o640);
    assert_eq!(look(), None, "its owner and their group");
}

#[tokio::test]
async fn a_node_is_looked_at_under_its_own_public_name_though_it_knows_no_other() {
    let node = Node::start().await;
    node.citizen_with("boss", watercooler::model::Role::Owner).await;
    let report = look(&node).await;
    assert_eq!(findings(&report, "own name")[0]["state"], "ok", "{report}");
    let handle = format!("@{} leads here", node.handle("boss"));
    assert_eq!(findings(&report, "webfinger")[0]["found"], handle.as_str(), "{report}");
    // Another server has the name.
    let other = crate::support::Peer::start("taken").await;
    let name = other.authority.clone();
    let node = NodeBuilder::new("alpha").await.config(|config| {
        config.public_url = Some(format!("http://{name}").parse().unwrap());
        config.domain = name;
    });
    let node = node.start().await;
    node.citizen_with("boss", watercooler::model::Role::Owner).await;
    let report = look(&node).await;
    for check in ["own name", "webfinger"] {
        let finding = findings(&report, check)[0];
        assert_eq!(finding["state"], "problem", "{finding}");
        assert!(finding["to_do"].as_str().unwrap().len() > 10);
    }
}

#[tokio::test]
async fn its_own_certificate_is_named_before_it_ends_and_is_a_problem_afterwards() {
    // The certificate of the tests is good until 2126-10-30.
    let clock = Clock::fixed(Timestamp::parse("2126-01-01T12:00:00Z").unwrap());
    let secure = behind_tls("secure", &clock).await;
    let ca = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tls/ca.pem");
    org(&secure, &["init", "--name", "Example", "--address", "127.0.0.0/8", "--ca-file", ca]).await.unwrap();
    let state = async || {
        let report = look(&secure).await;
        let own = findings(&report, "certificate");
        assert_eq!(own.len(), 1, "{report}");
        let text = |name: &str| own[0][name].as_str().unwrap_or_default().to_owned();
        assert_eq!(text("found"), "good until 2126-10-30");
        (text("state"), text("to_do"))
    };
    assert_eq!(state().await.0, "ok");
    for (moment, wanted) in [("2126-10-20T12:00:00Z", "warning"), ("2126-10-31T12:00:00Z", "problem")] {
        clock.advance(Timestamp::parse(moment).unwrap().millis() - clock.now().millis());
        let (state, to_do) = state().await;
        assert!(state == wanted && to_do.contains("renew it"), "{moment}: {state} {to_do}");
    }
}
