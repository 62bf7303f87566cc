//! Work in the background: one kind for all of it, for each kind of its own would be in the module once more.

use std::{cell::Cell, future::poll_fn, pin::Pin, rc::Rc, task::Poll};

use wasm_bindgen_futures::spawn_local;

/// Something that takes its time.
pub(super) type Work<T = ()> = Pin<Box<dyn Future<Output = T>>>;

/// Work that can be broken off; it goes on when this is dropped.
pub(super) struct Task(Rc<Shared>);

struct Shared {
    /// `None` while it runs, and when it is over.
    work: Cell<Option<Work>>,
    is_stopped: Cell<bool>,
}

impl Task {
    /// Drops the work where it waits; work that stops itself ends at its next wait.
    pub(super) fn stop(self) {
        self.0.is_stopped.set(true);
        drop(self.0.work.take());
    }
}

/// Begins work, after whatever is being done now.
pub(super) fn begin(work: Work) -> Task {
    let shared = Rc::new(Shared { work: Cell::new(Some(work)), is_stopped: Cell::new(false) });
    let task = Task(Rc::clone(&shared));
    spawn_local(poll_fn(move |context| {
        let Some(mut work) = shared.work.take() else { return Poll::Ready(()) };
        let polled = work.as_mut().poll(context);
        if polled.is_pending() && !shared.is_stopped.get() {
            shared.work.set(Some(work));
            return Poll::Pending;
        }
        Poll::Ready(())
    }));
    task
}
