//! The story of the demo: who the sample people are, what they know, work on, ask and answer.

use crate::model::WorkState;

/// A department, which is a node.
pub(super) struct Department {
    pub host: &'static str,
    pub name: &'static str,
    pub text: &'static str,
    pub people: &'static [Person],
}

/// User name, name, title, what one may ask them, what else they know (both separated by commas).
pub(super) struct Person(pub &'static str, pub &'static str, pub &'static str, pub &'static str, pub &'static str);

/// The departments; the first one founds the organisation.
pub(super) const DEPARTMENTS: [Department; 3] = [
    Department {
        host: "engineering.localhost",
        name: "Engineering",
        text: "Third floor, next to the good coffee. All people here are samples.",
        people: &[
            Person("ada", "Ada Okafor", "Test engineer", "calibration, torque sensors", "excel, adhesives"),
            Person("tom", "Tom Berger", "Firmware developer", "embedded c, bootloaders", "rust"),
            Person("yuki", "Yuki Mori", "Designer of bearings", "bearings, lubrication", "cad"),
            Person("femi", "Femi Adeyemi", "Acoustics engineer", "acoustics, vibration analysis", "matlab"),
            Person("lena", "Lena Wolf", "Safety officer", "machine safety, risk assessment", "first aid"),
            Person("raj", "Raj Patel", "Data engineer", "kafka, data pipelines", "python, sql"),
            Person("sofia", "Sofia Rossi", "Process engineer", "paint shop, solvents", "lean"),
            Person("omar", "Omar Haddad", "Maintenance lead", "hydraulics, pumps", "welding"),
            Person("greta", "Greta Lind", "Buyer", "suppliers, contracts", "incoterms"),
            Person("paulo", "Paulo Costa", "Simulation engineer", "finite elements", "python"),
            Person("nina", "Nina Novak", "Quality engineer", "measurement systems, statistics", "six sigma"),
            Person("ben", "Ben Clarke", "Apprentice", "", "3d printing"),
        ],
    },
    Department {
        host: "marketing.localhost",
        name: "Marketing",
        text: "We tell the others' stories. All people here are samples.",
        people: &[
            Person("mika", "Mika Laine", "Film maker", "video editing, trade fairs", "lighting"),
            Person("carla", "Carla Gomez", "Translator", "spanish, technical translation", "terminology"),
            Person("jonas", "Jonas Weber", "Web editor", "accessibility, web analytics", "sql"),
            Person("aisha", "Aisha Khan", "Event manager", "trade fairs, catering", "budgeting"),
            Person("pierre", "Pierre Martin", "Product manager", "pricing, market research", "statistics"),
            Person("hana", "Hana Suzuki", "Illustrator", "technical drawing, icons", "cad"),
            Person("viktor", "Viktor Petrov", "Customer service", "complaints, spare parts", "crm"),
            Person("ines", "Ines Santos", "Press officer", "press releases, crisis communication", ""),
            Person("dan", "Dan Murphy", "Sales engineer", "bearings, customer visits", "torque sensors"),
            Person("olga", "Olga Ivanova", "Privacy officer", "gdpr, contracts", "risk assessment"),
            Person("luca", "Luca Bianchi", "Photographer", "photography, archives", "lighting"),
            Person("emma", "Emma Schulz", "Trainee", "", "social media"),
        ],
    },
    Department {
        host: "research.localhost",
        name: "Research",
        text: "Questions first. All people here are samples.",
        people: &[
            Person("noor", "Noor Haddad", "Polymer chemist", "adhesives, epoxy", "microscopy"),
            Person("ivan", "Ivan Kovac", "Physicist", "vibration analysis, lasers", "matlab, python"),
            Person("mei", "Mei Chen", "Materials scientist", "ceramics, bearings", "microscopy"),
            Person("kofi", "Kofi Mensah", "Librarian", "patents, literature search", "archives"),
            Person("anna", "Anna Kowalska", "Statistician", "statistics, design of experiments", "r, python"),
            Person("leo", "Leo Fischer", "Laboratory manager", "lab safety, cryogenics", "first aid"),
            Person("zara", "Zara Ahmed", "Energy researcher", "batteries, solar panels", "budgeting"),
            Person("tariq", "Tariq Nasser", "Roboticist", "robot arms, computer vision", "rust"),
            Person("julie", "Julie Moreau", "Chemist", "solvents, coatings", "lab safety"),
            Person("sam", "Sam Taylor", "Research software engineer", "python, open data", "kafka"),
            Person("ewa", "Ewa Nowak", "Tribologist", "lubrication, friction", "adhesives"),
            Person("max", "Max Huber", "Student", "", "drumming"),
        ],
    },
];

/// Lead, name, what for, tags, state and why, what was bought.
pub(super) struct Project(
    pub &'static str,
    pub &'static str,
    pub &'static str,
    pub &'static [&'static str],
    pub WorkState,
    pub &'static str,
    pub &'static str,
);

use WorkState::{Active, Done, Idea, Paused, Stopped};

