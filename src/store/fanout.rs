//! Home timelines are written with the post. Who gets an entry is decided by one statement.

use crate::{
    Result,
    db::{Conn, Sql, padded},
    id::Id,
    model::{Account, Follow, Post},
    time::Timestamp,
};
use diesel::sql_types::BigInt;

/// What decides who finds a post at home.
#[derive(Clone, Debug)]
pub struct Reach<'p> {
    /// The post or boost.
    pub author: Id<Account>,
    /// A reply reaches those who also follow whom it answers (never set for replies to oneself).
    pub answers: Option<Id<Account>>,
    /// A reply to a post that is unknown here reaches nobody but who is mentioned.
    pub answers_unknown: bool,
    /// A boost: the author of the original.
    pub boosted: Option<Id<Account>>,
    /// Language of the post.
    pub language: Option<&'p str>,
    /// Only these may find it at home (a direct post's addressees).
    pub only: Option<&'p [Id<Account>]>,
    /// Now, for mutes that end.
    pub now: Timestamp,
}

/// Leaves followers (`f.account_id`) out who have somebody in an exclusive list; the account and `)` follow.
pub(super) const EXCLUSIVE: &str = " and f.account_id not in (select l.account_id from list_members lm \
    join lists l on l.id = lm.list_id where l.exclusive and lm.account_id = ";

/// Local followers that get a home entry, in the order of their follows above `after`: (follow, account).
pub fn readers(
    conn: &mut Conn,
    reach: &Reach<'_>,
    after: Id<Follow>,
    most: i64,
) -> Result<Vec<(Id<Follow>, Id<Account>)>> {
    let mut sql = Sql::new(
        "select f.id, f.account_id from follows f join accounts a on a.id = f.account_id and a.domain is null where f.state = 1 and f.target_id = ",
    )
    .bind(reach.author)
    .with(" and f.id > ", after);
    if let Some(only) = reach.only {
        sql = sql.push(" and f.account_id in ").ids(only);
    }
    if reach.answers_unknown {
        sql = sql.push(" and 1 = 0");
    } else if let Some(parent) = reach.answers {
        sql = sql
            .with(" and (f.account_id = ", parent)
            .with(" or exists (select 1 from follows g where g.account_id = f.account_id and g.state = 1 and g.target_id = ", parent)
            .push("))");
    }
    if let Some(language) = reach.language {
        sql = sql.with(" and (f.languages is null or f.languages like ", format!("%\"{language}\"%")).push(")");
    }
    for target in std::iter::once(reach.author).chain(reach.boosted.or(reach.answers)) {
        sql = sql
            .push(" and not exists (select 1 from mutes m where m.account_id = f.account_id and m.target_id = ")
            .bind(target)
            .with(" and (m.expires_at is null or m.expires_at > ", reach.now)
            .push("))");
    }
    if let Some(original) = reach.boosted {
        sql = sql
            .push(" and f.show_boosts and not exists (select 1 from blocks b where b.account_id = f.account_id and b.target_id = ")
            .bind(original)
            .push(") and not exists (select 1 from blocks b where b.target_id = f.account_id and b.account_id = ")
            .bind(original)
            .push(")");
    }
    // The author's posts are read in a list that keeps its members out of the home timeline, or not at all.
    sql = sql
        .push(EXCLUSIVE)
        .bind(reach.author)
        .push(
            ") and f.account_id not in (select d.account_id from account_domain_blocks d join accounts x \
             on x.domain = d.domain where x.id in ",
        )
        .ids(&[reach.author, reach.boosted.unwrap_or(reach.author)])
        .push(")");
    let rows = sql.with(" order by f.id limit ", most).load_as::<(BigInt, BigInt), (i64, i64)>(conn)?;
    Ok(rows.into_iter().map(|(follow, account)| (Id::new(follow), Id::new(account))).collect())
}

/// Local people who follow a hashtag of a public post and have nothing against its author, in the order of their accounts
/// above `after`.
pub fn tag_readers(
    conn: &mut Conn,
    post: Id<Post>,
    author: Id<Account>,
    now: Timestamp,
    after: Id<Account>,
    most: i64,
) -> Result<Vec<Id<Account>>> {
    Sql::new(
        "select distinct f.account_id from post_tags x join followed_tags f on f.tag_id = x.tag_id where x.post_id = ",
    )
    .bind(post)
    .with(" and f.account_id > ", after)
    .with(" and f.account_id <> ", author)
    .with(" and not exists (select 1 from mutes m where m.account_id = f.account_id and m.target_id = ", author)
    .with(" and (m.expires_at is null or m.expires_at > ", now)
    .with(")) and not exists (select 1 from blocks b where b.account_id = f.account_id and b.target_id = ", author)
    .with(") and not exists (select 1 from blocks b where b.target_id = f.account_id and b.account_id = ", author)
    .push(")")
    .push(EXCLUSIVE)
    .bind(author)
    .with(
        ") and f.account_id not in (select d.account_id from account_domain_blocks d join accounts x \
         on x.domain = d.domain where x.id = ",
        author,
    )
    .with(") order by f.account_id limit ", most)
    .load_ids(conn)
}

/// Who among these has a post at home already.
pub fn among(conn: &mut Conn, post: Id<Post>, readers: &[Id<Account>]) -> Result<Vec<Id<Account>>> {
    if readers.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select h.account_id from home_entries h where h.post_id = ")
        .bind(post)
        .push(" and h.account_id in ")
        .ids(readers)
        .load_ids(conn)
}

/// Writes home entries.
pub fn insert(conn: &mut Conn, post: Id<Post>, readers: &[Id<Account>]) -> Result<()> {
    for chunk in readers.chunks(64) {
        let mut sql = Sql::new("insert into home_entries (account_id, post_id) values ");
        // Filled up, so that few statements are cached.
        let rows = chunk.iter().chain(std::iter::repeat_n(chunk.last(), padded(chunk.len())).flatten());
        for (n, reader) in rows.take(padded(chunk.len())).copied().enumerate() {
            sql = sql.with(if n == 0 { "(" } else { ",(" }, reader).with(",", post).push(")");
        }
        sql.push(" on conflict do nothing").execute(conn)?;
    }
    Ok(())
}
