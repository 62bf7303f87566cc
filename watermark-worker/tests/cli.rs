//! The commands that work on files, run as people run them.
#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that goes wrong")]

mod cli {
    mod bench;
    mod explaining;
    mod rendering;
    mod templates;
    mod verifying;
}
