//! What staff decides about who comes in, who is heard and what trends; each from an app, each with its trace.

use crate::support::{Client, Node, NodeBuilder, Peer, Scene, Web, organisation, rows, schema::Schema};
use serde_json::{Value, json};
use watercooler::{
    config::Registration,
    db::Sql,
    domain::{accounts, audit::Staff, limited},
    id::Id,
    model::{Account, Role},
    time::Timestamp,
};

const ALL: &str = "read write follow push profile admin:read admin:write";

async fn staff(node: &Node, name: &str, role: Role) -> Client {
    let row = node.citizen_with(name, role).await;
    let mut client = Client::with_token(node, &node.token(row.id, ALL).await);
    client.id = row.id.to_string();
    client
}

fn ids(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

async fn say(who: &Client, text: &str) -> String {
    let post = who.post("/api/v1/statuses", json!({"status": text})).await.ok();
    post["id"].as_str().unwrap().to_owned()
}

/// A document as other servers read it.
async fn document(node: &Node, path: &str) -> Value {
    Client::anonymous(node).get_activity(path).await.ok()
}

async fn traces(node: &Node, action: &'static str) -> Vec<String> {
    let sql = "select l.target from audit_log l where l.action = ";
    node.app.read(move |conn| Sql::new(sql).bind(action).push(" order by l.id").load_texts(conn)).await.unwrap()
}

/// Signs up from an app, as if from this address.
async fn sign_up(node: &Node, name: &str, email: &str, address: &str) -> crate::support::Reply {
    let nobody = Client::anonymous(node);
    let body = json!({"client_name": "Test", "redirect_uris": "a://b", "scopes": "read write"});
    let app = nobody.post("/api/v1/apps", body).await.ok();
    let body = json!({
        "grant_type": "client_credentials", "scope": "read write",
        "client_id": app["client_id"], "client_secret": app["client_secret"],
    });
    let token = nobody.post("/oauth/token", body).await.ok();
    let client = Client::with_token(node, token["access_token"].as_str().unwrap());
    let body =
        json!({"username": name, "email": email, "password": "correct horse", "agreement": true, "locale": "en"});
    let request = client.request("POST", "/api/v1/accounts").header("x-forwarded-for", address);
    client.send(request.header("content-type", "application/json").body(body.to_string())).await
}

/// A node where anybody may sign up, behind a proxy that says who asks.
async fn open_node() -> Node {
    let node = NodeBuilder::new("alpha").await.config(|c| {
        c.registration = Registration::Open;
        c.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    });
    node.start().await
}

#[tokio::test]
async fn a_limited_account_is_heard_by_those_who_follow_it_and_stands_nowhere_else() {
    let node = Node::start().await;
    let mona = staff(&node, "mona", Role::Moderator).await;
    let (ada, bob, carol) = (node.member("ada").await, node.member("bob").await, node.member("carol").await);
    ada.post(&format!("/api/v1/accounts/{}/follow", bob.id), json!({})).await.ok();
    let old = say(&bob, "old #news").await;
    let action = format!("/api/v1/admin/accounts/{}/action", bob.id);
    let public = async |who: &Client| ids(&who.get("/api/v1/timelines/public").await.ok());
    let tagged = async |who: &Client| ids(&who.get("/api/v1/timelines/tag/news").await.ok());
    assert_eq!((public(&carol).await, tagged(&carol).await), (vec![old.clone()], vec![old.clone()]));
    mona.post(&action, json!({"type": "silence"})).await.ok();
    node.settle().await;
    let new = say(&bob, "new #news @carol @ada").await;
    node.settle().await;
    assert_eq!((public(&carol).await, tagged(&carol).await), (vec![], vec![]));
    assert_eq!(carol.get(&format!("/api/v1/accounts/{}", bob.id)).await.ok()["limited"], true);
    assert_eq!(ids(&ada.get("/api/v1/timelines/home").await.ok()), [new.clone(), old.clone()]);
    // Who follows is told of a mention; who does not finds it among the requests.
    let told =
        async |who: &Client| who.get("/api/v1/notifications?types[]=mention").await.ok().as_array().unwrap().len();
    assert_eq!((told(&ada).await, told(&carol).await), (1, 0));
    let shown = mona.get(&format!("/api/v1/admin/accounts/{}", bob.id)).await.ok();
    assert_eq!((&shown["silenced"], &shown["suspended"]), (&json!(true), &json!(false)));
    let listed = mona.get("/api/v2/admin/accounts?status=silenced").await.ok();
    assert_eq!(ids(&listed), std::slice::from_ref(&bob.id));
    let undo = format!("/api/v1/admin/accounts/{}/unsilence", bob.id);
    assert_eq!(mona.post(&undo, json!({})).await.ok()["silenced"], false);
    node.settle().await;
    assert_eq!((public(&carol).await, tagged(&carol).await), (vec![new.clone(), old.clone()], vec![new, old]));
    mona.post(&undo, json!({})).await.ok();
    assert_eq!(traces(&node, "account.limit").await, ["bob"]);
    assert_eq!(traces(&node, "account.unlimit").await, ["bob"]);
    // By rank.
    let boss = staff(&node, "boss", Role::Admin).await;
    let above = format!("/api/v1/admin/accounts/{}/action", boss.id);
    for kind in ["silence", "sensitive"] {
        assert_eq!(mona.post(&above, json!({"type": kind})).await.status, 403, "{kind}");
        assert_eq!(ada.post(&action, json!({"type": kind})).await.status, 403, "{kind}");
    }
    assert_eq!(mona.post(&action, json!({"type": "scold"})).await.status, 422);
}

#[tokio::test]
async fn many_posts_of_a_limited_account_leave_the_public_timeline_and_come_back() {
    let s = Scene::new().await;
    let mut posts = Vec::new();
    for n in 0..3 {
        let note = s.note(&s.ada, &n.to_string(), "<p>x</p>");
        posts.push(s.creates(&s.ada, &note).await);
    }
    let ada: Id<Account> = s.account(&s.ada).await.id;
    let shown = async || s.carol.get("/api/v1/timelines/public?remote=true").await.ok().as_array().unwrap().len();
    assert_eq!(shown().await, 3);
    s.node.app.write(move |tx| limited::silence(tx, &Staff::console(), ada)).await.unwrap();
    s.node.settle().await;
    assert_eq!(shown().await, 0);
    s.node.app.write(move |tx| limited::unsilence(tx, &Staff::console(), ada)).await.unwrap();
    s.node.settle().await;
    assert_eq!(shown().await, 3);
}

#[tokio::test]
async fn everything_of_a_marked_account_is_sensitive_and_only_what_it_marked_itself_stays_so() {
    let node = Node::start().await;
    let mona = staff(&node, "mona", Role::Moderator).await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let plain = say(&bob, "plain").await;
    let marked = bob.post("/api/v1/statuses", json!({"status": "x", "sensitive": true})).await.ok();
    let path = format!("/api/v1/statuses/{plain}");
    let action = format!("/api/v1/admin/accounts/{}/action", bob.id);
    assert_eq!(mona.post(&action, json!({"type": "sensitive"})).await.ok(), json!({}));
    assert_eq!(ada.get(&path).await.ok()["sensitive"], true);
    assert_eq!(bob.get(&path).await.ok()["sensitive"], false, "or the next edit would say so for good");
    assert_eq!(mona.get(&format!("/api/v1/admin/accounts/{}", bob.id)).await.ok()["sensitized"], true);
    let [inviter, invited] = [&mona, &bob].map(|who| who.id.parse::<i64>().unwrap());
    let invites = move |tx: &mut watercooler::domain::Tx<'_>| {
        Sql::new("insert into invites (id, code, created_by, role, uses, created_at) values (7, 'seven', ")
            .bind(inviter)
            .push(", 0, 1, 0)")
            .execute(tx.conn)?;
        Sql::new("update users set invite_id = 7 where account_id = ").bind(invited).execute(tx.conn)
    };
    node.app.write(invites).await.unwrap();
    let of_mona = format!("/api/v1/admin/accounts?invited_by={}", mona.id);
    for (path, found) in [
        (of_mona.as_str(), &["bob"][..]),
        ("/api/v2/admin/accounts?invited_by=nobody", &[][..]),
        // Nobody's address is kept.
        ("/api/v2/admin/accounts?ip=192.0.2.1", &[][..]),
        ("/api/v1/admin/accounts?sensitized=true", &["bob"][..]),
        ("/api/v2/admin/accounts?status=sensitized", &["bob"][..]),
        ("/api/v2/admin/accounts?origin=local&role_ids[]=1&role_ids[]=2", &["mona"][..]),
        ("/api/v2/admin/accounts?origin=local&role_ids[]=77", &[][..]),
    ] {
        let list = mona.get(path).await.ok();
        let names: Vec<&str> = list.as_array().unwrap().iter().map(|one| one["username"].as_str().unwrap()).collect();
        assert_eq!(names, found, "{path}");
    }
    assert_eq!(document(&node, &format!("/users/bob/statuses/{plain}")).await["sensitive"], true);
    let undo = format!("/api/v1/admin/accounts/{}/unsensitive", bob.id);
    assert_eq!(mona.post(&undo, json!({})).await.ok()["sensitized"], false);
    assert_eq!(ada.get(&path).await.ok()["sensitive"], false);
    let path = format!("/api/v1/statuses/{}", marked["id"].as_str().unwrap());
    assert_eq!(ada.get(&path).await.ok()["sensitive"], true);
    assert_eq!(traces(&node, "account.sensitive").await, ["bob"]);
    assert_eq!(traces(&node, "account.unsensitive").await, ["bob"]);
}

