//! Projects: the register, who works on them, how they relate, whose leads were introduced.

mod related;

pub use related::{
    delete_relation, delete_relations, put_relation, relations, relations_of_all, relations_to, relations_to_all,
};

use crate::{
    Result,
    db::{Conn, Sql, on_backend},
    id::Id,
    model::{Account, Post, Project, ProjectMember, ProjectRole, WorkState, schema},
    time::Timestamp,
};
use diesel::{
    RunQueryDsl,
    sql_types::{BigInt, Nullable, SmallInt, Text},
};

const SELECT: &str = "select p.* from projects p where ";
const PUBLIC: &str = "p.published_at is not null and p.removed_at is null";

/// By id; drafts and removed ones too.
pub fn find(conn: &mut Conn, id: Id<Project>) -> Result<Option<Project>> {
    Sql::new(SELECT).with("p.id = ", id).optional(conn)
}

/// The published project behind an account.
pub fn of_account(conn: &mut Conn, account: Id<Account>) -> Result<Option<Project>> {
    Sql::new(SELECT).with("p.id = ", account.raw()).push(" and ").push(PUBLIC).optional(conn)
}

/// A published project by its actor id.
pub fn find_by_uri(conn: &mut Conn, uri: &str) -> Result<Option<Project>> {
    Sql::new(SELECT).with("p.uri = ", uri).push(" and ").push(PUBLIC).optional(conn)
}

/// The actor ids of the published projects behind these addresses, those of actors or of pages; of none that is for its site
/// alone.
pub fn actors_at(conn: &mut Conn, addresses: &[String]) -> Result<Vec<String>> {
    if addresses.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select a.uri from projects p join accounts a on a.id = p.id where ")
        .push(PUBLIC)
        .push(" and (p.audience is null or p.audience <> 0) and a.suspended_at is null and a.deleted_at is null and (a.uri in ")
        .texts(addresses)
        .push(" or a.url in ")
        .texts(addresses)
        .push(") order by p.id")
        .load_texts(conn)
}

/// Several published ones by their actor ids, in no order.
pub fn by_uris<S: AsRef<str>>(conn: &mut Conn, uris: &[S]) -> Result<Vec<Project>> {
    if uris.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new(SELECT).push("p.uri in ").texts(uris).push(" and ").push(PUBLIC).load(conn)
}

/// Drafts of a person, newest first.
pub fn drafts(conn: &mut Conn, owner: Id<Account>, most: i64) -> Result<Vec<Project>> {
    Sql::new(SELECT)
        .with("p.owner_id = ", owner)
        .with(" and p.published_at is null and p.removed_at is null order by p.id desc limit ", most)
        .load(conn)
}

/// Published projects whose name begins so, or has a word that does; those that changed last first.
pub fn named(conn: &mut Conn, text: &str, most: i64) -> Result<Vec<Project>> {
    let mut begins = String::with_capacity(text.len() + 1);
    for c in text.to_lowercase().chars() {
        if matches!(c, '!' | '%' | '_') {
            begins.push('!');
        }
        begins.push(c);
    }
    begins.push('%');
    Sql::new(SELECT)
        .push(PUBLIC)
        .with(" and (lower(p.name) like ", &begins)
        .with(" escape '!' or lower(p.name) like ", format!("% {begins}"))
        .with(" escape '!') order by p.updated_at desc, p.id desc limit ", most)
        .load(conn)
}

/// How many drafts a person has.
pub fn count_drafts(conn: &mut Conn, owner: Id<Account>) -> Result<i64> {
    Sql::new("select count(*) from projects p where p.owner_id = ")
        .bind(owner)
        .push(" and p.published_at is null and p.removed_at is null")
        .scalar_i64(conn)
}

/// Which projects of the register are listed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Narrowing<'a> {
    /// All of these stand in its name or in what it says of itself, folded as a search is, the last one as a beginning.
    pub words: &'a [String],
    /// It is in this state.
    pub state: Option<WorkState>,
    /// It belongs to this department or node.
    pub site: Option<&'a str>,
}

