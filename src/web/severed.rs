//! Whom somebody lost when a domain was blocked or an account elsewhere was suspended, as lists that other servers and this
//! one's apps can read.

use super::{
    pages::{Frame, SeveredLine},
    visit::Visitor,
};
use crate::{
    Error, Result,
    id::Id,
    model::{Severance, SeveranceKind},
    store::{self, severances::Lost},
};
use axum::{extract::Path, response::Response};

/// `GET /severed_relationships`: where apps send people.
pub async fn show(visitor: Visitor) -> Response {
    match visitor.browser {
        Some(_) => visitor.redirect("/settings#severed"),
        None => visitor.redirect("/sign-in?next=%2Fsettings"),
    }
}

/// What the settings show of them.
pub fn lines(frame: &Frame, rows: &[Severance]) -> Vec<SeveredLine> {
    let words = frame.w();
    let text = |sentence: &str, count: i64| match count {
        0 => None,
        count => Some(frame.put(sentence, &frame.count(&count))),
    };
    let line = |row: &Severance| SeveredLine {
        id: row.id.to_string(),
        name: match row.kind {
            SeveranceKind::DomainBlock => frame.put(words.severed_domain, &row.target_name),
            SeveranceKind::UserDomainBlock => frame.put(words.severed_own, &row.target_name),
            SeveranceKind::AccountSuspension => frame.put(words.severed_account, &row.target_name),
        },
        when: frame.day(row.created_at),
        followers: text(words.severed_followers, row.followers_count),
        following: text(words.severed_following, row.following_count),
    };
    rows.iter().filter(|row| !row.purged).map(line).collect()
}

/// `GET /severed_relationships/{id}/followers.csv` and `following.csv`.
pub async fn list(visitor: Visitor, Path((id, file)): Path<(String, String)>) -> Response {
    let Some(browser) = &visitor.browser else { return visitor.redirect("/sign-in?next=%2Fsettings") };
    let incoming = match file.as_str() {
        "followers.csv" => true,
        "following.csv" => false,
        _ => return visitor.fail(Error::NotFound),
    };
    let id: Id<Severance> = match id.parse() {
        Ok(id) => id,
        Err(error) => return visitor.fail(error),
    };
    let account = browser.account.id;
    let found: Result<Vec<Lost>> = visitor
        .app
        .read(move |conn| {
            let row = store::severances::load(conn, id)?;
            match row.account_id == account {
                true if row.purged => Err(Error::Gone),
                true => store::severances::follows(conn, id, incoming),
                false => Err(Error::NotFound),
            }
        })
        .await;
    match found {
        Ok(rows) => visitor.download(&file, "text/csv; charset=utf-8", csv(&rows, incoming)),
        Err(error) => visitor.fail(error),
    }
}

/// As other servers write and read them.
fn csv(rows: &[Lost], incoming: bool) -> String {
    let mut text = match incoming {
        true => "Account address\n",
        false => "Account address,Show boosts,Notify on new posts,Languages\n",
    }
    .to_owned();
    for (handle, boosts, notify, languages) in rows {
        text.push_str(&cell(handle));
        if !incoming {
            let languages: Vec<String> =
                languages.as_deref().and_then(|list| serde_json::from_str(list).ok()).unwrap_or_default();
            text.push_str(&format!(",{boosts},{notify},{}", cell(&languages.join(", "))));
        }
        text.push('\n');
    }
    text
}

fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}
