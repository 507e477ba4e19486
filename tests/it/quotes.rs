//! Quotes with consent among the people of one node, as clients see them.

use crate::support::{Client, NOW, Node, schema::Schema};
use serde_json::{Value, json};
use watercooler::{db::Sql, domain::Task};

async fn says(who: &Client, body: Value) -> Value {
    who.post("/api/v1/statuses", body).await.ok()
}

async fn quotes(who: &Client, quoted: &Value, text: &str) -> Value {
    says(who, json!({"status": text, "quoted_status_id": quoted["id"]})).await
}

/// The status of an attempt to quote, and the answer.
async fn tries(who: &Client, quoted: &Value, more: Value) -> (u16, Value) {
    let mut body = json!({"status": "look", "quoted_status_id": quoted["id"]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let reply = who.post("/api/v1/statuses", body).await;
    (reply.status, reply.json())
}

async fn shown(who: &Client, post: &Value) -> Value {
    who.get(&format!("/api/v1/statuses/{}", post["id"].as_str().unwrap())).await.ok()
}

async fn acts(who: &Client, whom: &Client, verb: &str) {
    who.post(&format!("/api/v1/accounts/{}/{verb}", whom.id), json!({})).await.ok();
}

async fn allows(who: &Client, post: &Value, policy: &str) -> Value {
    let path = format!("/api/v1/statuses/{}/interaction_policy", post["id"].as_str().unwrap());
    who.put(&path, json!({ "quote_approval_policy": policy })).await.ok()
}

async fn told(who: &Client, kind: &str) -> Vec<Value> {
    who.get(&format!("/api/v1/notifications?types[]={kind}")).await.ok().as_array().unwrap().clone()
}

async fn listed(who: &Client, quoted: &Value) -> Vec<Value> {
    let path = format!("/api/v1/statuses/{}/quotes", quoted["id"].as_str().unwrap());
    who.get(&path).await.ok().as_array().unwrap().iter().map(|one| one["id"].clone()).collect()
}

fn state(post: &Value) -> &str {
    let state = post["quote"]["state"].as_str().unwrap_or_else(|| panic!("no quote: {post}"));
    assert_eq!(
        post["quote"]["quoted_status"].is_object(),
        ["accepted", "muted_account"].contains(&state) || state.starts_with("blocked")
    );
    state
}

#[tokio::test]
async fn a_quote_shows_the_quoted_post_and_its_author_hears_of_it() {
    let (schema, node) = (Schema::read(), Node::start().await);
    let (ada, bob, carl) = (node.member("ada").await, node.member("bob").await, node.member("carl").await);
    let first = says(&ada, json!({"status": "The first word"})).await;
    assert_eq!(first["quote_approval"], json!({"automatic": ["public"], "manual": [], "current_user": "automatic"}));
    let second = quotes(&bob, &first, "The second word").await;
    schema.assert("Status", &second);
    schema.assert("Quote", &second["quote"]);
    schema.assert("Status", &second["quote"]["quoted_status"]);
    assert_eq!((state(&second), &second["quote"]["quoted_status"]["id"]), ("accepted", &first["id"]));
    assert_eq!(second["quote"]["quoted_status"]["quote"], Value::Null);
    // Clients that know no quotes find a link, and those that do know how to leave it out.
    let link = format!("<p class=\"quote-inline\">RE: <a href=\"{}\"", first["url"].as_str().unwrap());
    assert!(second["content"].as_str().unwrap().starts_with(&link), "{second}");
    assert!(second["content"].as_str().unwrap().ends_with("</p><p>The second word</p>"));
    let word = told(&ada, "quote").await;
    assert_eq!((word.len(), &word[0]["status"]["id"], &word[0]["account"]["acct"]), (1, &second["id"], &json!("bob")));
    schema.assert("Notification", &word[0]);
    assert_eq!(shown(&Client::anonymous(&node), &first).await["quotes_count"], 1);
    assert_eq!(listed(&carl, &first).await, [second["id"].clone()]);
    // A quote within a quote is named, not shown.
    let third = quotes(&carl, &second, "").await;
    let within = &third["quote"]["quoted_status"]["quote"];
    assert_eq!(*within, json!({"state": "accepted", "quoted_status_id": first["id"]}));
    schema.assert("ShallowQuote", within);
    let boost = carl.post(&format!("/api/v1/statuses/{}/reblog", second["id"].as_str().unwrap()), json!({})).await.ok();
    assert_eq!((&boost["quote"], state(&boost["reblog"])), (&Value::Null, "accepted"));
    // A boost leads to what it boosts.
    assert_eq!(quotes(&ada, &boost, "thanks").await["quote"]["quoted_status"]["id"], second["id"]);
    // Pages of the list lead on.
    let path = format!("/api/v1/statuses/{}/quotes?limit=1", second["id"].as_str().unwrap());
    let page = ada.get(&path).await;
    assert_eq!(page.json().as_array().unwrap().len(), 1);
    let next = page.header("link").split('>').next().unwrap().trim_start_matches('<').to_owned();
    assert_eq!(ada.get(&next).await.ok()[0]["id"], third["id"]);
    // Where two posts on one page quote one another's neighbours, each is there once.
    let home = bob.get("/api/v1/timelines/public").await.ok();
    let ids: Vec<&Value> = home.as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(ids.len(), 4, "{ids:?}");
    schema.assert_all("Status", &home);
    let web = Client::anonymous(&node).get(second["url"].as_str().unwrap()).await;
    assert!(web.text.contains("quote-inline"), "{}", web.text);
}

#[tokio::test]
async fn the_author_chooses_who_may_quote() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let post = says(&ada, json!({"status": "mine", "quote_approval_policy": "nobody"})).await;
    assert_eq!(post["quote_approval"], json!({"automatic": [], "manual": [], "current_user": "automatic"}));
    assert_eq!(shown(&bob, &post).await["quote_approval"]["current_user"], "denied");
    assert_eq!(shown(&Client::anonymous(&node), &post).await["quote_approval"]["current_user"], "denied");
    assert_eq!(tries(&bob, &post, json!({})).await.0, 403);
    assert_eq!(tries(&ada, &post, json!({})).await.0, 200, "one's own, always");
    let followers = allows(&ada, &post, "followers").await;
    assert_eq!(
        (&followers["quote_approval"]["automatic"], &followers["edited_at"]),
        (&json!(["followers"]), &Value::Null)
    );
    assert_eq!(tries(&bob, &post, json!({})).await.0, 403);
    acts(&bob, &ada, "follow").await;
    assert_eq!(shown(&bob, &post).await["quote_approval"]["current_user"], "automatic");
    assert_eq!(tries(&bob, &post, json!({})).await.0, 200);
    // Nobody but its author, and no other word.
    let path = format!("/api/v1/statuses/{}/interaction_policy", post["id"].as_str().unwrap());
    assert_eq!(bob.put(&path, json!({"quote_approval_policy": "public"})).await.status, 403);
    assert_eq!(ada.put(&path, json!({"quote_approval_policy": "everybody"})).await.status, 422);
    assert_eq!(tries(&bob, &post, json!({"quote_approval_policy": "x"})).await.0, 422);
    // An edit may say it too.
    let edit = json!({"status": "mine", "quote_approval_policy": "public"});
    let edited = ada.put(&format!("/api/v1/statuses/{}", post["id"].as_str().unwrap()), edit).await.ok();
    assert_eq!((&edited["quote_approval"]["automatic"], &edited["edited_at"]), (&json!(["public"]), &Value::Null));
    // What posts start with.
    let body = json!({"source": {"quote_policy": "followers"}});
    let me = ada.patch("/api/v1/accounts/update_credentials", body).await.ok();
    assert_eq!(me["source"]["quote_policy"], "followers");
    assert_eq!(ada.get("/api/v1/preferences").await.ok()["posting:default:quote_policy"], "followers");
    assert_eq!(says(&ada, json!({"status": "x"})).await["quote_approval"]["automatic"], json!(["followers"]));
    let body = json!({"source": {"quote_policy": "x"}});
    assert_eq!(ada.patch("/api/v1/accounts/update_credentials", body).await.status, 422);
}

#[tokio::test]
async fn what_is_not_for_everybody_is_quoted_by_its_author_alone_and_goes_no_further() {
    let node = Node::start().await;
    let (ada, bob, carl) = (node.member("ada").await, node.member("bob").await, node.member("carl").await);
    acts(&bob, &ada, "follow").await;
    let quiet = says(&ada, json!({"status": "quietword", "visibility": "private"})).await;
    assert_eq!(quiet["quote_approval"], json!({"automatic": [], "manual": [], "current_user": "automatic"}));
    assert_eq!(tries(&bob, &quiet, json!({})).await.0, 403);
    assert_eq!(tries(&carl, &quiet, json!({})).await.0, 404, "it is not there for carl");
    assert_eq!(tries(&carl, &json!({"id": "1"}), json!({})).await.0, 404);
    let own = says(&ada, json!({"status": "again", "quoted_status_id": quiet["id"], "visibility": "public"})).await;
    assert_eq!((&own["visibility"], state(&own)), (&json!("private"), "accepted"));
    assert_eq!(state(&shown(&bob, &own).await), "accepted");
    // carl is mentioned in the quoting post: that opens this one and not the other.
    let named =
        says(&ada, json!({"status": "@carl see", "quoted_status_id": quiet["id"], "visibility": "private"})).await;
    let seen = shown(&carl, &named).await;
    assert_eq!(state(&seen), "unauthorized");
    assert!(!seen.to_string().contains("quietword") && !seen.to_string().contains(quiet["id"].as_str().unwrap()));
    // It is not counted where not everybody may see it.
    assert_eq!(shown(&bob, &quiet).await["quotes_count"], 0);
    let direct = says(&ada, json!({"status": "@bob psst", "visibility": "direct"})).await;
    assert_eq!(tries(&ada, &direct, json!({})).await.0, 403, "direct posts never, not even one's own");
    assert_eq!(tries(&bob, &direct, json!({})).await.0, 403);
    // To single people only what they, or oneself, wrote.
    let open = says(&ada, json!({"status": "open"})).await;
    let (status, why) = tries(&bob, &open, json!({"visibility": "direct", "status": "@carl look"})).await;
    assert_eq!(status, 422);
    assert!(why["error"].as_str().unwrap().contains("Cannot quote a non-mentioned user"), "{why}");
    assert_eq!(tries(&bob, &open, json!({"visibility": "direct", "status": "@ada look"})).await.0, 200);
    // Whoever is quoted for followers may see where.
    let (_, private) = tries(&carl, &open, json!({"visibility": "private"})).await;
    assert_eq!(state(&shown(&ada, &private).await), "accepted");
    assert_eq!(bob.get(&format!("/api/v1/statuses/{}", private["id"].as_str().unwrap())).await.status, 404);
    assert_eq!(listed(&bob, &open).await.len(), 1, "bob's own direct one");
    assert_eq!(shown(&bob, &open).await["quotes_count"], 0);
}

#[tokio::test]
async fn a_quote_is_taken_back_by_whoever_is_quoted() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let first = says(&ada, json!({"status": "mine"})).await;
    let second = quotes(&bob, &first, "look").await;
    let id = |post: &Value| post["id"].as_str().unwrap().to_owned();
    let path = |quoting: &Value| format!("/api/v1/statuses/{}/quotes/{}/revoke", id(&first), id(quoting));
    assert_eq!(bob.post(&path(&second), json!({})).await.status, 403);
    assert_eq!(ada.post(&path(&first), json!({})).await.status, 404);
    let revoked = ada.post(&path(&second), json!({})).await.ok();
    assert_eq!(
        (&revoked["id"], state(&revoked), &revoked["content"]),
        (&second["id"], "revoked", &json!("<p>look</p>"))
    );
    assert_eq!(state(&ada.post(&path(&second), json!({})).await.ok()), "revoked", "twice is once");
    assert_eq!(state(&shown(&bob, &second).await), "revoked");
    assert_eq!(shown(&bob, &first).await["quotes_count"], 0);
    assert!(listed(&bob, &first).await.is_empty() && told(&ada, "quote").await.is_empty());
}