/// Published projects, those that changed last first; before this moment and id, of this kind.
pub fn listed(
    conn: &mut Conn,
    narrowing: &Narrowing<'_>,
    before: Option<(Timestamp, Id<Project>)>,
    most: i64,
) -> Result<Vec<Project>> {
    let mut sql = Sql::new(SELECT).push(PUBLIC);
    if !narrowing.words.is_empty() {
        sql = sql.push(" and ").append(super::search::says(conn.dialect(), narrowing.words, "p.id"));
    }
    if let Some(state) = narrowing.state {
        sql = sql.with(" and p.state = ", state);
    }
    if let Some(site) = narrowing.site {
        sql = sql.with(" and p.site = ", site);
    }
    if let Some((at, id)) = before {
        sql =
            sql.with(" and (p.updated_at < ", at).with(" or (p.updated_at = ", at).with(" and p.id < ", id).push("))");
    }
    sql.with(" order by p.updated_at desc, p.id desc limit ", most).load(conn)
}

/// The departments and nodes that published projects belong to, by their names.
pub fn sites(conn: &mut Conn, most: i64) -> Result<Vec<String>> {
    Sql::new("select distinct p.site from projects p where ")
        .push(PUBLIC)
        .with(" and p.site <> '' order by p.site limit ", most)
        .load_texts(conn)
}

/// Projects somebody works on, the lead's first.
pub fn of_member(conn: &mut Conn, account: Id<Account>, most: i64) -> Result<Vec<Project>> {
    of_role(conn, account, ProjectRole::Member, most)
}

/// The same, and those that they asked to join.
pub fn of_member_or_asking(conn: &mut Conn, account: Id<Account>, most: i64) -> Result<Vec<Project>> {
    of_role(conn, account, ProjectRole::Asked, most)
}

fn of_role(conn: &mut Conn, account: Id<Account>, least: ProjectRole, most: i64) -> Result<Vec<Project>> {
    Sql::new("select p.* from projects p join project_members m on m.project_id = p.id and m.role >= ")
        .bind(least)
        .with(" and m.account_id = ", account)
        .push(" where ")
        .push(PUBLIC)
        .with(" order by m.role desc, p.id limit ", most)
        .load(conn)
}

/// The actor ids of the published projects that several people work on, each person's lead first.
pub fn memberships(conn: &mut Conn, accounts: &[Id<Account>]) -> Result<Vec<(Id<Account>, String)>> {
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Sql::new(
        "select m.account_id, p.uri from project_members m join projects p on p.id = m.project_id and m.role > 0 \
         and p.uri is not null where ",
    )
    .push(PUBLIC)
    .push(" and m.account_id in ")
    .ids(accounts)
    .push(" order by m.account_id, m.role desc, p.id")
    .load_as::<(BigInt, Text), (i64, String)>(conn)?;
    Ok(rows.into_iter().map(|(account, uri)| (Id::new(account), uri)).collect())
}

/// The number of the last change of the register.
pub fn last_change(conn: &mut Conn) -> Result<i64> {
    Sql::new("select r.change from project_register r where r.id = 1").scalar_i64(conn)
}

/// Published and removed projects that changed after `after`, in the order of their changes.
pub fn changed(conn: &mut Conn, after: i64, most: i64) -> Result<Vec<Project>> {
    Sql::new(SELECT).with("p.change > ", after).with(" order by p.change, p.id limit ", most).load(conn)
}

/// A number for a change. Whoever draws one is alone in the register until the end of the transaction, so that numbers
/// become visible in their order.
pub fn next_change(conn: &mut Conn) -> Result<i64> {
    Sql::new("update project_register set change = change + 1 where id = 1").execute(conn)?;
    last_change(conn)
}

/// What was measured: at how many projects, and the result. None before the first time.
pub fn measured(conn: &mut Conn) -> Result<Option<(i64, String)>> {
    let rows = Sql::new("select r.size, r.measured from project_register r where r.id = 1 and r.measured is not null")
        .load_as::<(BigInt, Nullable<Text>), (i64, Option<String>)>(conn)?;
    Ok(rows.into_iter().next().and_then(|(size, text)| Some((size, text?))))
}

