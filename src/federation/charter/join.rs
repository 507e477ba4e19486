//! How a node comes in and goes out: the newcomer's side ([`join`], [`leave`]) and that of the node it comes to
//! ([`admit`]). Both directions, names, certificates and clocks are tried before anything is signed.

use super::{auth, checks, client, questions::Progress};
use crate::{
    Error, Result,
    app::App,
    crypto,
    domain::{
        audit::Staff,
        charter::{
            self, Code, JOINING as PENDING, Member, Outcome, Refused, Signed,
            document::{CLOCK, parse},
            invitation, keychain, steward,
        },
    },
    federation::{own_keys, signatures::Claim},
    net::{Ask, Purpose},
    peers,
    store::{self, people::Copied},
    time::Timestamp,
    uri,
};
use hyper::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

/// Nodes that a newcomer tries to reach.
const TRIED: usize = 20;

/// What a newcomer sends.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Wish {
    /// Of the code.
    pub nonce: String,
    /// The newcomer.
    pub node: Member,
    /// What its clock says.
    pub time: Timestamp,
}

/// What a newcomer may say about itself where the invitation says nothing.
#[derive(Clone, Debug, Default)]
pub struct Newcomer {
    /// Which part of the organisation it is.
    pub department: String,
    /// Whom to write to about it.
    pub contact: String,
    /// Certificates trusted for it alone, PEM.
    pub ca: Option<String>,
}

/// One thing that was tried.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// What.
    pub check: &'static str,
    /// Whether it works.
    pub ok: bool,
    /// What was found.
    pub found: String,
}

/// How joining went.
#[derive(Clone, Debug, Serialize)]
pub struct Joined {
    /// `joined`, or `waiting` for a signature.
    pub state: &'static str,
    /// Fingerprint of the organisation's key, to be compared.
    pub fingerprint: String,
    /// The organisation, once joined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// The version, once joined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    /// What was tried.
    pub checks: Vec<Check>,
    /// How far the copies of the others' directories are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub directory: Vec<String>,
}

/// How far a copy is, in a sentence.
fn progress((copied, asked): &(Copied, Progress)) -> String {
    if let Some(why) = &copied.error {
        return format!("{}: not copied yet, it is tried again ({why})", copied.domain);
    }
    let part = |done: i64, total: i64, all: bool| if all { done.to_string() } else { format!("{done} of {total}") };
    let (here, there) = (copied.complete, asked.done >= asked.total);
    let listed = part(copied.done, copied.total, here);
    let questions = match asked.total.max(asked.done) {
        0 => String::new(),
        _ => format!(", {} questions", part(asked.done, asked.total, there)),
    };
    let rest = if here && there { "" } else { ", the rest follows" };
    format!("{}: {listed} people and projects{questions}{rest}", copied.domain)
}

/// Joins the organisation that gave this code.
///
/// # Errors
/// `Invalid` saying what is wrong and what to do.
pub async fn join(app: &App, by: Staff, code: &str, new: Newcomer) -> Result<Joined> {
    let code = Code::read(code)?;
    let now = app.clock().now();
    let domain = app.site().domain();
    if code.domain != domain {
        return Err(Refused::CodeOfAnother { invited: code.domain, domain: domain.to_owned() }.into());
    }
    let actor = own_keys::instance_actor(app).await?;
    let own = charter::own_member(app.site(), &actor, now)?;
    let own = Member { department: new.department, contact: new.contact, ca: new.ca, ..own };
    let host = host(&code, now)?;
    if let Some(ours) = app.read(charter::current).await?.filter(|ours| !is_of(ours, &host, &code)) {
        // Asked for now, it would be let in there and could not take what it is given.
        return Err(Refused::AlreadyMember { ours: ours.charter.name.clone() }.into());
    }
    // Remembered before: what is signed elsewhere, or comes from others first, is waited for.
    let pending = serde_json::to_string(&code).map_err(Error::internal)?;
    let before = app
        .write(move |tx| {
            let before = store::users::find_setting(tx.conn, PENDING)?;
            store::users::set_setting(tx.conn, PENDING, &pending)?;
            Ok(before)
        })
        .await?;
    let answer = match peers::with_door(app, &host, knock(app, &host, &code, own.clone())).await? {
        Ok(answer) => answer,
        Err(error) => {
            app.write(move |tx| match before {
                Some(before) => store::users::set_setting(tx.conn, PENDING, &before),
                None => store::users::delete_setting(tx.conn, PENDING),
            })
            .await?;
            return Err(error);
        }
    };
    let mut joined = Joined {
        state: "waiting",
        fingerprint: code.fingerprint.clone(),
        organisation: None,
        version: None,
        checks: answer.checks,
        directory: Vec::new(),
    };
    let Some(document) = answer.charter else { return Ok(joined) };
    let signed = parse(document.to_string().as_bytes(), now)?;
    (joined.state, joined.version) = ("joined", Some(signed.charter.version));
    joined.organisation = Some(signed.charter.name.clone());
    joined.fingerprint = charter::fingerprint(signed.charter.signing_key());
    enter(app, by, signed, &code, &own.key).await?;
    joined.checks.extend(try_others(app).await);
    joined.directory = super::directory::copy_all(app).await?.iter().map(progress).collect();
    Ok(joined)
}

