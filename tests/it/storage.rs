//! The database under pressure: full, locked by somebody else, read for long, away (security checklist, section 10).

use crate::{
    cli::Place,
    support::{Browser, Client, Node, NodeBuilder, PASSWORD},
};
use diesel::{Connection, connection::SimpleConnection, sqlite::SqliteConnection};
use futures_util::future::BoxFuture;
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};
use tokio::net::{TcpListener, TcpStream};
use watercooler::{
    db::{Db, Sql},
    reserve::{Reserve, Room},
};

fn database(node: &Node) -> Option<String> {
    Some(node.app.config().database.sqlite_path()?.display().to_string())
}

/// Room that is made by letting the database grow a little; it is back as soon as nothing limits it any more.
#[derive(Clone, Default)]
struct Pages(Arc<AtomicBool>);

const GROWN: &str = "select max_page_count > 900000 from pragma_max_page_count";

impl Reserve for Pages {
    fn release<'a>(&'a self, db: &'a Db) -> BoxFuture<'a, bool> {
        Box::pin(async {
            let this = self.clone();
            let grow = move |conn: &mut watercooler::db::Conn| {
                this.0.store(true, Ordering::SeqCst);
                let pages = Sql::new("select page_count from pragma_page_count").scalar_i64(conn)?;
                conn.batch(&format!("pragma max_page_count = {}", pages + 60))?;
                Ok(((), None))
            };
            db.write(grow).await.is_ok()
        })
    }
    fn restore<'a>(&'a self, db: &'a Db) -> BoxFuture<'a, bool> {
        Box::pin(async { db.write(|conn| Ok((Sql::new(GROWN).scalar_i64(conn)? == 1, None))).await.unwrap_or(false) })
    }
}

async fn post(client: &Client, text: &str) -> u16 {
    client.post("/api/v1/statuses", json!({ "status": text })).await.status
}

#[tokio::test]
async fn rel_07_a_full_disk_refuses_writes_and_recovers_without_restart() {
    let node = Node::start().await;
    if database(&node).is_none() {
        // PostgreSQL reports its own full disk by SQLSTATE 53100; the mapping is the same.
        return;
    }
    let bob = node.member("bob").await;
    node.citizen("dora").await;
    assert_eq!(post(&bob, "before").await, 200);
    let limit = |pages: &'static str| node.app.db().write(move |conn| Ok((conn.batch(pages).unwrap(), None)));
    // The engine behaves as on a full disk once it may not grow.
    limit("pragma max_page_count = 1").await.unwrap();
    let mut refused = 0;
    for i in 0..400 {
        match post(&bob, &format!("{i} {}", "much text ".repeat(300))).await {
            200 => {}
            507 => {
                refused += 1;
                if refused == 5 {
                    break;
                }
            }
            other => panic!("{other}"),
        }
    }
    assert_eq!(refused, 5, "the database kept growing");
    assert_eq!(bob.get("/api/v1/timelines/home").await.status, 200);
    assert_eq!(bob.get("/api/v1/accounts/verify_credentials").await.status, 200);
    // Signing in works all the same, and nothing else uses up the room that was kept for it.
    let pages = Pages::default();
    node.app.set_room(Room::new(Box::new(pages.clone())));
    for _ in 0..200 {
        let browser = Browser::new(&node);
        assert_eq!(browser.sign_in("dora", PASSWORD).await.status, 302);
        assert_eq!(browser.get("/settings").await.status, 200);
        if pages.0.load(Ordering::SeqCst) {
            break;
        }
    }
    assert!(pages.0.load(Ordering::SeqCst), "there was room all the time");
    assert_eq!(post(&bob, "still full").await, 507);
    limit("pragma max_page_count = 1000000").await.unwrap();
    node.clock.advance(2_000);
    assert_eq!(post(&bob, "there is room again").await, 200);
    let whole = node
        .app
        .read(|conn| {
            watercooler::db::Sql::new("select count(*) from pragma_integrity_check where integrity_check = 'ok'")
                .scalar_i64(conn)
        })
        .await
        .unwrap();
    assert_eq!(whole, 1);
}

