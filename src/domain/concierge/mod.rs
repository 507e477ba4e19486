//! The concierge (N5): an account of the node that does what has no button in a client. Somebody writes to it, a job reads
//! the command ([`parse`](mod@parse)) and answers by a direct post in the same thread ([`answer`]); what it says in which
//! language stands in one table ([`words`]). It serves people of its own node; those of others are told so, at most once
//! a day; programs get no answer, so that no two of them ever talk with each other.

pub mod answer;
pub mod arrivals;
pub mod ideas;
pub mod introduce;
pub mod lead;
pub mod page;
pub mod parse;
pub mod projects;
pub mod tend;
pub mod typed;
pub mod verbs;
pub mod words;

use super::{
    Fact, Task, Tx, Viewer, accounts, audiences,
    people::fields::Tongue,
    posts::{self, Meaning, NewPoll, NewPost},
    visibility,
};
use crate::{
    Result,
    db::Conn,
    id::Id,
    model::{Account, AccountKind, Audience, Post, Visibility},
    store,
};
use page::Page;

/// Characters of a name with everything that may be put behind it.
const NAME: usize = 30;
/// Seconds between two refusals to one person of another node.
const REFUSAL_SECONDS: i64 = 86_400;

/// The account, when it was made.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn find(conn: &mut Conn) -> Result<Option<Account>> {
    store::concierge::find(conn)
}

/// Whether this is the concierge of this node.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn is(conn: &mut Conn, account: &Account) -> Result<bool> {
    if !account.is_local() || account.kind != AccountKind::Service {
        return Ok(false);
    }
    Ok(find(conn)?.is_some_and(|own| own.id == account.id))
}

/// The account; made when there is none yet. A name that somebody has, or had, gets a `_` behind it.
///
/// # Errors
/// `Unavailable` when the database is away, or every such name is taken.
pub fn ensure(tx: &mut Tx<'_>) -> Result<Account> {
    if let Some(known) = find(tx.conn)? {
        return Ok(known);
    }
    let mut name = tx.config().instance.concierge.clone();
    while store::users::is_name_taken(tx.conn, &name.to_ascii_lowercase())? {
        name.push('_');
        if name.len() > NAME {
            return Err(crate::Error::Unavailable("no name is left for the concierge".into()));
        }
    }
    let id = tx.new_id();
    let blank = accounts::blank(tx, id, name, AccountKind::Service);
    let tongue = Tongue::of(tx.config().instance.languages.first().map(String::as_str));
    let account = Account {
        display_name: "Concierge".into(),
        note: format!("<p>{}</p>", super::html::escape(words::BIO.of(tongue))),
        // Nobody follows it: it would only ask.
        locked: true,
        discoverable: false,
        indexable: false,
        hide_collections: true,
        ..blank
    };
    store::users::insert_account(tx.conn, &account)?;
    store::concierge::remember(tx.conn, id)?;
    Ok(account)
}

