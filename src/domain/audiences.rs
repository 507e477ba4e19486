//! How far a post may go (N9): to this site, to the organisation, or to everybody. This is the one place that says which
//! audience a post gets, who belongs to which, and which servers a post may go to; `visibility` applies it to whoever
//! looks, `federation::outgoing` to whatever leaves. It comes on top of the visibility: that says who among them.
//!
//! An answer or a boost never reaches further than what it answers or boosts, an edit changes nothing, and what a charter
//! says later changes nothing about posts that stand.

use super::{
    Tx, Viewer,
    charter::{Signed, Software, document},
    text::{Token, scan},
};
use crate::{
    Error, Result,
    db::Conn,
    model::{Account, Audience, Post, User, Visibility},
    store::{
        self,
        audiences::{Host, Rules},
    },
    uri,
};
use std::borrow::Cow;

/// What an author may write at the start of a post, and what it means. Some keyboards have a wide sign.
const MARKS: [(&str, Audience); 4] = [
    ("!site", Audience::Site),
    ("!org", Audience::Organisation),
    ("!open", Audience::Open),
    ("\u{ff01}site", Audience::Site),
];

/// So many marks of one text are read, each of which is a look at all of it.
const AT_ONCE: usize = 8;

/// Signs that people put behind it, which go with it.
const ENDS: [char; 16] = [':', ',', '.', ';', '!', '?', '…', '–', '—', '：', '，', '。', '；', '！', '？', '、'];
/// Signs that make a longer word of it: `!site-wide`. Any other sign ends `!site` and stays, for whoever writes `!site🔒`
/// means it; what lets a post go further has to stand alone.
const JOINTS: [char; 9] = ['-', '_', '\'', '’', '/', '=', '@', '#', '&'];

const TWO: &str = "The post asks for two audiences at once. Choose one of them.";

impl From<document::Audience> for Audience {
    fn from(said: document::Audience) -> Self {
        match said {
            document::Audience::Site => Self::Site,
            document::Audience::Organisation => Self::Organisation,
            document::Audience::Open => Self::Open,
        }
    }
}

/// Takes over what the charter in force says: it does so from the transaction on that brings it into force.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn follow(tx: &mut Tx<'_>, signed: Option<&Signed>) -> Result<()> {
    // What servers are shown of our actors depends on it.
    tx.document_changed();
    let before = store::audiences::hosts(tx.conn)?;
    take_over(tx, signed)?;
    let inside = store::audiences::hosts(tx.conn)?;
    // What waits for a server that is inside no longer is not sent after all.
    for lost in before.iter().filter(|host| !inside.contains(host)) {
        store::deliveries::drop_inside(tx.conn, uri::host(lost), tx.now)?;
    }
    Ok(())
}

fn take_over(tx: &mut Tx<'_>, signed: Option<&Signed>) -> Result<()> {
    let Some(signed) = signed else { return store::audiences::replace(tx.conn, None, &[]) };
    let (charter, own) = (&signed.charter, tx.site().domain());
    let rules = Rules {
        hash: signed.hash.clone(),
        organisation: charter.id.clone(),
        default: charter.policy.default_audience.into(),
        open_allowed: charter.policy.open_allowed,
    };
    let inside = charter.nodes.iter().filter(|node| node.domain != own);
    let hosts: Vec<Host> = inside
        .filter(|node| node.software == Software::Watercooler || node.closed)
        .map(|node| Host { authority: node.authority().to_owned(), tells: node.software == Software::Watercooler })
        .collect();
    store::audiences::replace(tx.conn, Some(&rules), &hosts)
}

/// As [`follow`], when that was not done yet for this version.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn catch_up(tx: &mut Tx<'_>) -> Result<()> {
    let known = store::audiences::rules(tx.conn)?.map(|rules| rules.hash);
    match super::charter::current(tx.conn)? {
        Some(signed) if known.as_ref() == Some(&signed.hash) => Ok(()),
        None if known.is_none() => Ok(()),
        signed => follow(tx, signed.as_deref()),
    }
}

/// The narrowest audience that the actor of another server belongs to.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn place_of(conn: &mut Conn, actor: &str) -> Result<Audience> {
    let inside = store::audiences::host(conn, uri::authority(actor))?.is_some();
    Ok(if inside { Audience::Organisation } else { Audience::Open })
}

/// The narrowest audience that an account belongs to: posts with it or a wider one may reach it.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn place(conn: &mut Conn, account: &Account) -> Result<Audience> {
    if account.is_local() { Ok(Audience::Site) } else { place_of(conn, &account.uri) }
}

