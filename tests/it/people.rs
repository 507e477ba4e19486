//! People of a node: registration, invitations, approval, roles, passwords, the first account (rows OAU, OPS).

use crate::{
    projects::{bearing, path, register},
    support::{Browser, Client, NOW, Node, NodeBuilder, PASSWORD},
};
use serde_json::{Value, json};
use watercooler::{
    config::Registration,
    domain::{accounts, audit::Staff, oauth, setup},
    model::Role,
    store,
};

async fn open_node(registration: Registration) -> Node {
    let rules = vec!["Be kind.".to_owned()];
    NodeBuilder::new("alpha")
        .await
        .config(move |c| {
            c.registration = registration;
            c.instance.rules = rules;
        })
        .start()
        .await
}

fn form<'a>(username: &'a str, email: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("username", username),
        ("email", email),
        ("password", PASSWORD),
        ("agreement", "1"),
        ("reason", "I work here"),
    ]
}

pub async fn app_token(node: &Node, scopes: &str) -> String {
    let scopes = scopes.to_owned();
    let issued = node.app.write(move |tx| {
        let new = oauth::NewApp {
            name: "Client",
            redirect_uris: vec!["urn:ietf:wg:oauth:2.0:oob"],
            scopes: &scopes,
            website: "",
            plain_http: false,
        };
        let (app, _) = oauth::register_app(tx, &new)?;
        oauth::issue_app_token(tx, &app, &scopes)
    });
    issued.await.unwrap().unwrap().token
}

#[tokio::test]
async fn sec_ops_08_the_first_account_comes_by_a_one_time_link() {
    let node = Node::start().await;
    let link = node.app.write(setup::open_setup).await.unwrap().unwrap();
    let browser = Browser::new(&node);
    assert_eq!(browser.get("/setup/guess").await.status, 404);
    let path = link.strip_prefix(&node.url("")).unwrap().to_owned();
    let page = browser.get(&path).await;
    assert!(page.text.contains("Welcome to your node"));
    // A newer link is the only one.
    let newer = node.app.write(setup::open_setup).await.unwrap().unwrap();
    assert_eq!(browser.get(&path).await.status, 404);
    let path = newer.strip_prefix(&node.url("")).unwrap().to_owned();
    let page = browser.get(&path).await;
    let done = browser
        .submit(&page, &path, &[("username", "boss"), ("email", "boss@example.org"), ("password", PASSWORD)])
        .await;
    assert_eq!((done.status, done.header("location")), (302, "/"));
    let front = browser.get("/").await.text;
    assert!(front.contains("/@boss"));
    // What comes next is said there, and what waits; to nobody else.
    assert!(front.contains("watercooler invite create"), "{front}");
    assert!(front.contains("People who wait for approval: <strong>0</strong>"), "{front}");
    node.citizen("anna").await;
    let member = Browser::new(&node);
    assert!(!member.get("/").await.text.contains("watercooler invite"));
    member.sign_in("anna", PASSWORD).await;
    assert!(!member.get("/").await.text.contains("watercooler invite"));
    // Used once: nobody gets a second owner by it, and no new link is made.
    assert_eq!(Browser::new(&node).get(&path).await.status, 404);
    assert_eq!(node.app.write(setup::open_setup).await.unwrap(), None);
    let log = node.app.read(|conn| store::audit::page(conn, None, 10)).await.unwrap();
    let entry = log.iter().find(|entry| entry.action == "node.setup").unwrap();
    assert_eq!((entry.actor.as_str(), entry.origin.as_str()), ("boss", "127.0.0.1"), "who, and from where");
    let role = node.app.read(|conn| {
        let id = store::accounts::find_local(conn, "boss")?.unwrap().id;
        Ok(store::users::load(conn, id)?.role)
    });
    assert_eq!(role.await.unwrap(), Role::Owner);
}

