//! What people know and where they work, accepted answers, and the copies of the other nodes' directories.

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::Account,
    time::Timestamp,
};
use diesel::sql_types::{BigInt, Bool, Nullable, SmallInt, Text};

/// The facts of one actor; texts are plain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Job title.
    pub title: String,
    /// Department.
    pub department: String,
    /// Site.
    pub site: String,
    /// IANA name.
    pub time_zone: String,
    /// BCP 47 tags, separated by spaces.
    pub languages: String,
    /// JSON list of `{name, url}`.
    pub works_on: String,
    /// 0 organisation, 1 site, 2 nobody.
    pub listed: i16,
    /// The day of leaving, `2026-11-26`.
    pub left_on: Option<String>,
    /// JSON object of properties that this version does not know.
    pub extra: String,
    /// The moment of the last change at home. Milliseconds.
    pub version: i64,
    /// The other nodes were told.
    pub pushed: bool,
    /// In when pairs for a coffee are made.
    pub coffee: bool,
}

type Columns = (BigInt, Text, Text, Text, Text, Text, Text, SmallInt, Nullable<Text>, Text, BigInt, Bool, Bool);
type Values = (i64, String, String, String, String, String, String, i16, Option<String>, String, i64, bool, bool);

const COLUMNS: &str = "select e.account_id, e.title, e.department, e.site, e.time_zone, e.languages, e.works_on, e.listed, \
     e.left_on, e.extra, e.version, e.pushed, e.coffee from expertise e where ";

fn rows(conn: &mut Conn, sql: Sql) -> Result<Vec<(Id<Account>, Row)>> {
    let read = |v: Values| {
        let row = Row {
            title: v.1,
            department: v.2,
            site: v.3,
            time_zone: v.4,
            languages: v.5,
            works_on: v.6,
            listed: v.7,
            left_on: v.8,
            extra: v.9,
            version: v.10,
            pushed: v.11,
            coffee: v.12,
        };
        (Id::new(v.0), row)
    };
    Ok(sql.load_as::<Columns, Values>(conn)?.into_iter().map(read).collect())
}

/// The facts of an actor.
pub fn find(conn: &mut Conn, account: Id<Account>) -> Result<Option<Row>> {
    Ok(rows(conn, Sql::new(COLUMNS).with("e.account_id = ", account))?.pop().map(|(_, row)| row))
}

/// The facts of several.
pub fn list(conn: &mut Conn, accounts: &[Id<Account>]) -> Result<Vec<(Id<Account>, Row)>> {
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    rows(conn, Sql::new(COLUMNS).push("e.account_id in ").ids(accounts))
}

/// Writes the facts of an actor. `changed` is larger than that of every change before.
pub fn save(conn: &mut Conn, account: Id<Account>, row: &Row, changed: i64) -> Result<()> {
    Sql::new(
        "insert into expertise (account_id, title, department, site, time_zone, languages, works_on, listed, left_on, \
         extra, version, pushed, coffee, changed) values (",
    )
    .bind(account)
    .with(",", &row.title)
    .with(",", &row.department)
    .with(",", &row.site)
    .with(",", &row.time_zone)
    .with(",", &row.languages)
    .with(",", &row.works_on)
    .with(",", row.listed)
    .with(",", row.left_on.clone())
    .with(",", &row.extra)
    .with(",", row.version)
    .with(",", row.pushed)
    .with(",", row.coffee)
    .with(",", changed)
    .push(
        ") on conflict (account_id) do update set title = excluded.title, department = excluded.department, \
         site = excluded.site, time_zone = excluded.time_zone, languages = excluded.languages, \
         works_on = excluded.works_on, listed = excluded.listed, left_on = excluded.left_on, extra = excluded.extra, \
         version = excluded.version, pushed = excluded.pushed, coffee = excluded.coffee, changed = excluded.changed",
    )
    .execute(conn)?;
    Ok(())
}

/// Notes a change of an actor of this node: a row that is missing is made.
pub fn touch(conn: &mut Conn, account: Id<Account>, version: Timestamp, changed: i64) -> Result<()> {
    Sql::new("insert into expertise (account_id, version, changed) values (")
        .bind(account)
        .with(",", version)
        .with(",", changed)
        .push(") on conflict (account_id) do update set version = excluded.version, changed = excluded.changed")
        .execute(conn)?;
    Ok(())
}

