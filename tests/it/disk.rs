//! Disks that fail under the embedded database: unsynced pages that a power failure takes, errors of writes and syncs
//! (security checklist, section 10). The program itself runs on a disk that a small library in front of its calls makes up
//! (`faults.c`).

use crate::{
    cli::{Place, Server},
    crash::{Api, eventually},
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

/// A node on such a disk.
struct Disk {
    place: Place,
    token: String,
}

impl Disk {
    /// None where no such library can be made: it needs Linux and the C compiler that the embedded database needs too.
    fn with(settings: &str) -> Option<Self> {
        if !cfg!(target_os = "linux") {
            return None;
        }
        let mut place = Place::embedded();
        place.settings(&format!("[rate_limits]\nmode = \"off\"\n{settings}"));
        place.json(&["account", "create", "bob", "--email", "bob@example.org", "--json"]);
        let token = place.json(&["token", "create", "bob", "--json"])["token"].as_str().unwrap().to_owned();
        let library = place.path().join("faults.so");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/faults.c");
        let made = Command::new(std::env::var("CC").unwrap_or_else(|_| "cc".into()))
            .args(["-shared", "-fPIC", "-O1", "-o", library.to_str().unwrap(), source, "-ldl"])
            .status();
        if !made.is_ok_and(|made| made.success()) {
            eprintln!("there is no C compiler: not tested");
            return None;
        }
        let kept = place.path().join("kept");
        fs::create_dir(&kept).unwrap();
        let told = place.path().join("told");
        for (name, value) in [("LD_PRELOAD", &library), ("FAULTS", &told), ("FAULTS_KEEP", &kept)] {
            place.environment(name, value.to_str().unwrap());
        }
        let disk = Self { place, token };
        disk.tell("");
        Some(disk)
    }
    fn tell(&self, word: &str) {
        let partial = self.place.path().join("telling");
        fs::write(&partial, word).unwrap();
        fs::rename(partial, self.place.path().join("told")).unwrap();
    }
    fn file(&self, name: &str) -> PathBuf {
        self.place.path().join("data").join(name)
    }
    fn kept(&self, name: &str) -> PathBuf {
        self.place.path().join("kept").join(name)
    }
    /// Everything that is in the files reached the disk: the program ended in peace.
    fn is_at_rest(&self) {
        for name in FILES {
            match fs::read(self.file(name)) {
                Ok(bytes) => fs::write(self.kept(name), bytes).unwrap(),
                Err(_) => drop(fs::remove_file(self.kept(name))),
            }
        }
    }
    /// The power fails: of what was never synced nothing is left, or with a seed some sectors and others not.
    fn loses_power(&self, seed: Option<u64>) {
        for name in FILES {
            let (synced, written) = (fs::read(self.kept(name)).unwrap_or_default(), fs::read(self.file(name)));
            let Ok(written) = written else { continue };
            let left = seed.map_or_else(|| synced.clone(), |seed| mixed(&synced, &written, seed));
            fs::write(self.file(name), &left).unwrap();
            fs::write(self.kept(name), left).unwrap();
        }
        let _ = fs::remove_file(self.file("watercooler.db-shm"));
    }
    fn api(&self, server: &Server) -> Api {
        Api::new(server, &self.token)
    }
}

const FILES: [&str; 2] = ["watercooler.db", "watercooler.db-wal"];
const SECTOR: usize = 512;

/// Of each sector that differs either state; which, follows from the seed.
fn mixed(synced: &[u8], written: &[u8], seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut coin = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state & 1 == 1
    };
    let length = if coin() { synced.len() } else { written.len() };
    let mut left = vec![0; length];
    for at in (0..length).step_by(SECTOR) {
        let end = (at + SECTOR).min(length);
        let of = |bytes: &[u8]| bytes.get(at..end).map(<[u8]>::to_vec);
        let chosen = match (of(synced), of(written), coin()) {
            (Some(old), _, true) | (Some(old), None, false) => old,
            (_, Some(new), false) | (None, Some(new), true) => new,
            (None, None, _) => continue,
        };
        left[at..end].copy_from_slice(&chosen);
    }
    left
}

/// All posts by their text; each is there once.
async fn posts(api: &Api) -> BTreeMap<String, String> {
    let me = api.get("/api/v1/accounts/verify_credentials").await["id"].as_str().unwrap().to_owned();
    let (mut seen, mut max) = (BTreeMap::new(), String::new());
    loop {
        let page = api.get(&format!("/api/v1/accounts/{me}/statuses?limit=40{max}")).await;
        let Some(last) = page.as_array().unwrap().last() else { return seen };
        max = format!("&max_id={}", last["id"].as_str().unwrap());
        for status in page.as_array().unwrap() {
            let html = status["content"].as_str().unwrap();
            let text = html.trim_start_matches("<p>").trim_end_matches("</p>").to_owned();
            let twice = seen.insert(text, status["id"].as_str().unwrap().to_owned());
            assert!(twice.is_none(), "{html} is there twice");
        }
    }
}

