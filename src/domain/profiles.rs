//! What people say about themselves: name, bio, fields, pictures, and what a new post of theirs starts with. Texts are
//! checked against the published limits and turned into markup here; pictures arrive as keys of files already stored.

use super::{
    Fact, Task, Tx, audiences, emojis,
    people::{self, By, FactsChange, Listed},
    scopes::Scope,
    text,
};
use crate::{
    Error, Result,
    id::Id,
    limits,
    model::{Account, AccountKind, Audience, QuotePolicy, User, Visibility},
    store,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// Hosts that may name the account as the author of their pages.
const ATTRIBUTION_DOMAINS: usize = 100;

/// A profile field as stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Plain text.
    pub name: String,
    /// Sanitised HTML.
    pub value: String,
    /// What its owner typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// When the link in it was seen to point back, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<i64>,
    /// Made of what is known of the account ([`super::people::fields`]), and of which of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated: Option<String>,
}

/// The fields of an account; unreadable JSON counts as none.
pub fn fields(account: &Account) -> Vec<Field> {
    if account.fields == "[]" {
        return Vec::new();
    }
    serde_json::from_str(&account.fields).unwrap_or_default()
}

/// What its owner wants changed; none leaves a thing as it is.
#[derive(Clone, Debug, Default)]
pub struct ProfileChange {
    /// Display name.
    pub display_name: Option<String>,
    /// Bio, as typed.
    pub note: Option<String>,
    /// Name and value of each field, as typed.
    pub fields: Option<Vec<(String, String)>>,
    /// Storage key of a new picture; inner none removes it.
    pub avatar: Option<Option<String>>,
    /// Its alt text.
    pub avatar_description: Option<String>,
    /// Storage key of a new banner; inner none removes it.
    pub header: Option<Option<String>>,
    /// Its alt text.
    pub header_description: Option<String>,
    /// Approve followers by hand.
    pub locked: Option<bool>,
    /// A program.
    pub bot: Option<bool>,
    /// Listed in directories.
    pub discoverable: Option<bool>,
    /// Public posts are found by search.
    pub indexable: Option<bool>,
    /// Hide whom one follows and who follows.
    pub hide_collections: Option<bool>,
    /// The page has a part for media.
    pub show_media: Option<bool>,
    /// Those of answers too.
    pub show_media_replies: Option<bool>,
    /// The page has a part for what the person features.
    pub show_featured: Option<bool>,
    /// Hosts that may name this author.
    pub attribution_domains: Option<Vec<String>>,
    /// Audience of a post whose author says nothing.
    pub default_visibility: Option<Visibility>,
    /// How far a post goes whose author says nothing; inner none: as the charter says.
    pub default_audience: Option<Option<Audience>>,
    /// Who may quote a post whose author says nothing.
    pub default_quote_policy: Option<QuotePolicy>,
    /// Mark media as sensitive.
    pub default_sensitive: Option<bool>,
    /// Language of a post whose author says nothing; inner none clears it.
    pub default_language: Option<Option<String>>,
}

