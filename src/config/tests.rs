use super::*;
use std::{fs, net::IpAddr};

fn load(text: &str, environment: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("watercooler.toml");
    fs::write(&file, text).unwrap();
    let pairs = |list: &[(&str, &str)]| list.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
    Sources { file: Some(file), data_dir: None, environment: pairs(environment), flags: pairs(flags) }.load()
}

#[test]
fn flags_win_over_the_environment_which_wins_over_the_file() {
    let text = "domain = 'file.example'\nregistration = 'open'\n[instance]\nname = 'From file'";
    let env = [("WATERCOOLER_DOMAIN", "env.example"), ("WATERCOOLER_INSTANCE__NAME", "42"), ("HOME", "/root")];
    let loaded = load(text, &env, &[("domain", "flag.example")]).unwrap();
    assert_eq!(loaded.config.domain, "flag.example");
    assert_eq!(loaded.config.instance.name, "42");
    assert_eq!(loaded.config.registration, Registration::Open);
    assert_eq!(loaded.origins["domain"], Origin::Flag);
    assert_eq!(loaded.origins["instance.name"], Origin::Environment("WATERCOOLER_INSTANCE__NAME".into()));
    assert_eq!(loaded.origins["registration"], Origin::File);
}

#[test]
fn the_environment_can_hold_lists_numbers_and_tables() {
    let env = [
        ("WATERCOOLER_FEDERATION__POLICY", "allowlist"),
        ("WATERCOOLER_TRUSTED_PROXIES", "10.0.0.1, 10.1.0.0/16"),
        ("WATERCOOLER_MEDIA__ATTACHMENTS", "16"),
        ("WATERCOOLER_ACCOUNTS__DEFAULT_LOCKED", "true"),
        (
            "WATERCOOLER_FEDERATION__PEER",
            "[{ domain = 'B.example', addresses = ['127.0.0.1'], scheme = 'http', port = 9 }]",
        ),
        ("WATERCOOLER_OUTGOING__PROXY", "http://proxy.example:3128"),
    ];
    let config = load("", &env, &[]).unwrap().config;
    assert!(config.authorized_fetch() && config.default_indexable() && config.accounts.default_locked);
    assert_eq!(config.media.attachments, 16);
    assert!(
        config.is_trusted_proxy("10.1.2.3".parse().unwrap()) && !config.is_trusted_proxy("10.0.0.2".parse().unwrap())
    );
    let peer = &config.federation.peer[0];
    assert_eq!((peer.domain.as_str(), peer.port, peer.scheme), ("b.example", Some(9), Scheme::Http));
    assert_eq!(peer.addresses[0].to_string(), "127.0.0.1/32");
    assert_eq!(config.outgoing.proxy.of(Purpose::Media).unwrap().port(), Some(3128));
}

#[test]
fn what_tests_and_benches_read_from_the_environment_is_no_setting() {
    let own = [("WATERCOOLER_TEST_DATABASE_URL", "x"), ("WATERCOOLER_BENCH_DATABASE_URL", "y")];
    assert!(load("", &own, &[]).unwrap().origins.is_empty());
    assert!(load("", &[("WATERCOOLER_BENCHES", "y")], &[]).is_err());
}

#[test]
fn a_proxy_can_be_chosen_by_purpose() {
    let text = "[outgoing.proxy]\nmedia = 'http://a.example:1'\ndefault = 'http://b.example:2'";
    let proxy = load(text, &[], &[]).unwrap().config.outgoing.proxy;
    assert_eq!(proxy.of(Purpose::Media).unwrap().host_str(), Some("a.example"));
    assert_eq!(proxy.of(Purpose::Deliver).unwrap().host_str(), Some("b.example"));
    // A later layer changes what it names, and nothing else.
    let media = [("WATERCOOLER_OUTGOING__PROXY__MEDIA", "http://c.example:3")];
    for text in ["[outgoing]\nproxy = 'http://b.example:2'", text] {
        let proxy = load(text, &media, &[]).unwrap().config.outgoing.proxy;
        assert_eq!(proxy.of(Purpose::Media).unwrap().host_str(), Some("c.example"));
        assert_eq!(proxy.of(Purpose::Deliver).unwrap().host_str(), Some("b.example"));
    }
}

