//! Reports to the moderators.

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, Report},
    time::Timestamp,
};

/// Writes one.
pub fn insert(conn: &mut Conn, report: &Report) -> Result<()> {
    Sql::new(
        "insert into reports (id, account_id, target_id, uri, category, comment, post_ids, rule_ids, forwarded, from_host, \
         created_at, collection_ids) values (",
    )
    .bind(report.id)
    .with(",", report.account_id)
    .with(",", report.target_id)
    .with(",", report.uri.clone())
    .with(",", report.category)
    .with(",", report.comment.clone())
    .with(",", report.post_ids.clone())
    .with(",", report.rule_ids.clone())
    .with(",", report.forwarded)
    .with(",", report.from_host.clone())
    .with(",", report.created_at)
    .with(",", report.collection_ids.clone())
    .push(")")
    .execute(conn)?;
    Ok(())
}

/// By id, or `NotFound`.
pub fn load(conn: &mut Conn, id: Id<Report>) -> Result<Report> {
    Sql::new("select r.* from reports r where r.id = ").bind(id).one(conn)
}

/// Those of them that there are.
pub fn several(conn: &mut Conn, ids: &[Id<Report>]) -> Result<Vec<Report>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select r.* from reports r where r.id in ").ids(ids).load(conn)
}

/// Newest first; only open ones unless `closed` too.
pub fn list(conn: &mut Conn, closed: bool, limit: i64) -> Result<Vec<Report>> {
    let only_open = if closed { "" } else { " where r.closed_at is null" };
    Sql::new("select r.* from reports r").push(only_open).with(" order by r.id desc limit ", limit).load(conn)
}

/// How many are open.
pub fn count_open(conn: &mut Conn) -> Result<i64> {
    Sql::new("select count(*) from reports r where r.closed_at is null").scalar_i64(conn)
}

/// How many a server has sent since a moment (AUT-13).
pub fn count_from_host(conn: &mut Conn, host: &str, since: Timestamp) -> Result<i64> {
    Sql::new("select count(*) from reports r where r.from_host = ")
        .bind(host)
        .with(" and r.created_at > ", since)
        .scalar_i64(conn)
}

/// The open report of the same sender about the same account since a moment, to be added to instead of a new one.
pub fn find_open(
    conn: &mut Conn,
    account: Id<Account>,
    target: Id<Account>,
    since: Timestamp,
) -> Result<Option<Report>> {
    Sql::new("select r.* from reports r where r.closed_at is null and r.account_id = ")
        .bind(account)
        .with(" and r.target_id = ", target)
        .with(" and r.created_at > ", since)
        .push(" order by r.id desc limit 1")
        .optional(conn)
}

/// What an open report names, after somebody said more.
pub fn extend(conn: &mut Conn, id: Id<Report>, post_ids: &str, collection_ids: &str) -> Result<()> {
    Sql::new("update reports set post_ids = ")
        .bind(post_ids)
        .with(", collection_ids = ", collection_ids)
        .with(" where id = ", id)
        .execute(conn)?;
    Ok(())
}

/// Closes one; false when it was closed already.
pub fn close(conn: &mut Conn, id: Id<Report>, by: Option<Id<Account>>, now: Timestamp) -> Result<bool> {
    let n = Sql::new("update reports set closed_at = ")
        .bind(now)
        .with(", closed_by = ", by)
        .with(" where closed_at is null and id = ", id)
        .execute(conn)?;
    Ok(n > 0)
}

/// Opens one again.
pub fn reopen(conn: &mut Conn, id: Id<Report>) -> Result<()> {
    Sql::new("update reports set closed_at = null, closed_by = null where id = ").bind(id).execute(conn)?;
    Ok(())
}

/// Says who of the staff looks into it.
pub fn assign(conn: &mut Conn, id: Id<Report>, to: Option<Id<Account>>) -> Result<()> {
    Sql::new("update reports set assigned_id = ").bind(to).with(" where id = ", id).execute(conn)?;
    Ok(())
}

/// Says what it is about.
pub fn classify(conn: &mut Conn, id: Id<Report>, category: i16, rules: &str) -> Result<()> {
    Sql::new("update reports set category = ")
        .bind(category)
        .with(", rule_ids = ", rules)
        .with(" where id = ", id)
        .execute(conn)?;
    Ok(())
}

/// A page of them, the newest first: open or closed ones, by whom and about whom.
pub fn page(
    conn: &mut Conn,
    closed: bool,
    by: Option<Id<Account>>,
    about: Option<Id<Account>>,
    page: super::page::Page,
) -> Result<Vec<Report>> {
    let mut sql =
        Sql::new("select r.* from reports r where r.closed_at is ").push(if closed { "not null" } else { "null" });
    if let Some(by) = by {
        sql = sql.with(" and r.account_id = ", by);
    }
    if let Some(about) = about {
        sql = sql.with(" and r.target_id = ", about);
    }
    let rows = page.apply(sql, "r.id").load(conn)?;
    Ok(page.arrange(rows))
}
