//! Quotes between servers (FEP-044f): asked for, agreed to, proven, taken back; and the older ways to quote.

use crate::support::{Client, Node, PUBLIC, Scene, Sender, settle};
use serde_json::{Value, json};

/// The path of an address on a scripted server.
fn path<'u>(who: &Sender, url: &'u str) -> &'u str {
    url.strip_prefix(&who.peer.url("")).unwrap()
}

/// A note that its server serves.
fn serves(who: &Sender, note: &Value) {
    who.peer.serve(path(who, note["id"].as_str().unwrap()), note.clone());
}

/// A public note of somebody, known here because bob looked it up.
async fn known(s: &Scene, who: &Sender, name: &str, policy: Value) -> Value {
    let mut note = s.note(who, name, "<p>quotable</p>");
    note["interactionPolicy"] = json!({ "canQuote": policy });
    serves(who, &note);
    let query = format!("/api/v2/search?resolve=true&type=statuses&q={}", note["id"].as_str().unwrap());
    let found = s.bob.get(&query).await.ok();
    assert_eq!(found["statuses"][0]["uri"], note["id"], "{found}");
    found["statuses"][0].clone()
}

fn state(post: &Value) -> &str {
    let quote = &post["quote"];
    let state = quote["state"].as_str().unwrap_or_else(|| panic!("no quote: {post}"));
    assert_eq!(quote["quoted_status"].is_object(), state == "accepted", "{quote}");
    state
}

async fn seen(s: &Scene, uri: &str) -> String {
    state(&s.status(&s.bob, uri).await).to_owned()
}

/// What arrived of a type.
fn arrived(who: &Sender, kind: &str) -> Vec<Value> {
    who.peer.inbox().into_iter().filter(|activity| activity["type"] == kind).collect()
}

/// An authorisation of `by`, served where it says.
fn stamp(by: &Sender, name: &str, quoting: &Value, quoted: &Value) -> Value {
    let id = format!("{}/stamps/{name}", by.id);
    let stamp = json!({
        "@context": ["https://www.w3.org/ns/activitystreams", {
            "QuoteAuthorization": "https://w3id.org/fep/044f#QuoteAuthorization", "gts": "https://gotosocial.org/ns#",
            "interactingObject": {"@id": "gts:interactingObject", "@type": "@id"},
            "interactionTarget": {"@id": "gts:interactionTarget", "@type": "@id"},
        }],
        "id": id, "type": "QuoteAuthorization", "attributedTo": by.id, "interactingObject": quoting, "interactionTarget": quoted,
    });
    by.peer.serve(path(by, &id), stamp);
    json!(id)
}

/// A QuoteRequest with the quoting post in it.
fn request(who: &Sender, quoted: &str, note: Value) -> Value {
    let mut request = who.activity("QuoteRequest", quoted);
    request["instrument"] = note;
    request
}

#[tokio::test]
async fn fed_quo_01_a_quote_is_read_whatever_it_is_called_and_its_fallback_is_not_text() {
    let s = Scene::new().await;
    let own = s.note(&s.ada, "own", "<p>the first word</p>");
    serves(&s.ada, &own);
    let link = json!({
        "type": "Link", "href": own["id"], "name": "RE: x",
        "mediaType": "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"",
    });
    for (n, key) in ["quote", "quoteUrl", "quoteUri", "_misskey_quote", "tag"].into_iter().enumerate() {
        let text = "<p class=\"quote-inline\">RE: <a href=\"https://x.example/\">x</a></p><p>as I said</p>";
        let mut note = s.note(&s.ada, &format!("q{n}"), text);
        note[key] = if key == "tag" { json!([link]) } else { own["id"].clone() };
        let id = s.creates(&s.ada, &note).await;
        let status = s.status(&s.bob, &id).await;
        // One's own needs nobody's consent.
        assert_eq!((state(&status), &status["quote"]["quoted_status"]["uri"]), ("accepted", &own["id"]), "{key}");
        assert_eq!(s.post(&id).await.unwrap().content, "<p>as I said</p>", "{key}");
        let fallback = format!("RE: <a href=\"{}\"", own["id"].as_str().unwrap());
        assert!(status["content"].as_str().unwrap().contains(&fallback), "{status}");
    }
    // Without consent, of somebody else's: it waits. What is no quote keeps its text.
    let mut note = s.note(&s.ada, "other", "<p class=\"quote-inline\">RE: x</p>");
    assert!(s.status(&s.bob, &s.creates(&s.ada, &note).await).await["content"].as_str().unwrap().contains("RE: x"));
    note["id"] = json!(format!("{}/notes/another", s.ada.id));
    note["_misskey_quote"] = json!(format!("{}/notes/unknown", s.vera.id));
    let id = s.creates(&s.ada, &note).await;
    assert_eq!(seen(&s, &id).await, "pending");
    assert!(s.west.received().is_empty(), "nobody is asked about what nobody agreed to");
    // Even then the reader may follow the link.
    let link = format!("RE: <a href=\"{}/notes/unknown\"", s.vera.id);
    assert!(s.status(&s.bob, &id).await["content"].as_str().unwrap().contains(&link));
    // A quote of itself is none.
    note["id"] = json!(format!("{}/notes/self", s.ada.id));
    note["_misskey_quote"] = note["id"].clone();
    let id = s.creates(&s.ada, &note).await;
    assert!(s.status(&s.bob, &id).await["quote"].is_null());
}

