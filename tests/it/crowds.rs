//! Many at once: a post that everybody reads and likes, a flood of junk, a node with little memory (security checklist, section
//! 10). What the same costs on a machine that does nothing else is measured by `bench` (docs/performance.md).

use crate::{
    cli::{Place, Server},
    crash::{Api, deliver, eventually, follow, neighbours, prepared_at},
    support::{Client, NodeBuilder, Peer, Sender},
};
use futures_util::future::join_all;
use serde_json::json;
use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use watercooler::{
    config::{Config, Database},
    db::Sql,
    domain::accounts::{self, NewPerson},
    node::{self, Parts},
};

/// The 50,000 views and 20,000 Likes of the checklist in small: as many views for each Like, as close together (REL-20).
#[tokio::test]
async fn rel_20_sec_lim_05_a_post_that_spreads_is_served_from_memory_and_every_like_counts_once() {
    const FANS: usize = 40;
    let peer = Peer::start("far").await;
    let node = NodeBuilder::new("alpha").await.knows(&peer.authority).start().await;
    let ada = node.member("ada").await;
    let post = ada.post("/api/v1/statuses", json!({"status": "everybody wants to see this"})).await.ok();
    node.settle().await;
    let (id, uri) = (post["id"].as_str().unwrap(), post["uri"].as_str().unwrap().to_owned());
    let path = format!("/users/ada/statuses/{id}");
    let anybody = Client::anonymous(&node).unchecked();
    let first = anybody.get_activity(&path).await;
    let tag = first.header("etag").to_owned();
    assert!(first.status == 200 && tag.len() > 10, "{tag}");
    assert_eq!(first.header("cache-control"), "public, max-age=60");

    let fans: Vec<Sender> = (0..FANS).map(|n| Sender::new(&peer, &format!("fan{n}"))).collect();
    // Everybody likes it twice, in two activities, and takes nothing back.
    let likes =
        fans.iter().chain(&fans).map(|fan| async { fan.delivers(&node, &fan.activity("Like", uri.as_str())).await });
    let before = node.statements();
    let views = (0..5 * FANS).map(|n| {
        let (anybody, path, tag) = (&anybody, &path, &tag);
        async move {
            let request = anybody.request("GET", path).header("accept", "application/activity+json");
            if n % 2 == 0 {
                let reply = anybody.send(request).await;
                assert_eq!((reply.status, reply.json()["type"].as_str()), (200, Some("Note")));
            } else {
                let reply = anybody.send(request.header("if-none-match", format!("W/{tag}, \"other\""))).await;
                assert_eq!((reply.status, reply.body.len()), (304, 0));
            }
        }
    });
    join_all(views).await;
    let asked = node.statements() - before;
    assert!(asked < FANS as u64, "{asked} questions to the database for {} views", 5 * FANS);
    join_all(likes).await;
    node.settle().await;
    let shown = ada.get(&format!("/api/v1/statuses/{id}")).await.ok();
    assert_eq!(shown["favourites_count"], FANS);
    assert_eq!(ada.get("/api/v1/notifications?types[]=favourite&limit=80").await.ok().as_array().unwrap().len(), FANS);

    // What is kept is not kept longer than it is true.
    ada.put(&format!("/api/v1/statuses/{id}"), json!({"status": "something else"})).await.ok();
    let edited = anybody.get_activity(&path).await;
    assert!(edited.text.contains("something else") && edited.header("etag") != tag);
    let signed = fans[0].reading(&node, &path).send(&node).await;
    assert_eq!((signed.status, signed.header("etag")), (200, ""), "what depends on who asks has no tag");
    ada.delete(&format!("/api/v1/statuses/{id}")).await.ok();
    assert_eq!(anybody.get_activity(&path).await.status, 410);
    let known =
        anybody.request("GET", &path).header("accept", "application/activity+json").header("if-none-match", "*");
    assert_eq!(anybody.send(known).await.status, 410);
}

/// Bytes of a process that nobody else could have, from `/proc`.
fn memory(server: &Server) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
    let of = |key: &str| -> u64 {
        let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or("0 kB");
        line.trim().trim_end_matches(" kB").parse().unwrap()
    };
    // The pages of the program itself are the machine's to give and take.
    (of("RssAnon:") + of("RssShmem:")) << 10
}

/// The largest of the memory while something happens.
async fn most_of<T>(server: &Server, work: impl Future<Output = T>) -> (T, u64) {
    tokio::pin!(work);
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    let mut most = 0;
    loop {
        tokio::select! {
            done = &mut work => return (done, most.max(memory(server))),
            _ = tick.tick() => most = most.max(memory(server)),
        }
    }
}

