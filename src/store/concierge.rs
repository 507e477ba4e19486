//! The account of the concierge, what it speaks of in which thread, and whom it turned away.

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, Post, Project},
    time::Timestamp,
};
use diesel::sql_types::{BigInt, Bool, Nullable, Text};

/// The setting that holds the id of the account.
const SETTING: &str = "concierge_account";

/// The account, when it was made.
pub fn find(conn: &mut Conn) -> Result<Option<Account>> {
    Sql::new(
        "select a.* from accounts a where a.id = (select cast(s.value as bigint) from node_settings s where s.name = ",
    )
    .bind(SETTING)
    .push(")")
    .optional(conn)
}

/// Remembers which account it is.
pub fn remember(conn: &mut Conn, account: Id<Account>) -> Result<()> {
    super::users::set_setting(conn, SETTING, &account.raw().to_string())
}

/// Whether a post is addressed to it.
pub fn is_addressed(conn: &mut Conn, post: Id<Post>) -> Result<bool> {
    Sql::new("select m.account_id from mentions m where m.post_id = ")
        .bind(post)
        .with(" and m.account_id = (select cast(s.value as bigint) from node_settings s where s.name = ", SETTING)
        .push(")")
        .exists(conn)
}

/// Whether `by` answered a post already with a direct one.
pub fn has_answered(conn: &mut Conn, by: Id<Account>, post: Id<Post>) -> Result<bool> {
    Sql::new("select p.id from posts p where p.in_reply_to_id = ")
        .bind(post)
        .with(" and p.account_id = ", by)
        .push(" and p.visibility = 3 limit 1")
        .exists(conn)
}

/// Whether somebody of another node may be told now that the concierge serves its own people only; remembers that they
/// were. True at most once since `before`.
pub fn may_refuse(conn: &mut Conn, account: Id<Account>, before: Timestamp, now: Timestamp) -> Result<bool> {
    let written = Sql::new("insert into concierge_refusals (account_id, told_at) values (")
        .bind(account)
        .with(",", now)
        .with(
            ") on conflict (account_id) do update set told_at = excluded.told_at where concierge_refusals.told_at <= ",
            before,
        )
        .execute(conn)?;
    Ok(written > 0)
}

/// What the concierge and somebody speak of in one thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// Its first post.
    pub conversation: Id<Post>,
    /// Who speaks with the concierge.
    pub account: Id<Account>,
    /// The draft of a project that it is about.
    pub draft: Option<Id<Project>>,
    /// Likeness was warned of: publishing needs a reason.
    pub warned: bool,
    /// The projects that have a number, in their order.
    pub offered: Vec<Id<Project>>,
    /// The people who have one.
    pub people: Vec<Id<Account>>,
}

/// What was said in this thread, when it was with this person.
pub fn thread(conn: &mut Conn, conversation: Id<Post>, account: Id<Account>) -> Result<Option<Thread>> {
    type Types = (Nullable<BigInt>, Bool, Text, Text);
    let rows = Sql::new(
        "select t.draft_id, t.warned, t.offered, t.people from concierge_threads t where t.conversation_id = ",
    )
    .bind(conversation)
    .with(" and t.account_id = ", account)
    .load_as::<Types, (Option<i64>, bool, String, String)>(conn)?;
    let list = |text: &str| serde_json::from_str::<Vec<i64>>(text).unwrap_or_default();
    Ok(rows.into_iter().next().map(|(draft, warned, offered, people)| Thread {
        conversation,
        account,
        draft: draft.map(Id::new),
        warned,
        offered: list(&offered).into_iter().map(Id::new).collect(),
        people: list(&people).into_iter().map(Id::new).collect(),
    }))
}

/// Remembers what was said. A thread belongs to whoever spoke in it first.
pub fn set_thread(conn: &mut Conn, thread: &Thread, now: Timestamp) -> Result<()> {
    let offered: Vec<i64> = thread.offered.iter().map(|id| id.raw()).collect();
    let people: Vec<i64> = thread.people.iter().map(|id| id.raw()).collect();
    Sql::new(
        "insert into concierge_threads (conversation_id, account_id, draft_id, warned, offered, people, changed_at) values (",
    )
    .bind(thread.conversation)
    .with(",", thread.account)
    .with(",", thread.draft.map(Id::raw))
    .with(",", thread.warned)
    .with(",", serde_json::json!(offered).to_string())
    .with(",", serde_json::json!(people).to_string())
    .with(",", now)
    .push(
        ") on conflict (conversation_id) do update set draft_id = excluded.draft_id, warned = excluded.warned, \
         offered = excluded.offered, people = excluded.people, changed_at = excluded.changed_at \
         where concierge_threads.account_id = excluded.account_id",
    )
    .execute(conn)?;
    Ok(())
}
