//! What is known of somebody: read, checked, changed.

use super::{
    FACT_CHARACTERS, Facts, LANGUAGES, LINK_BYTES, LINKS, Listed, SKILL_CHARACTERS, SKILLS, Skill, Stance, WORKS, Work,
    fields, listed_code, listed_of, stance_code, stance_of,
};
use crate::{
    Error, Result,
    config::People,
    db::Conn,
    domain::{
        Fact, Tx, hashtags, projects,
        text::{clean_input, normalize_hashtag},
    },
    id::Id,
    limits,
    matching::people::hashtag,
    model::{Account, AccountKind},
    store, uri,
};
use chrono_tz::Tz;

/// Who changes facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The person, who may not change everything.
    Themselves,
    /// The organisation: a list of its own, or its directory.
    Organisation,
}

/// What is to be changed; none leaves a thing as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FactsChange {
    /// Skills as typed, with their stances.
    pub skills: Option<Vec<(String, Stance)>>,
    /// Where else skills are described, by their names; others keep what they have.
    pub skill_links: Vec<(String, Vec<String>)>,
    /// Job title.
    pub title: Option<String>,
    /// Department.
    pub department: Option<String>,
    /// Where they work.
    pub site: Option<String>,
    /// IANA name.
    pub time_zone: Option<String>,
    /// BCP 47 tags.
    pub languages: Option<Vec<String>>,
    /// What they work on.
    pub works_on: Option<Vec<Work>>,
    /// Who may find them.
    pub listed: Option<Listed>,
    /// The day they left; inner none takes it back.
    pub left_on: Option<Option<String>>,
    /// In when pairs for a coffee are made.
    pub coffee: Option<bool>,
}

/// The facts of an actor; of somebody who said nothing, the defaults.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn load(conn: &mut Conn, account: Id<Account>) -> Result<Facts> {
    let row = store::people::find(conn, account)?.unwrap_or_default();
    let skills = store::people::skills(conn, &[account])?;
    Ok(of_rows(row, skills))
}

/// Facts from their rows.
pub(super) fn of_rows(row: store::people::Row, skills: Vec<store::people::Skill>) -> Facts {
    Facts {
        skills: skills
            .into_iter()
            .map(|skill| Skill {
                name: skill.name,
                tag: skill.tag,
                stance: stance_of(skill.stance),
                same_as: skill.same_as.split_whitespace().map(str::to_owned).collect(),
            })
            .collect(),
        title: row.title,
        department: row.department,
        site: row.site,
        time_zone: row.time_zone,
        languages: row.languages.split_whitespace().map(str::to_owned).collect(),
        works_on: serde_json::from_str(&row.works_on).unwrap_or_default(),
        listed: listed_of(row.listed),
        left_on: row.left_on,
        coffee: row.coffee,
    }
}

/// Writes facts over those that are stored; what belongs to no fact stays.
pub(super) fn save(tx: &mut Tx<'_>, account: Id<Account>, facts: &Facts) -> Result<()> {
    let before = store::people::find(tx.conn, account)?.unwrap_or_else(blank_row);
    let row = store::people::Row {
        title: facts.title.clone(),
        department: facts.department.clone(),
        site: facts.site.clone(),
        time_zone: facts.time_zone.clone(),
        languages: facts.languages.join(" "),
        works_on: serde_json::to_string(&facts.works_on).map_err(Error::internal)?,
        listed: listed_code(facts.listed),
        left_on: facts.left_on.clone(),
        coffee: facts.coffee,
        ..before
    };
    let changed = tx.new_id::<()>().raw();
    store::people::save(tx.conn, account, &row, changed)?;
    let skills: Vec<store::people::Skill> = facts
        .skills
        .iter()
        .map(|skill| store::people::Skill {
            account,
            tag: skill.tag.clone(),
            name: skill.name.clone(),
            stance: stance_code(skill.stance),
            same_as: skill.same_as.join(" "),
        })
        .collect();
    store::people::set_skills(tx.conn, account, &skills)
}

