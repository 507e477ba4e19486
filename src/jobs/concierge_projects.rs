//! Commands to the concierge about projects: what needs the register, or another node, is asked here, the rest is the
//! domain's.

use crate::{
    Result,
    app::{App, Found},
    domain::{
        concierge::{
            self, lead,
            projects::{self, Alike, Meant},
            tend,
            verbs::Verb,
        },
        people::fields::Tongue,
    },
    id::Id,
    model::{Post, Project},
    register::{self, Question},
    store::{self, projects::Narrowing},
};

/// Projects named by their names in one answer, or because they changed last.
const NAMED: i64 = 5;

/// Does what a command says.
pub(super) async fn run(app: &App, post: Post, verb: Verb, rest: String, tongue: Tongue) -> Result<()> {
    match verb {
        Verb::ProjectNew => register(app, post, rest, false, tongue).await,
        Verb::ProjectFind => {
            let alike = look(app, &rest).await?;
            app.write(move |tx| projects::found(tx, &post, tongue, &alike, None)).await
        }
        Verb::ProjectMine => app.write(move |tx| lead::mine(tx, &post, tongue)).await,
        Verb::ProjectEdit => app.write(move |tx| lead::edit(tx, &post, tongue, &rest, false)).await,
        Verb::ProjectState => app.write(move |tx| lead::set_state(tx, &post, tongue, &rest)).await,
        Verb::ProjectCancel => app.write(move |tx| projects::cancel(tx, &post, tongue)).await,
        Verb::ProjectPublish => {
            let (copy, text) = (post.clone(), rest.clone());
            let beside = app.read(move |conn| projects::beside(conn, &copy, &text)).await?;
            if let Some((other, _)) = beside {
                // Its lead is to be written to.
                register::acquaint(app, &other).await;
            }
            app.write(move |tx| projects::publish(tx, &post, tongue, &rest)).await
        }
        Verb::ProjectRelate => relate(app, post, rest, tongue).await,
        Verb::ProjectModerator | Verb::ProjectHandover => {
            app.write(move |tx| tend::person(tx, &post, tongue, verb, &rest)).await
        }
        Verb::ProjectInvite => invite(app, post, rest, tongue).await,
        Verb::ProjectLock => lock(app, post, rest, tongue, true).await,
        Verb::ProjectUnlock => lock(app, post, rest, tongue, false).await,
        Verb::ProjectRemove => remove(app, post, rest, tongue).await,
        Verb::ProjectLeave => leave(app, post, rest, tongue).await,
        Verb::ProjectJoin | Verb::ProjectFollow | Verb::ProjectLead => choose(app, post, verb, rest, tongue).await,
        _ => Ok(()),
    }
}

/// Adds to the draft of a thread.
pub(super) async fn add(app: &App, post: Post, text: String, tongue: Tongue) -> Result<()> {
    register(app, post, text, true, tongue).await
}

async fn register(app: &App, post: Post, text: String, adds: bool, tongue: Tongue) -> Result<()> {
    let copy = post.clone();
    let Some(draft) = app.write(move |tx| projects::draft(tx, &copy, &text, adds, tongue)).await? else {
        return Ok(());
    };
    let alike = register::ask(app, Question::of(&draft)).await?.alike();
    app.write(move |tx| projects::offer(tx, &post, tongue, &draft, &alike)).await
}

/// Projects by what they are about, then by their names: where there are few, no word is rare, and the register tells
/// nothing apart. Without a word those that changed last.
async fn look(app: &App, text: &str) -> Result<Vec<Alike>> {
    let plain = |project| Alike { project, words: Vec::new(), tags: Vec::new(), warn: false };
    if text.trim_end_matches(['?', '.', '!', ' ']).is_empty() {
        let newest = app.read(|conn| store::projects::listed(conn, &Narrowing::default(), None, NAMED)).await?;
        return Ok(newest.into_iter().map(plain).collect());
    }
    let question = Question { text: Some(text.chars().take(500).collect()), ..Question::default() };
    let mut found = register::ask(app, question).await?.alike();
    // Letters that only look alike name nothing that could be said.
    found.retain(|alike| !(alike.words.is_empty() && alike.tags.is_empty()));
    let text = text.to_owned();
    for project in app.read(move |conn| store::projects::named(conn, &text, NAMED)).await? {
        if found.len() < register::MOST && !found.iter().any(|known| known.project.id == project.id) {
            found.push(plain(project));
        }
    }
    Ok(found)
}

/// Joins or follows the project that is meant; asks where several may be.
async fn choose(app: &App, post: Post, verb: Verb, rest: String, tongue: Tongue) -> Result<()> {
    match meant(app, &post, &rest).await? {
        Meant::One(id, more) => {
            let known: Option<Project> = app.read(move |conn| store::projects::find(conn, id)).await?;
            if let Some(project) = known {
                register::acquaint(app, &project).await;
            }
            app.write(move |tx| match verb {
                Verb::ProjectJoin => projects::join(tx, &post, tongue, id, &more),
                Verb::ProjectLead => lead::lead(tx, &post, tongue, id),
                _ => projects::follow(tx, &post, tongue, id),
            })
            .await
        }
        Meant::NoNumber => app.write(move |tx| projects::no_number(tx, &post, tongue)).await,
        Meant::Handle(..) => app.write(move |tx| projects::found(tx, &post, tongue, &[], None)).await,
        Meant::Look(text) => {
            let alike = look(app, &text).await?;
            let word = concierge::verbs::answer_word(verb, tongue);
            app.write(move |tx| projects::found(tx, &post, tongue, &alike, Some(word))).await
        }
    }
}