#[tokio::test]
async fn sec_ops_08_an_admin_made_by_command_ends_the_one_time_link() {
    let node = Node::start().await;
    let link = node.app.write(setup::open_setup).await.unwrap().unwrap();
    let path = link.strip_prefix(&node.url("")).unwrap().to_owned();
    // Whoever only helps does not run the node.
    node.citizen_with("mona", Role::Moderator).await;
    let browser = Browser::new(&node);
    let page = browser.get(&path).await;
    assert_eq!(page.status, 200);
    // The link may stand in a log for ever: from now on it gives nobody the node.
    node.citizen_with("boss", Role::Admin).await;
    assert_eq!(browser.get(&path).await.status, 404);
    let late = [("username", "late"), ("email", "late@example.org"), ("password", PASSWORD)];
    assert_eq!(browser.submit(&page, &path, &late).await.status, 404);
    assert_eq!(node.app.write(setup::open_setup).await.unwrap(), None);
}

#[tokio::test]
async fn registration_is_closed_by_default_for_pages_and_apps() {
    let node = Node::start().await;
    assert_eq!(Browser::new(&node).get("/register").await.status, 403);
    let client = Client::with_token(&node, &app_token(&node, "read write").await);
    let body =
        json!({"username": "anna", "email": "a@example.org", "password": PASSWORD, "agreement": true, "locale": "en"});
    assert_eq!(client.post("/api/v1/accounts", body).await.status, 403);
}

#[tokio::test]
async fn anybody_registers_on_an_open_node_and_is_told_what_is_wrong() {
    let node = open_node(Registration::Open).await;
    let browser = Browser::new(&node);
    let page = browser.get("/register").await;
    assert!(page.text.contains("Be kind."));
    for (fields, sentence) in [
        (form("a b", "anna@example.org"), "must contain only letters"),
        (form("admin", "anna@example.org"), "Username is reserved"),
        (form("anna", "anna"), "Email is not a valid address"),
        (
            vec![("username", "anna"), ("email", "a@b.c"), ("password", "short"), ("agreement", "1")],
            "Password is too short",
        ),
        (vec![("username", "anna"), ("email", "a@b.c"), ("password", PASSWORD)], "Agreement must be accepted"),
    ] {
        let reply = browser.submit(&page, "/register", &fields).await;
        assert_eq!(reply.status, 422, "{fields:?}");
        assert!(reply.text.contains(sentence), "{fields:?}: {}", reply.text);
        assert!(!reply.text.contains(PASSWORD));
    }
    let done = browser.submit(&page, "/register", &form("Anna", "Anna@Example.org")).await;
    assert_eq!(done.status, 302);
    assert!(browser.get("/").await.text.contains("/@Anna"));
    for fields in [form("aNNa", "other@example.org"), form("berta", "anna@EXAMPLE.org")] {
        let other = Browser::new(&node);
        let page = other.get("/register").await;
        let reply = other.submit(&page, "/register", &fields).await;
        assert!(reply.status == 422 && reply.text.contains("has already been taken"), "{}", reply.text);
    }
}

