//! A CSV file of facts: read here, one person at a time applied.

use super::{By, Facts, FactsChange, Listed, Stance, Work, facts};
use crate::{Error, Result, db::Conn, domain::Tx, id::Id, model::Account, store};
use serde::Serialize;

/// Lines of a file.
const LINES: usize = 200_000;

/// A line of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number in the file, the head being 1.
    pub line: usize,
    /// User name, handle or e-mail address.
    pub who: String,
    change: FactsChange,
    skills: Vec<(String, Stance)>,
    /// Those with one of these stances go, where the line does not name them.
    emptied: Vec<Stance>,
}

/// What became of a line.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// Its number.
    pub line: usize,
    /// Whom it names.
    pub person: String,
    /// `changed`, `unchanged`, `unknown` or `refused`.
    pub state: &'static str,
    /// Why it was refused, or what of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Reads a file: a head line with names of columns, then a line for each person. Comma or semicolon between columns;
/// inside of a column several things stand behind one another with `,`, `;` or `|`.
///
/// # Errors
/// `Invalid` saying what is wrong with the file.
pub fn read(text: &str) -> Result<Vec<Entry>> {
    let text = text.trim_start_matches('\u{feff}');
    let head = text.lines().next().unwrap_or_default();
    let separator = if head.matches(';').count() > head.matches(',').count() { ';' } else { ',' };
    let mut lines = cells(text, separator)?.into_iter();
    let (_, head) = lines.next().ok_or_else(|| bad("the file is empty".into()))?;
    let head: Vec<String> = head.iter().map(|name| name.trim().to_lowercase().replace([' ', '-'], "_")).collect();
    let who = ["person", "username", "user", "handle", "account", "email", "name"];
    let Some(key) = who.iter().find_map(|name| head.iter().position(|column| column == name)) else {
        return Err(bad("there is no column `person` with user names or e-mail addresses".into()));
    };
    let known = |name: &str| {
        who.contains(&name)
            || ["title", "department", "site", "time_zone", "languages", "works_on", "listed"].contains(&name)
            || ["ask", "knows", "learning", "skills"].contains(&name)
    };
    if let Some(other) = head.iter().find(|name| !known(name)) {
        return Err(bad(format!("there is no column `{other}`")));
    }
    let mut entries = Vec::new();
    for (line, row) in lines {
        if row.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let mut entry = Entry {
            line,
            who: row.get(key).map(|cell| cell.trim().to_owned()).unwrap_or_default(),
            change: FactsChange::default(),
            skills: Vec::new(),
            emptied: Vec::new(),
        };
        for (name, cell) in head.iter().zip(&row) {
            fill(&mut entry, name, cell.trim())?;
        }
        entries.push(entry);
    }
    Ok(entries)
}

fn bad(why: String) -> Error {
    Error::invalid("file", "invalid", why)
}

/// An empty cell says nothing, `-` empties.
fn fill(entry: &mut Entry, column: &str, cell: &str) -> Result<()> {
    if cell.is_empty() {
        return Ok(());
    }
    let text = if cell == "-" { String::new() } else { cell.to_owned() };
    let several = || -> Vec<String> {
        text.split([',', ';', '|']).map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
    };
    let change = &mut entry.change;
    match column {
        "title" => change.title = Some(text),
        "department" => change.department = Some(text),
        "site" => change.site = Some(text),
        "time_zone" => change.time_zone = Some(text),
        "languages" => change.languages = Some(text.split([',', ';', '|', ' ']).map(str::to_owned).collect()),
        "works_on" => {
            change.works_on =
                Some(several().into_iter().map(|name| Work { name, url: None, ..Work::default() }).collect())
        }
        "listed" => {
            change.listed = Some(match cell.to_lowercase().as_str() {
                "organisation" | "organization" => Listed::Organisation,
                "site" => Listed::Site,
                "unlisted" => Listed::Unlisted,
                _ => return Err(bad(format!("line {}: listed is organisation, site or unlisted", entry.line))),
            });
        }
        "ask" | "knows" | "skills" | "learning" => {
            let stance = match column {
                "ask" => Stance::Ask,
                "learning" => Stance::Learning,
                _ => Stance::Knows,
            };
            if text.is_empty() {
                entry.emptied.push(stance);
            }
            entry.skills.extend(several().into_iter().map(|name| (name, stance)));
        }
        _ => {}
    }
    Ok(())
}

/// Lines as cells, each with the number of the line it begins on.
fn cells(text: &str, separator: char) -> Result<Vec<(usize, Vec<String>)>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut quoted, mut number, mut begun) = (false, 1, 1);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if cell.trim().is_empty() => {
                cell.clear();
                quoted = true;
            }
            '\n' => {
                number += 1;
                if quoted {
                    cell.push(' ');
                    continue;
                }
                row.push(std::mem::take(&mut cell));
                rows.push((begun, std::mem::take(&mut row)));
                begun = number;
                if rows.len() > LINES {
                    return Err(bad(format!("there are more than {LINES} lines")));
                }
            }
            '\r' => {}
            c if c == separator && !quoted => row.push(std::mem::take(&mut cell)),
            c => cell.push(c),
        }
    }
    if quoted {
        return Err(bad(format!("line {begun}: a quotation mark is not closed")));
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push((begun, row));
    }
    Ok(rows)
}

