//! What a node does most, one operation at a time: `cargo bench`, and on PostgreSQL as well when
//! `WATERCOOLER_BENCH_DATABASE_URL` names a database that may be written to. Figures of a whole server under load come
//! from `watercooler bench`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use divan::{Bencher, black_box};
use watercooler::{
    api::entities::render,
    app::App,
    config::{Config, Database},
    crypto::PrivateKey,
    domain::{
        accounts, follows,
        html::sanitize_html,
        posts::{Draft, publish},
        text, timelines,
    },
    federation::{
        json::Json,
        signatures::{Content, Incoming, OwnNames, Scheme, Signer, read, sign::sign},
    },
    id::Id,
    matching::projects::{self, Register},
    model::{Account, Visibility},
    node::{self, Parts},
    store::page::Page,
    time::Timestamp,
};

fn main() {
    divan::main();
}

const NOTE: &str = r##"{"@context":["https://www.w3.org/ns/activitystreams",{"sensitive":"as:sensitive"}],"id":"https://far.example/users/ada/statuses/1/activity","type":"Create","actor":"https://far.example/users/ada","published":"2026-11-23T12:00:00Z","to":["https://www.w3.org/ns/activitystreams#Public"],"cc":["https://far.example/users/ada/followers"],"object":{"id":"https://far.example/users/ada/statuses/1","type":"Note","summary":null,"inReplyTo":null,"published":"2026-11-23T12:00:00Z","url":"https://far.example/@ada/1","attributedTo":"https://far.example/users/ada","to":["https://www.w3.org/ns/activitystreams#Public"],"cc":["https://far.example/users/ada/followers"],"sensitive":false,"content":"<p>The torque sensors of line 3 drift again. <a href=\"https://far.example/tags/sensors\" class=\"mention hashtag\" rel=\"tag\">#<span>sensors</span></a></p><p>Who has seen this elsewhere?</p>","contentMap":{"en":"<p>...</p>"},"attachment":[],"tag":[{"type":"Hashtag","href":"https://far.example/tags/sensors","name":"#sensors"}]}}"##;
const MARKUP: &str = "<p>The torque sensors of line 3 drift again. <a href=\"https://far.example/tags/sensors\" class=\"mention hashtag\" rel=\"tag\">#<span>sensors</span></a></p><p>Who has seen this elsewhere?</p>";
const TYPED: &str = "The torque sensors of line 3 drift again, see https://wiki.example/sensors/line-3?tab=history #sensors\n\nWho has seen this elsewhere? @bob";

fn now() -> Timestamp {
    Timestamp::from_millis(1_795_435_200_000)
}

fn signed() -> (Signer, axum::http::HeaderMap, OwnNames) {
    let signer =
        Signer { key_id: "https://far.example/users/ada#main-key".into(), key: PrivateKey::generate_rsa().unwrap() };
    let inbox = "https://near.example/inbox".parse().unwrap();
    let content =
        Content { media_type: "application/activity+json", sha256: watercooler::crypto::sha256(NOTE.as_bytes()) };
    let mut headers = axum::http::HeaderMap::new();
    for (name, value) in sign(Scheme::Cavage, &signer, "POST", &inbox, Some(content), now()).unwrap() {
        headers.insert(name, value.parse().unwrap());
    }
    headers.insert("host", "near.example".parse().unwrap());
    let names = OwnNames::new(&"https://near.example".parse().unwrap(), "near.example");
    (signer, headers, names)
}

#[divan::bench]
fn sign_a_delivery_with_rsa(bencher: Bencher) {
    let (signer, _, _) = signed();
    let inbox: url::Url = "https://near.example/inbox".parse().unwrap();
    let content = Content { media_type: "application/activity+json", sha256: [7; 32] };
    bencher.bench(|| sign(Scheme::Cavage, &signer, "POST", &inbox, Some(content), now()).unwrap());
}

#[divan::bench]
fn verify_a_signed_request(bencher: Bencher) {
    let (signer, headers, names) = signed();
    let key = signer.key.public().unwrap();
    bencher.bench(|| {
        let request = Incoming {
            method: "POST",
            target: "/inbox",
            authority: "near.example",
            headers: &headers,
            now: now(),
            names: &names,
        };
        let claims = read(&request).unwrap();
        claims[0].body_fits(NOTE.as_bytes()).unwrap();
        claims[0].verify(&key).unwrap();
    });
}

#[divan::bench]
fn parse_an_activity(bencher: Bencher) {
    bencher.bench(|| Json::parse(black_box(NOTE.as_bytes())).unwrap());
}

#[divan::bench]
fn sanitize_a_post(bencher: Bencher) {
    bencher.bench(|| sanitize_html(black_box(MARKUP)));
}

#[divan::bench]
fn typed_text_to_markup(bencher: Bencher) {
    bencher.bench(|| {
        let tokens = text::scan(black_box(TYPED));
        text::to_html(
            &tokens,
            |_, _| Some("https://near.example/@bob".into()),
            |t| format!("https://near.example/tags/{t}"),
        )
    });
}

/// A node on a fresh database with an author, 50 followers of theirs, and `posts` posts.
struct World {
    runtime: tokio::runtime::Runtime,
    app: App,
    author: Id<Account>,
    reader: Id<Account>,
    _folder: tempfile::TempDir,
}

const EMBEDDED: &str = "SQLite";
const SERVER: &str = "PostgreSQL";

fn databases() -> Vec<&'static str> {
    match std::env::var_os("WATERCOOLER_BENCH_DATABASE_URL") {
        Some(_) => vec![EMBEDDED, SERVER],
        None => vec![EMBEDDED],
    }
}

