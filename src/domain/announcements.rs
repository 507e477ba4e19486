//! Announcements: staff tells everybody of the node something; people dismiss it, or say with an emoji what they think.

use super::{
    Event, EventKind, Task, Tx,
    audit::{self, Staff},
    emojis::is_emoji,
    html::Html,
    text,
    views::Gathered,
};
use crate::{
    Error, Result,
    config::Site,
    db::Conn,
    id::Id,
    limits,
    model::{Account, Announcement, CustomEmoji, Post, Role},
    store::{self, announcements::Reaction},
    time::Timestamp,
};

/// The stream of those who are signed in.
pub const STREAM: &str = "announcements";

/// What is said; what is none stays as it was.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// As typed; links, people and hashtags become what they are in posts.
    pub text: Option<String>,
    /// When what it is about begins.
    pub starts_at: Option<Option<Timestamp>>,
    /// When it ends.
    pub ends_at: Option<Option<Timestamp>>,
    /// Whole days.
    pub all_day: Option<bool>,
}

impl Draft {
    fn apply(self, row: &mut Announcement) -> Result<()> {
        if let Some(text) = self.text {
            row.text = text::clean_input(text.trim()).into_owned();
        }
        row.starts_at = self.starts_at.unwrap_or(row.starts_at);
        row.ends_at = self.ends_at.unwrap_or(row.ends_at);
        row.all_day = self.all_day.unwrap_or(row.all_day);
        if row.all_day {
            (row.starts_at, row.ends_at) =
                (row.starts_at.map(Timestamp::midnight), row.ends_at.map(Timestamp::midnight));
        }
        if row.text.is_empty() {
            return Err(Error::invalid("text", "blank", "Text can't be blank"));
        }
        if row.text.len() > limits::LOCAL_TEXT {
            return Err(Error::invalid("text", "too_long", "Text is too long"));
        }
        match (row.starts_at, row.ends_at) {
            (Some(start), Some(end)) if end < start => {
                Err(Error::invalid("ends_at", "invalid", "It must not end before it begins"))
            }
            (None, None) if row.all_day => Err(Error::invalid("starts_at", "blank", "A whole day needs a date")),
            _ => Ok(()),
        }
    }
}

/// When it is over; none when it stays.
pub fn over_at(row: &Announcement) -> Option<Timestamp> {
    row.ends_at.map(|end| if row.all_day { end.plus_days(1) } else { end })
}

fn staff(by: &Staff) -> Result<()> {
    if by.role < Role::Admin { Err(Error::forbidden("This action is not allowed")) } else { Ok(()) }
}

fn tell(tx: &mut Tx<'_>, what: EventKind) {
    tx.announce(Event { home: [].into(), streams: vec![STREAM.into()], what });
}

/// Says when it is over, to those who look at it then.
fn watch(tx: &mut Tx<'_>, row: &Announcement) -> Result<()> {
    match over_at(row) {
        Some(end) if end > tx.now => {
            tx.enqueue_at(&Task::EndAnnouncement { announcement: row.id.raw(), at: end.millis() }, end)
        }
        _ => Ok(()),
    }
}

/// Tells everybody something.
///
/// # Errors
/// `Forbidden` by rank; `Invalid` without a text, or for an end before the beginning.
pub fn create(tx: &mut Tx<'_>, by: &Staff, draft: Draft) -> Result<Announcement> {
    staff(by)?;
    let mut row = Announcement {
        id: tx.new_id(),
        text: String::new(),
        starts_at: None,
        ends_at: None,
        all_day: false,
        published_at: tx.now,
        updated_at: tx.now,
    };
    draft.apply(&mut row)?;
    store::announcements::insert(tx.conn, &row)?;
    audit::write(tx, by, "announcement.create", &row.id.to_string(), "")?;
    tell(tx, EventKind::Announcement(row.id));
    watch(tx, &row)?;
    Ok(row)
}

/// Says it differently. Who dismissed it is not told again.
///
/// # Errors
/// As [`create`]; `NotFound` when it is not there.
pub fn edit(tx: &mut Tx<'_>, by: &Staff, id: Id<Announcement>, draft: Draft) -> Result<Announcement> {
    staff(by)?;
    let mut row = store::announcements::load(tx.conn, id)?;
    draft.apply(&mut row)?;
    row.updated_at = tx.now;
    store::announcements::update(tx.conn, &row)?;
    audit::write(tx, by, "announcement.edit", &id.to_string(), "")?;
    let gone = over_at(&row).is_some_and(|end| end <= tx.now);
    tell(tx, if gone { EventKind::AnnouncementDelete(id) } else { EventKind::Announcement(id) });
    watch(tx, &row)?;
    Ok(row)
}

/// Takes it back.
///
/// # Errors
/// `Forbidden` by rank; `NotFound` when it is not there.
pub fn delete(tx: &mut Tx<'_>, by: &Staff, id: Id<Announcement>) -> Result<()> {
    staff(by)?;
    if !store::announcements::delete(tx.conn, id)? {
        return Err(Error::NotFound);
    }
    audit::write(tx, by, "announcement.delete", &id.to_string(), "")?;
    tell(tx, EventKind::AnnouncementDelete(id));
    Ok(())
}

