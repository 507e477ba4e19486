//! Projects tended by writing to the concierge: related, moderated, handed over, with members and posts taken out. Each is read
//! at the other node.

use crate::{
    concierge::asks,
    projects::{bearing, follow, home, known, path, register, two},
    support::{Client, Node, organisation::letter, settle},
};
use serde_json::{Value, json};

/// Quiet bearing of alice at headquarters; Loud cage and Bearing noise of bob at Lyon. Both know all of them.
struct World {
    hq: Node,
    lyon: Node,
    alice: Client,
    bob: Client,
    bearing: Value,
    cage: Value,
    noise: Value,
}

impl World {
    async fn new() -> Self {
        let (hq, lyon) = two().await;
        let (alice, bob) = (hq.member("alice").await, lyon.member("bob").await);
        let bearing = register(&alice, bearing()).await;
        let cage = json!({ "name": "Loud cage", "purpose": "Why cages rattle.", "publish": true });
        let cage = register(&bob, cage).await;
        let noise = json!({ "name": "Bearing noise", "purpose": "Noise of bearings.", "publish": true });
        let noise = register(&bob, noise).await;
        let world = Self { hq, lyon, alice, bob, bearing, cage, noise };
        world.settle().await;
        known(&world.bob, &world.hq.handle("quietbearing")).await;
        for handle in ["loudcage", "bearingnoise"] {
            known(&world.alice, &world.lyon.handle(handle)).await;
        }
        world.settle().await;
        world
    }

    /// What changes of a project is sent a minute later.
    async fn settle(&self) {
        settle(&[&self.hq, &self.lyon]).await;
        self.hq.clock.advance(61_000);
        settle(&[&self.hq, &self.lyon]).await;
    }

    /// What Quiet bearing says of others, as bob reads it: kind, name, reason.
    async fn read_at_lyon(&self) -> Vec<(String, String, String)> {
        self.settle().await;
        let there = known(&self.bob, &self.hq.handle("quietbearing")).await;
        let text = |relation: &Value, key: &str| relation[key].as_str().unwrap_or_default().to_owned();
        let own = there["relations"].as_array().unwrap().iter().filter(|relation| relation["said_by"] == "this");
        let mut read: Vec<_> = own.map(|r| (text(r, "kind"), text(r, "name"), text(r, "reason"))).collect();
        read.sort();
        read
    }

    /// Somebody of Lyon becomes a member of Quiet bearing.
    async fn member_at_lyon(&self, name: &str) -> Client {
        let who = self.lyon.member(name).await;
        let there = known(&who, &self.hq.handle("quietbearing")).await;
        who.post(&path(&there, "/join"), json!({})).await.ok();
        self.settle().await;
        let requests = self.alice.get(&path(&self.bearing, "/requests")).await.ok();
        let id = requests[0]["account"]["id"].as_str().unwrap().to_owned();
        self.alice.post(&path(&self.bearing, &format!("/requests/{id}/accept")), json!({})).await.ok();
        self.settle().await;
        who
    }

    async fn member_here(&self, name: &str) -> Client {
        let who = self.hq.member(name).await;
        who.post(&path(&self.bearing, "/join"), json!({})).await.ok();
        self.alice.post(&path(&self.bearing, &format!("/requests/{}/accept", who.id)), json!({})).await.ok();
        self.settle().await;
        who
    }
}

fn said(kind: &str, name: &str, reason: &str) -> (String, String, String) {
    (kind.to_owned(), name.to_owned(), reason.to_owned())
}

