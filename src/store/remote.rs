//! Rows of people and things that live elsewhere, and what is remembered of ids that are gone.

use crate::{
    Result, crypto,
    db::{Conn, Dialect, Sql},
    id::Id,
    model::{Account, Follow, Post, Visibility},
    time::Timestamp,
};
use diesel::sql_types::{BigInt, Nullable, Text};

/// Writes everything that another server says about an account.
pub fn update_account(conn: &mut Conn, a: &Account) -> Result<()> {
    Sql::new("update accounts set handle = ")
        .bind(&a.handle)
        .with(", username = ", &a.username)
        .with(", domain = ", a.domain.as_deref())
        .with(", url = ", a.url.as_deref())
        .with(", kind = ", a.kind)
        .with(", display_name = ", &a.display_name)
        .with(", note = ", &a.note)
        .with(", fields = ", &a.fields)
        .with(", emojis = ", &a.emojis)
        .with(", avatar = ", a.avatar.as_deref())
        .with(", avatar_remote_url = ", a.avatar_remote_url.as_deref())
        .with(", avatar_description = ", &a.avatar_description)
        .with(", header = ", a.header.as_deref())
        .with(", header_remote_url = ", a.header_remote_url.as_deref())
        .with(", header_description = ", &a.header_description)
        .with(", locked = ", a.locked)
        .with(", discoverable = ", a.discoverable)
        .with(", indexable = ", a.indexable)
        .with(", show_media = ", a.show_media)
        .with(", show_media_replies = ", a.show_media_replies)
        .with(", show_featured = ", a.show_featured)
        .with(", memorial = ", a.memorial)
        .with(", inbox_url = ", a.inbox_url.as_deref())
        .with(", shared_inbox_url = ", a.shared_inbox_url.as_deref())
        .with(", outbox_url = ", a.outbox_url.as_deref())
        .with(", followers_url = ", a.followers_url.as_deref())
        .with(", following_url = ", a.following_url.as_deref())
        .with(", featured_url = ", a.featured_url.as_deref())
        .with(", public_key_id = ", a.public_key_id.as_deref())
        .with(", public_key = ", a.public_key.clone())
        .with(", ed25519_key_id = ", a.ed25519_key_id.as_deref())
        .with(", ed25519_key = ", a.ed25519_key.clone())
        .with(", also_known_as = ", &a.also_known_as)
        .with(", moved_to_id = ", a.moved_to_id)
        .with(", created_at = ", a.created_at)
        .with(", updated_at = ", a.updated_at)
        .with(", fetched_at = ", a.fetched_at)
        .with(", suspended_by_origin = ", a.suspended_by_origin)
        .with(", left_on = ", a.left_on)
        .with(", attribution_domains = ", &a.attribution_domains)
        .with(" where id = ", a.id)
        .execute(conn)?;
    Ok(())
}

/// Whether somebody else of another server has a handle.
pub fn has_handle(conn: &mut Conn, handle: &str, except: Id<Account>) -> Result<bool> {
    Sql::new("select a.id from accounts a where a.domain is not null and a.handle = ")
        .bind(handle)
        .with(" and a.id <> ", except)
        .exists(conn)
}

/// The handle of who has none of their own: nobody can type it.
pub fn nobodys_handle(handle: &str, account: Id<Account>) -> String {
    format!("{handle}#{account}")
}

/// A handle belongs to somebody else now: whoever had it, who are answered, keeps the row under a name nobody can type.
pub fn release_handle(conn: &mut Conn, handle: &str, except: Id<Account>) -> Result<Vec<Id<Account>>> {
    let holders: Vec<Id<Account>> = Sql::new("select a.id from accounts a where a.domain is not null and a.handle = ")
        .bind(handle)
        .with(" and a.id <> ", except)
        .load_ids(conn)?;
    for holder in &holders {
        Sql::new("update accounts set handle = ")
            .bind(nobodys_handle(handle, *holder))
            .with(" where id = ", *holder)
            .execute(conn)?;
    }
    Ok(holders)
}

