//! From rows to documents: reads what a post or an actor is made of and hands it to `render`. Who may see the result is
//! decided by the callers.

mod actors;
mod attachments;

use super::render::{
    self, PUBLIC,
    activity::Activity,
    actor::Image,
    post::{self as wire, Audience, Tag},
};
use crate::{
    Error, Result,
    config::Site,
    db::Conn,
    domain::{charter, emojis, html, ideas::State, questions, quotes::policy},
    id::Id,
    model::{
        Account, AccountKind, Audience as Reach, InteractionState, Media, Poll, PollOption, Post, QuoteState,
        Visibility,
    },
    store::{self, deliveries::Addressee, ideas::Idea, questions::Question},
    time::Timestamp,
};
use std::borrow::Cow;

pub use actors::{Shown, actor, with_actor};

/// Who is addressed (ADDR-OUT-01): `followers` is the author's collection, `others` the people mentioned.
pub fn audience(visibility: Visibility, followers: &str, others: impl Iterator<Item = String>) -> Audience {
    let (public, followers) = (PUBLIC.to_owned(), followers.to_owned());
    let (to, mut cc) = match visibility {
        Visibility::Public => (vec![public], vec![followers]),
        Visibility::Unlisted => (vec![followers], vec![public]),
        Visibility::Private => (vec![followers], vec![]),
        Visibility::Direct => return Audience { to: others.collect(), cc: vec![] },
    };
    cc.extend(others);
    Audience { to, cc }
}

/// A local post with everything its document shows.
#[derive(Debug)]
pub struct Whole {
    /// The post, or the boost.
    pub post: Post,
    /// Its author.
    pub author: Account,
    /// Who is mentioned.
    pub addressees: Vec<Addressee>,
    tags: Vec<String>,
    media: Vec<Media>,
    files_stay: bool,
    poll: Option<(Poll, Vec<PollOption>)>,
    parent: Option<String>,
    conversation: Option<String>,
    context: Option<String>,
    question: Option<Question>,
    route: bool,
    idea: Option<(Idea, Option<String>)>,
    is_of_idea: bool,
    coffee: bool,
    introduction: bool,
    reach: Option<String>,
    quote: Option<Quoted>,
    /// How visible it shall be once the author of what it answers agrees.
    wanted: Option<Visibility>,
    /// The author of what it answers refused it: it is nobody's business but that of whoever wrote it.
    pub refused: bool,
    /// The authorisation by the author of what it answers or boosts.
    authorization: Option<String>,
    /// What is boosted: its id and its author's.
    pub boosted: Option<(String, Account)>,
}

/// What a post quotes, or asks to quote.
#[derive(Debug)]
struct Quoted {
    id: String,
    page: String,
    authorization: Option<String>,
}

/// What a post quotes: nothing, once its author was refused or the quoted post is gone.
fn quoted(conn: &mut Conn, post: Id<Post>) -> Result<Option<Quoted>> {
    let quote = store::quotes::find(conn, post)?
        .filter(|quote| matches!(quote.state, QuoteState::Pending | QuoteState::Accepted));
    let Some(quote) = quote else { return Ok(None) };
    let found = match quote.quoted_id {
        Some(id) => store::documents::post(conn, id)?,
        None => None,
    };
    let page = found.and_then(|post| post.url).filter(|url| !url.is_empty());
    Ok(Some(Quoted {
        page: page.unwrap_or_else(|| quote.quoted_uri.clone()),
        id: quote.quoted_uri,
        authorization: quote.stamp_uri.filter(|_| quote.state == QuoteState::Accepted),
    }))
}

/// The idea that a post is, and the actor id of who looks after it.
fn idea(conn: &mut Conn, site: &Site, post: Id<Post>) -> Result<Option<(Idea, Option<String>)>> {
    let Some(idea) = store::ideas::find(conn, post)? else { return Ok(None) };
    let owner = match idea.owner {
        Some(owner) => store::accounts::find(conn, owner)?,
        None => None,
    };
    let owner = owner.map(|account| if account.is_local() { site.actor_uri(&account.username) } else { account.uri });
    Ok(Some((idea, owner)))
}

