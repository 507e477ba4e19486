//! Which secrets a settings file holds itself, rather than naming files of their own for them (OPS-04).

use super::reference;
use std::path::Path;
use toml::{Table, Value};
use url::Url;

/// Keys of the file whose values are secrets in clear; none when it cannot be read.
pub fn secrets_in(file: &Path) -> Vec<String> {
    let Ok(text) = std::fs::read_to_string(file) else { return Vec::new() };
    let Ok(table) = toml::from_str::<Table>(&text) else { return Vec::new() };
    let table = Value::Table(table);
    let mut keys = reference::secret_keys();
    keys.retain(|key| {
        let value = key.split('.').try_fold(&table, |value, part| value.get(part));
        value.is_some_and(holds_secret)
    });
    keys
}

fn holds_secret(value: &Value) -> bool {
    match value {
        Value::String(text) if text.is_empty() || text.starts_with("file:") => false,
        // An address is one when it has a password.
        Value::String(text) if text.contains("://") => match Url::parse(text) {
            Ok(url) => url.password().is_some() || url.query_pairs().any(|(name, _)| name.contains("password")),
            Err(_) => false,
        },
        Value::String(_) => true,
        Value::Table(table) => table.values().any(holds_secret),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::secrets_in;

    #[test]
    fn what_is_secret_in_a_settings_file_is_named_and_what_stands_in_files_of_its_own_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("watercooler.toml");
        let of = |text: &str| {
            std::fs::write(&file, text).unwrap();
            secrets_in(&file)
        };
        let text = "database = 'postgres://u:p@db/w'\n[metrics]\ntoken = 't'\n[mail]\nserver = 'smtps://u:p@mail'\n\
                    [translation]\napi_key = 'k'\n[media.s3]\nsecret_access_key = 'k'\n[outgoing.proxy]\nmedia = 'http://u:p@proxy'";
        let mut all = of(text);
        all.sort_unstable();
        let secrets = ["database", "mail.server", "media.s3.secret_access_key", "metrics.token", "outgoing.proxy"];
        assert_eq!(all, [&secrets[..], &["translation.api_key"]].concat());
        let text = "database = 'postgres://u@db/w'\n[metrics]\ntoken = 'file:t'\n[mail]\nserver = 'smtp://relay'\n\
                    [outgoing]\nproxy = 'http://proxy:3128'";
        assert_eq!(of(text), Vec::<String>::new());
        assert_eq!(of("database = 'sqlite://data/w.db'"), Vec::<String>::new());
        assert_eq!(of("database = 'postgres://db/w?password=p'"), ["database"]);
        assert_eq!(secrets_in(&dir.path().join("absent.toml")), Vec::<String>::new());
    }
}