/// An account of another server is gone for good: its profile is emptied, its name is free for a new id (DEL-06).
pub fn clear_gone(conn: &mut Conn, account: &Account, now: Timestamp) -> Result<()> {
    Sql::new("update accounts set deleted_at = ")
        .bind(now)
        .with(", updated_at = ", now)
        .with(", handle = ", nobodys_handle(&account.handle, account.id))
        .push(
            ", display_name = '', note = '', fields = '[]', emojis = '[]', avatar = null, avatar_remote_url = null, \
             header = null, header_remote_url = null, avatar_description = '', header_description = '', \
             also_known_as = '[]', attribution_domains = '[]', inbox_url = null, shared_inbox_url = null, \
             discoverable = false, indexable = false where id = ",
        )
        .bind(account.id)
        .execute(conn)?;
    Ok(())
}

/// An account that was gone is back: the tombstone that its own end left is lifted, and it waits to be read anew.
pub fn lift_gone(conn: &mut Conn, account: &Account) -> Result<()> {
    Sql::new("delete from tombstones where uri = ")
        .bind(&account.uri)
        .with(" and actor_uri = ", &account.uri)
        .execute(conn)?;
    Sql::new("update accounts set deleted_at = null where id = ").bind(account.id).execute(conn)?;
    Ok(())
}

/// Accounts by actor id: of this node and of others; unknown ids are left out.
pub fn accounts_by_uri(conn: &mut Conn, uris: &[&str]) -> Result<Vec<Account>> {
    if uris.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select a.* from accounts a where a.uri in ").texts(uris).load(conn)
}

/// Posts by object id; unknown ids are left out.
pub fn posts_by_uri(conn: &mut Conn, uris: &[&str]) -> Result<Vec<Post>> {
    if uris.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select p.* from posts p where p.uri in ").texts(uris).load(conn)
}

/// Nobody else decides about this id before the transaction ends: what arrives, changes and goes at the same moment does
/// so one after the other (DEL-09). One lock for each transaction, taken before anything is looked up; SQLite has one
/// writer anyway.
pub fn lock(conn: &mut Conn, uri: &str) -> Result<()> {
    if conn.dialect() == Dialect::Postgres {
        let hash = crypto::sha256(uri.as_bytes());
        let key = hash.first_chunk::<8>().map_or(0, |eight| i64::from_be_bytes(*eight));
        Sql::new("select pg_advisory_xact_lock(").bind(key).push(")").execute(conn)?;
    }
    Ok(())
}

/// Where an end is remembered that came before its object: everybody's word has a place of its own, or whoever spoke
/// first would take that of the owner. No id has a space in it.
fn early(uri: &str, actor: &str) -> String {
    format!("{uri} {actor}")
}

/// Whether one of these ids is gone for good, or was deleted or undone by `actor` before it came (DEL-03).
pub fn is_gone(conn: &mut Conn, uris: &[&str], actor: &str, now: Timestamp) -> Result<bool> {
    let early: Vec<String> = uris.iter().map(|uri| early(uri, actor)).collect();
    let keys: Vec<&str> = uris.iter().copied().chain(early.iter().map(String::as_str)).collect();
    let rows = Sql::new("select t.uri, coalesce(t.actor_uri, '') from tombstones t where t.uri in ")
        .texts(&keys)
        .with(" and (t.expires_at is null or t.expires_at > ", now)
        .push(")")
        .load_as::<(Text, Text), (String, String)>(conn)?;
    Ok(rows.iter().any(|(_, by)| by.is_empty() || by == actor))
}

/// Remembers until `until` that `actor` deleted or undid an id that did not come yet (DEL-03).
pub fn remember_gone(conn: &mut Conn, uri: &str, actor: &str, now: Timestamp, until: Timestamp) -> Result<()> {
    Sql::new("insert into tombstones (uri, actor_uri, created_at, expires_at) values (")
        .bind(early(uri, actor))
        .with(",", actor)
        .with(",", now)
        .with(",", until)
        .push(") on conflict (uri) do update set expires_at = excluded.expires_at")
        .execute(conn)?;
    Ok(())
}