#[tokio::test]
async fn ranges_of_addresses_are_kept_from_signing_up_or_from_everything_until_the_block_ends() {
    let (schema, node) = (Schema::read(), open_node().await);
    let (boss, mona) = (staff(&node, "boss", Role::Admin).await, staff(&node, "mona", Role::Moderator).await);
    let path = "/api/v1/admin/ip_blocks";
    let body = json!({"ip": "203.0.113.7/24", "severity": "sign_up_block", "comment": "robots", "expires_in": 3600});
    let made = boss.post(path, body.clone()).await.ok();
    schema.assert("Admin::IpBlock", &made);
    assert_eq!((&made["ip"], &made["severity"]), (&json!("203.0.113.0/24"), &json!("sign_up_block")));
    assert_eq!(boss.post(path, body).await.status, 422, "there is one");
    for bad in [
        json!({"severity": "no_access"}),
        json!({"ip": "x", "severity": "no_access"}),
        json!({"ip": "198.51.100.1", "severity": "much"}),
        json!({"ip": "198.51.100.1"}),
        json!({"ip": "127.0.0.0/8", "severity": "no_access"}),
    ] {
        assert_eq!(boss.post(path, bad.clone()).await.status, 422, "{bad}");
    }
    let refused = sign_up(&node, "robot", "robot@mail.example", "203.0.113.99").await;
    assert_eq!(refused.status, 403, "{}", refused.text);
    assert_eq!(sign_up(&node, "eve", "eve@mail.example", "198.51.100.9").await.status, 200);
    // Now nothing is answered to them, by any door.
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    let changed = boss.put(&one, json!({"severity": "no_access", "expires_in": ""})).await.ok();
    assert_eq!((&changed["severity"], &changed["comment"]), (&json!("no_access"), &json!("robots")));
    assert_eq!(changed["expires_at"], Value::Null);
    let nobody = Client::anonymous(&node);
    let from = async |path: &str, address: &str| {
        nobody.send(nobody.request("GET", path).header("x-forwarded-for", address)).await.status
    };
    for door in ["/api/v2/instance", "/.well-known/nodeinfo", "/api/v1/timelines/public", "/sign-in"] {
        assert_eq!(from(door, "203.0.113.5").await, 403, "{door}");
        assert_eq!(from(door, "198.51.100.5").await, 200, "{door}");
    }
    // It ends when it said it would.
    boss.put(&one, json!({"expires_in": 60})).await.ok();
    assert_eq!(from("/api/v2/instance", "203.0.113.5").await, 403);
    node.clock.advance(61_000);
    assert_eq!(from("/api/v2/instance", "203.0.113.5").await, 200);
    // Who has to be approved.
    boss.put(&one, json!({"severity": "sign_up_requires_approval", "expires_in": 0})).await.ok();
    let waits = sign_up(&node, "maybe", "maybe@mail.example", "203.0.113.5").await;
    assert_eq!(waits.status, 200);
    let token = waits.json()["access_token"].as_str().unwrap().to_owned();
    let maybe = Client::with_token(&node, &token);
    assert_eq!(maybe.get("/api/v1/accounts/verify_credentials").await.status, 403);
    let pending = mona.get("/api/v1/admin/accounts?pending=true").await.ok();
    assert_eq!(pending[0]["username"], "maybe");
    // Pages, ranks and traces.
    let second = boss.post(path, json!({"ip": "2001:db8::1", "severity": "sign_up_block"})).await.ok();
    assert_eq!(second["ip"], "2001:db8::1/128");
    let page = boss.get(&format!("{path}?limit=1")).await;
    assert!(page.header("link").contains("max_id="));
    assert_eq!(ids(&page.ok()), [second["id"].as_str().unwrap()]);
    assert_eq!(mona.get(path).await.status, 403);
    assert_eq!(boss.delete(&one).await.ok(), json!({}));
    assert_eq!((boss.delete(&one).await.status, boss.get(&one).await.status), (404, 404));
    assert_eq!(traces(&node, "ip_block.add").await, ["203.0.113.0/24", "2001:db8::1/128"]);
    assert_eq!(traces(&node, "ip_block.remove").await, ["203.0.113.0/24"]);
}

