//! A small workshop that knows nothing of any labelled set.

use super::*;

const TODAY: Day = 20_000;

fn person(key: &str, site: &str, skills: &[(&str, Stance)]) -> Person {
    Person {
        key: key.into(),
        title: "Colleague".into(),
        department: "Works".into(),
        site: site.into(),
        time_zone: "Europe/Berlin".into(),
        languages: vec!["en".into()],
        bio: String::new(),
        skills: skills.iter().map(|(name, stance)| Skill { name: (*name).into(), stance: *stance }).collect(),
        projects: Vec::new(),
        accepted: Vec::new(),
        listed: Listed::Organisation,
        left: false,
    }
}

fn answered(tag: &str, count: usize) -> Vec<Accepted> {
    (0_i64..).take(count).map(|answer| Accepted { answer, tag: tag.into(), day: TODAY - 30 }).collect()
}

fn directory(people: &[Person]) -> Directory {
    let mut directory = Directory::new();
    directory.set_aliases([("glazing", "double windows"), ("ktp", "kite piloting")]);
    people.iter().for_each(|person| directory.put(person));
    // Others, so that words have a rarity.
    for (at, skill) in
        ["beekeeping", "harp tuning", "roof thatching", "clock repair", "choir singing", "tea blending", "map drawing"]
            .iter()
            .enumerate()
    {
        directory.put(&person(&format!("other-{at}"), "elsewhere", &[(*skill, Stance::Knows)]));
    }
    directory.learn();
    directory
}

fn found(directory: &Directory, text: &str) -> Vec<String> {
    directory.search(text, "harbour", TODAY, 10).hits.into_iter().map(|hit| hit.key).collect()
}

#[test]
fn who_wants_to_be_asked_comes_before_who_knows_and_learners_never_come() {
    let directory = directory(&[
        person("knows", "harbour", &[("Basket weaving", Stance::Knows)]),
        person("asks", "harbour", &[("basket-weaving", Stance::Ask)]),
        person("learns", "harbour", &[("Basket weaving", Stance::Learning)]),
    ]);
    assert_eq!(found(&directory, "who knows basket weaving?"), ["asks", "knows"]);
    assert_eq!(found(&directory, "skill:basketweaving"), ["asks", "knows"]);
    let answer = directory.search("basket weaving", "harbour", TODAY, 10);
    assert_eq!(answer.hits[0].reasons, [Reason::ListsAsk("basketweaving".into())]);
    assert!(!answer.nobody);
}

#[test]
fn who_knows_and_answers_is_as_good_as_who_wants_to_be_asked() {
    let mut answers = person("answers", "harbour", &[("Basket weaving", Stance::Knows)]);
    answers.accepted = answered("basketweaving", 3);
    let mut silent = person("silent", "harbour", &[]);
    silent.accepted = answered("basketweaving", 2);
    let directory = directory(&[silent, person("knows", "harbour", &[("Basket weaving", Stance::Knows)]), answers]);
    let answer = directory.search("basket weaving", "harbour", TODAY, 10);
    assert_eq!(answer.hits[0].key, "answers");
    let reasons = &answer.hits[0].reasons;
    assert_eq!(*reasons, [Reason::ListsKnows("basketweaving".into()), Reason::Answered("basketweaving".into(), 3)]);
    assert!(answer.hits.iter().any(|hit| hit.key == "silent"));
    // A year later the answers are no reason any more.
    let later = directory.search("basket weaving", "harbour", TODAY + 400, 10);
    assert!(!later.hits.iter().any(|hit| hit.key == "silent"));
}

#[test]
fn nobody_is_an_answer() {
    let directory = directory(&[person("a", "harbour", &[("Basket weaving", Stance::Ask)])]);
    for text in ["who knows falconry", "underwater hockey", "", "???", "who knows", "skill:", "wer kennt sich mit aus"]
    {
        let answer = directory.search(text, "harbour", TODAY, 10);
        assert!(answer.nobody && answer.hits.is_empty(), "{text}: {answer:?}");
    }
}

#[test]
fn leavers_and_unlisted_people_are_never_found_and_site_people_only_from_their_site() {
    let skill = [("Basket weaving", Stance::Ask)];
    let (mut gone, mut hidden, mut near) =
        (person("gone", "harbour", &skill), person("hidden", "harbour", &skill), person("near", "harbour", &skill));
    gone.left = true;
    hidden.listed = Listed::Unlisted;
    near.listed = Listed::Site;
    let directory = directory(&[gone, hidden, near]);
    assert_eq!(found(&directory, "basket weaving"), ["near"]);
    assert!(directory.search("basket weaving", "elsewhere", TODAY, 10).nobody);
    assert!(directory.search("basket weaving", "nowhere", TODAY, 10).nobody);
    // Nor does naming the site help somebody who sits elsewhere.
    assert!(directory.search("basket weaving site:harbour", "elsewhere", TODAY, 10).nobody);
}

