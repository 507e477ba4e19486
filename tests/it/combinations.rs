//! Who may say what about whose: every combination of three servers (two others and this node) as the one that signs, that
//! has the object, that it is attributed to, and that has the id of the activity; for every kind of activity, through every door
//! that takes deliveries. Whatever is answered, only the honest ones have an effect.

use crate::support::{Client, Node, NodeBuilder, PUBLIC, Peer, Sender, rsa};
use serde_json::{Value, json};
use watercooler::{
    db::Sql,
    federation::{
        inbox::DOORS,
        signatures::{Scheme, Signer},
    },
};

/// The servers, by number; the third is this node.
const OURS: usize = 2;

/// Which server signs, has the object, is named as the author, and has the id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Combination {
    signer: usize,
    object: usize,
    author: usize,
    id: usize,
}

/// All 81.
fn combinations() -> impl Iterator<Item = Combination> {
    (0..81).map(|n| Combination { signer: n / 27, object: n / 9 % 3, author: n / 3 % 3, id: n % 3 })
}

/// Who is named as the actor of an activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Actor {
    /// Whoever signs: then it is what they name that may be somebody else's.
    Signer,
    /// The author: then the signature may be somebody else's.
    Author,
}

/// What makes a combination honest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Honest {
    /// All four are one other server: it speaks about its own.
    Own,
    /// One other server speaks about a post of anybody.
    Anything,
    /// One other server speaks about what is ours.
    OfOurs,
    /// Nobody from outside can say this.
    Never,
}

impl Honest {
    fn is(self, c: Combination) -> bool {
        let one = c.signer != OURS && c.signer == c.author && c.signer == c.id;
        one && match self {
            Self::Own => c.object == c.signer,
            Self::Anything => true,
            Self::OfOurs => c.object == OURS,
            Self::Never => false,
        }
    }
}

/// Every kind of activity, in an order in which one does not end what the next one needs.
const KINDS: [(&str, Honest, &[Actor]); 25] = {
    use Actor::{Author, Signer};
    [
        ("Create", Honest::Own, &[Signer, Author]),
        ("Update", Honest::Own, &[Signer, Author]),
        ("Like", Honest::Anything, &[Author]),
        ("Dislike", Honest::Anything, &[Author]),
        ("EmojiReact", Honest::Anything, &[Author]),
        ("Announce", Honest::Anything, &[Author]),
        ("Undo", Honest::Own, &[Signer, Author]),
        ("Follow", Honest::OfOurs, &[Author]),
        ("Accept", Honest::Own, &[Author]),
        ("Add", Honest::Own, &[Signer, Author]),
        ("Remove", Honest::Own, &[Signer, Author]),
        ("QuoteRequest", Honest::OfOurs, &[Author]),
        ("FeatureRequest", Honest::OfOurs, &[Author]),
        ("ReplyRequest", Honest::OfOurs, &[Author]),
        ("LikeRequest", Honest::OfOurs, &[Author]),
        ("AnnounceRequest", Honest::OfOurs, &[Author]),
        ("Flag", Honest::OfOurs, &[Author]),
        ("Join", Honest::Never, &[Author]),
        ("Leave", Honest::Never, &[Author]),
        ("Lock", Honest::Never, &[Author]),
        ("View", Honest::Never, &[Author]),
        ("Reject", Honest::Own, &[Author]),
        ("Block", Honest::OfOurs, &[Author]),
        ("Move", Honest::Own, &[Author]),
        ("Delete", Honest::Own, &[Author]),
    ]
};

/// What there is to be changed, a line for each thing.
const STATE: [&str; 12] = [
    "select p.uri || ' ' || p.content from posts p order by p.uri",
    "select cast(f.account_id as text) || ' ' || cast(f.post_id as text) || case when f.implied then ' implied' else '' end \
     from favourites f order by 1",
    "select r.name || ' ' || cast(r.account_id as text) || ' ' || cast(r.post_id as text) from emoji_reactions r order by 1",
    "select cast(f.account_id as text) || ' ' || cast(f.target_id as text) || ' ' || cast(f.state as text) from follows f order by 1",
    "select cast(b.account_id as text) || ' ' || cast(b.target_id as text) from blocks b order by 1",
    "select cast(k.account_id as text) || ' ' || cast(k.post_id as text) from pins k order by 1",
    "select cast(r.account_id as text) || ' ' || cast(r.target_id as text) || ' ' || cast(r.id as text) from reports r order by 1",
    "select cast(q.post_id as text) || ' ' || q.quoted_uri from quotes q order by 1",
    "select cast(f.account_id as text) || ' ' || f.collection_uri from feature_authorizations f order by 1",
    "select cast(i.account_id as text) || ' ' || i.uri from interactions i order by 1",
    "select cast(l.group_id as text) || ' ' || l.post_uri from thread_locks l order by 1",
    "select a.uri || ' ' || a.display_name || ' ' || coalesce(a.inbox_url, '') || ' ' || coalesce(cast(a.moved_to_id as text), '') \
     || ' ' || coalesce(cast(a.deleted_at as text), '') from accounts a where a.username in ('ada', 'vera', 'bob') order by 1",
];