#[tokio::test]
async fn an_app_registers_a_person_and_gets_their_token() {
    let node = open_node(Registration::Open).await;
    let client = Client::with_token(&node, &app_token(&node, "read write").await);
    let body = json!({"username": "anna", "email": "a@example.org", "password": PASSWORD, "agreement": "true", "locale": "en"});
    let token = client.post("/api/v1/accounts", body.clone()).await.ok();
    assert!(token["created_at"].is_i64());
    let me = Client::with_token(&node, token["access_token"].as_str().unwrap());
    assert_eq!(me.get("/api/v1/accounts/verify_credentials").await.ok()["acct"], "anna");
    let taken = client.post("/api/v1/accounts", body).await;
    assert_eq!(taken.status, 422);
    assert_eq!(taken.json()["details"]["username"][0]["error"], "ERR_TAKEN");
    // Every field that is wrong is named at once.
    let wrong = json!({"username": "a b", "email": "nowhere", "password": "short", "reason": "x".repeat(1_001)});
    let refused = client.post("/api/v1/accounts", wrong).await;
    let said = refused.json();
    let code = |field: &str| said["details"][field][0]["error"].as_str().map(str::to_owned);
    let codes = ["username", "email", "password", "reason", "agreement"].map(code);
    let expected = ["ERR_INVALID", "ERR_INVALID", "ERR_TOO_SHORT", "ERR_TOO_LONG", "ERR_ACCEPTED"];
    assert_eq!((refused.status, codes), (422, expected.map(|code| Some(code.to_owned()))), "{said}");
    assert_eq!(said["details"]["agreement"][0]["description"], "must be accepted");
    let error = said["error"].as_str().unwrap();
    assert!(error.starts_with("Validation failed: Username must contain only"), "{error}");
    assert!(error.contains(", Agreement must be accepted, Reason is too long"), "{error}");
    let empty = client.post("/api/v1/accounts", json!({})).await.json();
    assert_eq!(empty["details"].as_object().unwrap().len(), 4, "{empty}");
    let nothing = json!({"username": "", "email": "", "password": "", "agreement": false, "locale": "hello"});
    let said = client.post("/api/v1/accounts", nothing).await.json();
    let one = |code: &str, description: &str| json!({"error": code, "description": description});
    let blank = one("ERR_BLANK", "can't be blank");
    // As masto.js has its tests: a language that is none is none, and nothing is no address either.
    let expected = json!({
        "username": [blank], "email": [blank, one("ERR_INVALID", "is invalid")], "password": [blank],
        "agreement": [one("ERR_ACCEPTED", "must be accepted")],
    });
    assert_eq!(said["details"], expected);
    // Whoever signs people up with a narrow token gets one of theirs for all that the app registered for.
    let nobody = Client::anonymous(&node);
    let body = json!({"client_name": "x", "redirect_uris": "a://b", "scopes": "read write follow push"});
    let app = nobody.post("/api/v1/apps", body).await.ok();
    let grant = json!({
        "grant_type": "client_credentials", "scope": "write:accounts",
        "client_id": app["client_id"], "client_secret": app["client_secret"],
    });
    let token = nobody.post("/oauth/token", grant).await.ok();
    assert_eq!(token["scope"], "write:accounts");
    let client = Client::with_token(&node, token["access_token"].as_str().unwrap());
    let body = json!({"username": "berta", "email": "b@example.org", "password": PASSWORD, "agreement": true});
    assert_eq!(client.post("/api/v1/accounts", body).await.ok()["scope"], "read write follow push");
    let narrow = Client::with_token(&node, &app_token(&node, "read").await);
    assert_eq!(narrow.post("/api/v1/accounts", json!({"username": "x"})).await.status, 403);
}

#[tokio::test]
async fn who_asks_waits_for_approval_and_staff_lets_in_or_turns_away() {
    let node = open_node(Registration::Approval).await;
    for name in ["anna", "berta"] {
        let browser = Browser::new(&node);
        let page = browser.get("/register").await;
        assert!(page.text.contains("Why would you like to join?"));
        let done = browser.submit(&page, "/register", &form(name, &format!("{name}@example.org"))).await;
        assert_eq!(done.status, 200);
        assert!(done.text.contains("your request is in"));
        let reply = browser.sign_in(name, PASSWORD).await;
        assert!(reply.status == 403 && reply.text.contains("waiting for approval"));
    }
    node.app
        .write(|tx| {
            let anna = store::accounts::find_local(tx.conn, "anna")?.unwrap().id;
            let berta = store::accounts::find_local(tx.conn, "berta")?.unwrap().id;
            accounts::approve(tx, &Staff::console(), anna)?;
            assert!(accounts::reject(tx, &Staff::console(), anna).is_err());
            accounts::reject(tx, &Staff::console(), berta)
        })
        .await
        .unwrap();
    assert_eq!(Browser::new(&node).sign_in("anna", PASSWORD).await.status, 302);
    assert_eq!(Browser::new(&node).sign_in("berta", PASSWORD).await.status, 422);
    // The token of somebody who waits works once they are in.
    let client = Client::with_token(&node, &app_token(&node, "read write").await);
    let body = json!({"username": "carl", "email": "c@example.org", "password": PASSWORD, "agreement": true, "reason": "work"});
    let token = client.post("/api/v1/accounts", body).await.ok();
    let carl = Client::with_token(&node, token["access_token"].as_str().unwrap());
    assert_eq!(carl.get("/api/v1/accounts/verify_credentials").await.status, 403);
    node.app
        .write(|tx| {
            let carl = store::accounts::find_local(tx.conn, "carl")?.unwrap().id;
            accounts::approve(tx, &Staff::console(), carl)
        })
        .await
        .unwrap();
    carl.get("/api/v1/accounts/verify_credentials").await.ok();
}