#[test]
fn people_come_change_and_go_without_a_rebuild() {
    let mut directory = directory(&[]);
    directory.put(&person("a", "harbour", &[("Basket weaving", Stance::Ask)]));
    assert_eq!(found(&directory, "basket weaving"), ["a"]);
    directory.put(&person("a", "harbour", &[("Sail making", Stance::Ask)]));
    assert!(found(&directory, "basket weaving").is_empty());
    assert_eq!(found(&directory, "sail making"), ["a"]);
    directory.remove("a");
    assert!(found(&directory, "sail making").is_empty());
    // What only a leaver listed is no word in use any more.
    assert!(directory.explain("sail making").concat().is_empty());
    directory.remove("nobody at all");
    assert_eq!(directory.people(), 7);
}

#[test]
fn sites_languages_projects_and_two_skills_are_conditions() {
    let weaving = ("Basket weaving", Stance::Ask);
    let mut speaks = person("speaks", "mill", &[weaving]);
    speaks.languages.push("fr".into());
    let mut both = person("both", "mill", &[("Basket weaving", Stance::Knows), ("Sail making", Stance::Knows)]);
    both.projects.push("p1".into());
    let mut directory = directory(&[person("harbour", "harbour", &[weaving]), speaks, both]);
    directory.put_project(&Project {
        id: "p1".into(),
        name: "Lantern".into(),
        tags: vec!["regatta".into()],
        progress: Progress::Worked,
    });
    assert_eq!(found(&directory, "basket weaving in Mill"), ["speaks", "both"]);
    assert_eq!(found(&directory, "Wer kann basket weaving auf Französisch?"), ["speaks"]);
    assert_eq!(found(&directory, "french-speaking basket weaving"), ["speaks"]);
    assert_eq!(found(&directory, "basket weaving project:lantern"), ["both"]);
    assert_eq!(found(&directory, "project:p1"), ["both"]);
    assert_eq!(found(&directory, "basket weaving and sail making")[0], "both");
    assert_eq!(found(&directory, "basket weaving sail making")[0], "both");
    assert!(directory.search("basket weaving site:moon", "harbour", TODAY, 10).nobody);
    let reasons = directory.search("regatta", "harbour", TODAY, 10).hits.remove(0).reasons;
    assert_eq!(reasons, [Reason::Project("p1".into())]);
}

#[test]
fn a_skill_that_is_also_the_name_of_a_place_stays_a_skill() {
    let mut away = person("away", "Berlin", &[("Zone files", Stance::Ask)]);
    away.time_zone = "Pacific/Apia".into();
    let mut titled = person("titled", "Berlin", &[]);
    (titled.title, titled.department) = ("Procurement clerk".into(), "Works".into());
    let directory = directory(&[
        person("ads", "Berlin", &[("Marketing", Stance::Ask)]),
        person("vendors", "Berlin", &[("Vendor research", Stance::Ask)]),
        person("office", "Marketing", &[("Basket weaving", Stance::Ask)]),
        person("lab", "Research", &[("Basket weaving", Stance::Knows)]),
        person("stock", "Procurement", &[("Shelf labels", Stance::Knows)]),
        away,
        titled,
    ]);
    for (text, who) in [
        ("who knows marketing", &["ads"][..]),
        ("marketing", &["ads"]),
        ("Wer kennt sich in Marketing aus?", &["ads"]),
        ("qui s'y connaît en marketing", &["ads"]),
        ("who has experience in marketing", &["ads"]),
        ("who knows vendor research", &["vendors"]),
        ("who knows the vendor research", &["vendors"]),
        // Behind a word for places, or beside a skill, it is the place.
        ("who knows basket weaving in Marketing", &["office"]),
        ("who knows basket weaving at Research", &["lab"]),
        ("basket weaving site:research", &["lab"]),
        ("shelf labels Procurement", &["stock"]),
        ("who can help in Marketing", &["office"]),
        ("who knows marketing in Berlin", &["ads"]),
        ("marketing Berlin", &["ads"]),
        // Nobody there knows any, so it was meant as what somebody does.
        ("who knows clerk Procurement", &["titled"]),
        // Time zones are no sites.
        ("who knows zone files", &["away"]),
        ("who can help in Pacific/Apia", &[]),
        ("site:Pacific/Apia", &[]),
        // A condition is not dropped because nobody meets it.
        ("shelf labels Berlin", &[]),
        ("shelf labels in Berlin", &[]),
        ("who knows marketing site:Research", &[]),
    ] {
        assert_eq!(found(&directory, text), who, "{text}");
    }
}

