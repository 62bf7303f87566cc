//! One upload at a time, by the book and with one thing going wrong.

use sealmark_protocol::{ErrorCode, MediaState, UploadState};

use super::{
    CallError, Code, Command, Event, Standing,
    world::{Outcome, PART, World, record, refused},
};

fn started(size: u64) -> World {
    let mut world = World::new(size, None, Vec::new());
    world.step(Event::Start);
    world
}

/// Does good work until there is work of this kind.
fn until(world: &mut World, wanted: fn(&Command) -> bool) -> super::Ticket {
    for _ in 0..1_000 {
        if let Some(ticket) = world.find(wanted) {
            return ticket;
        }
        match world.out.keys().next().copied() {
            Some(ticket) => world.end(ticket, Outcome::Good),
            None => assert!(world.wake(), "nothing more happens: {:?}", world.engine),
        }
    }
    panic!("it never comes");
}

const PUT: fn(&Command) -> bool = |command| matches!(command, Command::Put { .. });
const WATCH: fn(&Command) -> bool = |command| matches!(command, Command::Watch { .. });
const CREATE: fn(&Command) -> bool = |command| matches!(command, Command::Create { .. });
const COMPLETE: fn(&Command) -> bool = |command| matches!(command, Command::Complete { .. });

fn code(world: &World) -> Code {
    world.snapshot().error.expect("it has failed").code
}

#[test]
fn a_good_upload_sends_every_part_once_and_signs_in_batches() {
    let mut world = started(PART * 100);
    world.settle(Outcome::Good);
    assert_eq!(world.state(), Standing::Ready);
    let mut puts = world.puts.clone();
    puts.sort_unstable();
    assert_eq!(puts, (1..=100).collect::<Vec<_>>());
    assert!(world.signs.len() <= 30, "{:?}", world.signs);
    assert_eq!(world.tokens, [false]);
}

#[test]
fn an_empty_file_is_refused_before_anybody_is_asked() {
    let world = started(0);
    assert_eq!(code(&world), Code::Api(ErrorCode::EmptyFile));
    assert!(world.out.is_empty());
}

#[test]
fn what_the_store_has_is_not_sent_again() {
    let held = World::upload_on_server(0, PART * 4, &[1, 3]);
    let mut world = World::new(PART * 4, Some(held.upload.upload_id), vec![held]);
    world.step(Event::Start);
    world.settle(Outcome::Good);
    assert_eq!(world.state(), Standing::Ready);
    assert_eq!(world.snapshot().resumed_bytes, PART * 2);
    world.puts.sort_unstable();
    assert_eq!(world.puts, [2, 4]);
}

#[test]
fn an_upload_that_is_gone_starts_afresh() {
    for state in [UploadState::Aborted, UploadState::Open] {
        let mut held = World::upload_on_server(0, PART, &[]);
        let resume = held.upload.upload_id;
        held.upload.state = state;
        let uploads = if state == UploadState::Open { Vec::new() } else { vec![held] };
        let mut world = World::new(PART, Some(resume), uploads);
        world.step(Event::Start);
        world.settle(Outcome::Good);
        assert_eq!(world.state(), Standing::Ready);
        assert_eq!(world.puts, [1]);
        assert_eq!(world.snapshot().resumed_bytes, 0);
    }
}

#[test]
fn one_that_was_completed_in_an_earlier_visit_is_only_watched() {
    let mut held = World::upload_on_server(0, PART, &[1]);
    held.upload.state = UploadState::Completed;
    let mut world = World::new(PART, Some(held.upload.upload_id), vec![held]);
    world.step(Event::Start);
    world.settle(Outcome::Good);
    assert_eq!((world.state(), world.puts.len()), (Standing::Ready, 0));
}

#[test]
fn an_outage_costs_no_attempt() {
    let mut world = started(PART);
    for _ in 0..50 {
        let put = until(&mut world, PUT);
        world.end(put, Outcome::Network);
        world.step(Event::Offline);
        assert_eq!(world.state(), Standing::Offline);
        world.step(Event::Online);
    }
    world.settle(Outcome::Good);
    assert_eq!(world.state(), Standing::Ready);
}

#[test]
fn after_a_break_the_stores_list_counts() {
    let mut world = started(PART * 2);
    let put = until(&mut world, PUT);
    world.end(put, Outcome::AnswerLost);
    world.step(Event::Pause);
    assert_eq!(world.state(), Standing::Paused);
    assert!(world.out.is_empty());
    world.step(Event::Resume);
    world.settle(Outcome::Good);
    assert_eq!(world.state(), Standing::Ready);
    assert_eq!(world.puts.iter().filter(|number| **number == 1).count(), 1);
}

#[test]
fn attempts_are_limited_and_spread() {
    let mut world = started(PART);
    let mut attempts = 0;
    while world.state() != Standing::Failed {
        let put = until(&mut world, PUT);
        world.end(put, Outcome::Network);
        attempts += 1;
        assert!(matches!(world.state(), Standing::Waiting | Standing::Uploading | Standing::Failed));
    }
    assert_eq!((attempts, code(&world)), (8, Code::Network));
    assert!(world.remembered.is_some(), "a later visit may go on");
    world.step(Event::Retry);
    world.settle(Outcome::Good);
    assert_eq!(world.state(), Standing::Ready);
}