/// An account, of this node or of another one, as whoever looks at something.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn viewer(conn: &mut Conn, account: &Account) -> Result<Viewer> {
    Ok(Viewer::placed(account.id, place(conn, account)?))
}

/// For whom a post of another server is. `said`: whether it says that it is for everybody. Whoever says less is believed;
/// that a post is for everybody only nodes of the organisation need to say, and of them only those that say it of each
/// post: all else of theirs that is addressed to the public stays inside.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn of_remote(conn: &mut Conn, author: &str, visibility: Visibility, said: Option<bool>) -> Result<Audience> {
    if said == Some(false) {
        return Ok(Audience::Organisation);
    }
    Ok(match store::audiences::host(conn, uri::authority(author))? {
        Some(true) if said == Some(true) => Audience::Open,
        Some(_) if visibility <= Visibility::Unlisted => Audience::Organisation,
        _ => Audience::Open,
    })
}

/// The audience written at the start of a text, before or after the names that clients put there, and the text without it. Of
/// several the nearest counts. `!site` may also stand behind hashtags, as in `#ask !site`.
pub fn mark(text: &str) -> (Option<Audience>, Cow<'_, str>) {
    if !text.contains(['!', '\u{ff01}']) {
        return (None, text.into());
    }
    let (mut said, mut rest) = mark_at(text, after_names(text), false);
    if said.is_none() {
        (said, rest) = mark_at(text, after_names_and_tags(text), true);
    }
    for _ in 1..AT_ONCE {
        if said.is_none() {
            break;
        }
        let (mut again, mut left) = mark_at(&rest, after_names(&rest), false);
        if again.is_none() {
            (again, left) = mark_at(&rest, after_names_and_tags(&rest), true);
        }
        if again.is_none() {
            break;
        }
        let left = left.into_owned();
        (said, rest) = (said.min(again), left.into());
    }
    (said, rest)
}

/// The same at one place of a text; `only_near`: no mark but that of the site.
fn mark_at(text: &str, at: usize, only_near: bool) -> (Option<Audience>, Cow<'_, str>) {
    let (names, rest) = text.split_at_checked(at).unwrap_or(("", text));
    for (mark, audience) in MARKS {
        let Some((head, tail)) = rest.split_at_checked(mark.len()) else { continue };
        let near = audience == Audience::Site;
        if only_near && !near {
            continue;
        }
        let ends = tail
            .chars()
            .next()
            .is_none_or(|c| is_blank(c) || ENDS.contains(&c) || near && !c.is_alphanumeric() && !JOINTS.contains(&c));
        if !head.eq_ignore_ascii_case(mark) || !ends {
            continue;
        }
        let tail = tail.trim_start_matches(ENDS).trim_start_matches(is_blank);
        let text = if names.trim_matches(is_blank).is_empty() { tail.into() } else { format!("{names}{tail}").into() };
        return (Some(audience), text);
    }
    (None, text.into())
}

/// The one audience that a text and the warning before it are marked with.
///
/// # Errors
/// `Invalid` where they say two.
pub fn agreed(text: Option<Audience>, warning: Option<Audience>) -> Result<Option<Audience>> {
    match (text, warning) {
        (Some(text), Some(warning)) if text != warning => refuse("conflict", TWO),
        (text, warning) => Ok(text.or(warning)),
    }
}

/// Whether nobody sees this character: what keyboards and clients put around words, directions of writing among it.
fn is_blank(c: char) -> bool {
    let marks = ['\u{200b}'..='\u{200f}', '\u{202a}'..='\u{202e}', '\u{2060}'..='\u{2069}', '\u{feff}'..='\u{feff}'];
    c.is_whitespace() || marks.iter().any(|range| range.contains(&c))
}

/// Where the text begins behind names that stand before it. Unit: bytes.
pub(super) fn after_names(text: &str) -> usize {
    after(text, false)
}

/// The same behind names and hashtags.
fn after_names_and_tags(text: &str) -> usize {
    after(text, true)
}

fn after(text: &str, tags: bool) -> usize {
    let mut at = 0;
    for token in scan(text) {
        match token {
            Token::Hashtag(tag) if tags => at += 1 + tag.len(),
            Token::Mention { username, domain } => {
                at += 1 + username.len() + domain.map_or(0, |domain| 1 + domain.len())
            }
            Token::Text(between) => {
                let rest = between.trim_start_matches(|c: char| is_blank(c) || c == ':' || c == ',');
                at += between.len() - rest.len();
                if !rest.is_empty() {
                    return at;
                }
            }
            _ => return at,
        }
    }
    at
}

