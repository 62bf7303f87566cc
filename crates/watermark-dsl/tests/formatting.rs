//! The formatter: one way to lay a source out, comments and all.

mod mutation;

use mutation::mutated;
use proptest::prelude::*;
use sealmark_watermark_dsl::{Template, examples::EXAMPLES, fmt};

/// Formats; and checks that formatting again changes nothing and that the meaning is the same.
fn formatted(source: &str) -> String {
    let once = fmt(source).unwrap_or_else(|mistakes| panic!("{source}\n{mistakes:#?}"));
    assert_eq!(fmt(&once).as_ref(), Ok(&once), "formatted again\n{once}");
    assert_eq!(meaning(&once), meaning(source), "{once}");
    once
}

fn meaning(source: &str) -> Result<String, Vec<&'static str>> {
    match Template::from_source(source) {
        Ok(template) => Ok(template.to_canonical()),
        Err(mistakes) => Err(mistakes.iter().map(|mistake| mistake.code.as_str()).collect()),
    }
}

#[test]
fn everything_gets_its_place() {
    let source = r##"
// What it is for.


// And who made it.
template   "t"{// the opening
let  base=2%w   let gold=#d4af37  // not yellow

text "© {user_id}"{size=base*2-1%w color=gold   shadow=1px -1px #000   offset=-1% (-2%+1%)
// about the margin

  margin=2%}
   text "one line" { size=3%w color=white }
  tile   text "SAMPLE"{angle=-30deg gap=12%w
  }
when width<320px   or not(tenant=="eco"  and -height<3){skip}else when width>2{ text "x"{} }
else{
qr{payload=hmac(key.trace,user_id+timestamp_ms%86400) level=high}}
output{keep=[icc,copyright] // the rest goes
}
}

// the end
"##;
    insta::assert_snapshot!(formatted(source), @r#"
    // What it is for.

    // And who made it.
    template "t" {  // the opening
      let base = 2%w
      let gold = #d4af37  // not yellow

      text "© {user_id}" {
        size = base * 2 - 1%w
        color = gold
        shadow = 1px -1px #000
        offset = -1% (-2% + 1%)
        // about the margin

        margin = 2%
      }
      text "one line" { size = 3%w  color = white }
      tile text "SAMPLE" {
        angle = -30deg
        gap = 12%w
      }
      when width < 320px or not (tenant == "eco" and -height < 3) { skip } else when width > 2 { text "x" { } } else {
        qr { payload = hmac(key.trace, user_id + timestamp_ms % 86400)  level = high }
      }
      output {
        keep = [icc, copyright]  // the rest goes
      }
    }

    // the end
    "#);
}

#[test]
fn long_blocks_in_one_line_are_broken() {
    let properties = "font = \"DejaVu Sans\"  size = 3.5%w  color = #fff  opacity = 55%  anchor = bottom_right  margin = 2%  angle = 5deg";
    insta::assert_snapshot!(formatted(&format!("template \"t\" {{ text \"x\" {{ {properties} }} text \"y\" {{}} }}")), @r#"
    template "t" {
      text "x" {
        font = "DejaVu Sans"
        size = 3.5%w
        color = #fff
        opacity = 55%
        anchor = bottom_right
        margin = 2%
        angle = 5deg
      }
      text "y" { }
    }
    "#);
}

#[test]
fn what_is_no_template_stays_as_it_is() {
    assert!(fmt("template \"t\" { text \"x\" { size = } }").is_err());
    assert!(fmt("").is_err());
    // What only the check finds does not matter.
    assert_eq!(
        formatted("template \"t\" { text \"x\" { sise = 3 } }"),
        "template \"t\" {\n  text \"x\" { sise = 3 }\n}\n"
    );
}

#[test]
fn the_templates_of_this_repository_keep_their_meaning() {
    formatted(include_str!("../../../templates/catalogue.seal"));
    for (_, example) in EXAMPLES {
        formatted(example);
    }
    formatted(
        "template \"video_provenance\" {\n payload = sha256(user_id + timestamp_ms % 86400)
         location = \"qr_overlay(bottom_right, scale=0.12)\"\n persistence = \"frame_interval(3)\" }",
    );
}

proptest! {
    #[test]
    fn formatting_is_idempotent_and_keeps_the_meaning(source in mutated()) {
        if fmt(&source).is_ok() {
            formatted(&source);
        }
    }

    #[test]
    fn any_text_is_formatted_or_refused(source in any::<String>()) {
        if fmt(&source).is_ok() {
            formatted(&source);
        }
    }
}
