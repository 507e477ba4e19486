//! Background work: a task's name becomes the operation that does it. Workers claim rows of the job table, so a crash
//! loses nothing and a job may run twice.

mod concierge;
mod concierge_projects;
mod gardener;
mod runner;
mod sweep;

pub use runner::{give_back, run_due};

use crate::{
    Result,
    app::App,
    domain::{
        Task, announcements, charter, coffee, digests, domain_blocks, follows, ideas, leavers, limited, polls, posts,
        remote, search,
    },
    federation::{
        charter::alias::{self, Answer},
        fetch::Budget,
        import,
    },
    id::Id,
    mail,
    model::ScheduledPost,
    previews, push, register,
    time::Timestamp,
};
use futures_util::future::BoxFuture;
use std::sync::Arc;

/// Queues and how many of their jobs run at once in this process.
pub const QUEUES: &[(&str, usize)] = &[
    ("default", 2),
    ("fetch", 8),
    ("reading", 2),
    ("missed", 2),
    ("heavy", 1),
    ("charter", 2),
    ("concierge", 2),
    ("preview", 4),
    ("push", 4),
    ("mail", 2),
];

/// Tries before a job is buried.
const TRIES: i64 = 12;

/// Starts the workers and the timers; they end when the app stops.
pub fn start(app: &App) {
    runner::start(app);
    sweep::start(app);
}

/// A task made in a frame of its own: without optimisation the frame of [`run`] has room for each that is made in it.
fn apart<'a, F: Future<Output = Result<()>> + Send + 'a>(make: impl FnOnce() -> F) -> BoxFuture<'a, Result<()>> {
    Box::pin(make())
}

