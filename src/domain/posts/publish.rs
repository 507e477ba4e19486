//! What a local person writes, checked and turned into a post.

use super::{Meaning, NewPoll, NewPost, insert_post};
use crate::{
    Error, Result, crypto,
    db::Conn,
    domain::{
        Tx, Viewer,
        audiences::{self, Chosen, Wish},
        concierge::{self, words},
        counters, emojis,
        html::Html,
        interactions, moves, projects, quotes, text, trends, visibility,
    },
    id::Id,
    limits,
    model::{
        Account, AccountKind, App, Audience, InteractionKind, Media, MediaKind, MediaState, Post, QuotePolicy,
        Visibility,
    },
    store,
};

/// Seconds during which an idempotency key answers with the first post.
const KEY_SECONDS: i64 = 3600;
/// Longest idempotency key that is kept as it is, bytes; of a longer one its digest is.
const KEY_BYTES: usize = 255;

/// A post as its author asks for it; none means the author's default.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// The program it is written with.
    pub app: Option<Id<App>>,
    /// As typed.
    pub text: String,
    /// Content warning, as typed.
    pub spoiler_text: String,
    /// Who may see it.
    pub visibility: Option<Visibility>,
    /// How far it may go; the text may say it too.
    pub audience: Wish,
    /// Attachments are hidden at first.
    pub sensitive: Option<bool>,
    /// Its language.
    pub language: Option<String>,
    /// What it answers.
    pub in_reply_to: Option<Id<Post>>,
    /// Uploaded files, in order.
    pub media: Vec<Id<Media>>,
    /// A poll.
    pub poll: Option<PollDraft>,
    /// What it quotes.
    pub quoted: Option<Id<Post>>,
    /// Who may quote it.
    pub quote_policy: Option<QuotePolicy>,
    /// Two requests of one key are one post.
    pub idempotency_key: Option<String>,
}

/// A poll as its author asks for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PollDraft {
    /// Answers.
    pub options: Vec<String>,
    /// Seconds from now.
    pub expires_in: i64,
    /// Several answers at once.
    pub multiple: bool,
    /// Tallies only after the end.
    pub hide_totals: bool,
}

/// Typed text, read and checked against the limits.
pub(super) struct Composed<'t> {
    pub tokens: Vec<text::Token<'t>>,
    pub tags: Vec<(String, String)>,
}

/// Reads typed text.
///
/// # Errors
/// `Invalid` above the limit of characters.
pub(super) fn compose<'t>(tx: &Tx<'_>, typed: &'t str, spoiler: &str) -> Result<Composed<'t>> {
    let most = tx.config().posts.characters;
    let tokens = text::scan(typed);
    if typed.len() > limits::LOCAL_TEXT || text::count(&tokens) + text::characters(spoiler) > most {
        return Err(Error::invalid("status", "too_long", format!("Text character limit of {most} exceeded")));
    }
    let mut tags: Vec<(String, String)> = Vec::new();
    for token in &tokens {
        if let text::Token::Hashtag(written) = token
            && let Some(name) = text::normalize_hashtag(written)
            && !tags.iter().any(|(n, _)| *n == name)
        {
            tags.push((name, (*written).to_owned()));
        }
    }
    Ok(Composed { tokens, tags })
}

/// The accounts named in a text that are known here and may be addressed by `author`.
pub(super) fn mentioned(tx: &mut Tx<'_>, author: Id<Account>, tokens: &[text::Token<'_>]) -> Result<Vec<Account>> {
    let mut found: Vec<Account> = Vec::new();
    for (name, domain) in text::mentions(tokens).into_iter().take(limits::MENTIONS) {
        let handle = match domain {
            Some(domain) if !tx.site().is_own_name(&domain) => format!("{name}@{domain}"),
            _ => name,
        };
        let Some(account) = store::accounts::find_by_handle(tx.conn, &handle)? else { continue };
        let blocked = account.id != author && store::follows::is_blocked_either_way(tx.conn, author, account.id)?;
        if !account.is_unavailable() && !blocked && !found.iter().any(|a| a.id == account.id) {
            found.push(account);
        }
    }
    // Who waits for approval is nobody yet.
    let ids: Vec<Id<Account>> = found.iter().filter(|a| a.is_local()).map(|a| a.id).collect();
    let waiting = store::users::waiting(tx.conn, &ids)?;
    found.retain(|account| !waiting.contains(&account.id));
    Ok(found)
}

