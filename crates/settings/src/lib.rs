//! One configuration for each service: a TOML file, the environment, every mistake in one report.
