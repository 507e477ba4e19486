//! Migrations of both dialects, embedded, run at start under a lock. A database newer than the program is refused.

use super::Conn;
use crate::{Error, Result};
use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Any number, agreed on with other processes: the PostgreSQL advisory lock of migrations.
const ADVISORY_LOCK: i64 = 0x5741_5445_5243;

/// Brings the schema up to date; answers how many migrations ran.
///
/// # Errors
/// `Conflict` with one clear line when the database was written by a newer program; `Internal` when a step fails (each
/// step is one transaction, so the next start continues there).
pub fn run(conn: &mut Conn) -> Result<usize> {
    match conn {
        Conn::Sqlite(c, _) => run_all(c, SQLITE),
        Conn::Postgres(c) => {
            use diesel::connection::SimpleConnection;
            let c = &mut ***c;
            c.batch_execute(&format!("select pg_advisory_lock({ADVISORY_LOCK})"))?;
            let done = run_all(c, POSTGRES);
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

fn run_all<C, DB>(conn: &mut C, source: EmbeddedMigrations) -> Result<usize>
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
        // A new database is made in an instant; a grown one may take a while.
        if !applied.is_empty() {
            tracing::info!(migration = %migration.name(), "changing the database, step {at} of {}", pending.len());
        }
        conn.run_migration(migration).map_err(Error::internal)?;
    }
    Ok(pending.len())
}
