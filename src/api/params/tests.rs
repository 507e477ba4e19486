//! Parameters in every shape clients send.

use super::*;

fn query(q: &str) -> Params {
    Params::from_query(q).expect("readable")
}
fn json(j: &str) -> Params {
    Params::from_json(j.as_bytes()).expect("readable")
}

#[test]
fn lists_come_with_brackets_indexes_json_or_as_one_value() {
    for p in [
        query("media_ids[]=1&media_ids[]=2"),
        query("media_ids%5B%5D=1&media_ids%5B%5D=2"),
        query("media_ids[1]=2&media_ids[0]=1"),
        json(r#"{"media_ids":["1","2"]}"#),
        json(r#"{"media_ids":[1,2]}"#),
        json(r#"{"media_ids":{"0":"1","1":2}}"#),
    ] {
        assert_eq!(p.texts("media_ids"), ["1", "2"]);
    }
    assert_eq!(query("id=7").texts("id"), ["7"]);
    assert!(query("").texts("id").is_empty());
    assert!(json(r#"{"id":null}"#).list("id").is_empty());
}

#[test]
fn nested_objects_come_in_every_shape() {
    for p in [
        query("poll[options][]=a&poll[options][]=b&poll[expires_in]=300&poll[multiple]=true"),
        json(r#"{"poll":{"options":["a","b"],"expires_in":300,"multiple":true}}"#),
    ] {
        let poll = p.map("poll").expect("a poll");
        assert_eq!(poll.texts("options"), ["a", "b"]);
        assert_eq!(poll.integer("expires_in").ok().flatten(), Some(300));
        assert!(poll.flag("multiple"));
    }
    for p in [
        query("fields_attributes[0][name]=n&fields_attributes[0][value]=v&fields_attributes[1][name]=m"),
        json(r#"{"fields_attributes":[{"name":"n","value":"v"},{"name":"m"}]}"#),
        json(r#"{"fields_attributes":{"0":{"name":"n","value":"v"},"1":{"name":"m"}}}"#),
    ] {
        let fields = p.maps("fields_attributes");
        assert_eq!(fields.iter().map(|f| f.text("name")).collect::<Vec<_>>(), [Some("n"), Some("m")]);
        assert_eq!(fields.first().and_then(|f| f.text("value")), Some("v"));
    }
}

#[test]
fn a_repeated_key_starts_the_next_element() {
    let p = query("k[][keyword]=a&k[][whole_word]=1&k[][keyword]=b&k[][_destroy]=true");
    let k = p.maps("k");
    assert_eq!(k.len(), 2);
    assert_eq!(k.first().and_then(|m| m.text("whole_word")), Some("1"));
    assert_eq!(k.get(1).and_then(|m| m.bool("_destroy")), Some(true));
}

#[test]
fn switches_and_numbers_are_read_as_clients_write_them() {
    let p = query("a=true&b=1&c=on&d=t&e=0&f=false&g=off&h=F&i=&n=20&big=99999999999999999999&e20=1e20&neg=-1&x=abc");
    for yes in ["a", "b", "c", "d"] {
        assert_eq!(p.bool(yes), Some(true), "{yes}");
    }
    for no in ["e", "f", "g", "h"] {
        assert_eq!(p.bool(no), Some(false), "{no}");
    }
    assert_eq!(p.bool("i"), None);
    assert_eq!(p.integer("n").ok(), Some(Some(20)));
    assert_eq!(p.integer("i").ok(), Some(None));
    assert_eq!(p.integer("big").ok(), Some(Some(i64::MAX)));
    assert_eq!(p.integer("e20").ok(), Some(Some(i64::MAX)));
    assert_eq!(p.integer("neg").ok(), Some(Some(-1)));
    assert!(p.integer("x").is_err());
}

#[test]
fn sec_lim_01_a_megabyte_in_a_text_is_refused_and_nul_is_taken_out() {
    assert!(Params::from_query(&format!("a={}", "x".repeat(65_537))).is_err());
    assert!(Params::from_json(format!(r#"{{"a":"{}"}}"#, "x".repeat(65_537)).as_bytes()).is_err());
    assert_eq!(query("a=x%00y").text("a"), Some("xy"));
}

#[test]
fn hostile_shapes_are_refused_and_never_panic() {
    let deep = format!("a{}=1", "[b]".repeat(40));
    assert!(Params::from_query(&deep).is_err());
    assert!(Params::from_query(&"a=1&".repeat(5_000)).is_err());
    assert!(Params::from_query("a=1&a[b]=2").is_err());
    assert!(Params::from_query("a[]=1&a[b]=2").is_err());
    for odd in ["[", "]", "[]=1", "a[=1", "a]=1", "a[b=1", "=1", "&&", "%", "a=%ff%fe", "a[][]=1", "a[]b=1"] {
        let _ = Params::from_query(odd);
    }
    assert!(Params::from_json(b"{").is_err());
    assert!(Params::from_json(b"").is_ok());
    assert!(Params::from_json(b"[1,2]").is_ok());
    assert!(Params::from_json("[".repeat(1000).as_bytes()).is_err());
}

fn request(kind: &str, body: &str) -> Request {
    Request::builder()
        .method("POST")
        .uri("/api/v1/x?a=query&q=1")
        .header("content-type", kind)
        .body(axum::body::Body::from(body.to_owned()))
        .expect("a request")
}

#[tokio::test]
async fn the_body_wins_over_the_query_in_every_encoding() {
    for (kind, body) in [
        ("application/json", r#"{"a":"body"}"#),
        ("application/json; charset=utf-8", r#"{"a":"body"}"#),
        ("application/x-www-form-urlencoded", "a=body"),
        ("", r#"{"a":"body"}"#),
        ("", "a=body"),
        ("application/vnd.api+JSON", r#"{"a":"body"}"#),
        ("text/plain", " \n{\"a\":\"body\"}"),
        (
            "multipart/form-data; boundary=X",
            "--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nbody\r\n--X\r\nContent-Disposition: form-data; \
             name=\"file\"; filename=\"file\"\r\n\r\nBYTES\r\n--X--\r\n",
        ),
    ] {
        let p = Params::from_request(request(kind, body), &()).await.expect("readable");
        assert_eq!(p.text("a"), Some("body"), "{kind}");
        assert_eq!(p.text("q"), Some("1"), "{kind}");
        if kind.starts_with("multipart") {
            assert_eq!(p.file("file").map(|f| f.bytes.as_ref()), Some(b"BYTES".as_slice()));
        }
    }
}

#[tokio::test]
async fn the_type_of_a_part_makes_no_file_of_a_text() {
    // What Tusky sends when somebody edits their profile.
    let part = |name: &str, kind: &str, value: &str| {
        format!(
            "--X\r\nContent-Disposition: form-data; name=\"{name}\"\r\nContent-Transfer-Encoding: binary\r\nContent-Type: \
             {kind}\r\n\r\n{value}\r\n"
        )
    };
    let form = "multipart/form-data; charset=utf-8";
    let body = [
        part("display_name", form, "Ada"),
        part("locked", "application/json", "true"),
        part("fields_attributes[0][name]", form, "Skills"),
        part("avatar", "image/png", "BYTES"),
        "--X--\r\n".to_owned(),
    ];
    let sent = request("multipart/form-data; boundary=X", &body.concat());
    let p = Params::from_request(sent, &()).await.expect("readable");
    assert_eq!(p.text("display_name"), Some("Ada"));
    assert_eq!(p.bool("locked"), Some(true));
    assert_eq!(p.maps("fields_attributes").first().and_then(|field| field.text("name")), Some("Skills"));
    assert_eq!(p.file("avatar").map(|file| file.bytes.as_ref()), Some(b"BYTES".as_slice()));
}

#[tokio::test]
async fn a_file_may_come_as_a_data_address_and_a_text_may_not() {
    let address = "data:image/png;base64,QllURVM=";
    let part = format!(
        "--X\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n{address}\r\n--X\r\nContent-Disposition: \
         form-data; name=\"status\"\r\n\r\n{address}\r\n--X--\r\n"
    );
    let form: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("file", address), ("status", address)])
        .finish();
    for (kind, body) in [
        ("application/json", format!(r#"{{"file":"{address}","status":"{address}"}}"#)),
        ("application/x-www-form-urlencoded", form),
        ("multipart/form-data; boundary=X", part),
    ] {
        let p = Params::from_request(request(kind, &body), &()).await.expect("readable");
        let file = p.file("file").expect("a file");
        assert_eq!((file.bytes.as_ref(), file.content_type.as_deref()), (b"BYTES".as_slice(), Some("image/png")));
        assert_eq!(p.text("status"), Some(address), "{kind}");
    }
    for none in ["data:", "data:image/png,x", "data:;base64,?", "https://a.example/x.png"] {
        assert_eq!(json(&format!(r#"{{"avatar":"{none}"}}"#)).text("avatar"), Some(none));
    }
}
