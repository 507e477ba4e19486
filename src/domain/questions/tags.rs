//! Hashtags of questions, and those that mean the same by the aliases of the charter.

use crate::{Result, db::Conn, domain::charter};

/// Tags that stand for one question.
const MOST: usize = 40;

/// These tags and all that mean the same: `k8s` where `kubernetes` is asked for, and the other way round.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn with_aliases(conn: &mut Conn, tags: &[String]) -> Result<Vec<String>> {
    let mut all = tags.to_vec();
    if all.is_empty() {
        return Ok(all);
    }
    let Some(signed) = charter::current(conn)? else { return Ok(all) };
    let pairs = signed.alias_tags();
    // What is meant first, then all words for it.
    for (word, means) in pairs {
        if all.contains(word) && !all.contains(means) {
            all.push(means.clone());
        }
    }
    for (word, means) in pairs {
        if all.len() < MOST && all.contains(means) && !all.contains(word) {
            all.push(word.clone());
        }
    }
    Ok(all)
}
