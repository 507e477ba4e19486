//! Ideas that get an answer (N10): a post with the tag `#idea`, or one made by writing `idea` to the concierge. Favourites
//! are its support; somebody of its node takes it on and says how far it is, with a sentence that the concierge posts below
//! it. The state travels with the post.

pub mod words;

use super::{
    Fact, Task, Tx, Viewer,
    audiences::Wish,
    concierge::{self, page::Page, parse, typed},
    posts::{self, Draft, Meaning},
    questions::Asking,
    text, visibility,
};
use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, AccountKind, Post, Role, Visibility},
    store::{self, ideas::Idea},
    time::Timestamp,
    uri,
};

/// The tag that makes a post an idea, at every node.
pub const TAG: &str = "idea";
/// Characters of the sentence that a change comes with.
pub const SENTENCE: usize = 500;
/// Days without a change after which the owner is reminded.
const SILENT_DAYS: i64 = 14;
/// Ideas of one owner who leaves that others are told of.
const LEFT: i64 = 500;
/// Staff that is told, and ideas named to them.
const STAFF: usize = 20;
const NAMED: usize = 30;

/// How far an idea is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Nobody has said anything.
    #[default]
    New,
    /// Somebody looks at it.
    Looking,
    /// It is being done.
    Doing,
    /// Not now.
    NotNow,
    /// It is done.
    Done,
}

impl State {
    /// All of them, in the order of an idea's life.
    pub const ALL: [Self; 5] = [Self::New, Self::Looking, Self::Doing, Self::NotNow, Self::Done];

    /// As stored.
    pub const fn code(self) -> i16 {
        match self {
            Self::New => 0,
            Self::Looking => 1,
            Self::Doing => 2,
            Self::NotNow => 3,
            Self::Done => 4,
        }
    }

    /// From a stored number; what is unknown is new.
    pub const fn of_code(code: i16) -> Self {
        match code {
            1 => Self::Looking,
            2 => Self::Doing,
            3 => Self::NotNow,
            4 => Self::Done,
            _ => Self::New,
        }
    }

    /// The word of the vocabulary.
    pub const fn word(self) -> &'static str {
        match self {
            Self::New => "idea",
            Self::Looking => "looking",
            Self::Doing => "active",
            Self::NotNow => "notNow",
            Self::Done => "done",
        }
    }

    /// From that word; what is unknown is new.
    pub fn of_word(word: &str) -> Self {
        Self::ALL.into_iter().find(|state| state.word() == word).unwrap_or_default()
    }

    /// Somebody decided.
    const fn is_decided(self) -> bool {
        matches!(self, Self::Doing | Self::NotNow | Self::Done)
    }

    /// The owner is to say more.
    const fn goes_on(self) -> bool {
        matches!(self, Self::Looking | Self::Doing)
    }
}

/// An idea as another node tells of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// How far it is.
    pub state: State,
    /// The actor id of who looks after it.
    pub owner: Option<String>,
    /// What was said with the last change; plain text.
    pub sentence: String,
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is said below the idea.
    Said,
    /// Nothing changed.
    Same,
    /// This person may not.
    NotAllowed,
    /// Somebody looks after it.
    Taken(Id<Account>),
    /// A sentence is missing, or too long.
    NoSentence,
    /// It is of another node.
    Elsewhere,
}

/// Writes down that a post that was just stored is an idea, before anybody hears of it.
pub(super) fn note(
    tx: &mut Tx<'_>,
    post: &Post,
    author: &Account,
    meaning: &Meaning,
    tags: &[(String, String)],
) -> Result<()> {
    match meaning {
        Meaning::Idea(told) => receive(tx, post, told),
        Meaning::Plain if proposes(tx, post, author, tags.iter().map(|(name, _)| name)) => begin(tx, post),
        Meaning::Plain => Ok(()),
        Meaning::Ask(_) | Meaning::Route | Meaning::Coffee | Meaning::Introduction(_) => Ok(()),
    }
}

/// Whether a post of this node is an idea by its tag. A question is answered, not decided.
fn proposes<'t>(tx: &Tx<'_>, post: &Post, author: &Account, tags: impl Iterator<Item = &'t String> + Clone) -> bool {
    let has = |tag: &str| tags.clone().any(|name| name == tag);
    post.local
        && author.kind == AccountKind::Person
        && post.in_reply_to_id.is_none()
        && post.visibility <= Visibility::Unlisted
        && has(TAG)
        && !has(&tx.config().questions.tag)
}

