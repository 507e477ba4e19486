//! Four apps as their decoders see an answer (`tests/decoders.txt`): one field less than they need, and a whole page is
//! lost to three of them, a post to the fourth.

use super::schema::{is_date, is_digits, is_moment, is_url};
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, fs, path::Path, sync::OnceLock};

/// The apps.
pub const APPS: [(char, &str); 4] = [('T', "Tusky"), ('A', "Android"), ('I', "iOS"), ('C', "Ice Cubes")];

/// A line of the table.
#[derive(Clone)]
pub struct Rule {
    /// Of which field.
    pub field: String,
    /// What it must be when it is there.
    pub kind: String,
    /// The apps that need it.
    pub apps: String,
    /// Only under this condition.
    pub when: Option<String>,
}

impl Rule {
    /// Whether this document is one that the line is about.
    fn holds(&self, document: &Value) -> bool {
        match self.when.as_deref().map(|when| when.split_once('=').unwrap_or((when, ""))) {
            None => true,
            Some((field, "")) => document.get(field).is_some(),
            Some((field, values)) => {
                document[field].as_str().is_some_and(|value| values.split('|').any(|one| one == value))
            }
        }
    }
}

/// All shapes by name.
pub struct Decoders(BTreeMap<String, (Option<String>, Vec<Rule>)>);

