//! Follows, blocks and mutes.

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, Block, Follow, FollowState, Mute, Post},
    time::Timestamp,
};
use diesel::sql_types::{BigInt, Bool, Nullable, SmallInt, Text};

/// The follow or request between two accounts.
pub fn find(conn: &mut Conn, account: Id<Account>, target: Id<Account>) -> Result<Option<Follow>> {
    Sql::new("select f.* from follows f where f.account_id = ")
        .bind(account)
        .with(" and f.target_id = ", target)
        .optional(conn)
}

/// By its own id.
pub fn load(conn: &mut Conn, id: Id<Follow>) -> Result<Follow> {
    Sql::new("select f.* from follows f where f.id = ").bind(id).one(conn)
}

/// By the id of its Follow activity.
pub fn find_by_uri(conn: &mut Conn, uri: &str) -> Result<Option<Follow>> {
    Sql::new("select f.* from follows f where f.uri = ").bind(uri).optional(conn)
}

/// Does `account` follow `target` (accepted)?
pub fn is_following(conn: &mut Conn, account: Id<Account>, target: Id<Account>) -> Result<bool> {
    Ok(find(conn, account, target)?.is_some_and(|f| f.state == FollowState::Accepted))
}

/// Whom of these an account follows.
pub fn followed_among(conn: &mut Conn, account: Id<Account>, others: &[Id<Account>]) -> Result<Vec<Id<Account>>> {
    if others.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select f.target_id from follows f where f.state = 1 and f.account_id = ")
        .bind(account)
        .push(" and f.target_id in ")
        .ids(others)
        .load_ids(conn)
}

/// Writes a new follow.
pub fn insert(conn: &mut Conn, follow: &Follow) -> Result<()> {
    Sql::new(
        "insert into follows (id, account_id, target_id, state, uri, show_boosts, notify, languages, created_at) values (",
    )
    .bind(follow.id)
    .with(",", follow.account_id)
    .with(",", follow.target_id)
    .with(",", follow.state)
    .with(",", follow.uri.clone())
    .with(",", follow.show_boosts)
    .with(",", follow.notify)
    .with(",", follow.languages.clone())
    .with(",", follow.created_at)
    .push(")")
    .execute(conn)?;
    Ok(())
}

/// Changes what may change of a follow.
pub fn update(conn: &mut Conn, follow: &Follow) -> Result<()> {
    Sql::new("update follows set state = ")
        .bind(follow.state)
        .with(", uri = ", follow.uri.clone())
        .with(", show_boosts = ", follow.show_boosts)
        .with(", notify = ", follow.notify)
        .with(", languages = ", follow.languages.clone())
        .with(" where id = ", follow.id)
        .execute(conn)?;
    Ok(())
}

/// Removes a follow.
pub fn delete(conn: &mut Conn, id: Id<Follow>) -> Result<()> {
    Sql::new("delete from follows where id = ").bind(id).execute(conn)?;
    Ok(())
}

/// Who asked to follow an account and has no answer yet, the first ones first.
pub fn waiting(conn: &mut Conn, target: Id<Account>, most: i64) -> Result<Vec<Id<Account>>> {
    Sql::new("select f.account_id from follows f where f.state = 0 and f.target_id = ")
        .bind(target)
        .with(" order by f.id limit ", most)
        .load_ids(conn)
}

/// Ids of the followers of an account that begin with `prefix`, an address without any wildcard in it.
pub fn remote_followers(conn: &mut Conn, account: Id<Account>, prefix: &str) -> Result<Vec<String>> {
    Sql::new("select a.uri from follows f join accounts a on a.id = f.account_id where f.state = 1 and f.target_id = ")
        .bind(account)
        .with(" and a.domain is not null and a.deleted_at is null and a.uri like ", format!("{prefix}%"))
        .push(" order by a.id")
        .load_texts(conn)
}

