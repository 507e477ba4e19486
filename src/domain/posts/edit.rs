//! Changes to a post that stands: by its author here, or by an Update from elsewhere. Every earlier state is kept.

use super::{NewPoll, PollDraft, index, media_ids, publish, tag, tell_readers};
use crate::{
    Error, Result,
    db::Conn,
    domain::{
        EventKind, Fact, Tx,
        audiences::{self, Wish},
        emojis,
        html::Html,
        interactions,
        media::{Preview, shown_by, takes_preview},
        polls, projects, quotes, text, trends,
    },
    id::Id,
    limits,
    model::{Account, Audience, Media, Post, PostEdit, QuotePolicy},
    store,
    time::Timestamp,
};
use serde_json::{Value, json};
use std::borrow::Cow;

/// What a local author changes; none keeps what is there.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// As typed.
    pub text: Option<String>,
    /// Content warning, as typed.
    pub spoiler_text: Option<String>,
    /// Attachments are hidden at first.
    pub sensitive: Option<bool>,
    /// Its language.
    pub language: Option<String>,
    /// Files, in order.
    pub media: Option<Vec<Id<Media>>>,
    /// Changes to files that stay.
    pub attachments: Vec<AttachmentChange>,
    /// The poll; `Some(None)` removes it.
    pub poll: Option<Option<PollDraft>>,
    /// Who may quote it.
    pub quote_policy: Option<QuotePolicy>,
    /// How far it may go. That stands, so this can only agree; many apps send "not only here" unasked.
    pub audience: Wish,
}

/// What changes about one file.
#[derive(Clone, Debug)]
pub struct AttachmentChange {
    /// Which.
    pub id: Id<Media>,
    /// Alternative text.
    pub description: Option<String>,
    /// What to keep in view, each within -1 to 1.
    pub focus: Option<(f64, f64)>,
    /// The picture that stands for it; pictures stand for themselves.
    pub preview: Option<Preview>,
}

/// A post's new state, checked and cleaned.
#[derive(Clone, Debug)]
pub struct Revision {
    /// Clean markup.
    pub content: Html,
    /// What was typed.
    pub source_text: Option<String>,
    /// Plain text.
    pub spoiler_text: String,
    /// Attachments are hidden at first.
    pub sensitive: bool,
    /// BCP 47.
    pub language: Option<String>,
    /// The human page.
    pub url: Option<String>,
    /// JSON list.
    pub emojis: String,
    /// Who is addressed now; who is no longer named stays addressed.
    pub mentions: Vec<(Id<Account>, bool)>,
    /// Normal form and as written.
    pub tags: Vec<(String, String)>,
    /// Files in order. Of a remote post: rows as they would be written, matched by `remote_url` with those that are
    /// there.
    pub media: Vec<Media>,
    /// The poll; its votes count for remote polls only.
    pub poll: Option<NewPoll>,
    /// What the origin claims.
    pub remote_boosts_count: i64,
    /// What the origin claims.
    pub remote_favourites_count: i64,
    /// When it was changed.
    pub edited_at: Timestamp,
}

