//! What a template becomes for one picture.

#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that goes wrong")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use sealmark_watermark_dsl::{
    Drawing, EvalError, Evaluated, Payload, SecretKey, Template, ValueError, Variables, limits::MAX_TEXT_CHARS,
};

fn template(items: &str) -> Template {
    let source = format!("template \"t\" {{ {items} }}");
    Template::from_source(&source).unwrap_or_else(|mistakes| panic!("{source}\n{mistakes:#?}"))
}

fn variables() -> Variables {
    Variables {
        user_id: "u7".into(),
        tenant: "eco".into(),
        upload_id: "up1".into(),
        media_id: "m1".into(),
        image_name: "Ärger.jpg".into(),
        // 2024-02-29 12:34:56.789 UTC
        timestamp_ms: 1_709_210_096_789,
        tags: BTreeMap::from([("sale".to_owned(), "yes".to_owned())]),
        keys: BTreeMap::from([("trace".to_owned(), SecretKey::new(*b"Jefe"))]),
    }
}

fn evaluated(items: &str) -> Evaluated {
    template(items).evaluate(&variables(), 640, 480).unwrap()
}

/// The text of the only layer.
fn text(inside: &str) -> String {
    match &evaluated(&format!("text \"{inside}\" {{}}")).layers[0].drawing {
        Drawing::Text(text) => text.text.clone(),
        other => panic!("{other:?}"),
    }
}

