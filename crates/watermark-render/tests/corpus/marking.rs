//! Marking every picture with every template, on all cores.

use std::{
    collections::BTreeMap,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use sealmark_watermark_dsl::{Template, Variables};
use sealmark_watermark_render::{Channels, Limits, Output, Pixels, Resources, draw, layout, render, verify};

use crate::outcome::Way;

/// A small mark with soft edges, and large ones: a plate of one colour, half of it transparent, and text on and beside
/// it.
pub(crate) const TEMPLATES: [(&str, &str); 2] = [
    (
        "corner",
        r#"template "corner" {
            text "© {user_id}" { size = 11%min margin = 3%min opacity = 85% shadow = 0.6%min 0.8%min 1%min #000000c0 }
        }"#,
    ),
    (
        "large",
        r#"template "large" {
            text "█████" { size = 33%h color = #e07020 opacity = 60% anchor = center margin = 0px }
            text "█" { size = 40%min color = #2050c0 opacity = 100% anchor = top_left margin = 5%min }
            text "marked for {user_id}" { size = 8%min color = #f0f8e0 anchor = center margin = 0px }
            text "sample" { size = 9%min color = #101010 anchor = bottom_left margin = 2%min opacity = 70% }
        }"#,
    ),
];

/// A picture with a template's marks on it.
#[derive(Debug)]
pub(crate) struct Marked {
    pub(crate) name: String,
    pub(crate) template: &'static str,
    pub(crate) source: PathBuf,
    pub(crate) way: Way,
    /// Where there is an output.
    pub(crate) done: Option<Done>,
}

/// An output, in files.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) output: Output,
    pub(crate) path: PathBuf,
    /// Each mark alone, the lowest first: straight RGBA, 16 bits of the machine's order, in the size of the picture as
    /// shown.
    pub(crate) mark: PathBuf,
}

/// Marks them all; in the order of the names and the templates.
pub(crate) fn mark_all(files: &BTreeMap<String, PathBuf>, folder: &Path) -> Vec<Marked> {
    let jobs: Vec<(&String, &PathBuf, usize)> = files
        .iter()
        .flat_map(|(name, path)| (0..TEMPLATES.len()).map(move |template| (name, path, template)))
        .collect();
    let templates: Vec<Template> = TEMPLATES.iter().map(|(_, source)| Template::from_source(source).unwrap()).collect();
    let resources = Resources::embedded();
    let next = AtomicUsize::new(0);
    let all = Mutex::new(Vec::new());
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((name, path, template)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let marker =
                        Marker { folder, resources: &resources, template: &templates[*template], at: *template };
                    let one = marker.mark(name, path);
                    all.lock().unwrap().push(one);
                }
            });
        }
    });
    let mut all = all.into_inner().unwrap();
    all.sort_by(|a: &Marked, b| (&a.name, a.template).cmp(&(&b.name, b.template)));
    all
}

struct Marker<'a> {
    folder: &'a Path,
    resources: &'a Resources,
    template: &'a Template,
    /// Which of [`TEMPLATES`].
    at: usize,
}

impl Marker<'_> {
    fn mark(&self, name: &str, path: &Path) -> Marked {
        let source = fs::read(path).unwrap();
        let (limits, variables) = (Limits::default(), Variables { user_id: "ada".into(), ..Variables::default() });
        let rendered = catch_unwind(AssertUnwindSafe(|| {
            let output = render(&source, self.template, &variables, self.resources, &limits)?;
            verify(&source, &output, &limits)?;
            Ok(output)
        }));
        let template = TEMPLATES[self.at].0;
        let (way, output) = match rendered {
            Ok(Ok(output)) => (Way::of(output.method), Some(output)),
            Ok(Err(error)) => (Way::failed(&error), None),
            Err(_) => panic!("{name} with the template {template} makes rendering panic"),
        };
        let done = output.map(|output| {
            let path = self.folder.join(format!("{}-{template}.jpg", name.replace('/', "_")));
            fs::write(&path, &output.bytes).unwrap();
            Done { mark: self.draw_alone(&variables, output.width, output.height), path, output }
        });
        Marked { name: name.to_owned(), template, source: path.to_owned(), way, done }
    }

    /// Draws the marks onto nothing, once for each size.
    fn draw_alone(&self, variables: &Variables, width: u32, height: u32) -> PathBuf {
        let path = self.folder.join(format!("{}-{width}x{height}.marks", TEMPLATES[self.at].0));
        if !path.exists() {
            let scene = layout(self.template, variables, width, height, self.resources).unwrap();
            let mut bytes = Vec::new();
            for stamp in draw(&scene, &self.resources.fonts).unwrap() {
                let mut samples = vec![0; 4 * width as usize * height as usize];
                stamp.blend_onto(&mut Pixels::bits16(&mut samples, Channels::Rgba, width, height).unwrap());
                bytes.extend(samples.iter().flat_map(|sample| sample.to_ne_bytes()));
            }
            // Renamed, so that another thread never finds half of it.
            let beside = path.with_extension(format!("{:?}", thread::current().id()));
            fs::write(&beside, bytes).unwrap();
            fs::rename(beside, &path).unwrap();
        }
        path
    }
}
