//! Who becomes a member of a project: whoever asks, whom its lead takes in, or whom its lead invited; at its own node and at
//! another one.

use crate::{
    concierge::asks,
    projects::{API, bearing, known, letters, path, register, says, two},
    support::{Browser, Client, Node, PASSWORD, settle},
};
use serde_json::{Value, json};
use watercooler::{db::Sql, domain::Tx};

/// Quiet bearing of alice, with one way to become a member.
async fn made(alice: &Client, membership: &str) -> Value {
    let mut fields = bearing();
    fields["membership"] = json!(membership);
    let made = register(alice, fields).await;
    assert_eq!(made["membership"], membership);
    made
}

async fn role(who: &Client, project: &Value) -> Value {
    who.get(&path(project, "")).await.ok()["role"].clone()
}

async fn told(who: &Client, text: &str) -> usize {
    letters(who).await.iter().filter(|letter| says(letter, text)).count()
}

#[tokio::test]
async fn an_open_project_has_whoever_asks_at_once_at_both_nodes_and_its_lead_hears_of_it() {
    let (hq, lyon) = two().await;
    let (alice, eve, bob) = (hq.member("alice").await, hq.member("eve").await, lyon.member("bob").await);
    let made = made(&alice, "open").await;
    settle(&[&hq, &lyon]).await;
    let there = known(&bob, &hq.handle("quietbearing")).await;
    assert!(there["membership"].is_null(), "other nodes are not told: {there}");
    assert_eq!(eve.post(&path(&made, "/join"), json!({})).await.ok()["role"], "member");
    bob.post(&path(&there, "/join"), json!({})).await.ok();
    settle(&[&hq, &lyon]).await;
    assert_eq!(role(&bob, &there).await, "member");
    assert_eq!(alice.get(&path(&made, "/members")).await.ok().as_array().unwrap().len(), 3);
    assert_eq!(alice.get(&path(&made, "/requests")).await.ok(), json!([]));
    for who in [&eve, &bob] {
        assert_eq!(told(who, "you are a member now").await, 1);
    }
    assert_eq!(told(&alice, "is a member of Quiet bearing now").await, 2);
    // Whoever leaves comes back in the same way.
    eve.post(&path(&made, "/leave"), json!({})).await.ok();
    eve.post("/api/v1/statuses", json!({"status": "@quietbearing join", "visibility": "direct"})).await.ok();
    assert_eq!(role(&eve, &made).await, "member");
}

#[tokio::test]
async fn by_invitation_a_request_is_refused_in_a_clear_sentence_at_the_projects_node_and_at_another() {
    let (hq, lyon) = two().await;
    let (alice, eve, bob) = (hq.member("alice").await, hq.member("eve").await, lyon.member("bob").await);
    let made = made(&alice, "invitation").await;
    settle(&[&hq, &lyon]).await;
    let refused = eve.post(&path(&made, "/join"), json!({})).await;
    assert_eq!(refused.status, 403, "{}", refused.text);
    assert!(refused.text.contains("by invitation only"), "{}", refused.text);
    eve.post("/api/v1/statuses", json!({"status": "@quietbearing join", "visibility": "direct"})).await.ok();
    assert_eq!(told(&eve, "People join Quiet bearing by invitation only").await, 1);
    let there = known(&bob, &hq.handle("quietbearing")).await;
    for _ in 0..2 {
        bob.post(&path(&there, "/join"), json!({})).await.ok();
        settle(&[&hq, &lyon]).await;
        assert!(role(&bob, &there).await.is_null());
        assert_eq!(told(&bob, "People join Quiet bearing by invitation only").await, 1, "once is enough");
    }
    assert_eq!(alice.get(&path(&made, "/requests")).await.ok(), json!([]));
    assert_eq!(told(&alice, "asks to join").await, 0);
    // On request again: whoever asks waits for the lead.
    alice.put(&path(&made, ""), json!({"membership": "request"})).await.ok();
    assert_eq!(eve.post(&path(&made, "/join"), json!({})).await.ok()["role"], "requested");
    let odd = alice.put(&path(&made, ""), json!({"membership": "closed"})).await;
    assert_eq!(odd.status, 422, "{}", odd.text);
}

