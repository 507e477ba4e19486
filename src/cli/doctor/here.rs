//! What can be seen on this machine: files, disk, database, queues, charter, settings.

use super::{Finding, SettingsFile};
use crate::{
    app::App,
    cli::data::backup::MADE_AT,
    crypto::certificate,
    domain::charter::{current, own_member, status},
    federation::own_keys,
    store::{self, health::Damage},
    time::Timestamp,
};
use std::{os::unix::fs::PermissionsExt, path::Path, time::Duration};
use tokio::net::TcpStream;

const MINUTE: i64 = 60_000;
const GIB: u64 = 1 << 30;
/// Above this size the embedded database is not read through. Unit: bytes.
const READ_THROUGH: u64 = 4 * GIB;
/// How long reading it through may take. Unit: milliseconds.
const READ_MS: usize = 20_000;
/// Certificates that end within so many days are worth a word.
const SOON: i64 = 30;

pub(super) async fn look(app: &App, alone: bool) -> Vec<Finding> {
    let mut all = vec![server(alone), address(app)];
    all.extend(files(app).await);
    all.extend(bucket(app).await);
    all.push(disk(&app.config().data_dir));
    all.extend(database(app).await);
    all.extend(queues(app).await);
    all.push(backup(app).await);
    all.extend(charter(app).await);
    all.extend(own_entry(app).await);
    all.extend(authorities(app).await);
    all.extend(mail(app).await);
    all.extend(proxies(app).await);
    all
}

fn server(alone: bool) -> Finding {
    let version = env!("CARGO_PKG_VERSION");
    if alone {
        let found = "no server runs with these settings";
        return Finding::warning(
            "server",
            found,
            "start it with `watercooler serve`, then ask again: other nodes can \
            only be asked whether they reach this one while it runs",
        );
    }
    Finding::ok("server", format!("it runs, version {version}"))
}

fn address(app: &App) -> Finding {
    let site = app.site();
    let found = format!("handles end in @{}, addresses begin with {}", site.domain(), site.base());
    let inside = ["localhost", ".localhost", ".test"].iter().any(|name| site.authority().contains(name));
    if site.is_https() || inside {
        Finding::ok("address", found)
    } else {
        let to_do = "put a proxy with a certificate in front and set public_url to its https address; plain http is \
                     read and changed by anybody on the way";
        Finding::warning("address", format!("{found}, in plain http"), to_do)
    }
}

async fn files(app: &App) -> Vec<Finding> {
    let folder = app.config().data_dir.clone();
    let key = folder.join("secret.key");
    let mut all = Vec::new();
    match mode(&key) {
        Err(why) => all.push(Finding::problem(
            "secret.key",
            format!("cannot look at {}: {why}", key.display()),
            "restore the file from your backup: without it the keys of all people here are lost",
        )),
        Ok(mode) if mode & 0o077 != 0 => all.push(Finding::problem(
            "secret.key",
            format!("{} can be read by others (mode {mode:o})", key.display()),
            format!("chmod 600 {}; if others had accounts on this machine, treat the keys as stolen", key.display()),
        )),
        Ok(_) => all.push(match own_keys::node_signer(app).await {
            Ok(_) => Finding::ok("secret.key", "only its owner can read it, and it opens the stored keys"),
            Err(error) => Finding::problem(
                "secret.key",
                format!("it does not open the stored keys: {error}"),
                "put back the file that belongs to this database",
            ),
        }),
    }
    all.push(match app.ffmpeg().path() {
        Some(path) => {
            Finding::ok("ffmpeg", format!("{} makes previews of films and reads AVIF and HEIC", path.display()))
        }
        None => Finding::ok("ffmpeg", "not here: films have a plain preview, pictures in AVIF and HEIC are refused"),
    });
    let others = |path: &Path| mode(path).ok().filter(|mode| mode & 0o007 != 0);
    let database = app.config().database.sqlite_path();
    for path in std::iter::once(folder.clone()).chain(database) {
        if let Some(mode) = others(&path)
            // In a folder that nobody else may enter, a file's own mode does not matter.
            && (path == folder || others(&folder).is_some())
        {
            let right = if path.is_dir() { "700" } else { "600" };
            all.push(Finding::warning(
                "files",
                format!("{} can be read by others (mode {mode:o})", path.display()),
                format!("chmod {right} {}", path.display()),
            ));
        }
    }
    all
}

