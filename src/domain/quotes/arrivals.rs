//! Quotes of other servers: theirs of posts of this node, what became of ours of theirs, and theirs of one another.

use super::{MANY, New, Stamp, accept, attach, end, policy, policy::Consent, settle, uncount};
use crate::{
    Result,
    db::Conn,
    domain::{
        Fact, Task, Tx,
        interactions::arrivals::Claim,
        posts::{became_about, tell_changed},
        remote::{self, Arrival, RemotePost},
        visibility::sees,
    },
    id::Id,
    model::{Account, NotificationKind, Post, Quote, QuoteState, Visibility},
    store::{self, notifications::About},
    uri,
};

/// The post with this address: its id, or the page of one of ours.
fn find_named(tx: &mut Tx<'_>, address: &str) -> Result<Option<Post>> {
    let found = match store::posts::find_by_uri(tx.conn, address)? {
        Some(found) => Some(found),
        None => match tx.site().local_post::<Post>(address) {
            Some((_, id)) => store::posts::find(tx.conn, id)?.filter(|post| post.local),
            None => None,
        },
    };
    Ok(found.filter(|post| !post.is_boost()))
}

/// What a post of another server quotes. Of ours it is known whether that stands; of others only when it is the author's
/// own, else the authorisation it names has to be looked at.
///
/// # Errors
/// Those of the database.
pub fn of_remote(tx: &mut Tx<'_>, author: &Account, post: &RemotePost) -> Result<Option<New>> {
    let Some(named) = &post.quote else { return Ok(None) };
    let claimed = || match &post.quote_stamp {
        Some(stamp) => Stamp::Claimed(stamp.clone()),
        None => Stamp::None,
    };
    let mut known = find_named(tx, named)?;
    if known.is_none() && !tx.site().owns_str(named) {
        // It may be coming this moment in another transaction, which holds its id until it ends: neither would see the
        // other, and the quote would wait for good. So one waits.
        store::remote::lock(tx.conn, named)?;
        known = find_named(tx, named)?;
    }
    let Some(quoted) = known else {
        // Of ours there is nothing more to be found out.
        let stamp = if tx.site().owns_str(named) { Stamp::None } else { claimed() };
        return Ok(Some(New { uri: named.clone(), quoted: None, state: QuoteState::Pending, stamp }));
    };
    let (state, stamp) = if quoted.account_id == author.id {
        (QuoteState::Accepted, Stamp::None)
    } else if !quoted.local {
        (QuoteState::Pending, claimed())
    } else if sees(tx.conn, author, &quoted, tx.now)? && policy::of(tx.conn, &quoted, author.id)? == Consent::Automatic
    {
        let by = store::accounts::load(tx.conn, quoted.account_id)?;
        (QuoteState::Accepted, Stamp::Ours(by.username))
    } else {
        // Not even which post it is: it may be one they cannot know.
        let new = New { uri: named.clone(), quoted: None, state: QuoteState::Rejected, stamp: Stamp::None };
        return Ok(Some(new));
    };
    Ok(Some(New { uri: named.clone(), quoted: Some(quoted), state, stamp }))
}

/// Has the quote of a post of another server looked into, when there is something to be found out: an authorisation that
/// it names, or a post of the same server that may be the author's own.
///
/// # Errors
/// Those of the database.
pub fn look_into(tx: &mut Tx<'_>, post: &Post, author: &Account) -> Result<()> {
    let Some(quote) = store::quotes::find(tx.conn, post.id)? else { return Ok(()) };
    let open = match quote.state {
        QuoteState::Pending => {
            let own = quote.quoted_id.is_none() && uri::same_authority(&quote.quoted_uri, &author.uri);
            (own || quote.stamp_uri.is_some()) && !tx.site().owns_str(&quote.quoted_uri)
        }
        // Its author may have taken it back without our hearing of it.
        QuoteState::Accepted => quote.stamp_uri.as_deref().is_some_and(|stamp| !tx.site().owns_str(stamp)),
        QuoteState::Rejected | QuoteState::Revoked | QuoteState::Deleted => false,
    };
    if open { tx.enqueue(&Task::ResolveQuote { post: post.id.raw(), looks: 0 }) } else { Ok(()) }
}

