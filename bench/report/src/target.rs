//! What was to be reached.

use serde::Serialize;

/// What was to be reached, and whether it was.
#[derive(Debug, Clone, Serialize)]
pub struct Target {
    /// What of it.
    pub what: String,
    /// The limit, for people.
    pub wanted: String,
    /// What was measured, for people.
    pub reached: String,
    /// Whether that is within the limit; what was not measured is not.
    pub met: bool,
}

impl Target {
    /// At least so much, in some unit; ratios have an empty one.
    pub fn at_least(what: impl Into<String>, wanted: f64, unit: &str, reached: Option<f64>) -> Self {
        Self::new(what, '≥', wanted, unit, reached, |reached| reached >= wanted)
    }

    /// At most so much, in some unit; ratios have an empty one.
    pub fn at_most(what: impl Into<String>, wanted: f64, unit: &str, reached: Option<f64>) -> Self {
        Self::new(what, '≤', wanted, unit, reached, |reached| reached <= wanted)
    }

    fn new(
        what: impl Into<String>,
        sign: char,
        wanted: f64,
        unit: &str,
        reached: Option<f64>,
        is_met: impl Fn(f64) -> bool,
    ) -> Self {
        // Ratios lie around 1, where the second digit counts.
        let number = |value: f64| if unit.is_empty() { format!("{value:.2}") } else { format!("{value:.1} {unit}") };
        // No digit that says nothing: a limit of 20 is 20, one of 50.331648 MB is 50.33 MB.
        let limit = (wanted * 100.0).round() / 100.0;
        Self {
            what: what.into(),
            wanted: format!("{sign} {limit} {unit}").trim_end().to_owned(),
            reached: reached.map_or("not measured".to_owned(), number),
            met: reached.is_some_and(is_met),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_count_and_their_unit() {
        let shown = |target: Target| format!("{} | {} | {}", target.wanted, target.reached, target.met);
        assert_eq!(shown(Target::at_least("", 20.0, "", Some(9.434))), "≥ 20 | 9.43 | false");
        assert_eq!(shown(Target::at_least("", 0.95, "", Some(0.95))), "≥ 0.95 | 0.95 | true");
        assert_eq!(shown(Target::at_most("", 50.331_648, "MB", Some(21.44))), "≤ 50.33 MB | 21.4 MB | true");
        assert_eq!(shown(Target::at_most("", 100.0, "ms", Some(100.04))), "≤ 100 ms | 100.0 ms | false");
        assert_eq!(shown(Target::at_most("", 1.0, "MB", None)), "≤ 1 MB | not measured | false");
    }
}