#[test]
fn rel_31_an_unknown_key_is_refused_with_file_line_and_the_nearest_name() {
    let error = load("domain = 'a.example'\n\nregistraton = 'open'\n", &[], &[]).unwrap_err().to_string();
    assert!(error.ends_with("watercooler.toml:3: unknown key `registraton`; did you mean `registration`?"), "{error}");
    let error = load("[federation]\npolcy = 'open'", &[], &[]).unwrap_err().to_string();
    assert!(error.contains(":2: unknown key `polcy`; did you mean `policy`?"), "{error}");
    let error = load("", &[("WATERCOOLER_FEDERATION__POLCY", "open")], &[]).unwrap_err().to_string();
    assert!(error.starts_with("WATERCOOLER_FEDERATION__POLCY: unknown key `polcy`; did you mean `policy`"), "{error}");
    // What is like nothing is not taken for a short name.
    let error = load("foo = 1", &[], &[]).unwrap_err().to_string();
    assert!(error.ends_with("unknown key `foo`; `watercooler config reference` lists the keys"), "{error}");
    // Within lists and tables too, and what is wrong with an item is said before what else it could have been.
    for (name, value, reason) in [
        ("FEDERATION__PEER", "[{ domain = 'a', adresses = [] }]", "unknown key `adresses`; did you mean `addresses`?"),
        ("TRUSTED_PROXIES", "10.0.0.0/33", "`10.0.0.0/33` is neither an address nor a range such as 10.20.0.0/16"),
        ("OUTGOING__PROXY", "{ medai = 'http://a.example' }", "unknown key `medai`; did you mean `media`?"),
        ("OUTGOING__PROXY", "nowhere", "`nowhere` is not the http address of a proxy"),
    ] {
        let variable = format!("WATERCOOLER_{name}");
        let error = load("", &[(&variable, value)], &[]).unwrap_err().to_string();
        assert_eq!(error, format!("{variable}: {reason}"));
        let key = name.to_lowercase().replace("__", ".");
        let error = load("", &[], &[(&key, value)]).unwrap_err().to_string();
        assert_eq!(error, format!("--set {key}: {reason}"));
    }
    let error = load("", &[("WATERCOOLER_MEDIA__ATTACHMENTS", "many")], &[]).unwrap_err().to_string();
    assert!(error.starts_with("WATERCOOLER_MEDIA__ATTACHMENTS: invalid type: string \"many\""), "{error}");
}

#[test]
fn a_peer_may_be_named_with_its_port_as_its_handles_have_it() {
    let text = "[[federation.peer]]\ndomain = 'localhost:8081'\n[[federation.peer]]\ndomain = '[::1]:8082'\nport = 8082\n\
                [[federation.peer]]\ndomain = '*.Sites.example.:8443'\n[[federation.peer]]\ndomain = '[::1]'";
    let peers = load(text, &[], &[]).unwrap().config.federation.peer;
    let named: Vec<_> = peers.iter().map(|peer| (peer.domain.as_str(), peer.port)).collect();
    let wanted = [("localhost", Some(8081)), ("[::1]", Some(8082)), ("*.sites.example", Some(8443)), ("[::1]", None)];
    assert_eq!(named, wanted);
}

