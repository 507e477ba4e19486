//! The two databases behave the same.

use crate::support::{NOW, Node};
use std::{sync::Arc, task::Poll};
use watercooler::{
    Error,
    db::{Dialect, Sql, migration_versions},
};

async fn settings(node: &Node) -> i64 {
    node.app.read(|conn| Sql::new("select count(*) from node_settings").scalar_i64(conn)).await.unwrap()
}

fn put(tx: &mut watercooler::domain::Tx<'_>, name: &str) -> watercooler::Result<()> {
    Sql::new("insert into node_settings (name, value) values (").bind(name).push(", 'x')").execute(tx.conn)?;
    Ok(())
}

#[tokio::test]
async fn both_dialects_have_the_same_migrations() {
    let sqlite = migration_versions(Dialect::Sqlite).unwrap();
    assert_eq!(sqlite, migration_versions(Dialect::Postgres).unwrap());
    assert!(!sqlite.is_empty());
}

#[tokio::test]
async fn an_operation_that_fails_writes_nothing_and_disturbs_no_other() {
    let node = Node::start().await;
    let before = settings(&node).await;
    let good = node.app.write(|tx| put(tx, "good"));
    let bad = node.app.write(|tx| {
        put(tx, "bad")?;
        Err::<(), _>(Error::NotFound)
    });
    let worse = node.app.write(|tx| -> watercooler::Result<()> {
        put(tx, "worse")?;
        panic!("an operation may panic")
    });
    let (good, bad, worse) = tokio::join!(good, bad, worse);
    assert!(good.is_ok());
    assert!(matches!(bad, Err(Error::NotFound)));
    assert!(matches!(worse, Err(Error::Internal(_))));
    assert_eq!(settings(&node).await, before + 1);
}

#[tokio::test]
async fn an_operation_that_breaks_a_constraint_is_a_conflict() {
    let node = Node::start().await;
    node.app.write(|tx| put(tx, "once")).await.unwrap();
    assert!(matches!(node.app.write(|tx| put(tx, "once")).await, Err(Error::Conflict(_))));
    node.app.write(|tx| put(tx, "twice")).await.unwrap();
}

#[tokio::test]
async fn a_reader_cannot_write() {
    let node = Node::start().await;
    let tried = node.app.read(|conn| Sql::new("delete from node_settings").execute(conn)).await;
    assert!(tried.is_err());
}

/// What is short is read by the thread that asks.
#[tokio::test]
async fn a_glance_sees_what_is_committed_writes_nothing_and_outlives_a_panic() {
    let node = Node::start().await;
    let before = settings(&node).await;
    // More often than there are connections.
    for n in 1..=20 {
        let panicked = node.app.glance(|_| -> watercooler::Result<()> { panic!("an operation may panic") }).await;
        assert!(matches!(panicked, Err(Error::Internal(_))));
        let tried = node.app.glance(|conn| Sql::new("delete from node_settings").execute(conn)).await;
        assert!(tried.is_err());
        node.app.write(move |tx| put(tx, &format!("glance {n}"))).await.unwrap();
        let seen = node.app.glance(|conn| Sql::new("select count(*) from node_settings").scalar_i64(conn)).await;
        assert_eq!(seen.unwrap(), before + n);
    }
}

#[tokio::test]
async fn whoever_glances_again_and_again_lets_others_go_first_now_and_then() {
    let node = Node::start().await;
    let other = tokio::spawn(async {});
    for _ in 0..1_000 {
        node.app.glance(|conn| Sql::new("select count(*) from node_settings").scalar_i64(conn)).await.unwrap();
    }
    assert!(other.is_finished());
}

#[tokio::test]
async fn what_one_connection_made_of_a_text_no_other_makes_again() {
    let node = Node::start().await;
    let made = node.app.write(|tx| {
        let made = Arc::new(7_u32);
        tx.conn.keep("a text".into(), made.clone());
        Ok(made)
    });
    let made = made.await.unwrap();
    let is_it = |kept: Option<Arc<u32>>| kept.is_some_and(|kept| Arc::ptr_eq(&kept, &made));
    // More often than there are connections.
    for _ in 0..20 {
        let near = node.app.glance(|conn| Ok((conn.kept::<u32>("a text"), conn.kept::<u32>("another"))));
        let (kept, other) = near.await.unwrap();
        assert!(is_it(kept) && other.is_none());
        assert!(is_it(node.app.read(|conn| Ok(conn.kept::<u32>("a text"))).await.unwrap()));
    }
}

#[tokio::test]
async fn a_closed_database_is_not_glanced_at() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("a.db").display());
    let db = watercooler::db::Db::open(&watercooler::db::Settings::new(url)).unwrap();
    let look = |db: &watercooler::db::Db| {
        let db = db.clone();
        async move { db.look(true, |conn| Sql::new("select count(*) from node_settings").scalar_i64(conn)).await }
    };
    assert!(look(&db).await.is_ok());
    db.close();
    assert!(matches!(look(&db).await, Err(Error::Unavailable(_))));
}