#[tokio::test]
async fn fed_quo_01_fed_rob_08_a_circle_of_quotes_ends() {
    let s = Scene::new().await;
    let [mut one, mut two] = ["one", "two"].map(|name| s.note(&s.ada, name, name));
    one["quote"] = two["id"].clone();
    two["quote"] = one["id"].clone();
    serves(&s.ada, &one);
    serves(&s.ada, &two);
    let id = s.creates(&s.ada, &one).await;
    let status = s.status(&s.bob, &id).await;
    assert_eq!(state(&status), "accepted");
    assert_eq!(status["quote"]["quoted_status"]["quote"]["quoted_status_id"], status["id"]);
    // A chain is followed one step.
    for n in 0..10 {
        let mut note = s.note(&s.ada, &format!("chain{n}"), "x");
        note["quote"] = json!(format!("{}/notes/chain{}", s.ada.id, n + 1));
        serves(&s.ada, &note);
    }
    s.east.forget();
    let mut note = s.note(&s.ada, "end", "x");
    note["quote"] = json!(format!("{}/notes/chain0", s.ada.id));
    assert_eq!(seen(&s, &s.creates(&s.ada, &note).await).await, "accepted");
    let asked = s.east.received().iter().filter(|r| r.path.contains("/notes/")).count();
    assert_eq!(asked, 1);
}