#[test]
fn rel_31_a_wrong_value_is_refused_with_its_place() {
    for (text, part) in [
        ("a\nlisten =", ":1:"),
        ("domain = 'a.example'\nlisten = 'nowhere'", ":2:"),
        ("registration = 'perhaps'", ":1:"),
        (
            "domain = 'a.example'\n[media.s3]\nendpoint = 'http://10.1.2.3:9000'",
            ":3: `media.s3.endpoint`: is http: name the ranges of the store in `addresses`, or use https",
        ),
        (
            "domain = 'a.example'\n[media.s3]\nendpoint = 'https://s3.example'",
            "media.s3.bucket: is missing, or no name of a bucket: 3 to 63 of a-z, 0-9, - and .",
        ),
        (
            "domain = 'a.example'\n[media.s3]\nendpoint = 'https://s3.example'\nbucket = 'files'\naccess_key_id = 'me'",
            "media.s3.secret_access_key: is missing",
        ),
        (
            "domain = 'a.example'\n[media.s3]\nendpoint = 'https://:word@s3.example'",
            "`media.s3.endpoint`: is no address such as",
        ),
        ("domain = 'a.example'\n[media]\nattachments = 17", ":3: `media.attachments`: 17 is not between 1 and 16"),
        ("public_url = 'https://a.example/b'", "has a path"),
        ("public_url = 'ftp://a.example'", "neither https"),
        ("domain = 'a b'", ":1: `domain`"),
        ("database = 'mysql://x'", ":1: `database`"),
        ("database = 'sqlite://:memory:'", ":1: `database`: `:memory:` is no file"),
        ("database = 'sqlite://x.db?mode=rwc'", ":1: `database`: the embedded database is a path"),
        (
            "[[federation.peer]]\ndomain = 'b.example'\n[[federation.peer]]\nport = 443\ndomain = 'B.example.'",
            ":5: `federation.peer[1].domain`: `b.example` has an entry with the same port already, number 1",
        ),
        (
            "[instance]\nlanguages = [\n  'de',\n  'deutsch',\n]",
            ":4: `instance.languages[1]`: `deutsch` is no code of a language, such as `de` or `pt-BR`",
        ),
        (
            "domain = 'a.example'\n[[federation.peer]]\ndomain = 'b.example'\n[[federation.peer]]\ndomain = 'c.example:x'",
            ":5: `federation.peer[1].domain`: `c.example:x` is not a host name",
        ),
        ("[[federation.peer]]\ndomain = 'c.example:81'\nport = 80", "`c.example:81` says another port than `port`"),
        (
            "[[federation.peer]]\ndomain = 'c.example'\nport = 0",
            ":3: `federation.peer[0].port`: is between 1 and 65535",
        ),
        (
            "[[federation.peer]]\ndomain = 'c.example:81'\n[[federation.peer]]\nport = 81\ndomain = 'c.example'",
            ":5: `federation.peer[1].domain`: `c.example` has an entry with the same port already, number 1",
        ),
        ("[[push.relay]]\naddresses = []\ndomain = '*.a.example'", ":3: `push.relay[0].domain`"),
        ("[[federation.peer]]\ndomain = 'a.example'\naddresses = ['10.0.0.0/33']", ":3: `10.0.0.0/33`"),
        ("[instance]\nthumbnail = 'absent.png'", ":2: `instance.thumbnail`: cannot read"),
        (
            "[[federation.peer]]\ndomain = 'a.example'\nca_file = 'absent.pem'",
            ":3: `federation.peer[0].ca_file`: cannot",
        ),
        ("[[federation.peer]]\ndomain = 'a.example'\nca_file = 'watercooler.toml'", "no certificate in PEM form"),
        ("[metrics]\ntoken = 'file:absent'", ":2: `metrics.token`"),
        ("[mail]\n\nserver = 'file:absent'", ":3: `mail.server`"),
        ("domain = 'a.example'\nlog = 'info,x=blah'", ":2: `log`: "),
    ] {
        let error = load(text, &[], &[]).unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
        assert!(!error.contains('\n'), "{error}");
    }
    // What is wanted is said, also where the word is a number or a name.
    for (key, value, wanted) in [
        ("listen", "8080", "--listen: an address with its port is wanted, such as 127.0.0.1:8080 or [::1]:8080"),
        (
            "listen",
            "localhost:8080",
            "--listen: an address with its port is wanted, such as 127.0.0.1:8080 or [::1]:8080",
        ),
        ("metrics.listen", "9000", "--set metrics.listen: an address with its port is wanted, such as"),
        ("public_url", "example.org", "--public-url: a whole address is wanted, such as https://example.org"),
        ("listen", "127.0.0.1:0", "--listen: port 0 is a free one, another each time: say `domain` too, or which port"),
        ("posts.characters", "7", "--set posts.characters: 7 is not between 500 and 50000"),
    ] {
        let error = load("", &[], &[(key, value)]).unwrap_err().to_string();
        assert!(error.starts_with(wanted), "{error}");
    }
    let error = load("listen = 8080", &[], &[]).unwrap_err().to_string();
    assert!(error.contains(":1: an address with its port is wanted"), "{error}");
    let error = load("listen = '127.0.0.1:0'", &[], &[]).unwrap_err().to_string();
    assert!(error.contains(":1: `listen`: port 0 is a free one"), "{error}");
    // Who says the name may take any port.
    for name in ["domain = 'a.example'", "public_url = 'http://localhost:1'"] {
        assert_eq!(load(name, &[], &[("listen", "127.0.0.1:0")]).unwrap().config.listen.port(), 0);
    }
    let missing = Sources { file: Some("/nonexistent/w.toml".into()), ..Sources::default() }.load().unwrap_err();
    assert_eq!(missing.place, "/nonexistent/w.toml");
}

