//! The shapes of the client API's documents (`tests/entities.txt`, facts of its public documentation made as strict as
//! the strictest client) and a check of real answers against them.

use serde_json::Value;
use std::{collections::BTreeMap, fs, path::Path};

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
            let path =
                cells[0].replace("[]", "\u{0}").replace(['[', '.'], "/").replace(']', "").replace('\u{0}', "/[]");
            shapes.entry(name.clone()).or_default().push(Field {
                path: path.split('/').map(str::to_owned).collect(),
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
        // What a shape takes over from another.
        let parent = match shape {
            "CredentialAccount" | "MutedAccount" => Some("Account"),
            "CredentialApplication" => Some("Application"),
            "Admin::Tag" => Some("Tag"),
            _ => None,
        };
        if let Some(parent) = parent {
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
            shape if self.0.contains_key(shape) => {
                self.check(shape, value, at, faults);
                true
            }
            // Shapes of what is not built: their lists are empty, and what is there is an object.
            _ => value.is_object(),
        };
        if !fits {
            faults.push(format!("{at} is no {kind}: {value}"));
        }
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// A web address, or one of a web socket.
fn is_url(text: &str) -> bool {
    text.parse::<url::Url>().is_ok_and(|url| matches!(url.scheme(), "http" | "https" | "ws" | "wss"))
}

/// `2026-07-02T07:47:51.000Z`, letter for letter.
fn is_moment(text: &str) -> bool {
    fits(text, "0000-00-00T00:00:00.000Z")
}

fn is_date(text: &str) -> bool {
    fits(text, "0000-00-00")
}

fn fits(text: &str, pattern: &str) -> bool {
    let same = |(c, p): (char, char)| if p == '0' { c.is_ascii_digit() } else { c == p };
    text.len() == pattern.len() && text.chars().zip(pattern.chars()).all(same)
}
