// Templates to begin with. `docs/templates.md` explains everything that they use; a test compiles and draws each.

export const TEMPLATES = {
  corner: `template "corner" {
  text "© {tenant} · {user_id}" {
    size    = 3.4%min
    color   = white
    opacity = 80%
    anchor  = bottom_right
    margin  = 2.5%min
    shadow  = 0.05em 0.08em 0.3em #000c
  }
}
`,
  auto: `template "auto" {
  // Black or white, whichever stands out more from the pixels below.
  text "{image.name:.40}\\n{image.width} × {image.height}, {timestamp_ms:%d.%m.%Y}" {
    color       = auto
    size        = 2.8%min
    line_height = 1.35
    anchor      = bottom_left
    opacity     = 90%
  }
}
`,
  logo: `template "logo" {
  image "logo.svg" {
    scale   = 11%w
    anchor  = top_right
    margin  = 3%min
    opacity = 92%
  }
}
`,
  tile: `template "tile" {
  tile text "PROOF {tags.order}" {
    size    = 4%min
    color   = white
    angle   = -28deg
    gap     = 14%w 9%h
    stagger = 0.5
    opacity = 32%
    blend   = overlay
  }
}
`,
  plate: `template "plate" {
  let brand = #d4af37

  text "SEALMARK" {
    size           = 7%min
    weight         = bold
    letter_spacing = 0.25em
    color          = brand
    plate          = #10181899 0.7em 0.4em
    anchor         = center
    angle          = -6deg
    opacity        = 95%
  }
}
`,
  qr: `template "qr" {
  qr {
    payload = "https://shop.example/p/{media_id}"
    scale   = 16%min
    anchor  = bottom_right
    margin  = 3%min
    opacity = 92%
  }
  text "{sha256(media_id):.12}" {
    size   = 2%min
    anchor = bottom_right
    offset = 0px 1.4%min
  }
}
`,
  when: `template "when" {
  when image.width > image.height {
    text "lying, {image.width} wide" { anchor = bottom  size = 5%min }
  } else {
    text "upright, {image.height} high" { anchor = bottom  size = 5%min }
  }

  when tags.license == "free" {
    text "CC BY {user_id}" { anchor = top_left  size = 3%min }
  }
}
`,
};
