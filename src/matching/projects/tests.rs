//! The duplicate check on small invented registers.

use super::{
    Draft, Project, Register, Tuning,
    calibration::{background, limit},
    concepts::Concepts,
    scale,
    text::{Language, fold, guess, stem, words},
};
use std::sync::Arc;

fn project(key: &str, name: &str, purpose: &str, tags: &[&str]) -> Project {
    Project {
        key: key.into(),
        language: None,
        name: name.into(),
        purpose: purpose.into(),
        tags: tags.iter().map(|t| (*t).to_owned()).collect(),
        vendor: None,
    }
}

/// Twenty different projects of a small organisation.
fn rows() -> Vec<Project> {
    let rows = [
        (
            "bees",
            "Beehives on the roof",
            "We keep six colonies of bees above the canteen and sell the honey at Christmas.",
        ),
        ("choir", "Lunch break choir", "Singing together on Wednesdays, beginners welcome, two concerts a year."),
        ("fire", "Evacuation drill app", "Wardens tick off who has left the building during a drill."),
        (
            "fork",
            "Tracking of forklifts",
            "Trackers on forklifts show where they stand and how long they idle, so that fewer are rented.",
        ),
        ("gas", "Leak detection for argon", "Sensors in the furnace hall warn when argon displaces the air."),
        ("glos", "Glossary of abbreviations", "One page where newcomers look up what our abbreviations stand for."),
        (
            "heat",
            "Waste heat for the greenhouse",
            "Waste heat of the compressors warms the neighbour's greenhouse in winter.",
        ),
        ("ink", "Printer consolidation", "Fewer printers, jobs are released at any of them with the badge."),
        (
            "kids",
            "Holiday care for children",
            "Two weeks of childcare during the summer holidays for parents in shifts.",
        ),
        (
            "lab",
            "Electronic lab notebook",
            "Replace paper notebooks in chemistry with an electronic one that signs entries.",
        ),
        ("lift", "Lift maintenance contract", "One contract for all lifts of the site instead of seven."),
        ("moss", "Moss wall in the lobby", "A living wall of moss against the noise in the entrance hall."),
        ("park", "Parking by number plate", "The barrier opens for registered number plates."),
        ("pay", "Payslips without paper", "Payslips arrive in a mailbox on the phone instead of by post."),
        ("scan", "Scanning of old drawings", "A firm scans forty thousand drawings from the archive cellar."),
        ("sql", "Database licences", "Count what we use and move three databases to something without licences."),
        ("swap", "Swapping shifts", "Employees swap shifts among themselves, the foreman only confirms."),
        ("tree", "Watering of young trees", "Soil moisture sensors say which young trees need water."),
        (
            "vr",
            "Welding in virtual reality",
            "Apprentices practise welding seams with a headset before they use material.",
        ),
        ("zinc", "Zinc bath temperature", "Control of the zinc bath temperature with a model instead of by feeling."),
    ];
    rows.into_iter().map(|(key, name, purpose)| project(key, name, purpose, &[])).collect()
}

fn small() -> Register {
    let mut register = Register::default();
    rows().into_iter().for_each(|row| register.insert(row));
    register
}

fn keys(register: &Register, draft: &Project) -> Vec<String> {
    register.candidates(&draft.draft(), 5, None).into_iter().map(|c| c.key).collect()
}

#[test]
fn the_same_work_is_first_in_other_words_and_in_other_languages() {
    let register = small();
    for (draft, expected) in [
        (project("", "Finding forklift trucks", "Know where each one is and which are not used.", &[]), "fork"),
        (
            project("", "Ortung der Gabelstapler", "Wir wollen sehen, wo die Stapler stehen, und weniger mieten.", &[]),
            "fork",
        ),
        (
            project("", "Carnet de laboratoire", "Remplacer les cahiers en papier par un cahier électronique.", &[]),
            "lab",
        ),
        (project("", "Schichttausch per App", "Mitarbeiter tauschen ihre Schicht selbst.", &[]), "swap"),
        (
            project("", "Bewässerung der Bäume", "Feuchtesensoren im Boden melden, welcher Baum Wasser braucht.", &[]),
            "tree",
        ),
    ] {
        assert_eq!(keys(&register, &draft).first().map(String::as_str), Some(expected), "{}", draft.name);
    }
}

#[test]
fn typing_errors_and_missing_umlauts_do_not_hide_a_project() {
    let mut register = small();
    register.insert(project("kran", "Kranprüfung", "Prüfung der Kräne mit Checkliste auf dem Tablet.", &[]));
    for text in ["Kranpruefung", "kran prufung", "Kranpürfung tablet", "Pruefung der Kraene"] {
        let found = register.candidates_for_text(text, 5);
        assert_eq!(found.first().map(|c| c.key.as_str()), Some("kran"), "{text}");
    }
}

