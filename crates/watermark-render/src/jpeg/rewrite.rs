//! Coefficients back into scans like those that they came from. Source: ITU-T T.81, annexes F and G.

use super::{
    Refusal,
    bits::{BitWriter, sized},
    coefficients::{Coefficients, for_each_block},
    frame::{Process, Scan},
    huffman::{Encoder, HuffmanSpec},
    ink::Block,
    markers::Header,
    splice::Codes,
    token::{Counts, Token, at_least, sequential, write},
};

/// Longest run of ended blocks.
const MAX_RUN: u32 = 0x7fff;

/// Scans that are written anew.
#[derive(Debug)]
pub(super) struct Rewritten {
    /// Entropy-coded data of each scan, with restart markers.
    pub(super) scans: Vec<Vec<u8>>,
    /// Each of [`Header::tables`] as it is now.
    pub(super) specs: Vec<HuffmanSpec>,
    pub(super) codes: Codes,
}

/// Writes every scan anew, with the file's own script, its own tables where they have what is needed, and its own
/// restart intervals.
pub(super) fn rewrite(header: &Header, coefficients: &Coefficients) -> Result<Rewritten, Refusal> {
    let scans: Vec<Tokens> =
        header.scans.iter().map(|scan| tokens(header, scan, coefficients)).collect::<Result<_, _>>()?;
    // A table may serve several scans.
    let mut counts = Counts::new(header.tables.len());
    for scan in &scans {
        for token in &scan.tokens {
            if let Some(table) = scan.tables.get(token.table()) {
                counts.count(*table, token.symbol);
            }
        }
    }
    let mut codes = Codes::Own;
    let mut specs: Vec<HuffmanSpec> = Vec::with_capacity(header.tables.len());
    for (at, table) in header.tables.iter().enumerate() {
        let missing = counts.missing(at, &table.spec);
        let (spec, found) = if missing.is_empty() {
            (table.spec.clone(), Codes::Own)
        } else {
            match table.spec.extended(&missing) {
                Some(extended) => (extended, Codes::Added),
                None => (counts.optimal(at), Codes::New),
            }
        };
        codes = codes.max(found);
        specs.push(spec);
    }
    let encoders: Vec<Encoder> = specs.iter().map(Encoder::new).collect();
    let scans = scans
        .iter()
        .map(|scan| {
            let mut entropy = Vec::with_capacity(scan.tokens.len() * 2);
            let mine: Vec<&Encoder> = scan.tables.iter().map(|table| &encoders[*table]).collect();
            let mut from = 0;
            for (number, to) in scan.intervals.iter().enumerate() {
                if number > 0 {
                    entropy.extend([0xff, 0xd0 | (number - 1) as u8 & 7]);
                }
                let mut writer = BitWriter::new(&mut entropy);
                write(&mut writer, &scan.tokens[from..*to], &mine)?;
                writer.finish();
                from = *to;
            }
            Ok(entropy)
        })
        .collect::<Result<_, Refusal>>()?;
    Ok(Rewritten { scans, specs, codes })
}

/// A scan as tokens.
struct Tokens {
    tokens: Vec<Token>,
    /// One past the last token of each restart interval.
    intervals: Vec<usize>,
    /// Which of [`Header::tables`] a token's table is.
    tables: Vec<usize>,
}

fn tokens(header: &Header, scan: &Scan, coefficients: &Coefficients) -> Result<Tokens, Refusal> {
    let mut tables = Vec::new();
    let mut slot = |table: Option<usize>| {
        table.map_or(0, |table| {
            tables.iter().position(|known| *known == table).unwrap_or_else(|| {
                tables.push(table);
                tables.len() - 1
            })
        })
    };
    let slots: Vec<(usize, usize)> = scan.components.iter().map(|part| (slot(part.dc), slot(part.ac))).collect();
    let (wide, high) = scan.mcus(&header.frame);
    let total = wide * high;
    let step = if scan.restart == 0 { total } else { scan.restart };
    let mut writer = ScanWriter { scan, out: Vec::new(), dc: [0; 4], run: 0, corrections: Vec::new(), corrected: 0 };
    let mut intervals = Vec::new();
    for start in (0..total).step_by(step as usize) {
        writer.dc = [0; 4];
        for_each_block(&header.frame, scan, start..total.min(start.saturating_add(step)), |at| {
            let block = &coefficients.planes[at.plane].blocks[at.index];
            writer.block(header.frame.process, at.part, slots[at.part], block)
        })?;
        if let [(_, ac)] = slots[..] {
            writer.end_run(ac);
        }
        intervals.push(writer.out.len());
    }
    Ok(Tokens { tokens: writer.out, intervals, tables })
}

/// Turns the blocks of a scan into tokens.
struct ScanWriter<'a> {
    scan: &'a Scan,
    out: Vec<Token>,
    dc: [i32; 4],
    /// Blocks that end without another coefficient and are not written yet.
    run: u32,
    /// The bits that refine their coefficients, block by block with how many they are.
    corrections: Vec<(u64, u32)>,
    /// How many they are together.
    corrected: u32,
}

impl ScanWriter<'_> {
    fn block(&mut self, process: Process, part: usize, (dc, ac): (usize, usize), block: &Block) -> Result<(), Refusal> {
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

    /// Writes the run of ended blocks, and the bits that refine them.
    #[inline]
    fn end_run(&mut self, table: usize) {
        if self.run > 0 {
            self.write_run(table);
        }
    }

    fn write_run(&mut self, table: usize) {
        let size = self.run.ilog2();
        self.out.push(Token::new(table, (size << 4) as u8, self.run - (1 << size), size));
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
