//! Emoji reactions (FEP-c0e0, INT-08): what somebody thinks of a post, in one emoji. Whoever reacts is counted among those
//! who like the post, so that clients and servers which know no reactions miss nothing. The same functions serve the
//! client API and the inbox.

use super::{Fact, Tx, Viewer, emojis, interactions, posts, reactions, visibility::visible_original};
use crate::{
    Error, Result,
    id::Id,
    limits,
    model::{Account, EmojiReaction, InteractionKind, Post},
    store::{
        self,
        emoji_reactions::{self as rows, Kind},
    },
    uri,
};

/// What somebody reacts with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emoji {
    /// The emoji, or the shortcode of a custom one.
    pub name: String,
    /// The server of the custom one; empty for this node and for emoji that everybody has.
    pub domain: String,
    /// The picture of a custom one.
    pub url: Option<String>,
}

impl Emoji {
    /// What a client names: an emoji, a custom one of this node, or one of another server (`name@domain`) that stands
    /// under the post already.
    fn named(tx: &mut Tx<'_>, text: &str, there: &[Kind]) -> Result<Self> {
        let text = text.trim();
        if emojis::is_emoji(text) {
            return Ok(Self { name: text.to_owned(), domain: String::new(), url: None });
        }
        let text = text.trim_matches(':');
        let (name, domain) = text.split_once('@').unwrap_or((text, ""));
        if let Some(kind) = there.iter().find(|kind| kind.name == name && kind.domain.eq_ignore_ascii_case(domain)) {
            return Ok(Self { name: kind.name.clone(), domain: kind.domain.clone(), url: kind.url.clone() });
        }
        let own = if domain.is_empty() { own(tx, name)? } else { None };
        own.ok_or_else(|| Error::invalid("emoji", "unrecognized", "Emoji is not recognized"))
    }

    /// What arrived from somebody elsewhere, when it is an emoji.
    fn arrived(tx: &mut Tx<'_>, actor: &Account, told: &RemoteReaction) -> Result<Option<Self>> {
        if emojis::is_emoji(&told.name) {
            return Ok(Some(Self { name: told.name.clone(), domain: String::new(), url: None }));
        }
        let Some(url) = &told.url else { return Ok(None) };
        // One of ours that they saw here.
        if tx.site().owns_str(url)
            && let Some(own) = own(tx, &told.name)?.filter(|own| own.url.as_ref() == Some(url))
        {
            return Ok(Some(own));
        }
        let domain = actor.domain.clone().unwrap_or_else(|| uri::host(&actor.uri).to_owned());
        Ok(Some(Self { name: told.name.clone(), domain, url: Some(url.clone()) }))
    }

    /// As it is written already under this post: with or without the sign that asks for colours, and a picture that
    /// somebody else took over from where they saw it, is one emoji.
    fn settled(self, there: &[Kind]) -> Self {
        let plain = |text: &str| text.replace('\u{fe0f}', "");
        let same = |kind: &&Kind| match (&kind.url, &self.url) {
            (None, None) => plain(&kind.name) == plain(&self.name),
            (Some(a), Some(b)) => kind.name == self.name && (kind.domain == self.domain || a == b),
            _ => false,
        };
        match there.iter().find(same) {
            Some(kind) => Self { name: kind.name.clone(), domain: kind.domain.clone(), url: kind.url.clone() },
            None => self,
        }
    }

    fn is(&self, name: &str, domain: &str) -> bool {
        self.name == name && self.domain == domain
    }
}

/// A reaction as it was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteReaction {
    /// The emoji, or the shortcode of a custom one.
    pub name: String,
    /// The picture of a custom one.
    pub url: Option<String>,
}

/// A custom emoji of this node.
fn own(tx: &mut Tx<'_>, name: &str) -> Result<Option<Emoji>> {
    let Some(row) = store::emojis::named(tx.conn, &[name])?.pop() else { return Ok(None) };
    let used = emojis::described(tx.site(), row);
    Ok(used.map(|used| Emoji { name: used.shortcode, domain: String::new(), url: Some(used.url) }))
}

/// A local person reacts to a post; twice is once. Answers the original.
///
/// # Errors
/// `NotFound` for what they may not see; `Forbidden` where its author lets nobody like it who has not asked; `Invalid` for
/// what is no emoji known here, and for one kind too many.
pub fn react(tx: &mut Tx<'_>, account: Id<Account>, id: Id<Post>, text: &str) -> Result<Id<Post>> {
    let post = visible_original(tx.conn, Viewer::from(account), id, tx.now)?;
    if interactions::must_ask(tx, &post, InteractionKind::Favourite, account)? {
        return Err(Error::forbidden("The author of this post decides who likes it: favourite it, and they are asked"));
    }
    let there = rows::kinds(tx.conn, None, &[post.id])?;
    let emoji = Emoji::named(tx, text, &there)?;
    if !react_as(tx, account, &post, emoji, &there, None)? {
        return Err(Error::invalid("base", "reaction_limit", "Limit of different reactions reached"));
    }
    posts::may_be_found_by(tx, account, &post)?;
    Ok(post.id)
}

