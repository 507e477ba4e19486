//! Other nodes as staff sees them: entries and blocks by command, what they hide and what they drop (LAN-09, MOD-06).

use crate::support::{Client, Node, NodeBuilder, Peer, Scene, peer_entry};
use serde_json::json;
use watercooler::{
    Error,
    config::{FederationPolicy, Purpose},
    db::Sql,
    domain::{audit::Staff, delivery::Health},
    federation::{
        fetch::{self, Budget},
        way_back,
    },
    id::Id,
    model::{Account, AuditEntry},
    net::{Refusal, Severity},
    node, peers,
    peers::{NewBlock, NewPeer},
    store,
};

/// Somebody on another node, as a fetch would have stored them.
async fn remote(node: &Node, peer: &Peer, name: &str) -> Id<Account> {
    let (domain, uri) = (peer.authority.clone(), peer.url(&format!("/users/{name}")));
    let name = name.to_owned();
    let insert = move |tx: &mut watercooler::domain::Tx<'_>| {
        let id: Id<Account> = tx.new_id();
        Sql::new(
            "insert into accounts (id, handle, username, domain, uri, inbox_url, created_at, updated_at) values (",
        )
        .bind(id)
        .with(",", format!("{name}@{domain}"))
        .with(",", &name)
        .with(",", &domain)
        .with(",", &uri)
        .with(",", format!("{uri}/inbox"))
        .with(",", tx.now)
        .with(",", tx.now)
        .push(")")
        .execute(tx.conn)?;
        Ok(id)
    };
    node.app.write(insert).await.unwrap()
}

async fn queued(node: &Node) -> i64 {
    node.app.read(|conn| Sql::new("select count(*) from deliveries").scalar_i64(conn)).await.unwrap()
}

async fn account(node: &Node, id: Id<Account>) -> Account {
    node.app.read(move |conn| store::accounts::load(conn, id)).await.unwrap()
}

fn entry(peer: &Peer) -> NewPeer {
    let (host, port) = peer.authority.rsplit_once(':').unwrap();
    NewPeer {
        domain: host.into(),
        addresses: vec!["127.0.0.0/8".into()],
        port: Some(port.parse().unwrap()),
        http: true,
        ca_pem: None,
    }
}

fn suspend(domain: &str) -> NewBlock {
    NewBlock {
        domain: domain.into(),
        severity: Severity::Suspend,
        reject_media: false,
        reject_reports: false,
        comment: "spam".into(),
        ..NewBlock::default()
    }
}

async fn follow(client: &Client, id: Id<Account>) -> serde_json::Value {
    client.post(&format!("/api/v1/accounts/{id}/follow"), json!({})).await.ok()
}

async fn audit(node: &Node) -> Vec<(String, String, String)> {
    let page = node.app.read(|conn| store::audit::page(conn, None, 50)).await.unwrap();
    let line = |e: AuditEntry| (e.actor, e.action, e.target);
    page.into_iter().map(line).filter(|(_, action, _)| action.starts_with("peer.")).collect()
}

#[tokio::test]
async fn a_peer_added_by_command_is_a_door_at_once_and_leaves_a_trace() {
    let node = Node::start().await;
    let peer = Peer::start("hr").await;
    peer.serve("/n/1", json!({"id": peer.url("/n/1"), "type": "Note"}));
    let fetch = async || fetch::document(&node.app, &peer.url("/n/1"), &Budget::of_activity()).await;
    assert!(matches!(fetch().await, Err(Error::Forbidden(_))));
    node.clock.advance(10 * 60 * 1000);
    peers::add(&node.app, Staff::console(), entry(&peer)).await.unwrap();
    fetch().await.unwrap();
    let list = peers::list(&node.app).await.unwrap();
    assert_eq!((list[0].domain.as_str(), list[0].source, list[0].kind), ("hr.test", "command", "peer"));
    peers::remove(&node.app, Staff::console(), "HR.test.").await.unwrap();
    assert!(matches!(fetch().await, Err(Error::Forbidden(_))));
    let actions = audit(&node).await;
    let expected = |action: &str| ("console".to_owned(), action.to_owned(), "hr.test".to_owned());
    assert_eq!(actions, [expected("peer.remove"), expected("peer.add")]);
}