#[tokio::test]
async fn fed_quo_02_whoever_asks_gets_an_authorisation_or_a_reject() {
    let s = Scene::new().await;
    let own = s.writes(&s.bob, "public", "mine").await;
    let mut note = s.note(&s.mallory, "q", "<p>look @carol</p>");
    note["quote"] = json!(own);
    note["cc"] = json!([s.uri(&s.carol)]);
    note["tag"] = json!([{"type": "Mention", "href": s.uri(&s.carol), "name": "@carol"}]);
    let asks = request(&s.mallory, &own, note.clone());
    s.sends(&s.mallory, &asks).await;
    let accepts = arrived(&s.mallory, "Accept");
    assert_eq!(accepts.len(), 1, "{accepts:?}");
    let accept = &accepts[0];
    assert_eq!((&accept["actor"], &accept["object"]["id"]), (&json!(s.uri(&s.bob)), &asks["id"]));
    assert_eq!(accept["object"]["type"], "QuoteRequest");
    let result = accept["result"].as_str().unwrap();
    let served = Client::anonymous(&s.node).get_activity(result.strip_prefix(&s.node.url("")).unwrap()).await.ok();
    assert_eq!((&served["id"], &served["type"]), (&json!(result), &json!("QuoteAuthorization")));
    assert_eq!((&served["attributedTo"], &served["interactionTarget"]), (&json!(s.uri(&s.bob)), &json!(own)));
    assert_eq!(served["interactingObject"], note["id"]);
    let terms = served["@context"].to_string();
    assert!(terms.contains("interactingObject") && terms.contains("https://w3id.org/fep/044f#QuoteAuthorization"));
    assert_eq!(seen(&s, note["id"].as_str().unwrap()).await, "accepted");
    assert_eq!(s.told(&s.bob).await, ["quote"]);
    // The Create that comes behind brings nothing new, and whoever is named was told by then.
    s.creates(&s.mallory, &note).await;
    assert_eq!((s.told(&s.bob).await, s.told(&s.carol).await), (vec!["quote".to_owned()], vec!["mention".to_owned()]));
    assert_eq!(s.status(&s.bob, &own).await["quotes_count"], 1);
    // Once more is once; the answer is the same.
    s.sends(&s.mallory, &request(&s.mallory, &own, note.clone())).await;
    assert_eq!((arrived(&s.mallory, "Accept").len(), s.told(&s.bob).await.len()), (2, 1));
    assert_eq!(s.status(&s.bob, &own).await["quotes_count"], 1);
    // By its id alone the post is fetched.
    s.east.forget();
    let mut named = note.clone();
    named["id"] = json!(format!("{}/notes/named", s.mallory.id));
    serves(&s.mallory, &named);
    s.sends(&s.mallory, &request(&s.mallory, &own, named["id"].clone())).await;
    assert_eq!(arrived(&s.mallory, "Accept").len(), 1);
    // A post that does not quote it, one that is not there, one of somebody else, one that is only claimed to be theirs.
    s.east.forget();
    let plain = s.note(&s.mallory, "plain", "x");
    serves(&s.mallory, &plain);
    let mut foreign = s.note(&s.ada, "foreign", "x");
    foreign["quote"] = json!(own);
    serves(&s.ada, &foreign);
    let elsewhere = format!("{}/notes/x", s.vera.id);
    let bad = [
        plain.clone(),
        plain["id"].clone(),
        json!(format!("{}/notes/none", s.mallory.id)),
        foreign["id"].clone(),
        foreign.clone(),
        json!(elsewhere),
    ];
    let attempts = bad.len();
    for instrument in bad {
        s.sends(&s.mallory, &request(&s.mallory, &own, instrument)).await;
    }
    assert_eq!((arrived(&s.mallory, "Accept").len(), arrived(&s.mallory, "Reject").len()), (0, attempts));
    // What its author does not allow.
    s.east.forget();
    let body = json!({"status": "mine alone", "quote_approval_policy": "nobody"});
    let closed = s.bob.post("/api/v1/statuses", body).await.ok()["uri"].as_str().unwrap().to_owned();
    let mut note = s.note(&s.ada, "closed", "x");
    note["quote"] = json!(closed);
    let id = s.creates(&s.ada, &note).await;
    assert_eq!(seen(&s, &id).await, "rejected");
    s.sends(&s.ada, &request(&s.ada, &closed, note.clone())).await;
    let rejects = arrived(&s.ada, "Reject");
    assert_eq!((rejects.len(), &rejects[0]["object"]["instrument"]), (1, &note["id"]));
    assert_eq!(seen(&s, &id).await, "rejected");
    // Followers only: by whoever follows. What was refused before may be asked for again.
    let path = format!("/api/v1/statuses/{}/interaction_policy", s.post(&closed).await.unwrap().id);
    s.bob.put(&path, json!({"quote_approval_policy": "followers"})).await.ok();
    s.sends(&s.ada, &s.ada.activity("Follow", s.uri(&s.bob))).await;
    s.east.forget();
    s.sends(&s.ada, &request(&s.ada, &closed, note)).await;
    assert_eq!((arrived(&s.ada, "Accept").len(), seen(&s, &id).await), (1, "accepted".to_owned()));
    // Of what they cannot see they hear nothing at all.
    s.east.forget();
    for visibility in ["private", "direct"] {
        let hidden = s.writes(&s.carol, visibility, "hidden").await;
        let mut note = s.note(&s.mallory, visibility, "x");
        note["quote"] = json!(hidden);
        s.sends(&s.mallory, &request(&s.mallory, &hidden, note)).await;
    }
    assert!(s.east.inbox().is_empty(), "{:?}", s.east.inbox());
}

#[tokio::test]
async fn fed_quo_03_every_post_says_who_may_quote_it() {
    let s = Scene::new().await;
    let own = s.uri(&s.bob);
    let cases = [
        ("public", "public", json!([PUBLIC])),
        ("unlisted", "followers", json!([format!("{own}/followers")])),
        ("public", "nobody", json!([own])),
        ("private", "public", json!([own])),
    ];
    s.sends(&s.ada, &s.ada.activity("Follow", own.clone())).await;
    for (visibility, policy, expected) in cases {
        s.east.forget();
        let body = json!({"status": "x", "visibility": visibility, "quote_approval_policy": policy});
        let made = s.bob.post("/api/v1/statuses", body).await.ok();
        s.node.settle().await;
        let note = arrived(&s.ada, "Create")[0]["object"].clone();
        assert_eq!(note["interactionPolicy"], json!({"canQuote": {"automaticApproval": expected}}), "{visibility}");
        if policy != "nobody" {
            continue;
        }
        // A change reaches those who have the post.
        let path = format!("/api/v1/statuses/{}/interaction_policy", made["id"].as_str().unwrap());
        s.bob.put(&path, json!({"quote_approval_policy": "public"})).await.ok();
        s.node.settle().await;
        let update = &arrived(&s.ada, "Update")[0]["object"];
        assert_eq!(update["interactionPolicy"]["canQuote"]["automaticApproval"], json!([PUBLIC]));
        assert!(update.get("updated").is_none());
    }
}

