//! The shapes of the client API's documents (`tests/entities.txt`, facts of its public documentation made as strict as
//! the strictest client) and a check of real answers against them.

use serde_json::Value;
use std::{collections::BTreeMap, fs, path::Path, sync::OnceLock};

struct Field {
    /// `history[][day]` is `["history", "[]", "day"]`.
    path: Vec<String>,
    kind: String,
    nullable: bool,
    optional: bool,
}

/// All shapes by name.
pub struct Schema(BTreeMap<String, Vec<Field>>);

impl Schema {
    /// The table, read once.
    pub fn get() -> &'static Self {
        static TABLE: OnceLock<Schema> = OnceLock::new();
        TABLE.get_or_init(Self::read)
    }

    /// Reads the table.
    pub fn read() -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/entities.txt");
        let mut shapes: BTreeMap<String, Vec<Field>> = BTreeMap::new();
        let mut name = String::new();
        for line in fs::read_to_string(file).unwrap().lines().filter(|l| !l.starts_with('#') && !l.is_empty()) {
            if !line.starts_with(' ') {
                name = line.to_owned();
                continue;
            }
            let cells: Vec<&str> = line.split_whitespace().collect();
            shapes.entry(name.clone()).or_default().push(Field {
                path: path_of(cells[0]),
                kind: cells[1].to_owned(),
                nullable: cells[2].contains('n'),
                optional: cells[2].contains('a'),
            });
        }
        Self(shapes)
    }

    /// What is wrong with a document of this shape; nothing when it is right.
    pub fn faults(&self, shape: &str, document: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        self.check(shape, document, shape, &mut faults);
        faults
    }

    /// What the table leaves out of a field of the documentation; nothing when it is as strict.
    pub fn looser_than(&self, shape: &str, fact: &Value) -> Option<String> {
        let Some(fields) = self.0.get(shape) else { return Some("no such shape".into()) };
        let said = fact["field"].as_str().unwrap().replace("[options[]]", "[options]");
        let path = path_of(said.trim_end_matches("[]"));
        let Some(field) = fields.iter().find(|field| field.path == path) else { return Some("not there".into()) };
        let is = |flag: &str| fact[flag].as_bool() == Some(true);
        // Dates that pages claim to have, which may be none.
        let known = shape == "PreviewCard" && said == "published_at";
        if !known && (field.nullable && !is("nullable") || field.optional && !is("optional")) {
            return Some("may be null or away in the table only".into());
        }
        let kind = fact["type"].as_str().unwrap();
        let plain = |kind: &str| kind.split(':').next().unwrap_or_default().to_lowercase();
        let same = match (kind, field.kind.as_str()) {
            // The documentation says more, or it says it in other words.
            (said, ours) if said == ours => true,
            ("integer" | "number", ours) => ours == "integer" || ours == "number",
            ("string:id", "integer") => shape == "WebPushSubscription",
            (said, "Quote|ShallowQuote") => said.contains("Quote"),
            (said, ours) if said.starts_with("array<") => ours.starts_with("array<"),
            (said, ours) => plain(said) == plain(ours),
        };
        (!same).then(|| format!("{} and not {kind}", field.kind))
    }

    /// As [`Schema::faults`], for an answer that may be a list, or one of several shapes.
    pub fn faults_of_kind(&self, kind: &str, value: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        self.value(kind, value, kind, &mut faults);
        faults
    }

    /// Whether a shape has a field that may be away.
    pub fn may_be_away(&self, shape: &str, field: &str) -> bool {
        let own = self.0.get(shape).is_some_and(|fields| fields.iter().any(|f| f.path == [field] && f.optional));
        own || parent(shape).is_some_and(|parent| self.may_be_away(parent, field))
    }

    /// Panics with everything that is wrong.
    pub fn assert(&self, shape: &str, document: &Value) {
        let faults = self.faults(shape, document);
        assert!(faults.is_empty(), "{shape}:\n  {}\n{document:#}", faults.join("\n  "));
    }

    /// As [`Schema::assert`], for each element; there must be one at least.
    pub fn assert_all(&self, shape: &str, list: &Value) {
        let list = list.as_array().unwrap_or_else(|| panic!("{shape}: no list: {list}"));
        assert!(!list.is_empty(), "no {shape} to look at");
        list.iter().for_each(|document| self.assert(shape, document));
    }

    fn check(&self, shape: &str, document: &Value, at: &str, faults: &mut Vec<String>) {
        if let Some(parent) = parent(shape) {
            self.check(parent, document, at, faults);
        }
        let fields = self.0.get(shape).unwrap_or_else(|| panic!("no shape is called {shape}"));
        if !document.is_object() {
            faults.push(format!("{at} is no object: {document}"));
            return;
        }
        for field in fields {
            self.field(field, &field.path, document, at, faults);
        }
    }

    fn field(&self, field: &Field, path: &[String], inside: &Value, at: &str, faults: &mut Vec<String>) {
        let (name, rest) = path.split_first().unwrap();
        if name == "[]" {
            for (n, element) in inside.as_array().into_iter().flatten().enumerate() {
                if rest.is_empty() {
                    self.value(&field.kind, element, &format!("{at}[{n}]"), faults);
                } else {
                    self.field(field, rest, element, &format!("{at}[{n}]"), faults);
                }
            }
            return;
        }
        let here = format!("{at}.{name}");
        match (inside.get(name), rest.is_empty()) {
            // Rows of their own say whether what is around it may be away.
            (None | Some(Value::Null), false) => {}
            (Some(value), false) => self.field(field, rest, value, &here, faults),
            (None, true) if field.optional => {}
            (None, true) => faults.push(format!("{here} is missing")),
            (Some(Value::Null), true) if field.nullable => {}
            (Some(Value::Null), true) => faults.push(format!("{here} is null")),
            (Some(value), true) => self.value(&field.kind, value, &here, faults),
        }
    }

    fn value(&self, kind: &str, value: &Value, at: &str, faults: &mut Vec<String>) {
        if kind.contains('|') {
            // The one that fits, or else the one that fits best.
            let each = kind.split('|').map(|kind| {
                let mut faults = Vec::new();
                self.value(kind, value, at, &mut faults);
                faults
            });
            return faults.extend(each.min_by_key(Vec::len).unwrap_or_default());
        }
        if let Some(inner) = kind.strip_prefix("map<").and_then(|k| k.strip_suffix('>')) {
            match value.as_object() {
                Some(map) => map.iter().for_each(|(name, one)| self.value(inner, one, &format!("{at}.{name}"), faults)),
                None => faults.push(format!("{at} is no object: {value}")),
            }
            return;
        }
        if let Some(inner) = kind.strip_prefix("array<").and_then(|k| k.strip_suffix('>')) {
            match value.as_array() {
                Some(list) => {
                    for (n, element) in list.iter().enumerate() {
                        self.value(inner, element, &format!("{at}[{n}]"), faults);
                    }
                }
                None => faults.push(format!("{at} is no list: {value}")),
            }
            return;
        }
        let text = value.as_str();
        let fits = match kind {
            "string" | "String" | "string:html" | "string:enum" | "string:lang" | "string:blurhash" => text.is_some(),
            "string:id" | "string:digits" => text.is_some_and(is_digits),
            "string:url" => text.is_some_and(is_url),
            "string:datetime" => text.is_some_and(is_moment),
            "string:date" => text.is_some_and(is_date),
            "boolean" => value.is_boolean(),
            "integer" | "Integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "object" | "Hash" => value.is_object(),
            "empty" => value.as_object().is_some_and(serde_json::Map::is_empty),
            "Null" => value.is_null(),
            shape if self.0.contains_key(shape) => {
                self.check(shape, value, at, faults);
                true
            }
            _ => panic!("no shape is called {kind}"),
        };
        if !fits {
            faults.push(format!("{at} is no {kind}: {value}"));
        }
    }
}

