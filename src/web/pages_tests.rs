//! Renders every page once: that texts are escaped, that markup is not, and that nothing runs a script or a style.
//! With `WATERCOOLER_PAGES=folder` the pages are written there, to be looked at.

use super::*;
use crate::{
    domain::scopes::Scopes,
    time::Timestamp,
    web::{
        projects::{
            ProjectLine, Projects,
            leading::{Asking, Leading},
            registering::NewProject,
        },
        settings::profile::{ProfileForm, SkillLine, WorkLine},
        words::Lang,
    },
};

const EVIL: &str = "<script>alert('x')</script>\" onload=\"y";

fn frame(lang: Lang) -> Frame {
    let sheet = crate::web::assets::sheet().to_owned();
    Frame {
        lang,
        site: "Fab Dresden".into(),
        signed_in: None,
        sheet,
        privacy: true,
        terms: true,
        sign_in: "/sign-in".into(),
    }
}

fn card(id: &str, name: &str, html: &str) -> Card {
    Card {
        id: id.into(),
        url: format!("https://fab.example/@anna/{id}"),
        author: Author {
            name: name.into(),
            handle: "anna@fab.example".into(),
            url: "https://fab.example/@anna".into(),
            avatar: "/assets/avatars/missing.png".into(),
        },
        above: None,
        at: "2026-07-02T07:47:51.000Z".into(),
        at_text: "2 July 2026, 07:47 UTC".into(),
        edited: false,
        reach: Some("Followers only"),
        warning: String::new(),
        html: html.into(),
        language: Some("en".into()),
        sensitive: false,
        media: vec![],
        link: None,
        poll: vec![],
        poll_text: String::new(),
        replies: 3,
        boosts: 1204,
        favourites: 17,
    }
}

fn keep(name: &str, html: &str) {
    if let Ok(folder) = std::env::var("WATERCOOLER_PAGES") {
        let sheet = std::fs::read_to_string("assets/site.css").unwrap();
        let shown = html
            .replace("</head>", &format!("<style>{sheet}</style></head>"))
            .replace("/assets/", &format!("file://{}/assets/", env!("CARGO_MANIFEST_DIR")));
        std::fs::write(format!("{folder}/{name}.html"), shown).unwrap();
    }
    assert!(html.starts_with("<!doctype html>"), "{name}");
    for bad in ["<script", " style=", " onload=\"", "javascript:"] {
        assert!(!html.contains(bad), "{name} contains {bad}");
    }
    assert_eq!(html.matches("<h1").count(), 1, "{name} has one heading of the first rank");
    let values = |attribute: &str| -> Vec<String> {
        let begin = format!(" {attribute}=\"");
        let found = html.split(begin.as_str()).skip(1).filter_map(|rest| rest.split('"').next());
        found.flat_map(|value| value.split(' ')).filter(|value| !value.is_empty()).map(str::to_owned).collect()
    };
    // What a screen reader is sent to is there, and once.
    let ids = values("id");
    for id in &ids {
        assert_eq!(ids.iter().filter(|other| *other == id).count(), 1, "{name}: {id} stands twice");
    }
    for attribute in ["for", "aria-describedby", "aria-labelledby"] {
        for id in values(attribute) {
            assert!(ids.contains(&id), "{name}: {attribute} names {id}, which is not there");
        }
    }
    // What is wrong is read with its field, to which the keyboard goes first.
    assert!(html.matches(" autofocus").count() <= 1, "{name}");
    for tag in html.split('<').filter(|tag| tag.contains("aria-invalid=")) {
        assert!(tag.contains("-wrong") || tag.contains("describedby=\"wrong\""), "{name}: {tag}");
        assert!(tag.contains(" autofocus"), "{name}: {tag}");
    }
}

fn project(wrong: Wrong) -> String {
    let choice = |value| Choice { value, text: Lang::English.words().reach_site, chosen: true };
    NewProject {
        frame: frame(Lang::English),
        token: "t".into(),
        draft: "1".into(),
        name: EVIL.into(),
        purpose: EVIL.into(),
        tags: EVIL.into(),
        states: vec![choice("idea")],
        memberships: vec![choice("request")],
        looking_for: EVIL.into(),
        vendor: EVIL.into(),
        link: EVIL.into(),
        because: EVIL.into(),
        audiences: vec![choice("site")],
        alike: vec![ProjectLine {
            id: "2".into(),
            name: EVIL.into(),
            url: "https://fab.example/@quietbearing".into(),
            purpose: EVIL.into(),
            about: EVIL.into(),
            warn: true,
            step: None,
        }],
        warned: true,
        wrong,
    }
    .render()
    .unwrap()
}

