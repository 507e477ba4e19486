//! Quotes and the three audiences: a quote carries nothing to whom it is not for.

use crate::{
    audiences::{World, home, known, path, says, words},
    support::{Client, organisation::letter},
};
use serde_json::{Value, json};

async fn quotes(who: &Client, quoted: &Value, text: &str) -> Value {
    who.post("/api/v1/statuses", json!({"status": text, "quoted_status_id": quoted["id"]})).await.ok()
}

#[tokio::test]
async fn a_quote_goes_no_further_than_what_it_quotes() {
    let world = World::new().await;
    let posts = world.three().await;
    let mut made = Vec::new();
    for (post, audience) in posts.iter().zip(["site", "organisation", "open"]) {
        // Whatever its author says.
        let quote = quotes(&world.bob, post, "!open See this #glue").await;
        assert_eq!((&quote["audience"], &quote["quote"]["state"]), (&json!(audience), &json!("accepted")), "{quote}");
        made.push(quote);
        // And what quotes the quote, not further either.
        let again = quotes(&world.ada, made.last().unwrap(), "!open And this").await;
        assert_eq!(again["audience"], audience);
        made.push(again);
    }
    world.settle().await;
    let arrived = world.arrived();
    assert_eq!(words(&arrived), ["openword"]);
    for (n, quote) in made.iter().enumerate() {
        let (uri, open) = (quote["uri"].as_str().unwrap(), n >= 4);
        // Nobody outside follows bob: of his there is the address in what ada says.
        assert_eq!(arrived.contains(uri), open, "{uri}");
        // Nor do they of the nodes; those fetch what is quoted with consent.
        assert_eq!(known(&world.lea, quote).await.is_some(), n >= 2, "{n}");
        assert_eq!(known(&world.ola, quote).await.is_some(), open, "{n}");
    }
    for post in &posts[..2] {
        assert!(!arrived.contains(post["uri"].as_str().unwrap()), "not even its address");
    }
    assert_eq!(words(&home(&world.ola).await), ["openword"]);
    assert_eq!(words(&home(&world.lea).await), ["orgsecret", "openword"]);
    // Authorisations are read by whoever may see what is quoted, and may know of what quotes it.
    let near = quotes(&world.bob, &posts[2], "!site See this").await;
    let inside = quotes(&world.bob, &posts[2], "!org See this").await;
    for (post, quote, [out, lyon]) in [
        (&posts[0], &made[0], [404, 404]),
        (&posts[1], &made[2], [404, 200]),
        (&posts[2], &made[4], [200, 200]),
        (&posts[2], &near, [404, 404]),
        (&posts[2], &inside, [404, 200]),
    ] {
        let stamp = format!("/users/ada/quote_authorizations/{}", quote["id"].as_str().unwrap());
        let nobody = Client::anonymous(&world.hq).get_activity(&stamp).await;
        assert_eq!(nobody.status, out, "{}", post["content"]);
        for (node, status) in [(&world.out, out), (&world.lyon, lyon)] {
            let reply = letter(node, &world.hq, "GET", &stamp, None).await.send(&world.hq).await;
            assert_eq!(reply.status, status, "{}", post["content"]);
        }
    }
}

#[tokio::test]
async fn a_quote_at_another_site_is_agreed_to_and_stays_inside() {
    let world = World::new().await;
    let posts = world.three().await;
    let inside = known(&world.lea, &posts[1]).await.unwrap();
    world.far.forget();
    let quote = quotes(&world.lea, &inside, "!open From Lyon").await;
    assert_eq!((&quote["audience"], &quote["quote"]["state"]), (&json!("organisation"), &json!("pending")));
    world.settle().await;
    for reader in [&world.lea, &world.ada] {
        let seen = known(reader, &quote).await.unwrap();
        assert_eq!(
            (&seen["quote"]["state"], &seen["quote"]["quoted_status"]["uri"]),
            (&json!("accepted"), &posts[1]["uri"])
        );
    }
    assert!(world.arrived().is_empty(), "{}", world.arrived());
    let note = path(&world.lyon, &quote["uri"]);
    assert_eq!(Client::anonymous(&world.lyon).get_activity(&note).await.status, 404);
    // The author of what is quoted has to be asked, and is outside: then it is either allowed to all, or not at all.
    let outside = world.ola.post("/api/v1/statuses", json!({"status": "The open word"})).await.ok();
    let asked =
        world.ola.post("/api/v1/statuses", json!({"status": "Mine", "quote_approval_policy": "followers"})).await.ok();
    let mut ids = Vec::new();
    for post in [&outside, &asked] {
        let query = format!("/api/v2/search?resolve=true&type=statuses&q={}", post["uri"].as_str().unwrap());
        ids.push(world.ada.get(&query).await.ok()["statuses"][0].clone());
    }
    let kept = quotes(&world.ada, &ids[0], "!org For us").await;
    assert_eq!((&kept["audience"], &kept["quote"]["state"]), (&json!("organisation"), &json!("accepted")));
    let refused = json!({"status": "!org For us", "quoted_status_id": ids[1]["id"]});
    assert_eq!(world.ada.post("/api/v1/statuses", refused).await.status, 403);
    let open = quotes(&world.ada, &ids[0], "!open For all").await;
    assert_eq!((&open["audience"], &open["quote"]["state"]), (&json!("open"), &json!("pending")));
    world.settle().await;
    assert_eq!(known(&world.ada, &open).await.unwrap()["quote"]["state"], "accepted");
    assert!(known(&world.ola, &kept).await.is_none());
    assert_eq!(says(&world.ada, "x").await["quote"], Value::Null);
}
