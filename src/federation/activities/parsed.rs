//! An activity, read once: what it is, by whom, about what.

use crate::{
    Error, Result,
    config::Site,
    domain::{
        emoji_reactions::RemoteReaction,
        html::{cut, plain_text},
        remote::{Addressing, RemoteActor, RemotePost, collections::Recommended},
    },
    federation::{
        json::Json,
        objects::{self, actor, collection, post, tags},
    },
    limits,
    time::Timestamp,
};

/// The kinds of activities that have an effect here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Follow,
    Accept,
    Reject,
    Undo,
    Create,
    Update,
    Delete,
    Announce,
    Like,
    /// A vote against (Lemmy, PeerTube): counted nowhere here, but whoever casts it likes the post no more.
    Dislike,
    Block,
    Flag,
    Add,
    Remove,
    Move,
    Join,
    Leave,
    Lock,
    QuoteRequest,
    FeatureRequest,
    ReplyRequest,
    LikeRequest,
    AnnounceRequest,
    /// Anything else: answered, without effect (INT-10, ROB-02).
    Other,
}

impl Kind {
    /// Whether somebody asks for something, which is named as the instrument.
    const fn asks(self) -> bool {
        matches!(
            self,
            Self::QuoteRequest | Self::FeatureRequest | Self::ReplyRequest | Self::LikeRequest | Self::AnnounceRequest
        )
    }

    fn of(json: &Json) -> Self {
        json.types()
            .find_map(|t| {
                Some(match t {
                    "Follow" => Self::Follow,
                    "Accept" => Self::Accept,
                    "Reject" => Self::Reject,
                    "Undo" => Self::Undo,
                    "Create" => Self::Create,
                    "Update" => Self::Update,
                    "Delete" => Self::Delete,
                    "Announce" => Self::Announce,
                    "Like" | "EmojiReact" => Self::Like,
                    "Dislike" => Self::Dislike,
                    "Block" => Self::Block,
                    "Flag" => Self::Flag,
                    "Add" => Self::Add,
                    "Remove" => Self::Remove,
                    "Move" => Self::Move,
                    "Join" => Self::Join,
                    "Leave" => Self::Leave,
                    "Lock" => Self::Lock,
                    "QuoteRequest" => Self::QuoteRequest,
                    "FeatureRequest" => Self::FeatureRequest,
                    "ReplyRequest" => Self::ReplyRequest,
                    "LikeRequest" => Self::LikeRequest,
                    "AnnounceRequest" => Self::AnnounceRequest,
                    _ => return None,
                })
            })
            .unwrap_or(Self::Other)
    }
}

/// The activity inside of an Accept, Reject, Undo or group Announce.
#[derive(Clone, Debug)]
pub struct Inner {
    /// Its type, for instance `Follow`.
    pub kind: String,
    /// Its actor.
    pub actor: Option<String>,
    /// What it is about.
    pub object: Option<String>,
    /// With what it is done: the quoting post of a QuoteRequest, what another request asks for.
    pub instrument: Option<String>,
    /// The collection of an Add or Remove.
    pub target: Option<String>,
    /// The emoji of a reaction.
    pub reaction: Option<RemoteReaction>,
    /// The type and the object of the activity inside of an Undo.
    pub undone: Option<(String, String)>,
}

/// What an activity embeds.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one for each activity, which nearly always is about another one"
)]
pub enum Embedded {
    /// Nothing but an id, or something of no use.
    Nothing,
    /// A post of the actor, to be believed.
    Post(Box<RemotePost>),
    /// The actor itself.
    Actor(Box<RemoteActor>),
    /// Another activity.
    Activity(Inner),
    /// A whole document of a type that cannot be shown (ROB-02).
    Unknown,
}

/// See the module. All addresses are normalised.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// Its id; none for a transient one.
    pub id: Option<String>,
    /// Its one actor.
    pub actor: String,
    /// What it does.
    pub kind: Kind,
    /// What it is about; the first of several.
    pub object: Option<String>,
    /// All it is about, for a Flag.
    pub objects: Vec<String>,
    /// What it brings along.
    pub embedded: Embedded,
    /// Whether `object` is a whole document of another owner.
    pub foreign: bool,
    /// Collection of an Add or Remove, destination of a Move.
    pub target: Option<String>,
    /// The quoting post of a QuoteRequest, the collection of a FeatureRequest, what another request asks for.
    pub instrument: Option<String>,
    /// What an Accept hands out: the authorisation of a quote, or of what else was asked for.
    pub result: Option<String>,
    /// The authorisation that an Announce names.
    pub stamp: Option<String>,
    /// When, as claimed.
    pub published: Option<Timestamp>,
    /// For whom.
    pub addressing: Addressing,
    /// The reason of a Flag, the words of a Join; plain text.
    pub content: String,
    /// The emoji of a Like or EmojiReact.
    pub reaction: Option<RemoteReaction>,
    /// The hashtag of an Add or Remove, in its normal form.
    pub hashtag: Option<String>,
    /// The collection of people that an Add, Create or Update embeds, or somebody in one.
    pub recommended: Option<Recommended>,
}

