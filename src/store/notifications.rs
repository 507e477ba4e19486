//! Notification rows.

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, AccountWarning, Collection, Notification, NotificationKind, Post, Report, Role, Severance},
    time::Timestamp,
};
use diesel::sql_types::BigInt;

/// What a notification is about, beside whoever caused it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Nothing else.
    Person,
    /// A post.
    Post(Id<Post>),
    /// A report.
    Report(Id<Report>),
    /// A collection.
    Collection(Id<Collection>),
    /// What staff says of an act on the reader's account.
    Warning(Id<AccountWarning>),
    /// Follows that the reader lost.
    Severance(Id<Severance>),
}

impl About {
    /// The post, if it is about one.
    pub const fn post(self) -> Option<Id<Post>> {
        if let Self::Post(id) = self { Some(id) } else { None }
    }

    /// Narrows a statement down to it; about nothing else all are.
    fn narrow(self, sql: Sql) -> Sql {
        match self {
            Self::Person => sql,
            Self::Post(id) => sql.with(" and post_id = ", id),
            Self::Report(id) => sql.with(" and report_id = ", id),
            Self::Collection(id) => sql.with(" and collection_id = ", id),
            Self::Warning(id) => sql.with(" and warning_id = ", id),
            Self::Severance(id) => sql.with(" and severance_id = ", id),
        }
    }
}

/// Writes one; answers its id.
pub fn insert(
    conn: &mut Conn,
    account: Id<Account>,
    kind: NotificationKind,
    from: Id<Account>,
    about: About,
    now: Timestamp,
) -> Result<Option<Id<Notification>>> {
    let report = if let About::Report(id) = about { Some(id) } else { None };
    let collection = if let About::Collection(id) = about { Some(id) } else { None };
    let warning = if let About::Warning(id) = about { Some(id) } else { None };
    let severance = if let About::Severance(id) = about { Some(id) } else { None };
    let id = Sql::new(
        "insert into notifications (account_id, kind, from_account_id, post_id, report_id, collection_id, warning_id, \
         severance_id, group_key, created_at) values (",
    )
    .bind(account)
    .with(",", kind)
    .with(",", from)
    .with(",", about.post())
    .with(",", report)
    .with(",", collection)
    .with(",", warning)
    .with(",", severance)
    .with(",", super::notification_groups::key(kind, about.post(), now))
    .with(",", now)
    .push(") returning id")
    .load_as::<BigInt, i64>(conn)?;
    Ok(id.into_iter().next().map(Id::new))
}

/// Is there one of this kind already, from the same account about the same thing?
pub fn is_there(
    conn: &mut Conn,
    account: Id<Account>,
    kind: NotificationKind,
    from: Id<Account>,
    about: About,
) -> Result<bool> {
    let sql = Sql::new("select n.id from notifications n where n.from_account_id = ")
        .bind(from)
        .with(" and n.account_id = ", account)
        .with(" and n.kind = ", kind);
    about.narrow(sql).push(" limit 1").exists(conn)
}

/// Keeps one back from its reader.
pub fn hold(conn: &mut Conn, id: Id<Notification>) -> Result<()> {
    Sql::new("update notifications set held = ").bind(true).with(" where id = ", id).execute(conn)?;
    Ok(())
}

/// Takes back what is no longer true.
pub fn remove(
    conn: &mut Conn,
    account: Id<Account>,
    kind: NotificationKind,
    from: Id<Account>,
    about: About,
) -> Result<()> {
    let sql = Sql::new("delete from notifications where from_account_id = ")
        .bind(from)
        .with(" and account_id = ", account)
        .with(" and kind = ", kind);
    about.narrow(sql).execute(conn)?;
    Ok(())
}

/// Removes everything somebody caused for somebody (a block).
pub fn remove_between(conn: &mut Conn, account: Id<Account>, from: Id<Account>) -> Result<()> {
    Sql::new("delete from notifications where account_id = ")
        .bind(account)
        .with(" and from_account_id = ", from)
        .execute(conn)?;
    Ok(())
}

