//! Who works on a project: ask to join, the lead answers, leave, moderate, hand over. Somebody of another node asks with
//! a `Join` and is answered with its `Accept` or `Reject`, so that both nodes know.

use super::{
    Words, changeable, changed, fields, handle, is_inside, letters::for_readers, person_changed, role, say_in, visible,
};
use crate::{
    Error, Result,
    db::Conn,
    domain::{
        Fact, Tx,
        concierge::{self, page::Page},
        counters::{Counter, count},
        fact::Step,
    },
    id::Id,
    model::{Account, AccountKind, Audience, Membership, Post, Project, ProjectMember, ProjectRole, Visibility},
    store,
};

/// People of one project.
pub const MEMBERS: i64 = 500;
/// Requests of one project that wait for an answer.
const REQUESTS: usize = 200;
/// Invitations of one project that nobody took yet.
const INVITATIONS: i64 = 200;
/// Days after which somebody of another node who asks again is told again that it takes an invitation.
const TOLD_DAYS: i64 = 1;
/// Why somebody does not become a member by asking.
pub const BY_INVITATION: &str = "People join this project by invitation only: its lead can invite you";

fn row(tx: &Tx<'_>, project: &Project, account: Id<Account>, role: ProjectRole) -> ProjectMember {
    ProjectMember {
        project: project.id,
        account,
        role,
        uri: None,
        message: String::new(),
        told_post: None,
        created_at: tx.now,
    }
}

/// A local person asks to join a project, here or at another node. Asking again changes nothing. A project of this node that
/// is open, or invited them, has them as a member at once.
///
/// # Errors
/// `NotFound` for what they may not see; `Conflict` for who is a member already; `Forbidden` where a block stands between
/// them, for a draft, and for who is not invited where that is needed.
pub fn ask(tx: &mut Tx<'_>, by: Id<Account>, id: Id<Project>, message: &str) -> Result<Project> {
    let project = visible(tx.conn, by, id)?;
    if project.published_at.is_none() {
        return Err(Error::forbidden("Nobody joins a draft"));
    }
    let message = fields::line("message", message, fields::REASON)?;
    match role(tx.conn, &project, by)? {
        Some(ProjectRole::Asked) => return Ok(project),
        Some(_) => return Err(Error::Conflict("You are a member of this project already".into())),
        None => {}
    }
    if store::follows::is_blocked_either_way(tx.conn, by, project.account())? {
        return Err(Error::forbidden("This action is not allowed"));
    }
    if !project.local && store::accounts::load(tx.conn, project.account())?.left_on.is_some() {
        return Err(Error::forbidden("The node of this project has left: nobody would answer"));
    }
    let mut asked = ProjectMember { message, ..row(tx, &project, by, ProjectRole::Asked) };
    if project.local {
        if !enter(tx, &project, asked)? {
            return Err(Error::forbidden(BY_INVITATION));
        }
    } else {
        asked.uri = Some(tx.site().activity_uri(tx.new_id::<ProjectMember>()));
        store::projects::put_member(tx.conn, &asked)?;
        tx.record(Fact::Membership { project: project.account(), person: by, step: Step::Asked })?;
    }
    Ok(project)
}

/// The same by somebody who was about to register the same work: that it came to this is counted.
///
/// # Errors
/// Those of [`ask`].
pub fn ask_instead(tx: &mut Tx<'_>, by: Id<Account>, id: Id<Project>, message: &str) -> Result<Project> {
    let known = store::projects::member(tx.conn, id, by)?.is_some();
    let project = ask(tx, by, id, message)?;
    if !known {
        count(tx, Counter::DraftJoined)?;
    }
    Ok(project)
}

/// Somebody who may ask to join a project of this node does: they are a member at once where it is open or invited them,
/// or its lead is asked. False when it takes an invitation that they do not have.
fn enter(tx: &mut Tx<'_>, project: &Project, asked: ProjectMember) -> Result<bool> {
    let is_welcome = match project.membership {
        Membership::Open => true,
        Membership::Request | Membership::Invitation => {
            store::projects::is_invited(tx.conn, project.id, asked.account)?
        }
    };
    match project.membership {
        _ if is_welcome => {
            let who = asked.account;
            take_in(tx, project, asked)?;
            tell_of_member(tx, project, who)?;
        }
        Membership::Invitation => return Ok(false),
        Membership::Open | Membership::Request => request(tx, project, asked)?,
    }
    Ok(true)
}

