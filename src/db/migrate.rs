//! Migrations of both dialects, embedded, run at start under a lock. A database newer than the program is refused.

use super::Conn;
use crate::{Error, Result};
use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::sync::Arc;

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Any number, agreed on with other processes: the PostgreSQL advisory lock of migrations.
const ADVISORY_LOCK: i64 = 0x5741_5445_5243;

/// A migration that is about to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which one, from 1.
    pub number: usize,
    /// How many there are to run.
    pub of: usize,
    /// Its name.
    pub name: String,
    /// The database is made, which takes an instant; one that has grown may take a while.
    pub is_new: bool,
}

/// Hears of every migration before it runs.
pub type Watch = Arc<dyn Fn(&Step) + Send + Sync>;

/// Tells the log of what may take a while.
pub fn log() -> Watch {
    Arc::new(|step: &Step| {
        if !step.is_new {
            tracing::info!(migration = step.name, "changing the database, step {} of {}", step.number, step.of);
        }
    })
}

/// Brings the schema up to date; answers how many migrations ran.
///
/// # Errors
/// `Conflict` with one clear line when the database was written by a newer program; `Internal` when a step fails (each
/// step is one transaction, so the next start continues there).
pub fn run(conn: &mut Conn, watch: &Watch) -> Result<usize> {
    match conn {
        Conn::Sqlite(c, _) => run_all(c, SQLITE, watch),
        Conn::Postgres(c) => {
            use diesel::connection::SimpleConnection;
            let c = &mut ***c;
            c.batch_execute(&format!("select pg_advisory_lock({ADVISORY_LOCK})"))?;
            let done = run_all(c, POSTGRES, watch);
            c.batch_execute(&format!("select pg_advisory_unlock({ADVISORY_LOCK})"))?;
            done
        }
    }
}

/// The migrations of a dialect, by version.
pub fn versions(dialect: super::Dialect) -> Result<Vec<String>> {
    let list: Vec<Box<dyn Migration<diesel::sqlite::Sqlite>>> = match dialect {
        super::Dialect::Sqlite => SQLITE.migrations(),
        super::Dialect::Postgres => POSTGRES.migrations(),
    }
    .map_err(Error::internal)?;
    let mut names: Vec<String> = list.iter().map(|m| m.name().to_string()).collect();
    names.sort();
    Ok(names)
}

fn run_all<C, DB>(conn: &mut C, source: EmbeddedMigrations, watch: &Watch) -> Result<usize>
where
    C: MigrationHarness<DB>,
    DB: diesel::backend::Backend,
{
    let applied = conn.applied_migrations().map_err(Error::internal)?;
    let known: Vec<MigrationVersion<'static>> = MigrationSource::<DB>::migrations(&source)
        .map_err(Error::internal)?
        .iter()
        .map(|m| m.name().version().as_owned())
        .collect();
    if let Some(newer) = applied.iter().find(|v| !known.contains(v)) {
        return Err(Error::Conflict(
            format!("the database was written by a newer watercooler (it has migration {newer}); install that version")
                .into(),
        ));
    }
    let pending = conn.pending_migrations(source).map_err(Error::internal)?;
    for (migration, at) in pending.iter().zip(1..) {
        let name = migration.name().to_string();
        watch(&Step { number: at, of: pending.len(), name, is_new: applied.is_empty() });
        conn.run_migration(migration).map_err(Error::internal)?;
    }
    Ok(pending.len())
}
