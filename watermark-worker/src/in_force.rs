//! What is in force: loaded from files and the bucket, and swapped as a whole when one of them changes.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use sealmark_event_bus::CancellationToken;

use crate::{Keys, LoadError, Loaded, Objects, Places, Shelves, Source, folder::Stamp, shelves::resource_files};

/// How often the files are looked at. A change is taken over when two looks in a row find the same.
const LOOK: Duration = Duration::from_millis(500);

/// Template, fonts, pictures and keys in force.
#[derive(Debug)]
pub struct InForce {
    places: Places,
    keys: Keys,
    loaded: RwLock<Arc<Loaded>>,
    /// The bucket's fonts and pictures, as they were fetched last.
    offered: Mutex<Objects>,
    seen: Mutex<Seen>,
}

/// What has been looked at.
#[derive(Debug)]
struct Seen {
    /// The files that the template is made of.
    sources: Vec<PathBuf>,
    /// How the files were when they were read last, whatever became of it.
    read: Stamps,
    /// How they were at the last look, where that was something new.
    changing: Option<Stamps>,
    /// Fonts and pictures, and what they were read from.
    shelves: (Stamp, Objects, Arc<Shelves>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamps {
    sources: Stamp,
    resources: Stamp,
    objects: Objects,
}

impl InForce {
    /// Reads everything; `objects` are the bucket's fonts and pictures.
    ///
    /// # Errors
    /// [`LoadError`]; at the start there is nothing older to stay with.
    pub fn open(places: Places, objects: Objects, keys: Keys) -> Result<Self, LoadError> {
        // Before they are read: what changes meanwhile is then read once more.
        let resources = Stamp::of(resource_files(&places));
        let shelves = Arc::new(Shelves::read(&places, &objects)?);
        let mut sources = Vec::new();
        let source = Source::read_noting(&places.template, places.includes.as_deref(), &mut sources)?;
        let loaded = Loaded::new(&source, Arc::clone(&shelves), &keys)?;
        warn(&loaded);
        let read =
            Stamps { sources: Stamp::of(sources.clone()), resources: resources.clone(), objects: objects.clone() };
        let seen = Seen { sources, read, changing: None, shelves: (resources, objects.clone(), shelves) };
        let loaded = RwLock::new(Arc::new(loaded));
        Ok(Self { places, keys, loaded, offered: Mutex::new(objects), seen: Mutex::new(seen) })
    }

    /// What is in force.
    pub fn current(&self) -> Arc<Loaded> {
        Arc::clone(&self.loaded.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The bucket's fonts and pictures have changed: the next looks take them over, with what has changed of the files.
    pub fn offer(&self, objects: Objects) {
        *self.offered.lock().unwrap_or_else(PoisonError::into_inner) = objects;
    }

    /// Looks at the files until stopped; what is broken is reported once and changes nothing.
    pub async fn watch(self: Arc<Self>, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK) => {}
            }
            let this = Arc::clone(&self);
            match tokio::task::spawn_blocking(move || this.look()).await {
                Ok(Ok(false)) => {}
                Ok(Ok(true)) => {
                    let name = self.current().template.name().to_owned();
                    tracing::info!(template = name, path = %self.places.template.display(), "the change is in force");
                }
                Ok(Err(error)) => {
                    let (code, error) = (error.code(), crate::chain(&error));
                    tracing::error!(code, error, "what was before the change stays in force");
                }
                Err(error) => tracing::error!(%error, "looking for changes failed"),
            }
        }
    }

    /// Takes the files over if they have changed and are right; whether it did.
    fn look(&self) -> Result<bool, LoadError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = &mut *seen;
        let now = Stamps {
            sources: Stamp::of(seen.sources.clone()),
            resources: Stamp::of(resource_files(&self.places)),
            objects: self.offered.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        };
        if now == seen.read {
            seen.changing = None;
            return Ok(false);
        }
        // A file that is being copied, or that an editor has removed to write it anew, is not read before it rests.
        if seen.changing.as_ref() != Some(&now) {
            seen.changing = Some(now);
            return Ok(false);
        }
        seen.changing = None;
        // Remembered even when it is broken, so that one broken edit is one report.
        seen.read = now.clone();
        if seen.shelves.0 != now.resources || seen.shelves.1 != now.objects {
            let shelves = Shelves::read(&self.places, &now.objects)?;
            seen.shelves = (now.resources, now.objects, Arc::new(shelves));
        }
        let mut sources = Vec::new();
        let source = Source::read_noting(&self.places.template, self.places.includes.as_deref(), &mut sources);
        if sources != seen.sources {
            seen.read.sources = Stamp::of(sources.clone());
            seen.sources = sources;
        }
        let loaded = Loaded::new(&source?, Arc::clone(&seen.shelves.2), &self.keys)?;
        if loaded.is_same(&self.current()) {
            return Ok(false);
        }
        warn(&loaded);
        *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(loaded);
        Ok(true)
    }
}

