//! Other accounts of the same person: what a Move to this account is checked against by others (`alsoKnownAs`).

use super::{
    Fact, Tx,
    audit::{self, Staff},
};
use crate::{Error, Result, id::Id, model::Account, store};

/// Aliases of one account.
const MOST: usize = 10;

/// The actor ids an account names as the same person.
pub fn list(account: &Account) -> Vec<String> {
    serde_json::from_str(&account.also_known_as).unwrap_or_default()
}

/// Adds or takes back an alias; answers what is left.
///
/// # Errors
/// `Invalid` for what is no http address, or for more than ten; `NotFound` for somebody of another node.
pub fn change(tx: &mut Tx<'_>, by: &Staff, id: Id<Account>, uri: &str, add: bool) -> Result<Vec<String>> {
    let account = store::accounts::load(tx.conn, id)?;
    if !account.is_local() {
        return Err(Error::NotFound);
    }
    let uri = match url::Url::parse(uri) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => url.to_string(),
        _ => return Err(Error::invalid("alias", "invalid", "An alias is the address of an account")),
    };
    let mut aliases = list(&account);
    let before = aliases.clone();
    aliases.retain(|alias| *alias != uri);
    if add {
        if uri == account.uri {
            return Err(Error::invalid("alias", "invalid", "An account is no alias of itself"));
        }
        aliases.push(uri.clone());
    }
    if aliases.len() > MOST {
        return Err(Error::invalid("alias", "too_long", "An account has ten aliases at most"));
    }
    if aliases != before {
        store::accounts::set_aliases(tx.conn, id, &serde_json::json!(aliases).to_string(), tx.now)?;
        audit::write(tx, by, if add { "account.alias" } else { "account.unalias" }, &account.acct(), &uri)?;
        tx.record(Fact::AccountUpdated(id))?;
    }
    Ok(aliases)
}
