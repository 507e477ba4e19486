//! Bodies at the inbox: what parses is read as an activity, and as each kind of object it may carry.
#![no_main]

use libfuzzer_sys::fuzz_target;
use watercooler::federation::{activities::parsed, json::Json, objects};

fuzz_target!(|body: &[u8]| {
    let Ok(json) = Json::parse(body) else { return };
    let _ = parsed::parse(&json);
    for object in [&json, json.one("object")] {
        let _ = objects::post::read(object, Some(&json));
        let _ = objects::actor::read(object);
        let _ = objects::actor::keys(object);
        let _ = objects::project::read(object);
    }
});
