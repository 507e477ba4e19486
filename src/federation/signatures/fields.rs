//! Structured fields (RFC 8941), as much as signatures need: dictionaries of inner lists and of items, read strictly
//! and written canonically. Dates and display strings (RFC 9651) are not read.

use std::fmt::Write;

/// A bare item.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Item {
    Integer(i64),
    /// Kept as written.
    Decimal(String),
    Text(String),
    Token(String),
    Bytes(Vec<u8>),
    Boolean(bool),
}

/// Parameters in the order given, each name once.
pub(super) type Params = Vec<(String, Item)>;

/// A dictionary member.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Member {
    Item(Item, Params),
    List(Vec<(Item, Params)>, Params),
}

/// Reads a dictionary; `None` when malformed or when a key comes twice (we never let the last one win: SIG-15).
pub(super) fn dictionary(text: &str) -> Option<Vec<(String, Member)>> {
    let mut at = Reader { rest: text.trim_matches(' ') };
    let mut out: Vec<(String, Member)> = Vec::new();
    while !at.rest.is_empty() {
        let key = at.key()?;
        if out.iter().any(|(k, _)| *k == key) || out.len() >= 32 {
            return None;
        }
        let member = if at.eat('=') {
            if at.peek() == Some('(') {
                let list = at.list()?;
                Member::List(list, at.params()?)
            } else {
                let item = at.item()?;
                Member::Item(item, at.params()?)
            }
        } else {
            Member::Item(Item::Boolean(true), at.params()?)
        };
        out.push((key, member));
        at.blank();
        if at.rest.is_empty() {
            break;
        }
        if !at.eat(',') {
            return None;
        }
        at.blank();
        // A trailing comma is an error.
        if at.rest.is_empty() {
            return None;
        }
    }
    Some(out)
}

/// Writes an inner list with its parameters.
pub(super) fn write_list(list: &[(Item, Params)], params: &Params) -> String {
    let mut out = String::with_capacity(128);
    out.push('(');
    for (i, (item, params)) in list.iter().enumerate() {
        if i > 0 {
            out.push(' ');
        }
        write_item(&mut out, item);
        write_params(&mut out, params);
    }
    out.push(')');
    write_params(&mut out, params);
    out
}

fn write_params(out: &mut String, params: &Params) {
    for (name, value) in params {
        out.push(';');
        out.push_str(name);
        if *value != Item::Boolean(true) {
            out.push('=');
            write_item(out, value);
        }
    }
}

fn write_item(out: &mut String, item: &Item) {
    let _ = match item {
        Item::Integer(n) => write!(out, "{n}"),
        Item::Decimal(s) | Item::Token(s) => out.write_str(s),
        Item::Boolean(b) => write!(out, "?{}", u8::from(*b)),
        Item::Bytes(b) => write!(out, ":{}:", crate::crypto::base64(b)),
        Item::Text(s) => {
            out.push('"');
            for c in s.chars() {
                if matches!(c, '"' | '\\') {
                    out.push('\\');
                }
                out.push(c);
            }
            out.write_char('"')
        }
    };
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn eat(&mut self, c: char) -> bool {
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn blank(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    fn run(&mut self, part: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !part(c)).unwrap_or(self.rest.len());
        let (head, tail) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = tail;
        head
    }

    fn key(&mut self) -> Option<String> {
        if !matches!(self.peek()?, 'a'..='z' | '*') {
            return None;
        }
        Some(self.run(|c| matches!(c, 'a'..='z' | '0'..='9' | '_' | '-' | '.' | '*')).to_owned())
    }

    fn params(&mut self) -> Option<Params> {
        let mut out: Params = Vec::new();
        while self.eat(';') {
            self.rest = self.rest.trim_start_matches(' ');
            let key = self.key()?;
            let value = if self.eat('=') { self.item()? } else { Item::Boolean(true) };
            if out.iter().any(|(k, _)| *k == key) || out.len() >= 32 {
                return None;
            }
            out.push((key, value));
        }
        Some(out)
    }

    fn list(&mut self) -> Option<Vec<(Item, Params)>> {
        let mut out = Vec::new();
        if !self.eat('(') {
            return None;
        }
        loop {
            self.rest = self.rest.trim_start_matches(' ');
            if self.eat(')') {
                return Some(out);
            }
            let item = self.item()?;
            let params = self.params()?;
            if out.len() >= super::COVERED || !matches!(self.peek()?, ' ' | ')') {
                return None;
            }
            out.push((item, params));
        }
    }

    fn item(&mut self) -> Option<Item> {
        match self.peek()? {
            '"' => self.text(),
            ':' => {
                self.eat(':');
                let body = self.run(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '='));
                if self.eat(':') { super::decode_base64(body).map(Item::Bytes) } else { None }
            }
            '?' => match self.run(|c| matches!(c, '?' | '0' | '1')) {
                "?1" => Some(Item::Boolean(true)),
                "?0" => Some(Item::Boolean(false)),
                _ => None,
            },
            '-' | '0'..='9' => {
                let digits = self.run(|c| matches!(c, '-' | '.' | '0'..='9'));
                if digits.contains('.') {
                    let plausible = digits.len() <= 17 && digits.parse::<f64>().is_ok();
                    return plausible.then(|| Item::Decimal(digits.to_owned()));
                }
                let plausible = digits.trim_start_matches('-').len() <= 15;
                digits.parse().ok().filter(|_| plausible).map(Item::Integer)
            }
            'A'..='Z' | 'a'..='z' | '*' => {
                let part = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~:/".contains(c);
                Some(Item::Token(self.run(part).to_owned()))
            }
            _ => None,
        }
    }

    fn text(&mut self) -> Option<Item> {
        let mut out = String::new();
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = self.rest.get(at + 1..)?;
                    return Some(Item::Text(out));
                }
                '\\' => match chars.next()?.1 {
                    c @ ('"' | '\\') => out.push(c),
                    _ => return None,
                },
                ' '..='~' => out.push(c),
                _ => return None,
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_canonically() {
        for (given, canonical) in [
            (r#"sig1=("@method"  "@path" );created=1;keyid="a\"b""#, r#"("@method" "@path");created=1;keyid="a\"b""#),
            (
                r#"s=( "x";req "y";key="z");a;b=?0;c=:AA==:;d=tok/en;e=-1.5"#,
                r#"("x";req "y";key="z");a;b=?0;c=:AA==:;d=tok/en;e=-1.5"#,
            ),
            ("s=()", "()"),
        ] {
            let parsed = dictionary(given).unwrap();
            let [(_, Member::List(list, params))] = &parsed[..] else { panic!("{parsed:?}") };
            assert_eq!(write_list(list, params), canonical);
        }
    }

    #[test]
    fn malformed_fields_are_refused() {
        for bad in [
            "a=1,a=2",
            "a=1,",
            ",",
            "A=1",
            "a=(",
            "a=(\"x\"",
            "a=(\"x\"\"y\")",
            "a=\"x",
            "a=:!:",
            "a=:AA==",
            "a=?2",
            "a=1;b=1;b=2",
            "a=\"\u{e9}\"",
            "a=--1",
            "a=1 b=2",
            "a=\"\\x\"",
        ] {
            assert_eq!(dictionary(bad), None, "{bad}");
        }
        assert_eq!(dictionary("").map(|d| d.len()), Some(0));
    }
}