/// The bucket that files are kept in takes a file, gives it back, lists and removes it.
async fn bucket(app: &App) -> Option<Finding> {
    let storage = app.storage();
    let settings = &app.config().media.s3;
    let named = format!("{} at {}", settings.bucket.as_ref()?, settings.endpoint.as_ref()?);
    Some(match storage.bucket()?.probe().await {
        Ok(()) => Finding::ok("bucket", format!("{named} keeps files and gives them back")),
        Err(why) => Finding::problem(
            "bucket",
            format!("{named} does not do what it should: {why}"),
            "look at [media.s3]: the address, `addresses` when the store is inside, the key, and whether the key may read, \
             write, delete and list; until then nobody can attach files",
        ),
    })
}

/// Secrets that stand in the settings file itself, for everybody on the machine to read.
pub(super) fn settings(file: &SettingsFile) -> Option<Finding> {
    let first = file.secrets.first().filter(|_| file.mode & 0o007 != 0)?;
    let path = file.path.display();
    let found = format!("{path} can be read by others (mode {:o}) and holds {}", file.mode, file.secrets.join(", "));
    let to_do = format!("chmod 600 {path}, or put the value into a file of its own: {first} = \"file:PATH\"");
    Some(Finding::warning("settings", found, to_do))
}

pub(super) fn mode(path: &Path) -> std::io::Result<u32> {
    std::fs::metadata(path).map(|data| data.permissions().mode() & 0o777)
}

fn disk(folder: &Path) -> Finding {
    let Ok(disk) = rustix::fs::statvfs(folder) else {
        let to_do = "look at the disk with `df`";
        return Finding::warning("disk", format!("cannot ask how full the disk of {} is", folder.display()), to_do);
    };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let all = disk.f_blocks.saturating_mul(disk.f_frsize).max(1);
    let found = format!("{} free of {} at {}", size(free), size(all), folder.display());
    let to_do = "make room: enlarge the disk, or lower media.cache_days";
    if free < GIB / 4 {
        Finding::problem("disk", found, to_do)
    } else if free < 2 * GIB && free < all / 10 || free < GIB {
        Finding::warning("disk", found, to_do)
    } else {
        Finding::ok("disk", found)
    }
}

fn size(bytes: u64) -> String {
    if bytes >= GIB { format!("{:.1} GiB", bytes as f64 / GIB as f64) } else { format!("{} MiB", bytes >> 20) }
}

async fn database(app: &App) -> Vec<Finding> {
    let bytes = match app.read(store::health::bytes).await {
        Ok(bytes) => bytes,
        Err(error) => {
            let to_do = "start the database server, or correct `database` in the settings";
            return vec![Finding::problem("database", format!("it does not answer: {error}"), to_do)];
        }
    };
    let mut all = vec![Finding::ok("database", format!("{}, {}", app.config().database.masked(), size(bytes)))];
    let Some(path) = app.config().database.sqlite_path() else { return all };
    if bytes > READ_THROUGH {
        let to_do = format!("at a quiet hour: sqlite3 {} 'pragma quick_check'", path.display());
        all.push(Finding { to_do, ..Finding::ok("integrity", "too large to be read through here") });
        return all;
    }
    all.push(match app.read(|conn| store::health::damage(conn, READ_MS)).await {
        Ok(Damage::None) => Finding::ok("integrity", "read through, nothing is damaged"),
        Ok(Damage::Unknown) => {
            let to_do = format!("at a quiet hour: sqlite3 {} 'pragma quick_check'", path.display());
            Finding { to_do, ..Finding::ok("integrity", "20 seconds were not enough to read all; no damage so far") }
        }
        Ok(Damage::Found(what)) => Finding::problem(
            "integrity",
            format!("the database is damaged: {what}"),
            "stop the server, keep a copy of the file, restore the last backup, and look at the disk (`dmesg`, SMART)",
        ),
        Err(error) => {
            Finding::problem("integrity", format!("cannot be checked: {error}"), "look at the log and the disk")
        }
    });
    all
}

async fn queues(app: &App) -> Vec<Finding> {
    let now = app.clock().now();
    let found = app.read(move |conn| {
        Ok((
            store::health::oldest_due_job(conn, now)?,
            store::health::oldest_arrived(conn, now)?,
            store::health::failed(conn)?,
        ))
    });
    let (job, arrived, failed) = match found.await {
        Ok(found) => found,
        Err(error) => return vec![Finding::problem("queue", format!("cannot be read: {error}"), "see `database`")],
    };
    let age = |at: Option<Timestamp>| at.map_or(0, |at| (now.millis() - at.millis()).max(0));
    let mut all = Vec::new();
    for (check, age) in [("jobs", age(job)), ("inbox", age(arrived))] {
        let found = match age {
            0 => "nothing waits".to_owned(),
            age => format!("the oldest has been waiting for {}", span(age)),
        };
        let to_do = "is the server running, and is the machine busy? `watercooler jobs list` shows what waits";
        all.push(match age {
            age if age > 60 * MINUTE => Finding::problem(check, found, to_do),
            age if age > 5 * MINUTE => Finding::warning(check, found, to_do),
            _ => Finding::ok(check, found),
        });
    }
    if failed > 0 {
        let found = format!("{failed} pieces of background work failed for good");
        let to_do = "`watercooler jobs list` says why; `watercooler jobs retry --all` tries them again";
        all.push(Finding::warning("failed", found, to_do));
    }
    all
}

