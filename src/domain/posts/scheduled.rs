//! Posts that wait for their time. They are checked when they are written and again when they are published, which is the
//! same operation as any other post's; until then nobody but their author knows of them.

use super::publish::{self, Draft, PollDraft, publish};
use crate::{
    Error, Result,
    db::Conn,
    domain::{
        Task, Tx,
        audiences::Wish,
        concierge::{self, page::Page, words},
        leavers,
        people::fields::Tongue,
    },
    id::Id,
    limits,
    model::{Account, Media, Post, ScheduledPost},
    store,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// Characters of a refused post that its author is shown.
const SHOWN: usize = 500;

/// What was asked for, as stored. Ids stand as numbers and words as in the API.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Waiting {
    /// As typed.
    pub text: String,
    /// Content warning, as typed.
    pub spoiler_text: String,
    /// Who may see it.
    pub visibility: String,
    /// How far it may go; none: as the author's default and the text say.
    pub audience: Option<String>,
    /// It stays here; none: not said.
    pub local_only: Option<bool>,
    /// Attachments are hidden at first; none, in posts that an older program kept: the author's default.
    pub sensitive: Option<bool>,
    /// Its language; none: the author's default.
    pub language: Option<String>,
    /// What it answers.
    pub in_reply_to: Option<i64>,
    /// Its files, in order.
    pub media: Vec<i64>,
    /// Its poll.
    pub poll: Option<WaitingPoll>,
    /// What it quotes.
    pub quoted: Option<i64>,
    /// Who may quote it; none: the author's default.
    pub quote_policy: Option<String>,
    /// The program it was written with.
    pub app: Option<i64>,
    /// The key of the request.
    pub idempotency_key: Option<String>,
}

/// A poll that begins when its post is published.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WaitingPoll {
    /// Answers.
    pub options: Vec<String>,
    /// Seconds from the publication.
    pub expires_in: i64,
    /// Several answers at once.
    pub multiple: bool,
    /// Tallies only after the end.
    pub hide_totals: bool,
}

impl Waiting {
    fn of(draft: &Draft, visibility: &str, sensitive: bool) -> Self {
        Self {
            text: draft.text.clone(),
            spoiler_text: draft.spoiler_text.clone(),
            visibility: visibility.to_owned(),
            audience: draft.audience.audience.map(|audience| audience.as_str().to_owned()),
            local_only: draft.audience.local_only,
            sensitive: Some(sensitive),
            language: draft.language.clone(),
            in_reply_to: draft.in_reply_to.map(Id::raw),
            media: draft.media.iter().map(|id| id.raw()).collect(),
            poll: draft.poll.as_ref().map(|poll| WaitingPoll {
                options: poll.options.clone(),
                expires_in: poll.expires_in,
                multiple: poll.multiple,
                hide_totals: poll.hide_totals,
            }),
            quoted: draft.quoted.map(Id::raw),
            quote_policy: draft.quote_policy.map(|policy| policy.as_str().to_owned()),
            app: draft.app.map(Id::raw),
            idempotency_key: draft.idempotency_key.clone(),
        }
    }

    /// From a stored row.
    ///
    /// # Errors
    /// `Internal` for what this program never wrote.
    pub fn read(row: &ScheduledPost) -> Result<Self> {
        serde_json::from_str(&row.draft).map_err(Error::internal)
    }

    /// Its files, in order.
    pub fn media(&self) -> Vec<Id<Media>> {
        self.media.iter().map(|id| Id::new(*id)).collect()
    }

    fn draft(self) -> Draft {
        let media = self.media();
        Draft {
            app: self.app.map(Id::new),
            visibility: self.visibility.parse().ok(),
            audience: Wish { audience: self.audience.and_then(|word| word.parse().ok()), local_only: self.local_only },
            text: self.text,
            spoiler_text: self.spoiler_text,
            sensitive: self.sensitive,
            language: self.language,
            in_reply_to: self.in_reply_to.map(Id::new),
            media,
            poll: self.poll.map(|poll| PollDraft {
                options: poll.options,
                expires_in: poll.expires_in,
                multiple: poll.multiple,
                hide_totals: poll.hide_totals,
            }),
            quoted: self.quoted.map(Id::new),
            quote_policy: self.quote_policy.and_then(|word| word.parse().ok()),
            // Whoever asks again asks for the waiting post.
            idempotency_key: None,
        }
    }
}

/// Keeps a post for later, with its files. With an idempotency key used within the last hour, answers what was made then:
/// the id is one of a waiting post or of a post.
///
/// # Errors
/// As [`publish`]; `Invalid` for a time that is not five minutes ahead, and above the limits.
pub fn schedule(tx: &mut Tx<'_>, author: Id<Account>, draft: Draft, at: Timestamp) -> Result<Id<Post>> {
    let id: Id<ScheduledPost> = tx.new_id();
    if let Some(earlier) = publish::claimed(tx, author, &draft, Id::new(id.raw()))? {
        return Ok(earlier);
    }
    may_wait(tx, author, id, at)?;
    if store::scheduled::count(tx.conn, author, None, id)? >= limits::SCHEDULED_POSTS {
        return Err(over(limits::SCHEDULED_POSTS, ""));
    }
    let new = publish::checked(tx, author, draft.clone(), Id::new(id.raw()))?;
    let sensitive = draft.sensitive.unwrap_or(new.sensitive);
    let waiting = Waiting::of(&draft, new.waits.unwrap_or(new.visibility).as_str(), sensitive);
    let row = ScheduledPost {
        id,
        account_id: author,
        scheduled_at: at,
        draft: serde_json::to_string(&waiting).map_err(Error::internal)?,
        created_at: tx.now,
    };
    store::scheduled::insert(tx.conn, &row, &draft.media)?;
    tx.enqueue_at(&Task::PublishScheduled { scheduled: id.raw(), at: at.millis() }, at)?;
    Ok(Id::new(id.raw()))
}

