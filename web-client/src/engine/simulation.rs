//! Property tests: whatever happens in whatever order, the engine keeps its rules and comes to an end.

use proptest::prelude::*;

use sealmark_protocol::Integrity;

use super::{
    Command, Event, Limits, Standing,
    world::{Outcome, PART, World},
};

#[derive(Debug, Clone)]
enum Action {
    End {
        which: usize,
        how: Outcome,
    },
    Progress {
        which: usize,
        share: u8,
    },
    Wait {
        ms: u64,
    },
    Wake,
    User(Wish),
    /// The store loses a part behind everybody's back.
    Lose {
        number: u32,
    },
}

#[derive(Debug, Clone, Copy)]
enum Wish {
    Start,
    Pause,
    Resume,
    Cancel,
    Retry,
    Offline,
    Online,
}

impl From<Wish> for Event {
    fn from(wish: Wish) -> Self {
        match wish {
            Wish::Start => Self::Start,
            Wish::Pause => Self::Pause,
            Wish::Resume => Self::Resume,
            Wish::Cancel => Self::Cancel,
            Wish::Retry => Self::Retry,
            Wish::Offline => Self::Offline,
            Wish::Online => Self::Online,
        }
    }
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        16 => Just(Outcome::Good),
        2 => Just(Outcome::AnswerLost),
        2 => Just(Outcome::Network),
        2 => Just(Outcome::Unavailable),
        2 => Just(Outcome::Refused),
        1 => Just(Outcome::Gone),
        1 => Just(Outcome::Invalid),
    ]
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        20 => (any::<usize>(), outcome()).prop_map(|(which, how)| Action::End { which, how }),
        5 => (any::<usize>(), any::<u8>()).prop_map(|(which, share)| Action::Progress { which, share }),
        3 => (0..200_000_u64).prop_map(|ms| Action::Wait { ms }),
        6 => Just(Action::Wake),
        1 => (1..8_u32).prop_map(|number| Action::Lose { number }),
        6 => prop_oneof![
            2 => Just(Wish::Start),
            3 => Just(Wish::Pause),
            3 => Just(Wish::Resume),
            1 => Just(Wish::Cancel),
            2 => Just(Wish::Retry),
            3 => Just(Wish::Offline),
            3 => Just(Wish::Online),
        ].prop_map(Action::User),
    ]
}

fn limits() -> impl Strategy<Value = Limits> {
    let integrity =
        prop_oneof![3 => Just(Integrity::Sha256), 1 => Just(Integrity::Crc64nvme), 1 => Just(Integrity::None)];
    (integrity, any::<bool>()).prop_map(|(integrity, instant)| Limits { integrity, instant, ..Limits::default() })
}

fn live(world: &mut World, actions: Vec<Action>) {
    for action in actions {
        match action {
            Action::End { which, how } => {
                if !world.out.is_empty() {
                    let ticket = *world.out.keys().nth(which % world.out.len()).unwrap();
                    world.end(ticket, how);
                }
            }
            Action::Progress { which, share } => {
                if !world.out.is_empty() {
                    let (ticket, command) = world.out.iter().nth(which % world.out.len()).unwrap();
                    let length = if let Command::Put { length, .. } = command { *length } else { 0 };
                    let (ticket, sent_bytes) = (*ticket, length * u64::from(share) / 128);
                    world.step(Event::Progress { ticket, sent_bytes });
                }
            }
            Action::Wait { ms } => {
                world.now_ms += ms;
                world.step(Event::Woken);
            }
            Action::Wake => {
                world.wake();
            }
            Action::User(wish) => world.step(wish.into()),
            Action::Lose { number } => {
                if let Some(held) = world.uploads.last_mut() {
                    held.stored.remove(&number);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn any_life_ends_well_once_the_world_is_well(
        limits in limits(),
        has_content: bool,
        expires_in_ms in prop_oneof![4 => Just(3_600_000_u64), 1 => 0..20_000_u64],
        size in 1..PART * 7,
        resumed in proptest::option::of(proptest::collection::vec(1..8_u32, 0..8)),
        actions in proptest::collection::vec(action(), 0..120),
    ) {
        let held = resumed.map(|numbers| {
            let count = size.div_ceil(PART) as u32;
            let numbers: Vec<u32> = numbers.into_iter().filter(|number| *number <= count).collect();
            World::upload_on_server(0, size, &numbers)
        });
        let resume = held.as_ref().map(|held| held.upload.upload_id);
        let mut world = World::with(limits, size, resume, held.into_iter().collect());
        world.has_content = has_content;
        world.expires_in_ms = expires_in_ms;
        live(&mut world, actions);
        world.step(Event::Start);
        world.step(Event::Online);
        world.settle(Outcome::Good);
        let snapshot = world.snapshot();
        prop_assert!(
            matches!(snapshot.state, Standing::Ready | Standing::Paused | Standing::Failed | Standing::Cancelled),
            "{snapshot:?}"
        );
        if snapshot.state == Standing::Ready {
            prop_assert_eq!(snapshot.acknowledged_bytes, size);
            prop_assert_eq!(world.remembered, None);
        }
        // From a break or a failure, going on leads to the end.
        world.step(Event::Resume);
        world.step(Event::Retry);
        world.settle(Outcome::Good);
        prop_assert!(matches!(world.state(), Standing::Ready | Standing::Cancelled), "{:?}", world.snapshot());
    }

    #[test]
    fn a_world_that_stays_broken_ends_the_upload(
        limits in limits(),
        size in 1..PART * 7,
        actions in proptest::collection::vec(action(), 0..60),
        how in prop_oneof![
            Just(Outcome::Network), Just(Outcome::AnswerLost), Just(Outcome::Unavailable),
            Just(Outcome::Refused), Just(Outcome::Gone), Just(Outcome::Invalid),
        ],
    ) {
        let mut world = World::with(limits, size, None, Vec::new());
        live(&mut world, actions);
        world.step(Event::Start);
        world.step(Event::Online);
        world.step(Event::Resume);
        world.settle(how);
        let state = world.state();
        prop_assert!(matches!(state, Standing::Ready | Standing::Failed | Standing::Cancelled), "{:?}", world.snapshot());
    }
}