/// The consumer (see [`super::Consumer`]): what is written to the concierge is answered by a job right after.
pub fn consume(tx: &mut Tx<'_>, fact: &Fact) -> Result<()> {
    match fact {
        Fact::PostPublished { post, fresh: true } => {
            let addressed = store::concierge::is_addressed(tx.conn, *post)?;
            let post = store::posts::load(tx.conn, *post)?;
            if addressed && is_command(tx, &post)? || super::ideas::is_command(tx, &post)? {
                tx.enqueue(&Task::AnswerCommand { post: post.id.raw() })?;
            }
            Ok(())
        }
        Fact::PostPublished { fresh: false, .. }
        | Fact::AccountRegistered(_)
        | Fact::AccountUpdated(_)
        | Fact::AccountDeleted(_)
        | Fact::AccountSuspended(_)
        | Fact::AccountUnsuspended(_)
        | Fact::AccountLeft(_)
        | Fact::AccountReturned(_)
        | Fact::AccountMoved(_)
        | Fact::PostCameLate(_)
        | Fact::Membership { .. }
        | Fact::ThreadLocked { .. }
        | Fact::CollectionJoined(_)
        | Fact::CollectionLeft(_)
        | Fact::CollectionRenamed(_)
        | Fact::PostEdited { .. }
        | Fact::PostDeleted(_)
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

/// A command is a direct post, or one that begins with the name of the concierge and answers nobody. Clients put the
/// names of everybody in a thread before an answer: those are no commands, nor is what people who were introduced say to
/// one another.
fn is_command(tx: &mut Tx<'_>, post: &Post) -> Result<bool> {
    let author = store::accounts::load(tx.conn, post.account_id)?;
    if author.kind != AccountKind::Person {
        return Ok(false);
    }
    if super::questions::decline::is_meant(tx, post)? || super::questions::is_mark(tx, post)? {
        return Ok(false);
    }
    let typed = typed(post);
    let text = parse::without_mentions(&typed);
    let begins = text.len() < typed.trim().len();
    if post.visibility != Visibility::Direct {
        return Ok(begins && post.in_reply_to_id.is_none());
    }
    if post.in_reply_to_id.is_none() || !is_among_people(tx, post)? {
        return Ok(true);
    }
    use verbs::Verb::{ProjectCancel, ProjectFollow, ProjectJoin, ProjectLeave, ProjectPublish};
    // What people say to one another as well.
    let is_talk = |command: &parse::Command| match command {
        parse::Command::Unknown(_) | parse::Command::Thanks | parse::Command::Consent(_) | parse::Command::Idea(_) => {
            true
        }
        parse::Command::Project(verb, _) => {
            matches!(verb, ProjectCancel | ProjectFollow | ProjectJoin | ProjectLeave | ProjectPublish)
        }
        _ => false,
    };
    let command = parse::parse(text).command;
    // In answer to an idea it is said of it.
    let is_of_idea =
        matches!(command, parse::Command::Idea(_)) && store::ideas::find(tx.conn, post.conversation_id)?.is_some();
    Ok(author.is_local() && (is_of_idea || !is_talk(&command)))
}

/// Whether others than the author read a direct post, in a thread that is no dialogue of theirs with the concierge.
fn is_among_people(tx: &mut Tx<'_>, post: &Post) -> Result<bool> {
    if store::concierge::thread(tx.conn, post.conversation_id, post.account_id)?.is_some() {
        return Ok(false);
    }
    let named = store::posts::mentions(tx.conn, post.id)?;
    let ids: Vec<Id<Account>> = named.iter().map(|mention| mention.account_id).collect();
    let accounts = store::accounts::list(tx.conn, &ids)?;
    Ok(accounts.iter().any(|account| account.kind == AccountKind::Person && account.id != post.account_id))
}

/// What somebody wrote, as plain text, without how far it goes.
pub fn typed(post: &Post) -> String {
    match &post.source_text {
        Some(text) => audiences::mark(text).1.into_owned(),
        None => super::html::plain_text(&post.content),
    }
}

/// Whether something is attached to what somebody wrote: what is published in their name does not have it.
fn has_files(tx: &mut Tx<'_>, post: &Post) -> Result<bool> {
    Ok(!store::views::media(tx.conn, &[post.id])?.is_empty())
}

/// How far somebody wants what they ask the concierge for to go, where they say so.
fn wished(post: &Post) -> Option<Audience> {
    let said = post.source_text.as_deref().and_then(|text| audiences::mark(text).0);
    // What was said to stay near stays near.
    Some(post.audience).filter(|audience| *audience != Audience::Open).or(said)
}

/// Why something was refused, in the language of whoever reads it; what has no sentence of ours is said as the API says it.
pub(super) fn why(code: &str, reason: &str, tongue: Tongue) -> String {
    let sentence = match (tongue, code) {
        // The API says it with figures.
        (Tongue::English, _) => return reason.to_owned(),
        (_, "open_forbidden") => words::OPEN_FORBIDDEN,
        (_, "no_organisation") => words::NO_ORGANISATION,
        (_, "conflict") => words::TWO_AUDIENCES,
        (_, "too_long" | "too_many") => words::TOO_MUCH,
        (_, "out_of_reach") if reason.starts_with('@') => {
            let name = reason.split_whitespace().next().unwrap_or_default();
            return words::OUT_OF_REACH.with(tongue, &[name]);
        }
        _ => match words::REFUSALS.iter().find(|known| known.0 == reason) {
            Some(known) => *known,
            None => return reason.to_owned(),
        },
    };
    sentence.of(tongue).to_owned()
}

/// The language in which somebody is answered.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn tongue_of(tx: &mut Tx<'_>, account: Id<Account>, verb: Option<Tongue>) -> Result<Tongue> {
    let user = store::users::find(tx.conn, account)?;
    let chosen = user.as_ref().and_then(|user| user.locale.as_deref().or(user.default_language.as_deref()));
    let main = tx.config().instance.languages.first().map(String::as_str);
    Ok(match (chosen, verb) {
        (Some(tag), _) => Tongue::of(Some(tag)),
        (None, Some(verb)) => verb,
        (None, None) => Tongue::of(main),
    })
}

/// Answers a post of somebody of another node, unless they were told within a day.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn turn_away(tx: &mut Tx<'_>, post: &Post) -> Result<()> {
    let before = tx.now.plus_seconds(-REFUSAL_SECONDS);
    if !store::concierge::may_refuse(tx.conn, post.account_id, before, tx.now)? {
        return Ok(());
    }
    let tongue = Tongue::of(post.language.as_deref());
    let mut page = Page::default();
    page.line(words::NOT_YOURS.of(tongue));
    say(tx, post, page, tongue, Visibility::Direct, &[post.account_id], Meaning::Plain).map(|_| ())
}

