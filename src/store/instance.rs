//! Figures about the whole node.

use crate::{
    Result,
    db::{Conn, Sql},
    time::Timestamp,
};

/// Local people.
pub fn users(conn: &mut Conn) -> Result<i64> {
    Sql::new("select count(*) from users u where u.approved_at is not null").scalar_i64(conn)
}

/// Local people who were there since.
pub fn active_users(conn: &mut Conn, since: Timestamp) -> Result<i64> {
    Sql::new("select count(*) from users u where u.last_active_at >= ").bind(since).scalar_i64(conn)
}

/// Posts and boosts of local people that are for everybody, by their counters.
pub fn local_posts(conn: &mut Conn) -> Result<i64> {
    Sql::new("select cast(coalesce(sum(a.open_posts_count), 0) as bigint) from accounts a where a.domain is null")
        .scalar_i64(conn)
}

/// Other servers that are known.
pub fn domains(conn: &mut Conn) -> Result<i64> {
    Sql::new("select count(*) from hosts").scalar_i64(conn)
}

/// Domains of people who are known here.
pub fn known_domains(conn: &mut Conn, limit: i64) -> Result<Vec<String>> {
    Sql::new("select distinct a.domain from accounts a where a.domain is not null order by a.domain limit ")
        .bind(limit)
        .load_texts(conn)
}

/// Public local posts and sign-ups between two moments.
pub fn week(conn: &mut Conn, from: Timestamp, to: Timestamp) -> Result<(i64, i64)> {
    // Ids carry the time; counting stops where a picture is clear enough.
    let posts = Sql::new("select count(*) from (select p.id from posts p where p.listing > 0 and p.listing = 2 and p.audience = 2 and p.id >= ")
        .bind(from.millis() << 16)
        .with(" and p.id < ", to.millis() << 16)
        .push(" limit 100000) x")
        .scalar_i64(conn)?;
    let sign_ups = Sql::new("select count(*) from users u where u.created_at >= ")
        .bind(from)
        .with(" and u.created_at < ", to)
        .scalar_i64(conn)?;
    Ok((posts, sign_ups))
}
