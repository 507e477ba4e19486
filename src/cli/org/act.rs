//! What the verbs of `org` do, on an opened node.

use super::{About, ListForm, OrgVerb, secret_key};
use crate::{
    Error, Result,
    app::App,
    domain::{
        audit::Staff,
        charter::{
            self, Change, Founding, Outcome, Refused, Software, Terms,
            change::typed_domain,
            document, fingerprint,
            lists::{self, Form},
            revocation,
            status::status,
            steward,
        },
    },
    federation::{
        charter::join::{self, Newcomer},
        own_keys,
    },
    peers, uri,
};
use serde_json::{Map, Value, json};

/// Runs a verb on this node.
///
/// # Errors
/// `Invalid` saying what is wrong and what to do.
pub async fn run(app: &App, verb: OrgVerb) -> Result<Value> {
    let by = Staff::console();
    let value = act(app, by, verb).await?;
    // What changed counts when this returns, in this process.
    peers::refresh(app).await?;
    Ok(value)
}

async fn act(app: &App, by: Staff, verb: OrgVerb) -> Result<Value> {
    match verb {
        OrgVerb::Init { name, department, addresses, about, rules, offline, .. } => {
            let rules = rules.iter().map(|rule| pair(rule)).collect::<Result<_>>()?;
            let About { contact, ca, .. } = about;
            init(app, by, Founding { name, department, contact, addresses, ca, rules, offline }).await
        }
        OrgVerb::Invite { domain, department, addresses, about, port, http, steward } => {
            let terms = Terms {
                domain: typed_domain(&domain)?,
                department,
                contact: about.contact,
                steward,
                addresses,
                // `fab.example:8443` says the port too.
                port: port
                    .or_else(|| domain.rsplit_once(':').and_then(|(_, port)| port.parse().ok()))
                    .filter(|port| *port != if http { 80 } else { 443 }),
                http,
                ca: about.ca,
            };
            let (code, text) = app.write(move |tx| charter::invite(tx, &by, &terms)).await?;
            Ok(json!({
                "code": text,
                "domain": code.domain,
                "expires": code.expires,
                "fingerprint": code.fingerprint,
                "next": format!("at {}: watercooler org join CODE", code.domain),
            }))
        }
        OrgVerb::Join { code, department, about, .. } => {
            let new = Newcomer { department, contact: about.contact, ca: about.ca };
            let joined = join::join(app, by, &code, new).await?;
            serde_json::to_value(joined).map_err(Error::internal)
        }
        OrgVerb::Leave { force } => join::leave(app, by, force).await,
        OrgVerb::Remove { domain, reason, purge, keep } => {
            let domain = typed_domain(&domain)?;
            let ours = app.read(charter::required).await?;
            let of_before = ours.charter.removed.iter().find(|gone| gone.domain == domain && !gone.purge);
            let changes = of_before.is_some_and(|gone| purge || keep && !gone.keep);
            if ours.charter.node(&domain).is_none() && !changes {
                let text = format!("{domain} does not belong to {}.", ours.charter.name);
                return Err(Error::invalid("domain", "not_found", text));
            }
            change(app, by, Change::Remove { domain, reason, purge, keep }).await
        }
        OrgVerb::Revoke { actor, reason, undo } => {
            let site = app.site().clone();
            let actor = app.read(move |conn| revocation::actor_of(conn, &site, &actor)).await?;
            change(app, by, if undo { Change::Restore { actor } } else { Change::Revoke { actor, reason } }).await
        }
        OrgVerb::Status => {
            let (domain, now) = (app.site().domain().to_owned(), app.clock().now());
            let found = app.read(move |conn| status(conn, &domain, now)).await?;
            with_lag(app, serde_json::to_value(found).map_err(Error::internal)?).await
        }
        OrgVerb::Add { domain, department, addresses, about, actor, closed } => {
            let ours = app.read(charter::required).await?;
            // What is not said again of one that is listed stays: only the mark follows the command.
            let known = ours.charter.node(&typed_domain(&domain)?).filter(|known| known.software == Software::Other);
            let node = match (known, actor.is_some()) {
                (Some(known), false) => known.clone(),
                (Some(known), true) => {
                    let charter::Member { actor, port, scheme, .. } = other(app, &domain, actor)?;
                    charter::Member { actor, port, scheme, ..known.clone() }
                }
                (None, _) => other(app, &domain, actor)?,
            };
            let or = |said: String, known: String| if said.is_empty() { known } else { said };
            let node = charter::Member {
                department: or(department, node.department),
                contact: or(about.contact, node.contact),
                addresses: if addresses.is_empty() { node.addresses } else { addresses },
                ca: about.ca.or(node.ca),
                closed,
                ..node
            };
            change(app, by, Change::Add { node: Box::new(node) }).await
        }
        OrgVerb::Set { rule } => {
            let (key, value) = pair(&rule)?;
            let unused = Change::is_unused(&key);
            let mut told = change(app, by, Change::Set { key, value }).await?;
            if unused && let Some(told) = told.as_object_mut() {
                told.insert("note".into(), "The charter says so now, but no node does anything about it yet.".into());
            }
            Ok(told)
        }
        OrgVerb::Alias { word, means } => change(app, by, Change::Alias { word, means }).await,
        OrgVerb::Renew => change(app, by, Change::Renew).await,
        OrgVerb::Redo => {
            let vault = own_keys::vault(app)?;
            let outcome = app.write(move |tx| charter::redo(tx, &vault, &by)).await?;
            Ok(told(&outcome))
        }
        OrgVerb::Draft { file } => {
            let now = app.clock().now();
            let (draft, changes) = app.read(move |conn| steward::draft(conn, now)).await?;
            Ok(json!({ "draft": draft, "file": file.display().to_string(), "changes": changes }))
        }
        OrgVerb::Sign { draft, .. } => {
            let vault = own_keys::vault(app)?;
            let draft = draft.unwrap_or_default();
            let signed = app.write(move |tx| steward::sign_here(tx, &vault, draft)).await?;
            Ok(json!({ "document": signed.document, "version": signed.charter.version }))
        }
        OrgVerb::Adopt { document, .. } => {
            let signed = document::read(document.unwrap_or_default(), app.clock().now())?;
            let version = signed.charter.version;
            app.write(move |tx| charter::adopt(tx, &signed, "")).await?;
            Ok(json!({ "version": version, "adopted": true }))
        }
        OrgVerb::RotateKey { offline, secret, after, .. } => {
            let recovery = secret.as_deref().map(secret_key).transpose()?;
            let vault = own_keys::vault(app)?;
            let rotate = app.write(move |tx| match (&recovery, &after) {
                (Some(recovery), Some(after)) => charter::recover(tx, &vault, &by, recovery, *after, offline),
                _ => charter::rotate(tx, &vault, &by, recovery.as_ref(), offline),
            });
            let (signed, key) = rotate.await?;
            Ok(json!({
                "version": signed.charter.version,
                "fingerprint": fingerprint(signed.charter.signing_key()),
                "signing_key": key,
            }))
        }
        OrgVerb::HoldKey { secret, .. } => {
            let key = secret_key(secret.as_deref().unwrap_or_default())?;
            let vault = own_keys::vault(app)?;
            app.write(move |tx| steward::hold(tx, &vault, &by, &key)).await?;
            Ok(json!({ "held": true }))
        }
        OrgVerb::Export { form, without } => {
            let ours = app.read(charter::required).await?;
            let form = match form {
                ListForm::Csv => Form::Csv,
                ListForm::Plain => Form::Plain,
                ListForm::Json => Form::Json,
                ListForm::Mitra => Form::Mitra,
            };
            let list = lists::write(&ours.charter, form, without.as_deref())?;
            Ok(json!({ "list": list, "nodes": ours.charter.nodes.len(), "version": ours.charter.version }))
        }
        OrgVerb::Show => Ok(app.read(charter::required).await?.document.clone()),
    }
}

