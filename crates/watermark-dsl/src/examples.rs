//! One template for every property of the language: what the pictures of `docs/templates.md` show.

/// Name of the example and of its picture (`pictures/templates/<name>.jpg`), and the template.
///
/// A name is the entry and the property, joined by a dot. The only asset that they ask for is `logo.png`.
pub const EXAMPLES: &[(&str, &str)] = &[
    (
        "text.font",
        r#"template "font" {
  text "Sealmark 真作" { font = "DejaVu Sans", "Noto Sans CJK JP"  size = 9%w }
}"#,
    ),
    (
        "text.weight",
        r#"template "weight" {
  text "Weight 321" { font = "Noto Sans"  size = 9%w  anchor = top }
  text "Weight 321" { font = "Noto Sans"  weight = bold  size = 9%w  anchor = bottom }
}"#,
    ),
    (
        "text.size",
        r#"template "size" {
  text "3%w" { size = 3%w  anchor = top }
  text "8%w" { size = 8%w  anchor = center }
  text "16%w" { size = 16%w  anchor = bottom }
}"#,
    ),
    (
        "text.color",
        r##"template "color" {
  text "auto" { color = auto  size = 9%w  anchor = top }
  text "gold" { color = gold  size = 9%w  anchor = center }
  text "#08f8" { color = #08f8  size = 9%w  anchor = bottom }
}"##,
    ),
    (
        "text.letter_spacing",
        r#"template "spacing" {
  text "SEALMARK" { letter_spacing = 0.3em  size = 7%w  anchor = center }
}"#,
    ),
    (
        "text.line_height",
        r#"template "line_height" {
  text "one\ntwo\nthree" { line_height = 1.8  size = 6%w  anchor = center }
}"#,
    ),
    (
        "text.align",
        r#"template "align" {
  text "a short line\nand a longer one" { align = right  size = 5%w  anchor = center }
}"#,
    ),
    (
        "text.max_width",
        r#"template "max_width" {
  text "A long text is broken between its words." { max_width = 45%w  size = 6%w  anchor = center }
}"#,
    ),
    (
        "text.outline",
        r#"template "outline" {
  text "Sealmark" { outline = 0.06em black  opacity = 100%  size = 12%w  anchor = center }
}"#,
    ),
    (
        "text.shadow",
        r#"template "shadow" {
  text "Sealmark" { shadow = 0.06em 0.06em 0.1em #000c  opacity = 100%  size = 12%w  anchor = center }
}"#,
    ),
    (
        "text.plate",
        r#"template "plate" {
  text "Sealmark" { plate = #000a 0.4em 0.3em  opacity = 100%  size = 8%w  anchor = center }
}"#,
    ),
    (
        "placement.anchor",
        r#"template "anchor" {
  text "top_left" { anchor = top_left }
  text "top" { anchor = top }
  text "top_right" { anchor = top_right }
  text "left" { anchor = left }
  text "center" { anchor = center }
  text "right" { anchor = right }
  text "bottom_left" { anchor = bottom_left }
  text "bottom" { anchor = bottom }
  text "bottom_right" { anchor = bottom_right }
}"#,
    ),
    (
        "placement.margin",
        r#"template "margin" {
  text "margin = 0" { margin = 0  anchor = top_left  size = 6%w }
  text "margin = 15% 5%" { margin = 15% 5%  anchor = bottom_right  size = 6%w }
}"#,
    ),
    (
        "placement.offset",
        r#"template "offset" {
  text "here" { anchor = center  size = 8%w  opacity = 30% }
  text "here" { anchor = center  size = 8%w  offset = 10%w -12%h }
}"#,
    ),
    (
        "placement.angle",
        r#"template "angle" {
  text "Sealmark" { angle = -30deg  anchor = center  size = 12%w }
}"#,
    ),
    (
        "placement.blend",
        r#"template "blend" {
  text "normal" { blend = normal  color = orange  anchor = top_left  size = 7%w  opacity = 90% }
  text "multiply" { blend = multiply  color = orange  anchor = top_right  size = 7%w  opacity = 90% }
  text "screen" { blend = screen  color = orange  anchor = left  size = 7%w  opacity = 90% }
  text "overlay" { blend = overlay  color = orange  anchor = right  size = 7%w  opacity = 90% }
  text "soft_light" { blend = soft_light  color = orange  anchor = bottom_left  size = 7%w  opacity = 90% }
  text "luminosity" { blend = luminosity  color = orange  anchor = bottom_right  size = 7%w  opacity = 90% }
}"#,
    ),
    (
        "placement.opacity",
        r#"template "opacity" {
  text "10%" { opacity = 10%  anchor = left  size = 12%w }
  text "50%" { opacity = 50%  anchor = center  size = 12%w }
  text "100%" { opacity = 100%  anchor = right  size = 12%w }
}"#,
    ),
    (
        "image.scale",
        r#"template "scale" {
  image "logo.png" { scale = 40%w  anchor = center }
}"#,
    ),
    (
        "image.height",
        r#"template "height" {
  image "logo.png" { height = 25%h  anchor = center }
}"#,
    ),
    (
        "tile.angle",
        r#"template "angle" {
  tile text "SAMPLE" { angle = -30deg  opacity = 35% }
}"#,
    ),
    (
        "tile.gap",
        r#"template "gap" {
  tile text "SAMPLE" { gap = 3%w 15%h  opacity = 35% }
}"#,
    ),
    (
        "tile.stagger",
        r#"template "stagger" {
  tile image "logo.png" { scale = 12%w  stagger = 25%  opacity = 50% }
}"#,
    ),
    (
        "qr.payload",
        r#"template "payload" {
  qr { payload = "https://example.com/{media_id}"  scale = 0.4 }
}"#,
    ),
    (
        "qr.scale",
        r#"template "scale" {
  qr { payload = sha256(user_id + upload_id)  scale = 0.5  anchor = center }
}"#,
    ),
    (
        "qr.color",
        r#"template "color" {
  qr { payload = user_id  color = navy  scale = 0.4  anchor = center }
}"#,
    ),
    (
        "qr.background",
        r#"template "background" {
  qr { payload = user_id  background = #ffe8  scale = 0.4  anchor = center }
}"#,
    ),
    (
        "qr.quiet",
        r#"template "quiet" {
  qr { payload = user_id  quiet = 2  scale = 0.4  anchor = center }
}"#,
    ),
    (
        "qr.level",
        r#"template "level" {
  qr { payload = media_id  level = low  scale = 0.4  anchor = left }
  qr { payload = media_id  level = high  scale = 0.4  anchor = right }
}"#,
    ),
    (
        "when",
        r#"template "when" {
  when width > height {
    text "landscape" { size = 10%w  anchor = center }
  } else {
    text "portrait" { size = 10%w  anchor = center }
  }
}"#,
    ),
    (
        "let",
        r#"template "let" {
  let brand = #d4af37
  let base = 6%w
  let who = upper(user_id)

  text "{who}" { color = brand  size = base * 2  anchor = center }
  text "{timestamp_ms:%Y-%m-%d}" { color = brand  size = base }
}"#,
    ),
    (
        "older_form",
        r#"template "video_provenance" {
  payload = sha256(user_id + timestamp_ms % 86400)
  location = "qr_overlay(bottom_right, scale=0.12)"
  persistence = "frame_interval(3) + noise_resilient(luma_alpha=0.35)"
}"#,
    ),
];
