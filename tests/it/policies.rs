//! What authors of other servers let people do to their posts (INT-13): answer, like and boost them, or not, or ask first.

use crate::support::{Client, PUBLIC, Reply, Scene, Sender};
use serde_json::{Value, json};

fn serves(who: &Sender, document: &Value) {
    let id = document["id"].as_str().unwrap();
    who.peer.serve(id.strip_prefix(&who.peer.url("")).unwrap(), document.clone());
}

/// A public note of ada's with this policy, known here; its id here and elsewhere.
async fn known(s: &Scene, name: &str, policy: Value) -> (String, String) {
    let mut note = s.note(&s.ada, name, "<p>think of it what you like</p>");
    note["interactionPolicy"] = policy;
    serves(&s.ada, &note);
    let uri = s.creates(&s.ada, &note).await;
    let id = s.status(&s.bob, &uri).await["id"].as_str().unwrap().to_owned();
    (id, uri)
}

fn arrived(who: &Sender, kind: &str) -> Vec<Value> {
    who.peer.inbox().into_iter().filter(|activity| activity["type"] == kind).collect()
}

async fn answer(who: &Client, id: &str, text: &str) -> Reply {
    who.post("/api/v1/statuses", json!({"status": text, "in_reply_to_id": id})).await
}

async fn verb(who: &Client, id: &str, verb: &str) -> Reply {
    who.post(&format!("/api/v1/statuses/{id}/{verb}"), json!({})).await
}

/// The texts below a post.
async fn below(who: &Client, id: &str) -> String {
    who.get(&format!("/api/v1/statuses/{id}/context")).await.ok()["descendants"].to_string()
}

/// An authorisation of ada's, served where it says.
fn stamp(s: &Scene, kind: &str, object: &Value, target: &str) -> Value {
    let name = watercooler::crypto::sha256_hex(format!("{kind} {object} {target}").as_bytes());
    let id = format!("{}/stamps/{name}", s.ada.id);
    serves(
        &s.ada,
        &json!({
            "@context": "https://www.w3.org/ns/activitystreams", "id": id, "type": kind, "attributedTo": s.ada.id,
            "interactingObject": object, "interactionTarget": target,
        }),
    );
    json!(id)
}

/// ada's server answers a request that arrived there.
async fn answers(s: &Scene, by: &Sender, kind: &str, request: &Value, result: Option<Value>) {
    let mut said = by.activity(kind, request.clone());
    if let Some(result) = result {
        said["result"] = result;
    }
    s.sends(by, &said).await;
}

#[tokio::test]
async fn fed_int_13_what_the_author_of_a_post_forbids_is_refused() {
    let s = Scene::new().await;
    let (ada, followers) = (json!([s.ada.id]), json!([format!("{}/followers", s.ada.id)]));
    for (name, key) in [("new", "automaticApproval"), ("old", "always")] {
        let nobody = json!({key: ada});
        let policy = json!({"canReply": nobody, "canLike": nobody, "canAnnounce": nobody});
        let (id, _) = known(&s, name, policy).await;
        assert_eq!(answer(&s.bob, &id, "but").await.status, 403);
        for act in ["favourite", "reblog", "react/%F0%9F%91%8D"] {
            assert_eq!(verb(&s.bob, &id, act).await.status, 403, "{act}");
        }
        for act in ["bookmark", "mute"] {
            assert_eq!(verb(&s.bob, &id, act).await.status, 200, "{act} is nobody's business");
        }
        assert_eq!(below(&s.carol, &id).await, "[]");
    }
    // Nothing but her followers; who is spoken to may speak all the same.
    let policy = json!({"canReply": {"automaticApproval": followers}, "canLike": {"automaticApproval": followers}});
    let mut note = s.note(&s.ada, "followers", "<p>dear followers, and @carol</p>");
    note["interactionPolicy"] = policy;
    note["tag"] = json!([{"type": "Mention", "href": s.uri(&s.carol), "name": "@carol"}]);
    note["cc"] = json!([s.uri(&s.carol)]);
    let uri = s.creates(&s.ada, &note).await;
    let id = s.status(&s.bob, &uri).await["id"].as_str().unwrap().to_owned();
    assert_eq!(verb(&s.carol, &id, "favourite").await.status, 403);
    assert_eq!(answer(&s.carol, &id, "thank you").await.ok()["visibility"], "public");
    assert_eq!(verb(&s.bob, &id, "favourite").await.ok()["favourited"], true);
    assert_eq!(answer(&s.bob, &id, "well said").await.ok()["visibility"], "public");
    assert_eq!(verb(&s.carol, &id, "reblog").await.ok()["reblogged"], true, "of boosts nothing is said");
    s.node.settle().await;
    assert_eq!((arrived(&s.ada, "Like").len(), arrived(&s.ada, "Announce").len()), (1, 1));
    assert!(arrived(&s.ada, "ReplyRequest").is_empty() && arrived(&s.ada, "LikeRequest").is_empty());
    // She changes her mind, and it counts.
    note["interactionPolicy"] = json!({});
    note["updated"] = json!(s.node.clock.now().rfc3339());
    s.sends(&s.ada, &s.ada.activity("Update", note)).await;
    assert_eq!(verb(&s.carol, &id, "favourite").await.ok()["favourited"], true);
}

