//! Posts of other servers: taken in, changed, removed.

use super::{Addressing, PUBLIC, RemotePost, actors::emojis_json, remember};
use crate::{
    Error, Result,
    domain::{
        Fact, Task, Tx, audiences, cards, charter,
        html::{self, Html},
        ideas, interactions, polls,
        posts::{self, Meaning, NewPoll, NewPost, Revision},
        projects, questions, quotes,
        visibility::sees,
    },
    id::Id,
    limits,
    model::{Account, AccountKind, Audience, Media, MediaState, Post, Visibility},
    store,
    time::Timestamp,
    uri,
};

/// Hours after which a post is no news any more (POST-01).
const NEWS_HOURS: i64 = 6;
/// Hours within which an Update of an unknown post counts as its Create (UPD-02), unless it is a question of a colleague.
const LATE_HOURS: i64 = 24;

/// How something came to us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arrival {
    /// Whose personal inbox it was delivered to.
    pub recipient: Option<Id<Account>>,
    /// We asked for it: taken whatever it is, and no news.
    pub fetched: bool,
    /// It is only part of something that is being fetched, a thread or a profile: nothing more is fetched for it.
    pub walking: bool,
    /// Its author is of our own organisation: taken whoever it is addressed to (POST-15).
    pub colleague: bool,
    /// We asked for it because something quotes it: what it quotes itself is not asked for.
    pub quoted: bool,
}

impl Arrival {
    /// We asked for it.
    pub const FETCHED: Self = Self { recipient: None, fetched: true, walking: false, colleague: false, quoted: false };
    /// Its author asks whether it may quote a post of this node: taken whoever it is addressed to, and news.
    pub const ASKING: Self = Self { recipient: None, fetched: false, walking: false, colleague: true, quoted: false };
    /// We asked for it on the way to something else.
    pub const WALKED: Self = Self { walking: true, ..Self::FETCHED };
    /// We asked for it because something quotes it.
    pub const QUOTED: Self = Self { quoted: true, ..Self::WALKED };
}

/// Who may see what is addressed like this by the owner of `followers` (ADDR-IN-01 to 04, 07).
pub fn visibility(addressing: &Addressing, followers: Option<&str>) -> Visibility {
    if addressing.direct {
        Visibility::Direct
    } else if addressing.to.iter().any(|a| a == PUBLIC) {
        Visibility::Public
    } else if addressing.cc.iter().any(|a| a == PUBLIC) {
        Visibility::Unlisted
    } else if followers.is_some_and(|f| addressing.all().any(|a| a == f)) {
        Visibility::Private
    } else {
        Visibility::Direct
    }
}

/// The people of a post that are known here.
struct People {
    /// As rows keep them: (account, silent).
    mentions: Vec<(Id<Account>, bool)>,
    /// Somebody of this node is among them.
    local: bool,
    /// Somebody of this node is named and addressed.
    notified: bool,
    group: Option<Id<Account>>,
    /// Who is named and not known here: actor id, silent.
    unknown: Vec<(String, bool)>,
}