/// Whether it would be in vain that somebody asks to join a project: it takes an invitation, and they have none.
///
/// # Errors
/// Those of the database.
pub fn is_closed_to(conn: &mut Conn, project: &Project, who: Id<Account>) -> Result<bool> {
    let closed = project.local && project.membership == Membership::Invitation;
    Ok(closed && !store::projects::is_invited(conn, project.id, who)?)
}

/// Somebody is a member from now on, and hears it from the project.
fn take_in(tx: &mut Tx<'_>, project: &Project, mut member: ProjectMember) -> Result<()> {
    let who = member.account;
    if store::projects::count_members(tx.conn, project.id)? >= MEMBERS {
        return Err(Error::Conflict("This project has too many members".into()));
    }
    member.role = ProjectRole::Member;
    store::projects::put_member(tx.conn, &member)?;
    store::projects::delete_invitation(tx.conn, project.id, who)?;
    tx.record(Fact::Membership { project: project.account(), person: who, step: Step::Accepted })?;
    let person = store::accounts::load(tx.conn, who)?;
    let words = for_readers(tx, std::slice::from_ref(&person))?;
    let text = words.answered(&handle(&person), &project.name, true);
    say_in(tx, project, words, text, Visibility::Direct)?;
    person_changed(tx, who)?;
    changed(tx, project.id)
}

/// The concierge tells the lead of a member whom nobody had to answer.
fn tell_of_member(tx: &mut Tx<'_>, project: &Project, who: Id<Account>) -> Result<()> {
    let Some(lead) = lead(tx.conn, project)?.filter(Account::is_local) else { return Ok(()) };
    let who = store::accounts::load(tx.conn, who)?;
    let tongue = concierge::tongue_of(tx, lead.id, None)?;
    let mut page = Page::default();
    let told = Words::from(tongue).joined(called(&who), &project.name);
    page.people(tx.site(), std::slice::from_ref(&lead), &told);
    page.person(tx.site(), &who, "");
    let own = concierge::ensure(tx)?;
    concierge::write(tx, &own, page, tongue, &[lead.id], &[]).map(drop)
}

/// What somebody is called in a letter that does not ring at them.
fn called(who: &Account) -> &str {
    if who.display_name.is_empty() { &who.username } else { &who.display_name }
}

/// The lead, or a moderator, invites somebody of the organisation: they are a member as soon as they say so. Who asked already
/// is one at once. Inviting again changes nothing.
///
/// # Errors
/// As [`changeable`]; `NotFound` for who is not there; `Conflict` for a member, and where there are too many; `Forbidden` for a
/// draft, for who left or is not of the organisation, and where a block stands between them.
pub fn invite(tx: &mut Tx<'_>, by: Id<Account>, id: Id<Project>, who: Id<Account>) -> Result<Project> {
    let project = changeable(tx, by, id, ProjectRole::Moderator)?;
    if project.published_at.is_none() {
        return Err(Error::forbidden("Nobody joins a draft"));
    }
    let person = store::accounts::find(tx.conn, who)?.ok_or(Error::NotFound)?;
    if !store::users::waiting(tx.conn, &[who])?.is_empty() {
        return Err(Error::NotFound);
    }
    match role(tx.conn, &project, who)? {
        Some(ProjectRole::Asked) => return answer(tx, by, id, who, true),
        Some(_) => return Err(Error::Conflict("They are a member of this project already".into())),
        None => {}
    }
    if !is_there(&person) {
        return Err(Error::forbidden("They are not there any more"));
    }
    let is_near = person.is_local() || project.audience != Some(Audience::Site);
    if person.kind != AccountKind::Person || !is_near || !is_inside(tx.conn, &person)? {
        return Err(Error::forbidden("Only people whom this project reaches can be invited"));
    }
    if store::follows::is_blocked_either_way(tx.conn, who, project.account())?
        || store::follows::is_blocked_either_way(tx.conn, who, by)?
    {
        return Err(Error::forbidden("This action is not allowed"));
    }
    if store::projects::count_members(tx.conn, project.id)? >= MEMBERS {
        return Err(Error::Conflict("This project has too many members".into()));
    }
    if store::projects::count_invitations(tx.conn, project.id)? >= INVITATIONS {
        return Err(Error::Conflict("Too many invitations of this project wait".into()));
    }
    if store::projects::invite(tx.conn, project.id, who, by, tx.now)? {
        let words = for_readers(tx, std::slice::from_ref(&person))?;
        let text = words.invited(&handle(&person), &project.name);
        say_in(tx, &project, words, text, Visibility::Direct)?;
    }
    Ok(project)
}

