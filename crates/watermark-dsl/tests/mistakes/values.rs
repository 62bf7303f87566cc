//! Values: their types, units and ranges.

use crate::{check, layer};

#[test]
fn values_are_checked_for_type_unit_and_range() {
    let mut wrong = String::new();
    for (properties, code) in [
        ("size = #fff", "E0008"),
        ("size = 3", "E0008"),
        ("size = 3px 4px", "E0008"),
        ("size = 3em", "E0009"),
        ("size = 3furlong", "E0009"),
        ("size = 30deg", "E0009"),
        ("size = 2px + 1%w", "E0009"),
        ("size = image.width", "E0019"),
        ("size = 2px / 0", "E0022"),
        ("size = \"{user_id}\"", "E0019"),
        ("size = 0px", "E0010"),
        ("size = 101%w", "E0010"),
        ("margin = -1px", "E0010"),
        ("font = DejaVu", "E0008"),
        ("color = rde", "E0007"),
        ("color = 3px", "E0008"),
        ("color = user_id", "E0019"),
        ("color = #ggg", "E0011"),
        ("color = #", "E0011"),
        ("opacity = 101%", "E0010"),
        ("opacity = 1px", "E0008"),
        ("anchor = \"left\"", "E0008"),
        ("margin = 1px 2px 3px", "E0008"),
        ("offset = 101% 0", "E0010"),
        ("angle = 3", "E0008"),
        ("angle = 361deg", "E0010"),
        ("blend = lighten", "E0007"),
        ("weight = 1000", "E0010"),
        ("weight = fat", "E0008"),
        ("weight = 3.5", "E0008"),
        ("letter_spacing = 11em", "E0010"),
        ("line_height = 2px", "E0008 W0007"),
        ("line_height = 9", "E0010 W0007"),
        ("align = middle", "E0007 W0007"),
        ("align = left", "W0007"),
        ("max_width = 0px", "E0010"),
        ("outline = red", "E0008"),
        ("outline = red 2px", "E0008 E0008"),
        ("outline = 0.1em rde", "E0007"),
        ("plate = 2px", "E0008"),
        ("plate = red 1px 1px 1px", "E0008"),
        ("plate = red -1px", "E0010"),
        ("font = \"\"", "E0015"),
        ("font = \"A\" \"B\" \"C\" \"D\" \"E\" \"F\" \"G\" \"H\" \"I\"", "E0036"),
        ("font = \"{user_id}\"", "E0019"),
        ("keep = [icc]", "E0004"),
        ("gap = 2px", "E0004"),
        ("shadow = 1px 1px", "E0008"),
        ("shadow = 1px 1px -1px #000", "E0010"),
        ("size =", "E0001"),
        ("size", "E0001"),
        ("anchor left", "E0001"),
        ("size = 3px, anchor = left", "E0001"),
        ("size = 3px size = 3px", "E0012"),
    ] {
        check(&layer(properties), code, &mut wrong);
    }
    assert!(wrong.is_empty(), "{wrong}");
}
