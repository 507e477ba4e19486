//! People and expertise (N1): what somebody knows and wants to be asked about, where they work, and who may find them.
//! The same facts are kept of people here and of the copies of the other nodes' directories.
//!
//! [`facts`] is what is known and how it is changed, [`fields`] the profile fields made of it (and read back from what a
//! client sends), [`remote`] what other nodes say, [`directory`] who is listed and what the index is made of, [`answers`]
//! accepted answers and the aliases that follow from them, [`wording`] questions and reasons in words, [`intake`] a CSV
//! file of facts.

pub mod answers;
pub mod directory;
pub mod facts;
pub mod fields;
pub mod gardener;
pub mod intake;
pub mod remote;
pub mod wording;

pub use crate::matching::people::{Listed, Stance};
pub use facts::{By, FactsChange, load, update};

use super::{Fact, Tx};
use crate::Result;
use serde::{Deserialize, Serialize};

/// Skills of one person.
pub const SKILLS: usize = 50;
/// Characters of a skill.
pub const SKILL_CHARACTERS: usize = 60;
/// Characters of a title, department or site, and of the name of a project.
pub const FACT_CHARACTERS: usize = 100;
/// Languages of one person.
pub const LANGUAGES: usize = 10;
/// Addresses of one skill, and bytes of one of them.
pub const LINKS: usize = 4;
/// See [`LINKS`].
pub const LINK_BYTES: usize = 300;
/// Projects that one person names.
pub const WORKS: usize = 20;

/// One skill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skill {
    /// As it was typed.
    pub name: String,
    /// Its normal form, the name of its hashtag.
    pub tag: String,
    /// What its owner says about it.
    pub stance: Stance,
    /// Where else it is described: addresses in public vocabularies.
    pub same_as: Vec<String>,
}

/// Something somebody works on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// Its name.
    pub name: String,
    /// Its page, when it is more than a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// They are a member of this project: it comes and goes with that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub joined: bool,
}

/// What is known of somebody. Texts are plain and in their owner's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Skills, in their owner's order.
    pub skills: Vec<Skill>,
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
    /// What they work on.
    pub works_on: Vec<Work>,
    /// Who may find them.
    pub listed: Listed,
    /// The day they left the organisation.
    pub left_on: Option<String>,
    /// In when pairs for a coffee are made.
    pub coffee: bool,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            skills: Vec::new(),
            title: String::new(),
            department: String::new(),
            site: String::new(),
            time_zone: String::new(),
            languages: Vec::new(),
            works_on: Vec::new(),
            listed: Listed::Organisation,
            left_on: None,
            coffee: false,
        }
    }
}

/// As stored.
pub const fn stance_code(stance: Stance) -> i16 {
    match stance {
        Stance::Ask => 0,
        Stance::Knows => 1,
        Stance::Learning => 2,
    }
}

/// From a stored number.
pub const fn stance_of(code: i16) -> Stance {
    match code {
        0 => Stance::Ask,
        2 => Stance::Learning,
        _ => Stance::Knows,
    }
}

/// The word of the vocabulary.
pub const fn stance_word(stance: Stance) -> &'static str {
    match stance {
        Stance::Ask => "ask",
        Stance::Knows => "knows",
        Stance::Learning => "learning",
    }
}

/// As stored.
pub const fn listed_code(listed: Listed) -> i16 {
    match listed {
        Listed::Organisation => 0,
        Listed::Site => 1,
        Listed::Unlisted => 2,
    }
}

/// From a stored number; what is unknown is listed nowhere.
pub const fn listed_of(code: i16) -> Listed {
    match code {
        0 => Listed::Organisation,
        1 => Listed::Site,
        _ => Listed::Unlisted,
    }
}

/// `organisation`, `site` or `unlisted`.
pub const fn listed_word(listed: Listed) -> &'static str {
    match listed {
        Listed::Organisation => "organisation",
        Listed::Site => "site",
        Listed::Unlisted => "unlisted",
    }
}

/// The consumer (see [`super::Consumer`]): keeps versions, and the counter of changes that the index follows.
pub fn consume(tx: &mut Tx<'_>, fact: &Fact) -> Result<()> {
    match fact {
        Fact::PollVoted(poll, by) => gardener::tapped(tx, *poll, *by),
        Fact::AccountUpdated(id) => {
            facts::follow_projects(tx, *id)?;
            directory::touch(tx, *id)
        }
        Fact::AccountRegistered(id)
        | Fact::AccountSuspended(id)
        | Fact::AccountUnsuspended(id)
        | Fact::AccountMoved(id) => directory::touch(tx, *id),
        Fact::AccountLeft(id) | Fact::AccountReturned(id) => directory::departed(tx, *id),
        Fact::AccountDeleted(id) => directory::forget(tx, *id),
        Fact::PostCameLate(_)
        | Fact::PostPublished { .. }
        | Fact::PostEdited { .. }
        | Fact::PostDeleted(_)
        | Fact::PostBoosted { .. }
        | Fact::PostUnboosted(_)
        | Fact::PostFavourited(_)
        | Fact::PostUnfavourited(_)
        | Fact::PostReacted(_)
        | Fact::PostUnreacted(_)
        | Fact::PostPinned(..)
        | Fact::PostUnpinned(..)
        | Fact::TagFeatured(..)
        | Fact::TagUnfeatured(..)
        | Fact::PollVotedRemotely(_)
        | Fact::PollClosed(_)
        | Fact::QuestionChanged(_)
        | Fact::IdeaChanged(_)
        | Fact::QuoteAsked(_)
        | Fact::QuoteAccepted { .. }
        | Fact::QuoteEnded(_)
        | Fact::CollectionChanged(..)
        | Fact::CollectionItemChanged(..)
        | Fact::FeatureAnswered { .. }
        | Fact::InteractionAsked(_)
        | Fact::InteractionAccepted(_)
        | Fact::InteractionEnded(_)
        | Fact::InteractionAnswered(_)
        | Fact::QuoteRefused { .. }
        | Fact::QuotePolicyChanged(_)
        | Fact::FollowRequested(_)
        | Fact::FollowAccepted(_)
        | Fact::FollowReaffirmed(_)
        | Fact::FollowRejected(_)
        | Fact::Unfollowed(_)
        | Fact::FollowRefused { .. }
        | Fact::FollowStale { .. }
        | Fact::Blocked(_)
        | Fact::Unblocked(_)
        | Fact::ReportFiled(_)
        | Fact::FiltersChanged(_)
        | Fact::AccountWarned(_)
        | Fact::FollowsSevered(_)
        | Fact::Notified(_)
        | Fact::Membership { .. }
        | Fact::ThreadLocked { .. }
        | Fact::CollectionJoined(_)
        | Fact::CollectionLeft(_)
        | Fact::CollectionRenamed(_)
        | Fact::AccessRevoked { .. } => Ok(()),
    }
}