#[tokio::test]
async fn whoever_waits_for_approval_is_nobody_to_clients_either() {
    let node = NodeBuilder::new("alpha").await.config(|c| {
        c.registration = Registration::Approval;
        c.accounts.default_discoverable = Some(true);
    });
    let node = node.start().await;
    let app = Client::with_token(&node, &app_token(&node, "read write").await);
    let body = json!({"username": "anna", "email": "a@example.org", "password": PASSWORD, "agreement": true, "reason": "work"});
    app.post("/api/v1/accounts", body).await.ok();
    let id = node.app.read(|conn| Ok(store::accounts::find_local(conn, "anna")?.unwrap().id)).await.unwrap();
    let (mona, nobody) = (node.member("mona").await, Client::anonymous(&node));
    let shown = async |who: &Client| {
        let one = who.get(&format!("/api/v1/accounts/{id}")).await.status;
        let named = who.get("/api/v1/accounts/lookup?acct=anna").await.status;
        let lists = [
            who.get(&format!("/api/v1/accounts?id[]={id}")).await.ok(),
            who.get("/api/v2/search?type=accounts&q=ann").await.ok()["accounts"].clone(),
            who.get(&format!("/api/v2/search?type=accounts&q=@{}", node.handle("anna"))).await.ok()["accounts"].clone(),
            who.get("/api/v1/directory?local=true&order=new").await.ok(),
        ];
        ([one, named], lists.map(|list| list.as_array().unwrap().iter().any(|one| one["acct"] == "anna")))
    };
    let follow = format!("/api/v1/accounts/{id}/follow");
    for who in [&mona, &nobody] {
        assert_eq!(shown(who).await, ([404, 404], [false; 4]));
    }
    assert_eq!(mona.post(&follow, json!({})).await.status, 404);
    let names = async || mona.post("/api/v1/statuses", json!({"status": "hello @anna"})).await.ok()["mentions"].clone();
    assert_eq!(names().await, json!([]));
    let made = mona.post("/api/v1/collections", json!({"name": "Welders"})).await.ok()["collection"].clone();
    let items = format!("/api/v1/collections/{}/items", made["id"].as_str().unwrap());
    assert_eq!(mona.post(&items, json!({"account_id": id.to_string()})).await.status, 404);
    let project = register(&mona, bearing()).await;
    let place = path(&project, &format!("/members/{id}"));
    assert_eq!(mona.post(&place, json!({})).await.status, 404);
    node.app.write(move |tx| accounts::approve(tx, &Staff::console(), id)).await.unwrap();
    for who in [&mona, &nobody] {
        assert_eq!(shown(who).await, ([200, 200], [true; 4]));
    }
    assert_eq!(mona.post(&follow, json!({})).await.ok()["following"], true);
    assert_eq!(names().await[0]["acct"], "anna");
    mona.post(&place, json!({})).await.ok();
}

#[tokio::test]
async fn an_invitation_opens_a_closed_node_as_often_as_it_says() {
    let node = open_node(Registration::Closed).await;
    let invite = node
        .app
        .write(|tx| accounts::invite(tx, &Staff::console(), Role::Moderator, Some(1), Some(NOW.plus_days(1))))
        .await
        .unwrap();
    let path = format!("/invite/{}", invite.code);
    let browser = Browser::new(&node);
    let page = browser.get(&path).await;
    assert!(page.text.contains("You have been invited to Watercooler"));
    let done = browser.submit(&page, &path, &form("anna", "anna@example.org")).await;
    assert_eq!(done.status, 302, "{}", done.text);
    let role = node.app.read(|conn| {
        let id = store::accounts::find_local(conn, "anna")?.unwrap().id;
        Ok(store::users::load(conn, id)?.role)
    });
    assert_eq!(role.await.unwrap(), Role::Moderator);
    let late = Browser::new(&node);
    assert_eq!(late.get(&path).await.status, 404);
    assert_eq!(late.submit(&page, &path, &form("berta", "berta@example.org")).await.status, 404);
    // Expired, and taken back.
    let two = node
        .app
        .write(|tx| {
            let expired = accounts::invite(tx, &Staff::console(), Role::Member, None, Some(NOW.plus_days(1)))?;
            let revoked = accounts::invite(tx, &Staff::console(), Role::Member, None, None)?;
            accounts::revoke_invite(tx, &Staff::console(), &revoked.code)?;
            Ok([expired.code, revoked.code])
        })
        .await
        .unwrap();
    node.clock.advance(86_400_000);
    for code in two {
        assert_eq!(Browser::new(&node).get(&format!("/invite/{code}")).await.status, 404);
    }
}