#[tokio::test]
async fn a_project_is_related_to_others_in_each_way_and_the_other_node_reads_why() {
    let w = World::new().await;
    let cage = w.lyon.handle("loudcage");
    let told =
        asks(&w.hq, &w.alice, &format!("project relate Quiet bearing to @{cage} because cages make noise")).await;
    assert!(told.contains("Quiet bearing is related to Loud cage: cages make noise"), "{told}");
    assert_eq!(w.read_at_lyon().await, [said("related_to", "Loud cage", "cages make noise")]);
    // What is said again takes the place of what was said.
    let told =
        asks(&w.hq, &w.alice, "project relate Quiet bearing supersedes Loud cage because the cage is gone").await;
    assert!(told.contains("Quiet bearing takes the place of Loud cage: the cage is gone"), "{told}");
    assert_eq!(w.read_at_lyon().await, [said("supersedes", "Loud cage", "the cage is gone")]);
    let told =
        asks(&w.hq, &w.alice, "projekt verknüpfe Quiet bearing mit Bearing noise dieselbe Arbeit weil beide brummen");
    let told = told.await;
    assert!(told.contains("Quiet bearing ist dieselbe Arbeit wie Bearing noise: beide brummen"), "{told}");
    let both =
        [said("same_work_as", "Bearing noise", "beide brummen"), said("supersedes", "Loud cage", "the cage is gone")];
    assert_eq!(w.read_at_lyon().await, both);
    // The other projects say it too, and their lead has read why.
    let seen = w.bob.get(&path(&w.noise, "")).await.ok();
    let relation = &seen["relations"][0];
    assert_eq!((&relation["kind"], &relation["said_by"]), (&json!("same_work_as"), &json!("other")), "{seen}");
    assert!(crate::projects::letters(&w.bob).await.iter().any(|letter| crate::projects::says(letter, "beide brummen")));
    // Taken back, it is gone at both.
    let told = asks(&w.hq, &w.alice, "project relate Quiet bearing to Loud cage off").await;
    assert!(told.contains("“Quiet bearing” says nothing about “Loud cage” any more."), "{told}");
    let told = asks(&w.hq, &w.alice, "project relate Quiet bearing to Loud cage off").await;
    assert!(told.contains("“Quiet bearing” says nothing about “Loud cage”."), "{told}");
    assert_eq!(w.read_at_lyon().await, [said("same_work_as", "Bearing noise", "beide brummen")]);
    assert_eq!(w.bob.get(&path(&w.cage, "")).await.ok()["relations"], json!([]));
    // What cannot be read, or is not the writer's, is answered with how to say it.
    for text in ["project relate Quiet bearing", "project relate Loud cage to Quiet bearing", "project relate"] {
        let told = asks(&w.hq, &w.alice, text).await;
        assert!(told.contains("Write it so: project relate"), "{text}: {told}");
    }
    let told = asks(&w.hq, &w.alice, "project relate Quiet bearing to Atlantis because x").await;
    assert!(told.contains("I know no such project"), "{told}");
}

#[tokio::test]
async fn moderators_are_named_a_project_is_handed_over_and_members_are_taken_out_by_writing() {
    let w = World::new().await;
    let (cleo, dan) = (w.member_at_lyon("cleo").await, w.member_here("dan").await);
    let moderators = async || {
        w.settle().await;
        let list = letter(&w.lyon, &w.hq, "GET", "/users/quietbearing/moderators", None).await.send(&w.hq).await.ok();
        list["orderedItems"].as_array().unwrap().len()
    };
    assert_eq!(moderators().await, 1);
    // Her own node lets her do what moderators do.
    let role = async |who: &Client| {
        let there = known(who, &w.hq.handle("quietbearing")).await;
        there["role"].as_str().unwrap_or_default().to_owned()
    };
    let handle = w.lyon.handle("cleo");
    let told = asks(&w.hq, &w.alice, &format!("project moderator Quiet bearing @{handle}")).await;
    assert!(told.contains("cleo") && told.contains("moderates “Quiet bearing” now."), "{told}");
    assert_eq!(moderators().await, 2);
    let told = asks(&w.hq, &w.alice, "projekt moderation Quiet bearing cleo aus").await;
    assert!(told.contains("moderiert „Quiet bearing“ nicht mehr."), "{told}");
    // Some put everybody they name first.
    let told = asks(&w.hq, &w.alice, &format!("@{handle} project moderator Quiet bearing")).await;
    assert!(told.contains("cleo") && told.contains("moderates “Quiet bearing” now."), "{told}");
    let told = asks(&w.hq, &w.alice, &format!("@{handle}, project moderator Quiet bearing off")).await;
    assert!(told.contains("does not moderate “Quiet bearing” any more."), "{told}");
    assert_eq!((moderators().await, role(&cleo).await), (1, "member".to_owned()));
    let told = asks(&w.hq, &w.alice, "project moderator Quiet bearing @nobody").await;
    assert!(told.contains("Nobody of that name belongs to “Quiet bearing”."), "{told}");
    let told = asks(&w.hq, &w.alice, &format!("project handover Quiet bearing to @{handle}")).await;
    assert!(told.contains("is led by somebody of the site where it lives"), "{told}");
    // Out, at both nodes.
    let told = asks(&w.hq, &w.alice, &format!("project remove Quiet bearing {handle}")).await;
    assert!(told.contains("does not belong to “Quiet bearing” any more."), "{told}");
    w.settle().await;
    assert_eq!(role(&cleo).await, "");
    // Handed over: both nodes name the new lead, and the old one may no more.
    let told = asks(&w.hq, &w.alice, "project handover Quiet bearing to @dan").await;
    assert!(told.contains("dan") && told.contains("leads “Quiet bearing” now."), "{told}");
    w.settle().await;
    let there = known(&w.bob, &w.hq.handle("quietbearing")).await;
    assert_eq!(there["lead"]["acct"], json!(w.hq.handle("dan")), "{there}");
    let told = asks(&w.hq, &w.alice, "project handover Quiet bearing to @dan").await;
    assert_eq!(told, "That is not allowed. Only its lead may do this.");
    let told = asks(&w.hq, &w.alice, "projekt übergeben Quiet bearing an @dan").await;
    assert_eq!(told, "Das ist nicht erlaubt. Das darf nur seine Leitung.");
    assert!(asks(&w.hq, &dan, "project mine").await.contains("you lead it"));
    for text in ["project remove", "projekt übergeben", "project moderator Loud cage @dan"] {
        let told = asks(&w.hq, &dan, text).await;
        assert!(told.contains("Write it so:") || told.contains("Schreib es so:"), "{text}: {told}");
    }
}

