//! A lead goes: the moderator of longest standing takes over; without one the project has no lead, says so, and waits for
//! somebody of its node who takes it.

use super::{Words, keep, members, say, visible};
use crate::{
    Error, Result,
    domain::{
        Tx,
        concierge::{self, page::Page, words},
    },
    id::Id,
    model::{Account, Project, ProjectMember, ProjectRole, Role, Visibility},
    store,
};

/// Projects that are handed over in one step.
const STEP: i64 = 100;
/// Staff that is told.
const STAFF: usize = 20;

/// Somebody left, moved away, or is deleted: what they lead here goes to others. They stay a member.
///
/// # Errors
/// Those of the database.
pub fn lead_is_gone(tx: &mut Tx<'_>, person: Id<Account>) -> Result<()> {
    loop {
        let led = store::projects::led_by(tx.conn, person, STEP)?;
        if led.is_empty() {
            return Ok(());
        }
        for project in led {
            set_role(tx, project.id, person, ProjectRole::Member)?;
            match store::projects::successor(tx.conn, project.id, person)? {
                Some(next) => appoint(tx, project, next)?,
                None => orphan(tx, project)?,
            }
        }
    }
}

fn set_role(tx: &mut Tx<'_>, project: Id<Project>, person: Id<Account>, role: ProjectRole) -> Result<()> {
    let known = store::projects::member(tx.conn, project, person)?;
    let member = known.unwrap_or(ProjectMember {
        project,
        account: person,
        role,
        uri: None,
        message: String::new(),
        told_post: None,
        created_at: tx.now,
    });
    store::projects::put_member(tx.conn, &ProjectMember { role, ..member })
}

fn appoint(tx: &mut Tx<'_>, mut project: Project, next: Id<Account>) -> Result<()> {
    let lead = store::accounts::load(tx.conn, next)?;
    set_role(tx, project.id, next, ProjectRole::Lead)?;
    project.lead_uri = Some(lead.uri.clone());
    keep(tx, &mut project)?;
    let tongue = concierge::tongue_of(tx, next, None)?;
    let mut page = Page::default();
    page.people(tx.site(), std::slice::from_ref(&lead), &words::NEW_LEAD.with(tongue, &[&project.name]));
    let own = concierge::ensure(tx)?;
    concierge::write(tx, &own, page, tongue, &[next], &[])?;
    members::tell_waiting(tx, &project)
}

fn orphan(tx: &mut Tx<'_>, mut project: Project) -> Result<()> {
    project.lead_uri = None;
    keep(tx, &mut project)?;
    if project.removed_at.is_some() || project.state.has_ended() {
        return Ok(());
    }
    let text = Words::of(tx).leaderless(&project.name);
    say(tx, &project, text, Visibility::Public)?;
    let mut staff = store::notifications::staff(tx.conn, Role::Moderator)?;
    staff.truncate(STAFF);
    let own = concierge::ensure(tx)?;
    for member in staff {
        let tongue = concierge::tongue_of(tx, member, None)?;
        let account = store::accounts::load(tx.conn, member)?;
        let mut page = Page::default();
        let sentence = words::NO_LEAD_DESK.with(tongue, &[&project.name, &project.name]);
        page.people(tx.site(), std::slice::from_ref(&account), &sentence);
        concierge::write(tx, &own, page, tongue, &[member], &[])?;
    }
    Ok(())
}

/// Somebody of this node takes over a project that has no lead.
///
/// # Errors
/// `NotFound` for what they may not see; `Forbidden` for a draft or a project of another node; `Conflict` when somebody leads
/// it.
pub fn take_over(tx: &mut Tx<'_>, by: Id<Account>, id: Id<Project>) -> Result<Project> {
    let mut project = visible(tx.conn, by, id)?;
    let lead = store::accounts::load(tx.conn, by)?;
    if !project.local || project.published_at.is_none() || !lead.is_local() || lead.is_unavailable() {
        return Err(Error::forbidden("This project is led by somebody of the node it lives on"));
    }
    if members::lead(tx.conn, &project)?.is_some() {
        return Err(Error::Conflict("This project has a lead, who can hand it over".into()));
    }
    // Somebody who left, or is suspended, leads no longer; they stay a member.
    let before = project.lead_uri.as_deref().map(|uri| store::accounts::find_by_uri(tx.conn, uri)).transpose()?;
    if let Some(before) = before.flatten() {
        set_role(tx, id, before.id, ProjectRole::Member)?;
    }
    set_role(tx, id, by, ProjectRole::Lead)?;
    project.lead_uri = Some(lead.uri);
    keep(tx, &mut project)?;
    super::person_changed(tx, by)?;
    members::tell_waiting(tx, &project)?;
    Ok(project)
}