/// Somebody elsewhere, who may see the post, reacts to it: with an emoji when it is one and there is room, else as if
/// they liked it (INT-08).
pub fn receive(
    tx: &mut Tx<'_>,
    actor: &Account,
    post: &Post,
    uri: Option<&str>,
    told: Option<&RemoteReaction>,
) -> Result<()> {
    if let Some(told) = told
        && let Some(emoji) = Emoji::arrived(tx, actor, told)?
    {
        let there = rows::kinds(tx.conn, None, &[post.id])?;
        if react_as(tx, actor.id, post, emoji, &there, uri)? {
            return Ok(());
        }
    }
    reactions::favourite_as(tx, actor.id, post, uri.map(str::to_owned))
}

/// Somebody, here or elsewhere, reacts. False when there are too many kinds, of theirs or of all.
fn react_as(
    tx: &mut Tx<'_>,
    account: Id<Account>,
    post: &Post,
    emoji: Emoji,
    there: &[Kind],
    uri: Option<&str>,
) -> Result<bool> {
    let emoji = emoji.settled(there);
    let mine = rows::of(tx.conn, post.id, account)?;
    if let Some(stands) = mine.iter().find(|row| emoji.is(&row.name, &row.domain)) {
        reactions::came_again(tx, account, stands.uri.as_deref(), uri)?;
        return Ok(true);
    }
    let is_new = !there.iter().any(|kind| emoji.is(&kind.name, &kind.domain));
    if mine.len() >= limits::REACTIONS_EACH || is_new && there.len() >= limits::REACTION_KINDS {
        return Ok(false);
    }
    if let Some(url) = emoji.url.as_deref().filter(|_| !emoji.domain.is_empty()) {
        emojis::remember_picture(tx, &emoji.domain, url)?;
    }
    let likes = store::reactions::find_favourite(tx.conn, post.id, account)?.is_some();
    let id = tx.new_id();
    let row = EmojiReaction {
        id,
        account_id: account,
        post_id: post.id,
        name: emoji.name,
        domain: emoji.domain,
        url: emoji.url,
        uri: Some(uri.map_or_else(|| tx.site().activity_uri(id), str::to_owned)),
        // Servers that know no reactions count the first one, as a Like; a second Like would be one too many.
        is_like: !likes,
        created_at: tx.now,
    };
    if rows::insert(tx.conn, &row)? {
        tx.record(Fact::PostReacted(id))?;
        reactions::imply_favourite(tx, account, post.id)?;
    }
    Ok(true)
}

/// A local person takes a reaction back; none there is fine. Answers the original.
///
/// # Errors
/// `NotFound` for what they may not see.
pub fn unreact(tx: &mut Tx<'_>, account: Id<Account>, id: Id<Post>, text: &str) -> Result<Id<Post>> {
    let post = reactions::reacted_to(tx, account, id)?;
    let text = text.trim();
    let (name, domain) = match emojis::is_emoji(text) {
        true => (text, ""),
        false => {
            let text = text.trim_matches(':');
            text.split_once('@').unwrap_or((text, ""))
        }
    };
    let is_it = |row: &EmojiReaction| row.domain.eq_ignore_ascii_case(domain);
    remove(tx, post.id, account, name, is_it)?;
    Ok(post.id)
}

/// Somebody elsewhere takes a reaction back that they name by its emoji; whether it was there.
pub fn unreact_as(tx: &mut Tx<'_>, account: Id<Account>, post: Id<Post>, name: &str) -> Result<bool> {
    remove(tx, post, account, name, |_| true)
}

fn remove(
    tx: &mut Tx<'_>,
    post: Id<Post>,
    account: Id<Account>,
    name: &str,
    is_it: impl Fn(&EmojiReaction) -> bool,
) -> Result<bool> {
    let plain = |text: &str| text.replace('\u{fe0f}', "");
    let found = rows::of(tx.conn, post, account)?.into_iter().find(|row| plain(&row.name) == plain(name) && is_it(row));
    match found {
        Some(row) => take_back(tx, &row).map(|()| true),
        None => Ok(false),
    }
}

/// Takes a reaction back, here or elsewhere; the favourite goes that stood for it alone.
pub fn take_back(tx: &mut Tx<'_>, row: &EmojiReaction) -> Result<()> {
    end(tx, row)?;
    reactions::no_longer_imply(tx, row.account_id, row.post_id)
}

/// Takes back all of somebody to a post.
pub(super) fn end_all(tx: &mut Tx<'_>, account: Id<Account>, post: Id<Post>) -> Result<()> {
    for row in rows::of(tx.conn, post, account)? {
        end(tx, &row)?;
    }
    Ok(())
}

fn end(tx: &mut Tx<'_>, row: &EmojiReaction) -> Result<()> {
    tx.record(Fact::PostUnreacted(row.id))?;
    rows::delete(tx.conn, row.id)
}
