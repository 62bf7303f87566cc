//! The project's own build, set-up and run commands.
fn main() {}
