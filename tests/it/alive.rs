//! Three nodes as they run in production: the machine's clock, their own workers, nobody who calls `settle`. What must come
//! by itself comes by itself, and because somebody was woken: the safety net of the workers looks once an hour here. No
//! time is asserted but a minute for each step, which a machine under any load keeps; the times are printed.

use crate::{
    concierge::{answers, tells},
    support::{
        Client, NodeBuilder,
        organisation::{brings_in, found},
        settle,
    },
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Looks until it is there; says how long that took.
async fn comes<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let begun = Instant::now();
    let looking = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            // Only so that looking does not take the processor from what is looked for.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let found = tokio::time::timeout(Duration::from_secs(60), looking).await;
    let found = found.unwrap_or_else(|_| panic!("{what}: not within a minute"));
    eprintln!("{what}: {} ms", begun.elapsed().as_millis());
    found
}

async fn list(client: &Client, path: &str) -> Vec<Value> {
    client.get(path).await.ok().as_array().unwrap().clone()
}

/// The first post of a timeline, or of what notifications are about, that says this.
async fn saying(client: &Client, path: &str, words: &str) -> Option<Value> {
    let entries = list(client, path).await;
    let posts = entries.into_iter().map(|one| if one["status"].is_null() { one } else { one["status"].clone() });
    posts.into_iter().find(|post| post["content"].as_str().is_some_and(|text| text.contains(words)))
}

const HOME: &str = "/api/v1/timelines/home";
const MENTIONS: &str = "/api/v1/notifications?types[]=mention&limit=40";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn between_three_nodes_everything_comes_by_itself_because_somebody_was_woken() {
    let running = async |name: &str, embedded: bool| {
        let node = NodeBuilder::new(name).await.real_clock().workers().look_again(Duration::from_secs(3_600));
        if embedded { node.embedded() } else { node }.start().await
    };
    let (hq, lyon, oslo) = (running("hq", true).await, running("lyon", false).await, running("oslo", true).await);
    let (bob, alice, cleo) = (hq.member("bob").await, lyon.member("alice").await, oslo.member("cleo").await);
    for client in [&alice, &cleo] {
        crate::questions::skills(client, &["adhesives"]).await;
    }
    found(&hq).await;
    for node in [&lyon, &oslo] {
        Box::pin(brings_in(&hq, node)).await;
    }
    // An organisation comes together minute by minute; that is another test's. Here it is only brought about.
    let experts = async |client: &Client| {
        let found = client.get("/api/watercooler/v1/experts?q=skill:adhesives").await.ok();
        found["experts"].as_array().unwrap().len()
    };
    comes("the directories", async || {
        Box::pin(settle(&[&hq, &lyon, &oslo])).await;
        (experts(&bob).await == 2 && experts(&cleo).await == 2).then_some(())
    })
    .await;

    // Followed, and the next post is at home (J4).
    let found = bob.get(&format!("/api/v2/search?resolve=true&type=accounts&q=@{}", lyon.handle("alice"))).await.ok();
    let id = found["accounts"][0]["id"].as_str().unwrap().to_owned();
    bob.post(&format!("/api/v1/accounts/{id}/follow"), json!({})).await.ok();
    comes("a follow", async || {
        let relation = list(&bob, &format!("/api/v1/accounts/relationships?id[]={id}")).await;
        (relation[0]["following"] == true).then_some(())
    })
    .await;
    alice.post("/api/v1/statuses", json!({ "status": "The bench hums." })).await.ok();
    comes("a post of somebody followed", async || saying(&bob, HOME, "The bench hums.").await).await;

    // Asked, mentioned at two sites, answered, read, accepted, known everywhere (J5).
    let asked = json!({ "status": "#ask Which glue survives the cold? #adhesives" });
    let question = bob.post("/api/v1/statuses", asked).await.ok();
    let told = comes("a question at the second site", async || saying(&alice, MENTIONS, "can you help?").await).await;
    comes("a question at the third site", async || saying(&cleo, MENTIONS, "can you help?").await).await;
    let reply =
        json!({ "status": format!("@{} Silicone.", hq.handle("bob")), "in_reply_to_id": told["in_reply_to_id"] });
    alice.post("/api/v1/statuses", reply).await.ok();
    let answer = comes("an answer", async || saying(&bob, MENTIONS, "Silicone.").await).await;
    let thanks = json!({ "status": format!("@{} ✅", lyon.handle("alice")), "in_reply_to_id": answer["id"] });
    bob.post("/api/v1/statuses", thanks).await.ok();
    comes("its end at the third site", async || {
        let open = cleo.get("/api/v2/search?q=open+questions").await.ok();
        let uris = open["statuses"].as_array().unwrap().iter().map(|post| &post["uri"]).collect::<Vec<_>>();
        (!uris.contains(&&question["uri"])).then_some(())
    })
    .await;

    // The concierge.
    let mut times = Vec::new();
    for said in ["help", "who knows adhesives", "skills", "open questions", "project mine"] {
        let begun = Instant::now();
        let post = tells(&bob, said).await;
        comes(&format!("the concierge on “{said}”"), async || answers(&bob, &post).await.into_iter().next()).await;
        times.push(begun.elapsed());
    }
    times.sort();
    eprintln!("the concierge, median: {} ms", times[times.len() / 2].as_millis());
}
