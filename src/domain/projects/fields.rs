//! The six fields of a project and the optional ones: what is typed, checked against the limits.

use crate::{
    Error, Result,
    domain::{
        people::facts::{links, tag_of},
        text,
    },
    model::{Audience, Membership, Project, WorkState},
};

/// Characters of a name.
pub const NAME: usize = 100;
/// Characters of what a project is for.
pub const PURPOSE: usize = 2_000;
/// Characters of a reason.
pub const REASON: usize = 500;
/// Tags, and things looked for.
pub const TAGS: usize = 20;
/// Characters of one of them.
pub const TAG: usize = 60;
/// Vendors and links.
pub const FEW: usize = 10;
/// Characters of a vendor.
pub const VENDOR: usize = 100;

/// What somebody types about a project; none leaves a thing as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    /// What it is called.
    pub name: Option<String>,
    /// What it is for.
    pub purpose: Option<String>,
    /// What it is about.
    pub tags: Option<Vec<String>>,
    /// Whom or what it lacks.
    pub looking_for: Option<Vec<String>>,
    /// Where tags, and what it lacks, are described elsewhere, by their names; others keep what they have.
    pub term_links: Vec<(String, Vec<String>)>,
    /// Tools that were bought, and who sells them.
    pub vendor: Option<Vec<String>>,
    /// Where more is said.
    pub links: Option<Vec<String>>,
    /// Language of name and purpose; empty for none.
    pub language: Option<String>,
    /// How far it is.
    pub state: Option<WorkState>,
    /// How far it goes.
    pub audience: Option<Audience>,
    /// Who becomes a member.
    pub membership: Option<Membership>,
}

fn wrong(field: &'static str, code: &'static str, reason: String) -> Error {
    Error::invalid(field, code, reason)
}

/// One line within a limit.
pub fn line(field: &'static str, typed: &str, most: usize) -> Result<String> {
    let line = text::clean_input(typed).split_whitespace().collect::<Vec<_>>().join(" ");
    if text::characters(&line) > most || line.len() > 16 * most {
        return Err(wrong(field, "too_long", format!("This is too long (maximum is {most} characters)")));
    }
    Ok(line)
}

/// Lines within limits, each once whatever its case; written with commas they are several.
fn lines(field: &'static str, typed: &[String], most: usize, each: usize, commas: bool) -> Result<String> {
    let mut kept: Vec<String> = Vec::new();
    for entry in typed {
        let parts: Vec<&str> = if commas { entry.split(',').collect() } else { vec![entry] };
        for part in parts {
            let part = line(field, part.trim().trim_start_matches('#'), each)?;
            if !part.is_empty() && !kept.iter().any(|k| k.to_lowercase() == part.to_lowercase()) {
                kept.push(part);
            }
            if kept.len() > most {
                return Err(wrong(field, "too_many", format!("There are too many (maximum is {most})")));
            }
        }
    }
    serde_json::to_string(&kept).map_err(Error::internal)
}

/// Takes over what was typed.
///
/// # Errors
/// `Invalid` naming the field and its limit.
pub fn fill(project: &mut Project, fields: &Fields) -> Result<()> {
    if let Some(name) = &fields.name {
        // A name stands in posts, where a sign would name somebody.
        project.name = line("name", &name.replace('@', ""), NAME)?;
    }
    if let Some(purpose) = &fields.purpose {
        let purpose = text::clean_input(purpose).trim().to_owned();
        if text::characters(&purpose) > PURPOSE || purpose.len() > 16 * PURPOSE {
            return Err(wrong("purpose", "too_long", format!("This is too long (maximum is {PURPOSE} characters)")));
        }
        project.purpose = purpose;
    }
    if let Some(tags) = &fields.tags {
        project.tags = lines("tags", tags, TAGS, TAG, true)?;
    }
    if let Some(wanted) = &fields.looking_for {
        project.looking_for = lines("looking_for", wanted, TAGS, TAG, true)?;
    }
    if let Some(vendor) = &fields.vendor {
        project.vendor = lines("vendor", vendor, FEW, VENDOR, true)?;
    }
    if let Some(links) = &fields.links {
        project.links = web_links(links)?;
    }
    if let Some(language) = &fields.language {
        project.language = language_tag(language)?;
    }
    project.membership = fields.membership.unwrap_or(project.membership);
    describe(project, &fields.term_links)
}

