//! What the processes of one node on one PostgreSQL tell one another: a connection of its own that listens (`NOTIFY`), and
//! holds what only one process may have (advisory locks, which end with the connection however that ends).

use super::{
    Db,
    server::{Server, away, whole},
};
use crate::Result;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_postgres::{AsyncMessage, Client, types::ToSql};

/// A server that needs longer for a question of ours is away.
const PATIENCE: Duration = Duration::from_secs(5);
/// Texts that wait to be read; beyond, the line is given up, and whoever listened is told that it missed something.
const WAITING: usize = 8_192;
/// The lock of the one process that leads, beside those of the places.
const LEADER: i32 = 1_000;

/// The line. Dropped, it is closed, and its locks are free.
pub struct Line {
    client: Client,
    /// The channel of this node, and the first number of its locks: two nodes in two schemas of one database have
    /// nothing to do with one another.
    channel: String,
    class: i32,
}

impl Db {
    /// Opens the line, and what is heard on it; that ends when the line is lost. None for the embedded database, which
    /// one process has alone.
    ///
    /// # Errors
    /// `Unavailable` when the server is away.
    pub async fn line(&self) -> Result<Option<(Line, mpsc::Receiver<String>)>> {
        match &self.server {
            Some(url) => open(url).await.map(Some),
            None => Ok(None),
        }
    }
}

async fn open(url: &str) -> Result<(Line, mpsc::Receiver<String>)> {
    let mut server = Server::new(url)?;
    // Whether the other side is still there is asked every second; the machine shall notice as well.
    server.config.keepalives_idle(Duration::from_secs(15)).application_name("watercooler line");
    let (client, mut connection) = server.connect().await?;
    let (send, heard) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        loop {
            match std::future::poll_fn(|cx| connection.poll_message(cx)).await {
                Some(Ok(AsyncMessage::Notification(said))) => {
                    if send.try_send(said.payload().to_owned()).is_err() {
                        tracing::warn!("too much to hear from the other processes at once");
                        return;
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return tracing::debug!(%error, "the line to the other processes ended"),
                None => return,
            }
        }
    });
    let mut line = Line { client, channel: String::new(), class: 0 };
    let rows = line.ask("select hashtext(current_schema()::text) & 2147483647", &[]).await?;
    line.class = rows.first().and_then(|row| row.try_get(0).ok()).ok_or_else(|| away(&"no schema"))?;
    line.channel = format!("watercooler_{:08x}", line.class);
    let listen = format!("listen {}", line.channel);
    tokio::time::timeout(PATIENCE, line.client.batch_execute(&listen))
        .await
        .map_err(|e| away(&e))?
        .map_err(|e| away(&e))?;
    Ok((line, heard))
}

impl Line {
    /// What [`super::Conn::tell`] speaks on.
    pub fn channel(&self) -> &str {
        &self.channel
    }

    async fn ask(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<tokio_postgres::Row>> {
        match tokio::time::timeout(PATIENCE, self.client.query(sql, values)).await {
            Ok(Ok(rows)) => Ok(rows),
            Ok(Err(error)) => Err(away(&whole(&error))),
            Err(_) => Err(away(&"no answer within 5 s")),
        }
    }

    async fn lock(&self, number: i32) -> Result<bool> {
        let rows = self.ask("select pg_try_advisory_lock($1, $2)", &[&self.class, &number]).await?;
        Ok(rows.first().is_some_and(|row| row.try_get(0).unwrap_or(false)))
    }

    /// Takes this place, when nobody has it.
    ///
    /// # Errors
    /// `Unavailable` when the line is lost.
    pub async fn take(&self, place: u16) -> Result<bool> {
        self.lock(i32::from(place)).await
    }

    /// Takes the lead, when nobody has it; it lasts as long as the line.
    ///
    /// # Errors
    /// `Unavailable` when the line is lost.
    pub async fn lead(&self) -> Result<bool> {
        self.lock(LEADER).await
    }

    /// The places that processes have taken.
    ///
    /// # Errors
    /// `Unavailable` when the line is lost.
    pub async fn taken(&self) -> Result<Vec<i16>> {
        let sql = "select objid::int4 from pg_locks where locktype = 'advisory' and classid = $1::int4::oid and \
                   objsubid = 2 and granted and objid < $2::int4::oid and \
                   database = (select oid from pg_database where datname = current_database())";
        let rows = self.ask(sql, &[&self.class, &LEADER]).await?;
        Ok(rows.iter().filter_map(|row| i16::try_from(row.try_get::<_, i32>(0).ok()?).ok()).collect())
    }

    /// Tells the other processes.
    ///
    /// # Errors
    /// `Unavailable` when the line is lost.
    pub async fn say(&self, text: &str) -> Result<()> {
        self.ask("select pg_notify($1, $2)", &[&self.channel, &text]).await.map(drop)
    }

    /// Whether the server still answers.
    ///
    /// # Errors
    /// `Unavailable` when it does not.
    pub async fn ping(&self) -> Result<()> {
        self.ask("select 1", &[]).await.map(drop)
    }

    /// A mark in the order of transactions: those that are open now are before it.
    ///
    /// # Errors
    /// `Unavailable` when the line is lost.
    pub async fn mark(&self) -> Result<i64> {
        self.number("select pg_snapshot_xmax(pg_current_snapshot())::text::int8").await
    }

    /// Whether all transactions before this mark have ended.
    ///
    /// # Errors
    /// `Unavailable` when the line is lost.
    pub async fn is_past(&self, mark: i64) -> Result<bool> {
        Ok(self.number("select pg_snapshot_xmin(pg_current_snapshot())::text::int8").await? >= mark)
    }

    async fn number(&self, sql: &str) -> Result<i64> {
        let rows = self.ask(sql, &[]).await?;
        rows.first().and_then(|row| row.try_get(0).ok()).ok_or_else(|| away(&"an answer without a row"))
    }
}
