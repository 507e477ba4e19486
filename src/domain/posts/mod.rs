//! Posts: the one place that stores them, whoever wrote them, and puts them into home timelines; also their end. What a
//! local person writes is checked in [`publish`](mod@publish) and [`edit`](mod@edit) before it comes here; what arrives
//! from elsewhere is checked in `domain::remote`.

mod boosts;
mod conversations;
mod edit;
mod index;
mod publish;
mod removal;
pub mod scheduled;
pub mod staff;
mod waiting;

pub use boosts::{NewBoost, insert_boost, remove_boost};
pub use edit::{AttachmentChange, Change, Revision, Version, edit, history, revise, take_tallies};
pub use index::{became_about, index_some, may_be_found_by};
pub use publish::{Draft, PollDraft, language, publish, reach, unexpected};
pub(in crate::domain) use removal::let_go;
pub use removal::{delete_own, remove, rename_files};
pub(in crate::domain) use waiting::release;

use super::{Event, EventKind, Fact, Tx, counters, html, interactions, quotes};
use crate::{
    Error, Result,
    id::Id,
    model::{Account, App, Audience, Follow, Listing, Media, Poll, Post, Visibility},
    store::{self, fanout::Reach, posts::Counter},
    time::Timestamp,
};

/// Local followers that get a post within its transaction; the rest follow by job, so many at a time.
const IN_TRANSACTION: i64 = 500;

/// A post ready to be stored: checked, cleaned, its people and files known here.
#[derive(Clone, Debug)]
pub struct NewPost {
    /// From [`Tx::new_id`], or [`free_id`] for one that was written earlier.
    pub id: Id<Post>,
    /// The object id.
    pub uri: String,
    /// The human page.
    pub url: Option<String>,
    /// The author.
    pub account: Id<Account>,
    /// Written here.
    pub local: bool,
    /// Who may see it.
    pub visibility: Visibility,
    /// How far it may go; what it answers narrows that.
    pub audience: Audience,
    /// Clean markup.
    pub content: html::Html,
    /// What was typed, for local posts.
    pub source_text: Option<String>,
    /// Content warning, plain text.
    pub spoiler_text: String,
    /// Attachments are hidden at first.
    pub sensitive: bool,
    /// BCP 47.
    pub language: Option<String>,
    /// What it answers, when known here.
    pub in_reply_to: Option<Id<Post>>,
    /// What it answers, when not known here.
    pub in_reply_to_uri: Option<String>,
    /// The program it was written with.
    pub app: Option<Id<App>>,
    /// JSON list of `{shortcode, url}`.
    pub emojis: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// The group it was posted to.
    pub group: Option<Id<Account>>,
    /// Everybody addressed, local and remote: `silent` ones without being named.
    pub mentions: Vec<(Id<Account>, bool)>,
    /// Hashtags: normal form and as written.
    pub tags: Vec<(String, String)>,
    /// Files in order: rows that exist (local) or are to be written (remote).
    pub media: Vec<Media>,
    /// The poll.
    pub poll: Option<NewPoll>,
    /// It is news: notify and push. False for what is old or was fetched (POST-01).
    pub fresh: bool,
    /// When it was edited last, of one that came in a later state than its first.
    pub edited_at: Option<Timestamp>,
    /// What the origin claims.
    pub remote_boosts_count: i64,
    /// What the origin claims.
    pub remote_favourites_count: i64,
    /// What it is beside a post.
    pub meaning: Meaning,
    /// What it quotes.
    pub quote: Option<quotes::New>,
    /// Who may quote it, as `domain::quotes::policy` has it.
    pub quote_policy: i16,
    /// What others may do to it, as its author elsewhere says.
    pub policies: interactions::Policies,
    /// It waits for the author of what it answers: how visible it shall be then. Until then it is for its own author.
    pub waits: Option<Visibility>,
}

/// What a post is beside a post.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Meaning {
    /// Nothing; of a post written here it is found out whether it is a question or an idea.
    #[default]
    Plain,
    /// A question to the network, as another node tells of it.
    Ask(super::questions::Told),
    /// An idea, as another node tells of it.
    Idea(super::ideas::Told),
    /// A concierge asks people by it.
    Route,
    /// A concierge tells two people by it that they are a pair.
    Coffee,
    /// A concierge introduces two people by it; of a post written here, the one who wanted it.
    Introduction(Option<Id<Account>>),
}

