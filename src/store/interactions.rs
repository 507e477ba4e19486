//! What authors elsewhere let others do to their posts, and what came of what somebody did.

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, Interaction, InteractionKind, InteractionPolicy, InteractionState, Post, Visibility},
};

const SELECT: &str = "select i.* from interactions i where ";

/// What the author of a post said, where that is not everything to everybody.
pub fn policy(conn: &mut Conn, post: Id<Post>) -> Result<Option<InteractionPolicy>> {
    Sql::new("select p.* from interaction_policies p where p.post_id = ").bind(post).optional(conn)
}

/// Writes what the author of a post says from now on.
pub fn set_policy(conn: &mut Conn, row: &InteractionPolicy) -> Result<()> {
    Sql::new("insert into interaction_policies (post_id, reply, favourite, boost, people) values (")
        .bind(row.post_id)
        .with(",", row.reply)
        .with(",", row.favourite)
        .with(",", row.boost)
        .with(",", &row.people)
        .push(
            ") on conflict (post_id) do update set reply = excluded.reply, favourite = excluded.favourite, \
             boost = excluded.boost, people = excluded.people",
        )
        .execute(conn)?;
    Ok(())
}

/// Everybody may do everything to a post from now on.
pub fn delete_policy(conn: &mut Conn, post: Id<Post>) -> Result<()> {
    Sql::new("delete from interaction_policies where post_id = ").bind(post).execute(conn).map(drop)
}

/// Writes one; one of the same id stays as it is.
pub fn insert(conn: &mut Conn, row: &Interaction) -> Result<()> {
    Sql::new(
        "insert into interactions (id, kind, account_id, target_id, post_id, uri, visibility, state, stamp_uri, created_at) \
         values (",
    )
    .bind(row.id)
    .with(",", row.kind)
    .with(",", row.account_id)
    .with(",", row.target_id)
    .with(",", row.post_id)
    .with(",", &row.uri)
    .with(",", row.visibility)
    .with(",", row.state)
    .with(",", row.stamp_uri.clone())
    .with(",", row.created_at)
    .push(") on conflict do nothing")
    .execute(conn)
    .map(drop)
}

/// By number.
pub fn find(conn: &mut Conn, id: Id<Interaction>) -> Result<Option<Interaction>> {
    Sql::new(SELECT).with("i.id = ", id).optional(conn)
}

/// By the id of the reply, Like or Announce.
pub fn find_by_uri(conn: &mut Conn, uri: &str) -> Result<Option<Interaction>> {
    Sql::new(SELECT).with("i.uri = ", uri).optional(conn)
}

/// Of a reply, or of a boost that is there.
pub fn of_post(conn: &mut Conn, post: Id<Post>) -> Result<Option<Interaction>> {
    Sql::new(SELECT).with("i.post_id = ", post).push(" order by i.id limit 1").optional(conn)
}

/// Those that name this authorisation.
pub fn by_stamp(conn: &mut Conn, stamp: &str, most: i64) -> Result<Vec<Interaction>> {
    Sql::new(SELECT).with("i.stamp_uri = ", stamp).with(" order by i.id limit ", most).load(conn)
}

/// What somebody wants to do to a post, or did, and is not refused.
pub fn standing(
    conn: &mut Conn,
    account: Id<Account>,
    target: Id<Post>,
    kind: InteractionKind,
) -> Result<Option<Interaction>> {
    Sql::new(SELECT)
        .with("i.target_id = ", target)
        .with(" and i.account_id = ", account)
        .with(" and i.kind = ", kind)
        .with(" and i.state <> ", InteractionState::Rejected)
        .push(" order by i.id limit 1")
        .optional(conn)
}

/// Says what came of one.
pub fn settle(conn: &mut Conn, id: Id<Interaction>, state: InteractionState, stamp: Option<&str>) -> Result<()> {
    Sql::new("update interactions set state = ")
        .bind(state)
        .with(", stamp_uri = ", stamp.map(str::to_owned))
        .with(" where id = ", id)
        .execute(conn)
        .map(drop)
}

/// The post of a boost is there now.
pub fn set_post(conn: &mut Conn, id: Id<Interaction>, post: Id<Post>) -> Result<()> {
    Sql::new("update interactions set post_id = ").bind(post).with(" where id = ", id).execute(conn).map(drop)
}

/// Forgets one.
pub fn delete(conn: &mut Conn, id: Id<Interaction>) -> Result<()> {
    Sql::new("delete from interactions where id = ").bind(id).execute(conn).map(drop)
}

/// A reply that waited is for whom it was meant.
pub fn open(conn: &mut Conn, post: Id<Post>, visibility: Visibility) -> Result<()> {
    Sql::new("update posts set visibility = ").bind(visibility).with(" where id = ", post).execute(conn).map(drop)
}
