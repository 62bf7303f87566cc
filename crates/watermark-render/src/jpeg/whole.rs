//! What the decoder does not tell about a JPEG: whether its end is there.

/// Whether the segments lead to scans and the scans to an end-of-image marker.
///
/// The decoder fills a missing end with gray, as a viewer should; a rendition of half a picture must not be published.
/// What follows the end (a second picture, a film) is not looked at. Source: ITU-T T.81, annex B.
pub(crate) fn is_whole(bytes: &[u8]) -> bool {
    const END: u8 = 0xd9;
    const SCAN: u8 = 0xda;
    let mut at = 2;
    let mut has_scan = false;
    loop {
        // Between segments as in scans: 0xff, perhaps repeated, and a byte that is no stuffing and no restart.
        let Some(found) = bytes.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == 0xff)) else {
            return false;
        };
        at += found + 1;
        let Some(marker) = bytes.get(at) else { return false };
        match *marker {
            0xff => continue,
            END => return has_scan,
            0x00 | 0x01 | 0xd0..=0xd8 => at += 1,
            marker => {
                has_scan |= marker == SCAN;
                let Some(length) = bytes.get(at + 1..at + 3) else { return false };
                at += 1 + usize::from(u16::from_be_bytes([length[0], length[1]]).max(2));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_inside_of_a_segment_is_no_end() {
        let thumbnail = b"\xff\xd8\xff\xe1\x00\x08\xff\xda\xff\xd9\xff\xd9";
        let scan = b"\xff\xda\x00\x02ab\xff\x00c\xff\xd0d";
        let join = |parts: &[&[u8]]| parts.concat();
        assert!(!is_whole(&join(&[thumbnail, scan])));
        assert!(is_whole(&join(&[thumbnail, scan, b"\xff\xd9"])));
        assert!(is_whole(&join(&[thumbnail, scan, b"\xff\xff\xd9 and a film"])));
        assert!(!is_whole(&join(&[thumbnail, b"\xff\xd9"])));
        assert!(!is_whole(b"\xff\xd8\xff"));
        assert!(!is_whole(b"\xff\xd8\xff\xe1\xff\xff"));
    }
}
