//! Ideas: how far each is, and who looks after it.

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, Post},
    time::Timestamp,
};
use diesel::sql_types::{BigInt, Bool, Nullable, SmallInt, Text};

/// An idea.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idea {
    /// The post.
    pub post: Id<Post>,
    /// Whose it is.
    pub author: Id<Account>,
    /// Its author is of this node.
    pub local: bool,
    /// 0 new, 1 looking, 2 doing, 3 not now, 4 done.
    pub state: i16,
    /// Who looks after it, when they are known here.
    pub owner: Option<Id<Account>>,
    /// What was said with the last change; plain text.
    pub sentence: String,
    /// Its author knows what will happen.
    pub told: bool,
    /// When it was written.
    pub had_at: Timestamp,
    /// The last change.
    pub changed_at: Timestamp,
    /// When it first had an owner.
    pub owned_at: Option<Timestamp>,
    /// When it was first decided.
    pub decided_at: Option<Timestamp>,
}

type Columns =
    (BigInt, BigInt, Bool, SmallInt, Nullable<BigInt>, Text, Bool, BigInt, BigInt, Nullable<BigInt>, Nullable<BigInt>);
type Values = (i64, i64, bool, i16, Option<i64>, String, bool, i64, i64, Option<i64>, Option<i64>);

const SELECT: &str = "select i.post_id, i.account_id, i.local, i.state, i.owner_id, i.sentence, i.told, i.had_at, \
     i.changed_at, i.owned_at, i.decided_at from ideas i ";
/// Favourites, as far as they are known: those here, or as many as the author's node counts.
const SUPPORT: &str = "(case when p.favourites_count > p.remote_favourites_count then p.favourites_count else \
     p.remote_favourites_count end)";

fn read(conn: &mut Conn, sql: Sql) -> Result<Vec<Idea>> {
    let rows = sql.load_as::<Columns, Values>(conn)?;
    let at = Timestamp::from_millis;
    Ok(rows
        .into_iter()
        .map(|v| Idea {
            post: Id::new(v.0),
            author: Id::new(v.1),
            local: v.2,
            state: v.3,
            owner: v.4.map(Id::new),
            sentence: v.5,
            told: v.6,
            had_at: at(v.7),
            changed_at: at(v.8),
            owned_at: v.9.map(at),
            decided_at: v.10.map(at),
        })
        .collect())
}

/// The idea that a post is.
pub fn find(conn: &mut Conn, post: Id<Post>) -> Result<Option<Idea>> {
    Ok(read(conn, Sql::new(SELECT).with("where i.post_id = ", post))?.pop())
}

/// Writes a new idea; one that is known stays as it is.
pub fn insert(conn: &mut Conn, post: &Post) -> Result<()> {
    Sql::new("insert into ideas (post_id, account_id, local, had_at, changed_at) values (")
        .bind(post.id)
        .with(",", post.account_id)
        .with(",", post.local)
        .with(",", post.created_at)
        .with(",", post.created_at)
        .push(") on conflict (post_id) do nothing")
        .execute(conn)?;
    Ok(())
}

/// Writes what changes about an idea.
pub fn update(conn: &mut Conn, idea: &Idea) -> Result<()> {
    Sql::new("update ideas set state = ")
        .bind(idea.state)
        .with(", owner_id = ", idea.owner)
        .with(", sentence = ", &idea.sentence)
        .with(", changed_at = ", idea.changed_at)
        .with(", owned_at = ", idea.owned_at)
        .with(", decided_at = ", idea.decided_at)
        .with(" where post_id = ", idea.post)
        .execute(conn)?;
    Ok(())
}

/// Notes that the author knows what will happen; false when they did before.
pub fn set_told(conn: &mut Conn, post: Id<Post>) -> Result<bool> {
    let written =
        Sql::new("update ideas set told = ").bind(true).with(" where not told and post_id = ", post).execute(conn)?;
    Ok(written > 0)
}

/// Ideas of these states, those with most support first, then the newest.
pub fn supported(conn: &mut Conn, states: &[i64], visible: Sql, limit: i64) -> Result<Vec<Idea>> {
    let sql = Sql::new(SELECT).push("join posts p on p.id = i.post_id where i.state in ").numbers(states);
    let sql = sql.push(" and ").append(visible).push(format!(" order by {SUPPORT} desc, i.post_id desc"));
    read(conn, sql.with(" limit ", limit))
}

/// Ideas of a state, newest first, below an id.
pub fn newest(conn: &mut Conn, state: i16, visible: Sql, below: Option<i64>, limit: i64) -> Result<Vec<Idea>> {
    let mut sql = Sql::new(SELECT).with("join posts p on p.id = i.post_id where i.state = ", state);
    sql = sql.push(" and ").append(visible);
    if let Some(below) = below {
        sql = sql.with(" and i.post_id < ", below);
    }
    read(conn, sql.with(" order by i.post_id desc limit ", limit))
}

/// Ideas of this node that somebody looks after and that are not decided yet or being done, at most `most`.
pub fn owned_by(conn: &mut Conn, owner: Id<Account>, most: i64) -> Result<Vec<Idea>> {
    let sql = Sql::new(SELECT).with("where i.local and i.state in (1, 2) and i.owner_id = ", owner);
    read(conn, sql.with(" order by i.post_id limit ", most))
}

/// What became of the ideas of this node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Ideas.
    pub ideas: i64,
    /// Those that had an owner in time, and those that did or whose time is over.
    pub owned: (i64, i64),
    /// The same for a decision.
    pub decided: (i64, i64),
    /// Those with a favourite of somebody of another site.
    pub elsewhere: i64,
}

/// What became of the ideas that were written since. `owned` and `decided` are milliseconds that they have for it.
pub fn figures(conn: &mut Conn, since: Timestamp, owned: i64, decided: i64, now: Timestamp) -> Result<Figures> {
    let count = |conn: &mut Conn, more: Sql| {
        let sql = Sql::new("select count(*) from ideas i where i.local and i.had_at >= ").bind(since);
        sql.append(more).scalar_i64(conn)
    };
    let in_time = |column: &str, most: i64| Sql::new(format!(" and (i.{column} - i.had_at <= ")).with("", most);
    let of = |conn: &mut Conn, column: &str, most: i64| -> Result<(i64, i64)> {
        let done = count(conn, in_time(column, most).push(")"))?;
        let over =
            in_time(column, most).with(" or i.had_at <= ", Timestamp::from_millis(now.millis() - most)).push(")");
        Ok((done, count(conn, over)?))
    };
    Ok(Figures {
        ideas: count(conn, Sql::new(""))?,
        owned: of(conn, "owned_at", owned)?,
        decided: of(conn, "decided_at", decided)?,
        elsewhere: count(
            conn,
            Sql::new(
                " and exists (select 1 from favourites f join accounts a on a.id = f.account_id where f.post_id = \
                 i.post_id and a.domain is not null)",
            ),
        )?,
    })
}
