//! A node, put together: settings, database, seams, consumers of facts, routes and workers. The server and the tests
//! start the same thing.

use crate::{
    Result, api,
    app::{App, Found, Seams},
    config::{self, Config},
    crypto,
    db::{self, Db},
    domain::{self, Consumer},
    experts, federation, jobs,
    net::{Gate, NetConfig, Network},
    peers,
    processes::Part,
    random::Random,
    register,
    reserve::{FileReserve, Room},
    store,
    time::Clock,
    web,
};
use axum::{
    Router,
    response::{IntoResponse, Response},
};
use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

/// Who hears of facts, in this order. Each matches `Fact` exhaustively.
pub const CONSUMERS: &[Consumer] = &[
    // one line per consumer
    domain::people::consume,
    domain::notices::consume,
    domain::search::consume,
    domain::cards::consume,
    domain::streams::consume,
    federation::outgoing::consume,
    domain::concierge::consume,
    domain::questions::consume,
    domain::ideas::consume,
    domain::projects::consume,
];

/// Everything this node answers.
pub fn routes(app: &App) -> Router {
    api::request::door(routes_behind(app), app.limiter())
}

/// The routes of every edge, without the door in front of them.
pub fn routes_behind(app: &App) -> Router {
    Router::new()
        // one line per edge
        .merge(api::routes().into_router())
        .merge(web::routes())
        .merge(federation::inbox::routes())
        .merge(web::files::routes())
        .merge(
            federation::serve::routes()
                .layer(axum::middleware::from_fn_with_state(app.clone(), federation::charter::vouch::sign_answers)),
        )
        .merge(federation::charter::routes())
        .merge(
            federation::charter::directory::routes()
                .layer(axum::middleware::from_fn_with_state(app.clone(), federation::charter::vouch::sign_answers)),
        )
        .fallback(not_found)
        .method_not_allowed_fallback(api::request::wrong_method)
        .layer(axum::middleware::from_fn_with_state(app.clone(), api::screen::pass))
        .with_state(app.clone())
}

/// An address that does not exist: JSON for programs, a page for people.
async fn not_found(visitor: web::Visitor) -> Response {
    let path = visitor.uri.path();
    let machine = ["/api/", "/oauth/", "/.well-known/", "/nodeinfo", "/users/", "/media/", "/charter"];
    if visitor.wants_activity || path == "/api" || machine.iter().any(|prefix| path.starts_with(prefix)) {
        api::request::not_found().await.into_response()
    } else {
        web::not_found(visitor).await
    }
}

/// Starts what works in the background: jobs, deliveries, the inbox. It ends when the app stops.
pub fn start_workers(app: &App) {
    start_part(app, Part::All);
}

/// Starts what a process works at in the background that does this part of a node's work. One that answers requests keeps
/// current what it answers from, and leaves the queues to the others.
pub fn start_part(app: &App, part: Part) {
    let app = &app.unhurried();
    if app.config().database.is_sqlite() {
        let file = app.config().data_dir.join("reserve");
        app.set_room(Room::new(Box::new(FileReserve::new(file, app.random().clone()))));
        let app = app.clone();
        tokio::spawn(async move {
            if let Some(room) = app.room() {
                room.take(app.db()).await;
            }
        });
    }
    if part.works() {
        jobs::start(app);
        federation::inbox::queue::start(app);
    }
    federation::deliver::start(app);
    peers::start(app);
    experts::start(app);
    register::start(app);
}

/// Gives back what the background workers have taken and will not finish, when the node stops (REL-25).
///
/// # Errors
/// When the database is away: then their leases end by themselves.
pub async fn give_back(app: &App) -> Result<()> {
    jobs::give_back(app).await?;
    federation::inbox::queue::give_back(app).await
}

/// Does everything that is due in the background, in this task, until nothing is; answers how much was done. For tests.
pub async fn settle(app: &App) -> Result<usize> {
    let app = &app.unhurried();
    let mut done = 0;
    loop {
        let mut n = jobs::run_due(app).await? + federation::deliver::run_due(app).await?;
        n += federation::inbox::queue::run_due(app).await?;
        if n == 0 {
            return Ok(done);
        }
        done += n;
    }
}