/// Notes that what is known of an actor of another node counts differently.
pub fn touch_copy(conn: &mut Conn, account: Id<Account>, changed: i64) -> Result<()> {
    Sql::new("update expertise set changed = ").bind(changed).with(" where account_id = ", account).execute(conn)?;
    Ok(())
}

/// Remembers whether the other nodes were told of somebody.
pub fn set_pushed(conn: &mut Conn, account: Id<Account>, pushed: bool) -> Result<()> {
    Sql::new("update expertise set pushed = ").bind(pushed).with(" where account_id = ", account).execute(conn)?;
    Ok(())
}

/// The other nodes learn of everybody who is listed.
pub fn set_all_pushed(conn: &mut Conn) -> Result<()> {
    Sql::new("update expertise set pushed = true where listed = 0 and not pushed").execute(conn)?;
    Ok(())
}

/// Forgets all that is known of somebody who is gone: their row is listed nowhere.
pub fn forget(conn: &mut Conn, account: Id<Account>, changed: i64) -> Result<()> {
    for table in ["skills", "accepted_answers"] {
        Sql::new(format!("delete from {table} where account_id = ")).bind(account).execute(conn)?;
    }
    Sql::new(
        "update expertise set title = '', department = '', site = '', time_zone = '', languages = '', works_on = '[]', \
         listed = 2, left_on = null, extra = '{}', coffee = false, changed = ",
    )
    .bind(changed)
    .with(" where account_id = ", account)
    .execute(conn)?;
    Ok(())
}

/// Their home does not list these any more: nothing it said of them is kept.
pub fn unlist(conn: &mut Conn, accounts: &[Id<Account>], changed: i64) -> Result<()> {
    if accounts.is_empty() {
        return Ok(());
    }
    for table in ["skills", "accepted_answers"] {
        Sql::new(format!("delete from {table} where account_id in ")).ids(accounts).execute(conn)?;
    }
    Sql::new(
        "update expertise set title = '', department = '', site = '', time_zone = '', languages = '', works_on = '[]', \
         listed = 2, extra = '{}', coffee = false, version = 0, changed = ",
    )
    .bind(changed)
    .push(" where account_id in ")
    .ids(accounts)
    .execute(conn)?;
    Ok(())
}

/// One skill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skill {
    /// Whose.
    pub account: Id<Account>,
    /// Normal form.
    pub tag: String,
    /// As typed.
    pub name: String,
    /// 0 ask me, 1 knows, 2 learning.
    pub stance: i16,
    /// Addresses with a space between each two.
    pub same_as: String,
}

/// The skills of several actors, each actor's in their own order.
pub fn skills(conn: &mut Conn, accounts: &[Id<Account>]) -> Result<Vec<Skill>> {
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Sql::new("select s.account_id, s.tag, s.name, s.stance, s.same_as from skills s where s.account_id in ")
        .ids(accounts)
        .push(" order by s.account_id, s.position")
        .load_as::<(BigInt, Text, Text, SmallInt, Text), (i64, String, String, i16, String)>(conn)?;
    Ok(rows
        .into_iter()
        .map(|(account, tag, name, stance, same_as)| Skill { account: Id::new(account), tag, name, stance, same_as })
        .collect())
}

/// Replaces the skills of an actor.
pub fn set_skills(conn: &mut Conn, account: Id<Account>, skills: &[Skill]) -> Result<()> {
    Sql::new("delete from skills where account_id = ").bind(account).execute(conn)?;
    if skills.is_empty() {
        return Ok(());
    }
    let mut sql = Sql::new("insert into skills (account_id, position, tag, name, stance, same_as) values ");
    for (position, skill) in (0_i64..).zip(skills) {
        sql = sql
            .push(if position == 0 { "(" } else { ",(" })
            .bind(account)
            .with(",", position)
            .with(",", &skill.tag)
            .with(",", &skill.name)
            .with(",", skill.stance)
            .with(",", &skill.same_as)
            .push(")");
    }
    sql.push(" on conflict do nothing").execute(conn)?;
    Ok(())
}