pub(super) fn span(milliseconds: i64) -> String {
    match milliseconds / MINUTE {
        0 => format!("{} s", milliseconds / 1_000),
        minutes if minutes < 120 => format!("{minutes} min"),
        minutes if minutes < 48 * 60 => format!("{} h", minutes / 60),
        minutes => format!("{} days", minutes / 60 / 24),
    }
}

/// Days after which a backup is old.
const BACKUP_DAYS: i64 = 2;

async fn backup(app: &App) -> Finding {
    let advice = match app.config().database.sqlite_path() {
        Some(_) => "every night: `watercooler backup FOLDER`, a folder on another disk or machine",
        None => "every night: pg_dump, and `watercooler backup FOLDER` for the key file and the media",
    };
    let made = app.read(|conn| store::users::find_setting(conn, MADE_AT)).await.ok().flatten();
    let Some(made) = made.as_deref().and_then(Timestamp::parse) else {
        return Finding::warning("backup", "none was ever made by this program", advice);
    };
    let age = app.clock().now().millis() - made.millis();
    let found = format!("the last one was made {} ago", span(age.max(0)));
    if age > BACKUP_DAYS * 24 * 60 * MINUTE {
        Finding::warning("backup", found, advice)
    } else {
        Finding::ok("backup", found)
    }
}

async fn charter(app: &App) -> Vec<Finding> {
    let (domain, now) = (app.site().domain().to_owned(), app.clock().now());
    let status = match app.read(move |conn| status::status(conn, &domain, now)).await {
        Ok(status) => status,
        Err(crate::Error::Invalid { code: "no_organisation", .. }) => {
            return vec![Finding::ok("charter", "this node belongs to no organisation")];
        }
        Err(crate::Error::Invalid { code: "waiting", reason, .. }) => return vec![Finding::ok("charter", reason)],
        Err(error) => {
            let to_do = "ask a steward to invite this node again, then `watercooler org join CODE`";
            let found = match error {
                crate::Error::Invalid { reason, .. } => reason.into_owned(),
                error => error.to_string(),
            };
            return vec![Finding::problem("charter", found, to_do)];
        }
    };
    let found = format!("{}, version {}, good until {}", status.organisation, status.version, status.expires.date());
    let renew = "a steward runs `watercooler org renew`";
    let mut all = vec![if status.expires <= now {
        Finding::problem("charter", format!("{found}: expired, nobody can join"), renew)
    } else if status.expires < now.plus_days(SOON) {
        Finding::warning("charter", found, renew)
    } else {
        Finding::ok("charter", found)
    }];
    if status.holds_key {
        all.push(Finding::ok("charter key", "the signing key of the organisation is held here"));
    }
    if !status.invited.is_empty() {
        let names: Vec<&str> = status.invited.iter().map(|invited| invited.domain.as_str()).collect();
        all.push(Finding::ok("invitations", format!("open for {}", names.join(", "))));
    }
    if !status.waiting.is_empty() {
        let to_do = "`watercooler org draft FILE`, sign it where the key is, `watercooler org adopt FILE`";
        let found = format!("{} changes wait for a signature", status.waiting.len());
        all.push(Finding::warning("charter", found, to_do));
    }
    if !status.overtaken.is_empty() {
        let found = format!("{} changes were overtaken by another steward's", status.overtaken.len());
        all.push(Finding::warning("charter", found, "`watercooler org redo`"));
    }
    for node in status.nodes.iter().filter(|node| node.behind.is_some_and(|behind| behind > 0)) {
        let found = format!("it had version {} when it was last heard", node.version.unwrap_or(0));
        let to_do = "if it stays so, let its admin run `watercooler doctor`";
        all.push(Finding::warning("charter", found, to_do).about(&node.domain));
    }
    for node in &status.nodes {
        let Some(error) = node.directory.as_ref().and_then(|directory| directory.error.as_ref()) else { continue };
        let found = format!("its people and projects cannot be copied: {error}");
        let to_do = "it is tried again every hour; if it stays so, let its admin run `watercooler doctor`";
        all.push(Finding::warning("directory", found, to_do).about(&node.domain));
    }
    all
}