#[tokio::test]
async fn rel_09_a_foreign_lock_makes_writers_wait_and_then_answer_503() {
    let node = Node::start().await;
    let Some(path) = database(&node) else { return };
    let bob = node.member("bob").await;
    let mut other = SqliteConnection::establish(&path).unwrap();
    other.batch_execute("pragma busy_timeout = 5000; begin immediate").unwrap();
    let asked = Instant::now();
    let reply = bob.post("/api/v1/statuses", json!({ "status": "patience" })).await;
    assert_eq!(reply.status, 503, "{}", reply.text);
    assert!(!reply.header("retry-after").is_empty());
    let waited = asked.elapsed();
    assert!(waited >= Duration::from_secs(4) && waited < Duration::from_secs(9), "{waited:?}");
    assert_eq!(bob.get("/api/v1/timelines/home").await.status, 200, "reading goes on");
    other.batch_execute("rollback").unwrap();
    assert_eq!(post(&bob, "thank you").await, 200);
}

#[tokio::test]
async fn rel_09_a_long_reader_neither_stops_writers_nor_lets_the_log_grow_for_ever() {
    let node = Node::start().await;
    let Some(path) = database(&node) else { return };
    let bob = node.member("bob").await;
    let (end, ended) = mpsc::channel::<()>();
    let app = node.app.clone();
    let reader = tokio::spawn(async move {
        app.read(move |conn| {
            let before = watercooler::db::Sql::new("select count(*) from posts").scalar_i64(conn)?;
            let _ = ended.recv();
            Ok((before, watercooler::db::Sql::new("select count(*) from posts").scalar_i64(conn)?))
        })
        .await
        .unwrap()
    });
    let log = || std::fs::metadata(format!("{path}-wal")).map_or(0, |m| m.len());
    let megabytes = async |count: usize| {
        for n in 0..count {
            // Pages that stay as they are would not be written.
            let text = char::from(b'a' + (n % 26) as u8).to_string().repeat(1 << 20);
            let app = &node.app;
            app.write(move |tx| watercooler::store::users::set_setting(tx.conn, "ballast", &text)).await.unwrap();
        }
    };
    for i in 0..20 {
        assert_eq!(post(&bob, &format!("{i} {}", "text ".repeat(500))).await, 200);
    }
    megabytes(30).await;
    let grown = log();
    assert!(grown > 30 << 20, "{grown}: what a reader still sees cannot be let go");
    end.send(()).unwrap();
    let (before, after) = reader.await.unwrap();
    assert_eq!(before, after, "one consistent state");
    megabytes(60).await;
    assert!(log() < grown + (12 << 20), "{} bytes of log, {grown} before: it is used again", log());
}

/// A door before PostgreSQL that can be shut.
struct Door {
    address: String,
    open: tokio::sync::watch::Sender<bool>,
}