fn path_of(field: &str) -> Vec<String> {
    let path = field.replace("[]", "\u{0}").replace(['[', '.'], "/").replace(']', "").replace('\u{0}', "/[]");
    path.split('/').map(str::to_owned).collect()
}

/// What a shape takes over from another.
fn parent(shape: &str) -> Option<&'static str> {
    match shape {
        "CredentialAccount" | "MutedAccount" => Some("Account"),
        "CredentialApplication" => Some("Application"),
        "Admin::Tag" => Some("Tag"),
        "Trends::Link" => Some("PreviewCard"),
        "Admin::Link" => Some("Trends::Link"),
        _ => None,
    }
}

/// Decimal digits and nothing else.
pub fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// A web address, or one of a web socket.
pub fn is_url(text: &str) -> bool {
    text.parse::<url::Url>().is_ok_and(|url| matches!(url.scheme(), "http" | "https" | "ws" | "wss"))
}

/// `2026-07-02T07:47:51.000Z`, letter for letter.
pub fn is_moment(text: &str) -> bool {
    fits(text, "0000-00-00T00:00:00.000Z")
}

/// `2026-07-02`.
pub fn is_date(text: &str) -> bool {
    fits(text, "0000-00-00")
}

fn fits(text: &str, pattern: &str) -> bool {
    let same = |(c, p): (char, char)| if p == '0' { c.is_ascii_digit() } else { c == p };
    text.len() == pattern.len() && text.chars().zip(pattern.chars()).all(same)
}
