//! Telling whether a file is the one of an earlier visit.

use sealmark_protocol::Sha256Digest;

/// So much of a file's beginning and of its end is hashed for its fingerprint, in bytes.
pub const EDGE_BYTES: u64 = 512 * 1024;

/// The fingerprint of a file: 64 characters of hex, equal for the same name, size, time of change and edges.
///
/// `modified_ms` is in milliseconds since 1970 UTC; `first` and `last` hash the first and the last
/// [`EDGE_BYTES`], or the whole file where it is shorter.
pub fn fingerprint(name: &str, size_bytes: u64, modified_ms: i64, first: &Sha256Digest, last: &Sha256Digest) -> String {
    let mut text = Vec::with_capacity(96 + name.len());
    text.extend_from_slice(&size_bytes.to_le_bytes());
    text.extend_from_slice(&modified_ms.to_le_bytes());
    text.extend_from_slice(first.as_bytes());
    text.extend_from_slice(last.as_bytes());
    // Last, for it alone has no fixed length.
    text.extend_from_slice(name.as_bytes());
    Sha256Digest::of(&text).to_hex()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_it_counts() {
        let (a, b) = (Sha256Digest::of(b"a"), Sha256Digest::of(b"b"));
        let all = [
            fingerprint("x.jpg", 1, 1, &a, &a),
            fingerprint("y.jpg", 1, 1, &a, &a),
            fingerprint("x.jpg", 2, 1, &a, &a),
            fingerprint("x.jpg", 1, 2, &a, &a),
            fingerprint("x.jpg", 1, 1, &b, &a),
            fingerprint("x.jpg", 1, 1, &a, &b),
        ];
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
        assert_eq!(all[0], fingerprint("x.jpg", 1, 1, &a, &a));
        assert_eq!(all[0].len(), 64);
    }
}