#[tokio::test]
async fn sec_ops_01_nobody_acts_on_their_equals_or_gives_what_they_have_not() {
    let node = Node::start().await;
    let owner = node.citizen_with("owner", Role::Owner).await;
    let admin = node.citizen_with("adam", Role::Admin).await;
    let moderator = node.citizen_with("mona", Role::Moderator).await;
    let member = node.citizen("anna").await;
    let (owner, admin, moderator, member) = (owner.id, admin.id, moderator.id, member.id);
    node.app
        .write(move |tx| {
            let by = |tx: &mut watercooler::domain::Tx<'_>, id| Staff::signed_in(tx, id, Role::Moderator, "192.0.2.1");
            assert!(by(tx, member).is_err());
            let mona = by(tx, moderator)?;
            assert!(accounts::suspend(tx, &mona, admin).is_err());
            assert!(accounts::set_role(tx, &mona, member, Role::Moderator).is_err());
            assert!(accounts::set_role(tx, &mona, moderator, Role::Admin).is_err());
            let adam = by(tx, admin)?;
            assert!(accounts::disable(tx, &adam, owner).is_err());
            assert!(accounts::set_role(tx, &adam, member, Role::Admin).is_err());
            accounts::set_role(tx, &adam, member, Role::Moderator)?;
            let boss = by(tx, owner)?;
            assert!(accounts::set_role(tx, &boss, owner, Role::Member).is_err(), "the last owner stays");
            assert!(accounts::delete(tx, &boss, owner).is_err());
            accounts::set_role(tx, &boss, admin, Role::Owner)?;
            accounts::set_role(tx, &boss, owner, Role::Member)
        })
        .await
        .unwrap();
    // No request carries a role.
    let client = Client::with_token(&node, &node.token(member, "read write").await);
    let me =
        client.patch("/api/v1/accounts/update_credentials", json!({"role": "owner", "display_name": "A"})).await.ok();
    assert_eq!(me["role"]["name"], "Moderator");
}

#[tokio::test]
async fn whoever_is_here_sees_on_a_profile_who_is_of_the_staff() {
    let node = Node::start().await;
    let (ada, nobody) = (node.member("ada").await, Client::anonymous(&node));
    let mona = node.citizen_with("mona", Role::Moderator).await;
    let badge = json!([{ "id": "1", "name": "Moderator", "color": "" }]);
    for path in [format!("/api/v1/accounts/{}", mona.id), "/api/v1/accounts/lookup?acct=mona".to_owned()] {
        assert_eq!(ada.get(&path).await.ok()["roles"], badge, "{path}");
        assert_eq!(nobody.get(&path).await.ok()["roles"], json!([]), "{path}");
    }
    assert_eq!(ada.get(&format!("/api/v1/accounts/{}", ada.id)).await.ok()["roles"], json!([]));
    let own = Client::with_token(&node, &node.token(mona.id, "read").await);
    assert_eq!(own.get("/api/v1/accounts/verify_credentials").await.ok()["roles"], badge);
}