/// People of this node who follow an account, with their ids.
pub fn local_followers(conn: &mut Conn, account: Id<Account>) -> Result<Vec<(Id<Account>, String)>> {
    let rows = Sql::new(
        "select a.id, a.uri from follows f join accounts a on a.id = f.account_id where f.state = 1 and f.target_id = ",
    )
    .bind(account)
    .push(" and a.domain is null")
    .load_as::<(BigInt, Text), (i64, String)>(conn)?;
    Ok(rows.into_iter().map(|(id, uri)| (Id::new(id), uri)).collect())
}

/// Puts the newest posts and boosts of somebody into a follower's home timeline, unless one of the follower's lists
/// keeps them out of it.
pub fn fill_home(conn: &mut Conn, follower: Id<Account>, target: Id<Account>, most: i64, now: Timestamp) -> Result<()> {
    Sql::new("insert into home_entries (account_id, post_id) select ")
        .bind(follower)
        .with(
            ", p.id from posts p join follows f on f.target_id = p.account_id left join posts o on o.id = p.boost_of_id \
             where p.account_id = ",
            target,
        )
        .with(" and f.account_id = ", follower)
        // What the follow does not want, and answers to people one does not follow, do not come later either.
        .push(
            " and (p.boost_of_id is null or f.show_boosts) \
             and (f.languages is null or coalesce(o.language, p.language) is null \
              or f.languages like '%\"' || coalesce(o.language, p.language) || '\"%') \
             and p.in_reply_to_uri is null and (p.in_reply_to_account_id is null or p.in_reply_to_account_id in (p.account_id, ",
        )
        .bind(follower)
        .with(
            ") or exists (select 1 from follows g where g.state = 1 and g.target_id = p.in_reply_to_account_id and g.account_id = ",
            follower,
        )
        .with(
            ")) and not exists (select 1 from mutes m where m.target_id = o.account_id and m.account_id = ",
            follower,
        )
        .with(" and (m.expires_at is null or m.expires_at > ", now)
        .with(")) and not exists (select 1 from blocks b where b.target_id = o.account_id and b.account_id = ", follower)
        .with(") and not exists (select 1 from blocks b where b.account_id = o.account_id and b.target_id = ", follower)
        .with(
            ") and p.visibility < 3 and not exists (select 1 from list_members lm join lists l on l.id = lm.list_id \
             where l.exclusive and l.account_id = ",
            follower,
        )
        .with(" and lm.account_id = ", target)
        .with(") order by p.id desc limit ", most)
        .push(" on conflict do nothing")
        .execute(conn)?;
    Ok(())
}

/// Takes the newest posts and boosts of somebody out of a home timeline.
pub fn clear_home(conn: &mut Conn, follower: Id<Account>, target: Id<Account>, most: i64) -> Result<()> {
    let ids: Vec<Id<Post>> = Sql::new("select p.id from posts p where p.account_id = ")
        .bind(target)
        .with(" order by p.id desc limit ", most)
        .load_ids(conn)?;
    for chunk in ids.chunks(256) {
        Sql::new("delete from home_entries where account_id = ")
            .bind(follower)
            .push(" and post_id in ")
            .ids(chunk)
            .execute(conn)?;
    }
    Ok(())
}

/// Does `account` block `target`?
pub fn find_block(conn: &mut Conn, account: Id<Account>, target: Id<Account>) -> Result<Option<Block>> {
    Sql::new("select b.* from blocks b where b.account_id = ")
        .bind(account)
        .with(" and b.target_id = ", target)
        .optional(conn)
}

/// A block by its own id.
pub fn load_block(conn: &mut Conn, id: Id<Block>) -> Result<Block> {
    Sql::new("select b.* from blocks b where b.id = ").bind(id).one(conn)
}

/// Does either block the other?
pub fn is_blocked_either_way(conn: &mut Conn, a: Id<Account>, b: Id<Account>) -> Result<bool> {
    Sql::new("select b.id from blocks b where b.account_id = ")
        .bind(a)
        .with(" and b.target_id = ", b)
        .with(" union all select b.id from blocks b where b.account_id = ", b)
        .with(" and b.target_id = ", a)
        .exists(conn)
}