#[tokio::test]
async fn fed_quo_04_sec_aut_27_an_authorisation_counts_when_its_author_has_it() {
    let s = Scene::new().await;
    let quoted = known(&s, &s.vera, "q", json!({"automaticApproval": [PUBLIC]})).await["uri"].clone();
    let quoting = |name: &str| json!(format!("{}/notes/{name}", s.ada.id));
    let wrong = |name: &str, key: &str, value: Value| {
        let id = stamp(&s.vera, name, &quoting(name), &quoted);
        let mut document = json!({
            "id": id, "type": "QuoteAuthorization", "attributedTo": s.vera.id, "interactingObject": quoting(name),
            "interactionTarget": quoted,
        });
        document[key] = value;
        s.west.serve(path(&s.vera, id.as_str().unwrap()), document);
        id
    };
    let cases = [
        ("genuine", stamp(&s.vera, "genuine", &quoting("genuine"), &quoted), "accepted"),
        ("none", Value::Null, "pending"),
        ("missing", json!(format!("{}/stamps/nowhere", s.vera.id)), "pending"),
        // Of the quoting server, or of this node.
        ("forged", stamp(&s.ada, "forged", &quoting("forged"), &quoted), "pending"),
        ("ours", json!(s.node.url("/users/bob/quote_authorizations/1")), "pending"),
        ("type", wrong("type", "type", json!("Note")), "pending"),
        ("author", wrong("author", "attributedTo", json!(s.ada.id)), "pending"),
        ("object", wrong("object", "interactingObject", quoting("genuine")), "pending"),
        ("several", wrong("several", "interactingObject", json!([quoting("several"), quoting("genuine")])), "pending"),
        ("target", wrong("target", "interactionTarget", json!(format!("{}/notes/other", s.vera.id))), "pending"),
    ];
    for (name, authorization, expected) in cases {
        let mut note = s.note(&s.ada, name, "look");
        note["quote"] = quoted.clone();
        note["quoteAuthorization"] = authorization;
        let id = s.creates(&s.ada, &note).await;
        assert_eq!(seen(&s, &id).await, expected, "{name}");
    }
    assert_eq!(s.status(&s.bob, quoted.as_str().unwrap()).await["quotes_count"], 1);
    // An Update brings one later; and with an Update it is looked at again.
    let late = stamp(&s.vera, "late", &quoting("none"), &quoted);
    let mut note = s.note(&s.ada, "none", "look");
    note["quote"] = quoted.clone();
    note["quoteAuthorization"] = late.clone();
    s.sends(&s.ada, &s.ada.activity("Update", note.clone())).await;
    let id = note["id"].as_str().unwrap().to_owned();
    let id = id.as_str();
    assert_eq!(seen(&s, id).await, "accepted");
    s.west.serve_as(path(&s.vera, late.as_str().unwrap()), 404, "text/plain", "gone");
    s.sends(&s.ada, &s.ada.activity("Update", note.clone())).await;
    assert_eq!(seen(&s, id).await, "revoked");
    // An Update may end the quote, or make it one of something else.
    note.as_object_mut().unwrap().remove("quoteAuthorization");
    note["quote"] = json!(s.writes(&s.bob, "public", "mine").await);
    s.sends(&s.ada, &s.ada.activity("Update", note.clone())).await;
    assert_eq!((seen(&s, id).await, s.told(&s.bob).await), ("accepted".to_owned(), vec!["quote".to_owned()]));
    note.as_object_mut().unwrap().remove("quote");
    s.sends(&s.ada, &s.ada.activity("Update", note)).await;
    assert!(s.status(&s.bob, id).await["quote"].is_null() && s.told(&s.bob).await.is_empty());
}

