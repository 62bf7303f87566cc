//! Several uploads side by side, in order of priority, over one link.
//!
//! *Invariant:* pure, as the engines in it.

use crate::{
    decimal::decimal,
    engine::{Budget, Command, Engine, Event, FIRST_PART_BYTES, Hint, Limits, Link, Share, Snapshot, Source},
};

/// Uploads that are between their beginning and their completion at the same time.
const MOST_UPLOADS: usize = 500;
/// Work that is begun for each part that may be sent at once, in parts and in bytes: what is small needs more of it at
/// hand, for each file asks the server twice.
const AHEAD: (usize, u64) = (4, 6 * 1024 * 1024);

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

#[derive(Debug)]
struct Upload {
    engine: Engine,
    priority: i32,
}

/// The uploads of one page or one command.
#[derive(Debug)]
pub struct Fleet {
    /// The upload of number `n` is at `n - 1`.
    uploads: Vec<Upload>,
    /// Those whose turn has not come, the next one last.
    waiting: Vec<UploadNumber>,
    /// Those between beginning and completion, the most urgent first.
    active: Vec<UploadNumber>,
    limits: Limits,
    link: Link,
    online: bool,
}

impl Fleet {
    /// No uploads yet.
    ///
    /// As many are begun as keep the link busy, the most urgent first. Uploads that are paused, over, or only wait for
    /// their picture leave their place to others.
    pub fn new(limits: Limits, hint: Hint) -> Self {
        Self {
            uploads: Vec::new(),
            waiting: Vec::new(),
            active: Vec::new(),
            link: Link::new(limits.concurrency, hint),
            limits,
            online: true,
        }
    }

    /// Adds an upload; it begins when [`Fleet::step`] or [`Fleet::start`] finds a place for it.
    ///
    /// Of two uploads that wait, the one of higher priority is begun first; of equals, the one added first.
    pub fn add(&mut self, source: Source, priority: i32, now_ms: u64) -> UploadNumber {
        let mut engine = Engine::new(source, self.limits, now_ms);
        if !self.online {
            engine.step(now_ms, Event::Offline);
        }
        self.uploads.push(Upload { engine, priority });
        let number = UploadNumber(self.uploads.len() as u32);
        self.wait(number);
        number
    }

    /// Changes an upload's priority; parts that are on their way stay on it.
    pub fn set_priority(&mut self, number: UploadNumber, priority: i32, now_ms: u64) -> Vec<Stepped> {
        let Some(upload) = self.get_mut(number) else { return Vec::new() };
        upload.priority = priority;
        if self.waiting.contains(&number) {
            self.wait(number);
        }
        self.sort_active();
        self.start(now_ms)
    }

    fn get(&self, number: UploadNumber) -> Option<&Upload> {
        self.uploads.get((number.0 as usize).checked_sub(1)?)
    }

    fn get_mut(&mut self, number: UploadNumber) -> Option<&mut Upload> {
        self.uploads.get_mut((number.0 as usize).wrapping_sub(1))
    }

    /// What comes first is greater.
    fn rank(&self, number: UploadNumber) -> (i32, std::cmp::Reverse<u32>) {
        (self.get(number).map_or(0, |upload| upload.priority), std::cmp::Reverse(number.0))
    }

    /// Puts an upload into its place among those that wait.
    fn wait(&mut self, number: UploadNumber) {
        self.waiting.retain(|waiting| *waiting != number);
        let rank = self.rank(number);
        let place = self.waiting.partition_point(|waiting| self.rank(*waiting) < rank);
        self.waiting.insert(place, number);
    }

    fn sort_active(&mut self) {
        let mut active = std::mem::take(&mut self.active);
        active.sort_by_key(|number| std::cmp::Reverse(self.rank(*number)));
        self.active = active;
    }

    fn numbers(&self) -> impl Iterator<Item = UploadNumber> + use<> {
        (1..=self.uploads.len() as u32).map(UploadNumber)
    }

    /// Tells one upload what happened, and lets all begin what has become possible.
    pub fn step(&mut self, number: UploadNumber, now_ms: u64, event: Event) -> Vec<Stepped> {
        let mut stepped = self.tell(number, now_ms, event);
        self.begin(now_ms, &mut stepped);
        stepped
    }

    /// Tells every upload what happened.
    pub fn step_all(&mut self, now_ms: u64, event: &Event) -> Vec<Stepped> {
        match event {
            Event::Online => self.online = true,
            Event::Offline => self.online = false,
            _ => {}
        }
        let mut stepped = Vec::new();
        for number in self.numbers() {
            stepped.extend(self.tell(number, now_ms, event.clone()));
        }
        self.begin(now_ms, &mut stepped);
        stepped
    }