#[tokio::test]
async fn a_post_is_taken_out_of_a_project_by_its_address() {
    let w = World::new().await;
    let eve = w.hq.member("eve").await;
    let there = known(&w.bob, &w.hq.handle("quietbearing")).await;
    follow(&w.bob, &there).await;
    w.settle().await;
    let post = eve.post("/api/v1/statuses", json!({ "status": "@quietbearing buy my car" })).await.ok();
    w.settle().await;
    let read = async || home(&w.bob).await.iter().any(|(_, text)| text.contains("buy my car"));
    assert!(read().await);
    let address = post["url"].as_str().unwrap();
    // Who does not lead or moderate it takes nothing out.
    let told = asks(&w.hq, &eve, &format!("project remove Quiet bearing {address}")).await;
    assert!(told.contains("Write it so:"), "{told}");
    assert!(read().await);
    let told = asks(&w.hq, &w.alice, &format!("project remove Quiet bearing {address}")).await;
    assert!(told.contains("“Quiet bearing” does not pass that post on any more."), "{told}");
    w.settle().await;
    assert!(!read().await);
    assert_eq!(eve.get(&format!("/api/v1/statuses/{}", post["id"].as_str().unwrap())).await.status, 200);
    let told = asks(&w.hq, &w.alice, &format!("projekt entferne Quiet bearing {address}")).await;
    assert!(told.contains("„Quiet bearing“ hat diesen Beitrag nicht weitergegeben."), "{told}");
}

#[tokio::test]
async fn who_belongs_to_a_project_of_another_site_leaves_it_or_takes_a_request_back_by_writing() {
    let w = World::new().await;
    let cleo = w.member_at_lyon("cleo").await;
    let dora = w.lyon.member("dora").await;
    let bearing = w.hq.handle("quietbearing");
    assert!(asks(&w.lyon, &dora, &format!("beitreten @{bearing}")).await.contains("hat deine Anfrage"));
    let role = async |who: &Client| known(who, &bearing).await["role"].as_str().unwrap_or_default().to_owned();
    let at_hq = async || {
        w.settle().await;
        let (members, requests) = (path(&w.bearing, "/members"), path(&w.bearing, "/requests"));
        let number = |list: Value| list.as_array().unwrap().len();
        (number(w.alice.get(&members).await.ok()), number(w.alice.get(&requests).await.ok()))
    };
    assert_eq!(at_hq().await, (2, 1));
    // Bob's project of the same name is not the one that cleo means, and only her own are offered by numbers.
    register(&w.bob, json!({ "name": "Quiet bearing", "purpose": "Another one.", "publish": true })).await;
    let told = asks(&w.lyon, &cleo, "leave").await;
    assert!(told.contains("1. Quiet bearing (@quietbearing@") && !told.contains("2. "), "{told}");
    assert!(told.contains("Which one? Answer here with “leave 1”."), "{told}");
    assert_eq!(at_hq().await, (2, 1), "nothing is left by asking");
    assert_eq!(asks(&w.lyon, &cleo, "Leave quiet bearing.").await, "You have left “Quiet bearing”.");
    assert_eq!(at_hq().await, (1, 1));
    assert_eq!(role(&cleo).await, "");
    let told = asks(&w.lyon, &dora, &format!("projekt verlassen @{bearing}")).await;
    assert_eq!(told, "Deine Anfrage, bei „Quiet bearing“ mitzumachen, ist zurückgenommen.");
    assert_eq!(at_hq().await, (1, 0));
    assert_eq!(role(&dora).await, "");
    // Who is nothing to it, or leads it, hears that.
    let told = asks(&w.lyon, &dora, &format!("projekt austreten @{bearing}")).await;
    assert_eq!(told, "Du gehörst nicht zu „Quiet bearing“.");
    assert!(asks(&w.lyon, &cleo, "project leave").await.contains("I know no such project."));
    assert!(asks(&w.lyon, &cleo, "project leave 4").await.contains("Nothing has this number"));
    let told = asks(&w.hq, &w.alice, "project leave Quiet bearing").await;
    assert_eq!(
        told,
        "You lead “Quiet bearing”: hand it over before you leave. Write: project handover Quiet bearing to @ada"
    );
    assert_eq!(at_hq().await, (1, 0));
}