/// What an author asks for, beside what stands in the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// This audience.
    pub audience: Option<Audience>,
    /// To stay at this site, or not to.
    pub local_only: Option<bool>,
}

/// The audience a post gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Which.
    pub audience: Audience,
    /// Its author said so in this very post.
    pub expressly: bool,
}

fn refuse<T>(code: &'static str, reason: impl Into<Cow<'static, str>>) -> Result<T> {
    Err(Error::invalid("audience", code, reason))
}

/// Whether an author may choose this audience, now or for all their posts.
///
/// # Errors
/// `Invalid`: there is no organisation, or its charter forbids the open fediverse.
pub fn allowed(rules: Option<&Rules>, audience: Audience) -> Result<()> {
    match (audience, rules) {
        (Audience::Open, Some(rules)) if !rules.open_allowed => refuse(
            "open_forbidden",
            "Your organisation keeps posts inside: its charter does not allow the open fediverse. Leave `!open` out.",
        ),
        (Audience::Organisation, None) => {
            refuse("no_organisation", "This site belongs to no organisation. Choose `site`, or nothing.")
        }
        _ => Ok(()),
    }
}

/// The audience of a post whose author says nothing. `default` is theirs. Of what is not addressed to the public only
/// `site` holds back: followers and people who are named are chosen already.
pub fn standard(rules: Option<&Rules>, default: Option<Audience>, visibility: Visibility) -> Audience {
    let wanted = default.or(rules.map(|rules| rules.default)).unwrap_or(Audience::Open);
    match (visibility, wanted) {
        (Visibility::Direct, _) => Audience::Open,
        (_, Audience::Site) => Audience::Site,
        (Visibility::Private, _) => Audience::Open,
        (_, Audience::Open) if rules.is_some_and(|rules| !rules.open_allowed) => Audience::Organisation,
        (_, wanted) => wanted,
    }
}

/// How far posts go by a default that was chosen under another charter: what may not be chosen any more counts as the next
/// narrower one.
pub fn in_force(rules: Option<&Rules>, default: Audience) -> Audience {
    match default {
        Audience::Open if allowed(rules, default).is_err() => Audience::Organisation,
        // Nobody but the people of the site belongs to it.
        Audience::Organisation if allowed(rules, default).is_err() => Audience::Site,
        other => other,
    }
}

/// The audience that a post of this node gets. `marked` stands in its text, `default` is its author's, `parent` what it
/// answers: it never reaches further than that.
///
/// # Errors
/// `Invalid` for two different wishes, and as [`allowed`].
pub fn choose(
    rules: Option<&Rules>,
    default: Option<Audience>,
    wish: Wish,
    marked: Option<Audience>,
    visibility: Visibility,
    parent: Option<&Post>,
) -> Result<Chosen> {
    let stay = wish.local_only.filter(|stay| *stay).map(|_| Audience::Site);
    let mut wishes = [marked, wish.audience, stay].into_iter().flatten();
    let asked = wishes.next();
    let differ = wishes.any(|other| Some(other) != asked);
    if differ || (asked == Some(Audience::Site) && wish.local_only == Some(false)) {
        return refuse("conflict", TWO);
    }
    let audience = match asked {
        Some(asked) => {
            allowed(rules, asked)?;
            asked
        }
        None if wish.local_only == Some(false) => {
            let default = default.filter(|default| *default != Audience::Site);
            match standard(rules, default, visibility) {
                Audience::Site => Audience::Organisation,
                other => other,
            }
        }
        None => standard(rules, default, visibility),
    };
    let narrowed = parent.map_or(audience, |parent| audience.min(parent.audience));
    Ok(Chosen { audience: narrowed, expressly: asked == Some(narrowed) })
}

/// The text of a post of this node as a client is given it to write it anew. A client that knows of no audiences sends back
/// what it gets, so the word for one stands before it again where the new post would go less far or further without.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn to_write_anew(conn: &mut Conn, post: &Post, text: String) -> Result<String> {
    let rules = store::audiences::rules(conn)?;
    let default = store::posts::defaults(conn, post.account_id)?.audience;
    let parent = post.in_reply_to_id.map(|id| store::posts::find(conn, id)).transpose()?.flatten();
    let usual = standard(rules.as_ref(), default, post.visibility);
    let usual = parent.map_or(usual, |parent| usual.min(parent.audience));
    // What may not be chosen any more is not widened by it.
    let wanted = in_force(rules.as_ref(), post.audience);
    if usual == wanted || mark(&text).0.is_some() {
        return Ok(text);
    }
    let word = MARKS.iter().find(|(_, audience)| *audience == wanted).map_or("", |(word, _)| *word);
    Ok(format!("{word} {text}").trim().to_owned())
}