#[tokio::test]
async fn whom_the_lead_invites_is_a_member_with_their_own_word_and_nobody_else_is() {
    let (hq, lyon) = two().await;
    let (alice, eve, bob) = (hq.member("alice").await, hq.member("eve").await, lyon.member("bob").await);
    let made = made(&alice, "invitation").await;
    settle(&[&hq, &lyon]).await;
    let there = known(&bob, &hq.handle("quietbearing")).await;
    let found = alice.get(&format!("/api/v2/search?resolve=true&type=accounts&q=@{}", lyon.handle("bob"))).await.ok();
    let bob_here = found["accounts"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(eve.post(&path(&made, &format!("/members/{}", eve.id)), json!({})).await.status, 403);
    for id in [eve.id.to_string(), bob_here.clone()] {
        for _ in 0..2 {
            alice.post(&path(&made, &format!("/members/{id}")), json!({})).await.ok();
        }
    }
    settle(&[&hq, &lyon]).await;
    for who in [&eve, &bob] {
        assert_eq!(told(who, "You are invited to Quiet bearing").await, 1);
    }
    assert!(role(&eve, &made).await.is_null() && role(&bob, &there).await.is_null(), "nobody is made a member");
    assert_eq!(eve.post(&path(&made, "/join"), json!({})).await.ok()["role"], "member");
    let word = json!({"status": format!("@{} join", hq.handle("quietbearing")), "visibility": "direct"});
    bob.post("/api/v1/statuses", word).await.ok();
    settle(&[&hq, &lyon]).await;
    assert_eq!(role(&bob, &there).await, "member");
    assert_eq!(told(&alice, "is a member of Quiet bearing now").await, 2);
    // An invitation is good for one time, and is taken back while nobody took it.
    eve.post(&path(&made, "/leave"), json!({})).await.ok();
    assert_eq!(eve.post(&path(&made, "/join"), json!({})).await.status, 403);
    alice.post(&path(&made, &format!("/members/{}", eve.id)), json!({})).await.ok();
    alice.delete(&path(&made, &format!("/members/{}", eve.id))).await.ok();
    assert_eq!(eve.post(&path(&made, "/join"), json!({})).await.status, 403);
    assert_eq!(alice.delete(&path(&made, &format!("/members/{}", eve.id))).await.status, 404);
    // Who asked meanwhile is a member by it.
    alice.put(&path(&made, ""), json!({"membership": "request"})).await.ok();
    eve.post(&path(&made, "/join"), json!({})).await.ok();
    alice.post(&path(&made, &format!("/members/{}", eve.id)), json!({})).await.ok();
    assert_eq!(role(&eve, &made).await, "member");
    assert_eq!(alice.post(&path(&made, &format!("/members/{}", eve.id)), json!({})).await.status, 409);
}

#[tokio::test]
async fn whoever_is_invited_declines_by_leaving_at_the_projects_node_and_from_another() {
    let (hq, lyon) = two().await;
    let (alice, eve, bob) = (hq.member("alice").await, hq.member("eve").await, lyon.member("bob").await);
    let made = made(&alice, "invitation").await;
    settle(&[&hq, &lyon]).await;
    let there = known(&bob, &hq.handle("quietbearing")).await;
    let found = alice.get(&format!("/api/v2/search?resolve=true&type=accounts&q=@{}", lyon.handle("bob"))).await.ok();
    for id in [eve.id.as_str(), found["accounts"][0]["id"].as_str().unwrap()] {
        alice.post(&path(&made, &format!("/members/{id}")), json!({})).await.ok();
    }
    settle(&[&hq, &lyon]).await;
    for who in [&eve, &bob] {
        let word = format!("@{} leave", hq.handle("quietbearing"));
        who.post("/api/v1/statuses", json!({"status": word, "visibility": "direct"})).await.ok();
    }
    settle(&[&hq, &lyon]).await;
    assert_eq!(eve.post(&path(&made, "/join"), json!({})).await.status, 403);
    bob.post(&path(&there, "/join"), json!({})).await.ok();
    settle(&[&hq, &lyon]).await;
    assert!(role(&bob, &there).await.is_null());
}

#[tokio::test]
async fn a_full_project_says_no_to_whoever_asks_from_another_node() {
    let (hq, lyon) = two().await;
    let (alice, bob) = (hq.member("alice").await, lyon.member("bob").await);
    let made = made(&alice, "open").await;
    settle(&[&hq, &lyon]).await;
    let there = known(&bob, &hq.handle("quietbearing")).await;
    let id: i64 = made["id"].as_str().unwrap().parse().unwrap();
    let fill = move |tx: &mut Tx<'_>| {
        Sql::new("insert into project_members (project_id, account_id, role, created_at) with recursive n(i) as ")
            .push("(select 1 union all select n.i + 1 from n where n.i < 500) select ")
            .bind(id)
            .push(", n.i, 1, 0 from n")
            .execute(tx.conn)
    };
    hq.app.write(fill).await.unwrap();
    for word in [false, true] {
        bob.post(&path(&there, "/join"), json!({})).await.ok();
        if word {
            let text = format!("@{} join", hq.handle("quietbearing"));
            bob.post("/api/v1/statuses", json!({"status": text, "visibility": "direct"})).await.ok();
        }
        settle(&[&hq, &lyon]).await;
        assert!(role(&bob, &there).await.is_null());
    }
}

