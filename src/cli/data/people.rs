//! `invite ...` and `token ...`

use super::{accounts::RoleName, find};
use crate::{
    Error, Result,
    app::App,
    crypto,
    domain::{accounts, audit::Staff, oauth},
    model::Invite,
    store,
    time::Timestamp,
};
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::io::BufRead as _;

/// What to do with invitations.
#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InviteVerb {
    /// Make an invitation link
    Create {
        /// What those who use it may do
        #[arg(long, value_enum, default_value = "member")]
        role: RoleName,
        /// How often it may be used [default: without end]
        #[arg(long, value_name = "N")]
        uses: Option<i64>,
        /// Days until it expires [default: never]
        #[arg(long, value_name = "DAYS")]
        days: Option<u16>,
    },
    /// List invitations, the newest first
    List,
    /// Take an invitation back
    Revoke {
        /// Its code, or the whole link
        code: String,
    },
}

pub(super) async fn invite(app: &App, verb: InviteVerb) -> Result<Value> {
    let site = app.site().clone();
    let describe = move |invite: &Invite, now: Timestamp| {
        json!({
            "code": invite.code,
            "url": site.url(&format!("/invite/{}", invite.code)),
            "role": invite.role.as_str(),
            "uses": invite.uses,
            "max_uses": invite.max_uses,
            "expires_at": invite.expires_at,
            "state": if accounts::is_open(invite, now) { "open" } else { "closed" },
        })
    };
    match verb {
        InviteVerb::Create { role, uses, days } => {
            app.write(move |tx| {
                let end = days.map(|days| tx.now.plus_days(days.into()));
                let invite = accounts::invite(tx, &Staff::console(), role.role(), uses, end)?;
                Ok(describe(&invite, tx.now))
            })
            .await
        }
        InviteVerb::List => {
            let now = app.clock().now();
            app.read(move |conn| {
                let all = store::users::list_invites(conn, 1_000)?;
                Ok(all.iter().map(|invite| describe(invite, now)).collect())
            })
            .await
        }
        InviteVerb::Revoke { code } => {
            let code = code.trim().trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
            app.write(move |tx| {
                accounts::revoke_invite(tx, &Staff::console(), &code)?;
                let invite = store::users::find_invite(tx.conn, &code)?.ok_or(Error::NotFound)?;
                Ok(describe(&invite, tx.now))
            })
            .await
        }
    }
}

/// What to do with tokens.
#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenVerb {
    /// Make a token; it is shown once
    Create {
        /// User name
        name: String,
        /// What it may be used for
        #[arg(long, default_value = "read write follow push")]
        scopes: String,
    },
    /// End a token
    Revoke {
        /// The token, or `-` to read it from standard input; with --account all tokens of that person
        #[arg(required_unless_present = "account")]
        token: Option<String>,
        /// End all tokens of this person
        #[arg(long, value_name = "NAME", conflicts_with = "token")]
        account: Option<String>,
    },
}

impl TokenVerb {
    /// Reads a token that shall come from standard input: in the command's own process, never in the server.
    pub(in crate::cli) fn read_token(&mut self) -> std::io::Result<()> {
        if let Self::Revoke { token: Some(token), .. } = self
            && token == "-"
        {
            token.clear();
            std::io::stdin().lock().read_line(token)?;
        }
        Ok(())
    }
}

pub(super) async fn token(app: &App, verb: TokenVerb) -> Result<Value> {
    let domain = app.site().domain().to_owned();
    match verb {
        TokenVerb::Create { name, scopes } => {
            app.write(move |tx| {
                let account = find(tx.conn, &domain, &name)?;
                let (client, secret, issued) = oauth::issue_by_command(tx, account.id, &scopes)?;
                crate::domain::audit::write(tx, &Staff::console(), "token.create", &account.acct(), &scopes)?;
                Ok(json!({
                    "token": issued.token,
                    "client_id": client.client_id,
                    "client_secret": secret,
                    "scopes": issued.scopes.to_string(),
                    "account": format!("{}@{domain}", account.username),
                }))
            })
            .await
        }
        TokenVerb::Revoke { token, account } => {
            app.write(move |tx| {
                let (tokens, whose) = match (&token, &account) {
                    (_, Some(name)) => {
                        let account = find(tx.conn, &domain, name)?;
                        (store::oauth::list_tokens(tx.conn, account.id)?, account.acct())
                    }
                    (Some(token), None) => {
                        let hash = crypto::sha256(token.trim().as_bytes());
                        let token = store::oauth::find_token(tx.conn, &hash)?.ok_or(Error::NotFound)?;
                        let whose = match token.account_id {
                            Some(owner) => store::accounts::load(tx.conn, owner)?.acct(),
                            None => "an app".to_owned(),
                        };
                        (vec![token], whose)
                    }
                    (None, None) => return Err(Error::bad_request("a token or --account is needed")),
                };
                oauth::end_tokens(tx, &tokens)?;
                crate::domain::audit::write(tx, &Staff::console(), "token.revoke", &whose, "")?;
                Ok(json!({ "revoked": tokens.len() }))
            })
            .await
        }
    }
}