    /// Begins uploads while there are places.
    pub fn start(&mut self, now_ms: u64) -> Vec<Stepped> {
        let mut stepped = Vec::new();
        self.begin(now_ms, &mut stepped);
        stepped
    }

    fn tell(&mut self, number: UploadNumber, now_ms: u64, event: Event) -> Vec<Stepped> {
        let Some(upload) = self.get_mut(number) else { return Vec::new() };
        let was_idle = upload.engine.is_idle();
        let commands = upload.engine.step(now_ms, event);
        let (notes, is_idle, sends) = (upload.engine.take_notes(), upload.engine.is_idle(), upload.engine.is_sending());
        for note in notes {
            self.link.take(now_ms, note);
        }
        if is_idle && !was_idle {
            self.wait(number);
        } else if was_idle && !is_idle {
            self.waiting.retain(|waiting| *waiting != number);
        }
        let is_active = self.active.contains(&number);
        if sends && !is_active {
            self.active.push(number);
            self.sort_active();
        } else if !sends && is_active {
            self.active.retain(|active| *active != number);
        }
        vec![Stepped { number, commands }]
    }

    /// Gives out what the link bears, the most urgent upload first, and begins others while it is not busy.
    fn begin(&mut self, now_ms: u64, stepped: &mut Vec<Stepped>) {
        self.pump(now_ms, stepped);
        while self.online && self.has_place() {
            let Some(number) = self.waiting.pop() else { break };
            stepped.extend(self.tell(number, now_ms, Event::Start));
            self.pump(now_ms, stepped);
        }
    }

    fn pump(&mut self, now_ms: u64, stepped: &mut Vec<Stepped>) {
        let engines = || self.active.iter().filter_map(|number| self.get(*number)).map(|upload| &upload.engine);
        let mut sending: usize = engines().map(Engine::sending_count).sum();
        let (mut hashing, mut ahead) = engines()
            .map(Engine::hashing_and_ahead_bytes)
            .fold((0, 0), |sum, of_one| (sum.0 + of_one.0, sum.1 + of_one.1));
        let at_once = self.link.parts_at_once();
        let part_size_bytes = self.limits.part_size_bytes.unwrap_or(self.link.part_bytes());
        for number in self.active.clone() {
            let Some(upload) = self.uploads.get_mut(number.0 as usize - 1) else { continue };
            let before = (upload.engine.sending_count(), upload.engine.hashing_and_ahead_bytes());
            // By its own parts: those of the next file, on a link that has shown to be fast, may be eight times as long.
            let part_bytes = upload.engine.part_bytes().max(FIRST_PART_BYTES);
            let hash_at_once = self.limits.hash_at_once.max(1);
            let share = Share {
                puts: at_once.saturating_sub(sending),
                hashing: Budget { used_bytes: hashing, most_bytes: part_bytes * hash_at_once },
                ahead: Budget { used_bytes: ahead, most_bytes: part_bytes * hash_at_once.max(at_once as u64 / 2) },
                part_size_bytes,
            };
            let commands = upload.engine.pump(now_ms, share);
            let after = (upload.engine.sending_count(), upload.engine.hashing_and_ahead_bytes());
            sending = sending + after.0 - before.0;
            hashing = hashing + after.1.0 - before.1.0;
            ahead = ahead + after.1.1 - before.1.1;
            let over = !upload.engine.is_sending();
            if !commands.is_empty() {
                stepped.push(Stepped { number, commands });
            }
            if over {
                self.active.retain(|active| *active != number);
            }
        }
        // Only now, for a part that has just ended leaves its place to the next.
        self.link.look(now_ms, sending);
    }

    /// Whether another upload would find the link idle.
    fn has_place(&self) -> bool {
        let at_once = self.link.parts_at_once();
        let (parts, bytes) = self
            .active
            .iter()
            .filter_map(|number| self.get(*number))
            .map(|upload| upload.engine.open_work())
            .fold((0, 0), |sum, of_one| (sum.0 + of_one.0, sum.1 + of_one.1));
        let is_idle = parts < at_once * AHEAD.0 || bytes < at_once as u64 * AHEAD.1;
        self.active.len() < MOST_UPLOADS && is_idle
    }

    /// Whether something is left to do for an upload.
    pub fn is_active(&self, number: UploadNumber) -> bool {
        self.get(number).is_some_and(|upload| !upload.engine.is_over())
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
        self.get(number).map(|upload| upload.engine.snapshot(&decimal(number.0)))
    }

