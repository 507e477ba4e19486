//! What other nodes say about their people.

use super::{
    FACT_CHARACTERS, Facts, LANGUAGES, LINK_BYTES, LINKS, Listed, SKILL_CHARACTERS, SKILLS, Skill, facts, fields::Made,
    listed_code,
};
use crate::{
    Error, Result,
    domain::{Tx, charter, profiles, projects, remote::RemoteActor},
    id::Id,
    model::{Account, AccountKind},
    store,
};

/// Bytes of the properties that are kept without being known.
pub const EXTRA: usize = 16 * 1024;

fn short(text: &str, most: usize) -> String {
    text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(most).collect()
}

/// The facts in an actor document, within the limits of ours.
fn facts_of(actor: &RemoteActor) -> Facts {
    let said = &actor.facts;
    let mut skills: Vec<Skill> = Vec::new();
    for said in &said.skills {
        let name = short(said.name.trim_start_matches('#'), SKILL_CHARACTERS);
        let Some(tag) = facts::tag_of(&name) else { continue };
        if skills.len() < SKILLS && !skills.iter().any(|other| other.tag == tag) {
            let links = said.same_as.iter().filter(|link| link.len() <= LINK_BYTES).take(LINKS);
            skills.push(Skill { name, tag, stance: said.stance, same_as: links.cloned().collect() });
        }
    }
    Facts {
        skills,
        title: short(&said.title, FACT_CHARACTERS),
        department: short(&said.department, FACT_CHARACTERS),
        site: short(&said.site, FACT_CHARACTERS),
        time_zone: Some(short(&said.time_zone, 64)).filter(|zone| facts::is_time_zone(zone)).unwrap_or_default(),
        languages: said.languages.iter().filter(|tag| facts::is_language(tag)).take(LANGUAGES).cloned().collect(),
        works_on: Vec::new(),
        listed: if actor.discoverable && !actor.suspended { Listed::Organisation } else { Listed::Unlisted },
        left_on: said.left_on.clone(),
        coffee: said.coffee,
    }
}

/// Keeps what an actor document says, when somebody may look for it: facts of anybody, and everybody of the charter.
pub(in crate::domain) fn receive(tx: &mut Tx<'_>, account: &Account, actor: &RemoteActor) -> Result<()> {
    if !matches!(account.kind, AccountKind::Person | AccountKind::Service | AccountKind::Group) {
        return Ok(());
    }
    let facts = facts_of(actor);
    let known = store::people::find(tx.conn, account.id)?;
    let said_nothing = Facts { listed: Listed::Organisation, ..facts.clone() } == Facts::default();
    if known.is_none() && said_nothing {
        let ours = charter::current(tx.conn)?;
        let domain = account.domain.as_deref().unwrap_or_default();
        if ours.is_none_or(|signed| signed.charter.node(domain).is_none()) {
            return Ok(());
        }
    }
    let version = actor.facts.updated.map_or(0, |at| at.millis());
    let extra = actor.facts.extra.clone().filter(|extra| extra.len() <= EXTRA).unwrap_or_else(|| "{}".into());
    let before = facts::load(tx.conn, account.id)?;
    // That is what the projects say, see `facts::follow_projects`.
    let facts = Facts { works_on: before.works_on.clone(), ..facts };
    let same = known.as_ref().is_some_and(|row| row.version == version && row.extra == extra);
    if same && before == facts {
        return Ok(());
    }
    let row = known.unwrap_or_else(facts::blank_row);
    let row = store::people::Row { version, extra, listed: listed_code(facts.listed), ..row };
    let changed = tx.new_id::<()>().raw();
    store::people::save(tx.conn, account.id, &row, changed)?;
    facts::save(tx, account.id, &facts)
}

/// Those of a node's directory whose home does not list them any more: what it said of them goes, from their profiles too, and
/// projects leave the register until they are listed again.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn unlist(tx: &mut Tx<'_>, gone: &[Id<Account>]) -> Result<()> {
    let changed = tx.new_id::<()>().raw();
    store::people::unlist(tx.conn, gone, changed)?;
    for mut account in store::accounts::list(tx.conn, gone)? {
        if account.kind == AccountKind::Group {
            projects::remote::gone(tx, account.id, false)?;
        }
        let mut fields = profiles::fields(&account);
        let before = fields.len();
        fields.retain(|field| Made::named(&field.name).is_none());
        if fields.len() < before {
            account.fields = serde_json::to_string(&fields).map_err(Error::internal)?;
            store::remote::update_account(tx.conn, &account)?;
        }
    }
    Ok(())
}