/// The name of a tag, or of what a project looks for, by which its links are kept.
pub fn term_key(name: &str) -> String {
    name.trim().trim_start_matches('#').to_lowercase()
}

/// Takes over where terms are described. Whoever types a term again says nothing about what it means, and of terms that are
/// gone nothing is kept.
fn describe(project: &mut Project, said: &[(String, Vec<String>)]) -> Result<()> {
    let mut known = project.term_link_map();
    for (name, typed) in said {
        known.insert(term_key(&line("tags", name, TAG)?), links("tags", typed)?);
    }
    let named: Vec<String> =
        project.tag_list().iter().chain(&project.looking_for_list()).map(|name| term_key(name)).collect();
    known.retain(|name, links| !links.is_empty() && named.contains(name));
    project.term_links = serde_json::to_string(&known).map_err(Error::internal)?;
    Ok(())
}

fn web_links(typed: &[String]) -> Result<String> {
    let mut kept = Vec::new();
    for link in typed.iter().map(|l| l.trim()).filter(|l| !l.is_empty()) {
        let url = crate::uri::parse(link).filter(|url| matches!(url.scheme(), "http" | "https"));
        let Some(url) = url else {
            return Err(wrong("links", "invalid", "A link begins with https:// or http://".into()));
        };
        if !kept.contains(&url.to_string()) {
            kept.push(url.to_string());
        }
        if kept.len() > FEW {
            return Err(wrong("links", "too_many", format!("There are too many (maximum is {FEW})")));
        }
    }
    serde_json::to_string(&kept).map_err(Error::internal)
}

fn language_tag(tag: &str) -> Result<Option<String>> {
    let tag = tag.trim();
    if tag.is_empty() {
        return Ok(None);
    }
    let fits = (2..=35).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !fits {
        return Err(wrong("language", "invalid", "Language is not a language code".into()));
    }
    Ok(Some(tag.to_lowercase()))
}

/// What everybody must say before a project is published.
///
/// # Errors
/// `Invalid` naming the field.
pub fn complete(project: &Project) -> Result<()> {
    if project.name.is_empty() {
        return Err(wrong("name", "blank", "Name can't be blank".into()));
    }
    if project.purpose.is_empty() {
        return Err(wrong("purpose", "blank", "What it is for can't be blank".into()));
    }
    Ok(())
}

/// The hashtag of a tag, as that of a skill: whoever follows the one reads of the other. None when no hashtag can be made of
/// it.
pub fn slug(tag: &str) -> Option<String> {
    tag_of(tag)
}

/// A user name made of a project's name: ASCII letters and digits, at most 26.
pub fn username(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    let mut out = String::new();
    for c in name.to_lowercase().chars() {
        match c {
            'ä' => out.push_str("ae"),
            'ö' => out.push_str("oe"),
            'ü' => out.push_str("ue"),
            'ß' => out.push_str("ss"),
            c => out.extend(c.nfkd().filter(char::is_ascii_alphanumeric)),
        }
        if out.len() >= 26 {
            break;
        }
    }
    out.truncate(26);
    if out.is_empty() { "project".into() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_user_names_and_tags_become_hashtags() {
        assert_eq!(username("Quiet bearing"), "quietbearing");
        assert_eq!(username("Prüfplan für Öl-Lager"), "pruefplanfueroellager");
        assert_eq!(username("Étude café"), "etudecafe");
        assert_eq!(username("日本"), "project");
        assert!(username(&"long ".repeat(40)).len() <= 26);
        assert_eq!(slug("Vibration analysis").as_deref(), Some("vibrationanalysis"));
        assert_eq!((slug("C++"), slug("C#")), (Some("cplusplus".into()), Some("csharp".into())));
        assert_eq!(slug("42"), None);
    }

    #[test]
    fn lists_may_be_typed_with_commas_and_signs() {
        let typed = ["#Bearings, noise".to_owned(), "bearings".to_owned()];
        assert_eq!(lines("tags", &typed, TAGS, TAG, true).unwrap(), r#"["Bearings","noise"]"#);
        assert!(lines("tags", &["x".repeat(61)], TAGS, TAG, true).is_err());
        let many: Vec<String> = (0..21).map(|n| format!("t{n}")).collect();
        assert!(lines("tags", &many, TAGS, TAG, true).is_err());
        assert!(web_links(&["javascript:alert(1)".into()]).is_err());
    }
}
