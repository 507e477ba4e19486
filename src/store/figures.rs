//! Figures for staff, counted from what is there. Ids carry the time, so most of them read a range of a primary key;
//! each looks at a bounded number of rows.

use crate::{
    Result,
    db::{Conn, Dialect, Sql},
    id::Id,
    model::Tag,
    time::Timestamp,
};
use diesel::sql_types::{BigInt, Nullable, Text};

/// Rows that one figure looks at.
const ROWS: i64 = 100_000;
/// Uses of a hashtag that are looked at.
const USES: i64 = 10_000;

/// A stretch of time: from the first moment, before the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch(pub Timestamp, pub Timestamp);

/// What is counted by day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Figure {
    /// People by the day on which they were last here.
    ActiveUsers,
    /// People who signed up.
    NewUsers,
    /// Posts that people here wrote in answer, and what they liked and boosted.
    Interactions,
    /// Reports.
    OpenedReports,
    /// Reports that were closed.
    ResolvedReports,
    /// Accounts of a domain that became known.
    AccountsOf(String),
    /// Posts of a domain.
    PostsOf(String),
    /// Reports about accounts of a domain.
    ReportsAbout(String),
    /// People here who follow somebody of a domain.
    FollowsOf(String),
    /// People of a domain who follow somebody here.
    FollowersOf(String),
}

/// How much of it on which day (since 1970); days without are left out.
pub fn by_day(conn: &mut Conn, figure: &Figure, within: Stretch) -> Result<Vec<(i64, i64)>> {
    let Stretch(from, to) = within;
    // By the time in a column, or by that in an id.
    let at = |sql: Sql, column: &'static str| {
        sql.push(" and ").push(column).with(" >= ", from).push(" and ").push(column).with(" < ", to)
    };
    let id = |sql: Sql, column: &'static str| {
        let (from, to) = (from.millis().saturating_mul(1 << 16), to.millis().saturating_mul(1 << 16));
        sql.push(" and ").push(column).with(" >= ", from).push(" and ").push(column).with(" < ", to)
    };
    let parts: Vec<Sql> = match figure {
        Figure::ActiveUsers => {
            vec![at(Sql::new("select u.last_active_at as t from users u where 1 = 1"), "u.last_active_at")]
        }
        Figure::NewUsers => vec![at(Sql::new("select u.created_at as t from users u where 1 = 1"), "u.created_at")],
        Figure::OpenedReports => {
            vec![at(Sql::new("select r.created_at as t from reports r where 1 = 1"), "r.created_at")]
        }
        Figure::ResolvedReports => {
            vec![at(Sql::new("select r.closed_at as t from reports r where 1 = 1"), "r.closed_at")]
        }
        Figure::Interactions => {
            const HERE: &str = " and exists (select 1 from users u where u.account_id = x.account_id)";
            let favourites = Sql::new("select x.created_at as t from favourites x where 1 = 1");
            let posts = Sql::new(
                "select x.created_at as t from posts x where (x.boost_of_id is not null or x.in_reply_to_id is not null)",
            );
            vec![id(favourites, "x.id").push(HERE), id(posts, "x.id").push(HERE)]
        }
        Figure::AccountsOf(domain) => {
            let sql = Sql::new("select a.created_at as t from accounts a where a.domain = ").bind(domain);
            vec![at(sql, "a.created_at")]
        }
        Figure::PostsOf(domain) => {
            let sql = Sql::new(
                "select x.created_at as t from accounts a join posts x on x.account_id = a.id where a.domain = ",
            )
            .bind(domain);
            vec![id(sql, "x.id")]
        }
        Figure::ReportsAbout(domain) => {
            let sql = Sql::new(
                "select r.created_at as t from reports r join accounts a on a.id = r.target_id where a.domain = ",
            )
            .bind(domain);
            vec![at(sql, "r.created_at")]
        }
        Figure::FollowsOf(domain) => {
            let sql = Sql::new(
                "select f.created_at as t from accounts a join follows f on f.target_id = a.id \
                 where f.state = 1 and a.domain = ",
            )
            .bind(domain);
            vec![at(sql, "f.created_at")]
        }
        Figure::FollowersOf(domain) => {
            let sql = Sql::new(
                "select f.created_at as t from accounts a join follows f on f.account_id = a.id \
                 where f.state = 1 and a.domain = ",
            )
            .bind(domain);
            vec![at(sql, "f.created_at")]
        }
    };
    let mut days: Vec<(i64, i64)> = Vec::new();
    for part in parts {
        let sql = Sql::new("select y.t / 86400000, count(*) from (").append(part).with(" limit ", ROWS);
        days.extend(sql.push(") y group by 1").load_as::<(BigInt, BigInt), (i64, i64)>(conn)?);
    }
    Ok(days)
}

