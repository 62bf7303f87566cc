//! The way of one picture, end to end, on real parts.

mod line {
    mod api;
    mod batches;
    mod browser;
    mod crash;
    mod forms;
    mod instant;
    mod limits;
    mod photos;
}