/// Whom a draft names, beside those that its author said it may name: clients ask so before a name in passing makes somebody
/// a reader.
///
/// # Errors
/// Those of the database.
pub fn unexpected(
    tx: &mut Tx<'_>,
    author: Id<Account>,
    draft: &Draft,
    allowed: &[Id<Account>],
) -> Result<Vec<Id<Account>>> {
    let typed = text::clean_input(&draft.text);
    let named = mentioned(tx, author, &text::scan(&typed))?;
    Ok(named.into_iter().map(|account| account.id).filter(|id| !allowed.contains(id)).collect())
}

/// The markup of a text whose people are known.
pub(super) fn markup(tx: &Tx<'_>, tokens: &[text::Token<'_>], people: &[Account]) -> Html {
    let site = tx.site();
    text::to_html(
        tokens,
        |name, domain| {
            let local = domain.is_none_or(|d| site.is_own_name(d));
            let account = people.iter().find(|a| match (&a.domain, domain) {
                (None, _) => local && a.username.eq_ignore_ascii_case(name),
                (Some(own), Some(asked)) => own.eq_ignore_ascii_case(asked) && a.username.eq_ignore_ascii_case(name),
                _ => false,
            })?;
            Some(match &account.url {
                Some(url) => url.clone(),
                None if account.is_local() => site.profile_url(&account.username),
                None => account.uri.clone(),
            })
        },
        |tag| site.tag_url(tag),
    )
}

/// Files a person may attach, in the order asked for.
///
/// # Errors
/// `Invalid` for files that are not theirs, still in work, on another post, too many, or of kinds that do not go
/// together.
pub(super) fn attachable(
    tx: &mut Tx<'_>,
    author: Id<Account>,
    ids: &[Id<Media>],
    on: Option<Id<Post>>,
) -> Result<Vec<Media>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let most = tx.config().media.attachments;
    if ids.len() > most {
        return Err(Error::invalid("media_ids", "too_long", format!("Cannot attach more than {most} files")));
    }
    let mut rows = store::posts::media(tx.conn, ids)?;
    let mut ordered = Vec::with_capacity(ids.len());
    for id in ids {
        let free = |m: &Media| m.scheduled_id.is_none() && (m.post_id.is_none() || m.post_id == on);
        let place = rows.iter().position(|m| m.id == *id && m.account_id == author && free(m));
        match place {
            Some(place) => ordered.push(rows.swap_remove(place)),
            None if ordered.iter().any(|m: &Media| m.id == *id) => {}
            None => return Err(Error::invalid("media_ids", "invalid", "A file is missing or belongs to another post")),
        }
    }
    if ordered.iter().any(|m| m.state != MediaState::Ready) {
        return Err(Error::invalid(
            "media_ids",
            "invalid",
            "Cannot attach files that have not finished processing. Try again in a moment!",
        ));
    }
    let alone = ordered.iter().any(|m| matches!(m.kind, MediaKind::Video | MediaKind::Audio));
    if alone && ordered.len() > 1 {
        return Err(Error::invalid(
            "media_ids",
            "invalid",
            "Cannot attach a video to a post that already contains images",
        ));
    }
    Ok(ordered)
}

/// A poll, checked against the limits.
///
/// # Errors
/// `Invalid` naming what is wrong.
pub(super) fn new_poll(tx: &Tx<'_>, draft: &PollDraft) -> Result<NewPoll> {
    let most = tx.config().posts.poll_options;
    let wrong = |field, code, reason: String| Err(Error::invalid(field, code, reason));
    let titles: Vec<String> = draft
        .options
        .iter()
        .map(|o| text::clean_input(o).replace('\n', " ").trim().to_owned())
        .filter(|o| !o.is_empty())
        .collect();
    if titles.len() < 2 {
        return wrong("poll[options]", "too_short", "Options must be at least two".into());
    }
    if titles.len() > most {
        return wrong("poll[options]", "too_long", format!("Options cannot be more than {most}"));
    }
    if titles.iter().any(|t| text::characters(t) > limits::POLL_OPTION_CHARACTERS) {
        let reason = format!("Options cannot be longer than {} characters each", limits::POLL_OPTION_CHARACTERS);
        return wrong("poll[options]", "too_long", reason);
    }
    if titles.iter().enumerate().any(|(n, t)| titles.iter().take(n).any(|o| o == t)) {
        return wrong("poll[options]", "taken", "Options must be different".into());
    }
    if draft.expires_in < limits::POLL_MIN_SECONDS {
        return wrong("poll[expires_in]", "invalid", "Duration of the poll is too short".into());
    }
    if draft.expires_in > limits::POLL_MAX_SECONDS {
        return wrong("poll[expires_in]", "invalid", "Duration of the poll is too far in the future".into());
    }
    Ok(NewPoll {
        options: titles.into_iter().map(|t| (t, 0)).collect(),
        multiple: draft.multiple,
        hide_totals: draft.hide_totals,
        expires_at: Some(tx.now.plus_seconds(draft.expires_in)),
        closed_at: None,
        voters: Some(0),
    })
}