#[tokio::test]
async fn edits_keep_the_quote_and_ends_are_shown() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let first = says(&ada, json!({"status": "mine"})).await;
    let second = quotes(&bob, &first, "look").await;
    let path = |post: &Value| format!("/api/v1/statuses/{}", post["id"].as_str().unwrap());
    let edited = bob.put(&path(&second), json!({"status": "look here"})).await.ok();
    assert_eq!((state(&edited), edited["edited_at"].is_string()), ("accepted", true));
    let history = bob.get(&format!("{}/history", path(&second))).await.ok();
    assert_eq!(history[0]["quote"], json!({"state": "accepted", "quoted_status_id": first["id"]}));
    assert_eq!(state(&bob.put(&path(&second), json!({"status": ""})).await.ok()), "accepted", "a quote says enough");
    // Who quotes hears of a change of what they show.
    ada.put(&path(&first), json!({"status": "mine, changed"})).await.ok();
    ada.put(&path(&first), json!({"status": "mine, changed again"})).await.ok();
    let word = told(&bob, "quoted_update").await;
    assert_eq!(word.len(), 1, "{word:?}");
    assert_eq!((&word[0]["account"]["acct"], &word[0]["status"]["id"]), (&json!("ada"), &second["id"]));
    assert!(word[0]["status"]["quote"]["quoted_status"]["content"].as_str().unwrap().contains("again"));
    let another = quotes(&bob, &first, "once more").await;
    assert_eq!(shown(&ada, &first).await["quotes_count"], 2);
    bob.delete(&path(&another)).await.ok();
    assert_eq!(shown(&ada, &first).await["quotes_count"], 1);
    assert_eq!(told(&ada, "quote").await.len(), 1);
    ada.delete(&path(&first)).await.ok();
    let left = shown(&bob, &second).await;
    assert_eq!((state(&left), &left["content"]), ("deleted", &json!("")));
}

