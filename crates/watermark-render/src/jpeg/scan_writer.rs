//! Blocks of a scan to tokens: what codes the scan needs for them. Source: ITU-T T.81, annexes F and G.

use super::{
    Refusal,
    bits::sized,
    frame::{Process, Scan},
    ink::Block,
    token::{Token, at_least, sequential},
};

/// Longest run of ended blocks.
const MAX_RUN: u32 = 0x7fff;

/// Turns the blocks of a scan into tokens.
pub(super) struct ScanWriter<'a> {
    scan: &'a Scan,
    pub(super) out: Vec<Token>,
    /// The last DC of each of the scan's components, as far as the scan has its bits.
    pub(super) dc: [i32; 4],
    /// Blocks that end without another coefficient and are not written yet.
    run: u32,
    /// The bits that refine their coefficients, block by block with how many they are.
    corrections: Vec<(u64, u32)>,
    /// How many they are together.
    corrected: u32,
}

/// Which of a scan's tables a component has for DC and for AC.
pub(super) type Slots = (usize, usize);

impl<'a> ScanWriter<'a> {
    pub(super) const fn new(scan: &'a Scan) -> Self {
        Self { scan, out: Vec::new(), dc: [0; 4], run: 0, corrections: Vec::new(), corrected: 0 }
    }

    /// Adds the next block, of one of the scan's components.
    pub(super) fn block(
        &mut self,
        process: Process,
        part: usize,
        (dc, ac): Slots,
        block: &Block,
    ) -> Result<(), Refusal> {
        let before = &mut self.dc[part & 3];
        match (process, self.scan.first, self.scan.high) {
            (Process::Sequential, ..) => {
                sequential(&mut self.out, dc, ac, *before, block)?;
                *before = i32::from(block[0]);
            }
            (_, 0, 0) => {
                let value = i32::from(block[0] >> self.scan.low);
                let (size, raw) = sized(value - *before);
                if size > 11 {
                    return Err(Refusal::OutOfRange);
                }
                self.out.push(Token::new(dc, size as u8, raw, size));
                *before = value;
            }
            (_, 0, _) => self.out.push(Token::bits(u32::from(block[0] >> self.scan.low & 1 == 1), 1)),
            (_, _, 0) => self.ac_first(ac, block)?,
            _ => self.ac_refined(ac, block),
        }
        Ok(())
    }

    /// A bit for each coefficient of the scan.
    fn band(&self) -> u64 {
        u64::MAX >> (63 - self.scan.last) & u64::MAX << self.scan.first
    }

    fn ac_first(&mut self, table: usize, block: &Block) -> Result<(), Refusal> {
        let low = self.scan.low;
        let mut left = at_least(block, 1 << low) & self.band();
        let mut next = u32::from(self.scan.first);
        while left != 0 {
            let at = left.trailing_zeros();
            left &= left - 1;
            let mut zeros = at - next;
            self.end_run(table);
            while zeros > 15 {
                self.out.push(Token::new(table, 0xf0, 0, 0));
                zeros -= 16;
            }
            let coefficient = i32::from(block[at as usize & 63]);
            let (size, raw) = sized((coefficient.abs() >> low) * coefficient.signum());
            if size > 10 {
                return Err(Refusal::OutOfRange);
            }
            self.out.push(Token::new(table, (zeros << 4) as u8 | size as u8, raw, size));
            next = at + 1;
        }
        if next <= u32::from(self.scan.last) {
            self.end_block(table, (0, 0));
        }
        Ok(())
    }

    fn ac_refined(&mut self, table: usize, block: &Block) {
        let low = self.scan.low;
        let mut left = at_least(block, 1 << low) & self.band();
        let known = at_least(block, 2 << low);
        // After the last coefficient that is new, the block is ended and no zeros are counted.
        let new = left & !known;
        let (mut zeros, mut next) = (0, u32::from(self.scan.first));
        // Those that belong to what is ended before go first.
        let mut corrections = (0, 0);
        while left != 0 {
            let at = left.trailing_zeros();
            left &= left - 1;
            zeros += at - next;
            next = at + 1;
            while zeros > 15 && new >> at != 0 {
                self.end_run(table);
                self.out.push(Token::new(table, 0xf0, 0, 0));
                zeros -= 16;
                self.correct(corrections);
                corrections = (0, 0);
            }
            let coefficient = block[at as usize & 63];
            if known >> at & 1 == 1 {
                let bit = coefficient.unsigned_abs() >> low & 1;
                corrections = (corrections.0 << 1 | u64::from(bit), corrections.1 + 1);
                continue;
            }
            self.end_run(table);
            self.out.push(Token::new(table, (zeros << 4) as u8 | 1, u32::from(coefficient > 0), 1));
            self.correct(corrections);
            corrections = (0, 0);
            zeros = 0;
        }
        if zeros > 0 || next <= u32::from(self.scan.last) || corrections.1 > 0 {
            self.end_block(table, corrections);
        }
    }

    /// Ends a block, with bits that refine it.
    fn end_block(&mut self, table: usize, corrections: (u64, u32)) {
        if corrections.1 > 0 {
            self.corrections.push(corrections);
            self.corrected += corrections.1;
        }
        self.run += 1;
        // As many bits as other encoders keep, so that their scans come out as they were.
        if self.run == MAX_RUN || self.corrected > 1_000 - 63 {
            self.end_run(table);
        }
    }

    /// Adds the run of ended blocks, and the bits that refine them.
    #[inline]
    pub(super) fn end_run(&mut self, table: usize) {
        if self.run > 0 {
            self.write_run(table);
        }
    }

    fn write_run(&mut self, table: usize) {
        self.out.push(Token::end_of_blocks(table, self.run));
        (self.run, self.corrected) = (0, 0);
        let mut corrections = std::mem::take(&mut self.corrections);
        corrections.drain(..).for_each(|bits| self.correct(bits));
        self.corrections = corrections;
    }

    #[inline]
    fn correct(&mut self, (bits, mut left): (u64, u32)) {
        while left > 0 {
            let count = left.min(15);
            left -= count;
            self.out.push(Token::bits((bits >> left) as u32 & ((1 << count) - 1), count));
        }
    }
}
