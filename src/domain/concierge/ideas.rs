//! What somebody tells the concierge of ideas: a new one, who looks after one, how far it is, which are open.

use super::{is_answered, page::Page, reply, typed, why, wished};
use crate::{
    Error, Result,
    domain::{
        Fact, Tx, Viewer, concierge,
        ideas::{
            self, Outcome, State,
            words::{self, Said},
        },
        people::fields::Tongue,
        questions::Asking,
        visibility,
    },
    id::Id,
    model::{Account, Post, Visibility},
    store::{self, ideas::Idea},
};

/// Ideas of one answer.
const SHOWN: i64 = 10;
/// Characters of an idea in it.
const TITLE: usize = 100;

/// Answers what stands behind `idea`.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn run(tx: &mut Tx<'_>, post: &Post, text: &str, tongue: Tongue) -> Result<()> {
    if is_answered(tx, post)? {
        return Ok(());
    }
    let idea = match post.in_reply_to_id {
        Some(_) => store::ideas::find(tx.conn, post.conversation_id)?,
        None => None,
    };
    let page = match (words::read(text, idea.is_some()), idea) {
        (Said::Other(text), None) => propose(tx, post, &text, tongue)?,
        (_, None) => line(words::WHICH.of(tongue)),
        (said, Some(idea)) => change(tx, post, &idea, said, tongue)?,
    };
    reply(tx, post, page, tongue).map(|_| ())
}

fn line(text: &str) -> Page {
    let mut page = Page::default();
    page.line(text);
    page
}

/// Publishes an idea in the name of whoever has it. An open post is the idea itself.
fn propose(tx: &mut Tx<'_>, post: &Post, text: &str, tongue: Tongue) -> Result<Page> {
    let idea = if post.visibility <= Visibility::Unlisted && post.in_reply_to_id.is_none() {
        if store::ideas::find(tx.conn, post.id)?.is_none() {
            ideas::begin(tx, post)?;
            tx.record(Fact::IdeaChanged(post.id))?;
        }
        store::ideas::set_told(tx.conn, post.id)?;
        post.clone()
    } else {
        let asking = Asking {
            text: text.to_owned(),
            language: post.language.clone(),
            once: None,
            app: post.app_id,
            audience: wished(post),
        };
        match ideas::propose(tx, post.account_id, asking) {
            Ok(id) => store::posts::load(tx.conn, id)?,
            Err(Error::Invalid { code, reason, .. }) => return Ok(line(&why(code, &reason, tongue))),
            Err(other) => return Err(other),
        }
    };
    let mut page = Page::default();
    page.post(words::YOURS.of(tongue), &idea);
    if idea.id != post.id && super::has_files(tx, post)? {
        page.line(&super::words::ATTACHED.with(tongue, &[ideas::TAG]));
    }
    page.address(words::WHAT_HAPPENS.of(tongue), &ideas::address(tx));
    Ok(page)
}

fn change(tx: &mut Tx<'_>, post: &Post, idea: &Idea, said: Said, tongue: Tongue) -> Result<Page> {
    let (by, id) = (post.account_id, idea.post);
    let gives = matches!(said, Said::Other(_));
    let outcome = match said {
        Said::Take(sentence) => ideas::take(tx, by, id, &sentence)?,
        Said::State(state, sentence) => ideas::set_state(tx, by, id, state, &sentence)?,
        Said::Other(text) => {
            let (name, sentence) = text.split_once(char::is_whitespace).unwrap_or((text.as_str(), ""));
            let bare = name.trim_matches(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-'));
            let bare = bare.split('@').next().unwrap_or_default();
            match somebody(tx, bare, id)? {
                Some(to) => ideas::assign(tx, by, id, to, sentence.trim())?,
                None => return Ok(line(&words::NO_SUCH.with(tongue, &[bare]))),
            }
        }
    };
    Ok(match outcome {
        Outcome::Said => line(words::SAID.of(tongue)),
        Outcome::Same => line(words::SAME.of(tongue)),
        Outcome::NotAllowed if gives => line(words::MODERATORS.of(tongue)),
        Outcome::NotAllowed => line(words::NOT_YOURS.of(tongue)),
        Outcome::NoSentence => line(words::WHY.of(tongue)),
        Outcome::Elsewhere => line(words::ELSEWHERE.of(tongue)),
        Outcome::Taken(owner) => {
            let owner = store::accounts::load(tx.conn, owner)?;
            let name = concierge::page::handle(tx.site(), &owner);
            line(&words::TAKEN.with(tongue, &[&name]))
        }
    })
}

/// Somebody of this node who is there and may see the idea.
fn somebody(tx: &mut Tx<'_>, name: &str, idea: Id<Post>) -> Result<Option<Id<Account>>> {
    let Some(account) = store::accounts::find_local(tx.conn, name)? else { return Ok(None) };
    if account.is_unavailable() || account.left_on.is_some() || store::users::find(tx.conn, account.id)?.is_none() {
        return Ok(None);
    }
    let post = store::posts::load(tx.conn, idea)?;
    Ok(visibility::can_see(tx.conn, Viewer::from(account.id), &post, tx.now)?.then_some(account.id))
}

/// Ideas that wait for a decision, those with most support first.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn list(tx: &mut Tx<'_>, account: Id<Account>, tongue: Tongue) -> Result<Page> {
    let visible = visibility::condition(Viewer::from(account));
    let open = ideas::open(tx.conn, visible, SHOWN)?;
    if open.is_empty() {
        return Ok(line(words::NONE_OPEN.of(tongue)));
    }
    let mut page = line(words::OPEN.of(tongue));
    for idea in open {
        let post = store::posts::load(tx.conn, idea.post)?;
        let text = typed(&post).split_whitespace().collect::<Vec<_>>().join(" ");
        let text: String = text.chars().take(TITLE).collect();
        let support = post.favourites_count.max(post.remote_favourites_count);
        let state = words::state(State::of_code(idea.state), tongue);
        page.post(&format!("★ {support} · {state} · {text}"), &post);
    }
    page.address("", &ideas::address(tx));
    Ok(page)
}
