//! What other servers say, free of their formats: the input of the operations of [`super`]. Markup in it is sanitised
//! and every address normalised by whoever fills it in.

use crate::{
    config::Site,
    domain::{html::Html, ideas, interactions::Policies, people::Stance, questions::Told, quotes::policy::Said},
    model::{AccountKind, MediaKind},
    time::Timestamp,
};
use std::borrow::Cow;

/// The address that stands for everybody.
pub const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// An emoji image of another server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteEmoji {
    /// Without colons.
    pub shortcode: String,
    /// The image.
    pub url: String,
    /// When it changed last, as claimed.
    pub updated: Option<Timestamp>,
}

/// A key somebody publishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteKey {
    /// Normalised id of the key.
    pub id: String,
    /// Who it claims to belong to; only the owner's own document proves it (SIGIN-19).
    pub owner: Option<String>,
    /// PEM or Multikey text.
    pub material: String,
}

/// An actor document.
#[derive(Clone, Debug)]
pub struct RemoteActor {
    /// The id; normalised.
    pub uri: String,
    /// What it is.
    pub kind: AccountKind,
    /// The left side of the handle.
    pub username: String,
    /// `user@domain` the actor claims for itself (FEP-2c59); believed only after WebFinger confirmed it.
    pub claimed_handle: Option<String>,
    /// WebFinger leads from its handle to this actor and back: then the handle is its own, whoever had it (AUT-19).
    pub handle_confirmed: bool,
    /// Plain text.
    pub display_name: String,
    /// Sanitised.
    pub note: Html,
    /// The human page.
    pub url: Option<String>,
    /// Where activities for it go.
    pub inbox: String,
    /// The same for all of its server; on the authority of `inbox` (AUT-24).
    pub shared_inbox: Option<String>,
    /// Its activities.
    pub outbox: Option<String>,
    /// Its followers.
    pub followers: Option<String>,
    /// Whom it follows.
    pub following: Option<String>,
    /// Its pinned posts.
    pub featured: Option<String>,
    /// Address of the picture.
    pub avatar: Option<String>,
    /// Alternative text of the picture.
    pub avatar_description: String,
    /// Address of the banner.
    pub header: Option<String>,
    /// Alternative text of the banner.
    pub header_description: String,
    /// Name and sanitised value.
    pub fields: Vec<(String, Html)>,
    /// Used in name, note and fields.
    pub emojis: Vec<RemoteEmoji>,
    /// It decides about each follower.
    pub locked: bool,
    /// It wants to be found.
    pub discoverable: bool,
    /// Its posts may be searched.
    pub indexable: bool,
    /// Its page has a part with media.
    pub show_media: bool,
    /// Media in its answers are among them.
    pub show_media_replies: bool,
    /// Its page has a part with what it features.
    pub show_featured: bool,
    /// Its owner has died.
    pub memorial: bool,
    /// Its server hides it (UPD-05).
    pub suspended: bool,
    /// The last day of its owner in their organisation.
    pub left_on: Option<Timestamp>,
    /// When it was made.
    pub published: Option<Timestamp>,
    /// Where it went; to be believed only when the target names it in `also_known_as`.
    pub moved_to: Option<String>,
    /// Other ids of the same person.
    pub also_known_as: Vec<String>,
    /// Id and DER SPKI of its RSA key.
    pub rsa_key: Option<(String, Vec<u8>)>,
    /// Id and raw bytes of its Ed25519 key.
    pub ed25519_key: Option<(String, Vec<u8>)>,
    /// Domains whose pages may name it as their author.
    pub attribution_domains: Vec<String>,
    /// What its owner knows and where they work.
    pub facts: RemoteFacts,
    /// The project it is.
    pub project: Option<crate::domain::projects::RemoteProject>,
}

/// A skill in an actor document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteSkill {
    /// As it came.
    pub name: String,
    /// What its owner says about it.
    pub stance: Stance,
    /// Where else it is described.
    pub same_as: Vec<String>,
}

/// What an actor document says about its owner beside the profile. Texts as they came, cut to a size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteFacts {
    /// Skills.
    pub skills: Vec<RemoteSkill>,
    /// Job title.
    pub title: String,
    /// Department.
    pub department: String,
    /// Where they work.
    pub site: String,
    /// IANA name.
    pub time_zone: String,
    /// BCP 47 tags.
    pub languages: Vec<String>,
    /// The day they left, `2026-11-26`.
    pub left_on: Option<String>,
    /// In when pairs for a coffee are made.
    pub coffee: bool,
    /// When the document last changed, as claimed.
    pub updated: Option<Timestamp>,
    /// JSON object of the properties that nobody here knows.
    pub extra: Option<String>,
}

/// An attachment that is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct RemoteAttachment {
    /// The file.
    pub url: String,
    /// What it is.
    pub kind: MediaKind,
    /// As claimed.
    pub mime: Option<String>,
    /// Alternative text.
    pub description: Option<String>,
    /// Checked.
    pub blurhash: Option<String>,
    /// Each within -1 to 1.
    pub focus: Option<(f64, f64)>,
    /// Pixels.
    pub width: Option<i64>,
    /// Pixels.
    pub height: Option<i64>,
    /// Milliseconds.
    pub duration_ms: Option<i64>,
    /// A picture of it.
    pub thumbnail: Option<String>,
}

