//! How a project looks as an account: bio, fields and hashtags, made from its facts and never typed twice.

use super::{fields, words::Words};
use crate::{
    Error, Result,
    domain::{Fact, Tx, hashtags, html, profiles::Field, text},
    id::Id,
    model::{Account, FeaturedTag, Project},
    store,
};

/// Hashtags on the profile of a project.
const FEATURED: usize = 10;

/// Gives an account the face of its project. The caller stores it.
pub fn wear(tx: &mut Tx<'_>, account: &mut Account, project: &Project) -> Result<()> {
    let words = Words::of(tx);
    account.display_name.clone_from(&project.name);
    account.note = bio(tx, words, project);
    account.note_source = None;
    account.fields = serde_json::to_string(&profile_fields(tx, words, project)?).map_err(Error::internal)?;
    account.updated_at = tx.now;
    Ok(())
}

/// After a change: the account shows it, and whoever keeps a copy is told.
pub fn refresh(tx: &mut Tx<'_>, project: &Project) -> Result<()> {
    let mut account = store::accounts::load(tx.conn, project.account())?;
    wear(tx, &mut account, project)?;
    store::users::update_profile(tx.conn, &account)?;
    feature(tx, project)?;
    tx.record(Fact::AccountUpdated(account.id))
}

/// Its hashtags.
pub fn feature(tx: &mut Tx<'_>, project: &Project) -> Result<()> {
    store::projects::clear_featured(tx.conn, project.account())?;
    let mut seen: Vec<Id<crate::model::Tag>> = Vec::new();
    for name in project.tag_list().iter().filter_map(|tag| fields::slug(tag)).take(FEATURED) {
        let tag = hashtags::ensure(tx, &name)?.id;
        if seen.contains(&tag) {
            continue;
        }
        seen.push(tag);
        let row = FeaturedTag {
            id: tx.new_id(),
            account_id: project.account(),
            tag_id: tag,
            posts_count: 0,
            last_post_at: None,
            created_at: tx.now,
        };
        store::hashtags::insert_featured(tx.conn, &row)?;
    }
    Ok(())
}

fn bio(tx: &Tx<'_>, words: Words, project: &Project) -> String {
    let mut typed = format!("{}. {}", words.headline(project.state), project.purpose);
    if !project.state_reason.is_empty() {
        typed.push_str(&format!("\n\n{}: {}", words.headline(project.state), project.state_reason));
    }
    let vendor = project.vendor_list();
    if !vendor.is_empty() {
        typed.push_str(&format!("\n\n{}: {}", words.bought(), vendor.join(", ")));
    }
    for link in project.link_list() {
        typed.push_str(&format!("\n\n{link}"));
    }
    let tags = hashtag_line(&project.tag_list());
    if !tags.is_empty() {
        typed.push_str(&format!("\n\n{tags}"));
    }
    let site = tx.site();
    text::to_html(&text::scan(&typed), |_, _| None, |tag| site.tag_url(tag)).into_string()
}

/// `#one #two`.
pub fn hashtag_line(tags: &[String]) -> String {
    let tags: Vec<String> = tags.iter().filter_map(|tag| fields::slug(tag)).map(|slug| format!("#{slug}")).collect();
    tags.join(" ")
}

fn profile_fields(tx: &mut Tx<'_>, words: Words, project: &Project) -> Result<Vec<Field>> {
    let field = |name: &str, value: String| Field { name: name.to_owned(), value, ..Field::default() };
    let since = words.since(project.state, project.state_since);
    let mut list = vec![field(words.state_field(), html::escape(&since).into_owned())];
    if let Some(uri) = &project.lead_uri
        && let Some(lead) = store::accounts::find_by_uri(tx.conn, uri)?
    {
        let page = lead.url.clone().unwrap_or(lead.uri);
        let link =
            format!("<a href=\"{}\" class=\"mention\">@{}</a>", html::escape(&page), html::escape(&lead.username));
        list.push(field(words.lead_field(), link));
    } else if project.lead_uri.is_none() {
        list.push(field(words.lead_field(), words.nobody().to_owned()));
    }
    let site = tx.site();
    let wanted: Vec<String> = project
        .looking_for_list()
        .iter()
        .map(|name| match fields::slug(name) {
            Some(slug) => format!(
                "<a href=\"{}\" class=\"mention hashtag\" rel=\"tag\">#{}</a>",
                html::escape(&site.tag_url(&slug)),
                html::escape(&slug)
            ),
            None => html::escape(name).into_owned(),
        })
        .collect();
    if !wanted.is_empty() {
        list.push(field(words.looking_field(), wanted.join(" ")));
    }
    if !project.site.is_empty() {
        list.push(field(words.site_field(), html::escape(&project.site).into_owned()));
    }
    Ok(list)
}
