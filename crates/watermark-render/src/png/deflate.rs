//! Tokens into deflate blocks with codes of their own. Source: RFC 1951.

use super::{
    bits::BitWriter,
    codes::{DISTANCES, END, LENGTHS, MAX_BITS},
    inflate::Token,
};

/// Tokens of a block: enough that its codes weigh nothing, few enough that they fit what they are for.
pub(super) const BLOCK_TOKENS: usize = 1 << 15;

/// Writes a block, not the last one.
pub(super) fn block(writer: &mut BitWriter, tokens: &[Token]) {
    let mut literals = [0_u32; 286];
    let mut distances = [0_u32; 30];
    for token in tokens {
        match token.reach() {
            None => literals[usize::from(token.byte())] += 1,
            Some((length, distance)) => {
                literals[257 + length_symbol(length)] += 1;
                distances[distance_symbol(distance)] += 1;
            }
        }
    }
    literals[END as usize] = 1;
    let (literal_sizes, distance_sizes) = (sizes(&literals, MAX_BITS), sizes(&distances, MAX_BITS));
    writer.put(0b100, 3);
    tables(writer, &literal_sizes, &distance_sizes);
    let (literals, distances) = (codes(&literal_sizes), codes(&distance_sizes));
    for token in tokens {
        match token.reach() {
            None => {
                let (code, size) = literals[usize::from(token.byte())];
                writer.put(code.into(), size);
            }
            Some((length, distance)) => {
                let symbol = length_symbol(length);
                let (base, extra) = LENGTHS[symbol];
                let (code, size) = literals[257 + symbol];
                writer.put(u64::from(code) | (length as u64 - u64::from(base)) << size, size + u32::from(extra));
                let symbol = distance_symbol(distance);
                let (base, extra) = DISTANCES[symbol];
                let (code, size) = distances[symbol];
                writer.put(u64::from(code) | (distance as u64 - u64::from(base)) << size, size + u32::from(extra));
            }
        }
    }
    let (code, size) = literals[END as usize];
    writer.put(code.into(), size);
}

/// Writes an empty last block.
pub(super) fn end(writer: &mut BitWriter) {
    // The fixed codes, and their end.
    writer.put(0b011, 10);
}

fn length_symbol(length: usize) -> usize {
    if length == 258 { 28 } else { LENGTHS[..28].partition_point(|(base, _)| usize::from(*base) <= length) - 1 }
}

fn distance_symbol(distance: usize) -> usize {
    DISTANCES.partition_point(|(base, _)| usize::from(*base) <= distance) - 1
}

/// Writes how long the codes are. Source: RFC 1951, 3.2.7.
fn tables(writer: &mut BitWriter, literals: &[u8], distances: &[u8]) {
    const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
    let used =
        |sizes: &[u8], least: usize| sizes.iter().rposition(|size| *size > 0).map_or(least, |at| (at + 1).max(least));
    let (literals, distances) = (&literals[..used(literals, 257)], &distances[..used(distances, 1)]);
    let all = [literals, distances].concat();
    let mut runs: Vec<(usize, u32, u32)> = Vec::new();
    let mut rest = &all[..];
    while let Some(size) = rest.first() {
        let run = rest.iter().take_while(|other| *other == size).count();
        let taken = match (size, run) {
            (0, 11..) => {
                runs.push((18, run.min(138) as u32 - 11, 7));
                run.min(138)
            }
            (0, 3..) => {
                runs.push((17, run as u32 - 3, 3));
                run
            }
            (_, 4..) => {
                runs.push(((*size).into(), 0, 0));
                let again = (run - 1).min(6);
                runs.push((16, again as u32 - 3, 2));
                again + 1
            }
            _ => {
                runs.push(((*size).into(), 0, 0));
                1
            }
        };
        rest = &rest[taken..];
    }
    let mut counts = [0; 19];
    runs.iter().for_each(|(symbol, ..)| counts[*symbol] += 1);
    let sizes = sizes(&counts, 7);
    let codes = codes(&sizes);
    let number = ORDER.iter().rposition(|at| sizes[*at] > 0).map_or(4, |at| (at + 1).max(4));
    writer.put(literals.len() as u64 - 257, 5);
    writer.put(distances.len() as u64 - 1, 5);
    writer.put(number as u64 - 4, 4);
    ORDER[..number].iter().for_each(|at| writer.put(sizes[*at].into(), 3));
    for (symbol, more, extra) in runs {
        let (code, size) = codes[symbol];
        writer.put(u64::from(code) | u64::from(more) << size, size + extra);
    }
}

