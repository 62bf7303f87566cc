//! The template language: parse, check, compile.