/// Skills whose normal form begins like this, most used first: tag, a typed name, how many people. Those count who may be
/// found, by what they do not only learn.
pub fn skills_beginning(conn: &mut Conn, prefix: &str, limit: i64) -> Result<Vec<(String, String, i64)>> {
    let (end, bytewise) = (format!("{prefix}\u{10ffff}"), conn.dialect().bytewise());
    Sql::new("select s.tag, min(s.name), count(*) from skills s join expertise e on e.account_id = s.account_id ")
        .push("and e.listed <> 2 and e.left_on is null where s.stance <> 2 and s.tag")
        .push(bytewise)
        .with(" >= ", prefix)
        .push(" and s.tag")
        .push(bytewise)
        .with(" < ", end)
        .with(" group by s.tag order by 3 desc, 1 limit ", limit)
        .load_as::<(Text, Text, BigInt), (String, String, i64)>(conn)
}

/// An accepted answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Who answered.
    pub account: Id<Account>,
    /// The post with the answer.
    pub post: i64,
    /// A tag of the question.
    pub tag: String,
    /// When.
    pub at: Timestamp,
}

/// Accepted answers of several actors since a moment.
pub fn accepted(conn: &mut Conn, accounts: &[Id<Account>], since: Timestamp) -> Result<Vec<Accepted>> {
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    let rows =
        Sql::new("select x.account_id, x.post_id, x.tag, x.accepted_at from accepted_answers x where x.account_id in ")
            .ids(accounts)
            .with(" and x.accepted_at >= ", since)
            .push(" order by x.account_id, x.post_id, x.tag")
            .load_as::<(BigInt, BigInt, Text, BigInt), (i64, i64, String, i64)>(conn)?;
    Ok(rows
        .into_iter()
        .map(|(account, post, tag, at)| Accepted {
            account: Id::new(account),
            post,
            tag,
            at: Timestamp::from_millis(at),
        })
        .collect())
}

/// Writes an accepted answer; again is fine.
pub fn insert_accepted(conn: &mut Conn, account: Id<Account>, post: i64, tag: &str, at: Timestamp) -> Result<()> {
    Sql::new("insert into accepted_answers (account_id, post_id, tag, accepted_at) values (")
        .bind(account)
        .with(",", post)
        .with(",", tag)
        .with(",", at)
        .push(") on conflict do nothing")
        .execute(conn)?;
    Ok(())
}

/// An answer is not accepted any more.
pub fn delete_accepted(conn: &mut Conn, account: Id<Account>, post: i64) -> Result<()> {
    Sql::new("delete from accepted_answers where account_id = ")
        .bind(account)
        .with(" and post_id = ", post)
        .execute(conn)?;
    Ok(())
}

/// The newest change; 0 when there is none.
pub fn last_change(conn: &mut Conn) -> Result<i64> {
    Sql::new("select coalesce(max(e.changed), 0) from expertise e").scalar_i64(conn)
}

/// How many changes have a number above this one: one that was numbered before the last but is seen after it shows here.
pub fn count_changes(conn: &mut Conn, since: i64) -> Result<i64> {
    Sql::new("select count(*) from expertise e where e.changed > ").bind(since).scalar_i64(conn)
}

/// Actors with facts whose id is above `after`, in order.
pub fn after(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<Id<Account>>> {
    Sql::new("select e.account_id from expertise e where e.account_id > ")
        .bind(after)
        .with(" order by e.account_id limit ", limit)
        .load_ids(conn)
}

/// Actors that changed after `since`, the oldest change first: id and change.
pub fn changed_after(conn: &mut Conn, since: i64, limit: i64) -> Result<Vec<(Id<Account>, i64)>> {
    let rows = Sql::new("select e.account_id, e.changed from expertise e where e.changed > ")
        .bind(since)
        .with(" order by e.changed limit ", limit)
        .load_as::<(BigInt, BigInt), (i64, i64)>(conn)?;
    Ok(rows.into_iter().map(|(id, changed)| (Id::new(id), changed)).collect())
}

/// Who of these may sign in, or is no person: what is switched off here is listed nowhere.
const PRESENT: &str = "a.domain is null and a.kind in (0, 2) and a.public_key is not null and a.suspended_at is null \
     and a.deleted_at is null and a.moved_to_id is null and e.listed = 0 and e.left_on is null \
     and not exists (select 1 from projects np where np.id = a.id and np.audience = 0) \
     and (a.kind = 2 or exists (select 1 from users u where u.account_id = a.id and u.disabled_at is null \
     and u.approved_at is not null))";

/// Whether this actor of this node is in its directory.
pub fn is_listed(conn: &mut Conn, account: Id<Account>) -> Result<bool> {
    Sql::new("select a.id from expertise e join accounts a on a.id = e.account_id where e.account_id = ")
        .bind(account)
        .push(" and ")
        .push(PRESENT)
        .exists(conn)
}

/// Which of these people of this node may sign in.
pub fn active(conn: &mut Conn, accounts: &[Id<Account>]) -> Result<Vec<Id<Account>>> {
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select u.account_id from users u where u.disabled_at is null and u.approved_at is not null and u.account_id in ")
        .ids(accounts)
        .load_ids(conn)
}

/// An entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The actor.
    pub account: Id<Account>,
    /// Its id.
    pub uri: String,
    /// Moment of its last change at home. Milliseconds.
    pub version: i64,
}