#[test]
fn a_copy_is_announced_and_a_new_idea_is_not() {
    let mut register = small();
    register.calibrate(usize::MAX);
    let copy = project(
        "",
        "Forklift tracking",
        "Trackers on all forklifts tell us where they stand and how long they idle; we want to rent fewer of them.",
        &["forklift"],
    );
    let found = register.candidates(&copy.draft(), 5, None);
    assert!(found.first().is_some_and(|c| c.key == "fork" && c.warn && c.same), "{found:?}");
    let idea = project("", "Chess club", "Playing chess after work, boards are provided.", &[]);
    let found = register.candidates(&idea.draft(), 5, None);
    assert!(found.iter().all(|c| !c.warn && !c.same), "{found:?}");
}

#[test]
fn a_copy_is_found_in_a_register_of_one_of_twins_and_of_three_alike() {
    let bees = |key: &str| {
        let purpose = "We keep six colonies of bees above the canteen and sell the honey at Christmas.";
        project(key, "Beehives on the roof", purpose, &["bees", "roof"])
    };
    let mut register = Register::default();
    for (count, key) in ["a", "b", "c"].into_iter().enumerate() {
        register.insert(bees(key));
        assert_eq!(keys(&register, &bees("")).len(), count + 1, "{count}");
        for typed in ["bees on the roof", "beehives", "honey"] {
            assert_eq!(register.candidates_for_text(typed, 5).len(), count + 1, "{typed} {count}");
        }
        // Once calibrated, the copy is announced, something else is not.
        register.calibrate(usize::MAX);
        let found = register.candidates(&bees("").draft(), 5, None);
        assert!(found.iter().all(|c| c.warn && c.words.len() >= 3), "{count} {found:?}");
        let other = project("", "Lunch break choir", "We sing at Christmas, beginners are welcome.", &["music"]);
        let found = register.candidates(&other.draft(), 5, None);
        assert!(found.iter().all(|c| !c.warn && !c.same), "{count} {found:?}");
    }
}

#[test]
fn while_a_register_grows_nobody_is_warned_of_what_is_different() {
    let mut register = Register::default();
    for (number, entry) in rows().into_iter().take(11).enumerate() {
        let found = register.candidates(&entry.draft(), 5, None);
        assert!(found.iter().all(|c| !c.warn && !c.same), "{number} {found:?}");
        register.insert(entry.clone());
        register.calibrate(usize::MAX);
        // What is nearly a copy is announced, however few there are.
        let mut copy = entry.clone();
        copy.purpose.push_str(" Soon.");
        let found = register.candidates(&copy.draft(), 5, None);
        assert!(found.first().is_some_and(|c| c.warn), "{number} {found:?}");
    }
}

#[test]
fn even_a_small_register_announces_a_copy_once_it_is_calibrated() {
    let mut register = Register::default();
    let rows = [
        (
            "a",
            "Beehives on the roof",
            "We keep six colonies of bees above the canteen and sell the honey at Christmas.",
        ),
        ("b", "Lunch break choir", "Singing together on Wednesdays, beginners welcome, two concerts a year."),
        ("c", "Parking by number plate", "The barrier opens for registered number plates."),
        ("d", "Zinc bath temperature", "Control of the zinc bath temperature with a model instead of by feeling."),
    ];
    for (key, name, purpose) in rows {
        register.insert(project(key, name, purpose, &[]));
    }
    let copy = project("", "Bees on the roof", "Colonies of bees above the canteen, honey is sold at Christmas.", &[]);
    let found = register.candidates(&copy.draft(), 5, None);
    assert!(register.limits().is_none() && found.first().is_some_and(|c| c.key == "a" && !c.warn), "{found:?}");
    register.calibrate(usize::MAX);
    let found = register.candidates(&copy.draft(), 5, None);
    assert!(found.first().is_some_and(|c| c.key == "a" && c.warn), "{found:?} {:?}", register.limits());
    let other = project("", "Chess club", "Playing together after work on Wednesdays.", &[]);
    let found = register.candidates(&other.draft(), 5, None);
    assert!(found.iter().all(|c| !c.warn), "{found:?} {:?}", register.limits());
}

#[test]
fn a_candidate_says_what_it_shares_in_its_own_words() {
    let mut register = small();
    let mut row = project("stapler", "Staplerortung", "Gabelstapler im Lager finden.", &["OPC-UA", "Lager"]);
    row.vendor = Some("Beaconry AG, Kinexample GmbH".into());
    register.insert(row);
    let tags = vec!["opc ua".to_owned()];
    let draft = Draft {
        name: "Find our forklifts",
        purpose: "Forklifts get lost in the warehouse; a tool of Kinexample GmbH could help.",
        tags: &tags,
        ..Draft::default()
    };
    let found = register.candidates(&draft, 5, None);
    let candidate = found.iter().find(|c| c.key == "stapler").unwrap();
    assert!(candidate.words.contains(&"Gabelstapler".to_owned()), "{candidate:?}");
    assert_eq!(candidate.tags, ["OPC-UA", "Lager"]);
    assert!(candidate.vendor);
    assert!(!found.iter().any(|c| c.key != "stapler" && c.vendor));
}