/// Changes the profile of a person of this node.
///
/// # Errors
/// `Invalid` for what is too long or too many, and for an audience that may not be chosen.
pub fn update(tx: &mut Tx<'_>, id: Id<Account>, change: &ProfileChange) -> Result<(Account, User)> {
    let mut account = store::accounts::load(tx.conn, id)?;
    let mut user = store::users::load(tx.conn, id)?;
    let before = account.clone();
    if let Some(name) = &change.display_name {
        let name = text::clean_input(name).replace('\n', " ").trim().to_owned();
        if text::characters(&name) > limits::DISPLAY_NAME || name.len() > limits::LOCAL_TEXT {
            return Err(too_long("display_name", limits::DISPLAY_NAME));
        }
        account.display_name = name;
    }
    if let Some(note) = &change.note {
        let note = text::clean_input(note).trim().to_owned();
        if note.len() > limits::LOCAL_TEXT || text::count(&text::scan(&note)) > limits::BIO {
            let reason = format!("Note character limit of {} exceeded", limits::BIO);
            return Err(Error::invalid("note", "too_long", reason));
        }
        account.note = paragraphs(tx, &note);
        account.note_source = Some(note);
    }
    let mut facts_changed = false;
    if let Some(typed) = &change.fields {
        let received = people::fields::receive(tx, &before, typed)?;
        let own = read_fields(tx, &before, &received.own)?;
        account.fields = people::fields::composed(tx, &before, &received.facts, Some(own))?;
        facts_changed = received.is_new;
    }
    if let Some(key) = &change.avatar {
        account.avatar = key.clone();
    }
    if let Some(key) = &change.header {
        account.header = key.clone();
    }
    if let Some(alt) = &change.avatar_description {
        account.avatar_description = alt_text("avatar_description", alt)?;
    }
    if let Some(alt) = &change.header_description {
        account.header_description = alt_text("header_description", alt)?;
    }
    if let Some(domains) = &change.attribution_domains {
        account.attribution_domains = attribution_domains(domains)?;
    }
    account.locked = change.locked.unwrap_or(account.locked);
    // Clients send all they show: what they were shown is no wish.
    let shown_as = people::directory::switch(tx.conn, &before)?;
    let discoverable = change.discoverable.filter(|wanted| *wanted != shown_as);
    account.discoverable = discoverable.unwrap_or(account.discoverable);
    account.indexable = change.indexable.unwrap_or(account.indexable);
    account.hide_collections = change.hide_collections.unwrap_or(account.hide_collections);
    account.show_media = change.show_media.unwrap_or(account.show_media);
    account.show_media_replies = change.show_media_replies.unwrap_or(account.show_media_replies);
    account.show_featured = change.show_featured.unwrap_or(account.show_featured);
    account.kind = match (change.bot, account.kind) {
        (Some(true), AccountKind::Person) => AccountKind::Service,
        (Some(false), AccountKind::Service) => AccountKind::Person,
        (_, kind) => kind,
    };
    account.emojis = profile_emojis(tx, &account)?;
    if facts_changed || shown(&account) != shown(&before) {
        account.updated_at = tx.now;
        store::users::update_profile(tx.conn, &account)?;
        if account.indexable != before.indexable {
            tx.enqueue(&Task::IndexPosts { author: Some(id.raw()), after: 0 })?;
        }
        if before.locked && !account.locked {
            tx.enqueue(&Task::AcceptFollows { account: id.raw() })?;
        }
        tx.record(Fact::AccountUpdated(id))?;
    }
    if let Some(listed) = listed(tx, &before, discoverable)? {
        let change = FactsChange { listed: Some(listed), ..FactsChange::default() };
        people::update(tx, id, &change, By::Themselves)?;
        account = store::accounts::load(tx.conn, id)?;
    }
    user.default_visibility = change.default_visibility.unwrap_or(user.default_visibility);
    if let Some(audience) = change.default_audience {
        audiences::set_default(tx, &mut user, audience)?;
    }
    user.default_quote_policy = change.default_quote_policy.unwrap_or(user.default_quote_policy);
    user.default_sensitive = change.default_sensitive.unwrap_or(user.default_sensitive);
    if let Some(language) = &change.default_language {
        user.default_language = language.as_deref().map(language_tag).transpose()?;
    }
    store::users::set_preferences(tx.conn, &user)?;
    Ok((account, user))
}

/// What the one switch that every client has means for the directory: off is listed nowhere, and on again takes that
/// back. Where there is no directory to be in, a client that sends it along as it was changes nothing.
fn listed(tx: &mut Tx<'_>, before: &Account, discoverable: Option<bool>) -> Result<Option<Listed>> {
    let Some(discoverable) = discoverable.filter(|_| before.kind == AccountKind::Person) else { return Ok(None) };
    let listed = people::load(tx.conn, before.id)?.listed;
    Ok(match (discoverable, listed) {
        (false, Listed::Organisation | Listed::Site) if before.discoverable || people::directory::is_on(tx.conn)? => {
            Some(Listed::Unlisted)
        }
        (true, Listed::Unlisted) if !before.discoverable => Some(Listed::Organisation),
        _ => None,
    })
}

/// The emoji of a profile.
fn profile_emojis(tx: &mut Tx<'_>, account: &Account) -> Result<String> {
    let note = account.note_source.as_deref().unwrap_or_default();
    emojis::used(tx, &[account.display_name.as_str(), note, account.fields.as_str()])
}

/// What others can see of it.
fn shown(a: &Account) -> impl PartialEq + use<'_> {
    (
        (&a.display_name, &a.note, &a.note_source, &a.fields, &a.emojis, a.kind),
        (&a.avatar, &a.avatar_description, &a.header, &a.header_description),
        (a.locked, a.discoverable, a.indexable, a.hide_collections, &a.attribution_domains),
        (a.show_media, a.show_media_replies, a.show_featured),
    )
}

/// Apps show the sentence alone, so it names what is too long.
fn too_long(field: &'static str, most: usize) -> Error {
    let what = match field {
        "display_name" => "Display name",
        "note" => "Bio",
        "fields" => "A profile field",
        "avatar_description" => "Description of the profile picture",
        "header_description" => "Description of the header picture",
        _ => "This",
    };
    Error::invalid(field, "too_long", format!("{what} is too long (maximum is {most} characters)"))
}

