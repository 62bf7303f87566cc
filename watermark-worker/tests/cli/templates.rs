use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::json;

use super::bench::{Bench, LOGO, SHOP};

const MESSY: &[u8] = b"template \"messy\"{text \"x\"{size=5%w}}";
const LAID_OUT: &[u8] = b"template \"messy\" {\n  text \"x\" { size = 5%w }\n}\n";
const BROKEN: &[u8] = b"template \"broken\" { text \"x { }";

#[test]
fn check_tells_every_mistake_of_every_template() {
    let bench = Bench::with(&[
        ("shop.seal", SHOP),
        ("broken.seal", BROKEN),
        ("faint.seal", b"template \"faint\" { text \"x\" { opacity = 1% } }"),
        ("two.seal", b"template \"two\" { text \"x\" { anchor = botom  colour = red } }"),
    ]);
    bench.run("check shop.seal").code(0).says("shop.seal: template \"shop\" is right");
    bench.run("check faint.seal").code(0).says("warning[W0001]").says("is right");
    let ran = bench.run("check shop.seal broken.seal two.seal absent.seal").code(1);
    let ran = ran.says("E0002").says("E0007").says("E0004").says("did you mean `bottom`?").says("two.seal:1:");
    ran.says("absent.seal cannot be read: No such file").says("\"shop\" is right");
    bench.run("check").code(2).says("required");
}

#[test]
fn check_says_it_in_json_too() {
    let bench =
        Bench::with(&[("shop.seal", SHOP), ("two.seal", b"template \"two\" { text \"x\" { anchor = botom } }")]);
    let ran = bench.run("check --json shop.seal two.seal absent.seal").code(1);
    let json = ran.json();
    let [right, wrong, absent] = &json[0].as_array().unwrap()[..] else { panic!("{}", ran.out) };
    assert_eq!(
        right,
        &json!({ "file": "shop.seal", "is_right": true, "name": "shop", "error": null, "diagnostics": [] })
    );
    assert_eq!((&wrong["file"], &wrong["is_right"], &wrong["name"]), (&json!("two.seal"), &json!(false), &json!(null)));
    let diagnostic = &wrong["diagnostics"][0];
    assert_eq!((&diagnostic["code"], &diagnostic["start"]["column"]), (&json!("E0007"), &json!(38)));
    assert_eq!(diagnostic["suggestion"]["replacement"], "bottom");
    assert!(absent["error"].as_str().unwrap().contains("cannot be read"));
}

#[test]
fn check_looks_for_pictures_where_it_is_told_to() {
    let bench = Bench::with(&[
        ("t.seal", b"template \"t\" { image \"logo.svg\" { }  include \"other\" }"),
        ("in/other.seal", b"template \"other\" { image \"gone.png\" { } }"),
        ("logos/logo.svg", LOGO),
    ]);
    bench.run("check t.seal").code(1).says("E0025");
    bench.run("check --include-dir in t.seal").code(0);
    let ran = bench.run("check --include-dir in --assets logos t.seal").code(1);
    ran.says("there is no picture `gone.png`").says("other:1:26").says("there is `logo.svg`");
    bench.run("check --assets absent t.seal").code(2).says("absent cannot be read");
}

#[test]
fn a_code_is_explained() {
    let bench = Bench::with(&[]);
    bench.run("check --explain e0007").code(0).says("E0007: The property does not know this word.").says("as `anchor");
    bench.run("check --explain E9999").code(2).says("there is no code \"E9999\"").says("E0001, E0002");
}

#[test]
fn fmt_changes_what_is_not_laid_out_and_nothing_else() {
    let bench = Bench::with(&[("messy.seal", MESSY), ("shop.seal", SHOP), ("broken.seal", BROKEN)]);
    fs::set_permissions(bench.path("messy.seal"), fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("messy.seal", bench.path("link.seal")).unwrap();
    let before = fs::metadata(bench.path("shop.seal")).unwrap().modified().unwrap();

    let ran = bench.run("fmt --check messy.seal shop.seal").code(1).says("messy.seal would change");
    assert!(!ran.out.contains("shop.seal"), "{}", ran.out);
    assert_eq!(bench.read("messy.seal"), MESSY);

    let ran = bench.run("fmt broken.seal link.seal shop.seal absent.seal").code(1);
    ran.says("link.seal is laid out").says("error[E0002]").says("absent.seal cannot be read");
    assert_eq!((bench.read("messy.seal"), bench.read("broken.seal")), (LAID_OUT.to_vec(), BROKEN.to_vec()));
    assert!(fs::symlink_metadata(bench.path("link.seal")).unwrap().is_symlink());
    assert_eq!(fs::metadata(bench.path("messy.seal")).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(fs::metadata(bench.path("shop.seal")).unwrap().modified().unwrap(), before);
    bench.run("fmt --check messy.seal shop.seal").code(0);
    assert_eq!(bench.names("."), ["broken.seal", "link.seal", "messy.seal", "shop.seal"]);
}

#[test]
fn fmt_works_between_pipes() {
    let bench = Bench::with(&[]);
    assert_eq!(bench.run_with("fmt --stdin", MESSY).code(0).out.as_bytes(), LAID_OUT);
    assert_eq!(bench.run_with("fmt --stdin --check", LAID_OUT).code(0).out, "");
    assert_eq!(bench.run_with("fmt --stdin --check", MESSY).code(1).out, "");
    assert_eq!(bench.run_with("fmt --stdin", BROKEN).code(1).says("<stdin>:1:").out, "");
    bench.run("fmt").code(2);
}

#[test]
fn help_tells_of_every_command_and_the_exit_codes() {
    let bench = Bench::with(&[]);
    let mut ran = bench.run("--help").code(0);
    for part in ["render", "check", "fmt", "verify", "explain", "run", "Exit codes:", "3  the template is wrong"] {
        ran = ran.says(part);
    }
    for command in ["render", "check", "fmt", "verify", "explain"] {
        bench.run(&format!("{command} --help")).code(0).says("Examples:").says("Exit code 0");
    }
}