impl Parsed {
    /// With ids for whom and what of this node it names by the address that people see, as some programs do.
    #[must_use]
    pub fn at_home(mut self, site: &Site) -> Self {
        let inner = match &mut self.embedded {
            Embedded::Activity(inner) => inner.object.as_mut(),
            _ => None,
        };
        for uri in self.object.iter_mut().chain(&mut self.target).chain(inner) {
            if let Some(id) = site.id_of_page(uri) {
                *uri = id;
            }
        }
        self
    }
}

/// Reads an activity of plausible shape.
///
/// # Errors
/// `BadRequest` for an actor that is none or several (AUT-14), or an id that is no address.
pub fn parse(json: &Json) -> Result<Parsed> {
    let mut actors = json.values("actor");
    let actor =
        actors.next().and_then(Json::as_uri).ok_or_else(|| Error::bad_request("an actor that is no address"))?;
    if actors.next().is_some() {
        return Err(Error::bad_request("more than one actor"));
    }
    let id = match json.get("id") {
        Json::Null => None,
        _ => Some(json.id().ok_or_else(|| Error::bad_request("an id that is no address"))?),
    };
    let kind = Kind::of(json);
    let first = json.one("object");
    let object = first.as_uri();
    let (embedded, foreign) = embedded(json, kind, first, &actor);
    let flagged = kind == Kind::Flag;
    let says = flagged || kind == Kind::Join;
    Ok(Parsed {
        id,
        kind,
        object,
        objects: if flagged { json.uris("object", limits::RECIPIENTS) } else { Vec::new() },
        embedded,
        foreign,
        target: json.uri("target"),
        instrument: json.uri("instrument").filter(|_| kind.asks()),
        result: json.uri("result").filter(|_| kind == Kind::Accept),
        stamp: json.uri("announceAuthorization").filter(|_| kind == Kind::Announce),
        published: json.time("published"),
        addressing: match kind {
            Kind::Announce | Kind::Create | Kind::Update | Kind::Add => post::addressing(json),
            _ => Addressing::default(),
        },
        content: if says {
            // Lemmy says in the summary why.
            let said = json.text("content").or_else(|| json.text("summary"));
            plain_text(cut(said.unwrap_or(""), limits::REMOTE_BIO))
        } else {
            String::new()
        },
        hashtag: if matches!(kind, Kind::Add | Kind::Remove) { tags::featured(first) } else { None },
        reaction: if kind == Kind::Like { tags::reaction(json) } else { None },
        recommended: match kind {
            Kind::Add | Kind::Create | Kind::Update => collection::recommended(first),
            _ => None,
        },
        actor,
    })
}

fn embedded(json: &Json, kind: Kind, object: &Json, actor: &str) -> (Embedded, bool) {
    if kind == Kind::QuoteRequest {
        let quoting = json.one("instrument");
        return match objects::kind(quoting) {
            objects::Kind::Post => match post::read(quoting, Some(json)) {
                Ok(read) if read.author == actor => (Embedded::Post(Box::new(read)), false),
                _ => (Embedded::Nothing, true),
            },
            _ => (Embedded::Nothing, false),
        };
    }
    if !object.is_object() {
        return (Embedded::Nothing, false);
    }
    match (kind, objects::kind(object)) {
        (Kind::Create | Kind::Update, objects::Kind::Post) => match post::read(object, Some(json)) {
            Ok(read) if read.author == actor => (Embedded::Post(Box::new(read)), false),
            _ => (Embedded::Nothing, true),
        },
        (Kind::Create | Kind::Update, objects::Kind::Actor) => match actor::read(object) {
            Ok(read) if read.uri == actor => (Embedded::Actor(Box::new(read)), false),
            // Some of its own properties: the whole of it is where it lives.
            _ if kind == Kind::Update && object.id().as_deref() == Some(actor) => (Embedded::Nothing, false),
            _ => (Embedded::Nothing, true),
        },
        // Nothing but an id, in an object.
        (Kind::Create | Kind::Update, _) if object.types().next().is_none() => (Embedded::Nothing, false),
        (Kind::Create | Kind::Update, _) => (Embedded::Unknown, false),
        (Kind::Accept | Kind::Reject | Kind::Undo | Kind::Announce, _) => match object.types().next() {
            Some(name) if !object.get("object").is_null() => {
                let inner = Inner {
                    kind: name.to_owned(),
                    actor: object.uri("actor"),
                    object: object.uri("object"),
                    instrument: object.uri("instrument"),
                    target: object.uri("target"),
                    reaction: if matches!(name, "Like" | "EmojiReact") { tags::reaction(object) } else { None },
                    undone: if name == "Undo" { undone(object.one("object")) } else { None },
                };
                (Embedded::Activity(inner), false)
            }
            _ => (Embedded::Nothing, false),
        },
        _ => (Embedded::Nothing, false),
    }
}

/// What an activity that is undone was, and about what.
fn undone(activity: &Json) -> Option<(String, String)> {
    Some((activity.types().next()?.to_owned(), activity.uri("object")?))
}
