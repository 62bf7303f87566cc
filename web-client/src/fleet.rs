//! Several uploads side by side, of which only a few send at the same time.
//!
//! *Invariant:* pure, as the engines in it.

use crate::engine::{Command, Engine, Event, Limits, Snapshot, Source};

/// Number of an upload within its fleet, in the order of adding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UploadNumber(pub u32);

/// What one step brought for one upload.
#[derive(Debug)]
pub struct Stepped {
    /// Which upload was stepped.
    pub number: UploadNumber,
    /// What is to be done for it.
    pub commands: Vec<Command>,
}

/// The uploads of one page or one command.
#[derive(Debug)]
pub struct Fleet {
    /// The upload of number `n` is at `n - 1`.
    uploads: Vec<Engine>,
    limits: Limits,
    at_once: usize,
}

impl Fleet {
    /// No uploads yet; at most `at_once` of them send at the same time.
    ///
    /// Uploads that are paused, over, or only wait for their picture leave their place to others; one that the user
    /// resumes takes a place at once, even where none is free.
    pub const fn new(limits: Limits, at_once: usize) -> Self {
        Self { uploads: Vec::new(), limits, at_once }
    }

    /// Adds an upload; it begins when [`Fleet::step`] or [`Fleet::start`] finds a place for it.
    pub fn add(&mut self, source: Source, now_ms: u64) -> UploadNumber {
        self.uploads.push(Engine::new(source, self.limits, now_ms));
        UploadNumber(self.uploads.len() as u32)
    }

    fn get(&self, number: UploadNumber) -> Option<&Engine> {
        self.uploads.get((number.0 as usize).checked_sub(1)?)
    }

    fn numbers(&self) -> impl Iterator<Item = UploadNumber> + use<> {
        (1..=self.uploads.len() as u32).map(UploadNumber)
    }

    /// Tells one upload what happened, and begins others where a place has become free.
    pub fn step(&mut self, number: UploadNumber, now_ms: u64, event: Event) -> Vec<Stepped> {
        let mut stepped = Vec::new();
        if let Some(engine) = self.uploads.get_mut((number.0 as usize).wrapping_sub(1)) {
            stepped.push(Stepped { number, commands: engine.step(now_ms, event) });
        }
        stepped.extend(self.start(now_ms));
        stepped
    }

    /// Tells every upload what happened.
    pub fn step_all(&mut self, now_ms: u64, event: &Event) -> Vec<Stepped> {
        let mut stepped = Vec::new();
        for number in self.numbers() {
            stepped.extend(self.step(number, now_ms, event.clone()));
        }
        stepped
    }

    /// Begins uploads while there are places.
    pub fn start(&mut self, now_ms: u64) -> Vec<Stepped> {
        let mut sending = self.uploads.iter().filter(|engine| engine.is_sending()).count();
        let mut stepped = Vec::new();
        for (number, engine) in (1..).map(UploadNumber).zip(&mut self.uploads) {
            if sending < self.at_once && engine.is_idle() {
                stepped.push(Stepped { number, commands: engine.step(now_ms, Event::Start) });
                sending += usize::from(engine.is_sending());
            }
        }
        stepped
    }

    /// Whether something is left to do for an upload.
    pub fn is_active(&self, number: UploadNumber) -> bool {
        self.get(number).is_some_and(|engine| !engine.is_over())
    }

    /// The uploads for which something is left to do, for their users or with the server.
    pub fn unfinished(&self) -> Vec<Snapshot> {
        let unfinished = self.numbers().filter(|number| self.is_active(*number));
        unfinished.filter_map(|number| self.snapshot(number)).collect()
    }

    /// Every upload as it stands, in the order of adding.
    pub fn snapshots(&self) -> Vec<Snapshot> {
        self.numbers().filter_map(|number| self.snapshot(number)).collect()
    }

    /// An upload as it stands.
    pub fn snapshot(&self, number: UploadNumber) -> Option<Snapshot> {
        self.get(number).map(|engine| engine.snapshot(&number.0.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Standing;

    fn fleet(count: u32) -> (Fleet, Vec<UploadNumber>) {
        let mut fleet = Fleet::new(Limits::default(), 3);
        let source = |seed: u32| Source {
            file_name: format!("{seed}.jpg"),
            size_bytes: 1,
            content_type: None,
            resume: None,
            idempotency_key: seed.to_string(),
            seed: seed.into(),
        };
        let numbers = (0..count).map(|seed| fleet.add(source(seed), 1)).collect();
        (fleet, numbers)
    }

    #[test]
    fn places_are_given_in_order_and_passed_on() {
        let (mut fleet, numbers) = fleet(6);
        let begun: Vec<_> = fleet.start(1).iter().map(|stepped| stepped.number).collect();
        assert_eq!(begun, numbers[..3]);
        assert!(fleet.start(1).is_empty());
        let next = fleet.step(numbers[1], 2, Event::Cancel);
        assert_eq!(next.last().unwrap().number, numbers[3]);
        let next = fleet.step(numbers[0], 2, Event::Pause);
        assert_eq!(next.last().unwrap().number, numbers[4]);
        assert_eq!(fleet.snapshot(numbers[0]).unwrap().state, Standing::Paused);
        assert_eq!(fleet.step(numbers[0], 2, Event::Resume).len(), 1);
    }

    #[test]
    fn one_that_is_paused_before_its_turn_is_passed_over() {
        let (mut fleet, numbers) = fleet(4);
        fleet.step(numbers[0], 1, Event::Pause);
        assert_eq!(fleet.snapshot(numbers[0]).unwrap().state, Standing::Paused);
        assert!(fleet.snapshot(numbers[3]).unwrap().upload_id.is_none());
        assert!(fleet.start(1).is_empty(), "the other three have the places");
        fleet.step(numbers[3], 1, Event::Cancel);
        let resumed = fleet.step(numbers[0], 1, Event::Resume);
        assert!(resumed.iter().any(|stepped| !stepped.commands.is_empty()));
    }
}