#[test]
fn a_project_can_be_changed_and_removed() {
    let mut register = small();
    register.insert(project("choir", "Table tennis", "A table in the basement.", &[]));
    assert_eq!(register.len(), 20);
    let first = |register: &Register, text: &str| register.candidates_for_text(text, 1).first().map(|c| c.key.clone());
    assert_eq!(first(&register, "table tennis").as_deref(), Some("choir"));
    assert_ne!(first(&register, "singing concerts").as_deref(), Some("choir"));
    assert!(register.remove("choir").is_some());
    assert!(register.remove("choir").is_none());
    assert_ne!(first(&register, "table tennis").as_deref(), Some("choir"));
    assert_eq!(register.len(), 19);
    register.insert(project("tennis", "Table tennis", "A table in the basement.", &[]));
    assert_eq!(first(&register, "table tennis").as_deref(), Some("tennis"));
}

#[test]
fn changing_a_register_leads_where_building_it_anew_does() {
    let mut changed = small();
    changed.insert(project("fork", "Something else entirely", "Nothing about trucks.", &[]));
    let back = small().remove("fork").unwrap();
    changed.insert(back);
    changed.remove("moss");
    changed.calibrate(usize::MAX);
    let mut fresh = small();
    fresh.remove("moss");
    fresh.calibrate(usize::MAX);
    let draft = project("", "Where do our forklifts stand?", "Less renting by knowing where they are.", &[]);
    let scores = |register: &Register| -> Vec<(String, i64)> {
        let found = register.candidates(&draft.draft(), 5, None);
        found.into_iter().map(|c| (c.key, (c.score * 1000.0).round() as i64)).collect()
    };
    assert_eq!(scores(&changed), scores(&fresh));
}

#[test]
fn the_list_is_there_from_the_first_word_on() {
    let mut register = small();
    register.calibrate(usize::MAX);
    for (typed, expected) in [("Forklifts", "fork"), ("Gabelstapler", "fork"), ("choir", "choir"), ("arbres", "tree")] {
        let found = keys(&register, &project("", typed, "", &[]));
        assert_eq!(found.first().map(String::as_str), Some(expected), "{typed}");
    }
}

#[test]
fn projects_may_come_and_go_while_limits_are_measured() {
    let mut register = small();
    let measured = register.measure(usize::MAX);
    assert_eq!(register.limits(), None);
    register.remove("choir");
    register.insert(project("tennis", "Table tennis", "A table in the basement.", &[]));
    register.adopt(measured);
    assert!(register.limits().is_some());
    assert_eq!(keys(&register, &project("", "Table tennis club", "", &[])).first().map(String::as_str), Some("tennis"));
    let few = register.measure(3);
    register.adopt(few);
    assert!(register.limits().is_some());
}

#[test]
fn pairs_are_reported_once_and_only_those_that_stand_out() {
    let mut register = small();
    assert!(register.pairs().is_empty());
    register.insert(project(
        "stapler",
        "Ortung der Gabelstapler",
        "Wo stehen die Gabelstapler, und welche stehen herum? Ziel: weniger Gabelstapler mieten.",
        &["Stapler"],
    ));
    register.calibrate(usize::MAX);
    let pairs = register.pairs();
    assert_eq!(pairs.iter().map(|p| (p.a.as_str(), p.b.as_str())).collect::<Vec<_>>(), [("fork", "stapler")]);
}

#[test]
fn aliases_of_the_organisation_count_in_every_language() {
    let mut concepts = Concepts::read(&["forklift | Gabelstapler | chariot élévateur"]);
    concepts.alias("Ameise", "Gabelstapler");
    concepts.alias("pm4", "Primo");
    let mut register = Register::new(Arc::new(concepts), Tuning::SHIPPED);
    register.insert(project("fork", "Forklift fleet", "Counting forklifts.", &[]));
    register.insert(project("primo", "Primo", "Primo for everybody.", &[]));
    register.insert(project("choir", "Choir", "Singing together.", &[]));
    let first = |text: &str| register.candidates_for_text(text, 1).first().map(|c| c.key.clone());
    assert_eq!(first("Ameise").as_deref(), Some("fork"));
    assert_eq!(first("PM4").as_deref(), Some("primo"));
}

