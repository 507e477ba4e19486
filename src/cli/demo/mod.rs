//! `demo`: three departments under one charter with sample people, in one process. They are ordinary nodes: one founds the
//! organisation, the others join with a code; they sign what they send and speak real HTTP. What happens there is in
//! [`story`].

mod present;
mod story;

use super::{
    Failure,
    org::{self, About, OrgVerb},
    print, runtime, serve,
};
use crate::{
    app::App,
    config::{AuthorizedFetch, Config, Database, Registration, Sources},
    crypto::Passwords,
    domain::{
        Task, Tx,
        accounts::{self, NewPerson},
        audit::{self, Staff},
        follows::{self, FollowOptions},
        oauth,
        people::{self, By, FactsChange, Stance},
        profiles::{self, ProfileChange},
        projects::{self, Fields, members},
    },
    id::Id,
    model::{Account, Role, WorkState},
    node, server, store,
};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{Request, header},
};
use clap::Args;
use serde_json::{Value, json};
use std::{
    io::Write,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};
use story::{DEPARTMENTS, Department, MEMBERS, POSTS, PROJECTS, Person, Project, QUESTIONS, Question};
use tokio::net::TcpListener;
use tower::ServiceExt;

/// How to show it.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// The first of three ports [default: 4000, or where the kept demo began]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=65_533))]
    port: Option<u16>,
    /// Keep the nodes' data here and go on with it next time [default: a folder that goes with the demo]
    #[arg(long, value_name = "DIR")]
    pub(super) keep: Option<PathBuf>,
    /// Stop as soon as everything is shown (for tests)
    #[arg(long, hide = true)]
    once: bool,
}

/// The first port, where nothing else is said.
const PORT: u16 = 4000;
/// The password of everybody in the demo.
const PASSWORD: &str = "watercooler-demo";
/// So many people of each department are named in what is printed.
const NAMED: usize = 3;
/// What the organisation is called.
const ORGANISATION: &str = "Sample Works";
/// How long something may be on its way between the departments; a delivery that failed once or twice is tried again
/// within it.
const PATIENCE: Duration = Duration::from_secs(180);
/// So often, one after the other, every department must be found at rest: between two looks, what one of them sent may
/// have made another one busy that was at rest when it was looked at.
const LOOKS: usize = 4;