async fn run(app: &App, task: Task) -> Result<()> {
    match task {
        Task::MakeKeys { account } => crate::federation::own_keys::make(app, Id::new(account)).await,
        Task::AnswerCommand { post } => concierge::answer(app, Id::new(post)).await,
        Task::ClimbLadder { question, step } => concierge::climb(app, Id::new(question), step).await,
        Task::AskAnother { question, instead } => {
            apart(|| concierge::another(app, Id::new(question), Id::new(instead))).await
        }
        Task::PairCoffee { week } => app.write(move |tx| coffee::pair(tx, week)).await,
        Task::SendDigest { account, at } => {
            app.write(move |tx| digests::send(tx, Id::new(account), Timestamp::from_millis(at))).await
        }
        Task::TellIdea { idea } => app.write(move |tx| ideas::tell(tx, Id::new(idea))).await,
        Task::RemindIdea { idea, since } => {
            app.write(move |tx| ideas::remind(tx, Id::new(idea), Timestamp::from_millis(since))).await
        }
        Task::DecideAlias { letter, by, accept, said, since } => {
            let answer = Answer { letter: Id::new(letter), by: Id::new(by), yes: accept, said: said.map(Id::new) };
            apart(|| alias::decide(app, answer, since.map(Timestamp::from_millis))).await
        }
        Task::SendAlias { by, word, means, since } => {
            apart(|| alias::send(app, Id::new(by), &word, &means, since.map(Timestamp::from_millis))).await
        }
        Task::LearnAnswer { question } => apart(|| concierge::learn(app, Id::new(question))).await,
        Task::SendProfile { account } => {
            app.write(move |tx| crate::federation::outgoing::send_profile(tx, Id::new(account))).await
        }
        Task::SendPollUpdate { poll } => {
            app.write(move |tx| crate::federation::outgoing::send_poll(tx, Id::new(poll))).await
        }
        Task::SpreadCharter { hash, from } => apart(|| crate::federation::charter::spread(app, &hash, &from)).await,
        Task::AskCharter => apart(|| crate::federation::charter::ask_by_lot(app)).await,
        Task::AskCharterOf { domain } => crate::federation::charter::ask_again(app, &domain).await,
        Task::CompareDirectory => crate::federation::charter::directory::compare_all(app).await,
        Task::CheckDirectory { domain } => apart(|| crate::federation::charter::directory::check(app, &domain)).await,
        Task::PurgeDomain { domain } => {
            while app
                .write({
                    let domain = domain.clone();
                    move |tx| charter::purge_some(tx, &domain)
                })
                .await?
            {}
            Ok(())
        }
        Task::Sweep => sweep::run(app).await,
        Task::EndAnnouncement { announcement, at } => {
            let (id, at) = (Id::new(announcement), Timestamp::from_millis(at));
            app.write(move |tx| announcements::due(tx, id, at)).await
        }
        Task::SendLetter { account, letter } => apart(|| mail::send(app, Id::new(account), letter)).await,
        Task::Push { subscription, notification, tries } => {
            apart(|| push::send(app, Id::new(subscription), Id::new(notification), tries)).await
        }
        Task::FanOutTags { post, after } => {
            app.write(move |tx| posts::fan_out_tags(tx, Id::new(post), Id::new(after))).await
        }
        Task::FanOut { post, after } => app.write(move |tx| posts::fan_out(tx, Id::new(post), Id::new(after))).await,
        Task::AcceptFollows { account } => app.write(move |tx| follows::accept_waiting(tx, Id::new(account))).await,
        Task::IndexPosts { author, after } => {
            app.write(move |tx| posts::index_some(tx, author.map(Id::new), after)).await
        }
        Task::IndexAccounts { after } => app.write(move |tx| search::index_accounts(tx, after)).await,
        Task::Relist { account, after } => {
            app.write(move |tx| limited::relist(tx, Id::new(account), Id::new(after))).await
        }
        Task::ClosePoll { poll } => app.write(move |tx| polls::close(tx, Id::new(poll))).await,
        Task::ReadThread { post } => apart(|| crate::federation::threads::read(app, Id::new(post))).await,
        Task::FetchAncestors { post } => import::ancestors(app, Id::new(post)).await,
        Task::ResolveMentions { post, named } => import::mentions(app, Id::new(post), &named).await,
        Task::FetchPost { uri } => import::relayed(app, &uri, &Budget::of_activity()).await,
        Task::FetchCard { post } => apart(|| previews::fetch(app, Id::new(post))).await,
        Task::ResolveReply { post, looks } => {
            apart(|| crate::federation::authorizations::resolve_reply(app, Id::new(post), looks)).await
        }
        Task::CheckConsent { by, object, stamp, quote, looks } => {
            apart(|| crate::federation::authorizations::check(app, Id::new(by), (object, stamp), quote, looks)).await
        }
        Task::ResolveQuote { post, looks } => {
            apart(|| crate::federation::quotes::resolve(app, Id::new(post), looks)).await
        }
        Task::RefreshAccount { account } => import::refresh_account(app, Id::new(account)).await,
        Task::RefreshPoll { poll } => import::refresh_poll(app, Id::new(poll)).await,
        Task::PurgeAccount { account } => {
            while app.write(move |tx| remote::purge_some(tx, Id::new(account))).await? {}
            Ok(())
        }
        Task::SeverDomain { account, domain } => loop {
            let domain = domain.clone();
            if !app.write(move |tx| domain_blocks::sever(tx, Id::new(account), &domain)).await? {
                return Ok(());
            }
        },
        Task::PublishScheduled { scheduled, .. } => publish_scheduled(app, Id::new(scheduled)).await,
        Task::Leave { account, day } => {
            app.write(move |tx| leavers::due(tx, Id::new(account), Timestamp::from_millis(day))).await
        }
        Task::SayLock { group, post, by, locked } => {
            let (group, post, by) = (Id::new(group), Id::new(post), Id::new(by));
            apart(|| crate::federation::moderators::lock(app, group, post, by, locked)).await
        }
        Task::ReadProject { account, members } => {
            apart(|| import::project_people(app, Id::new(account), members)).await
        }
        Task::MeasureProjects => register::measure(app).await,
        Task::PairProjects => apart(|| register::pair(app)).await,
        Task::ReadFeatured { account } => apart(|| import::featured(app, Id::new(account))).await,
        Task::ReadFeaturedTags { account } => {
            apart(|| crate::federation::featured_tags::read(app, Id::new(account))).await
        }
        Task::ReadCollections { account, address } => {
            apart(|| crate::federation::recommended::read_all(app, Id::new(account), address)).await
        }
        Task::ReadCollection { account, uri } => {
            apart(|| crate::federation::recommended::read(app, Id::new(account), uri)).await
        }
        Task::CheckPlaces { collection } => {
            apart(|| crate::federation::recommended::check(app, Id::new(collection))).await
        }
        Task::SyncFollowers { account, url, digest } => {
            apart(|| crate::federation::followers_sync::run(app, Id::new(account), &url, &digest)).await
        }
        Task::CatchUp { after, since, host } => {
            let (since, at) = (since.map(Timestamp::from_millis), host.clone());
            let followed = app.read(move |conn| remote::outbox::missed(conn, Id::new(after), at.as_deref())).await?;
            app.write(move |tx| remote::outbox::catch_up(tx, &followed, since, host.as_deref())).await
        }
        Task::ReadCarried { uri, gone } => apart(|| import::carried(app, uri, gone)).await,
        Task::ReadOutbox { account, since } => {
            let since = since.map(Timestamp::from_millis);
            apart(|| crate::federation::outbox::read(app, Id::new(account), since)).await
        }
        Task::MoveFollowers { from, to } => {
            while app.write(move |tx| remote::carry_followers(tx, Id::new(from), Id::new(to))).await? {}
            Ok(())
        }
    }
}

/// What is refused now will be refused again: its author is told, and that is the end of it.
async fn publish_scheduled(app: &App, id: Id<ScheduledPost>) -> Result<()> {
    match app.write(move |tx| posts::scheduled::due(tx, id)).await {
        Err(refusal) if posts::scheduled::is_final(&refusal) => {
            let refusal = Arc::new(refusal);
            app.write(move |tx| posts::scheduled::refuse(tx, id, &refusal)).await
        }
        done => done,
    }
}