#[test]
fn the_register_keeps_what_is_looked_for_in_its_forms() {
    let page = Projects {
        frame: frame(Lang::German),
        token: EVIL.into(),
        done: Some(EVIL.into()),
        words: EVIL.into(),
        states: vec![Choice { value: "idea", text: "Idee", chosen: true }],
        sites: vec![(EVIL.into(), true), ("Lyon".into(), false)],
        narrowed: true,
        kept: vec![("q", EVIL.into()), ("max_id", "7".into())],
        projects: vec![ProjectLine {
            id: "2".into(),
            name: EVIL.into(),
            url: "https://fab.example/@quietbearing".into(),
            purpose: EVIL.into(),
            about: EVIL.into(),
            warn: false,
            step: Some(("join", "Mitmachen")),
        }],
        newest: Some("/projects?q=x".into()),
        older: Some("/projects?q=x&max_id=2".into()),
    };
    let page = page.render().unwrap();
    keep("projects", &page);
    assert!(page.contains("type=\"hidden\" name=\"max_id\" value=\"7\""), "{page}");
    assert!(page.contains("value=\"idea\" selected") && page.contains("value=\"Lyon\">Lyon"), "{page}");
}

fn leading(wrong: Wrong) -> String {
    let choice = |value| Choice { value, text: Lang::German.words().reach_site, chosen: true };
    Leading {
        frame: frame(Lang::German),
        token: EVIL.into(),
        done: Some(Lang::German.words().project_taken_in),
        id: "7".into(),
        heading: EVIL.into(),
        page: "/@quietbearing".into(),
        asking: vec![Asking { id: "2".into(), who: card("1", EVIL, "").author, message: EVIL.into() }],
        states: vec![choice("idea")],
        reason: EVIL.into(),
        name: EVIL.into(),
        purpose: EVIL.into(),
        tags: EVIL.into(),
        looking_for: EVIL.into(),
        vendor: EVIL.into(),
        link: EVIL.into(),
        memberships: vec![choice("request")],
        heirs: vec![("3".into(), EVIL.into())],
        wrong,
    }
    .render()
    .unwrap()
}

fn own_profile(wrong: Wrong) -> String {
    let words = Lang::English.words();
    let stance = |value, chosen| Choice { value, text: words.stance_ask, chosen };
    let skill =
        |name: &str| SkillLine { name: name.into(), stances: vec![stance("ask", true), stance("knows", false)] };
    let line = |name, may| WorkLine { name, label: words.profile_job, value: EVIL.into(), may };
    ProfileForm {
        frame: frame(Lang::English),
        token: EVIL.into(),
        done: Some(words.profile_saved),
        username: "anna".into(),
        name: EVIL.into(),
        bio: EVIL.into(),
        fields: vec![(EVIL.into(), EVIL.into()), (String::new(), String::new())],
        work: vec![line("title", false), line("department", true), line("site", true)],
        zone: EVIL.into(),
        languages: EVIL.into(),
        skills: vec![skill("torque"), skill(EVIL), skill("")],
        works: vec![(EVIL.into(), Some("https://fab.example/@quietbearing".into())), (EVIL.into(), None)],
        wrong,
    }
    .render()
    .unwrap()
}

fn ask(wrong: Wrong) -> String {
    Ask {
        frame: frame(Lang::German),
        token: "t".into(),
        once: "o".into(),
        question: EVIL.into(),
        tags: EVIL.into(),
        characters: 5_000,
        audiences: vec![Choice { value: "site", text: Lang::German.words().reach_site, chosen: true }],
        wrong,
    }
    .render()
    .unwrap()
}

