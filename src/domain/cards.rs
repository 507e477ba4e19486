//! Preview cards of the pages that posts link to (POST-08, NET-19, WEB-06). As a consumer of facts it decides which page
//! a post is about and whether that has to be read; `crate::previews` reads it.

mod links;

pub use links::{first_link, may_link, page_of};

use super::{
    Fact, Task, Tx, Viewer,
    posts::{became_about, is_seen, tell_changed},
    remote::RemoteLink,
};
use crate::{
    Result,
    config::Site,
    db::Conn,
    id::Id,
    limits,
    model::{Account, Card, CardKind, CardState, Post},
    store::{self, cards as rows},
    time::Timestamp,
};
use std::collections::{HashMap, HashSet};

/// A day, in seconds: how long a page is left alone that could not be read.
const AGAIN_SECONDS: i64 = 86_400;
/// Milliseconds over which the nodes that have a post ask for its page (NET-19).
const JITTER_MS: u64 = 60_000;

/// What a page says of itself. Texts are plain and cut, addresses are web addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// A picture that has a page of its own.
    pub photo: bool,
    /// Something on the page can be played.
    pub player: bool,
    /// Never empty.
    pub title: String,
    /// May be empty, as the following texts.
    pub description: String,
    /// Who wrote it.
    pub author_name: String,
    /// Their page.
    pub author_url: String,
    /// Who published it.
    pub provider_name: String,
    /// Their page.
    pub provider_url: String,
    /// The handle it names as its author in the fediverse.
    pub creator: Option<String>,
    /// Address of the picture.
    pub image: Option<String>,
    /// Alternative text of the picture.
    pub image_description: String,
    /// Pixels of the picture, width and height.
    pub size: Option<(i64, i64)>,
    /// BCP 47.
    pub language: Option<String>,
    /// When it was published, as claimed.
    pub published_at: Option<Timestamp>,
    /// The address it says it has, on its own host.
    pub canonical: Option<String>,
}

/// The consumer (see [`super::Consumer`]).
pub fn consume(tx: &mut Tx<'_>, fact: &Fact) -> Result<()> {
    if !tx.config().media.previews {
        return Ok(());
    }
    match fact {
        Fact::PostPublished { post, .. } => {
            let post = store::posts::load(tx.conn, *post)?;
            match named(tx.site(), &post) {
                Some(url) => name(tx, &post, &url),
                None => Ok(()),
            }
        }
        Fact::PostEdited { post, quiet: false, .. } => edited(tx, *post),
        Fact::PostBoosted { boost, .. } => boosted(tx, *boost),
        // The card of a post goes with its row.
        Fact::PostEdited { quiet: true, .. }
        | Fact::AccountRegistered(_)
        | Fact::AccountUpdated(_)
        | Fact::AccountDeleted(_)
        | Fact::AccountSuspended(_)
        | Fact::AccountUnsuspended(_)
        | Fact::AccountLeft(_)
        | Fact::AccountReturned(_)
        | Fact::AccountMoved(_)
        | Fact::PostCameLate(_)
        | Fact::PostDeleted(_)
        | Fact::PostUnboosted(_)
        | Fact::PostFavourited(_)
        | Fact::PostUnfavourited(_)
        | Fact::PostReacted(_)
        | Fact::PostUnreacted(_)
        | Fact::PostPinned(..)
        | Fact::PostUnpinned(..)
        | Fact::TagFeatured(..)
        | Fact::TagUnfeatured(..)
        | Fact::PollVoted(..)
        | Fact::PollVotedRemotely(_)
        | Fact::PollClosed(_)
        | Fact::QuestionChanged(_)
        | Fact::IdeaChanged(_)
        | Fact::QuoteAsked(_)
        | Fact::QuoteAccepted { .. }
        | Fact::QuoteEnded(_)
        | Fact::CollectionChanged(..)
        | Fact::CollectionItemChanged(..)
        | Fact::FeatureAnswered { .. }
        | Fact::InteractionAsked(_)
        | Fact::InteractionAccepted(_)
        | Fact::InteractionEnded(_)
        | Fact::InteractionAnswered(_)
        | Fact::QuoteRefused { .. }
        | Fact::QuotePolicyChanged(_)
        | Fact::FollowRequested(_)
        | Fact::FollowAccepted(_)
        | Fact::FollowReaffirmed(_)
        | Fact::FollowRejected(_)
        | Fact::Unfollowed(_)
        | Fact::FollowRefused { .. }
        | Fact::FollowStale { .. }
        | Fact::Membership { .. }
        | Fact::ThreadLocked { .. }
        | Fact::CollectionJoined(_)
        | Fact::CollectionLeft(_)
        | Fact::CollectionRenamed(_)
        | Fact::Blocked(_)
        | Fact::Unblocked(_)
        | Fact::ReportFiled(_)
        | Fact::FiltersChanged(_)
        | Fact::AccountWarned(_)
        | Fact::FollowsSevered(_)
        | Fact::Notified(_)
        | Fact::AccessRevoked { .. } => Ok(()),
    }
}