#[tokio::test]
async fn entries_that_make_no_sense_are_refused_and_those_of_the_file_stay() {
    let other = Peer::start("file").await;
    let node = NodeBuilder::new("alpha").await.knows(&other.authority).start().await;
    let new = |domain: &str, range: &str| NewPeer {
        domain: domain.into(),
        addresses: vec![range.into()],
        ..NewPeer::default()
    };
    for bad in [
        new("", "10.0.0.0/8"),
        new("a b", "10.0.0.0/8"),
        new("*.*.x", "10.0.0.0/8"),
        new("x.example", "10.0.0.0/99"),
        new("x.example", "example.org"),
        NewPeer { ca_pem: Some("not PEM".into()), ..new("x.example", "10.0.0.1") },
        NewPeer { port: Some(0), ..new("x.example", "10.0.0.1") },
    ] {
        let result = peers::add(&node.app, Staff::console(), bad.clone()).await;
        assert!(matches!(result, Err(Error::Invalid { .. })), "{bad:?}: {result:?}");
    }
    assert!(matches!(peers::remove(&node.app, Staff::console(), "file.test").await, Err(Error::Conflict(_))));
    assert!(matches!(peers::remove(&node.app, Staff::console(), "none.test").await, Err(Error::NotFound)));
    assert!(matches!(peers::unblock(&node.app, Staff::console(), "none.test").await, Err(Error::NotFound)));
    assert_eq!(peers::list(&node.app).await.unwrap()[0].source, "file");
    let mut nobody = Staff::console();
    nobody.role = watercooler::model::Role::Moderator;
    assert!(matches!(peers::add(&node.app, nobody, new("x.example", "10.0.0.1")).await, Err(Error::Forbidden(_))));
}

#[tokio::test]
async fn sec_lan_09_without_its_entry_a_host_is_hidden_and_its_queue_is_dropped() {
    let peer = Peer::start("hr").await;
    let node =
        NodeBuilder::new("alpha").await.config(|c| c.federation.policy = FederationPolicy::Allowlist).start().await;
    peers::add(&node.app, Staff::console(), entry(&peer)).await.unwrap();
    let ada = node.member("ada").await;
    let ben = remote(&node, &peer, "ben").await;
    follow(&ada, ben).await;
    assert_eq!(queued(&node).await, 1, "the Follow waits");
    peers::remove(&node.app, Staff::console(), "hr.test").await.unwrap();
    assert_eq!(queued(&node).await, 0);
    assert!(account(&node, ben).await.is_unavailable());
    let relation = format!("/api/v1/accounts/relationships?with_suspended=true&id[]={ben}");
    assert_eq!(ada.get(&relation).await.ok()[0]["requested"], true);
    node.settle().await;
    assert!(peer.received().is_empty());
    // Back with its entry.
    peers::add(&node.app, Staff::console(), entry(&peer)).await.unwrap();
    assert!(!account(&node, ben).await.is_unavailable());
}

#[tokio::test]
async fn fed_mod_06_a_block_hides_cuts_and_drops_and_its_end_shows_again() {
    let (bad, good) = (Peer::start("bad").await, Peer::start("good").await);
    let node = NodeBuilder::new("alpha").await.knows(&bad.authority).knows(&good.authority).start().await;
    let ada = node.member("ada").await;
    let (mallory, ben) = (remote(&node, &bad, "mallory").await, remote(&node, &good, "ben").await);
    follow(&ada, mallory).await;
    follow(&ada, ben).await;
    peers::block(&node.app, Staff::console(), suspend("bad.test")).await.unwrap();
    assert!(account(&node, mallory).await.is_unavailable() && !account(&node, ben).await.is_unavailable());
    let relations = ada.get(&format!("/api/v1/accounts/relationships?id[]={ben}")).await.ok();
    assert_eq!(relations[0]["requested"], true);
    assert_eq!(queued(&node).await, 1, "only what is for others");
    let rules = node.app.net().rules();
    assert_eq!(rules.standing("sub.bad.test").admitted, Err(Refusal::Blocked));
    assert_eq!(rules.standing(&bad.authority).admitted, Err(Refusal::Blocked));
    let list = peers::list(&node.app).await.unwrap();
    assert!(list.iter().any(|e| e.kind == "peer" && e.domain == "bad.test" && e.blocked), "a block wins over an entry");
    assert!(list.iter().any(|e| e.kind == "block" && e.severity == Some("suspend") && e.comment == "spam"));
    assert!(matches!(
        fetch::document(&node.app, &bad.url("/users/mallory"), &Budget::of_activity()).await,
        Err(Error::Forbidden(_))
    ));
    peers::unblock(&node.app, Staff::console(), "bad.test").await.unwrap();
    assert!(!account(&node, mallory).await.is_unavailable());
    let relations = ada.get(&format!("/api/v1/accounts/relationships?id[]={mallory}")).await.ok();
    assert_eq!((&relations[0]["requested"], &relations[0]["following"]), (&json!(false), &json!(false)));
}