/// Whether a code is of the organisation that this node belongs to: whoever has new keys joins it again.
fn is_of(ours: &Signed, host: &Member, code: &Code) -> bool {
    let mut keys = ours.charter.keys.iter().filter_map(keychain::key_of);
    ours.charter.node_at(host.authority()).is_some() || keys.any(|key| charter::fingerprint(key) == code.fingerprint)
}

/// The inviting node, as far as the code tells.
fn host(code: &Code, now: Timestamp) -> Result<Member, Refused> {
    let url = Url::parse(&code.url).map_err(|_| Refused::NotACode)?;
    let base = url.as_str().trim_end_matches('/');
    let authority = uri::parse(base).ok_or(Refused::NotACode)?;
    Ok(Member {
        domain: uri::host(authority.as_str()).to_owned(),
        department: String::new(),
        actor: format!("{base}/actor"),
        key: String::new(),
        http_key: String::new(),
        contact: String::new(),
        role: charter::Office::Steward,
        joined: now,
        software: charter::Software::Watercooler,
        closed: false,
        addresses: code.addresses.clone(),
        port: url.port(),
        scheme: url.scheme().to_owned(),
        ca: code.ca.clone(),
        rest: serde_json::Map::new(),
    })
}

struct Knocked {
    charter: Option<Value>,
    checks: Vec<Check>,
}

/// Everything that is said to the inviting node.
async fn knock(app: &App, host: &Member, code: &Code, own: Member) -> Result<Knocked> {
    let mut checks = Vec::new();
    // A code that is over by this clock alone is not: whose clock is wrong is told first, where it can be asked.
    let over = || Error::from(Refused::CodeExpired { at: code.expires });
    let is_over = code.expires <= app.clock().now();
    let checks::Hello { time: there, fingerprint: key, earlier } = match checks::hello(app, host).await {
        Err(_) if is_over => return Err(over()),
        said => said?,
    };
    checks.push(Check { check: "reach", ok: true, found: format!("{} answers (name, certificate)", host.domain) });
    let here = app.clock().now();
    if (here.millis() - there.millis()).abs() > CLOCK {
        return Err(Refused::Clock { other: host.domain.clone(), here, there }.into());
    }
    if is_over {
        return Err(over());
    }
    let apart = (here.millis() - there.millis()).abs() / 1_000;
    checks.push(Check { check: "clock", ok: true, found: format!("{apart} seconds apart") });
    // A key that was replaced since is proven by the charter, which names the one of the invitation before it.
    if key.as_ref() != Some(&code.fingerprint) && !earlier.contains(&code.fingerprint) {
        return Err(Refused::WrongKey { wanted: code.fingerprint.clone() }.into());
    }
    let mut found = code.fingerprint.clone();
    if let Some(key) = key.filter(|key| *key != code.fingerprint) {
        found = format!("{found} when the code was given, replaced by {key} since");
    }
    checks.push(Check { check: "key", ok: true, found });

    let wish = Wish { nonce: code.nonce.clone(), node: own, time: app.clock().now() };
    let body = serde_json::to_vec(&wish).map_err(Error::internal)?;
    let ask = Ask::post(Purpose::Deliver, client::address(host, "/join")?, body).limit(crate::limits::CHARTER_BYTES);
    let ask = client::signed(app, ask).await?;
    let answer =
        app.net().fetch(ask).await.map_err(|failure| Refused::Unreachable(client::explain(&host.domain, &failure)))?;
    if !answer.status.is_success() {
        let (code, why) = client::said(&answer);
        return Err(Error::invalid("charter", known(&code), why));
    }
    let found = format!("{} reaches {}", host.domain, app.site().domain());
    checks.push(Check { check: "reached", ok: true, found });
    let json: Value = serde_json::from_slice(&answer.body).map_err(|_| Refused::Malformed("the answer"))?;
    let charter = (answer.status == StatusCode::OK).then(|| json.get("charter").cloned().unwrap_or_default());
    Ok(Knocked { charter, checks })
}