/// Keeps what was measured.
pub fn set_measured(conn: &mut Conn, size: i64, document: &str, now: Timestamp) -> Result<()> {
    Sql::new("update project_register set size = ")
        .bind(size)
        .with(", measured = ", document)
        .with(", measured_at = ", now)
        .push(" where id = 1")
        .execute(conn)?;
    Ok(())
}

/// Writes a new project.
pub fn insert(conn: &mut Conn, project: &Project) -> Result<()> {
    on_backend!(conn, c => diesel::insert_into(schema::projects::table).values(project).execute(c))?;
    Ok(())
}

/// Writes all that may change of a project.
pub fn update(conn: &mut Conn, p: &Project) -> Result<()> {
    Sql::new("update projects set uri = ")
        .bind(p.uri.as_deref())
        .with(", name = ", &p.name)
        .with(", purpose = ", &p.purpose)
        .with(", tags = ", &p.tags)
        .with(", state = ", p.state)
        .with(", state_since = ", p.state_since)
        .with(", state_reason = ", &p.state_reason)
        .with(", lead_uri = ", p.lead_uri.as_deref())
        .with(", looking_for = ", &p.looking_for)
        .with(", vendor = ", &p.vendor)
        .with(", links = ", &p.links)
        .with(", language = ", p.language.as_deref())
        .with(", site = ", &p.site)
        .with(", rest = ", &p.rest)
        .with(", change = ", p.change)
        .with(", started_at = ", p.started_at)
        .with(", active_at = ", p.active_at)
        .with(", asked_at = ", p.asked_at)
        .with(", published_at = ", p.published_at)
        .with(", removed_at = ", p.removed_at)
        .with(", updated_at = ", p.updated_at)
        .with(", audience = ", p.audience)
        .with(", term_links = ", &p.term_links)
        .with(", membership = ", p.membership)
        .with(" where id = ", p.id)
        .execute(conn)?;
    Ok(())
}

/// Whether an account is a project that is for this site alone.
pub fn is_near(conn: &mut Conn, account: Id<Account>) -> Result<bool> {
    Sql::new("select p.id from projects p where p.audience = 0 and p.id = ").bind(account).exists(conn)
}

/// Those of these accounts that are.
pub fn near(conn: &mut Conn, accounts: &[Id<Account>]) -> Result<Vec<Id<Account>>> {
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select p.id from projects p where p.audience = 0 and p.id in ").ids(accounts).load_ids(conn)
}

/// Forgets a draft.
pub fn delete(conn: &mut Conn, id: Id<Project>) -> Result<()> {
    Sql::new("delete from projects where id = ").bind(id).execute(conn)?;
    Ok(())
}

/// A sign of life.
pub fn touch(conn: &mut Conn, id: Id<Project>, now: Timestamp) -> Result<()> {
    Sql::new("update projects set active_at = ").bind(now).with(" where id = ", id).execute(conn)?;
    Ok(())
}

/// Projects of this node at work since whose last sign of life, and since whose last question about it, this much time
/// has passed.
pub fn quiet(conn: &mut Conn, since: Timestamp, most: i64) -> Result<Vec<Project>> {
    Sql::new(SELECT)
        .push("p.local and ")
        .push(PUBLIC)
        .with(" and p.active_at < ", since)
        .push(" and p.state < 3 and (p.asked_at is null or p.asked_at < p.active_at) order by p.active_at limit ")
        .bind(most)
        .load(conn)
}

/// The projects that a post names or is addressed to, those of this node first.
pub fn addressed(conn: &mut Conn, post: Id<Post>, most: i64) -> Result<Vec<Project>> {
    Sql::new("select p.* from projects p join mentions m on m.account_id = p.id and m.post_id = ")
        .bind(post)
        .push(" where ")
        .push(PUBLIC)
        .with(" order by p.local desc, p.id limit ", most)
        .load(conn)
}

/// Passings-on of a post by projects of this node.
pub fn passed_on(conn: &mut Conn, post: Id<Post>) -> Result<Vec<Post>> {
    Sql::new("select b.* from posts b join projects p on p.id = b.account_id and p.local where b.boost_of_id = ")
        .bind(post)
        .push(" limit 100")
        .load(conn)
}