/// A page that a post is about, as its server tells of it (POST-08).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteLink {
    /// Where it is.
    pub href: String,
    /// Plain text; may be empty.
    pub title: String,
    /// Plain text; may be empty.
    pub description: String,
    /// Address of a picture.
    pub image: Option<String>,
}

/// The poll of a Question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemotePoll {
    /// Title and votes.
    pub options: Vec<(String, i64)>,
    /// Several answers at once.
    pub multiple: bool,
    /// When it ends.
    pub ends_at: Option<Timestamp>,
    /// When it ended, or will.
    pub closed_at: Option<Timestamp>,
    /// It ended, at an unknown time.
    pub closed: bool,
    /// How many people voted.
    pub voters: Option<i64>,
}

/// Somebody named in a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteMention {
    /// The actor id.
    pub uri: String,
    /// As written, for instance `@user@domain`.
    pub name: Option<String>,
}

/// Whom something is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addressing {
    /// `to`.
    pub to: Vec<String>,
    /// `cc`, `bto`, `bcc` and `audience`.
    pub cc: Vec<String>,
    /// A litepub flag: whatever the lists say.
    pub direct: bool,
}

impl Addressing {
    /// Nobody is named.
    pub fn is_empty(&self) -> bool {
        self.to.is_empty() && self.cc.is_empty()
    }
    /// Everybody who is named, the public and collections included.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.to.iter().chain(&self.cc).map(String::as_str)
    }
}

/// A post of another server.
#[derive(Clone, Debug)]
pub struct RemotePost {
    /// The object id; normalised.
    pub uri: String,
    /// The human page.
    pub url: Option<String>,
    /// Who wrote it: on the authority of `uri`.
    pub author: String,
    /// Everybody it is attributed to.
    pub authors: Vec<String>,
    /// The type it came as, for instance `Note`.
    pub kind: &'static str,
    /// Sanitised.
    pub content: Html,
    /// Plain text.
    pub spoiler_text: String,
    /// Its pictures are hidden at first.
    pub sensitive: bool,
    /// BCP 47.
    pub language: Option<String>,
    /// When it was written, as claimed.
    pub published: Option<Timestamp>,
    /// When it was edited, as claimed.
    pub updated: Option<Timestamp>,
    /// What it answers.
    pub in_reply_to: Option<String>,
    /// Whom it is for; the activity's when the object had none.
    pub addressing: Addressing,
    /// The group it was posted to.
    pub audience: Option<String>,
    /// People named in it.
    pub mentions: Vec<RemoteMention>,
    /// Normal form and as written.
    pub hashtags: Vec<(String, String)>,
    /// What is shown with it.
    pub attachments: Vec<RemoteAttachment>,
    /// The page it is about.
    pub link: Option<RemoteLink>,
    /// Used in its text.
    pub emojis: Vec<RemoteEmoji>,
    /// A Question's.
    pub poll: Option<RemotePoll>,
    /// A post it shows.
    pub quote: Option<String>,
    /// The authorisation it names for that.
    pub quote_stamp: Option<String>,
    /// Who may quote it, as its author says.
    pub can_quote: Said,
    /// What others may do to it, as its author says.
    pub policies: Policies,
    /// Whether it takes no more answers; none when it does not say.
    pub locked: Option<bool>,
    /// The authorisation that it names for answering what it answers.
    pub reply_stamp: Option<String>,
    /// When it is a vote (a name, no text, an answer): the name of the option (POLL-04).
    pub vote: Option<String>,
    /// Untrusted.
    pub favourites: Option<i64>,
    /// Untrusted.
    pub boosts: Option<i64>,
    /// The collection of answers.
    pub replies: Option<String>,
    /// What it calls its thread; a hint (THR-07).
    pub conversation: Option<String>,
    /// The collection of its thread, as it says (FEP-7888); a hint.
    pub context: Option<String>,
    /// It says that it tells two people that they are a pair.
    pub coffee: bool,
    /// It says that it introduces two people to one another.
    pub introduction: bool,
    /// It says that it is an idea.
    pub idea: Option<ideas::Told>,
    /// It says that it is a question to the network.
    pub question: Option<Told>,
    /// It says that a concierge asks people by it.
    pub route: bool,
    /// Whether it says that it is for everybody; none when it does not say.
    pub open: Option<bool>,
}

impl RemotePost {
    /// With ids for whom and what of this node it names by the address that people see, as some programs do.
    pub fn at_home(&self, site: &Site) -> Cow<'_, Self> {
        let mentions = self.mentions.iter().map(|mention| &mention.uri);
        let addressed = self.addressing.to.iter().chain(&self.addressing.cc);
        let mut named = self.in_reply_to.iter().chain(&self.quote).chain(mentions).chain(addressed);
        if !named.any(|uri| site.id_of_page(uri).is_some()) {
            return Cow::Borrowed(self);
        }
        let mut post = self.clone();
        let mentions = post.mentions.iter_mut().map(|mention| &mut mention.uri);
        let addressed = post.addressing.to.iter_mut().chain(&mut post.addressing.cc);
        for uri in post.in_reply_to.iter_mut().chain(&mut post.quote).chain(mentions).chain(addressed) {
            if let Some(id) = site.id_of_page(uri) {
                *uri = id;
            }
        }
        Cow::Owned(post)
    }
}
