//! What a `Group` actor says about the project it is, beside what every actor says.

use activitypub_federation::kinds::actor::OrganizationType;
use serde::Serialize;

/// The facts of a project. Texts are plain.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Project {
    /// `project`.
    pub kind: &'static str,
    /// `https://schema.org/Project`.
    pub additional_type: &'static str,
    /// `idea`, `active`, `paused`, `done` or `stopped`.
    pub work_state: &'static str,
    /// RFC 3339.
    pub state_since: String,
    /// Why, in a sentence.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub state_reason: String,
    /// When it began, RFC 3339.
    pub start_time: String,
    /// Actor id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead: Option<String>,
    /// The collection of lead and moderators (FEP-1b12).
    pub attributed_to: String,
    /// The collection of all who work on it.
    pub member: String,
    /// What it is for.
    pub description: String,
    /// BCP 47.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_language: Option<String>,
    /// What it is about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub knows_about: Vec<Term>,
    /// Whom or what it lacks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub looking_for: Vec<Term>,
    /// Tools that were bought.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub vendor: Vec<String>,
    /// Where more is said.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub same_as: Vec<String>,
    /// Department or node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_organization: Option<Organisation>,
    /// Other projects.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub related_to: Vec<Other>,
    /// Projects that do the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub same_work_as: Vec<Other>,
    /// Projects whose place it takes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub supersedes: Vec<Other>,
    /// Why it is another project than the one it relates to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A skill or topic.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Term {
    /// `DefinedTerm`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The page of its hashtag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// As typed.
    pub name: String,
    /// Its hashtag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub term_code: Option<String>,
    /// Where else it is described.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub same_as: Vec<String>,
}

/// A department or node.
#[derive(Debug, Serialize)]
pub struct Organisation {
    /// `Organization`.
    #[serde(rename = "type")]
    pub kind: OrganizationType,
    /// For people.
    pub name: String,
}

/// Another project: its id, or its id with a reason.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Other {
    /// The id alone.
    Id(String),
    /// With the reason.
    Because {
        /// The id.
        id: String,
        /// Why.
        reason: String,
    },
}
