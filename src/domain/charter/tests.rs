use super::{
    change::typed_domain,
    document::{self, LIFE, domain_name},
    lists::{self, Form},
    steward::sign_draft,
    succession, *,
};
use crate::{
    crypto::{PrivateKey, integrity},
    time::Timestamp,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const NOW: Timestamp = Timestamp::from_millis(1_795_435_200_000);

fn key() -> PrivateKey {
    PrivateKey::generate_ed25519().unwrap()
}

fn node(domain: &str) -> Member {
    Member {
        domain: domain.into(),
        department: format!("Department of {domain}"),
        actor: format!("https://{domain}/actor"),
        key: key().public_multikey(),
        http_key: String::new(),
        contact: String::new(),
        role: Office::Member,
        joined: NOW,
        software: Software::Watercooler,
        closed: false,
        addresses: Vec::new(),
        port: None,
        scheme: "https".into(),
        ca: None,
        rest: Map::new(),
    }
}

/// Version 1, its signing key, and its recovery key.
fn founded() -> (Signed, PrivateKey, PrivateKey) {
    let (signing, recovery) = (key(), key());
    let charter = Charter {
        context: Charter::contexts(),
        kind: Charter::kind(),
        id: "urn:uuid:1".into(),
        name: "Example".into(),
        version: 1,
        issued: NOW,
        expires: NOW.plus_days(LIFE),
        previous: None,
        ancestors: Vec::new(),
        keys: vec![keychain::first(&signing)],
        recovery_key: recovery.public_multikey(),
        nodes: vec![node("hq.example")],
        removed: Vec::new(),
        revoked: Vec::new(),
        policy: Policy::default(),
        aliases: BTreeMap::new(),
        rest: Map::new(),
    };
    (charter.sign(&signing).unwrap(), signing, recovery)
}

fn with(before: &Signed, key: &PrivateKey, change: &Change) -> Signed {
    let mut next = before.charter.successor(&before.hash, NOW);
    assert!(change.apply(&mut next, NOW).unwrap());
    next.sign(key).unwrap()
}

fn add(domain: &str) -> Change {
    Change::Add { node: Box::new(node(domain)) }
}

fn rotated(before: &Signed, by: &PrivateKey, new: &PrivateKey) -> Signed {
    let mut next = before.charter.successor(&before.hash, NOW);
    next.keys.push(keychain::hand_over(&before.charter, &new.public_multikey(), by, NOW).unwrap());
    next.sign(new).unwrap()
}

fn judge(offered: &Signed, ours: &Signed) -> Result<Verdict, Refused> {
    succession::judge(offered, ours, NOW)
}

fn code(refused: Result<impl Sized, Refused>) -> &'static str {
    refused.err().map_or("accepted", |refused| refused.code())
}

#[test]
fn a_charter_is_what_was_signed_and_unknown_members_survive() {
    let (first, signing, _) = founded();
    assert_eq!(document::read(first.document.clone(), NOW).unwrap(), first);
    let mut altered = first.document.clone();
    altered["nodes"][0]["department"] = json!("Sales");
    assert_eq!(code(document::read(altered, NOW)), "wrong_key");
    let mut later = first.charter.clone();
    later.rest.insert("colour".into(), json!("blue"));
    later.policy.rest.insert("coffee".into(), json!(3));
    later.nodes[0].rest.insert("floor".into(), json!(1.5));
    let later = later.sign(&signing).unwrap();
    let next = with(&later, &signing, &add("lyon.example"));
    assert_eq!(next.document["colour"], "blue");
    assert_eq!((&next.document["policy"]["coffee"], &next.document["nodes"][0]["floor"]), (&json!(3), &json!(1.5)));
    assert_eq!(next.charter.previous.as_deref(), Some(later.hash.as_str()));
    assert_eq!(integrity::hash(&next.document), next.hash);
}

#[test]
fn dates_are_held_against_the_clock_with_five_minutes_of_tolerance() {
    let (first, ..) = founded();
    let read = |now: Timestamp| code(document::read(first.document.clone(), now));
    assert_eq!(read(NOW.plus_days(LIFE)), "accepted");
    assert_eq!(read(NOW.plus_days(LIFE).plus_seconds(1)), "expired");
    assert_eq!(read(NOW.plus_seconds(-300)), "accepted");
    assert_eq!(read(NOW.plus_seconds(-301)), "future");
}

