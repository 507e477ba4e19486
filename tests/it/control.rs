//! The control socket: verbs run inside the server that listens there and on the database where none does, and nothing
//! else that is said there does any harm. What the verbs do is in `verbs.rs`.

use crate::cli::{Place, Server, refusal};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    net::{Shutdown, TcpStream},
    os::unix::{
        fs::PermissionsExt,
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    process::{Output, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

fn socket(place: &Place) -> PathBuf {
    place.path().join("data/control.sock")
}

fn connect(path: &Path) -> UnixStream {
    let stream = UnixStream::connect(path).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream
}

/// Somebody at the end of the socket who is no server of ours: what a verb says to it, and how it takes the answer.
fn overheard(place: &Place, arguments: &[&str], answer: &str) -> (String, Output) {
    let listener = UnixListener::bind(socket(place)).unwrap();
    let child =
        place.command(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (stream, _) = listener.accept().unwrap();
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    stream.get_mut().write_all(answer.as_bytes()).unwrap();
    drop(stream);
    let output = child.wait_with_output().unwrap();
    fs::remove_file(socket(place)).unwrap();
    (line, output)
}

/// What the server answers to some bytes, after which nothing more comes. It need not read all of them.
fn told(socket: &Path, bytes: &[u8]) -> String {
    let mut stream = connect(socket);
    let _ = stream.write_all(bytes).and_then(|()| stream.shutdown(Shutdown::Write));
    let mut text = Vec::new();
    match stream.read_to_end(&mut text) {
        Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("{error}"),
        _ => String::from_utf8(text).unwrap(),
    }
}

fn home(server: &Server, token: &str) -> String {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let path = "/api/v1/timelines/home";
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: localhost:1\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_verb_speaks_to_whoever_listens_in_the_data_folder_and_opens_no_database_then() {
    let place = Place::embedded();
    fs::create_dir(place.path().join("data")).unwrap();
    let list = ["account", "list", "--json"];
    let (line, output) = overheard(&place, &list, "{\"ok\":[{\"username\":\"from-the-server\"}]}\n");
    let request: Value = serde_json::from_str(&line).unwrap();
    assert!(request["account"]["list"].is_object(), "{line}");
    assert!(line.ends_with('\n') && line.lines().count() == 1, "{line}");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer, json!([{ "username": "from-the-server" }]));
    // What it refuses is refused here, with its exit code; what it stammers or leaves out is no answer.
    let refused = "{\"error\":\"there is no such thing\",\"code\":\"not_found\"}\n";
    for (answer, code, text) in [
        (refused, 3, "there is no such thing"),
        ("", 1, "stopped before it answered"),
        ("HTTP/1.1 400 Bad Request\r\n\r\n", 1, "stopped before it answered"),
        ("{\"error\":\"no\",\"code\":\"something new\"}\n", 1, "no"),
    ] {
        let (_, output) = overheard(&place, &list, answer);
        assert_eq!(output.status.code(), Some(code), "{answer}");
        assert!(refusal(&output).contains(text) && output.stdout.is_empty(), "{answer}: {}", refusal(&output));
    }
    assert!(!place.path().join("data/watercooler.db").exists());
    // Nobody listens: the verb opens the database itself, and listens nowhere.
    place.json(&["account", "create", "ada", "--json"]);
    assert!(place.path().join("data/watercooler.db").exists() && !socket(&place).exists());
    assert_eq!(place.json(&list)[0]["username"], "ada");
}

#[test]
fn a_command_in_the_wrong_folder_says_that_it_began_a_new_database() {
    let place = Place::embedded();
    let output = place.run(&["account", "list"]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "None.\n");
    let said = refusal(&output);
    assert!(
        said.contains("no database at") && said.contains("data/watercooler.db") && said.lines().count() == 1,
        "{said}"
    );
    let again = place.run(&["account", "list"]);
    assert!(again.status.success() && again.stderr.is_empty(), "{}", refusal(&again));
}

#[test]
fn whoever_waits_for_long_work_hears_that_it_goes_on() {
    let place = Place::embedded();
    fs::create_dir(place.path().join("data")).unwrap();
    let listener = UnixListener::bind(socket(&place)).unwrap();
    let mut command = place.command(&["backup", "copies"]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    // The server takes its time, until the person at the terminal was told twice.
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
    for _ in 0..2 {
        let line = told.next().unwrap().unwrap();
        assert!(line.starts_with("Still at it after ") && line.contains("seconds"), "{line}");
    }
    stream.write_all(b"{\"ok\":{\"folder\":\"copies\"}}\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("copies"));
}

#[test]
fn a_verb_beside_a_running_server_is_felt_by_it_at_once() {
    let place = Place::new();
    let server = place.serve();
    place.json(&["account", "create", "ada", "--json"]);
    let token = place.json(&["token", "create", "ada", "--scopes", "read", "--json"])["token"].clone();
    let token = token.as_str().unwrap();
    // Twice: whatever the server remembers of the token, it remembers now.
    for _ in 0..2 {
        assert_eq!(home(&server, token), "HTTP/1.1 200 OK");
    }
    place.json(&["account", "disable", "ada", "--json"]);
    assert!(!home(&server, token).starts_with("HTTP/1.1 2"), "{}", home(&server, token));
    place.json(&["account", "enable", "ada", "--json"]);
    assert_eq!(home(&server, token), "HTTP/1.1 200 OK");
    place.json(&["token", "revoke", token, "--json"]);
    assert!(home(&server, token).starts_with("HTTP/1.1 401"));
}

#[test]
fn what_the_control_socket_is_told_is_one_request_and_anything_else_does_nothing() {
    let place = Place::new();
    fs::create_dir(place.path().join("data")).unwrap();
    let create = ["account", "create", "mallory", "--json"];
    let (whole, _) = overheard(&place, &create, "{\"ok\":{}}\n");
    let mut server = place.serve();
    let path = socket(&place);
    let deep = format!("{}\n", "[".repeat(100_000));
    for bytes in [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".as_slice(),
        b"\n",
        b"{}\n",
        b"null\n",
        b"\xff\xfe\x00\n",
        b"{\"account\":{\"nosuch\":{}}}\n",
        b"{\"account\":{\"list\":{\"pending\":\"maybe\"}}}\n",
        deep.as_bytes(),
    ] {
        let answer: Value = serde_json::from_str(&told(&path, bytes)).unwrap();
        assert_eq!(answer["code"], "invalid", "{answer}");
        assert!(answer["error"].as_str().unwrap().starts_with("not a request of this version"), "{answer}");
    }
    // A request that is cut off, as by a command that was killed, is none; nor is one without an end.
    for bytes in [b"".to_vec(), whole.trim_end().as_bytes().to_vec(), vec![b' '; (16 << 20) + 4096]] {
        let answer: Value = serde_json::from_str(&told(&path, &bytes)).unwrap();
        assert!(answer["error"].as_str().unwrap().contains("one line of at most 16 MiB"), "{answer}");
    }
    assert_eq!(place.json(&["account", "list", "--json"]), json!([]));
    // Many of them, and some who say nothing or go away in the middle, hold nobody up.
    let asked = Instant::now();
    let mut quiet: Vec<UnixStream> = (0..20).map(|_| connect(&path)).collect();
    for stream in &mut quiet[..10] {
        stream.write_all(b"{\"account\":").unwrap();
    }
    drop(quiet.split_off(15));
    let mut hasty = connect(&path);
    hasty.write_all(whole.as_bytes()).unwrap();
    drop(hasty);
    place.json(&["account", "create", "ada", "--json"]);
    // Those who never come to an end are let go.
    let mut rest = Vec::new();
    for stream in &mut quiet {
        stream.read_to_end(&mut rest).unwrap();
    }
    assert!(rest.is_empty() && asked.elapsed() < Duration::from_secs(50), "{:?}", asked.elapsed());
    let mut held = connect(&path);
    held.write_all(b"{").unwrap();
    place.json(&["account", "list", "--json"]);
    server.signal("TERM");
    assert!(server.child.wait().unwrap().success());
    assert!(!path.exists());
}

#[test]
fn a_socket_that_a_killed_server_left_behind_is_in_nobodys_way() {
    let place = Place::new();
    let mut server = place.serve();
    place.json(&["account", "create", "ada", "--json"]);
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    let path = socket(&place);
    assert!(path.exists());
    // The verb finds nobody there and opens the database; the next server takes the place.
    place.json(&["account", "create", "grace", "--json"]);
    let mut server = place.serve();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(place.json(&["account", "list", "--json"]).as_array().unwrap().len(), 2);
    server.signal("TERM");
    assert!(server.child.wait().unwrap().success());
    // Neither is another file of that name.
    fs::write(&path, "no socket\n").unwrap();
    assert_eq!(place.json(&["account", "list", "--json"]).as_array().unwrap().len(), 2);
    let _server = place.serve();
    place.json(&["account", "list", "--json"]);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_server_that_goes_before_it_has_read_a_request_is_as_good_as_none() {
    let place = Place::embedded();
    fs::create_dir(place.path().join("data")).unwrap();
    for (name, begins) in [("ada", false), ("grace", true)] {
        let path = socket(&place);
        let listener = UnixListener::bind(&path).unwrap();
        let going = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            if begins {
                // The rest has arrived too, and is thrown away with the connection.
                stream.read_exact(&mut [0]).unwrap();
            }
            fs::remove_file(&path).unwrap();
        });
        assert_eq!(place.json(&["account", "create", name, "--json"])["username"], name);
        going.join().unwrap();
    }
    assert_eq!(place.json(&["account", "list", "--json"]).as_array().unwrap().len(), 2);
}

#[test]
fn a_data_folder_with_a_path_too_long_for_a_socket_has_one_too() {
    let mut place = Place::embedded();
    let deep = place.path().join("a-folder-with-a-long-name/".repeat(6));
    place.environment("WATERCOOLER_DATA_DIR", deep.to_str().unwrap());
    let _server = place.serve();
    assert_eq!(fs::metadata(deep.join("control.sock")).unwrap().permissions().mode() & 0o777, 0o600);
    // The server has the database locked: only through the socket can there be an answer.
    place.json(&["account", "create", "ada", "--json"]);
    assert_eq!(place.json(&["account", "list", "--json"])[0]["username"], "ada");
}

#[test]
fn commands_that_want_the_database_at_the_same_time_have_it_one_after_the_other() {
    let place = Place::new();
    place.json(&["account", "create", "ada", "--json"]);
    let create = ["invite", "create", "--json"];
    let start =
        || place.command(&create).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let all = [start(), start(), start()];
    for child in all {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", refusal(&output));
    }
    assert_eq!(place.json(&["invite", "list", "--json"]).as_array().unwrap().len(), 3);
}

#[test]
fn a_server_waits_for_a_command_that_has_the_database_for_a_moment() {
    let place = Place::embedded();
    fs::create_dir(place.path().join("data")).unwrap();
    // As a command that has taken the lock and not written its name yet.
    let lock = fs::File::create(place.path().join("data/watercooler.db.lock")).unwrap();
    lock.try_lock().unwrap();
    let mut child = place.command(&["serve", "--json"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(500) {
        assert!(child.try_wait().unwrap().is_none(), "it gave up");
        std::thread::park_timeout(Duration::from_millis(20));
    }
    drop(lock);
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["ready"], true, "{line}");
}

#[test]
fn at_no_moment_can_others_speak_to_the_socket() {
    let place = Place::new();
    let data = place.path().join("data");
    // Others may enter this folder, and a killed process left a half made and an old socket in it.
    fs::create_dir_all(data.join("control.new")).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).unwrap();
    drop(UnixListener::bind(data.join("control.new/sock")).unwrap());
    drop(UnixListener::bind(socket(&place)).unwrap());
    fs::set_permissions(socket(&place), fs::Permissions::from_mode(0o600)).unwrap();
    let (ended, begun, path) = (AtomicBool::new(false), Instant::now(), socket(&place));
    std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut modes = BTreeSet::new();
            while !ended.load(Ordering::Relaxed) && begun.elapsed() < Duration::from_secs(60) {
                modes.extend(fs::metadata(&path).map(|file| file.permissions().mode() & 0o777));
                std::thread::yield_now();
            }
            modes
        });
        let server = place.serve();
        assert!(place.json(&["account", "list", "--json"]).is_array());
        ended.store(true, Ordering::Relaxed);
        drop(server);
        assert_eq!(watch.join().unwrap(), BTreeSet::from([0o600]));
    });
    assert!(!data.join("control.new").exists());
}
