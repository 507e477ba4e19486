//! Three nodes hear the same from the same people, each in another order, some of it twice: they end in the same state.

use crate::support::{Client, Node, NodeBuilder, PUBLIC, Peer, Sender};
use serde_json::{Value, json};
use watercooler::{
    domain::follows::{self, FollowOptions},
    id::Id,
    model::Account,
    store,
    time::Timestamp,
};

/// Numbers that look like chance and are the same every time.
struct Dice(u64);

impl Dice {
    fn next(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }
    fn shuffle<T>(&mut self, list: &mut [T]) {
        for at in (1..list.len()).rev() {
            list.swap(at, self.next(at + 1));
        }
    }
}

/// A node, its people, and a post of bob's.
struct Place {
    node: Node,
    bob: Client,
    carol: Client,
    post: String,
}

impl Place {
    async fn new(name: &str, peers: &[&Peer], clock: Option<&Node>) -> Self {
        let mut node = NodeBuilder::new(name).await;
        for peer in peers {
            node = node.knows(&peer.authority);
        }
        if let Some(other) = clock {
            node = node.clock(&other.clock);
        }
        let node = node.start().await;
        let (bob, carol) = (node.member("bob").await, node.member("carol").await);
        Self { node, bob, carol, post: String::new() }
    }
    async fn writes(&mut self) {
        let made = self.bob.post("/api/v1/statuses", json!({ "status": "here", "visibility": "public" })).await.ok();
        self.post = made["uri"].as_str().unwrap().to_owned();
    }
    fn uri(&self, who: &Client) -> String {
        self.node.url(&format!("/users/{}", who.name))
    }
    /// Makes somebody known, whom one of ours follows, or has asked to.
    async fn follows(&self, who: &Client, whom: &Sender, accepted: bool) {
        whom.delivers(&self.node, &whom.activity("View", "https://nowhere.example/1")).await;
        let (who, uri): (Id<Account>, _) = (who.id.parse().unwrap(), whom.id.clone());
        let follow = move |tx: &mut watercooler::domain::Tx<'_>| {
            let whom = store::accounts::find_by_uri(tx.conn, &uri)?.unwrap().id;
            follows::request(tx, who, whom, &FollowOptions::default())?;
            if accepted { follows::accept(tx, whom, who) } else { Ok(()) }
        };
        self.node.app.write(follow).await.unwrap();
    }
    async fn status(&self, uri: &str) -> Value {
        let uri = uri.to_owned();
        let found = self.node.app.read(move |conn| store::posts::find_by_uri(conn, &uri)).await.unwrap();
        let Some(post) = found else { return Value::Null };
        let seen = self.bob.get(&format!("/api/v1/statuses/{}", post.id)).await.ok();
        let keys = ["content", "spoiler_text", "sensitive", "visibility", "favourites_count", "reblogs_count"];
        keys.into_iter().map(|key| (key.to_owned(), seen[key].clone())).collect::<serde_json::Map<_, _>>().into()
    }
    async fn relation(&self, who: &Client, whom: &Sender) -> Value {
        let uri = whom.id.clone();
        let found = self.node.app.read(move |conn| store::accounts::find_by_uri(conn, &uri)).await.unwrap();
        let Some(account) = found else { return Value::Null };
        let seen = who.get(&format!("/api/v1/accounts/relationships?id[]={}", account.id)).await.ok()[0].clone();
        let keys = ["following", "requested", "followed_by", "requested_by", "blocked_by"];
        let mut out: serde_json::Map<_, _> = keys.into_iter().map(|key| (key.to_owned(), seen[key].clone())).collect();
        out.insert("moved".into(), json!(account.moved_to_id.is_some()));
        out.into()
    }
}

/// Something said to a node, with the node's own addresses in it.
type Said = (Sender, Box<dyn Fn(&Place) -> Value>);

