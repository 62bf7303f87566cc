//! Which of the API's addresses is asked, and how requests go there.

use std::rc::Rc;

use super::uploads::Inner;
use crate::engine::Event;

/// A request to an address, or to the store that it signs for.
pub(super) struct Asked<'a> {
    inner: &'a Rc<Inner>,
    /// Empty once it is over.
    pub(super) address: String,
}

impl Asked<'_> {
    /// Counts how it went, and has all uploads ask another address where this one has failed too often.
    pub(super) fn over(mut self, good: bool) {
        let address = std::mem::take(&mut self.address);
        if self.inner.state.borrow_mut().endpoints.count(&address, good) {
            self.inner.tell_all(&Event::Moved);
        }
    }
}

impl Drop for Asked<'_> {
    /// Whoever breaks it off knows whether it hung.
    fn drop(&mut self) {
        self.inner.broken_off.set(std::mem::take(&mut self.address));
    }
}

impl Inner {
    /// A request to the API's address of now.
    pub(super) fn asked(self: &Rc<Self>) -> Asked<'_> {
        Asked { inner: self, address: self.state.borrow().endpoints.current().to_owned() }
    }
}
