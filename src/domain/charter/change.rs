//! What a steward may change. A change is made on a version and can be made again on another one, so it can wait for a
//! signature, or be repeated after it lost against another version.

use super::{
    document::{Audience, Charter, Member, Policy, Removed, Revoked, domain_name, range},
    refused::Refused,
};
use crate::{limits, time::Timestamp, uri};
use serde::{Deserialize, Serialize};
use serde_json::Map;

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// A node joins, or has new keys or another address.
    Add {
        /// The node.
        node: Box<Member>,
    },
    /// A node is refused from now on.
    Remove {
        /// Its domain.
        domain: String,
        /// Why.
        reason: String,
        /// What it wrote is erased at the others, rather than hidden; also of one that was removed before.
        purge: bool,
        /// What it wrote stays at the others, rather than being hidden; also of one that was removed before.
        #[serde(default)]
        keep: bool,
    },
    /// One rule.
    Set {
        /// `default_audience`, `open_allowed`, `directory`, `k`, `media_off_site`, `retention.CLASS`, `name`.
        key: String,
        /// The value, as it was typed.
        value: String,
    },
    /// A word for a skill that is another one's; without meaning the alias ends.
    Alias {
        /// What is typed.
        word: String,
        /// What is meant.
        means: Option<String>,
    },
    /// Nobody may act in the name of an actor any more.
    Revoke {
        /// Its id.
        actor: String,
        /// Why.
        reason: String,
    },
    /// The keys of an actor count again.
    Restore {
        /// Its id.
        actor: String,
    },
    /// Nothing but a new date.
    Renew,
}

impl Change {
    /// Whether a rule is kept and spread, but not used by this version.
    pub fn is_unused(key: &str) -> bool {
        key == "k" || key.starts_with("retention.")
    }

    /// For logs and people.
    pub fn describe(&self) -> String {
        match self {
            Self::Add { node } => format!("add {}", node.domain),
            Self::Remove { domain, reason, keep: true, .. } => {
                format!("remove {domain} ({reason}), keep what it wrote")
            }
            Self::Remove { domain, reason, .. } => format!("remove {domain} ({reason})"),
            Self::Set { key, value } => format!("set {key} to {value}"),
            Self::Alias { word, means: Some(means) } => format!("let {word} mean {means}"),
            Self::Alias { word, means: None } => format!("forget the alias {word}"),
            Self::Revoke { actor, reason } if reason.is_empty() => format!("revoke {actor}"),
            Self::Revoke { actor, reason } => format!("revoke {actor} ({reason})"),
            Self::Restore { actor } => format!("restore {actor}"),
            Self::Renew => "renew".into(),
        }
    }

    /// Makes the change; false when the charter said so already.
    ///
    /// # Errors
    /// `Input` for what makes no sense.
    pub fn apply(&self, charter: &mut Charter, now: Timestamp) -> Result<bool, Refused> {
        match self {
            Self::Add { node } => {
                check_about(&node.department, &node.contact, &node.addresses)?;
                node.check()?;
                if charter.nodes.contains(node) {
                    return Ok(false);
                }
                charter.removed.retain(|gone| gone.domain != node.domain);
                match charter.nodes.iter_mut().find(|known| known.domain == node.domain) {
                    Some(known) => *known = Member::clone(node),
                    None => charter.nodes.push(Member::clone(node)),
                }
                Ok(true)
            }
            Self::Remove { domain, reason, purge, keep } => {
                let keep = *keep && !*purge;
                let Some(at) = charter.nodes.iter().position(|node| node.domain == *domain) else {
                    let known = charter.removed.iter_mut().find(|gone| gone.domain == *domain && !gone.purge);
                    let Some(gone) = known.filter(|gone| *purge || keep && !gone.keep) else { return Ok(false) };
                    (gone.purge, gone.keep) = (*purge, keep);
                    return Ok(true);
                };
                if charter.nodes.len() == 1 {
                    return Err(Refused::Input(format!(
                        "{domain} is the only node of the organisation. To end it, run `watercooler org leave`."
                    )));
                }
                let node = charter.nodes.remove(at);
                charter.removed.push(Removed {
                    domain: node.domain,
                    actor: node.actor,
                    removed: now,
                    reason: reason.trim().chars().take(limits::CHARTER_TEXT).collect(),
                    purge: *purge,
                    keep,
                    rest: Map::new(),
                });
                Ok(true)
            }
            Self::Set { key, value } if key == "name" => {
                check_name(value)?;
                let changed = charter.name != value.trim();
                value.trim().clone_into(&mut charter.name);
                Ok(changed)
            }
            Self::Set { key, value } => {
                // On a copy: a rule that is refused leaves nothing behind.
                let mut policy = charter.policy.clone();
                set(&mut policy, key, value)?;
                let changed = charter.policy != policy;
                charter.policy = policy;
                Ok(changed)
            }
            Self::Alias { word, means } => {
                let word = word.trim().trim_start_matches('#').to_lowercase();
                let means = means.as_ref().map(|means| means.trim().trim_start_matches('#').to_lowercase());
                if word.is_empty() || means.as_deref() == Some("") || means.as_deref() == Some(&word) {
                    return Err(Refused::Input("An alias is two different words, such as `k8s kubernetes`.".into()));
                }
                check_text("A word", &word)?;
                check_text("A word", means.as_deref().unwrap_or_default())?;
                let before = charter.aliases.get(&word).cloned();
                if means.is_some() && before.is_none() && charter.aliases.len() >= limits::CHARTER_ALIASES {
                    let most = limits::CHARTER_ALIASES;
                    return Err(Refused::Input(format!(
                        "There is room for {most} aliases: end some that nobody uses."
                    )));
                }
                match &means {
                    Some(means) => drop(charter.aliases.insert(word, means.clone())),
                    None => drop(charter.aliases.remove(&word)),
                }
                Ok(before != means)
            }
            Self::Revoke { actor, reason } => revoke(charter, actor, reason, now),
            Self::Restore { actor } => {
                let before = charter.revoked.len();
                charter.revoked.retain(|gone| gone.actor != *actor);
                Ok(charter.revoked.len() < before)
            }
            Self::Renew => Ok(true),
        }
    }