/// Whether the charter names this node as it is: after a restore, or under a new address, the others refuse what it signs.
async fn own_entry(app: &App) -> Option<Finding> {
    let actor = own_keys::instance_actor(app).await.ok()?;
    let own = own_member(app.site(), &actor, app.clock().now()).ok()?;
    let signed = app.read(current).await.ok()??;
    let listed = signed.charter.node(app.site().domain())?;
    let again = "ask a steward to invite this node again (`watercooler org invite`), then `watercooler org join CODE`";
    if listed.actor != own.actor {
        let found = format!("it names {} as the actor of this node, which is {}", listed.actor, own.actor);
        return Some(Finding::problem("charter", found, format!("put back public_url, or {again}")));
    }
    let same = listed.key == own.key && (listed.http_key.is_empty() || listed.http_key == own.http_key);
    let found = "it names other keys for this node than it has: the others refuse what it signs";
    (!same).then(|| {
        Finding::problem("charter", found, format!("put back the database and `secret.key` of this node, or {again}"))
    })
}

/// Private certificate authorities of peers: their ends come as a surprise everywhere at once.
async fn authorities(app: &App) -> Vec<Finding> {
    let now = app.clock().now();
    let peers = app.net().config().peers;
    let mut all = Vec::new();
    for peer in peers {
        let Some(pem) = &peer.ca else { continue };
        let ends = certificate::ends_in(pem);
        let Some(end) = ends.iter().copied().min() else {
            let to_do = "give a PEM file with `watercooler peer add --ca-file`, or let the node rejoin with one";
            all.push(Finding::problem("private CA", "its certificate cannot be read", to_do).about(&peer.domain));
            continue;
        };
        let found = format!("trusted for this peer alone, good until {}", end.date());
        let to_do = "get the new certificate of that authority and give it with `watercooler peer add --ca-file`, or in \
                     the charter";
        let finding = if end <= now {
            Finding::problem("private CA", found, to_do)
        } else if end < now.plus_days(SOON) {
            Finding::warning("private CA", found, to_do)
        } else {
            Finding::ok("private CA", found)
        };
        all.push(finding.about(&peer.domain));
    }
    all
}

async fn mail(app: &App) -> Vec<Finding> {
    let Some(server) = &app.config().mail.server else {
        return vec![Finding::ok("mail", "no mail server is set; nothing needs one")];
    };
    let Ok(url) = url::Url::parse(server.expose()) else {
        let to_do = "set mail.server to smtps://USER:PASSWORD@HOST:PORT";
        return vec![Finding::problem("mail", "mail.server is no address", to_do)];
    };
    let host = url.host_str().unwrap_or_default().to_owned();
    let usual = match (url.scheme(), url.query()) {
        ("smtps", _) => 465,
        (_, Some(query)) if query.contains("tls=") => 587,
        _ => 25,
    };
    let port = url.port().unwrap_or(usual);
    vec![match reach(&host, port).await {
        Ok(()) => Finding::ok("mail", format!("{host}:{port} takes connections")),
        Err(why) => {
            let to_do = "correct mail.server, or the firewall between";
            Finding::problem("mail", format!("{host}:{port} cannot be reached: {why}"), to_do)
        }
    }]
}

async fn proxies(app: &App) -> Vec<Finding> {
    use crate::config::Purpose;
    let outgoing = &app.config().outgoing;
    let purposes = [Purpose::Object, Purpose::Key, Purpose::Webfinger, Purpose::Deliver, Purpose::Media, Purpose::Push];
    let mut urls: Vec<&url::Url> = purposes.iter().filter_map(|purpose| outgoing.proxy.of(*purpose)).collect();
    urls.sort_unstable();
    urls.dedup();
    let mut all = Vec::new();
    for url in urls {
        let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(3128));
        all.push(match reach(host, port).await {
            Ok(()) => Finding::ok("proxy", format!("{host}:{port} takes connections")),
            Err(why) => {
                let to_do = "correct outgoing.proxy, or start the proxy: nothing leaves through it now";
                Finding::problem("proxy", format!("{host}:{port} cannot be reached: {why}"), to_do)
            }
        });
    }
    all
}

/// Whether a machine that the settings name takes connections. The outgoing gate is for what others name.
async fn reach(host: &str, port: u16) -> Result<(), String> {
    match tokio::time::timeout(Duration::from_secs(5), TcpStream::connect((host, port))).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("no answer within 5 seconds".into()),
    }
}
