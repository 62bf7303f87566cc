//! `docs/templates.md` says what is true: its templates compile, and it leaves nothing of the language out.

use sealmark_watermark_dsl::{
    Align, Anchor, Blend, Code, Function, Metadata, OutputFormat, PROPERTIES, QrLevel, Template, Variable, Variables,
    examples::EXAMPLES, fmt, render_diagnostics,
};

const DOCUMENT: &str = include_str!("../../../docs/templates.md");

fn shelf(name: &str) -> Option<String> {
    (name == "brand").then(|| "template \"brand\" { let gold = #d4af37 }".to_owned())
}

/// Compiles a template that has to be right, and without a warning.
fn check(source: &str) -> Template {
    let template = Template::from_source_with(source, &shelf)
        .unwrap_or_else(|mistakes| panic!("{}", render_diagnostics(source, "template", &mistakes)));
    assert!(template.warnings().is_empty(), "{}", render_diagnostics(source, "template", template.warnings()));
    template
}

fn blocks() -> Vec<&'static str> {
    DOCUMENT.split("```seal\n").skip(1).filter_map(|rest| rest.split("\n```").next()).collect()
}

#[test]
fn every_template_of_the_document_compiles_and_is_laid_out() {
    let blocks = blocks();
    assert!(blocks.len() > 30);
    for block in blocks {
        check(block);
        assert_eq!(fmt(block).unwrap().trim_end(), block);
    }
}

#[test]
fn every_example_compiles_and_evaluates() {
    let variables = Variables { user_id: "u7".into(), media_id: "m1".into(), ..Variables::default() };
    for (name, example) in EXAMPLES {
        let evaluated = check(example).evaluate(&variables, 640, 480).unwrap();
        assert!(!evaluated.layers.is_empty(), "{name}");
        assert_eq!(fmt(example).unwrap().trim_end(), *example, "{name}");
    }
}

#[test]
fn the_pictures_of_the_document_are_the_examples() {
    let mut linked: Vec<&str> =
        DOCUMENT.split("](pictures/templates/").skip(1).filter_map(|rest| rest.split(".jpg)").next()).collect();
    let mut drawn: Vec<&str> = EXAMPLES.iter().map(|(name, _)| *name).collect();
    linked.sort_unstable();
    drawn.sort_unstable();
    assert_eq!(linked, drawn);
    // Below its picture stands the template that it was drawn with.
    for (name, example) in EXAMPLES.iter().filter(|(name, _)| name.contains('.')) {
        let section = DOCUMENT.split(&format!("](pictures/templates/{name}.jpg)")).nth(1).unwrap();
        assert!(section.starts_with(&format!("\n\n```seal\n{example}\n```")), "{name}");
    }
}

#[test]
fn every_property_is_described_and_drawn() {
    for (entry, properties) in PROPERTIES {
        for property in *properties {
            assert!(DOCUMENT.contains(&format!("`{property}`")) || *entry == "video", "{entry}: {property}");
            let is_seen = !matches!(*entry, "fingerprint" | "output" | "video");
            let names = [format!("{entry}.{property}"), format!("placement.{property}")];
            let is_drawn = EXAMPLES
                .iter()
                .any(|(name, example)| names.contains(&(*name).to_owned()) && example.contains(property));
            assert!(is_drawn || !is_seen, "no picture for {entry}: {property}");
        }
    }
    assert!(DOCUMENT.contains("`video { frame_interval = 3 }`"));
}

#[test]
fn every_word_and_every_code_is_described() {
    let words = Anchor::ALL.iter().map(|word| word.as_str());
    let words = words.chain(Blend::ALL.iter().map(|word| word.as_str()));
    let words = words.chain(Align::ALL.iter().map(|word| word.as_str()));
    let words = words.chain(QrLevel::ALL.iter().map(|word| word.as_str()));
    let words = words.chain(OutputFormat::ALL.iter().map(|word| word.as_str()));
    let words = words.chain(Metadata::ALL.iter().map(|word| word.as_str()));
    let words = words.chain(Variable::ALL.iter().map(|variable| variable.name()));
    for word in words {
        assert!(DOCUMENT.contains(&format!("`{word}`")), "{word}");
    }
    for function in Function::ALL {
        assert!(DOCUMENT.contains(&format!("`{}(", function.as_str())), "{function:?}");
    }
    for code in Code::ALL {
        assert!(DOCUMENT.contains(&format!("| `{code}` | {} |", code.title())), "{code}");
    }
}

#[test]
fn the_report_of_the_document_is_the_real_one() {
    let source = "template \"shop\" { text \"©\" { size = 3%w  anchor = bottom_rihgt } }";
    let mistakes = Template::from_source(source).unwrap_err();
    assert!(DOCUMENT.contains(&render_diagnostics(source, "shop.seal", &mistakes)));
}