/// What somebody works on follows their memberships: projects they joined stand there, those they left go, and what they
/// named themselves stays. Of people of other nodes the register of projects knows it: `worksOn` names the same.
pub(in crate::domain) fn follow_projects(tx: &mut Tx<'_>, id: Id<Account>) -> Result<()> {
    let Some(mut account) = store::accounts::find(tx.conn, id)?.filter(|a| a.kind == AccountKind::Person) else {
        return Ok(());
    };
    let before = load(tx.conn, id)?;
    let joined: Vec<Work> = projects::works_on(tx.conn, id)?
        .into_iter()
        .map(|project| Work { name: project.name, url: Some(project.url), joined: true })
        .collect();
    let named = before.works_on.iter().filter(|work| {
        !work.joined && !joined.iter().any(|other| other.url == work.url || other.name.eq_ignore_ascii_case(&work.name))
    });
    let works_on: Vec<Work> = joined.iter().cloned().chain(named.cloned()).take(WORKS).collect();
    if works_on == before.works_on {
        return Ok(());
    }
    let facts = Facts { works_on, ..before };
    save(tx, id, &facts)?;
    if !account.is_local() {
        return Ok(());
    }
    account.fields = fields::composed(tx, &account, &facts, None)?;
    account.updated_at = tx.now;
    store::users::update_profile(tx.conn, &account)
}

/// A row nothing was said in.
pub(super) fn blank_row() -> store::people::Row {
    store::people::Row { works_on: "[]".into(), extra: "{}".into(), ..store::people::Row::default() }
}

/// Changes the facts of a person of this node, and the profile fields and featured hashtags that follow from them. What
/// the person may not change themselves is left as it is.
///
/// # Errors
/// `Invalid` naming what is too long, too many or no time zone or language.
pub fn update(tx: &mut Tx<'_>, id: Id<Account>, change: &FactsChange, by: By) -> Result<Facts> {
    let mut account = store::accounts::load(tx.conn, id)?;
    let before = load(tx.conn, id)?;
    let facts = changed(before.clone(), change, by, &tx.config().people)?;
    if facts == before {
        return Ok(facts);
    }
    keep(tx, id, &before, &facts)?;
    account.fields = fields::composed(tx, &account, &facts, None)?;
    if (before.listed == Listed::Unlisted) != (facts.listed == Listed::Unlisted) {
        // The switch that clients show says the same.
        account.discoverable = facts.listed != Listed::Unlisted;
    }
    account.updated_at = tx.now;
    store::users::update_profile(tx.conn, &account)?;
    tx.record(Fact::AccountUpdated(id))?;
    Ok(facts)
}

/// Writes the facts and features the hashtags of new skills.
pub(super) fn keep(tx: &mut Tx<'_>, id: Id<Account>, before: &Facts, facts: &Facts) -> Result<()> {
    save(tx, id, facts)?;
    let shown = |facts: &Facts| -> Vec<String> {
        let shown = facts.skills.iter().filter(|skill| skill.stance != Stance::Learning);
        shown.map(|skill| skill.tag.clone()).collect()
    };
    let (old, new) = (shown(before), shown(facts));
    for tag in old.iter().filter(|tag| !new.contains(tag)) {
        if let Some(tag) = store::hashtags::find(tx.conn, tag)?
            && let Some(row) = store::hashtags::find_featured(tx.conn, id, tag.id)?
        {
            store::hashtags::delete_featured(tx.conn, row.id)?;
        }
    }
    for tag in new.iter().filter(|tag| !old.contains(tag)) {
        if store::hashtags::featured(tx.conn, id)?.len() >= limits::FEATURED_TAGS {
            break;
        }
        let tag = hashtags::ensure(tx, tag)?;
        if store::hashtags::find_featured(tx.conn, id, tag.id)?.is_none() {
            hashtags::feature(tx, id, tag.id)?;
        }
    }
    Ok(())
}