impl Whole {
    /// Reads one post.
    ///
    /// # Errors
    /// `NotFound` when it, or its author, is gone.
    pub fn load(conn: &mut Conn, site: &Site, id: Id<Post>) -> Result<Self> {
        let post = store::documents::post(conn, id)?.ok_or(Error::NotFound)?;
        let author = store::accounts::load(conn, post.account_id)?;
        Self::read(conn, site, post, author)
    }

    /// Reads what belongs to `post`, whose author is known.
    ///
    /// # Errors
    /// `NotFound` for a boost of something that is gone.
    pub fn read(conn: &mut Conn, site: &Site, post: Post, author: Account) -> Result<Self> {
        let mut whole = Self {
            addressees: Vec::new(),
            tags: Vec::new(),
            media: Vec::new(),
            files_stay: false,
            poll: None,
            parent: post.in_reply_to_uri.clone(),
            conversation: None,
            context: None,
            question: None,
            route: false,
            idea: None,
            is_of_idea: false,
            coffee: false,
            introduction: false,
            reach: None,
            quote: None,
            wanted: None,
            refused: false,
            authorization: None,
            boosted: None,
            post,
            author,
        };
        let post = &whole.post;
        if let Some(original) = post.boost_of_id {
            let original = store::documents::post(conn, original)?.ok_or(Error::NotFound)?;
            let by = store::accounts::load(conn, original.account_id)?;
            if !original.local {
                whole.authorization = store::interactions::find_by_uri(conn, &post.uri)?.and_then(|row| row.stamp_uri);
            }
            whole.boosted = Some((original.uri, by));
            return Ok(whole);
        }
        whole.addressees = store::deliveries::addressees(conn, &[post.id])?;
        whole.tags = store::documents::tags(conn, &[post.id])?.into_iter().map(|(_, name)| name).collect();
        let ids = post.media();
        if !ids.is_empty() {
            let mut media = store::documents::media(conn, &ids)?;
            media.sort_by_key(|m| ids.iter().position(|id| *id == m.id));
            whole.media = media;
            whole.files_stay = charter::current(conn)?.is_some_and(|signed| !signed.charter.policy.media_off_site);
        }
        if let Some(id) = post.poll_id
            && let Some(poll) = store::documents::poll(conn, id)?
        {
            whole.poll = Some((poll, store::documents::poll_options(conn, id)?));
        }
        if let Some(parent) = post.in_reply_to_id {
            let found = store::documents::post_uris(conn, &[parent])?;
            whole.parent = found.into_iter().next().map(|(_, uri)| uri).or(whole.parent);
        }
        if whole.parent.as_ref().is_some_and(|parent| !site.owns_str(parent))
            && let Some(asked) = store::interactions::of_post(conn, post.id)?
        {
            match asked.state {
                InteractionState::Accepted => whole.authorization = asked.stamp_uri,
                InteractionState::Pending | InteractionState::Rejected => {
                    whole.wanted = Some(asked.visibility);
                    whole.refused = asked.state == InteractionState::Rejected && post.visibility == Visibility::Direct;
                }
            }
        }
        if post.visibility == Visibility::Direct && whole.author.kind == AccountKind::Service {
            whole.coffee = store::coffee::is_letter(conn, post.id)?;
            whole.introduction = store::introductions::find(conn, post.id)?.is_some();
        }
        if post.in_reply_to_id.is_none() {
            whole.question = store::questions::find(conn, post.id)?;
            whole.idea = idea(conn, site, post.id)?;
        } else if whole.author.kind == AccountKind::Service {
            whole.route = store::questions::is_route(conn, post.id)?;
            whole.is_of_idea = store::concierge::find(conn)?.is_some_and(|own| own.id == post.account_id)
                && store::ideas::find(conn, post.conversation_id)?.is_some();
        }
        whole.reach = reach(conn, post)?;
        whole.quote = quoted(conn, post.id)?;
        // Only threads that began here have a name of ours.
        let root = post.conversation_id;
        let first = match root == post.id {
            true => Some(post.uri.clone()),
            false => store::documents::post_uris(conn, &[root])?.into_iter().map(|(_, uri)| uri).next(),
        };
        if let Some(first) = first.filter(|uri| site.owns_str(uri)) {
            let day = root.timestamp().date();
            whole.conversation = Some(format!("tag:{},{day}:objectId={root}:objectType=Conversation", site.domain()));
            whole.context = Some(format!("{first}/context"));
        } else if let Some(parent) = post.in_reply_to_id {
            // Answers say what the thread is called where it began.
            (whole.conversation, whole.context) = store::remote::thread_name(conn, &[root, parent])?;
        }
        Ok(whole)
    }

