//! The weekly letter: who gets it, and what may stand in it.

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, Post, Project},
    time::Timestamp,
};

/// Projects that are looked at for one letter.
const PROJECTS: i64 = 200;

/// When the next letter of somebody is due; none for those who get none.
pub fn due(conn: &mut Conn, account: Id<Account>) -> Result<Option<Timestamp>> {
    let found = Sql::new("select d.due_at from digests d where d.account_id = ").bind(account).optional_i64(conn)?;
    Ok(found.map(Timestamp::from_millis))
}

/// Writes when the next letter of somebody is due.
pub fn set_due(conn: &mut Conn, account: Id<Account>, at: Timestamp) -> Result<()> {
    Sql::new("insert into digests (account_id, due_at) values (")
        .bind(account)
        .with(",", at)
        .push(") on conflict (account_id) do update set due_at = excluded.due_at")
        .execute(conn)?;
    Ok(())
}

/// Somebody gets no letter any more.
pub fn delete(conn: &mut Conn, account: Id<Account>) -> Result<()> {
    Sql::new("delete from digests where account_id = ").bind(account).execute(conn)?;
    Ok(())
}

/// Of accounts `a`: people whom `me` neither blocks nor mutes, nor their server.
fn welcome(sql: Sql, me: Id<Account>) -> Sql {
    sql.with(" and a.kind = 0 and a.silenced_at is null and a.id <> ", me)
        .with(" and not exists (select 1 from blocks b where b.target_id = a.id and b.account_id = ", me)
        .with(") and not exists (select 1 from mutes m where m.target_id = a.id and m.account_id = ", me)
        .with(
            ") and not exists (select 1 from account_domain_blocks d where d.domain = a.domain and d.account_id = ",
            me,
        )
        .push(") and ")
}

/// The post since a moment to which people react most, of this node or of these other ones; no answer, and no question that is open.
pub fn liked_post(
    conn: &mut Conn,
    me: Id<Account>,
    others: Option<&[String]>,
    visible: Sql,
    since: Timestamp,
) -> Result<Option<Post>> {
    let sql =
        Sql::new("select p.* from posts p join accounts a on a.id = p.account_id where p.listing > 0 and p.id >= ")
            .bind(since.millis() << 16)
            .push(
                " and p.boost_of_id is null and p.in_reply_to_id is null and not p.sensitive and p.spoiler_text = '' \
             and not exists (select 1 from questions q where q.post_id = p.id and q.state = 0)",
            );
    let sql = match others {
        None => sql.push(" and a.domain is null"),
        Some(domains) => sql.push(" and a.domain in ").texts(domains),
    };
    welcome(sql, me)
        .append(visible)
        .push(" order by p.favourites_count + 2 * p.boosts_count desc, p.id desc limit 1")
        .optional(conn)
}

/// The newest question that nobody answered, about something that `me` lists as known.
pub fn question(conn: &mut Conn, me: Id<Account>, visible: Sql) -> Result<Option<Post>> {
    let sql = Sql::new(
        "select p.* from questions q join posts p on p.id = q.post_id join accounts a on a.id = p.account_id \
         where q.state = 0 and q.answers = 0 and not q.answered_elsewhere and exists (select 1 from post_tags x \
         join tags t on t.id = x.tag_id join skills s on s.tag = t.name where x.post_id = q.post_id and s.stance <> 2 \
         and s.account_id = ",
    )
    .bind(me)
    .push(") and not exists (select 1 from question_people x where x.question_id = q.post_id and x.declined_at is not null and x.account_id = ")
    .bind(me)
    .push(")");
    welcome(sql, me).append(visible).push(" order by q.post_id desc limit 1").optional(conn)
}

/// Projects published since a moment to which `me` does not belong, newest first.
pub fn projects(conn: &mut Conn, me: Id<Account>, since: Timestamp) -> Result<Vec<Project>> {
    Sql::new("select j.* from projects j where j.removed_at is null and j.published_at >= ")
        .bind(since)
        .with(" and not exists (select 1 from project_members m where m.project_id = j.id and m.account_id = ", me)
        .with(") order by j.published_at desc, j.id desc limit ", PROJECTS)
        .load(conn)
}