#[tokio::test]
async fn domains_and_addresses_of_mail_are_kept_from_signing_up() {
    let (schema, node) = (Schema::read(), open_node().await);
    let (boss, mona) = (staff(&node, "boss", Role::Admin).await, staff(&node, "mona", Role::Moderator).await);
    let path = "/api/v1/admin/email_domain_blocks";
    let made = boss.post(path, json!({"domain": "Throwaway.example"})).await.ok();
    schema.assert("Admin::EmailDomainBlock", &made);
    assert_eq!((&made["domain"], made["history"].as_array().unwrap().len()), (&json!("throwaway.example"), 7));
    for bad in [json!({"domain": "throwaway.example"}), json!({}), json!({"domain": "no domain"})] {
        assert_eq!(boss.post(path, bad.clone()).await.status, 422, "{bad}");
    }
    for email in ["a@throwaway.example", "a@mx.Throwaway.example"] {
        let reply = sign_up(&node, "ann", email, "198.51.100.1").await;
        assert_eq!(
            (reply.status, &reply.json()["details"]["email"][0]["error"]),
            (422, &json!("ERR_BLOCKED")),
            "{email}"
        );
    }
    // In a browser as well, in the language of the page.
    let browser = crate::support::Browser::new(&node);
    let hidden = crate::support::hidden_fields(&browser.get("/register").await.text, "/register");
    let mut fields: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.extend([
        ("username", "ann"),
        ("email", "a@throwaway.example"),
        ("password", "a good one"),
        ("agreement", "1"),
    ]);
    let refused = browser.post("/register?lang=de", &fields).await;
    assert!(refused.status == 422 && refused.text.contains("ist hier nicht zugelassen."), "{}", refused.text);
    assert_eq!(sign_up(&node, "ann", "a@notthrowaway.example", "198.51.100.1").await.status, 200);
    let maybe = boss.post(path, json!({"domain": "doubtful.example", "allow_with_approval": true})).await.ok();
    let waits = sign_up(&node, "doubt", "a@doubtful.example", "198.51.100.1").await;
    assert_eq!(waits.status, 200);
    assert_eq!(mona.get("/api/v1/admin/accounts?pending=true").await.ok()[0]["username"], "doubt");
    assert_eq!(ids(&boss.get(path).await.ok()), [maybe["id"].as_str().unwrap(), made["id"].as_str().unwrap()]);
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    assert_eq!(boss.get(&one).await.ok()["domain"], "throwaway.example");
    assert_eq!(boss.delete(&one).await.ok(), json!({}));
    assert_eq!(sign_up(&node, "late", "a@throwaway.example", "198.51.100.1").await.status, 200);
    // One address, however it is written; only its hash is kept.
    let path = "/api/v1/admin/canonical_email_blocks";
    let made = boss.post(path, json!({"email": "Eve.Mallory+x@mail.example"})).await.ok();
    schema.assert("Admin::CanonicalEmailBlock", &made);
    for email in ["evemallory@mail.example", "e.v.e.mallory+y@mail.example"] {
        assert_eq!(sign_up(&node, "eve", email, "198.51.100.1").await.status, 422, "{email}");
        assert_eq!(boss.post(&format!("{path}/test"), json!({"email": email})).await.ok(), json!([made]), "{email}");
    }
    assert_eq!(boss.post(&format!("{path}/test"), json!({"email": "else@mail.example"})).await.ok(), json!([]));
    assert_eq!(boss.post(&format!("{path}/test"), json!({})).await.status, 400);
    assert_eq!(boss.post(path, json!({"canonical_email_hash": "zz"})).await.status, 422);
    assert_eq!(boss.post(path, json!({"canonical_email_hash": made["canonical_email_hash"]})).await.status, 422);
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    assert_eq!((boss.get(&one).await.ok(), boss.get(path).await.ok()), (made.clone(), json!([made])));
    assert_eq!(boss.delete(&one).await.ok(), json!({}));
    assert_eq!(sign_up(&node, "eve", "evemallory@mail.example", "198.51.100.1").await.status, 200);
    for path in ["/api/v1/admin/canonical_email_blocks", "/api/v1/admin/email_domain_blocks"] {
        assert_eq!(mona.get(path).await.status, 403, "{path}");
    }
    assert_eq!(traces(&node, "email_domain_block.add").await, ["throwaway.example", "doubtful.example"]);
    assert_eq!(traces(&node, "email_block.remove").await.len(), 1);
    // Staff makes accounts as it likes.
    let person =
        accounts::NewPerson { by_staff: true, ..accounts::NewPerson::member("own", Some("x@doubtful.example"), None) };
    node.app.write(move |tx| accounts::create(tx, &person)).await.unwrap();
}

