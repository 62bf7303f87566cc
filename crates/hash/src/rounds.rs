//! The rounds of SHA-256, for a word of any width.
//!
//! Source: FIPS 180-4, 4.1.2, 4.2.2, 5.3.3 and 6.2.2.

use super::word::Word;

/// The state before the first block.
pub(super) const START: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

#[rustfmt::skip]
const K: [u32; 64] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
];

/// The exclusive or of a word rotated right by each of three counts, without the detour over whole rotations.
#[inline(always)]
fn rotated<W: Word, const A: u32, const B: u32, const C: u32>(word: W) -> W {
    twice::<W, A, B>(word).xor(word.shift_right(C)).xor(word.shift_left(32 - C))
}

#[inline(always)]
fn twice<W: Word, const A: u32, const B: u32>(word: W) -> W {
    let low = word.shift_right(A).xor(word.shift_left(32 - A));
    low.xor(word.shift_right(B)).xor(word.shift_left(32 - B))
}

/// One block, as its 16 words, into the state.
///
/// The words to come are made between the rounds: either alone would leave the processor waiting for its own results.
#[inline(always)]
pub(super) fn compress<W: Word>(state: &mut [W; 8], mut words: [W; 16]) {
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    macro_rules! round {
        ($a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident $input:expr) => {
            let chosen = $g.xor($e.and($f.xor($g)));
            let one = $h.add($input).add(chosen).add(rotated::<W, 6, 11, 25>($e));
            let majority = $b.xor($a.xor($b).and($b.xor($c)));
            $d = $d.add(one);
            $h = one.add(majority).add(rotated::<W, 2, 13, 22>($a));
        };
    }
    // Eight rounds bring every letter back to its place, so none has to be moved.
    macro_rules! sixteen {
        ($input:ident) => {
            round!(a b c d e f g h $input!(0));
            round!(h a b c d e f g $input!(1));
            round!(g h a b c d e f $input!(2));
            round!(f g h a b c d e $input!(3));
            round!(e f g h a b c d $input!(4));
            round!(d e f g h a b c $input!(5));
            round!(c d e f g h a b $input!(6));
            round!(b c d e f g h a $input!(7));
            round!(a b c d e f g h $input!(8));
            round!(h a b c d e f g $input!(9));
            round!(g h a b c d e f $input!(10));
            round!(f g h a b c d e $input!(11));
            round!(e f g h a b c d $input!(12));
            round!(d e f g h a b c $input!(13));
            round!(c d e f g h a b $input!(14));
            round!(b c d e f g h a $input!(15));
        };
    }
    let (constants, _) = K.as_chunks::<16>();
    macro_rules! given {
        ($at:literal) => {
            words[$at].add(W::splat(constants[0][$at]))
        };
    }
    sixteen!(given);
    for constants in &constants[1..] {
        macro_rules! made {
            ($at:literal) => {{
                let (early, late) = (words[($at + 1) % 16], words[($at + 14) % 16]);
                let early = twice::<W, 7, 18>(early).xor(early.shift_right(3));
                let late = twice::<W, 17, 19>(late).xor(late.shift_right(10));
                words[$at] = words[$at].add(early).add(words[($at + 9) % 16]).add(late);
                words[$at].add(W::splat(constants[$at]))
            }};
        }
        sixteen!(made);
    }
    for (word, new) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *word = word.add(new);
    }
}