/// The word of a refusal from elsewhere.
fn known(code: &str) -> &'static str {
    let all = [
        "code_used",
        "code_expired",
        "code_unknown",
        "code_of_another",
        "clock",
        "unreachable",
        "unsigned",
        "stranger",
        "invalid",
        "malformed",
        "no_organisation",
    ];
    all.into_iter().find(|known| *known == code).unwrap_or("refused")
}

/// The charter comes into force here.
async fn enter(app: &App, by: Staff, signed: Signed, code: &Code, own_key: &str) -> Result<()> {
    let (wanted, own_key) = (code.fingerprint.clone(), own_key.to_owned());
    let from = Url::parse(&code.url).map(|url| uri::host(url.as_str()).to_owned()).unwrap_or_default();
    app.write(move |tx| {
        charter::join(tx, &by, &signed, &wanted, &own_key, &from)?;
        store::users::delete_setting(tx.conn, PENDING)
    })
    .await?;
    peers::refresh(app).await
}

/// A newcomer tries the others at once, so that its admin hears of firewalls now and not next week.
async fn try_others(app: &App) -> Vec<Check> {
    let Some(signed) = peers::organisation(app) else { return Vec::new() };
    let nodes: Vec<Member> = super::others(app, &signed).into_iter().take(TRIED).collect();
    let tried = nodes.iter().map(|node| async move {
        let (ok, found) = match checks::hello(app, node).await {
            Ok(_) => (true, format!("{} answers", node.domain)),
            Err(trouble) => (false, format!("{}: {}.", trouble.found, trouble.to_do)),
        };
        Check { check: "reach", ok, found }
    });
    futures_util::future::join_all(tried).await
}

/// Whether this node waits for the first version of an organisation.
///
/// # Errors
/// `NoOrganisation` when it does not.
pub async fn expects_one(app: &App) -> Result<()> {
    app.read(|conn| store::users::find_setting(conn, PENDING)).await?.ok_or(Refused::NoOrganisation)?;
    Ok(())
}

/// The first version of an organisation, for a node that waits for it.
///
/// # Errors
/// `Invalid` when it waits for none, or not for this one.
pub async fn receive_first(app: &App, claims: &[Claim], body: &[u8]) -> Result<()> {
    let pending = app.read(|conn| store::users::find_setting(conn, PENDING)).await?.ok_or(Refused::NoOrganisation)?;
    let code: Code = serde_json::from_str(&pending).map_err(Error::internal)?;
    let signed = parse(body, app.clock().now())?;
    auth::member(claims, &signed, body)?;
    // A version from before the invitation is a recording: of a time when this node belonged already.
    if signed.charter.issued < code.given().plus_millis(-CLOCK) {
        return Err(Refused::Recorded { issued: signed.charter.issued, given: code.given() }.into());
    }
    let actor = own_keys::instance_actor(app).await?;
    let own = charter::own_member(app.site(), &actor, app.clock().now())?;
    enter(app, Staff::console(), signed, &code, &own.key).await
}

