//! The allowlist, by example and by property.

use super::*;
use proptest::prelude::*;

fn clean(markup: &str) -> String {
    sanitize_html(markup).into_string()
}

#[test]
fn fed_post_02_allowed_elements_and_attributes_stay() {
    for same in [
        "<p>One<br>two</p><p>three</p>",
        "<p><strong>a</strong> <em>b</em> <del>c</del> <code>d</code></p>",
        "<ul><li>x</li><li>y</li></ul>",
        "<ol start=\"3\" reversed=\"\"><li value=\"7\">x</li></ol>",
        "<blockquote><p>q</p></blockquote>",
        "<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>",
        "<h2>Title</h2><pre><code>let x = 1;</code></pre>",
        "<p lang=\"de\" translate=\"no\">Hallo</p>",
        "<p>5 &lt; 6 &amp; 7 &gt; 2&nbsp;!</p>",
    ] {
        assert_eq!(clean(same), same);
    }
}

#[test]
fn fed_post_02_links_get_our_rel_and_target() {
    assert_eq!(
        clean(
            r#"<a href="https://a.example/x?y=1&amp;z=2" rel="me opener" target="_top" class="u-url evil mention">x</a>"#
        ),
        r#"<a href="https://a.example/x?y=1&amp;z=2" class="u-url mention" target="_blank" rel="nofollow noopener">x</a>"#
    );
}

#[test]
fn fed_post_02_only_listed_schemes_and_classes() {
    for (from, to) in [
        ("<a href=\"ftp://x/\">x</a>", "<a target=\"_blank\" rel=\"nofollow noopener\">x</a>"),
        ("<a href=\"/local\">x</a>", "<a target=\"_blank\" rel=\"nofollow noopener\">x</a>"),
        ("<a href=\"//h/x\">x</a>", "<a target=\"_blank\" rel=\"nofollow noopener\">x</a>"),
        (
            "<a href=\"gemini://h/x\">x</a>",
            "<a href=\"gemini://h/x\" target=\"_blank\" rel=\"nofollow noopener\">x</a>",
        ),
        ("<span class=\"h-card btn e- quote-inline\">x</span>", "<span class=\"h-card quote-inline\">x</span>"),
        ("<table><tr><td>x</td></tr></table>", "x"),
        ("<unknown>x</unknown>", "x"),
        ("<q>a</q> <sub>b</sub> <sup>c</sup> <abbr>d</abbr> <mark>e</mark>", "a b c d e"),
    ] {
        assert_eq!(clean(from), to);
    }
}

#[test]
fn sec_web_01_nothing_active_survives() {
    for bad in [
        "<script>alert(1)</script>",
        "<SCRIPT SRC=//x/></SCRIPT>",
        "<scr<script>ipt>alert(1)</scr</script>ipt>",
        "<p onclick=\"alert(1)\">x</p>",
        "<a href=\"javascript:alert(1)\">x</a>",
        "<a href=\" java\nscript:alert(1)\">x</a>",
        "<a href=\"&#106;avascript:alert(1)\">x</a>",
        "<a href=\"JaVaScRiPt:alert(1)\">x</a>",
        "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
        "<a href=\"vbscript:x\">x</a>",
        "<img src=x onerror=alert(1)>",
        "<iframe src=\"https://x/\"></iframe>",
        "<svg><script>alert(1)</script></svg>",
        "<svg onload=alert(1)>",
        "<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>",
        "<style>*{display:none}</style>",
        "<form action=\"https://x/\"><input></form>",
        "<object data=x></object>",
        "<base href=\"https://x/\">",
        "<meta http-equiv=refresh content=0>",
        "<p style=\"position:fixed\" id=\"x\">x</p>",
        "<!--><script>alert(1)</script>-->",
        "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
        "<textarea></textarea><script>alert(1)</script>",
        "<plaintext><script>",
        "<a href=\"https://x/\" onmouseover=\"x\">x</a>",
        "<p class=\"x\" class=\"y\" onclick=z>",
    ] {
        let out = clean(bad);
        let lower = out.to_ascii_lowercase();
        for word in ["<script", "<img", "<svg", "<iframe", "<style", "<form", "<object", "<base", "<meta", "<math"] {
            assert!(!lower.contains(word), "{bad} -> {out}");
        }
        // Outside of escaped text there are only tags of the allowlist, with attributes of the allowlist.
        for tag in out.split('<').skip(1) {
            let tag = tag.split('>').next().unwrap();
            for attribute in tag.split(' ').skip(1) {
                let name = attribute.split('=').next().unwrap();
                assert!(
                    ["href", "class", "rel", "target", "noopener\"", "lang", "translate"].contains(&name),
                    "{bad} -> {out}"
                );
            }
            assert!(!tag.contains("javascript") && !tag.contains("data:"), "{bad} -> {out}");
        }
    }
}