#[test]
fn the_defaults_are_a_node_at_localhost() {
    let mut config = Config::default();
    config.prepare().unwrap();
    assert_eq!(config.site.base(), "http://localhost:8080");
    assert_eq!(config.site.domain(), "localhost:8080");
    assert_eq!(config.database.expose(), "sqlite://data/watercooler.db");
    assert_eq!(config.site, Site::default());
    assert!(!config.authorized_fetch() && config.public_pages());
    let moved = load("listen = '127.0.0.1:9000'", &[], &[]).unwrap().config;
    assert_eq!(moved.site.base(), "http://localhost:9000");
    let public = load("public_url = 'https://social.example.org'", &[], &[]).unwrap().config;
    assert_eq!(public.domain, "social.example.org");
}

#[test]
fn paths_count_from_the_file_and_the_data_folder_flag_moves_the_database() {
    let loaded = load("data_dir = 'here'", &[], &[]).unwrap();
    let base = loaded.file.as_ref().unwrap().parent().unwrap();
    assert_eq!(loaded.config.database.sqlite_path().unwrap(), base.join("here/watercooler.db"));
    let dir = tempfile::tempdir().unwrap();
    let config = Sources { data_dir: Some(dir.path().into()), ..Sources::default() }.load().unwrap().config;
    assert_eq!(config.database.sqlite_path().unwrap(), dir.path().join("watercooler.db"));
}

#[test]
fn the_data_folder_comes_from_where_it_was_said_last() {
    assert_eq!(load("data_dir = 'here'", &[], &[]).unwrap().origins["data_dir"], Origin::File);
    let variable = ("WATERCOOLER_DATA_DIR", "there");
    let loaded = load("data_dir = 'here'", &[variable], &[]).unwrap();
    assert_eq!(loaded.origins["data_dir"], Origin::Environment(variable.0.into()));
    assert_eq!(loaded.config.data_dir, std::path::Path::new("there"));
    let loaded = load("data_dir = 'here'", &[variable], &[("data_dir", "yonder")]).unwrap();
    assert_eq!(loaded.origins["data_dir"], Origin::Flag);
    assert_eq!(loaded.config.data_dir, std::path::Path::new("yonder"), "it counts from where the command runs");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("watercooler.toml");
    fs::write(&file, "data_dir = 'here'").unwrap();
    let environment = vec![(variable.0.into(), variable.1.into())];
    let sources = Sources { file: Some(file), data_dir: Some("elsewhere".into()), environment, flags: Vec::new() };
    let loaded = sources.load().unwrap();
    assert_eq!(loaded.origins["data_dir"], Origin::Flag);
    assert_eq!(loaded.config.data_dir, std::path::Path::new("elsewhere"));
}