#[test]
fn a_site_or_a_language_alone_asks_for_everybody_there_who_wants_to_be_asked_first() {
    let (mut silent, mut hidden) = (person("silent", "Mill", &[]), person("hidden", "Mill", &[("Bells", Stance::Ask)]));
    silent.languages.push("fr".into());
    hidden.listed = Listed::Unlisted;
    let mut near = person("near", "Mill", &[("Bells", Stance::Ask)]);
    near.listed = Listed::Site;
    let directory = directory(&[
        silent,
        person("learns", "Mill", &[("Bells", Stance::Learning)]),
        person("knows", "Mill", &[("Bells", Stance::Knows)]),
        person("asks", "Mill", &[("Bells", Stance::Ask)]),
        person("away", "harbour", &[("Bells", Stance::Ask)]),
        hidden,
        near,
    ]);
    for text in [
        "site:mill",
        "site:Mill",
        "who can help in Mill?",
        "wer kann helfen in Mill",
        "qui peut aider en Mill",
        "experts in Mill",
        "experts at Mill",
        "who is in Mill?",
        "who works at Mill",
        "people in Mill",
        "all colleagues in Mill",
        "Experten in Mill",
        "Expertinnen am Standort Mill",
        "wer ist in Mill?",
        "wer arbeitet in Mill",
        "unsere Kollegen in Mill",
        "les experts à Mill",
        "qui est à Mill ?",
        "qui travaille à Mill",
        "tous les collègues à Mill",
    ] {
        assert_eq!(found(&directory, text), ["asks", "knows", "silent", "learns"], "{text}");
    }
    // A box for everything takes what names a place, and no other words that begin alike.
    for text in ["who is in Mill?", "people at Mill", "wer ist in Mill", "qui est à Mill", "experts in Mill"] {
        assert!(directory.asks_for_place(text), "{text}");
    }
    for text in
        ["who is asks", "who is in charge", "people in need", "Mill", "the water in Mill", "who plays bells in Mill"]
    {
        assert!(!directory.asks_for_place(text), "{text}");
    }
    // What is a skill as well is the skill, behind words that may mean either.
    assert_eq!(found(&directory, "experts in bells"), ["away", "asks", "knows"]);
    assert_eq!(found(&directory, "language:french"), ["silent"]);
    assert_eq!(found(&directory, "site:mill language:fr"), ["silent"]);
    let answer = directory.search("site:mill language:fr", "harbour", TODAY, 10);
    assert_eq!(answer.hits[0].reasons, [Reason::Site("Mill".into()), Reason::Speaks("fr".into())]);
    // No more than were asked for, and nobody for what is no site, no language or a skill that nobody there has.
    assert_eq!(directory.search("site:mill", "harbour", TODAY, 2).hits.len(), 2);
    for text in ["site:moon", "language:klingon", "site:mill falconry", "who can help", "who"] {
        assert!(directory.search(text, "harbour", TODAY, 10).nobody, "{text}");
    }
}

#[test]
fn a_site_may_be_called_by_several_words() {
    let weaving = [("Basket weaving", Stance::Ask)];
    let directory = directory(&[
        person("one", "Fab", &weaving),
        person("two", "Fab 2", &weaving),
        person("york", "York", &weaving),
        person("newyork", "New York", &weaving),
    ]);
    for (text, who) in [
        ("basket weaving site:Fab 2", "two"),
        ("site:Fab 2 basket weaving", "two"),
        ("site:\"Fab 2\" basket weaving", "two"),
        ("site:\"fab\" basket weaving", "one"),
        ("site:Fab basket weaving", "one"),
        ("site:\"New York\" skill:basket weaving", "newyork"),
        ("Who knows basket weaving in New York?", "newyork"),
        ("Who knows basket weaving in York?", "york"),
        ("Wer kann basket weaving in Fab 2?", "two"),
    ] {
        assert_eq!(found(&directory, text), [who], "{text}");
    }
    assert!(directory.search("basket weaving site:\"Fab 3\"", "Fab", TODAY, 10).nobody);
}