#[test]
fn nonsense_is_refused_before_it_is_believed() {
    let (first, signing, _) = founded();
    let cases: [fn(&mut Charter); 9] = [
        |c| c.nodes[0].domain = "HQ.example".into(),
        |c| c.nodes[0].addresses = vec!["10.0.0.0/99".into()],
        |c| c.nodes[0].key = "z6Mk".into(),
        |c| c.nodes[0].port = Some(8443),
        |c| c.nodes[0].actor = "ftp://hq.example/actor".into(),
        |c| c.nodes.push(c.nodes[0].clone()),
        |c| c.expires = c.issued,
        |c| c.name = " ".into(),
        |c| c.version = 0,
    ];
    for (number, change) in cases.into_iter().enumerate() {
        let mut charter = first.charter.clone();
        change(&mut charter);
        assert!(charter.sign(&signing).is_err(), "{number}");
    }
    for document in [json!(null), json!([]), json!({ "type": "Charter" }), json!({ "type": "Note" })] {
        assert_eq!(code(document::read(document, NOW)), "malformed");
    }
    assert_eq!(code(document::parse(b"{", NOW)), "malformed");
}

#[test]
fn of_two_successors_the_smaller_hash_counts_whatever_comes_first() {
    let (first, signing, _) = founded();
    let (a, b) = (with(&first, &signing, &add("a.example")), with(&first, &signing, &add("b.example")));
    let (wins, loses) = if a.hash < b.hash { (a, b) } else { (b, a) };
    assert_eq!(judge(&wins, &loses), Ok(Verdict::Overtakes));
    assert_eq!(judge(&loses, &wins), Err(Refused::Overtaken { version: 2 }));
    assert_eq!(judge(&wins, &first), Ok(Verdict::Newer));
    assert_eq!(judge(&first, &wins), Err(Refused::Older { offered: 1, ours: 2 }));
    assert_eq!(judge(&wins, &wins), Ok(Verdict::Same));
    // The one that lost knows what it must repeat.
    let lost = Change::between(&first.charter, &loses.charter);
    assert!(matches!(lost.as_slice(), [Change::Add { .. }]), "{lost:?}");
    let again = with(&wins, &signing, &lost[0]);
    assert_eq!(again.charter.nodes.len(), 3);
}

#[test]
fn another_organisation_and_another_key_are_told_apart() {
    let (first, signing, _) = founded();
    let (mut foreign, ..) = founded();
    foreign.charter.id = "urn:uuid:2".into();
    assert_eq!(code(judge(&foreign, &first)), "foreign");
    // Somebody signs in the organisation's name with a key of their own, from the first version on.
    let (impostor, ..) = founded();
    assert_eq!(code(judge(&impostor, &first)), "wrong_key");
    // Or puts another recovery key into a version: nobody may, not even the signing key.
    let mut next = first.charter.successor(&first.hash, NOW);
    next.recovery_key = key().public_multikey();
    assert_eq!(code(judge(&next.sign(&signing).unwrap(), &first)), "wrong_key");
    assert!(first.charter.successor(&first.hash, NOW).sign(&key()).is_err());
}

#[test]
fn a_key_that_was_handed_over_is_dead_and_the_recovery_key_ends_a_theft() {
    let (first, signing, recovery) = founded();
    let new = key();
    let handed = rotated(&first, &signing, &new);
    assert_eq!(judge(&handed, &first), Ok(Verdict::Newer));
    // Who missed the version with the hand-over still follows the chain.
    let third = with(&handed, &new, &add("lyon.example"));
    assert_eq!(judge(&third, &first), Ok(Verdict::Newer));
    // The old key goes on signing: of no effect, with whatever number.
    let mut old = with(&first, &signing, &add("x.example"));
    for _ in 0..5 {
        old = with(&old, &signing, &Change::Renew);
    }
    assert_eq!(judge(&old, &third), Err(Refused::OldKey));
    // A copy of it hands itself over to somebody else, with a date as early as one likes: a day later that is nothing.
    let thief = rotated(&first, &signing, &key());
    assert_eq!(succession::judge(&thief, &handed, NOW.plus_days(1)), Err(Refused::OldKey));
    // The recovery key decides, also against a thief who was believed first and is many versions ahead.
    let mut ahead = rotated(&first, &signing, &signing_of(&thief));
    ahead = with(&ahead, &signing_of(&thief), &add("thief.example"));
    let saved = rotated(&first, &recovery, &key());
    assert_eq!(judge(&saved, &ahead), Ok(Verdict::Overtakes));
    assert_eq!(judge(&ahead, &saved), Err(Refused::OldKey));
    // It signs hand-overs and nothing else.
    assert!(first.charter.successor(&first.hash, NOW).sign(&recovery).is_err());
    assert!(keychain::hand_over(&first.charter, &key().public_multikey(), &key(), NOW).is_err());
}