#[tokio::test]
async fn allowed_domains_are_the_peers_and_under_a_charter_nodes_are_invited() {
    let (schema, node) = (Schema::read(), Node::start().await);
    let (boss, mona) = (staff(&node, "boss", Role::Admin).await, staff(&node, "mona", Role::Moderator).await);
    let path = "/api/v1/admin/domain_allows";
    let made = boss.post(path, json!({"domain": "Good.example"})).await.ok();
    schema.assert("Admin::DomainAllow", &made);
    assert_eq!(made["domain"], "good.example");
    assert_eq!(boss.post(path, json!({"domain": "good.example"})).await.ok(), made, "once more is the same");
    assert_eq!(boss.post(path, json!({})).await.status, 422);
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    assert_eq!(boss.get(&one).await.ok(), made);
    assert!(ids(&boss.get(path).await.ok()).contains(&made["id"].as_str().unwrap().to_owned()));
    assert_eq!(mona.get(path).await.status, 403);
    assert_eq!(boss.delete(&one).await.ok(), json!({}));
    assert_eq!(boss.get(&one).await.status, 404);
    assert_eq!(traces(&node, "peer.add").await, ["good.example"]);
    let node = organisation::alone("hq", &node.clock).await;
    organisation::found(&node).await;
    let boss = staff(&node, "chief", Role::Admin).await;
    let refused = boss.post(path, json!({"domain": "other.example"})).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("watercooler org invite"), "{}", refused.text);
}