#[tokio::test]
async fn each_viewer_sees_of_a_quoted_post_what_is_for_them() {
    let node = Node::start().await;
    let names = ["ada", "bob", "carl", "dora"];
    let mut people = Vec::new();
    for name in names {
        people.push(node.member(name).await);
    }
    let [ada, bob, carl, dora] = people.try_into().ok().unwrap();
    let first = says(&ada, json!({"status": "adasword"})).await;
    let second = quotes(&bob, &first, "look").await;
    acts(&carl, &ada, "mute").await;
    assert_eq!(state(&shown(&carl, &second).await), "muted_account");
    acts(&carl, &ada, "block").await;
    assert_eq!(state(&shown(&carl, &second).await), "blocked_account");
    acts(&ada, &dora, "block").await;
    let seen = shown(&dora, &second).await;
    assert_eq!(state(&seen), "unauthorized");
    assert!(!seen.to_string().contains("adasword") && !seen.to_string().contains(first["id"].as_str().unwrap()));
    // Nor on any page, nor by what quotes the quote.
    acts(&dora, &bob, "follow").await;
    let third = quotes(&bob, &second, "and again").await;
    for path in ["/api/v1/timelines/home".to_owned(), format!("/api/v1/accounts/{}/statuses", bob.id)] {
        let page = dora.get(&path).await;
        assert!(page.text.contains("and again") && !page.text.contains("adasword"), "{}", page.text);
    }
    let within = &shown(&dora, &third).await["quote"]["quoted_status"]["quote"];
    assert_eq!(*within, json!({"state": "unauthorized", "quoted_status_id": null}));
    // A filter of the reader's matches what is quoted.
    let filter = json!({"title": "x", "context": ["home"], "keywords_attributes": [{"keyword": "adasword"}]});
    bob.post("/api/v2/filters", filter).await.ok();
    let kept = &shown(&bob, &second).await["quote"]["quoted_status"];
    assert_eq!(kept["filtered"][0]["keyword_matches"], json!(["adasword"]));
    // A suspended author is not shown.
    let id = ada.id.parse().unwrap();
    let suspend =
        move |tx: &mut watercooler::domain::Tx<'_>| watercooler::store::users::set_suspended(tx.conn, id, Some(tx.now));
    node.app.write(suspend).await.unwrap();
    assert_eq!(state(&shown(&bob, &second).await), "unauthorized");
}