#[test]
fn two_stewards_who_replace_the_key_at_once_end_with_one() {
    let (first, signing, _) = founded();
    let (one, two) = (key(), key());
    let (a, b) = (rotated(&first, &signing, &one), rotated(&first, &signing, &two));
    let step = |signed: &Signed| integrity::hash(&signed.charter.keys[1]);
    let ((wins, key), (loses, other)) = if step(&a) < step(&b) { ((a, one), (b, two)) } else { ((b, two), (a, one)) };
    assert_eq!(judge(&wins, &loses), Ok(Verdict::Overtakes));
    assert_eq!(judge(&loses, &wins), Err(Refused::OldKey));
    // However many versions, and keys, either side made meanwhile.
    let ahead = with(&with(&rotated(&loses, &other, &signing), &signing, &Change::Renew), &signing, &Change::Renew);
    assert_eq!(judge(&wins, &ahead), Ok(Verdict::Overtakes));
    assert_eq!(judge(&ahead, &with(&wins, &key, &Change::Renew)), Err(Refused::OldKey));
    // Known to one another too late, each side stays with its own, until the recovery key is used.
    assert_eq!(succession::judge(&wins, &loses, NOW.plus_days(2)), Err(Refused::OldKey));
    assert_eq!(succession::judge(&loses, &wins, NOW.plus_days(2)), Err(Refused::OldKey));
}

/// Some key for the thief.
fn signing_of(_: &Signed) -> PrivateKey {
    PrivateKey::from_ed25519_seed(&[7; 32]).unwrap()
}

#[test]
fn a_forged_hand_over_is_refused() {
    let (first, signing, _) = founded();
    let (new, mut step) = (key(), Value::Null);
    for forged in 0..3 {
        let mut next = first.charter.successor(&first.hash, NOW);
        step.clone_from(&keychain::hand_over(&first.charter, &new.public_multikey(), &signing, NOW).unwrap());
        match forged {
            0 => step["previousKey"] = json!(new.public_multikey()),
            1 => step["organisation"] = json!("urn:uuid:9"),
            _ => step["proof"]["proofValue"] = json!("z111"),
        }
        next.keys.push(step.clone());
        assert!(next.sign(&new).is_err(), "{forged}");
    }
}

#[test]
fn changes_are_made_once_and_say_what_is_wrong_with_them() {
    let (first, signing, _) = founded();
    let mut charter = first.charter.clone();
    let lyon = add("lyon.example");
    assert_eq!(lyon.apply(&mut charter, NOW), Ok(true));
    assert_eq!(lyon.apply(&mut charter, NOW), Ok(false));
    let remove =
        |domain: &str| Change::Remove { domain: domain.into(), reason: "sold".into(), purge: true, keep: false };
    assert_eq!(remove("lyon.example").apply(&mut charter, NOW), Ok(true));
    assert_eq!(charter.removed[0].domain, "lyon.example");
    assert_eq!(remove("lyon.example").apply(&mut charter, NOW), Ok(false));
    assert_eq!(code(remove("hq.example").apply(&mut charter, NOW)), "invalid");
    // It may come back.
    assert_eq!(lyon.apply(&mut charter, NOW), Ok(true));
    assert!(charter.removed.is_empty());
    let mut set = |key: &str, value: &str| {
        Change::Set { key: key.into(), value: value.into() }.apply(&mut charter, NOW).map_err(|r| r.code())
    };
    assert_eq!(set("default_audience", "open"), Err("invalid"));
    assert_eq!(set("open_allowed", "true"), Ok(true));
    assert_eq!(set("default_audience", "organisation"), Ok(false));
    assert_eq!(set("retention.posts", "365"), Ok(true));
    assert_eq!(set("retention.", "365"), Err("invalid"));
    assert_eq!(set("k", "many"), Err("invalid"));
    assert_eq!(set("colour", "blue"), Err("invalid"));
    let alias = |word: &str, means: Option<&str>| Change::Alias { word: word.into(), means: means.map(str::to_owned) };
    assert_eq!(alias("#K8s", Some("Kubernetes")).apply(&mut charter, NOW), Ok(true));
    assert_eq!(charter.aliases["k8s"], "kubernetes");
    assert_eq!(alias("k8s", None).apply(&mut charter, NOW), Ok(true));
    assert_eq!(code(alias("a", Some("a")).apply(&mut charter, NOW)), "invalid");
    drop(signing);
}