fn entries(conn: &mut Conn, sql: Sql) -> Result<Vec<Entry>> {
    let rows = sql.load_as::<(BigInt, Text, BigInt), (i64, String, i64)>(conn)?;
    Ok(rows.into_iter().map(|(id, uri, version)| Entry { account: Id::new(id), uri, version }).collect())
}

const ENTRY: &str = "select a.id, a.uri, e.version from expertise e join accounts a on a.id = e.account_id where ";

/// The directory of this node behind an id, in order.
pub fn own_entries(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<Entry>> {
    let sql = Sql::new(ENTRY).push(PRESENT).with(" and e.account_id > ", after);
    entries(conn, sql.with(" order by e.account_id limit ", limit))
}

/// How many entries that has.
pub fn count_own_entries(conn: &mut Conn) -> Result<i64> {
    Sql::new("select count(*) from expertise e join accounts a on a.id = e.account_id where ")
        .push(PRESENT)
        .scalar_i64(conn)
}

/// The copy of another node's directory behind an id, in order.
pub fn copied_entries(conn: &mut Conn, domain: &str, after: i64, limit: i64) -> Result<Vec<Entry>> {
    let sql = Sql::new(ENTRY)
        .with("a.domain = ", domain)
        .push(" and a.kind in (0, 2) and a.deleted_at is null and not a.suspended_by_origin and e.listed = 0 and e.left_on is null")
        .with(" and e.account_id > ", after);
    entries(conn, sql.with(" order by e.account_id limit ", limit))
}

/// How far the copy of another node's directory is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// The node.
    pub domain: String,
    /// Entries there.
    pub total: i64,
    /// Entries that were looked at.
    pub done: i64,
    /// Questions there.
    pub questions: i64,
    /// The last comparison found both alike, or made them so.
    pub complete: bool,
    /// When it was last compared.
    pub checked_at: Option<Timestamp>,
    /// Why it could not be.
    pub error: Option<String>,
}

/// The copies of all other nodes.
pub fn copies(conn: &mut Conn) -> Result<Vec<Copied>> {
    type Columns = (Text, BigInt, BigInt, BigInt, Bool, Nullable<BigInt>, Nullable<Text>);
    type Values = (String, i64, i64, i64, bool, Option<i64>, Option<String>);
    let rows = Sql::new(
        "select c.domain, c.total, c.done, c.questions, c.complete, c.checked_at, c.error from directory_copies c \
         order by c.domain",
    )
    .load_as::<Columns, Values>(conn)?;
    let read = |(domain, total, done, questions, complete, at, error): Values| Copied {
        domain,
        total,
        done,
        questions,
        complete,
        checked_at: at.map(Timestamp::from_millis),
        error,
    };
    Ok(rows.into_iter().map(read).collect())
}

/// Writes how far a copy is.
pub fn save_copy(conn: &mut Conn, row: &Copied) -> Result<()> {
    Sql::new("insert into directory_copies (domain, total, done, questions, complete, checked_at, error) values (")
        .bind(&row.domain)
        .with(",", row.total)
        .with(",", row.done)
        .with(",", row.questions)
        .with(",", row.complete)
        .with(",", row.checked_at)
        .with(",", row.error.as_deref())
        .push(
            ") on conflict (domain) do update set total = excluded.total, done = excluded.done, \
             questions = excluded.questions, complete = excluded.complete, checked_at = excluded.checked_at, error = excluded.error",
        )
        .execute(conn)?;
    Ok(())
}