impl Decoders {
    /// The table.
    pub fn get() -> &'static Self {
        static TABLE: OnceLock<Decoders> = OnceLock::new();
        TABLE.get_or_init(Self::read)
    }

    fn read() -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/decoders.txt");
        let mut shapes: BTreeMap<String, (Option<String>, Vec<Rule>)> = BTreeMap::new();
        let mut name = String::new();
        for line in fs::read_to_string(file).unwrap().lines().filter(|l| !l.starts_with('#') && !l.is_empty()) {
            if !line.starts_with(' ') {
                let (own, parent) = line.split_once(" : ").map_or((line, None), |(own, p)| (own, Some(p.to_owned())));
                name = own.to_owned();
                assert!(shapes.insert(name.clone(), (parent, Vec::new())).is_none(), "{name} stands twice");
                continue;
            }
            let cells: Vec<&str> = line.split_whitespace().collect();
            let [field, kind, apps] = cells[..3] else { panic!("{line}") };
            assert!(apps == "-" || apps.chars().all(|c| APPS.iter().any(|(app, _)| *app == c)), "{line}");
            shapes.get_mut(&name).unwrap().1.push(Rule {
                field: field.to_owned(),
                kind: kind.to_owned(),
                apps: apps.to_owned(),
                when: cells.get(3).map(|when| (*when).to_owned()),
            });
        }
        Self(shapes)
    }

    /// The names of all shapes.
    pub fn shapes(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether an app decodes such a thing.
    pub fn knows(&self, shape: &str) -> bool {
        self.0.contains_key(shape)
    }

    /// Every line about a shape, those that it takes over included.
    pub fn rules(&self, shape: &str) -> Vec<&Rule> {
        let (parent, own) = self.0.get(shape).unwrap_or_else(|| panic!("no shape is called {shape}"));
        let mut rules = parent.as_deref().map(|parent| self.rules(parent)).unwrap_or_default();
        rules.extend(own);
        rules
    }

    /// Why this app refuses the document; nothing when it decodes it.
    pub fn faults(&self, app: char, shape: &str, document: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        self.decode(app, shape, document, shape, &mut faults);
        faults
    }

    fn decode(&self, app: char, shape: &str, document: &Value, at: &str, faults: &mut Vec<String>) {
        if !document.is_object() {
            faults.push(format!("{at} is no object: {document}"));
            return;
        }
        for rule in self.rules(shape).into_iter().filter(|rule| rule.holds(document)) {
            let needed = rule.apps.contains(app);
            match document.get(&rule.field) {
                None | Some(Value::Null) if needed => faults.push(format!("{at}.{} is needed", rule.field)),
                None | Some(Value::Null) => {}
                // A second line about a field is for the apps that it names.
                Some(_) if rule.kind.starts_with("one:") && !needed => {}
                Some(value) => self.value(app, &rule.kind, value, &format!("{at}.{}", rule.field), faults),
            }
        }
    }

    fn value(&self, app: char, kind: &str, value: &Value, at: &str, faults: &mut Vec<String>) {
        if let Some(inner) = kind.strip_prefix('[').and_then(|k| k.strip_suffix(']')) {
            let Some(list) = value.as_array() else {
                return faults.push(format!("{at} is no list: {value}"));
            };
            for (n, element) in list.iter().enumerate() {
                self.value(app, inner, element, &format!("{at}[{n}]"), faults);
            }
            return;
        }
        if let Some(inner) = kind.strip_prefix('{').and_then(|k| k.strip_suffix('}')) {
            let Some(map) = value.as_object() else {
                return faults.push(format!("{at} is no object: {value}"));
            };
            for (name, element) in map {
                self.value(app, inner, element, &format!("{at}.{name}"), faults);
            }
            return;
        }
        if self.knows(kind) {
            return self.decode(app, kind, value, at, faults);
        }
        let (text, number) = (value.as_str(), value.as_i64());
        let fits = match kind {
            "text" => text.is_some(),
            "id" => text.is_some_and(is_digits),
            // An empty address is none: one app throws, the others show nothing.
            "url" => text.is_some_and(is_url),
            // Two apps read nothing but the one form; one of them shows the present instead, the other throws.
            "moment" if matches!(app, 'I' | 'C') => text.is_some_and(is_moment),
            "moment" => text.is_some_and(|t| t.len() >= 20 && is_moment_of_any_kind(t)),
            "date" => text.is_some_and(is_date),
            "bool" => value.is_boolean(),
            "int" | "int64" => number.is_some(),
            "int32" if matches!(app, 'I' | 'C') => number.is_some(),
            "int32" => number.is_some_and(|n| i32::try_from(n).is_ok()),
            "map" => value.is_object(),
            // Shapes of which no app needs a field.
            shape if shape.starts_with(char::is_uppercase) => value.is_object(),
            _ => match kind.strip_prefix("one:") {
                Some(words) => text.is_some_and(|t| words.split('|').any(|word| word == t)),
                None => panic!("no kind is called {kind}"),
            },
        };
        if !fits {
            faults.push(format!("{at} is no {kind}: {value}"));
        }
    }

    /// A document with everything that the table tells of a shape, and nothing else.
    pub fn example(&self, shape: &str) -> Value {
        self.example_within(shape, 0)
    }

    fn example_within(&self, shape: &str, depth: usize) -> Value {
        let mut document = Map::new();
        for rule in self.rules(shape) {
            // What may be away is, a few levels down: a post may hold a post, and so on.
            let may_be_away = rule.apps == "-" && depth > 1;
            let said = rule.when.as_deref().and_then(|when| when.split_once('='));
            if let Some((field, values)) = said {
                document.insert(field.to_owned(), json!(values.rsplit('|').next()));
            } else if let Some(field) = &rule.when {
                document.entry(field.clone()).or_insert(json!(true));
            }
            if !may_be_away {
                document.insert(rule.field.clone(), self.example_of(&rule.kind, depth + 1));
            }
        }
        Value::Object(document)
    }

    fn example_of(&self, kind: &str, depth: usize) -> Value {
        if let Some(inner) = kind.strip_prefix('[').and_then(|k| k.strip_suffix(']')) {
            return json!([self.example_of(inner, depth)]);
        }
        if let Some(inner) = kind.strip_prefix('{').and_then(|k| k.strip_suffix('}')) {
            return json!({ "name": self.example_of(inner, depth) });
        }
        match kind {
            "text" => json!("text"),
            "id" => json!("12"),
            "url" => json!("https://alpha.test/x"),
            "moment" => json!("2026-07-02T07:47:51.000Z"),
            "date" => json!("2026-07-02"),
            "bool" => json!(true),
            "int" | "int32" | "int64" => json!(3),
            "map" => json!({}),
            shape if self.knows(shape) => self.example_within(shape, depth),
            _ => match kind.strip_prefix("one:") {
                Some(words) => json!(words.split('|').next()),
                None => json!({}),
            },
        }
    }
}

/// `2026-07-02T07:47:51Z`, with or without a fraction, with an offset perhaps.
fn is_moment_of_any_kind(text: &str) -> bool {
    chrono::DateTime::parse_from_rfc3339(text).is_ok()
}