/// A history of these people, in the order in which they meant it.
fn history([ada, vera, xan, eve, ida]: [&Sender; 5], now: Timestamp) -> Vec<Said> {
    let ago = |seconds: i64| now.plus_seconds(-seconds).rfc3339();
    let mut all: Vec<Said> = Vec::new();
    let mut say = |who: &Sender, what: Box<dyn Fn(&Place) -> Value>| all.push((who.clone(), what));
    let numbered = |who: &Sender, kind: &str| who.activity(kind, Value::Null);
    let about_bob = |it: Value| {
        Box::new(move |p: &Place| with(&it, "object", json!(p.uri(&p.bob)))) as Box<dyn Fn(&Place) -> Value>
    };
    let about_post =
        |it: Value| Box::new(move |p: &Place| with(&it, "object", json!(p.post))) as Box<dyn Fn(&Place) -> Value>;
    let undo = |who: &Sender, it: Value, of_post: bool| {
        let undo = numbered(who, "Undo");
        Box::new(move |p: &Place| {
            let object = if of_post { p.post.clone() } else { p.uri(&p.bob) };
            with(&undo, "object", with(&it, "object", json!(object)))
        }) as Box<dyn Fn(&Place) -> Value>
    };
    // A follow that stands, one that was taken back, one by somebody who then blocks.
    say(vera, about_bob(numbered(vera, "Follow")));
    let follow = numbered(ada, "Follow");
    say(ada, about_bob(follow.clone()));
    say(ada, undo(ada, follow, false));
    say(xan, about_bob(numbered(xan, "Follow")));
    say(xan, about_bob(numbered(xan, "Block")));
    let block = numbered(ida, "Block");
    say(ida, about_bob(block.clone()));
    say(ida, undo(ida, block, false));
    // Favourites and boosts, some of them taken back.
    for (kind, who, back) in
        [("Like", vera, false), ("Like", ada, true), ("Announce", vera, false), ("Announce", ada, true)]
    {
        let mut it = numbered(who, kind);
        if kind == "Announce" {
            (it["to"], it["published"]) = (json!([PUBLIC]), json!(ago(600)));
        }
        say(who, about_post(it.clone()));
        if back {
            say(who, undo(who, it, true));
        }
    }
    // A post with two versions after its first, and one that is gone.
    let note = |name: &str, content: &str, updated: Option<i64>| {
        let mut note = json!({
            "id": format!("{}/notes/{name}", ada.id), "type": "Note", "attributedTo": ada.id, "content": content,
            "to": [PUBLIC], "published": ago(600),
        });
        if let Some(seconds) = updated {
            note["updated"] = json!(ago(seconds));
        }
        note
    };
    // Addressed to bob, or nobody would want it once carol follows somebody else.
    let for_bob = |kind: &str, note: Value| {
        let it = ada.activity(kind, Value::Null);
        Box::new(move |p: &Place| {
            let cc = json!([p.uri(&p.bob)]);
            let it = with(&with(&it, "to", json!([PUBLIC])), "cc", cc.clone());
            with(&it, "object", with(&note, "cc", cc))
        }) as Box<dyn Fn(&Place) -> Value>
    };
    say(ada, for_bob("Create", note("kept", "first", None)));
    say(ada, for_bob("Update", note("kept", "second", Some(120))));
    say(ada, for_bob("Update", note("kept", "third", Some(60))));
    say(ada, for_bob("Create", note("gone", "gone", None)));
    let delete = ada.activity("Delete", note("gone", "gone", None)["id"].clone());
    say(ada, Box::new(move |_| delete.clone()));
    // eve accepts bob's request; ada moves to vera.
    let accept = numbered(eve, "Accept");
    let eve_id = eve.id.clone();
    say(
        eve,
        Box::new(move |p| with(&accept, "object", json!({"type": "Follow", "actor": p.uri(&p.bob), "object": eve_id}))),
    );
    let mut moving = ada.activity("Move", ada.id.clone());
    moving["target"] = json!(vera.id);
    say(ada, Box::new(move |_| moving.clone()));
    all
}

fn with(it: &Value, key: &str, value: Value) -> Value {
    let mut it = it.clone();
    it[key] = value;
    it
}

