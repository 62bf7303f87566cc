//! The codes of mistakes, each with its explanation.

use std::fmt;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The template cannot be used.
    Error,
    /// The template works, but probably not as meant.
    Warning,
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $variant:ident = $text:literal, $explanation:literal;)*) => {
        /// What kind of mistake it is. Tools match on this or on its text, never on a message; a code is not reused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code { $($(#[doc = $doc])* $variant,)* }

        impl Code {
            /// Every code, for documents and for tests.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable code, `E` for errors and `W` for warnings.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The kind of mistake in one line.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),*).trim_ascii(),)* }
            }

            /// What the mistake is and how it is mended, in a few sentences.
            pub const fn explain(self) -> &'static str {
                match self { $(Self::$variant => $explanation,)* }
            }
        }
    };
}

codes! {
    /// Something else belongs at this place.
    Unexpected = "E0001",
    "The words and signs do not form a template at this place. A file is `template \"name\" { … }`; between the braces \
     stand layers, and between a layer's braces `name = value`. The message says what was expected.";
    /// A text in quotes has no end on its line.
    UnterminatedText = "E0002",
    "A text begins with `\"` or `'` and ends with the same sign on the same line. A line break inside of a text is \
     written `\\n`, the sign itself `\\\"` or `\\'`.";
    /// A brace has no partner.
    UnclosedBlock = "E0003",
    "Every `{` needs its `}`. The place shown is the one that opened the block; the closing brace was probably \
     forgotten before the next layer.";
    /// There is no such property here.
    UnknownProperty = "E0004",
    "Each layer has its own properties. The hint names the nearest one, or all of them.";
    /// There is no such layer.
    UnknownLayer = "E0005",
    "The layers are `text`, `image`, `tile`, `qr` and `fingerprint`; beside them stand `when`, `let`, `include`, \
     `output` and `video`.";
    /// There is no such variable or constant.
    UnknownVariable = "E0006",
    "A calculation may use the variables of the language, `tags.` with any name, and the constants of this template \
     that stand above. A text in quotes is shown as it is, so plain words need quotes.";
    /// The property does not know this word.
    UnknownWord = "E0007",
    "The property takes one of a few words, as `anchor = bottom_right`. The hint names the nearest one, or all.";
    /// The value is of another type.
    WrongValue = "E0008",
    "Every property, operator and function takes values of certain types, as a length, a colour or a text. The message \
     says which was expected and which was found. Numbers without a unit are no lengths: write `3px` or `3%w`.";
    /// A number has a unit that does not exist or does not fit here.
    UnknownUnit = "E0009",
    "Lengths are in `px`, `%w` (percent of the width), `%h` (of the height) or `%min` (of the shorter side); some that \
     belong to letters also in `em`. Angles are in `deg`. Calculations need the same unit on both sides.";
    /// A number is too small or too large.
    OutOfRange = "E0010",
    "The property takes numbers between two ends, which the hint names.";
    /// A colour is not 3, 4, 6 or 8 hex digits.
    BadColor = "E0011",
    "A colour is `#rgb`, `#rgba`, `#rrggbb` or `#rrggbbaa` in hex digits, or one of the names of CSS as `white`.";
    /// A property is given twice.
    DuplicateProperty = "E0012",
    "A property may be given once in a layer, and `output` and `video` once in a template. Keep one of the two.";
    /// The template, or a layer of it, would draw nothing.
    DrawsNothing = "E0013",
    "Pictures would go out without the mark: the template has no layer, a text is empty, or a layer is fully \
     transparent. To publish some pictures without a mark on purpose, write `when … { skip }`.";
    /// A backslash or a brace in a text is not one of the known forms.
    BadEscape = "E0014",
    "In a text stand `\\\"`, `\\'`, `\\\\`, `\\n` and `\\u{a9}`. Braces enclose a calculation, as `{user_id}`; a brace that \
     shows is doubled: `{{` and `}}`.";
    /// A name is empty, too long or has other characters than it may.
    BadName = "E0015",
    "The name of a template is 1 to 64 of `a-z A-Z 0-9 _ - .`. A constant's name is a word that the language does not \
     use itself.";
    /// A layer lacks a property that it cannot do without.
    MissingProperty = "E0016",
    "`qr` and `fingerprint` need a `payload`, and the older form needs `payload` and `location` both.";
    /// There is no such function.
    UnknownFunction = "E0017",
    "The functions are `sha256`, `hmac`, `date`, `format`, `upper`, `lower` and `truncate`.";
    /// A function is called with too few or too many values, or with a named one.
    WrongArguments = "E0018",
    "Each function takes a fixed number of values: `sha256(x)`, `hmac(key.name, x)`, `date(ms, \"%Y\")`, \
     `format(x, \"04\")`, `upper(x)`, `lower(x)`, `truncate(x, n)`.";
    /// A value that depends on the picture stands where only a fixed one may.
    NotConstant = "E0019",
    "Texts, payloads and conditions may depend on the picture. All other properties are fixed, so that a template can \
     be checked once for all pictures; `when` chooses between layers with different ones.";
    /// Part of the language, but not at this place.
    NotHere = "E0020",
    "The entry is known, but stands where it has no meaning: `let` and `include` belong directly into the template, \
     `skip` into a `when`, and only `text`, `image` and `qr` can be repeated by `tile`.";
    /// A format does not fit what it is to format.
    BadFormat = "E0021",
    "Behind the colon stands `04` (whole numbers: at least so many digits), `.2` (decimals: digits after the point; \
     texts and digests: at most so many characters) or, for times, a date as `%Y-%m-%d`. A date knows \
     %Y %y %m %d %e %j %H %I %M %S %L %p %a %A %b %B %F %T and %%.";
    /// A number became too large, or a division is by zero.
    Arithmetic = "E0022",
    "The calculation has no result: whole numbers go from -2^63 to 2^63 - 1, decimals must stay finite, and nothing is \
     divided by zero.";
    /// A key would be shown.
    SecretShown = "E0023",
    "Keys (`key.name`) are secret. They may stand only as the first value of `hmac`, whose result does not betray them.";
    /// Two constants have the same name.
    DuplicateConstant = "E0024",
    "A constant is given once, in this template or in one that it includes. Rename one of the two.";
    /// An included template does not exist.
    UnknownInclude = "E0025",
    "`include \"name\"` looks the template up by its name. Where no other templates are at hand, as in a check of a \
     single file, there are none to include.";
    /// A template includes itself.
    IncludeCycle = "E0026",
    "An include may not lead back to a template that is being included. The message shows the way round.";
    /// An included template has mistakes.
    BrokenInclude = "E0027",
    "The mistakes of the included template are reported with it, under its own name.";
    /// The location or the persistence of the older form cannot be understood.
    BadOlderForm = "E0028",
    "In the older form `location` is `\"qr_overlay(anchor, scale=0.12)\"` and `persistence` is \
     `\"frame_interval(3) + noise_resilient(luma_alpha=0.35)\"`, either part alone too.";
    /// The source, or what it stands for, is too long.
    SourceTooLong = "E0030",
    "A template has at most 65,536 bytes, as written and again with its includes and constants written out.";
    /// Too many layers.
    TooManyLayers = "E0031",
    "A template has at most 32 layers, those of its includes and both ways of a `when` counted.";
    /// A text is too long.
    TextTooLong = "E0032",
    "The text of a layer has at most 1,000 characters, and one that is calculated on the way at most 16,384 bytes.";
    /// Nested too deep.
    NestedTooDeep = "E0033",
    "Blocks, parentheses and calculations go at most 16 deep, includes at most 4.";
    /// Too many mistakes; the rest is not shown.
    TooManyMistakes = "E0034",
    "After 100 mistakes no more are shown. Mend some and run the check again.";
    /// A calculation has too many parts.
    TooManyParts = "E0035",
    "A calculation has at most 256 names, values and calls, constants written out.";
    /// Too many constants or includes.
    TooManyNames = "E0036",
    "A template has at most 64 constants and 16 includes, those of its includes counted, and a text 8 fonts.";
    /// Too many conditions.
    TooManyConditions = "E0037",
    "A template has at most 64 `when`, those of its includes and each `else when` counted.";
    /// A font that is not there.
    UnknownFont = "E0038",
    "The fonts are the embedded `DejaVu Sans` and those of the fonts folder, by the names that they give themselves. All \
     fonts that a template names must be there, the fallbacks too.";
    /// A picture that is not there.
    UnknownPicture = "E0039",
    "The pictures are the PNG, WebP and SVG files of the assets folder, by their names within it, as `logo.png` or \
     `brand/logo.svg`.";
    /// A key that is not there.
    UnknownKey = "E0040",
    "`key.name` is one of the keys that the worker's settings give a name, or `--key name=…` on the command line.";
    /// A layer that this release cannot draw.
    CannotDraw = "E0041",
    "The layer is part of the language, but this release cannot draw it, and pictures must not go out without it. Take \
     it out until a later release can.";
    /// A mark so faint that it can hardly be seen.
    FaintMark = "W0001",
    "Under 5% of opacity a mark is hardly seen. For an invisible mark use `fingerprint`.";
    /// A constant that nothing uses.
    UnusedConstant = "W0002",
    "The constant is not used in this template. Remove it, or use it where it was meant.";
    /// A layer that can never be drawn.
    NeverShown = "W0003",
    "The condition around the layer never holds, or a `skip` stands before it.";
    /// A condition that always holds.
    AlwaysHolds = "W0004",
    "The condition does not depend on the picture and always holds, so it can be left out.";
    /// Metadata that is both kept and stripped.
    KeptAndStripped = "W0005",
    "`keep` and `strip` name the same; it is stripped. Remove it from one of the two.";
    /// A code that will be hard to read.
    HardToScan = "W0006",
    "A QR code is read by the difference between its dark and light modules. Give it a dark `color`, a light \
     `background`, at least 2 modules of `quiet` and an opacity of 25% or more.";
    /// A property that has no effect here.
    NoEffect = "W0007",
    "The property changes nothing beside the others of this layer, as `align` in a text of one line.";
}

impl Code {
    /// Whether this refuses the template or only warns.
    pub const fn severity(self) -> Severity {
        match self.as_str().as_bytes() {
            [b'W', ..] => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// The code of this text, as `E0007`.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str().eq_ignore_ascii_case(text))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_explained() {
        let mut texts: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        texts.dedup();
        assert!(texts.is_sorted() && texts.len() == Code::ALL.len());
        for code in Code::ALL {
            assert_eq!(Code::from_text(code.as_str()), Some(*code));
            assert!(code.explain().len() > 40 && code.explain().ends_with('.'), "{code}");
            assert!(code.title().ends_with('.'), "{code}");
        }
        assert_eq!(Code::from_text("w0001"), Some(Code::FaintMark));
        assert_eq!(Code::FaintMark.severity(), Severity::Warning);
        assert_eq!(Code::WrongValue.severity(), Severity::Error);
    }
}
