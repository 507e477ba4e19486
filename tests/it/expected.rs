//! What clients know from Mastodon, call by call: refusals with their words, and headers that lead on.

use crate::{
    media::{picture, upload},
    support::{Client, Node},
};
use serde_json::{Value, json};

fn id(document: &Value) -> &str {
    document["id"].as_str().unwrap()
}

#[tokio::test]
async fn a_person_signs_nobody_up_and_nobody_follows_themselves() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let refused = ada.post("/api/v1/accounts", json!({"username": "bob", "agreement": true})).await;
    let said = &refused.json()["error"];
    assert_eq!((refused.status, said), (403, &json!("This method requires an client credentials authentication")));
    let refused = ada.post(&format!("/api/v1/accounts/{}/follow", ada.id), json!({})).await;
    let said = &refused.json()["error"];
    assert_eq!((refused.status, said), (403, &json!("Following your own account is not allowed")));
}

#[tokio::test]
async fn who_is_named_twice_is_answered_once_and_lists_are_of_somebody() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    // And nobody is answered with nothing.
    let twice = format!("/api/v1/accounts/familiar_followers?id[]={}&id[]={}&id[]={}&id[]=1", bob.id, ada.id, bob.id);
    let answer = ada.get(&twice).await.ok();
    let asked: Vec<&str> = answer.as_array().unwrap().iter().map(id).collect();
    assert_eq!(asked, [bob.id.as_str(), ada.id.as_str()]);
    assert_eq!(ada.get("/api/v1/accounts/1/lists").await.status, 404);
    assert_eq!(ada.get(&format!("/api/v1/accounts/{}/lists", bob.id)).await.ok(), json!([]));
}

#[tokio::test]
async fn a_member_of_a_list_is_not_added_again_and_then_nobody_is() {
    let node = Node::start().await;
    let (ada, bob, eve) = (node.member("ada").await, node.member("bob").await, node.member("eve").await);
    for who in [&bob, &eve] {
        ada.post(&format!("/api/v1/accounts/{}/follow", who.id), json!({})).await.ok();
    }
    let list = ada.post("/api/v1/lists", json!({"title": "friends"})).await.ok();
    let members = format!("/api/v1/lists/{}/accounts", id(&list));
    ada.post(&members, json!({"account_ids": [bob.id]})).await.ok();
    let refused = ada.post(&members, json!({"account_ids": [eve.id, bob.id]})).await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.json()["error"], "Validation failed: Account has already been taken");
    let inside = ada.get(&members).await.ok();
    assert_eq!(inside.as_array().unwrap().iter().map(id).collect::<Vec<_>>(), [bob.id.as_str()]);
}

#[tokio::test]
async fn a_file_on_a_post_is_not_discarded_and_says_so() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let file = upload(&ada, &picture(20, 20)).await;
    let path = format!("/api/v1/media/{}", id(&file));
    ada.post("/api/v1/statuses", json!({"status": "look", "media_ids": [file["id"]]})).await.ok();
    let refused = ada.delete(&path).await;
    let said = &refused.json()["error"];
    assert_eq!((refused.status, said), (422, &json!("Media attachment is currently used by a status")));
    assert_eq!(bob.delete(&path).await.status, 404);
    assert_eq!(ada.get(&path).await.status, 404);
}

#[tokio::test]
async fn whoever_writes_to_nobody_is_the_one_in_their_conversation() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    ada.post("/api/v1/statuses", json!({"status": "to myself", "visibility": "direct"})).await.ok();
    ada.post("/api/v1/statuses", json!({"status": "@bob psst", "visibility": "direct"})).await.ok();
    let list = ada.get("/api/v1/conversations").await.ok();
    let people = |n: usize| list[n]["accounts"].as_array().unwrap().iter().map(id).collect::<Vec<_>>();
    assert_eq!((people(0), people(1)), (vec![bob.id.as_str()], vec![ada.id.as_str()]));
}

#[tokio::test]
async fn filters_without_words_are_not_valid() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    for body in [json!({"context": ["home"]}), json!({"context": ["home"], "phrase": " "})] {
        let refused = ada.post("/api/v1/filters", body).await;
        assert_eq!(refused.status, 422, "{}", refused.text);
    }
    let filter = ada.post("/api/v2/filters", json!({"title": "x", "context": ["home"]})).await.ok();
    let keywords = format!("/api/v2/filters/{}/keywords", id(&filter));
    assert_eq!(ada.post(&keywords, json!({})).await.status, 422);
    ada.post(&keywords, json!({"keyword": "soup"})).await.ok();
}