#[test]
fn what_is_wrong_with_a_form_is_read_with_the_field_and_has_the_keyboard() {
    let shown = |name: &str, html: &str| {
        keep(name, html);
        assert!(html.contains("aria-invalid=\"true\"") && html.contains(" autofocus"), "{name}: {html}");
    };
    for field in ["because", "name", "purpose", "tags", "looking_for", "vendor", "link", "audience"] {
        shown("project-wrong", &project(Wrong::field(field, EVIL)));
    }
    for field in ["question", "audience"] {
        shown("ask-wrong", &ask(Wrong::field(field, EVIL)));
    }
    for field in ["username", "email", "password", "date_of_birth", "reason", "agreement"] {
        shown("register-wrong", &register("Create account", Wrong::field(field, EVIL)));
    }
    for field in ["reason", "name", "purpose", "tags", "looking_for", "vendor", "link"] {
        shown("leading-wrong", &leading(Wrong::field(field, EVIL)));
    }
    for field in ["display_name", "note", "fields", "department", "site", "time_zone", "languages", "skills"] {
        shown("own-profile-wrong", &own_profile(Wrong::field(field, EVIL)));
    }
    keep("leading", &leading(Wrong::field("", EVIL)));
    keep("own-profile", &own_profile(Wrong::field("", EVIL)));
    keep("project", &project(Wrong::nothing()));
    keep("ask", &ask(Wrong::field("", EVIL)));
}

fn sign_in(lang: Lang, problem: bool) -> String {
    let frame = frame(lang);
    let problem = problem.then(|| frame.w().wrong_password.to_owned());
    let login = if problem.is_some() { "anna" } else { "" };
    SignIn {
        frame,
        app: Some("Tusky".into()),
        problem,
        token: "t".into(),
        next: "/oauth/authorize?client_id=1&scope=read".into(),
        login: login.into(),
        may_register: true,
        writes: true,
    }
    .render()
    .unwrap()
}

fn consent(lang: Lang, app: &str, scopes: &str) -> String {
    let frame = frame(lang);
    let w = frame.w();
    let scopes = Scopes::parse(scopes).unwrap();
    let scopes = scopes.iter().map(|s| ScopeLine { name: s.name(), text: w.scope(s), strong: s.is_admin() }).collect();
    Consent {
        app: app.into(),
        website: Some("https://tusky.app".into()),
        problem: None,
        name: EVIL.into(),
        handle: "anna@fab.example".into(),
        avatar: "/assets/avatars/missing.png".into(),
        scopes,
        destination: frame.put(w.back_to_program, "oauth2redirect"),
        parameters: vec![("client_id", EVIL.into()), ("scope", "read".into())],
        token: "t".into(),
        frame,
    }
    .render()
    .unwrap()
}

fn register(heading: &str, wrong: Wrong) -> String {
    let frame = frame(Lang::English);
    Register {
        heading: heading.into(),
        text: Some(frame.w().needs_approval.into()),
        action: "/register".into(),
        token: "t".into(),
        domain: "fab.example".into(),
        username: "anna".into(),
        email: "anna@fab.example".into(),
        reason: EVIL.into(),
        ask_reason: true,
        date_of_birth: EVIL.into(),
        min_age: Some("You must be at least 16.".into()),
        rules: vec!["Be kind. Assume good will, also across departments.".into(), "No secrets of customers.".into()],
        button: frame.w().create_account.into(),
        wrong,
        frame,
    }
    .render()
    .unwrap()
}

