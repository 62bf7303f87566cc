//! Layout, drawing, blending and verification of marks; bytes in, bytes out.