/// Three servers with a person each, whose post everybody has.
struct World {
    node: Node,
    people: [Sender; 3],
    posts: [String; 3],
    target: String,
    serial: std::cell::Cell<u32>,
}

impl World {
    async fn new() -> Self {
        let (east, west) = (Peer::start("east").await, Peer::start("west").await);
        let node = NodeBuilder::new("alpha").await.knows(&east.authority).knows(&west.authority).start().await;
        let (bob, carol, dora) = (node.member("bob").await, node.member("carol").await, node.member("dora").await);
        let known = |peer: &Peer, name: &str, aliases: Value| {
            let mut actor = peer.person(name, &rsa(0).public_pem().unwrap());
            actor["featured"] = json!(format!("{}/featured", actor["id"].as_str().unwrap()));
            actor["alsoKnownAs"] = aliases;
            peer.serve(&format!("/users/{name}"), actor);
            Sender::known(peer, name)
        };
        let (ada, vera) = (known(&east, "ada", json!([])), known(&west, "vera", json!([])));
        let own = node.url("/users/bob");
        let nia = known(&west, "nia", json!([ada.id, vera.id, own]));
        let us = Sender {
            peer: east.clone(),
            signer: Signer { key_id: format!("{own}#main-key"), key: rsa(0) },
            id: own,
            scheme: Scheme::Cavage,
        };
        let mut world =
            Self { node, people: [ada, vera, us], posts: Default::default(), target: nia.id, serial: 0.into() };
        // Otherwise nobody may put him into a collection.
        bob.patch("/api/v1/accounts/update_credentials", json!({"discoverable": true})).await.ok();
        let made = bob.post("/api/v1/statuses", json!({"status": "ours"})).await.ok();
        world.posts[OURS] = made["uri"].as_str().unwrap().to_owned();
        for n in 0..OURS {
            let who = world.people[n].clone();
            who.delivers(&world.node, &who.activity("View", "https://nowhere.example/1")).await;
            world.node.settle().await;
            world.follow(&bob, &who).await;
            let accept = json!({"type": "Follow", "actor": world.people[OURS].id, "object": who.id});
            who.delivers(&world.node, &who.activity("Accept", accept)).await;
            // Waiting for an answer.
            world.follow(&carol, &who).await;
            world.follow(&dora, &who).await;
            world.posts[n] = format!("{}/notes/first", who.id);
            let note = world.note(&world.posts[n], &who.id, "theirs");
            // Whoever asks their own server is told the truth.
            who.peer.serve(&format!("/users/{}/notes/first", ["ada", "vera"][n]), note.clone());
            let create = who.activity("Create", note);
            who.delivers(&world.node, &create).await;
        }
        world.node.settle().await;
        assert_eq!(world.texts("select p.uri from posts p order by p.uri").await.len(), 3);
        world
    }
    async fn follow(&self, who: &Client, whom: &Sender) {
        let uri = whom.id.clone();
        let find = move |conn: &mut watercooler::db::Conn| watercooler::store::accounts::find_by_uri(conn, &uri);
        let id = self.node.app.read(find).await.unwrap().unwrap().id;
        who.post(&format!("/api/v1/accounts/{id}/follow"), json!({})).await.ok();
    }
    fn note(&self, id: &str, author: &str, content: &str) -> Value {
        json!({
            "id": id, "type": "Note", "attributedTo": author, "to": [PUBLIC], "cc": [self.people[OURS].id],
            "published": self.node.clock.now().rfc3339(), "content": content,
        })
    }
    async fn texts(&self, sql: &'static str) -> Vec<String> {
        self.node.app.read(move |conn| Sql::new(sql).load_texts(conn)).await.unwrap()
    }
    async fn state(&self) -> Vec<String> {
        self.node.settle().await;
        let mut all = Vec::new();
        for sql in STATE {
            all.extend(self.texts(sql).await);
        }
        all
    }
    fn next(&self) -> u32 {
        self.serial.set(self.serial.get() + 1);
        self.serial.get()
    }

