//! What other nodes tell of their projects, and projects that go.

use super::fields;
use crate::{
    Result,
    domain::{Task, Tx, charter},
    id::Id,
    model::{
        Account, AccountKind, Membership, Project, ProjectMember, ProjectRelation, ProjectRole, RelationKind, WorkState,
    },
    store,
    time::Timestamp,
    uri,
};
use std::collections::BTreeMap;

/// The project in an actor document, free of its format: bounded, plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteProject {
    /// What it is for.
    pub purpose: String,
    /// What it is about.
    pub tags: Vec<String>,
    /// How far it is.
    pub state: WorkState,
    /// Since when, as claimed.
    pub state_since: Option<Timestamp>,
    /// Why.
    pub state_reason: String,
    /// Actor id of the lead.
    pub lead: Option<String>,
    /// Whom or what it lacks.
    pub looking_for: Vec<String>,
    /// Where tags, and what it lacks, are described elsewhere, by their names in lower case.
    pub term_links: BTreeMap<String, Vec<String>>,
    /// Tools that were bought.
    pub vendor: Vec<String>,
    /// Where more is said.
    pub links: Vec<String>,
    /// BCP 47.
    pub language: Option<String>,
    /// Department or node.
    pub site: Option<String>,
    /// When it began, as claimed.
    pub started: Option<Timestamp>,
    /// The collection of its members, on its own server.
    pub members: Option<String>,
    /// Kind, actor id and reason.
    pub relations: Vec<(RelationKind, String, String)>,
    /// JSON object of what this program does not know.
    pub rest: String,
}

/// Takes in what an actor document says about a project. A document without a project changes nothing: strangers are
/// shown less than friends. While this node belongs to an organisation, its register is the organisation's: projects of
/// others are accounts like any other.
///
/// # Errors
/// Those of the database.
pub fn receive(tx: &mut Tx<'_>, account: &Account, told: Option<&RemoteProject>) -> Result<()> {
    let Some(told) = told.filter(|_| account.kind == AccountKind::Group && !account.is_local()) else { return Ok(()) };
    let id: Id<Project> = Id::new(account.id.raw());
    let known = store::projects::find(tx.conn, id)?;
    if charter::current(tx.conn)?.is_some() && !super::is_inside(tx.conn, account)? {
        return if known.is_some_and(|known| known.is_public()) { gone(tx, account.id, false) } else { Ok(()) };
    }
    let lead = lead_of(tx, account, told)?;
    let list = |texts: &[String]| serde_json::to_string(texts).map_err(crate::Error::internal);
    let domain = account.domain.clone().unwrap_or_default();
    let past = |claimed: Option<Timestamp>| claimed.filter(|at| (Timestamp::from_millis(0)..=tx.now).contains(at));
    let state_since = past(told.state_since).unwrap_or_else(|| match &known {
        Some(known) if known.state == told.state => known.state_since,
        _ => tx.now,
    });
    let name: String = match account.display_name.as_str() {
        "" => account.username.clone(),
        name => name.chars().take(fields::NAME).collect(),
    };
    let mut project = Project {
        id,
        owner_id: None,
        local: false,
        uri: Some(account.uri.clone()),
        name,
        purpose: told.purpose.clone(),
        tags: list(&told.tags)?,
        state: told.state,
        state_since,
        state_reason: told.state_reason.clone(),
        lead_uri: lead,
        looking_for: list(&told.looking_for)?,
        vendor: list(&told.vendor)?,
        links: list(&told.links)?,
        language: told.language.clone(),
        site: told.site.clone().unwrap_or(domain),
        rest: told.rest.clone(),
        change: known.as_ref().map_or(0, |k| k.change),
        started_at: past(told.started).unwrap_or(account.created_at),
        active_at: known.as_ref().map_or(tx.now, |k| k.active_at),
        asked_at: None,
        published_at: Some(known.as_ref().and_then(|k| k.published_at).unwrap_or(account.created_at)),
        removed_at: None,
        created_at: known.as_ref().map_or(tx.now, |k| k.created_at),
        updated_at: known.as_ref().map_or(tx.now, |k| k.updated_at),
        audience: None,
        term_links: serde_json::to_string(&told.term_links).map_err(crate::Error::internal)?,
        membership: Membership::Request,
    };
    if known.as_ref() != Some(&project) {
        project.change = store::projects::next_change(tx.conn)?;
        (project.updated_at, project.active_at) = (tx.now, tx.now);
        match known {
            Some(_) => store::projects::update(tx.conn, &project)?,
            None => store::projects::insert(tx.conn, &project)?,
        }
    }
    relate(tx, &project, told)?;
    // Who works on it is read afterwards: its lead and members may be unknown here.
    let task = Task::ReadProject { account: account.id.raw(), members: told.members.clone() };
    tx.enqueue(&task)
}

