//! Who may not come in: addresses of machines, and of mail.

use super::page::Page;
use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{EmailBlock, EmailDomainBlock, IpBlock},
    time::Timestamp,
};

/// Blocked ranges, the newest first.
pub fn ips(conn: &mut Conn, page: &Page) -> Result<Vec<IpBlock>> {
    Ok(page.arrange(page.apply(Sql::new("select b.* from ip_blocks b where 1 = 1"), "b.id").load(conn)?))
}

/// Those that count now, at most `most`.
pub fn ips_in_force(conn: &mut Conn, now: Timestamp, most: i64) -> Result<Vec<IpBlock>> {
    Sql::new("select b.* from ip_blocks b where b.expires_at is null or b.expires_at > ")
        .bind(now)
        .with(" order by b.id desc limit ", most)
        .load(conn)
}

/// One of them.
pub fn ip(conn: &mut Conn, id: Id<IpBlock>) -> Result<IpBlock> {
    Sql::new("select b.* from ip_blocks b where b.id = ").bind(id).one(conn)
}

/// By its range.
pub fn ip_of_range(conn: &mut Conn, range: &str) -> Result<Option<IpBlock>> {
    Sql::new("select b.* from ip_blocks b where b.range = ").bind(range).optional(conn)
}

/// How many there are.
pub fn count_ips(conn: &mut Conn) -> Result<i64> {
    Sql::new("select count(*) from ip_blocks").scalar_i64(conn)
}

/// Writes one, or changes it.
pub fn save_ip(conn: &mut Conn, block: &IpBlock) -> Result<()> {
    Sql::new("insert into ip_blocks (id, range, severity, comment, expires_at, created_at) values (")
        .bind(block.id)
        .with(",", &block.range)
        .with(",", block.severity)
        .with(",", &block.comment)
        .with(",", block.expires_at)
        .with(",", block.created_at)
        .push(
            ") on conflict (id) do update set range = excluded.range, severity = excluded.severity, \
             comment = excluded.comment, expires_at = excluded.expires_at",
        )
        .execute(conn)?;
    Ok(())
}

/// Lifts one.
pub fn delete_ip(conn: &mut Conn, id: Id<IpBlock>) -> Result<()> {
    Sql::new("delete from ip_blocks where id = ").bind(id).execute(conn)?;
    Ok(())
}

/// Blocked domains of mail addresses, the newest first.
pub fn domains(conn: &mut Conn, page: &Page) -> Result<Vec<EmailDomainBlock>> {
    Ok(page.arrange(page.apply(Sql::new("select b.* from email_domain_blocks b where 1 = 1"), "b.id").load(conn)?))
}

/// One of them.
pub fn domain(conn: &mut Conn, id: Id<EmailDomainBlock>) -> Result<EmailDomainBlock> {
    Sql::new("select b.* from email_domain_blocks b where b.id = ").bind(id).one(conn)
}

/// Those of one of these names.
pub fn domains_named(conn: &mut Conn, names: &[&str]) -> Result<Vec<EmailDomainBlock>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select b.* from email_domain_blocks b where b.domain in ").texts(names).load(conn)
}

/// Writes one.
pub fn insert_domain(conn: &mut Conn, block: &EmailDomainBlock) -> Result<()> {
    Sql::new("insert into email_domain_blocks (id, domain, approval, created_at) values (")
        .bind(block.id)
        .with(",", &block.domain)
        .with(",", block.approval)
        .with(",", block.created_at)
        .push(")")
        .execute(conn)?;
    Ok(())
}

/// Lifts one.
pub fn delete_domain(conn: &mut Conn, id: Id<EmailDomainBlock>) -> Result<()> {
    Sql::new("delete from email_domain_blocks where id = ").bind(id).execute(conn)?;
    Ok(())
}

/// Blocked mail addresses, the newest first.
pub fn emails(conn: &mut Conn, page: &Page) -> Result<Vec<EmailBlock>> {
    Ok(page.arrange(page.apply(Sql::new("select b.* from email_blocks b where 1 = 1"), "b.id").load(conn)?))
}

/// One of them.
pub fn email(conn: &mut Conn, id: Id<EmailBlock>) -> Result<EmailBlock> {
    Sql::new("select b.* from email_blocks b where b.id = ").bind(id).one(conn)
}

/// By its hash.
pub fn email_of(conn: &mut Conn, hash: &str) -> Result<Option<EmailBlock>> {
    Sql::new("select b.* from email_blocks b where b.hash = ").bind(hash).optional(conn)
}

/// Writes one.
pub fn insert_email(conn: &mut Conn, block: &EmailBlock) -> Result<()> {
    Sql::new("insert into email_blocks (id, hash, created_at) values (")
        .bind(block.id)
        .with(",", &block.hash)
        .with(",", block.created_at)
        .push(")")
        .execute(conn)?;
    Ok(())
}

/// Lifts one.
pub fn delete_email(conn: &mut Conn, id: Id<EmailBlock>) -> Result<()> {
    Sql::new("delete from email_blocks where id = ").bind(id).execute(conn)?;
    Ok(())
}
