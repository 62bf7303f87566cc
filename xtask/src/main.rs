//! `cargo xtask`: the project's own set-up, build and run commands.

#![expect(clippy::print_stdout, reason = "a command-line tool talks on standard output")]

mod apt;
mod bench;
mod bench_hash;
mod bench_render;
mod children;
mod corpus;
mod credentials;
mod dev;
mod digest;
mod doctor;
mod fuzz;
mod lint;
mod package;
mod pictures;
mod places;
mod python;
mod ready;
mod setup;
mod shell;
mod stack;
mod test;
mod wasm;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Set up, run and check Sealmark on this machine")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the whole line here: store, Redis, API, worker and page; prints one URL
    Dev(dev::Options),
    /// Run every test, after installing what they need
    Test(test::Options),
    /// Install what a command needs, and nothing else
    Setup {
        /// What to prepare for
        #[arg(long = "for", value_enum, default_value = "dev")]
        purpose: setup::Purpose,
    },
    /// List each prerequisite, found or missing, with its mend
    Doctor,
    /// Build the browser client into www/pkg
    Wasm(wasm::Options),
    /// Mark hundreds of JPEGs of many encoders, and have libjpeg and Pillow prove it
    Corpus(corpus::Options),
    /// Measure, side by side with others
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Measure hashing in Chromium: scalar, four lanes, the browser's own, CRC64NVME
    BenchHash,
    /// Feed mutated JPEGs, pictures and templates, with a sanitizer watching
    Fuzz(fuzz::Options),
    /// Make the npm package of the browser client, target/package/*.tgz
    Package,
    /// Make the documents' pictures and the README's demo output anew, from a real run
    Pictures,
    /// Check format, lints, licences and sources
    Lint,
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Dev(options) => dev::run(&options),
        Command::Test(options) => test::run(&options),
        Command::Setup { purpose } => setup::run(purpose),
        Command::Doctor => doctor::run(),
        Command::Wasm(options) => wasm::build(&options),
        Command::Corpus(options) => corpus::run(&options),
        Command::Bench(bench) => bench::run(&bench),
        Command::BenchHash => bench_hash::run(),
        Command::Fuzz(options) => fuzz::run(&options),
        Command::Package => package::run(),
        Command::Pictures => pictures::run(),
        Command::Lint => lint::run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n{error:#}");
            ExitCode::FAILURE
        }
    }
}