fn payload(written: &str) -> Result<Payload, EvalError> {
    let evaluated = template(&format!("qr {{ payload = {written} }}")).evaluate(&variables(), 640, 480)?;
    match &evaluated.layers[0].drawing {
        Drawing::Qr(qr) => Ok(qr.payload.clone()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn texts_are_filled_in() {
    for (written, expected) in [
        ("© {user_id}", "© u7"),
        ("{image.width}x{height}", "640x480"),
        ("{image.width:06} {timestamp_ms:%d.%m.%Y} {timestamp_ms:%H:%M:%S}", "000640 29.02.2024 12:34:56"),
        ("{date(timestamp_ms, '%F')} {date(0, '%A')}", "2024-02-29 Thursday"),
        ("{upper(image.name)} {lower(image.name)} {truncate(image.name, 3)}", "ÄRGER.JPG ärger.jpg Ärg"),
        ("{image.name:.2}", "Är"),
        ("{tags.sale}{tags.none}", "yes"),
        ("{width / 7} {width % 7} {width / 7.0:.3} {-width}", "91 3 91.429 -640"),
        ("{1 + 2 * 3} {'a' + 1 + 2} {1 + 2 + 'a'} {(1 + 2) * 3}", "7 a12 3a 9"),
        ("{width > 600 and not (height > 600)}", "true"),
        ("{sha256('abc'):.8}", "ba7816bf"),
        ("{timestamp_ms % 86400}", "23189"),
        ("a\\nb", "a\nb"),
        ("{{{user_id}}} \\\" \\' \\\\ \\u{1f512}", "{u7} \" ' \\ \u{1f512}"),
        ("{width}{height}", "640480"),
        ("{format(width, '05')}", "00640"),
    ] {
        assert_eq!(text(written), expected, "{written}");
    }
}

#[test]
fn digests_are_the_known_ones() {
    // FIPS 180-2, B.1 and RFC 4231, 4.3.
    let hex = |written: &str| payload(written).unwrap().to_text();
    assert_eq!(hex("sha256(\"abc\")"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!(
        hex("hmac(key.trace, \"what do ya want for nothing?\")"),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
    // `%` binds tighter than `+`, and a number becomes text beside one.
    assert_eq!(payload("user_id + timestamp_ms % 86400").unwrap(), Payload::Text("u723189".into()));
    assert_eq!(payload("sha256(user_id + timestamp_ms % 86400)"), payload("sha256(\"u723189\")"));
    // A digest is hashed by its own bytes, and shown as hex.
    assert_ne!(payload("sha256(sha256(user_id))"), payload("sha256(\"\" + sha256(user_id))"));
    assert_eq!(payload("sha256(user_id)").unwrap().bytes().len(), 32);
}

#[test]
fn values_are_cleaned_and_cut_and_payloads_are_not() {
    let named = |name: String| Variables { image_name: name, ..Variables::default() };
    let shown = |template: &Template, variables: &Variables| match &template.evaluate(variables, 1, 1).unwrap().layers
        [0]
    .drawing
    {
        Drawing::Text(text) => text.text.clone(),
        other => panic!("{other:?}"),
    };
    let both = template("text \"a\\n{image.name}\" {}");
    assert_eq!(shown(&both, &named("b\u{202e}\n\u{2066}c{tenant}\u{200d}d".into())), "a\nb c{tenant}\u{200d}d");
    let long = shown(&both, &named("ä".repeat(5_000)));
    assert_eq!(long.chars().count(), MAX_TEXT_CHARS);
    assert!(long.ends_with("ä…"));

    let raw = template("fingerprint { payload = image.name }").evaluate(&named("b\u{202e}\n".into()), 1, 1).unwrap();
    let Drawing::Fingerprint(raw) = &raw.layers[0].drawing else { panic!("{raw:?}") };
    assert_eq!(raw.payload.bytes(), "b\u{202e}\n".as_bytes());
}

#[test]
fn conditions_choose_layers_and_skip_drops_them_all() {
    let template = template(
        "text \"always\" {}
         when width < 320px { skip }
         when width > height { text \"wide\" {} } else when width == height { text \"square\" {} }
         else { text \"high\" {} }
         when width > 200%h and tenant == \"eco\" { text \"panorama\" {} }",
    );
    let numbers = |width, height| {
        let evaluated = template.evaluate(&variables(), width, height).unwrap();
        let numbers: Vec<usize> = evaluated.layers.iter().map(|layer| layer.number).collect();
        (numbers, evaluated.is_skipped)
    };
    assert_eq!(numbers(640, 480), (vec![1, 2], false));
    assert_eq!(numbers(640, 640), (vec![1, 3], false));
    assert_eq!(numbers(640, 800), (vec![1, 4], false));
    assert_eq!(numbers(1_000, 400), (vec![1, 2, 5], false));
    assert_eq!(numbers(319, 400), (vec![], true));
}

#[test]
fn what_has_no_value_is_a_typed_error() {
    let error = |items: &str| template(items).evaluate(&variables(), 640, 480).unwrap_err();
    assert_eq!(
        error("text \"x\" {} text \"{1 / (width - 640)}\" {}"),
        EvalError::Layer { layer: 2, source: ValueError::DivisionByZero }
    );
    assert_eq!(
        error("text \"{9223372036854775807 + width}\" {}"),
        EvalError::Layer { layer: 1, source: ValueError::Overflow }
    );
    assert_eq!(
        error("text \"x\" {} when 1 % (width - 640) == 0 { skip }"),
        EvalError::Condition { layer: 2, source: ValueError::DivisionByZero }
    );
    assert_eq!(
        error("fingerprint { payload = hmac(key.other, user_id) }"),
        EvalError::Layer { layer: 1, source: ValueError::MissingKey { name: "other".into() } }
    );
    assert_eq!(error("qr { payload = tags.none }"), EvalError::Layer { layer: 1, source: ValueError::EmptyPayload });
    assert_eq!(
        error("text \"{date(timestamp_ms * 1000000, '%F')}\" {}"),
        EvalError::Layer { layer: 1, source: ValueError::DateOutOfRange { ms: 1_709_210_096_789_000_000 } }
    );
    let long = Variables { image_name: "x".repeat(2_000), ..variables() };
    let high = template("qr { payload = image.name  level = high }").evaluate(&long, 1, 1);
    let source = ValueError::PayloadTooLong { bytes: 2_000, most: 1_273 };
    assert_eq!(high.unwrap_err(), EvalError::Layer { layer: 1, source });
    assert!(template("qr { payload = image.name }").evaluate(&long, 1, 1).is_ok());
    // What is not reached is not calculated.
    assert!(template("text \"x\" {} when width < 1 { qr { payload = tags.none } }").evaluate(&long, 5, 5).is_ok());
    assert!(template("text \"x\" {} when width == 0 or 1 / width == 0 { skip }").evaluate(&long, 0, 5).is_ok());
}

#[test]
fn the_digest_tells_pictures_and_values_apart() {
    let one = template("text \"{user_id}\" {} qr { payload = sha256(media_id) } tile image \"logo.png\" {}");
    let digest = |variables: &Variables, width| one.evaluate(variables, width, 480).unwrap().digest();
    let same = digest(&variables(), 640);
    assert_eq!(same, digest(&variables(), 640));
    assert_eq!(same.len(), 64);
    assert_ne!(same, digest(&variables(), 641));
    assert_ne!(same, digest(&Variables { user_id: "u8".into(), ..variables() }, 640));
    assert_ne!(same, digest(&Variables { media_id: "m2".into(), ..variables() }, 640));
    // What the template does not use does not count.
    assert_eq!(same, digest(&Variables { tenant: "other".into(), ..variables() }, 640));
    insta::assert_snapshot!(one.evaluate(&variables(), 640, 480).unwrap().to_canonical(), @r#"
    evaluated "t" 640x480 {
      text "u7" { font = "DejaVu Sans" weight = 400 size = 4%min color = #ffffffff letter_spacing = 0px line_height = 1.2 align = auto anchor = bottom_right margin = 2%min 2%min angle = 0deg offset = 0px 0px blend = normal opacity = 0.6 }
      qr { payload = ca0df2c95aa144c1d0ff2ff3c8f967fdc1de9ef0c4120b3726416701b519d619 scale = 15%min color = #000000ff background = #ffffffff quiet = 4 level = medium anchor = bottom_right margin = 2%min 2%min angle = 0deg offset = 0px 0px blend = normal opacity = 1 }
      tile image "logo.png" { scale = 15%min angle = 0deg gap = 10%min 10%min stagger = 0.5 offset = 0px 0px blend = normal opacity = 0.6 }
      output { format = source quality = source keep = [icc, copyright] strip = [gps] }
    }
    "#);
}

#[test]
fn fonts_and_images_are_listed_once() {
    let template = template(
        "text \"a\" { font = \"A\", \"B\" } tile text \"b\" { font = \"B\" \"C\" }
         when width > 2 { image \"logo.png\" {} } else { tile image \"logo.png\" {} image \"x/y.svg\" {} }",
    );
    assert_eq!(template.fonts(), ["A", "B", "C"]);
    assert_eq!(template.images(), ["logo.png", "x/y.svg"]);
}

proptest! {
    #[test]
    fn any_values_evaluate_or_say_why(
        texts in prop::array::uniform5(any::<String>()),
        timestamp_ms in any::<i64>(),
        key in any::<Vec<u8>>(),
        width in any::<u32>(),
        height in any::<u32>(),
    ) {
        let [user_id, tenant, upload_id, media_id, image_name] = texts;
        let keys = BTreeMap::from([("trace".to_owned(), SecretKey::new(key))]);
        let tags = BTreeMap::from([("a".to_owned(), image_name.clone())]);
        let variables = Variables { user_id, tenant, upload_id, media_id, image_name, timestamp_ms, tags, keys };
        let template = template(
            "text \"{upper(user_id)} {tags.a:.7} {timestamp_ms:%F %T} {width * height / (width - 3)}\" {}
             when width % 2 == 0 or timestamp_ms * width > 5 { qr { payload = sha256(image.name + timestamp_ms / 2) } }
             when height / (width - 5) > 50%w { fingerprint { payload = hmac(key.trace, tenant) } } else { skip }",
        );
        if let Ok(evaluated) = template.evaluate(&variables, width, height) {
            prop_assert_eq!(evaluated.digest(), template.evaluate(&variables, width, height).unwrap().digest());
        }
    }
}