/// Writes a request down and tells the lead.
fn request(tx: &mut Tx<'_>, project: &Project, mut asked: ProjectMember) -> Result<()> {
    if store::projects::members(tx.conn, project.id, true, REQUESTS as i64)?.len() >= REQUESTS {
        return Err(Error::Conflict("Too many requests wait for this project's lead".into()));
    }
    asked.told_post = tell_lead(tx, project, &asked)?;
    store::projects::put_member(tx.conn, &asked)
}

/// The concierge tells the lead, who answers it with a tap or a word.
fn tell_lead(tx: &mut Tx<'_>, project: &Project, asked: &ProjectMember) -> Result<Option<Id<Post>>> {
    let Some(lead) = lead(tx.conn, project)?.filter(Account::is_local) else { return Ok(None) };
    let who = store::accounts::load(tx.conn, asked.account)?;
    let tongue = concierge::tongue_of(tx, lead.id, None)?;
    let words = Words::from(tongue);
    // Named without a mention: the message is the lead's alone.
    let mut page = Page::default();
    page.people(tx.site(), std::slice::from_ref(&lead), &words.asks(called(&who), &project.name));
    page.person(tx.site(), &who, "");
    if !asked.message.is_empty() {
        page.line(&format!("“{}”", asked.message));
    }
    page.line(words.how_to_answer());
    let own = concierge::ensure(tx)?;
    concierge::write(tx, &own, page, tongue, &[lead.id], &words.yes_or_no()).map(Some)
}

/// A new lead is told of every request that waits, as if it were made now.
pub(super) fn tell_waiting(tx: &mut Tx<'_>, project: &Project) -> Result<()> {
    for mut asked in store::projects::members(tx.conn, project.id, true, REQUESTS as i64)? {
        asked.told_post = tell_lead(tx, project, &asked)?;
        store::projects::put_member(tx.conn, &asked)?;
    }
    Ok(())
}

/// Whether somebody can be given work on a project: who left, moved away or is suspended cannot.
fn is_there(account: &Account) -> bool {
    !account.is_unavailable() && account.left_on.is_none() && account.moved_to_id.is_none()
}

/// The lead's account, when it is known here and they can still lead.
pub fn lead(conn: &mut Conn, project: &Project) -> Result<Option<Account>> {
    match &project.lead_uri {
        Some(uri) => Ok(store::accounts::find_by_uri(conn, uri)?.filter(is_there)),
        None => Ok(None),
    }
}

/// Somebody of another node asks to join a project of this one. Only people of the organisation are heard; for others
/// the answer is no.
pub fn receive_join(tx: &mut Tx<'_>, who: &Account, project: &Project, uri: Option<&str>, message: &str) -> Result<()> {
    if project.audience == Some(Audience::Site) {
        // As if it were not there.
        return Ok(());
    }
    let known = store::projects::member(tx.conn, project.id, who.id)?;
    if let Some(mut known) = known {
        if let Some(uri) = uri {
            known.uri = Some(uri.to_owned());
            store::projects::put_member(tx.conn, &known)?;
        }
        if known.role > ProjectRole::Asked {
            // Their node forgot: say yes again.
            return tx.record(Fact::Membership { project: project.account(), person: who.id, step: Step::Accepted });
        }
        return Ok(());
    }
    let message: String = message.chars().take(fields::REASON).collect();
    let uri = uri.map(str::to_owned);
    let asked = ProjectMember { uri, message, ..row(tx, project, who.id, ProjectRole::Asked) };
    let refused = who.is_unavailable()
        || !is_inside(tx.conn, who)?
        || store::follows::is_blocked_either_way(tx.conn, who.id, project.account())?;
    if refused {
        return refuse(tx, project, &asked);
    }
    match enter(tx, project, asked.clone()) {
        Ok(true) => return Ok(()),
        // It is full, or too many wait: nobody would ever answer.
        Err(Error::Conflict(_)) => return refuse(tx, project, &asked),
        Ok(false) => refuse(tx, project, &asked)?,
        Err(error) => return Err(error),
    }
    // Their node took the request for one that waits, and tells them nothing. Who asks by a letter asks by a Join too.
    if store::projects::refer(tx.conn, project.id, who.id, tx.now.plus_days(-TOLD_DAYS), tx.now)? {
        let words = for_readers(tx, std::slice::from_ref(who))?;
        let text = words.by_invitation(&handle(who), &project.name);
        say_in(tx, project, words, text, Visibility::Direct)?;
    }
    Ok(())
}