/// A fifth of the flood that `bench` measures, for a program that is not optimised (REL-21).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rel_21_a_flood_of_junk_costs_no_memory_and_stops_nobody() {
    const JUNK: usize = 4_000;
    if !cfg!(target_os = "linux") {
        return;
    }
    let (place, token, peer, signer) = neighbours().await;
    let server = place.serve();
    assert_eq!(deliver(&server, &signer, &follow(&peer)).await, Some(202));
    eventually("the Accept", async || peer.inbox().iter().any(|a| a["type"] == "Accept").then_some(())).await;
    let api = Api::new(&server, &token);
    api.post("before").await.unwrap();
    let idle = memory(&server);
    let (over, read) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let reader = tokio::spawn({
        let (api, over, read) = (Api::new(&server, &token), over.clone(), read.clone());
        async move {
            while !over.load(Ordering::SeqCst) {
                assert!(api.get("/api/v1/timelines/home").await.is_array());
                read.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    let flood = async {
        let lines = (0..16).map(|line| {
            let api = Api::new(&server, "nobody");
            async move {
                let mut taken = 0;
                for i in 0..JUNK / 16 {
                    let actor = format!("http://far.localhost:1/users/eve{line}");
                    let body = json!({"id": format!("{actor}/{i}"), "type": "Create", "actor": actor,
                        "object": {"type": "Note", "content": "<p>Buy now.</p>".repeat(20)}});
                    let mut request = api.request("POST", "/inbox").header("content-type", "application/activity+json");
                    if i % 2 == 0 {
                        let signature = format!(
                            "keyId=\"{actor}#main-key\",algorithm=\"rsa-sha256\",\
                            headers=\"(request-target) host date digest\",signature=\"AAAA\""
                        );
                        request = request.header("signature", signature).header("digest", "SHA-256=AAAA");
                    }
                    let status = request.body(body.to_string()).send().await.unwrap().status();
                    taken += usize::from(status.is_success());
                }
                taken
            }
        });
        let taken: usize = join_all(lines).await.into_iter().sum();
        assert_eq!(taken, 0, "junk was taken in");
    };
    let real = async {
        // What is honest is taken in while it goes on.
        let id = peer.url("/notes/1");
        let create = json!({
            "@context": "https://www.w3.org/ns/activitystreams", "id": format!("{id}/activity"), "type": "Create",
            "actor": peer.url("/users/ada"), "to": ["http://localhost:1/users/bob"],
            "object": {"id": id, "type": "Note", "attributedTo": peer.url("/users/ada"), "content": "<p>honest</p>",
                "to": ["http://localhost:1/users/bob"],
                "tag": [{"type": "Mention", "href": "http://localhost:1/users/bob", "name": "@bob@localhost:1"}]},
        });
        assert_eq!(deliver(&server, &signer, &create).await, Some(202));
        eventually("the honest post", async || {
            api.get("/api/v1/notifications").await.to_string().contains("honest").then_some(())
        })
        .await;
    };
    let (_, most) = most_of(&server, async { tokio::join!(flood, real) }).await;
    over.store(true, Ordering::SeqCst);
    reader.await.unwrap();
    assert!(read.load(Ordering::SeqCst) > 10, "nobody could read");
    assert!(most <= idle + (64 << 20), "{} MiB above idle", (most - idle) >> 20);
}

/// A node with 1,000 people and 128 MiB (REL-26): more ask at once than it can serve, some are told to come again, and it lives.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rel_26_with_1_000_people_and_more_that_ask_than_it_can_serve_a_node_stays_below_128_mib() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let (place, token) = prepared_at(Place::embedded(), "");
    let data = place.path().join("data");
    tokio::task::block_in_place(|| people(&data));
    let mut server = place.serve();
    let api = Api::new(&server, &token);
    let pages = [
        "/api/v1/timelines/home?limit=40",
        "/api/v1/timelines/public?limit=40",
        "/api/v2/search?q=person&limit=40",
        "/api/v1/directory?limit=80&local=true",
        "/api/v1/notifications?limit=40",
    ];
    let crowd = async {
        let all = (0..400).map(|n| {
            let api = &api;
            async move {
                let answer = api.request("GET", pages[n % pages.len()]).send().await;
                let status = answer.as_ref().map_or(0, |answer| answer.status().as_u16());
                let served = match answer {
                    Ok(answer) => answer.bytes().await.is_ok() && status == 200,
                    Err(_) => false,
                };
                assert!(served || matches!(status, 429 | 503), "{status}");
                served
            }
        });
        join_all(all).await.into_iter().filter(|served| *served).count()
    };
    let (served, most) = most_of(&server, crowd).await;
    assert!(served > 50, "{served} of 400");
    assert!(most < 128 << 20, "{} MiB", most >> 20);
    assert!(server.child.try_wait().unwrap().is_none(), "it lives");
    assert!(api.post("still here").await.is_some());
}

/// A thousand people who want to be found, each with a post.
fn people(data: &std::path::Path) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut config = Config {
        domain: "localhost:1".into(),
        data_dir: data.to_owned(),
        database: Database::new(format!("sqlite://{}", data.join("watercooler.db").display())),
        ..Config::default()
    };
    config.prepare().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            runtime.block_on(async {
                let app = tokio::task::spawn_blocking(move || node::assemble(config, Parts::default())).await.unwrap();
                let app = app.unwrap();
                node::prepare(&app).await.unwrap();
                for chunk in 0..10 {
                    let some = app.write(move |tx| {
                        for n in 0..100 {
                            let name = format!("person{}", chunk * 100 + n);
                            let account = accounts::create(tx, &NewPerson::member(&name, None, None))?;
                            let draft = watercooler::domain::posts::Draft {
                                text: format!("I am {name} and write #things. {}", "words ".repeat(40)),
                                ..Default::default()
                            };
                            watercooler::domain::posts::publish(tx, account.id, draft)?;
                        }
                        Ok(())
                    });
                    some.await.unwrap();
                }
                app.write(|tx| {
                    Sql::new("update accounts set discoverable = true").execute(tx.conn)?;
                    // Their keys are made when they are first needed: not all of them now.
                    Sql::new("delete from jobs").execute(tx.conn)
                })
                .await
                .unwrap();
                let db = app.db().clone();
                drop(app);
                tokio::task::spawn_blocking(move || db.close()).await.unwrap();
            });
        });
    });
}
