//! Padded standard base64 of a few bytes; a crate for it would be a tenth of the browser's module.
//!
//! Source: RFC 4648, 4; only the one spelling of 3.5 is read.

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The text of some bytes.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, at| bits << 8 | u32::from(group.get(at).copied().unwrap_or(0)));
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at)) as usize % 64];
            text.push(if at > group.len() { '=' } else { char::from(letter) });
        }
    }
    text
}

/// The bytes of a text that has exactly so many.
pub(crate) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != N.div_ceil(3) * 4 {
        return None;
    }
    let letters = text.trim_end_matches('=');
    if letters.len() != (8 * N).div_ceil(6) {
        return None;
    }
    let (mut bytes, mut filled) = ([0; N], 0);
    let (mut bits, mut held) = (0_u32, 0);
    for letter in letters.bytes() {
        bits = bits << 6 | LETTERS.iter().position(|known| *known == letter)? as u32;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes[filled] = (bits >> held) as u8;
            filled += 1;
            bits &= (1 << held) - 1;
        }
    }
    (bits == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine, engine::general_purpose::STANDARD};
    use proptest::prelude::*;

    fn same<const N: usize>(bytes: [u8; N], other: &str) {
        let text = encode(&bytes);
        assert_eq!(text, STANDARD.encode(bytes));
        assert_eq!(decode(&text), Some(bytes));
        let expected = STANDARD.decode(other).ok().and_then(|bytes| bytes.try_into().ok());
        assert_eq!(decode::<N>(other), expected, "{other:?}");
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_base64_crate(bytes: [u8; 9], other in "[ABw/+]{0,11}[ABQgw-]{0,2}=?=?=?", longer in "[a-zA-Z0-9]{42}[A-Za-z0-9=]=") {
            same::<9>(bytes, &other);
            same::<8>([bytes[0]; 8], &other);
            same::<7>([bytes[1]; 7], &other);
            same::<0>([], &other);
            same::<32>([bytes[2]; 32], &longer);
        }
    }
}
