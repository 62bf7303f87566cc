//! Decides who may upload what, signs, completes, keeps the catalogue.
