//! The blocks of a GIF. Source: GIF 89a.

use super::Part;

/// Every extension that can say something: comments, texts, and applications' own but for how often to play.
pub(crate) fn foreign(gif: &[u8]) -> Vec<Part> {
    let mut found = Vec::new();
    let _ = walk(gif, &mut found);
    found
}

fn palette_bytes(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

/// None where the file ends too early.
fn walk(gif: &[u8], found: &mut Vec<Part>) -> Option<()> {
    let mut rest = gif.get(13 + palette_bytes(*gif.get(10)?)..)?;
    loop {
        match rest {
            [0x21, label, blocks @ ..] => {
                let data;
                (data, rest) = sub_blocks(blocks)?;
                let says = match label {
                    0xf9 => false,
                    0xff => !data.starts_with(b"NETSCAPE2.0"),
                    _ => true,
                };
                if says {
                    found.push((vec![*label], data));
                }
            }
            [0x2c, _, _, _, _, _, _, _, _, flags, after @ ..] => {
                // The least code size stands before the blocks.
                rest = sub_blocks(after.get(palette_bytes(*flags) + 1..)?)?.1;
            }
            _ => return Some(()),
        }
    }
}

/// The data of blocks up to the empty one, and what follows.
fn sub_blocks(mut rest: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut data = Vec::new();
    loop {
        let (length, more) = rest.split_first()?;
        let (block, after) = more.split_at_checked((*length).into())?;
        if block.is_empty() {
            return Some((data, after));
        }
        data.extend_from_slice(block);
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_found_behind_pictures() {
        let head = b"GIF89a\x01\0\x01\0\x80\0\0abcdef";
        let picture = b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0";
        let plays = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0";
        let comment = b"\x21\xfe\x04home\0";
        let file = [&head[..], plays, picture, b"\x3b"].concat();
        assert_eq!(foreign(&file), []);
        let file = [&head[..], plays, picture, comment, b"\x3b"].concat();
        assert_eq!(foreign(&file), [(vec![0xfe], b"home".to_vec())]);
        (0..file.len()).for_each(|length| _ = foreign(&file[..length]));
    }
}