fn find(conn: &mut Conn, domain: &str, who: &str) -> Result<Option<Id<Account>>> {
    let name = who.trim_start_matches('@').to_lowercase();
    let name = name.strip_suffix(&format!("@{}", domain.to_lowercase())).unwrap_or(&name);
    if !name.contains('@') {
        let found = store::accounts::find_local(conn, name)?;
        return Ok(found.filter(|account| account.deleted_at.is_none()).map(|account| account.id));
    }
    Ok(store::users::find_by_email(conn, name)?.map(|user| user.account_id))
}

/// Applies a line; with `dry` nothing is written.
///
/// # Errors
/// Those of the database; what is wrong with the line is in the outcome.
pub fn apply(tx: &mut Tx<'_>, entry: &Entry, dry: bool) -> Result<Outcome> {
    let outcome = |state, error| Outcome { line: entry.line, person: entry.who.clone(), state, error };
    let domain = tx.site().domain();
    let Some(id) = find(tx.conn, domain, &entry.who)? else { return Ok(outcome("unknown", None)) };
    let before = facts::load(tx.conn, id)?;
    let mut change = FactsChange { skills: merged(&before, entry), ..entry.change.clone() };
    // Who may find somebody is theirs to say: a list may only hold back more.
    let wider = change.listed.is_some_and(|listed| rank(listed) < rank(before.listed));
    let kept = wider.then(|| "listed: they are found by fewer people, and only they themselves change that".to_owned());
    if wider {
        change.listed = None;
    }
    let facts = match facts::changed(before.clone(), &change, By::Organisation, &tx.config().people) {
        Ok(facts) => facts,
        Err(Error::Invalid { field, reason, .. }) => {
            return Ok(outcome("refused", Some(format!("{field}: {reason}"))));
        }
        Err(error) => return Err(error),
    };
    if facts == before {
        return Ok(outcome(if wider { "refused" } else { "unchanged" }, kept));
    }
    if !dry {
        facts::update(tx, id, &change, By::Organisation)?;
    }
    Ok(outcome("changed", kept))
}

/// How far somebody holds back.
const fn rank(listed: Listed) -> u8 {
    match listed {
        Listed::Organisation => 0,
        Listed::Site => 1,
        Listed::Unlisted => 2,
    }
}

/// What the file says of skills, and behind it what the person listed beside that.
fn merged(before: &Facts, entry: &Entry) -> Option<Vec<(String, Stance)>> {
    if entry.skills.is_empty() && entry.emptied.is_empty() {
        return None;
    }
    let kept = before.skills.iter().filter(|skill| !entry.emptied.contains(&skill.stance));
    let mut all: Vec<(String, Stance)> = kept.map(|skill| (skill.name.clone(), skill.stance)).collect();
    for (name, stance) in &entry.skills {
        let tag = facts::tag_of(name);
        match all.iter_mut().find(|(other, _)| facts::tag_of(other) == tag) {
            Some((_, known)) => *known = *stance,
            None => all.push((name.clone(), *stance)),
        }
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_with_either_separator_and_quotation_marks_is_read() {
        let text = "\u{feff}person;title;ask;listed\r\nada;\"Engineer; \"\"test\"\"\";torque sensors, Kafka;site\r\n;;;\r\nbob;-;;\n";
        let entries = read(text).unwrap();
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[0].change.title.as_deref(), Some("Engineer; \"test\""));
        assert_eq!(entries[0].skills, [("torque sensors".to_owned(), Stance::Ask), ("Kafka".to_owned(), Stance::Ask)]);
        assert_eq!((entries[0].change.listed, entries[1].line), (Some(Listed::Site), 4));
        assert_eq!(entries[1].change.title.as_deref(), Some(""));
        // Of skills the sign empties those with the stance.
        let skill = |name: &str, stance| super::super::Skill {
            name: name.into(),
            tag: facts::tag_of(name).unwrap(),
            stance,
            same_as: Vec::new(),
        };
        let skills = vec![skill("Fax", Stance::Ask), skill("Excel", Stance::Knows), skill("Rust", Stance::Learning)];
        let before = Facts { skills, ..Facts::default() };
        let entries = read("person,ask,knows\nada,-,Kafka\nbob,Fax,\n").unwrap();
        let named =
            |entry: &Entry| merged(&before, entry).unwrap().into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(named(&entries[0]), ["Excel", "Rust", "Kafka"]);
        assert_eq!(named(&entries[1]), ["Fax", "Excel", "Rust"]);
        assert_eq!(merged(&before, &read("person,title\nada,x").unwrap()[0]), None);
        for wrong in ["", "title\nx", "person,salary\nada,1", "person,listed\nada,sometimes", "person\n\"ada"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