/// Those of `recipients` who are local, may be told about `from`, and have not muted the thread: not blocked either
/// way, not of a blocked domain, not muted with notifications, not suspended.
pub fn willing(
    conn: &mut Conn,
    recipients: &[Id<Account>],
    from: Id<Account>,
    conversation: Option<Id<Post>>,
    now: Timestamp,
) -> Result<Vec<Id<Account>>> {
    if recipients.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::new(
        "select a.id from accounts a where a.domain is null and a.deleted_at is null and a.suspended_at is null and a.id in ",
    )
    .ids(recipients)
    .with(" and a.id <> ", from)
    .with(" and not exists (select 1 from blocks b where b.account_id = a.id and b.target_id = ", from)
    .with(") and not exists (select 1 from blocks b where b.target_id = a.id and b.account_id = ", from)
    .with(") and not exists (select 1 from mutes m where m.account_id = a.id and m.hide_notifications and m.target_id = ", from)
    .with(" and (m.expires_at is null or m.expires_at > ", now)
    .with(
        ")) and not exists (select 1 from account_domain_blocks d join accounts x on x.domain = d.domain \
         where d.account_id = a.id and x.id = ",
        from,
    )
    .push(")");
    if let Some(thread) = conversation {
        sql = sql
            .with(
                " and not exists (select 1 from conversation_mutes c where c.account_id = a.id and c.conversation_id = ",
                thread,
            )
            .push(")");
    }
    sql.load_ids(conn)
}

/// Those of `recipients` who block somebody whom a post names or answers, or mute them with their notifications.
pub fn averse(
    conn: &mut Conn,
    recipients: &[Id<Account>],
    post: Id<Post>,
    answered: Option<Id<Account>>,
    now: Timestamp,
) -> Result<Vec<Id<Account>>> {
    if recipients.is_empty() {
        return Ok(Vec::new());
    }
    let involved = |sql: Sql| {
        let sql = sql
            .with(" and (x.target_id = ", answered)
            .with(" or x.target_id in (select m.account_id from mentions m where not m.silent and m.post_id = ", post);
        sql.push("))")
    };
    let blocking = involved(Sql::new("select x.account_id from blocks x where x.account_id in ").ids(recipients));
    let muting = Sql::new(" union select x.account_id from mutes x where x.hide_notifications")
        .with(" and (x.expires_at is null or x.expires_at > ", now)
        .push(") and x.account_id in ")
        .ids(recipients);
    blocking.append(involved(muting)).load_ids(conn)
}

/// Local accounts with at least this role whose owners are here.
pub fn staff(conn: &mut Conn, role: Role) -> Result<Vec<Id<Account>>> {
    Sql::new(
        "select u.account_id from users u join accounts a on a.id = u.account_id where u.disabled_at is null \
         and a.left_on is null and a.deleted_at is null and a.suspended_at is null and u.role > 0 and u.role >= ",
    )
    .bind(role)
    .load_ids(conn)
}

/// What of a person's notifications is asked for.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Only these kinds; empty means all.
    pub kinds: Vec<NotificationKind>,
    /// Not these kinds.
    pub except: Vec<NotificationKind>,
    /// Only from this account.
    pub from: Option<Id<Account>>,
    /// Only this one.
    pub only: Option<Id<Notification>>,
    /// Only those of this group.
    pub group: Option<String>,
    /// With those that the policy keeps back.
    pub held: bool,
}

/// A person's notifications that may still be shown: whoever caused one must still be there and neither blocked nor
/// muted, and a post must still be visible to the reader (PRV-19).
pub fn list(
    conn: &mut Conn,
    account: Id<Account>,
    wanted: &Selection,
    now: Timestamp,
    page: super::page::Page,
) -> Result<Vec<Notification>> {
    let rows = page.apply(visible(account, wanted, now, "n.*"), "n.id").load(conn)?;
    Ok(page.arrange(rows))
}

/// How many are newer than `above`, counted up to `most`.
pub fn count_above(
    conn: &mut Conn,
    account: Id<Account>,
    wanted: &Selection,
    above: i64,
    now: Timestamp,
    most: i64,
) -> Result<i64> {
    let inner = visible(account, wanted, now, "n.id").with(" and n.id > ", above).with(" limit ", most);
    Sql::new("select count(*) from (").append(inner).push(") c").scalar_i64(conn)
}

/// By id, whoever it belongs to.
pub fn by_id(conn: &mut Conn, id: Id<Notification>) -> Result<Option<Notification>> {
    Sql::new("select n.* from notifications n where n.id = ").bind(id).optional(conn)
}

/// One of a person's notifications.
pub fn find(
    conn: &mut Conn,
    account: Id<Account>,
    id: Id<Notification>,
    now: Timestamp,
) -> Result<Option<Notification>> {
    visible(account, &Selection { held: true, ..Selection::default() }, now, "n.*")
        .with(" and n.id = ", id)
        .optional(conn)
}