/// Posts that quoted this one before it was known here find it.
///
/// # Errors
/// Those of the database.
pub(in crate::domain) fn adopt(tx: &mut Tx<'_>, quoted: &Post) -> Result<()> {
    for quote in store::quotes::waiting(tx.conn, &quoted.uri, MANY)? {
        let post = store::posts::load(tx.conn, quote.post_id)?;
        found(tx, &post, quote, quoted)?;
    }
    Ok(())
}

/// It is known now what a post of another server quotes.
fn found(tx: &mut Tx<'_>, post: &Post, mut quote: Quote, quoted: &Post) -> Result<()> {
    quote.quoted_uri.clone_from(&quoted.uri);
    (quote.quoted_id, quote.quoted_account_id) = (Some(quoted.id), Some(quoted.account_id));
    if post.audience > quoted.audience {
        store::audiences::narrow(tx.conn, post, quoted.audience)?;
    }
    if post.account_id == quoted.account_id {
        quote.stamp_uri = None;
        accept(tx, post, quote, false)?;
        return tell_changed(tx, post);
    }
    store::quotes::save(tx.conn, &quote)
}

/// As [`found`], for a post that was fetched because the one with this id quotes it, by whatever address.
///
/// # Errors
/// Those of the database.
pub fn found_by_fetch(tx: &mut Tx<'_>, post: Id<Post>, quoted: Id<Post>) -> Result<()> {
    let (Some(post), Some(quoted)) = (store::posts::find(tx.conn, post)?, store::posts::find(tx.conn, quoted)?) else {
        return Ok(());
    };
    match store::quotes::find(tx.conn, post.id)? {
        Some(quote) if quote.quoted_id.is_none() && quote.state == QuoteState::Pending && !quoted.is_boost() => {
            found(tx, &post, quote, &quoted)
        }
        _ => Ok(()),
    }
}

/// A quote to be looked into.
#[derive(Clone, Debug)]
pub struct Open {
    /// The id of the quoting post.
    pub post: String,
    /// What it quotes.
    pub quoted: String,
    /// Whose that is; none while it is not known here.
    pub author: Option<String>,
    /// The authorisation it names.
    pub stamp: Option<String>,
    /// The quote stands already.
    pub stands: bool,
}

/// What has to be found out about the quote of a post of another server; none when there is nothing.
///
/// # Errors
/// Those of the database.
pub fn open(conn: &mut Conn, post: Id<Post>) -> Result<Option<Open>> {
    let (Some(post), Some(quote)) = (store::posts::find(conn, post)?, store::quotes::find(conn, post)?) else {
        return Ok(None);
    };
    if post.local || !matches!(quote.state, QuoteState::Pending | QuoteState::Accepted) {
        return Ok(None);
    }
    let author = match quote.quoted_id.and(quote.quoted_account_id) {
        Some(author) => store::accounts::find(conn, author)?,
        None => None,
    };
    if author.as_ref().is_some_and(Account::is_local) {
        return Ok(None);
    }
    let author = author.map(|author| author.uri);
    let stands = quote.state == QuoteState::Accepted;
    Ok(Some(Open { post: post.uri, quoted: quote.quoted_uri, author, stamp: quote.stamp_uri, stands }))
}

/// An authorisation was looked at: whether it says what the quoting post claims.
///
/// # Errors
/// Those of the database.
pub fn verified(tx: &mut Tx<'_>, post: Id<Post>, stamp: &str, genuine: bool) -> Result<()> {
    let Some(post) = store::posts::find(tx.conn, post)? else { return Ok(()) };
    let quote = store::quotes::find(tx.conn, post.id)?;
    let Some(quote) = quote.filter(|quote| quote.stamp_uri.as_deref() == Some(stamp) && !post.local) else {
        return Ok(());
    };
    match (quote.state, genuine) {
        (QuoteState::Pending, true) => {
            accept(tx, &post, quote, false)?;
            tell_changed(tx, &post)
        }
        (QuoteState::Accepted, false) => end(tx, &post, quote, QuoteState::Revoked),
        _ => Ok(()),
    }
}