/// A poll ready to be stored.
#[derive(Clone, Debug)]
pub struct NewPoll {
    /// Titles and votes so far.
    pub options: Vec<(String, i64)>,
    /// Several answers at once.
    pub multiple: bool,
    /// Tallies only after the end.
    pub hide_totals: bool,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// When it ended.
    pub closed_at: Option<Timestamp>,
    /// People who voted.
    pub voters: Option<i64>,
}

/// An id for a post that was written at `at`, by which it stands in timelines; not taken.
///
/// # Errors
/// `Unavailable` when eight draws in a row were taken.
pub fn free_id(tx: &mut Tx<'_>, at: Timestamp) -> Result<Id<Post>> {
    for _ in 0..8 {
        let id = tx.id_at(at);
        if !store::posts::is_taken(tx.conn, id)? {
            return Ok(id);
        }
    }
    Err(Error::Unavailable("no free id".into()))
}

/// Stores a post, counts it, hangs it into its thread, puts it into home timelines and says that it happened. None when
/// its object id is known already: then nothing was written.
///
/// # Errors
/// Only those of the database: the input has been checked.
pub fn insert_post(tx: &mut Tx<'_>, new: NewPost) -> Result<Option<Post>> {
    let author = store::accounts::load(tx.conn, new.account)?;
    let parent = match new.in_reply_to {
        Some(id) => store::posts::find(tx.conn, id)?,
        None => None,
    };
    let answers_other = match &parent {
        Some(parent) => parent.account_id != new.account,
        None => new.in_reply_to_uri.is_some(),
    };
    let poll_id: Option<Id<Poll>> = new.poll.as_ref().map(|_| tx.new_id());
    let quoted = new.quote.as_ref().and_then(|quote| quote.quoted.as_ref());
    // Never further than what it answers or quotes.
    let audience = parent.iter().chain(quoted).fold(new.audience, |audience, other| audience.min(other.audience));
    let post = Post {
        id: new.id,
        uri: new.uri,
        url: new.url,
        account_id: new.account,
        visibility: new.visibility,
        local: new.local,
        listing: match (new.visibility, new.local) {
            _ if answers_other || author.silenced_at.is_some() => Listing::Hidden,
            (Visibility::Public, true) => Listing::Local,
            (Visibility::Public, false) => Listing::Remote,
            _ => Listing::Hidden,
        },
        content: new.content.into_string(),
        source_text: new.source_text,
        source_type: 0,
        spoiler_text: new.spoiler_text,
        sensitive: new.sensitive,
        language: new.language,
        in_reply_to_id: parent.as_ref().map(|p| p.id),
        in_reply_to_account_id: parent.as_ref().map(|p| p.account_id),
        in_reply_to_uri: if parent.is_some() { None } else { new.in_reply_to_uri },
        conversation_id: parent.as_ref().map_or(new.id, |p| p.conversation_id),
        boost_of_id: None,
        poll_id,
        app_id: new.app,
        media_ids: media_ids(&new.media),
        emojis: new.emojis,
        replies_count: 0,
        boosts_count: 0,
        favourites_count: 0,
        remote_boosts_count: new.remote_boosts_count,
        remote_favourites_count: new.remote_favourites_count,
        created_at: new.created_at,
        edited_at: new.edited_at,
        fetched_at: (!new.local).then_some(tx.now),
        group_id: new.group,
        audience,
        quote_policy: new.quote_policy,
        quotes_count: 0,
    };
    if !store::posts::insert(tx.conn, &post)? {
        return Ok(None);
    }
    // Before answers that came earlier find their place below it.
    interactions::note(tx, &author, post.id, &new.policies, false)?;
    let quotes_another = new.quote.is_some();
    if let Some(quote) = new.quote {
        quotes::attach(tx, &post, quote)?;
    }
    for (account, silent) in &new.mentions {
        store::posts::insert_mention(tx.conn, post.id, *account, *silent)?;
    }
    tag(tx, post.id, &new.tags, true)?;
    for (position, media) in new.media.iter().enumerate() {
        let position = i16::try_from(position).unwrap_or(i16::MAX);
        if post.local {
            store::posts::attach(tx.conn, media.id, post.id, position)?;
        } else {
            let row = Media { post_id: Some(post.id), position, ..media.clone() };
            store::posts::insert_media(tx.conn, &row)?;
        }
    }
    if let (Some(poll), Some(id)) = (&new.poll, poll_id) {
        super::polls::insert(tx, id, post.id, poll)?;
    }
    super::questions::note(tx, &post, &author, &new.meaning, &new.tags)?;
    super::coffee::note(tx, &post, &new.meaning)?;
    super::introductions::note(tx, &post, &author, &new.meaning)?;
    super::ideas::note(tx, &post, &author, &new.meaning, &new.tags)?;
    let options = new.poll.iter().flat_map(|p| p.options.iter().map(|(title, _)| title.as_str()));
    index::put(tx, &post, &author, &new.mentions, &new.media, options, quotes_another)?;
    if !post.local {
        adopt_orphans(tx, &post)?;
        quotes::arrivals::adopt(tx, &post)?;
    }
    let asked = match (new.waits, &parent) {
        (Some(wanted), Some(parent)) => Some(interactions::begin_reply(tx, &post, parent, wanted)?),
        _ => None,
    };
    if post.visibility == Visibility::Direct && asked.is_none() {
        conversations::touch(tx, &post, &new.mentions, new.fresh)?;
    }
    to_homes(tx, &post, &author, new.fresh)?;
    if new.fresh {
        counters::heard(tx, &post, &author)?;
    }
    tx.record(match asked {
        Some(asked) => Fact::InteractionAsked(asked),
        None => Fact::PostPublished { post: post.id, fresh: new.fresh },
    })?;
    // Last, for PostgreSQL holds the rows of its author and of what it answers from here to the end: whoever writes to the
    // same ones at the same moment waits.
    count(tx, &post, 1)?;
    if quotes_another {
        quotes::settle(tx, &post, new.fresh)?;
    }
    Ok(Some(post))
}