    /// Whether it is a question to the network, an idea, or what the concierge says of one.
    pub fn is_for_the_network(&self) -> bool {
        self.question.is_some() || self.idea.is_some() || self.is_of_idea
    }

    /// Whether somebody thanks somebody by it: the hashtag, and a name.
    fn is_kudos(&self) -> bool {
        const THANKS: &str = "thanks";
        self.author.kind == AccountKind::Person
            && self.tags.iter().any(|tag| tag == THANKS)
            && self.addressees.iter().any(|other| !other.silent && other.uri != self.author.uri)
    }

    /// Who is addressed.
    pub fn audience(&self, site: &Site) -> Audience {
        let followers = site.followers_uri(&self.author.username);
        match &self.boosted {
            Some((_, by)) => audience(self.post.visibility, &followers, std::iter::once(by.uri.clone())),
            // Whoever is asked sees for whom it is meant.
            None => audience(
                self.wanted.unwrap_or(self.post.visibility),
                &followers,
                self.addressees.iter().map(|a| a.uri.clone()),
            ),
        }
    }

    /// The Note or Question.
    pub fn note(&self, site: &Site) -> wire::Post<'_> {
        let post = &self.post;
        let mentions = self.addressees.iter().filter(|a| !a.silent).map(|a| Tag::Mention {
            href: a.uri.clone(),
            name: format!("@{}@{}", a.username, a.domain.as_deref().unwrap_or(site.domain())),
        });
        let tags = self.tags.iter().map(|name| Tag::Hashtag { href: site.tag_url(name), name: format!("#{name}") });
        let link = self.quote.as_ref().map(|quote| Tag::Link {
            media_type: "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"",
            href: quote.id.clone(),
            rel: "https://misskey-hub.net/ns#_misskey_quote",
            name: format!("RE: {}", quote.page),
        });
        let mut content = match &self.quote {
            Some(quote) => html::with_quote_fallback(&quote.page, &post.content).into(),
            None => Cow::Borrowed(post.content.as_str()),
        };
        let page = post.url.clone().unwrap_or_else(|| site.post_url(&self.author.username, post.id));
        if self.files_stay {
            content = attachments::named(&content, &self.media, site, &page, post.language.as_deref()).into();
        }
        let (everybody, followers) = policy::is_open_to(post);
        let followers = followers.then(|| site.followers_uri(&self.author.username));
        wire::Post {
            id: &post.uri,
            summary: Some(post.spoiler_text.as_str()).filter(|s| !s.is_empty()),
            in_reply_to: self.parent.as_deref(),
            published: post.created_at.rfc3339(),
            url: page,
            attributed_to: &self.author.uri,
            audience: self.audience(site),
            group: self
                .addressees
                .iter()
                .find(|a| a.group && !a.silent && post.visibility <= Visibility::Unlisted)
                .map(|a| a.uri.as_str()),
            sensitive: post.sensitive || self.author.sensitized_at.is_some(),
            conversation: self.conversation.as_deref(),
            context: self.context.as_deref(),
            content,
            language: post.language.as_deref(),
            updated: post.edited_at.map(Timestamp::rfc3339),
            attachment: self
                .media
                .iter()
                .filter(|_| !self.files_stay)
                .filter_map(|m| attachments::attachment(site, m))
                .collect(),
            tag: mentions.chain(tags).chain(link).chain(emoji_tags(&post.emojis)).collect(),
            poll: self.poll.as_ref().map(|(poll, options)| wire::Poll {
                multiple: poll.multiple,
                options: options.iter().map(|o| (o.title.as_str(), o.votes_count)).collect(),
                voters: poll.voters_count.unwrap_or(0),
                ends: poll.expires_at.map(Timestamp::rfc3339),
                closed: poll.closed_at.map(Timestamp::rfc3339),
            }),
            purpose: match &self.question {
                Some(question) => {
                    let (state, answer) = (questions::state_word(question.state), question.answer_uri.as_deref());
                    Some(wire::Purpose::Ask(state, answer, question.answers_shown.max(0)))
                }
                None if self.route => Some(wire::Purpose::Route),
                None if self.coffee => Some(wire::Purpose::Coffee),
                None if self.introduction => Some(wire::Purpose::Introduction),
                None if self.is_kudos() => Some(wire::Purpose::Kudos),
                None => self.idea.as_ref().map(|(idea, owner)| wire::Purpose::Idea {
                    state: State::of_code(idea.state).word(),
                    owner: owner.as_deref(),
                    sentence: &idea.sentence,
                }),
            },
            reach: self.reach.as_deref(),
            quote: self
                .quote
                .as_ref()
                .map(|quote| wire::Quote { id: &quote.id, authorization: quote.authorization.as_deref() }),
            can_quote: everybody.then(|| PUBLIC.to_owned()).into_iter().chain(followers).collect(),
            reply_authorization: self.authorization.as_deref(),
        }
    }

    /// The Create of a post, or the Announce of a boost, as a whole document.
    ///
    /// # Errors
    /// None but `Internal`.
    pub fn activity(&self, site: &Site) -> Result<String> {
        let id = self.activity_id(site);
        let published = self.post.created_at.rfc3339();
        if let Some((original, _)) = &self.boosted {
            let mut announce = Activity::new("Announce", &id, &self.author.uri, original.as_str());
            announce.announce_authorization = self.authorization.as_deref();
            let terms = match &self.authorization {
                Some(_) => render::context::Terms::CONSENT,
                None => render::context::Terms::NONE,
            };
            return announce.at(published).for_audience(self.audience(site)).document(terms);
        }
        let note = self.note(site);
        let (terms, audience) = (note.terms(), note.audience.clone());
        Activity::new("Create", &id, &self.author.uri, note).at(published).for_audience(audience).document(terms)
    }

    /// The id of that activity.
    pub fn activity_id(&self, site: &Site) -> String {
        if self.boosted.is_some() {
            return self.post.uri.clone();
        }
        site.post_activity_uri(&self.author.username, self.post.id)
    }
}