fn whole(path: &Path) -> bool {
    use diesel::{Connection, RunQueryDsl, sql_types::Text, sqlite::SqliteConnection};
    #[derive(diesel::QueryableByName)]
    struct Line {
        #[diesel(sql_type = Text)]
        integrity_check: String,
    }
    let mut database = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    let lines: Vec<Line> = diesel::sql_query("pragma integrity_check").load(&mut database).unwrap();
    lines.iter().all(|line| line.integrity_check == "ok")
}

/// Four writers until the process is killed, and the power fails at the same moment. What was acknowledged.
async fn written_until_the_power_fails(disk: &Disk, round: u64, seed: Option<u64>) -> BTreeMap<String, String> {
    let mut server = disk.place.serve();
    let acknowledged: Arc<Mutex<BTreeMap<String, String>>> = Arc::default();
    let mut writers = Vec::new();
    for writer in 0..4 {
        let (api, done) = (disk.api(&server), acknowledged.clone());
        writers.push(tokio::spawn(async move {
            for i in 0.. {
                let text = format!("round {round} writer {writer} post {i}");
                let Some(id) = api.post(&text).await else { return };
                done.lock().unwrap().insert(text, id);
            }
        }));
    }
    eventually("some posts", async || (acknowledged.lock().unwrap().len() >= 8 + round as usize * 3).then_some(()))
        .await;
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    for writer in writers {
        writer.await.unwrap();
    }
    disk.loses_power(seed);
    acknowledged.lock().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rel_06_what_was_acknowledged_is_there_after_a_power_failure_and_the_database_is_whole() {
    let Some(disk) = Disk::with("") else { return };
    disk.tell("keep");
    disk.is_at_rest();
    let mut all = BTreeMap::new();
    for round in 0..8 {
        // Every second time some of what was not synced is left, which is worse than nothing.
        let seed = (round % 2 == 1).then_some(round);
        all.extend(written_until_the_power_fails(&disk, round, seed).await);
        assert!(whole(&disk.file("watercooler.db")), "round {round}");
        // Whoever looked closed the database in peace.
        disk.is_at_rest();
    }
    let server = disk.place.serve();
    let seen = posts(&disk.api(&server)).await;
    let lost: Vec<_> = all.iter().filter(|(text, id)| seen.get(*text) != Some(id)).collect();
    assert!(lost.is_empty() && all.len() > 100, "of {} these are lost: {lost:?}", all.len());
    drop(server);

    // The same disk does take what is not synced: a node that is told not to wait for it loses posts.
    let Some(hasty) = Disk::with("[sqlite]\nsynchronous = \"normal\"\n") else { return };
    hasty.tell("keep");
    hasty.is_at_rest();
    let all = written_until_the_power_fails(&hasty, 9, None).await;
    let server = hasty.place.serve();
    let seen = posts(&hasty.api(&server)).await;
    assert!(all.keys().any(|text| !seen.contains_key(text)), "nothing is lost: this disk takes nothing");
}

async fn status(api: &Api, text: &str) -> u16 {
    let request = api.request("POST", "/api/v1/statuses").header("idempotency-key", text);
    request.json(&serde_json::json!({ "status": text })).send().await.map_or(0, |response| response.status().as_u16())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rel_08_a_failing_disk_loses_nothing_that_was_acknowledged_and_a_failed_sync_stops_the_process() {
    let Some(disk) = Disk::with("") else { return };
    let mut acknowledged = Vec::new();
    for fault in ["write", "sync"] {
        let mut server = disk.place.serve();
        let api = disk.api(&server);
        // Calls that are interrupted, and writes that write only a half, are nothing that anybody notices.
        disk.tell("interrupt");
        for i in 0..12 {
            let text = format!("before {fault} {i}");
            assert_eq!(status(&api, &text).await, 200, "{text}");
            acknowledged.push(text);
        }
        // A quota that is reached is a full disk: it is refused, and read, and goes on when there is room (REL-07).
        disk.tell("quota");
        assert_eq!(status(&api, "over the quota").await, 507);
        assert!(api.get("/api/v1/timelines/home").await.is_array());
        disk.tell("");
        let after = format!("room again {fault}");
        eventually("room", async || (status(&api, &after).await == 200).then_some(())).await;
        acknowledged.push(after);
        // It is not known any more what is on the disk: nothing is said to be, and a new process looks.
        disk.tell(fault);
        let answer = status(&api, &format!("during {fault}")).await;
        assert!(answer == 503 || answer == 0, "{fault}: {answer}");
        let ended = eventually("the end of the process", async || server.child.try_wait().unwrap()).await;
        assert_eq!(ended.code(), Some(1), "{fault}");
        disk.tell("");
    }
    let mut server = disk.place.serve();
    let seen = posts(&disk.api(&server)).await;
    let lost: Vec<_> = acknowledged.iter().filter(|text| !seen.contains_key(*text)).collect();
    assert!(lost.is_empty(), "{lost:?}");
    assert_eq!(status(&disk.api(&server), "all is well").await, 200);
    server.signal("TERM");
    assert!(server.child.wait().unwrap().success());
    assert!(whole(&disk.file("watercooler.db")));
}