/// A local person edits a post of theirs.
///
/// # Errors
/// `NotFound` when there is none of theirs; `Invalid` for what the limits forbid; `Forbidden` for an answer that is to name whoever
/// locked its thread.
pub fn edit(tx: &mut Tx<'_>, author: Id<Account>, id: Id<Post>, change: Change) -> Result<()> {
    let post = store::posts::load(tx.conn, id)?;
    if post.account_id != author || post.is_boost() {
        return Err(Error::NotFound);
    }
    let old_text = post.source_text.clone().unwrap_or_default();
    let typed = change.text.as_deref().map_or_else(|| old_text.into(), text::clean_input);
    let (marked, unmarked) = audiences::mark(&typed);
    let unmarked = unmarked.into_owned();
    let (mut warned, mut spoiler) = (None, post.spoiler_text.clone());
    if let Some(changed) = &change.spoiler_text {
        let cleaned = text::clean_input(changed.trim());
        let (said, rest) = audiences::mark(&cleaned);
        (warned, spoiler) = (said, rest.into_owned());
    }
    let stay = change.audience.local_only.filter(|stay| *stay).map(|_| Audience::Site);
    if [marked, warned, change.audience.audience, stay].into_iter().flatten().any(|said| said != post.audience) {
        return Err(Error::invalid(
            "audience",
            "fixed",
            "An edit cannot change how far a post goes: it is there already. Delete it and write it anew.",
        ));
    }
    let typed: Cow<'_, str> = if marked.is_some() { unmarked.into() } else { typed };
    let ids = change.media.clone().unwrap_or_else(|| post.media());
    for changed in change.attachments.iter().filter(|c| ids.contains(&c.id)) {
        crate::domain::media::check_description(changed.description.as_deref())?;
    }
    let mut media = publish::attachable(tx, author, &ids, Some(id))?;
    for row in &mut media {
        let Some(changed) = change.attachments.iter().find(|c| c.id == row.id) else { continue };
        if let Some(description) = &changed.description {
            row.description = Some(description.trim().to_owned()).filter(|d| !d.is_empty());
        }
        if let Some((x, y)) = changed.focus {
            (row.focus_x, row.focus_y) = (Some(x), Some(y));
        }
        if let Some(preview) = changed.preview.clone().filter(|_| takes_preview(row)) {
            *row = shown_by(row.clone(), preview);
        }
    }
    let old_poll = store::polls::find_by_post(tx.conn, id)?;
    let poll = match (&change.poll, &old_poll) {
        (Some(Some(draft)), _) => Some(publish::new_poll(tx, draft)?),
        (Some(None), _) | (None, None) => None,
        (None, Some(poll)) => Some(polls::as_new(tx.conn, poll)?),
    };
    let quotes_another = store::quotes::find(tx.conn, id)?.is_some();
    // As in a new post: a warning with nothing behind it is the text.
    let is_bare = typed.trim().is_empty() && media.is_empty() && poll.is_none() && !quotes_another;
    let (typed, spoiler) =
        if is_bare && !spoiler.is_empty() { (spoiler.into(), String::new()) } else { (typed, spoiler) };
    if typed.trim().is_empty() && media.is_empty() && poll.is_none() && !quotes_another {
        return Err(Error::invalid("status", "blank", "Text can't be blank"));
    }
    let publish::Composed { tokens, tags } = publish::compose(tx, &typed, &spoiler)?;
    trends::check_usable(tx, &tags)?;
    let people = publish::mentioned(tx, author, &tokens)?;
    projects::near::check_edit(tx, author, post.audience, &people)?;
    let content = publish::markup(tx, &tokens, &people);
    let mut addressed = people;
    if let Some(parent) = post.in_reply_to_account_id.filter(|p| *p != author)
        && !addressed.iter().any(|account| account.id == parent)
        && !store::follows::is_blocked_either_way(tx.conn, author, parent)?
    {
        addressed.push(store::accounts::load(tx.conn, parent)?);
    }
    // The audience was chosen when the post was written.
    let chosen = audiences::Chosen { audience: post.audience, expressly: true };
    let reached = audiences::addressable(tx.conn, None, chosen, post.audience, &addressed)?;
    if let Some(parent) = post.in_reply_to_id {
        // Whom it named before has it already.
        let before = store::posts::mentions(tx.conn, id)?;
        let added = reached.iter().filter(|a| !before.iter().any(|m| m.account_id == a.id && !m.silent));
        let added: Vec<Account> = added.copied().cloned().collect();
        let parent = store::posts::load(tx.conn, parent)?;
        projects::locks::check_answer(tx, author, &parent, post.visibility, &added)?;
    }
    let mentions: Vec<(Id<Account>, bool)> = match interactions::waits(tx.conn, &post)? {
        // Nobody but its author and whoever is asked sees it, whomever it names now.
        true => post.in_reply_to_account_id.map(|asked| (asked, true)).into_iter().collect(),
        false => reached.iter().map(|a| (a.id, false)).collect(),
    };
    let policy_changed = match change.quote_policy {
        Some(choice) => quotes::set_policy(tx, author, id, choice)?,
        None => false,
    };
    let options = poll.iter().flat_map(|poll| poll.options.iter().map(|(title, _)| title.as_str()));
    let texts: Vec<&str> = [typed.as_ref(), spoiler.as_str()].into_iter().chain(options).collect();
    let emojis = emojis::used(tx, &texts)?;
    let revision = Revision {
        content,
        sensitive: change.sensitive.unwrap_or(post.sensitive) || !spoiler.is_empty(),
        source_text: Some(typed.into_owned()),
        spoiler_text: spoiler,
        language: match change.language.as_deref().filter(|l| !l.is_empty()) {
            Some(tag) => Some(publish::language(tag)?),
            None => post.language.clone(),
        },
        url: post.url.clone(),
        emojis,
        mentions,
        tags,
        media,
        poll,
        remote_boosts_count: 0,
        remote_favourites_count: 0,
        edited_at: tx.now,
    };
    revise(tx, &post, revision)?;
    // An edit that anybody notices carries it along.
    if policy_changed && store::posts::load(tx.conn, id)?.edited_at == post.edited_at {
        tx.record(Fact::QuotePolicyChanged(id))?;
    }
    Ok(())
}

