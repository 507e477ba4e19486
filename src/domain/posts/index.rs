//! The full text index of posts: the words of a post, and who may find it by them. Who reads a common word out of the
//! index gets what they may find, not everything that was ever said ([`store::search::Finders`]).

use crate::{
    Result,
    domain::{Task, Tx, cards, html},
    id::Id,
    model::{Account, CardKind, Media, MediaKind, Post, Visibility},
    store::{
        self,
        search::{Finders, Trait, Traits},
    },
};

/// Posts indexed again in one transaction.
const CHUNK: i64 = 100;

/// Puts a new post into the index; `quotes` says whether it quotes another one.
pub(super) fn put<'a>(
    tx: &mut Tx<'_>,
    post: &'a Post,
    author: &Account,
    mentions: &[(Id<Account>, bool)],
    media: &'a [Media],
    options: impl Iterator<Item = &'a str>,
    quotes: bool,
) -> Result<()> {
    let finders = Finders {
        open: is_open(post, author),
        author: author.id,
        people: mentions.iter().map(|(account, _)| *account).collect(),
        many: false,
    };
    let body = words(post, media, options);
    let traits = traits(tx, post, media, Beside { quotes, ..Beside::default() });
    store::search::index_post(tx.conn, post.id, &body, &traits, &finders, true)
}

/// Puts a post into the index as it stands now: its text, its author or those who may find it changed.
pub(super) fn again(tx: &mut Tx<'_>, post: &Post, author: &Account) -> Result<()> {
    let open = is_open(post, author);
    let (mut people, many) = if open { (Vec::new(), false) } else { store::search::local_reactors(tx.conn, post.id)? };
    if !open {
        people.extend(store::posts::mentions(tx.conn, post.id)?.into_iter().map(|m| m.account_id));
    }
    let media: Vec<Media> = match post.media() {
        ids if ids.is_empty() => Vec::new(),
        ids => store::posts::media(tx.conn, &ids)?,
    };
    let options = match post.poll_id {
        Some(poll) => store::polls::options(tx.conn, poll)?,
        None => Vec::new(),
    };
    let body = words(post, &media, options.iter().map(|option| option.title.as_str()));
    let finders = Finders { open, author: author.id, people, many };
    // The text says it for people of this node; of others their server may say it.
    let card = match !post.local || cards::may_link(&post.content) {
        true => store::cards::of_post(tx.conn, post.id)?,
        false => None,
    };
    let beside = Beside {
        about: !post.local && card.is_some(),
        plays: card.is_some_and(|card| card.kind == CardKind::Video),
        quotes: store::quotes::find(tx.conn, post.id)?.is_some(),
    };
    let traits = traits(tx, post, &media, beside);
    store::search::index_post(tx.conn, post.id, &body, &traits, &finders, false)
}

/// A person of this node may find a post from now on: they like it, keep it, boosted it, voted in its poll or were addressed
/// later.
///
/// # Errors
/// Those of the database.
pub fn may_be_found_by(tx: &mut Tx<'_>, person: Id<Account>, post: &Post) -> Result<()> {
    if person == post.account_id {
        return Ok(());
    }
    let author = store::accounts::load(tx.conn, post.account_id)?;
    // Everybody finds it already; or so many react to it that it is looked at for everybody.
    let popular = post.poll_id.is_some()
        || post.favourites_count.saturating_add(post.boosts_count) > 2 * store::search::FINDERS as i64;
    if is_open(post, &author) || popular && store::search::is_for_many(tx.conn, post.id)? {
        return Ok(());
    }
    again(tx, post, &author)
}

/// A post is about a page that its text does not name, or what it quotes is another post, or none any more.
///
/// # Errors
/// Those of the database.
pub fn became_about(tx: &mut Tx<'_>, post: &Post) -> Result<()> {
    let author = store::accounts::load(tx.conn, post.account_id)?;
    again(tx, post, &author)
}

/// The task [`Task::IndexPosts`]: the next chunk of posts, of one author or of everybody, as they stand now.
///
/// # Errors
/// Those of the database.
pub fn index_some(tx: &mut Tx<'_>, author: Option<Id<Account>>, after: i64) -> Result<()> {
    let posts = store::search::to_index(tx.conn, author, after, CHUNK)?;
    let mut known: Option<Account> = None;
    for post in &posts {
        let author = match known.take().filter(|a| a.id == post.account_id) {
            Some(author) => author,
            None => store::accounts::load(tx.conn, post.account_id)?,
        };
        again(tx, post, &author)?;
        known = Some(author);
    }
    match posts.last() {
        Some(last) if posts.len() as i64 == CHUNK => {
            tx.enqueue(&Task::IndexPosts { author: author.map(Id::raw), after: last.id.raw() })
        }
        _ => Ok(()),
    }
}

fn is_open(post: &Post, author: &Account) -> bool {
    post.visibility == Visibility::Public && author.indexable
}

/// What neither a post nor its files say of it.
#[derive(Clone, Copy, Default)]
struct Beside {
    /// Its server named a page that its text does not.
    about: bool,
    /// Something on its page can be played.
    plays: bool,
    /// It quotes another post.
    quotes: bool,
}

/// What a post is like.
fn traits(tx: &Tx<'_>, post: &Post, media: &[Media], beside: Beside) -> Traits {
    let has = |kinds: &[MediaKind]| media.iter().any(|one| kinds.contains(&one.kind));
    let about = beside.about
        || cards::may_link(&post.content) && {
            let site = tx.site();
            cards::first_link(&post.content, |url| site.owns(url)).is_some()
        };
    let like = [
        (Trait::Media, !media.is_empty()),
        (Trait::Image, has(&[MediaKind::Image])),
        (Trait::Video, has(&[MediaKind::Video, MediaKind::Gifv])),
        (Trait::Audio, has(&[MediaKind::Audio])),
        (Trait::Poll, post.poll_id.is_some()),
        (Trait::Link, about),
        (Trait::Embed, beside.plays),
        (Trait::Quote, beside.quotes),
        (Trait::Reply, post.in_reply_to_id.is_some() || post.in_reply_to_uri.is_some()),
        (Trait::Sensitive, post.sensitive),
    ];
    Traits {
        like: like.into_iter().filter(|(_, is)| *is).map(|(one, _)| one).collect(),
        language: post.language.clone(),
    }
}

/// What search finds a post by.
fn words<'a>(post: &'a Post, media: &'a [Media], options: impl Iterator<Item = &'a str>) -> String {
    let mut body = match &post.source_text {
        Some(text) => text.clone(),
        None => html::plain_text(&post.content),
    };
    let descriptions = media.iter().filter_map(|m| m.description.as_deref());
    let others = std::iter::once(post.spoiler_text.as_str()).chain(descriptions).chain(options);
    for other in others.filter(|o| !o.is_empty()) {
        body.push('\n');
        body.push_str(other);
    }
    body
}