fn media_ids(media: &[Media]) -> String {
    if media.is_empty() {
        return "[]".into();
    }
    serde_json::json!(media.iter().map(|m| m.id.raw()).collect::<Vec<_>>()).to_string()
}

fn tag(tx: &mut Tx<'_>, post: Id<Post>, names: &[(String, String)], fresh: bool) -> Result<()> {
    if names.is_empty() && fresh {
        return Ok(());
    }
    let mut ids: Vec<_> = (0..names.len()).map(|_| tx.new_id()).collect();
    let mut next = || ids.pop().unwrap_or_else(|| Id::new(0));
    let tags = store::posts::tags(tx.conn, names, &mut next, tx.now)?;
    let tags: Vec<_> = tags.into_iter().map(|(id, _)| id).collect();
    store::posts::set_tags(tx.conn, post, &tags, fresh)
}

/// Counts a post for its author (direct ones are nobody's business) and for its parent (public ones that go as far as it:
/// PRV-04).
fn count(tx: &mut Tx<'_>, post: &Post, by: i64) -> Result<()> {
    if post.visibility != Visibility::Direct {
        let at = (by > 0).then_some(post.created_at);
        let open = if post.audience == Audience::Open { by } else { 0 };
        store::posts::count_for_author(tx.conn, post.account_id, by, open, at)?;
    }
    if post.local && !post.is_boost() && post.visibility <= Visibility::Unlisted {
        store::hashtags::count_use(tx.conn, post, by)?;
    }
    count_above(tx, post, by)
}

/// What it answers, or passes on, has one more or less.
fn count_above(tx: &mut Tx<'_>, post: &Post, by: i64) -> Result<()> {
    match (post.in_reply_to_id, post.boost_of_id) {
        (Some(parent), _) if post.visibility <= Visibility::Unlisted && reaches(tx, post, parent)? => {
            store::posts::count(tx.conn, parent, Counter::Replies, by)
        }
        (_, Some(original)) if reaches(tx, post, original)? => {
            store::posts::count(tx.conn, original, Counter::Boosts, by)
        }
        _ => Ok(()),
    }
}

/// Whether a post goes as far as another one: only then those who see that one are told of it.
fn reaches(tx: &mut Tx<'_>, post: &Post, other: Id<Post>) -> Result<bool> {
    if post.audience == Audience::Open {
        return Ok(true);
    }
    Ok(store::posts::find(tx.conn, other)?.is_some_and(|other| post.audience >= other.audience))
}