#[tokio::test]
async fn a_silenced_domain_is_not_suspended_and_staffs_own_decisions_stay() {
    let loud = Peer::start("loud").await;
    let node = NodeBuilder::new("alpha").await.knows(&loud.authority).start().await;
    let (one, two) = (remote(&node, &loud, "one").await, remote(&node, &loud, "two").await);
    node.app.write(move |tx| watercooler::domain::accounts::suspend(tx, &Staff::console(), two)).await.unwrap();
    let silence = NewBlock { severity: Severity::Silence, ..suspend("loud.test") };
    peers::block(&node.app, Staff::console(), silence).await.unwrap();
    let (first, second) = (account(&node, one).await, account(&node, two).await);
    assert!(first.silenced_at.is_some() && !first.is_unavailable() && second.is_unavailable());
    peers::unblock(&node.app, Staff::console(), "loud.test").await.unwrap();
    let (first, second) = (account(&node, one).await, account(&node, two).await);
    assert!(first.silenced_at.is_none() && second.is_unavailable());
}

#[tokio::test]
async fn a_change_by_another_process_is_noticed() {
    let peer = Peer::start("hr").await;
    let node = Node::start().await;
    node::prepare(&node.app).await.unwrap();
    assert!(node.app.net().rules().judge(Purpose::Object, &peer.url("/").parse().unwrap()).is_err());
    let authority = peer.authority.clone();
    // What another process would have written.
    node.app
        .write(move |tx| {
            let entry = peer_entry(&authority);
            let row = watercooler::model::PeerRow {
                domain: entry.domain,
                addresses: "[\"127.0.0.0/8\"]".into(),
                port: entry.port.map(i64::from),
                scheme: Some("http".into()),
                ca_pem: None,
                created_at: tx.now,
            };
            store::peers::upsert(tx.conn, &row)
        })
        .await
        .unwrap();
    peers::refresh(&node.app).await.unwrap();
    assert!(node.app.net().rules().judge(Purpose::Object, &peer.url("/").parse().unwrap()).is_ok());
}

#[tokio::test]
async fn a_probe_tries_the_way_back_and_says_what_to_do() {
    let (alpha, beta) = Node::two().await;
    let way = way_back::look(&alpha.app, &beta.domain).await.unwrap();
    assert_eq!((way.open, way.to_do), (Some(true), None), "{}", way.found);
    let s = Scene::new().await;
    for (status, open) in [(202, Some(true)), (401, Some(false)), (403, Some(false)), (404, None)] {
        s.east.inbox_answers(status);
        s.east.forget();
        let way = way_back::look(&s.node.app, &s.east.authority).await.unwrap();
        assert_eq!((way.open, way.to_do.is_none()), (open, open == Some(true)), "{status}: {way:?}");
        assert!(way.last_heard.is_some(), "ada spoke");
        assert!(s.east.inbox().iter().all(|sent| sent["actor"] == s.node.url("/actor")), "{status}");
    }
}

#[tokio::test]
async fn a_server_that_is_blocked_says_so_in_every_list() {
    let s = Scene::new().await;
    let east = s.east.authority.clone();
    let state = async || {
        let all = peers::health::all(&s.node.app).await.unwrap();
        all.iter().find(|peer| peer.domain == east).map(|peer| peer.state)
    };
    s.writes(&s.bob, "public", "for ada").await;
    s.sends(&s.ada, &s.ada.activity("Follow", s.uri(&s.bob))).await;
    s.node.settle().await;
    s.node.app.part::<peers::health::Seen>().write_down(&s.node.app).await.unwrap();
    assert_eq!(state().await, Some(Health::Fine));
    let block = NewBlock { domain: "east.test".into(), severity: Severity::Suspend, ..NewBlock::default() };
    peers::block(&s.node.app, Staff::console(), block).await.unwrap();
    assert_eq!(state().await, Some(Health::Blocked));
}

#[tokio::test]
async fn a_probe_says_who_answers_or_why_nobody_does() {
    let peer = Peer::start("hr").await;
    let node = NodeBuilder::new("alpha").await.knows(&peer.authority).start().await;
    let link = json!({"rel": "http://nodeinfo.diaspora.software/ns/schema/2.1", "href": peer.url("/nodeinfo/2.1")});
    peer.serve_as("/.well-known/nodeinfo", 200, "application/json", json!({"links": [link]}).to_string());
    let info = json!({"software": {"name": "mastodon", "version": "4.4"}});
    peer.serve_as("/nodeinfo/2.1", 200, "application/json", info.to_string());
    let probe = peers::probe(&node.app, &peer.authority).await.unwrap();
    assert_eq!((probe.outcome.as_str(), probe.software.as_deref()), ("reachable", Some("mastodon 4.4")));
    let probe = peers::probe(&node.app, "nowhere.example").await.unwrap();
    assert!(probe.outcome.starts_with("unreachable"), "{}", probe.outcome);
    let probe = peers::probe(&node.app, "10.0.0.1").await.unwrap();
    assert_eq!(probe.outcome, "private_address");
}