/// Gives a post its new state. Without a change that a reader would notice nothing is recorded as an edit; new tallies
/// of a poll alone are told quietly (POLL-03), and another language of a post of this node is such a change: other servers
/// and the filters of readers go by it.
pub fn revise(tx: &mut Tx<'_>, old: &Post, revision: Revision) -> Result<()> {
    let old_media = ordered(store::posts::media(tx.conn, &old.media())?, &old.media());
    let media = if old.local { revision.media } else { matched(&old_media, revision.media) };
    let old_poll = store::polls::find_by_post(tx.conn, old.id)?;
    let old_options = match &old_poll {
        Some(poll) => store::polls::options(tx.conn, poll.id)?,
        None => Vec::new(),
    };
    let titles = |poll: &Option<NewPoll>| -> Vec<String> {
        poll.iter().flat_map(|p| p.options.iter().map(|(title, _)| title.clone())).collect()
    };
    let old_titles: Vec<String> = old_options.iter().map(|o| o.title.clone()).collect();
    let poll_changed = titles(&revision.poll) != old_titles
        || old_poll.as_ref().map(|p| p.multiple) != revision.poll.as_ref().map(|p| p.multiple);
    let seen = |m: &Media| (m.id, m.description.clone(), m.thumbnail.clone());
    let noticed = poll_changed
        || revision.content.as_str() != old.content
        || revision.spoiler_text != old.spoiler_text
        || revision.sensitive != old.sensitive
        || old.local && revision.language != old.language
        || media.iter().map(seen).ne(old_media.iter().map(seen));
    if noticed {
        keep_state(tx, old, &old_media, &old_titles, old_poll.is_some())?;
    }
    put_media(tx, old, &old_media, &media)?;
    let (poll_id, tallies) = polls::revise(tx, old, old_poll, revision.poll, poll_changed)?;
    let new = Post {
        content: revision.content.into_string(),
        source_text: revision.source_text,
        spoiler_text: revision.spoiler_text,
        sensitive: revision.sensitive,
        language: revision.language,
        url: revision.url,
        emojis: revision.emojis,
        media_ids: media_ids(&media),
        poll_id,
        remote_boosts_count: revision.remote_boosts_count,
        remote_favourites_count: revision.remote_favourites_count,
        edited_at: if noticed { Some(revision.edited_at) } else { old.edited_at },
        fetched_at: if old.local { None } else { Some(tx.now) },
        ..old.clone()
    };
    store::posts::update(tx.conn, &new)?;
    if !noticed {
        if !new.local {
            // Whom and what it names may change without its text (UPD-01).
            let named = put_mentions(tx, new.id, &revision.mentions)?;
            tag(tx, new.id, &revision.tags, false)?;
            if !named.is_empty() || new.language != old.language {
                let author = store::accounts::load(tx.conn, new.account_id)?;
                index::again(tx, &new, &author)?;
            }
        }
        if tallies {
            tell_readers(tx, &new, EventKind::Edit(new.id))?;
            return tx.record(Fact::PostEdited { post: new.id, newly_mentioned: Vec::new(), quiet: true });
        }
        return Ok(());
    }
    let newly_mentioned = put_mentions(tx, new.id, &revision.mentions)?;
    tag(tx, new.id, &revision.tags, false)?;
    if new.local {
        store::hashtags::recount(tx.conn, new.account_id)?;
    }
    let author = store::accounts::load(tx.conn, new.account_id)?;
    index::again(tx, &new, &author)?;
    tell_readers(tx, &new, EventKind::Edit(new.id))?;
    tx.record(Fact::PostEdited { post: new.id, newly_mentioned, quiet: false })
}

