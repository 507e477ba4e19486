//! The story of the demo, as somebody meets it who just started it: real processes, real sockets, the client API and the
//! pages.

use crate::{cli::Place, support::hidden_fields};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
};
use watercooler::domain::html::plain_text;

/// A running demo; killed when dropped.
struct Demo {
    child: Child,
    shown: Value,
    http: reqwest::Client,
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Demo {
    fn start(place: &Place, port: u32) -> Self {
        // No node of this process has done it.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        // A server ends a connection that was quiet for ten seconds, perhaps while the next request is on its way.
        let http = http.pool_idle_timeout(std::time::Duration::from_secs(1)).tls_certs_only([]).build().unwrap();
        let mut child = place
            .command(&["demo", "--json", "--port", &port.to_string()])
            .env("TMPDIR", place.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let Ok(shown) = serde_json::from_str(&line) else {
            let mut text = String::new();
            let _ = child.kill();
            child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
            panic!("did not start: {text}");
        };
        Self { child, shown, http }
    }

    /// A request to a department, by its place in the list, as one of its people or as nobody.
    async fn request(&self, node: usize, user: &str, method: &str, path: &str, body: Option<Value>) -> String {
        let node = &self.shown["nodes"][node];
        let url: url::Url = node["url"].as_str().unwrap().parse().unwrap();
        let address = format!("http://127.0.0.1:{}{path}", url.port().unwrap());
        let host = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
        let mut request = self.http.request(method.parse().unwrap(), address).header("host", host);
        if let Some(token) = node["tokens"][user].as_str() {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        response.text().await.unwrap()
    }
    /// A page, as somebody sees it who signed in with the password that is printed.
    async fn page(&self, node: usize, user: &str, path: &str) -> String {
        let url: url::Url = self.shown["nodes"][node]["url"].as_str().unwrap().parse().unwrap();
        let address = |path: &str| format!("http://127.0.0.1:{}{path}", url.port().unwrap());
        let host = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
        let mut cookies = BTreeMap::new();
        let mut body: Option<String> = None;
        for path in ["/sign-in", "/sign-in", path] {
            let jar: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let request = match body.take() {
                Some(form) => {
                    self.http.post(address(path)).header("content-type", "application/x-www-form-urlencoded").body(form)
                }
                None => self.http.get(address(path)),
            };
            let answer = request.header("host", &host).header("cookie", jar.join("; ")).send().await.unwrap();
            for cookie in answer.headers().get_all("set-cookie") {
                let (name, value) = cookie.to_str().unwrap().split_once('=').unwrap();
                cookies.insert(name.to_owned(), value.split(';').next().unwrap().to_owned());
            }
            let page = answer.text().await.unwrap();
            if path != "/sign-in" {
                return page;
            }
            if page.contains("action=\"/sign-in\"") {
                let mut form = url::form_urlencoded::Serializer::new(String::new());
                form.extend_pairs(hidden_fields(&page, "/sign-in"));
                form.extend_pairs([("login", user), ("password", self.shown["password"].as_str().unwrap())]);
                body = Some(form.finish());
            }
        }
        unreachable!("the last path is not that of the form")
    }
    async fn get(&self, node: usize, user: &str, path: &str) -> Value {
        serde_json::from_str(&self.request(node, user, "GET", path, None).await).unwrap()
    }
}

#[tokio::test]
async fn the_demo_tells_its_story_and_ends_cleanly() {
    let place = Place::new();
    // Below the ports that the system hands out by itself.
    let port = 10_000 + std::process::id() % 9_000;
    let mut demo = Demo::start(&place, port);
    assert_eq!(demo.shown["try"].as_array().unwrap().len(), 5, "{}", demo.shown);
    let people: usize = (0..3).map(|n| demo.shown["nodes"][n]["people"].as_array().unwrap().len()).sum();
    assert!(people >= 24, "a few dozen");
    // Who knows: people of several sites, each with the reason, all plainly samples.
    let found = demo.get(0, "ada", "/api/v2/search?q=who+knows+adhesives").await;
    let accounts = found["accounts"].as_array().unwrap();
    assert!(accounts.len() >= 2, "{found}");
    for account in accounts {
        assert!(account["display_name"].as_str().unwrap().ends_with("(sample)"), "{account}");
        assert!(account["note"].as_str().unwrap().starts_with("<p>because: "), "{account}");
    }
    assert!(accounts[0]["acct"].as_str().unwrap().starts_with("noor@research.localhost"), "{}", accounts[0]);
    // One charter, known at each of the three.
    for (node, user) in [(0, "ada"), (1, "mika"), (2, "noor")] {
        let open = demo.get(node, user, "/api/v2/search?q=open+questions").await;
        for question in ["takes a forklift", "keep liquid nitrogen"] {
            let is_there = |post: &Value| post["content"].as_str().unwrap_or_default().contains(question);
            assert!(open["statuses"].as_array().unwrap().iter().any(is_there), "{question} at every site: {open}");
        }
        // The archive is for the organisation: strangers find nothing there.
        assert!(!demo.request(node, "", "GET", "/answers", None).await.contains("A toughened epoxy"));
        let archive = demo.page(node, user, "/answers").await;
        assert!(archive.contains("A toughened epoxy") && archive.contains("third harmonic"), "{node}: {archive}");
    }
    // Pages anybody may look at: the departments, and that there is a project. What it is about is for the organisation.
    let purpose = "find why, and fix the vibration";
    for (node, path, part) in
        [(0, "/", "Engineering (demo)"), (2, "/@hummingbearing", "Humming bearing"), (1, "/@mika", "(sample)")]
    {
        let page = demo.request(node, "", "GET", path, None).await;
        assert!(page.contains(part) && !page.contains(purpose), "{path}: {page}");
    }
    assert!(demo.page(2, "noor", "/@hummingbearing").await.contains(purpose));
    // Two projects are the same work, and their leads were introduced.
    for (node, lead) in [(0, "femi"), (2, "ivan")] {
        let told = demo.get(node, lead, "/api/v1/notifications?types[]=mention&limit=40").await;
        let introduced = told.as_array().unwrap().iter().any(|n| {
            plain_text(n["status"]["content"].as_str().unwrap_or_default()).contains("Your projects look alike")
        });
        assert!(introduced, "{lead}: {told}");
    }
    // Whoever begins it a third time is warned.
    let answer_to = async |node: usize, user: &str, text: &str, visibility: &str| {
        let post = json!({ "status": text, "visibility": visibility });
        let post: Value =
            serde_json::from_str(&demo.request(node, user, "POST", "/api/v1/statuses", Some(post)).await).unwrap();
        let path = format!("/api/v1/statuses/{}/context", post["id"].as_str().unwrap());
        let answered = tokio::time::timeout(std::time::Duration::from_secs(60), async {
            loop {
                let thread = demo.get(node, user, &path).await;
                if let Some(answer) = thread["descendants"].get(0) {
                    return plain_text(answer["content"].as_str().unwrap());
                }
                tokio::task::yield_now().await;
            }
        });
        answered.await.unwrap()
    };
    let text = "@concierge project new: Noise of the B7 bearings - The bearing B7 hums at high rpm; find the reason and \
                fix it #bearings #vibration";
    let answer = answer_to(1, "dan", text, "direct").await;
    assert!(answer.contains("Somebody may be doing this already"), "{answer}");
    assert!(answer.contains("Quiet bearing (") && answer.contains("Humming bearing ("), "{answer}");
    // What is printed to try does what it says, each in one line.
    let tries: Vec<&str> = demo.shown["try"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    assert!(tries.iter().all(|line| !line.contains('\n')), "{tries:?}");
    let behind = |at: usize, mark: &str| tries[at].split_once(mark).unwrap_or_else(|| panic!("{}", tries[at])).1;
    let asked = answer_to(0, "ada", behind(1, "post: "), "public").await;
    assert!(asked.contains("People asked: "), "{asked}");
    let warned = answer_to(0, "tom", &format!("@concierge {}", behind(2, "directly: ")), "direct").await;
    assert!(warned.contains("Somebody may be doing this already"), "{warned}");
    // Ctrl-C ends it, and nothing of it is left.
    let sent = Command::new("kill").args(["-INT", &demo.child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    assert!(demo.child.wait().unwrap().success());
    let left: Vec<String> = fs::read_dir(place.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("watercooler-demo"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_demo_that_was_interrupted_in_the_middle_of_its_story_begins_again() {
    let place = Place::new();
    let kept = place.path().join("kept");
    let rest = kept.join("research.localhost").join("rest");
    fs::create_dir_all(rest.parent().unwrap()).unwrap();
    for file in [&kept.join("begun"), &rest] {
        fs::write(file, "x").unwrap();
    }
    // Other ports than those of the tests beside this one.
    let port = (20_000 + std::process::id() % 4_000).to_string();
    let output = place.run(&["demo", "--json", "--once", "--keep", kept.to_str().unwrap(), "--port", &port]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!rest.exists(), "what was half done is gone");
    assert!(!kept.join("begun").exists() && kept.join("research.localhost").exists(), "it came to its end");
}