#[test]
fn sec_lim_11_hostile_nesting_is_flattened_quickly() {
    let mut markup = String::new();
    for n in 0..1_000 {
        markup.push_str(&format!("<font color={n}><b class=x{n}>"));
    }
    markup.push_str(&"<p>x".repeat(10_000));
    let out = clean(&markup);
    assert!(out.starts_with("<p>x") && out.len() < 100_000);
    assert!(!affordable(&"<b>".repeat(1_000)) && affordable(&"<p><b>x</b></p>".repeat(5_000)));
    let deep = "<blockquote>".repeat(8_000);
    assert!(clean(&deep).len() < 400_000);
}

#[test]
fn sec_lim_11_what_begins_very_often_and_never_ends_is_read_once() {
    let started = std::time::Instant::now();
    for piece in [
        "<",
        "< ",
        "</",
        "<a",
        "<a '",
        "<a href=\"",
        "<!--",
        "<![CDATA[",
        "<ul><li>",
        "<div>",
        "<div><table><td></div>",
        "<script></script>",
        "<script>",
        "&é",
        "&amp",
        "> <",
    ] {
        let markup = piece.repeat(crate::limits::REMOTE_CONTENT / piece.len());
        let out = clean(&markup);
        assert!(!out.contains("<script") && !out.contains("<!"), "{piece}");
        plain_text(&markup);
        plain_line(&markup, 500);
    }
    // Each of these took seconds to minutes, as long as each of its beginnings looked for its end.
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
    assert!(!affordable(&"<div>".repeat(10_000)) && affordable(&"<div><p>x</p></div>".repeat(5_000)));
    // A closing tag of another element closes nothing, and one within a cell nothing around it.
    assert!(!affordable(&"<div></ul>".repeat(8_000)));
    let cell = format!("{}<table><td>{}", "<div>".repeat(500), "</div>".repeat(500));
    assert!(!affordable(&cell.repeat(15)));
    let roots: String = (0..4_000).map(|n| format!("<html x{n}=1></html>")).collect();
    assert!(!affordable(&format!("{roots}{roots}")));
    let attributes: String = (0..10_000).map(|n| format!(" a{n}")).collect();
    assert!(!affordable(&format!("<p{attributes}>x</p>")) && affordable(&format!("{attributes}<p>x</p>")));
    // Whoever closes no paragraph and no item writes a long text all the same.
    assert!(affordable(&"<p>Some words of a paragraph.<br>".repeat(2_000)));
}

#[test]
fn plain_text_keeps_words_apart() {
    assert_eq!(plain_text("<p>One<br>two</p><p>3 &lt; 4 &amp;&#x41;</p>"), "One\ntwo\n3 < 4 &A");
    assert_eq!(plain_text("I <3 you & me"), "I <3 you & me");
    assert_eq!(plain_text("<script>x()</script>y<style>z</style>"), "y");
    assert_eq!(plain_text("<a href=\"https://x/\">x</a>"), "x");
    assert_eq!(plain_text("a<ScRiPt>b</sCrIpT >c <b"), "ac <b");
    assert_eq!(plain_text("a < b > c <i>d</i> & &amp;é"), "a < b > c d & &é");
}

