//! What only people of this node have: how they sign in, their sessions, the invitations that brought them, and the
//! names that were once in use.

use crate::{
    Result,
    db::{Conn, Dialect, Sql, on_backend},
    id::Id,
    model::{Account, Invite, Role, Session, User, schema},
    time::Timestamp,
};
use diesel::prelude::*;

/// Stores the account row of a new person (or of an actor of the node), who is found by name from now on.
pub fn insert_account(conn: &mut Conn, account: &Account) -> Result<()> {
    on_backend!(conn, c => diesel::insert_into(schema::accounts::table).values(account).execute(c))?;
    super::search::index_account(conn, account, "")
}

/// Stores what a person signs in with.
pub fn insert(conn: &mut Conn, user: &User) -> Result<()> {
    on_backend!(conn, c => diesel::insert_into(schema::users::table).values(user).execute(c))?;
    Ok(())
}

/// By account.
pub fn find(conn: &mut Conn, account: Id<Account>) -> Result<Option<User>> {
    Sql::new("select u.* from users u where u.account_id = ").bind(account).optional(conn)
}

/// By account, or `NotFound`.
pub fn load(conn: &mut Conn, account: Id<Account>) -> Result<User> {
    Sql::new("select u.* from users u where u.account_id = ").bind(account).one(conn)
}

/// Several by account.
pub fn list(conn: &mut Conn, accounts: &[Id<Account>]) -> Result<Vec<User>> {
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select u.* from users u where u.account_id in ").ids(accounts).load(conn)
}

/// By e-mail address, compared in lower case.
pub fn find_by_email(conn: &mut Conn, email: &str) -> Result<Option<User>> {
    Sql::new("select u.* from users u where u.email_normal = ").bind(email.to_lowercase()).optional(conn)
}

/// People of this node by id above `after`, for commands: everybody, or only who waits for approval.
pub fn page(conn: &mut Conn, after: Id<Account>, pending_only: bool, limit: i64) -> Result<Vec<User>> {
    let sql = Sql::new("select u.* from users u where u.account_id > ").bind(after);
    let sql = if pending_only { sql.push(" and u.approved_at is null") } else { sql };
    sql.push(" order by u.account_id limit ").bind(limit).load(conn)
}

/// Does somebody run the node yet: an owner, or an admin whom a command made?
pub fn has_admin(conn: &mut Conn) -> Result<bool> {
    Sql::new("select u.account_id from users u where u.role >= ").bind(Role::Admin).push(" limit 1").exists(conn)
}

/// Those among `accounts` who are nobody yet: they wait for approval, or for their address to be confirmed.
pub fn waiting(conn: &mut Conn, accounts: &[Id<Account>]) -> Result<Vec<Id<Account>>> {
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select u.account_id from users u where u.approved_at is null and u.account_id in ")
        .ids(accounts)
        .load_ids(conn)
}

/// How many owners beside this one can sign in and go on doing so: who has left, or is about to, does not count.
pub fn count_other_owners(conn: &mut Conn, account: Id<Account>) -> Result<i64> {
    Sql::new("select count(*) from users u where u.role = ")
        .bind(Role::Owner)
        .push(
            " and u.disabled_at is null and u.approved_at is not null \
             and not exists (select 1 from leavers l where l.account_id = u.account_id) and u.account_id <> ",
        )
        .bind(account)
        .scalar_i64(conn)
}

/// Whom to turn to: the first of the highest role.
pub fn first_of_staff(conn: &mut Conn) -> Result<Option<Id<Account>>> {
    let found = Sql::new("select u.account_id from users u where u.role > ")
        .bind(Role::Member)
        .push(" and u.disabled_at is null and u.approved_at is not null order by u.role desc, u.account_id limit 1")
        .optional_i64(conn)?;
    Ok(found.map(Id::new))
}

/// People who may sign in.
pub fn count(conn: &mut Conn) -> Result<i64> {
    Sql::new("select count(*) from users u where u.approved_at is not null and u.disabled_at is null").scalar_i64(conn)
}