/// It is over, unless its end was changed meanwhile.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn due(tx: &mut Tx<'_>, id: Id<Announcement>, at: Timestamp) -> Result<()> {
    if store::announcements::find(tx.conn, id)?.as_ref().and_then(over_at) == Some(at) {
        tell(tx, EventKind::AnnouncementDelete(id));
    }
    Ok(())
}

/// One that is still shown.
fn current(conn: &mut Conn, id: Id<Announcement>, now: Timestamp) -> Result<Announcement> {
    let row = store::announcements::load(conn, id)?;
    if over_at(&row).is_some_and(|end| end <= now) { Err(Error::NotFound) } else { Ok(row) }
}

/// This person has read it.
///
/// # Errors
/// `NotFound` when it is not there, or over.
pub fn dismiss(tx: &mut Tx<'_>, me: Id<Account>, id: Id<Announcement>) -> Result<()> {
    let now = tx.now;
    current(tx.conn, id, now)?;
    store::announcements::read(tx.conn, me, id)
}

/// This person says with an emoji what they think of it; twice is once.
///
/// # Errors
/// `NotFound` when it is not there, or over; `Invalid` for what is no emoji known here, or one kind too many.
pub fn react(tx: &mut Tx<'_>, me: Id<Account>, id: Id<Announcement>, name: &str) -> Result<()> {
    let now = tx.now;
    current(tx.conn, id, now)?;
    if !is_emoji(name) && custom(tx.conn, name)?.is_none() {
        return Err(Error::invalid("name", "unrecognized", "Name is not a recognized emoji"));
    }
    let known = store::announcements::reactions(tx.conn, Some(me), &[id])?;
    if known.len() >= limits::ANNOUNCEMENT_REACTIONS && !known.iter().any(|(_, one)| one.name == name) {
        return Err(Error::invalid("base", "reaction_limit", "Limit of different reactions reached"));
    }
    let row: Id<Reaction> = tx.new_id();
    if store::announcements::react(tx.conn, row, id, me, name)? {
        counted(tx, id, name)?;
    }
    Ok(())
}

/// They take it back; what is not there is gone as well.
///
/// # Errors
/// `NotFound` when the announcement is not there, or over.
pub fn unreact(tx: &mut Tx<'_>, me: Id<Account>, id: Id<Announcement>, name: &str) -> Result<()> {
    let now = tx.now;
    current(tx.conn, id, now)?;
    if store::announcements::unreact(tx.conn, id, me, name)? {
        counted(tx, id, name)?;
    }
    Ok(())
}

fn counted(tx: &mut Tx<'_>, id: Id<Announcement>, name: &str) -> Result<()> {
    let known = store::announcements::reactions(tx.conn, None, &[id])?;
    let count = known.iter().find(|(_, one)| one.name == name).map_or(0, |(_, one)| one.count);
    tell(tx, EventKind::AnnouncementReaction { announcement: id, name: name.to_owned(), count });
    Ok(())
}

/// The emoji of this node with that short name.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn custom(conn: &mut Conn, name: &str) -> Result<Option<CustomEmoji>> {
    Ok(store::emojis::all(conn)?.into_iter().find(|emoji| emoji.shortcode == name && emoji.file.is_some()))
}

/// An announcement with everything shown of it.
#[derive(Clone, Debug)]
pub struct View {
    /// The row.
    pub row: Announcement,
    /// Its text as markup.
    pub content: Html,
    /// People it names.
    pub people: Vec<Account>,
    /// Posts of this node that it links to and this person may see, with their addresses as written.
    pub posts: Vec<(Id<Post>, String)>,
    /// Hashtags it names.
    pub tags: Vec<String>,
    /// Emoji of this node in it.
    pub emojis: Vec<CustomEmoji>,
    /// What people think.
    pub reactions: Vec<(Reaction, Option<CustomEmoji>)>,
    /// Whoever looks has dismissed it.
    pub read: bool,
}

/// What is announced just now, for this person: what they dismissed only where that is asked for.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn shown(conn: &mut Conn, site: &Site, me: Id<Account>, dismissed: bool, now: Timestamp) -> Result<Vec<View>> {
    let mut rows = store::announcements::current(conn, now, now.plus_days(-1), limits::ANNOUNCEMENTS)?;
    let read = store::announcements::read_by(conn, me)?;
    rows.retain(|row| dismissed || !read.contains(&row.id));
    views(conn, site, me, rows, &read, now)
}

/// One announcement, for this person.
///
/// # Errors
/// `NotFound` when it is not there (any more).
pub fn one(conn: &mut Conn, site: &Site, me: Id<Account>, id: Id<Announcement>, now: Timestamp) -> Result<View> {
    let row = store::announcements::load(conn, id)?;
    let read = store::announcements::read_by(conn, me)?;
    views(conn, site, me, vec![row], &read, now)?.pop().ok_or(Error::NotFound)
}

