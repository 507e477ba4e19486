//! People for tests.

use super::{Client, Node};
use watercooler::{
    crypto,
    domain::{accounts, oauth, scopes::Scopes},
    id::Id,
    model::{Account, Role},
};

/// The password of everybody in tests.
pub const PASSWORD: &str = "correct horse battery";

impl Node {
    /// A person called `name` with the address `name@example.org` and [`PASSWORD`].
    pub async fn citizen(&self, name: &str) -> Account {
        self.citizen_with(name, Role::Member).await
    }
    /// As [`Node::citizen`], with a role.
    pub async fn citizen_with(&self, name: &str, role: Role) -> Account {
        let (name, email) = (name.to_owned(), format!("{name}@example.org"));
        self.app
            .write(move |tx| {
                let hash = crypto::password::hash_password(PASSWORD, &[7; 16])?;
                let mut new = accounts::NewPerson::member(&name, Some(&email), Some(hash));
                (new.role, new.by_staff) = (role, true);
                accounts::create(tx, &new)
            })
            .await
            .unwrap()
    }
    /// A token of this account, made without a browser.
    pub async fn token(&self, account: Id<Account>, scopes: &str) -> String {
        let scopes = Scopes::parse(scopes).unwrap().to_string();
        self.app.write(move |tx| oauth::issue_by_command(tx, account, &scopes)).await.unwrap().2.token
    }
    /// A person and a client signed in as them with `read write follow push`.
    pub async fn signed_in(&self, name: &str) -> (Account, Client) {
        let account = self.citizen(name).await;
        let token = self.token(account.id, "read write follow push").await;
        (account, Client::with_token(self, &token))
    }
}