#[test]
fn a_draft_is_signed_without_a_node_and_may_bring_a_new_key() {
    let (first, signing, recovery) = founded();
    let mut next = first.charter.successor(&first.hash, NOW);
    add("lyon.example").apply(&mut next, NOW).unwrap();
    let draft = serde_json::to_value(&next).unwrap();
    let signed = sign_draft(draft.clone(), &signing, None, NOW.plus_days(1)).unwrap();
    assert_eq!(judge(&signed, &first), Ok(Verdict::Newer));
    assert_eq!(signed.charter.issued, NOW.plus_days(1));
    for old in [&signing, &recovery] {
        let new = key();
        let signed = sign_draft(draft.clone(), old, Some(&new), NOW).unwrap();
        assert_eq!(judge(&signed, &first), Ok(Verdict::Newer));
        assert_eq!(signed.charter.signing_key(), new.public_multikey());
    }
    assert!(sign_draft(draft.clone(), &key(), None, NOW).is_err());
    assert!(sign_draft(json!({}), &signing, None, NOW).is_err());
}

#[test]
fn lists_are_what_other_servers_import() {
    let (first, signing, _) = founded();
    let charter = with(&first, &signing, &add("lyon.example")).charter;
    let write = |form| lists::write(&charter, form, None).unwrap();
    assert_eq!(write(Form::Csv), "#domain\nhq.example\nlyon.example\n");
    assert_eq!(lists::write(&charter, Form::Plain, Some("lyon.example")).unwrap(), "hq.example\n");
    let json: Value = serde_json::from_str(&write(Form::Json)).unwrap();
    assert_eq!(json[1]["domain"], "lyon.example");
}

#[test]
fn domains_have_one_spelling_and_codes_survive_a_letter() {
    for (typed, name) in [
        ("HQ.Example.", "hq.example"),
        ("hq.example:8443", "hq.example:8443"),
        ("bücher.example", "xn--bcher-kva.example"),
    ] {
        assert_eq!(domain_name(typed).as_deref(), Some(name), "{typed}");
    }
    for bad in ["", "a b", "https://hq.example", "*.hq.example", "hq.example/x", "a@b"] {
        assert!(typed_domain(bad).is_err(), "{bad}");
    }
    let code = Code {
        url: "https://hq.example".into(),
        fingerprint: "ab".into(),
        nonce: "n".into(),
        domain: "lyon.example".into(),
        expires: NOW,
        addresses: vec!["10.0.0.0/8".into()],
        ca: None,
    };
    let text = code.write().unwrap();
    let (start, end) = text.split_at(20);
    assert_eq!(Code::read(&format!(" {start}\r\n{end} ")).unwrap(), code);
    for bad in ["", "wc1-", "wc1-!!", &text[..30], "hello"] {
        assert_eq!(Code::read(bad), Err(Refused::NotACode));
    }
}

#[test]
fn mitra_gets_one_wildcard_where_all_nodes_are_below_one_domain_of_their_own() {
    let (signed, _, _) = founded();
    let list = |domains: &[&str]| {
        let nodes = domains.iter().map(|domain| node(domain)).collect();
        lists::write(&Charter { nodes, ..signed.charter.clone() }, Form::Mitra, None).unwrap()
    };
    assert_eq!(list(&["hq.corp.example", "fab.eu.corp.example"]), "reject *\naccept *.corp.example\n");
    assert_eq!(list(&["hq.example.com", "fab.example.com"]), "reject *\naccept *.example.com\n");
    // Below a top level, or what looks like a registry, anybody may have a name; a port is none.
    for domains in
        [["hq.com", "fab.com"], ["hq.co.uk", "fab.co.uk"], ["hq.test:81", "fab.test:82"], ["a.x.org", "b.y.org"]]
    {
        let [one, other] = domains;
        assert_eq!(list(&domains), format!("reject *\naccept {one}\naccept {other}\n"));
    }
    assert_eq!(list(&["hq.corp.example"]), "reject *\naccept hq.corp.example\n");
}