#[tokio::test]
async fn a_moderator_takes_an_invitation_back_and_takes_no_member_out() {
    let node = Node::start().await;
    let (alice, eve, carol) = (node.member("alice").await, node.member("eve").await, node.member("carol").await);
    let made = made(&alice, "open").await;
    eve.post(&path(&made, "/join"), json!({})).await.ok();
    alice.post(&path(&made, &format!("/moderators/{}", eve.id)), json!({})).await.ok();
    alice.put(&path(&made, ""), json!({"membership": "invitation"})).await.ok();
    let (join, place) = (path(&made, "/join"), path(&made, &format!("/members/{}", carol.id)));
    eve.post(&place, json!({})).await.ok();
    eve.delete(&place).await.ok();
    assert_eq!(carol.post(&join, json!({})).await.status, 403);
    eve.post(&place, json!({})).await.ok();
    assert_eq!(carol.post(&join, json!({})).await.ok()["role"], "member");
    assert_eq!(eve.delete(&place).await.status, 403, "that is the lead's");
    assert_eq!(role(&carol, &made).await, "member");
}

#[tokio::test]
async fn nobody_is_invited_who_is_not_of_the_organisation_or_blocks_the_lead() {
    let node = Node::start().await;
    let (alice, eve) = (node.member("alice").await, node.member("eve").await);
    let made = made(&alice, "invitation").await;
    eve.post(&format!("/api/v1/accounts/{}/block", alice.id), json!({})).await.ok();
    assert_eq!(alice.post(&path(&made, &format!("/members/{}", eve.id)), json!({})).await.status, 403);
    let group = made["id"].as_str().unwrap();
    assert_eq!(alice.post(&path(&made, &format!("/members/{group}")), json!({})).await.status, 403);
    assert_eq!(alice.post(&path(&made, "/members/99"), json!({})).await.status, 404);
    let draft = register(&alice, json!({"name": "Draft", "purpose": "x"})).await;
    let into_draft =
        alice.post(&format!("{API}/{}/members/{}", draft["id"].as_str().unwrap(), eve.id), json!({})).await;
    assert_eq!(into_draft.status, 403);
}