/// Whether anybody of this node follows the account.
pub fn has_local_follower(conn: &mut Conn, account: Id<Account>) -> Result<bool> {
    Sql::new("select f.id from follows f join accounts a on a.id = f.account_id and a.domain is null where f.state = 1 and f.target_id = ")
        .bind(account)
        .push(" limit 1")
        .exists(conn)
}

/// How many people of this node follow an account, counted up to `most`.
pub fn count_local_followers(conn: &mut Conn, account: Id<Account>, most: i64) -> Result<usize> {
    let found: Vec<Id<Account>> = Sql::new("select f.account_id from follows f join accounts a on a.id = f.account_id and a.domain is null where f.state = 1 and f.target_id = ")
        .bind(account)
        .with(" limit ", most)
        .load_ids(conn)?;
    Ok(found.len())
}

/// Accounts of other servers that have an outbox and whom somebody here follows.
const FOLLOWED: &str = "select distinct t.id from accounts t join follows f on f.target_id = t.id and f.state = 1 \
     join accounts a on a.id = f.account_id and a.domain is null \
     where t.domain is not null and t.outbox_url is not null and t.deleted_at is null and t.suspended_at is null and ";

/// Those of them above `after`, at this host or at all.
pub fn followed_outboxes(
    conn: &mut Conn,
    after: Id<Account>,
    host: Option<&str>,
    most: i64,
) -> Result<Vec<Id<Account>>> {
    let mut sql = Sql::new(FOLLOWED).with("t.id > ", after);
    if let Some(host) = host {
        sql = sql.with(" and (t.uri like ", format!("https://{host}/%"));
        sql = sql.with(" or t.uri like ", format!("http://{host}/%")).push(")");
    }
    sql.with(" order by t.id limit ", most).load_ids(conn)
}

/// The shared inbox of a host, else that of somebody there, as the newest document says.
pub fn inbox_at(conn: &mut Conn, host: &str) -> Result<Option<String>> {
    let found = Sql::new(
        "select coalesce(a.shared_inbox_url, a.inbox_url) from accounts a where a.domain is not null \
         and a.inbox_url is not null and a.deleted_at is null and (a.uri like ",
    )
    .bind(format!("https://{host}/%"))
    .with(" or a.uri like ", format!("http://{host}/%"))
    .push(") order by a.fetched_at desc limit 1")
    .load_texts(conn)?;
    Ok(found.into_iter().next())
}

/// Whether an account's own server hides whom it follows and who follows it.
pub fn hide_collections(conn: &mut Conn, account: Id<Account>, hidden: bool) -> Result<()> {
    Sql::new("update accounts set hide_collections = ").bind(hidden).with(" where id = ", account).execute(conn)?;
    Ok(())
}

/// Somebody of this node whose accepted follow reaches one of these actors.
pub fn local_follower(conn: &mut Conn, actors: &[String]) -> Result<Option<Id<Account>>> {
    if actors.is_empty() {
        return Ok(None);
    }
    let found: Vec<Id<Account>> = Sql::new(
        "select f.account_id from follows f \
         join accounts a on a.id = f.account_id and a.domain is null and a.suspended_at is null and a.deleted_at is null \
         join accounts t on t.id = f.target_id and t.domain is not null \
         where f.state = 1 and t.uri in ",
    )
    .texts(actors)
    .push(" order by f.id limit 1")
    .load_ids(conn)?;
    Ok(found.into_iter().next())
}

/// Somebody of this node among these actors.
pub fn local_among(conn: &mut Conn, actors: &[String]) -> Result<Option<Id<Account>>> {
    if actors.is_empty() {
        return Ok(None);
    }
    let found: Vec<Id<Account>> = Sql::new(
        "select a.id from accounts a where a.domain is null and a.suspended_at is null and a.deleted_at is null \
         and a.uri in ",
    )
    .texts(actors)
    .push(" order by a.id limit 1")
    .load_ids(conn)?;
    Ok(found.into_iter().next())
}

/// The block of an account by the id of its Block.
pub fn find_block_by_uri(conn: &mut Conn, uri: &str) -> Result<Option<crate::model::Block>> {
    Sql::new("select b.* from blocks b where b.uri = ").bind(uri).optional(conn)
}

