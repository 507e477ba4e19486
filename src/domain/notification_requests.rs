//! What becomes of notifications of people whom their reader has nothing to do with: they are shown, held back until the
//! reader says what to do with their sender, or never written. Nobody is told which.

use super::{Event, EventKind, Tx, concierge};
use crate::{
    Result,
    db::Conn,
    id::Id,
    model::{
        Account, NotificationKind as Kind, NotificationPolicy, NotificationRequest, Post, Role, Verdict, Visibility,
    },
    store,
};

/// Days during which an account is new.
const NEW_DAYS: i64 = 30;
/// Days after which a follower counts as one.
const FOLLOWER_DAYS: i64 = 3;
/// Requests that one call may decide.
const AT_ONCE: usize = 100;

/// What somebody wants done; everything is shown unless they said otherwise, for a node is one of colleagues, but for what
/// comes of limited accounts, which is held back.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn policy(conn: &mut Conn, account: Id<Account>) -> Result<NotificationPolicy> {
    let known = store::notification_requests::policies(conn, &[account])?.pop();
    Ok(known.unwrap_or(store::notification_requests::standard(account)))
}

/// What becomes of one notification, for each of its recipients.
pub(super) fn judge(
    tx: &mut Tx<'_>,
    recipients: &[Id<Account>],
    kind: Kind,
    from: Id<Account>,
    about: Option<Id<Post>>,
) -> Result<Vec<(Id<Account>, Verdict)>> {
    let mut verdicts: Vec<(Id<Account>, Verdict)> = recipients.iter().map(|id| (*id, Verdict::Accept)).collect();
    // What staff has to know, and the end and the change of what one has to do with already.
    if matches!(
        kind,
        Kind::AdminSignUp | Kind::AdminReport | Kind::Poll | Kind::Update | Kind::QuotedUpdate | Kind::CollectionUpdate
    ) {
        return Ok(verdicts);
    }
    let mut policies = store::notification_requests::policies(tx.conn, recipients)?;
    if policies.len() < recipients.len() && store::staff::is_silenced(tx.conn, from)? {
        let silent: Vec<_> =
            recipients.iter().filter(|id| !policies.iter().any(|known| known.account_id == **id)).collect();
        policies.extend(silent.into_iter().map(|id| store::notification_requests::standard(*id)));
    }
    if policies.is_empty() {
        return Ok(verdicts);
    }
    let sender = store::accounts::load(tx.conn, from)?;
    if speaks_for_the_node(tx, &sender)? {
        return Ok(verdicts);
    }
    let readers: Vec<Id<Account>> = policies.iter().map(|policy| policy.account_id).collect();
    let permitted = store::notification_requests::permitted(tx.conn, &readers, from)?;
    let following = store::notification_requests::following(tx.conn, &readers, from)?;
    let since = tx.now.plus_days(-FOLLOWER_DAYS);
    let followed = store::notification_requests::followed(tx.conn, &readers, from, since)?;
    let new = sender.created_at > tx.now.plus_days(-NEW_DAYS);
    let private = match about.filter(|_| kind == Kind::Mention) {
        Some(id) => Some(store::posts::load(tx.conn, id)?).filter(|post| post.visibility == Visibility::Direct),
        None => None,
    };
    let answered = match &private {
        Some(post) => store::notification_requests::answered(tx.conn, &readers, from, post)?,
        None => Vec::new(),
    };
    for policy in policies.iter().filter(|policy| !permitted.contains(&policy.account_id)) {
        let reader = policy.account_id;
        let follows = following.contains(&reader);
        let cases = [
            (policy.limited_accounts, sender.silenced_at.is_some() && !follows),
            (policy.not_following, !follows),
            (policy.not_followers, !followed.contains(&reader)),
            (policy.new_accounts, new && !follows),
            (policy.private_mentions, private.is_some() && !follows && !answered.contains(&reader)),
        ];
        let strictest = cases.iter().filter(|(_, applies)| *applies).map(|(verdict, _)| *verdict).max();
        if let Some((_, verdict)) = verdicts.iter_mut().find(|(id, _)| *id == reader) {
            *verdict = strictest.unwrap_or(Verdict::Accept);
        }
    }
    Ok(verdicts)
}

/// Staff of this node and its concierge are always heard.
fn speaks_for_the_node(tx: &mut Tx<'_>, sender: &Account) -> Result<bool> {
    if !sender.is_local() {
        return Ok(false);
    }
    let staff = store::users::find(tx.conn, sender.id)?.is_some_and(|user| user.role >= Role::Moderator);
    Ok(staff || concierge::is(tx.conn, sender)?)
}

/// Something was held back: of mentions the reader is asked.
pub(super) fn note(tx: &mut Tx<'_>, reader: Id<Account>, kind: Kind, from: Id<Account>) -> Result<()> {
    if kind != Kind::Mention {
        return Ok(());
    }
    let row = NotificationRequest {
        id: tx.new_id(),
        account_id: reader,
        from_account_id: from,
        created_at: tx.now,
        updated_at: tx.now,
    };
    store::notification_requests::upsert(tx.conn, &row)
}

/// The reader wants to hear of these senders, now and from now on. Ids that are no requests of theirs are passed over;
/// answers how many there were.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn accept(tx: &mut Tx<'_>, reader: Id<Account>, ids: &[Id<NotificationRequest>]) -> Result<usize> {
    let named = named(tx, reader, ids)?;
    for request in &named {
        let from = request.from_account_id;
        store::notification_requests::permit(tx.conn, reader, from)?;
        store::notification_requests::release(tx.conn, reader, from)?;
        store::notification_requests::delete(tx.conn, request.id)?;
    }
    if !named.is_empty() {
        tx.announce(Event { home: [reader].into(), streams: Vec::new(), what: EventKind::NotificationsMerged });
    }
    Ok(named.len())
}

/// The reader does not want to hear of these senders: what was held back is forgotten, what comes next is held back again.
/// Answers as [`accept`].
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn dismiss(tx: &mut Tx<'_>, reader: Id<Account>, ids: &[Id<NotificationRequest>]) -> Result<usize> {
    let named = named(tx, reader, ids)?;
    for request in &named {
        store::notification_requests::forget(tx.conn, reader, request.from_account_id)?;
        store::notification_requests::delete(tx.conn, request.id)?;
    }
    Ok(named.len())
}

fn named(tx: &mut Tx<'_>, reader: Id<Account>, ids: &[Id<NotificationRequest>]) -> Result<Vec<NotificationRequest>> {
    let ids: Vec<_> = ids.iter().take(AT_ONCE).copied().collect();
    store::notification_requests::some(tx.conn, reader, &ids)
}