#[tokio::test]
async fn pinned_posts_have_neighbouring_pages() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let path = format!("/api/v1/accounts/{}/statuses?pinned=true", ada.id);
    assert_eq!(ada.get(&path).await.header("link"), "");
    let mut pins = Vec::new();
    for text in ["one", "two"] {
        let post = ada.post("/api/v1/statuses", json!({"status": text})).await.ok();
        ada.post(&format!("/api/v1/statuses/{}/pin", id(&post)), json!({})).await.ok();
        pins.push(id(&post).to_owned());
    }
    let page = ada.get(&path).await;
    let link = page.header("link").to_owned();
    assert!(link.contains(&format!("pinned=true&min_id={}>; rel=\"prev\"", pins[1])), "{link}");
    let next = format!("{path}&max_id={}", pins[0]);
    assert!(link.contains(&format!("{next}>; rel=\"next\"")), "{link}");
    assert_eq!(ada.get(&next).await.ok(), json!([]));
}

#[tokio::test]
async fn the_narrow_scopes_of_small_questions_suffice() {
    let node = Node::start().await;
    let (reader, blocker) =
        (node.person("reader", "read:accounts").await, node.person("blocker", "write:blocks").await);
    assert!(reader.get("/api/v1/emails/check_confirmation").await.ok().is_boolean());
    assert_eq!(blocker.get("/api/v1/emails/check_confirmation").await.status, 403);
    blocker.get("/api/v1/domain_blocks/preview?domain=elsewhere.example").await.ok();
    assert_eq!(reader.get("/api/v1/domain_blocks/preview?domain=elsewhere.example").await.status, 403);
    // A browser that is led to an answer runs nothing of it.
    let answer = Client::anonymous(&node).get("/api/v2/instance").await;
    let policy = "default-src 'none'; frame-ancestors 'none'; form-action 'none'";
    assert_eq!(
        (answer.header("content-security-policy"), answer.header("x-content-type-options")),
        (policy, "nosniff")
    );
}

#[tokio::test]
async fn the_directory_passes_over_whom_its_reader_blocks_or_mutes_and_who_blocks_them() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let mut names = Vec::new();
    for name in ["bob", "carol", "dan", "eve"] {
        let who = node.member(name).await;
        who.patch("/api/v1/accounts/update_credentials", json!({"discoverable": true})).await.ok();
        names.push(who);
    }
    let [bob, carol, dan, eve]: [Client; 4] = names.try_into().unwrap_or_else(|_| panic!("four"));
    let act = async |who: &Client, verb: &str, whom: &Client| {
        who.post(&format!("/api/v1/accounts/{}/{verb}", whom.id), json!({})).await.ok();
    };
    act(&ada, "block", &bob).await;
    act(&ada, "mute", &carol).await;
    act(&dan, "block", &ada).await;
    for query in ["order=new", "local=true"] {
        let list = ada.get(&format!("/api/v1/directory?{query}")).await.ok();
        assert_eq!(list.as_array().unwrap().iter().map(id).collect::<Vec<_>>(), [eve.id.as_str()], "{query}");
        let list = eve.get(&format!("/api/v1/directory?{query}")).await.ok();
        assert_eq!(list.as_array().unwrap().len(), 4, "{query}");
    }
}

#[tokio::test]
async fn the_featured_hashtag_with_most_posts_stands_first() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    for name in ["tea", "steel", "rust"] {
        ada.post("/api/v1/featured_tags", json!({ "name": name })).await.ok();
    }
    for text in ["#steel", "#steel again", "#rust"] {
        ada.post("/api/v1/statuses", json!({ "status": text })).await.ok();
    }
    for path in ["/api/v1/featured_tags".to_owned(), format!("/api/v1/accounts/{}/featured_tags", ada.id)] {
        let list = ada.get(&path).await.ok();
        let names: Vec<&str> = list.as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["steel", "rust", "tea"], "{path}");
    }
}

#[tokio::test]
async fn the_name_of_an_app_is_short() {
    let node = Node::start().await;
    let named = async |letters: usize| {
        let body = json!({"client_name": "x".repeat(letters), "redirect_uris": "a://b"});
        Client::anonymous(&node).post("/api/v1/apps", body).await.status
    };
    assert_eq!((named(60).await, named(61).await), (200, 422));
}