/// Writes a block.
pub fn insert_block(conn: &mut Conn, block: &Block) -> Result<()> {
    Sql::new("insert into blocks (id, account_id, target_id, uri, created_at) values (")
        .bind(block.id)
        .with(",", block.account_id)
        .with(",", block.target_id)
        .with(",", block.uri.clone())
        .with(",", block.created_at)
        .push(")")
        .execute(conn)?;
    Ok(())
}

/// Lifts a block.
pub fn delete_block(conn: &mut Conn, id: Id<Block>) -> Result<()> {
    Sql::new("delete from blocks where id = ").bind(id).execute(conn)?;
    Ok(())
}

/// Those of `others` who are blocked by `account`, or block it.
pub fn blocked_among(conn: &mut Conn, account: Id<Account>, others: &[Id<Account>]) -> Result<Vec<Id<Account>>> {
    if others.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select b.target_id from blocks b where b.account_id = ")
        .bind(account)
        .push(" and b.target_id in ")
        .ids(others)
        .with(" union select b.account_id from blocks b where b.target_id = ", account)
        .push(" and b.account_id in ")
        .ids(others)
        .load_ids(conn)
}

/// The mute between two accounts, expired or not.
pub fn find_mute(conn: &mut Conn, account: Id<Account>, target: Id<Account>) -> Result<Option<Mute>> {
    Sql::new("select m.* from mutes m where m.account_id = ")
        .bind(account)
        .with(" and m.target_id = ", target)
        .optional(conn)
}

/// Mutes whose time is over, so many at most.
pub fn ended_mutes(conn: &mut Conn, now: Timestamp, most: i64) -> Result<Vec<Mute>> {
    Sql::new("select m.* from mutes m where m.expires_at <= ").bind(now).with(" order by m.id limit ", most).load(conn)
}

/// Writes a mute, or changes the one that is there.
pub fn upsert_mute(conn: &mut Conn, mute: &Mute) -> Result<()> {
    Sql::new("insert into mutes (id, account_id, target_id, hide_notifications, expires_at, created_at) values (")
        .bind(mute.id)
        .with(",", mute.account_id)
        .with(",", mute.target_id)
        .with(",", mute.hide_notifications)
        .with(",", mute.expires_at)
        .with(",", mute.created_at)
        .push(
            ") on conflict (account_id, target_id) do update set hide_notifications = excluded.hide_notifications, \
             expires_at = excluded.expires_at",
        )
        .execute(conn)?;
    Ok(())
}

/// Ends a mute.
pub fn delete_mute(conn: &mut Conn, account: Id<Account>, target: Id<Account>) -> Result<()> {
    Sql::new("delete from mutes where account_id = ").bind(account).with(" and target_id = ", target).execute(conn)?;
    Ok(())
}

/// What stands between a viewer and another account, as one row.
#[derive(Clone, Debug, Default)]
pub struct Relation {
    /// The other account.
    pub target: i64,
    /// State, boosts, notify, languages of the viewer's follow.
    pub follow: Option<(FollowState, bool, bool, Option<String>)>,
    /// State of the other's follow.
    pub followed_by: Option<FollowState>,
    /// The viewer blocks.
    pub blocking: bool,
    /// The other blocks.
    pub blocked_by: bool,
    /// The viewer blocks the domain of the other.
    pub domain_blocking: bool,
    /// Hide notifications, and the end, of the viewer's mute.
    pub mute: Option<(bool, Option<Timestamp>)>,
    /// The viewer's private remark.
    pub note: String,
    /// The viewer recommends them.
    pub endorsed: bool,
}