/// Lengths of the best prefix code of at most so many bits. Symbols that do not occur have none; a code of one symbol has
/// one bit.
///
/// Source: D. A. Huffman, 1952. Where a code would be too long, leaves of lower levels are moved down until Kraft's sum is 1
/// again, which costs next to nothing.
fn sizes(counts: &[u32], max_bits: usize) -> Vec<u8> {
    let mut leaves: Vec<(u32, usize)> =
        counts.iter().enumerate().filter(|(_, count)| **count > 0).map(|(symbol, count)| (*count, symbol)).collect();
    let mut sizes = vec![0; counts.len()];
    if let [(_, symbol)] = leaves[..] {
        sizes[symbol] = 1;
    }
    if leaves.len() < 2 {
        return sizes;
    }
    leaves.sort_unstable();
    // Two queues: leaves, and what was joined; both grow.
    let number = leaves.len();
    let mut weights: Vec<u64> = leaves.iter().map(|(count, _)| u64::from(*count)).collect();
    let mut parents = vec![0; 2 * number - 1];
    let (mut leaf, mut joined) = (0, number);
    for parent in number..2 * number - 1 {
        let mut sum = 0;
        for _ in 0..2 {
            let is_leaf = leaf < number && (joined >= weights.len() || weights[leaf] <= weights[joined]);
            let next = if is_leaf { &mut leaf } else { &mut joined };
            sum += weights[*next];
            parents[*next] = parent;
            *next += 1;
        }
        weights.push(sum);
    }
    let mut depths = vec![0_usize; 2 * number - 1];
    let mut at_depth = vec![0_u64; max_bits + 1];
    for node in (0..2 * number - 2).rev() {
        depths[node] = depths[parents[node]] + 1;
        if node < number {
            at_depth[depths[node].min(max_bits)] += 1;
        }
    }
    // In units of the longest code.
    let mut used: u64 = (1..=max_bits).map(|size| at_depth[size] << (max_bits - size)).sum();
    while used > 1 << max_bits {
        // The deepest leaf that can goes down one level, and takes one of the lowest beside it.
        let Some(size) = (1..max_bits).rev().find(|size| at_depth[*size] > 0) else { break };
        at_depth[size] -= 1;
        at_depth[size + 1] += 2;
        at_depth[max_bits] -= 1;
        used -= 1;
    }
    // The rarest are the longest.
    let mut next = leaves.iter();
    for size in (1..=max_bits).rev() {
        for (_, symbol) in next.by_ref().take(at_depth[size] as usize) {
            sizes[*symbol] = size as u8;
        }
    }
    sizes
}

/// Codes of these lengths as the stream has them, first bit lowest. Source: RFC 1951, 3.2.2.
fn codes(sizes: &[u8]) -> Vec<(u32, u32)> {
    let mut next = [0_u32; MAX_BITS + 2];
    for size in sizes.iter().filter(|size| **size > 0) {
        next[usize::from(*size) + 1] += 1;
    }
    for size in 1..=MAX_BITS {
        next[size + 1] = (next[size] + next[size + 1]) << 1;
    }
    // What stands at a size is now the first code of it: twice the first of one less and all of these.
    let code = |size: &u8| {
        if *size == 0 {
            return (0, 0);
        }
        let place = &mut next[usize::from(*size)];
        let code = place.reverse_bits() >> (32 - u32::from(*size));
        *place += 1;
        (code, u32::from(*size))
    };
    sizes.iter().map(code).collect()
}
