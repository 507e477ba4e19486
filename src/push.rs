//! Sends messages to push services, encrypted for the client that subscribed and signed with the node's own key (RFC 8030,
//! 8291, 8292; the drafts before them for older clients). All of it passes the gate with a purpose of its own: nowhere
//! inside but to the relays that the settings name, and under an allowlist to those alone (LAN-06, NET-09).

use crate::{
    Error, Result,
    app::App,
    crypto::{self, Voucher, webpush},
    domain::{
        Task,
        push::{self, Due},
    },
    id::Id,
    limits,
    model::{Notification, PushSubscription},
    net::{Ask, Failure, Purpose, retry_after},
};
use hyper::{
    HeaderMap, StatusCode,
    header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue},
};
use std::sync::Arc;
use tokio::sync::OnceCell;
use url::Url;

/// Seconds for which a token of ours is good; at most a day is allowed.
const VOUCHED_SECONDS: i64 = 43_200;
/// Seconds until a message is tried again, and the longest time.
const FIRST_WAIT: i64 = 30;
const LONGEST_WAIT: i64 = 21_600;

/// The node's push key, opened once.
#[derive(Default)]
struct Opened(OnceCell<Arc<Voucher>>);

async fn voucher(app: &App) -> Result<Arc<Voucher>> {
    let opened = app.part::<Opened>();
    let open = async || {
        let sealed = app.read(push::private_key).await?;
        let sealed = sealed.ok_or_else(|| Error::internal("the node has no push key"))?;
        Voucher::from_pkcs8(&app.vault()?.open_text("vapid", &sealed)?).map(Arc::new)
    };
    Ok(opened.0.get_or_try_init(open).await?.clone())
}

/// What becomes of a message after a try.
enum Outcome {
    Arrived,
    /// The push service does not know the client any more.
    Ended,
    /// It will not take this one, now or later.
    Useless,
    /// It does not want to hear of this subscription.
    Refused(String),
    /// Worth another try, after so many seconds if it says so.
    Later(String, Option<i64>),
}

/// The task [`crate::domain::Task::Push`]: sends one message, if it may still be sent.
///
/// # Errors
/// Those of the database and of the secret key file; never those of a push service.
pub async fn send(app: &App, to: Id<PushSubscription>, about: Id<Notification>, tries: u32) -> Result<()> {
    let Some(due) = app.write(move |tx| push::due(tx, to, about)).await? else { return Ok(()) };
    let stumbled = due.stumbled;
    match attempt(app, due, to, about).await? {
        Outcome::Arrived if stumbled => app.write(move |tx| push::arrived(tx, to)).await,
        Outcome::Arrived | Outcome::Useless => Ok(()),
        Outcome::Ended => app.write(move |tx| push::ended(tx, to)).await,
        Outcome::Refused(why) => {
            tracing::info!(why, subscription = to.raw(), "a push service refused a message");
            app.write(move |tx| push::refused(tx, to)).await
        }
        Outcome::Later(why, _) if tries + 1 >= limits::PUSH_TRIES => {
            tracing::info!(why, subscription = to.raw(), "a push message was given up");
            app.write(move |tx| push::refused(tx, to)).await
        }
        Outcome::Later(why, asked) => {
            tracing::debug!(why, subscription = to.raw(), "a push message waits");
            let wait = (FIRST_WAIT << (2 * tries.min(10))).max(asked.unwrap_or(0)).min(LONGEST_WAIT);
            let task = Task::Push { subscription: to.raw(), notification: about.raw(), tries: tries + 1 };
            app.write(move |tx| tx.enqueue_at(&task, tx.now.plus_seconds(wait))).await
        }
    }
}