/// Answers that came before what they answer find their place (THR-02).
fn adopt_orphans(tx: &mut Tx<'_>, post: &Post) -> Result<()> {
    for orphan in store::posts::orphans(tx.conn, &post.uri, 1_000)? {
        adopt_orphan(tx, &orphan, post)?;
    }
    Ok(())
}

/// An answer that waited finds its place.
///
/// # Errors
/// Those of the database.
pub(in crate::domain) fn adopt_orphan(tx: &mut Tx<'_>, orphan: &Post, post: &Post) -> Result<()> {
    // A cycle would make a thread endless.
    if orphan.id == post.id || orphan.conversation_id == post.conversation_id {
        return Ok(());
    }
    // Who answers a post whose author decides about that needs a yes.
    let author = store::accounts::load(tx.conn, orphan.account_id)?;
    if !post.local && !interactions::arrivals::may_hang(tx, &author, &orphan.uri, post)? {
        // It came before it could be told that it needs one.
        return match !orphan.local && store::interactions::of_post(tx.conn, orphan.id)?.is_none() {
            true => tx.enqueue(&super::Task::ResolveReply { post: orphan.id.raw(), looks: 0 }),
            false => Ok(()),
        };
    }
    store::posts::adopt(tx.conn, orphan, post)?;
    if orphan.audience > post.audience {
        store::audiences::narrow(tx.conn, orphan, post.audience)?;
    }
    if orphan.visibility <= Visibility::Unlisted && orphan.audience >= post.audience {
        store::posts::count(tx.conn, post.id, Counter::Replies, 1)?;
    }
    Ok(())
}

/// An answer does not hang below what it answers any more, and waits as one that came before that did.
///
/// # Errors
/// Those of the database.
pub(in crate::domain) fn come_off(tx: &mut Tx<'_>, id: Id<Post>, parent: &Post) -> Result<()> {
    let Some(post) = store::posts::find(tx.conn, id)?.filter(|post| post.in_reply_to_id == Some(parent.id)) else {
        return Ok(());
    };
    if post.visibility <= Visibility::Unlisted && reaches(tx, &post, parent.id)? {
        store::posts::count(tx.conn, parent.id, Counter::Replies, -1)?;
    }
    store::posts::come_off(tx.conn, id, &parent.uri)?;
    tell_changed(tx, &post)
}

/// Puts a post or boost into the home timelines of its author and of local followers, and tells those that are
/// connected.
fn to_homes(tx: &mut Tx<'_>, post: &Post, author: &Account, fresh: bool) -> Result<()> {
    let mut readers = spread(tx, post, Id::new(0))?;
    if author.is_local() {
        readers.push(author.id);
        store::fanout::insert(tx.conn, post.id, &[author.id])?;
    }
    if fresh {
        tell(tx, readers, EventKind::Update(post.id));
        if author.silenced_at.is_none() {
            to_tag_followers(tx, post, Id::new(0))?;
        }
    }
    Ok(())
}

/// One chunk of home entries, for those above `after` who follow a hashtag of a public post: with those who follow its
/// author it stands there once. A full chunk asks for the next one.
fn to_tag_followers(tx: &mut Tx<'_>, post: &Post, after: Id<Account>) -> Result<()> {
    let mut readers = tag_readers(tx, post, after, IN_TRANSACTION + 1)?;
    let more = readers.len() as i64 > IN_TRANSACTION;
    readers.truncate(IN_TRANSACTION as usize);
    let known = store::fanout::among(tx.conn, post.id, &readers)?;
    if let Some(last) = readers.last().filter(|_| more) {
        tx.enqueue(&super::Task::FanOutTags { post: post.id.raw(), after: last.raw() })?;
    }
    // Those have been told.
    readers.retain(|reader| !known.contains(reader));
    store::fanout::insert(tx.conn, post.id, &readers)?;
    tell(tx, readers, EventKind::Update(post.id));
    Ok(())
}

/// The task [`super::Task::FanOutTags`]: the next chunk. A post that is gone meanwhile is no error.
pub fn fan_out_tags(tx: &mut Tx<'_>, post: Id<Post>, after: Id<Account>) -> Result<()> {
    match store::posts::find(tx.conn, post)? {
        Some(post) => to_tag_followers(tx, &post, after),
        None => Ok(()),
    }
}

