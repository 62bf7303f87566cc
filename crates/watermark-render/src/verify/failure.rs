//! What verification found.

use std::fmt;

/// What verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyFailure {
    /// The output is not in the format that it says, or has marks in coefficients that it cannot have.
    Format,
    /// The output cannot be decoded.
    Undecodable,
    /// The output has another size than it should.
    Size {
        /// Size of the source as shown, or shrunk as the template says.
        expected: (u32, u32),
        /// Size of the output.
        got: (u32, u32),
    },
    /// The output has another depth, or other channels.
    Samples,
    /// The output has another ICC profile than it should keep.
    Profile,
    /// The output still holds metadata that may speak of people or places, or a second orientation.
    Metadata,
    /// The output has more or fewer pictures than the source, or shows them for another time.
    Animation,
    /// A pixel outside of the touched areas differs (lossless formats).
    Pixel {
        /// Its column.
        x: u32,
        /// Its row.
        y: u32,
    },
    /// The output has another frame, other quantization tables or other scans (JPEG).
    Structure,
    /// A coefficient outside of the touched areas differs (JPEG).
    Coefficient {
        /// The MCU's column.
        column: u32,
        /// The MCU's row.
        row: u32,
    },
    /// A block outside of the touched areas differs by more than the bounds (lossy formats, encoded anew).
    Block {
        /// Its first column.
        x: u32,
        /// Its first row.
        y: u32,
    },
}

impl fmt::Display for VerifyFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format => write!(f, "the output is in another format"),
            Self::Undecodable => write!(f, "the output cannot be decoded"),
            Self::Size { expected, got } => {
                write!(f, "the output has {}x{} pixels, not {}x{}", got.0, got.1, expected.0, expected.1)
            }
            Self::Samples => write!(f, "the output has another kind of samples"),
            Self::Profile => write!(f, "the output has another colour profile"),
            Self::Metadata => write!(f, "the output holds metadata that it should not"),
            Self::Animation => write!(f, "the output moves in another way"),
            Self::Pixel { x, y } => write!(f, "the pixel at {x},{y} has changed outside of the mark"),
            Self::Structure => write!(f, "the output is built in another way"),
            Self::Coefficient { column, row } => {
                write!(f, "a coefficient of the MCU in column {column}, row {row} has changed outside of the mark")
            }
            Self::Block { x, y } => write!(f, "the block at {x},{y} has changed outside of the mark"),
        }
    }
}