fn people(
    tx: &mut Tx<'_>,
    author: &Account,
    post: &RemotePost,
    visibility: Visibility,
    arrival: Arrival,
) -> Result<People> {
    let mut wanted: Vec<&str> = post.mentions.iter().map(|m| m.uri.as_str()).collect();
    for address in post.addressing.all().chain(post.audience.as_deref()) {
        let somebody = address != PUBLIC && Some(address) != author.followers_url.as_deref() && address != author.uri;
        if somebody && wanted.len() < limits::RECIPIENTS && !wanted.contains(&address) {
            wanted.push(address);
        }
    }
    let mut out = People { mentions: Vec::new(), local: false, notified: false, group: None, unknown: Vec::new() };
    let accounts = store::remote::accounts_by_uri(tx.conn, &wanted)?;
    let mut own: Vec<Id<Account>> = accounts.iter().filter(|a| a.is_local()).map(|a| a.id).collect();
    own.extend(arrival.recipient.filter(|owner| !own.contains(owner)));
    let averse = store::domain_blocks::averse(tx.conn, author.id, &own)?;
    let strangers = post.mentions.iter().map(|m| m.uri.as_str()).filter(|uri| accounts.iter().all(|a| a.uri != *uri));
    for uri in strangers.filter(|uri| !tx.site().owns_str(uri)).take(limits::FETCHES_PER_ACTIVITY) {
        let addressed = post.addressing.all().any(|a| a == uri);
        if addressed || visibility <= Visibility::Unlisted {
            out.unknown.push((uri.to_owned(), !addressed));
        }
    }
    for account in accounts {
        if account.id == author.id || account.is_unavailable() {
            continue;
        }
        if post.audience.as_deref() == Some(account.uri.as_str()) {
            out.group = Some(account.id);
        }
        let addressed = post.addressing.all().any(|a| a == account.uri);
        let named = post.mentions.iter().any(|m| m.uri == account.uri);
        // The group is shown as the place a post was written to, among those who are meant (POST-21).
        let named = named || post.audience.as_deref() == Some(account.uri.as_str());
        // Naming alone bothers nobody, and opens to somebody only what is for nobody but single people (ADDR-IN-04).
        let direct = visibility == Visibility::Direct && account.is_local();
        let open = visibility <= Visibility::Unlisted || direct;
        // What somebody blocked says to the one who blocks them is said to nobody (MOD-03).
        let averse = averse.contains(&account.id);
        if averse && visibility > Visibility::Unlisted {
            continue;
        }
        if named && (addressed || open) || addressed && account.is_local() {
            let silent = !(named && addressed);
            out.local |= account.is_local() && (addressed || direct) && !averse;
            out.notified |= account.is_local() && !silent && !averse;
            out.mentions.push((account.id, silent));
        }
    }
    if let Some(owner) = arrival.recipient.filter(|o| visibility == Visibility::Direct && !averse.contains(o))
        && !out.mentions.iter().any(|(id, _)| *id == owner)
    {
        out.mentions.push((owner, true));
        out.local = true;
    }
    Ok(out)
}

/// What a post answers, when it is here. Where it is not, it may be coming this moment in another transaction, which holds
/// its id until it ends: neither would see the other, and the answer would never hang in its thread. So one waits.
fn parent(tx: &mut Tx<'_>, post: &RemotePost) -> Result<Option<Post>> {
    let Some(uri) = &post.in_reply_to else { return Ok(None) };
    let mut found = store::posts::find_by_uri(tx.conn, uri)?;
    if found.is_none() && !tx.site().owns_str(uri) {
        store::remote::lock(tx.conn, uri)?;
        found = store::posts::find_by_uri(tx.conn, uri)?;
    }
    Ok(found.filter(|post| !post.is_boost()))
}