/// A post of another server changed: it may quote something else now, or nothing, or name another authorisation.
///
/// # Errors
/// Those of the database.
pub fn receive_change(tx: &mut Tx<'_>, author: &Account, post: &Post, told: &RemotePost) -> Result<()> {
    let bits = policy::bits_of_remote(author, &told.can_quote);
    if bits != post.quote_policy {
        store::quotes::set_policy(tx.conn, post.id, bits)?;
    }
    let known = store::quotes::find(tx.conn, post.id)?;
    if known.is_none() && told.quote.is_none() {
        return Ok(());
    }
    let now = of_remote(tx, author, told)?;
    let same = match (&known, &now) {
        // What was refused may be allowed by now.
        (Some(known), Some(now))
            if now.state == QuoteState::Accepted
                && matches!(known.state, QuoteState::Pending | QuoteState::Rejected) =>
        {
            false
        }
        (Some(known), Some(now)) => {
            let id = now.quoted.as_ref().map(|quoted| quoted.id);
            known.quoted_uri == now.uri || id.is_some() && id == known.quoted_id
        }
        _ => false,
    };
    match known {
        Some(known) if same => same_quote(tx, post, known, told)?,
        known => {
            if let Some(mut known) = known {
                uncount(tx, &mut known)?;
                store::quotes::delete(tx.conn, post.id)?;
                if let Some(of) = known.quoted_account_id {
                    let kind = NotificationKind::Quote;
                    store::notifications::remove(tx.conn, of, kind, post.account_id, About::Post(post.id))?;
                }
            }
            if let Some(now) = now {
                if let Some(quoted) = now.quoted.as_ref().filter(|quoted| quoted.audience < post.audience) {
                    store::audiences::narrow(tx.conn, post, quoted.audience)?;
                }
                attach(tx, post, now)?;
                let post = store::posts::load(tx.conn, post.id)?;
                settle(tx, &post, true)?;
            }
            let now = store::posts::load(tx.conn, post.id)?;
            became_about(tx, &now)?;
            tell_changed(tx, post)?;
        }
    }
    look_into(tx, post, author)
}

/// What is quoted is the same. The authorisation may be a new one; without one that was there the quote waits again.
fn same_quote(tx: &mut Tx<'_>, post: &Post, mut known: Quote, told: &RemotePost) -> Result<()> {
    let ours = match known.quoted_account_id {
        Some(author) => author == post.account_id || store::accounts::load(tx.conn, author)?.is_local(),
        None => tx.site().owns_str(&known.quoted_uri),
    };
    let over = matches!(known.state, QuoteState::Rejected | QuoteState::Deleted);
    if ours || over || known.stamp_uri == told.quote_stamp {
        return Ok(());
    }
    known.stamp_uri.clone_from(&told.quote_stamp);
    uncount(tx, &mut known)?;
    let changed = known.state != QuoteState::Pending;
    // Even one that was taken back may have been given anew: whose post it is says so.
    known.state = QuoteState::Pending;
    store::quotes::save(tx.conn, &known)?;
    if changed { tell_changed(tx, post) } else { Ok(()) }
}

/// A QuoteRequest as it was sent.
#[derive(Clone, Debug)]
pub struct Request {
    /// Its id.
    pub uri: Option<String>,
    /// What is to be quoted.
    pub object: String,
    /// The quoting post.
    pub instrument: String,
}

