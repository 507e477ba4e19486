//! Projects of the organisation, who works on them, and how they relate.

use super::{account::Account, post::Audience, schema, types::small_enum, whole_row};
use crate::{id::Id, time::Timestamp};
use diesel::prelude::*;
use std::collections::BTreeMap;

small_enum!(
    /// How far a project is (`wc:workState`).
    WorkState { Idea = 0 "idea", Active = 1 "active", Paused = 2 "paused", Done = 3 "done", Stopped = 4 "stopped" }
);

small_enum!(
    /// What somebody is to a project; each may all that the ones before may.
    ProjectRole { Asked = 0 "requested", Member = 1 "member", Moderator = 2 "moderator", Lead = 3 "lead" }
);

small_enum!(
    /// Who becomes a member of a project.
    Membership { Open = 0 "open", Request = 1 "request", Invitation = 2 "invitation" }
);

small_enum!(
    /// What a project says about another one.
    RelationKind { Related = 0 "related_to", Same = 1 "same_work_as", Supersedes = 2 "supersedes" }
);

impl WorkState {
    /// Nobody works on it any more.
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Done | Self::Stopped)
    }
}

/// A project. When it is published there is an account of the same id.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::projects, treat_none_as_default_value = false)]
pub struct Project {
    pub id: Id<Project>,
    /// Who wrote it down; none for those of other nodes.
    pub owner_id: Option<Id<Account>>,
    pub local: bool,
    /// The actor id; none for drafts.
    pub uri: Option<String>,
    pub name: String,
    /// What it is for, plain text.
    pub purpose: String,
    /// JSON list of names as typed.
    pub tags: String,
    pub state: WorkState,
    pub state_since: Timestamp,
    /// Why, in a sentence.
    pub state_reason: String,
    /// Actor id of the lead.
    pub lead_uri: Option<String>,
    /// JSON list of names as typed.
    pub looking_for: String,
    /// JSON list of texts.
    pub vendor: String,
    /// JSON list of addresses.
    pub links: String,
    /// BCP 47.
    pub language: Option<String>,
    /// The department or node it belongs to, for people.
    pub site: String,
    /// JSON object: what its node says that this program does not know.
    pub rest: String,
    /// Number of the last change of the register that concerns it.
    pub change: i64,
    pub started_at: Timestamp,
    /// Last sign of life.
    pub active_at: Timestamp,
    /// When its lead was asked whether it is alive.
    pub asked_at: Option<Timestamp>,
    /// None for a draft.
    pub published_at: Option<Timestamp>,
    /// Gone; the row tells those who keep a copy.
    pub removed_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// How far it goes; none: as the posts of people. One for its site alone is known to nobody elsewhere.
    pub audience: Option<Audience>,
    /// JSON object: where tags, and what it looks for, are described elsewhere, by their names in lower case.
    pub term_links: String,
    /// Who becomes a member. Those of other nodes do not say.
    pub membership: Membership,
}

impl Project {
    /// Its account, once it is published.
    pub fn account(&self) -> Id<Account> {
        Id::new(self.id.raw())
    }
    /// Everybody may know of it.
    pub fn is_public(&self) -> bool {
        self.published_at.is_some() && self.removed_at.is_none()
    }
    /// What it is about, as typed.
    pub fn tag_list(&self) -> Vec<String> {
        list(&self.tags)
    }
    /// What it looks for, as typed.
    pub fn looking_for_list(&self) -> Vec<String> {
        list(&self.looking_for)
    }
    /// Tools that were bought, and who sells them.
    pub fn vendor_list(&self) -> Vec<String> {
        list(&self.vendor)
    }
    /// Where more is said.
    pub fn link_list(&self) -> Vec<String> {
        list(&self.links)
    }
    /// Where tags, and what it looks for, are described elsewhere: addresses, by their names in lower case.
    pub fn term_link_map(&self) -> BTreeMap<String, Vec<String>> {
        serde_json::from_str(&self.term_links).unwrap_or_default()
    }
}

fn list(json: &str) -> Vec<String> {
    serde_json::from_str(json).unwrap_or_default()
}

/// What somebody is to a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectMember {
    pub project: Id<Project>,
    pub account: Id<Account>,
    pub role: ProjectRole,
    /// Id of the Join.
    pub uri: Option<String>,
    /// What they wrote when they asked.
    pub message: String,
    /// The post that told the lead.
    pub told_post: Option<Id<super::Post>>,
    pub created_at: Timestamp,
}

/// What a project says about another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectRelation {
    pub project: Id<Project>,
    /// Actor id of the other one.
    pub other_uri: String,
    pub kind: RelationKind,
    /// Why, plain text.
    pub reason: String,
    pub created_at: Timestamp,
}

whole_row!(Project => projects);