async fn init(app: &App, by: Staff, new: Founding) -> Result<Value> {
    let actor = own_keys::instance_actor(app).await?;
    let own = charter::own_member(app.site(), &actor, app.clock().now())?;
    let vault = own_keys::vault(app)?;
    let founded = app.write(move |tx| charter::found(tx, &vault, &by, new, own)).await?;
    Ok(json!({
        "organisation": founded.signed.charter.name,
        "version": founded.signed.charter.version,
        "fingerprint": fingerprint(founded.signed.charter.signing_key()),
        "recovery_key": founded.recovery,
        "keep": "Write the recovery key down and lock it away: it is shown only now, and it alone can replace a lost \
                 or stolen signing key.",
        "signing_key": founded.key,
    }))
}

/// The status with what waits for each node, and for how long (N15).
async fn with_lag(app: &App, mut status: Value) -> Result<Value> {
    let ours = app.read(charter::required).await?;
    let known = peers::health::all(app).await?;
    for node in status.get_mut("nodes").and_then(Value::as_array_mut).into_iter().flatten() {
        let named = node.get("domain").and_then(Value::as_str).and_then(|domain| ours.charter.node(domain));
        let Some(peer) = named.and_then(|named| known.iter().find(|peer| peer.domain == uri::host(&named.actor)))
        else {
            continue;
        };
        let delivery = json!({ "state": peer.state, "waiting": peer.waiting, "lag_seconds": peer.lag_seconds });
        if let Some(members) = node.as_object_mut() {
            members.insert("delivery".into(), delivery);
        }
    }
    Ok(status)
}

async fn change(app: &App, by: Staff, change: Change) -> Result<Value> {
    let vault = own_keys::vault(app)?;
    let outcome = app.write(move |tx| charter::make(tx, &vault, &by, &change)).await?;
    Ok(told(&outcome))
}

fn told(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Signed(signed) => json!({ "state": "signed", "version": signed.charter.version }),
        Outcome::Waiting(waiting) => json!({
            "state": "waiting",
            "changes": waiting,
            "next": "watercooler org draft FILE; sign it where the key is; watercooler org adopt FILE",
        }),
        Outcome::Unchanged => json!({ "state": "unchanged" }),
    }
}

fn pair(rule: &str) -> Result<(String, String)> {
    let (key, value) = rule
        .split_once('=')
        .ok_or_else(|| Error::from(Refused::Input(format!("`{rule}`: KEY=VALUE is needed, such as k=5."))))?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

/// A server of other software, as far as its name tells.
fn other(app: &App, domain: &str, actor: Option<String>) -> Result<charter::Member> {
    let domain = typed_domain(domain)?;
    let actor = actor.unwrap_or_else(|| format!("https://{domain}/actor"));
    let url = uri::parse(&actor).ok_or_else(|| {
        Error::from(Refused::Input(format!("`{actor}` is no address such as https://{domain}/actor.")))
    })?;
    Ok(charter::Member {
        domain,
        department: String::new(),
        actor: url.to_string(),
        key: String::new(),
        http_key: String::new(),
        contact: String::new(),
        role: charter::Office::Member,
        joined: app.clock().now(),
        software: Software::Other,
        closed: false,
        addresses: Vec::new(),
        port: url.port(),
        scheme: url.scheme().to_owned(),
        ca: None,
        rest: Map::new(),
    })
}