/// Applies a change, within what may be changed and how much fits.
///
/// # Errors
/// As [`update`].
pub fn changed(mut facts: Facts, change: &FactsChange, by: By, may: &People) -> Result<Facts> {
    let free = by == By::Organisation;
    if let Some(title) = change.title.as_ref().filter(|_| free || may.may_change_title) {
        facts.title = line("title", title)?;
    }
    if let Some(department) = change.department.as_ref().filter(|_| free || may.may_change_department) {
        facts.department = line("department", department)?;
    }
    if let Some(site) = change.site.as_ref().filter(|_| free || may.may_change_location) {
        facts.site = line("site", site)?;
    }
    if let Some(zone) = &change.time_zone {
        let zone = zone.trim();
        if !zone.is_empty() && *zone != facts.time_zone && !is_time_zone(zone) {
            return Err(Error::invalid("time_zone", "invalid", "Time zone is not a name such as Europe/Paris"));
        }
        zone.clone_into(&mut facts.time_zone);
    }
    if let Some(languages) = &change.languages {
        let mut kept: Vec<String> = Vec::new();
        for tag in languages.iter().map(|tag| tag.trim()).filter(|tag| !tag.is_empty()) {
            if !is_language(tag) {
                return Err(Error::invalid("languages", "invalid", "Languages are codes such as en or pt-BR"));
            }
            if !kept.iter().any(|other| other == tag) {
                kept.push(tag.to_owned());
            }
        }
        facts.languages = few("languages", kept, LANGUAGES)?;
    }
    if let Some(works) = &change.works_on {
        let mut kept: Vec<Work> = Vec::new();
        for work in works {
            let name = line("works_on", &work.name)?;
            if !name.is_empty() && !kept.iter().any(|other| other.name == name) {
                kept.push(Work { name, url: work.url.clone(), ..Work::default() });
            }
        }
        facts.works_on = few("works_on", kept, WORKS)?;
    }
    if let Some(typed) = &change.skills {
        let mut kept: Vec<Skill> = Vec::new();
        for (name, stance) in typed {
            let Some(mut skill) = skill(name, *stance)? else { continue };
            if !kept.iter().any(|other| other.tag == skill.tag) {
                if let Some(before) = facts.skills.iter().find(|before| before.tag == skill.tag) {
                    skill.same_as.clone_from(&before.same_as);
                }
                kept.push(skill);
            }
        }
        facts.skills = few("skills", kept, SKILLS)?;
    }
    for (name, typed) in &change.skill_links {
        let tag = tag_of(name);
        let Some(skill) = facts.skills.iter_mut().find(|skill| Some(&skill.tag) == tag.as_ref()) else { continue };
        skill.same_as = links("skills", typed)?;
    }
    if let Some(listed) = change.listed {
        facts.listed = listed;
    }
    if let Some(left) = change.left_on.as_ref().filter(|_| free) {
        facts.left_on.clone_from(left);
    }
    facts.coffee = change.coffee.unwrap_or(facts.coffee);
    Ok(facts)
}

fn few<T>(field: &'static str, list: Vec<T>, most: usize) -> Result<Vec<T>> {
    if list.len() > most {
        return Err(Error::invalid(field, "too_long", format!("There are too many (maximum is {most})")));
    }
    Ok(list)
}

fn line(field: &'static str, text: &str) -> Result<String> {
    let text = clean_input(text).replace('\n', " ").trim().to_owned();
    if text.chars().count() > FACT_CHARACTERS {
        return Err(Error::invalid(
            field,
            "too_long",
            format!("This is too long (maximum is {FACT_CHARACTERS} characters)"),
        ));
    }
    Ok(text)
}

/// The addresses at which somebody says a skill is described, or a tag of a project.
///
/// # Errors
/// `Invalid` for what is no address, and for too many.
pub(in crate::domain) fn links(field: &'static str, typed: &[String]) -> Result<Vec<String>> {
    let wrong = || Error::invalid(field, "invalid", "same_as names web addresses");
    let mut kept: Vec<String> = Vec::new();
    for address in typed.iter().map(|address| address.trim()).filter(|address| !address.is_empty()) {
        let address = uri::normalize(address).filter(|address| address.len() <= LINK_BYTES).ok_or_else(wrong)?;
        if !kept.contains(&address) {
            kept.push(address);
        }
    }
    few(field, kept, LINKS)
}