/// Takes in a post that `author` is proven to have written. None when it has no place here: gone, a vote, blocked, an
/// answer to what its author may not see, of interest to nobody (POST-15). A known post is answered as it is.
///
/// # Errors
/// `Forbidden` for an id that is not its author's to give (AUT-01, AUT-06).
pub fn receive_post(tx: &mut Tx<'_>, author: &Account, post: &RemotePost, arrival: Arrival) -> Result<Option<Post>> {
    let post = post.at_home(tx.site());
    let post: &RemotePost = &post;
    owned(tx, author, &post.uri)?;
    store::remote::lock(tx.conn, &post.uri)?;
    if post.author != author.uri && !post.authors.contains(&author.uri) {
        return Err(Error::forbidden("a post of somebody else"));
    }
    if author.is_unavailable() {
        return Ok(None);
    }
    if let Some(known) = store::posts::find_by_uri(tx.conn, &post.uri)? {
        if known.account_id != author.id {
            return Err(Error::forbidden("a post of somebody else"));
        }
        // A second delivery may only add an addressee (POST-11).
        if let Some(owner) = arrival.recipient.filter(|_| known.visibility == Visibility::Direct)
            && store::domain_blocks::averse(tx.conn, author.id, &[owner])?.is_empty()
        {
            store::posts::insert_mention(tx.conn, known.id, owner, true)?;
            posts::may_be_found_by(tx, owner, &known)?;
        }
        return Ok(Some(known));
    }
    if let Some(since) = charter::revocation::since(tx.conn, &author.uri)?
        && post.published.is_none_or(|at| at >= since)
    {
        // Somebody else may pass it on: what they wrote since is nobody's word (N3).
        return Ok(None);
    }
    if store::accounts::find_by_uri(tx.conn, &post.uri)?.is_some() {
        return Err(Error::forbidden("somebody does not become a post"));
    }
    if store::remote::is_gone(tx.conn, &[&post.uri], &author.uri, tx.now)? {
        return Ok(None);
    }
    let parent = parent(tx, post)?;
    if let (Some(title), Some(question)) = (&post.vote, &parent)
        && question.poll_id.is_some()
    {
        if question.local {
            polls::receive_vote(tx, author, question, title)?;
        }
        return Ok(None);
    }
    if post.vote.is_some() && post.in_reply_to.as_deref().is_some_and(|p| tx.site().owns_str(p)) {
        return Ok(None);
    }
    if let Some(parent) = &parent
        && !may_answer(tx, author, parent)?
    {
        return Ok(None);
    }
    // Where the author of what it answers decides about answers, it does not hang there without their yes.
    let held = match parent.as_ref().filter(|parent| !parent.local) {
        Some(parent) => !interactions::arrivals::may_hang(tx, author, &post.uri, parent)?,
        None => false,
    };
    let visibility = visibility(&post.addressing, author.followers_url.as_deref());
    let people = people(tx, author, post, visibility, arrival)?;
    if !arrival.fetched
        && !people.local
        && parent.is_none()
        && !is_relevant(tx, author, arrival)?
        && !is_for_the_network(tx, author, post)?
    {
        metrics::counter!("federation_rejected_total", "reason" => "irrelevant").increment(1);
        return Ok(None);
    }
    let meaning = meaning(tx, author, post)?;
    let quote = quotes::arrivals::of_remote(tx, author, post)?;
    let created_at = believed(post.published, tx.now);
    let recent = created_at >= tx.now.plus_seconds(-NEWS_HOURS * 3600);
    // What is for nobody but the people it names is news to them whenever it comes.
    let fresh = !arrival.fetched && (recent || people.notified && visibility == Visibility::Direct);
    let late = !arrival.fetched && !fresh && people.notified;
    let new = NewPost {
        id: posts::free_id(tx, created_at)?,
        uri: post.uri.clone(),
        url: post.url.clone().or_else(|| Some(post.uri.clone())),
        account: author.id,
        local: false,
        visibility,
        audience: audiences::of_remote(tx.conn, &author.uri, visibility, post.open)?,
        content: content(post),
        source_text: None,
        spoiler_text: post.spoiler_text.clone(),
        sensitive: post.sensitive,
        language: post.language.clone(),
        in_reply_to: parent.as_ref().filter(|_| !held).map(|p| p.id),
        in_reply_to_uri: if parent.is_some() && !held { None } else { post.in_reply_to.clone() },
        app: None,
        emojis: emojis_json(tx, &author.uri, &post.emojis)?,
        created_at,
        group: people.group,
        mentions: people.mentions,
        tags: post.hashtags.clone(),
        media: media(tx, author, post),
        poll: poll(tx, post),
        fresh,
        // An older state that comes later is not taken for a newer one (UPD-01).
        edited_at: post.updated.map(|at| at.min(tx.now)).filter(|at| *at > created_at),
        remote_boosts_count: post.boosts.unwrap_or(0),
        remote_favourites_count: post.favourites.unwrap_or(0),
        meaning,
        quote,
        quote_policy: quotes::policy::bits_of_remote(author, &post.can_quote),
        policies: post.policies.clone(),
        waits: None,
    };
    let orphan = new.in_reply_to_uri.is_some() && !held;
    let Some(stored) = posts::insert_post(tx, new)? else { return Ok(None) };
    // A thread is called as its first post calls it; the names of those that began here are known.
    let begins = stored.in_reply_to_id.is_none();
    if begins && !post.context.as_deref().is_some_and(|context| tx.site().owns_str(context)) {
        store::remote::name_thread(tx.conn, stored.id, post.conversation.as_deref(), post.context.as_deref())?;
    }
    if held {
        interactions::arrivals::look_into(tx, &stored, post)?;
    }
    if post.locked == Some(true) {
        projects::locks::told(tx, author, &stored, post.locked)?;
    }
    if post.link.is_some() {
        cards::tell(tx, &stored, author, post.link.as_ref())?;
    }
    if post.quote.is_some() && !arrival.quoted {
        quotes::arrivals::look_into(tx, &stored, author)?;
    }
    if late {
        tx.record(Fact::PostCameLate(stored.id))?;
    }
    if orphan && !arrival.walking {
        tx.enqueue(&Task::FetchAncestors { post: stored.id.raw() })?;
    }
    let wanted = !arrival.walking && !people.unknown.is_empty();
    if wanted && (arrival.fetched || people.local || store::remote::has_local_follower(tx.conn, author.id)?) {
        tx.enqueue(&Task::ResolveMentions { post: stored.id.raw(), named: people.unknown })?;
    }
    Ok(Some(stored))
}

