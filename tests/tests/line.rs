//! The way of one picture, end to end, on real parts.

mod line {
    mod api;
    mod browser;
    mod crash;
    mod element;
    mod faults;
    mod package;
    mod photos;
}