/// Staff hides the files of a post at first. Of one of this node that is an edit as any other; of another server it changes
/// here alone, until its author changes it.
pub(super) fn hide_files(tx: &mut Tx<'_>, old: &Post) -> Result<()> {
    if old.local {
        let media = ordered(store::posts::media(tx.conn, &old.media())?, &old.media());
        let titles: Vec<String> = match old.poll_id {
            Some(poll) => store::polls::options(tx.conn, poll)?.into_iter().map(|option| option.title).collect(),
            None => Vec::new(),
        };
        keep_state(tx, old, &media, &titles, old.poll_id.is_some())?;
    }
    let edited_at = if old.local { Some(tx.now) } else { old.edited_at };
    let new = Post { sensitive: true, edited_at, ..old.clone() };
    store::posts::update(tx.conn, &new)?;
    let author = store::accounts::load(tx.conn, new.account_id)?;
    index::again(tx, &new, &author)?;
    tell_readers(tx, &new, EventKind::Edit(new.id))?;
    tx.record(Fact::PostEdited { post: new.id, newly_mentioned: Vec::new(), quiet: !new.local })
}

/// Of a state that may be older than the known one: the tallies of a poll with the same answers, told quietly (POLL-03).
pub fn take_tallies(tx: &mut Tx<'_>, post: &Post, poll: Option<NewPoll>) -> Result<()> {
    let (Some(known), Some(new)) = (store::polls::find_by_post(tx.conn, post.id)?, poll) else { return Ok(()) };
    let titles: Vec<String> = store::polls::options(tx.conn, known.id)?.into_iter().map(|o| o.title).collect();
    if known.multiple != new.multiple || !new.options.iter().map(|(title, _)| title).eq(&titles) {
        return Ok(());
    }
    let (_, tallies) = polls::revise(tx, post, Some(known), Some(new), false)?;
    if !tallies {
        return Ok(());
    }
    tell_readers(tx, post, EventKind::Edit(post.id))?;
    tx.record(Fact::PostEdited { post: post.id, newly_mentioned: Vec::new(), quiet: true })
}

fn ordered(mut rows: Vec<Media>, ids: &[Id<Media>]) -> Vec<Media> {
    rows.sort_by_key(|m| ids.iter().position(|id| *id == m.id));
    rows
}

/// Files of a remote post keep their rows (and our copies) as long as they lie at the same address.
fn matched(old: &[Media], new: Vec<Media>) -> Vec<Media> {
    new.into_iter()
        .map(|row| match old.iter().find(|o| o.remote_url.is_some() && o.remote_url == row.remote_url) {
            Some(known) => Media {
                description: row.description,
                focus_x: row.focus_x.or(known.focus_x),
                focus_y: row.focus_y.or(known.focus_y),
                ..known.clone()
            },
            None => row,
        })
        .collect()
}

fn put_media(tx: &mut Tx<'_>, post: &Post, old: &[Media], new: &[Media]) -> Result<()> {
    let kept: Vec<Id<Media>> = new.iter().map(|m| m.id).collect();
    if old.iter().any(|m| !kept.contains(&m.id)) {
        store::posts::detach(tx.conn, post.id, &kept)?;
    }
    for (position, row) in new.iter().enumerate() {
        let position = i16::try_from(position).unwrap_or(i16::MAX);
        if post.local || old.iter().any(|o| o.id == row.id) {
            store::posts::attach(tx.conn, row.id, post.id, position)?;
            store::media::describe(tx.conn, row.id, row.description.as_deref(), row.focus_x.zip(row.focus_y))?;
            let before = old.iter().find(|o| o.id == row.id);
            if post.local && before.is_none_or(|o| o.thumbnail != row.thumbnail) {
                store::media::set_file(tx.conn, row)?;
                tx.remove_files(before.and_then(|o| o.thumbnail.clone()));
            }
        } else {
            store::posts::insert_media(tx.conn, &Media { post_id: Some(post.id), position, ..row.clone() })?;
        }
    }
    Ok(())
}