/// How many asked to join and wait for an answer.
pub fn count_waiting(conn: &mut Conn) -> Result<i64> {
    Sql::new("select count(*) from users u where u.approved_at is null").scalar_i64(conn)
}

/// Posts for everybody that people of this node wrote: a sum of their counters, not a walk over all posts.
pub fn count_posts(conn: &mut Conn) -> Result<i64> {
    Sql::new("select cast(coalesce(sum(a.open_posts_count), 0) as bigint) from accounts a where a.domain is null")
        .scalar_i64(conn)
}

/// The same with the posts that are for less than everybody, as people of this node are told.
pub fn count_posts_inside(conn: &mut Conn) -> Result<i64> {
    Sql::new("select cast(coalesce(sum(a.posts_count), 0) as bigint) from accounts a where a.domain is null")
        .scalar_i64(conn)
}

/// Other servers heard of.
pub fn count_nodes(conn: &mut Conn) -> Result<i64> {
    Sql::new("select count(*) from hosts h").scalar_i64(conn)
}

/// Follow requests that wait for this person.
pub fn count_follow_requests(conn: &mut Conn, account: Id<Account>) -> Result<i64> {
    Sql::new("select count(*) from follows f where f.target_id = ")
        .bind(account)
        .with(" and f.state = ", crate::model::FollowState::Requested)
        .scalar_i64(conn)
}

/// Is this lower-case name in use here, or was it ever?
pub fn is_name_taken(conn: &mut Conn, handle: &str) -> Result<bool> {
    Ok(Sql::new("select a.id from accounts a where a.handle = ").bind(handle).exists(conn)?
        || Sql::new("select retired_at from retired_usernames where username = ").bind(handle).exists(conn)?)
}

/// The name is never given to anybody again.
pub fn retire_name(conn: &mut Conn, handle: &str, now: Timestamp) -> Result<()> {
    Sql::new("insert into retired_usernames (username, retired_at) values (")
        .bind(handle)
        .with(", ", now)
        .push(") on conflict (username) do nothing")
        .execute(conn)?;
    Ok(())
}

/// Sets the role.
pub fn set_role(conn: &mut Conn, account: Id<Account>, role: Role) -> Result<()> {
    Sql::new("update users set role = ").bind(role).with(" where account_id = ", account).execute(conn)?;
    Ok(())
}

/// Sets or clears the moment of approval.
pub fn set_approved(conn: &mut Conn, account: Id<Account>, at: Timestamp) -> Result<()> {
    Sql::new("update users set approved_at = ").bind(at).with(" where account_id = ", account).execute(conn)?;
    Ok(())
}

/// Sets or clears the moment of disabling.
pub fn set_disabled(conn: &mut Conn, account: Id<Account>, at: Option<Timestamp>) -> Result<()> {
    Sql::new("update users set disabled_at = ").bind(at).with(" where account_id = ", account).execute(conn)?;
    Ok(())
}

/// Sets the password hash.
pub fn set_password(conn: &mut Conn, account: Id<Account>, hash: &str, now: Timestamp) -> Result<()> {
    Sql::new("update users set password_hash = ")
        .bind(hash)
        .with(", password_changed_at = ", now)
        .with(" where account_id = ", account)
        .execute(conn)?;
    Ok(())
}

/// Replaces the hash of an unchanged password.
pub fn rehash_password(conn: &mut Conn, account: Id<Account>, hash: &str) -> Result<()> {
    Sql::new("update users set password_hash = ").bind(hash).with(" where account_id = ", account).execute(conn)?;
    Ok(())
}

/// Notes that the person was here.
pub fn touch(conn: &mut Conn, account: Id<Account>, now: Timestamp) -> Result<()> {
    Sql::new("update users set last_active_at = ").bind(now).with(" where account_id = ", account).execute(conn)?;
    Ok(())
}