#[test]
fn every_purpose_may_have_a_proxy_of_its_own() {
    for purpose in Purpose::ALL {
        let text = format!("[outgoing.proxy]\n{} = 'http://a.example:1'", purpose.as_str());
        let proxy = load(&text, &[], &[]).unwrap().config.outgoing.proxy;
        assert!(Purpose::ALL.into_iter().all(|other| proxy.of(other).is_some() == (other == purpose)));
        // It is among the names that a wrong one is told, and in the reference.
        let wrong = format!("[outgoing.proxy]\n{}x = 'http://a.example:1'", purpose.as_str());
        let error = load(&wrong, &[], &[]).unwrap_err().to_string();
        assert!(error.ends_with(&format!("did you mean `{}`?", purpose.as_str())), "{error}");
        assert!(reference().contains(&format!("`{}`", purpose.as_str())), "{}", purpose.as_str());
    }
}

#[test]
fn the_reference_is_a_valid_file_with_every_key() {
    let text = reference();
    let active: String = text
        .lines()
        .map(|line| line.strip_prefix("# ").filter(|l| l.contains(" = ") && !l.starts_with(' ')).unwrap_or(line))
        .filter(|line| !line.starts_with("# [["))
        .map(|line| format!("{line}\n"))
        .collect();
    for key in
        ["domain", "listen", "public_url", "database", "registration", "mode", "trusted", "default_locked", "proxy"]
    {
        assert!(text.contains(&format!("# {key} = ")), "{key} is missing");
    }
    for section in [
        "[instance]",
        "[rate_limits]",
        "[federation]",
        "[media.s3]",
        "# [[federation.peer]]",
        "# [[push.relay]]",
        "[outgoing]",
    ] {
        assert!(text.contains(section), "{section} is missing");
    }
    assert!(!text.contains("site ="));
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("all.toml"), &active).unwrap();
    fs::write(dir.path().join("metrics-token"), "t").unwrap();
    fs::write(dir.path().join("mail-server"), "smtps://user:password@mail.example").unwrap();
    fs::write(dir.path().join("translation-key"), "t").unwrap();
    fs::write(dir.path().join("s3-key"), "t").unwrap();
    fs::write(dir.path().join("corp-root.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        .unwrap();
    fs::write(dir.path().join("thumbnail.png"), "t").unwrap();
    fs::write(dir.path().join("privacy.md"), "t").unwrap();
    fs::create_dir(dir.path().join("terms")).unwrap();
    fs::write(dir.path().join("terms/2026-01-31.md"), "t").unwrap();
    Sources { file: Some(dir.path().join("all.toml")), ..Sources::default() }.load().unwrap();
    fs::write(dir.path().join("none.toml"), &text).unwrap();
    Sources { file: Some(dir.path().join("none.toml")), ..Sources::default() }.load().unwrap();
}

#[test]
fn secrets_are_not_printed() {
    let text = "database = 'postgres://u:hunter2@db/w?sslpassword=hunter2'\n[metrics]\ntoken = 'hunter2'\n\
                [media.s3]\nsecret_access_key = 'hunter2'\n\
                [outgoing.proxy]\nmedia = 'http://u:hunter2@proxy:1'\ndefault = 'http://u:hunter2@proxy:2'\n\
                [translation]\napi_key = 'hunter2'\n[mail]\nserver = 'smtps://u:hunter2@mail'\nfrom = 'a@b.example'";
    let config = load(text, &[], &[]).unwrap().config;
    let shown = format!("{config:?}{}", toml::to_string(&config).unwrap());
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("http://u:hidden@proxy:1/") && shown.contains("http://u:hidden@proxy:2/"), "{shown}");
    assert_eq!(config.outgoing.proxy.of(Purpose::Media).unwrap().password(), Some("hunter2"));
    assert_eq!(config.metrics.token.unwrap().expose(), "hunter2");
}