/// The page that the text of a post names; none of this node.
fn named(site: &Site, post: &Post) -> Option<String> {
    first_link(&post.content, |url| site.owns(url))
}

/// The page a post is about: what its server says, else what its text names.
fn about(tx: &mut Tx<'_>, post: &Post) -> Result<Option<String>> {
    let told = rows::of_post(tx.conn, post.id)?.filter(|card| !card.told_by.is_empty());
    Ok(told.map(|card| card.url).or_else(|| named(tx.site(), post)))
}

/// Whether a page has to be read: never tried, or read long ago, and not tried within a day.
fn is_due(card: &Card, now: Timestamp) -> bool {
    let rested = card.tried_at.is_none_or(|at| at.plus_seconds(AGAIN_SECONDS) <= now);
    rested && card.fetched_at.is_none_or(|at| at.plus_days(limits::CARD_DAYS) <= now)
}

/// A post names a page: a known one becomes its card at once, and one that has to be read is asked for, when anybody
/// here sees the post.
fn name(tx: &mut Tx<'_>, post: &Post, url: &str) -> Result<()> {
    if let Some(card) = rows::by_url(tx.conn, url, "")? {
        rows::link(tx.conn, post.id, card.id)?;
        if card.kind == CardKind::Video {
            became_about(tx, post)?;
        }
        if !is_due(&card, tx.now) {
            return Ok(());
        }
    }
    ask(tx, post, post)
}

/// Orders the page of `post`; `through` is the post or boost by which somebody here may see it.
fn ask(tx: &mut Tx<'_>, post: &Post, through: &Post) -> Result<()> {
    if post.local {
        return tx.enqueue(&Task::FetchCard { post: post.id.raw() });
    }
    if is_seen(tx, through)? {
        let at = tx.now.plus_millis(tx.random().below(JITTER_MS) as i64);
        tx.enqueue_at(&Task::FetchCard { post: post.id.raw() }, at)?;
    }
    Ok(())
}

fn edited(tx: &mut Tx<'_>, id: Id<Post>) -> Result<()> {
    let post = store::posts::load(tx.conn, id)?;
    let known = rows::of_post(tx.conn, id)?;
    // What its server says about the page follows: see `tell`.
    if known.as_ref().is_some_and(|card| !card.told_by.is_empty()) {
        return Ok(());
    }
    let url = named(tx.site(), &post);
    if known.as_ref().map(|card| &card.url) == url.as_ref() {
        return Ok(());
    }
    rows::unlink(tx.conn, id)?;
    if known.is_some_and(|card| card.kind == CardKind::Video) {
        became_about(tx, &post)?;
    }
    match url {
        Some(url) => name(tx, &post, &url),
        None => Ok(()),
    }
}

/// A boost may be what brings a post before somebody's eyes here.
fn boosted(tx: &mut Tx<'_>, boost: Id<Post>) -> Result<()> {
    let boost = store::posts::load(tx.conn, boost)?;
    let Some(original) = boost.boost_of_id else { return Ok(()) };
    let original = store::posts::load(tx.conn, original)?;
    if original.local || rows::of_post(tx.conn, original.id)?.is_some() {
        return Ok(());
    }
    match named(tx.site(), &original) {
        Some(url) => match rows::by_url(tx.conn, &url, "")? {
            Some(card) if !is_due(&card, tx.now) => {
                rows::link(tx.conn, original.id, card.id)?;
                if card.kind == CardKind::Video { became_about(tx, &original) } else { Ok(()) }
            }
            _ => ask(tx, &original, &boost),
        },
        None => Ok(()),
    }
}

