//! What a steward may change. A change is made on a version and can be made again on another one, so it can wait for a
//! signature, or be repeated after it lost against another version.

use super::{
    document::{Audience, Charter, Member, Policy, Removed, domain_name},
    refused::Refused,
};
use crate::time::Timestamp;
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
        /// What it wrote is erased at the others, rather than hidden.
        purge: bool,
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
    /// Nothing but a new date.
    Renew,
}

impl Change {
    /// For logs and people.
    pub fn describe(&self) -> String {
        match self {
            Self::Add { node } => format!("add {}", node.domain),
            Self::Remove { domain, reason, .. } => format!("remove {domain} ({reason})"),
            Self::Set { key, value } => format!("set {key} to {value}"),
            Self::Alias { word, means: Some(means) } => format!("let {word} mean {means}"),
            Self::Alias { word, means: None } => format!("forget the alias {word}"),
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
            Self::Remove { domain, reason, purge } => {
                let Some(at) = charter.nodes.iter().position(|node| node.domain == *domain) else {
                    return Ok(false);
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
                    reason: reason.clone(),
                    purge: *purge,
                    rest: Map::new(),
                });
                Ok(true)
            }
            Self::Set { key, value } if key == "name" => {
                let changed = charter.name != *value;
                charter.name.clone_from(value);
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
                let before = charter.aliases.get(&word).cloned();
                match &means {
                    Some(means) => drop(charter.aliases.insert(word, means.clone())),
                    None => drop(charter.aliases.remove(&word)),
                }
                Ok(before != means)
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
        for gone in after.removed.iter().filter(|gone| before.node(&gone.domain).is_some()) {
            let (domain, reason) = (gone.domain.clone(), gone.reason.clone());
            changes.push(Self::Remove { domain, reason, purge: gone.purge });
        }
        if before.name != after.name {
            changes.push(Self::Set { key: "name".into(), value: after.name.clone() });
        }
        for (key, value) in rules(&after.policy) {
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

/// Every rule with its value, as [`Change::Set`] takes them.
pub fn rules(policy: &Policy) -> Vec<(String, String)> {
    let audience = match policy.default_audience {
        Audience::Organisation => "organisation",
        Audience::Open => "open",
        Audience::Site => "site",
    };
    let mut rules = vec![
        ("default_audience".to_owned(), audience.to_owned()),
        ("open_allowed".to_owned(), policy.open_allowed.to_string()),
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
        return Err(Refused::Input(
            "Posts can be open by default only where they may be open at all: set open_allowed=true first.".into(),
        ));
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
