//! `sealmark-upload`: photographs from the command line, there and back with their mark.

#[cfg(not(target_arch = "wasm32"))]
mod bars;
#[cfg(not(target_arch = "wasm32"))]
mod command;
#[cfg(not(target_arch = "wasm32"))]
mod download;
#[cfg(not(target_arch = "wasm32"))]
mod report;

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    command::main()
}

/// In the browser the library is driven by a Worker; there is no command.
#[cfg(target_arch = "wasm32")]
fn main() {}