#[tokio::test]
async fn fed_int_13_an_answer_waits_for_the_author_who_decides_and_then_goes_to_everybody() {
    let s = Scene::new().await;
    // vera follows bob.
    s.sends(&s.vera, &s.vera.activity("Follow", s.uri(&s.bob))).await;
    let decides = json!({"canReply": {"automaticApproval": [s.ada.id], "manualApproval": [PUBLIC]}});
    let (id, uri) = known(&s, "asks", decides).await;
    s.east.forget();
    let reply = answer(&s.bob, &id, "may I, @carol?").await.ok();
    let own = reply["id"].as_str().unwrap().to_owned();
    s.node.settle().await;
    assert_eq!(reply["visibility"], "direct");
    // Nobody else sees it: not her who is named, not in the thread, not at vera's.
    assert_eq!(s.carol.get(&format!("/api/v1/statuses/{own}")).await.status, 404);
    assert_eq!(below(&s.carol, &id).await, "[]");
    assert!(s.told(&s.carol).await.is_empty());
    assert_eq!(s.bob.get("/api/v1/conversations").await.ok(), json!([]));
    assert!(arrived(&s.ada, "Create").is_empty() && arrived(&s.vera, "Create").is_empty());
    let [request] = &arrived(&s.ada, "ReplyRequest")[..] else { panic!("{:?}", s.east.inbox()) };
    assert_eq!((&request["object"], &request["actor"]), (&json!(uri), &json!(s.uri(&s.bob))));
    let instrument = &request["instrument"];
    assert_eq!((&instrument["id"], &instrument["inReplyTo"]), (&reply["uri"], &json!(uri)));
    assert_eq!(instrument["to"], json!([PUBLIC]), "she sees for whom it is meant");
    // Her server may look at it where it lies; others may not.
    let path = format!("/users/bob/statuses/{own}");
    let read = s.ada.reading(&s.node, &path).send(&s.node).await;
    assert_eq!((read.status, &read.json()["to"]), (200, &json!([PUBLIC])));
    assert_eq!(s.vera.reading(&s.node, &path).send(&s.node).await.status, 404);

    // Not hers to give; without anything that others could look at; in the name of somebody else's server.
    let genuine = stamp(&s, "ReplyAuthorization", &reply["uri"], &uri);
    answers(&s, &s.mallory, "Accept", request, Some(genuine.clone())).await;
    answers(&s, &s.ada, "Accept", request, None).await;
    answers(&s, &s.ada, "Accept", request, Some(json!(s.vera.id))).await;
    // Not there; about something else.
    let other = stamp(&s, "ReplyAuthorization", &json!("https://elsewhere.example/1"), &uri);
    for nothing in [json!(format!("{}/stamps/nowhere", s.ada.id)), other] {
        answers(&s, &s.ada, "Accept", request, Some(nothing)).await;
    }
    assert_eq!(below(&s.carol, &id).await, "[]");
    assert!(arrived(&s.ada, "Create").is_empty() && arrived(&s.vera, "Create").is_empty());

    answers(&s, &s.ada, "Accept", request, Some(genuine.clone())).await;
    let shown = s.carol.get(&format!("/api/v1/statuses/{own}")).await.ok();
    assert_eq!(shown["visibility"], "public");
    assert!(below(&s.carol, &id).await.contains("may I"));
    assert_eq!(s.told(&s.carol).await, ["mention"]);
    assert_eq!(s.status(&s.bob, &uri).await["replies_count"], 1);
    for somebody in [&s.ada, &s.vera] {
        let [create] = &arrived(somebody, "Create")[..] else { panic!("{:?}", somebody.peer.inbox()) };
        assert_eq!((&create["object"]["replyAuthorization"], &create["object"]["to"]), (&genuine, &json!([PUBLIC])));
        assert_eq!(create["object"]["tag"].as_array().unwrap().len(), 2, "both are named");
    }

    // A no leaves it with whoever wrote it, for good.
    let refused = answer(&s.bob, &id, "and this?").await.ok();
    s.node.settle().await;
    let request = arrived(&s.ada, "ReplyRequest").pop().unwrap();
    // By its id alone, as some servers answer.
    answers(&s, &s.ada, "Reject", &request["id"], None).await;
    let late = stamp(&s, "ReplyAuthorization", &refused["uri"], &uri);
    answers(&s, &s.ada, "Accept", &request, Some(late)).await;
    let own = refused["id"].as_str().unwrap();
    assert_eq!(s.bob.get(&format!("/api/v1/statuses/{own}")).await.ok()["visibility"], "direct");
    assert_eq!(s.carol.get(&format!("/api/v1/statuses/{own}")).await.status, 404);
    assert_eq!(s.bob.delete(&format!("/api/v1/statuses/{own}")).await.status, 200);
    assert_eq!(s.count("select count(*) from interactions").await, 1);
}