impl Door {
    async fn before(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (open, state) = tokio::sync::watch::channel(true);
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let (server, mut state) = (server.clone(), state.clone());
                if !*state.borrow() {
                    continue;
                }
                tokio::spawn(async move {
                    let Ok(mut far) = TcpStream::connect(&server).await else { return };
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                        _ = state.wait_for(|open| !open) => {}
                    }
                });
            }
        });
        Self { address, open }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rel_10_a_node_outlives_its_postgres() {
    let Ok(server) = std::env::var("WATERCOOLER_TEST_DATABASE_URL") else { return };
    let mut url: url::Url = server.parse().unwrap();
    let Some(host) = url.host_str().filter(|host| !host.is_empty()) else { return };
    let door = Door::before(format!("{host}:{}", url.port().unwrap_or(5432))).await;
    let (host, port) = door.address.split_once(':').unwrap();
    // A name that exists once per run, in a database of its own, so that nothing is shared with other tests.
    let name = format!("rel10_{}", std::process::id());
    let (client, connection) = tokio_postgres::connect(&server, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute(&format!("drop database if exists {name}")).await.unwrap();
    client.batch_execute(&format!("create database {name}")).await.unwrap();
    url.set_host(Some(host)).unwrap();
    url.set_port(Some(port.parse().unwrap())).unwrap();
    url.set_path(&name);

    let place = Place::new();
    place.settings(&format!("database = \"{url}\"\n"));
    let server = tokio::task::spawn_blocking(move || (place.serve(), place)).await.unwrap();
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().unwrap();
    let ask = async |path: &str| {
        let reply =
            http.get(format!("http://{}{path}", server.0.address)).header("host", "localhost:1").send().await.unwrap();
        (reply.status().as_u16(), reply.headers().contains_key("retry-after"))
    };
    assert_eq!(ask("/readyz").await.0, 200);
    assert_eq!(ask("/api/v1/timelines/public").await.0, 200);
    door.open.send(false).unwrap();
    let shut = Instant::now();
    let asked = loop {
        // A request that is under way may still come through.
        let asked = Instant::now();
        match ask("/api/v1/timelines/public").await {
            (200, _) if shut.elapsed() < Duration::from_secs(5) => tokio::task::yield_now().await,
            answer => {
                assert_eq!(answer, (503, true));
                break asked;
            }
        }
    };
    assert!(asked.elapsed() < Duration::from_secs(4), "{:?}", asked.elapsed());
    assert_eq!(ask("/readyz").await.0, 503);
    assert_eq!(ask("/healthz").await.0, 200);
    door.open.send(true).unwrap();
    let back = Instant::now();
    while ask("/api/v1/timelines/public").await.0 != 200 {
        assert!(back.elapsed() < Duration::from_secs(5), "not back in time");
        tokio::task::yield_now().await;
    }
}

/// Two transactions that lock the same rows in opposite orders: one is ended by the server, and runs again (REL-10).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rel_10_a_deadlock_is_run_again_and_nobody_is_refused() {
    use std::sync::{Arc, Barrier};
    use watercooler::db::Sql;
    let node = Node::start().await;
    let (bob, carol) = (node.member("bob").await.id, node.member("carol").await.id);
    let together = database(&node).is_none();
    let meet = Arc::new(Barrier::new(2));
    let swap = |first: String, second: String| {
        let meet = meet.clone();
        let runs = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let counted = runs.clone();
        let done = node.app.write(move |tx| {
            let bump = |tx: &mut watercooler::domain::Tx<'_>, id: &str| {
                Sql::new("update accounts set posts_count = posts_count + 1 where id = ")
                    .bind(id.parse::<i64>().unwrap())
                    .execute(tx.conn)
            };
            bump(tx, &first)?;
            // Each has its first row before either asks for the second; SQLite has one writer, who cannot wait for itself.
            if runs.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0 && together {
                meet.wait();
            }
            bump(tx, &second)
        });
        async move { (done.await, counted.load(std::sync::atomic::Ordering::SeqCst)) }
    };
    let (one, two) = tokio::join!(swap(bob.clone(), carol.clone()), swap(carol, bob));
    assert!(one.0.is_ok() && two.0.is_ok(), "{one:?} {two:?}");
    assert_eq!(one.1 + two.1, if together { 3 } else { 2 }, "only the one that was ended ran again");
    let both = node
        .app
        .read(|conn| Sql::new("select count(*) from accounts where posts_count = 2").scalar_i64(conn))
        .await
        .unwrap();
    assert_eq!(both, 2, "each change is there once");
}

/// Neither sees the other's row, and only one may write it: the other runs again and finds it.
#[tokio::test]
async fn rel_10_two_that_write_the_same_unique_value_at_once_are_both_answered() {
    use std::sync::{Arc, Barrier, atomic};
    use watercooler::{db::Sql, id::Id, model::Tag};
    let node = Node::start().await;
    let together = database(&node).is_none();
    let meet = Arc::new(Barrier::new(2));
    let tag = || {
        let meet = meet.clone();
        let runs = Arc::new(atomic::AtomicUsize::new(0));
        let counted = runs.clone();
        let done = node.app.write(move |tx| {
            let known = Sql::new("select t.id from tags t where t.name = ").bind("kafka").exists(tx.conn)?;
            if runs.fetch_add(1, atomic::Ordering::SeqCst) == 0 && together {
                meet.wait();
            }
            if !known {
                let id: Id<Tag> = tx.new_id();
                Sql::new("insert into tags (id, name, display, created_at) values (")
                    .bind(id)
                    .with(", ", "kafka")
                    .with(", ", "kafka")
                    .with(", ", tx.now)
                    .push(")")
                    .execute(tx.conn)?;
            }
            Ok(known)
        });
        async move { (done.await.unwrap(), counted.load(atomic::Ordering::SeqCst)) }
    };
    let (one, two) = tokio::join!(tag(), tag());
    assert!(one.0 != two.0, "one wrote it, one found it: {one:?} {two:?}");
    assert_eq!(one.1 + two.1, if together { 3 } else { 2 });
}

/// What can never be written is tried a few times and refused in words of ours.
#[tokio::test]
async fn rel_10_what_is_taken_for_good_is_a_conflict_without_words_of_the_database() {
    use watercooler::{Error, db::Sql};
    let node = Node::start().await;
    let bob = node.member("bob").await.id.parse::<i64>().unwrap();
    let done = node.app.write(move |tx| {
        Sql::new("insert into accounts select * from accounts where id = ").bind(bob).execute(tx.conn).map(drop)
    });
    let refused = done.await.unwrap_err();
    assert!(
        matches!(&refused, Error::Conflict(why) if why == "somebody else did this at the same moment"),
        "{refused:?}"
    );
}