/// Files of a post, in order.
pub fn media_of(conn: &mut Conn, post: Id<Post>) -> Result<Vec<crate::model::Media>> {
    Sql::new("select m.* from media m where m.post_id = ").bind(post).push(" order by m.position, m.id").load(conn)
}

/// Notes when a Move of this account was carried out (AUT-11).
pub fn set_moved(conn: &mut Conn, account: Id<Account>, to: Id<Account>, now: Timestamp) -> Result<()> {
    Sql::new("update accounts set moved_to_id = ")
        .bind(to)
        .with(", move_processed_at = ", now)
        .with(" where id = ", account)
        .execute(conn)?;
    Ok(())
}

/// Local followers of `account` above `after`, with what they chose, in order (follow ids).
pub fn local_followers(
    conn: &mut Conn,
    account: Id<Account>,
    after: i64,
    most: i64,
) -> Result<Vec<crate::model::Follow>> {
    Sql::new(
        "select f.* from follows f join accounts a on a.id = f.account_id and a.domain is null where f.target_id = ",
    )
    .bind(account)
    .with(" and f.id > ", after)
    .with(" order by f.id limit ", most)
    .load(conn)
}

/// Local people who block (`blocks`) or mute an account.
pub fn local_averse(conn: &mut Conn, blocks: bool, account: Id<Account>) -> Result<Vec<Id<Account>>> {
    let table = if blocks { "blocks" } else { "mutes" };
    Sql::new(format!(
        "select x.account_id from {table} x join accounts a on a.id = x.account_id and a.domain is null where x.target_id = "
    ))
    .bind(account)
    .push(" order by x.account_id limit 5000")
    .load_ids(conn)
}

/// Puts the new account beside the old one in the lists of `owner`.
pub fn carry_lists(conn: &mut Conn, owner: Id<Account>, from: Id<Account>, to: Id<Account>) -> Result<()> {
    Sql::new("insert into list_members (list_id, account_id) select m.list_id, ")
        .bind(to)
        .with(" from list_members m join lists l on l.id = m.list_id where m.account_id = ", from)
        .with(" and l.account_id = ", owner)
        .push(" on conflict do nothing")
        .execute(conn)?;
    Ok(())
}

/// Copies everybody's private remark about the old account to the new one, where there is none.
pub fn carry_notes(conn: &mut Conn, from: Id<Account>, to: Id<Account>) -> Result<()> {
    Sql::new("insert into account_notes (account_id, target_id, comment) select n.account_id, ")
        .bind(to)
        .with(", n.comment from account_notes n where n.target_id = ", from)
        .with(" and n.account_id <> ", to)
        .push(" on conflict do nothing")
        .execute(conn)?;
    Ok(())
}

/// Posts of an account, newest first: one chunk for a purge.
pub fn some_posts(conn: &mut Conn, account: Id<Account>, most: i64) -> Result<Vec<Id<Post>>> {
    Sql::new("select p.id from posts p where p.account_id = ")
        .bind(account)
        .with(" order by p.id desc limit ", most)
        .load_ids(conn)
}

/// Ends every relation of an account that is gone; answers what its followers and followings were.
pub fn remove_relations(conn: &mut Conn, account: Id<Account>) -> Result<()> {
    for (from, to) in [("account_id", "target_id"), ("target_id", "account_id")] {
        let column = if from == "account_id" { "followers_count" } else { "following_count" };
        Sql::new(format!(
            "update accounts set {column} = case when {column} > 0 then {column} - 1 else 0 end where id in (select f.{to} from follows f where f.state = 1 and f.{from} = "
        ))
        .bind(account)
        .push(")")
        .execute(conn)?;
    }
    for sql in [
        "delete from follows where account_id = ",
        "delete from follows where target_id = ",
        "delete from blocks where account_id = ",
        "delete from blocks where target_id = ",
        "delete from mutes where target_id = ",
        "delete from list_members where account_id = ",
        "delete from account_notes where target_id = ",
        "delete from notifications where from_account_id = ",
        "delete from account_warnings where account_id = ",
        "delete from severances where account_id = ",
        "delete from pins where account_id = ",
        "delete from poll_votes where account_id = ",
        "delete from mentions where account_id = ",
        "delete from emoji_reactions where account_id = ",
        "delete from collections where account_id = ",
        "delete from collection_items where account_id = ",
        "delete from feature_authorizations where account_id = ",
        "delete from feature_authorizations where by_account_id = ",
        "delete from collection_readings where account_id = ",
    ] {
        Sql::new(sql).bind(account).execute(conn)?;
    }
    Ok(())
}

