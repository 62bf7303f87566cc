//! Numbers as text without the formatter, which would be a twentieth of the browser's module.

/// The number in decimal digits.
pub(crate) fn decimal(number: u32) -> String {
    let mut text = if number < 10 { String::new() } else { decimal(number / 10) };
    text.push(char::from(b'0' + (number % 10) as u8));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_agrees_with_the_formatter(number: u32) {
            prop_assert_eq!(decimal(number), number.to_string());
            prop_assert_eq!(decimal(number % 11), (number % 11).to_string());
        }
    }
}