/// A running department.
struct Running {
    app: App,
    routes: Router,
    tokens: Vec<(&'static str, String)>,
    fresh: bool,
}

pub(super) fn run(arguments: &DemoArgs, settings: Option<PathBuf>, as_json: bool) -> Result<(), Failure> {
    // A file that is named only: settings that lie about are those of a real node.
    let settings = match settings {
        Some(file) => Sources { file: Some(file), ..Sources::default() }.load()?.config,
        None => Config::default(),
    };
    let temporary = arguments.keep.is_none();
    let folder = arguments
        .keep
        .clone()
        .unwrap_or_else(|| std::env::temp_dir().join(format!("watercooler-demo-{}", std::process::id())));
    let runtime = runtime()?;
    // The story is told once: what was interrupted in the middle of it is no demo, and begins again.
    let begun = folder.join("begun");
    let anew = begun.exists() || DEPARTMENTS.iter().all(|department| !folder.join(department.host).exists());
    let first = if anew { arguments.port.unwrap_or(PORT) } else { kept_port(arguments.port, &folder)? };
    if anew {
        for department in &DEPARTMENTS {
            let _ = std::fs::remove_dir_all(folder.join(department.host));
        }
        std::fs::create_dir_all(&folder)?;
        std::fs::write(&begun, "The story of the demo is not at its end.\n")?;
        std::fs::write(folder.join("port"), format!("{first}\n"))?;
    }
    let shown = runtime.block_on(async {
        // Before anything runs: an early Ctrl-C ends it as cleanly as a late one.
        let mut signals = serve::Signals::new()?;
        let mut running = Vec::new();
        let story = async {
            for (i, department) in (0_u16..).zip(&DEPARTMENTS) {
                let port = first.saturating_add(i);
                running.push(start(department, port, &folder, settings.clone()).await?);
            }
            let stage = Stage { running: &running, first, as_json };
            if running.iter().any(|r| r.fresh) {
                stage.play().await?;
                std::fs::remove_file(&begun)?;
            }
            stage.present()?;
            if !arguments.once {
                std::future::pending::<()>().await;
            }
            Ok(())
        };
        let result = tokio::select! {
            result = story => result,
            () = signals.next() => Ok(()),
        };
        for node in running {
            drop(node.routes);
            serve::close(node.app).await;
        }
        result
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    if temporary {
        let _ = std::fs::remove_dir_all(&folder);
    }
    shown
}

/// Where a demo that was kept goes on: its departments know one another by their ports, so it can go on nowhere else.
fn kept_port(wanted: Option<u16>, folder: &Path) -> Result<u16, Failure> {
    let kept = std::fs::read_to_string(folder.join("port")).ok().and_then(|text| text.trim().parse::<u16>().ok());
    match (wanted, kept) {
        (Some(wanted), Some(kept)) if wanted != kept => {
            Err(elsewhere(folder, &format!("at port {kept} and the next two")))
        }
        (wanted, kept) => Ok(wanted.or(kept).unwrap_or(PORT)),
    }
}

fn elsewhere(folder: &Path, place: &str) -> Failure {
    let message = format!(
        "the demo in {} began {place}, and its departments know one another so: start it there again, or keep another one \
         in another folder",
        folder.display()
    );
    Failure { code: "refused", message, exit: super::exit_of("refused") }
}

async fn start(
    department: &'static Department,
    port: u16,
    folder: &Path,
    settings: Config,
) -> Result<Running, Failure> {
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let data_dir = folder.join(department.host);
    let mut config = Config {
        domain: format!("{}:{port}", department.host),
        listen,
        database: Database::new(format!("sqlite://{}", data_dir.join("watercooler.db").display())),
        data_dir,
        registration: Registration::Open,
        // Nothing that speaks with anybody else, sends letters or opens a port of its own: the departments are on one
        // machine, and their people do not exist.
        instance: settings.instance,
        people: settings.people,
        questions: settings.questions,
        media: settings.media,
        web: settings.web,
        sqlite: settings.sqlite,
        ..Config::default()
    };
    config.instance.name = format!("{} (demo)", department.name);
    config.instance.short_description = department.text.into();
    // Nothing here is a secret: whoever opens a page of the demo need not sign in first.
    config.federation.authorized_fetch = AuthorizedFetch::Off;
    config.prepare()?;
    super::data_folder(&config)?;
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|e| Failure::new(format!("cannot listen on {listen}: {e}; --port chooses another")))?;
    let app = serve::open(config).await.map_err(|failure| match failure.code {
        // What was kept by a program that did not write its port down: it must not be told to serve it under a new name.
        "refused" => elsewhere(folder, "at other ports (--port)"),
        _ => failure,
    })?;
    node::start_workers(&app);
    let routes = server::outer(&app, node::routes(&app));
    let serving = (app.clone(), routes.clone());
    tokio::spawn(async move { server::serve(&serving.0, listener, serving.1).await });
    let first = department.people.first().map(|person| person.0).unwrap_or_default();
    let fresh = app.read(move |conn| Ok(store::accounts::find_local(conn, first)?.is_none())).await?;
    let mut node = Running { app, routes, tokens: Vec::new(), fresh };
    node.welcome(department).await?;
    Ok(node)
}

fn skills(person: &Person) -> Vec<(String, Stance)> {
    let list = |text: &'static str, stance| {
        text.split(", ").filter(|name| !name.is_empty()).map(move |name| (name.to_owned(), stance))
    };
    list(person.3, Stance::Ask).chain(list(person.4, Stance::Knows)).collect()
}

/// A sample person, plainly marked as one.
fn create(tx: &mut Tx<'_>, person: &'static Person, place: &'static str, hash: String) -> crate::Result<Account> {
    let email = format!("{}@example.org", person.0);
    let mut new = NewPerson::member(person.0, Some(&email), Some(hash));
    (new.role, new.by_staff) = (Role::Member, true);
    let account = accounts::create(tx, &new)?;
    let change = ProfileChange {
        display_name: Some(format!("{} (sample)", person.1)),
        note: Some(format!("{}. A sample person of the demo.", person.2)),
        discoverable: Some(true),
        indexable: Some(true),
        ..ProfileChange::default()
    };
    profiles::update(tx, account.id, &change)?;
    let facts = FactsChange {
        skills: Some(skills(person)),
        title: Some(person.2.into()),
        department: Some(place.into()),
        ..FactsChange::default()
    };
    people::update(tx, account.id, &facts, By::Organisation)?;
    audit::write(tx, &Staff::console(), "account.create", &account.acct(), "demo")?;
    Ok(account)
}

impl Running {
    /// Creates the people unless they are here already, and takes a token for each.
    async fn welcome(&mut self, department: &'static Department) -> Result<(), Failure> {
        let app = &self.app;
        // One for all: a good hash takes its time.
        let hash = app.part::<Passwords>().hash(PASSWORD.into(), app.random().bytes()).await?;
        for person in department.people {
            let hash = hash.clone();
            let token = app
                .write(move |tx| {
                    let account = match store::accounts::find_local(tx.conn, person.0)? {
                        Some(account) => account,
                        None => create(tx, person, department.name, hash)?,
                    };
                    Ok(oauth::issue_by_command(tx, account.id, "read write follow")?.2.token)
                })
                .await?;
            self.tokens.push((person.0, token));
        }
        Ok(())
    }