/// What a text names: handles, and posts of this node with their addresses as written; each once.
#[derive(Default)]
struct Named {
    handles: Vec<String>,
    posts: Vec<(Id<Post>, String)>,
}

impl Named {
    fn in_text(site: &Site, text: &str) -> Self {
        let tokens = text::scan(text);
        let mut named = Self::default();
        for (name, domain) in text::mentions(&tokens).into_iter().take(limits::MENTIONS) {
            named.handles.push(match domain {
                Some(domain) if !site.is_own_name(&domain) => format!("{name}@{domain}").to_lowercase(),
                _ => name.to_lowercase(),
            });
        }
        for token in &tokens {
            let text::Token::Url(url) = token else { continue };
            let Some((_, id)) = site.local_post::<Post>(url) else { continue };
            if named.posts.len() < limits::MENTIONS && !named.posts.iter().any(|(known, _)| *known == id) {
                named.posts.push((id, (*url).to_owned()));
            }
        }
        named
    }
}

/// These with everything shown of them: a statement for each kind of thing, however many there are.
fn views(
    conn: &mut Conn,
    site: &Site,
    me: Id<Account>,
    rows: Vec<Announcement>,
    read: &[Id<Announcement>],
    now: Timestamp,
) -> Result<Vec<View>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let named: Vec<Named> = rows.iter().map(|row| Named::in_text(site, &row.text)).collect();
    let mut handles: Vec<String> = named.iter().flat_map(|named| named.handles.iter().cloned()).collect();
    handles.sort_unstable();
    handles.dedup();
    let mut people = store::accounts::find_by_handles(conn, &handles)?;
    people.retain(|account| !account.is_unavailable());
    let mut posts: Vec<Id<Post>> = named.iter().flat_map(|named| named.posts.iter().map(|(id, _)| *id)).collect();
    posts.sort_unstable();
    posts.dedup();
    let posts = store::views::posts(conn, &posts)?;
    let posts = Gathered::read(conn, me.into(), posts, false, now)?;
    let emojis = store::emojis::all(conn)?;
    let ids: Vec<Id<Announcement>> = rows.iter().map(|row| row.id).collect();
    let mut reactions = store::announcements::reactions(conn, Some(me), &ids)?;
    let mut views = Vec::with_capacity(rows.len());
    for (row, named) in rows.into_iter().zip(named) {
        let own = reactions.extract_if(.., |(of, _)| *of == row.id).map(|(_, one)| one).collect();
        let people = named.handles.iter().filter_map(|handle| people.iter().find(|one| one.handle == *handle));
        let posts = named.posts.into_iter().filter(|(id, _)| posts.has(*id)).collect();
        views.push(view(site, read.contains(&row.id), row, people, posts, own, &emojis));
    }
    Ok(views)
}

fn view<'a>(
    site: &Site,
    read: bool,
    row: Announcement,
    named: impl Iterator<Item = &'a Account>,
    posts: Vec<(Id<Post>, String)>,
    reactions: Vec<Reaction>,
    emojis: &[CustomEmoji],
) -> View {
    let tokens = text::scan(&row.text);
    let mut people: Vec<Account> = Vec::new();
    for account in named {
        if !people.iter().any(|known| known.id == account.id) {
            people.push(account.clone());
        }
    }
    let page = |name: &str, domain: Option<&str>| {
        let domain = domain.filter(|domain| !site.is_own_name(domain));
        let is = |account: &&Account| {
            account.username.eq_ignore_ascii_case(name)
                && match (account.domain.as_deref(), domain) {
                    (Some(own), Some(asked)) => own.eq_ignore_ascii_case(asked),
                    (own, asked) => own == asked,
                }
        };
        people.iter().find(is).map(|account| match &account.url {
            Some(url) => url.clone(),
            None if account.is_local() => site.profile_url(&account.username),
            None => account.uri.clone(),
        })
    };
    let content = text::to_html(&tokens, page, |tag| site.tag_url(tag));
    let tags = text::hashtags(&tokens);
    let shown = |emoji: &&CustomEmoji| emoji.file.is_some();
    let named = |emoji: &&CustomEmoji| row.text.contains(&format!(":{}:", emoji.shortcode));
    let of = |name: &str| emojis.iter().filter(shown).find(|emoji| emoji.shortcode == name).cloned();
    View {
        content,
        posts,
        tags,
        emojis: emojis.iter().filter(shown).filter(named).take(limits::EMOJI).cloned().collect(),
        // One whose picture is gone is not shown.
        reactions: reactions
            .into_iter()
            .map(|one| (of(&one.name), one))
            .filter(|(emoji, one)| emoji.is_some() || is_emoji(&one.name))
            .map(|(emoji, one)| (one, emoji))
            .collect(),
        read,
        people,
        row,
    }
}