/// Says no to a request from another node, which is not written down.
fn refuse(tx: &mut Tx<'_>, project: &Project, asked: &ProjectMember) -> Result<()> {
    store::projects::put_member(tx.conn, asked)?;
    tx.record(Fact::Membership { project: project.account(), person: asked.account, step: Step::Refused })?;
    store::projects::delete_member(tx.conn, project.id, asked.account)
}

/// The lead, or a moderator, answers a request.
///
/// # Errors
/// As [`changeable`]; `NotFound` when this person did not ask; `Forbidden` for taking in who left meanwhile; `Conflict` for a
/// project that is full.
pub fn answer(tx: &mut Tx<'_>, by: Id<Account>, id: Id<Project>, who: Id<Account>, yes: bool) -> Result<Project> {
    let project = changeable(tx, by, id, ProjectRole::Moderator)?;
    let member = store::projects::member(tx.conn, project.id, who)?;
    let member = member.filter(|m| m.role == ProjectRole::Asked).ok_or(Error::NotFound)?;
    let person = store::accounts::load(tx.conn, who)?;
    if yes {
        if !is_there(&person) {
            return Err(Error::forbidden("They are not there any more"));
        }
        take_in(tx, &project, member)?;
        return Ok(project);
    }
    tx.record(Fact::Membership { project: project.account(), person: who, step: Step::Refused })?;
    store::projects::delete_member(tx.conn, project.id, who)?;
    let words = for_readers(tx, std::slice::from_ref(&person))?;
    let text = words.answered(&handle(&person), &project.name, false);
    say_in(tx, &project, words, text, Visibility::Direct)?;
    Ok(project)
}

/// A project at another node answers somebody of this one, or takes them out. Only what was asked for is answered. `join`:
/// the request that the answer names.
pub fn receive_answer(tx: &mut Tx<'_>, project: &Account, who: &Account, join: Option<&str>, yes: bool) -> Result<()> {
    let Some(known) = store::projects::of_account(tx.conn, project.id)?.filter(|p| !p.local) else { return Ok(()) };
    let Some(mut member) = store::projects::member(tx.conn, known.id, who.id)? else { return Ok(()) };
    // Who left and asked again at once waits for the answer to what they asked last.
    let named = join.filter(|join| tx.site().owns_str(join));
    if named.is_some_and(|named| member.uri.as_deref().is_some_and(|asked| asked != named)) {
        return Ok(());
    }
    if !yes {
        store::projects::delete_member(tx.conn, known.id, who.id)?;
    } else if member.role == ProjectRole::Asked {
        member.role = ProjectRole::Member;
        store::projects::put_member(tx.conn, &member)?;
    } else {
        return Ok(());
    }
    // What they work on stands on their profile.
    tx.record(Fact::AccountUpdated(who.id))
}

/// A local person leaves a project, or takes a request back. Nothing there is fine.
///
/// # Errors
/// `NotFound` for what they may not see; `Conflict` for the lead, who hands over first (a project of another node says
/// itself who leads it, so nobody of this one is held by that).
pub fn leave(tx: &mut Tx<'_>, by: Id<Account>, id: Id<Project>) -> Result<Project> {
    let project = visible(tx.conn, by, id)?;
    match role(tx.conn, &project, by)? {
        None => {
            // Or does not take an invitation.
            store::projects::delete_invitation(tx.conn, id, by)?;
            return Ok(project);
        }
        Some(ProjectRole::Lead) if project.local => {
            return Err(Error::Conflict("Hand the project over to somebody before you leave it".into()));
        }
        Some(_) => {}
    }
    tx.record(Fact::Membership { project: project.account(), person: by, step: Step::Left })?;
    store::projects::delete_member(tx.conn, project.id, by)?;
    tx.record(Fact::AccountUpdated(by))?;
    changed(tx, project.id)?;
    Ok(project)
}

/// Somebody of another node leaves a project of this one.
pub fn receive_leave(tx: &mut Tx<'_>, who: &Account, project: &Project) -> Result<()> {
    match role(tx.conn, project, who.id)? {
        // Or does not take an invitation.
        None => return store::projects::delete_invitation(tx.conn, project.id, who.id).map(drop),
        Some(ProjectRole::Lead) => return Ok(()),
        Some(_) => {}
    }
    store::projects::delete_member(tx.conn, project.id, who.id)?;
    person_changed(tx, who.id)?;
    changed(tx, project.id)
}

