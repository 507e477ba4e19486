//! A node with people, and two servers that it knows: one that sends, one that is talked about.

use super::{Client, Node, NodeBuilder, Peer, Sender};
use serde_json::{Value, json};
use watercooler::{
    db::Sql,
    domain::follows::{self, FollowOptions},
    id::Id,
    model::{Account, Post},
    store,
};

/// Everybody, as ActivityPub writes it.
pub const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// See the module. bob follows ada.
pub struct Scene {
    /// The node.
    pub node: Node,
    /// Where ada and mallory live.
    pub east: Peer,
    /// Where vera lives.
    pub west: Peer,
    /// A person of the node.
    pub bob: Client,
    /// Another one.
    pub carol: Client,
    /// bob follows her.
    pub ada: Sender,
    /// A neighbour of ada's whom nobody follows.
    pub mallory: Sender,
    /// Somebody of the other server.
    pub vera: Sender,
}

impl Scene {
    /// Sets it up.
    pub async fn new() -> Self {
        Self::built(|node| node).await
    }
    /// Sets it up with another node.
    pub async fn built(alter: impl FnOnce(NodeBuilder) -> NodeBuilder) -> Self {
        let (east, west) = (Peer::start("east").await, Peer::start("west").await);
        let node = NodeBuilder::new("alpha").await.knows(&east.authority).knows(&west.authority);
        let node = alter(node).start().await;
        let (bob, carol) = (node.member("bob").await, node.member("carol").await);
        let (ada, mallory) = (Sender::new(&east, "ada"), Sender::new(&east, "mallory"));
        let vera = Sender::new(&west, "vera");
        let scene = Self { node, east, west, bob, carol, ada, mallory, vera };
        for somebody in [&scene.ada, &scene.mallory, &scene.vera] {
            scene.meet(somebody).await;
        }
        scene.follows(&scene.bob, &scene.ada).await;
        scene.node.settle().await;
        scene.east.forget();
        scene.west.forget();
        scene
    }
    /// Makes a remote actor known by letting it say something without effect.
    pub async fn meet(&self, who: &Sender) {
        who.delivers(&self.node, &who.activity("View", "https://nowhere.example/1")).await;
    }
    /// The row of a remote actor.
    pub async fn account(&self, who: &Sender) -> Account {
        self.account_of(&who.id).await.unwrap()
    }
    /// The row with this actor id.
    pub async fn account_of(&self, uri: &str) -> Option<Account> {
        let uri = uri.to_owned();
        self.node.app.read(move |conn| store::accounts::find_by_uri(conn, &uri)).await.unwrap()
    }
    /// A local person follows a remote one, who accepted.
    pub async fn follows(&self, who: &Client, whom: &Sender) {
        let (who, whom): (Id<Account>, _) = (who.id.parse().unwrap(), self.account(whom).await.id);
        self.node
            .app
            .write(move |tx| {
                follows::request(tx, who, whom, &FollowOptions::default())?;
                follows::accept(tx, whom, who)
            })
            .await
            .unwrap();
    }
    /// The actor id of a local person.
    pub fn uri(&self, who: &Client) -> String {
        self.node.url(&format!("/users/{}", who.name))
    }
    /// The stored post with this object id.
    pub async fn post(&self, uri: &str) -> Option<Post> {
        let uri = uri.to_owned();
        self.node.app.read(move |conn| store::posts::find_by_uri(conn, &uri)).await.unwrap()
    }
    /// The same as a client sees it.
    pub async fn status(&self, who: &Client, uri: &str) -> Value {
        let id = self.post(uri).await.unwrap_or_else(|| panic!("{uri} is not there")).id;
        who.get(&format!("/api/v1/statuses/{id}")).await.ok()
    }
    /// Object ids in somebody's home timeline, newest first.
    pub async fn home(&self, who: &Client) -> Vec<String> {
        let list = who.get("/api/v1/timelines/home").await.ok();
        list.as_array().unwrap().iter().map(|s| s["uri"].as_str().unwrap_or_default().to_owned()).collect()
    }
    /// Kinds of somebody's notifications, newest first.
    pub async fn told(&self, who: &Client) -> Vec<String> {
        let list = who.get("/api/v1/notifications").await.ok();
        list.as_array().unwrap().iter().map(|n| n["type"].as_str().unwrap_or_default().to_owned()).collect()
    }
    /// A number out of the database.
    pub async fn count(&self, sql: &'static str) -> i64 {
        self.node.app.read(move |conn| Sql::new(sql).scalar_i64(conn)).await.unwrap()
    }
    /// Writes a public post of a local person; answers its object id.
    pub async fn writes(&self, who: &Client, visibility: &str, text: &str) -> String {
        let made = who.post("/api/v1/statuses", json!({ "status": text, "visibility": visibility })).await.ok();
        made["uri"].as_str().unwrap().to_owned()
    }
    /// A public note of a remote actor, to be altered.
    pub fn note(&self, who: &Sender, name: &str, content: &str) -> Value {
        json!({
            "id": format!("{}/notes/{name}", who.id),
            "type": "Note",
            "attributedTo": who.id,
            "to": [PUBLIC],
            "cc": [format!("{}/followers", who.id)],
            "published": self.node.clock.now().rfc3339(),
            "content": content,
        })
    }
    /// Delivers a Create of this note to the shared inbox and does what is due; answers the object id.
    pub async fn creates(&self, who: &Sender, note: &Value) -> String {
        let mut create = who.activity("Create", note.clone());
        create["to"] = note["to"].clone();
        create["cc"] = note["cc"].clone();
        who.delivers(&self.node, &create).await;
        self.node.settle().await;
        note["id"].as_str().unwrap().to_owned()
    }
    /// Delivers, whatever the answer, and does what is due. Never a server error (ROB).
    pub async fn sends(&self, who: &Sender, activity: &Value) -> u16 {
        let reply = who.deliver(&self.node, activity).await;
        assert!(reply.status < 500, "{} {} {activity}", reply.status, reply.text);
        self.node.settle().await;
        reply.status
    }
}
