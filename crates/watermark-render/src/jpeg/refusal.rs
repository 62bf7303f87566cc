//! Why a JPEG's coefficients cannot be kept.

/// What keeps a mark from being put into a JPEG as it is. The picture is decoded and encoded anew then, if it can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The bytes are no JPEG from here on, or its data does not fit its tables.
    #[error("the file is broken near byte {at}")]
    Broken {
        /// Where.
        at: usize,
    },
    /// Arithmetic coding.
    #[error("the file is arithmetic-coded")]
    Arithmetic,
    /// Samples of 12 bits.
    #[error("the file has samples of 12 bits")]
    TwelveBits,
    /// Lossless coding.
    #[error("the file is coded without loss")]
    Lossless,
    /// A hierarchical file, or one whose height comes last.
    #[error("the file is hierarchical")]
    Hierarchical,
    /// Another number of components than 1, 3 or 4.
    #[error("the file has {count} components")]
    Components {
        /// How many.
        count: usize,
    },
    /// Sampling factors that do not divide each other.
    #[error("the file's sampling factors do not divide each other")]
    Sampling,
    /// Components whose meaning is not known.
    #[error("the file does not say what its components mean")]
    UnknownColors,
    /// Quantization tables that change between scans.
    #[error("the file's quantization tables change between its scans")]
    ChangingTables,
    /// Scans without end.
    #[error("the file has too many scans")]
    TooManyScans,
    /// Scans that leave out components, coefficients or their last bits: there is no place for a mark's.
    #[error("the file's scans do not hold every coefficient")]
    Incomplete,
    /// Values that 8-bit samples cannot have.
    #[error("the file has coefficients out of range")]
    OutOfRange,
    /// All of its coefficients together take more memory than allowed.
    #[error("the file's coefficients take more memory than allowed")]
    TooLarge,
    /// A blend mode other than normal on inks of CMYK.
    #[error("the file has inks, which other blend modes than normal are not defined for")]
    BlendOfInks,
    /// A symbol without a code.
    #[error("a symbol has no code")]
    MissingSymbol,
}