    /// How many uploads there are.
    pub const fn len(&self) -> usize {
        self.uploads.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.uploads.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use sealmark_protocol::{
        Integrity, PartNumber, PartToSign, SignPartsResponse, SignedPart, StoredPart, Upload as Created, UploadState,
        plan_parts,
    };

    use super::*;
    use crate::engine::{Identity, PutError, Standing, Ticket};

    fn source(seed: u32) -> Source {
        Source {
            file_name: format!("{seed}.jpg"),
            size_bytes: 6 << 20,
            content_type: None,
            idempotency_key: seed.to_string(),
            seed: seed.into(),
        }
    }

    fn fleet(count: u32) -> (Fleet, Vec<UploadNumber>) {
        let limits = Limits { concurrency: Some(1), ..Limits::default() };
        let mut fleet = Fleet::new(limits, Hint::default());
        let numbers = (0..count).map(|seed| fleet.add(source(seed), 0, 1)).collect();
        (fleet, numbers)
    }

    fn begun(stepped: &[Stepped]) -> Vec<UploadNumber> {
        let identifies = |command: &Command| matches!(command, Command::Identify { .. });
        stepped.iter().filter(|stepped| stepped.commands.iter().any(identifies)).map(|stepped| stepped.number).collect()
    }

    #[test]
    fn places_are_given_in_order_and_passed_on() {
        let (mut fleet, numbers) = fleet(7);
        assert_eq!(begun(&fleet.start(1)), numbers[..4]);
        assert!(fleet.start(1).is_empty());
        assert_eq!(begun(&fleet.step(numbers[1], 2, Event::Cancel)), [numbers[4]]);
        assert_eq!(begun(&fleet.step(numbers[0], 2, Event::Pause)), [numbers[5]]);
        assert_eq!(fleet.snapshot(numbers[0]).unwrap().state, Standing::Paused);
    }

    #[test]
    fn one_that_is_paused_before_its_turn_is_passed_over() {
        let (mut fleet, numbers) = fleet(5);
        fleet.step(numbers[0], 1, Event::Pause);
        assert_eq!(fleet.snapshot(numbers[0]).unwrap().state, Standing::Paused);
        assert!(fleet.start(1).is_empty(), "the other four have the places");
        assert!(begun(&fleet.step(numbers[0], 1, Event::Resume)).is_empty());
        assert_eq!(begun(&fleet.step(numbers[3], 1, Event::Cancel)), [numbers[0]]);
    }

    #[test]
    fn the_more_urgent_comes_first() {
        let (mut fleet, numbers) = fleet(4);
        fleet.start(1);
        let later = fleet.add(source(8), 0, 1);
        let urgent = fleet.add(source(9), 5, 1);
        assert_eq!(begun(&fleet.step(numbers[0], 2, Event::Cancel)), [urgent]);
        fleet.set_priority(later, 9, 2);
        fleet.add(source(10), 5, 2);
        assert_eq!(begun(&fleet.step(numbers[1], 2, Event::Cancel)), [later]);
    }

    /// A part on its way.
    struct Put {
        ticket: Ticket,
        number: PartNumber,
        length: u64,
        sent_bytes: u64,
    }

    /// One long file over a link on which each connection moves so many bytes a second.
    struct Sent {
        fleet: Fleet,
        number: UploadNumber,
        now_ms: u64,
        bytes_per_s: u64,
        puts: Vec<Put>,
        hashes: usize,
        /// The upload as the server has it.
        upload: Option<Created>,
    }

    impl Sent {
        fn new(limits: Limits, bytes_per_s: u64) -> Self {
            let mut fleet = Fleet::new(limits, Hint::default());
            let number = fleet.add(Source { size_bytes: 50 << 30, ..source(1) }, 0, 1);
            let mut sent = Self { fleet, number, now_ms: 1, bytes_per_s, puts: Vec::new(), hashes: 0, upload: None };
            let begun = sent.fleet.start(1);
            sent.carry_out(begun);
            sent
        }

        fn step(&mut self, event: Event) {
            let stepped = self.fleet.step(self.number, self.now_ms, event);
            self.carry_out(stepped);
        }

        fn carry_out(&mut self, stepped: Vec<Stepped>) {
            for command in stepped.into_iter().flat_map(|stepped| stepped.commands) {
                match command {
                    Command::GetToken { ticket, .. } => self.step(Event::Token { ticket, outcome: Ok(()) }),
                    Command::Identify { ticket } => {
                        let (file_name, size_bytes) = ("1.jpg".to_owned(), 50 << 30);
                        let identity = Identity { file_name, size_bytes, content_type: None, resume: None, made: None };
                        self.step(Event::Identified { ticket, outcome: Ok(identity) });
                    }
                    Command::Create { ticket, request, .. } => {
                        let plan = plan_parts(request.size_bytes, request.part_size_bytes.unwrap()).unwrap();
                        let upload = Created {
                            upload_id: "00000000-0000-7000-8000-000000000001".parse().unwrap(),
                            media_id: "00000000-0000-7000-8000-000000000002".parse().unwrap(),
                            state: UploadState::Open,
                            file_name: request.file_name,
                            size_bytes: plan.size_bytes,
                            part_size_bytes: plan.part_size_bytes,
                            part_count: plan.part_count,
                            created_at_ms: 0,
                            parts: Vec::new(),
                            integrity: request.integrity,
                            signed: request.sign.iter().map(signed).collect(),
                            challenge: None,
                        };
                        self.upload = Some(Created { signed: Vec::new(), ..upload.clone() });
                        self.step(Event::Created { ticket, outcome: Ok(upload) });
                    }
                    Command::Sign { ticket, parts, .. } => {
                        let outcome = Ok(SignPartsResponse { parts: parts.iter().map(signed).collect() });
                        self.step(Event::Signed { ticket, outcome });
                    }
                    Command::Fetch { ticket, .. } => {
                        let upload = self.upload.clone().unwrap();
                        self.step(Event::Fetched { ticket, outcome: Ok(upload) });
                    }
                    Command::Put { ticket, request, length, .. } => {
                        self.puts.push(Put { ticket, number: request.number, length, sent_bytes: 0 });
                    }
                    Command::Hash { .. } => self.hashes += 1,
                    _ => {}
                }
            }
        }

        /// Lets bytes move; no two parts end in the same moment.
        fn go_on(&mut self, for_ms: u64) {
            let end_ms = self.now_ms + for_ms;
            while self.now_ms < end_ms {
                self.now_ms += 10;
                for index in (0..self.puts.len()).rev() {
                    let put = &mut self.puts[index];
                    put.sent_bytes += self.bytes_per_s / 100;
                    let ticket = put.ticket;
                    if put.sent_bytes >= put.length {
                        let Put { number, length, .. } = self.puts.remove(index);
                        let part = StoredPart { number, size_bytes: length, etag: "e".to_owned() };
                        self.upload.as_mut().unwrap().parts.push(part);
                        self.step(Event::Put { ticket, outcome: Ok(None) });
                    } else {
                        let sent_bytes = put.sent_bytes;
                        self.step(Event::Progress { ticket, sent_bytes });
                    }
                }
            }
        }
    }

    fn signed(part: &PartToSign) -> SignedPart {
        SignedPart {
            number: part.number,
            url: String::new(),
            headers: BTreeMap::new(),
            fields: BTreeMap::new(),
            expires_at_ms: 0,
            expires_in_ms: 3_600_000,
        }
    }

    #[test]
    fn the_link_climbs_though_parts_end_all_the_time_and_comes_back_after_complaints() {
        let mut sent = Sent::new(Limits { integrity: Integrity::None, ..Limits::default() }, 6_000_000);
        assert_eq!(sent.puts.len(), 6);
        sent.go_on(10_000);
        assert_eq!(sent.puts.len(), 8);
        let ticket = sent.puts.remove(0).ticket;
        let refused = PutError::Refused { status: 503, code: "SlowDown".into(), retry_after_ms: None };
        sent.step(Event::Put { ticket, outcome: Err(refused) });
        sent.go_on(5_000);
        assert_eq!(sent.puts.len(), 4);
        sent.go_on(30_000);
        assert_eq!(sent.puts.len(), 8);
    }

    #[test]
    fn so_many_parts_are_hashed_at_once_as_the_driver_can() {
        for hash_at_once in [1, 2, 4] {
            assert_eq!(Sent::new(Limits { hash_at_once, ..Limits::default() }, 0).hashes, hash_at_once as usize);
        }
    }

    #[test]
    fn offline_nothing_is_begun() {
        let (mut fleet, numbers) = fleet(1);
        fleet.step_all(1, &Event::Offline);
        assert!(begun(&fleet.start(1)).is_empty());
        assert_eq!(fleet.snapshot(numbers[0]).unwrap().state, Standing::Offline);
        assert_eq!(begun(&fleet.step_all(1, &Event::Online)), numbers);
    }
}