/// Answers who is named now and was not before.
pub(super) fn put_mentions(tx: &mut Tx<'_>, post: Id<Post>, now: &[(Id<Account>, bool)]) -> Result<Vec<Id<Account>>> {
    let before = store::posts::mentions(tx.conn, post)?;
    let gone: Vec<Id<Account>> = before
        .iter()
        .filter(|m| !m.silent && !now.iter().any(|(id, silent)| *id == m.account_id && !silent))
        .map(|m| m.account_id)
        .collect();
    if !gone.is_empty() {
        store::posts::silence_mentions(tx.conn, post, &gone, true)?;
    }
    let mut new = Vec::new();
    for (account, silent) in now.iter().take(limits::RECIPIENTS) {
        match before.iter().find(|m| m.account_id == *account) {
            Some(known) if known.silent && !silent => {
                store::posts::silence_mentions(tx.conn, post, &[*account], false)?;
                new.push(*account);
            }
            Some(_) => {}
            None => {
                store::posts::insert_mention(tx.conn, post, *account, *silent)?;
                if !silent {
                    new.push(*account);
                }
            }
        }
    }
    Ok(new)
}

fn keep_state(tx: &mut Tx<'_>, old: &Post, media: &[Media], titles: &[String], has_poll: bool) -> Result<()> {
    let media: Vec<Value> = media.iter().map(|m| json!({ "id": m.id.raw(), "description": m.description })).collect();
    let edit = PostEdit {
        id: tx.new_id(),
        post_id: old.id,
        content: old.content.clone(),
        source_text: old.source_text.clone(),
        spoiler_text: old.spoiler_text.clone(),
        sensitive: old.sensitive,
        media: json!(media).to_string(),
        poll_options: has_poll.then(|| json!(titles).to_string()),
        created_at: old.edited_at.unwrap_or(old.created_at),
    };
    store::posts::insert_edit(tx.conn, &edit)
}

/// One state of a post, for its history.
#[derive(Clone, Debug)]
pub struct Version {
    /// Clean markup.
    pub content: String,
    /// Plain text.
    pub spoiler_text: String,
    /// Attachments are hidden at first.
    pub sensitive: bool,
    /// When it began.
    pub created_at: Timestamp,
    /// Its files that are still here, described as they were.
    pub media: Vec<Media>,
    /// The titles of its poll.
    pub poll: Option<Vec<String>>,
}

/// All states of a post, oldest first, the present one last.
pub fn history(conn: &mut Conn, post: &Post) -> Result<Vec<Version>> {
    let mut versions = Vec::new();
    for edit in store::posts::edits(conn, post.id)? {
        let listed: Vec<Value> = serde_json::from_str(&edit.media).unwrap_or_default();
        let ids: Vec<Id<Media>> =
            listed.iter().filter_map(|m| m.get("id").and_then(Value::as_i64)).map(Id::new).collect();
        let mut media = ordered(store::posts::media(conn, &ids)?, &ids);
        for row in &mut media {
            let then = listed.iter().find(|m| m.get("id").and_then(Value::as_i64) == Some(row.id.raw()));
            row.description = then.and_then(|m| m.get("description")).and_then(Value::as_str).map(str::to_owned);
        }
        versions.push(Version {
            content: edit.content,
            spoiler_text: edit.spoiler_text,
            sensitive: edit.sensitive,
            created_at: edit.created_at,
            media,
            poll: edit.poll_options.and_then(|titles| serde_json::from_str(&titles).ok()),
        });
    }
    let poll = match post.poll_id {
        Some(id) => Some(store::polls::options(conn, id)?.into_iter().map(|o| o.title).collect()),
        None => None,
    };
    versions.push(Version {
        content: post.content.clone(),
        spoiler_text: post.spoiler_text.clone(),
        sensitive: post.sensitive,
        created_at: post.edited_at.unwrap_or(post.created_at),
        media: ordered(store::posts::media(conn, &post.media())?, &post.media()),
        poll,
    });
    Ok(versions)
}