#[test]
fn a_site_builds_its_addresses_and_reads_them_back() {
    let site = Site::new("Example.ORG", Some(&Url::parse("https://social.example.org").unwrap())).unwrap();
    let id: Id<Post> = Id::new(7);
    assert_eq!(site.handle("ada"), "ada@example.org");
    assert_eq!(site.post_uri("ada", id), "https://social.example.org/users/ada/statuses/7");
    assert_eq!(site.tag_url("größe"), "https://social.example.org/tags/gr%C3%B6%C3%9Fe");
    assert_eq!(site.streaming_base(), "wss://social.example.org");
    assert_eq!(site.local_username("https://social.example.org/users/ada").as_deref(), Some("ada"));
    assert_eq!(site.local_username("https://SOCIAL.example.org:443/@ada").as_deref(), Some("ada"));
    assert_eq!(site.local_username("https://social.example.org/users/ada/inbox"), None);
    assert_eq!(site.local_username("http://social.example.org/@ada"), None);
    assert_eq!(site.local_post("https://social.example.org/@ada/7"), Some(("ada".into(), id)));
    assert_eq!(site.local_post(&site.post_uri("ada", id)), Some(("ada".into(), id)));
    assert_eq!(site.local_post::<Post>("https://social.example.org/@ada/x"), None);
    assert_eq!(site.id_of_page("https://social.example.org/@ada"), Some(site.actor_uri("ada")));
    assert_eq!(site.id_of_page("https://social.example.org/@ada/7"), Some(site.post_uri("ada", id)));
    for no_page in [&site.actor_uri("ada"), "https://social.example.org/@ada/x", "https://other.example/@ada"] {
        assert_eq!(site.id_of_page(no_page), None, "{no_page}");
    }
    for own in ["social.example.org", "SOCIAL.example.org:443", "example.org", "example.org."] {
        assert!(site.is_own_name(own), "{own}");
    }
    for other in ["social.example.org:80", "evil.example", "", "xexample.org"] {
        assert!(!site.is_own_name(other), "{other}");
    }
}

struct Post;
use crate::id::Id;

#[test]
fn trusted_ranges_default_to_private_ones_under_an_allowlist() {
    let inside: IpAddr = "10.1.1.1".parse().unwrap();
    let outside: IpAddr = "8.8.8.8".parse().unwrap();
    let open = load("", &[], &[]).unwrap().config;
    assert!(!open.is_trusted_range(inside));
    let closed = load("[federation]\npolicy = 'allowlist'", &[], &[]).unwrap().config;
    assert!(closed.is_trusted_range(inside) && !closed.is_trusted_range(outside));
    assert!(closed.is_trusted_range("::ffff:10.1.1.1".parse().unwrap()));
    let named = load("[rate_limits]\nmode = 'off'\ntrusted = ['8.8.8.0/24']", &[], &[]).unwrap().config;
    assert!(named.is_trusted_range(outside) && named.rate_limits.mode == Switch::Off);
}

#[test]
fn an_authority_that_is_named_for_a_database_server_is_wanted() {
    for (given, read) in [
        ("postgres://h/x", "postgres://h/x"),
        ("postgres://h/x?sslrootcert=ca.pem", "postgres://h/x?sslmode=require"),
        ("postgres://h/x?sslrootcert=ca.pem&sslmode=prefer", "postgres://h/x?sslmode=prefer"),
        ("postgres://h/x?sslmode=verify-full&port=1", "postgres://h/x?sslmode=require&port=1"),
    ] {
        assert_eq!(PostgresAddress::read(given).driver, read);
    }
}