/// The tag of ideas may come with an edit; what is a question stays one.
fn edited(tx: &mut Tx<'_>, id: Id<Post>) -> Result<()> {
    let post = store::posts::load(tx.conn, id)?;
    if !post.local {
        return Ok(());
    }
    let (author, tags) = (store::accounts::load(tx.conn, post.account_id)?, store::views::tags(tx.conn, &[id])?);
    if !proposes(tx, &post, &author, tags.iter().map(|(_, name)| name))
        || store::ideas::find(tx.conn, id)?.is_some()
        || store::questions::find(tx.conn, id)?.is_some()
    {
        return Ok(());
    }
    begin(tx, &post)?;
    tx.record(Fact::IdeaChanged(id))
}

/// Makes a post of this node an idea.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn begin(tx: &mut Tx<'_>, post: &Post) -> Result<()> {
    store::ideas::insert(tx.conn, post)?;
    tx.enqueue(&Task::TellIdea { idea: post.id.raw() })
}

/// Publishes an idea in somebody's name, who is told by the caller what will happen.
///
/// # Errors
/// Those of [`posts::publish`].
pub fn propose(tx: &mut Tx<'_>, by: Id<Account>, idea: Asking) -> Result<Id<Post>> {
    let tagged = text::hashtags(&text::scan(&idea.text)).iter().any(|name| name == TAG);
    let draft = Draft {
        app: idea.app,
        text: if tagged { idea.text } else { format!("{} #{TAG}", idea.text) },
        visibility: Some(Visibility::Public),
        audience: Wish { audience: idea.audience, local_only: None },
        language: idea.language,
        idempotency_key: idea.once,
        ..Draft::default()
    };
    let id = posts::publish(tx, by, draft)?;
    store::ideas::set_told(tx.conn, id)?;
    Ok(id)
}

/// Tells the author of an idea what will happen, once.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn tell(tx: &mut Tx<'_>, id: Id<Post>) -> Result<()> {
    let Some(idea) = store::ideas::find(tx.conn, id)?.filter(|idea| idea.local) else { return Ok(()) };
    if !store::ideas::set_told(tx.conn, id)? {
        return Ok(());
    }
    let post = store::posts::load(tx.conn, id)?;
    let tongue = concierge::tongue_of(tx, idea.author, None)?;
    let mut page = Page::default();
    page.address(words::WHAT_HAPPENS.of(tongue), &address(tx));
    concierge::say(tx, &post, page, tongue, Visibility::Direct, &[idea.author], Meaning::Plain).map(|_| ())
}

/// The page of all ideas.
pub fn address(tx: &Tx<'_>) -> String {
    format!("{}/ideas", tx.site().base())
}

/// Takes in what another node says of an idea of its people.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn receive(tx: &mut Tx<'_>, post: &Post, told: &Told) -> Result<()> {
    store::questions::hold(tx.conn, post.id)?;
    store::ideas::insert(tx.conn, post)?;
    let Some(mut idea) = store::ideas::find(tx.conn, post.id)?.filter(|idea| !idea.local) else { return Ok(()) };
    let author = store::accounts::load(tx.conn, post.account_id)?;
    // Nobody is said to look after what is of another node.
    let owner = told.owner.as_deref().filter(|owner| uri::same_authority(owner, &author.uri));
    let owner = match owner {
        Some(owner) => store::accounts::find_by_uri(tx.conn, owner)?.map(|account| account.id),
        None => None,
    };
    let sentence: String = told.sentence.trim().chars().take(SENTENCE).collect();
    if (State::of_code(idea.state), idea.owner, &idea.sentence) == (told.state, owner, &sentence) {
        return Ok(());
    }
    (idea.state, idea.owner, idea.sentence, idea.changed_at) = (told.state.code(), owner, sentence, tx.now);
    store::ideas::update(tx.conn, &idea)
}

fn is_moderator(conn: &mut Conn, account: Id<Account>) -> Result<bool> {
    Ok(store::users::find(conn, account)?.is_some_and(|user| user.role >= Role::Moderator))
}

/// An idea of this node, held until the end of the transaction.
fn held(tx: &mut Tx<'_>, id: Id<Post>) -> Result<Option<Idea>> {
    store::questions::hold(tx.conn, id)?;
    Ok(store::ideas::find(tx.conn, id)?.filter(|idea| idea.local))
}

/// Somebody of this node takes an idea on; a moderator also from somebody else.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn take(tx: &mut Tx<'_>, by: Id<Account>, id: Id<Post>, sentence: &str) -> Result<Outcome> {
    let Some(idea) = held(tx, id)? else { return Ok(Outcome::Elsewhere) };
    match idea.owner {
        Some(owner) if owner != by && !is_moderator(tx.conn, by)? => Ok(Outcome::Taken(owner)),
        _ => own(tx, idea, by, by, sentence),
    }
}