#[tokio::test]
async fn sec_ops_02_every_act_of_staff_leaves_a_trace() {
    let node = Node::start().await;
    let owner = node.citizen_with("owner", Role::Owner).await.id;
    let anna = node.citizen("anna").await.id;
    node.app
        .write(move |tx| {
            let by = Staff::signed_in(tx, owner, Role::Admin, "192.0.2.7")?;
            accounts::set_role(tx, &by, anna, Role::Moderator)?;
            accounts::disable(tx, &by, anna)?;
            accounts::enable(tx, &by, anna)?;
            accounts::suspend(tx, &by, anna)?;
            accounts::unsuspend(tx, &by, anna)?;
            accounts::reset_password(tx, &by, anna, "hash")?;
            accounts::delete(tx, &by, anna)
        })
        .await
        .unwrap();
    let log = node.app.read(|conn| store::audit::page(conn, None, 50)).await.unwrap();
    let lines: Vec<_> =
        log.iter().rev().map(|e| format!("{} {} {} {} {}", e.actor, e.action, e.target, e.detail, e.origin)).collect();
    assert_eq!(
        lines,
        [
            "owner account.role anna member -> moderator 192.0.2.7",
            "owner account.disable anna  192.0.2.7",
            "owner account.enable anna  192.0.2.7",
            "owner account.suspend anna  192.0.2.7",
            "owner account.unsuspend anna  192.0.2.7",
            "owner account.password anna  192.0.2.7",
            "owner account.delete anna  192.0.2.7",
        ]
    );
    assert!(log.iter().all(|entry| entry.at == NOW && entry.actor_id == Some(owner)));
}

#[tokio::test]
async fn sec_ops_03_a_leaver_is_out_at_once_and_what_they_wrote_stays() {
    let node = Node::start().await;
    let (anna, client) = node.signed_in("anna").await;
    let browser = Browser::new(&node);
    browser.sign_in("anna", PASSWORD).await;
    let id = anna.id;
    node.citizen_with("owner", Role::Owner).await;
    node.app.write(move |tx| accounts::disable(tx, &Staff::console(), id)).await.unwrap();
    assert_eq!(client.get("/api/v1/accounts/verify_credentials").await.status, 401);
    assert_eq!(browser.get("/settings").await.status, 302);
    let reply = browser.sign_in("anna", PASSWORD).await;
    assert!(reply.status == 403 && reply.text.contains("has been disabled"));
    assert_eq!(browser.sign_in("anna", "wrong password").await.status, 422);
    let there = node.app.read(move |conn| store::accounts::load(conn, id)).await.unwrap();
    assert!(!there.is_unavailable());
}

#[tokio::test]
async fn a_name_is_never_given_to_another_person() {
    let node = open_node(Registration::Open).await;
    let anna = node.citizen("anna").await.id;
    node.app.write(move |tx| accounts::delete(tx, &Staff::console(), anna)).await.unwrap();
    node.settle().await;
    let browser = Browser::new(&node);
    let page = browser.get("/register").await;
    let reply = browser.submit(&page, "/register", &form("Anna", "new@example.org")).await;
    assert!(reply.status == 422 && reply.text.contains("has already been taken"));
    assert_eq!(browser.sign_in("anna", PASSWORD).await.status, 422);
}