/// A schema of its own in the database of the environment; the one before it is dropped.
fn schema(runtime: &tokio::runtime::Runtime) -> String {
    let server = std::env::var("WATERCOOLER_BENCH_DATABASE_URL").unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(&server, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        let again = "drop schema if exists watercooler_bench cascade; create schema watercooler_bench";
        client.batch_execute(again).await.unwrap();
    });
    let join = if server.contains('?') { '&' } else { '?' };
    format!("{server}{join}options=-csearch_path%3Dwatercooler_bench")
}

fn world(database: &str, posts: usize) -> World {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let url = match database {
        SERVER => schema(&runtime),
        _ => format!("sqlite://{}", folder.path().join("bench.db").display()),
    };
    let mut config = Config { data_dir: folder.path().to_owned(), database: Database::new(url), ..Config::default() };
    config.prepare().unwrap();
    let app = node::assemble(config, Parts::default()).unwrap();
    let (author, reader) = runtime.block_on(async {
        node::prepare(&app).await.unwrap();
        app.write(|tx| {
            let author = accounts::create(tx, &accounts::NewPerson::member("author", None, None))?.id;
            let mut reader = author;
            for n in 0..50 {
                reader = accounts::create(tx, &accounts::NewPerson::member(&format!("reader{n}"), None, None))?.id;
                follows::request(tx, reader, author, &follows::FollowOptions::default())?;
            }
            Ok((author, reader))
        })
        .await
        .unwrap()
    });
    let world = World { runtime, app, author, reader, _folder: folder };
    for _ in 0..posts {
        world.post();
    }
    world
}

impl World {
    fn post(&self) {
        let author = self.author;
        let draft = Draft { text: TYPED.into(), visibility: Some(Visibility::Public), ..Draft::default() };
        self.runtime.block_on(self.app.write(move |tx| publish(tx, author, draft))).unwrap();
    }
}

#[divan::bench(sample_count = 20, sample_size = 20, args = databases())]
fn publish_a_post_to_50_followers(bencher: Bencher, database: &str) {
    let world = world(database, 10);
    bencher.bench(|| world.post());
}

#[divan::bench(sample_count = 20, sample_size = 50, args = databases())]
fn home_timeline_of_20_posts(bencher: Bencher, database: &str) {
    let world = world(database, 500);
    let (reader, app) = (world.reader, world.app.clone());
    bencher.bench(|| {
        let inner = app.clone();
        world
            .runtime
            .block_on(app.read(move |conn| {
                let page = timelines::home(conn, reader, Page::first(20), inner.clock().now())?;
                render::statuses(inner.site(), &page.posts)
            }))
            .unwrap()
    });
}

/// An invented organisation: every skill is two words of a list, common ones first.
fn organisation(people: usize) -> watercooler::matching::people::Directory {
    use watercooler::matching::people::{Accepted, Directory, Listed, Person, Skill, Stance};
    const WORDS: [&str; 24] = [
        "harp",
        "roof",
        "clock",
        "choir",
        "tea",
        "map",
        "sail",
        "basket",
        "kite",
        "bell",
        "garden",
        "bridge",
        "tuning",
        "thatching",
        "repair",
        "singing",
        "blending",
        "drawing",
        "making",
        "weaving",
        "piloting",
        "casting",
        "planning",
        "building",
    ];
    let mut directory = Directory::new();
    for at in 0..people {
        let mut state = at as u64 + 1;
        let mut next = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // Squared: small numbers are more common, as skills are.
            let share = (state >> 40) as f64 / f64::from(1 << 24);
            (share * share * below as f64) as usize
        };
        let name = |first: usize, second: usize| format!("{} {}", WORDS[first], WORDS[12 + second]);
        let skills: Vec<Skill> = (0..7)
            .map(|nth| Skill {
                name: if nth == 6 {
                    format!("{} {}", name(next(12), next(12)), next(200))
                } else {
                    name(next(12), next(12))
                },
                stance: [Stance::Ask, Stance::Knows, Stance::Learning][next(3)],
            })
            .collect();
        let accepted: Vec<Accepted> = (0..next(6))
            .map(|nth| Accepted {
                answer: nth as i64,
                tag: name(next(12), next(12)).replace(' ', ""),
                day: 20_000 - nth as i32 * 90,
            })
            .collect();
        directory.put(&Person {
            key: format!("person-{at}"),
            title: format!("{} lead", WORDS[next(24)]),
            department: WORDS[next(12)].to_owned(),
            site: format!("site-{}", next(50)),
            time_zone: "Europe/Berlin".into(),
            languages: vec!["en".into()],
            bio: format!("Before that a lot of {}.", name(next(12), next(12))),
            accepted,
            skills,
            projects: Vec::new(),
            listed: Listed::Organisation,
            left: false,
        });
    }
    directory.learn();
    directory
}

#[divan::bench(args = ["who knows harp tuning?", "harp tunnig", "bridge building and tea blending", "bell 77", "falconry"])]
fn who_knows_among_50_000_people(bencher: Bencher, text: &str) {
    static DIRECTORY: std::sync::LazyLock<watercooler::matching::people::Directory> =
        std::sync::LazyLock::new(|| organisation(50_000));
    let directory = &*DIRECTORY;
    bencher.bench(|| directory.search(black_box(text), "site-1", 20_000, 10));
}

/// What a writer waits for: the five nearest of 10,000 invented projects.
#[divan::bench]
fn find_projects_like_a_draft_among_10000(bencher: Bencher) {
    let mut register = Register::default();
    let mut all = projects::scale::projects(&[], 10_000);
    let draft = all.pop().unwrap();
    for project in all {
        register.insert(project);
    }
    register.calibrate(64);
    bencher.bench(|| black_box(register.candidates(&draft.draft(), 5, None)));
}
