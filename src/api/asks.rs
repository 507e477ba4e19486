//! How often somebody is told of questions to the network: an addition of this program to the client API.

use super::{Access, ApiResult, Params, Rendered, Routes, SignedIn, params::Value};
use crate::{
    Error, Result,
    app::App,
    config::Questions,
    db::Conn,
    domain::{
        questions::cap::{self, Change},
        scopes::Scope,
    },
    id::Id,
    model::Account,
    time::Timestamp,
};
use axum::extract::State;
use serde_json::json;

/// The routes of this noun.
pub fn routes() -> Routes {
    const READ: Access = Access::User(&[Scope::ReadAccounts]);
    const WRITE: Access = Access::User(&[Scope::WriteAccounts]);
    Routes::new().get("/api/watercooler/v1/asks", READ, show).update("/api/watercooler/v1/asks", WRITE, change)
}

fn document(conn: &mut Conn, me: Id<Account>, settings: &Questions, now: Timestamp) -> Result<Rendered> {
    let standing = cap::standing(conn, me, settings, now)?;
    Rendered::of(&json!({
        "weekly": standing.limits.weekly,
        "usual": settings.weekly,
        "off": standing.limits.off,
        "away_until": standing.limits.away_until.filter(|until| now < *until).map(Timestamp::date),
        "this_week": standing.told,
        "asked_now": standing.may_be_asked,
    }))
}

async fn show(State(app): State<App>, me: SignedIn) -> ApiResult<Rendered> {
    let (config, now) = (app.config_arc(), app.clock().now());
    Ok(app.read(move |conn| document(conn, me.account, &config.questions, now)).await?)
}

fn wanted(params: &Params) -> ApiResult<Change> {
    let weekly = match params.get("weekly") {
        None => None,
        Some(Value::Null) => Some(None),
        Some(_) => {
            let number = params.integer("weekly")?;
            Some(Some(
                number
                    .and_then(|n| i16::try_from(n).ok())
                    .ok_or_else(|| Error::invalid("weekly", "invalid", "Weekly is a number"))?,
            ))
        }
    };
    let away_until = params.has("away_until").then(|| params.filled("away_until").map(str::to_owned));
    let off = params.has("off").then(|| params.flag("off"));
    Ok(Change { weekly, off, away_until })
}

async fn change(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    let (change, config) = (wanted(&params)?, app.config_arc());
    let answer = app.write(move |tx| {
        cap::change(tx, me.account, &change)?;
        document(tx.conn, me.account, &config.questions, tx.now)
    });
    Ok(answer.await?)
}
