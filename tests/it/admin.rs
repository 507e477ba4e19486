//! What staff does from an app.

use crate::support::{Client, Node, NodeBuilder, Scene, schema::Schema};
use serde_json::{Value, json};
use watercooler::{config::Registration, db::Sql, model::Role};

const ALL: &str = "read write follow push profile admin:read admin:write";

async fn staff(node: &Node, name: &str, role: Role) -> Client {
    let row = node.citizen_with(name, role).await;
    let mut client = Client::with_token(node, &node.token(row.id, ALL).await);
    client.id = row.id.to_string();
    client
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|one| one["username"].as_str().unwrap()).collect()
}

async fn count(node: &Node, sql: &'static str) -> i64 {
    node.app.read(move |conn| Sql::new(sql).scalar_i64(conn)).await.unwrap()
}

#[tokio::test]
async fn staff_finds_accounts_and_acts_on_them_by_rank_and_leaves_a_trace() {
    let (schema, node) = (Schema::read(), Node::start().await);
    let (root, mona) = (staff(&node, "root", Role::Owner).await, staff(&node, "mona", Role::Moderator).await);
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let list = mona.get("/api/v1/admin/accounts").await.ok();
    schema.assert_all("Admin::Account", &list);
    assert_eq!(names(&list), ["bob", "ada", "mona", "root"]);
    let page = mona.get("/api/v1/admin/accounts?limit=2").await;
    assert!(page.header("link").contains("max_id=") && page.header("link").contains("limit=2"));
    assert_eq!(names(&mona.get("/api/v1/admin/accounts?username=A").await.ok()), ["ada"]);
    assert_eq!(names(&mona.get("/api/v1/admin/accounts?staff=true").await.ok()), ["mona", "root"]);
    assert_eq!(names(&mona.get("/api/v1/admin/accounts?remote=true").await.ok()), [""; 0]);
    assert_eq!(
        names(&mona.get("/api/v2/admin/accounts?origin=local&status=active&permissions=staff").await.ok()),
        ["mona", "root"]
    );
    let path = format!("/api/v1/admin/accounts/{}", bob.id);
    assert_eq!(mona.get(&path).await.ok()["suspended"], false);
    let action = format!("{path}/action");
    assert_eq!(mona.post(&action, json!({"type": "scold"})).await.status, 422);
    assert_eq!(mona.post(&action, json!({"type": "disable"})).await.ok(), json!({}));
    assert_eq!(bob.get("/api/v1/accounts/verify_credentials").await.status, 401);
    assert_eq!(names(&mona.get("/api/v1/admin/accounts?disabled=true").await.ok()), ["bob"]);
    assert_eq!(mona.post(&format!("{path}/enable"), json!({})).await.ok()["disabled"], false);
    bob.get("/api/v1/accounts/verify_credentials").await.ok();
    assert_eq!(mona.post(&action, json!({"type": "suspend", "text": "spam"})).await.ok(), json!({}));
    assert_eq!(mona.get(&path).await.ok()["suspended"], true);
    assert_eq!(names(&mona.get("/api/v2/admin/accounts?status=suspended").await.ok()), ["bob"]);
    assert_eq!(bob.get("/api/v1/accounts/verify_credentials").await.status, 401);
    assert_eq!(mona.post(&format!("{path}/unsuspend"), json!({})).await.ok()["suspended"], false);
    bob.get("/api/v1/accounts/verify_credentials").await.ok();
    // By rank.
    let above = format!("/api/v1/admin/accounts/{}", root.id);
    assert_eq!(mona.post(&format!("{above}/action"), json!({"type": "suspend"})).await.status, 403);
    assert_eq!(mona.delete(&path).await.status, 403);
    assert_eq!(ada.get("/api/v1/admin/accounts").await.status, 403);
    // Only who is suspended comes back, or is deleted.
    assert_eq!(mona.post(&format!("{path}/unsuspend"), json!({})).await.status, 403);
    assert_eq!(root.delete(&path).await.status, 403);
    assert_eq!(mona.post(&action, json!({})).await.status, 422, "what is to be done is said");
    mona.post(&action, json!({"type": "suspend"})).await.ok();
    // Who is suspended is listed where they are asked for.
    assert_eq!(names(&mona.get("/api/v1/admin/accounts").await.ok()), ["ada", "mona", "root"]);
    assert_eq!(names(&mona.get("/api/v1/admin/accounts?suspended=true").await.ok()), ["bob"]);
    assert_eq!(root.delete(&path).await.ok()["username"], "bob");
    assert_eq!(root.get(&path).await.status, 404);
    let traces = "select count(*) from audit_log where action in ('account.disable', 'account.enable', 'account.suspend', \
                  'account.unsuspend', 'account.delete') and target = 'bob'";
    assert_eq!(count(&node, traces).await, 6);
}