/// Removes some; answers how many were there.
pub fn dismiss(conn: &mut Conn, account: Id<Account>, some: &[Id<Notification>]) -> Result<usize> {
    Sql::new("delete from notifications where account_id = ").bind(account).push(" and id in ").ids(some).execute(conn)
}

/// Removes all of a person's.
pub fn clear(conn: &mut Conn, account: Id<Account>) -> Result<()> {
    Sql::new("delete from notifications where account_id = ").bind(account).execute(conn)?;
    Ok(())
}

/// Those of a person that may be shown. No limit and no order yet.
pub(super) fn visible(account: Id<Account>, wanted: &Selection, now: Timestamp, columns: &'static str) -> Sql {
    visible_from("notifications n", account, wanted, now, columns)
}

/// As [`visible`], with something beside the notifications `n`.
pub(super) fn visible_from(
    source: &'static str,
    account: Id<Account>,
    wanted: &Selection,
    now: Timestamp,
    columns: &'static str,
) -> Sql {
    let mut sql = Sql::new("select ")
        .push(columns)
        .push(" from ")
        .push(source)
        .push(" join accounts a on a.id = n.from_account_id where n.account_id = ")
        .bind(account)
        .push(
            " and a.deleted_at is null and a.suspended_at is null and not a.suspended_by_origin \
             and not exists (select 1 from blocks b where b.account_id = n.account_id and b.target_id = n.from_account_id) \
             and not exists (select 1 from blocks b where b.account_id = n.from_account_id and b.target_id = n.account_id) \
             and not exists (select 1 from mutes m where m.account_id = n.account_id and m.target_id = n.from_account_id \
             and m.hide_notifications and (m.expires_at is null or m.expires_at > ",
        )
        .bind(now)
        .push(
            ")) and not exists (select 1 from account_domain_blocks d where d.account_id = n.account_id \
             and d.domain = a.domain)",
        );
    if !wanted.held {
        sql = sql.push(" and not n.held");
    }
    if !wanted.kinds.is_empty() {
        let codes: Vec<i64> = wanted.kinds.iter().map(|k| i64::from(k.code())).collect();
        sql = sql.push(" and n.kind in ").numbers(&codes);
    }
    if !wanted.except.is_empty() {
        let codes: Vec<i64> = wanted.except.iter().map(|k| i64::from(k.code())).collect();
        sql = sql.push(" and n.kind not in ").numbers(&codes);
    }
    if let Some(from) = wanted.from {
        sql = sql.with(" and n.from_account_id = ", from);
    }
    if let Some(only) = wanted.only {
        sql = sql.with(" and n.id = ", only);
    }
    if let Some(group) = &wanted.group {
        sql = sql.with(" and n.group_key = ", group);
    }
    sql
}

/// As [`visible`], for counting very many: without a look at whoever caused each. Those whom the reader does not want to hear
/// of are left out, those who were suspended or deleted are not.
pub(super) fn heard(account: Id<Account>, wanted: &Selection, now: Timestamp, columns: &'static str) -> Sql {
    let mut sql = Sql::new("select ")
        .push(columns)
        .with(" from notifications n where n.account_id = ", account)
        // Most people block and mute nobody: then nothing is looked up.
        .with(" and (not exists (select 1 from blocks b where b.account_id = ", account)
        .with(") or n.from_account_id not in (select b.target_id from blocks b where b.account_id = ", account)
        .with(")) and (not exists (select 1 from blocks b where b.target_id = ", account)
        .with(") or n.from_account_id not in (select b.account_id from blocks b where b.target_id = ", account)
        .with(")) and (not exists (select 1 from mutes m where m.account_id = ", account)
        .with(") or n.from_account_id not in (select m.target_id from mutes m where m.account_id = ", account)
        .with(" and m.hide_notifications and (m.expires_at is null or m.expires_at > ", now)
        .with("))) and (not exists (select 1 from account_domain_blocks d where d.account_id = ", account)
        .with(
            ") or not exists (select 1 from account_domain_blocks d join accounts a on a.domain = d.domain where d.account_id = ",
            account,
        )
        .push(" and a.id = n.from_account_id))");
    if !wanted.held {
        sql = sql.push(" and not n.held");
    }
    if let Some(from) = wanted.from {
        sql = sql.with(" and n.from_account_id = ", from);
    }
    sql
}

/// How far a person has read, by the marker their clients share; 0 for nowhere.
pub fn read_marker(conn: &mut Conn, account: Id<Account>) -> Result<i64> {
    Sql::new("select m.last_read_id from markers m where m.timeline = 'notifications' and m.account_id = ")
        .bind(account)
        .scalar_i64(conn)
}