/// Lets old posts of other servers go, the newest first, where still nobody here has anything to do with them (LIM-14).
/// Those of colleagues stay: the organisation's knowledge is in them.
///
/// # Errors
/// Those of the database.
pub fn let_go(tx: &mut Tx<'_>, some: &[Id<Post>]) -> Result<()> {
    for id in some {
        let Some(post) = store::posts::find(tx.conn, *id)?.filter(|post| !post.local) else { continue };
        let author = store::accounts::load(tx.conn, post.account_id)?;
        if audiences::place(tx.conn, &author)? == Audience::Open && store::retention::may_go(tx.conn, *id)? {
            posts::let_go(tx, &post)?;
        }
    }
    Ok(())
}

/// Whether what somebody elsewhere answers may be known to them (AUT-25). Who follows whom between other servers nobody
/// here knows: a followers-only post of one of them was its own server's to show.
fn may_answer(tx: &mut Tx<'_>, author: &Account, parent: &Post) -> Result<bool> {
    if parent.local || parent.visibility != Visibility::Private {
        return sees(tx.conn, author, parent, tx.now);
    }
    sees(tx.conn, author, &Post { visibility: Visibility::Unlisted, ..parent.clone() }, tx.now)
}

/// Nothing remote may create or change what lies under our authority, or under that of somebody else's server.
fn owned(tx: &Tx<'_>, actor: &Account, id: &str) -> Result<()> {
    if actor.is_local() || tx.site().owns_str(id) || !uri::same_authority(id, &actor.uri) {
        return Err(Error::forbidden("an id of another authority"));
    }
    Ok(())
}

/// Is what this account writes of interest here, whoever it is addressed to?
fn is_relevant(tx: &mut Tx<'_>, author: &Account, arrival: Arrival) -> Result<bool> {
    Ok(arrival.colleague || store::remote::has_local_follower(tx.conn, author.id)?)
}

/// Is it a question to the network or an idea, from inside the organisation?
fn is_for_the_network(tx: &mut Tx<'_>, author: &Account, post: &RemotePost) -> Result<bool> {
    Ok(matches!(meaning(tx, author, post)?, Meaning::Ask(_) | Meaning::Idea(_)))
}

/// What it is beside a post; only nodes of the organisation are believed.
fn meaning(tx: &mut Tx<'_>, author: &Account, post: &RemotePost) -> Result<Meaning> {
    let visibility = visibility(&post.addressing, author.followers_url.as_deref());
    let open = visibility <= Visibility::Unlisted;
    if (post.coffee || post.introduction) && author.kind == AccountKind::Service && visibility == Visibility::Direct {
        return Ok(match questions::is_member(tx, author)? {
            true if post.coffee => Meaning::Coffee,
            true => Meaning::Introduction(None),
            false => Meaning::Plain,
        });
    }
    let tag = &tx.config().questions.tag;
    let begins = open && post.in_reply_to.is_none() && author.kind == AccountKind::Person;
    let tagged = |tag: &str| post.hashtags.iter().any(|(name, _)| name == tag);
    let asks = begins && (post.question.is_some() || tagged(tag));
    let proposes = begins && !asks && (post.idea.is_some() || tagged(ideas::TAG));
    let routes = open && post.route && author.kind == AccountKind::Service;
    if !(asks || routes || proposes) || !questions::is_member(tx, author)? {
        return Ok(Meaning::Plain);
    }
    if proposes {
        return Ok(Meaning::Idea(post.idea.clone().unwrap_or_default()));
    }
    Ok(if routes { Meaning::Route } else { Meaning::Ask(post.question.clone().unwrap_or_default()) })
}

/// Missing, unreadable, ancient and future dates mean now (POST-01).
pub(super) fn believed(claimed: Option<Timestamp>, now: Timestamp) -> Timestamp {
    claimed.filter(|at| (Timestamp::Y2000..=now).contains(at)).unwrap_or(now)
}

/// A note with nothing but a name that answers no poll is a note whose text is its name (POST-05).
fn content(post: &RemotePost) -> Html {
    match &post.vote {
        Some(name) => html::sanitize_html(&format!("<p>{}</p>", html::escape(name))),
        None => post.content.clone(),
    }
}

