//! The pages as values: one struct per template, filled by the handlers. Every text here is plain and escaped by the
//! template; the few fields named `html`, `bio` and `about` hold sanitised markup and nothing else (WEB-02).

mod frame;
mod thread;

use super::projects::Belonging;
use askama::Template;
pub use frame::Frame;
pub use thread::{Accepting, Post, Reply};

/// What was wrong with a form: the field (empty for the whole) and a sentence.
#[derive(Default)]
pub struct Wrong(Option<(&'static str, String)>);

impl Wrong {
    /// Nothing was.
    pub fn nothing() -> Self {
        Self(None)
    }
    /// This field was.
    pub fn field(name: &'static str, sentence: impl Into<String>) -> Self {
        Self(Some((name, sentence.into())))
    }
    /// Whether nothing was.
    pub fn is_nothing(&self) -> bool {
        self.0.is_none()
    }
    /// The sentence for this field, if it is the one.
    pub fn of(&self, name: &str) -> Option<&str> {
        self.0.as_ref().filter(|(field, _)| *field == name).map(|(_, sentence)| sentence.as_str())
    }
}

/// A text of the node.
#[derive(Template)]
#[template(path = "prose.html")]
pub struct Prose {
    /// Surroundings.
    pub frame: Frame,
    /// What it is.
    pub heading: String,
    /// Since when it is so.
    pub since: String,
    /// Sanitised markup.
    pub html: String,
}

/// Sign-in.
#[derive(Template)]
#[template(path = "sign_in.html")]
pub struct SignIn {
    /// Surroundings.
    pub frame: Frame,
    /// The app on whose behalf the person came.
    pub app: Option<String>,
    /// What went wrong the last time.
    pub problem: Option<String>,
    /// Guards the form against other sites.
    pub token: String,
    /// Path and query to go on to.
    pub next: String,
    /// What was typed as the name.
    pub login: String,
    /// Is registration open or by approval?
    pub may_register: bool,
    /// Does the node write to who forgot their password?
    pub writes: bool,
}

/// One scope on the consent page.
pub struct ScopeLine {
    /// `read:statuses`.
    pub name: &'static str,
    /// What it means.
    pub text: String,
    /// Is it one to think twice about?
    pub strong: bool,
}

/// Consent of a person to an app.
#[derive(Template)]
#[template(path = "consent.html")]
pub struct Consent {
    /// Surroundings.
    pub frame: Frame,
    /// Name of the app.
    pub app: String,
    /// Its web site, http(s) only.
    pub website: Option<String>,
    /// What went wrong the last time.
    pub problem: Option<String>,
    /// Display name of the person.
    pub name: String,
    /// `user@domain`.
    pub handle: String,
    /// Their picture.
    pub avatar: String,
    /// What is asked for.
    pub scopes: Vec<ScopeLine>,
    /// Where the person goes afterwards, in words.
    pub destination: String,
    /// The parameters of the request, carried through the form.
    pub parameters: Vec<(&'static str, String)>,
    /// Guards the form against other sites and against being sent twice.
    pub token: String,
}

/// The out-of-band code.
#[derive(Template)]
#[template(path = "code.html")]
pub struct Code {
    /// Surroundings.
    pub frame: Frame,
    /// To be copied.
    pub code: String,
}

/// Registration, by invitation or not, and the setup of the first account.
#[derive(Template)]
#[template(path = "register.html")]
pub struct Register {
    /// Surroundings.
    pub frame: Frame,
    /// Title.
    pub heading: String,
    /// A sentence under it.
    pub text: Option<String>,
    /// Where the form goes.
    pub action: String,
    /// Guards the form against other sites.
    pub token: String,
    /// Right side of handles.
    pub domain: String,
    /// What was typed.
    pub username: String,
    /// What was typed.
    pub email: String,
    /// What was typed.
    pub reason: String,
    /// Is a reason asked for?
    pub ask_reason: bool,
    /// What was typed.
    pub date_of_birth: String,
    /// How old one has to be, where one is asked.
    pub min_age: Option<String>,
    /// Rules to agree to; none for the first account.
    pub rules: Vec<String>,
    /// Text of the button.
    pub button: String,
    /// What was wrong.
    pub wrong: Wrong,
}

/// Anything that needs one heading and one paragraph; errors too.
#[derive(Template)]
#[template(path = "message.html")]
pub struct Message {
    /// Surroundings.
    pub frame: Frame,
    /// HTTP status, shown large, of an error.
    pub status: Option<u16>,
    /// Heading.
    pub heading: String,
    /// Paragraph.
    pub text: String,
    /// Where to go on.
    pub link: String,
    /// What that is called.
    pub link_text: String,
}

/// Counts on the front page.
pub struct Numbers {
    /// Local accounts.
    pub people: i64,
    /// Local posts.
    pub posts: i64,
    /// Other nodes known.
    pub nodes: i64,
}

/// What waits for those who run the node.
pub struct Duties {
    /// People who asked to join.
    pub waiting: i64,
    /// Open reports.
    pub reports: i64,
}

/// The front page.
#[derive(Template)]
#[template(path = "front.html")]
pub struct Front {
    /// Surroundings.
    pub frame: Frame,
    /// Right side of handles: what apps ask for.
    pub domain: String,
    /// Short description, plain.
    pub short: String,
    /// Description, sanitised markup.
    pub about: String,
    /// Picture.
    pub thumbnail: Option<String>,
    /// Counts.
    pub numbers: Option<Numbers>,
    /// Rules, plain.
    pub rules: Vec<String>,
    /// Contact address.
    pub contact: Option<String>,
    /// Is registration open or by approval?
    pub may_register: bool,
    /// What waits for the reader, who runs the node.
    pub duties: Option<Duties>,
}

/// Who wrote something.
pub struct Author {
    /// Display name, or the user name when there is none.
    pub name: String,
    /// `user@domain`.
    pub handle: String,
    /// Their page.
    pub url: String,
    /// Their picture.
    pub avatar: String,
}

/// An attachment.
pub struct Medium {
    /// `image`, `video`, `audio` or anything else.
    pub kind: &'static str,
    /// The file.
    pub url: String,
    /// A small picture of it.
    pub preview: String,
    /// Alt text.
    pub alt: String,
}

/// An option of a poll.
pub struct PollOption {
    /// Its text.
    pub title: String,
    /// Share of the votes, 0 to 100.
    pub percent: i64,
}

/// The page a post is about.
pub struct LinkCard {
    /// Where it is; a web address.
    pub url: String,
    /// Its title.
    pub title: String,
    /// What it is about; may be empty.
    pub description: String,
    /// Who published it, else its host.
    pub provider: String,
    /// Our copy of its picture.
    pub image: Option<String>,
    /// Alternative text of the picture.
    pub alt: String,
}

/// A post, as every list shows it.
pub struct Card {
    /// Its id.
    pub id: String,
    /// Its page.
    pub url: String,
    /// Who wrote it.
    pub author: Author,
    /// A line above it: pinned, boosted by, in reply to.
    pub above: Option<String>,
    /// When, machine readable.
    pub at: String,
    /// When, for people.
    pub at_text: String,
    /// Was it edited?
    pub edited: bool,
    /// Who it is for, where that is not everybody whom the author's public posts reach.
    pub reach: Option<&'static str>,
    /// Content warning, plain; empty for none.
    pub warning: String,
    /// Content, sanitised markup.
    pub html: String,
    /// Language tag.
    pub language: Option<String>,
    /// Are the attachments sensitive?
    pub sensitive: bool,
    /// Attachments.
    pub media: Vec<Medium>,
    /// The page it is about; none beside attachments and behind a warning.
    pub link: Option<LinkCard>,
    /// Options of the poll; none without one.
    pub poll: Vec<PollOption>,
    /// Votes and end of the poll.
    pub poll_text: String,
    /// How many replies.
    pub replies: i64,
    /// How many boosts.
    pub boosts: i64,
    /// How many favourites.
    pub favourites: i64,
}

/// A profile field.
pub struct ProfileField {
    /// Its name, plain.
    pub name: String,
    /// Its value, sanitised markup.
    pub html: String,
    /// Was the link in it verified?
    pub verified: bool,
}

/// Where an account went.
pub struct Moved {
    /// `user@domain`.
    pub handle: String,
    /// Its page.
    pub url: String,
}

/// Where one goes on from a page.
pub struct Onward {
    /// There.
    pub href: String,
    /// What that is called.
    pub text: &'static str,
    /// It is a page of another server.
    pub leaves: bool,
}

/// `/@user`.
#[derive(Template)]
#[template(path = "profile.html")]
pub struct Profile {
    /// Surroundings.
    pub frame: Frame,
    /// Display name.
    pub name: String,
    /// `user@domain`.
    pub handle: String,
    /// The page.
    pub url: String,
    /// The ActivityPub document.
    pub uri: String,
    /// The same as RSS, where strangers may see it.
    pub feed: Option<String>,
    /// Bio in one plain line, for previews.
    pub summary: String,
    /// Bio, sanitised markup.
    pub bio: String,
    /// Picture.
    pub avatar: String,
    /// Its alt text.
    pub avatar_alt: String,
    /// Banner.
    pub header: String,
    /// Its alt text.
    pub header_alt: String,
    /// A program?
    pub bot: bool,
    /// A group?
    pub group: bool,
    /// Approves followers?
    pub locked: bool,
    /// Keep out of search engines?
    pub noindex: bool,
    /// Where they went.
    pub moved: Option<Moved>,
    /// Fields.
    pub fields: Vec<ProfileField>,
    /// Number of posts.
    pub posts_count: i64,
    /// Number of accounts followed.
    pub following_count: i64,
    /// Number of followers.
    pub followers_count: i64,
    /// Since when, in words.
    pub joined: String,
    /// How whoever looks belongs to it, of a project.
    pub belonging: Option<Belonging>,
    /// Whether they follow it, of another server.
    pub follows: Option<&'static str>,
    /// Where they go on.
    pub links: Vec<Onward>,
    /// Posts of this page, pinned ones first on the first page.
    pub posts: Vec<Card>,
    /// Link to the first page, on later ones.
    pub newest: Option<String>,
    /// Link to the next page.
    pub older: Option<String>,
}

/// Posts under a heading: a hashtag.
#[derive(Template)]
#[template(path = "listing.html")]
pub struct Listing {
    /// Surroundings.
    pub frame: Frame,
    /// What they have in common.
    pub heading: String,
    /// Posts of this page.
    pub posts: Vec<Card>,
    /// Link to the first page, on later ones.
    pub newest: Option<String>,
    /// Link to the next page.
    pub older: Option<String>,
    /// The same as RSS, where strangers may see it.
    pub feed: Option<String>,
}

/// A question and its accepted answer.
pub struct Answered {
    /// The question.
    pub question: Card,
    /// The answer.
    pub answer: Card,
    /// What its author said of it later.
    pub still: Option<String>,
}

/// One of several things that may be chosen.
#[derive(Clone, Debug)]
pub struct Choice {
    /// In the form.
    pub value: &'static str,
    /// For people.
    pub text: &'static str,
    /// It is the one.
    pub chosen: bool,
}

/// A question to the network.
#[derive(Template)]
#[template(path = "ask.html")]
pub struct Ask {
    /// Surroundings.
    pub frame: Frame,
    /// Guards the form against other sites.
    pub token: String,
    /// Two forms with the same are one question.
    pub once: String,
    /// What was typed.
    pub question: String,
    /// What was typed.
    pub tags: String,
    /// Characters of a post.
    pub characters: usize,
    /// How far it goes.
    pub audiences: Vec<Choice>,
    /// What was wrong.
    pub wrong: Wrong,
}

/// The archive of answers.
#[derive(Template)]
#[template(path = "answers.html")]
pub struct Answers {
    /// Surroundings.
    pub frame: Frame,
    /// What they have in common.
    pub heading: String,
    /// Where it is searched.
    pub path: String,
    /// What was searched for.
    pub words: String,
    /// Questions of this page.
    pub answered: Vec<Answered>,
    /// Link to the first page, on later ones.
    pub newest: Option<String>,
    /// Link to the next page.
    pub older: Option<String>,
}

/// Somebody of another server, or a post of theirs, for who came from there.
#[derive(Template)]
#[template(path = "interact.html")]
pub struct Interact {
    /// Surroundings.
    pub frame: Frame,
    /// Whom it is about.
    pub who: Author,
    /// Their bio in one plain line.
    pub bio: String,
    /// The post, when it is about one.
    pub post: Option<Card>,
    /// How the visitor stands to them, in words.
    pub state: Option<String>,
    /// Is there a button to follow?
    pub may_follow: bool,
    /// Id of the account to follow.
    pub account: String,
    /// What was asked for, to come back to.
    pub uri: String,
    /// Guards the form against other sites.
    pub token: String,
    /// What an app's search finds it by.
    pub address: String,
}

/// An app with access, on the settings page.
pub struct AppLine {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it holds.
    pub scopes: String,
    /// Since when, last used.
    pub when: String,
}

/// A browser signed in, on the settings page.
pub struct SessionLine {
    /// Its id.
    pub id: String,
    /// What it said it is.
    pub agent: String,
    /// Since when.
    pub when: String,
    /// Is it this one?
    pub current: bool,
}

/// Follows that ended at once.
pub struct SeveredLine {
    /// The number of the event.
    pub id: String,
    /// What ended them.
    pub name: String,
    /// When.
    pub when: String,
    /// How many followers, if any.
    pub followers: Option<String>,
    /// How many followed, if any.
    pub following: Option<String>,
}

/// `/settings`.
#[derive(Template)]
#[template(path = "settings.html")]
pub struct Settings {
    /// Surroundings.
    pub frame: Frame,
    /// Who.
    pub username: String,
    /// What was just done.
    pub done: Option<String>,
    /// Guards the forms against other sites.
    pub token: String,
    /// What was wrong with the password form.
    pub wrong: Wrong,
    /// Apps with access.
    pub apps: Vec<AppLine>,
    /// Browsers signed in.
    pub sessions: Vec<SessionLine>,
    /// How far public posts go.
    pub audiences: Vec<Choice>,
    /// Who finds them.
    pub listings: Vec<Choice>,
    /// Follows that ended at once.
    pub severed: Vec<SeveredLine>,
    /// For how long that can be read.
    pub severed_kept: String,
}

#[cfg(test)]
#[path = "pages_tests.rs"]
mod tests;