#[tokio::test]
async fn fed_int_13_an_answer_that_waits_is_shown_to_nobody_when_it_is_edited() {
    let s = Scene::new().await;
    let decides = json!({"canReply": {"automaticApproval": [s.ada.id], "manualApproval": [PUBLIC]}});
    let (id, uri) = known(&s, "asks", decides).await;
    s.east.forget();
    let reply = answer(&s.bob, &id, "may I?").await.ok();
    let own = format!("/api/v1/statuses/{}", reply["id"].as_str().unwrap());
    s.node.settle().await;
    s.west.forget();
    let text = format!("may I, @carol and @vera@{}?", s.west.authority);
    assert_eq!(s.bob.put(&own, json!({"status": text})).await.ok()["visibility"], "direct");
    s.node.settle().await;
    assert_eq!(s.carol.get(&own).await.status, 404);
    assert!(s.told(&s.carol).await.is_empty());
    assert_eq!(s.carol.get("/api/v1/conversations").await.ok(), json!([]));
    assert!(s.west.inbox().is_empty(), "{:?}", s.west.inbox());
    // Once it is agreed to, whoever is named then hears of it.
    let request = arrived(&s.ada, "ReplyRequest").pop().unwrap();
    let genuine = stamp(&s, "ReplyAuthorization", &reply["uri"], &uri);
    answers(&s, &s.ada, "Accept", &request, Some(genuine)).await;
    assert_eq!(s.carol.get(&own).await.ok()["visibility"], "public");
    assert_eq!(s.told(&s.carol).await, ["mention"]);
    assert_eq!(arrived(&s.vera, "Create").len(), 1);
    // Whoever refused one hears no more of it.
    let refused = answer(&s.bob, &id, "listen!").await.ok();
    s.node.settle().await;
    let request = arrived(&s.ada, "ReplyRequest").pop().unwrap();
    answers(&s, &s.ada, "Reject", &request, None).await;
    s.east.forget();
    let own = format!("/api/v1/statuses/{}", refused["id"].as_str().unwrap());
    s.bob.put(&own, json!({"status": "listen, I say!"})).await.ok();
    s.node.settle().await;
    assert!(arrived(&s.ada, "Update").is_empty(), "{:?}", s.east.inbox());
}

