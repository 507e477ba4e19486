//! Posts in another language, by the machine that the settings name (LibreTranslate's protocol).

use super::{
    Access, ApiResult, Params, Rendered, Routes, SignedIn,
    entities::translation::{TranslatedMedia, TranslatedOption, TranslatedPoll, Translation},
};
use crate::{
    Error, Result,
    app::App,
    domain::{scopes::Scope, translations},
    limits,
    net::{Ask, Purpose},
    store,
    time::Timestamp,
};
use axum::{
    extract::{Path, State},
    http::{HeaderValue, header},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// The routes of this noun.
pub fn routes() -> Routes {
    Routes::new().post("/api/v1/statuses/{id}/translate", Access::User(&[Scope::ReadStatuses]), translate).get(
        "/api/v1/instance/translation_languages",
        Access::Open,
        languages,
    )
}

/// Languages by what they are translated into.
type Pairs = BTreeMap<String, Vec<String>>;

/// What the machine said it can do, and when.
#[derive(Default)]
struct Known(Mutex<Option<(Timestamp, Arc<Pairs>)>>);

/// Seconds for which the machine is not asked again what it can do, and after a failure.
const KNOWN_SECONDS: i64 = 3_600;
const FAILED_SECONDS: i64 = 60;
/// Languages of one machine.
const MOST: usize = 500;

/// A language as the machine tells of it.
#[derive(Deserialize)]
struct Spoken {
    code: String,
    #[serde(default)]
    targets: Vec<String>,
}

/// A translation as the machine answers it.
#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "translatedText")]
    texts: Vec<String>,
    #[serde(rename = "detectedLanguage", default)]
    detected: Value,
}

/// What the machine can do; nothing while it cannot be reached, or there is none.
async fn pairs(app: &App) -> Arc<Pairs> {
    let known = app.part::<Known>();
    let now = app.clock().now();
    if let Some((until, pairs)) = known.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref()
        && *until > now
    {
        return pairs.clone();
    }
    let asked = ask_pairs(app).await;
    let seconds = if asked.is_ok() { KNOWN_SECONDS } else { FAILED_SECONDS };
    let pairs = Arc::new(asked.unwrap_or_default());
    *known.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((now.plus_seconds(seconds), pairs.clone()));
    pairs
}

async fn ask_pairs(app: &App) -> Result<Pairs> {
    let Some(url) = app.config().translation.endpoint("languages") else { return Ok(Pairs::new()) };
    let ask = Ask::get(Purpose::Translate, url).accept("application/json");
    let answer = app.net().fetch(ask).await.map_err(Error::upstream)?;
    let spoken: Vec<Spoken> = serde_json::from_slice(&answer.body).map_err(Error::upstream)?;
    let mut pairs: Pairs = spoken.into_iter().take(MOST).map(|one| (one.code, one.targets)).collect();
    // A post without a language is translated as well: the machine finds out which it is.
    let mut all: Vec<String> = pairs.values().flatten().cloned().collect();
    all.sort();
    all.dedup();
    for (code, targets) in &mut pairs {
        targets.retain(|target| target != code);
    }
    if !pairs.is_empty() {
        pairs.insert("und".into(), all);
    }
    Ok(pairs)
}

async fn languages(State(app): State<App>) -> ApiResult<Rendered> {
    Ok(Rendered::of(&*pairs(&app).await)?)
}

/// The one of these codes that stands for a language: it itself, that without its region, or any of the same language
/// (`zh-Hans` for `zh`, `pt-BR` for `pt`).
fn spoken<'a>(mut codes: impl Iterator<Item = &'a String> + Clone, tag: &str) -> Option<&'a str> {
    let (whole, main) = (tag.replace('_', "-"), main_of(tag));
    let exact = codes.clone().find(|code| code.replace('_', "-").eq_ignore_ascii_case(&whole));
    let found = exact.or_else(|| codes.clone().find(|code| **code == main));
    found.or_else(|| codes.find(|code| main_of(code) == main)).map(String::as_str)
}

/// The language without its region.
fn main_of(tag: &str) -> String {
    tag.split(['-', '_']).next().unwrap_or(tag).to_ascii_lowercase()
}

async fn translate(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<String>,
    params: Params,
) -> ApiResult<Rendered> {
    // Who asks without there being a machine is told that there is no such thing here.
    let url = app.config().translation.endpoint("translate").ok_or(Error::NotFound)?;
    let (id, now) = (id.parse()?, app.clock().now());
    // A machine with an address of its own in the settings is the node's, or the organisation's.
    let inside = !app.config().translation.addresses.is_empty();
    let wanted = params.filled("lang").map(str::to_owned);
    let main = app.config().instance.languages.first().cloned();
    let (original, language) = app
        .read(move |conn| {
            let original = translations::original(conn, me.viewer(), id, inside, now)?;
            let language = match wanted {
                Some(tag) => Some(tag),
                None => {
                    let user = store::users::load(conn, me.account)?;
                    user.locale.or(user.default_language).or(main)
                }
            };
            Ok((original, language.unwrap_or_else(|| "en".into())))
        })
        .await?;
    let pairs = pairs(&app).await;
    let from = match original.language.as_deref() {
        None => Some("und"),
        Some(tag) => spoken(pairs.keys(), tag),
    };
    let target = from.and_then(|from| pairs.get(from)).and_then(|targets| spoken(targets.iter(), &language));
    let Some((from, target)) = from.zip(target) else {
        return Err(if pairs.is_empty() {
            Error::upstream("the machine that translates cannot be reached")
        } else {
            Error::forbidden("This action is not allowed")
        }
        .into());
    };
    let source = Some(from).filter(|from| *from != "und");
    let answer = ask(&app, url, &original.texts(), source, target).await?;
    let put = original.put(&answer.texts)?;
    let detected = answer.detected.get(0).unwrap_or(&answer.detected).get("language").and_then(Value::as_str);
    let detected: String = detected.unwrap_or_default().chars().take(16).collect();
    Ok(Rendered::of(&Translation {
        content: put.content,
        spoiler_text: put.spoiler_text,
        language: target,
        poll: put.poll.map(|(id, titles)| TranslatedPoll {
            id,
            options: titles.into_iter().map(|title| TranslatedOption { title }).collect(),
        }),
        media_attachments: put.media.into_iter().map(|(id, description)| TranslatedMedia { id, description }).collect(),
        detected_source_language: source.map_or(detected, str::to_owned),
        provider: "LibreTranslate",
    })?)
}

async fn ask(app: &App, url: url::Url, texts: &[&str], source: Option<&str>, target: &str) -> Result<Answer> {
    if texts.is_empty() {
        return Ok(Answer { texts: Vec::new(), detected: Value::Null });
    }
    let mut body = json!({ "q": texts, "source": source.unwrap_or("auto"), "target": target, "format": "html" });
    if let (Some(key), Some(body)) = (&app.config().translation.api_key, body.as_object_mut()) {
        body.insert("api_key".into(), key.expose().into());
    }
    let ask = Ask::post(Purpose::Translate, url, body.to_string())
        .header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
        .accept("application/json")
        .limit(limits::FETCH_BODY);
    let answer = app.net().fetch(ask).await.map_err(Error::upstream)?;
    if !answer.status.is_success() {
        return Err(Error::upstream(format!("the machine that translates answered {}", answer.status)));
    }
    serde_json::from_slice(&answer.body).map_err(Error::upstream)
}