/// The server of a post says which page it is about, and what that page is (POST-08); none: it says nothing (any more).
/// That counts for posts from there only, and until this node has read the page itself.
///
/// # Errors
/// Those of the database.
pub fn tell(tx: &mut Tx<'_>, post: &Post, author: &Account, link: Option<&RemoteLink>) -> Result<()> {
    if !tx.config().media.previews {
        return Ok(());
    }
    let ours = |url: &url::Url| tx.site().owns(url);
    let Some((link, url)) = link.and_then(|link| Some((link, page_of(&link.href, ours)?))) else {
        if rows::of_post(tx.conn, post.id)?.is_some_and(|card| !card.told_by.is_empty()) {
            rows::unlink(tx.conn, post.id)?;
            if let Some(url) = named(tx.site(), post) {
                name(tx, post, &url)?;
            }
        }
        return Ok(());
    };
    let read = rows::by_url(tx.conn, &url, "")?;
    if let Some(card) = read.as_ref().filter(|card| card.state == CardState::Fetched) {
        rows::link(tx.conn, post.id, card.id)?;
    } else {
        let domain = author.domain.as_deref().unwrap_or("-");
        let (id, now) = (tx.new_id(), tx.now);
        let mut card = rows::ensure(tx.conn, id, &url, domain, now)?;
        if card.image_remote_url != link.image {
            (card.image, card.cached_at, card.blurhash) = (None, None, None);
            (card.width, card.height) = (None, None);
        }
        card.title.clone_from(&link.title);
        card.description.clone_from(&link.description);
        card.image_remote_url.clone_from(&link.image);
        card.tried_at = Some(now);
        rows::save(tx.conn, &card)?;
        rows::link(tx.conn, post.id, card.id)?;
    }
    if named(tx.site(), post).is_none() {
        became_about(tx, post)?;
    }
    if read.is_none_or(|card| is_due(&card, tx.now)) { ask(tx, post, post) } else { Ok(()) }
}

/// The page that has to be read for a post; none when there is nothing to do. A page that was read meanwhile becomes the
/// card of the post.
///
/// # Errors
/// Those of the database.
pub fn wanted(tx: &mut Tx<'_>, id: Id<Post>) -> Result<Option<String>> {
    if !tx.config().media.previews {
        return Ok(None);
    }
    let Some(post) = store::posts::find(tx.conn, id)? else { return Ok(None) };
    let Some(url) = about(tx, &post)? else { return Ok(None) };
    match rows::by_url(tx.conn, &url, "")? {
        Some(card) if !is_due(&card, tx.now) => {
            attach(tx, &post, &card)?;
            Ok(None)
        }
        _ => Ok(Some(url)),
    }
}

/// Writes what became of reading a page for a post. A page that could not be read keeps what was known of it, and is left
/// alone for a day. True when the post is about another page meanwhile.
///
/// # Errors
/// Those of the database.
pub fn found(tx: &mut Tx<'_>, id: Id<Post>, url: &str, preview: Option<Preview>) -> Result<bool> {
    let (new, now) = (tx.new_id(), tx.now);
    let mut card = rows::ensure(tx.conn, new, url, "", now)?;
    card.tried_at = Some(now);
    match preview {
        Some(preview) => {
            fill(tx, &mut card, preview)?;
            card.state = CardState::Fetched;
            card.fetched_at = Some(now);
        }
        None if card.state != CardState::Fetched => card.state = CardState::Failed,
        None => {}
    }
    rows::save(tx.conn, &card)?;
    let Some(post) = store::posts::find(tx.conn, id)? else { return Ok(false) };
    if about(tx, &post)?.as_deref() != Some(url) {
        return Ok(true);
    }
    attach(tx, &post, &card)?;
    Ok(false)
}

/// Gives a post its card, and tells whoever sees it when there is anything new to see. What its server says stays until
/// the page was read.
fn attach(tx: &mut Tx<'_>, post: &Post, card: &Card) -> Result<()> {
    let known = rows::of_post(tx.conn, post.id)?;
    if card.state != CardState::Fetched && known.is_some() {
        return Ok(());
    }
    rows::link(tx.conn, post.id, card.id)?;
    if card.kind == CardKind::Video {
        became_about(tx, post)?;
    }
    if card.state == CardState::Fetched { tell_changed(tx, post) } else { Ok(()) }
}

fn fill(tx: &mut Tx<'_>, card: &mut Card, preview: Preview) -> Result<()> {
    card.creator_id = match &preview.creator {
        Some(handle) => {
            let handle = handle.trim().trim_start_matches('@');
            let handle = match handle.split_once('@') {
                Some((name, domain)) if tx.site().is_own_name(domain) => name,
                _ => handle,
            };
            store::accounts::find_by_handle(tx.conn, handle)?.map(|account| account.id)
        }
        None => None,
    };
    if card.image_remote_url != preview.image {
        (card.image, card.cached_at, card.blurhash) = (None, None, None);
        (card.width, card.height) = preview.size.unzip();
    }
    card.page = preview.canonical.unwrap_or_else(|| card.url.clone());
    card.kind = match (preview.photo, preview.player) {
        (true, _) => CardKind::Photo,
        (false, true) => CardKind::Video,
        (false, false) => CardKind::Link,
    };
    card.title = preview.title;
    card.description = preview.description;
    card.author_name = preview.author_name;
    card.author_url = preview.author_url;
    card.provider_name = preview.provider_name;
    card.provider_url = preview.provider_url;
    card.image_remote_url = preview.image;
    card.image_description = preview.image_description;
    card.language = preview.language;
    card.published_at = preview.published_at;
    Ok(())
}