/// Takes an account's favourites back, one chunk; answers how many there were.
pub fn remove_some_favourites(conn: &mut Conn, account: Id<Account>, most: i64) -> Result<usize> {
    let rows = Sql::new("select f.id, f.post_id from favourites f where f.account_id = ")
        .bind(account)
        .with(" order by f.id limit ", most)
        .load_as::<(BigInt, BigInt), (i64, i64)>(conn)?;
    for (id, post) in &rows {
        Sql::new("update posts set favourites_count = case when favourites_count > 0 then favourites_count - 1 else 0 end where id = ")
            .bind(*post)
            .execute(conn)?;
        Sql::new("delete from favourites where id = ").bind(*id).execute(conn)?;
    }
    Ok(rows.len())
}

/// The audience of a post gets smaller; no public timeline shows it any more.
pub fn narrow(conn: &mut Conn, post: Id<Post>, visibility: crate::model::Visibility) -> Result<()> {
    Sql::new("update posts set visibility = ")
        .bind(visibility)
        .with(", listing = ", crate::model::Listing::Hidden)
        .with(" where id = ", post)
        .execute(conn)?;
    Ok(())
}

/// Sets what its own server says about an account, but never less than the rows here show (FOL-13).
pub fn raise_counts(
    conn: &mut Conn,
    account: Id<Account>,
    posts: Option<i64>,
    followers: Option<i64>,
    following: Option<i64>,
) -> Result<()> {
    for (column, claimed, known) in [
        ("posts_count", posts, "select count(*) from posts p where p.account_id = "),
        ("followers_count", followers, "select count(*) from follows f where f.state = 1 and f.target_id = "),
        ("following_count", following, "select count(*) from follows f where f.state = 1 and f.account_id = "),
    ] {
        let Some(claimed) = claimed else { continue };
        let known = Sql::new(known).bind(account).scalar_i64(conn)?;
        Sql::new(format!("update accounts set {column} = "))
            .bind(claimed.clamp(known, 1 << 40))
            .with(" where id = ", account)
            .execute(conn)?;
    }
    Ok(())
}

/// Of these accounts, those whose last posts were not read since `before`.
pub fn unread_outboxes(conn: &mut Conn, accounts: &[Id<Account>], before: Timestamp) -> Result<Vec<Id<Account>>> {
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select a.id from accounts a left join outbox_readings r on r.account_id = a.id and r.read_at > ")
        .bind(before)
        .push(" where r.account_id is null and a.domain is not null and a.outbox_url is not null and a.id in ")
        .ids(accounts)
        .load_ids(conn)
}

/// Whether the last posts of an account are to be read now; remembers that they are. False when they were since `before`.
pub fn claim_outbox(conn: &mut Conn, account: Id<Account>, before: Timestamp, now: Timestamp) -> Result<bool> {
    let written = Sql::new("insert into outbox_readings (account_id, read_at) values (")
        .bind(account)
        .with(",", now)
        .with(
            ") on conflict (account_id) do update set read_at = excluded.read_at where outbox_readings.read_at <= ",
            before,
        )
        .execute(conn)?;
    Ok(written > 0)
}

/// Keeps what a post of another server calls its thread.
pub fn name_thread(conn: &mut Conn, post: Id<Post>, conversation: Option<&str>, context: Option<&str>) -> Result<()> {
    if conversation.is_none() && context.is_none() {
        return Ok(());
    }
    Sql::new("insert into thread_names (post_id, conversation, context) values (")
        .bind(post)
        .with(",", conversation.map(str::to_owned))
        .with(",", context.map(str::to_owned))
        .push(") on conflict do nothing")
        .execute(conn)?;
    Ok(())
}

