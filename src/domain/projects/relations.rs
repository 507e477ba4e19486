//! What a project says about another one, and why. Both leads see the reason, so that even "mine is different" is contact.

use super::{Words, changeable, changed, fields, letters, say};
use crate::{
    Error, Result,
    db::Conn,
    domain::{
        Tx,
        counters::{Counter, count},
    },
    id::Id,
    model::{Account, Audience, Project, ProjectRelation, ProjectRole, RelationKind, Visibility},
    store,
};

/// Relations of one project.
pub const RELATIONS: i64 = 50;

/// A relation as both sides see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What is said.
    pub relation: ProjectRelation,
    /// The project at the other end, when it is known here.
    pub other: Option<Project>,
    /// This project says it; otherwise the other one does.
    pub own: bool,
}

/// What a project says about others and others about it.
///
/// # Errors
/// Those of the database.
pub fn seen(conn: &mut Conn, project: &Project) -> Result<Vec<Seen>> {
    let own = store::projects::relations(conn, project.id, RELATIONS)?;
    let uris: Vec<&str> = own.iter().map(|r| r.other_uri.as_str()).collect();
    let others = store::projects::by_uris(conn, &uris)?;
    let mut list: Vec<Seen> = own
        .into_iter()
        .map(|relation| {
            let other = others.iter().find(|p| p.uri.as_deref() == Some(relation.other_uri.as_str())).cloned();
            Seen { relation, other, own: true }
        })
        .collect();
    if let Some(uri) = &project.uri {
        for relation in store::projects::relations_to(conn, uri, RELATIONS)? {
            let other = store::projects::find(conn, relation.project)?;
            list.push(Seen { relation, other, own: false });
        }
    }
    Ok(list)
}

/// As [`seen`], of several projects at once, in their order.
///
/// # Errors
/// Those of the database.
pub fn seen_of_all(conn: &mut Conn, projects: &[Project]) -> Result<Vec<Vec<Seen>>> {
    let ids: Vec<Id<Project>> = projects.iter().map(|project| project.id).collect();
    let own = store::projects::relations_of_all(conn, &ids)?;
    let uris: Vec<&str> = own.iter().map(|r| r.other_uri.as_str()).collect();
    let others = store::projects::by_uris(conn, &uris)?;
    let named: Vec<&str> = projects.iter().filter_map(|project| project.uri.as_deref()).collect();
    let about = store::projects::relations_to_all(conn, &named)?;
    let saying: Vec<Id<Project>> = about.iter().map(|r| r.project).collect();
    let saying = store::projects::several(conn, &saying)?;
    let most = usize::try_from(RELATIONS).unwrap_or_default();
    let of = |project: &Project| {
        let own = own.iter().filter(|r| r.project == project.id).take(most).map(|relation| {
            let other = others.iter().find(|p| p.uri.as_deref() == Some(relation.other_uri.as_str()));
            Seen { relation: relation.clone(), other: other.cloned(), own: true }
        });
        let about = about.iter().filter(|r| project.uri.as_deref() == Some(r.other_uri.as_str())).take(most);
        let about = about.map(|relation| {
            let other = saying.iter().find(|p| p.id == relation.project);
            Seen { relation: relation.clone(), other: other.cloned(), own: false }
        });
        own.chain(about).collect()
    };
    Ok(projects.iter().map(of).collect())
}

/// What is said, before anything is written: the project that says it, the other one of the register, and the reason within
/// its limit.
fn said(
    tx: &mut Tx<'_>,
    by: Id<Account>,
    id: Id<Project>,
    other: &str,
    reason: &str,
) -> Result<(Project, Project, String)> {
    let project = changeable(tx, by, id, ProjectRole::Moderator)?;
    if project.published_at.is_none() {
        return Err(Error::Conflict("Publish this project first".into()));
    }
    let reason = fields::line("reason", reason, fields::REASON)?;
    let other = store::projects::find_by_uri(tx.conn, other)?.ok_or(Error::NotFound)?;
    if other.id == project.id {
        return Err(Error::invalid("to", "invalid", "A project does not relate to itself"));
    }
    Ok((project, other, reason))
}

