//! Quotes with consent (FEP-044f): a post shows another one inside of it, when the author of that one agrees. Who need not
//! ask is said by each post ([`policy`]); of posts of this node that is all, of others their author is asked. Consent may
//! be taken back. What arrives from other servers is in [`arrivals`].
//!
//! A quote never carries a post to whom it is not for: whoever looks at the quoting post sees the quoted one only if they
//! may see it anyway, and the quoting post goes no further than the quoted one.

pub mod arrivals;
pub mod policy;
pub mod shown;

use super::{Fact, Tx, Viewer, audiences, concierge::words, posts::tell_changed, visibility};
use crate::{
    Error, Result,
    id::Id,
    model::{Account, Audience, Post, Quote, QuotePolicy, QuoteState, Visibility},
    store,
};
use policy::Consent;

/// Quotes of one post that are looked at at once.
const MANY: i64 = 1_000;

/// A quote that a new post comes with.
#[derive(Clone, Debug)]
pub struct New {
    /// As the post names it.
    pub uri: String,
    /// When it is known here.
    pub quoted: Option<Post>,
    /// Whether it stands.
    pub state: QuoteState,
    /// What proves it.
    pub stamp: Stamp,
}

/// What proves that a quote stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// Nothing, or nothing yet.
    None,
    /// An authorisation by this person of this node.
    Ours(String),
    /// What the quoting post names as one.
    Claimed(String),
}

/// A post that somebody may quote.
#[derive(Clone, Debug)]
pub struct Quotable {
    /// The post; never a boost.
    pub post: Post,
    /// Whose it is.
    pub author: Account,
    consent: Consent,
}

/// The post that `me` wants to quote.
///
/// # Errors
/// `NotFound` for what they may not see and for posts of whom they block, `Forbidden` for what may not be quoted.
pub fn quotable(tx: &mut Tx<'_>, me: Id<Account>, id: Id<Post>) -> Result<Quotable> {
    let post = visibility::visible_original(tx.conn, Viewer::from(me), id, tx.now)?;
    if store::follows::find_block(tx.conn, me, post.account_id)?.is_some() {
        return Err(Error::NotFound);
    }
    let consent = policy::of(tx.conn, &post, me)?;
    if consent == Consent::Denied {
        return Err(Error::forbidden(words::NO_QUOTE.0));
    }
    let author = store::accounts::load(tx.conn, post.account_id)?;
    Ok(Quotable { post, author, consent })
}

impl Quotable {
    /// Nobody has to be asked: it is one's own.
    pub fn is_by(&self, me: Id<Account>) -> bool {
        self.post.account_id == me
    }

    /// Whether its author gets a post with this audience.
    ///
    /// # Errors
    /// Those of the database.
    pub fn is_reached(&self, tx: &mut Tx<'_>, audience: Audience) -> Result<bool> {
        Ok(audiences::place(tx.conn, &self.author)? <= audience)
    }

    /// The quote of a post of `me` that goes this far.
    ///
    /// # Errors
    /// `Invalid` when its author has to be asked and does not get the post.
    pub fn into_quote(self, tx: &mut Tx<'_>, me: Id<Account>, audience: Audience) -> Result<New> {
        let stamp = match self.author.is_local() && !self.is_by(me) {
            true => Stamp::Ours(self.author.username.clone()),
            false => Stamp::None,
        };
        let state = if self.author.is_local() {
            QuoteState::Accepted
        } else if self.is_reached(tx, audience)? {
            QuoteState::Pending
        } else if self.consent == Consent::Automatic {
            // What its author said to everybody is all there is to know.
            QuoteState::Accepted
        } else {
            return Err(Error::invalid("quoted_status_id", "out_of_reach", words::QUOTE_OUT_OF_REACH.0));
        };
        Ok(New { uri: self.post.uri.clone(), quoted: Some(self.post), state, stamp })
    }
}

/// Writes what a new post quotes, before anybody hears of the post.
///
/// # Errors
/// Those of the database.
pub(super) fn attach(tx: &mut Tx<'_>, post: &Post, new: New) -> Result<()> {
    let stamp_uri = match new.stamp {
        Stamp::None => None,
        Stamp::Ours(by) => Some(tx.site().quote_stamp_uri(&by, post.id)),
        Stamp::Claimed(uri) => Some(uri),
    };
    let quote = Quote {
        post_id: post.id,
        quoted_uri: new.quoted.as_ref().map_or(new.uri, |quoted| quoted.uri.clone()),
        quoted_id: new.quoted.as_ref().map(|quoted| quoted.id),
        quoted_account_id: new.quoted.as_ref().map(|quoted| quoted.account_id),
        state: new.state,
        request_uri: None,
        stamp_uri,
        counted: false,
    };
    store::quotes::insert(tx.conn, &quote)
}

