//! The token of all calls: what is asked for many uploads at once cannot be asked with the token of one of them.
//!
//! *Invariant:* pure.

/// A bearer token, and whether the API has refused it.
#[derive(Debug, Default)]
pub(crate) struct Bearer {
    /// Empty where there never was one.
    token: String,
    is_refused: bool,
}

impl Bearer {
    /// The token to call with.
    pub(crate) fn token(&self) -> String {
        self.token.clone()
    }

    /// Whether another one is wanted.
    pub(crate) const fn is_wanted(&self) -> bool {
        self.is_refused || self.token.is_empty()
    }

    /// The one in whose place it is wanted.
    pub(crate) fn refused(&self) -> Option<String> {
        self.is_refused.then(|| self.token())
    }

    /// Takes a token; the one that was refused stays refused.
    pub(crate) fn take(&mut self, token: String) {
        self.is_refused &= self.token == token;
        self.token = token;
    }

    /// A call with this token was refused; what it says of an older one is no news.
    pub(crate) fn refuse(&mut self, token: &str) {
        self.is_refused |= self.token == token;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_token_is_replaced_once_for_all() {
        let mut bearer = Bearer::default();
        assert_eq!((bearer.is_wanted(), bearer.refused()), (true, None));
        bearer.take("old".into());
        assert!(!bearer.is_wanted());
        bearer.refuse("old");
        bearer.refuse("old");
        assert_eq!((bearer.is_wanted(), bearer.refused()), (true, Some("old".into())));
        bearer.take("new".into());
        // The answers to calls that were under way meanwhile.
        bearer.refuse("old");
        assert_eq!((bearer.is_wanted(), bearer.token().as_str()), (false, "new"));
        bearer.take("new".into());
        bearer.refuse("new");
        bearer.take("new".into());
        assert!(bearer.is_wanted(), "the page has no other");
    }
}