/// A skill as somebody typed it; none for what has no letter in it.
fn skill(typed: &str, stance: Stance) -> Result<Option<Skill>> {
    let name = clean_input(typed).replace('\n', " ");
    let name = name.trim().trim_start_matches('#').trim();
    if name.chars().count() > SKILL_CHARACTERS {
        return Err(Error::invalid(
            "skills",
            "too_long",
            format!("A skill is too long (maximum is {SKILL_CHARACTERS} characters)"),
        ));
    }
    Ok(tag_of(name).map(|tag| Skill { name: name.to_owned(), tag, stance, same_as: Vec::new() }))
}

/// The hashtag of a skill: its letters and digits run together, in lower case; `C++` and `C#` keep what tells them apart.
pub fn tag_of(name: &str) -> Option<String> {
    normalize_hashtag(&hashtag(name))
}

/// Whether a text is the name of a time zone: one that looks like it and does not exist would silently count as UTC.
pub fn is_time_zone(text: &str) -> bool {
    looks_like_time_zone(text) && text.parse::<Tz>().is_ok()
}

/// Whether a text is written as the name of a time zone is.
pub fn looks_like_time_zone(text: &str) -> bool {
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'-' | b'+'));
    plain
        && text.len() <= 64
        && (text == "UTC" || text.split_once('/').is_some_and(|(a, b)| a.len() > 1 && b.len() > 1))
}

/// Whether a text looks like a language tag.
pub fn is_language(text: &str) -> bool {
    let primary = text.split('-').next().unwrap_or_default();
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    plain && text.len() <= 35 && matches!(primary.len(), 2 | 3) && primary.bytes().all(|b| b.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skill_has_a_normal_form_beside_what_was_typed() {
        for (typed, tag) in [
            ("Vibration analysis", "vibrationanalysis"),
            ("#torque", "torque"),
            ("C++", "cplusplus"),
            ("C#", "csharp"),
            ("Schweißen", "schweißen"),
            ("CI/CD", "cicd"),
        ] {
            assert_eq!(tag_of(typed).as_deref(), Some(tag), "{typed}");
        }
        assert_eq!(tag_of("!?"), None);
    }

    #[test]
    fn what_a_person_may_not_change_stays_and_the_rest_is_changed() {
        let may = People { may_change_title: false, ..People::default() };
        let change = FactsChange {
            title: Some("Boss".into()),
            site: Some("Lyon".into()),
            skills: Some(vec![("Rust".into(), Stance::Ask), ("rust".into(), Stance::Knows)]),
            ..FactsChange::default()
        };
        let facts = changed(Facts::default(), &change, By::Themselves, &may).unwrap();
        assert_eq!((facts.title.as_str(), facts.site.as_str(), facts.skills.len()), ("", "Lyon", 1));
        assert_eq!(changed(Facts::default(), &change, By::Organisation, &may).unwrap().title, "Boss");
        let bad = FactsChange { time_zone: Some("around noon".into()), ..FactsChange::default() };
        assert!(changed(Facts::default(), &bad, By::Themselves, &may).is_err());
    }

    #[test]
    fn a_time_zone_is_one_that_exists() {
        for name in ["UTC", "Europe/Paris", "America/Argentina/Buenos_Aires", "Etc/GMT+1"] {
            assert!(is_time_zone(name), "{name}");
        }
        for name in ["Mars/Phobos", "Europe/Pariss", "europe", "around noon", ""] {
            assert!(!is_time_zone(name), "{name}");
        }
        let zone = |name: &str| FactsChange { time_zone: Some(name.into()), ..FactsChange::default() };
        let may = People::default();
        for by in [By::Themselves, By::Organisation] {
            assert!(changed(Facts::default(), &zone("Mars/Phobos"), by, &may).is_err());
        }
        // What was stored before names were looked up stands in nobody's way.
        let before = Facts { time_zone: "Mars/Phobos".into(), ..Facts::default() };
        assert_eq!(changed(before.clone(), &zone("Mars/Phobos"), By::Themselves, &may).unwrap(), before);
    }
}