#[tokio::test]
async fn sec_ops_04_passwords_are_argon2id() {
    let node = Node::start().await;
    let id = node.citizen("anna").await.id;
    let user = node.app.read(move |conn| store::users::load(conn, id)).await.unwrap();
    assert!(user.password_hash.unwrap().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
}

#[tokio::test]
async fn a_person_changes_their_profile_from_any_client() {
    let node = Node::start().await;
    let (_, client) = node.signed_in("anna").await;
    node.citizen("berta").await;
    let form = [
        ("display_name", "Anna Lund"),
        ("note", "Sensors & coffee with @berta #torque\n\nhttps://example.org/a"),
        ("locked", "true"),
        ("bot", "1"),
        ("discoverable", "on"),
        ("source[privacy]", "private"),
        ("source[sensitive]", "true"),
        ("source[language]", "de"),
        ("fields_attributes[0][name]", "Site"),
        ("fields_attributes[0][value]", "https://anna.example"),
        ("fields_attributes[1][name]", "Ask me"),
        ("fields_attributes[1][value]", "#sensors <b>"),
    ];
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let request = client.request("PATCH", "/api/v1/accounts/update_credentials");
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
    let me = client.send(request).await.ok();
    assert_eq!(me["display_name"], "Anna Lund");
    let note = me["note"].as_str().unwrap();
    assert!(
        note.contains("Sensors &amp; coffee") && note.contains(&node.url("/@berta")) && note.contains("/tags/torque"),
        "{note}"
    );
    assert_eq!((&me["locked"], &me["bot"], &me["discoverable"]), (&json!(true), &json!(true), &json!(true)));
    let source = &me["source"];
    assert_eq!(
        (&source["privacy"], &source["sensitive"], &source["language"]),
        (&json!("private"), &json!(true), &json!("de"))
    );
    assert_eq!(source["fields"][1], json!({"name": "Ask me", "value": "#sensors <b>", "verified_at": null}));
    assert!(
        me["fields"][0]["value"].as_str().unwrap().contains("rel=\"me")
            || me["fields"][0]["value"].as_str().unwrap().contains(" me")
    );
    assert!(!me["fields"][1]["value"].as_str().unwrap().contains("<b>"));
    // JSON with numbered keys, as Ice Cubes sends it; what is not named stays.
    let json = json!({"fields_attributes": {"0": {"name": "A", "value": "1"}}, "source": {"language": null}});
    let me = client.put("/api/v1/accounts/update_credentials", json).await.ok();
    assert_eq!(me["fields"].as_array().unwrap().len(), 1);
    assert_eq!((&me["display_name"], &me["source"]["language"]), (&json!("Anna Lund"), &json!("")));
    assert_eq!(me["source"]["privacy"], "private");
    // Null is as if it were not there.
    let nulls = json!({"fields_attributes": null, "attribution_domains": null});
    let me = client.patch("/api/v1/accounts/update_credentials", nulls).await.ok();
    assert_eq!(me["fields"][0]["name"], "A");
}

#[tokio::test]
async fn a_profile_has_limits() {
    let node = Node::start().await;
    let (_, client) = node.signed_in("anna").await;
    let field = json!({"name": "n", "value": "v"});
    let long = |n: usize| "x".repeat(n);
    for body in [
        json!({"display_name": long(101)}),
        json!({"note": long(1001)}),
        json!({"fields_attributes": vec![field; 9]}),
        json!({"fields_attributes": [{"name": long(256), "value": "v"}]}),
        json!({"source": {"privacy": "everybody"}}),
        json!({"source": {"language": "not a language at all, but a sentence"}}),
    ] {
        let reply = client.patch("/api/v1/accounts/update_credentials", body.clone()).await;
        assert_eq!(reply.status, 422, "{}", body.to_string().chars().take(60).collect::<String>());
        assert!(reply.json()["error"].is_string());
    }
    let said = client.patch("/api/v1/accounts/update_credentials", json!({"note": long(1001)})).await.json();
    assert!(said["details"]["note"][0]["description"].as_str().unwrap().contains("character limit"), "{said}");
    client
        .patch("/api/v1/accounts/update_credentials", json!({"display_name": long(100), "note": long(1000)}))
        .await
        .ok();
}

#[tokio::test]
async fn the_front_page_says_what_the_node_is() {
    let picture = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/preview.png").to_owned();
    let node = NodeBuilder::new("alpha")
        .await
        .config(|c| {
            c.instance.name = "Fab <Dresden>".into();
            c.instance.description = "<p>Hello <script>alert(1)</script></p>".into();
            c.instance.rules = vec!["Be kind.".into()];
            c.instance.contact_email = "hello@example.org".into();
            c.instance.thumbnail = Some(picture.clone());
        })
        .start()
        .await;
    node.citizen("anna").await;
    let page = Browser::new(&node).get("/").await;
    assert_eq!(page.status, 200);
    for part in [
        "Fab &#60;Dresden&#62;",
        "Be kind.",
        "hello@example.org",
        &node.domain,
        "<strong>1</strong> <span>person</span>",
    ] {
        assert!(page.text.contains(part), "{part} in {}", page.text);
    }
    assert!(!page.text.contains("<script"));
    let shown = node.url("/media/instance-thumbnail");
    assert!(page.text.contains(&shown));
    let instance = Client::anonymous(&node).get("/api/v2/instance").await.ok();
    assert_eq!(instance["thumbnail"]["url"], shown.as_str());
    let picture = Client::anonymous(&node).get("/media/instance-thumbnail").await;
    assert_eq!((picture.status, picture.header("content-type")), (200, "image/png"));
    let missing = Browser::new(&node).get("/nowhere").await;
    assert_eq!(missing.status, 404);
    assert!(missing.text.contains("Nothing here"));
    assert_eq!(Client::anonymous(&node).get("/api/v1/nowhere").await.json(), json!({"error": "Record not found"}));
    let sheet = page.text.split("href=\"/assets/site.css").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let sheet = Client::anonymous(&node).get(&format!("/assets/site.css{sheet}")).await;
    assert_eq!((sheet.status, sheet.header("content-type")), (200, "text/css; charset=utf-8"));
    assert_eq!(Client::anonymous(&node).get("/assets/../Cargo.toml").await.status, 404);
}

#[tokio::test]
async fn sec_web_13_links_come_from_the_settings_and_never_from_the_request() {
    let node = Node::start().await;
    let client = Client::anonymous(&node);
    let reply = client
        .send(
            client.request("GET", "/.well-known/oauth-authorization-server").header("x-forwarded-host", "evil.example"),
        )
        .await;
    assert!(!reply.text.contains("evil.example"));
    let link = node.app.write(setup::open_setup).await.unwrap().unwrap();
    assert!(link.starts_with(&node.url("/setup/")));
    let _: Value = reply.json();
}

#[tokio::test]
async fn a_node_may_ask_how_old_somebody_is_who_signs_up_and_keeps_no_birthdays() {
    let node = NodeBuilder::new("alpha").await.config(|c| {
        c.registration = Registration::Open;
        c.accounts.min_age = 16;
    });
    let node = node.start().await;
    let client = Client::with_token(&node, &app_token(&node, "read write").await);
    assert_eq!(client.get("/api/v2/instance").await.ok()["registrations"]["min_age"], 16);
    let plain = Node::start().await;
    let asked = Client::anonymous(&plain).get("/api/v2/instance").await.ok()["registrations"]["min_age"].clone();
    assert!(asked.is_null());
    let body = |name: &str, born: &str| {
        let email = format!("{name}@example.org");
        json!({"username": name, "email": email, "password": PASSWORD, "agreement": true, "date_of_birth": born})
    };
    // It is 23 November 2026.
    for (born, code, description) in [
        ("", "ERR_BLANK", "can't be blank"),
        ("yesterday", "ERR_INVALID", "is invalid"),
        ("0010-11-23", "ERR_INVALID", "is invalid"),
        ("2010-11-24", "ERR_BELOW_LIMIT", "is below the age limit"),
        ("2027-01-01", "ERR_BELOW_LIMIT", "is below the age limit"),
    ] {
        let refused = client.post("/api/v1/accounts", body("anna", born)).await;
        assert_eq!(refused.status, 422, "{born}");
        let said = refused.json()["details"]["date_of_birth"].clone();
        assert_eq!(said, json!([{"error": code, "description": description}]), "{born}");
    }
    client.post("/api/v1/accounts", body("anna", "2010-11-23")).await.ok();
    // By the page.
    let browser = Browser::new(&node);
    let page = browser.get("/register").await;
    assert!(
        page.text.contains("name=\"date_of_birth\"") && page.text.contains("at least 16 years old"),
        "{}",
        page.text
    );
    let fields = |born: &'static str| {
        let mut fields = form("berta", "berta@example.org");
        fields.push(("date_of_birth", born));
        fields
    };
    let young = browser.submit(&page, "/register", &fields("2020-01-01")).await;
    assert!(young.status == 422 && young.text.contains("is below the age limit"), "{}", young.text);
    assert!(young.text.contains("value=\"2020-01-01\""), "what was typed stands there still");
    assert_eq!(browser.submit(&young, "/register", &fields("1990-02-28")).await.status, 302);
    let page = Browser::new(&open_node(Registration::Open).await).get("/register").await;
    assert!(!page.text.contains("date_of_birth"), "nobody is asked without need");
}