/// Lets all posts of a person go this far from now on, unless they say something else; none: as the charter says.
///
/// # Errors
/// As [`allowed`].
pub fn set_default(tx: &mut Tx<'_>, user: &mut User, audience: Option<Audience>) -> Result<()> {
    if let Some(audience) = audience {
        allowed(store::audiences::rules(tx.conn)?.as_ref(), audience)?;
    }
    user.default_audience = audience;
    store::users::set_preferences(tx.conn, user)
}

/// Keeps those of `people` whom a post with this audience may reach. The others are not addressed; when the author did
/// not choose the audience in this very post, they would not know that, so the post is refused. `most` is how far it could go
/// whatever its author says, by what it answers, quotes and names.
///
/// # Errors
/// `Invalid` naming one who would not get it.
pub fn addressable<'p>(
    conn: &mut Conn,
    rules: Option<&Rules>,
    chosen: Chosen,
    most: Audience,
    people: &'p [Account],
) -> Result<Vec<&'p Account>> {
    let mut reached = Vec::with_capacity(people.len());
    for person in people {
        let place = place(conn, person)?;
        if place <= chosen.audience {
            reached.push(person);
        } else if !chosen.expressly {
            return refuse("out_of_reach", out_of_reach(rules, chosen.audience, most, person, place));
        }
    }
    Ok(reached)
}