/// Somebody elsewhere asks to quote a post of this node (QUO-02). `given` is the quoting post, when it came along.
/// Answers false when that has to be fetched first: then nothing was written. `last`: it was tried.
///
/// # Errors
/// As [`remote::receive_post`].
pub fn receive_request(
    tx: &mut Tx<'_>,
    by: &Account,
    request: &Request,
    given: Option<&RemotePost>,
    last: bool,
) -> Result<bool> {
    store::remote::lock(tx.conn, &request.instrument)?;
    let Some(quoted) = find_named(tx, &request.object)?.filter(|post| post.local) else { return Ok(true) };
    let author = store::accounts::load(tx.conn, quoted.account_id)?;
    // Of what they cannot see they are not even told that it is there.
    if author.is_unavailable() || by.is_unavailable() || !sees(tx.conn, by, &quoted, tx.now)? {
        return Ok(true);
    }
    let refused = Fact::QuoteRefused {
        author: author.id,
        by: by.id,
        request: request.uri.clone(),
        object: quoted.uri.clone(),
        instrument: request.instrument.clone(),
    };
    let own = uri::same_authority(&request.instrument, &by.uri);
    if !own || policy::of(tx.conn, &quoted, by.id)? != Consent::Automatic {
        tx.record(refused)?;
        return Ok(true);
    }
    let known = store::posts::find_by_uri(tx.conn, &request.instrument)?.filter(|post| post.account_id == by.id);
    let post = match (known, given) {
        (Some(known), given) => {
            let quotes = store::quotes::find(tx.conn, known.id)?.is_some_and(|q| q.quoted_id == Some(quoted.id));
            match given {
                // It was edited to quote.
                Some(given) if !quotes => remote::update_post(tx, by, given, Arrival::FETCHED)?,
                _ if !quotes && !last => return Ok(false),
                _ => {}
            }
            Some(known)
        }
        (None, Some(given)) => remote::receive_post(tx, by, given, Arrival::ASKING)?,
        (None, None) if !last => return Ok(false),
        (None, None) => None,
    };
    // It really quotes that post, and its author did not take that back.
    let quote = match &post {
        Some(post) => store::quotes::find(tx.conn, post.id)?,
        None => None,
    };
    let standing = quote.filter(|quote| {
        quote.quoted_id == Some(quoted.id) && matches!(quote.state, QuoteState::Pending | QuoteState::Accepted)
    });
    let (Some(post), Some(mut quote)) = (post, standing) else {
        tx.record(refused)?;
        return Ok(true);
    };
    let waited = quote.state == QuoteState::Pending;
    quote.request_uri.clone_from(&request.uri);
    quote.stamp_uri = Some(tx.site().quote_stamp_uri(&author.username, post.id));
    accept(tx, &post, quote, true)?;
    if waited {
        tell_changed(tx, &post)?;
    }
    Ok(true)
}

/// Which of our requests is answered: by its id, or by the quoting post in it. Only who was asked can answer (AUTH-07).
fn asked(
    tx: &mut Tx<'_>,
    by: &Account,
    request: Option<&str>,
    instrument: Option<&str>,
) -> Result<Option<(Post, Quote)>> {
    let mut quote = match request {
        Some(request) => store::quotes::by_request(tx.conn, request)?,
        None => None,
    };
    if let (None, Some(instrument)) = (&quote, instrument)
        && let Some(post) = store::posts::find_by_uri(tx.conn, instrument)?
    {
        quote = store::quotes::find(tx.conn, post.id)?;
    }
    let Some(quote) = quote.filter(|quote| quote.quoted_account_id == Some(by.id)) else { return Ok(None) };
    let post = store::posts::find(tx.conn, quote.post_id)?.filter(|post| post.local);
    Ok(post.map(|post| (post, quote)))
}

/// The author of a quoted post agrees (QUO-05). Without an authorisation that anybody can look at it has no effect: it is
/// looked at first.
///
/// # Errors
/// Those of the database.
pub fn receive_accept(
    tx: &mut Tx<'_>,
    by: &Account,
    request: Option<&str>,
    instrument: Option<&str>,
    stamp: Option<&str>,
) -> Result<()> {
    let Some(stamp) = stamp.filter(|stamp| uri::same_authority(stamp, &by.uri)) else { return Ok(()) };
    let Some((post, mut quote)) = asked(tx, by, request, instrument)? else { return Ok(()) };
    if !may_be_agreed(quote.state) {
        return Ok(());
    }
    quote.stamp_uri = Some(stamp.to_owned());
    store::quotes::save(tx.conn, &quote)?;
    tx.enqueue(&Task::CheckConsent {
        by: by.id.raw(),
        object: post.uri,
        stamp: stamp.to_owned(),
        quote: true,
        looks: 0,
    })
}

fn may_be_agreed(state: QuoteState) -> bool {
    matches!(state, QuoteState::Pending | QuoteState::Rejected)
}