/// One use of a hashtag in a public post.
#[derive(Clone, Debug)]
pub struct Use {
    /// By whom.
    pub account: i64,
    /// Their domain; none for people of this node.
    pub domain: Option<String>,
    /// Language of the post.
    pub language: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// Public uses of a hashtag, the newest.
pub fn uses_of(conn: &mut Conn, tag: Id<Tag>, within: Stretch) -> Result<Vec<Use>> {
    type Columns = (BigInt, Nullable<Text>, Nullable<Text>, BigInt);
    let Stretch(from, to) = within;
    let rows = Sql::new(
        "select p.account_id, a.domain, p.language, p.created_at from post_tags x join posts p on p.id = x.post_id \
         join accounts a on a.id = p.account_id where p.visibility = 0 and x.tag_id = ",
    )
    .bind(tag)
    .with(" and x.post_id >= ", from.millis().saturating_mul(1 << 16))
    .with(" and x.post_id < ", to.millis().saturating_mul(1 << 16))
    .with(" order by x.post_id desc limit ", USES)
    .load_as::<Columns, (i64, Option<String>, Option<String>, i64)>(conn)?;
    let one = |(account, domain, language, at)| Use { account, domain, language, at: Timestamp::from_millis(at) };
    Ok(rows.into_iter().map(one).collect())
}

/// Something and how much of it.
pub type Share = (Option<String>, i64);

/// Languages of the people of this node.
pub fn languages(conn: &mut Conn, limit: i64) -> Result<Vec<Share>> {
    Sql::new("select u.locale, count(*) from users u group by u.locale order by 2 desc, 1 limit ")
        .bind(limit)
        .load_as::<(Nullable<Text>, BigInt), Share>(conn)
}

/// Programs with which people of this node wrote.
pub fn programs(conn: &mut Conn, within: Stretch, limit: i64) -> Result<Vec<Share>> {
    let Stretch(from, to) = within;
    Sql::new("select c.name, count(*) from (select p.app_id from posts p where p.local and p.app_id is not null and p.id >= ")
        .bind(from.millis().saturating_mul(1 << 16))
        .with(" and p.id < ", to.millis().saturating_mul(1 << 16))
        .with(" order by p.id desc limit ", ROWS)
        .push(") x join apps c on c.id = x.app_id group by c.name order by 2 desc, 1 limit ")
        .bind(limit)
        .load_as::<(Nullable<Text>, BigInt), Share>(conn)
}

/// Domains whose posts came.
pub fn servers(conn: &mut Conn, within: Stretch, limit: i64) -> Result<Vec<Share>> {
    let Stretch(from, to) = within;
    Sql::new("select a.domain, count(*) from (select p.account_id from posts p where p.id >= ")
        .bind(from.millis().saturating_mul(1 << 16))
        .with(" and p.id < ", to.millis().saturating_mul(1 << 16))
        .with(" order by p.id desc limit ", USES)
        .push(") x join accounts a on a.id = x.account_id group by a.domain order by 2 desc, 1 limit ")
        .bind(limit)
        .load_as::<(Nullable<Text>, BigInt), Share>(conn)
}

/// The accounts of a domain with most followers.
pub fn accounts_of(conn: &mut Conn, domain: &str, limit: i64) -> Result<Vec<Share>> {
    Sql::new("select a.username, a.followers_count from accounts a where a.deleted_at is null and a.domain = ")
        .bind(domain)
        .with(" order by a.followers_count desc, a.id limit ", limit)
        .load_as::<(Nullable<Text>, BigInt), Share>(conn)
}

/// Languages of the posts of a domain.
pub fn languages_of(conn: &mut Conn, domain: &str, within: Stretch, limit: i64) -> Result<Vec<Share>> {
    let Stretch(from, to) = within;
    Sql::new("select x.language, count(*) from (select p.language from accounts a join posts p on p.account_id = a.id where a.domain = ")
        .bind(domain)
        .with(" and p.id >= ", from.millis().saturating_mul(1 << 16))
        .with(" and p.id < ", to.millis().saturating_mul(1 << 16))
        .with(" limit ", USES)
        .push(") x where x.language is not null group by x.language order by 2 desc, 1 limit ")
        .bind(limit)
        .load_as::<(Nullable<Text>, BigInt), Share>(conn)
}

/// Bytes of the database.
pub fn database_bytes(conn: &mut Conn) -> Result<i64> {
    Sql::new(match conn.dialect() {
        Dialect::Sqlite => "select c.page_count * s.page_size from pragma_page_count() c, pragma_page_size() s",
        Dialect::Postgres => "select pg_database_size(current_database())",
    })
    .scalar_i64(conn)
}

/// People who signed up in a stretch, with when they did and when they were last here.
pub fn signed_up(conn: &mut Conn, within: Stretch) -> Result<Vec<(Timestamp, Option<Timestamp>)>> {
    let Stretch(from, to) = within;
    let rows = Sql::new("select u.created_at, u.last_active_at from users u where u.created_at >= ")
        .bind(from)
        .with(" and u.created_at < ", to)
        .with(" order by u.created_at limit ", ROWS)
        .load_as::<(BigInt, Nullable<BigInt>), (i64, Option<i64>)>(conn)?;
    Ok(rows.into_iter().map(|(at, seen)| (Timestamp::from_millis(at), seen.map(Timestamp::from_millis))).collect())
}