fn alt_text(field: &'static str, alt: &str) -> Result<String> {
    let alt = text::clean_input(alt).trim().to_owned();
    if text::characters(&alt) > limits::ALT_TEXT || alt.len() > limits::LOCAL_TEXT {
        return Err(too_long(field, limits::ALT_TEXT));
    }
    Ok(alt)
}

/// A language tag clients send: letters, digits and `-`.
fn language_tag(tag: &str) -> Result<String> {
    let fits = (2..=35).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if fits {
        Ok(tag.to_owned())
    } else {
        Err(Error::invalid("language", "invalid", "Language is not a language code"))
    }
}

fn attribution_domains(typed: &[String]) -> Result<String> {
    let bad = || Error::invalid("attribution_domains", "invalid", "Attribution domains must be host names");
    if typed.len() > ATTRIBUTION_DOMAINS {
        return Err(Error::invalid("attribution_domains", "too_long", "There are too many attribution domains"));
    }
    let mut kept = Vec::new();
    for domain in typed.iter().map(|domain| domain.trim()).filter(|domain| !domain.is_empty()) {
        let host = domain.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/');
        let fits =
            host.len() <= 253 && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b':'));
        kept.push(if fits { host.to_ascii_lowercase() } else { return Err(bad()) });
    }
    serde_json::to_string(&kept).map_err(Error::internal)
}

fn read_fields(tx: &mut Tx<'_>, before: &Account, typed: &[(String, String)]) -> Result<Vec<Field>> {
    let old = fields(before);
    let mut kept = Vec::new();
    for (name, value) in typed {
        let name = text::clean_input(name).replace('\n', " ").trim().to_owned();
        let value = text::clean_input(value).replace('\n', " ").trim().to_owned();
        if name.is_empty() && value.is_empty() {
            continue;
        }
        for part in [&name, &value] {
            if text::characters(part) > limits::FIELD_CHARACTERS || part.len() > limits::LOCAL_TEXT {
                return Err(too_long("fields", limits::FIELD_CHARACTERS));
            }
        }
        let verified_at = old.iter().find(|f| f.source.as_deref() == Some(&value)).and_then(|f| f.verified_at);
        let html = line(tx, &value);
        kept.push(Field { name, value: html, source: Some(value), verified_at, generated: None });
    }
    // Those made of facts take room, but never that of fields that are there already.
    let made = old.iter().filter(|field| field.generated.is_some()).count();
    let room = limits::FIELDS.saturating_sub(made).max((old.len() - made).min(limits::FIELDS));
    if kept.len() > room {
        return Err(Error::invalid(
            "fields",
            "too_long",
            format!("There are too many fields (maximum is {})", limits::FIELDS),
        ));
    }
    Ok(kept)
}

/// The page of an account that a text mentions.
fn profile_page(tx: &mut Tx<'_>, name: &str, domain: Option<&str>) -> Option<String> {
    let handle = match domain {
        Some(domain) if !tx.site().is_own_name(domain) => format!("{name}@{domain}"),
        _ => name.to_owned(),
    };
    let account = store::accounts::find_by_handle(tx.conn, &handle).ok().flatten()?;
    (!account.is_unavailable()).then(|| account.url.unwrap_or(account.uri))
}

fn paragraphs(tx: &mut Tx<'_>, typed: &str) -> String {
    let site = tx.site();
    text::to_html(&text::scan(typed), |name, domain| profile_page(tx, name, domain), |tag| site.tag_url(tag))
        .into_string()
}

fn line(tx: &mut Tx<'_>, typed: &str) -> String {
    let site = tx.site();
    text::to_inline_html(&text::scan(typed), |name, domain| profile_page(tx, name, domain), |tag| site.tag_url(tag))
        .into_string()
}

/// When a field's link was verified.
pub fn verified_at(field: &Field) -> Option<Timestamp> {
    field.verified_at.map(Timestamp::from_millis)
}

/// Scopes that let an app see the credentials of its account.
pub const CREDENTIAL_SCOPES: &[Scope] = &[Scope::Profile, Scope::ReadAccounts];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attribution_domains_are_host_names() {
        let list = |texts: &[&str]| attribution_domains(&texts.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>());
        assert_eq!(list(&["https://Blog.Example/", "", "a.example"]).unwrap(), r#"["blog.example","a.example"]"#);
        assert!(list(&["not a host"]).is_err());
    }

    #[test]
    fn language_tags_are_short_and_plain() {
        assert!(language_tag("pt-BR").is_ok());
        assert!(language_tag("x").is_err() && language_tag("e n").is_err());
    }
}
