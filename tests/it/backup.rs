//! `backup`: a copy that is made while the node runs, and from which it begins again.

use crate::cli::Place;
use serde_json::{Value, json};
use std::{fs, os::unix::fs::PermissionsExt, path::Path};

fn copies(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.ends_with(".db")).collect()
}

fn backup_of(doctor: &Value) -> String {
    let findings = doctor["findings"].as_array().unwrap();
    findings.iter().find(|finding| finding["check"] == "backup").unwrap()["state"].as_str().unwrap().to_owned()
}

#[test]
fn a_node_begins_again_from_a_backup_that_was_made_while_it_ran() {
    let place = Place::embedded();
    place.json(&["account", "create", "ada", "--json"]);
    let media = place.path().join("data/media/ab");
    fs::create_dir_all(&media).unwrap();
    fs::write(media.join("picture.webp"), "x").unwrap();
    let server = place.serve();
    let doctor = || serde_json::from_slice(&place.run(&["doctor", "--offline", "--json"]).stdout).unwrap();
    assert_eq!(backup_of(&doctor()), "warning");
    let first = place.json(&["backup", "safe", "--json"]);
    assert_eq!((&first["new_media"], &first["removed"]), (&json!(1), &json!(0)), "{first}");
    let token = place.json(&["token", "create", "ada", "--json"]);
    // The second copies no file again; only the newest copy of the database is kept.
    let second = place.json(&["backup", "safe", "--keep", "1", "--json"]);
    assert_eq!((&second["new_media"], &second["removed"]), (&json!(0), &json!(1)), "{second}");
    assert_eq!(backup_of(&doctor()), "ok");
    let refused = place.run(&["backup", "data/safe", "--json"]);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("inside the data folder"), "{refused:?}");
    drop(server);
    let safe = place.path().join("safe");
    let [copy] = &copies(&safe)[..] else { panic!("{:?}", copies(&safe)) };
    for private in [copy.as_str(), "secret.key", "media/ab/picture.webp"] {
        assert_eq!(fs::metadata(safe.join(private)).unwrap().permissions().mode() & 0o077, 0, "{private}");
    }
    let again = Place::embedded();
    let data = again.path().join("data");
    fs::create_dir_all(&data).unwrap();
    fs::copy(safe.join(copy), data.join("watercooler.db")).unwrap();
    fs::copy(safe.join("secret.key"), data.join("secret.key")).unwrap();
    assert_eq!(again.json(&["account", "list", "--json"])[0]["username"], "ada");
    let revoked = again.json(&["token", "revoke", token["token"].as_str().unwrap(), "--json"]);
    assert_eq!(revoked["revoked"], 1, "what was done before the second is in it");
}

#[test]
fn of_a_node_on_another_database_the_rest_is_copied_and_it_says_what_is_not() {
    let place = Place::new();
    place.json(&["account", "create", "ada", "--json"]);
    let made = place.json(&["backup", "safe", "--json"]);
    let embedded = made["database"].is_string();
    assert_eq!(made.get("to_do").is_some_and(|text| text.to_string().contains("pg_dump")), !embedded, "{made}");
    assert!(place.path().join("safe/secret.key").exists());
    assert_eq!(copies(&place.path().join("safe")).len(), usize::from(embedded));
}