#[tokio::test]
async fn nobody_quotes_across_a_block_nor_says_who_may_quote_a_post_of_others() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let first = says(&ada, json!({"status": "mine"})).await;
    let path = format!("/api/v1/statuses/{}/interaction_policy", first["id"].as_str().unwrap());
    for wish in [json!({"quote_approval_policy": "nobody"}), json!({})] {
        let refused = bob.put(&path, wish).await;
        assert_eq!((refused.status, &refused.json()["error"]), (403, &json!("This action is not allowed")));
    }
    assert_eq!(shown(&ada, &first).await["quote_approval"]["automatic"], json!(["public"]));
    let secret = says(&ada, json!({"status": "for nobody", "visibility": "direct"})).await;
    let path = format!("/api/v1/statuses/{}/interaction_policy", secret["id"].as_str().unwrap());
    assert_eq!(bob.put(&path, json!({"quote_approval_policy": "nobody"})).await.status, 404);
    acts(&bob, &ada, "block").await;
    assert_eq!(tries(&bob, &first, json!({})).await.0, 404);
    acts(&bob, &ada, "unblock").await;
    acts(&ada, &bob, "block").await;
    assert_eq!(tries(&bob, &first, json!({"visibility": "unlisted"})).await.0, 404);
    acts(&ada, &bob, "unblock").await;
    assert_eq!(tries(&bob, &first, json!({})).await.0, 200);
}

