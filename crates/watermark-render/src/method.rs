//! How a mark came into a file, and why so.

use std::fmt;

use crate::{Codes, PngRefusal, Refusal};

/// How a mark came into a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// A JPEG's untouched bits were copied, and only the MCUs under the mark coded anew.
    Spliced(Codes),
    /// A JPEG's coefficients were all read, for it is progressive or has several scans; in each scan untouched bits were
    /// copied, and only what the mark changes coded anew.
    Rewritten(Codes),
    /// A PNG's other rows were copied as they are packed, and only those under the mark packed anew.
    Repacked,
    /// The pixels were decoded and encoded anew.
    Encoded(Reason),
}

/// Why pixels were decoded and encoded anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// Files of the source's format are always.
    Format,
    /// The source is a JPEG whose coefficients cannot be kept.
    Refused(Refusal),
    /// The source is a PNG whose rows cannot be kept as they are packed.
    Unpacked(PngRefusal),
    /// The template asks for another format, or the source's is never written.
    Converted,
    /// The template asks for a shorter edge.
    Shrunk,
    /// The template asks for a lower quality than the source has.
    Quality,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format => write!(f, "files of this format always are"),
            Self::Refused(refusal) => write!(f, "{refusal}"),
            Self::Unpacked(refusal) => write!(f, "{refusal}"),
            Self::Converted => write!(f, "the format is another one"),
            Self::Shrunk => write!(f, "it was shrunk"),
            Self::Quality => write!(f, "the quality was lowered"),
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let codes = |codes: &Codes| match codes {
            Codes::Own => "with its own codes",
            Codes::Added => "with longer codes added",
            Codes::New => "with new codes",
        };
        match self {
            Self::Spliced(found) => write!(f, "spliced, {}", codes(found)),
            Self::Rewritten(found) => write!(f, "all coefficients read, each scan spliced, {}", codes(found)),
            Self::Repacked => write!(f, "spliced, the other rows as they were packed"),
            Self::Encoded(reason) => write!(f, "decoded and encoded: {reason}"),
        }
    }
}