/// The lead that a project may name: somebody of its own server, or somebody who is a member here already. Anybody else
/// has not said yes.
fn lead_of(tx: &mut Tx<'_>, account: &Account, told: &RemoteProject) -> Result<Option<String>> {
    let Some(lead) = &told.lead else { return Ok(None) };
    if uri::same_authority(lead, &account.uri) {
        return Ok(Some(lead.clone()));
    }
    let Some(known) = store::accounts::find_by_uri(tx.conn, lead)? else { return Ok(None) };
    let member = store::projects::member(tx.conn, Id::new(account.id.raw()), known.id)?;
    Ok(member.filter(|member| member.role > ProjectRole::Asked).map(|_| lead.clone()))
}

fn relate(tx: &mut Tx<'_>, project: &Project, told: &RemoteProject) -> Result<()> {
    let known = store::projects::relations(tx.conn, project.id, super::relations::RELATIONS)?;
    for gone in known.iter().filter(|k| !told.relations.iter().any(|(_, uri, _)| *uri == k.other_uri)) {
        store::projects::delete_relation(tx.conn, project.id, &gone.other_uri)?;
    }
    for (kind, other_uri, reason) in &told.relations {
        let relation = ProjectRelation {
            project: project.id,
            other_uri: other_uri.clone(),
            kind: *kind,
            reason: reason.clone(),
            created_at: tx.now,
        };
        let same = |k: &&ProjectRelation| k.other_uri == relation.other_uri;
        if known.iter().find(same).is_none_or(|k| k.kind != relation.kind || k.reason != relation.reason) {
            store::projects::put_relation(tx.conn, &relation)?;
        }
    }
    Ok(())
}

/// Who works on a project of another node, as its collections say. `people` are known here; the lead is known by its id.
/// Somebody of this node is never made a member by what a list says: only who asked, or was accepted, is named in one,
/// and who is not named stays, because a list leaves out whoever does not want to be found. The project tells them
/// themselves when they are out.
///
/// # Errors
/// Those of the database.
pub fn receive_members(tx: &mut Tx<'_>, project: Id<Project>, people: &[String], complete: bool) -> Result<()> {
    let Some(project) = store::projects::find(tx.conn, project)?.filter(|p| !p.local && p.is_public()) else {
        return Ok(());
    };
    let mut wanted: Vec<&str> = people.iter().map(String::as_str).collect();
    wanted.extend(project.lead_uri.as_deref().filter(|lead| !people.iter().any(|p| p == lead)));
    let accounts = store::remote::accounts_by_uri(tx.conn, &wanted)?;
    let known = store::projects::members(tx.conn, project.id, false, 1_000)?;
    let asking = store::projects::members(tx.conn, project.id, true, 1_000)?;
    let mut touched: Vec<Id<Account>> = Vec::new();
    for account in accounts {
        let leads = project.lead_uri.as_deref() == Some(account.uri.as_str());
        let role = if leads { ProjectRole::Lead } else { ProjectRole::Member };
        let before = known.iter().chain(&asking).find(|m| m.account == account.id);
        touched.push(account.id);
        if before.map_or(account.is_local(), |m| m.role == role) {
            continue;
        }
        let member = ProjectMember {
            project: project.id,
            account: account.id,
            role,
            uri: before.and_then(|m| m.uri.clone()),
            message: String::new(),
            told_post: None,
            created_at: tx.now,
        };
        store::projects::put_member(tx.conn, &member)?;
        super::person_changed(tx, account.id)?;
    }
    for gone in known.iter().filter(|m| complete && !touched.contains(&m.account)) {
        let account = store::accounts::load(tx.conn, gone.account)?;
        if !account.is_local() {
            store::projects::delete_member(tx.conn, project.id, gone.account)?;
            super::person_changed(tx, account.id)?;
        } else if gone.role == ProjectRole::Lead {
            store::projects::put_member(tx.conn, &ProjectMember { role: ProjectRole::Member, ..gone.clone() })?;
        }
    }
    Ok(())
}

/// An account is hidden, or gone for good: a project leaves the register, a person their projects.
pub fn gone(tx: &mut Tx<'_>, account: Id<Account>, for_good: bool) -> Result<()> {
    if for_good {
        store::thread_locks::delete_of_group(tx.conn, account)?;
    }
    if let Some(mut project) = store::projects::of_account(tx.conn, account)? {
        project.removed_at = Some(tx.now);
        project.change = store::projects::next_change(tx.conn)?;
        store::projects::update(tx.conn, &project)?;
        if for_good {
            store::projects::delete_relations(tx.conn, project.id)?;
        }
    } else if for_good {
        store::projects::delete_memberships(tx.conn, account)?;
        store::projects::delete_invitations_of(tx.conn, account)?;
    }
    Ok(())
}

/// A suspension is lifted.
pub fn back(tx: &mut Tx<'_>, account: Id<Account>) -> Result<()> {
    let id = Id::new(account.raw());
    let Some(mut project) = store::projects::find(tx.conn, id)?.filter(|p| p.removed_at.is_some()) else {
        return Ok(());
    };
    project.removed_at = None;
    project.change = store::projects::next_change(tx.conn)?;
    store::projects::update(tx.conn, &project)
}