#[tokio::test]
async fn fed_quo_04_an_authorisation_that_is_not_there_yet_is_looked_for_again_and_not_for_ever() {
    let s = Scene::new().await;
    let quoted = known(&s, &s.vera, "q", json!({"automaticApproval": [PUBLIC]})).await["uri"].clone();
    let quoting = |name: &str| json!(format!("{}/notes/{name}", s.ada.id));
    let quotes = async |name: &str| {
        let mut note = s.note(&s.ada, name, "look");
        note["quote"] = quoted.clone();
        note["quoteAuthorization"] = json!(format!("{}/stamps/{name}", s.vera.id));
        s.creates(&s.ada, &note).await
    };
    let (late, never) = (quotes("late").await, quotes("never").await);
    assert_eq!(seen(&s, &late).await, "pending");
    // Her server tells of it before it serves it.
    stamp(&s.vera, "late", &quoting("late"), &quoted);
    s.node.clock.advance(16_000);
    s.node.settle().await;
    assert_eq!((seen(&s, &late).await, seen(&s, &never).await), ("accepted".to_owned(), "pending".to_owned()));
    for _ in 0..30 {
        s.node.clock.advance(3_600_000);
        s.node.settle().await;
    }
    let asked = s.west.received().into_iter().filter(|r| r.path.ends_with("/stamps/never")).count();
    assert_eq!((asked, seen(&s, &never).await), (4, "pending".to_owned()));
    // One that says that it is gone for good is not looked for again.
    s.west.serve_as(path(&s.vera, &format!("{}/stamps/gone", s.vera.id)), 410, "text/plain", "");
    quotes("gone").await;
    s.node.clock.advance(3_600_000);
    s.node.settle().await;
    let asked = s.west.received().into_iter().filter(|r| r.path.ends_with("/stamps/gone")).count();
    assert_eq!(asked, 1);
}