/// Answers a post by a direct one, once: a job may run again. None when it was answered already.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn reply(tx: &mut Tx<'_>, to: &Post, page: Page, tongue: Tongue) -> Result<Option<Id<Post>>> {
    if is_answered(tx, to)? {
        return Ok(None);
    }
    say(tx, to, page, tongue, Visibility::Direct, &[to.account_id], Meaning::Plain)
}

/// Whether a post has its direct answer.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn is_answered(tx: &mut Tx<'_>, post: &Post) -> Result<bool> {
    let own = ensure(tx)?;
    store::concierge::has_answered(tx.conn, own.id, post.id)
}

/// Writes a post of the concierge in the thread of `to`, for these people. None for a thread that is gone.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn say(
    tx: &mut Tx<'_>,
    to: &Post,
    page: Page,
    tongue: Tongue,
    visibility: Visibility,
    people: &[Id<Account>],
    meaning: Meaning,
) -> Result<Option<Id<Post>>> {
    let own = ensure(tx)?;
    let reach = visibility::can_see(tx.conn, Viewer::from(own.id), to, tx.now)?;
    if !reach {
        return Ok(None);
    }
    let new = NewPost {
        visibility: visibility.max(to.visibility),
        // As far as what it answers.
        audience: to.audience,
        in_reply_to: Some(to.id),
        meaning,
        ..blank(tx, &own, page, tongue, people)
    };
    Ok(posts::insert_post(tx, new)?.map(|post| post.id))
}

/// Begins a thread of direct posts with these people, in the name of a program of this node: the concierge or a project.
/// With choices, one tap answers; they stay open, so that nobody is told that a poll has ended.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn write(
    tx: &mut Tx<'_>,
    from: &Account,
    page: Page,
    tongue: Tongue,
    people: &[Id<Account>],
    choices: &[&str],
) -> Result<Id<Post>> {
    write_as(tx, from, page, tongue, people, choices, Meaning::Plain)
}

/// The same, of a post that means more.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn write_as(
    tx: &mut Tx<'_>,
    from: &Account,
    page: Page,
    tongue: Tongue,
    people: &[Id<Account>],
    choices: &[&str],
    meaning: Meaning,
) -> Result<Id<Post>> {
    let poll = (!choices.is_empty()).then(|| NewPoll {
        options: choices.iter().map(|choice| ((*choice).to_owned(), 0)).collect(),
        multiple: false,
        hide_totals: false,
        expires_at: None,
        closed_at: None,
        voters: Some(0),
    });
    let new = NewPost { poll, meaning, ..blank(tx, from, page, tongue, people) };
    let id = new.id;
    posts::insert_post(tx, new)?;
    Ok(id)
}

fn blank(tx: &mut Tx<'_>, from: &Account, page: Page, tongue: Tongue, people: &[Id<Account>]) -> NewPost {
    let id: Id<Post> = tx.new_id();
    let site = tx.site();
    NewPost {
        id,
        uri: site.post_uri(&from.username, id),
        url: Some(site.post_url(&from.username, id)),
        account: from.id,
        local: true,
        visibility: Visibility::Direct,
        audience: Audience::Open,
        content: page.finish(),
        source_text: None,
        spoiler_text: String::new(),
        sensitive: false,
        language: Some(match tongue {
            Tongue::English => "en".into(),
            Tongue::German => "de".into(),
        }),
        in_reply_to: None,
        in_reply_to_uri: None,
        app: None,
        emojis: "[]".into(),
        created_at: tx.now,
        group: None,
        mentions: people.iter().filter(|id| **id != from.id).map(|id| (*id, false)).collect(),
        tags: Vec::new(),
        media: Vec::new(),
        poll: None,
        fresh: true,
        edited_at: None,
        remote_boosts_count: 0,
        remote_favourites_count: 0,
        meaning: Meaning::Plain,
        quote: None,
        quote_policy: 0,
        policies: super::interactions::Policies::default(),
        waits: None,
    }
}