#[tokio::test]
async fn fed_int_13_likes_and_boosts_are_asked_for_where_the_author_decides() {
    let s = Scene::new().await;
    let decides = json!({"automaticApproval": [s.ada.id], "manualApproval": [PUBLIC]});
    let (id, uri) = known(&s, "asks", json!({"canLike": decides, "canAnnounce": decides})).await;
    s.east.forget();
    for _ in 0..2 {
        assert_eq!(verb(&s.bob, &id, "favourite").await.ok()["favourited"], true);
        let shown = verb(&s.bob, &id, "reblog").await.ok();
        assert_eq!((&shown["id"], &shown["reblogged"]), (&json!(id), &json!(false)), "it waits");
    }
    s.node.settle().await;
    assert!(arrived(&s.ada, "Like").is_empty() && arrived(&s.ada, "Announce").is_empty());
    let ([like], [boost]) = (&arrived(&s.ada, "LikeRequest")[..], &arrived(&s.ada, "AnnounceRequest")[..]) else {
        panic!("{:?}", s.east.inbox())
    };
    assert_eq!((&like["object"], &like["instrument"]["type"]), (&json!(uri), &json!("Like")));
    assert_eq!((&boost["object"], &boost["instrument"]["type"]), (&json!(uri), &json!("Announce")));
    assert_eq!(boost["instrument"]["to"], json!([PUBLIC]));
    assert_eq!(verb(&s.bob, &id, "react/%F0%9F%91%8D").await.status, 403);

    let agreed = stamp(&s, "AnnounceAuthorization", &boost["instrument"]["id"], &uri);
    answers(&s, &s.ada, "Accept", boost, Some(agreed.clone())).await;
    assert_eq!(s.status(&s.bob, &uri).await["reblogged"], true);
    let [announce] = &arrived(&s.ada, "Announce")[..] else { panic!("{:?}", s.east.inbox()) };
    assert_eq!((&announce["id"], &announce["announceAuthorization"]), (&boost["instrument"]["id"], &agreed));
    answers(&s, &s.ada, "Reject", like, None).await;
    let shown = s.status(&s.bob, &uri).await;
    assert_eq!((&shown["favourited"], &shown["favourites_count"]), (&json!(false), &json!(0)));

    // Taken back before there was an answer; asked anew, the answer counts.
    assert_eq!(verb(&s.carol, &id, "reblog").await.status, 200);
    assert_eq!(verb(&s.carol, &id, "unreblog").await.status, 200);
    s.node.settle().await;
    let first = arrived(&s.ada, "AnnounceRequest").pop().unwrap();
    let too_late = stamp(&s, "AnnounceAuthorization", &first["instrument"]["id"], &uri);
    answers(&s, &s.ada, "Accept", &first, Some(too_late)).await;
    assert_eq!(s.status(&s.carol, &uri).await["reblogged"], false);
    assert_eq!(verb(&s.carol, &id, "favourite").await.ok()["favourited"], true);
    s.node.settle().await;
    let like = arrived(&s.ada, "LikeRequest").pop().unwrap();
    let agreed = stamp(&s, "LikeAuthorization", &like["instrument"]["id"], &uri);
    answers(&s, &s.ada, "Accept", &like["id"], Some(agreed)).await;
    assert_eq!(s.status(&s.carol, &uri).await["favourites_count"], 1);
    assert_eq!(verb(&s.carol, &id, "unfavourite").await.ok()["favourited"], false);
    s.node.settle().await;
    assert!(arrived(&s.ada, "Undo").iter().any(|undo| undo["object"]["id"] == like["instrument"]["id"]));
}

