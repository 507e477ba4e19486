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
        Form::Json => {
            let entry = |node: &super::Member| json!({ "domain": node.domain, "public_comment": format!("{}: {}", charter.name, node.department) });
            let list: Vec<Value> = nodes().map(entry).collect();
            serde_json::to_string_pretty(&list).map_err(Error::internal)? + "\n"
        }
    })
}