/// The same by what they wrote to the project: their own node, which may know them as a member, is told.
pub(super) fn receive_goodbye(tx: &mut Tx<'_>, who: &Account, project: &Project) -> Result<()> {
    if role(tx.conn, project, who.id)?.is_some_and(|role| role < ProjectRole::Lead) {
        tx.record(Fact::Membership { project: project.account(), person: who.id, step: Step::Refused })?;
    }
    receive_leave(tx, who, project)
}

/// The lead takes somebody out, who hears it from the project. Whoever may invite takes back an invitation.
///
/// # Errors
/// As [`changeable`]; `NotFound` for who is no member; `Conflict` for the lead.
pub fn remove(tx: &mut Tx<'_>, by: Id<Account>, id: Id<Project>, who: Id<Account>) -> Result<()> {
    let project = changeable(tx, by, id, ProjectRole::Moderator)?;
    let known = role(tx.conn, &project, who)?;
    // Who is invited is so no more.
    if known.is_none() && store::projects::delete_invitation(tx.conn, id, who)? {
        return Ok(());
    }
    changeable(tx, by, id, ProjectRole::Lead)?;
    let asked = match known {
        None => return Err(Error::NotFound),
        Some(ProjectRole::Lead) => return Err(Error::Conflict("The lead cannot be taken out: hand over first".into())),
        Some(role) => role == ProjectRole::Asked,
    };
    tx.record(Fact::Membership { project: project.account(), person: who, step: Step::Refused })?;
    store::projects::delete_member(tx.conn, project.id, who)?;
    let person = store::accounts::load(tx.conn, who)?;
    if is_there(&person) {
        let (words, name) = (for_readers(tx, std::slice::from_ref(&person))?, handle(&person));
        let text =
            if asked { words.answered(&name, &project.name, false) } else { words.taken_out(&name, &project.name) };
        say_in(tx, &project, words, text, Visibility::Direct)?;
    }
    person_changed(tx, who)?;
    changed(tx, project.id)
}

/// The lead makes a member a moderator, or a moderator a member.
///
/// # Errors
/// As [`changeable`]; `NotFound` for who is neither; `Forbidden` for who left.
pub fn moderate(tx: &mut Tx<'_>, by: Id<Account>, id: Id<Project>, who: Id<Account>, yes: bool) -> Result<()> {
    let project = changeable(tx, by, id, ProjectRole::Lead)?;
    let member = store::projects::member(tx.conn, project.id, who)?;
    let among = [ProjectRole::Member, ProjectRole::Moderator];
    let mut member = member.filter(|m| among.contains(&m.role)).ok_or(Error::NotFound)?;
    if yes && !is_there(&store::accounts::load(tx.conn, who)?) {
        return Err(Error::forbidden("They are not there any more"));
    }
    member.role = if yes { ProjectRole::Moderator } else { ProjectRole::Member };
    store::projects::put_member(tx.conn, &member)?;
    changed(tx, project.id)
}

/// The lead hands the project over to a member of this node.
///
/// # Errors
/// As [`changeable`]; `NotFound` for who is no member; `Forbidden` for somebody of another node: a project is led where it
/// lives.
pub fn hand_over(tx: &mut Tx<'_>, by: Id<Account>, id: Id<Project>, to: Id<Account>) -> Result<Project> {
    let mut project = changeable(tx, by, id, ProjectRole::Lead)?;
    if to == by {
        return Ok(project);
    }
    let member = store::projects::member(tx.conn, project.id, to)?;
    let mut next = member.filter(|m| m.role > ProjectRole::Asked).ok_or(Error::NotFound)?;
    let person = store::accounts::load(tx.conn, to)?;
    if !person.is_local() {
        return Err(Error::forbidden("A project is led by somebody of the node it lives on"));
    }
    if !is_there(&person) {
        return Err(Error::forbidden("They are not there any more"));
    }
    next.role = ProjectRole::Lead;
    store::projects::put_member(tx.conn, &next)?;
    if let Some(mut before) = store::projects::member(tx.conn, project.id, by)? {
        before.role = ProjectRole::Moderator;
        store::projects::put_member(tx.conn, &before)?;
    }
    project.lead_uri = Some(person.uri);
    super::keep(tx, &mut project)?;
    tell_waiting(tx, &project)?;
    Ok(project)
}