/// Sets what a new post starts with.
pub fn set_preferences(conn: &mut Conn, user: &User) -> Result<()> {
    Sql::new("update users set default_visibility = ")
        .bind(user.default_visibility)
        .with(", default_sensitive = ", user.default_sensitive)
        .with(", default_language = ", user.default_language.as_deref())
        .with(", default_quote_policy = ", user.default_quote_policy)
        .with(", default_audience = ", user.default_audience)
        .with(", locale = ", user.locale.as_deref())
        .with(" where account_id = ", user.account_id)
        .execute(conn)?;
    Ok(())
}

/// Sets or clears the moment of suspension of any account.
pub fn set_suspended(conn: &mut Conn, account: Id<Account>, at: Option<Timestamp>) -> Result<()> {
    Sql::new("update accounts set suspended_at = ").bind(at).with(" where id = ", account).execute(conn)?;
    Ok(())
}

/// Marks an account as gone and empties its profile; the row keeps its name and id.
pub fn clear_deleted(conn: &mut Conn, account: Id<Account>, now: Timestamp) -> Result<()> {
    Sql::new("update accounts set deleted_at = ")
        .bind(now)
        .with(", updated_at = ", now)
        .push(
            ", display_name = '', note = '', note_source = null, fields = '[]', emojis = '[]', avatar = null, \
             header = null, avatar_description = '', header_description = '', also_known_as = '[]', \
             attribution_domains = '[]', discoverable = false, indexable = false where id = ",
        )
        .bind(account)
        .execute(conn)?;
    Ok(())
}

/// Writes what its owner can change of a profile.
pub fn update_profile(conn: &mut Conn, account: &Account) -> Result<()> {
    Sql::new("update accounts set display_name = ")
        .bind(&account.display_name)
        .with(", note = ", &account.note)
        .with(", note_source = ", account.note_source.as_deref())
        .with(", fields = ", &account.fields)
        .with(", emojis = ", &account.emojis)
        .with(", kind = ", account.kind)
        .with(", avatar = ", account.avatar.as_deref())
        .with(", avatar_description = ", &account.avatar_description)
        .with(", header = ", account.header.as_deref())
        .with(", header_description = ", &account.header_description)
        .with(", locked = ", account.locked)
        .with(", discoverable = ", account.discoverable)
        .with(", indexable = ", account.indexable)
        .with(", hide_collections = ", account.hide_collections)
        .with(", show_media = ", account.show_media)
        .with(", show_media_replies = ", account.show_media_replies)
        .with(", show_featured = ", account.show_featured)
        .with(", also_known_as = ", &account.also_known_as)
        .with(", attribution_domains = ", &account.attribution_domains)
        .with(", updated_at = ", account.updated_at)
        .with(" where id = ", account.id)
        .execute(conn)?;
    Ok(())
}

/// Forgets what only its owner and the staff knew of the person: the account stays, nobody can sign in to it.
pub fn forget_person(conn: &mut Conn, account: Id<Account>) -> Result<()> {
    Sql::new(
        "update users set email = null, email_normal = null, password_hash = null, sign_up_reason = null,          locale = null where account_id = ",
    )
    .bind(account)
    .execute(conn)?;
    Ok(())
}

/// Removes the row: the person cannot sign in any more.
pub fn delete(conn: &mut Conn, account: Id<Account>) -> Result<()> {
    Sql::new("delete from users where account_id = ").bind(account).execute(conn)?;
    Ok(())
}

/// Removes the row of an account that nothing refers to yet (a refused sign-up).
pub fn delete_account_row(conn: &mut Conn, account: Id<Account>) -> Result<()> {
    Sql::new("delete from accounts where id = ").bind(account).execute(conn)?;
    Ok(())
}

/// Stores a session.
pub fn insert_session(conn: &mut Conn, session: &Session) -> Result<()> {
    on_backend!(conn, c => diesel::insert_into(schema::sessions::table).values(session).execute(c))?;
    Ok(())
}

/// By hash of its cookie.
pub fn find_session(conn: &mut Conn, hash: &[u8]) -> Result<Option<Session>> {
    Sql::new("select s.* from sessions s where s.token_hash = ").bind(hash).optional(conn)
}

