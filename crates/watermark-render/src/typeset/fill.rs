//! A text's pieces to the text of one picture.

use sealmark_watermark_dsl::{TextPiece, Variable, Variables, limits::MAX_TEXT_CHARS};

/// Fills a text in for one picture.
///
/// Values are anything, a file's name above all: control characters become spaces, invisible characters that only
/// steer directions are left out (what joins letters and chooses their form stays), and what is over the limit is cut
/// with an ellipsis. A line feed of the template itself begins a line.
pub(crate) fn fill(pieces: &[TextPiece], variables: &Variables, width: u32, height: u32) -> String {
    let mut chars = Vec::new();
    for piece in pieces {
        let is_literal = matches!(piece, TextPiece::Literal(_));
        let value = match piece {
            TextPiece::Literal(literal) => literal.clone(),
            TextPiece::Variable(variable) => match variable {
                Variable::UserId => variables.user_id.clone(),
                Variable::Tenant => variables.tenant.clone(),
                Variable::UploadId => variables.upload_id.clone(),
                Variable::MediaId => variables.media_id.clone(),
                Variable::ImageName => variables.image_name.clone(),
                Variable::ImageWidth => width.to_string(),
                Variable::ImageHeight => height.to_string(),
                // The language grew and this did not: the compiler cannot say so across crates, this text does.
                _ => format!("{{{variable}}}"),
            },
        };
        let room = (MAX_TEXT_CHARS + 1).saturating_sub(chars.len());
        let keep = |c: char| if c.is_control() && !(c == '\n' && is_literal) { ' ' } else { c };
        let shown = value.chars().filter(|c| !is_steering(*c)).map(keep);
        chars.extend(shown.take(room));
    }
    if chars.len() > MAX_TEXT_CHARS {
        chars.truncate(MAX_TEXT_CHARS - 1);
        chars.push('…');
    }
    chars.into_iter().collect()
}

fn is_steering(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e001f}' | '\u{e0080}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_cleaned_and_cut() {
        let pieces = [TextPiece::Literal("a\t".into()), TextPiece::Variable(Variable::ImageName)];
        let named = |name: String| Variables { image_name: name, ..Variables::default() };
        assert_eq!(fill(&pieces, &named("b\u{202e}\n\u{200b}c{tenant}".into()), 1, 1), "a b c{tenant}");
        let lines = [TextPiece::Literal("a\nb ".into()), TextPiece::Variable(Variable::ImageName)];
        assert_eq!(fill(&lines, &named("c\nd".into()), 1, 1), "a\nb c d");
        let long = fill(&pieces, &named("ä".repeat(5_000)), 1, 1);
        assert_eq!(long.chars().count(), MAX_TEXT_CHARS);
        assert!(long.ends_with("ä…"));
        assert_eq!(fill(&[TextPiece::Variable(Variable::ImageWidth)], &named(String::new()), 640, 480), "640");
    }
}
