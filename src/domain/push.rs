//! Push: which notification is told to which client, and in what words. Messages are jobs, written with their
//! notification; whether one may still be sent is asked again right before it is.

use super::{Task, Tx, Viewer, html::plain_text, views::PostViews};
use crate::{
    Error, Result,
    config::Site,
    crypto::PushKeys,
    db::Conn,
    id::Id,
    limits,
    model::{Account, Notification, NotificationKind as Kind, PushPolicy, PushSubscription, Role, Token},
    store,
};
use serde::Serialize;

/// What the tokens of subscriptions are sealed for.
pub const TOKEN_PURPOSE: &str = "push-token";

/// What a client subscribes with.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The address of its push service.
    pub endpoint: String,
    /// What messages are encrypted for.
    pub keys: PushKeys,
    /// By the standard; else by its draft.
    pub standard: bool,
    /// The kinds of notifications it wants to hear of.
    pub alerts: Vec<Kind>,
    /// From whom.
    pub policy: PushPolicy,
    /// Its token, sealed.
    pub token_sealed: Vec<u8>,
}

/// Subscribes a token; what it subscribed before ends.
///
/// # Errors
/// `NotFound` for a token that ended meanwhile; `Unavailable` when the database is away.
pub fn subscribe(tx: &mut Tx<'_>, account: Id<Account>, token: Id<Token>, wish: Wish) -> Result<PushSubscription> {
    if !store::oauth::list_tokens(tx.conn, account)?.iter().any(|row| row.id == token) {
        return Err(Error::NotFound);
    }
    store::push::delete_of_token(tx.conn, token)?;
    let mut row = PushSubscription {
        id: Id::new(0),
        token_id: token,
        account_id: account,
        endpoint: wish.endpoint,
        p256dh: wish.keys.p256dh,
        auth: wish.keys.auth,
        standard: wish.standard,
        alerts: bits(&wish.alerts),
        policy: wish.policy,
        token_sealed: wish.token_sealed,
        parked_until: None,
        failures: 0,
        hour: 0,
        sent: 0,
        created_at: tx.now,
    };
    row.id = store::push::insert(tx.conn, &row)?;
    store::push::keep_newest(tx.conn, account, limits::PUSH_SUBSCRIPTIONS as i64)?;
    Ok(row)
}

/// Changes what a client wants to hear of; one that was left alone is taken up again.
///
/// # Errors
/// `NotFound` for a token without a subscription.
pub fn change(
    tx: &mut Tx<'_>,
    token: Id<Token>,
    alerts: Option<&[Kind]>,
    policy: Option<PushPolicy>,
) -> Result<PushSubscription> {
    let mut row = store::push::of_token(tx.conn, token)?.ok_or(Error::NotFound)?;
    row.alerts = alerts.map_or(row.alerts, bits);
    row.policy = policy.unwrap_or(row.policy);
    store::push::set_wishes(tx.conn, &row)?;
    Ok(row)
}

fn bits(kinds: &[Kind]) -> i64 {
    kinds.iter().fold(0, |bits, kind| bits | store::push::bit(*kind))
}

/// Whether a subscription wants to hear of this kind.
pub fn wants(row: &PushSubscription, kind: Kind) -> bool {
    row.alerts & store::push::bit(kind) != 0
}

/// A notification was written: a message to each client that wants to hear of it becomes a job.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn notified(tx: &mut Tx<'_>, row: &Notification) -> Result<()> {
    for subscription in store::push::wanting(tx.conn, row.account_id, row.kind, tx.now)? {
        if heeds(tx.conn, &subscription, row.from_account_id)? {
            tx.enqueue(&Task::Push { subscription: subscription.id.raw(), notification: row.id.raw(), tries: 0 })?;
        }
    }
    Ok(())
}

/// Whether the policy of a subscription lets somebody's notifications through.
fn heeds(conn: &mut Conn, row: &PushSubscription, from: Id<Account>) -> Result<bool> {
    match row.policy {
        PushPolicy::All => Ok(true),
        PushPolicy::Nobody => Ok(false),
        PushPolicy::Followed => store::follows::is_following(conn, row.account_id, from),
        PushPolicy::Follower => store::follows::is_following(conn, from, row.account_id),
    }
}

/// A message that is to be sent now.
#[derive(Clone, Debug)]
pub struct Due {
    /// The address of the push service.
    pub endpoint: String,
    /// What it is encrypted for.
    pub keys: PushKeys,
    /// By the standard; else by its draft.
    pub standard: bool,
    /// The token, sealed.
    pub token_sealed: Vec<u8>,
    /// The subscription was refused something before.
    pub stumbled: bool,
    /// Seconds for which it is still worth delivering.
    pub seconds: i64,
    /// Somebody waits for it rather than being kept up to date.
    pub personal: bool,
    /// What it says, but for the token.
    pub said: Said,
}