/// Makes the key that names this node to push services, once; the private half is kept sealed (OPS-04).
async fn push_key(app: &App) -> Result<()> {
    const PUBLIC: &str = "vapid_public_key";
    if app.read(|conn| store::users::find_setting(conn, PUBLIC)).await?.is_some() {
        return Ok(());
    }
    let vault = crypto::Vault::open(&app.config().data_dir.join("secret.key"), app.random().bytes())?;
    let (private, public) = crypto::vapid::generate()?;
    let sealed = vault.seal_text("vapid", &private)?;
    app.write(move |tx| {
        if store::users::find_setting(tx.conn, PUBLIC)?.is_none() {
            store::users::set_setting(tx.conn, "vapid_private_key", &sealed)?;
            store::users::set_setting(tx.conn, PUBLIC, &public)?;
        }
        Ok(())
    })
    .await
}

/// What a node does before it answers anything: the database and the settings agree on its name, ids go on above the largest one in the database (REL-12, REL-24), and
/// leases of the process before this one end (SQLite has one process only).
///
/// # Errors
/// When the database cannot be read.
pub async fn prepare(app: &App) -> Result<()> {
    if let domain::identity::Identity::Rewritten { domain, base } = app.write(domain::identity::settle).await? {
        let site = app.site();
        tracing::warn!("this node was {domain} at {base}; it is {} at {} now", site.domain(), site.base());
    }
    push_key(app).await?;
    let age = if app.has_company() { domain::media::UNFINISHED_SECONDS } else { 0 };
    app.storage().clear_incoming(Duration::from_secs(age.cast_unsigned()));
    app.write(move |tx| domain::media::give_up_unfinished(tx, age)).await?;
    let largest = app.read(store::sweep::largest_id).await?;
    app.ids().raise(largest);
    if app.db().dialect() == db::Dialect::Sqlite {
        app.write(|tx| {
            store::jobs::release_all(tx.conn)?;
            store::inbox::release_all(tx.conn)
        })
        .await?;
    }
    app.write(|tx| domain::concierge::ensure(tx).map(|_| ())).await?;
    // Peers and blocks set by command, and the charter, count before the first request.
    peers::refresh(app).await?;
    federation::charter::prepare(app).await?;
    app.write(domain::remote::outbox::alive).await
}

/// The seams a node may be given instead of the real ones.
#[derive(Default)]
pub struct Parts {
    /// The clock; none for the real one.
    pub clock: Option<Clock>,
    /// The randomness; none for the real one.
    pub random: Option<Random>,
    /// Names and sockets; none for the machine's.
    pub network: Option<Arc<dyn Network>>,
    /// How long requests wait for a PostgreSQL connection; none for [`db::WAIT`].
    pub database_wait: Option<Duration>,
    /// How often a worker that nobody woke looks for work; none for [`LOOK_AGAIN`].
    pub look_again: Option<Duration>,
    /// Who hears of migrations; none for the log.
    pub migrating: Option<db::Watch>,
    /// Counts the statements that the database is asked; none counts nothing.
    pub statements: Option<Arc<AtomicU64>>,
}

/// How often a worker that nobody woke looks for work.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Opens the database (creating and migrating it) and puts the node together; nothing runs yet.
///
/// # Errors
/// What [`Db::open`] answers, or `Conflict` when the database belongs to another address.
pub fn assemble(config: Config, parts: Parts) -> Result<App> {
    // A second call in one process finds it installed, which is fine.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let settings = db::Settings {
        url: config.database.expose().to_owned(),
        synchronous_full: config.sqlite.synchronous == config::Synchronous::Full,
        connections: if config.database.is_sqlite() { config.sqlite.readers } else { config.postgres.connections },
        wait: parts.database_wait.unwrap_or(db::WAIT),
        statements: parts.statements,
    };
    let db = match &parts.migrating {
        Some(watch) => Db::open_watched(&settings, watch)?,
        None => Db::open(&settings)?,
    };
    let clock = parts.clock.unwrap_or_default();
    let net = NetConfig::from_settings(&config)?;
    let net = match parts.network {
        Some(network) => Gate::with_network(net, clock.clone(), network),
        None => Gate::new(net, clock.clone()),
    };
    let look_again = parts.look_again.unwrap_or(LOOK_AGAIN);
    let seams = Seams { clock, random: parts.random.unwrap_or_default(), net, look_again };
    let app = App::new(config, db, seams, CONSUMERS);
    app.set_look_up(|app, text| {
        Box::pin(async move {
            let budget = federation::fetch::Budget::of_activity();
            Ok(match federation::import::lookup(&app, &text, &budget).await? {
                federation::import::Imported::Account(account) => Found::Account(account.id),
                federation::import::Imported::Post(post) => Found::Post(post.id),
            })
        })
    });
    Ok(app)
}