async fn attempt(app: &App, due: Due, to: Id<PushSubscription>, about: Id<Notification>) -> Result<Outcome> {
    let Ok(url) = Url::parse(&due.endpoint) else { return Ok(Outcome::Ended) };
    let voucher = voucher(app).await?;
    let Ok(token) = app.vault()?.open_sealed(push::TOKEN_PURPOSE, &due.token_sealed) else {
        return Ok(Outcome::Refused("its token cannot be opened".into()));
    };
    let mut said = due.said;
    said.access_token = String::from_utf8(token).map_err(Error::internal)?;
    let text = serde_json::to_vec(&said).map_err(Error::internal)?;
    let encrypt = if due.standard { webpush::aes128gcm } else { webpush::aesgcm };
    let message = encrypt(&due.keys, &text)?;

    let subject = match app.config().instance.contact_email.as_str() {
        "" => app.site().url("/"),
        address => format!("mailto:{address}"),
    };
    let until = app.clock().now().plus_seconds(VOUCHED_SECONDS);
    let signed = voucher.token(&url.origin().ascii_serialization(), &subject, until)?;
    // The same message twice (after a crash) is shown once: a later one of a topic takes the place of one that waits.
    let topic = crypto::sha256(format!("{to} {about}").as_bytes());
    let mut headers = HeaderMap::new();
    let mut put = |name: HeaderName, value: String| -> Result<()> {
        headers.insert(name, HeaderValue::from_str(&value).map_err(Error::internal)?);
        Ok(())
    };
    put(CONTENT_TYPE, "application/octet-stream".into())?;
    put(HeaderName::from_static("ttl"), due.seconds.to_string())?;
    put(HeaderName::from_static("urgency"), if due.personal { "high" } else { "normal" }.into())?;
    put(HeaderName::from_static("topic"), crypto::base64url(topic.get(..24).unwrap_or_default()))?;
    if due.standard {
        put(CONTENT_ENCODING, "aes128gcm".into())?;
        put(AUTHORIZATION, format!("vapid t={signed}, k={}", voucher.public()))?;
    } else {
        put(CONTENT_ENCODING, "aesgcm".into())?;
        put(AUTHORIZATION, format!("WebPush {signed}"))?;
        put(HeaderName::from_static("encryption"), format!("salt={}", message.salt))?;
        put(HeaderName::from_static("crypto-key"), format!("dh={};p256ecdsa={}", message.public, voucher.public()))?;
    }
    // Of the answer only the head counts.
    let ask = Ask::post(Purpose::Push, url, message.body).headers(headers).beginning(1024);
    Ok(match app.net().fetch(ask).await {
        Ok(answer) => judge(answer.status, retry_after(&answer.headers, app.clock().now())),
        // A rule of ours, or an address inside: a setting may change.
        Err(Failure::Refused(refusal)) => Outcome::Refused(refusal.code().into()),
        Err(Failure::Paused(wait)) => Outcome::Later("paused".into(), seconds(wait)),
        Err(failure) => Outcome::Later(failure.to_string(), None),
    })
}

fn seconds(wait: std::time::Duration) -> Option<i64> {
    i64::try_from(wait.as_secs()).ok()
}

fn judge(status: StatusCode, wait: Option<std::time::Duration>) -> Outcome {
    let why = || format!("answered {}", status.as_u16());
    match status.as_u16() {
        200..300 => Outcome::Arrived,
        404 | 410 => Outcome::Ended,
        413 => Outcome::Useless,
        408 | 425 | 429 | 500.. => Outcome::Later(why(), wait.and_then(seconds)),
        _ => Outcome::Refused(why()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_push_service_is_understood_by_its_status() {
        let judged = |status: u16| match judge(StatusCode::from_u16(status).unwrap(), None) {
            Outcome::Arrived => "arrived",
            Outcome::Ended => "ended",
            Outcome::Useless => "useless",
            Outcome::Refused(_) => "refused",
            Outcome::Later(..) => "later",
        };
        assert_eq!([200, 201, 202].map(judged), ["arrived"; 3]);
        assert_eq!([404, 410].map(judged), ["ended"; 2]);
        assert_eq!([301, 307, 400, 401, 403, 405].map(judged), ["refused"; 6]);
        assert_eq!([408, 429, 500, 502, 503].map(judged), ["later"; 5]);
        assert_eq!(judged(413), "useless");
    }
}
