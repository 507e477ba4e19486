//! Databases for the nodes of tests. Bringing one up to date takes fifty steps, so each is a copy of one that was, once, by
//! the same code.

use std::{
    path::Path,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};
use url::Url;
use watercooler::db::{Db, Settings};

/// Puts an embedded database that is up to date where there is none yet.
pub fn lay_embedded(file: &Path) {
    static READY: OnceLock<Vec<u8>> = OnceLock::new();
    if file.exists() {
        return;
    }
    let ready = READY.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let first = folder.path().join("first.db");
        up_to_date(format!("sqlite://{}", first.display()));
        std::fs::read(first).unwrap()
    });
    std::fs::write(file, ready).unwrap();
}

/// Nothing is connected to it afterwards.
fn up_to_date(url: String) {
    Db::open(&Settings { connections: 1, ..Settings::new(url) }).unwrap().close();
}

fn unused(kind: &str) -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    format!("{kind}{}_{}", std::process::id(), COUNTER.fetch_add(1, Ordering::SeqCst))
}

/// A database or a schema of its own on a PostgreSQL server, dropped with it.
pub struct OwnPostgres {
    server: String,
    /// The statement that drops it.
    drop: String,
    /// Where it is.
    pub url: String,
}

impl OwnPostgres {
    /// A database that is up to date.
    pub async fn ready(server: &str) -> Self {
        static READY: tokio::sync::OnceCell<String> = tokio::sync::OnceCell::const_new();
        let template = READY
            .get_or_init(async || {
                let name = unused("ready");
                run(server, &format!("create database {name}")).await;
                let url = at(server, &name);
                tokio::task::spawn_blocking(|| up_to_date(url)).await.unwrap();
                name
            })
            .await;
        let name = unused("t");
        let made = format!("create database {name} template {template}");
        // Connections to what is copied may still be ending.
        while let Err(why) = attempt(server, &made).await {
            assert_eq!(why.code(), Some(&tokio_postgres::error::SqlState::OBJECT_IN_USE), "{why:?}");
        }
        Self {
            server: server.to_owned(),
            drop: format!("drop database if exists {name} with (force)"),
            url: at(server, &name),
        }
    }
    /// An empty schema, from any thread.
    pub fn empty(server: &str) -> Self {
        let name = unused("t");
        let join = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{join}options=-csearch_path%3D{name}");
        apart(server, format!("create schema {name}")).join().unwrap();
        let drop = format!("set lock_timeout = '2s'; drop schema if exists {name} cascade");
        Self { server: server.to_owned(), drop, url }
    }
}

impl Drop for OwnPostgres {
    fn drop(&mut self) {
        // The node's connections end with it; the server drops what is left when it is thrown away.
        apart(&self.server, std::mem::take(&mut self.drop));
    }
}

/// The same server's database of that name.
fn at(server: &str, name: &str) -> String {
    let mut url: Url = server.parse().unwrap();
    url.set_path(name);
    url.into()
}

/// Runs it in a thread of its own.
fn apart(server: &str, sql: String) -> std::thread::JoinHandle<()> {
    let server = server.to_owned();
    std::thread::spawn(move || {
        let rt = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        rt.block_on(run(&server, &sql));
    })
}

async fn run(server: &str, sql: &str) {
    let _ = attempt(server, sql).await;
}

async fn attempt(server: &str, sql: &str) -> Result<(), tokio_postgres::Error> {
    let Ok((client, connection)) = tokio_postgres::connect(server, tokio_postgres::NoTls).await else {
        panic!("WATERCOOLER_TEST_DATABASE_URL names a server that does not answer")
    };
    let driver = tokio::spawn(connection);
    let done = client.batch_execute(sql).await;
    drop(client);
    let _ = driver.await;
    done
}
