//! "Did you mean …?" by edit distance.

/// Words longer than this are no typing mistakes; the bound keeps the distance cheap on hostile input.
const MAX_WORD_CHARS: usize = 40;

/// The nearest of the candidates, if one is near enough to be a slip of the fingers.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.chars().count() > MAX_WORD_CHARS {
        return None;
    }
    let typed = word.to_lowercase();
    let (distance, best) =
        candidates.into_iter().map(|candidate| (distance(&typed, candidate), candidate)).min_by_key(|(d, _)| *d)?;
    let allowed = (best.chars().count() / 3).max(1);
    (distance <= allowed).then_some(best)
}

/// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut before_last = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before_last[j - 2] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_the_known_ones() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("rihgt", "right"), 1);
        assert_eq!(distance("", "abc"), 3);
    }

    #[test]
    fn only_a_near_word_is_proposed() {
        let anchors = ["top_left", "bottom_right", "center"];
        assert_eq!(nearest("botom_rigth", anchors), Some("bottom_right"));
        assert_eq!(nearest("Centre", anchors), Some("center"));
        assert_eq!(nearest("elsewhere", anchors), None);
    }
}