/// Sessions of an account, newest first.
pub fn list_sessions(conn: &mut Conn, account: Id<Account>) -> Result<Vec<Session>> {
    Sql::new("select s.* from sessions s where s.account_id = ").bind(account).push(" order by s.id desc").load(conn)
}

/// A new secret for the forms of a session.
pub fn set_session_csrf(conn: &mut Conn, id: Id<Session>, csrf: &str) -> Result<()> {
    Sql::new("update sessions set csrf = ").bind(csrf).with(" where id = ", id).execute(conn)?;
    Ok(())
}

/// Notes that a session was used.
pub fn touch_session(conn: &mut Conn, id: Id<Session>, now: Timestamp) -> Result<()> {
    Sql::new("update sessions set last_seen_at = ").bind(now).with(" where id = ", id).execute(conn)?;
    Ok(())
}

/// Ends one session of an account; answers whether there was one.
pub fn delete_session(conn: &mut Conn, account: Id<Account>, id: Id<Session>) -> Result<bool> {
    Ok(Sql::new("delete from sessions where account_id = ").bind(account).with(" and id = ", id).execute(conn)? > 0)
}

/// Ends the sessions of an account, but for `keep`.
pub fn delete_sessions(conn: &mut Conn, account: Id<Account>, keep: Option<Id<Session>>) -> Result<usize> {
    Sql::new("delete from sessions where account_id = ")
        .bind(account)
        .with(" and id <> ", keep.map_or(0, Id::raw))
        .execute(conn)
}

/// Stores an invitation.
pub fn insert_invite(conn: &mut Conn, invite: &Invite) -> Result<()> {
    on_backend!(conn, c => diesel::insert_into(schema::invites::table).values(invite).execute(c))?;
    Ok(())
}

/// By code, locked on PostgreSQL so that its uses are counted right.
pub fn find_invite(conn: &mut Conn, code: &str) -> Result<Option<Invite>> {
    Sql::new("select i.* from invites i where i.code = ").bind(code).optional(conn)
}

/// As [`find_invite`], for whoever is about to use it.
pub fn lock_invite(conn: &mut Conn, code: &str) -> Result<Option<Invite>> {
    let sql = Sql::new("select i.* from invites i where i.code = ").bind(code);
    match conn.dialect() {
        Dialect::Sqlite => sql.optional(conn),
        Dialect::Postgres => sql.push(" for update").optional(conn),
    }
}

/// All invitations, newest first.
pub fn list_invites(conn: &mut Conn, limit: i64) -> Result<Vec<Invite>> {
    Sql::new("select i.* from invites i order by i.id desc limit ").bind(limit).load(conn)
}

/// Counts one use.
pub fn use_invite(conn: &mut Conn, id: Id<Invite>) -> Result<()> {
    Sql::new("update invites set uses = uses + 1 where id = ").bind(id).execute(conn)?;
    Ok(())
}

/// Takes an invitation back.
pub fn revoke_invite(conn: &mut Conn, id: Id<Invite>, now: Timestamp) -> Result<()> {
    Sql::new("update invites set revoked_at = ").bind(now).with(" where id = ", id).execute(conn)?;
    Ok(())
}

/// A fact about this node, by name.
pub fn find_setting(conn: &mut Conn, name: &str) -> Result<Option<String>> {
    Ok(Sql::new("select value from node_settings where name = ").bind(name).load_texts(conn)?.into_iter().next())
}

/// Sets a fact about this node.
pub fn set_setting(conn: &mut Conn, name: &str, value: &str) -> Result<()> {
    Sql::new("insert into node_settings (name, value) values (")
        .bind(name)
        .with(", ", value)
        .push(") on conflict (name) do update set value = excluded.value")
        .execute(conn)?;
    Ok(())
}

/// Forgets a fact about this node.
pub fn delete_setting(conn: &mut Conn, name: &str) -> Result<()> {
    Sql::new("delete from node_settings where name = ").bind(name).execute(conn)?;
    Ok(())
}