/// Says what becomes of the quote of a new post: it stands, or its author is asked.
///
/// # Errors
/// Those of the database.
pub(super) fn settle(tx: &mut Tx<'_>, post: &Post, fresh: bool) -> Result<()> {
    let Some(mut quote) = store::quotes::find(tx.conn, post.id)? else { return Ok(()) };
    match quote.state {
        QuoteState::Accepted => accept(tx, post, quote, fresh),
        QuoteState::Pending if post.local => {
            quote.request_uri = Some(format!("{}#quote-request", post.uri));
            store::quotes::save(tx.conn, &quote)?;
            tx.record(Fact::QuoteAsked(post.id))
        }
        _ => Ok(()),
    }
}

/// A quote stands from now on.
fn accept(tx: &mut Tx<'_>, post: &Post, mut quote: Quote, fresh: bool) -> Result<()> {
    quote.state = QuoteState::Accepted;
    if let Some(quoted) = quote.quoted_id.filter(|_| !quote.counted) {
        // As answers: those who see the quoted post are told of what goes as far (PRV-04).
        let far = store::posts::find(tx.conn, quoted)?.is_some_and(|quoted| post.audience >= quoted.audience);
        if far && post.visibility <= Visibility::Unlisted {
            store::quotes::count(tx.conn, quoted, 1)?;
            quote.counted = true;
        }
    }
    store::quotes::save(tx.conn, &quote)?;
    tx.record(Fact::QuoteAccepted { post: post.id, fresh })
}

/// A quote counts no more.
fn uncount(tx: &mut Tx<'_>, quote: &mut Quote) -> Result<()> {
    if let Some(quoted) = quote.quoted_id.filter(|_| quote.counted) {
        store::quotes::count(tx.conn, quoted, -1)?;
    }
    quote.counted = false;
    Ok(())
}

/// A quote is over, or not to be: everybody sees it go.
fn end(tx: &mut Tx<'_>, post: &Post, mut quote: Quote, state: QuoteState) -> Result<()> {
    uncount(tx, &mut quote)?;
    quote.state = state;
    store::quotes::save(tx.conn, &quote)?;
    tx.record(Fact::QuoteEnded(post.id))?;
    tell_changed(tx, post)
}

/// A person takes back that another post quotes theirs. Answers the quoting post.
///
/// # Errors
/// `NotFound` when it does not, or the quoted post is not there for them; `Forbidden` when that one is not theirs.
pub fn revoke(tx: &mut Tx<'_>, me: Id<Account>, quoted: Id<Post>, quoting: Id<Post>) -> Result<Id<Post>> {
    let quoted = visibility::visible_post(tx.conn, Viewer::from(me), quoted, tx.now)?;
    if quoted.account_id != me {
        return Err(Error::forbidden("This action is not allowed"));
    }
    let quote = store::quotes::find(tx.conn, quoting)?.filter(|quote| quote.quoted_id == Some(quoted.id));
    let quote = quote.ok_or(Error::NotFound)?;
    let post = store::posts::load(tx.conn, quoting)?;
    if matches!(quote.state, QuoteState::Accepted | QuoteState::Pending) {
        end(tx, &post, quote, QuoteState::Revoked)?;
    }
    Ok(quoting)
}

/// The author of a post says who may quote it from now on; quotes that stand are left standing. Answers whether that is
/// another policy.
///
/// # Errors
/// `NotFound` when there is no such post of theirs.
pub fn set_policy(tx: &mut Tx<'_>, me: Id<Account>, id: Id<Post>, choice: QuotePolicy) -> Result<bool> {
    let post = store::posts::load(tx.conn, id)?;
    if post.account_id != me || post.is_boost() {
        return Err(Error::NotFound);
    }
    let bits = policy::bits(choice, post.visibility);
    if bits == post.quote_policy {
        return Ok(false);
    }
    store::quotes::set_policy(tx.conn, id, bits)?;
    Ok(true)
}

/// As [`set_policy`], and other servers hear of it; without a choice all stays as it is.
///
/// # Errors
/// As [`set_policy`]; `Forbidden` for a post that they see and is not theirs.
pub fn change_policy(tx: &mut Tx<'_>, me: Id<Account>, id: Id<Post>, choice: Option<QuotePolicy>) -> Result<()> {
    if visibility::visible_post(tx.conn, Viewer::from(me), id, tx.now)?.account_id != me {
        return Err(Error::forbidden("This action is not allowed"));
    }
    let Some(choice) = choice else { return Ok(()) };
    if set_policy(tx, me, id, choice)? {
        tx.record(Fact::QuotePolicyChanged(id))?;
    }
    Ok(())
}

/// A post is about to go: what quotes it quotes something that was deleted, and what it quotes is quoted once less.
///
/// # Errors
/// Those of the database.
pub(super) fn forget(tx: &mut Tx<'_>, post: &Post) -> Result<()> {
    store::quotes::end_all_of(tx.conn, post.id)?;
    if let Some(mut quote) = store::quotes::find(tx.conn, post.id)? {
        uncount(tx, &mut quote)?;
        store::quotes::save(tx.conn, &quote)?;
    }
    Ok(())
}
