//! The way of one picture, end to end, on real parts.

mod line {
    mod api;
    mod batches;
    mod browser;
    mod companion;
    mod crash;
    mod element;
    mod faults;
    mod forms;
    mod instant;
    mod limits;
    mod package;
    mod photos;
    mod resources;
    mod resources_bucket;
    mod studio;
}