/// Whether a project goes further than another one, which is for this site alone: then it does not name it.
fn outreaches(project: &Project, other: &Project) -> bool {
    let near = Some(Audience::Site);
    other.audience == near && project.audience != near
}

/// Both leads read why two projects are different.
fn tell_leads(tx: &mut Tx<'_>, project: &Project, other: &Project, reason: &str) -> Result<()> {
    if reason.is_empty() {
        return Ok(());
    }
    letters::different(tx, project, other, reason)?;
    // Said with the registration.
    if project.published_at == Some(tx.now) {
        count(tx, Counter::DraftDifferent)?;
    }
    Ok(())
}

/// A project says that it relates to another one of the register. With a reason, both leads are told.
///
/// # Errors
/// As [`changeable`]; `NotFound` for a project that is not in the register; `Conflict` for a draft; `Invalid` for itself,
/// for too many relations and for a reason that is too long. A project of this site alone is named by its like only.
pub fn relate(
    tx: &mut Tx<'_>,
    by: Id<Account>,
    id: Id<Project>,
    other: &str,
    kind: RelationKind,
    reason: &str,
) -> Result<Project> {
    let (project, other, reason) = said(tx, by, id, other, reason)?;
    if outreaches(&project, &other) {
        return Err(Error::Conflict("That project is for this site only: let it name this one instead".into()));
    }
    named(tx, project, &other, kind, reason)
}

/// Writes down what a project says of another one, and says it.
fn named(tx: &mut Tx<'_>, project: Project, other: &Project, kind: RelationKind, reason: String) -> Result<Project> {
    let id = project.id;
    let known = store::projects::relations(tx.conn, id, RELATIONS)?;
    let other_uri = other.uri.clone().unwrap_or_default();
    let before = known.iter().find(|r| r.other_uri == other_uri);
    if before.is_some_and(|r| r.kind == kind && r.reason == reason) {
        return Ok(project);
    }
    if before.is_none() && known.len() as i64 >= RELATIONS {
        return Err(Error::invalid("to", "too_many", format!("There are too many relations (maximum is {RELATIONS})")));
    }
    let relation = ProjectRelation { project: id, other_uri, kind, reason, created_at: tx.now };
    store::projects::put_relation(tx.conn, &relation)?;
    changed(tx, id)?;
    let account = store::accounts::load(tx.conn, other.account())?;
    let named = format!("{} {}", other.name, super::handle(&account));
    let text = Words::of(tx).related(&project.name, kind, &named, &relation.reason);
    say(tx, &project, text, Visibility::Public)?;
    tell_leads(tx, &project, other, &relation.reason)?;
    store::projects::find(tx.conn, id)?.ok_or(Error::NotFound)
}

/// A project that was registered a moment ago is different from another one, and why. One that goes further than its site does
/// not name a project of the site alone: then only both leads read the reason.
///
/// # Errors
/// As [`relate`].
pub fn different(
    tx: &mut Tx<'_>,
    by: Id<Account>,
    id: Id<Project>,
    other: &str,
    kind: RelationKind,
    reason: &str,
) -> Result<Project> {
    let (project, other, reason) = said(tx, by, id, other, reason)?;
    if !outreaches(&project, &other) {
        return named(tx, project, &other, kind, reason);
    }
    tell_leads(tx, &project, &other, &reason)?;
    Ok(project)
}

/// A project says nothing about another one any more.
///
/// # Errors
/// As [`changeable`]; `NotFound` when it said nothing.
pub fn unrelate(tx: &mut Tx<'_>, by: Id<Account>, id: Id<Project>, other: &str) -> Result<()> {
    changeable(tx, by, id, ProjectRole::Moderator)?;
    if !store::projects::delete_relation(tx.conn, id, other)? {
        return Err(Error::NotFound);
    }
    changed(tx, id)
}
