//! The blocks `output` and `video`.

use crate::{
    Code, Diagnostic, LayerNode, Metadata, Output, OutputFormat, PropertyNode, Quality, Span, Value, Video,
    compile::Compiler,
    expression::{Concrete, Unit},
    value::Takes,
    words::Word as _,
};

impl Compiler<'_> {
    pub(crate) fn output_block(&mut self, node: &LayerNode) -> Output {
        let mut output = Output::default();
        let mut strip_span = None;
        for property in self.known(node) {
            let name = property.name.name.as_str();
            let takes = |what, example| Takes { property: name, what, example };
            match name {
                "format" => {
                    let takes = takes("the name of a format", "source");
                    let format: Option<OutputFormat> =
                        self.single(property, takes).and_then(|value| self.word(value, takes));
                    output.format = format.unwrap_or(output.format);
                }
                "quality" => {
                    let takes = takes("`source`, or 1 to 100", "source");
                    let Some(value) = self.single(property, takes) else { continue };
                    if matches!(&value.value, Value::Word(word) if word == "source") {
                        output.quality = Quality::Source;
                    } else if let Some(percent) = self.whole(value, takes, 1, 100) {
                        output.quality = u8::try_from(percent).map_or(output.quality, Quality::Percent);
                    }
                }
                "keep" => output.keep = self.metadata(property).unwrap_or(output.keep),
                "strip" => {
                    strip_span = Some(property.name.span);
                    output.strip = self.metadata(property).unwrap_or(output.strip);
                }
                _ => {
                    let takes = takes("a length in `px`", "4096px");
                    output.max_edge_px = self.single(property, takes).and_then(|value| {
                        match self.fixed(value, takes)? {
                            Concrete::Quantity(px, Unit::Length(crate::LengthUnit::Px)) => {
                                if !(16.0..=65_535.0).contains(&px) || px != px.trunc() {
                                    return self.out_of_range(value.span, name, "from 16px to 65535px, whole");
                                }
                                // In range and whole, so the cast changes nothing.
                                Some(px as u32)
                            }
                            other => self.wrong_type(value, &other, takes),
                        }
                    });
                }
            }
        }
        // The default of `strip` may be kept by saying so.
        match strip_span {
            Some(span) => self.check_kept(&output, span),
            None => output.strip.retain(|metadata| !output.keep.contains(metadata)),
        }
        output
    }

    fn check_kept(&mut self, output: &Output, span: Span) {
        let both: Vec<&str> =
            output.strip.iter().filter(|metadata| output.keep.contains(metadata)).map(|both| both.as_str()).collect();
        if !both.is_empty() {
            let message = format!("{} is kept and stripped; it will be stripped", both.join(", "));
            self.report(Diagnostic::new(Code::KeptAndStripped, span, message).hint("remove it from one of the two"));
        }
    }

    /// `[icc, copyright]`, sorted, each once.
    fn metadata(&mut self, property: &PropertyNode) -> Option<Vec<Metadata>> {
        let name = property.name.name.as_str();
        let words: Vec<&str> = Metadata::WORDS.iter().map(|metadata| metadata.word()).collect();
        let what = format!("a list of {}", words.join(", "));
        let takes = Takes { property: name, what: &what, example: "[icc, copyright]" };
        let value = self.single(property, takes)?;
        let Value::List(values) = &value.value else { return self.wrong(value.span, takes, "") };
        let each = Takes { property: name, what: "the name of a kind of metadata", example: "[icc, copyright]" };
        let list: Vec<Option<Metadata>> = values.iter().map(|value| self.word(value, each)).collect();
        let mut list: Vec<Metadata> = list.into_iter().collect::<Option<_>>()?;
        list.sort_unstable();
        list.dedup();
        Some(list)
    }

    pub(crate) fn video_block(&mut self, node: &LayerNode) -> Option<Video> {
        let mut video = None;
        for property in self.known(node) {
            let takes = Takes { property: "frame_interval", what: "a number of frames", example: "3" };
            let interval = self.single(property, takes).and_then(|value| self.whole(value, takes, 1, 100_000));
            video = interval.map(|frame_interval| Video { frame_interval });
        }
        if node.properties.is_empty() {
            let message = "`video` needs `frame_interval`";
            let hint = "as in `frame_interval = 3`";
            self.report(Diagnostic::new(Code::MissingProperty, node.keyword.span, message).hint(hint));
        }
        video
    }
}