#[tokio::test]
async fn who_waits_for_approval_is_let_in_or_turned_away() {
    let node = NodeBuilder::new("alpha").await.config(|c| c.registration = Registration::Approval).start().await;
    let mona = staff(&node, "mona", Role::Moderator).await;
    let (ada, bob) = (node.citizen("ada").await, node.citizen("bob").await);
    node.app
        .write(|tx| {
            let sql = "update users set approved_at = null where account_id in \
                       (select a.id from accounts a where a.username in ('ada', 'bob'))";
            Sql::new(sql).execute(tx.conn)
        })
        .await
        .unwrap();
    assert_eq!(names(&mona.get("/api/v1/admin/accounts?pending=true").await.ok()), ["bob", "ada"]);
    let approved = mona.post(&format!("/api/v1/admin/accounts/{}/approve", ada.id), json!({})).await.ok();
    assert_eq!(approved["approved"], true);
    let path = format!("/api/v1/admin/accounts/{}", bob.id);
    assert_eq!(mona.post(&format!("{path}/reject"), json!({})).await.ok()["username"], "bob");
    assert_eq!(mona.get(&path).await.status, 404);
    let again = mona.post(&format!("/api/v1/admin/accounts/{}/reject", ada.id), json!({})).await;
    assert_eq!(again.status, 403, "they are in already");
    let again = mona.post(&format!("/api/v1/admin/accounts/{}/approve", ada.id), json!({})).await;
    assert_eq!(again.status, 403);
}

#[tokio::test]
async fn a_report_tells_nobody_of_posts_that_are_not_for_them() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let write = async |text: &str, visibility: &str| {
        let post = bob.post("/api/v1/statuses", json!({"status": text, "visibility": visibility})).await.ok();
        post["id"].clone()
    };
    let (open, told) = (write("open", "public").await, write("@ada rude", "direct").await);
    let (narrow, hidden) = (write("narrow", "private").await, write("to myself", "direct").await);
    // Who blocks the one they were rude to cannot keep them from saying so.
    bob.post(&format!("/api/v1/accounts/{}/block", ada.id), json!({})).await.ok();
    let body = json!({"account_id": bob.id, "status_ids": [&open, &told, &narrow, &hidden]});
    let named = ada.post("/api/v1/reports", body).await.ok()["status_ids"].as_array().unwrap().clone();
    assert_eq!(named.len(), 2);
    assert!(named.contains(&open) && named.contains(&told), "{named:?}");
}

#[tokio::test]
async fn reports_are_assigned_classified_resolved_and_taken_up_again() {
    let schema = Schema::read();
    let node = NodeBuilder::new("alpha").await.config(|c| c.instance.rules = vec!["Be kind.".into()]).start().await;
    let mona = staff(&node, "mona", Role::Moderator).await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let post = bob.post("/api/v1/statuses", json!({"status": "rude"})).await.ok();
    let body = json!({"account_id": bob.id, "status_ids": [post["id"]], "comment": "look", "rule_ids": ["1"]});
    let filed = ada.post("/api/v1/reports", body).await.ok();
    let list = mona.get("/api/v1/admin/reports").await.ok();
    schema.assert_all("Admin::Report", &list);
    assert_eq!((&list[0]["id"], &list[0]["comment"]), (&filed["id"], &json!("look")));
    assert_eq!((&list[0]["statuses"][0]["id"], &list[0]["rules"][0]["text"]), (&post["id"], &json!("Be kind.")));
    let path = format!("/api/v1/admin/reports/{}", filed["id"].as_str().unwrap());
    let act = async |verb: &str| mona.post(&format!("{path}/{verb}"), json!({})).await.ok();
    assert_eq!(act("assign_to_self").await["assigned_account"]["username"], "mona");
    assert!(act("unassign").await["assigned_account"].is_null());
    let changed = mona.put(&path, json!({"category": "spam", "rule_ids": []})).await.ok();
    assert_eq!((&changed["category"], &changed["rules"]), (&json!("spam"), &json!([])));
    assert_eq!(mona.put(&path, json!({"category": "bad"})).await.status, 422);
    let done = act("resolve").await;
    assert_eq!((&done["action_taken"], &done["action_taken_by_account"]["username"]), (&json!(true), &json!("mona")));
    act("resolve").await;
    assert_eq!(mona.get("/api/v1/admin/reports").await.ok(), json!([]));
    assert_eq!(mona.get("/api/v1/admin/reports?resolved=true").await.ok()[0]["id"], filed["id"]);
    assert_eq!(act("reopen").await["action_taken"], false);
    let about = format!("/api/v1/admin/reports?target_account_id={}", bob.id);
    assert_eq!(mona.get(&about).await.ok()[0]["id"], filed["id"]);
    assert_eq!(mona.get(&format!("/api/v1/admin/reports?account_id={}", bob.id)).await.ok(), json!([]));
    // An act closes the report that was its reason.
    let action = format!("/api/v1/admin/accounts/{}/action", bob.id);
    mona.post(&action, json!({"type": "suspend", "report_id": filed["id"]})).await.ok();
    assert_eq!(mona.get(&path).await.ok()["action_taken"], true);
    assert_eq!(ada.get(&path).await.status, 403);
    assert_eq!(mona.get("/api/v1/admin/reports/1").await.status, 404);
    // Each act left its trace; to resolve what is resolved is none.
    assert_eq!(
        count(&node, "select count(*) from audit_log where action = 'report.close' and actor = 'mona'").await,
        2
    );
    assert_eq!(
        count(&node, "select count(*) from audit_log where action = 'report.reopen' and detail = 'bob'").await,
        1
    );
}