#[tokio::test]
async fn the_concierge_sets_who_becomes_a_member_and_invites_in_both_languages() {
    let (hq, lyon) = two().await;
    let (alice, bob) = (hq.member("alice").await, lyon.member("bob").await);
    let made = made(&alice, "request").await;
    settle(&[&hq, &lyon]).await;
    let said = asks(&hq, &alice, "project edit Quiet bearing membership: by invitation").await;
    assert!(said.contains("By invitation: the lead invites people"), "{said}");
    assert_eq!(alice.get(&path(&made, "")).await.ok()["membership"], "invitation");
    let said = asks(&hq, &alice, "project edit Quiet bearing membership: closed").await;
    assert!(said.contains("“closed” does not say who becomes a member"), "{said}");
    let eve = hq.member("eve").await;
    let said = asks(&hq, &eve, "project join Quiet bearing").await;
    assert!(said.contains("People join it by invitation only"), "{said}");
    let said = asks(&hq, &alice, &format!("project invite Quiet bearing @{}", lyon.handle("bob"))).await;
    assert!(said.contains("is invited to “Quiet bearing”"), "{said}");
    let said = asks(&hq, &alice, "projekt einladen Quiet bearing nobody").await;
    assert!(said.contains("Ich kenne niemanden"), "{said}");
    settle(&[&hq, &lyon]).await;
    let said = asks(&lyon, &bob, &format!("project join @{}", hq.handle("quietbearing"))).await;
    assert!(said.contains("has your request"), "{said}");
    settle(&[&hq, &lyon]).await;
    let there = known(&bob, &hq.handle("quietbearing")).await;
    assert_eq!(role(&bob, &there).await, "member");
    let said = asks(&hq, &alice, "projekt ändern Quiet bearing mitgliedschaft: offen").await;
    assert!(said.contains("Offen: wer fragt, gehört dazu"), "{said}");
    let said = asks(&hq, &eve, "project join Quiet bearing").await;
    assert_eq!(said, "You are a member of “Quiet bearing” now.");
}

#[tokio::test]
async fn the_concierge_offers_nobody_to_join_who_would_have_to_be_invited() {
    let node = Node::start().await;
    let (alice, bob) = (node.member("alice").await, node.member("bob").await);
    let made = made(&alice, "invitation").await;
    node.settle().await;
    let find = "project find bearing";
    let said = asks(&node, &bob, find).await;
    assert!(said.ends_with("Answer here: “follow 1”."), "{said}");
    alice.post(&path(&made, &format!("/members/{}", bob.id)), json!({})).await.ok();
    let said = asks(&node, &bob, find).await;
    assert!(said.ends_with("Answer here: “join 1” or “follow 1”."), "{said}");
}

#[tokio::test]
async fn in_a_browser_one_chooses_who_becomes_a_member_and_nobody_is_offered_to_ask_in_vain() {
    let node = Node::start().await;
    let (_, ada) = node.signed_in("ada").await;
    let browser = Browser::new(&node);
    browser.sign_in("ada", PASSWORD).await;
    let new = "/projects/new";
    let page = browser.get(new).await;
    assert!(page.text.contains("Who may join?"), "{}", page.text);
    let typed = [("name", "Canteen garden"), ("purpose", "Grow herbs on the roof"), ("membership", "invitation")];
    let done = browser.submit(&page, new, &typed).await;
    assert_eq!(done.status, 302, "{}", done.text);
    let list = ada.get(&format!("{API}?mine=true")).await.ok();
    assert_eq!(list[0]["membership"], "invitation", "{list}");
    let (bob, _) = node.signed_in("bob").await;
    let reader = Browser::new(&node);
    reader.sign_in("bob", PASSWORD).await;
    let own = reader.get("/@canteengarden").await.text;
    assert!(own.contains("People join this project by invitation only.") && !own.contains("value=\"join "), "{own}");
    assert!(!reader.get("/projects").await.text.contains("value=\"join "));
    ada.post(&path(&list[0], &format!("/members/{}", bob.id)), json!({})).await.ok();
    let own = reader.get("/@canteengarden?lang=de").await.text;
    assert!(own.contains("Du bist zu diesem Projekt eingeladen.") && own.contains("value=\"join "), "{own}");
}