    /// What turns one version into another: what a steward must repeat when the other one did not count.
    pub fn between(before: &Charter, after: &Charter) -> Vec<Self> {
        let mut changes = Vec::new();
        for node in after.nodes.iter().filter(|node| !before.nodes.contains(node)) {
            changes.push(Self::Add { node: Box::new(node.clone()) });
        }
        let treated = |gone: &&Removed| {
            let known = before.removed.iter().find(|known| known.domain == gone.domain);
            known.is_some_and(|known| !known.purge && gone.purge || !known.keep && gone.keep)
        };
        for gone in after.removed.iter().filter(|gone| before.node(&gone.domain).is_some() || treated(gone)) {
            let (domain, reason) = (gone.domain.clone(), gone.reason.clone());
            changes.push(Self::Remove { domain, reason, purge: gone.purge, keep: gone.keep });
        }
        let missing = |here: &Charter, there: &Charter| -> Vec<Revoked> {
            let is_new = |gone: &&Revoked| !there.revoked.iter().any(|known| known.actor == gone.actor);
            here.revoked.iter().filter(is_new).cloned().collect()
        };
        for gone in missing(after, before) {
            changes.push(Self::Revoke { actor: gone.actor, reason: gone.reason });
        }
        changes.extend(missing(before, after).into_iter().map(|gone| Self::Restore { actor: gone.actor }));
        if before.name != after.name {
            changes.push(Self::Set { key: "name".into(), value: after.name.clone() });
        }
        let mut rules_after = rules(&after.policy);
        if !after.policy.open_allowed {
            // Posts stop being open by default before they may not be open at all.
            rules_after.sort_by_key(|(key, _)| key == "open_allowed");
        }
        for (key, value) in rules_after {
            if !rules(&before.policy).contains(&(key.clone(), value.clone())) {
                changes.push(Self::Set { key, value });
            }
        }
        for (word, means) in &after.aliases {
            if before.aliases.get(word) != Some(means) {
                changes.push(Self::Alias { word: word.clone(), means: Some(means.clone()) });
            }
        }
        for word in before.aliases.keys().filter(|word| !after.aliases.contains_key(*word)) {
            changes.push(Self::Alias { word: word.clone(), means: None });
        }
        changes
    }
}

fn check_text(what: &str, text: &str) -> Result<(), Refused> {
    let most = limits::CHARTER_TEXT;
    if text.chars().count() <= most {
        return Ok(());
    }
    Err(Refused::Input(format!("{what} has up to {most} characters.")))
}

/// Whether an organisation may be called so.
///
/// # Errors
/// `Input`.
pub(super) fn check_name(name: &str) -> Result<(), Refused> {
    if name.trim().is_empty() {
        return Err(Refused::Input("An organisation needs a name, such as \"Example Corp\".".into()));
    }
    check_text("The name of an organisation", name.trim())
}