    /// An activity of this kind, as the combination says.
    fn said(&self, kind: &str, c: Combination, named: Actor) -> Value {
        let n = self.next();
        let (author, object) = (&self.people[c.author].id, &self.people[c.object].id);
        let actor = match named {
            Actor::Signer => &self.people[c.signer].id,
            Actor::Author => author,
        };
        let note = |name: &str| self.note(&format!("{object}/notes/{name}"), author, &format!("said {n}"));
        let mut it = json!({
            "@context": "https://www.w3.org/ns/activitystreams", "type": kind, "actor": actor,
            "id": format!("{}/activities/{n}", self.people[c.id].id), "to": [PUBLIC],
        });
        it["object"] = match kind {
            "Create" => note(&format!("new{n}")),
            "Update" => {
                let mut note = note("");
                note["id"] = json!(self.posts[c.object]);
                note
            }
            "Undo" => json!({
                "id": format!("{object}/activities/liked"), "type": "Like", "actor": author, "object": self.posts[OURS],
            }),
            "Accept" => json!({"type": "Follow", "actor": self.node.url("/users/carol"), "object": object}),
            "Reject" => json!({"type": "Follow", "actor": self.node.url("/users/dora"), "object": object}),
            "Like" | "Dislike" | "EmojiReact" | "Announce" | "Add" | "Remove" | "QuoteRequest" | "ReplyRequest"
            | "LikeRequest" | "AnnounceRequest" | "Delete" | "Lock" => {
                json!(self.posts[c.object])
            }
            _ => json!(object),
        };
        match kind {
            "EmojiReact" => it["content"] = json!("🍩"),
            "Add" | "Remove" => it["target"] = json!(format!("{author}/featured")),
            "Move" => it["target"] = json!(self.target),
            "FeatureRequest" => it["instrument"] = json!(format!("{author}/collections/{n}")),
            "ReplyRequest" | "LikeRequest" | "AnnounceRequest" => {
                it["instrument"] = json!(format!("{author}/asked/{n}"));
            }
            "QuoteRequest" => {
                let mut quoting = self.note(&format!("{author}/notes/quoting{n}"), author, "look");
                quoting["quote"] = json!(self.posts[c.object]);
                it["instrument"] = quoting;
            }
            _ => {}
        }
        it
    }

    /// Sends it through a door, signed as the combination says. Never a server error.
    async fn sends(&self, door: &str, c: Combination, activity: &Value) {
        let path = door.replace("{name}", "bob");
        let reply = self.people[c.signer].letter(&self.node, &path, activity).send(&self.node).await;
        assert!(reply.status < 500, "{door} {c:?}: {} {}", reply.status, reply.text);
    }
}

async fn only_honest_ones_count(door: &str) {
    let world = World::new().await;
    for (kind, honest, actors) in KINDS {
        let before = world.state().await;
        for actor in actors {
            for c in combinations().filter(|c| !honest.is(*c)) {
                world.sends(door, c, &world.said(kind, c, *actor)).await;
            }
        }
        let mut state = world.state().await;
        assert_eq!(state, before, "{door} {kind}: a dishonest one had an effect");
        for c in combinations().filter(|c| honest.is(*c)) {
            let activity = world.said(kind, c, Actor::Author);
            if kind == "Update" {
                // Whoever asks their own server is told the same.
                let peer = &world.people[c.object].peer;
                let path = world.posts[c.object].strip_prefix(&peer.url("")).unwrap();
                peer.serve(&format!("/{}", path.trim_start_matches('/')), activity["object"].clone());
            }
            world.sends(door, c, &activity).await;
            let now = world.state().await;
            assert_ne!(now, state, "{door} {kind} {c:?}: an honest one had none");
            state = now;
        }
    }
}

#[test]
fn the_table_has_81_combinations_and_every_kind_that_is_understood() {
    let all: Vec<Combination> = combinations().collect();
    assert_eq!(all.len(), 81);
    assert!(all.iter().enumerate().all(|(n, c)| !all[..n].contains(c)));
    let honest = |honest: Honest| all.iter().filter(|c| honest.is(**c)).count();
    assert_eq!([Honest::Own, Honest::Anything, Honest::OfOurs, Honest::Never].map(honest), [2, 6, 2, 0]);
    // Those that `federation::activities::parsed` names.
    let source = include_str!("../../src/federation/activities/parsed.rs");
    let understood = source.split("json.types()").nth(1).unwrap().split("_ => return None").next().unwrap();
    let mut words = understood.split('"').skip(1).step_by(2);
    assert!(words.clone().count() >= 18);
    assert!(words.all(|word| KINDS.iter().any(|(kind, ..)| *kind == word)), "{understood}");
}

#[tokio::test]
async fn sec_aut_01_sec_sig_13_of_81_combinations_only_the_honest_ones_count_at_the_shared_inbox() {
    only_honest_ones_count(DOORS[0]).await;
}

#[tokio::test]
async fn sec_aut_01_sec_sig_13_of_81_combinations_only_the_honest_ones_count_at_the_inbox_of_the_node() {
    only_honest_ones_count(DOORS[1]).await;
}

#[tokio::test]
async fn sec_aut_01_sec_sig_13_of_81_combinations_only_the_honest_ones_count_at_the_inbox_of_a_person() {
    only_honest_ones_count(DOORS[2]).await;
}
