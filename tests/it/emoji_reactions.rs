//! Emoji reactions (FEP-c0e0, INT-08), both ways, and as clients see them that know them or not.

use crate::support::{Client, Scene, Sender, schema::Schema};
use serde_json::{Value, json};
use watercooler::{
    domain::{audit::Staff, emojis},
    limits,
};

const BASE: &str = "/api/v1/pleroma/statuses";
/// 👍 and 🍩, as they stand in an address.
const THUMB: &str = "%F0%9F%91%8D";
const DONUT: &str = "%F0%9F%8D%A9";

/// A reaction of somebody elsewhere.
fn reaction(who: &Sender, kind: &str, object: &str, emoji: &str) -> Value {
    let mut it = who.activity(kind, object);
    it["content"] = json!(emoji);
    it
}

/// One with a custom emoji of theirs.
fn custom(who: &Sender, object: &str, emoji: &str, picture: &str) -> Value {
    let mut it = reaction(who, "EmojiReact", object, &format!(":{emoji}:"));
    it["tag"] = json!([{"type": "Emoji", "name": format!(":{emoji}:"), "icon": {"type": "Image", "url": picture}}]);
    it
}

/// Name and number of each emoji under a post, as somebody sees it.
async fn shown(s: &Scene, who: &Client, uri: &str) -> Vec<(String, i64)> {
    let status = s.status(who, uri).await;
    let list = status["reactions"].as_array().unwrap();
    list.iter().map(|one| (one["name"].as_str().unwrap().to_owned(), one["count"].as_i64().unwrap())).collect()
}