/// What a message says, as clients read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Said {
    /// The token it is for: clients find the account by it.
    pub access_token: String,
    /// The language of the title.
    pub preferred_locale: String,
    /// A number.
    pub notification_id: i64,
    /// The kind.
    pub notification_type: &'static str,
    /// The picture of whoever caused it.
    pub icon: String,
    /// One line.
    pub title: String,
    /// The beginning of the text.
    pub body: String,
}

/// The message about a notification, when it may still be sent: the subscription stands, its owner may act and still sees
/// the notification and its post, none of their filters hides it, and not too much was sent in this hour. Counts it.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn due(tx: &mut Tx<'_>, subscription: Id<PushSubscription>, id: Id<Notification>) -> Result<Option<Due>> {
    let Some(mut row) = store::push::find(tx.conn, subscription)? else { return Ok(None) };
    let me = row.account_id;
    if row.parked_until.is_some_and(|until| until > tx.now) || !store::leavers::may_act(tx.conn, me)? {
        return Ok(None);
    }
    let now = tx.now;
    let Some(news) = store::notifications::find(tx.conn, me, id, now)?.filter(|news| !news.held) else {
        return Ok(None);
    };
    let seconds = limits::PUSH_SECONDS - (now.millis() - news.created_at.millis()) / 1_000;
    let from = store::accounts::load(tx.conn, news.from_account_id)?;
    let wanted = wants(&row, news.kind) && heeds(tx.conn, &row, from.id)? && may_know(tx.conn, me, news.kind)?;
    if seconds <= 0 || !wanted {
        return Ok(None);
    }
    let Some(body) = body(tx, me, &news, &from)? else { return Ok(None) };
    let hour = now.seconds() / 3_600;
    row.sent = if row.hour == hour { row.sent + 1 } else { 1 };
    row.hour = hour;
    if row.sent > limits::PUSHES_PER_HOUR {
        return Ok(None);
    }
    store::push::set_state(tx.conn, &row)?;
    let locale = store::users::load(tx.conn, me)?.locale.unwrap_or_else(|| "en".into());
    Ok(Some(Due {
        keys: PushKeys { p256dh: row.p256dh, auth: row.auth },
        endpoint: row.endpoint,
        standard: row.standard,
        token_sealed: row.token_sealed,
        stumbled: row.failures > 0,
        seconds,
        personal: matches!(
            news.kind,
            Kind::Mention | Kind::FollowRequest | Kind::AdminReport | Kind::ModerationWarning
        ),
        said: Said {
            access_token: String::new(),
            notification_id: news.id.raw(),
            notification_type: news.kind.as_str(),
            icon: avatar_url(tx.site(), &from),
            title: title(news.kind, &locale, &name(&from)),
            preferred_locale: locale,
            body,
        },
    }))
}

/// Staff hears of the things of staff as long as they are staff.
fn may_know(conn: &mut Conn, me: Id<Account>, kind: Kind) -> Result<bool> {
    let least = match kind {
        Kind::AdminReport => Role::Moderator,
        Kind::AdminSignUp => Role::Admin,
        _ => return Ok(true),
    };
    Ok(store::users::load(conn, me)?.role >= least)
}

/// The bit of the context of notifications in a filter, and the action that only blurs pictures.
const NOTIFICATIONS: i16 = 1 << 1;
const BLUR: i16 = 2;

/// The beginning of the post, the name of the collection, what staff says, where the follows led that are over, or what whoever
/// caused it says of themselves; none when the reader may not see the post any more, muted its thread, or filters it.
fn body(tx: &mut Tx<'_>, me: Id<Account>, news: &Notification, from: &Account) -> Result<Option<String>> {
    if let Some(id) = news.collection_id {
        return Ok(Some(line(&store::collections::load(tx.conn, id)?.name, limits::PUSH_TEXT)));
    }
    if let Some(id) = news.warning_id {
        return Ok(Some(line(&store::warnings::load(tx.conn, id)?.text, limits::PUSH_TEXT)));
    }
    if let Some(id) = news.severance_id {
        return Ok(Some(line(&store::severances::load(tx.conn, id)?.target_name, limits::PUSH_TEXT)));
    }
    let Some(id) = news.post_id else {
        let note = if news.kind == Kind::AdminReport { String::new() } else { plain_text(&from.note) };
        return Ok(Some(line(&note, limits::PUSH_TEXT)));
    };
    let now = tx.now;
    let views = PostViews::by_ids(tx.conn, Viewer::from(me), &[id], now)?;
    let Some(view) = views.get(id) else { return Ok(None) };
    let filtered = view
        .matches
        .iter()
        .filter_map(|found| views.filters.get(found.filter))
        .any(|filter| filter.filter.contexts & NOTIFICATIONS != 0 && filter.filter.action != BLUR);
    let post = &view.post;
    if filtered || (view.marks.muted && news.kind != Kind::Status) {
        return Ok(None);
    }
    let text = if post.spoiler_text.is_empty() { plain_text(&post.content) } else { post.spoiler_text.clone() };
    Ok(Some(line(&text, limits::PUSH_TEXT)))
}

