//! Huffman codes: the tables of ITU-T T.81, K.3, and the bits that they become.

use super::forward::Quantized;

/// How many codes there are of each length from 1 to 16, and what they stand for.
pub(super) struct Table {
    pub(super) counts: &'static [u8],
    pub(super) symbols: &'static [u8],
}

/// The tables of a kind of component.
pub(super) struct Spec {
    pub(super) dc: Table,
    pub(super) ac: Table,
}

/// Source: ITU-T T.81, tables K.3 and K.5.
pub(super) const LUMA: Spec = Spec {
    dc: Table {
        counts: &[0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0],
        symbols: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
    },
    ac: Table { counts: &[0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7d], symbols: &AC_LUMA },
};

/// Source: ITU-T T.81, tables K.4 and K.6.
pub(super) const COLOR: Spec = Spec {
    dc: Table {
        counts: &[0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0],
        symbols: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
    },
    ac: Table { counts: &[0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77], symbols: &AC_COLOR },
};

#[rustfmt::skip]
const AC_LUMA: [u8; 162] = [
    0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07, 0x22, 0x71,
    0x14, 0x32, 0x81, 0x91, 0xa1, 0x08, 0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52, 0xd1, 0xf0, 0x24, 0x33, 0x62, 0x72,
    0x82, 0x09, 0x0a, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x34, 0x35, 0x36, 0x37,
    0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59,
    0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x83,
    0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3,
    0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3,
    0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe1, 0xe2,
    0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa,
];

#[rustfmt::skip]
const AC_COLOR: [u8; 162] = [
    0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61, 0x71, 0x13, 0x22,
    0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xa1, 0xb1, 0xc1, 0x09, 0x23, 0x33, 0x52, 0xf0, 0x15, 0x62, 0x72, 0xd1,
    0x0a, 0x16, 0x24, 0x34, 0xe1, 0x25, 0xf1, 0x17, 0x18, 0x19, 0x1a, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x35, 0x36,
    0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58,
    0x59, 0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a,
    0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a,
    0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba,
    0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda,
    0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa,
];

/// Codes by symbol: bits and how many.
pub(super) struct Coder {
    dc: [(u16, u8); 256],
    ac: [(u16, u8); 256],
}

impl Coder {
    pub(super) fn new(spec: &Spec) -> Self {
        Self { dc: codes(&spec.dc), ac: codes(&spec.ac) }
    }

    /// Writes a block whose component's last DC coefficient was this. Source: ITU-T T.81, F.1.2.
    pub(super) fn write(&self, bits: &mut BitWriter<'_>, block: &Quantized, last: &mut i16) {
        let [dc, ..] = block.values;
        let (extra, size) = magnitude(dc - *last);
        *last = dc;
        let (code, length) = self.dc[usize::from(size)];
        bits.put(u64::from(code) << size | extra, length + size);
        let mut rest = block.present & !1;
        let mut before = 0;
        while rest != 0 {
            let at = rest.trailing_zeros();
            rest &= rest - 1;
            let mut run = at - before - 1;
            before = at;
            while run > 15 {
                let (code, length) = self.ac[0xf0];
                bits.put(code.into(), length);
                run -= 16;
            }
            let (extra, size) = magnitude(block.values[at as usize % 64]);
            let (code, length) = self.ac[(run << 4) as usize | usize::from(size)];
            bits.put(u64::from(code) << size | extra, length + size);
        }
        if before < 63 {
            let (code, length) = self.ac[0];
            bits.put(code.into(), length);
        }
    }
}

/// Source: ITU-T T.81, C.2.
fn codes(table: &Table) -> [(u16, u8); 256] {
    let mut codes = [(0, 0); 256];
    let mut symbols = table.symbols.iter();
    let mut code = 0_u16;
    for (length, count) in (1..).zip(table.counts) {
        for symbol in symbols.by_ref().take(usize::from(*count)) {
            codes[usize::from(*symbol)] = (code, length);
            code += 1;
        }
        code <<= 1;
    }
    codes
}

/// The bits that tell a value among those of its size, and the size. Source: ITU-T T.81, F.1.2.1.
fn magnitude(value: i16) -> (u64, u8) {
    let size = 16 - value.unsigned_abs().leading_zeros();
    // Negative values are told by those bits of one less.
    let bits = (value - i16::from(value < 0)) as u64 & ((1 << size) - 1);
    (bits, size as u8)
}

/// Collects bits, the highest first.
pub(super) struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    bits: u64,
    count: u8,
}

impl<'a> BitWriter<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, bits: 0, count: 0 }
    }

    /// At most 32 bits.
    fn put(&mut self, bits: u64, count: u8) {
        self.bits = self.bits << count | bits;
        self.count += count;
        if self.count >= 32 {
            self.count -= 32;
            let word = (self.bits >> self.count) as u32;
            // A byte of all ones is one whose complement is 0; a 0 must follow it.
            let zeros = !word;
            if zeros.wrapping_sub(0x0101_0101) & !zeros & 0x8080_8080 == 0 {
                self.out.extend(word.to_be_bytes());
            } else {
                word.to_be_bytes().into_iter().for_each(|byte| self.byte(byte));
            }
        }
    }

    fn byte(&mut self, byte: u8) {
        self.out.push(byte);
        if byte == 0xff {
            self.out.push(0);
        }
    }

    /// Fills the last byte with ones.
    pub(super) fn finish(mut self) {
        let missing = (8 - self.count % 8) % 8;
        let bits = self.bits << missing | ((1 << missing) - 1);
        for at in (0..(self.count + missing) / 8).rev() {
            self.byte((bits >> (8 * at)) as u8);
        }
    }
}