#[test]
fn cutting_respects_characters() {
    assert_eq!(cut("äöü", 3), "ä");
    assert_eq!(cut("abc", 9), "abc");
}

fn inline() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        Just("plain words ".to_owned()),
        Just("&amp; &lt;b&gt; &quot;&#39;&nbsp;".to_owned()),
        Just("ü\u{a0}漢 > '\"\n".to_owned()),
        Just("<br>".to_owned()),
        Just("<br />".to_owned()),
        "[a-zA-Z&;<>\"= /äé!?-]{0,12}",
    ];
    text.prop_recursive(4, 24, 4, |inner| {
        (
            prop_oneof![
                Just("b"),
                Just("em"),
                Just("span class=\"h-card x\""),
                Just("span translate=\"no\""),
                Just("a href=\"https://a.example/b?c=d&amp;e=f\" class=\"u-url mention\" rel=\"tag\""),
                Just("a class=\"hashtag\" href=\"http://[::1]/\" title=\"q&\""),
                Just("a href=\"javascript:x\""),
                Just("a href=\"mailto:x@y.example\" target=\"_top\" href=\"x\""),
                Just("code"),
                Just("i lang=\"fr-CA\" dir=\"rtl\""),
                Just("div"),
                Just("p"),
                Just("li"),
            ],
            prop::collection::vec(inner, 0..4),
        )
            .prop_map(|(tag, inner)| {
                let name = tag.split(' ').next().unwrap();
                format!("<{tag}>{}</{name}>", inner.concat())
            })
    })
}

#[test]
fn fed_post_02_unwrapped_blocks_break_the_line_once_and_only_between_texts() {
    for (markup, wanted) in [
        ("<div>a</div><div>b</div>", "a<br>b"),
        ("<div><div>a</div></div>\n\n<div>b</div>\n", "a<br>b"),
        ("<div><p>a</p></div><div><p>b</p></div>", "<p>a</p><p>b</p>"),
        ("a<div>b</div>c", "a<br>b<br>c"),
        ("<div>a<br></div><div>b</div>", "a<br>b"),
        ("<b>a<div>b</div></b>c", "<b>a<br>b</b><br>c"),
        ("<div>a</div><span>b</span>", "a<br><span>b</span>"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a<br>b<br>c"),
        ("a<hr>b", "a<br>b"),
        ("<div></div><div> </div>a", " a"),
    ] {
        assert_eq!(sanitize_html(markup).as_str(), wanted, "{markup}");
    }
    // What looks like a block inside of a value is none.
    let link = sanitize_html("<div>a</div><a href=\"https://x.example/?<div>\">b</a>");
    assert!(
        link.as_str().starts_with("a<br><a href=\"https://x.example/?") && link.as_str().ends_with(">b</a>"),
        "{link}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]
    #[test]
    fn the_fast_path_equals_the_parser(
        blocks in prop::collection::vec((prop_oneof![
            Just("p"), Just("blockquote"), Just("ul"), Just("li"), Just("p class=\"quote-inline\""), Just("ol")
        ], prop::collection::vec(inline(), 0..4), any::<bool>()), 0..5)
    ) {
        let mut markup = String::new();
        for (tag, inner, wrap) in blocks {
            let name = tag.split(' ').next().unwrap();
            let inner = if wrap { format!("<li>{}</li>", inner.concat()) } else { inner.concat() };
            markup.push_str(&format!("<{tag}>{inner}</{name}>"));
        }
        if let Some(fast) = fast_path(&markup) {
            prop_assert_eq!(&fast, &general_path(&markup), "of {}", markup);
        }
        // What came out once comes out again.
        let once = clean(&markup);
        prop_assert_eq!(clean(&once), once);
    }

    #[test]
    fn nothing_makes_it_panic(text in "\\PC{0,200}", soup in "[<>/a-c\"'=& ;#x!-]{0,80}") {
        for t in [&text, &soup] {
            let _ = (sanitize_html(t), plain_text(t), escape(t));
            if let Some(fast) = fast_path(t) {
                prop_assert_eq!(&fast, &general_path(t));
            }
        }
    }
}