#[tokio::test]
async fn fed_quo_05_fed_auth_07_whom_we_quote_is_asked_and_the_answer_is_passed_on() {
    let s = Scene::new().await;
    s.sends(&s.ada, &s.ada.activity("Follow", s.uri(&s.bob))).await;
    let quoted = known(&s, &s.vera, "q", json!({"manualApproval": [PUBLIC]})).await;
    let approval = json!({"automatic": [], "manual": ["public"], "current_user": "manual"});
    assert_eq!(quoted["quote_approval"], approval);
    s.east.forget();
    s.west.forget();
    let body = json!({"status": "look", "quoted_status_id": quoted["id"]});
    let made = s.bob.post("/api/v1/statuses", body.clone()).await.ok();
    assert_eq!(state(&made), "pending");
    s.node.settle().await;
    let uri = made["uri"].as_str().unwrap();
    let asked = arrived(&s.vera, "QuoteRequest");
    assert_eq!(asked.len(), 1, "{:?}", s.west.inbox());
    assert_eq!((&asked[0]["actor"], &asked[0]["object"]), (&json!(s.uri(&s.bob)), &quoted["uri"]));
    assert_eq!((&asked[0]["instrument"]["id"], &asked[0]["to"]), (&made["uri"], &json!([s.vera.id])));
    let note = arrived(&s.ada, "Create")[0]["object"].clone();
    for key in ["quote", "quoteUrl", "quoteUri", "_misskey_quote"] {
        assert_eq!((&note[key], &asked[0]["instrument"][key]), (&quoted["uri"], &quoted["uri"]), "{key}");
    }
    assert_eq!((&note["tag"][0]["type"], &note["tag"][0]["href"]), (&json!("Link"), &quoted["uri"]));
    assert!(note["content"].as_str().unwrap().starts_with("<p class=\"quote-inline\">RE: <a href="), "{note}");
    assert!(note.get("quoteAuthorization").is_none());
    // Others may say what they like, and so may vera about what is not hers, or without an authorisation.
    let stamp_id = stamp(&s.vera, "1", &made["uri"], &quoted["uri"]);
    let foreign = stamp(&s.mallory, "1", &made["uri"], &quoted["uri"]);
    let (nowhere, other) =
        (json!(format!("{}/stamps/nowhere", s.vera.id)), stamp(&s.vera, "2", &quoted["uri"], &made["uri"]));
    let answer = |who: &Sender, kind: &str, object: Value, result: &Value| {
        let mut answer = who.activity(kind, object);
        answer["result"] = result.clone();
        answer
    };
    for (who, object, result) in [
        (&s.mallory, asked[0].clone(), &stamp_id),
        (&s.mallory, asked[0]["id"].clone(), &foreign),
        (&s.vera, asked[0].clone(), &foreign),
        (&s.vera, asked[0].clone(), &Value::Null),
        (&s.vera, asked[0].clone(), &nowhere),
        (&s.vera, asked[0].clone(), &other),
        (&s.vera, json!("https://nowhere.example/1"), &stamp_id),
    ] {
        s.sends(who, &answer(who, "Accept", object, result)).await;
    }
    s.sends(&s.mallory, &s.mallory.activity("Reject", asked[0].clone())).await;
    assert_eq!(seen(&s, uri).await, "pending");
    assert!(arrived(&s.ada, "Update").is_empty());
    s.sends(&s.vera, &answer(&s.vera, "Accept", asked[0]["id"].clone(), &stamp_id)).await;
    assert_eq!(seen(&s, uri).await, "accepted");
    let updates = arrived(&s.ada, "Update");
    assert_eq!((updates.len(), &updates[0]["object"]["quoteAuthorization"]), (1, &stamp_id));
    assert!(updates[0]["object"].get("updated").is_none());
    // An edit keeps both.
    let path = format!("/api/v1/statuses/{}", made["id"].as_str().unwrap());
    s.bob.put(&path, json!({"status": "look here"})).await.ok();
    s.node.settle().await;
    assert_eq!(arrived(&s.ada, "Update")[1]["object"]["quoteAuthorization"], stamp_id);
    // Another one is refused: it goes out once more, without the quote.
    s.east.forget();
    let refused = s.bob.post("/api/v1/statuses", body).await.ok();
    s.node.settle().await;
    let asked = arrived(&s.vera, "QuoteRequest")[1].clone();
    s.sends(&s.vera, &s.vera.activity("Reject", asked)).await;
    assert_eq!(seen(&s, refused["uri"].as_str().unwrap()).await, "rejected");
    let update = &arrived(&s.ada, "Update")[0]["object"];
    assert!(update.get("quote").is_none() && update.get("_misskey_quote").is_none() && update["tag"] == json!([]));
    assert_eq!(update["content"], "<p>look</p>");
    // What its author does not allow is not even asked for; what we do not understand is.
    for (policy, status, word) in [
        (json!({"automaticApproval": [s.vera.id]}), 403, "denied"),
        (json!({"automaticApproval": [format!("{}/friends", s.vera.id)]}), 200, "unknown"),
        (Value::Null, 403, "denied"),
        (json!({"automaticApproval": [format!("{}/followers", s.vera.id)]}), 403, "denied"),
        (json!({"always": ["as:Public"]}), 200, "automatic"),
    ] {
        let post = known(&s, &s.vera, &format!("p{status}{word}{}", policy.to_string().len()), policy.clone()).await;
        assert_eq!(post["quote_approval"]["current_user"], word, "{policy}");
        let body = json!({"status": "x", "quoted_status_id": post["id"]});
        assert_eq!(s.bob.post("/api/v1/statuses", body).await.status, status, "{policy}");
    }
}