const MEMBER: &str = "select m.project_id, m.account_id, m.role, m.uri, m.message, m.told_post_id, m.created_at from project_members m where ";

fn members_of(conn: &mut Conn, sql: Sql) -> Result<Vec<ProjectMember>> {
    type Types = (BigInt, BigInt, SmallInt, Nullable<Text>, Text, Nullable<BigInt>, BigInt);
    type Values = (i64, i64, ProjectRole, Option<String>, String, Option<i64>, i64);
    let rows = sql.load_as::<Types, Values>(conn)?;
    let member = |(project, account, role, uri, message, told, at)| ProjectMember {
        project: Id::new(project),
        account: Id::new(account),
        role,
        uri,
        message,
        told_post: Option::map(told, Id::new),
        created_at: Timestamp::from_millis(at),
    };
    Ok(rows.into_iter().map(member).collect())
}

/// What somebody is to a project.
pub fn member(conn: &mut Conn, project: Id<Project>, account: Id<Account>) -> Result<Option<ProjectMember>> {
    let sql = Sql::new(MEMBER).with("m.project_id = ", project).with(" and m.account_id = ", account);
    Ok(members_of(conn, sql)?.into_iter().next())
}

/// Members of a project, lead and moderators first; with `asking` those who asked instead.
pub fn members(conn: &mut Conn, project: Id<Project>, asking: bool, most: i64) -> Result<Vec<ProjectMember>> {
    let sql = Sql::new(MEMBER).with("m.project_id = ", project);
    let sql = if asking { sql.push(" and m.role = 0") } else { sql.push(" and m.role > 0") };
    members_of(conn, sql.with(" order by m.role desc, m.created_at, m.account_id limit ", most))
}

/// What somebody is in each of these projects, where they are anything.
pub fn memberships_of(conn: &mut Conn, account: Id<Account>, projects: &[Id<Project>]) -> Result<Vec<ProjectMember>> {
    if projects.is_empty() {
        return Ok(Vec::new());
    }
    let sql = Sql::new(MEMBER).with("m.account_id = ", account).push(" and m.project_id in ").ids(projects);
    members_of(conn, sql)
}

/// How many work on each of these projects.
pub fn count_members_of(conn: &mut Conn, projects: &[Id<Project>]) -> Result<Vec<(Id<Project>, i64)>> {
    if projects.is_empty() {
        return Ok(Vec::new());
    }
    let sql = Sql::new("select m.project_id, count(*) from project_members m where m.role > 0 and m.project_id in ");
    let rows = sql.ids(projects).push(" group by m.project_id").load_as::<(BigInt, BigInt), (i64, i64)>(conn)?;
    Ok(rows.into_iter().map(|(project, count)| (Id::new(project), count)).collect())
}

/// Projects by their ids, in no order.
pub fn several(conn: &mut Conn, ids: &[Id<Project>]) -> Result<Vec<Project>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new(SELECT).push("p.id in ").ids(ids).load(conn)
}

/// How many work on a project.
pub fn count_members(conn: &mut Conn, project: Id<Project>) -> Result<i64> {
    Sql::new("select count(*) from project_members m where m.role > 0 and m.project_id = ")
        .bind(project)
        .scalar_i64(conn)
}

/// Who of this node asked the project of an account to join, by the id of that Join.
pub fn asker(conn: &mut Conn, project: Id<Account>, join: &str) -> Result<Option<Account>> {
    Sql::new(
        "select a.* from project_members m join accounts a on a.id = m.account_id and a.domain is null where m.uri = ",
    )
    .bind(join)
    .with(" and m.project_id = ", project)
    .optional(conn)
}