/// Our copy of the picture of a card, with what its bytes told.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Name of the file.
    pub file: String,
    /// Compact preview.
    pub blurhash: Option<String>,
    /// Pixels, width and height.
    pub size: Option<(i64, i64)>,
}

/// Remembers our copy of the picture that lies at `url`; false when the card has another one by now.
///
/// # Errors
/// Those of the database.
pub fn keep_picture(tx: &mut Tx<'_>, id: Id<Card>, url: &str, picture: Picture) -> Result<bool> {
    let Some(mut card) = rows::find(tx.conn, id)?.filter(|card| card.image_remote_url.as_deref() == Some(url)) else {
        return Ok(false);
    };
    card.image = Some(picture.file);
    card.blurhash = picture.blurhash;
    if picture.size.is_some() {
        (card.width, card.height) = picture.size.unzip();
    }
    card.cached_at = Some(tx.now);
    rows::save(tx.conn, &card)?;
    Ok(true)
}

/// Whether the account that a page names as its author names the site of the page too.
pub fn is_attributed(card: &Card, creator: &Account) -> bool {
    let host = url::Url::parse(&card.url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    let named: Vec<String> = serde_json::from_str(&creator.attribution_domains).unwrap_or_default();
    let within =
        |domain: &String| host == *domain || host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.ends_with('.'));
    Some(creator.id) == card.creator_id && !creator.is_unavailable() && named.iter().any(within)
}

/// One day of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// Midnight UTC.
    pub day: Timestamp,
    /// People who linked to it.
    pub people: i64,
    /// Posts that did.
    pub uses: i64,
}

/// A page that people link to.
#[derive(Clone, Debug)]
pub struct Trend {
    /// What is known of it.
    pub card: Card,
    /// The last days, today first.
    pub days: Vec<Day>,
}

/// Days that count for what people link to.
const DAYS: i64 = 7;

/// The pages that public posts of this node link to, by the number of people who do, as far as the viewer may know.
///
/// # Errors
/// Those of the database.
pub fn trending(conn: &mut Conn, viewer: Viewer, now: Timestamp, limit: usize, offset: usize) -> Result<Vec<Trend>> {
    let today = now.midnight();
    let uses = rows::usage(conn, viewer.audience(), today.plus_days(1 - DAYS))?;
    let mut ids: Vec<Id<Card>> = uses.iter().map(|u| u.card).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut cards = rows::list(conn, &ids)?;
    cards.retain(|card| card.state == CardState::Fetched && !card.title.is_empty());
    // The oldest of several spellings of a page stands for all.
    cards.sort_unstable_by_key(|card| card.id);
    let mut first: HashMap<&str, Id<Card>> = HashMap::new();
    let mut stands: HashMap<Id<Card>, Id<Card>> = HashMap::new();
    for card in &cards {
        let shown = *first.entry(card.page.as_str()).or_insert(card.id);
        stands.insert(card.id, shown);
    }
    let mut of_page: HashMap<Id<Card>, Vec<&rows::Use>> = HashMap::new();
    for one in &uses {
        if let Some(shown) = stands.get(&one.card) {
            of_page.entry(*shown).or_default().push(one);
        }
    }
    let people = |uses: &mut dyn Iterator<Item = &&rows::Use>| uses.map(|u| u.account).collect::<HashSet<_>>().len();
    let mut ranked: Vec<(usize, usize, Id<Card>)> =
        of_page.iter().map(|(id, uses)| (people(&mut uses.iter()), uses.len(), *id)).collect();
    ranked.sort_unstable_by(|a, b| b.cmp(a));
    let shown = ranked.into_iter().skip(offset).take(limit);
    Ok(shown
        .filter_map(|(_, _, id)| {
            let card = cards.iter().find(|card| card.id == id)?.clone();
            let uses = of_page.get(&id)?;
            let days = (0..DAYS).map(|back| {
                let day = today.plus_days(-back);
                let of_day: Vec<&&rows::Use> = uses.iter().filter(|u| u.at.midnight() == day).collect();
                Day { day, people: people(&mut of_day.iter().copied()) as i64, uses: of_day.len() as i64 }
            });
            Some(Trend { card, days: days.collect() })
        })
        .collect())
}