fn tag_readers(tx: &mut Tx<'_>, post: &Post, after: Id<Account>, most: i64) -> Result<Vec<Id<Account>>> {
    if post.visibility != Visibility::Public || post.is_boost() {
        return Ok(Vec::new());
    }
    store::fanout::tag_readers(tx.conn, post.id, post.account_id, tx.now, after, most)
}

/// One chunk of home entries, for followers above `after`; a full chunk asks for the next one.
fn spread(tx: &mut Tx<'_>, post: &Post, after: Id<Follow>) -> Result<Vec<Id<Account>>> {
    let rows = readers(tx, post, after, IN_TRANSACTION + 1)?;
    let more = rows.len() as i64 > IN_TRANSACTION;
    let chunk: Vec<_> = rows.into_iter().take(IN_TRANSACTION as usize).collect();
    let accounts: Vec<Id<Account>> = chunk.iter().map(|(_, account)| *account).collect();
    store::fanout::insert(tx.conn, post.id, &accounts)?;
    if let Some((last, _)) = chunk.last().filter(|_| more) {
        tx.enqueue(&super::Task::FanOut { post: post.id.raw(), after: last.raw() })?;
    }
    Ok(accounts)
}

/// The task [`super::Task::FanOut`]: the next chunk of home timelines. A post that is gone meanwhile is no error.
pub fn fan_out(tx: &mut Tx<'_>, post: Id<Post>, after: Id<Follow>) -> Result<()> {
    let Some(post) = store::posts::find(tx.conn, post)? else { return Ok(()) };
    let readers = spread(tx, &post, after)?;
    // What took that long to spread is still news, unless it was written long ago.
    if post.created_at.plus_seconds(6 * 3600) > tx.now {
        tell(tx, readers, EventKind::Update(post.id));
    }
    Ok(())
}

fn readers(tx: &mut Tx<'_>, post: &Post, after: Id<Follow>, most: i64) -> Result<Vec<(Id<Follow>, Id<Account>)>> {
    let original = match post.boost_of_id {
        Some(id) => store::posts::find(tx.conn, id)?,
        None => None,
    };
    let addressed: Option<Vec<Id<Account>>> = match post.visibility {
        Visibility::Direct => {
            Some(store::posts::mentions(tx.conn, post.id)?.into_iter().map(|m| m.account_id).collect())
        }
        _ => None,
    };
    let reach = Reach {
        author: post.account_id,
        // A direct post is for its addressees whomever they follow.
        answers: post.in_reply_to_account_id.filter(|to| *to != post.account_id && addressed.is_none()),
        answers_unknown: post.in_reply_to_uri.is_some() && addressed.is_none(),
        boosted: original.as_ref().map(|o| o.account_id),
        language: original.as_ref().unwrap_or(post).language.as_deref(),
        only: addressed.as_deref(),
        now: tx.now,
    };
    store::fanout::readers(tx.conn, &reach, after, most)
}

fn tell(tx: &mut Tx<'_>, home: Vec<Id<Account>>, what: EventKind) {
    if !home.is_empty() {
        tx.announce(Event { home: home.into(), streams: Vec::new(), what });
    }
}

/// Whether anybody of this node comes across a post or boost: at home, or because it names them.
///
/// # Errors
/// Those of the database.
pub(super) fn is_seen(tx: &mut Tx<'_>, post: &Post) -> Result<bool> {
    Ok(post.local
        || !readers(tx, post, Id::new(0), 1)?.is_empty()
        || store::cards::names_local(tx.conn, post.id)?
        || !tag_readers(tx, post, Id::new(0), 1)?.is_empty())
}

/// Tells the connected who see a post that it looks otherwise now.
///
/// # Errors
/// Those of the database.
pub(super) fn tell_changed(tx: &mut Tx<'_>, post: &Post) -> Result<()> {
    tell_readers(tx, post, EventKind::Edit(post.id))?;
    super::streams::tell(tx, post.id, EventKind::Edit(post.id))
}

/// Tells the connected among those who have a post at home that it changed or is going.
fn tell_readers(tx: &mut Tx<'_>, post: &Post, what: EventKind) -> Result<()> {
    let rows = readers(tx, post, Id::new(0), 5_000)?;
    let mut home: Vec<Id<Account>> = rows.into_iter().map(|(_, account)| account).collect();
    home.extend(tag_readers(tx, post, Id::new(0), 5_000)?);
    home.push(post.account_id);
    home.sort_unstable();
    home.dedup();
    tell(tx, home, what);
    Ok(())
}