/// Gives a waiting post another time.
///
/// # Errors
/// `NotFound` when there is none of theirs with this id (any more); `Invalid` as [`schedule`].
pub fn reschedule(tx: &mut Tx<'_>, author: Id<Account>, id: Id<ScheduledPost>, at: Timestamp) -> Result<()> {
    store::scheduled::load_own(tx.conn, author, id)?;
    may_wait(tx, author, id, at)?;
    store::scheduled::set_time(tx.conn, id, at)?;
    tx.enqueue_at(&Task::PublishScheduled { scheduled: id.raw(), at: at.millis() }, at)
}

/// The author thinks better of it.
///
/// # Errors
/// `NotFound` when there is none of theirs with this id (any more).
pub fn cancel(tx: &mut Tx<'_>, author: Id<Account>, id: Id<ScheduledPost>) -> Result<()> {
    store::scheduled::load_own(tx.conn, author, id)?;
    if store::scheduled::delete(tx.conn, id)? { Ok(()) } else { Err(Error::NotFound) }
}

/// The files of waiting posts, in no order.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn files(conn: &mut Conn, waiting: &[Waiting]) -> Result<Vec<Media>> {
    let ids: Vec<Id<Media>> = waiting.iter().flat_map(Waiting::media).collect();
    if ids.is_empty() { Ok(Vec::new()) } else { store::posts::media(conn, &ids) }
}

fn may_wait(tx: &mut Tx<'_>, author: Id<Account>, id: Id<ScheduledPost>, at: Timestamp) -> Result<()> {
    if at < tx.now.plus_seconds(limits::SCHEDULED_AHEAD_SECONDS) {
        return Err(Error::invalid("scheduled_at", "too_soon", "Scheduled at date must be in the future"));
    }
    let day = at.midnight();
    let of_day = store::scheduled::count(tx.conn, author, Some((day, day.plus_days(1))), id)?;
    if of_day >= limits::SCHEDULED_PER_DAY {
        return Err(over(limits::SCHEDULED_PER_DAY, " for today"));
    }
    Ok(())
}

fn over(limit: i64, of: &str) -> Error {
    let reason = format!("You have exceeded the limit of {limit} scheduled posts{of}");
    Error::invalid("scheduled_at", "too_long", reason)
}

/// The time of a waiting post has come: it is published, once. Nothing, when it is gone or was given a later time.
///
/// # Errors
/// As [`publish`]; `Unauthorized` when its author may not act any more.
pub fn due(tx: &mut Tx<'_>, id: Id<ScheduledPost>) -> Result<()> {
    let Some(row) = store::scheduled::find(tx.conn, id)?.filter(|row| row.scheduled_at <= tx.now) else {
        return Ok(());
    };
    leavers::check_presence(tx.conn, row.account_id)?;
    if !store::scheduled::delete(tx.conn, id)? {
        return Ok(());
    }
    let post = publish(tx, row.account_id, Waiting::read(&row)?.draft())?;
    store::scheduled::follow_key(tx.conn, row.account_id, id, post)
}

/// Whether this refusal would be the same at any other time.
pub fn is_final(refusal: &Error) -> bool {
    match refusal {
        Error::NotFound
        | Error::Gone
        | Error::Unauthorized(_)
        | Error::Forbidden(_)
        | Error::BadRequest(_)
        | Error::Invalid { .. }
        | Error::InvalidFields(_)
        | Error::Conflict(_)
        | Error::TooLarge(_) => true,
        Error::RateLimited { .. }
        | Error::Upstream(_)
        | Error::Unavailable(_)
        | Error::NoSpace
        | Error::Internal(_) => false,
    }
}

/// Why, for the author.
fn reason(refusal: &Error, tongue: Tongue) -> String {
    match refusal {
        Error::NotFound | Error::Gone => words::SOMETHING_GONE.of(tongue).to_owned(),
        Error::Invalid { code, reason, .. } => concierge::why(code, reason, tongue),
        other => concierge::why("", &other.to_string(), tongue),
    }
}

/// A waiting post could not be published: the author is told, by a direct post of the concierge that holds its text.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn refuse(tx: &mut Tx<'_>, id: Id<ScheduledPost>, refusal: &Error) -> Result<()> {
    let Some(row) = store::scheduled::find(tx.conn, id)?.filter(|row| row.scheduled_at <= tx.now) else {
        return Ok(());
    };
    store::scheduled::delete(tx.conn, id)?;
    let author = store::accounts::load(tx.conn, row.account_id)?;
    if author.is_unavailable() || author.left_on.is_some() {
        return Ok(());
    }
    let tongue = concierge::tongue_of(tx, author.id, None)?;
    let mut page = Page::default();
    page.line(&words::NOT_PUBLISHED.with(tongue, &[&row.scheduled_at.rfc3339(), &reason(refusal, tongue)]));
    let text = Waiting::read(&row)?.text;
    if !text.trim().is_empty() {
        let shown: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(SHOWN).collect();
        page.line(&words::IT_SAID.with(tongue, &[&shown]));
    }
    let own = concierge::ensure(tx)?;
    concierge::write(tx, &own, page, tongue, &[author.id], &[]).map(|_| ())
}