#[tokio::test]
async fn blocked_and_allowed_domains_are_read_page_by_page() {
    let node = Node::start().await;
    let boss = staff(&node, "boss", Role::Admin).await;
    for (path, of) in [("/api/v1/admin/domain_blocks", "bad.example"), ("/api/v1/admin/domain_allows", "good.example")]
    {
        for n in 0..3 {
            node.clock.advance(1_000);
            boss.post(path, json!({"domain": format!("n{n}.{of}"), "severity": "noop"})).await.ok();
        }
        let page = async |query: &str| {
            let page = boss.get(&format!("{path}?{query}")).await;
            let list = page.ok();
            let names = list.as_array().unwrap().iter().map(|one| one["domain"].as_str().unwrap().to_owned());
            (names.collect::<Vec<_>>(), page.header("link").to_owned())
        };
        let all = boss.get(path).await.ok();
        let id = |n: usize| all[n]["id"].as_str().unwrap();
        let (names, link) = page("limit=2").await;
        assert_eq!(names, [format!("n2.{of}"), format!("n1.{of}")]);
        assert!(link.contains(&format!("max_id={}>; rel=\"next\"", id(1))), "{link}");
        assert!(link.contains(&format!("min_id={}>; rel=\"prev\"", id(0))), "{link}");
        let (names, link) = page(&format!("limit=2&max_id={}", id(1))).await;
        assert_eq!(names, [format!("n0.{of}")]);
        assert!(!link.contains("rel=\"next\""), "{link}");
        assert_eq!(page(&format!("since_id={}", id(1))).await.0, [format!("n2.{of}")]);
        assert_eq!(page(&format!("limit=1&min_id={}", id(2))).await.0, [format!("n1.{of}")]);
    }
    // A stricter block below a laxer one is one more.
    let path = "/api/v1/admin/domain_blocks";
    boss.post(path, json!({"domain": "a.n0.bad.example", "severity": "silence"})).await.ok();
    boss.post(path, json!({"domain": "b.a.n0.bad.example", "severity": "suspend"})).await.ok();
    assert_eq!(boss.post(path, json!({"domain": "c.a.n0.bad.example", "severity": "noop"})).await.status, 422);
}