#[tokio::test]
async fn a_page_of_trends_leads_on_past_those_whom_its_reader_does_not_want_to_read() {
    let node = Node::start().await;
    let (ada, bob, carol) = (node.member("ada").await, node.member("bob").await, node.member("carol").await);
    let mut posts = Vec::new();
    for who in [&ada, &bob] {
        who.patch("/api/v1/accounts/update_credentials", json!({"discoverable": true})).await.ok();
        posts.push(who.post("/api/v1/statuses", json!({"status": "look"})).await.ok());
    }
    for (who, post) in [(&ada, &posts[0]), (&bob, &posts[0]), (&bob, &posts[1])] {
        who.post(&format!("/api/v1/statuses/{}/favourite", id(post)), json!({})).await.ok();
    }
    carol.post(&format!("/api/v1/accounts/{}/block", ada.id), json!({})).await.ok();
    let page = carol.get("/api/v1/trends/statuses?limit=1").await;
    assert_eq!(page.json(), json!([]));
    let next = "/api/v1/trends/statuses?limit=1&offset=1";
    assert!(page.header("link").contains(&format!("{next}>; rel=\"next\"")), "{}", page.header("link"));
    assert_eq!(carol.get(next).await.ok()[0]["id"], posts[1]["id"]);
    // Behind the last one there is nothing, and so it says.
    let last = carol.get("/api/v1/trends/statuses?limit=3").await;
    assert_eq!((last.json()[0]["id"].clone(), last.header("link")), (posts[1]["id"].clone(), ""));
}

#[tokio::test]
async fn a_hashtag_in_two_spellings_is_one() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let both = ada.post("/api/v1/statuses", json!({"status": "#Tea and #Cake"})).await.ok();
    ada.post("/api/v1/statuses", json!({"status": "#tea alone"})).await.ok();
    for more in
        ["all[]=Cake&all[]=cake", "all[]=cake&all[]=cake&all[]=TEA", "all[]=%EF%BD%83%EF%BD%81%EF%BD%8B%EF%BD%85"]
    {
        let found = ada.get(&format!("/api/v1/timelines/tag/TEA?{more}")).await.ok();
        let ids: Vec<&Value> = found.as_array().unwrap().iter().map(|post| &post["id"]).collect();
        assert_eq!(ids, [&both["id"]], "{more}");
    }
}

#[tokio::test]
async fn who_hides_whom_they_follow_is_nobodys_familiar_follower() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let (carol, dora) = (node.member("carol").await, node.member("dora").await);
    for (who, whom) in [(&ada, &bob), (&ada, &carol), (&bob, &dora), (&carol, &dora)] {
        who.post(&format!("/api/v1/accounts/{}/follow", whom.id), json!({})).await.ok();
    }
    let familiar = async || {
        let answer = ada.get(&format!("/api/v1/accounts/familiar_followers?id[]={}", dora.id)).await.ok();
        assert_eq!(answer[0]["id"], dora.id.as_str(), "{answer}");
        let known = answer[0]["accounts"].as_array().unwrap().iter();
        known.map(|account| account["username"].as_str().unwrap().to_owned()).collect::<Vec<String>>()
    };
    assert_eq!(familiar().await, ["carol", "bob"]);
    let hide = async |who: &Client, hidden: bool| {
        who.patch("/api/v1/accounts/update_credentials", json!({ "hide_collections": hidden })).await.ok()
    };
    hide(&bob, true).await;
    assert_eq!(familiar().await, ["carol"]);
    hide(&bob, false).await;
    hide(&dora, true).await;
    assert_eq!(familiar().await, [""; 0]);
}

#[tokio::test]
async fn an_empty_line_of_a_form_is_no_word_of_a_filter() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let words = json!([{"keyword": ""}, {"keyword": "soup"}, {}, {"keyword": " "}]);
    let made = ada
        .post("/api/v2/filters", json!({"title": "food", "context": ["home"], "keywords_attributes": words}))
        .await
        .ok();
    assert_eq!(made["keywords"].as_array().unwrap().len(), 1, "{made}");
    let words = json!([{"keyword": "", "whole_word": true}]);
    let body = json!({"title": "food", "context": ["home"], "keywords_attributes": words});
    assert_eq!(ada.post("/api/v2/filters", body).await.status, 422);
}