#[tokio::test]
async fn fed_quo_06_an_authorisation_is_taken_back_everywhere() {
    let s = Scene::new().await;
    s.sends(&s.ada, &s.ada.activity("Follow", s.uri(&s.bob))).await;
    // One of theirs, for a post of ours.
    let quoted = known(&s, &s.vera, "q", json!({"automaticApproval": [PUBLIC]})).await;
    let body = json!({"status": "look", "quoted_status_id": quoted["id"]});
    let made = s.bob.post("/api/v1/statuses", body).await.ok();
    s.node.settle().await;
    let uri = made["uri"].as_str().unwrap();
    let id = stamp(&s.vera, "1", &made["uri"], &quoted["uri"]);
    let mut accept = s.vera.activity("Accept", arrived(&s.vera, "QuoteRequest")[0].clone());
    accept["result"] = id.clone();
    s.sends(&s.vera, &accept).await;
    assert_eq!(seen(&s, uri).await, "accepted");
    s.sends(&s.mallory, &s.mallory.activity("Delete", id.clone())).await;
    assert_eq!(seen(&s, uri).await, "accepted");
    s.east.forget();
    let gone = json!({"id": id, "type": "QuoteAuthorization", "attributedTo": s.vera.id});
    s.sends(&s.vera, &s.vera.activity("Delete", gone)).await;
    assert_eq!(seen(&s, uri).await, "revoked");
    let update = &arrived(&s.ada, "Update")[0]["object"];
    assert!(update.get("quote").is_none() && update.get("quoteAuthorization").is_none());
    // One of theirs, for a post of somebody else's; then the post itself goes.
    for name in ["third", "fourth"] {
        let mut note = s.note(&s.ada, name, "look");
        note["quote"] = quoted["uri"].clone();
        note["quoteAuthorization"] = stamp(&s.vera, name, &note["id"], &quoted["uri"]);
        s.creates(&s.ada, &note).await;
        assert_eq!(seen(&s, note["id"].as_str().unwrap()).await, "accepted");
    }
    s.sends(&s.vera, &s.vera.activity("Delete", format!("{}/stamps/third", s.vera.id))).await;
    assert_eq!(seen(&s, &format!("{}/notes/third", s.ada.id)).await, "revoked");
    s.sends(&s.vera, &s.vera.activity("Delete", quoted["uri"].clone())).await;
    assert_eq!(seen(&s, &format!("{}/notes/fourth", s.ada.id)).await, "deleted");
    // One of ours, for a post of theirs: its author and the followers of both hear of it.
    let own = s.writes(&s.bob, "public", "mine").await;
    let mut note = s.note(&s.vera, "n", "x");
    note["quote"] = json!(own);
    s.sends(&s.vera, &request(&s.vera, &own, note.clone())).await;
    let result = arrived(&s.vera, "Accept")[0]["result"].clone();
    s.east.forget();
    s.west.forget();
    let (quoted, quoting) = (s.post(&own).await.unwrap().id, s.post(note["id"].as_str().unwrap()).await.unwrap().id);
    let path = format!("/api/v1/statuses/{quoted}/quotes/{quoting}/revoke");
    assert_eq!(state(&s.bob.post(&path, json!({})).await.ok()), "revoked");
    s.node.settle().await;
    for who in [&s.vera, &s.ada] {
        let deletes = arrived(who, "Delete");
        assert_eq!((deletes.len(), &deletes[0]["object"]["id"]), (1, &result));
        assert_eq!(
            (&deletes[0]["object"]["type"], &deletes[0]["actor"]),
            (&json!("QuoteAuthorization"), &json!(s.uri(&s.bob)))
        );
    }
    let served = result.as_str().unwrap().strip_prefix(&s.node.url("")).unwrap();
    assert_eq!(Client::anonymous(&s.node).get_activity(served).await.status, 404);
    // Asking again changes nothing.
    s.sends(&s.vera, &request(&s.vera, &own, note.clone())).await;
    assert_eq!(
        (arrived(&s.vera, "Reject").len(), seen(&s, note["id"].as_str().unwrap()).await),
        (1, "revoked".to_owned())
    );
}

