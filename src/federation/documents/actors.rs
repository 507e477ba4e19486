//! Actors of this node as documents: people, bots, projects and the node itself.

use super::{emoji_tags, image_type};
use crate::{
    Error, Result,
    config::Site,
    db::Conn,
    domain::{
        people,
        projects::{
            fields::{slug, term_key},
            near,
            relations::RELATIONS,
        },
    },
    federation::{
        featured_collections, own_keys,
        render::{
            self,
            actor::{Actor, DefinedTerm, Expertise, Image, Kind, Organization, Profile, PropertyValue, Tabs},
            capability::Generator,
            post::Tag,
            project as wire_project,
        },
    },
    model::{Account, AccountKind, Audience as Reach, ProjectRelation, RelationKind},
    store,
    time::Timestamp,
};
use activitypub_federation::kinds::actor::OrganizationType;

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Field {
    name: String,
    value: String,
    generated: Option<String>,
}

/// Skills and work of an actor of this node, as far as they may leave it: of people who are for their own site only, or
/// for nobody, nothing does.
fn expertise(site: &Site, name: &str, facts: people::Facts) -> Expertise {
    if facts.listed != people::Listed::Organisation {
        return Expertise { left_on: facts.left_on, ..Expertise::default() };
    }
    let skill = |skill: people::Skill| DefinedTerm {
        kind: "DefinedTerm",
        id: site.tag_url(&skill.tag),
        name: skill.name,
        term_code: skill.tag,
        stance: people::stance_word(skill.stance),
        same_as: skill.same_as,
    };
    Expertise {
        job_title: facts.title,
        member_of: Some(facts.department)
            .filter(|name| !name.is_empty())
            .map(|name| Organization { kind: OrganizationType::Organization, name }),
        work_location: facts.site,
        time_zone: facts.time_zone,
        knows_language: facts.languages,
        knows_about: facts.skills.into_iter().map(skill).collect(),
        works_on: (!facts.works_on.is_empty()).then(|| site.works_on_uri(name)),
        left_on: facts.left_on,
        coffee: facts.coffee,
    }
}

/// How much of an actor of this node a reader is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Only what everybody may know (SIGIN-23).
    Essential,
    /// The profile. In an organisation nothing of what people tell the organisation only, and of a project that does not
    /// speak to everybody its name.
    Outside,
    /// All that leaves the node.
    Inside,
}

impl Shown {
    /// To servers of this audience.
    pub fn to(place: Reach) -> Self {
        if place <= Reach::Organisation { Self::Inside } else { Self::Outside }
    }
}

/// The actor document, as far as it is shown. A suspended account shows no profile.
///
/// # Errors
/// `NotFound` when its keys do not exist yet: `own_keys::with_keys` comes first.
pub fn actor(conn: &mut Conn, site: &Site, account: &Account, shown: Shown) -> Result<String> {
    with_actor(conn, site, account, shown, |actor| render::document(actor.terms(), actor))
}

