//! The register as a list: all of it, or what somebody looks for in it.

use crate::{
    Result,
    db::Conn,
    id::Id,
    model::{Project, WorkState},
    store::{self, projects::Narrowing},
};

/// Characters of a search that count.
const SEARCHED: usize = 200;
/// Sites that are offered to choose from.
const SITES: i64 = 200;

/// What of the register somebody wants to see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// What its name, or what it says of itself, has; as typed, empty for all.
    pub text: String,
    /// How far it is.
    pub state: Option<WorkState>,
    /// Its department or node, as the register writes it; empty for all.
    pub site: String,
}

impl Wanted {
    /// From what was typed.
    pub fn new(text: &str, state: Option<WorkState>, site: &str) -> Self {
        let bounded = |text: &str| text.trim().chars().take(SEARCHED).collect::<String>();
        Self { text: bounded(text), state, site: bounded(site) }
    }

    /// Nothing is looked for: it is the whole register.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }
}

/// Published projects that are wanted, those that changed last first; behind the one of this id.
///
/// # Errors
/// Those of the database.
pub fn list(conn: &mut Conn, wanted: &Wanted, behind: Option<Id<Project>>, most: i64) -> Result<Vec<Project>> {
    let words = store::search::words(&wanted.text);
    // A search for what has no letter finds nothing, not everything.
    if words.is_empty() && !wanted.text.is_empty() {
        return Ok(Vec::new());
    }
    let before = match behind {
        None => None,
        // Behind what is not there is nothing: else who reads page after page would begin anew.
        Some(id) => match store::projects::find(conn, id)? {
            None => return Ok(Vec::new()),
            Some(row) => Some((row.updated_at, row.id)),
        },
    };
    let site = Some(wanted.site.as_str()).filter(|site| !site.is_empty());
    store::projects::listed(conn, &Narrowing { words: &words, state: wanted.state, site }, before, most)
}

/// The sites that have projects, by their names.
///
/// # Errors
/// Those of the database.
pub fn sites(conn: &mut Conn) -> Result<Vec<String>> {
    store::projects::sites(conn, SITES)
}