/// A language tag such as `de` or `pt-BR`, in its usual spelling.
///
/// # Errors
/// `Invalid` for anything else.
pub fn language(tag: &str) -> Result<String> {
    text::language_tag(tag).ok_or_else(|| Error::invalid("language", "invalid", "Language is not a known language"))
}

/// Publishes. Who is named or answered and cannot be reached is not addressed. With an idempotency key used within the last hour, answers the post made then.
///
/// # Errors
/// `Invalid` for what the limits forbid, for an audience that may not be chosen, and for one by default that leaves out
/// somebody who is named or answered; `NotFound` when the post to answer is not there for the author; `Forbidden` for
/// an account that moved away.
pub fn publish(tx: &mut Tx<'_>, author: Id<Account>, draft: Draft) -> Result<Id<Post>> {
    let id: Id<Post> = tx.new_id();
    if let Some(earlier) = claimed(tx, author, &draft, id)? {
        return Ok(earlier);
    }
    let new = checked(tx, author, draft, id)?;
    let usual = usual_audience(tx, &new)?;
    let post = insert_post(tx, new)?.ok_or_else(|| Error::internal("a new post has a known id"))?;
    if let Some(usual) = usual {
        counters::chose(tx, usual, post.audience)?;
    }
    Ok(post.id)
}

/// The audience that a person's post would have had if they had said nothing of it.
fn usual_audience(tx: &mut Tx<'_>, new: &NewPost) -> Result<Option<Audience>> {
    if store::accounts::load(tx.conn, new.account)?.kind != AccountKind::Person {
        return Ok(None);
    }
    let (rules, default) = (store::audiences::rules(tx.conn)?, store::posts::defaults(tx.conn, new.account)?.audience);
    let parent = new.in_reply_to.map(|id| store::posts::load(tx.conn, id)).transpose()?;
    let quoted = new.quote.as_ref().and_then(|quote| quote.quoted.as_ref());
    let usual = audiences::standard(rules.as_ref(), default, new.visibility);
    Ok(Some(parent.iter().chain(quoted).fold(usual, |usual, other| usual.min(other.audience))))
}

/// How far a draft would go, for who decides what to ask other servers about before it is written.
///
/// # Errors
/// As [`publish`], for an audience that may not be chosen.
pub fn reach(conn: &mut Conn, author: Id<Account>, draft: &Draft) -> Result<Audience> {
    let user = store::posts::defaults(conn, author)?;
    let mut narrowest: Option<Post> = None;
    for id in draft.in_reply_to.into_iter().chain(draft.quoted) {
        let other = store::posts::find(conn, id)?;
        narrowest = narrowest.into_iter().chain(other).min_by_key(|post| post.audience);
    }
    let marked = audiences::mark(&text::clean_input(&draft.text)).0;
    let warned = audiences::mark(&text::clean_input(draft.spoiler_text.trim())).0;
    let marked = audiences::agreed(marked, warned)?;
    let visibility = draft.visibility.unwrap_or(user.visibility);
    let rules = store::audiences::rules(conn)?;
    let wish = draft.audience;
    audiences::choose(rules.as_ref(), user.audience, wish, marked, visibility, narrowest.as_ref()).map(|c| c.audience)
}

/// What a request of the same key made within the last hour; else `id` is what this one makes.
pub(super) fn claimed(tx: &mut Tx<'_>, author: Id<Account>, draft: &Draft, id: Id<Post>) -> Result<Option<Id<Post>>> {
    let Some(key) = draft.idempotency_key.as_deref().filter(|k| !k.is_empty()) else { return Ok(None) };
    let since = tx.now.plus_seconds(-KEY_SECONDS);
    // Keys that only begin alike are different requests.
    let digest = (key.len() > KEY_BYTES).then(|| format!("sha256:{}", crypto::sha256_hex(key.as_bytes())));
    store::posts::claim_key(tx.conn, id, author, digest.as_deref().unwrap_or(key), since, tx.now)
}

