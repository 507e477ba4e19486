//! Under which name this database lives: the domain of its handles and the host of its ids. Others remember both, so
//! they may change only while nobody elsewhere has seen them.

use super::Tx;
use crate::{
    Error, Result,
    config::Site,
    db::{Conn, Sql},
    store,
};

const DOMAIN: &str = "domain";
const BASE: &str = "public_url";

/// What [`settle`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// A new database took the configured names.
    Taken,
    /// It has them already.
    Same,
    /// It had others, which nobody elsewhere knew; every id was rewritten.
    Rewritten {
        /// The former domain.
        domain: String,
        /// The former base of ids.
        base: String,
    },
}

/// The names that the database was given last; none while it is new.
fn names(conn: &mut Conn) -> Result<Option<(String, String)>> {
    let (domain, base) = (store::users::find_setting(conn, DOMAIN)?, store::users::find_setting(conn, BASE)?);
    Ok(domain.zip(base))
}

/// For whoever opens the database beside the server: a command that was given other settings by mistake must not rename the
/// node.
///
/// # Errors
/// `Conflict`, in one line that says what to do, when the database has other names than the settings.
pub fn compare(conn: &mut Conn, site: &Site) -> Result<()> {
    match names(conn)? {
        Some((domain, base)) if domain != site.domain() || base != site.base() => Err(Error::Conflict(
            format!(
                "this database belongs to {domain} at {base}, and the settings say {} at {}; `watercooler serve` changes \
                 it, other verbs want the settings of the node (--config)",
                site.domain(),
                site.base()
            )
            .into(),
        )),
        _ => Ok(()),
    }
}

/// Makes the database and the settings agree.
///
/// # Errors
/// `Conflict`, in one line that says what to do, when other servers or a charter know the former names.
pub fn settle(tx: &mut Tx<'_>) -> Result<Identity> {
    let (domain, base) = (tx.site().domain().to_owned(), tx.site().base().to_owned());
    let Some((old_domain, old_base)) = names(tx.conn)? else {
        remember(tx, &domain, &base)?;
        return Ok(Identity::Taken);
    };
    if old_domain == domain && old_base == base {
        return Ok(Identity::Same);
    }
    let refused = |why: &str, or: &str| {
        let text = format!(
            "this database belongs to {old_domain} at {old_base}, and {why}; set domain and public_url back, or {or}"
        );
        Err(Error::Conflict(text.into()))
    };
    if Sql::new("select a.id from accounts a where a.domain is not null limit 1").exists(tx.conn)? {
        let or = format!("start {domain} with a database of its own");
        return refused("other servers know it by that name", &or);
    }
    if store::charter::in_force(tx.conn)?.is_some() {
        return refused("the charter of its organisation names it so", "leave first: `watercooler org leave`");
    }
    rewrite(tx, &old_base, &base)?;
    // The instance actor is named after the domain; it is made anew when it is next needed.
    Sql::new("delete from accounts where domain is null and kind = 3 and handle = ")
        .bind(format!("{0}@{0}", old_domain.to_lowercase()))
        .execute(tx.conn)?;
    remember(tx, &domain, &base)?;
    Ok(Identity::Rewritten { domain: old_domain, base: old_base })
}

fn remember(tx: &mut Tx<'_>, domain: &str, base: &str) -> Result<()> {
    store::users::set_setting(tx.conn, DOMAIN, domain)?;
    store::users::set_setting(tx.conn, BASE, base)
}

/// Every column that holds addresses of this node.
const COLUMNS: [(&str, &[&str]); 21] = [
    ("accounts", &["uri", "url", "note", "fields", "inbox_url", "shared_inbox_url", "outbox_url", "public_key_id"]),
    ("accounts", &["ed25519_key_id", "followers_url", "following_url", "featured_url", "also_known_as"]),
    ("accounts", &["emojis"]),
    ("posts", &["uri", "url", "content", "emojis"]),
    ("post_edits", &["content"]),
    ("quotes", &["quoted_uri", "request_uri", "stamp_uri"]),
    ("follows", &["uri"]),
    ("favourites", &["uri"]),
    ("emoji_reactions", &["uri", "url"]),
    ("blocks", &["uri"]),
    ("activities", &["uri", "object_uri", "json"]),
    ("tombstones", &["uri", "actor_uri"]),
    ("questions", &["answer_uri"]),
    ("expertise", &["works_on"]),
    ("projects", &["uri", "lead_uri"]),
    ("project_members", &["uri"]),
    ("project_relations", &["other_uri"]),
    ("project_withdrawn", &["post_uri"]),
    ("thread_locks", &["post_uri", "uri"]),
    ("relays", &["follow_uri"]),
    ("collections", &["listed"]),
];

fn rewrite(tx: &mut Tx<'_>, old: &str, new: &str) -> Result<()> {
    // A base ends where a path begins: `http://a` must not match inside `http://ab`.
    let (old, new) = (format!("{old}/"), format!("{new}/"));
    for (table, columns) in COLUMNS {
        for column in columns {
            Sql::new(format!("update {table} set {column} = replace({column}, "))
                .bind(old.as_str())
                .with(", ", new.as_str())
                .push(format!(") where {column} is not null"))
                .execute(tx.conn)?;
        }
    }
    Ok(())
}