/// The relations of `viewer` to each of `targets`, in their order; expired mutes count as none.
pub fn relations(
    conn: &mut Conn,
    viewer: Id<Account>,
    targets: &[Id<Account>],
    now: Timestamp,
) -> Result<Vec<Relation>> {
    if targets.is_empty() {
        return Ok(Vec::new());
    }
    let mut out: Vec<Relation> = targets.iter().map(|t| Relation { target: t.raw(), ..Relation::default() }).collect();
    let mut each = |id: i64, f: &mut dyn FnMut(&mut Relation)| out.iter_mut().filter(|r| r.target == id).for_each(f);

    let follows = Sql::new(
        "select f.target_id, f.state, f.show_boosts, f.notify, f.languages from follows f where f.account_id = ",
    )
    .bind(viewer)
    .push(" and f.target_id in ")
    .ids(targets)
    .load_as::<(BigInt, SmallInt, Bool, Bool, Nullable<Text>), (i64, FollowState, bool, bool, Option<String>)>(conn)?;
    for (id, state, boosts, notify, languages) in follows {
        each(id, &mut |r| r.follow = Some((state, boosts, notify, languages.clone())));
    }
    let followed = Sql::new("select f.account_id, f.state from follows f where f.target_id = ")
        .bind(viewer)
        .push(" and f.account_id in ")
        .ids(targets)
        .load_as::<(BigInt, SmallInt), (i64, FollowState)>(conn)?;
    for (id, state) in followed {
        each(id, &mut |r| r.followed_by = Some(state));
    }
    let blocks = Sql::new("select b.account_id, b.target_id from blocks b where (b.account_id = ")
        .bind(viewer)
        .push(" and b.target_id in ")
        .ids(targets)
        .with(") or (b.target_id = ", viewer)
        .push(" and b.account_id in ")
        .ids(targets)
        .push(")")
        .load_as::<(BigInt, BigInt), (i64, i64)>(conn)?;
    for (from, to) in blocks {
        if from == viewer.raw() {
            each(to, &mut |r| r.blocking = true);
        } else {
            each(from, &mut |r| r.blocked_by = true);
        }
    }
    let domains: Vec<Id<Account>> = Sql::new(
        "select a.id from account_domain_blocks d join accounts a on a.domain = d.domain where d.account_id = ",
    )
    .bind(viewer)
    .push(" and a.id in ")
    .ids(targets)
    .load_ids(conn)?;
    for id in domains {
        each(id.raw(), &mut |r| r.domain_blocking = true);
    }
    let mutes: Vec<Mute> = Sql::new("select m.* from mutes m where m.account_id = ")
        .bind(viewer)
        .push(" and m.target_id in ")
        .ids(targets)
        .load(conn)?;
    for mute in mutes {
        if mute.expires_at.is_none_or(|at| at > now) {
            each(mute.target_id.raw(), &mut |r| r.mute = Some((mute.hide_notifications, mute.expires_at)));
        }
    }
    let notes = Sql::new("select n.target_id, n.comment from account_notes n where n.account_id = ")
        .bind(viewer)
        .push(" and n.target_id in ")
        .ids(targets)
        .load_as::<(BigInt, Text), (i64, String)>(conn)?;
    for (id, comment) in notes {
        each(id, &mut |r| r.note.clone_from(&comment));
    }
    for id in super::endorsements::among(conn, viewer, targets)? {
        each(id.raw(), &mut |r| r.endorsed = true);
    }
    Ok(out)
}

/// Sets or (with an empty text) removes a private remark.
pub fn set_note(conn: &mut Conn, account: Id<Account>, target: Id<Account>, comment: &str) -> Result<()> {
    if comment.is_empty() {
        Sql::new("delete from account_notes where account_id = ")
            .bind(account)
            .with(" and target_id = ", target)
            .execute(conn)?;
    } else {
        Sql::new("insert into account_notes (account_id, target_id, comment) values (")
            .bind(account)
            .with(",", target)
            .with(",", comment)
            .push(") on conflict (account_id, target_id) do update set comment = excluded.comment")
            .execute(conn)?;
    }
    Ok(())
}