/// Hands the actor document, without its context, to `then`.
///
/// # Errors
/// As [`actor`].
pub fn with_actor<R>(
    conn: &mut Conn,
    site: &Site,
    account: &Account,
    shown: Shown,
    then: impl FnOnce(&Actor<'_>) -> Result<R>,
) -> Result<R> {
    let pem = own_keys::to_pem(account.public_key.as_deref().ok_or(Error::NotFound)?);
    let ed25519 = account.ed25519_key.as_deref().map(own_keys::to_multikey);
    if account.uri == site.instance_actor_uri() {
        let (domain, key) = (site.domain(), ed25519.as_deref());
        let mut actor = Actor::instance(&account.uri, domain, site.url("/"), site.shared_inbox_uri(), &pem, key);
        // Lemmy reads no server that lacks these, and tells those alone which it read of accounts that are deleted.
        actor.name = Some(domain);
        actor.published = Some(account.created_at.midnight().rfc3339());
        return then(&actor);
    }
    let name = &account.username;
    let mut actor = Actor::essential(Profile {
        id: &account.uri,
        username: name,
        page: account.url.clone().unwrap_or_else(|| site.profile_url(name)),
        shared_inbox: site.shared_inbox_uri(),
        bot: account.kind == AccountKind::Service,
        locked: account.locked,
        public_key_pem: &pem,
        ed25519: ed25519.as_deref(),
        key_ids: account.public_key_id.as_deref().zip(account.ed25519_key_id.as_deref()),
    });
    if account.kind == AccountKind::Group {
        actor.kind = Kind::GROUP;
    }
    actor.name = Some(&account.display_name);
    actor.webfinger = Some(site.handle(name));
    actor.suspended = account.suspended_at.is_some();
    let essential = shown == Shown::Essential;
    if essential || actor.suspended {
        if essential {
            actor.webfinger = None;
            actor.suspended = false;
        }
        return then(&actor);
    }
    let mut facts = people::load(conn, account.id)?;
    let outside = shown == Shown::Outside && people::directory::is_inside_only(conn)?;
    if outside && facts.listed == people::Listed::Organisation {
        facts.listed = people::Listed::Site;
    }
    let bare = outside && near::is_inside_only(conn, account)?;
    let row = store::people::find(conn, account.id)?.unwrap_or_default();
    let mut fields: Vec<Field> = serde_json::from_str(&account.fields).unwrap_or_default();
    fields.retain(|field| !bare && (field.generated.is_none() || facts.listed == people::Listed::Organisation));
    let moved_to = match account.moved_to_id {
        Some(id) => store::accounts::find(conn, id)?.map(|a| a.uri),
        None => None,
    };
    let tags = match bare {
        true => Vec::new(),
        false => people::directory::leaving_tags(&facts, store::documents::featured_tags(conn, account.id)?),
    };
    let picture = |file: &Option<String>| {
        file.as_deref().map(|file| Image::new(site.media_url(file), image_type(file).map(str::to_owned)))
    };
    actor.generator = Some(Generator::of(site.instance_actor_uri()));
    actor.summary = Some(if bare { "" } else { account.note.as_str() });
    actor.featured = Some(site.featured_uri(name));
    actor.featured_tags = Some(site.featured_tags_uri(name));
    actor.discoverable = Some(match outside {
        true => !bare && people::directory::is_discoverable_outside(conn, account)?,
        false => people::directory::is_discoverable(conn, account)?,
    });
    actor.interaction_policy = Some(featured_collections::can_feature(account, actor.discoverable == Some(true)));
    if !outside {
        actor.featured_collections = Some(site.featured_collections_uri(name));
    }
    actor.indexable = Some(account.indexable);
    actor.tabs = Some(Tabs {
        show_featured: account.show_featured,
        show_media: account.show_media,
        show_replies_in_media: account.show_media_replies,
    });
    actor.published = Some(account.created_at.midnight().rfc3339());
    actor.memorial = account.memorial;
    actor.attachment =
        Some(fields.iter().map(|f| PropertyValue { kind: "PropertyValue", name: &f.name, value: &f.value }).collect());
    let hashtags = tags.iter().map(|name| Tag::Hashtag { href: site.tag_url(name), name: format!("#{name}") });
    actor.tag = Some(hashtags.chain(emoji_tags(&account.emojis)).collect());
    actor.icon = picture(&account.avatar);
    actor.image = picture(&account.header);
    actor.also_known_as = serde_json::from_str(&account.also_known_as).unwrap_or_default();
    actor.moved_to = moved_to.as_deref();
    actor.attribution_domains = serde_json::from_str(&account.attribution_domains).unwrap_or_default();
    actor.updated = (row.version > 0).then(|| Timestamp::from_millis(row.version).rfc3339());
    if !outside {
        actor.extra = serde_json::from_str(&row.extra).unwrap_or_default();
    }
    let left_on = account.left_on.map(Timestamp::date);
    if account.kind == AccountKind::Group && !bare {
        actor.project = project(conn, site, account)?;
    }
    let facts = if bare || actor.project.is_some() { people::Facts::default() } else { facts };
    // Where there is no other node to be paired with, it is nobody's business.
    let coffee = facts.coffee && people::directory::is_on(conn)?;
    actor.expertise = expertise(site, name, people::Facts { left_on, coffee, ..facts });
    then(&actor)
}

/// What the account says about the project it is.
fn project(conn: &mut Conn, site: &Site, account: &Account) -> Result<Option<wire_project::Project>> {
    use wire_project::{Organisation, Other, Project, Term};
    let Some(row) = store::projects::of_account(conn, account.id)? else { return Ok(None) };
    let links = row.term_link_map();
    let terms = |names: Vec<String>| -> Vec<Term> {
        let term = |name: String| {
            let code = slug(&name);
            let same_as = links.get(&term_key(&name)).cloned().unwrap_or_default();
            let id = code.as_deref().map(|code| site.tag_url(code));
            Term { kind: "DefinedTerm", id, term_code: code, same_as, name }
        };
        names.into_iter().map(term).collect()
    };
    let mut relations = store::projects::relations(conn, row.id, RELATIONS)?;
    // What it said while it was for its site alone may name others that still are.
    let uris: Vec<&str> = relations.iter().map(|relation| relation.other_uri.as_str()).collect();
    let mut near = store::projects::by_uris(conn, &uris)?;
    near.retain(|other| other.audience == Some(Reach::Site));
    relations.retain(|relation| !near.iter().any(|other| other.uri.as_ref() == Some(&relation.other_uri)));
    let others = |kind: RelationKind| -> Vec<Other> {
        let other = |relation: &ProjectRelation| match relation.reason.as_str() {
            "" => Other::Id(relation.other_uri.clone()),
            reason => Other::Because { id: relation.other_uri.clone(), reason: reason.to_owned() },
        };
        relations.iter().filter(|relation| relation.kind == kind).map(other).collect()
    };
    Ok(Some(Project {
        kind: "project",
        additional_type: "https://schema.org/Project",
        work_state: row.state.as_str(),
        state_since: row.state_since.rfc3339(),
        state_reason: row.state_reason.clone(),
        start_time: row.started_at.rfc3339(),
        lead: row.lead_uri.clone(),
        attributed_to: format!("{}/moderators", account.uri),
        member: format!("{}/members", account.uri),
        description: row.purpose.clone(),
        in_language: row.language.clone(),
        knows_about: terms(row.tag_list()),
        looking_for: terms(row.looking_for_list()),
        vendor: row.vendor_list(),
        same_as: row.link_list(),
        parent_organization: Some(row.site.clone())
            .filter(|name| !name.is_empty())
            .map(|name| Organisation { kind: OrganizationType::Organization, name }),
        related_to: others(RelationKind::Related),
        same_work_as: others(RelationKind::Same),
        supersedes: others(RelationKind::Supersedes),
        reason: relations.iter().rev().map(|r| r.reason.clone()).find(|reason| !reason.is_empty()),
    }))
}