/// Whether this may be said of a node.
///
/// # Errors
/// `Input`.
pub(super) fn check_about(department: &str, contact: &str, addresses: &[String]) -> Result<(), Refused> {
    check_text("A department", department)?;
    check_text("A contact", contact)?;
    if let Some(wrong) = addresses.iter().find(|address| range(address).is_none()) {
        return Err(Refused::Input(format!("`{wrong}` is neither an address nor a range such as 10.20.0.0/16.")));
    }
    if addresses.len() > limits::CHARTER_RANGES {
        let most = limits::CHARTER_RANGES;
        return Err(Refused::Input(format!("A node has up to {most} addresses: name a range that holds several.")));
    }
    Ok(())
}

fn revoke(charter: &mut Charter, actor: &str, reason: &str, now: Timestamp) -> Result<bool, Refused> {
    let Some(node) = charter.node_at(uri::authority(actor)) else {
        return Err(Refused::Input(format!(
            "{actor} belongs to no node of {}: block its server with `watercooler peer block DOMAIN`.",
            charter.name
        )));
    };
    if node.actor == actor {
        let domain = &node.domain;
        return Err(Refused::Input(format!(
            "{actor} is the node {domain} itself: refuse it with `watercooler org remove {domain}`."
        )));
    }
    if charter.revoked.iter().any(|gone| gone.actor == actor) {
        return Ok(false);
    }
    if charter.revoked.len() >= limits::CHARTER_REVOKED {
        return Err(Refused::Input(format!(
            "The charter names {} revoked actors already, which is as many as it can. End those whose accounts were \
             deleted at home: `watercooler org revoke --undo ACTOR`.",
            charter.revoked.len()
        )));
    }
    let (actor, reason) = (actor.to_owned(), reason.trim().chars().take(limits::CHARTER_TEXT).collect());
    charter.revoked.push(Revoked { actor, revoked: now, reason, rest: Map::new() });
    Ok(true)
}

/// Every rule with its value, as [`Change::Set`] takes them: what allows another one comes before it.
pub fn rules(policy: &Policy) -> Vec<(String, String)> {
    let audience = match policy.default_audience {
        Audience::Organisation => "organisation",
        Audience::Open => "open",
        Audience::Site => "site",
    };
    let mut rules = vec![
        ("open_allowed".to_owned(), policy.open_allowed.to_string()),
        ("default_audience".to_owned(), audience.to_owned()),
        ("directory".to_owned(), policy.directory.to_string()),
        ("k".to_owned(), policy.k.to_string()),
        ("media_off_site".to_owned(), policy.media_off_site.to_string()),
    ];
    rules.extend(policy.retention.iter().map(|(class, days)| (format!("retention.{class}"), days.to_string())));
    rules
}

fn set(policy: &mut Policy, key: &str, value: &str) -> Result<(), Refused> {
    let value = value.trim();
    let yes = || match value {
        "true" | "yes" | "on" => Ok(true),
        "false" | "no" | "off" => Ok(false),
        _ => Err(Refused::Input(format!("{key} is true or false, not `{value}`."))),
    };
    let number = || value.parse::<u32>().map_err(|_| Refused::Input(format!("{key} is a number, not `{value}`.")));
    match key {
        "default_audience" => {
            policy.default_audience = match value {
                "organisation" => Audience::Organisation,
                "open" => Audience::Open,
                "site" => Audience::Site,
                _ => return Err(Refused::Input("default_audience is organisation, open or site.".into())),
            };
        }
        "open_allowed" => policy.open_allowed = yes()?,
        "directory" => policy.directory = yes()?,
        "k" => policy.k = number()?,
        "media_off_site" => policy.media_off_site = yes()?,
        _ => match key.strip_prefix("retention.") {
            Some(class) if !class.is_empty() && class.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => {
                policy.retention.insert(class.to_owned(), number()?);
            }
            _ => {
                return Err(Refused::Input(format!(
                    "There is no rule `{key}`: name, default_audience, open_allowed, directory, k, media_off_site or \
                     retention.CLASS."
                )));
            }
        },
    }
    if policy.default_audience == Audience::Open && !policy.open_allowed {
        let why = match key {
            "open_allowed" => "Posts are open by default so far: set default_audience=organisation first.",
            _ => "Posts can be open by default only where they may be open at all: set open_allowed=true first.",
        };
        return Err(Refused::Input(why.into()));
    }
    Ok(())
}

/// A domain that somebody typed.
///
/// # Errors
/// `Input`.
pub fn typed_domain(text: &str) -> Result<String, Refused> {
    domain_name(text)
        .map(|domain| domain.to_lowercase())
        .ok_or_else(|| Refused::Input(format!("`{text}` is not a domain such as hr.corp.example.")))
}