#[tokio::test]
async fn fed_int_13_what_others_did_is_shown_once_its_authorisation_was_looked_at() {
    let s = Scene::new().await;
    s.follows(&s.bob, &s.vera).await;
    let decides = json!({"automaticApproval": [s.ada.id], "manualApproval": [PUBLIC]});
    let (id, uri) = known(&s, "asks", json!({"canReply": decides, "canAnnounce": decides})).await;
    let reply = |name: &str, claimed: Option<Value>| {
        let mut note = s.note(&s.vera, name, &format!("<p>answer {name}</p>"));
        note["inReplyTo"] = json!(uri);
        if let Some(claimed) = claimed {
            note["replyAuthorization"] = claimed;
        }
        note
    };
    // Without one; with one of her own making; with one about something else.
    let other = stamp(&s, "ReplyAuthorization", &json!(format!("{}/notes/elsewhere", s.vera.id)), &uri);
    let plain = reply("plain", None);
    for note in
        [plain.clone(), reply("own", Some(json!(format!("{}/stamps/1", s.vera.id)))), reply("other", Some(other))]
    {
        s.creates(&s.vera, &note).await;
    }
    assert_eq!(below(&s.carol, &id).await, "[]");
    assert_eq!(s.status(&s.bob, &uri).await["replies_count"], 0);
    // Looked at, and found to be ada's word; what she writes herself needs none.
    let good = reply("good", Some(stamp(&s, "ReplyAuthorization", &json!(format!("{}/notes/good", s.vera.id)), &uri)));
    s.creates(&s.vera, &good).await;
    let mut own = s.note(&s.ada, "thread", "<p>answer herself</p>");
    own["inReplyTo"] = json!(uri);
    s.creates(&s.ada, &own).await;
    // What came without one may bring it later.
    let mut plain = plain;
    let at = plain["id"].clone();
    plain["replyAuthorization"] = stamp(&s, "ReplyAuthorization", &at, &uri);
    plain["updated"] = json!(s.node.clock.now().rfc3339());
    s.sends(&s.vera, &s.vera.activity("Update", plain)).await;
    let shown = below(&s.carol, &id).await;
    for (text, there) in [("plain", true), ("own", false), ("other", false), ("good", true), ("herself", true)] {
        assert_eq!(shown.contains(&format!("answer {text}")), there, "{text}: {shown}");
    }
    assert_eq!(s.status(&s.bob, &uri).await["replies_count"], 3);

    // One that is served only after it is told of.
    let name = format!("{}/notes/soon", s.vera.id);
    let soon = stamp(&s, "ReplyAuthorization", &json!(name), &uri);
    let place = soon.as_str().unwrap().split_once("/users/").map(|(_, end)| format!("/users/{end}")).unwrap();
    s.east.serve_as(&place, 404, "text/plain", "");
    s.creates(&s.vera, &reply("soon", Some(soon))).await;
    assert!(!below(&s.carol, &id).await.contains("answer soon"));
    stamp(&s, "ReplyAuthorization", &json!(name), &uri);
    s.node.clock.advance(16_000);
    s.node.settle().await;
    assert!(below(&s.carol, &id).await.contains("answer soon"));

    // Boosts: of vera, whom bob follows.
    let boosts = async || {
        let home = s.bob.get("/api/v1/timelines/home").await.ok();
        home.as_array().unwrap().iter().filter(|post| post["reblog"]["uri"] == json!(uri)).count()
    };
    let mut announce = s.vera.activity("Announce", uri.as_str());
    announce["to"] = json!([PUBLIC]);
    s.sends(&s.vera, &announce).await;
    let mut claimed = s.vera.activity("Announce", uri.as_str());
    (claimed["to"], claimed["announceAuthorization"]) = (json!([PUBLIC]), json!(format!("{}/stamps/2", s.ada.id)));
    s.sends(&s.vera, &claimed).await;
    assert_eq!(boosts().await, 0);
    let mut agreed = s.vera.activity("Announce", uri.as_str());
    let authorization = stamp(&s, "AnnounceAuthorization", &agreed["id"], &uri);
    (agreed["to"], agreed["announceAuthorization"]) = (json!([PUBLIC]), authorization);
    s.sends(&s.vera, &agreed).await;
    assert_eq!(boosts().await, 1);
    // What somebody says whom nobody here follows is not even looked at.
    s.east.forget();
    let mut stranger = s.mallory.activity("Announce", uri.as_str());
    let authorization = stamp(&s, "AnnounceAuthorization", &stranger["id"], &uri);
    (stranger["to"], stranger["announceAuthorization"]) = (json!([PUBLIC]), authorization);
    s.sends(&s.mallory, &stranger).await;
    assert!(!s.east.received().iter().any(|asked| asked.path.contains("/stamps/")), "{:?}", s.east.received());
}