fn media(tx: &Tx<'_>, author: &Account, post: &RemotePost) -> Vec<Media> {
    post.attachments
        .iter()
        .enumerate()
        .map(|(position, file)| Media {
            id: tx.new_id(),
            account_id: author.id,
            post_id: None,
            position: i16::try_from(position).unwrap_or(i16::MAX),
            kind: file.kind,
            state: MediaState::Ready,
            mime: file.mime.clone(),
            file: None,
            thumbnail: None,
            remote_url: Some(file.url.clone()),
            remote_thumbnail_url: file.thumbnail.clone(),
            size: 0,
            description: file.description.clone(),
            blurhash: file.blurhash.clone(),
            focus_x: file.focus.map(|f| f.0),
            focus_y: file.focus.map(|f| f.1),
            width: file.width,
            height: file.height,
            small_width: None,
            small_height: None,
            duration_ms: file.duration_ms,
            cached_at: None,
            created_at: tx.now,
            scheduled_id: None,
            colours: None,
        })
        .collect()
}

/// Pleroma and its kin say with `closed` when a poll will end: what lies ahead closes nothing yet.
fn poll(tx: &Tx<'_>, post: &RemotePost) -> Option<NewPoll> {
    post.poll.as_ref().map(|poll| NewPoll {
        options: poll.options.clone(),
        multiple: poll.multiple,
        hide_totals: false,
        expires_at: poll.ends_at,
        closed_at: poll.closed_at.filter(|at| *at <= tx.now).or_else(|| poll.closed.then_some(tx.now)),
        voters: poll.voters,
    })
}

/// A new state of a post (UPD-01, POLL-03). An older state than the known one has no effect; what decides about
/// authorship, time, thread and audience stays as first stored, but the audience may get narrower (AUT-21).
///
/// # Errors
/// `Forbidden` for a post of somebody else (AUT-04).
pub fn update_post(tx: &mut Tx<'_>, author: &Account, post: &RemotePost, arrival: Arrival) -> Result<()> {
    let post = post.at_home(tx.site());
    let post: &RemotePost = &post;
    owned(tx, author, &post.uri)?;
    store::remote::lock(tx.conn, &post.uri)?;
    let Some(known) = store::posts::find_by_uri(tx.conn, &post.uri)? else {
        let young = believed(post.published, tx.now) >= tx.now.plus_seconds(-LATE_HOURS * 3600);
        // A question is for every node of the organisation, whenever it hears of it.
        if young || arrival.fetched || matches!(meaning(tx, author, post)?, Meaning::Ask(_)) {
            receive_post(tx, author, post, arrival)?;
        }
        return Ok(());
    };
    if known.account_id != author.id || known.local || known.is_boost() || post.author != author.uri {
        return Err(Error::forbidden("a post of somebody else"));
    }
    if author.is_unavailable() || post.vote.is_some() {
        return Ok(());
    }
    if known.in_reply_to_id.is_none()
        && post.question.is_some()
        && let Meaning::Ask(told) = meaning(tx, author, post)?
    {
        questions::receive(tx, &known, &told)?;
    }
    if known.in_reply_to_id.is_none()
        && post.idea.is_some()
        && let Meaning::Idea(told) = meaning(tx, author, post)?
    {
        ideas::receive(tx, &known, &told)?;
    }
    // Without a date only the order of arrival tells what is newer: among changes without one. What its author dated is not
    // overwritten by what may be older, unless we read it just now where it lives.
    let unordered = post.updated.is_none() && !arrival.fetched && known.edited_at.is_some();
    if unordered && !store::posts::is_undated(tx.conn, known.id)? {
        let told = poll(tx, post);
        return posts::take_tallies(tx, &known, told);
    }
    let edited_at = post.updated.unwrap_or(tx.now).min(tx.now);
    if edited_at < known.edited_at.unwrap_or(known.created_at) {
        return Ok(());
    }
    let narrower = visibility(&post.addressing, author.followers_url.as_deref());
    let visibility = if post.addressing.is_empty() { known.visibility } else { known.visibility.max(narrower) };
    if visibility != known.visibility {
        store::remote::narrow(tx.conn, known.id, visibility)?;
    }
    let audience = audiences::of_remote(tx.conn, &author.uri, visibility, post.open)?;
    if audience < known.audience {
        store::audiences::narrow(tx.conn, &known, audience)?;
    }
    projects::locks::told(tx, author, &known, post.locked)?;
    let people = people(tx, author, post, visibility, Arrival::default())?;
    let revision = Revision {
        content: content(post),
        source_text: None,
        spoiler_text: post.spoiler_text.clone(),
        sensitive: post.sensitive,
        language: post.language.clone(),
        url: post.url.clone().or_else(|| known.url.clone()),
        emojis: emojis_json(tx, &author.uri, &post.emojis)?,
        mentions: people.mentions,
        tags: post.hashtags.clone(),
        media: media(tx, author, post),
        poll: poll(tx, post),
        remote_boosts_count: post.boosts.unwrap_or(known.remote_boosts_count),
        remote_favourites_count: post.favourites.unwrap_or(known.remote_favourites_count),
        edited_at,
    };
    posts::revise(tx, &known, revision)?;
    let now = store::posts::load(tx.conn, known.id)?;
    if now.edited_at != known.edited_at {
        store::posts::set_undated(tx.conn, known.id, post.updated.is_none())?;
    }
    cards::tell(tx, &now, author, post.link.as_ref())?;
    interactions::arrivals::receive_change(tx, author, &now, post)?;
    quotes::arrivals::receive_change(tx, author, &now, post)
}