#[tokio::test]
async fn histories_in_any_order_end_in_the_same_state_on_three_nodes() {
    let (east, west) = (Peer::start("east").await, Peer::start("west").await);
    let alpha = Place::new("alpha", &[&east, &west], None).await;
    let beta = Place::new("beta", &[&east, &west], Some(&alpha.node)).await;
    let gamma = Place::new("gamma", &[&east, &west], Some(&alpha.node)).await;
    let mut places = [alpha, beta, gamma];
    for round in 0..2_u64 {
        let name = |who: &str| format!("{who}{round}");
        let (ada, eve) = (Sender::new(&east, &name("ada")), Sender::new(&east, &name("eve")));
        let (vera, xan) = (Sender::new(&west, &name("vera")), Sender::new(&west, &name("xan")));
        let ida = Sender::new(&west, &name("ida"));
        let mut actor = west.person(&name("vera"), &vera.signer.key.public_pem().unwrap());
        actor["alsoKnownAs"] = json!([ada.id]);
        west.serve(&format!("/users/{}", name("vera")), actor);
        for place in &mut places {
            place.writes().await;
            place.follows(&place.carol, &ada, true).await;
            place.follows(&place.bob, &eve, false).await;
            for who in [&vera, &xan, &ida] {
                who.delivers(&place.node, &who.activity("View", "https://nowhere.example/1")).await;
            }
            place.node.settle().await;
        }
        let said = history([&ada, &vera, &xan, &eve, &ida], places[0].node.clock.now());
        let mut ends = Vec::new();
        for (nth, place) in places.iter().enumerate() {
            let mut dice = Dice(0x9e37_79b9_7f4a_7c15 ^ (round * 3 + nth as u64 + 1));
            let mut order: Vec<usize> = (0..said.len()).collect();
            if nth > 0 {
                order.extend((0..said.len()).filter(|_| dice.next(4) == 0).collect::<Vec<_>>());
                dice.shuffle(&mut order);
            }
            for (step, which) in order.iter().enumerate() {
                let (who, what) = &said[*which];
                let reply = who.deliver(&place.node, &what(place)).await;
                assert!(reply.status < 500, "{} {}", reply.status, reply.text);
                if step % 5 == nth {
                    place.node.settle().await;
                }
            }
            place.node.settle().await;
            let mut end = serde_json::Map::new();
            end.insert("kept".into(), place.status(&format!("{}/notes/kept", ada.id)).await);
            end.insert("gone".into(), place.status(&format!("{}/notes/gone", ada.id)).await);
            end.insert("post".into(), place.status(&place.post).await);
            for (name, who, whom) in [
                ("bob ada", &place.bob, &ada),
                ("bob vera", &place.bob, &vera),
                ("bob xan", &place.bob, &xan),
                ("bob eve", &place.bob, &eve),
                ("bob ida", &place.bob, &ida),
                ("carol ada", &place.carol, &ada),
                ("carol vera", &place.carol, &vera),
            ] {
                end.insert(name.into(), place.relation(who, whom).await);
            }
            ends.push((Value::Object(end), order));
        }
        let (meant, _) = &ends[0];
        for (end, order) in &ends[1..] {
            assert_eq!(end, meant, "round {round}, in the order {order:?}");
        }
        assert!(meant["kept"]["content"].as_str().unwrap().contains("third"));
        assert_eq!(meant["gone"], Value::Null);
        assert_eq!((&meant["post"]["favourites_count"], &meant["post"]["reblogs_count"]), (&json!(1), &json!(1)));
        assert_eq!(meant["bob vera"]["followed_by"], true);
        assert_eq!(
            (&meant["bob ada"]["followed_by"], &meant["bob xan"]["followed_by"]),
            (&json!(false), &json!(false))
        );
        assert_eq!((&meant["bob xan"]["blocked_by"], &meant["bob ida"]["blocked_by"]), (&json!(true), &json!(false)));
        assert_eq!(meant["bob eve"]["following"], true);
        assert_eq!(
            (&meant["carol ada"]["following"], &meant["carol vera"]["requested"]),
            (&json!(false), &json!(true))
        );
    }
}