#[test]
fn a_language_is_a_skill_too() {
    let mut by_profile = person("profile", "harbour", &[]);
    by_profile.languages.push("it".into());
    let directory = directory(&[by_profile, person("asks", "harbour", &[("Italiano", Stance::Ask)])]);
    assert_eq!(found(&directory, "who speaks Italian?"), ["asks", "profile"]);
    assert_eq!(found(&directory, "qui parle italien"), ["asks", "profile"]);
}

#[test]
fn slips_inflections_compounds_and_run_together_words_are_understood() {
    let directory = directory(&[
        person("basket", "harbour", &[("Basket weaving", Stance::Ask)]),
        person("korb", "harbour", &[("Korbflechterei", Stance::Ask)]),
        person("segel", "harbour", &[("Segelflicken", Stance::Ask), ("Prüfstände", Stance::Knows)]),
        person("voile", "harbour", &[("couture de voiles", Stance::Ask)]),
    ]);
    for (text, key) in [
        ("baskte weaving", "basket"),
        ("basket weavers", "basket"),
        ("basketweaving", "basket"),
        ("Korbflechter", "korb"),
        ("wer kennt sich mit Pruefstand aus", "segel"),
        ("Segel flicken", "segel"),
        ("qui s'y connaît en couture de voile ?", "voile"),
    ] {
        assert_eq!(found(&directory, text), [key], "{text}");
    }
}

#[test]
fn only_one_frame_is_taken_away_behind_who_knows() {
    let skills = |text: &str| parse(text, |_| false).skills;
    for (text, skill) in [
        ("who knows search engine optimisation", &["search", "engine", "optimisation"][..]),
        ("who knows help desk", &["help", "desk"]),
        ("does anyone know question answering?", &["question", "answering"]),
        ("wer kennt sich mit Hilfe Systemen aus", &["hilfe", "systemen"]),
        ("qui connaît aide sociale", &["aide", "sociale"]),
        // Frames of several words are still taken away, and so is what stands before the question.
        ("who is an expert in harp tuning", &["harp", "tuning"]),
        ("I need help with harp tuning", &["harp", "tuning"]),
        ("looking for someone who knows harp tuning", &["harp", "tuning"]),
    ] {
        assert_eq!(skills(text), [skill], "{text}");
    }
    let directory = directory(&[
        person("seo", "harbour", &[("Search engine optimisation", Stance::Ask)]),
        person("engine", "harbour", &[("Engine optimisation", Stance::Ask)]),
    ]);
    assert_eq!(found(&directory, "who knows search engine optimisation")[0], "seo");
}

#[test]
fn aliases_lead_both_ways_and_initials_are_names() {
    let directory = directory(&[
        person("glass", "harbour", &[("Double windows", Stance::Ask)]),
        person("kite", "harbour", &[("KTP", Stance::Ask)]),
        person("flag", "harbour", &[("flag signal reading", Stance::Ask)]),
    ]);
    assert_eq!(found(&directory, "glazing"), ["glass"]);
    assert_eq!(found(&directory, "help with kite piloting"), ["kite"]);
    assert_eq!(found(&directory, "FSR"), ["flag"]);
}

#[test]
fn what_somebody_no_longer_does_is_no_reason() {
    let mut before = person("before", "harbour", &[]);
    before.bio = "Works at the quay. Before that ten years of basket weaving.".into();
    let mut never = person("never", "harbour", &[]);
    never.bio = "I no longer do basket weaving.".into();
    let directory = directory(&[before, never, person("lists", "mill", &[("Basket weaving", Stance::Knows)])]);
    assert_eq!(found(&directory, "basket weaving"), ["lists", "before"]);
}

#[test]
fn an_answer_to_a_question_with_two_words_for_one_thing_is_one_answer() {
    let both = |answer| ["glazing", "doublewindows"].map(|tag| Accepted { answer, tag: tag.into(), day: TODAY - 30 });
    let (mut once, mut twice) = (person("once", "harbour", &[]), person("twice", "harbour", &[]));
    once.accepted = both(1).into();
    twice.accepted = [both(1), both(2)].concat();
    let directory = directory(&[once, twice]);
    let answer = directory.search("who knows glazing", "harbour", TODAY, 3);
    let found: Vec<_> = answer.hits.iter().map(|hit| (hit.key.as_str(), hit.reasons.as_slice())).collect();
    let reason = |count| [Reason::Answered("glazing".into(), count)];
    assert_eq!(found, [("twice", reason(2).as_slice()), ("once", reason(1).as_slice())]);
}