/// The beginning of a plain text as one line.
fn line(text: &str, most: usize) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").chars().take(most).collect()
}

/// Characters of a name in a title.
const NAME: usize = 60;

fn name(account: &Account) -> String {
    let shown = line(&account.display_name, NAME);
    if shown.is_empty() { line(&account.username, NAME) } else { shown }
}

/// One line in the language of the reader.
fn title(kind: Kind, locale: &str, name: &str) -> String {
    let german = locale.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("de"));
    let (before, after) = match (kind, german) {
        (Kind::Mention, false) => ("", " mentions you"),
        (Kind::Mention, true) => ("", " erwähnt dich"),
        (Kind::Status, false) => ("", " has posted"),
        (Kind::Status, true) => ("", " hat etwas geschrieben"),
        (Kind::Reblog, false) => ("", " boosts your post"),
        (Kind::Reblog, true) => ("", " teilt deinen Beitrag"),
        (Kind::Follow, false) => ("", " follows you now"),
        (Kind::Follow, true) => ("", " folgt dir jetzt"),
        (Kind::FollowRequest, false) => ("", " asks to follow you"),
        (Kind::FollowRequest, true) => ("", " möchte dir folgen"),
        (Kind::Favourite, false) => ("", " likes your post"),
        (Kind::Favourite, true) => ("", " gefällt dein Beitrag"),
        (Kind::Poll, false) => ("A poll has ended: ", ""),
        (Kind::Poll, true) => ("Eine Umfrage ist zu Ende: ", ""),
        (Kind::Update, false) => ("", " has changed a post"),
        (Kind::Update, true) => ("", " hat einen Beitrag geändert"),
        (Kind::Quote, false) => ("", " quotes your post"),
        (Kind::Quote, true) => ("", " zitiert deinen Beitrag"),
        (Kind::QuotedUpdate, false) => ("", " has changed a post that you quote"),
        (Kind::QuotedUpdate, true) => ("", " hat einen Beitrag geändert, den du zitierst"),
        (Kind::AddedToCollection, false) => ("", " has put you into a collection"),
        (Kind::AddedToCollection, true) => ("", " hat dich in eine Sammlung aufgenommen"),
        (Kind::CollectionUpdate, false) => ("", " has changed a collection that you are in"),
        (Kind::CollectionUpdate, true) => ("", " hat eine Sammlung geändert, in der du bist"),
        (Kind::AdminSignUp, false) => ("", " has signed up"),
        (Kind::AdminSignUp, true) => ("", " hat sich angemeldet"),
        (Kind::AdminReport, false) => ("", " has reported something"),
        (Kind::AdminReport, true) => ("", " hat etwas gemeldet"),
        (Kind::ModerationWarning, false) => ("A moderation warning from ", ""),
        (Kind::ModerationWarning, true) => ("Eine Moderationswarnung von ", ""),
        (Kind::SeveredRelationships, false) => ("You have lost follows on ", ""),
        (Kind::SeveredRelationships, true) => ("Du hast Follows verloren auf ", ""),
    };
    format!("{before}{name}{after}")
}

/// The picture of an account, as clients are given it.
fn avatar_url(site: &Site, account: &Account) -> String {
    match (&account.avatar, &account.avatar_remote_url) {
        (Some(key), _) => site.media_url(key),
        (None, Some(_)) => site.media_url(&format!("remote/avatar/{}", account.id)),
        (None, None) => site.url("/avatars/original/missing.png"),
    }
}

/// The node's own push key, sealed.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn private_key(conn: &mut Conn) -> Result<Option<String>> {
    store::users::find_setting(conn, "vapid_private_key")
}

/// A message arrived: what was refused before is forgotten.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn arrived(tx: &mut Tx<'_>, id: Id<PushSubscription>) -> Result<()> {
    let Some(mut row) = store::push::find(tx.conn, id)? else { return Ok(()) };
    (row.failures, row.parked_until) = (0, None);
    store::push::set_state(tx.conn, &row)
}

/// The push service refused a message: the subscription is left alone for a day, and ends when that happens too often.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn refused(tx: &mut Tx<'_>, id: Id<PushSubscription>) -> Result<()> {
    let Some(mut row) = store::push::find(tx.conn, id)? else { return Ok(()) };
    // Several messages that were under way are one refusal.
    if row.parked_until.is_some_and(|until| until > tx.now) {
        return Ok(());
    }
    row.failures += 1;
    if row.failures >= limits::PUSH_FAILURES {
        return store::push::delete(tx.conn, id);
    }
    row.parked_until = Some(tx.now.plus_seconds(limits::PUSH_PARKED_SECONDS));
    store::push::set_state(tx.conn, &row)
}

/// The push service does not know the client any more.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn ended(tx: &mut Tx<'_>, id: Id<PushSubscription>) -> Result<()> {
    store::push::delete(tx.conn, id)
}