/// Two of them are the same work: the first, and the first of Research.
pub(super) const PROJECTS: [Project; 16] = [
    Project(
        "femi@engineering",
        "Quiet bearing",
        "Find why bearing B7 hums above 9 000 rpm and fix it.",
        &["bearings", "vibration"],
        Active,
        "",
        "SoundCam rental",
    ),
    Project(
        "raj@engineering",
        "Machine diary",
        "Collect what machines report and keep it searchable.",
        &["kafka", "data pipelines"],
        Active,
        "",
        "",
    ),
    Project(
        "sofia@engineering",
        "Paint shop air",
        "Less solvent in the exhaust of the paint shop.",
        &["environment", "coatings"],
        Done,
        "the new filter holds the limit",
        "Filter by AirPure",
    ),
    Project(
        "lena@engineering",
        "Forklift training",
        "A simulator course for new drivers in the warehouse.",
        &["logistics", "safety"],
        Paused,
        "waiting for the simulator",
        "",
    ),
    Project(
        "greta@engineering",
        "Invoice robot",
        "Read supplier invoices by machine and book them.",
        &["accounting", "automation"],
        Stopped,
        "the new bookkeeping does it itself",
        "DocReader licence",
    ),
    Project(
        "ben@engineering",
        "Repair cafe",
        "Repair private bicycles and toasters together after work.",
        &["community", "repair"],
        Active,
        "",
        "",
    ),
    Project(
        "mika@marketing",
        "Opening film",
        "A film of two minutes for the trade fair in May.",
        &["film", "trade fairs"],
        Active,
        "",
        "",
    ),
    Project(
        "carla@marketing",
        "Translation memory",
        "Keep translated manuals so that nothing is translated twice.",
        &["documentation", "language"],
        Active,
        "",
        "MemoQ server",
    ),
    Project(
        "viktor@marketing",
        "Spare part catalogue",
        "Customers look up spare parts in drawings on the web.",
        &["service", "web"],
        Idea,
        "",
        "",
    ),
    Project(
        "aisha@marketing",
        "Canteen vouchers",
        "Replace paper vouchers in the canteen by the staff badge.",
        &["canteen", "payment"],
        Idea,
        "",
        "",
    ),
    Project(
        "olga@marketing",
        "Password manager",
        "Give everybody a vault for passwords.",
        &["security", "login"],
        Done,
        "everybody has one",
        "KeyVault",
    ),
    Project(
        "ivan@research",
        "Humming bearing",
        "Bearing B7 hums above 9 000 rpm: find why, and fix the vibration.",
        &["bearings", "vibration"],
        Active,
        "",
        "SoundCam rental",
    ),
    Project(
        "zara@research",
        "Solar roof",
        "Panels on the roof of hall three and a battery in the cellar.",
        &["energy", "building"],
        Active,
        "",
        "",
    ),
    Project(
        "leo@research",
        "Cold store sensors",
        "Temperature loggers in the cold store with alarms.",
        &["cooling", "monitoring"],
        Active,
        "",
        "",
    ),
    Project(
        "tariq@research",
        "Picking arm",
        "A robot arm that sees and picks parts out of a box.",
        &["robotics", "vision"],
        Paused,
        "the camera is in repair",
        "",
    ),
    Project(
        "kofi@research",
        "Patent watch",
        "A letter each month with the patents of our neighbours.",
        &["patents", "reading"],
        Active,
        "",
        "",
    ),
];

/// Who writes what.
pub(super) const POSTS: [(&str, &str); 8] = [
    (
        "ada@engineering",
        "The new test bench is up. If your department needs torque measured, come by: there is room on Thursdays. #calibration",
    ),
    ("tom@engineering", "House band rehearses on Wednesday, 18:00, in the loading bay. We still need drums. #band"),
    ("omar@engineering", "Pump 4 runs again. It was a glove. A whole glove."),
    ("mika@marketing", "Filming at the test benches next week. Wear something without stripes!"),
    ("hana@marketing", "I drew every bearing we ever sold as a small icon. Take them, they are yours. #bearings"),
    (
        "noor@research",
        "Paper of the week: epoxy that stays tough in the cold. I will explain it over lunch on Friday. #adhesives",
    ),
    ("max@research", "I can drum! Well, I could in 2009. #band"),
    ("mei@research", "The first ceramic balls are here, and they are beautiful. #ceramics"),
];

/// A question, and who answers what; the asker accepts an answer with `true`.
pub(super) struct Question(pub &'static str, pub &'static str, pub Option<(&'static str, &'static str, bool)>);

/// Questions to the network.
pub(super) const QUESTIONS: [Question; 6] = [
    Question(
        "ada@engineering",
        "#ask Which glue survives minus forty degrees? #adhesives",
        Some((
            "noor@research",
            "A toughened epoxy; I have a sheet with five that do. Silicone if it has to move.",
            true,
        )),
    ),
    Question(
        "ivan@research",
        "#ask Who has measured the hum of the B7 already? #vibrationanalysis",
        Some(("femi@engineering", "I have: 9,200 rpm, third harmonic. The recordings are in our folder.", true)),
    ),
    Question(
        "pierre@marketing",
        "#ask How many customers must answer before a survey says anything? #statistics",
        Some((
            "anna@research",
            "For a yes or no about 400, if they are drawn by lot. Come by with the questions first.",
            true,
        )),
    ),
    Question(
        "jonas@marketing",
        "#ask Is there a place where machine data can be had as a stream? #kafka",
        Some(("sam@research", "There is, but I only read from it. Raj in Engineering runs it.", false)),
    ),
    Question("sofia@engineering", "#ask Which coating needs no solvents and takes a forklift? #coatings", None),
    Question("leo@research", "#ask Does anybody keep liquid nitrogen on the second floor? #cryogenics", None),
];

/// Who joins whose project.
pub(super) const MEMBERS: [(&str, &str); 4] = [
    ("yuki@engineering", "Quiet bearing"),
    ("nina@engineering", "Quiet bearing"),
    ("luca@marketing", "Opening film"),
    ("ewa@research", "Humming bearing"),
];
