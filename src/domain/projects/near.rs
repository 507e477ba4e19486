//! How far a project goes (N9): its lead may keep it at this site, or say that what is written to it goes to the organisation
//! or to everybody. A project for its site alone is known to nobody elsewhere: no other node is told of it, finds it or
//! reads it, people's profiles do not name it, and a post that names it stays at the site too.
//!
//! What other nodes know cannot be called back, so a project stays at its site from the beginning or not at all.

use super::{members, words::Words};
use crate::{
    Error, Result,
    db::Conn,
    domain::{
        Tx,
        audiences::{self, Chosen},
        concierge,
    },
    id::Id,
    model::{Account, AccountKind, Audience, Project, ProjectRole, Visibility},
    store,
};

/// Whether this account is a project that is for this site alone.
///
/// # Errors
/// Those of the database.
pub fn is_near(conn: &mut Conn, account: Id<Account>) -> Result<bool> {
    store::projects::is_near(conn, account)
}

/// How far what a project says and passes on goes; none: as what people write. What the charter forbids meanwhile counts
/// as the organisation.
///
/// # Errors
/// Those of the database.
pub fn of(conn: &mut Conn, project: &Project) -> Result<Option<Audience>> {
    let Some(audience) = project.audience.filter(|_| project.local) else { return Ok(None) };
    Ok(match (audience, store::audiences::rules(conn)?) {
        (Audience::Organisation, None) => None,
        (Audience::Open, Some(rules)) if !rules.open_allowed => Some(Audience::Organisation),
        (audience, _) => Some(audience),
    })
}

/// The same of an account of this node; none for who is no project.
///
/// # Errors
/// Those of the database.
pub fn of_account(conn: &mut Conn, account: &Account) -> Result<Option<Audience>> {
    if account.kind != AccountKind::Group || !account.is_local() {
        return Ok(None);
    }
    match store::projects::of_account(conn, account.id)? {
        Some(project) => of(conn, &project),
        None => Ok(None),
    }
}

/// Whether servers and visitors outside of the organisation are told what a project is about: where what it says of itself
/// goes to everybody. They are told the name of any other one, for it may pass on to them what people write for everybody.
///
/// # Errors
/// Those of the database.
pub fn is_told_outside(conn: &mut Conn, project: &Project) -> Result<bool> {
    let (rules, said) = (store::audiences::rules(conn)?, of(conn, project)?);
    Ok(audiences::standard(rules.as_ref(), said, Visibility::Public) == Audience::Open)
}

/// Whether this account is a project of this node or of the organisation of which nothing but its name is told outside. Of
/// one of another node it is not known how far it goes: there it counts what the charter says.
///
/// # Errors
/// Those of the database.
pub fn is_inside_only(conn: &mut Conn, account: &Account) -> Result<bool> {
    if account.kind != AccountKind::Group || audiences::place(conn, account)? == Audience::Open {
        return Ok(false);
    }
    // One that left the register is nobody's business either.
    match store::projects::find(conn, Id::new(account.id.raw()))? {
        Some(project) => Ok(!is_told_outside(conn, &project)?),
        None => Ok(false),
    }
}

/// The audience of a post that names these accounts: never further than the projects among them, whatever its author
/// chose. Followers and people who are named in a post to them alone are a choice already; only a project that nobody
/// elsewhere may know of holds such posts back too.
///
/// # Errors
/// Those of the database.
pub fn narrow(conn: &mut Conn, chosen: Chosen, visibility: Visibility, people: &[Account]) -> Result<Chosen> {
    let mut audience = chosen.audience;
    for account in people {
        match of_account(conn, account)? {
            Some(Audience::Site) => audience = Audience::Site,
            Some(other) if visibility <= Visibility::Unlisted => audience = audience.min(other),
            _ => {}
        }
    }
    Ok(Chosen { audience, expressly: chosen.expressly && audience == chosen.audience })
}

/// Refuses an edit that names a project of this site alone in a post that goes further, in the language of its author.
///
/// # Errors
/// `Invalid` then.
pub fn check_edit(tx: &mut Tx<'_>, author: Id<Account>, audience: Audience, people: &[Account]) -> Result<()> {
    let groups = people.iter().filter(|account| account.kind == AccountKind::Group && account.is_local());
    for group in groups.filter(|_| audience > Audience::Site) {
        if is_near(tx.conn, group.id)? {
            let words = Words::from(concierge::tongue_of(tx, author, None)?);
            return Err(Error::invalid("status", "out_of_reach", words.for_this_site(&group.username)));
        }
    }
    Ok(())
}

/// Sets how far a project goes: its author while it is a draft, afterwards its lead, who may only let it go further.
///
/// # Errors
/// `Invalid` for an audience that may not be chosen ([`audiences::allowed`]); `Forbidden` for who is not its lead;
/// `Conflict` for a published project that is to become its site's alone.
pub(super) fn set(tx: &mut Tx<'_>, by: Id<Account>, project: &mut Project, audience: Option<Audience>) -> Result<()> {
    let Some(audience) = audience.filter(|audience| project.audience != Some(*audience)) else { return Ok(()) };
    audiences::allowed(store::audiences::rules(tx.conn)?.as_ref(), audience)?;
    if project.published_at.is_some() {
        if super::role(tx.conn, project, by)? != Some(ProjectRole::Lead) {
            return Err(Error::forbidden("Only its lead may do this"));
        }
        if audience == Audience::Site {
            let why = "Other sites know this project already. Only a draft can be kept at one site";
            return Err(Error::Conflict(why.into()));
        }
    }
    project.audience = Some(audience);
    Ok(())
}

/// A project of this site goes further from now on: who works on it may be told elsewhere too.
pub(super) fn went_further(tx: &mut Tx<'_>, project: &Project) -> Result<()> {
    for member in store::projects::members(tx.conn, project.id, false, members::MEMBERS)? {
        super::person_changed(tx, member.account)?;
    }
    Ok(())
}