    /// A call of the client API by one of its people.
    async fn call(&self, user: &str, method: &str, path: &str, body: Option<Value>) -> Result<Value, Failure> {
        let token = self.tokens.iter().find(|(name, _)| *name == user).map(|(_, token)| token.as_str());
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.app.site().authority())
            .header(header::AUTHORIZATION, format!("Bearer {}", token.unwrap_or_default()))
            .header(header::CONTENT_TYPE, "application/json")
            .extension(ConnectInfo(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))))
            .body(body.map_or_else(Body::empty, |body| Body::from(body.to_string())))
            .map_err(|e| Failure::new(e.to_string()))?;
        let response = match self.routes.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let status = response.status();
        let bytes = to_bytes(response.into_body(), 1 << 22).await.map_err(|e| Failure::new(e.to_string()))?;
        if !status.is_success() {
            return Err(Failure::new(format!("{method} {path}: {status} {}", String::from_utf8_lossy(&bytes))));
        }
        serde_json::from_slice(&bytes).map_err(|e| Failure::new(format!("{method} {path}: {e}")))
    }

    async fn post(&self, user: &str, body: Value) -> Result<Value, Failure> {
        self.call(user, "POST", "/api/v1/statuses", Some(body)).await
    }

    /// The id of a post anywhere, found as a person would: by searching for its address.
    async fn find_post(&self, user: &str, uri: &str) -> Result<String, Failure> {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("q", uri).append_pair("resolve", "true").append_pair("type", "statuses");
        let found = self.call(user, "GET", &format!("/api/v2/search?{}", query.finish()), None).await?;
        let id = found.pointer("/statuses/0/id").and_then(Value::as_str);
        id.map(str::to_owned).ok_or_else(|| Failure::new(format!("{uri} was not found")))
    }
}

/// All departments, and what is done with them.
struct Stage<'a> {
    running: &'a [Running],
    first: u16,
    as_json: bool,
}

fn local(tx: &mut Tx<'_>, user: &str) -> crate::Result<Id<Account>> {
    store::accounts::find_local(tx.conn, user)?.map(|account| account.id).ok_or(crate::Error::NotFound)
}

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