#[tokio::test]
async fn a_waiting_post_quotes_when_its_time_comes() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let first = says(&ada, json!({"status": "mine"})).await;
    let at = NOW.plus_millis(30 * 60_000).rfc3339();
    let body = json!({
        "status": "later", "scheduled_at": at, "quoted_status_id": first["id"], "quote_approval_policy": "nobody",
    });
    let kept = says(&bob, body.clone()).await;
    assert_eq!(
        (&kept["params"]["quoted_status_id"], &kept["params"]["quote_approval_policy"]),
        (&first["id"], &json!("nobody"))
    );
    says(&bob, body).await;
    assert!(told(&ada, "quote").await.is_empty());
    node.clock.advance(15 * 60_000);
    node.settle().await;
    node.clock.advance(15 * 60_000);
    node.settle().await;
    let posts = bob.get(&format!("/api/v1/accounts/{}/statuses", bob.id)).await.ok();
    assert_eq!(posts.as_array().unwrap().len(), 2);
    assert_eq!((state(&posts[0]), &posts[0]["quote_approval"]["automatic"]), ("accepted", &json!([])));
    // What may not be quoted any more at that time is not.
    let at = node.clock.now().plus_millis(30 * 60_000).rfc3339();
    says(&bob, json!({"status": "too late", "scheduled_at": at, "quoted_status_id": first["id"]})).await;
    allows(&ada, &first, "nobody").await;
    node.clock.advance(30 * 60_000);
    node.settle().await;
    let posts = bob.get(&format!("/api/v1/accounts/{}/statuses", bob.id)).await.ok();
    assert_eq!(posts.as_array().unwrap().len(), 2);
    assert_eq!(told(&bob, "mention").await.len(), 1, "the concierge says why");
    // In the language of whoever reads it.
    bob.patch("/api/v1/accounts/update_credentials", json!({ "source": { "language": "de" } })).await.ok();
    allows(&ada, &first, "public").await;
    let at = node.clock.now().plus_millis(30 * 60_000).rfc3339();
    says(&bob, json!({"status": "zu spät", "scheduled_at": at, "quoted_status_id": first["id"]})).await;
    allows(&ada, &first, "nobody").await;
    node.clock.advance(30 * 60_000);
    node.settle().await;
    let mentions = told(&bob, "mention").await;
    let said = mentions.iter().filter_map(|one| one["status"]["content"].as_str()).collect::<String>();
    assert!(said.contains("nicht veröffentlicht: Dieser Beitrag darf nicht zitiert werden."), "{said}");
}

#[tokio::test]
async fn quotes_are_found_as_such() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let first = says(&ada, json!({"status": "The harbour"})).await;
    let second = quotes(&bob, &first, "Look, a harbour").await;
    let plain = says(&bob, json!({"status": "Another harbour"})).await;
    let found = async |query: &str| {
        let found = bob.get(&format!("/api/v2/search?type=statuses&q={}", query.replace(' ', "%20"))).await.ok();
        found["statuses"].as_array().unwrap().iter().map(|post| post["id"].clone()).collect::<Vec<Value>>()
    };
    let queries = [
        ("harbour has:quote", &second["id"]),
        ("is:quote from:bob", &second["id"]),
        ("harbour from:bob -has:quote", &plain["id"]),
    ];
    for (query, id) in queries {
        assert_eq!(found(query).await, std::slice::from_ref(id), "{query}");
    }
    // What an older version put into the index is put there again.
    node.app.write(|tx| Sql::new("delete from posts_fts").execute(tx.conn)).await.unwrap();
    node.app.write(|tx| tx.enqueue(&Task::IndexPosts { author: None, after: 0 })).await.unwrap();
    node.settle().await;
    for (query, id) in queries {
        assert_eq!(found(query).await, std::slice::from_ref(id), "{query}");
    }
}