/// Lets a newcomer in: the invitation, its clock, the way to it, its keys, its signature; then the next version.
///
/// # Errors
/// `Invalid` saying what is wrong and what to do.
pub async fn admit(app: &App, claims: &[Claim], body: &[u8], wish: Wish) -> Result<Outcome> {
    let now = app.clock().now();
    let Wish { nonce, node, time } = wish;
    node.check()?;
    if (now.millis() - time.millis()).abs() > CLOCK {
        return Err(Refused::Clock { other: node.domain, here: now, there: time }.into());
    }
    auth::prove(claims, &node, body)?;
    let (nonce_, node_) = (nonce.clone(), node.clone());
    // Looked at before the door opens; used up with the signature.
    let repeated = app.read(move |conn| is_repeated(conn, &nonce_, &node_)).await?;
    if !repeated {
        let (nonce_, domain) = (nonce.clone(), node.domain.clone());
        let terms = app.read(move |conn| invitation::terms_of(conn, &nonce_, &domain, now)).await?;
        let agreed = terms.admit(&node, now)?;
        if let Some(ca) = &agreed.ca {
            crate::net::check_ca(ca.as_bytes())
                .map_err(|_| Refused::Input("There is no certificate in PEM form in the CA file.".into()))?;
        }
        peers::with_door(app, &agreed, checks::visit(app, &agreed)).await??;
    }
    let vault = own_keys::vault(app)?;
    let outcome = app.write(move |tx| steward::redeem(tx, &vault, &nonce, &node)).await?;
    peers::refresh(app).await?;
    Ok(outcome)
}

/// Whether this invitation let this very node in already.
fn is_repeated(conn: &mut crate::db::Conn, nonce: &str, node: &Member) -> Result<bool> {
    let row = store::charter::find_invitation(conn, &crypto::token_hash(nonce))?;
    let by_it = row.is_some_and(|row| row.used.is_some_and(|(_, by)| by == node.domain));
    let ours = charter::required(conn)?;
    Ok(by_it && ours.charter.node(&node.domain).is_some_and(|known| known.key == node.key))
}

/// Leaves the organisation: a steward is told, who signs a version without this node. `force` leaves without telling.
///
/// # Errors
/// `Invalid` when no steward can be told, or when the signing key would leave with this node.
pub async fn leave(app: &App, by: Staff, force: bool) -> Result<Value> {
    let ours = app.read(charter::required).await?;
    let own = app.site().domain().to_owned();
    let others: Vec<Member> = super::others(app, &ours);
    let held = {
        let charter = ours.charter.clone();
        app.read(move |conn| steward::holds_key(conn, &charter)).await?
    };
    let mut told = None;
    if !others.is_empty() && held {
        if !force {
            return Err(Refused::Input(
                "The signing key of the organisation is on this node. Give it to another steward first (`watercooler org \
                 rotate-key --key-file FILE` here, `watercooler org hold-key FILE` there), or leave with --force."
                    .into(),
            )
            .into());
        }
        let (vault, domain) = (own_keys::vault(app)?, own.clone());
        let outcome = app.write(move |tx| steward::dismiss(tx, &vault, &domain)).await?;
        if let Outcome::Signed(signed) = outcome {
            for node in &others {
                if matches!(client::offer(app, node, &signed).await, client::Offered::Taken) {
                    told = Some(node.domain.clone());
                }
            }
        }
        peers::refresh(app).await?;
        return Ok(json!({ "organisation": ours.charter.name, "left": true, "told": told }));
    }
    let mut why = String::from("there is none");
    for steward in others.iter().filter(|node| node.role == charter::Office::Steward) {
        match tell(app, steward).await {
            Ok(()) => {
                told = Some(steward.domain.clone());
                break;
            }
            Err(error) => why = error,
        }
    }
    if told.is_none() && !others.is_empty() && !force {
        let text = format!(
            "No steward could be told ({why}). Try again later, or leave with --force: the others will speak to this \
             node until a steward removes it."
        );
        return Err(Refused::Unreachable(text).into());
    }
    app.write(move |tx| match charter::current(tx.conn)? {
        // The version without us may have come meanwhile.
        Some(_) => charter::leave(tx, &by),
        None => Ok(()),
    })
    .await?;
    peers::refresh(app).await?;
    Ok(json!({ "organisation": ours.charter.name, "left": true, "told": told }))
}

async fn tell(app: &App, steward: &Member) -> std::result::Result<(), String> {
    let url = client::address(steward, "/leave").map_err(|refused| refused.to_string())?;
    let ask = client::signed(app, Ask::post(Purpose::Deliver, url, "{}")).await.map_err(|error| error.to_string())?;
    let answer = app.net().fetch(ask).await.map_err(|failure| client::explain(&steward.domain, &failure))?;
    if answer.status.is_success() { Ok(()) } else { Err(client::said(&answer).1) }
}
