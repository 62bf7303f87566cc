//! Renders marks and swaps versioned renditions in.
