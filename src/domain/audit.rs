//! Who acts for the node, how far they may go, and the trace they leave (OPS-01, OPS-02). Every staff operation takes a
//! [`Staff`] and writes one entry in its own transaction.

use super::Tx;
use crate::{
    Error, Result,
    id::Id,
    model::{Account, AuditEntry, Role},
    store,
};

/// A member of staff, or the person at the machine itself.
#[derive(Clone, Debug)]
pub struct Staff {
    /// Their account; none at the console.
    pub account: Option<Id<Account>>,
    /// Their name, as the log keeps it.
    pub name: String,
    /// How far they may go.
    pub role: Role,
    /// Where the request came from: an address, or `console`.
    pub origin: String,
}

impl Staff {
    /// Whoever can run commands on the machine owns the node anyway.
    pub fn console() -> Self {
        Self { account: None, name: "console".into(), role: Role::Owner, origin: "console".into() }
    }

    /// The organisation's charter: whoever signs it stands above the roles of one node.
    pub fn charter() -> Self {
        Self { name: "charter".into(), origin: "charter".into(), ..Self::console() }
    }

    /// A setting of this node, carried out at night.
    pub fn setting() -> Self {
        Self { name: "setting".into(), origin: "settings".into(), ..Self::console() }
    }

    /// Whether it is the charter that acts, rather than somebody of this node.
    pub fn is_charter(&self) -> bool {
        self.account.is_none() && self.origin == "charter"
    }

    /// A signed-in member of staff.
    ///
    /// # Errors
    /// `Forbidden` when the role now stored is below `least`.
    pub fn signed_in(tx: &mut Tx<'_>, id: Id<Account>, least: Role, origin: &str) -> Result<Self> {
        let user = store::users::load(tx.conn, id)?;
        if user.role < least || user.disabled_at.is_some() || user.approved_at.is_none() {
            return Err(Error::forbidden("This action is not allowed"));
        }
        let account = store::accounts::load(tx.conn, id)?;
        Ok(Self { account: Some(id), name: account.username, role: user.role, origin: origin.to_owned() })
    }

    /// May they act on somebody of this role? Owners on everybody, others only on those below them.
    ///
    /// # Errors
    /// `Forbidden` otherwise.
    pub fn outranks(&self, other: Role) -> Result<()> {
        if self.role == Role::Owner || self.role > other {
            Ok(())
        } else {
            Err(Error::forbidden("This action is not allowed"))
        }
    }
}

/// Appends to the audit log.
pub fn write(tx: &mut Tx<'_>, by: &Staff, action: &str, target: &str, detail: &str) -> Result<()> {
    let entry = AuditEntry {
        id: tx.new_id(),
        at: tx.now,
        actor_id: by.account,
        actor: by.name.clone(),
        action: action.to_owned(),
        target: target.to_owned(),
        detail: detail.to_owned(),
        origin: by.origin.clone(),
    };
    store::audit::insert(tx.conn, &entry)
}
