//! Which of several addresses of the API is asked.

/// Failures in a row after which the next address is asked.
const MOST_FAILURES: u32 = 4;

/// The addresses of one API, asked in turn: the next when one fails again and again.
///
/// *Invariant:* pure; the driver tells what happened.
#[derive(Debug, Clone)]
pub struct Endpoints {
    addresses: Vec<String>,
    current: usize,
    failures: u32,
}

impl Endpoints {
    /// Absolute URLs; slashes at their ends are cut. Without any, the empty address is asked.
    pub fn new(addresses: impl IntoIterator<Item = String>) -> Self {
        let mut addresses: Vec<String> = addresses.into_iter().collect();
        for address in &mut addresses {
            while address.as_bytes().last() == Some(&b'/') {
                address.pop();
            }
        }
        if addresses.is_empty() {
            addresses.push(String::new());
        }
        Self { addresses, current: 0, failures: 0 }
    }

    /// The address to ask.
    pub fn current(&self) -> &str {
        &self.addresses[self.current]
    }

    /// Counts how something went at `address`, the API's or the store that it signs for; whether another address is
    /// asked from now on. What was begun at an address before the last move does not count.
    pub fn count(&mut self, address: &str, good: bool) -> bool {
        if address != self.current() {
            return false;
        }
        if good {
            self.failures = 0;
            return false;
        }
        self.failures += 1;
        if self.failures < MOST_FAILURES || self.addresses.len() == 1 {
            return false;
        }
        self.failures = 0;
        self.current = (self.current + 1) % self.addresses.len();
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_in_a_row_move_on_and_round() {
        let mut endpoints = Endpoints::new(["http://a/".to_owned(), "http://b".to_owned()]);
        let fail = |endpoints: &mut Endpoints, address: &str, times: u32| {
            (0..times).filter(|_| endpoints.count(address, false)).count()
        };
        assert_eq!(fail(&mut endpoints, "http://a", 3), 0);
        assert!(!endpoints.count("http://a", true));
        assert_eq!(fail(&mut endpoints, "http://a", 4), 1);
        assert_eq!(endpoints.current(), "http://b");
        assert_eq!(fail(&mut endpoints, "http://a", 9), 0, "that is over");
        assert_eq!(fail(&mut endpoints, "http://b", 4), 1);
        assert_eq!(endpoints.current(), "http://a");
        let mut alone = Endpoints::new(["http://a".to_owned()]);
        assert_eq!(fail(&mut alone, "http://a", 99), 0);
    }
}
