//! What the benches write: targets beside what was reached, tables of rows, and the machine that it was on.

pub mod machine;
mod report;
mod section;
mod target;

pub use report::Report;
pub use section::Section;
pub use target::Target;

use std::borrow::Borrow;

/// The middle value; of two, their mean.
pub fn median<V: Borrow<f64>>(values: impl IntoIterator<Item = V>) -> Option<f64> {
    let mut values: Vec<f64> = values.into_iter().map(|value| *value.borrow()).collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        length if length % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_middle_of_two_is_their_mean() {
        assert_eq!(median::<f64>([]), None);
        assert_eq!(median([3.0]), Some(3.0));
        let mut measured = vec![9.0, 1.0, 2.0];
        assert_eq!(median(&measured), Some(2.0));
        measured.push(4.0);
        assert_eq!(median(measured), Some(3.0));
    }
}
