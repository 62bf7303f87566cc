//! Rendering and verifying alone: pictures in memory, nothing else.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Instant,
};

use anyhow::{Result, anyhow};
use sealmark_watermark_dsl::{Template, Variables, render_diagnostics};
use sealmark_watermark_render::{Limits, Resources, render, verify};

use crate::{Turn, processes};

/// What the worker has loaded before a picture comes.
pub(crate) struct Renderer {
    template: Template,
    resources: Resources,
}

impl Renderer {
    /// Compiles a template.
    ///
    /// # Errors
    /// When it has mistakes.
    pub(crate) fn new(source: &str) -> Result<Self> {
        let template = Template::from_source(source)
            .map_err(|mistakes| anyhow!("{}", render_diagnostics(source, "the template", &mistakes)))?;
        Ok(Self { template, resources: Resources::embedded() })
    }

    /// Renders and verifies each picture once, on so many threads.
    ///
    /// # Errors
    /// When a picture is refused.
    pub(crate) fn turn(&self, pictures: &[Vec<u8>], threads: usize) -> Result<Turn> {
        let (begun, cpu) = (Instant::now(), processes::own_cpu_ms()?);
        let next = AtomicUsize::new(0);
        thread::scope(|scope| {
            let work = || {
                while let Some(picture) = pictures.get(next.fetch_add(1, Ordering::Relaxed)) {
                    self.mark(picture)?;
                }
                Ok(())
            };
            let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            threads
                .into_iter()
                .try_for_each(|thread| thread.join().unwrap_or_else(|_| Err(anyhow!("a rendering thread panicked"))))
        })?;
        let count = pictures.len() as f64;
        Ok(Turn {
            rate: count / begun.elapsed().as_secs_f64(),
            cpu_ms: vec![("rendering and verifying".to_owned(), (processes::own_cpu_ms()? - cpu) / count)],
        })
    }

    fn mark(&self, picture: &[u8]) -> Result<()> {
        let variables = Variables { user_id: "bench".to_owned(), ..Variables::default() };
        let output = render(picture, &self.template, &variables, &self.resources, &Limits::default())?;
        Ok(verify(picture, &output, &Limits::default()).map(drop)?)
    }
}