#[tokio::test]
async fn fed_int_13_what_stands_by_an_authorisation_ends_when_that_is_taken_back() {
    let s = Scene::new().await;
    s.follows(&s.bob, &s.vera).await;
    let decides = json!({"automaticApproval": [s.ada.id], "manualApproval": [PUBLIC]});
    let policy = json!({"canReply": decides, "canLike": decides, "canAnnounce": decides});
    let (id, uri) = known(&s, "asks", policy).await;
    s.east.forget();
    let reply = answer(&s.bob, &id, "may I?").await.ok();
    let own = format!("/api/v1/statuses/{}", reply["id"].as_str().unwrap());
    verb(&s.bob, &id, "favourite").await.ok();
    verb(&s.bob, &id, "reblog").await.ok();
    s.node.settle().await;
    let mut stamps = Vec::new();
    for kind in ["Reply", "Like", "Announce"] {
        let request = arrived(&s.ada, &format!("{kind}Request")).pop().unwrap();
        let agreed = stamp(&s, &format!("{kind}Authorization"), &request["instrument"]["id"], &uri);
        answers(&s, &s.ada, "Accept", &request, Some(agreed.clone())).await;
        stamps.push(agreed);
    }
    let said = async |name: &str| {
        let mut note = s.note(&s.vera, name, &format!("<p>answer {name}</p>"));
        note["inReplyTo"] = json!(uri);
        note["replyAuthorization"] = stamp(&s, "ReplyAuthorization", &note["id"], &uri);
        s.creates(&s.vera, &note).await;
        note
    };
    stamps.push(said("one").await["replyAuthorization"].clone());
    let mut announce = s.vera.activity("Announce", uri.as_str());
    announce["to"] = json!([PUBLIC]);
    announce["announceAuthorization"] = stamp(&s, "AnnounceAuthorization", &announce["id"], &uri);
    s.sends(&s.vera, &announce).await;
    stamps.push(announce["announceAuthorization"].clone());
    let counted = async || {
        let shown = s.status(&s.bob, &uri).await;
        ["replies_count", "favourites_count", "reblogs_count"].map(|key| shown[key].as_i64().unwrap())
    };
    assert_eq!(counted().await, [2, 1, 2]);

    // Nobody but her takes them back.
    for taken in &stamps {
        s.sends(&s.mallory, &s.mallory.activity("Delete", taken.clone())).await;
    }
    assert_eq!(counted().await, [2, 1, 2]);
    s.east.forget();
    for taken in &stamps {
        s.sends(&s.ada, &s.ada.activity("Delete", taken.clone())).await;
    }
    assert_eq!(counted().await, [0, 0, 0]);
    assert_eq!(below(&s.carol, &id).await, "[]");
    let shown = s.status(&s.bob, &uri).await;
    assert_eq!((&shown["favourited"], &shown["reblogged"]), (&json!(false), &json!(false)));
    // It is his, and says by itself what it answers, and that nobody let it.
    assert_eq!(s.bob.get(&own).await.ok()["in_reply_to_id"], Value::Null);
    let update = arrived(&s.ada, "Update").pop().unwrap();
    assert_eq!((&update["object"]["id"], &update["object"]["inReplyTo"]), (&reply["uri"], &json!(uri)));
    assert_eq!(update["object"]["replyAuthorization"], Value::Null);
    assert!(arrived(&s.ada, "Undo").iter().any(|undo| undo["object"]["type"] == "Announce"));

    // A no after a yes is the same.
    answer(&s.bob, &id, "and now?").await.ok();
    s.node.settle().await;
    let request = arrived(&s.ada, "ReplyRequest").pop().unwrap();
    let agreed = stamp(&s, "ReplyAuthorization", &request["instrument"]["id"], &uri);
    answers(&s, &s.ada, "Accept", &request, Some(agreed)).await;
    assert!(below(&s.carol, &id).await.contains("and now?"));
    answers(&s, &s.ada, "Reject", &request["id"], None).await;
    assert_eq!(below(&s.carol, &id).await, "[]");

    // So is that there is nothing any more where it lay, when the answer is looked at again.
    let mut note = said("two").await;
    assert_eq!(counted().await, [1, 0, 0]);
    let lay = note["replyAuthorization"].as_str().unwrap().strip_prefix(&s.east.url("")).unwrap().to_owned();
    s.east.serve_as(&lay, 410, "application/activity+json", "");
    s.node.clock.advance(2_000);
    (note["content"], note["updated"]) = (json!("<p>answer two, again</p>"), json!(s.node.clock.now().rfc3339()));
    s.sends(&s.vera, &s.vera.activity("Update", note)).await;
    assert_eq!(counted().await, [0, 0, 0]);
    assert_eq!(below(&s.carol, &id).await, "[]");
}