/// Leaves the project that is meant: one of the writer's own names goes before the same name elsewhere. Asks where several
/// may be.
async fn leave(app: &App, post: Post, rest: String, tongue: Tongue) -> Result<()> {
    let (copy, name) = (post.clone(), rest.clone());
    let own = app.read(move |conn| lead::joined(conn, &copy, &name)).await?;
    let meant = match own {
        Some(id) => Meant::One(id, String::new()),
        None => meant(app, &post, &rest).await?,
    };
    app.write(move |tx| match &meant {
        Meant::One(id, _) => lead::leave(tx, &post, tongue, *id),
        Meant::NoNumber => projects::no_number(tx, &post, tongue),
        Meant::Handle(..) => projects::found(tx, &post, tongue, &[], None),
        Meant::Look(text) => {
            let alike = lead::joined_like(tx.conn, &post, text)?;
            let word = concierge::verbs::answer_word(Verb::ProjectLeave, tongue);
            projects::found(tx, &post, tongue, &alike, Some(word))
        }
    })
    .await
}

async fn meant(app: &App, post: &Post, rest: &str) -> Result<Meant> {
    let (site, copy, text) = (app.site().clone(), post.clone(), rest.to_owned());
    let meant = app.read(move |conn| projects::meant(conn, &site, &copy, &text)).await?;
    let Meant::Handle(handle, more) = meant else { return Ok(meant) };
    if let Err(error) = app.look_up(&format!("@{handle}")).await {
        tracing::debug!(%error, "a project that somebody names cannot be had");
    }
    let known = handle.clone();
    let project = app.read(move |conn| projects::of_handle(conn, &known)).await?;
    let id: Option<Id<Project>> = project.map(|project| project.id);
    Ok(match id {
        Some(id) => Meant::One(id, more),
        None => Meant::Handle(handle, more),
    })
}

/// Says what a project of the writer is to another one, which may be known elsewhere only.
async fn relate(app: &App, post: Post, rest: String, tongue: Tongue) -> Result<()> {
    let copy = post.clone();
    let Some(said) = app.read(move |conn| tend::relation(conn, &copy, &rest)).await? else {
        return app.write(move |tx| tend::how(tx, &post, tongue, Verb::ProjectRelate)).await;
    };
    match meant(app, &post, &said.other).await? {
        Meant::One(id, _) => {
            if let Some(other) = app.read(move |conn| store::projects::find(conn, id)).await? {
                // Its lead is to be written to.
                register::acquaint(app, &other).await;
            }
            app.write(move |tx| tend::relate(tx, &post, tongue, &said, id)).await
        }
        Meant::NoNumber => app.write(move |tx| projects::no_number(tx, &post, tongue)).await,
        Meant::Handle(..) | Meant::Look(_) => app.write(move |tx| projects::found(tx, &post, tongue, &[], None)).await,
    }
}

/// Invites somebody, who may be known elsewhere only.
async fn invite(app: &App, post: Post, rest: String, tongue: Tongue) -> Result<()> {
    if let Some(handle) = tend::handle_elsewhere(&rest)
        && let Err(error) = app.look_up(&format!("@{handle}")).await
    {
        tracing::debug!(%error, "somebody who is invited cannot be had");
    }
    app.write(move |tx| tend::invite(tx, &post, tongue, &rest)).await
}

/// Takes a member out, or a post whose address is given.
async fn remove(app: &App, post: Post, rest: String, tongue: Tongue) -> Result<()> {
    let Some(address) = tend::address(&rest).map(str::to_owned) else {
        return app.write(move |tx| tend::person(tx, &post, tongue, Verb::ProjectRemove, &rest)).await;
    };
    let found = post_at(app, &address).await;
    app.write(move |tx| tend::withdraw(tx, &post, tongue, &rest, found)).await
}

/// The post of this address, as far as it can be had.
async fn post_at(app: &App, address: &str) -> Option<Id<Post>> {
    match app.look_up(address).await {
        Ok(Found::Post(id)) => Some(id),
        Ok(Found::Account(_)) => None,
        Err(error) => {
            tracing::debug!(%error, "a post that a project is to do something with cannot be had");
            None
        }
    }
}

/// Locks the thread below a post, or opens it again.
async fn lock(app: &App, post: Post, rest: String, tongue: Tongue, locked: bool) -> Result<()> {
    let found = match tend::address(&rest) {
        Some(address) => post_at(app, address).await,
        None => None,
    };
    app.write(move |tx| tend::lock(tx, &post, tongue, &rest, (found, locked))).await
}