#[tokio::test]
async fn three_nodes_agree_about_a_quote_from_its_beginning_to_its_end() {
    let (alpha, beta, gamma) = Node::three().await;
    let (ada, bea, cem) = (alpha.member("ada").await, beta.member("bea").await, gamma.member("cem").await);
    let nodes = [&alpha, &beta, &gamma];
    let follow = async |who: &Client, handle: String| {
        let found = who.get(&format!("/api/v2/search?resolve=true&type=accounts&q=@{handle}")).await.ok();
        let id = found["accounts"][0]["id"].as_str().unwrap_or_else(|| panic!("{found}")).to_owned();
        who.post(&format!("/api/v1/accounts/{id}/follow"), json!({})).await.ok();
        settle(&nodes).await;
    };
    follow(&bea, alpha.handle("ada")).await;
    follow(&cem, beta.handle("bea")).await;
    let first = ada.post("/api/v1/statuses", json!({"status": "the first word"})).await.ok();
    settle(&nodes).await;
    let at = async |who: &Client, uri: &Value| {
        let found =
            who.get(&format!("/api/v2/search?resolve=true&type=statuses&q={}", uri.as_str().unwrap())).await.ok();
        settle(&nodes).await;
        let id = found["statuses"][0]["id"].as_str().unwrap_or_else(|| panic!("{found}")).to_owned();
        who.get(&format!("/api/v1/statuses/{id}")).await.ok()
    };
    let there = at(&bea, &first["uri"]).await;
    assert_eq!(there["quote_approval"]["current_user"], "automatic");
    let body = json!({"status": "the second word", "quoted_status_id": there["id"]});
    let second = bea.post("/api/v1/statuses", body).await.ok();
    assert_eq!(state(&second), "pending");
    settle(&nodes).await;
    // Also at a node that asked nobody and was told by the quoting post alone.
    for who in [&ada, &bea, &cem] {
        let seen = at(who, &second["uri"]).await;
        assert_eq!((state(&seen), &seen["quote"]["quoted_status"]["uri"]), ("accepted", &first["uri"]), "{}", who.name);
    }
    let word = ada.get("/api/v1/notifications?types[]=quote").await.ok();
    assert_eq!((word.as_array().unwrap().len(), &word[0]["status"]["uri"]), (1, &second["uri"]));
    // An edit is told to who quotes, and leaves the quote.
    ada.put(&format!("/api/v1/statuses/{}", first["id"].as_str().unwrap()), json!({"status": "changed"})).await.ok();
    settle(&nodes).await;
    assert_eq!(bea.get("/api/v1/notifications?types[]=quoted_update").await.ok().as_array().unwrap().len(), 1);
    let quoting = at(&ada, &second["uri"]).await["id"].clone();
    let path = format!("/api/v1/statuses/{}/quotes", first["id"].as_str().unwrap());
    assert_eq!(ada.get(&path).await.ok()[0]["id"], quoting);
    ada.post(&format!("{path}/{}/revoke", quoting.as_str().unwrap()), json!({})).await.ok();
    settle(&nodes).await;
    for who in [&ada, &bea] {
        assert_eq!(state(&at(who, &second["uri"]).await), "revoked", "{}", who.name);
    }
    // The quoting post itself says to its readers that it quotes nothing.
    let seen = at(&cem, &second["uri"]).await;
    assert!(seen["quote"].is_null() || state(&seen) == "revoked", "{seen}");
    assert!(!seen["content"].as_str().unwrap().contains("quote-inline"));
}

#[tokio::test]
async fn fed_quo_01_a_quote_and_what_it_quotes_that_come_at_the_same_moment_find_each_other() {
    let s = Scene::new().await;
    s.follows(&s.bob, &s.vera).await;
    for n in 0..60 {
        let quoted = s.note(&s.ada, &format!("quoted{n}"), "quoted");
        let mut quoting = s.note(&s.vera, &format!("quoting{n}"), "look");
        quoting["quote"] = quoted["id"].clone();
        let (first, second) = (s.ada.activity("Create", quoted.clone()), s.vera.activity("Create", quoting.clone()));
        tokio::join!(s.sends(&s.vera, &second), s.sends(&s.ada, &first));
        let (quoted, quoting) = (quoted["id"].as_str().unwrap(), quoting["id"].as_str().unwrap());
        let (quoted, quoting) = (s.post(quoted).await.unwrap().id, s.post(quoting).await.unwrap().id);
        let known =
            s.node.app.read(move |conn| watercooler::store::quotes::find(conn, quoting)).await.unwrap().unwrap();
        assert_eq!(known.quoted_id, Some(quoted), "{n}");
    }
}

#[tokio::test]
async fn an_update_makes_a_post_a_quote_for_those_who_search_or_one_in_another_language() {
    let s = Scene::new().await;
    let own = s.note(&s.ada, "own", "<p>the first word</p>");
    s.creates(&s.ada, &own).await;
    let mut note = s.note(&s.ada, "later", "<p>harbour</p>");
    let id = s.creates(&s.ada, &note).await;
    let post = s.status(&s.bob, &id).await["id"].as_str().unwrap().to_owned();
    s.bob.post(&format!("/api/v1/statuses/{post}/bookmark"), json!({})).await.ok();
    let found = async |operator: &str| {
        let found = s.bob.get(&format!("/api/v2/search?type=statuses&q=harbour%20{operator}")).await.ok();
        found["statuses"].as_array().unwrap().len()
    };
    assert_eq!((found("has:quote").await, found("-has:quote").await, found("language:fr").await), (0, 1, 0));
    note["quote"] = own["id"].clone();
    s.sends(&s.ada, &s.ada.activity("Update", note.clone())).await;
    assert_eq!((found("has:quote").await, found("-has:quote").await), (1, 0));
    note.as_object_mut().unwrap().remove("quote");
    note["contentMap"] = json!({"fr": "<p>harbour</p>"});
    s.sends(&s.ada, &s.ada.activity("Update", note)).await;
    assert_eq!((found("has:quote").await, found("-has:quote").await, found("language:fr").await), (0, 1, 1));
}
