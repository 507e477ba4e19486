//! Who may quote a post. Kept as bits: four for those who need not ask (shifted by four), four for those whom its author
//! decides about. Of a post of this node only the first four are ever set: nobody here is asked by hand.

use crate::{
    Result,
    db::Conn,
    domain::remote::PUBLIC,
    id::Id,
    model::{Account, Post, QuotePolicy, Visibility},
    store,
};

const PUBLIC_BIT: i16 = 1;
const FOLLOWERS: i16 = 2;
const FOLLOWING: i16 = 4;
/// Somebody is named whom we cannot tell: single people, or a collection we do not know.
const OTHERS: i16 = 8;
const GROUP: i16 = 15;
const SHIFT: i16 = 4;

/// The words of the client API, in the order of their bits.
const WORDS: [(i16, &str); 4] =
    [(PUBLIC_BIT, "public"), (FOLLOWERS, "followers"), (FOLLOWING, "following"), (OTHERS, "unsupported_policy")];

/// What the author of a post of another server says about quotes: addresses of actors and collections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Who need not ask.
    pub automatic: Vec<String>,
    /// Whom the author decides about.
    pub manual: Vec<String>,
}

/// What somebody gets who wants to quote a post.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Consent {
    /// It is given.
    Automatic,
    /// The author decides.
    Manual,
    /// The author says something that we do not understand.
    Unknown,
    /// It is refused.
    #[default]
    Denied,
}

impl Consent {
    /// The word of the client API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Automatic => "automatic",
            Self::Manual => "manual",
            Self::Unknown => "unknown",
            Self::Denied => "denied",
        }
    }
}

/// The bits of a choice. What is not for everybody is quoted by its author alone.
pub fn bits(choice: QuotePolicy, visibility: Visibility) -> i16 {
    let automatic = match choice {
        _ if visibility > Visibility::Unlisted => 0,
        QuotePolicy::Public => PUBLIC_BIT,
        QuotePolicy::Followers => FOLLOWERS,
        QuotePolicy::Nobody => 0,
    };
    automatic << SHIFT
}

/// The bits of what another server says about a post of `author`.
pub fn bits_of_remote(author: &Account, said: &Said) -> i16 {
    let of = |addresses: &[String]| {
        addresses.iter().fold(0, |bits, address| {
            let address = Some(address.as_str());
            bits | match address {
                Some(PUBLIC) => PUBLIC_BIT,
                _ if address == author.followers_url.as_deref() => FOLLOWERS,
                _ if address == author.following_url.as_deref() => FOLLOWING,
                _ if address == Some(author.uri.as_str()) => 0,
                _ => OTHERS,
            }
        })
    };
    of(&said.automatic) << SHIFT | of(&said.manual)
}

/// Who need not ask, and whom the author decides about, in the words of the client API.
pub fn words(post: &Post) -> (Vec<&'static str>, Vec<&'static str>) {
    let of = |bits: i16| WORDS.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, word)| *word).collect();
    if post.visibility > Visibility::Unlisted || post.is_boost() {
        return (Vec::new(), Vec::new());
    }
    (of(post.quote_policy >> SHIFT & GROUP), of(post.quote_policy & GROUP))
}

/// Whether everybody, and whether followers, need not ask.
pub fn is_open_to(post: &Post) -> (bool, bool) {
    let automatic = if post.visibility > Visibility::Unlisted { 0 } else { post.quote_policy >> SHIFT };
    (automatic & PUBLIC_BIT != 0, automatic & FOLLOWERS != 0)
}

/// Whether it matters for [`judge`] who follows whom.
pub fn asks_who_follows(post: &Post) -> bool {
    asks_relations(post.quote_policy) && post.visibility <= Visibility::Unlisted
}

/// Whether it matters for [`said`] who follows whom.
pub const fn asks_relations(bits: i16) -> bool {
    let both = FOLLOWERS | FOLLOWING;
    bits & (both << SHIFT | both) != 0
}

/// What somebody gets who sees this post. `follows`: they follow its author; `followed`: its author follows them.
pub fn judge(post: &Post, me: Option<Id<Account>>, follows: bool, followed: bool) -> Consent {
    let Some(me) = me else { return Consent::Denied };
    if post.is_boost() || post.visibility == Visibility::Direct {
        return Consent::Denied;
    }
    if post.account_id == me {
        return Consent::Automatic;
    }
    if post.visibility > Visibility::Unlisted {
        return Consent::Denied;
    }
    said(post.quote_policy, follows, followed)
}

/// What these bits say to somebody who is not the author.
pub fn said(bits: i16, follows: bool, followed: bool) -> Consent {
    let (automatic, manual) = (bits >> SHIFT & GROUP, bits & GROUP);
    let named =
        |bits: i16| bits & PUBLIC_BIT != 0 || follows && bits & FOLLOWERS != 0 || followed && bits & FOLLOWING != 0;
    if named(automatic) {
        Consent::Automatic
    } else if named(manual) {
        Consent::Manual
    } else if (automatic | manual) & OTHERS != 0 {
        Consent::Unknown
    } else {
        Consent::Denied
    }
}

/// Whether everybody may, without asking.
pub const fn is_open(bits: i16) -> bool {
    bits & (PUBLIC_BIT << SHIFT) != 0
}

/// The bits of that.
pub const OPEN: i16 = PUBLIC_BIT << SHIFT;

/// As [`judge`], for one account and one post.
///
/// # Errors
/// Those of the database.
pub fn of(conn: &mut Conn, post: &Post, me: Id<Account>) -> Result<Consent> {
    let (follows, followed) = match asks_who_follows(post) {
        true => store::quotes::relations(conn, me, &[post.account_id])?,
        false => (Vec::new(), Vec::new()),
    };
    Ok(judge(post, Some(me), !follows.is_empty(), !followed.is_empty()))
}