fn named(list: &[(&str, i64)]) -> Vec<(String, i64)> {
    list.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

async fn post_id(s: &Scene, uri: &str) -> String {
    s.post(uri).await.unwrap().id.to_string()
}

/// A custom emoji of the node; its picture's address.
async fn own_emoji(s: &Scene, name: &'static str) -> String {
    let (storage, random) = (s.node.app.storage(), s.node.app.random().clone());
    let file = watercooler::media::intake::emoji(&storage, &random, &crate::media::picture(20, 20)).unwrap();
    s.node.app.write(move |tx| emojis::add(tx, &Staff::console(), name, &file, None, true)).await.unwrap();
    let list = s.bob.get("/api/v1/custom_emojis").await.ok();
    let one = list.as_array().unwrap().iter().find(|one| one["shortcode"] == name).unwrap();
    one["url"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn fed_int_08_reactions_arrive_with_their_emoji_and_count_as_favourites_for_clients_that_know_no_better() {
    let s = Scene::new().await;
    let own = s.writes(&s.bob, "public", "mine").await;
    let picture = s.west.url("/emoji/cat.png");
    let first = reaction(&s.ada, "EmojiReact", &own, "🍩");
    let second = reaction(&s.mallory, "Like", &own, "🍩");
    // Misskey's older way.
    let mut third = custom(&s.vera, &own, "cat", &picture);
    third["type"] = json!("Like");
    third["_misskey_reaction"] = third["content"].take();
    third.as_object_mut().unwrap().remove("content");
    for (who, activity) in [(&s.ada, &first), (&s.mallory, &second), (&s.vera, &third)] {
        who.delivers(&s.node, activity).await;
        // Again, under another id: once is enough.
        let mut again = activity.clone();
        again["id"] = json!(format!("{}again", activity["id"].as_str().unwrap()));
        who.delivers(&s.node, &again).await;
    }
    let cat = format!("cat@{}", s.west.authority);
    assert_eq!(shown(&s, &s.bob, &own).await, named(&[("🍩", 2), (&cat, 1)]));
    let status = s.status(&s.bob, &own).await;
    assert_eq!(status["favourites_count"], 3);
    // Clients get its picture from this node.
    s.west.serve_as("/emoji/cat.png", 200, "image/png", crate::media::picture(20, 20));
    let ours = crate::emojis::address(&s, &picture);
    let cat_shown = &status["reactions"][1];
    assert_eq!(
        (&status["reactions"][0]["me"], &cat_shown["url"], &cat_shown["static_url"]),
        (&json!(false), &json!(ours), &json!(ours))
    );
    assert_eq!(Client::anonymous(&s.node).get(&ours).await.header("content-type"), "image/png");
    Schema::read().assert_all("Reaction", &status["reactions"]);
    assert_eq!(s.told(&s.bob).await, ["favourite", "favourite", "favourite"]);
    // Who it was, of all and of one.
    let id = post_id(&s, &own).await;
    let all = s.bob.get(&format!("{BASE}/{id}/reactions")).await.ok();
    assert_eq!((&all[0]["name"], &all[0]["count"], &all[0]["me"]), (&json!("🍩"), &json!(2), &json!(false)));
    let who = |one: &Value| -> Vec<String> {
        one["accounts"].as_array().unwrap().iter().map(|a| a["username"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!((who(&all[0]), who(&all[1])), (vec!["ada".into(), "mallory".into()], vec!["vera".into()]));
    let one = s.bob.get(&format!("{BASE}/{id}/reactions/{cat}")).await.ok();
    assert_eq!((one.as_array().unwrap().len(), &one[0]["name"], &one[0]["url"]), (1, &json!(cat), &json!(ours)));
    assert_eq!(s.bob.get(&format!("{BASE}/{id}/reactions/{THUMB}")).await.ok(), json!([]));
    // Nobody else takes it back; they do: by its id, whole, and whole under an id that nobody knows.
    s.sends(&s.mallory, &s.mallory.activity("Undo", first.clone())).await;
    assert_eq!(shown(&s, &s.bob, &own).await, named(&[("🍩", 2), (&cat, 1)]));
    s.ada.delivers(&s.node, &s.ada.activity("Undo", first["id"].clone())).await;
    s.mallory.delivers(&s.node, &s.mallory.activity("Undo", second.clone())).await;
    third["id"] = json!(format!("{}/activities/unheard", s.vera.id));
    s.vera.delivers(&s.node, &s.vera.activity("Undo", third)).await;
    assert_eq!(shown(&s, &s.bob, &own).await, named(&[]));
    assert_eq!(s.status(&s.bob, &own).await["favourites_count"], 0);
    assert!(s.told(&s.bob).await.is_empty(), "what was taken back is not told any more");
    assert_eq!(s.count("select count(*) from emoji_reactions").await, 0);
}

#[tokio::test]
async fn fed_int_08_several_reactions_and_a_like_of_one_person_are_one_favourite_until_the_last_is_gone() {
    let s = Scene::new().await;
    let own = s.writes(&s.bob, "public", "mine").await;
    let count = async || s.status(&s.bob, &own).await["favourites_count"].as_i64().unwrap();
    let (donut, heart) = (reaction(&s.ada, "EmojiReact", &own, "🍩"), reaction(&s.ada, "EmojiReact", &own, "❤️"));
    let like = s.ada.activity("Like", own.clone());
    for activity in [&donut, &like, &heart] {
        s.ada.delivers(&s.node, activity).await;
        assert_eq!(count().await, 1);
    }
    // With or without the sign that asks for colours it is one emoji.
    s.mallory.delivers(&s.node, &reaction(&s.mallory, "Like", &own, "❤")).await;
    assert_eq!(shown(&s, &s.bob, &own).await, named(&[("🍩", 1), ("❤️", 2)]));
    assert_eq!(s.told(&s.bob).await, ["favourite", "favourite"]);
    s.ada.delivers(&s.node, &s.ada.activity("Undo", like["id"].clone())).await;
    s.ada.delivers(&s.node, &s.ada.activity("Undo", donut["id"].clone())).await;
    assert_eq!((count().await, shown(&s, &s.bob, &own).await), (2, named(&[("❤️", 2)])));
    s.ada.delivers(&s.node, &s.ada.activity("Undo", heart["id"].clone())).await;
    assert_eq!((count().await, shown(&s, &s.bob, &own).await), (1, named(&[("❤️", 1)])));
    // An Undo that names another emoji than theirs takes nothing away.
    let other = json!({"type": "EmojiReact", "actor": s.mallory.id, "object": own, "content": "🍩"});
    s.mallory.delivers(&s.node, &s.mallory.activity("Undo", other)).await;
    assert_eq!(count().await, 1);
    // Undo first, reaction later: it stays away.
    let late = reaction(&s.ada, "EmojiReact", &own, "🍩");
    s.ada.delivers(&s.node, &s.ada.activity("Undo", late["id"].clone())).await;
    s.ada.delivers(&s.node, &late).await;
    assert_eq!(count().await, 1);
    // Whoever deletes their account takes all of it along.
    s.mallory.delivers(&s.node, &s.mallory.activity("Delete", s.mallory.id.clone())).await;
    s.node.settle().await;
    assert_eq!((count().await, shown(&s, &s.bob, &own).await), (0, named(&[])));
}

#[tokio::test]
async fn fed_int_08_what_is_no_emoji_counts_as_a_like_and_too_many_kinds_do_too() {
    let s = Scene::new().await;
    let own = s.writes(&s.bob, "public", "mine").await;
    let count = async || s.status(&s.bob, &own).await["favourites_count"].as_i64().unwrap();
    let hostile = [
        json!("<script>alert(1)</script>"),
        json!(""),
        json!(null),
        json!(7),
        json!(["🍩", "🍩"]),
        json!({"a": "b"}),
        json!("🍩🍩"),
        json!("a".repeat(10_000)),
        json!(":no_picture:"),
        json!("::"),
        json!(":a b:"),
        json!("\u{200d}\u{200d}\u{200d}"),
    ];
    for content in hostile {
        let mut it = s.ada.activity("EmojiReact", own.clone());
        it["content"] = content.clone();
        assert_eq!(s.sends(&s.ada, &it).await, 202, "{content}");
        let reactions = shown(&s, &s.bob, &own).await;
        assert!(reactions.is_empty() || content.is_array(), "{content} {reactions:?}");
        assert_eq!(count().await, 1, "{content}");
        assert_eq!(s.sends(&s.ada, &s.ada.activity("Undo", it)).await, 202);
        assert_eq!(count().await, 0, "{content}");
    }
    // A picture that is no address of the web.
    for url in ["javascript:alert(1)", "file:///etc/passwd", "data:image/png;base64,AAAA", ""] {
        let it = custom(&s.ada, &own, "cat", url);
        assert_eq!(s.sends(&s.ada, &it).await, 202);
        assert_eq!(shown(&s, &s.bob, &own).await, named(&[]), "{url}");
        s.sends(&s.ada, &s.ada.activity("Undo", it)).await;
    }
    // So many of one person, and so many in all.
    let picture = s.east.url("/emoji/x.png");
    for n in 0..=limits::REACTIONS_EACH {
        s.ada.delivers(&s.node, &custom(&s.ada, &own, &format!("e{n}"), &picture)).await;
    }
    assert_eq!(shown(&s, &s.bob, &own).await.len(), limits::REACTIONS_EACH);
    assert_eq!(count().await, 1);
}

#[tokio::test]
async fn a_post_has_so_many_kinds_of_reactions_at_most_and_known_ones_may_still_be_joined() {
    let s = Scene::new().await;
    let own = s.writes(&s.bob, "public", "mine").await;
    let id = post_id(&s, &own).await;
    let picture = s.east.url("/emoji/x.png");
    let people = limits::REACTION_KINDS.div_ceil(limits::REACTIONS_EACH);
    for who in 0..people {
        let them = Sender::new(&s.east, &format!("p{who}"));
        s.meet(&them).await;
        for n in 0..limits::REACTIONS_EACH {
            let name = format!("e{}", who * limits::REACTIONS_EACH + n);
            them.delivers(&s.node, &custom(&them, &own, &name, &picture)).await;
        }
    }
    assert_eq!(shown(&s, &s.bob, &own).await.len(), limits::REACTION_KINDS);
    let path = |emoji: &str| format!("{BASE}/{id}/reactions/{emoji}");
    let refused = s.carol.put(&path(THUMB), json!({})).await;
    assert_eq!(
        (refused.status, &refused.json()["error"]),
        (422, &json!("Validation failed: Limit of different reactions reached"))
    );
    let joined = s.carol.put(&path(&format!("e0@{}", s.east.authority)), json!({})).await.ok();
    assert_eq!((&joined["reactions"][0]["count"], &joined["reactions"][0]["me"]), (&json!(2), &json!(true)));
}

#[tokio::test]
async fn fed_int_08_a_reaction_here_goes_out_as_a_like_with_the_emoji_and_further_ones_as_emoji_reactions() {
    let s = Scene::new().await;
    let picture = own_emoji(&s, "party").await;
    let hers = s.creates(&s.ada, &s.note(&s.ada, "1", "hers")).await;
    let id = post_id(&s, &hers).await;
    s.east.forget();
    let path = |emoji: &str| format!("{BASE}/{id}/reactions/{emoji}");
    let seen = s.bob.put(&path(THUMB), json!({})).await.ok();
    assert_eq!((&seen["favourited"], &seen["favourites_count"]), (&json!(true), &json!(1)));
    assert_eq!(seen["reactions"], json!([{"name": "👍", "count": 1, "me": true}]));
    // Twice is once; the other way to say it.
    s.bob.put(&path(THUMB), json!({})).await.ok();
    let seen = s.bob.post(&format!("/api/v1/statuses/{id}/react/:party:"), json!({})).await.ok();
    assert_eq!(seen["reactions"][1]["name"], "party");
    assert_eq!(seen["reactions"][1]["url"], json!(picture));
    assert_eq!(seen["favourites_count"], 1);
    s.node.settle().await;
    let [like, react] = &s.east.inbox()[..] else { panic!("{:?}", s.east.inbox()) };
    for (it, kind, content) in [(like, "Like", "👍"), (react, "EmojiReact", ":party:")] {
        assert_eq!((&it["type"], &it["content"], &it["object"]), (&json!(kind), &json!(content), &json!(hers)));
        assert_eq!((&it["actor"], &it["to"]), (&json!(s.uri(&s.bob)), &json!([s.ada.id])));
    }
    assert_eq!((&like["_misskey_reaction"], &react["_misskey_reaction"]), (&json!("👍"), &Value::Null));
    let tag = &react["tag"][0];
    assert_eq!(
        (&tag["type"], &tag["name"], &tag["icon"]["url"]),
        (&json!("Emoji"), &json!(":party:"), &json!(picture))
    );
    assert_eq!(react["@context"][1]["EmojiReact"], "litepub:EmojiReact");
    // They can be read at their ids.
    for it in [like, react] {
        let at = it["id"].as_str().unwrap();
        let read = Client::anonymous(&s.node).get_activity(&at[at.find("/activities/").unwrap()..]).await.ok();
        assert_eq!((&read["type"], &read["content"]), (&it["type"], &it["content"]));
    }
    s.east.forget();
    let seen = s.bob.delete(&path(THUMB)).await.ok();
    assert_eq!((&seen["favourited"], &seen["reactions"][0]["name"]), (&json!(true), &json!("party")));
    let seen = s.bob.post(&format!("/api/v1/statuses/{id}/unreact/party"), json!({})).await.ok();
    assert_eq!((&seen["favourited"], &seen["reactions"]), (&json!(false), &json!([])));
    assert_eq!(seen["favourites_count"], 0);
    s.node.settle().await;
    let [one, two] = &s.east.inbox()[..] else { panic!("{:?}", s.east.inbox()) };
    for (undo, it) in [(one, like), (two, react)] {
        assert_eq!((&undo["type"], &undo["object"]["id"]), (&json!("Undo"), &it["id"]));
        assert_eq!((&undo["object"]["type"], &undo["object"]["content"]), (&it["type"], &it["content"]));
    }
}

#[tokio::test]
async fn whoever_unfavourites_with_an_old_client_takes_their_reactions_back_and_no_like_is_sent_that_was_none() {
    let s = Scene::new().await;
    let hers = s.creates(&s.ada, &s.note(&s.ada, "1", "hers")).await;
    let id = post_id(&s, &hers).await;
    let at = |what: &str| format!("/api/v1/statuses/{id}/{what}");
    s.bob.put(&format!("{BASE}/{id}/reactions/{THUMB}"), json!({})).await.ok();
    s.bob.put(&format!("{BASE}/{id}/reactions/{DONUT}"), json!({})).await.ok();
    s.node.settle().await;
    s.east.forget();
    let seen = s.bob.post(&at("unfavourite"), json!({})).await.ok();
    assert_eq!(
        (&seen["favourited"], &seen["reactions"], &seen["favourites_count"]),
        (&json!(false), &json!([]), &json!(0))
    );
    s.node.settle().await;
    let undone: Vec<Value> = s.east.inbox().iter().map(|it| it["object"]["content"].clone()).collect();
    assert_eq!(undone, [json!("👍"), json!("🍩")]);
    // First the like, then a reaction: the like stays when the reaction goes.
    s.bob.post(&at("favourite"), json!({})).await.ok();
    s.bob.put(&format!("{BASE}/{id}/reactions/{THUMB}"), json!({})).await.ok();
    let seen = s.bob.delete(&format!("{BASE}/{id}/reactions/{THUMB}")).await.ok();
    assert_eq!((&seen["favourited"], &seen["favourites_count"]), (&json!(true), &json!(1)));
    s.node.settle().await;
    let kinds: Vec<String> = s.east.inbox()[2..].iter().map(|it| it["type"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds, ["Like", "EmojiReact", "Undo"]);
}

#[tokio::test]
async fn who_may_not_see_a_post_neither_reacts_to_it_nor_reads_what_others_think_of_it() {
    let s = Scene::new().await;
    let secret = s.writes(&s.bob, "private", "for followers").await;
    let id = post_id(&s, &secret).await;
    let path = format!("{BASE}/{id}/reactions");
    s.bob.put(&format!("{path}/{THUMB}"), json!({})).await.ok();
    assert_eq!(s.carol.put(&format!("{path}/{THUMB}"), json!({})).await.status, 404);
    assert_eq!(s.carol.get(&path).await.status, 404);
    assert_eq!(Client::anonymous(&s.node).get(&path).await.status, 404);
    assert_eq!(s.sends(&s.ada, &reaction(&s.ada, "EmojiReact", &secret, "🍩")).await, 202);
    assert_eq!(shown(&s, &s.bob, &secret).await, named(&[("👍", 1)]));
    // What is no emoji.
    let own = post_id(&s, &s.writes(&s.bob, "public", "mine").await).await;
    for bad in ["x", "nobody@nowhere.example", "%3Cb%3E", "12", &"a".repeat(2_000)] {
        let reply = s.carol.put(&format!("{BASE}/{own}/reactions/{bad}"), json!({})).await;
        assert_eq!(reply.status, 422, "{bad}");
    }
    assert_eq!(s.carol.delete(&format!("{BASE}/{own}/reactions/{THUMB}")).await.ok()["reactions"], json!([]));
    assert_eq!(Client::anonymous(&s.node).put(&format!("{BASE}/{own}/reactions/{THUMB}"), json!({})).await.status, 401);
}

#[tokio::test]
async fn our_custom_emoji_that_comes_back_from_elsewhere_is_ours() {
    let s = Scene::new().await;
    let picture = own_emoji(&s, "party").await;
    let own = s.writes(&s.bob, "public", "mine").await;
    s.ada.delivers(&s.node, &custom(&s.ada, &own, "party", &picture)).await;
    s.mallory.delivers(&s.node, &custom(&s.mallory, &own, "party", &s.east.url("/other.png"))).await;
    assert_eq!(shown(&s, &s.bob, &own).await, named(&[("party", 1), (&format!("party@{}", s.east.authority), 1)]));
}