#[tokio::test]
async fn domains_are_blocked_and_the_block_counts_at_once() {
    let (schema, node) = (Schema::read(), Node::start().await);
    let (admin, mona) = (staff(&node, "boss", Role::Admin).await, staff(&node, "mona", Role::Moderator).await);
    let path = "/api/v1/admin/domain_blocks";
    let body = json!({"domain": "Bad.example", "severity": "suspend", "private_comment": "spam"});
    let made = admin.post(path, body.clone()).await.ok();
    schema.assert("Admin::DomainBlock", &made);
    assert_eq!((&made["domain"], &made["severity"]), (&json!("bad.example"), &json!("suspend")));
    assert!(node.app.net().rules().standing("bad.example").admitted.is_err());
    // What is blocked already, itself or with a domain above it, is told of.
    for body in [body, json!({"domain": "a.bad.example", "severity": "silence"})] {
        let refused = admin.post(path, body).await;
        assert_eq!(refused.status, 422);
        assert!(refused.json()["error"].is_string());
        assert_eq!(refused.json()["existing_domain_block"], made);
    }
    assert_eq!(admin.post(path, json!({})).await.status, 422);
    assert_eq!(admin.post(path, json!({"domain": "x.example", "severity": "much"})).await.status, 422);
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    assert_eq!(admin.get(&one).await.ok(), made);
    let changed = admin.put(&one, json!({"severity": "silence", "reject_media": true})).await.ok();
    assert_eq!((&changed["severity"], &changed["private_comment"]), (&json!("silence"), &json!("spam")));
    let said = json!({"public_comment": "Unwanted mail", "obfuscate": true});
    let changed = admin.put(&one, said).await.ok();
    assert_eq!((&changed["public_comment"], &changed["obfuscate"]), (&json!("Unwanted mail"), &json!(true)));
    assert_eq!((&changed["severity"], &changed["private_comment"]), (&json!("silence"), &json!("spam")));
    let shown = admin.get("/api/v1/instance/domain_blocks").await.ok();
    assert_eq!((&shown[0]["domain"], &shown[0]["comment"]), (&json!("bad.****ple"), &json!("Unwanted mail")));
    assert!(node.app.net().rules().standing("bad.example").silenced);
    assert_eq!(admin.get(path).await.ok(), json!([changed]));
    assert_eq!(mona.get(path).await.status, 403);
    assert_eq!(admin.delete(&one).await.ok(), json!({}));
    assert_eq!((admin.delete(&one).await.status, admin.get(path).await.ok()), (404, json!([])));
    assert!(!node.app.net().rules().standing("bad.example").silenced);
}

#[tokio::test]
async fn what_cannot_be_asked_of_accounts_is_refused_and_people_of_other_servers_are_not_let_in() {
    let s = Scene::new().await;
    let mona = staff(&s.node, "mona", Role::Moderator).await;
    for odd in ["status=asleep", "origin=mars"] {
        assert_eq!(mona.get(&format!("/api/v2/admin/accounts?{odd}")).await.status, 400, "{odd}");
    }
    let sql = "update users set email = 'Ada.L@Mail.example', email_normal = 'ada.l@mail.example' where account_id in \
               (select a.id from accounts a where a.username = 'bob' and a.domain is null)";
    s.node.app.write(move |tx| Sql::new(sql).execute(tx.conn)).await.unwrap();
    for (email, found) in [("ada.l@mail.example", 1), ("ADA.", 1), ("mail.example", 0), ("ada_l", 0), ("%25", 0)] {
        for generation in ["v1", "v2"] {
            let list = mona.get(&format!("/api/{generation}/admin/accounts?email={email}")).await.ok();
            assert_eq!(names(&list), ["bob"][..found], "{generation} {email}");
        }
    }
    let ada = s.account(&s.ada).await.id;
    for act in ["enable", "approve", "reject"] {
        let refused = mona.post(&format!("/api/v1/admin/accounts/{ada}/{act}"), json!({})).await;
        assert_eq!(refused.status, 403, "{act}: {}", refused.text);
        assert_eq!(
            mona.post(&format!("/api/v1/admin/accounts/109999999999999999/{act}"), json!({})).await.status,
            404,
            "{act}"
        );
    }
}

#[tokio::test]
async fn an_act_answers_all_that_was_reported_of_an_account_and_a_word_only_what_it_is_about() {
    let node = Node::start().await;
    let mona = staff(&node, "mona", Role::Moderator).await;
    let (ada, bob, carol) = (node.member("ada").await, node.member("bob").await, node.member("carol").await);
    let mut filed = Vec::new();
    for (who, whom) in [(&ada, &bob), (&carol, &bob), (&ada, &carol)] {
        filed.push(who.post("/api/v1/reports", json!({"account_id": whom.id})).await.ok()["id"].clone());
    }
    let open = async || {
        let list = mona.get("/api/v1/admin/reports").await.ok();
        list.as_array().unwrap().iter().map(|report| report["id"].clone()).collect::<Vec<Value>>()
    };
    let action = format!("/api/v1/admin/accounts/{}/action", bob.id);
    mona.post(&action, json!({"type": "none", "text": "Mind your tone", "report_id": filed[0]})).await.ok();
    assert_eq!(open().await, [filed[2].clone(), filed[1].clone()]);
    mona.post(&action, json!({"type": "silence"})).await.ok();
    assert_eq!(open().await, filed[2..]);
}