#[test]
fn retry_after_is_honoured() {
    let mut world = started(PART);
    let put = until(&mut world, PUT);
    let before_ms = world.now_ms;
    world.end(put, Outcome::Unavailable);
    assert_eq!(world.state(), Standing::Waiting);
    until(&mut world, PUT);
    assert!(world.now_ms >= before_ms + 2_000);
}

#[test]
fn an_expired_url_is_signed_again_but_a_lasting_refusal_ends_it() {
    let mut world = started(PART);
    let put = until(&mut world, PUT);
    world.end(put, Outcome::Refused);
    let put = until(&mut world, PUT);
    assert_eq!(world.signs, [1, 1]);
    world.end(put, Outcome::Refused);
    for _ in 0..2 {
        let put = until(&mut world, PUT);
        world.end(put, Outcome::Refused);
    }
    assert_eq!(code(&world), Code::StoreRefused);
}

#[test]
fn changed_bytes_are_read_once_more() {
    let mut world = started(PART);
    let put = until(&mut world, PUT);
    world.end(put, Outcome::Gone);
    assert!(world.find(|command| matches!(command, Command::Hash { .. })).is_some());
    let put = until(&mut world, PUT);
    world.end(put, Outcome::Gone);
    assert_eq!(code(&world), Code::FileChanged);
    assert_eq!(world.remembered, None);
}

#[test]
fn an_expired_token_is_renewed_once() {
    let mut world = started(PART);
    let create = until(&mut world, CREATE);
    world.end(create, Outcome::Refused);
    let create = until(&mut world, CREATE);
    assert_eq!(world.tokens, [false, true]);
    world.end(create, Outcome::Refused);
    assert_eq!(code(&world), Code::Api(ErrorCode::TokenExpired));
    world.step(Event::Retry);
    world.settle(Outcome::Good);
    assert_eq!(world.state(), Standing::Ready);
}

#[test]
fn cancelling_tells_the_server_whenever_it_comes() {
    for wanted in [CREATE, PUT] {
        let mut world = started(PART);
        until(&mut world, wanted);
        world.step(Event::Cancel);
        assert_eq!(world.state(), Standing::Cancelled);
        world.settle(Outcome::Good);
        assert_eq!(world.uploads[0].upload.state, UploadState::Aborted);
        assert_eq!(world.remembered, None);
    }
}

#[test]
fn cancelling_too_late_shows_the_picture() {
    let mut world = started(PART);
    until(&mut world, COMPLETE);
    world.uploads[0].upload.state = UploadState::Completed;
    world.step(Event::Cancel);
    world.settle(Outcome::Good);
    assert_eq!(world.state(), Standing::Ready);
}

#[test]
fn a_lost_answer_to_completing_is_found_out() {
    let mut world = started(PART);
    let complete = until(&mut world, COMPLETE);
    world.end(complete, Outcome::AnswerLost);
    world.settle(Outcome::Good);
    assert_eq!(world.state(), Standing::Ready);
}

#[test]
fn parts_that_the_store_lost_are_sent_again() {
    let mut world = started(PART * 3);
    let complete = until(&mut world, COMPLETE);
    world.uploads[0].stored.remove(&2);
    world.end(complete, Outcome::Good);
    world.settle(Outcome::Good);
    assert_eq!(world.state(), Standing::Ready);
    assert_eq!(world.puts.iter().filter(|number| **number == 2).count(), 2);
}

#[test]
fn silence_breaks_a_call_a_part_and_a_stream_off() {
    let mut world = started(PART);
    until(&mut world, CREATE);
    let mut rounds = 0;
    while world.find(PUT).is_none() {
        let busy = world.find(CREATE);
        assert!(rounds < 50 && world.wake());
        rounds += 1;
        if busy.is_some() && world.find(CREATE).is_none() {
            until(&mut world, PUT);
        }
    }
    let first = world.find(PUT);
    while world.find(PUT) == first {
        assert!(world.wake());
    }
    let watch = until(&mut world, WATCH);
    world.step(Event::Heartbeat { ticket: watch });
    while world.find(WATCH) == Some(watch) {
        assert!(world.wake());
    }
    assert_eq!(world.state(), Standing::Processing);
    world.settle(Outcome::Good);
    assert_eq!(world.state(), Standing::Ready);
}

#[test]
fn where_streams_bring_nothing_the_record_is_looked_at() {
    let mut world = started(PART);
    for _ in 0..2 {
        let watch = until(&mut world, WATCH);
        world.out.remove(&watch);
        world.step(Event::WatchEnded { ticket: watch, outcome: Err(CallError::Network) });
    }
    let look = until(&mut world, |command| matches!(command, Command::Look { .. }));
    let upload = &world.uploads[0].upload;
    let news = record(upload.media_id, upload.upload_id, PART, MediaState::Processing);
    world.out.remove(&look);
    world.step(Event::Looked { ticket: look, outcome: Ok(news) });
    assert_eq!(world.state(), Standing::Processing);
    world.settle(Outcome::Good);
    assert_eq!(world.state(), Standing::Ready);
}

#[test]
fn a_final_refusal_fails_at_once() {
    let mut world = started(PART);
    let create = until(&mut world, CREATE);
    world.out.remove(&create);
    world.step(Event::Created { ticket: create, outcome: Err(refused(ErrorCode::FileTooLarge)) });
    assert_eq!(code(&world), Code::Api(ErrorCode::FileTooLarge));
}
