//! Emoji reactions of people of this node as other servers read them (FEP-c0e0).

use super::{
    documents::{emoji_tag, image_type},
    render::{activity::Activity, actor::Image, context::Terms, post::Tag},
};
use crate::{Result, config::Site, db::Conn, domain::emojis, model::EmojiReaction, store};

/// The activity that says it, and the terms it needs. The first reaction of somebody is a Like, which servers count that
/// know no reactions.
///
/// # Errors
/// Those of the database.
pub fn activity<'a>(
    conn: &mut Conn,
    site: &Site,
    row: &EmojiReaction,
    uri: &'a str,
    actor: &'a str,
    object: &'a str,
) -> Result<(Activity<'a, &'a str>, Terms)> {
    let tag = match &row.url {
        Some(url) => Some(tag(conn, site, row, url)?),
        None => None,
    };
    let terms = Terms::REACTION | tag.as_ref().map_or(Terms::NONE, Tag::terms);
    let content = if tag.is_some() { format!(":{}:", row.name) } else { row.name.clone() };
    let mut activity = Activity::new(if row.is_like { "Like" } else { "EmojiReact" }, uri, actor, object);
    activity.reaction = Some((content, tag));
    Ok((activity, terms))
}

/// A custom emoji of this node, or one of another server by what is known of it.
fn tag(conn: &mut Conn, site: &Site, row: &EmojiReaction, url: &str) -> Result<Tag> {
    let own = if row.domain.is_empty() { store::emojis::named(conn, &[row.name.as_str()])?.pop() } else { None };
    Ok(match own.and_then(|own| emojis::described(site, own)) {
        Some(used) => emoji_tag(used),
        None => Tag::Emoji {
            id: None,
            name: format!(":{}:", row.name),
            updated: None,
            icon: Image::new(url.to_owned(), image_type(url).map(str::to_owned)),
        },
    })
}