#[tokio::test]
async fn what_people_talk_about_trends_unless_staff_says_no() {
    let (schema, node) = (Schema::read(), Node::start().await);
    let mona = staff(&node, "mona", Role::Moderator).await;
    let (ada, bob, carol) = (node.member("ada").await, node.member("bob").await, node.member("carol").await);
    for who in [&ada, &bob] {
        who.patch("/api/v1/accounts/update_credentials", json!({"discoverable": true})).await.ok();
    }
    for who in [&ada, &bob, &carol] {
        say(who, "look at #harbour").await;
    }
    let liked = say(&ada, "#tea and #harbour").await;
    let hidden = bob.post("/api/v1/statuses", json!({"status": "x", "sensitive": true})).await.ok();
    for post in [&liked, hidden["id"].as_str().unwrap()] {
        bob.post(&format!("/api/v1/statuses/{post}/favourite"), json!({})).await.ok();
    }
    let names = |list: &Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap().to_owned()).collect()
    };
    for path in ["/api/v1/trends", "/api/v1/trends/tags"] {
        let list = carol.get(path).await.ok();
        schema.assert_all("Tag", &list);
        assert_eq!(names(&list), ["harbour", "tea"], "{path}");
        assert_eq!(list[0]["history"][0]["accounts"], "3");
        assert_eq!(names(&carol.get(&format!("{path}?limit=1&offset=1")).await.ok()), ["tea"]);
    }
    assert_eq!(ids(&carol.get("/api/v1/trends/statuses").await.ok()), std::slice::from_ref(&liked));
    // Staff sees the same, and decides.
    let list = mona.get("/api/v1/admin/trends/tags").await.ok();
    schema.assert_all("Admin::Tag", &list);
    assert_eq!((names(&list), &list[0]["requires_review"]), (vec!["harbour".into(), "tea".into()], &json!(true)));
    let tag = list[0]["id"].as_str().unwrap().to_owned();
    let rejected = mona.post(&format!("/api/v1/admin/trends/tags/{tag}/reject"), json!({})).await.ok();
    assert_eq!((&rejected["trendable"], &rejected["requires_review"]), (&json!(false), &json!(false)));
    assert_eq!(names(&carol.get("/api/v1/trends/tags").await.ok()), ["tea"]);
    mona.post(&format!("/api/v1/admin/trends/tags/{tag}/approve"), json!({})).await.ok();
    assert_eq!(names(&carol.get("/api/v1/trends/tags").await.ok()), ["harbour", "tea"]);
    let list = mona.get("/api/v1/admin/trends/statuses").await.ok();
    assert_eq!((ids(&list), &list[0]["requires_review"]), (vec![liked.clone()], &json!(true)));
    let path = format!("/api/v1/admin/trends/statuses/{liked}");
    assert_eq!(mona.post(&format!("{path}/reject"), json!({})).await.ok()["requires_review"], false);
    assert_eq!(carol.get("/api/v1/trends/statuses").await.ok(), json!([]));
    mona.post(&format!("{path}/approve"), json!({})).await.ok();
    // What somebody does not want to read does not trend for them; a limited account for nobody.
    carol.post(&format!("/api/v1/accounts/{}/block", ada.id), json!({})).await.ok();
    assert_eq!(carol.get("/api/v1/trends/statuses").await.ok(), json!([]));
    assert_eq!(ids(&bob.get("/api/v1/trends/statuses").await.ok()), [liked]);
    mona.post(&format!("/api/v1/admin/accounts/{}/action", ada.id), json!({"type": "silence"})).await.ok();
    node.settle().await;
    assert_eq!(bob.get("/api/v1/trends/statuses").await.ok(), json!([]));
    assert_eq!(names(&bob.get("/api/v1/trends/tags").await.ok()), ["harbour"]);
    assert_eq!(traces(&node, "trend.reject").await.len(), 1);
    assert_eq!(ada.get("/api/v1/admin/trends/tags").await.status, 403);
}