/// A moderator gives an idea to somebody of this node who may see it.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn assign(tx: &mut Tx<'_>, by: Id<Account>, id: Id<Post>, to: Id<Account>, sentence: &str) -> Result<Outcome> {
    let Some(idea) = held(tx, id)? else { return Ok(Outcome::Elsewhere) };
    if is_moderator(tx.conn, by)? { own(tx, idea, by, to, sentence) } else { Ok(Outcome::NotAllowed) }
}

fn own(tx: &mut Tx<'_>, idea: Idea, by: Id<Account>, owner: Id<Account>, sentence: &str) -> Result<Outcome> {
    if sentence.chars().count() > SENTENCE {
        return Ok(Outcome::NoSentence);
    }
    let state = match State::of_code(idea.state) {
        // What was put off is taken up again.
        State::New | State::NotNow => State::Looking,
        other => other,
    };
    if idea.owner == Some(owner) && idea.state == state.code() {
        return Ok(Outcome::Same);
    }
    change(tx, idea, by, owner, state, sentence)
}

/// Who looks after an idea, or a moderator, says how far it is. An idea that nobody has is theirs from then on.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn set_state(tx: &mut Tx<'_>, by: Id<Account>, id: Id<Post>, state: State, sentence: &str) -> Result<Outcome> {
    let Some(idea) = held(tx, id)? else { return Ok(Outcome::Elsewhere) };
    if idea.owner != Some(by) && !is_moderator(tx.conn, by)? {
        return Ok(Outcome::NotAllowed);
    }
    if sentence.is_empty() || sentence.chars().count() > SENTENCE {
        return Ok(Outcome::NoSentence);
    }
    if idea.state == state.code() && idea.sentence == sentence {
        return Ok(Outcome::Same);
    }
    let owner = idea.owner.unwrap_or(by);
    change(tx, idea, by, owner, state, sentence)
}

fn change(
    tx: &mut Tx<'_>,
    mut idea: Idea,
    by: Id<Account>,
    owner: Id<Account>,
    state: State,
    sentence: &str,
) -> Result<Outcome> {
    let is_new_owner = idea.owner != Some(owner);
    (idea.owner, idea.state, idea.sentence) = (Some(owner), state.code(), sentence.to_owned());
    idea.changed_at = tx.now;
    idea.owned_at = idea.owned_at.or(Some(tx.now));
    idea.decided_at = idea.decided_at.or(state.is_decided().then_some(tx.now));
    store::ideas::update(tx.conn, &idea)?;
    tx.record(Fact::IdeaChanged(idea.post))?;
    let post = store::posts::load(tx.conn, idea.post)?;
    let tongue = concierge::tongue_of(tx, idea.author, None)?;
    let mut page = Page::default();
    page.line(&words::NEWS.with(tongue, &[words::state(state, tongue)]));
    if !sentence.is_empty() {
        page.line(sentence);
    }
    if is_new_owner {
        let account = store::accounts::load(tx.conn, owner)?;
        page.person(tx.site(), &account, &format!(" {}", words::LOOKS_AFTER.of(tongue)));
    }
    let mut people = vec![idea.author];
    people.extend(Some(owner).filter(|owner| *owner != idea.author));
    people.retain(|person| *person != by);
    concierge::say(tx, &post, page, tongue, post.visibility, &people, Meaning::Plain)?;
    if state.goes_on() {
        let task = Task::RemindIdea { idea: idea.post.raw(), since: tx.now.millis() };
        tx.enqueue_at(&task, tx.now.plus_days(SILENT_DAYS))?;
    }
    Ok(Outcome::Said)
}

/// Reminds the owner of an idea of which nothing was said since.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn remind(tx: &mut Tx<'_>, id: Id<Post>, since: Timestamp) -> Result<()> {
    let Some(idea) = held(tx, id)?.filter(|idea| idea.changed_at == since) else { return Ok(()) };
    let Some(owner) = idea.owner.filter(|_| State::of_code(idea.state).goes_on()) else { return Ok(()) };
    let Some(account) = store::accounts::find(tx.conn, owner)? else { return Ok(()) };
    if account.is_unavailable() || account.left_on.is_some() {
        return Ok(());
    }
    let post = store::posts::load(tx.conn, id)?;
    let tongue = concierge::tongue_of(tx, owner, None)?;
    let mut page = Page::default();
    page.line(&words::REMINDER.with(tongue, &[&SILENT_DAYS.to_string()]));
    concierge::say(tx, &post, page, tongue, Visibility::Direct, &[owner], Meaning::Plain).map(|_| ())
}

