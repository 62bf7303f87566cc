//! What was probably meant.

use crate::report;

#[test]
fn what_is_meant_is_guessed() {
    let source = r##"template "t" {
  let brand = #d4af37
  txt "a" { }
  text "{imge.width} {uper(tenant)}" { color = brnd }
  when width < 30 && tenant == "x" { skip }
  text "{upper(tenent)}" { color = brand  size = 3%q }
}"##;
    insta::assert_snapshot!(report(source), @r#"
    error[E0005]: there is no layer `txt`
     --> t.seal:3:3
      |
    3 |   txt "a" { }
      |   ^^^
      |
      = help: did you mean `text`?

    error[E0006]: there is no variable `imge.width`
     --> t.seal:4:10
      |
    4 |   text "{imge.width} {uper(tenant)}" { color = brnd }
      |          ^^^^^^^^^^
      |
      = help: did you mean `image.width`?

    error[E0017]: there is no function `uper`
     --> t.seal:4:23
      |
    4 |   text "{imge.width} {uper(tenant)}" { color = brnd }
      |                       ^^^^
      |
      = help: did you mean `upper`?

    error[E0007]: there is no colour `brnd`
     --> t.seal:4:48
      |
    4 |   text "{imge.width} {uper(tenant)}" { color = brnd }
      |                                                ^^^^
      |
      = help: did you mean `brand`?

    error[E0001]: expected `and`, found `&&`
     --> t.seal:5:19
      |
    5 |   when width < 30 && tenant == "x" { skip }
      |                   ^^
      |
      = help: did you mean `and`?

    error[E0006]: there is no variable `tenent`
     --> t.seal:6:16
      |
    6 |   text "{upper(tenent)}" { color = brand  size = 3%q }
      |                ^^^^^^
      |
      = help: did you mean `tenant`?

    error[E0009]: there is no unit `%q`
     --> t.seal:6:50
      |
    6 |   text "{upper(tenent)}" { color = brand  size = 3%q }
      |                                                  ^^^
      |
      = help: lengths are in `px`, `%w`, `%h` or `%min`, of letters also in `em`; angles are in `deg`
    "#);
}
