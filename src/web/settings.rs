//! What a person can do about their own account in a browser: password, apps with access, sessions; what they say about
//! themselves ([`profile`]).

pub mod profile;

use super::{
    pages::{AppLine, Choice, SessionLine, Settings, Wrong},
    reach, severed,
    visit::{Browser, Fields, Kind, Visitor},
};
use crate::{
    Error, Result,
    crypto::Passwords,
    domain::{
        accounts, audiences, names, oauth,
        people::{self, By, FactsChange, Listed},
        profiles::{self, ProfileChange},
        scopes::Scopes,
    },
    id::Id,
    model::{App, Session, Token},
    rate::Rule,
    store,
    time::Timestamp,
};
use axum::{extract::Path, http::StatusCode, response::Response};
use std::collections::BTreeMap;

/// So many events that ended follows are shown.
const SEVERED: i64 = 100;

/// `GET /settings`, and `GET /oauth/authorized_applications` as clients link to it.
pub async fn show(visitor: Visitor) -> Response {
    match &visitor.browser {
        None => visitor.redirect("/sign-in?next=%2Fsettings"),
        Some(browser) => answer(&visitor, browser, StatusCode::OK, None, Wrong::nothing()).await,
    }
}

/// `GET` of what its forms are sent to, as a browser asks that loads the answer anew: back to the page of the forms.
pub async fn back(visitor: Visitor) -> Response {
    visitor.redirect("/settings")
}

async fn answer(
    visitor: &Visitor,
    browser: &Browser,
    status: StatusCode,
    done: Option<&str>,
    wrong: Wrong,
) -> Response {
    match page(visitor, browser, done, wrong).await {
        Ok(page) => visitor.page(status, Kind::Form, &page),
        Err(error) => visitor.fail(error),
    }
}

async fn page(visitor: &Visitor, browser: &Browser, done: Option<&str>, wrong: Wrong) -> Result<Settings> {
    let account = browser.account.id;
    let (tokens, apps, sessions, default, listed, rules, lost) = visitor
        .app
        .read(move |conn| {
            let tokens = store::oauth::list_tokens(conn, account)?;
            let ids: Vec<Id<App>> = tokens.iter().map(|token| token.app_id).collect();
            let apps = store::oauth::list_apps(conn, &ids)?;
            let (sessions, rules) = (store::users::list_sessions(conn, account)?, store::audiences::rules(conn)?);
            let default = store::users::load(conn, account)?.default_audience;
            let lost = store::severances::of_account(conn, account, SEVERED)?;
            Ok((tokens, apps, sessions, default, people::load(conn, account)?.listed, rules, lost))
        })
        .await?;
    let frame = visitor.frame();
    let words = frame.w();
    let mut by_app: BTreeMap<i64, Vec<&Token>> = BTreeMap::new();
    for token in &tokens {
        by_app.entry(token.app_id.raw()).or_default().push(token);
    }
    let day = |at: Timestamp| frame.day(at);
    let apps = apps.iter().filter_map(|app| {
        let held = by_app.get(&app.id.raw())?;
        let since = held.iter().map(|token| token.created_at).min()?;
        let used = held.iter().filter_map(|token| token.last_used_at).max();
        let scopes: Vec<_> = held.iter().flat_map(|token| Scopes::from_stored(&token.scopes).iter()).collect();
        let mut when = frame.put(words.since, &day(since));
        if let Some(used) = used {
            when.push_str(", ");
            when.push_str(&frame.put(words.last_used, &day(used)));
        }
        let scopes = Scopes::of(&scopes).to_string();
        Some(AppLine { id: app.id.to_string(), name: app.name.clone(), scopes, when })
    });
    let apps = apps.collect();
    let sessions = sessions.iter().map(|session| SessionLine {
        id: session.id.to_string(),
        agent: agent_name(session.user_agent.as_deref().unwrap_or_default()),
        when: frame.put(words.since, &day(session.created_at)),
        current: session.id == browser.session.id,
    });
    let sessions = sessions.collect();
    // What is preselected has to be what can be saved.
    let in_force = default.map(|default| audiences::in_force(rules.as_ref(), default));
    let listings = [
        ("organisation", words.reach_organisation, Listed::Organisation),
        ("site", words.reach_site, Listed::Site),
        ("unlisted", words.reach_nobody, Listed::Unlisted),
    ];
    let severed = severed::lines(&frame, &lost);
    let severed_kept = frame.put(words.severed_kept, &store::severances::LISTED_DAYS.to_string());
    Ok(Settings {
        audiences: reach::choices(words, words.reach_usual, rules.as_ref(), in_force),
        listings: listings.into_iter().map(|(value, text, l)| Choice { value, text, chosen: l == listed }).collect(),
        username: browser.account.username.clone(),
        done: done.map(str::to_owned),
        token: browser.session.csrf.clone(),
        wrong,
        apps,
        sessions,
        severed,
        severed_kept,
        frame,
    })
}

/// A short name for what a browser says it is.
fn agent_name(agent: &str) -> String {
    let program = ["Edg/", "OPR/", "Firefox/", "Chrome/", "Safari/"].into_iter().find(|name| agent.contains(name));
    let system =
        ["Android", "iPhone", "iPad", "Windows", "Mac OS X", "Linux"].into_iter().find(|name| agent.contains(name));
    let program = match program {
        Some("Edg/") => "Edge",
        Some("OPR/") => "Opera",
        Some(name) => name.trim_end_matches('/'),
        None if agent.is_empty() => "?",
        None => return agent.chars().take(60).collect(),
    };
    system.map_or_else(|| program.to_owned(), |system| format!("{program}, {system}"))
}