/// Ideas that wait for a decision and that somebody may see, those with most support first.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn open(conn: &mut Conn, visible: Sql, limit: i64) -> Result<Vec<Idea>> {
    store::ideas::supported(conn, &[State::New.code().into(), State::Looking.code().into()], visible, limit)
}

/// Whether a post says something of the idea in whose thread it stands: that is a command, whoever it names.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn is_command(tx: &mut Tx<'_>, post: &Post) -> Result<bool> {
    if !post.local || post.in_reply_to_id.is_none() {
        return Ok(false);
    }
    let typed = typed(post);
    let text = parse::without_mentions(&typed);
    // Most replies are no such thing, and are not read further.
    if !text.get(..3).is_some_and(|begin| begin.eq_ignore_ascii_case("ide")) {
        return Ok(false);
    }
    let parse::Command::Idea(said) = parse::parse(text).command else { return Ok(false) };
    let is_said = match words::read(&said, false) {
        words::Said::Take(_) | words::Said::State(..) => true,
        words::Said::Other(text) => text.starts_with('@') && is_moderator(tx.conn, post.account_id)?,
    };
    Ok(is_said
        && store::accounts::load(tx.conn, post.account_id)?.kind == AccountKind::Person
        && store::ideas::find(tx.conn, post.conversation_id)?.is_some())
}

/// Somebody is gone: what they looked after waits for somebody else, and the staff is told.
fn departed(tx: &mut Tx<'_>, owner: Id<Account>) -> Result<()> {
    let left = store::ideas::owned_by(tx.conn, owner, LEFT)?;
    if left.is_empty() {
        return Ok(());
    }
    let mut posts = Vec::with_capacity(left.len());
    for mut idea in left {
        idea.owner = None;
        if State::of_code(idea.state) == State::Looking {
            (idea.state, idea.sentence) = (State::New.code(), String::new());
        }
        idea.changed_at = tx.now;
        store::ideas::update(tx.conn, &idea)?;
        tx.record(Fact::IdeaChanged(idea.post))?;
        posts.push(store::posts::load(tx.conn, idea.post)?);
    }
    let own = concierge::ensure(tx)?;
    let mut staff = store::notifications::staff(tx.conn, Role::Moderator)?;
    staff.retain(|id| *id != owner);
    staff.truncate(STAFF);
    for member in staff {
        let tongue = concierge::tongue_of(tx, member, None)?;
        let mut page = Page::default();
        let viewer = Viewer::from(member);
        for post in posts.iter().take(NAMED) {
            if visibility::can_see(tx.conn, viewer, post, tx.now)? {
                page.post(words::NO_OWNER_DESK.of(tongue), post);
            }
        }
        concierge::write(tx, &own, page, tongue, &[member], &[])?;
    }
    Ok(())
}

/// The consumer (see [`super::Consumer`]).
pub fn consume(tx: &mut Tx<'_>, fact: &Fact) -> Result<()> {
    match fact {
        Fact::AccountLeft(id) | Fact::AccountDeleted(id) => departed(tx, *id),
        Fact::PostEdited { post, .. } => edited(tx, *post),
        Fact::AccountRegistered(_)
        | Fact::AccountUpdated(_)
        | Fact::AccountSuspended(_)
        | Fact::AccountUnsuspended(_)
        | Fact::AccountReturned(_)
        | Fact::AccountMoved(_)
        | Fact::PostCameLate(_)
        | Fact::Membership { .. }
        | Fact::ThreadLocked { .. }
        | Fact::CollectionJoined(_)
        | Fact::CollectionLeft(_)
        | Fact::CollectionRenamed(_)
        | Fact::PostBoosted { .. }
        | Fact::PostUnboosted(_)
        | Fact::PostFavourited(_)
        | Fact::PostUnfavourited(_)
        | Fact::PostReacted(_)
        | Fact::PostUnreacted(_)
        | Fact::PostPinned(..)
        | Fact::PostUnpinned(..)
        | Fact::TagFeatured(..)
        | Fact::TagUnfeatured(..)
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
        | Fact::Blocked(_)
        | Fact::Unblocked(_)
        | Fact::ReportFiled(_)
        | Fact::FiltersChanged(_)
        | Fact::AccountWarned(_)
        | Fact::FollowsSevered(_)
        | Fact::Notified(_)
        | Fact::AccessRevoked { .. }
        | Fact::PostPublished { .. }
        | Fact::PostDeleted(_)
        | Fact::PollVoted(..) => Ok(()),
    }
}