/// An operation that swallows an error of the database must not be answered as done.
#[tokio::test]
async fn rel_10_a_transaction_that_an_error_ended_is_not_called_done() {
    use watercooler::db::Sql;
    let node = Node::start().await;
    let bob = node.member("bob").await.id;
    let done = node.app.write(move |tx| {
        Sql::new("update accounts set posts_count = 7 where id = ")
            .bind(bob.parse::<i64>().unwrap())
            .execute(tx.conn)?;
        let _ = Sql::new("select a.id from no_such_table a").load_ids::<watercooler::model::Account>(tx.conn);
        Ok(())
    });
    let done = done.await.is_ok();
    let kept = node
        .app
        .read(|conn| Sql::new("select count(*) from accounts where posts_count = 7").scalar_i64(conn))
        .await
        .unwrap();
    assert_eq!(kept, i64::from(done), "answered as it is");
}

/// All connections are taken: a request hears "not now" and has no effect later, background work waits (REL-10).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rel_10_a_request_waits_only_so_long_for_a_connection_and_background_work_as_long_as_it_takes() {
    let node = NodeBuilder::new("alpha").await.database_wait(Duration::from_millis(1_500)).start().await;
    if database(&node).is_some() {
        // SQLite has one writer, whose waiting REL-09 bounds.
        return;
    }
    let bob = node.member("bob").await;
    assert_eq!(post(&bob, "before").await, 200);
    node.app.write(|tx| tx.enqueue(&watercooler::domain::Task::Sweep)).await.unwrap();
    let connections = node.app.config().postgres.connections;
    let (taken, mut all_taken) = tokio::sync::mpsc::channel(connections);
    let mut doors = Vec::new();
    for _ in 0..connections {
        let (door, closed) = mpsc::channel::<()>();
        let (taken, held) = (taken.clone(), node.app.clone());
        doors.push(door);
        tokio::spawn(async move {
            held.read(move |_| {
                taken.try_send(()).unwrap();
                // Until the test drops the other end.
                let _ = closed.recv();
                Ok(())
            })
            .await
        });
    }
    for _ in 0..connections {
        all_taken.recv().await.unwrap();
    }
    let app = node.app.clone();
    let work = tokio::spawn(async move { watercooler::node::settle(&app).await });
    for reply in [
        bob.get("/api/v1/timelines/home").await,
        bob.post("/api/v1/statuses", json!({ "status": "nobody shall see this" })).await,
    ] {
        assert_eq!(reply.status, 503, "{}", reply.text);
        assert!(!reply.header("retry-after").is_empty());
    }
    let refused = node
        .app
        .write(|tx| watercooler::db::Sql::new("update accounts set note = 'nobody shall see this'").execute(tx.conn));
    assert!(matches!(refused.await, Err(watercooler::Error::Unavailable(_))));
    assert!(!work.is_finished());
    drop(doors);
    assert!(work.await.unwrap().unwrap() > 0, "the job is done");
    // Everything that waited has had its turn: whoever asks now comes last.
    let changed = node.app.read(|conn| {
        watercooler::db::Sql::new("select count(*) from accounts where note = 'nobody shall see this'").scalar_i64(conn)
    });
    assert_eq!(changed.await.unwrap(), 0, "what was refused is not done");
    let home = bob.get("/api/v1/timelines/home").await;
    assert!(!home.text.contains("nobody"), "{}", home.text);
    assert_eq!(home.json().as_array().map(Vec::len), Some(1));
    assert_eq!(post(&bob, "after").await, 200);
}

/// A stopping node gives back the work it has taken: whoever starts next, here or beside it, has it at once (REL-25).
#[tokio::test]
async fn rel_25_work_that_is_under_way_is_given_back() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let name = format!("silent.test:{}", silent.local_addr().unwrap().port());
    let node = NodeBuilder::new("alpha").await.knows(&name).start().await;
    let uri = format!("http://{name}/notes/1");
    node.app.write(move |tx| tx.enqueue(&watercooler::domain::Task::FetchPost { uri })).await.unwrap();
    let app = node.app.clone();
    let work = tokio::spawn(async move { watercooler::node::settle(&app).await });
    let asked = silent.accept().await.unwrap();
    let count = async |sql: &'static str| {
        node.app.read(move |conn| watercooler::db::Sql::new(sql).scalar_i64(conn)).await.unwrap()
    };
    assert_eq!(count("select count(*) from jobs where locked_until is not null").await, 1);
    watercooler::node::give_back(&node.app).await.unwrap();
    assert_eq!(count("select count(*) from jobs where locked_until is null and attempts = 0").await, 1);
    work.abort();
    drop(asked);
}