/// Actor ids of those with at least this role, the lead first; with `listed` only those who may be found by the whole
/// organisation, and the lead, whom the project names.
pub fn member_uris(
    conn: &mut Conn,
    project: Id<Project>,
    role: ProjectRole,
    listed: bool,
    most: i64,
) -> Result<Vec<String>> {
    let mut sql = Sql::new(
        "select a.uri from project_members m join accounts a on a.id = m.account_id and a.deleted_at is null \
         left join expertise e on e.account_id = a.id where m.project_id = ",
    )
    .bind(project)
    .with(" and m.role >= ", role);
    if listed {
        sql = sql.push(" and (m.role = 3 or coalesce(e.listed, 0) = 0)");
    }
    sql.with(" order by m.role desc, m.created_at, m.account_id limit ", most).load_texts(conn)
}

/// The request that a post told of.
pub fn asked_in(conn: &mut Conn, project: Id<Project>, post: Id<Post>) -> Result<Option<ProjectMember>> {
    let sql = Sql::new(MEMBER).with("m.project_id = ", project).with(" and m.role = 0 and m.told_post_id = ", post);
    Ok(members_of(conn, sql)?.into_iter().next())
}

/// Projects of this node that somebody leads.
pub fn led_by(conn: &mut Conn, account: Id<Account>, most: i64) -> Result<Vec<Project>> {
    Sql::new("select p.* from projects p join project_members m on m.project_id = p.id and m.role = ")
        .bind(ProjectRole::Lead)
        .with(" and m.account_id = ", account)
        .push(" where p.local and p.published_at is not null")
        .with(" order by p.id limit ", most)
        .load(conn)
}

/// The moderator of a project who lives on this node, is there, and has been one for longest.
pub fn successor(conn: &mut Conn, project: Id<Project>, but: Id<Account>) -> Result<Option<Id<Account>>> {
    let found = Sql::new(
        "select a.id from project_members m join accounts a on a.id = m.account_id and a.domain is null \
         and a.deleted_at is null and a.suspended_at is null and a.left_on is null and a.moved_to_id is null \
         where m.project_id = ",
    )
    .bind(project)
    .with(" and m.role = ", ProjectRole::Moderator)
    .with(" and a.id <> ", but)
    .push(" order by m.created_at, a.id limit 1")
    .load_ids(conn)?;
    Ok(found.into_iter().next())
}

/// The project whose request a post told of, and who asks.
pub fn told_by(conn: &mut Conn, post: Id<Post>) -> Result<Option<ProjectMember>> {
    let sql = Sql::new(MEMBER).with("m.role = 0 and m.told_post_id = ", post).push(" limit 1");
    Ok(members_of(conn, sql)?.into_iter().next())
}

/// Writes what somebody is to a project, whatever they were.
pub fn put_member(conn: &mut Conn, m: &ProjectMember) -> Result<()> {
    Sql::new(
        "insert into project_members (project_id, account_id, role, uri, message, told_post_id, created_at) values (",
    )
    .bind(m.project)
    .with(",", m.account)
    .with(",", m.role)
    .with(",", m.uri.as_deref())
    .with(",", &m.message)
    .with(",", m.told_post)
    .with(",", m.created_at)
    .push(
        ") on conflict (project_id, account_id) do update set role = excluded.role, uri = excluded.uri, \
             message = excluded.message, told_post_id = excluded.told_post_id",
    )
    .execute(conn)?;
    Ok(())
}

/// Somebody is nothing to a project any more.
pub fn delete_member(conn: &mut Conn, project: Id<Project>, account: Id<Account>) -> Result<()> {
    Sql::new("delete from project_members where project_id = ")
        .bind(project)
        .with(" and account_id = ", account)
        .execute(conn)?;
    Ok(())
}

/// Somebody is nothing to any project any more.
pub fn delete_memberships(conn: &mut Conn, account: Id<Account>) -> Result<()> {
    Sql::new("delete from project_members where account_id = ").bind(account).execute(conn)?;
    Ok(())
}

/// Somebody may join a project without being asked about; false when they might before.
pub fn invite(
    conn: &mut Conn,
    project: Id<Project>,
    account: Id<Account>,
    by: Id<Account>,
    now: Timestamp,
) -> Result<bool> {
    let written = Sql::new("insert into project_invitations (project_id, account_id, by_id, created_at) values (")
        .bind(project)
        .with(",", account)
        .with(",", by)
        .with(",", now)
        .push(
            ") on conflict (project_id, account_id) do update set by_id = excluded.by_id, \
             created_at = excluded.created_at where project_invitations.by_id is null",
        )
        .execute(conn)?;
    Ok(written > 0)
}