/// `POST /settings/password`.
pub async fn change_password(visitor: Visitor, fields: Fields) -> Response {
    let Some(browser) = &visitor.browser else { return visitor.redirect("/sign-in?next=%2Fsettings") };
    match new_password(&visitor, browser, &fields).await {
        Ok(()) => {
            let done = visitor.lang.words().password_changed;
            answer(&visitor, browser, StatusCode::OK, Some(done), Wrong::nothing()).await
        }
        Err(Error::Invalid { field, code, reason }) => {
            let wrong = Wrong::field(field, visitor.lang.words().invalid(field, code, &reason));
            answer(&visitor, browser, StatusCode::UNPROCESSABLE_ENTITY, None, wrong).await
        }
        Err(error) => visitor.fail(error),
    }
}

async fn new_password(visitor: &Visitor, browser: &Browser, fields: &Fields) -> Result<()> {
    let words = visitor.lang.words();
    if !visitor.is_own_form(fields.text("token")) {
        return Err(Error::forbidden(words.stale_form));
    }
    let limiter = visitor.app.limiter();
    limiter.check(Rule::LoginName, &browser.account.handle)?;
    let passwords = visitor.app.part::<Passwords>();
    let stored = browser.user.password_hash.clone();
    if !passwords.verify(fields.text("current").to_owned(), stored).await? {
        return Err(Error::invalid("current", "invalid", words.passwords_differ));
    }
    names::password(fields.text("new"))?;
    let hash = passwords.hash(fields.text("new").to_owned(), visitor.app.random().bytes()).await?;
    let (account, session) = (browser.account.id, browser.session.id);
    let change = visitor.app.write(move |tx| accounts::change_password(tx, account, &hash, Some(session)));
    visitor.acting(change).await
}

/// `POST /settings/reach`.
pub async fn change_reach(visitor: Visitor, fields: Fields) -> Response {
    let Some(browser) = &visitor.browser else { return visitor.redirect("/sign-in?next=%2Fsettings") };
    match new_reach(&visitor, browser, &fields).await {
        Ok(()) => {
            let done = visitor.lang.words().reach_saved;
            answer(&visitor, browser, StatusCode::OK, Some(done), Wrong::nothing()).await
        }
        Err(Error::Invalid { field, code, reason }) => {
            let wrong = Wrong::field(field, visitor.lang.words().invalid(field, code, &reason));
            answer(&visitor, browser, StatusCode::UNPROCESSABLE_ENTITY, None, wrong).await
        }
        Err(error) => visitor.fail(error),
    }
}

async fn new_reach(visitor: &Visitor, browser: &Browser, fields: &Fields) -> Result<()> {
    if !visitor.is_own_form(fields.text("token")) {
        return Err(Error::forbidden(visitor.lang.words().stale_form));
    }
    let bad = || Error::invalid("audience", "inclusion", "Choose one of these");
    let default_audience = reach::chosen(fields)?;
    let listed = match fields.text("listed") {
        "organisation" => Listed::Organisation,
        "site" => Listed::Site,
        "unlisted" => Listed::Unlisted,
        _ => return Err(bad()),
    };
    let account = browser.account.id;
    let change = visitor.app.write(move |tx| {
        let change = ProfileChange { default_audience: Some(default_audience), ..ProfileChange::default() };
        profiles::update(tx, account, &change)?;
        let change = FactsChange { listed: Some(listed), ..FactsChange::default() };
        people::update(tx, account, &change, By::Themselves).map(|_| ())
    });
    visitor.acting(change).await
}

/// `POST /settings/apps/{id}/revoke`.
pub async fn revoke_app(visitor: Visitor, Path(id): Path<String>, fields: Fields) -> Response {
    let Some(browser) = &visitor.browser else { return visitor.redirect("/sign-in?next=%2Fsettings") };
    if !visitor.is_own_form(fields.text("token")) {
        return visitor.fail(Error::forbidden(visitor.lang.words().stale_form));
    }
    let account = browser.account.id;
    let ended = match id.parse::<Id<App>>() {
        Ok(id) => visitor.acting(visitor.app.write(move |tx| oauth::withdraw(tx, account, id))).await,
        Err(error) => Err(error),
    };
    match ended {
        Ok(()) => {
            let done = visitor.lang.words().revoked;
            answer(&visitor, browser, StatusCode::OK, Some(done), Wrong::nothing()).await
        }
        Err(error) => visitor.fail(error),
    }
}

/// `POST /settings/sessions/{id}/end`.
pub async fn end_session(visitor: Visitor, Path(id): Path<String>, fields: Fields) -> Response {
    let Some(browser) = &visitor.browser else { return visitor.redirect("/sign-in?next=%2Fsettings") };
    if !visitor.is_own_form(fields.text("token")) {
        return visitor.fail(Error::forbidden(visitor.lang.words().stale_form));
    }
    let account = browser.account.id;
    let ended = match id.parse::<Id<Session>>() {
        Ok(id) => visitor.app.write(move |tx| store::users::delete_session(tx.conn, account, id)).await,
        Err(error) => Err(error),
    };
    match ended {
        Ok(true) => {
            let done = visitor.lang.words().session_ended;
            answer(&visitor, browser, StatusCode::OK, Some(done), Wrong::nothing()).await
        }
        Ok(false) => visitor.fail(Error::NotFound),
        Err(error) => visitor.fail(error),
    }
}

#[cfg(test)]
mod tests {
    use super::agent_name;

    #[test]
    fn browsers_are_named_in_two_words() {
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
        assert_eq!(agent_name(firefox), "Firefox, Linux");
        assert_eq!(agent_name("curl/8.5"), "curl/8.5");
        assert_eq!(agent_name(""), "?");
    }
}