/// What the authorisation has to say that `by` agreed with to a quote of this node; none when that is over.
///
/// # Errors
/// Those of the database.
pub fn agreed(conn: &mut Conn, by: Id<Account>, post: &str, stamp: &str) -> Result<Option<Claim>> {
    let Some((post, quote)) = agreeing(conn, by, post, stamp)? else { return Ok(None) };
    let author = store::accounts::load(conn, by)?.uri;
    Ok(Some(Claim { stamp: stamp.to_owned(), author, object: post.uri, target: quote.quoted_uri }))
}

/// It was looked at, and says so: the quote stands.
///
/// # Errors
/// Those of the database.
pub fn agree(tx: &mut Tx<'_>, by: Id<Account>, post: &str, stamp: &str) -> Result<()> {
    let Some((post, quote)) = agreeing(tx.conn, by, post, stamp)? else { return Ok(()) };
    accept(tx, &post, quote, false)?;
    tell_changed(tx, &post)
}

fn agreeing(conn: &mut Conn, by: Id<Account>, post: &str, stamp: &str) -> Result<Option<(Post, Quote)>> {
    let Some(post) = store::posts::find_by_uri(conn, post)?.filter(|post| post.local) else { return Ok(None) };
    let quote = store::quotes::find(conn, post.id)?.filter(|quote| {
        quote.quoted_account_id == Some(by) && quote.stamp_uri.as_deref() == Some(stamp) && may_be_agreed(quote.state)
    });
    Ok(quote.map(|quote| (post, quote)))
}

/// The author of a quoted post does not agree, or not any more.
///
/// # Errors
/// Those of the database.
pub fn receive_reject(tx: &mut Tx<'_>, by: &Account, request: Option<&str>, instrument: Option<&str>) -> Result<()> {
    let Some((post, mut quote)) = asked(tx, by, request, instrument)? else { return Ok(()) };
    match quote.state {
        QuoteState::Pending => {
            quote.stamp_uri = None;
            end(tx, &post, quote, QuoteState::Rejected)
        }
        QuoteState::Accepted => end(tx, &post, quote, QuoteState::Revoked),
        // What they agreed to a moment ago is not looked at any more.
        QuoteState::Rejected => {
            quote.stamp_uri = None;
            store::quotes::save(tx.conn, &quote)
        }
        QuoteState::Revoked | QuoteState::Deleted => Ok(()),
    }
}

/// `by` takes an authorisation back (QUO-06). Answers whether this is one of theirs that anything here relies on.
///
/// # Errors
/// Those of the database.
pub fn receive_revocation(tx: &mut Tx<'_>, by: &Account, stamp: &str) -> Result<bool> {
    let mut known = false;
    for mut quote in store::quotes::by_stamp(tx.conn, stamp, MANY)? {
        if quote.quoted_account_id != Some(by.id) {
            continue;
        }
        known = true;
        match quote.state {
            QuoteState::Pending | QuoteState::Accepted => {
                let post = store::posts::load(tx.conn, quote.post_id)?;
                end(tx, &post, quote, QuoteState::Revoked)?;
            }
            QuoteState::Rejected => {
                quote.stamp_uri = None;
                store::quotes::save(tx.conn, &quote)?;
            }
            QuoteState::Revoked | QuoteState::Deleted => {}
        }
    }
    Ok(known)
}

/// The authorisation with this number by this person of this node, while it stands: the ids of the quoting and of the
/// quoted post. Whoever may see the quoted post may see it.
///
/// # Errors
/// `NotFound` when there is none.
pub fn authorisation(conn: &mut Conn, by: Id<Account>, quoting: Id<Post>) -> Result<(Post, Post)> {
    let quote = store::quotes::find(conn, quoting)?;
    let quote = quote.filter(|q| q.state == QuoteState::Accepted && q.quoted_account_id == Some(by));
    let quoted = quote.and_then(|quote| quote.quoted_id).ok_or(crate::Error::NotFound)?;
    let (post, quoted) = (store::posts::load(conn, quoting)?, store::posts::load(conn, quoted)?);
    let others = post.account_id != by && quoted.visibility <= Visibility::Unlisted;
    if others { Ok((post, quoted)) } else { Err(crate::Error::NotFound) }
}