#[tokio::test]
async fn fed_int_13_whoever_asks_about_a_post_of_ours_is_answered() {
    let s = Scene::new().await;
    s.sends(&s.vera, &s.vera.activity("Follow", s.uri(&s.bob))).await;
    let (own, secret) = (s.writes(&s.bob, "public", "mine").await, s.writes(&s.bob, "private", "ours").await);
    let direct = s.writes(&s.bob, "direct", "for myself").await;
    let anybody = Client::anonymous(&s.node);
    let asks = async |kind: &str, post: &str, instrument: String| {
        s.node.settle().await;
        s.west.forget();
        let mut request = s.vera.activity(&format!("{kind}Request"), post);
        request["instrument"] = json!(instrument);
        s.sends(&s.vera, &request).await;
        request
    };
    let mine = |name: &str| format!("{}/asked/{name}", s.vera.id);
    let mut paths = Vec::new();
    for kind in ["Reply", "Like", "Announce"] {
        let request = asks(kind, own.as_str(), mine(kind)).await;
        let [accept] = &arrived(&s.vera, "Accept")[..] else { panic!("{kind}: {:?}", s.west.inbox()) };
        assert_eq!((&accept["actor"], &accept["object"]["id"]), (&json!(s.uri(&s.bob)), &request["id"]));
        assert_eq!(accept["object"]["type"], request["type"]);
        let result = accept["result"].clone();
        let path = result.as_str().unwrap().strip_prefix(&s.node.url("")).unwrap().to_owned();
        let stamp = anybody.get_activity(&path).await.ok();
        assert_eq!((&stamp["id"], &stamp["type"]), (&result, &json!(format!("{kind}Authorization"))));
        assert_eq!((&stamp["attributedTo"], &stamp["interactionTarget"]), (&json!(s.uri(&s.bob)), &json!(own)));
        assert_eq!(stamp["interactingObject"], request["instrument"]);
        // Asked once more, the answer is the same.
        asks(kind, own.as_str(), mine(kind)).await;
        assert_eq!(arrived(&s.vera, "Accept").pop().unwrap()["result"], result);
        paths.push(path);
    }
    let shown = s.status(&s.bob, &own).await;
    assert_eq!((&shown["favourites_count"], &shown["reblogs_count"]), (&json!(1), &json!(0)));
    // For something of somebody else's server; for a boost of what is for followers.
    for (kind, post, instrument) in
        [("Reply", own.as_str(), format!("{}/notes/1", s.ada.id)), ("Announce", secret.as_str(), mine("secret"))]
    {
        let request = asks(kind, post, instrument).await;
        let [reject] = &arrived(&s.vera, "Reject")[..] else { panic!("{kind}: {:?}", s.west.inbox()) };
        assert_eq!((&reject["object"]["id"], &reject["result"]), (&request["id"], &Value::Null));
        assert!(arrived(&s.vera, "Accept").is_empty());
    }
    // What she sees she may answer, and others do not see that she may.
    asks("Reply", secret.as_str(), mine("quiet")).await;
    let result = arrived(&s.vera, "Accept").pop().unwrap()["result"].as_str().unwrap().to_owned();
    let quiet = result.strip_prefix(&s.node.url("")).unwrap();
    assert_eq!(anybody.get_activity(quiet).await.status, 404);
    assert_eq!(s.vera.reading(&s.node, quiet).send(&s.node).await.status, 200);
    // Of what she does not see she hears nothing.
    asks("Reply", direct.as_str(), mine("direct")).await;
    assert!(s.west.inbox().is_empty(), "{:?}", s.west.inbox());
    // Nobody whom he blocks has his word.
    let vera = s.account(&s.vera).await.id;
    s.bob.post(&format!("/api/v1/accounts/{vera}/block"), json!({})).await.ok();
    for path in &paths {
        assert_eq!(anybody.get_activity(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn fed_int_13_what_somebody_asked_for_who_is_suspended_now_does_not_come_about() {
    let s = Scene::new().await;
    let decides = json!({"automaticApproval": [s.ada.id], "manualApproval": [PUBLIC]});
    let (id, uri) = known(&s, "asks", json!({"canReply": decides, "canAnnounce": decides})).await;
    s.east.forget();
    answer(&s.bob, &id, "may I?").await.ok();
    verb(&s.bob, &id, "reblog").await.ok();
    s.node.settle().await;
    let bob = s.account_of(&s.uri(&s.bob)).await.unwrap().id;
    let suspended = s.node.app.write(move |tx| watercooler::store::users::set_suspended(tx.conn, bob, Some(tx.now)));
    suspended.await.unwrap();
    for kind in ["Reply", "Announce"] {
        let request = arrived(&s.ada, &format!("{kind}Request")).pop().unwrap();
        let agreed = stamp(&s, &format!("{kind}Authorization"), &request["instrument"]["id"], &uri);
        answers(&s, &s.ada, "Accept", &request, Some(agreed)).await;
    }
    assert!(arrived(&s.ada, "Create").is_empty() && arrived(&s.ada, "Announce").is_empty());
    let shown = s.status(&s.carol, &uri).await;
    assert_eq!((&shown["replies_count"], &shown["reblogs_count"]), (&json!(0), &json!(0)));
    assert_eq!(below(&s.carol, &id).await, "[]");
}

#[tokio::test]
async fn fed_int_13_an_answer_that_came_before_what_it_answers_finds_its_place_by_its_authorisation() {
    let s = Scene::new().await;
    s.follows(&s.bob, &s.vera).await;
    let mut note = s.note(&s.ada, "asks", "<p>think of it what you like</p>");
    note["interactionPolicy"] = json!({"canReply": {"automaticApproval": [s.ada.id], "manualApproval": [PUBLIC]}});
    serves(&s.ada, &note);
    let uri = note["id"].as_str().unwrap();
    for (name, agreed) in [("plain", false), ("good", true)] {
        let mut reply = s.note(&s.vera, name, &format!("<p>answer {name}</p>"));
        reply["inReplyTo"] = json!(uri);
        if agreed {
            reply["replyAuthorization"] = stamp(&s, "ReplyAuthorization", &reply["id"], uri);
        }
        serves(&s.vera, &reply);
        let mut create = s.vera.activity("Create", reply.clone());
        (create["to"], create["cc"]) = (reply["to"].clone(), reply["cc"].clone());
        s.vera.delivers(&s.node, &create).await;
    }
    s.node.settle().await;
    let seen = s.status(&s.bob, uri).await;
    assert_eq!(seen["replies_count"], 1);
    let shown = below(&s.carol, seen["id"].as_str().unwrap()).await;
    assert!(shown.contains("answer good") && !shown.contains("answer plain"), "{shown}");
}

#[tokio::test]
async fn fed_int_13_an_authorisation_that_was_taken_back_before_it_came_lets_nothing() {
    let s = Scene::new().await;
    let decides = json!({"canReply": {"automaticApproval": [s.ada.id], "manualApproval": [PUBLIC]}});
    for (name, by, becomes) in [("one", &s.mallory, "public"), ("two", &s.ada, "direct")] {
        let (id, uri) = known(&s, name, decides.clone()).await;
        s.east.forget();
        let reply = answer(&s.bob, &id, "may I?").await.ok();
        s.node.settle().await;
        let [request] = &arrived(&s.ada, "ReplyRequest")[..] else { panic!("{:?}", s.east.inbox()) };
        let genuine = stamp(&s, "ReplyAuthorization", &reply["uri"], &uri);
        s.sends(by, &by.activity("Delete", genuine.clone())).await;
        answers(&s, &s.ada, "Accept", request, Some(genuine)).await;
        let own = format!("/api/v1/statuses/{}", reply["id"].as_str().unwrap());
        assert_eq!(s.bob.get(&own).await.ok()["visibility"], becomes, "taken back by {}", by.id);
    }
}