/// What the first of these posts that says it calls its thread: its name and its collection.
pub fn thread_name(conn: &mut Conn, posts: &[Id<Post>]) -> Result<(Option<String>, Option<String>)> {
    for post in posts {
        let found = Sql::new("select n.conversation, n.context from thread_names n where n.post_id = ")
            .bind(*post)
            .load_as::<(Nullable<Text>, Nullable<Text>), (Option<String>, Option<String>)>(conn)?;
        if let Some(name) = found.into_iter().next() {
            return Ok(name);
        }
    }
    Ok((None, None))
}

/// Whether the thread was read from this post since `since`.
pub fn is_thread_read(conn: &mut Conn, post: Id<Post>, since: Timestamp) -> Result<bool> {
    Sql::new("select r.post_id from thread_readings r where r.post_id = ")
        .bind(post)
        .with(" and r.read_at > ", since)
        .exists(conn)
}

/// Posts of other servers that are known of the thread that begins with this one, and for everybody, by their ids; the
/// newest first.
pub fn thread_elsewhere(conn: &mut Conn, root: Id<Post>, most: i64) -> Result<Vec<String>> {
    elsewhere("select p.uri", root).with(" order by p.id desc limit ", most).load_texts(conn)
}

/// Whether there are any, and the thread was not read from there since `since`.
pub fn is_unread_elsewhere(conn: &mut Conn, root: Id<Post>, since: Timestamp) -> Result<bool> {
    elsewhere("select p.id", root)
        .with(" and not exists (select 1 from thread_readings r where r.post_id = ", root)
        .with(" and r.read_at > ", since)
        .push(") limit 1")
        .exists(conn)
}

fn elsewhere(what: &'static str, root: Id<Post>) -> Sql {
    Sql::new(what)
        .with(" from posts p where p.boost_of_id is null and not p.local and p.conversation_id = ", root)
        .with(" and p.visibility <= ", Visibility::Unlisted)
}

/// As [`claim_outbox`], for the thread that is read from a post.
pub fn claim_thread(conn: &mut Conn, post: Id<Post>, before: Timestamp, now: Timestamp) -> Result<bool> {
    let written = Sql::new("insert into thread_readings (post_id, read_at) values (")
        .bind(post)
        .with(",", now)
        .with(
            ") on conflict (post_id) do update set read_at = excluded.read_at where thread_readings.read_at <= ",
            before,
        )
        .execute(conn)?;
    Ok(written > 0)
}

/// What the actor of this node follows: relays, by the ids of their actors, with each follow.
pub fn relays(conn: &mut Conn, instance: Id<Account>) -> Result<Vec<(String, Follow)>> {
    let follows: Vec<Follow> = Sql::new("select f.* from follows f where f.account_id = ")
        .bind(instance)
        .push(" order by f.id limit 1000")
        .load(conn)?;
    let mut out = Vec::with_capacity(follows.len());
    for follow in follows {
        out.push((super::accounts::load(conn, follow.target_id)?.uri, follow));
    }
    Ok(out)
}

/// Whether the actor of this node (by its id) follows an account, which makes it a relay.
pub fn is_relay(conn: &mut Conn, instance: &str, account: Id<Account>) -> Result<bool> {
    Sql::new("select f.id from follows f join accounts a on a.id = f.account_id where f.state = 1 and a.uri = ")
        .bind(instance)
        .with(" and f.target_id = ", account)
        .exists(conn)
}

/// Whether one of these servers (`https://host`) is that of a relay.
pub fn is_relay_at(conn: &mut Conn, instance: &str, authorities: &[String]) -> Result<bool> {
    let relays: Vec<Id<Account>> = Sql::new(
        "select f.target_id from follows f join accounts a on a.id = f.account_id where f.state = 1 and a.uri = ",
    )
    .bind(instance)
    .push(" limit 1000")
    .load_ids(conn)?;
    for relay in relays {
        let uri = super::accounts::load(conn, relay)?.uri;
        if authorities.iter().any(|authority| authority == crate::uri::authority(&uri)) {
            return Ok(true);
        }
    }
    Ok(false)
}