#[test]
fn sec_web_02_every_form_page_renders_and_escapes_what_people_typed() {
    keep("sign-in", &sign_in(Lang::English, false));
    keep("sign-in-wrong", &sign_in(Lang::German, true));
    keep("consent", &consent(Lang::English, "Tusky", "read write follow push"));
    let page = consent(Lang::German, EVIL, "read:statuses write:media admin:read");
    keep("consent-german", &page);
    assert!(page.contains("&#60;script&#62;") || page.contains("&lt;script&gt;"));
    keep("register", &register("Create account", Wrong::field("email", "Email is not a valid address")));
    keep(
        "code",
        &Code { frame: frame(Lang::English), code: "pJ3v0Jt9Zc8b1mZb0f9m2cVg5y7dXq4w".into() }.render().unwrap(),
    );
    let (heading, text) = Lang::English.words().error(404);
    let page = Message {
        frame: frame(Lang::English),
        status: Some(404),
        heading: heading.into(),
        text: text.into(),
        link: "/".into(),
        link_text: Lang::English.words().back_home.into(),
    };
    keep("error", &page.render().unwrap());
    let mut frame = frame(Lang::English);
    frame.signed_in = Some("anna".into());
    let line = |id: &str, agent: &str, current| SessionLine {
        id: id.into(),
        agent: agent.into(),
        when: "since 2 July 2026".into(),
        current,
    };
    let page = Settings {
        frame,
        username: "anna".into(),
        done: Some(Lang::English.words().password_changed.into()),
        token: "t".into(),
        wrong: Wrong::field("current", Lang::English.words().passwords_differ),
        apps: vec![AppLine {
            id: "1".into(),
            name: "Ice Cubes".into(),
            scopes: "read write follow push".into(),
            when: "since 2 July 2026, last used 3 July 2026".into(),
        }],
        sessions: vec![line("1", "Firefox on Linux", true), line("2", "Safari on iPhone", false)],
        audiences: vec![Choice { value: "site", text: Lang::English.words().reach_site, chosen: true }],
        listings: vec![Choice { value: "site", text: Lang::English.words().reach_site, chosen: false }],
        severed: vec![SeveredLine {
            id: "7".into(),
            name: "Blocked by the staff: east.example".into(),
            when: "2 July 2026".into(),
            followers: Some("Followers (3)".into()),
            following: None,
        }],
        severed_kept: "The lists are kept for 90 days.".into(),
    };
    keep("settings", &page.render().unwrap());
}