#[tokio::test]
async fn pages_and_their_publishers_trend_unless_staff_says_no() {
    let web = Web::start().await;
    let node = web.reachable(NodeBuilder::new("alpha").await).start().await;
    let mona = staff(&node, "mona", Role::Moderator).await;
    let ada = node.member("ada").await;
    let html = "<html><head><title>Harbour news</title></head></html>";
    web.page("/news", html.to_owned());
    say(&ada, "read https://secure.test/news").await;
    node.settle().await;
    let titles = async || {
        let list = ada.get("/api/v1/trends/links").await.ok();
        list.as_array().unwrap().iter().map(|link| link["title"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(titles().await, ["Harbour news"]);
    let list = mona.get("/api/v1/admin/trends/links").await.ok();
    assert_eq!((&list[0]["title"], &list[0]["requires_review"]), (&json!("Harbour news"), &json!(true)));
    let path = format!("/api/v1/admin/trends/links/{}", list[0]["id"].as_str().unwrap());
    assert_eq!(mona.post(&format!("{path}/reject"), json!({})).await.ok()["requires_review"], false);
    assert_eq!(titles().await, [""; 0]);
    mona.post(&format!("{path}/approve"), json!({})).await.ok();
    assert_eq!(titles().await, ["Harbour news"]);
    // What was said about a page counts before what was said about its publisher.
    let hosts = mona.get("/api/v1/admin/trends/links/publishers").await.ok();
    let path = format!("/api/v1/admin/trends/links/publishers/{}", hosts[0]["id"].as_str().unwrap());
    assert_eq!(mona.post(&format!("{path}/reject"), json!({})).await.ok()["trendable"], false);
    assert_eq!(titles().await, ["Harbour news"]);
    web.page("/more", html.replace("news", "more"));
    say(&ada, "read https://secure.test/more").await;
    node.settle().await;
    assert_eq!(titles().await, ["Harbour news"]);
    assert_eq!(mona.post(&format!("{path}/approve"), json!({})).await.ok()["trendable"], true);
    assert_eq!(titles().await.len(), 2);
    assert_eq!(mona.post("/api/v1/admin/trends/links/publishers/7/approve", json!({})).await.status, 404);
}

#[tokio::test]
async fn staff_keeps_hashtags_from_being_written_found_or_trending() {
    let (schema, node) = (Schema::read(), Node::start().await);
    let mona = staff(&node, "mona", Role::Moderator).await;
    let ada = node.member("ada").await;
    say(&ada, "#Harbour and #tea").await;
    let list = mona.get("/api/v1/admin/tags").await.ok();
    schema.assert_all("Admin::Tag", &list);
    let harbour = list.as_array().unwrap().iter().find(|tag| tag["name"] == "harbour").unwrap();
    let path = format!("/api/v1/admin/tags/{}", harbour["id"].as_str().unwrap());
    assert_eq!(&mona.get(&path).await.ok(), harbour);
    let found = async |query: &str| {
        let reply = ada.get(&format!("/api/v2/search?type=hashtags&q={query}")).await.ok();
        reply["hashtags"].as_array().unwrap().len()
    };
    assert_eq!((found("harb").await, found("harb&exclude_unreviewed=true").await), (1, 0));
    let changed = mona.put(&path, json!({"usable": false, "listable": false})).await.ok();
    assert_eq!(
        (&changed["usable"], &changed["listable"], &changed["trendable"]),
        (&json!(false), &json!(false), &json!(true))
    );
    assert_eq!(found("harb").await, 0);
    let refused = ada.post("/api/v1/statuses", json!({"status": "again #harbour"})).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("#harbour"), "{}", refused.text);
    assert_eq!(ada.post("/api/v1/statuses", json!({"status": "again #tea"})).await.status, 200);
    mona.put(&path, json!({"usable": true, "listable": true, "display_name": "HARBOUR"})).await.ok();
    assert_eq!(found("harb&exclude_unreviewed=true").await, 1);
    // As staff spells it; it is the same hashtag, and posts say it as before.
    let shown = ada.get("/api/v1/tags/harbour").await.ok();
    assert_eq!((&shown["name"], &shown["url"]), (&json!("HARBOUR"), &json!(node.url("/tags/harbour"))));
    assert_eq!(mona.get(&path).await.ok()["name"], "HARBOUR");
    assert_eq!(ada.post("/api/v1/tags/Harbour/follow", json!({})).await.ok()["name"], "HARBOUR");
    let own = ada.get(&format!("/api/v1/accounts/{}/statuses?tagged=HARBOUR", ada.id)).await.ok();
    assert!(own[0]["tags"].as_array().unwrap().iter().any(|tag| tag["name"] == "harbour"), "{own}");
    assert_eq!(ada.post("/api/v1/statuses", json!({"status": "again #harbour"})).await.status, 200);
    assert_eq!(mona.put(&path, json!({"display_name": "port"})).await.status, 422);
    assert_eq!(traces(&node, "tag.review").await, ["harbour", "harbour"]);
    assert_eq!(ada.put(&path, json!({"usable": false})).await.status, 403);
    assert_eq!(mona.get("/api/v1/admin/tags/1").await.status, 404);
}

#[tokio::test]
async fn staff_counts_what_is_there_and_what_is_not_kept_is_nought() {
    let (schema, node) = (Schema::read(), Node::start().await);
    node.clock.set(Timestamp::parse("2027-03-10T12:00:00Z").unwrap());
    let mona = staff(&node, "mona", Role::Moderator).await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let post = say(&ada, "about #harbour").await;
    bob.post(&format!("/api/v1/statuses/{post}/favourite"), json!({})).await.ok();
    bob.post("/api/v1/statuses", json!({"status": "yes #harbour", "in_reply_to_id": post, "language": "de"}))
        .await
        .ok();
    bob.post("/api/v1/reports", json!({"account_id": ada.id})).await.ok();
    let tag = mona.get("/api/v1/admin/tags").await.ok()[0]["id"].clone();
    let keys = [
        "active_users",
        "new_users",
        "interactions",
        "opened_reports",
        "resolved_reports",
        "tag_accounts",
        "tag_uses",
        "tag_servers",
        "instance_accounts",
        "instance_media_attachments",
        "instance_reports",
        "instance_statuses",
        "instance_follows",
        "instance_followers",
        "nonsense",
    ];
    let mut body = json!({"keys": keys, "start_at": "2027-03-09", "end_at": "2027-03-10"});
    for key in keys.iter().filter(|key| key.starts_with("tag_")) {
        body[key] = json!({"id": tag});
    }
    for key in keys.iter().filter(|key| key.starts_with("instance_")) {
        body[key] = json!({"domain": "other.example"});
    }
    let list = mona.post("/api/v1/admin/measures", body).await.ok();
    let measures = list.as_array().unwrap();
    assert_eq!(measures.len(), keys.len() - 1, "what nobody knows is left out");
    for (key, total) in [
        ("new_users", "3"),
        ("interactions", "2"),
        ("opened_reports", "1"),
        ("resolved_reports", "0"),
        ("tag_accounts", "2"),
        ("tag_uses", "2"),
        ("tag_servers", "1"),
        ("instance_accounts", "0"),
        ("instance_media_attachments", "0"),
    ] {
        let one = measures.iter().find(|one| one["key"] == key).unwrap();
        assert_eq!(one["total"], total, "{key}: {one}");
        let values: Vec<&str> =
            one["data"].as_array().unwrap().iter().map(|day| day["value"].as_str().unwrap()).collect();
        assert_eq!(values, ["0", total], "{key}");
        assert_eq!(one["data"][0]["date"], "2027-03-09T00:00:00.000Z");
    }
    schema.assert_all("Admin::Measure", &list);
    let keys =
        ["languages", "sources", "servers", "space_usage", "software_versions", "tag_servers", "tag_languages", "x"];
    let body = json!({"keys": keys, "tag_servers": {"id": tag}, "tag_languages": {"id": tag}, "limit": 5});
    let list = mona.post("/api/v1/admin/dimensions", body).await.ok();
    schema.assert_all("Admin::Dimension", &list);
    let part = |key: &str| list.as_array().unwrap().iter().find(|one| one["key"] == key).unwrap()["data"].clone();
    assert_eq!(list.as_array().unwrap().len(), keys.len() - 1);
    assert_eq!(part("tag_servers"), json!([{"key": node.domain, "human_key": node.domain, "value": "2"}]));
    assert_eq!(part("servers")[0]["key"], node.domain.as_str());
    let german = json!({"key": "de", "human_key": "German", "value": "1"});
    assert!(part("tag_languages").as_array().unwrap().contains(&german));
    assert!(part("space_usage")[0]["value"].as_str().unwrap().parse::<u64>().unwrap() > 0);
    // Two who signed up in March, one of whom was here in April.
    node.clock.set(Timestamp::parse("2027-04-02T12:00:00Z").unwrap());
    let here: Id<Account> = ada.id.parse().unwrap();
    node.app.write(move |tx| watercooler::store::users::touch(tx.conn, here, tx.now)).await.unwrap();
    let body = json!({"start_at": "2027-03-01", "end_at": "2027-04-02", "frequency": "month"});
    let list = mona.post("/api/v1/admin/retention", body).await.ok();
    schema.assert_all("Admin::Cohort", &list);
    assert_eq!((&list[0]["period"], &list[0]["frequency"]), (&json!("2027-03-01T00:00:00.000Z"), &json!("month")));
    assert_eq!((&list[0]["data"][0]["value"], &list[0]["data"][0]["rate"]), (&json!("3"), &json!(1.0)));
    assert!(list[0]["data"][1]["value"].as_str().unwrap().parse::<u64>().unwrap() < 3);
    assert_eq!(list[1]["data"][0]["value"], "0");
    for (path, bad) in [
        ("measures", json!({"keys": ["new_users"]})),
        ("measures", json!({"keys": ["new_users"], "start_at": "soon", "end_at": "2027-03-02"})),
        ("retention", json!({"start_at": "2027-03-01", "end_at": "2027-03-02", "frequency": "year"})),
    ] {
        assert_eq!(mona.post(&format!("/api/v1/admin/{path}"), bad.clone()).await.status, 400, "{path} {bad}");
    }
    // Whoever does not say how asks for the last days.
    let days = mona.post("/api/v1/admin/retention", json!({"limit": 2})).await.ok();
    schema.assert_all("Admin::Cohort", &days);
    for path in ["measures", "dimensions"] {
        assert_eq!(mona.post(&format!("/api/v1/admin/{path}"), json!({"limit": 2})).await.ok(), json!([]), "{path}");
    }
    let long = json!({"keys": ["new_users"], "start_at": "1990-01-01", "end_at": "2027-03-02"});
    let list = mona.post("/api/v1/admin/measures", long).await.ok();
    assert_eq!(list[0]["data"].as_array().unwrap().len(), 366, "a year at most");
    assert_eq!(ada.post("/api/v1/admin/measures", json!({})).await.status, 403);
}

#[tokio::test]
async fn what_there_is_of_a_domain_is_counted_whatever_days_are_asked_for() {
    let (schema, node, peer) = (Schema::read(), Node::start().await, Peer::start("far").await);
    let mona = staff(&node, "mona", Role::Moderator).await;
    let (ada, zoe) = (node.citizen("ada").await, rows::remote(&node, &peer, "zoe").await);
    rows::follows(&node, &ada, &zoe).await;
    node.clock.set(node.app.clock().now().plus_days(40));
    // As scripts ask before they block: without days.
    let domain = json!({"domain": peer.authority});
    let mut body = json!({"keys": ["instance_follows"], "instance_follows": domain});
    let list = mona.post("/api/v1/admin/measures", body.clone()).await.ok();
    schema.assert_all("Admin::Measure", &list);
    assert_eq!((&list[0]["total"], &list[0]["data"]), (&json!("1"), &json!([])));
    assert_eq!(list[0].get("previous_total"), None);
    body["start_at"] = json!(node.app.clock().now().plus_days(-1));
    body["end_at"] = json!(node.app.clock().now());
    let list = mona.post("/api/v1/admin/measures", body.clone()).await.ok();
    assert_eq!(list[0]["total"], "1", "nobody was followed on these days: {list}");
    let days = list[0]["data"].as_array().unwrap();
    assert!(days.len() == 2 && days.iter().all(|day| day["value"] == "0"), "{list}");
    // Where one of them is nothing without days, days are asked for.
    let both = json!({"keys": ["instance_follows", "new_users"], "instance_follows": {"domain": peer.authority}});
    assert_eq!(mona.post("/api/v1/admin/measures", both).await.status, 400);
}

#[tokio::test]
async fn the_command_line_limits_accounts_and_marks_them() {
    use watercooler::cli::data::{AccountVerb, DataVerb, Word, run};
    let node = Node::start().await;
    let bob = node.member("bob").await;
    let does = async |verb: DataVerb| run(&node.app, verb).await.unwrap();
    let state = async || bob.get(&format!("/api/v1/accounts/{}", bob.id)).await.ok();
    for lift in [false, true] {
        does(DataVerb::Account(AccountVerb::Limit { name: "bob".into(), lift, word: Word::default() })).await;
        assert_eq!(state().await["limited"].as_bool().unwrap_or_default(), !lift);
        does(DataVerb::Account(AccountVerb::Sensitive { name: "bob".into(), lift, word: Word::default() })).await;
    }
    assert_eq!(traces(&node, "account.unsensitive").await, ["bob"]);
}
