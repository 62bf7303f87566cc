//! How much of a template there may be.

use sealmark_watermark_dsl::{Code, parse};

use crate::{codes, layer, qr, report};

#[test]
fn limits_are_diagnostics() {
    let long = format!("// {}\n{}", "x".repeat(64 * 1024), layer(""));
    assert_eq!(codes(&long), ["E0030"]);
    insta::assert_snapshot!(report(&long), @"
    error[E0030]: the template is 65570 bytes long; at most 65536 are read
     --> t.seal:1:1
      |
    1 | // xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...
      | ^
    ");

    let many = format!("template \"t\" {{ {} }}", "text \"x\" { } ".repeat(40));
    assert_eq!(codes(&many), ["E0031"]);
    assert_eq!(codes(&format!("template \"t\" {{ text \"{}\" {{ }} }}", "ä".repeat(1_001))), ["E0032"]);
    assert_eq!(codes(&format!("template \"t\" {{ text \"{}\" {{ }} }}", "ä".repeat(1_000))), [""; 0]);

    let deep = |levels: usize| {
        let (open, close) = ("when width > 1 { ".repeat(levels), "}".repeat(levels));
        format!("template \"t\" {{ {open} text \"x\" {{ }} {close} }}")
    };
    assert_eq!(codes(&deep(16)), [""; 0]);
    assert_eq!(codes(&deep(17)), ["E0033"]);
    let parentheses = |levels: usize| layer(&format!("size = {}1px{}", "(".repeat(levels), ")".repeat(levels)));
    assert_eq!(codes(&parentheses(16)), [""; 0]);
    assert_eq!(codes(&parentheses(17)), ["E0033"]);
    let calls = |levels: usize| qr(&format!("{}user_id{}", "sha256(".repeat(levels), ")".repeat(levels)));
    assert_eq!(codes(&calls(16)), [""; 0]);
    assert_eq!(codes(&calls(17)), ["E0033"]);

    assert_eq!(codes(&qr(&vec!["user_id"; 256].join("+"))), [""; 0]);
    assert_eq!(codes(&qr(&vec!["user_id"; 257].join("+"))), ["E0035"]);
    assert_eq!(codes(&qr(&vec!["user_id"; 300].join("+"))), ["E0035"]);

    // Constants that double each other would grow without bound.
    let doubled = |first: &str| {
        let lets: String = (1..30).map(|n| format!("let a{n} = a{m} + a{m}\n", m = n - 1)).collect();
        format!("template \"t\" {{ let a0 = {first}\n{lets} text \"{{a29}}\" {{ }} }}")
    };
    assert_eq!(codes(&doubled("user_id")), ["E0035"]);
    assert_eq!(codes(&doubled("\"0123456789\"")), ["E0032"]);
    assert_eq!(codes(&doubled("1")), [""; 0]);

    let lets: String = (0..65).map(|n| format!("let a{n} = user_id\n")).collect();
    let uses: String = (0..65).map(|n| format!("{{a{n}}}")).collect();
    assert_eq!(codes(&format!("template \"t\" {{ {lets} text \"{uses}\" {{ }} }}")), ["E0036", "E0006"]);

    let whens =
        |many: usize| format!("template \"t\" {{ text \"x\" {{ }} {} }}", "when width < 9 { skip } ".repeat(many));
    assert_eq!(codes(&whens(64)), [""; 0]);
    assert_eq!(codes(&whens(65)), ["E0037"]);

    // A constant is long, and its name is not: what is too much is not even put together.
    let long = "x".repeat(990);
    let lets = format!("let a = \"{long}\" let b = a + a + a + a + a + a + a + a let c = user_id + tenant + user_id");
    let many =
        |name: &str| format!("template \"t\" {{ {lets} text \"{}\" {{ }} }}", format!("{{{name}}}").repeat(9_000));
    assert_eq!(codes(&many("b")), ["E0032", "W0002"].into_iter().rev().collect::<Vec<_>>());
    assert_eq!(codes(&many("c")), ["W0002", "E0035"]);

    // Each source is short, what it stands for is not.
    let lets: String = (0..60).map(|n| format!("let a{n} = \"{}\" ", "x".repeat(990))).collect();
    let whens: String = (0..60).map(|n| format!("when tenant == a{n} + a{n} {{ text \"x\" {{ }} }} ")).collect();
    let grown = format!("template \"t\" {{ {lets} {} }}", whens.split_inclusive("} } ").take(30).collect::<String>());
    assert_eq!(codes(&grown).first(), Some(&"E0030"));

    let (_, mistakes) = parse(&layer(&"size = ; ".repeat(5_000)));
    assert_eq!(mistakes.len(), 101);
    assert_eq!(mistakes.last().map(|d| d.code), Some(Code::TooManyMistakes));
}
