//! Background work: a task's name becomes the operation that does it. Workers claim rows of the job table, so a crash
//! loses nothing and a job may run twice.

mod concierge;
mod runner;
mod sweep;

pub use runner::{give_back, run_due};

use crate::{
    Result,
    app::App,
    domain::{Task, charter, domain_blocks, leavers, polls, posts, remote},
    federation::{fetch::Budget, import},
    id::Id,
    register,
    time::Timestamp,
};

/// Queues and how many of their jobs run at once in this process.
pub const QUEUES: &[(&str, usize)] = &[("default", 2), ("fetch", 8), ("heavy", 1), ("charter", 2), ("concierge", 2)];

/// Tries before a job is buried.
const TRIES: i64 = 12;

/// Starts the workers and the timers; they end when the app stops.
pub fn start(app: &App) {
    runner::start(app);
    sweep::start(app);
}

async fn run(app: &App, task: Task) -> Result<()> {
    match task {
        Task::MakeKeys { account } => crate::federation::own_keys::make(app, Id::new(account)).await,
        Task::AnswerCommand { post } => concierge::answer(app, Id::new(post)).await,
        Task::ClimbLadder { question, step } => concierge::climb(app, Id::new(question), step).await,
        Task::LearnAnswer { question } => concierge::learn(app, Id::new(question)).await,
        Task::SendProfile { account } => {
            app.write(move |tx| crate::federation::outgoing::send_profile(tx, Id::new(account))).await
        }
        Task::SendPollUpdate { poll } => {
            app.write(move |tx| crate::federation::outgoing::send_poll(tx, Id::new(poll))).await
        }
        Task::SpreadCharter { hash, from } => crate::federation::charter::spread(app, &hash, &from).await,
        Task::AskCharter => crate::federation::charter::ask_by_lot(app).await,
        Task::AskCharterOf { domain } => crate::federation::charter::ask_again(app, &domain).await,
        Task::CompareDirectory => crate::federation::charter::directory::compare_by_lot(app).await,
        Task::CheckDirectory { domain } => crate::federation::charter::directory::check(app, &domain).await,
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
        Task::FanOutTags { post, after } => {
            app.write(move |tx| posts::fan_out_tags(tx, Id::new(post), Id::new(after))).await
        }
        Task::FanOut { post, after } => app.write(move |tx| posts::fan_out(tx, Id::new(post), Id::new(after))).await,
        Task::IndexPosts { author, after } => {
            app.write(move |tx| posts::index_some(tx, author.map(Id::new), after)).await
        }
        Task::ClosePoll { poll } => app.write(move |tx| polls::close(tx, Id::new(poll))).await,
        Task::FetchAncestors { post } => import::ancestors(app, Id::new(post)).await,
        Task::ResolveMentions { post, named } => import::mentions(app, Id::new(post), &named).await,
        Task::FetchPost { uri } => import::post(app, &uri, &Budget::of_activity()).await.map(|_| ()),
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
        Task::Leave { account, day } => {
            app.write(move |tx| leavers::due(tx, Id::new(account), Timestamp::from_millis(day))).await
        }
        Task::ReadProject { account, members } => import::project_people(app, Id::new(account), members).await,
        Task::MeasureProjects => register::measure(app).await,
        Task::PairProjects => register::pair(app).await,
        Task::ReadFeatured { account } => import::featured(app, Id::new(account)).await,
        Task::MoveFollowers { from, to } => {
            while app.write(move |tx| remote::carry_followers(tx, Id::new(from), Id::new(to))).await? {}
            Ok(())
        }
    }
}