#[test]
fn odd_texts_are_no_trouble() {
    let mut register = small();
    register.calibrate(usize::MAX);
    let long = "wartung".repeat(10_000);
    let many = "a b c wartung ".repeat(10_000);
    for text in ["", " ", "!?", "the of and", "ß", "\u{0301}\u{0301}", "日本語のプロジェクト", "🐝🐝", &long, &many]
    {
        let tags = vec![text.to_owned(); 50];
        let draft = Draft { name: text, purpose: text, tags: &tags, vendor: Some(text), language: Some(text) };
        assert!(register.candidates(&draft, 5, None).len() <= 5);
        assert!(register.candidates_for_text(text, 5).len() <= 5);
        register.insert(Project {
            key: "odd".into(),
            language: Some(text.into()),
            name: text.into(),
            purpose: text.into(),
            tags,
            vendor: Some(text.into()),
        });
        assert!(register.remove("odd").is_some());
    }
    assert!(register.candidates_for_text("", 5).is_empty());
    assert!(Register::default().candidates_for_text("bees", 5).is_empty());
}

#[test]
fn words_of_one_stem_agree() {
    for (language, words) in [
        (Language::English, vec!["scanner", "scanners", "scanning", "scan"]),
        (Language::English, vec!["automation", "automated", "automate", "automating"]),
        (Language::English, vec!["tree", "trees"]),
        (Language::English, vec!["company", "companies"]),
        (Language::English, vec!["box", "boxes"]),
        (Language::German, vec!["Wartung", "Wartungen", "warten"]),
        (Language::German, vec!["Pläne", "Plaene", "Plan", "Planung"]),
        (Language::French, vec!["capteur", "capteurs"]),
        (Language::French, vec!["arbre", "arbres"]),
        (Language::French, vec!["journal", "journaux"]),
        (Language::French, vec!["automatisation", "automatiser", "automatisations"]),
    ] {
        let stems: Vec<String> = words.iter().map(|w| stem(&fold(w), language)).collect();
        assert!(stems.windows(2).all(|w| w[0] == w[1]), "{words:?}: {stems:?}");
    }
    assert_eq!(fold("Prüfpläne"), fold("Pruefplaene"));
    assert_eq!(fold("neue Queue"), "neue queue");
}

#[test]
fn languages_are_told_apart_by_their_small_words() {
    for (text, language) in [
        ("we want to know which of the trucks are idle", Some(Language::English)),
        ("wir wollen wissen, welche der Stapler stehen", Some(Language::German)),
        ("nous voulons savoir quels chariots sont libres", Some(Language::French)),
        ("Kubernetes", None),
    ] {
        assert_eq!(guess(&words(text)), language, "{text}");
    }
}

#[test]
fn compounds_come_apart() {
    let concepts = Concepts::read(&[
        "visitor|Besucher|visiteur",
        "registration|Anmeldung|inscription",
        "school|Schule|école",
        "door|Tür|porte",
    ]);
    assert_eq!(concepts.split("besucheranmeldung"), ["besucher", "anmeldung"]);
    assert_eq!(concepts.split("besucheranmeldungen"), ["besucher", "anmeldungen"]);
    assert_eq!(concepts.split("schulbesucher"), ["schul", "besucher"]);
    assert!(concepts.split("besucher").is_empty());
    assert!(concepts.split("quarkspeise").is_empty());
}

#[test]
fn every_line_of_the_shipped_list_has_three_languages() {
    for file in super::concepts::FILES {
        for line in file.lines().filter(|l| !l.starts_with('#')) {
            let parts: Vec<&str> = line.split('|').collect();
            assert!(parts.len() == 3 && parts.iter().all(|p| !p.trim().is_empty()), "{line}");
        }
    }
    assert!(super::concepts::SHIPPED.len() > 1_000);
}

#[test]
fn the_limit_is_where_an_exponential_tail_says() {
    // Ranked values of an exponential with mean 2 among 400: rank k is expected at 2 * ln(400 / k).
    let scores = || (1..=60).map(|rank| 2.0 * (400.0 / rank as f32).ln());
    let background = background(scores()).unwrap();
    assert!((background.step - 2.0).abs() < 0.25, "{background:?}");
    let one = limit(&[background], 1.0).unwrap();
    let tenth = limit(&[background], 0.1).unwrap();
    assert!((one - 2.0 * 400.0_f32.ln()).abs() < 0.7, "{one}");
    assert!((tenth - one - background.step * 10.0_f32.ln()).abs() < 0.01);
    assert_eq!(super::calibration::background(scores().take(5)), None);
    assert_eq!(limit(&[], 0.1), None);
}

#[test]
fn registers_for_measurements_are_the_same_every_time() {
    let a = scale::projects(&[], 20);
    assert_eq!(a, scale::projects(&[], 20));
    assert!(a.iter().all(|p| p.purpose.split(' ').count() > 20));
}