/// What a person asks for, as the post that it makes now.
///
/// # Errors
/// As [`publish`].
pub(super) fn checked(tx: &mut Tx<'_>, author: Id<Account>, draft: Draft, id: Id<Post>) -> Result<NewPost> {
    let (mut typed, mut spoiler) = (text::clean_input(&draft.text), text::clean_input(draft.spoiler_text.trim()));
    let shows_something = !draft.media.is_empty() || draft.poll.is_some() || draft.quoted.is_some();
    if typed.trim().is_empty() && !spoiler.trim().is_empty() && !shows_something {
        (typed, spoiler) = (spoiler, "".into());
    }
    let (marked, unmarked) = audiences::mark(&typed);
    let unmarked = unmarked.into_owned();
    if marked.is_some() {
        typed = unmarked.into();
    }
    // A warning stands before the text: who begins it so means the post.
    let (warned, unwarned) = audiences::mark(&spoiler);
    let unwarned = unwarned.into_owned();
    if warned.is_some() {
        spoiler = unwarned.into();
    }
    let marked = audiences::agreed(marked, warned)?;
    if typed.trim().is_empty() && !shows_something {
        return Err(Error::invalid("status", "blank", "Text can't be blank"));
    }
    let account = store::accounts::load(tx.conn, author)?;
    moves::stays(&account)?;
    let user = store::posts::defaults(tx.conn, author)?;
    let Composed { tokens, tags } = compose(tx, &typed, &spoiler)?;
    trends::check_usable(tx, &tags)?;
    let mut visibility = draft.visibility.unwrap_or(user.visibility);
    let parent = match draft.in_reply_to {
        Some(id) => Some(visibility::visible_original(tx.conn, Viewer::from(author), id, tx.now)?),
        None => None,
    };
    if let Some(parent) = &parent {
        // An answer never reaches further than what it answers.
        visibility = visibility.max(parent.visibility);
    }
    let quoted = match draft.quoted {
        Some(id) => Some(quotes::quotable(tx, author, id)?),
        None => None,
    };
    // What is for single people is their own business.
    let asks = match parent.as_ref().filter(|_| visibility < Visibility::Direct) {
        Some(parent) => interactions::must_ask(tx, parent, InteractionKind::Reply, author)?,
        None => false,
    };
    if asks && quoted.is_some() {
        return Err(Error::invalid("quoted_status_id", "invalid", words::ANSWER_WITH_QUOTE.0));
    }
    if let Some(quoted) = &quoted {
        // Nor does a quote of what is for followers. What is unlisted may be quoted in public, as it may be boosted.
        if quoted.post.visibility > Visibility::Unlisted {
            visibility = visibility.max(quoted.post.visibility);
        }
    }
    let rules = store::audiences::rules(tx.conn)?;
    let quoted_post = quoted.as_ref().map(|quoted| &quoted.post);
    let narrowest = parent.iter().chain(quoted_post).min_by_key(|post| post.audience);
    let chosen = audiences::choose(rules.as_ref(), user.audience, draft.audience, marked, visibility, narrowest)?;
    let media = attachable(tx, author, &draft.media, None)?;
    let poll = draft.poll.as_ref().map(|p| new_poll(tx, p)).transpose()?;
    let language = match draft.language.as_deref().filter(|l| !l.is_empty()) {
        Some(tag) => Some(language(tag)?),
        None => user.language.or_else(|| tx.config().instance.languages.first().cloned()),
    };
    let people = mentioned(tx, author, &tokens)?;
    // However far its author wants it to go.
    let most = Chosen { audience: narrowest.map_or(Audience::Open, |post| post.audience), expressly: true };
    let most = projects::near::narrow(tx.conn, most, visibility, &people)?.audience;
    let chosen = Chosen { audience: chosen.audience.min(most), expressly: chosen.expressly && chosen.audience <= most };
    let content = markup(tx, &tokens, &people);
    let mut addressed = people;
    if let Some(parent) = &parent
        && parent.account_id != author
        && !addressed.iter().any(|account| account.id == parent.account_id)
        && !store::follows::is_blocked_either_way(tx.conn, author, parent.account_id)?
    {
        // Whoever is answered is addressed, named or not (THR-04).
        addressed.push(store::accounts::load(tx.conn, parent.account_id)?);
    }
    if let Some(parent) = &parent {
        projects::locks::check_answer(tx, author, parent, visibility, &addressed)?;
    }
    // Programs have nobody to tell.
    let chosen = Chosen { expressly: chosen.expressly || account.kind != AccountKind::Person, ..chosen };
    let reached = audiences::addressable(tx.conn, rules.as_ref(), chosen, most, &addressed)?;
    let mut mentions: Vec<(Id<Account>, bool)> = reached.iter().map(|a| (a.id, false)).collect();
    let quote = match quoted {
        Some(quoted) => {
            let author_of_it = quoted.author.id;
            if !quoted.is_by(author) && !mentions.iter().any(|(id, _)| *id == author_of_it) {
                if visibility == Visibility::Direct {
                    let why = "Cannot quote a non-mentioned user in a Private Mention post.";
                    return Err(Error::invalid("base", "invalid", why));
                }
                // Whoever is quoted may see where, or they could not agree.
                if visibility == Visibility::Private && quoted.is_reached(tx, chosen.audience)? {
                    mentions.push((author_of_it, true));
                }
            }
            Some(quoted.into_quote(tx, author, chosen.audience)?)
        }
        None => None,
    };
    // What goes to followers, or to whom it names, is open anyway, so its audience does not tell that its author said so. The
    // concierge, who may be told by it to ask something, reads it in the text.
    let said_open = [marked, draft.audience.audience].contains(&Some(Audience::Open));
    let tells = said_open && chosen.audience == Audience::Open && visibility > Visibility::Unlisted && !asks;
    let source = match tells && names_concierge(tx.conn, &mentions)? {
        true => format!("!open {typed}"),
        false => typed.to_string(),
    };
    let waits = asks.then_some(visibility);
    if let Some(parent) = parent.as_ref().filter(|_| asks) {
        // Nobody but them sees it until they agree.
        (visibility, mentions) = (Visibility::Direct, vec![(parent.account_id, true)]);
    }
    let sensitive = draft.sensitive.unwrap_or(user.sensitive) || !spoiler.is_empty();
    let options = poll.iter().flat_map(|poll| poll.options.iter().map(|(title, _)| title.as_str()));
    let texts: Vec<&str> = [typed.as_ref(), spoiler.as_ref()].into_iter().chain(options).collect();
    let emojis = emojis::used(tx, &texts)?;
    Ok(NewPost {
        id,
        uri: tx.site().post_uri(&account.username, id),
        url: Some(tx.site().post_url(&account.username, id)),
        account: author,
        local: true,
        visibility,
        audience: chosen.audience,
        content,
        source_text: Some(source),
        spoiler_text: spoiler.into_owned(),
        sensitive,
        language,
        in_reply_to: parent.as_ref().map(|p| p.id),
        in_reply_to_uri: None,
        app: draft.app,
        emojis,
        created_at: tx.now,
        group: None,
        mentions,
        tags,
        media,
        poll,
        fresh: true,
        edited_at: None,
        remote_boosts_count: 0,
        remote_favourites_count: 0,
        meaning: Meaning::Plain,
        quote,
        quote_policy: quotes::policy::bits(
            draft.quote_policy.unwrap_or(user.quote_policy),
            waits.unwrap_or(visibility),
        ),
        policies: interactions::Policies::default(),
        waits,
    })
}

fn names_concierge(conn: &mut Conn, mentions: &[(Id<Account>, bool)]) -> Result<bool> {
    Ok(concierge::find(conn)?.is_some_and(|own| mentions.iter().any(|(id, _)| *id == own.id)))
}

#[cfg(test)]
mod tests {
    use super::language;

    #[test]
    fn languages_are_spelt_one_way() {
        assert_eq!(language("DE").unwrap(), "de");
        assert_eq!(language("pt_br").unwrap(), "pt-BR");
        assert_eq!(language("zh-Hant").unwrap(), "zh-Hant");
        assert_eq!(language("zh-hant-tw").unwrap(), "zh-Hant-TW");
        for bad in ["", "x", "english", "d3", "de-!", "<b>"] {
            assert!(language(bad).is_err(), "{bad}");
        }
    }
}