/// What came of a Delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// It had its effect.
    Done,
    /// Only a moderator of the group it was posted to may do this, whose id this is: to be asked, then
    /// [`delete_moderated`]. Nothing was written.
    Moderators(String),
}

/// `by` deleted a post (DEL-01 to DEL-05): its author, or the group it was posted to, or somebody of the group's server
/// who may be one of its moderators (AUTH-04). An unknown id is remembered, so that what comes late stays away.
///
/// # Errors
/// `Forbidden` for a post of somebody else (AUT-05).
pub fn delete_post(tx: &mut Tx<'_>, by: &Account, id: &str) -> Result<Deletion> {
    store::remote::lock(tx.conn, id)?;
    let Some(known) = store::posts::find_by_uri(tx.conn, id)? else {
        remember(tx, id, &by.uri)?;
        return Ok(Deletion::Done);
    };
    if known.local {
        return Err(Error::forbidden("a post of somebody else"));
    }
    if known.account_id == by.id || known.group_id == Some(by.id) {
        posts::remove(tx, known.id)?;
        return Ok(Deletion::Done);
    }
    let group = match known.group_id {
        Some(group) => store::accounts::find(tx.conn, group)?,
        None => None,
    };
    match group {
        Some(group) if !group.is_local() && uri::same_authority(&group.uri, &by.uri) => {
            Ok(Deletion::Moderators(group.uri))
        }
        _ => Err(Error::forbidden("a post of somebody else")),
    }
}

/// A post is removed in the name of the group it was posted to: the group passed that on, or says that whoever deleted it
/// is one of its moderators (AUTH-04). A post that is not there, or has meanwhile another place, stays as it is.
///
/// # Errors
/// Those of the database.
pub fn delete_moderated(tx: &mut Tx<'_>, group: &str, id: &str) -> Result<()> {
    store::remote::lock(tx.conn, id)?;
    let Some(known) = store::posts::find_by_uri(tx.conn, id)?.filter(|p| !p.local) else { return Ok(()) };
    match store::accounts::find_by_uri(tx.conn, group)? {
        Some(group) if known.group_id == Some(group.id) => posts::remove(tx, known.id),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fed_addr_in_audiences_become_visibilities() {
        let followers = Some("https://a.example/f");
        let to = |to: &[&str], cc: &[&str]| Addressing {
            to: to.iter().map(|s| (*s).to_owned()).collect(),
            cc: cc.iter().map(|s| (*s).to_owned()).collect(),
            direct: false,
        };
        let f = "https://a.example/f";
        assert_eq!(visibility(&to(&[PUBLIC], &[f]), followers), Visibility::Public);
        assert_eq!(visibility(&to(&[f], &[PUBLIC]), followers), Visibility::Unlisted);
        assert_eq!(visibility(&to(&[f], &[]), followers), Visibility::Private);
        assert_eq!(visibility(&to(&[], &[f]), followers), Visibility::Private);
        assert_eq!(visibility(&to(&["https://b.example/u"], &[]), followers), Visibility::Direct);
        assert_eq!(visibility(&to(&["https://b.example/followers"], &[]), None), Visibility::Direct);
        assert_eq!(visibility(&Addressing { direct: true, ..to(&[PUBLIC], &[]) }, followers), Visibility::Direct);
    }

    #[test]
    fn fed_post_01_unbelievable_dates_mean_now() {
        let now = Timestamp::from_millis(1_700_000_000_000);
        assert_eq!(believed(None, now), now);
        assert_eq!(believed(Some(now.plus_days(1)), now), now);
        assert_eq!(believed(Some(Timestamp::from_millis(0)), now), now);
        assert_eq!(believed(Some(now.plus_days(-1)), now), now.plus_days(-1));
    }
}