fn out_of_reach(
    rules: Option<&Rules>,
    audience: Audience,
    most: Audience,
    person: &Account,
    place: Audience,
) -> String {
    let name = person.acct();
    match audience {
        // What would reach them, where it may be chosen and is not held back by what the post is about.
        Audience::Site => {
            match MARKS.iter().find(|(_, wide)| *wide == place && *wide <= most && allowed(rules, *wide).is_ok()) {
                Some((word, _)) => format!(
                    "@{name} is at another site and would not get this: it stays at yours. Begin with `{word}`, leave the name \
                 out, or begin with `!site` to post it all the same."
                ),
                None => format!(
                    "@{name} is at another site and would not get this: it stays at yours. Leave the name out, or begin with \
                 `!site` to post it all the same."
                ),
            }
        }
        _ if most == Audience::Open && rules.is_some_and(|rules| rules.open_allowed) => format!(
            "@{name} is not on a server that posts for the organisation go to, and would not get this. Begin with `!open`, \
             write to them directly, or begin with `!org` to post it all the same."
        ),
        _ => format!(
            "@{name} is not on a server that posts for the organisation go to, and would not get this. Write to them \
             directly, or begin with `!org` to post it all the same."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(default: Audience, open_allowed: bool) -> Rules {
        Rules { hash: "1".into(), organisation: "urn:x".into(), default, open_allowed }
    }

    #[test]
    fn a_mark_stands_at_the_start_or_after_the_names_there() {
        let read = |text: &'static str| {
            let (mark, rest) = mark(text);
            (mark, rest.into_owned())
        };
        let said = |audience, text: &str| (Some(audience), text.to_owned());
        assert_eq!(read("!site Coffee is out"), said(Audience::Site, "Coffee is out"));
        assert_eq!(read("  !OPEN\n\nHello"), said(Audience::Open, "Hello"));
        assert_eq!(read("!org: x"), said(Audience::Organisation, "x"));
        assert_eq!(read("!site! Coffee is out"), said(Audience::Site, "Coffee is out"));
        assert_eq!(read("!site... Coffee is out"), said(Audience::Site, "Coffee is out"));
        assert_eq!(read("@bob @eve@far.example !site no"), said(Audience::Site, "@bob @eve@far.example no"));
        assert_eq!(read("!open"), said(Audience::Open, ""));
        assert_eq!(read("!site— Coffee is out"), said(Audience::Site, "Coffee is out"));
        assert_eq!(read("!site🔒 Coffee is out"), said(Audience::Site, "🔒 Coffee is out"));
        assert_eq!(read("!site(Lyon) is closed"), said(Audience::Site, "(Lyon) is closed"));
        // What a keyboard puts before it is not seen, so it does not carry the post out of the site either.
        assert_eq!(read("\u{200e}!site Coffee is out"), said(Audience::Site, "Coffee is out"));
        assert_eq!(read("\u{feff} !site\u{200b} Coffee is out"), said(Audience::Site, "Coffee is out"));
        assert_eq!(read("@bob \u{2066}!site no"), said(Audience::Site, "@bob \u{2066}no"));
        assert_eq!(read("\u{ff01}Site Coffee is out"), said(Audience::Site, "Coffee is out"));
        // Behind hashtags what keeps it near counts, what lets it go does not.
        assert_eq!(read("#ask !site Which glue?"), said(Audience::Site, "#ask Which glue?"));
        assert_eq!(read("@bob #ask, #b7: !SITE which?"), said(Audience::Site, "@bob #ask, #b7: which?"));
        // Of two the nearer counts.
        assert_eq!(read("!open !site x"), said(Audience::Site, "x"));
        assert_eq!(read("@bob !site: !open !org x"), said(Audience::Site, "@bob x"));
        assert_eq!(read("!open #ask !site x"), said(Audience::Site, "#ask x"));
        let (nearest, left) = mark("!org !open !open !open !open !open !open !open !open !site x");
        assert_eq!((nearest, &*left), (Some(Audience::Organisation), "!open !site x"));
        for plain in [
            "!open-source tools",
            "!site's",
            "!site-wide outage",
            "!open(source)",
            "!open_allowed",
            "!opening hours",
            "say !open",
            "!",
            "",
            "!öffen",
            "#!site",
            "@bob",
            "@bob hi !site",
            "#ask !open x",
            "#ask hi !site",
            "\u{ff01}open x",
        ] {
            assert_eq!(read(plain), (None, plain.to_owned()), "{plain}");
        }
    }

    #[test]
    fn what_an_author_says_counts_and_the_charter_sets_the_rest() {
        let pick = |rules: Option<&Rules>, default, wish, marked, visibility| {
            choose(rules, default, wish, marked, visibility, None).map(|c| c.audience).ok()
        };
        let (closed, open) = (rules(Audience::Organisation, false), rules(Audience::Organisation, true));
        let (nothing, public) = (Wish::default(), Visibility::Public);
        // Without an organisation everything is as it was.
        assert_eq!(pick(None, None, nothing, None, public), Some(Audience::Open));
        assert_eq!(pick(None, None, nothing, Some(Audience::Open), public), Some(Audience::Open));
        assert_eq!(pick(None, None, nothing, Some(Audience::Organisation), public), None);
        assert_eq!(pick(None, Some(Audience::Organisation), nothing, None, public), Some(Audience::Organisation));
        // With one, public means the organisation.
        for rules in [&closed, &open] {
            assert_eq!(pick(Some(rules), None, nothing, None, public), Some(Audience::Organisation));
            assert_eq!(pick(Some(rules), None, nothing, None, Visibility::Unlisted), Some(Audience::Organisation));
            assert_eq!(pick(Some(rules), None, nothing, None, Visibility::Private), Some(Audience::Open));
            assert_eq!(pick(Some(rules), None, nothing, None, Visibility::Direct), Some(Audience::Open));
            assert_eq!(pick(Some(rules), None, nothing, Some(Audience::Site), public), Some(Audience::Site));
        }
        assert_eq!(pick(Some(&open), None, nothing, Some(Audience::Open), public), Some(Audience::Open));
        assert_eq!(pick(Some(&closed), None, nothing, Some(Audience::Open), public), None);
        // A default that the charter forbids meanwhile is no way out.
        assert_eq!(pick(Some(&open), Some(Audience::Open), nothing, None, public), Some(Audience::Open));
        assert_eq!(pick(Some(&closed), Some(Audience::Open), nothing, None, public), Some(Audience::Organisation));
        // `site` as a default holds back all but direct posts.
        assert_eq!(pick(Some(&open), Some(Audience::Site), nothing, None, Visibility::Private), Some(Audience::Site));
        assert_eq!(pick(Some(&open), Some(Audience::Site), nothing, None, Visibility::Direct), Some(Audience::Open));
        let leave = Wish { local_only: Some(false), ..nothing };
        assert_eq!(pick(Some(&open), Some(Audience::Site), leave, None, public), Some(Audience::Organisation));
        assert_eq!(pick(None, Some(Audience::Site), leave, None, public), Some(Audience::Open));
        // Not two at once.
        let stay = Wish { local_only: Some(true), ..nothing };
        assert_eq!(pick(Some(&open), None, stay, Some(Audience::Open), public), None);
        assert_eq!(pick(Some(&open), None, leave, Some(Audience::Site), public), None);
        assert_eq!(pick(Some(&open), None, stay, Some(Audience::Site), public), Some(Audience::Site));
    }
}
