//! The list of the organisation's domains in the forms that other servers import, so that an allowlist there is never
//! typed by hand.

use super::document::Charter;
use crate::{Error, Result};
use serde_json::{Value, json};

/// A form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// What Mastodon's administration imports: a header `#domain`, one domain a line.
    Csv,
    /// One domain a line (GoToSocial subscriptions of content type `text/plain`, shell scripts).
    Plain,
    /// What GoToSocial imports and subscribes to: a list of objects.
    Json,
    /// Rules for Mitra's federation filter, an action and a target each: nobody, but these. One wildcard where all nodes are
    /// names below one domain.
    Mitra,
}

impl Form {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Csv, Self::Plain, Self::Json, Self::Mitra];

    /// The end of the address under which a node serves it.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Plain => "txt",
            Self::Json => "json",
            Self::Mitra => "mitra",
        }
    }

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Plain | Self::Mitra => "text/plain; charset=utf-8",
            Self::Json => "application/json",
        }
    }
}

/// The list, without the domain of whoever imports it.
///
/// # Errors
/// None but `Internal`.
pub fn write(charter: &Charter, form: Form, without: Option<&str>) -> Result<String> {
    let nodes = || charter.nodes.iter().filter(|node| Some(node.domain.as_str()) != without);
    let lines = || nodes().map(|node| format!("{}\n", node.domain)).collect::<String>();
    Ok(match form {
        Form::Csv => format!("#domain\n{}", lines()),
        Form::Plain => lines(),
        Form::Mitra => match parent(charter) {
            Some(parent) => format!("reject *\naccept *.{parent}\n"),
            None => {
                format!("reject *\n{}", nodes().map(|node| format!("accept {}\n", node.domain)).collect::<String>())
            }
        },
        Form::Json => {
            let entry = |node: &super::Member| json!({ "domain": node.domain, "public_comment": format!("{}: {}", charter.name, node.department) });
            let list: Vec<Value> = nodes().map(entry).collect();
            serde_json::to_string_pretty(&list).map_err(Error::internal)? + "\n"
        }
    })
}

/// Longest label of what looks like a registry's name (`co.uk`, `com.au`), below which anybody may have a domain.
const REGISTRY: usize = 3;

/// The domain below which all nodes are, by one label or more. None where there is one node only, where a node has a port,
/// and where strangers may have names there too.
fn parent(charter: &Charter) -> Option<String> {
    let mut domains = charter.nodes.iter().map(|node| node.domain.as_str());
    let first = domains.next().filter(|_| charter.nodes.len() > 1)?;
    let mut shared: Vec<&str> = first.split('.').skip(1).collect();
    for domain in domains {
        let labels: Vec<&str> = domain.split('.').skip(1).collect();
        let same = shared.iter().rev().zip(labels.iter().rev()).take_while(|(one, other)| one == other).count();
        shared = shared.split_off(shared.len() - same);
    }
    let by_anybody = match shared.as_slice() {
        [] | [_] => true,
        [name, top] => top.len() == 2 && name.len() <= REGISTRY,
        _ => false,
    };
    let is_name = shared.iter().all(|label| !label.contains(':'));
    (!by_anybody && is_name).then(|| shared.join("."))
}
