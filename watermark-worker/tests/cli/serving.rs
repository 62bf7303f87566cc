use super::bench::{Bench, SHOP};

const CONFIG: &str = r#"
[database]
url = "sqlite://absent/catalogue.db"
[redis]
url = "redis://127.0.0.1:1"
[store]
endpoint = "http://127.0.0.1:1"
bucket = "bucket"
access_key = "a"
secret_key = "s"
[worker]
"#;

fn configured(worker: &str) -> Bench {
    Bench::with(&[
        ("sealmark.toml", format!("{CONFIG}{worker}").as_bytes()),
        ("shop.seal", SHOP),
        ("logo.seal", b"template \"t\" { image \"logo.svg\" { }  text \"{hmac(key.other, user_id)}\" { } }"),
        ("assets/readme.txt", b"no picture"),
        ("fonts/broken.ttf", b"no font"),
    ])
}

#[test]
fn a_template_that_names_what_is_not_there_is_refused_at_the_start() {
    let bench = configured(
        "template = \"logo.seal\"\nassets = \"assets\"\nkeys = { trace = \"000102030405060708090a0b0c0d0e0f\" }",
    );
    let ran = bench.run("run --config sealmark.toml").code(1);
    let ran = ran.says("error[E0039]: there is no picture `logo.svg`").says("logo.seal:1:22");
    ran.says("error[E0040]: there is no key `other`").says("there is `trace`");
}

#[test]
fn a_broken_font_is_refused_at_the_start() {
    let bench = configured("template = \"shop.seal\"\nfonts = \"fonts\"");
    let ran = bench.run("run --config sealmark.toml").code(1);
    ran.says("fonts/broken.ttf cannot be used").says("neither TrueType nor OpenType");
}

#[test]
fn mistakes_of_the_settings_are_told_together_and_no_key_is_shown() {
    let bench =
        configured("template = \"shop.seal\"\nfonts = \"gone\"\ntenants = \"shop.seal\"\nkeys = { trace = \"hush\" }");
    let ran = bench.run("run --config sealmark.toml").code(1);
    let ran = ran.says("fonts: there is no folder gone").says("tenants: there is no folder shop.seal");
    let ran = ran.says("keys: the key trace is neither");
    assert!(!ran.err.contains("hush"), "{}", ran.err);
}

#[test]
fn a_prefix_of_pictures_in_the_bucket_is_one_of_its_own() {
    let bench = configured("template = \"shop.seal\"\n[resources]\nprefix = \"raw/acme/\"");
    bench.run("run --config sealmark.toml").code(1).says("[resources]").says("where originals and versions are");
    let zeros = "interval_s = 0\nmax_objects = 0\nmax_object_bytes = 0\nmax_total_bytes = 0";
    let bench = configured(&format!("template = \"shop.seal\"\n[resources]\n{zeros}"));
    let mut ran = bench.run("run --config sealmark.toml").code(1);
    for name in ["interval_s", "max_objects", "max_object_bytes", "max_total_bytes"] {
        ran = ran.says(&format!("[resources] {name} is 0"));
    }
}