/// For whom a post is, as nodes of an organisation tell one another: the organisation, or everybody. Elsewhere its
/// addressing says all there is.
fn reach(conn: &mut Conn, post: &Post) -> Result<Option<String>> {
    let everybody = post.audience == Reach::Open;
    if post.audience == Reach::Site || everybody && post.visibility > Visibility::Unlisted {
        return Ok(None);
    }
    let rules = store::audiences::rules(conn)?;
    Ok(rules.map(|rules| if everybody { PUBLIC.to_owned() } else { rules.organisation }))
}

/// An emoji of this node.
pub fn emoji_tag(used: emojis::Used) -> Tag {
    Tag::Emoji {
        icon: Image::new(used.url.clone(), image_type(&used.url).map(str::to_owned)),
        id: Some(used.id),
        name: format!(":{}:", used.shortcode),
        updated: Some(used.updated.rfc3339()),
    }
}

/// The emoji that stand with a post or profile of this node.
fn emoji_tags(stored: &str) -> impl Iterator<Item = Tag> {
    emojis::stored(stored).into_iter().map(emoji_tag)
}

/// The type of a stored picture by the end of its name: the store names files by what they are.
pub fn image_type(file: &str) -> Option<&'static str> {
    match file.rsplit_once('.')?.1 {
        "jpg" | "jpeg" => Some("image/jpeg"),
        "png" => Some("image/png"),
        "gif" => Some("image/gif"),
        "webp" => Some("image/webp"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fed_addr_out_01_each_visibility_addresses_whom_it_should() {
        let of = |visibility| audience(visibility, "F", ["M".to_owned()].into_iter());
        let is = |to: &[&str], cc: &[&str]| Audience {
            to: to.iter().map(|s| (*s).to_owned()).collect(),
            cc: cc.iter().map(|s| (*s).to_owned()).collect(),
        };
        assert_eq!(of(Visibility::Public), is(&[PUBLIC], &["F", "M"]));
        assert_eq!(of(Visibility::Unlisted), is(&["F"], &[PUBLIC, "M"]));
        assert_eq!(of(Visibility::Private), is(&["F"], &["M"]));
        assert_eq!(of(Visibility::Direct), is(&["M"], &[]));
    }
}