impl Stage<'_> {
    fn say(&self, text: &str) -> Result<(), Failure> {
        if !self.as_json {
            return print(text);
        }
        // Beside the answer: whoever reads that need not sort it out.
        Ok(writeln!(std::io::stderr(), "{}", json!({ "doing": text }))?)
    }

    /// The department of `ada@engineering`, and `ada`.
    fn of<'n>(&self, name: &'n str) -> Result<(&Running, &'n str), Failure> {
        let (user, place) = name.split_once('@').unwrap_or((name, ""));
        let at = DEPARTMENTS.iter().position(|d| d.host.split('.').next() == Some(place));
        let node = at.and_then(|at| self.running.get(at));
        node.map(|node| (node, user)).ok_or_else(|| Failure::new(format!("{name} is in no department")))
    }

    /// `ada@engineering` as the handle that all departments know.
    fn handle(&self, name: &str) -> String {
        let (user, place) = name.split_once('@').unwrap_or((name, ""));
        let at = (self.first..).zip(&DEPARTMENTS).find(|(_, d)| d.host.split('.').next() == Some(place));
        at.map_or_else(|| user.to_owned(), |(port, d)| format!("{user}@{}:{port}", d.host))
    }

    /// Waits until nothing is on its way any more.
    async fn settled(&self) -> Result<(), Failure> {
        let end = tokio::time::Instant::now() + PATIENCE;
        let mut looks = 0;
        while tokio::time::Instant::now() < end {
            let mut busy = false;
            for node in self.running {
                let now = node.app.clock().now();
                busy |= node.app.read(move |conn| store::health::is_busy(conn, now)).await?;
            }
            looks = if busy { 0 } else { looks + 1 };
            if looks == LOOKS {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(if busy { 50 } else { 15 })).await;
        }
        let text = format!("the departments are still busy after {} seconds; start the demo again", PATIENCE.as_secs());
        Err(Failure::new(text))
    }

    async fn order(&self, task: impl Fn(&Running) -> Vec<Task>) -> Result<(), Failure> {
        for node in self.running {
            let tasks = task(node);
            node.app.write(move |tx| tasks.iter().try_for_each(|task| tx.enqueue(task))).await?;
        }
        self.settled().await
    }

    /// Everything that has happened when somebody looks.
    async fn play(&self) -> Result<(), Failure> {
        let people: usize = DEPARTMENTS.iter().map(|department| department.people.len()).sum();
        self.say(&format!("{ORGANISATION}: three departments found an organisation ..."))?;
        self.unite().await?;
        self.say(&format!("{people} sample people follow one another, {} projects begin ...", PROJECTS.len()))?;
        self.follow().await?;
        for project in &PROJECTS {
            self.register(project).await?;
        }
        for (who, name) in &MEMBERS {
            self.join(who, name).await?;
        }
        // An actor without keys is nobody to the others.
        self.settled().await?;
        // Profiles and projects travel a minute later by themselves; here nobody waits for that.
        let domains: Vec<String> = self.running.iter().map(|node| node.app.site().domain().to_owned()).collect();
        self.order(|node| {
            let own = node.app.site().domain().to_owned();
            domains.iter().filter(|d| **d != own).map(|d| Task::CheckDirectory { domain: d.clone() }).collect()
        })
        .await?;
        self.say("They write, ask and answer ...")?;
        for (who, text) in &POSTS {
            let (node, user) = self.of(who)?;
            node.post(user, json!({ "status": text })).await?;
        }
        for question in &QUESTIONS {
            self.ask(question).await?;
        }
        self.settled().await?;
        self.like().await?;
        // What happens every night: whoever does the same work is introduced.
        self.order(|_| vec![Task::PairProjects]).await
    }

    /// The first department founds the organisation; the others join with a code.
    async fn unite(&self) -> Result<(), Failure> {
        let mut departments = self.running.iter().zip(&DEPARTMENTS);
        let Some((steward, department)) = departments.next() else { return Ok(()) };
        let addresses = vec!["127.0.0.1/32".to_owned()];
        let init = OrgVerb::Init {
            name: ORGANISATION.into(),
            department: department.name.into(),
            addresses: addresses.clone(),
            about: About::default(),
            rules: Vec::new(),
            key_file: None,
            offline: false,
        };
        org::run(&steward.app, init).await?;
        for (node, department) in departments {
            let invite = OrgVerb::Invite {
                domain: node.app.site().domain().to_owned(),
                department: department.name.into(),
                addresses: addresses.clone(),
                about: About::default(),
                port: None,
                http: true,
                steward: false,
            };
            let code = text(&org::run(&steward.app, invite).await?, "code");
            let join = OrgVerb::Join { code, department: String::new(), about: About::default() };
            org::run(&node.app, join).await?;
            self.settled().await?;
        }
        self.order(|node| {
            let own = node.app.site().domain().to_owned();
            let others = self.running.iter().map(|other| other.app.site().domain().to_owned());
            others.filter(|domain| *domain != own).map(|domain| Task::CheckDirectory { domain }).collect()
        })
        .await
    }

    /// Everybody follows a neighbour, and somebody in each other department.
    async fn follow(&self) -> Result<(), Failure> {
        for (at, (node, department)) in self.running.iter().zip(&DEPARTMENTS).enumerate() {
            let mut pairs = Vec::new();
            for (number, person) in department.people.iter().enumerate() {
                for (place, other) in DEPARTMENTS.iter().enumerate() {
                    let Some(target) = other.people.get((5 * number + 3 * at + 1) % other.people.len()) else {
                        continue;
                    };
                    let short = other.host.split('.').next().unwrap_or_default();
                    let handle =
                        if place == at { target.0.to_owned() } else { self.handle(&format!("{}@{short}", target.0)) };
                    pairs.push((person.0, handle));
                }
            }
            node.app
                .write(move |tx| {
                    for (who, handle) in &pairs {
                        let Some(target) = store::accounts::find_by_handle(tx.conn, handle)? else { continue };
                        let who = local(tx, who)?;
                        if who != target.id {
                            follows::request(tx, who, target.id, &FollowOptions::default())?;
                        }
                    }
                    Ok(())
                })
                .await?;
        }
        self.settled().await
    }

    async fn register(&self, project: &'static Project) -> Result<(), Failure> {
        let Project(lead, name, purpose, tags, state, reason, vendor) = project;
        let (node, user) = self.of(lead)?;
        let fields = Fields {
            name: Some((*name).into()),
            purpose: Some((*purpose).into()),
            tags: Some(tags.iter().map(|tag| (*tag).into()).collect()),
            vendor: Some(vec![(*vendor).into()]),
            language: Some("en".into()),
            state: Some(if *state == WorkState::Idea { WorkState::Idea } else { WorkState::Active }),
            ..Fields::default()
        };
        node.app
            .write(move |tx| {
                let by = local(tx, user)?;
                let made = projects::create(tx, by, &fields)?;
                projects::publish(tx, by, made.id, None)?;
                if made.state != *state {
                    projects::set_state(tx, by, made.id, *state, reason)?;
                }
                Ok(())
            })
            .await?;
        Ok(())
    }

    async fn join(&self, who: &'static str, name: &'static str) -> Result<(), Failure> {
        let (node, user) = self.of(who)?;
        node.app
            .write(move |tx| {
                let (by, found) = (local(tx, user)?, store::projects::named(tx.conn, name, 1)?);
                let Some(project) = found.first() else { return Ok(()) };
                members::ask(tx, by, project.id, "I would like to help.")?;
                match members::lead(tx.conn, project)? {
                    Some(lead) => members::answer(tx, lead.id, project.id, by, true).map(|_| ()),
                    None => Ok(()),
                }
            })
            .await?;
        Ok(())
    }

    /// Somebody asks the network; somebody of another department answers, and may be thanked.
    async fn ask(&self, question: &Question) -> Result<(), Failure> {
        let Question(asker, words, answer) = question;
        let (node, user) = self.of(asker)?;
        let asked = node.post(user, json!({ "status": words })).await?;
        let Some((expert, reply, accepted)) = answer else { return Ok(()) };
        self.settled().await?;
        let (there, expert_name) = self.of(expert)?;
        let id = there.find_post(expert_name, &text(&asked, "uri")).await?;
        let status = format!("@{} {reply}", self.handle(asker));
        let answered = there.post(expert_name, json!({ "status": status, "in_reply_to_id": id })).await?;
        self.settled().await?;
        if *accepted {
            let id = node.find_post(user, &text(&answered, "uri")).await?;
            let status = format!("@{} ✅ thank you", self.handle(expert));
            node.post(user, json!({ "status": status, "in_reply_to_id": id })).await?;
            self.settled().await?;
        }
        Ok(())
    }

    /// A few boosts and favourites of what the first people of each department find at home.
    async fn like(&self) -> Result<(), Failure> {
        for (node, department) in self.running.iter().zip(&DEPARTMENTS) {
            for person in department.people.iter().take(4) {
                let home = node.call(person.0, "GET", "/api/v1/timelines/home?limit=4", None).await?;
                for (i, post) in home.as_array().into_iter().flatten().enumerate() {
                    let is_own = post.pointer("/account/acct").and_then(Value::as_str) == Some(person.0);
                    let is_open = post.get("visibility").and_then(Value::as_str) == Some("public");
                    if is_own || !is_open {
                        continue;
                    }
                    let verb = if i == 0 { "reblog" } else { "favourite" };
                    let path = format!("/api/v1/statuses/{}/{verb}", text(post, "id"));
                    node.call(person.0, "POST", &path, Some(json!({}))).await?;
                }
            }
        }
        self.settled().await
    }
}