/// Notes that somebody is told that it takes an invitation to join a project; false when they were told since `since`, or
/// are invited.
pub fn refer(
    conn: &mut Conn,
    project: Id<Project>,
    account: Id<Account>,
    since: Timestamp,
    now: Timestamp,
) -> Result<bool> {
    let written = Sql::new("insert into project_invitations (project_id, account_id, created_at) values (")
        .bind(project)
        .with(",", account)
        .with(",", now)
        .push(
            ") on conflict (project_id, account_id) do update set created_at = excluded.created_at \
             where project_invitations.by_id is null and project_invitations.created_at < ",
        )
        .bind(since)
        .execute(conn)?;
    Ok(written > 0)
}

/// Whether somebody was invited to join a project.
pub fn is_invited(conn: &mut Conn, project: Id<Project>, account: Id<Account>) -> Result<bool> {
    Sql::new("select i.created_at from project_invitations i where i.by_id is not null and i.project_id = ")
        .bind(project)
        .with(" and i.account_id = ", account)
        .exists(conn)
}

/// How many are invited to a project and have not joined it.
pub fn count_invitations(conn: &mut Conn, project: Id<Project>) -> Result<i64> {
    Sql::new("select count(*) from project_invitations i where i.by_id is not null and i.project_id = ")
        .bind(project)
        .scalar_i64(conn)
}

/// An invitation was taken, or is taken back; true when there was one.
pub fn delete_invitation(conn: &mut Conn, project: Id<Project>, account: Id<Account>) -> Result<bool> {
    let gone = Sql::new("delete from project_invitations where project_id = ")
        .bind(project)
        .with(" and account_id = ", account)
        .push(" and by_id is not null")
        .execute(conn)?;
    Ok(gone > 0)
}

/// Somebody is invited to no project any more.
pub fn delete_invitations_of(conn: &mut Conn, account: Id<Account>) -> Result<()> {
    Sql::new("delete from project_invitations where account_id = ").bind(account).execute(conn)?;
    Ok(())
}

/// Notes that two leads are introduced; false when they were before. `a` sorts before `b`.
pub fn pair(conn: &mut Conn, a: &str, b: &str, now: Timestamp) -> Result<bool> {
    let written = Sql::new("insert into project_pairs (a, b, introduced_at) values (")
        .bind(a)
        .with(",", b)
        .with(",", now)
        .push(") on conflict (a, b) do nothing")
        .execute(conn)?;
    Ok(written > 0)
}

/// Whether two leads were introduced. `a` sorts before `b`.
pub fn is_paired(conn: &mut Conn, a: &str, b: &str) -> Result<bool> {
    Sql::new("select q.introduced_at from project_pairs q where q.a = ").bind(a).with(" and q.b = ", b).exists(conn)
}

/// A post is not passed on by a project again.
pub fn withdraw(conn: &mut Conn, project: Id<Project>, post_uri: &str, now: Timestamp) -> Result<()> {
    Sql::new("insert into project_withdrawn (project_id, post_uri, created_at) values (")
        .bind(project)
        .with(",", post_uri)
        .with(",", now)
        .push(") on conflict (project_id, post_uri) do nothing")
        .execute(conn)?;
    Ok(())
}

/// Whether a moderator took a post out of a project.
pub fn is_withdrawn(conn: &mut Conn, project: Id<Project>, post_uri: &str) -> Result<bool> {
    Sql::new("select w.created_at from project_withdrawn w where w.project_id = ")
        .bind(project)
        .with(" and w.post_uri = ", post_uri)
        .exists(conn)
}

/// Takes all hashtags off a profile.
pub fn clear_featured(conn: &mut Conn, account: Id<Account>) -> Result<()> {
    Sql::new("delete from featured_tags where account_id = ").bind(account).execute(conn)?;
    Ok(())
}