fn warn(loaded: &Loaded) {
    if !loaded.warnings.is_empty() {
        tracing::warn!("the template {:?} has warnings:\n{}", loaded.template.name(), loaded.warnings.trim_end());
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Two looks, as a change needs them.
    fn reloaded(in_force: &InForce) -> Result<bool, LoadError> {
        assert!(!in_force.look().unwrap());
        in_force.look()
    }

    fn opened(folder: &std::path::Path) -> InForce {
        let below = |name: &str| Some(folder.join(name));
        let places = Places {
            template: folder.join("t.seal"),
            includes: None,
            fonts: None,
            assets: below("assets"),
            tenants: below("tenants"),
        };
        InForce::open(places, Objects::default(), Keys::default()).unwrap()
    }

    fn svg(side: u32) -> String {
        format!(r#"<svg xmlns="http://www.w3.org/2000/svg" width="{side}" height="{side}"><path d="M0 0h9v9z"/></svg>"#)
    }

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir_all(path("assets")).unwrap();
        fs::create_dir_all(path("tenants/acme/assets")).unwrap();
        fs::write(path("assets/logo.svg"), svg(10)).unwrap();
        fs::write(path("t.seal"), "template \"a\" { image \"logo.svg\" {} }").unwrap();
        folder
    }

    #[test]
    fn a_broken_edit_changes_nothing_and_is_reported_once() {
        let folder = folder();
        let path = folder.path().join("t.seal");
        let in_force = opened(folder.path());
        let first = in_force.current();
        assert!(!in_force.look().unwrap());

        fs::write(&path, "template \"a\" { text \"x\" { anchor = nowhere } }").unwrap();
        let report = reloaded(&in_force).unwrap_err().to_string();
        assert!(report.contains("nowhere"), "{report}");
        assert!(!reloaded(&in_force).unwrap());
        assert_eq!(in_force.current().digest, first.digest);

        fs::write(&path, "template \"a\" { text \"y\" {} }").unwrap();
        assert!(reloaded(&in_force).unwrap());
        assert_ne!(in_force.current().digest, first.digest);

        fs::write(&path, "// A comment.\ntemplate \"a\" { text \"y\" {} }").unwrap();
        assert!(!reloaded(&in_force).unwrap());
        fs::remove_file(&path).unwrap();
        assert!(matches!(reloaded(&in_force), Err(LoadError::Unreadable { .. })));
    }

    #[test]
    fn an_included_template_is_watched_also_before_it_is_there() {
        let folder = folder();
        let in_force = opened(folder.path());
        fs::write(folder.path().join("t.seal"), "template \"a\" { include \"other\" text \"x\" {} }").unwrap();
        assert!(reloaded(&in_force).unwrap_err().to_string().contains("E0025"));
        fs::write(folder.path().join("other.seal"), "template \"o\" { text \"y\" {} }").unwrap();
        assert!(reloaded(&in_force).unwrap());
        let before = in_force.current();
        assert_eq!(before.template.layers().count(), 2);
        fs::write(folder.path().join("other.seal"), "template \"o\" { text \"zzz\" {} }").unwrap();
        assert!(reloaded(&in_force).unwrap());
        assert_ne!(in_force.current().digest, before.digest);
    }

    #[test]
    fn a_tenant_has_its_own_and_falls_back_to_the_shared_one() {
        let folder = folder();
        let path = |name: &str| folder.path().join(name);
        let in_force = opened(folder.path());
        let first = in_force.current();
        assert_eq!(first.shelf("acme").digest, first.shelf("eco").digest);
        let width = |loaded: &Loaded, tenant| loaded.shelf(tenant).resources.assets.get("logo.svg").unwrap().width();

        fs::write(path("tenants/acme/assets/logo.svg"), svg(30)).unwrap();
        assert!(reloaded(&in_force).unwrap());
        let second = in_force.current();
        assert_eq!((width(&second, "acme"), width(&second, "eco")), (30, 10));
        assert_eq!((&second.digest, &second.shelf("eco").digest), (&first.digest, &first.shelf("eco").digest));
        assert_ne!(second.shelf("acme").digest, first.shelf("acme").digest);

        fs::write(path("assets/logo.svg"), svg(20)).unwrap();
        assert!(reloaded(&in_force).unwrap());
        assert_eq!((width(&in_force.current(), "acme"), width(&in_force.current(), "eco")), (30, 20));
    }

    #[test]
    fn a_picture_that_goes_or_breaks_changes_nothing() {
        let folder = folder();
        let logo = folder.path().join("assets/logo.svg");
        let in_force = opened(folder.path());
        let first = in_force.current();
        fs::write(&logo, "<svg").unwrap();
        let report = crate::chain(&reloaded(&in_force).unwrap_err());
        assert!(report.contains("logo.svg cannot be used"), "{report}");
        // An edit of the template beside it is not taken over with half of the rest.
        fs::write(folder.path().join("t.seal"), "template \"b\" { image \"logo.svg\" {} }").unwrap();
        assert!(reloaded(&in_force).is_err());
        fs::remove_file(&logo).unwrap();
        let report = reloaded(&in_force).unwrap_err().to_string();
        assert!(report.contains("E0039") && report.contains("logo.svg"), "{report}");
        assert_eq!(in_force.current().template.name(), "a");
        assert_eq!(in_force.current().shelf("eco").digest, first.shelf("eco").digest);
        fs::write(&logo, svg(11)).unwrap();
        assert!(reloaded(&in_force).unwrap());
        assert_eq!(in_force.current().template.name(), "b");
    }
}