#[test]
fn sec_web_02_the_public_pages_render_markup_as_it_is_and_texts_escaped() {
    let front = Front {
        frame: frame(Lang::English),
        domain: "fab.example".into(),
        short: "Where the people of the Dresden fab talk to one another, and to every other site.".into(),
        about: "<p>Ask, answer, show what you are proud of. Run by the people in building 4.</p>".into(),
        thumbnail: None,
        numbers: Some(Numbers { people: 1482, posts: 96310, nodes: 12 }),
        rules: vec!["Be kind. Assume good will, also across departments.".into(), "No secrets of customers.".into()],
        contact: Some("hello@fab.example".into()),
        may_register: true,
        duties: Some(Duties { waiting: 2, reports: 1 }),
    };
    keep("front", &front.render().unwrap());

    let mut long = card(
        "111",
        "Anna Lindqvist",
        "<p>The new torque bench is calibrated. Numbers in the wiki: <a href=\"https://wiki.example/torque\" rel=\"nofollow noopener\" target=\"_blank\"><span class=\"invisible\">https://</span><span class=\"ellipsis\">wiki.example/torque/bench/2026</span><span class=\"invisible\">/july</span></a></p><p>Thanks to <span class=\"h-card\"><a href=\"https://lyon.example/@marc\" class=\"u-url mention\">@<span>marc</span></a></span> for the loan of the reference sensor. <a href=\"https://fab.example/tags/torque\" class=\"mention hashtag\" rel=\"tag\">#<span>torque</span></a></p>",
    );
    long.above = Some("Pinned".into());
    long.edited = true;
    let mut poll = card("112", "Anna Lindqvist", "<p>When shall we meet for the review?</p>");
    poll.poll = vec![
        PollOption { title: "Tuesday".into(), percent: 62 },
        PollOption { title: "Thursday, early".into(), percent: 38 },
    ];
    poll.poll_text = "29 votes · open until 4 July 2026".into();
    let mut hidden = card("113", "Anna Lindqvist", "<p>It was the bearing.</p>");
    hidden.warning = EVIL.into();
    hidden.media = vec![Medium {
        kind: "image",
        url: "/assets/headers/missing.png".into(),
        preview: "/assets/headers/missing.png".into(),
        alt: EVIL.into(),
    }];
    hidden.sensitive = true;
    let profile = Profile {
        name: "Anna Lindqvist".into(),
        handle: "anna@fab.example".into(),
        url: "https://fab.example/@anna".into(),
        uri: "https://fab.example/users/anna".into(),
        feed: Some("https://fab.example/@anna.rss".into()),
        summary: EVIL.into(),
        bio: "<p>Test engineer. Sensors, calibration, and the good coffee on floor 3.</p>".into(),
        avatar: "/assets/avatars/missing.png".into(),
        avatar_alt: String::new(),
        header: "/assets/headers/missing.png".into(),
        header_alt: String::new(),
        bot: true,
        group: false,
        locked: true,
        noindex: true,
        moved: Some(Moved { handle: "anna@berlin.example".into(), url: "https://berlin.example/@anna".into() }),
        fields: vec![
            ProfileField {
                name: "Ask me about".into(),
                html: "<a href=\"/tags/torque\">#torque</a> <a href=\"/tags/sensors\">#sensors</a>".into(),
                verified: false,
            },
            ProfileField {
                name: "Site".into(),
                html: "<a href=\"https://anna.example\">anna.example</a>".into(),
                verified: true,
            },
        ],
        posts_count: 1204,
        following_count: 88,
        followers_count: 312,
        joined: frame(Lang::English)
            .put("Joined {}", &frame(Lang::English).day(Timestamp::from_millis(1_782_978_471_000))),
        belonging: Some(Belonging {
            token: EVIL.into(),
            project: "7".into(),
            said: Some(Lang::English.words().project_waits),
            step: Some(("leave", Lang::English.words().project_take_back)),
        }),
        follows: Some(Lang::English.words().interact_follows),
        links: vec![Onward { href: EVIL.into(), text: Lang::English.words().original, leaves: true }],
        posts: vec![long, poll, hidden],
        newest: None,
        older: Some("/@anna?max_id=113".into()),
        frame: frame(Lang::English),
    };
    keep("profile", &profile.render().unwrap());

    let post = Post {
        frame: frame(Lang::English),
        uri: "https://fab.example/users/anna/statuses/2".into(),
        excerpt: EVIL.into(),
        picture: "/assets/avatars/missing.png".into(),
        oembed: Some("/api/oembed?url=x".into()),
        original: Some("https://lyon.example/@marc/2".into()),
        noindex: false,
        ancestors: vec![card("1", EVIL, "<p>Who has a spare reference sensor?</p>")],
        chosen: card("2", "Anna Lindqvist", "<p>We do, in Dresden. Shall I send it with the Thursday van?</p>"),
        delivered: Some("12 of 13 sites have it. Oslo is offline since 09:40 UTC.".into()),
        descendants: vec![
            Reply {
                depth: 0,
                accepted: true,
                may_accept: false,
                post: card("3", "Marc Dubois", "<p>Wonderful, yes please!</p>"),
            },
            Reply {
                depth: 1,
                accepted: false,
                may_accept: true,
                post: card("4", "Anna Lindqvist", "<p>On its way.</p>"),
            },
        ],
        accepting: Accepting { action: "/@anna/2/accept".into(), token: EVIL.into() },
    };
    keep("post", &post.render().unwrap());
}

#[test]
fn numbers_and_dates_are_written_as_the_language_writes_them() {
    let (english, german) = (frame(Lang::English), frame(Lang::German));
    assert_eq!(english.count(&1_234_567), "1,234,567");
    assert_eq!(german.count(&1_234), "1.234");
    assert_eq!(english.count(&-100), "-100");
    let counted = |number: i64| english.noun(&number, "reply", "replies");
    assert_eq!([0, 1, 2].map(counted), ["replies", "reply", "replies"]);
    let at = Timestamp::from_millis(1_782_978_471_000);
    assert_eq!(english.moment(at), "2 July 2026, 07:47 UTC");
    assert_eq!(german.day(at), "2. Juli 2026");
}

#[test]
fn a_text_of_the_node_is_shown_with_its_day_and_linked_from_the_foot() {
    let html = "<p>We keep <strong>little</strong>.</p>";
    let page =
        Prose { frame: frame(Lang::German), heading: EVIL.into(), since: "2. Juli 2026".into(), html: html.into() };
    let page = page.render().unwrap();
    keep("prose", &page);
    assert!(page.contains(html) && page.contains("2. Juli 2026"), "{page}");
    assert!(page.contains("href=\"/privacy-policy\">Datenschutz<") && page.contains("Nutzungsbedingungen"), "{page}");
}