#[test]
fn answers_under_one_tag_by_people_who_list_another_propose_an_alias_and_lead_to_them() {
    let mut people = Vec::new();
    for key in ["a", "b", "c"] {
        let mut one = person(key, "harbour", &[("Vannerie", Stance::Knows)]);
        one.accepted = answered("basketweaving", 1);
        people.push(one);
    }
    people.push(person("quiet", "harbour", &[("vannerie", Stance::Ask)]));
    let directory = directory(&people);
    let [proposal] = directory.proposals() else { panic!("{:?}", directory.proposals()) };
    assert_eq!((proposal.asked.as_str(), proposal.listed.as_str()), ("basketweaving", "Vannerie"));
    assert_eq!((proposal.people, proposal.answers), (3, 3));
    // "quiet" never answered, but lists what those who answer list.
    assert!(found(&directory, "basket weaving").contains(&"quiet".to_owned()));
}

#[test]
fn a_short_answer_is_filled_up_with_people_of_the_same_project() {
    let mut knows = person("knows", "harbour", &[("Basket weaving", Stance::Knows)]);
    knows.projects.push("p1".into());
    let mut mate = person("mate", "harbour", &[]);
    mate.projects.push("p1".into());
    let mut hidden = mate.clone();
    (hidden.key, hidden.site, hidden.listed) = ("hidden".into(), "mill".into(), Listed::Site);
    let mut directory = directory(&[knows, mate, hidden]);
    let tags = vec!["regatta".into()];
    directory.put_project(&Project { id: "p1".into(), name: "Lantern".into(), tags, progress: Progress::Worked });
    let hits = directory.search("basket weaving", "harbour", TODAY, 10).hits;
    let keys: Vec<&str> = hits.iter().map(|hit| hit.key.as_str()).collect();
    assert_eq!(keys, ["knows", "mate"]);
    assert_eq!(hits[1].reasons, [Reason::WorksWith("knows".into(), "p1".into())]);
}

#[test]
fn questions_are_taken_apart_in_three_languages() {
    let skills = |text: &str| parse(text, |word| word == "mill").skills;
    for text in [
        "who knows harp tuning?",
        "Wer kennt sich mit harp tuning aus?",
        "qui s'y connaît en harp tuning",
        "besoin d'aide harp tuning",
        "jemand mit harp tuning gesucht",
        "skill:harp tuning site:mill",
        "harp tuning at the mill",
        "Harp-Tuning",
    ] {
        assert_eq!(skills(text), [["harp", "tuning"]], "{text}");
    }
    let wish = parse("harp tuning and bells in French", |_| false);
    assert_eq!(wish.language, Some("fr"));
    assert_eq!(wish.skills, [vec!["harp", "tuning"], vec!["bells"]]);
}

#[test]
fn no_text_is_too_strange() {
    let directory = directory(&[person("a", "harbour", &[("C++", Stance::Ask), ("Ⅷ €ß ﬁn", Stance::Knows)])]);
    let long = "x".repeat(100_000);
    let many = "weaving ".repeat(10_000);
    for text in
        [&long, &many, "\u{0}", "ẞ𝔘🎣", "a:b:c site: skill: lang:", "\u{301}\u{301}", "c++ c# .net #", "in in in"]
    {
        directory.search(text, text, TODAY, 10);
        directory.explain(text);
    }
    assert!(directory.search("C++", "harbour", TODAY, 0).hits.is_empty());
    assert_eq!(found(&directory, "C++"), ["a"]);
    assert!(found(&directory, "C#").is_empty());
}

#[test]
fn languages_that_differ_by_a_sign_are_told_apart_and_named_by_their_tags() {
    let directory = directory(&[
        person("plain", "harbour", &[("C", Stance::Ask)]),
        person("plus", "harbour", &[("C++", Stance::Ask)]),
        person("sharp", "harbour", &[("C#", Stance::Ask)]),
    ]);
    for (text, key, tag) in [
        ("who knows C?", "plain", "c"),
        ("who knows C++?", "plus", "cplusplus"),
        ("who knows C#?", "sharp", "csharp"),
        ("skill:C#", "sharp", "csharp"),
        ("skill:\"C#\"", "sharp", "csharp"),
        ("#csharp", "sharp", "csharp"),
        ("(C#)", "sharp", "csharp"),
    ] {
        let hits = directory.search(text, "harbour", TODAY, 10).hits;
        let found: Vec<_> = hits.iter().map(|hit| (hit.key.as_str(), hit.reasons.clone())).collect();
        assert_eq!(found, [(key, vec![Reason::ListsAsk(tag.into())])], "{text}");
    }
    for text in ["F#", "who knows D++"] {
        assert!(found(&directory, text).is_empty(), "{text}");
    }
}