#[tokio::test]
async fn ids_go_up_and_stand_for_their_moment() {
    let node = Node::start().await;
    let ids: Vec<i64> = node.app.write(|tx| Ok((0..100_000).map(|_| tx.new_id::<()>().raw()).collect())).await.unwrap();
    assert!(ids.windows(2).all(|w| w[0] < w[1]));
    assert_eq!(ids[0] >> 16, NOW.millis());
}

#[tokio::test]
async fn rel_24_ids_go_on_above_the_largest_one_in_the_database() {
    let node = Node::start().await;
    let future = (NOW.millis() + 1000) << 16;
    node.app
        .write(move |tx| {
            Sql::new("insert into jobs (id, queue, kind, payload, run_at, created_at) values (")
                .bind(future)
                .push(", 'none', 'none', '{}', 0, 0)")
                .execute(tx.conn)?;
            Ok(())
        })
        .await
        .unwrap();
    watercooler::node::prepare(&node.app).await.unwrap();
    let next = node.app.write(|tx| Ok(tx.new_id::<()>().raw())).await.unwrap();
    assert!(next > future);
}

#[tokio::test]
async fn sec_lim_14_what_has_expired_is_swept_away_and_nothing_else() {
    let node = Node::start().await;
    node.app
        .write(|tx| {
            for (hash, age) in [(1_u8, 31), (2, 29)] {
                Sql::new("insert into seen_activities (hash, seen_at) values (")
                    .bind(vec![hash])
                    .with(",", tx.now.plus_days(-age))
                    .push(")")
                    .execute(tx.conn)?;
            }
            tx.enqueue(&watercooler::domain::Task::Sweep)
        })
        .await
        .unwrap();
    node.settle().await;
    let left = node.app.read(|conn| Sql::new("select count(*) from seen_activities").scalar_i64(conn)).await.unwrap();
    assert_eq!(left, 1);
}

#[test]
fn a_file_that_is_no_database_is_named_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("letter.txt");
    let letter = "Dear colleagues, ".repeat(500);
    std::fs::write(&path, &letter).unwrap();
    let settings = watercooler::db::Settings::new(format!("sqlite://{}", path.display()));
    let refused = watercooler::db::Db::open(&settings).err().unwrap();
    let Error::Unavailable(why) = refused else { panic!("{refused}") };
    assert!(why.contains("letter.txt") && why.contains("not a database"), "{why}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), letter);
}

/// One wait for the disk serves all that came meanwhile (group commit).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operations_that_wait_together_share_one_transaction_and_each_stands_alone() {
    use std::sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
        mpsc,
    };
    use watercooler::db::{Conn, Db, Settings};
    const WAITING: u64 = 20;
    let folder = tempfile::tempdir().unwrap();
    let statements = Arc::new(AtomicU64::new(0));
    let url = format!("sqlite://{}", folder.path().join("a.db").display());
    let db = Db::open(&Settings { statements: Some(statements.clone()), ..Settings::new(url) }).unwrap();
    // An operation holds the writer up until the others have come.
    let ((begun, has_begun), (go, may_go)) = (mpsc::channel::<()>(), mpsc::channel::<()>());
    let door = Arc::new(Mutex::new((begun, may_go)));
    let first = db.write(move |_: &mut Conn| {
        let door = door.lock().unwrap();
        door.0.send(()).unwrap();
        door.1.recv().unwrap();
        Ok(((), None))
    });
    let operation = |n: u64| {
        db.write(move |conn: &mut Conn| {
            let insert = Sql::new("insert into node_settings (name, value) values (").bind(format!("waiting {n}"));
            insert.push(", 'x')").execute(conn)?;
            if n == 7 { Err(Error::bad_request("not this one")) } else { Ok(((), None)) }
        })
    };
    let mut first = Box::pin(first);
    let mut waiting: Vec<_> = (0..WAITING).map(|n| Box::pin(operation(n))).collect();
    // Asked once, an operation stands in the queue.
    assert!(std::future::poll_fn(|cx| Poll::Ready(first.as_mut().poll(cx).is_pending())).await);
    has_begun.recv().unwrap();
    for one in &mut waiting {
        assert!(std::future::poll_fn(|cx| Poll::Ready(one.as_mut().poll(cx).is_pending())).await);
    }
    statements.store(0, Ordering::SeqCst);
    go.send(()).unwrap();
    first.await.unwrap();
    for (one, n) in waiting.into_iter().zip(0..) {
        assert_eq!(one.await.is_ok(), n != 7, "{n}");
    }
    // A savepoint, the statement and its end for each, one beginning and one commit for all; five each would be on their own.
    let used = statements.load(Ordering::SeqCst);
    assert!(used < 4 * WAITING, "{used} statements");
    let kept = "select count(*) from node_settings where name like 'waiting %'";
    assert_eq!(db.look(false, move |conn| Sql::new(kept).scalar_i64(conn)).await.unwrap(), WAITING as i64 - 1);
}
