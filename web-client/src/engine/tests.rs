//! One upload at a time, by the book and with one thing going wrong.

use sealmark_protocol::{Checksum, ErrorCode, MediaState, Sha256Digest, UploadState};

use super::{
    CallError, Code, Command, Event, Limits, PutError, Standing,
    world::{Outcome, PART, World, news, refused},
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
fn a_break_lets_parts_on_their_way_arrive_and_begins_none() {
    for begin in [Event::Pause, Event::Offline] {
        let mut world = started(PART * 8);
        until(&mut world, PUT);
        while world.out.values().filter(|command| PUT(command)).count() < 4 {
            let other = world.find(|command| !PUT(command)).unwrap_or_else(|| panic!("{:?}", world.engine));
            world.end(other, Outcome::Good);
        }
        let end = if begin == Event::Pause { Event::Resume } else { Event::Online };
        world.step(begin);
        world.settle(Outcome::Good);
        assert_eq!(world.snapshot().acknowledged_bytes, PART * 4);
        world.step(end);
        world.settle(Outcome::Good);
        assert_eq!(world.state(), Standing::Ready);
        assert_eq!(world.puts.len(), 8, "nothing was sent twice");
    }
}

#[test]
fn patience_lasts_for_its_time_and_a_later_visit_may_go_on() {
    let mut world = started(PART);
    let began_ms = world.now_ms;
    let mut attempts = 0;
    while world.state() != Standing::Failed {
        let put = until(&mut world, PUT);
        world.end(put, Outcome::Network);
        attempts += 1;
        assert!(matches!(world.state(), Standing::Waiting | Standing::Uploading | Standing::Failed));
    }
    assert!(world.now_ms - began_ms >= world.limits.patience_ms && attempts > 40);
    assert_eq!(code(&world), Code::Network);
    assert!(world.remembered.is_some());
    world.step(Event::Retry);
    world.settle(Outcome::Good);
    assert_eq!(world.state(), Standing::Ready);
}

#[test]
fn a_part_whose_answer_alone_was_lost_is_not_sent_again() {
    let mut world = started(PART * 2);
    let put = until(&mut world, PUT);
    world.step(Event::Progress { ticket: put, sent_bytes: PART });
    world.end(put, Outcome::AnswerLost);
    world.settle(Outcome::Good);
    assert_eq!(world.state(), Standing::Ready);
    let mut puts = world.puts.clone();
    puts.sort_unstable();
    assert_eq!(puts, [1, 2]);
}

#[test]
fn what_happens_while_the_list_is_on_its_way_is_newer_than_the_list() {
    let mut world = started(PART * 4);
    while world.puts.len() < 4 {
        let other = world.find(|command| !PUT(command)).unwrap();
        world.end(other, Outcome::Good);
    }
    let put = |number: u32| move |command: &Command| matches!(command, Command::Put { request, .. } if request.number.get() == number);
    for (number, how) in [(1, Outcome::Network), (2, Outcome::Good), (3, Outcome::AnswerLost)] {
        let put = world.find(put(number)).unwrap();
        world.end(put, how);
    }
    assert!(world.find(|command| matches!(command, Command::Fetch { .. })).is_some());
    world.settle(Outcome::Good);
    assert_eq!((world.state(), &world.puts[..]), (Standing::Ready, &[1, 2, 3, 4, 1][..]));
}

#[test]
fn a_small_file_takes_one_creation_one_put_and_one_completion() {
    let mut world = started(1_000);
    world.settle(Outcome::Good);
    assert_eq!((world.state(), world.puts.len(), world.signs.len()), (Standing::Ready, 1, 0));
}

#[test]
fn content_that_is_there_is_not_sent_and_a_refused_proof_sends_it() {
    for (how, puts) in [(Outcome::Good, 0), (Outcome::AnswerLost, 0), (Outcome::Invalid, 3)] {
        let limits = Limits { instant: true, ..Limits::default() };
        let mut world = World::with(limits, PART * 3, None, Vec::new());
        world.has_content = true;
        world.step(Event::Start);
        let prove = until(&mut world, |command| matches!(command, Command::Prove { .. }));
        world.end(prove, how);
        world.settle(Outcome::Good);
        assert_eq!((world.state(), world.puts.len()), (Standing::Ready, puts));
        assert_eq!(world.snapshot().instant, how == Outcome::Good);
    }
}

#[test]
fn a_proof_has_the_time_of_a_copy_and_one_without_an_answer_is_looked_after() {
    const PROVE: fn(&Command) -> bool = |command| matches!(command, Command::Prove { .. });
    let limits = Limits { instant: true, ..Limits::default() };
    let mut world = World::with(limits, PART * 3, None, Vec::new());
    world.has_content = true;
    world.step(Event::Start);
    until(&mut world, PROVE);
    let began_ms = world.now_ms;
    while world.find(PROVE).is_some() {
        assert!(world.wake());
    }
    assert!(world.now_ms - began_ms >= limits.complete_timeout_ms);
    assert!(world.find(|command| matches!(command, Command::Fetch { .. })).is_some());
    world.settle(Outcome::Good);
    assert_eq!((world.state(), world.puts.len()), (Standing::Ready, 3));
}

#[test]
fn another_address_signs_anew() {
    let mut world = started(PART * 40);
    until(&mut world, PUT);
    let signed = world.signs.len();
    world.step(Event::Moved);
    world.settle(Outcome::Good);
    assert!(world.signs.len() > signed);
    assert_eq!((world.state(), world.puts.len()), (Standing::Ready, 40));
}

#[test]
fn clocks_that_differ_are_told() {
    let mut world = started(PART);
    for _ in 0..2 {
        let put = until(&mut world, PUT);
        world.out.remove(&put);
        let refused = PutError::Refused { status: 403, code: "RequestExpired".into(), retry_after_ms: None };
        world.step(Event::Put { ticket: put, outcome: Err(refused) });
    }
    assert_eq!(code(&world), Code::ClockSkew);
}

#[test]
fn short_signatures_and_those_of_unknown_length_are_used() {
    for expires_in_ms in [0, 1, 1_000, 5_000] {
        let mut world = started(PART * 8);
        world.expires_in_ms = expires_in_ms;
        until(&mut world, PUT);
        let signed = world.signs.len();
        world.step(Event::Woken);
        assert_eq!(world.signs.len(), signed);
        world.settle(Outcome::Good);
        assert_eq!((world.state(), world.puts.len()), (Standing::Ready, 8));
    }
}

#[test]
fn a_store_that_is_away_gets_no_more_bytes_until_it_has_told_its_list() {
    let mut world = started(PART * 40);
    until(&mut world, PUT);
    let mut refused = 0;
    for _ in 0..40 {
        let Some((ticket, command)) = world.out.iter().next().map(|(ticket, command)| (*ticket, command.clone()))
        else {
            assert!(world.wake(), "{:?}", world.engine);
            continue;
        };
        refused += usize::from(PUT(&command));
        let asks_the_store = PUT(&command) || matches!(command, Command::Fetch { .. });
        world.end(ticket, if asks_the_store { Outcome::Unavailable } else { Outcome::Good });
    }
    assert!(refused <= 8, "{refused} parts went for nothing");
    world.settle(Outcome::Good);
    assert_eq!(world.state(), Standing::Ready);
}

#[test]
fn retry_after_is_honoured() {
    let mut world = started(PART);
    let put = until(&mut world, PUT);
    let before_ms = world.now_ms;
    world.end(put, Outcome::Unavailable);
    until(&mut world, PUT);
    assert!(world.now_ms >= before_ms + 2_000);
}

#[test]
fn an_expired_url_is_signed_again_but_a_lasting_refusal_ends_it() {
    let mut world = started(PART);
    let put = until(&mut world, PUT);
    world.end(put, Outcome::Refused);
    let put = until(&mut world, PUT);
    assert_eq!(world.signs, [1]);
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
    world.settle(Outcome::Good);
    assert_eq!(code(&world), Code::FileChanged);
    assert_eq!(world.uploads[0].upload.state, UploadState::Aborted);
}

#[test]
fn a_file_of_other_bytes_than_were_signed_is_not_sent() {
    let mut world = started(PART * 2);
    let put = until(&mut world, PUT);
    world.end(put, Outcome::Gone);
    let hash = world.find(|command| matches!(command, Command::Hash { offset: 0, .. })).unwrap();
    world.out.remove(&hash);
    let other = Checksum::Sha256(Sha256Digest::of(b"other bytes"));
    world.step(Event::Hashed { ticket: hash, outcome: Ok(other) });
    assert_eq!(code(&world), Code::FileChanged);
    world.settle(Outcome::Good);
    assert_eq!(world.uploads[0].upload.state, UploadState::Aborted);
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
fn a_stream_that_lived_with_the_new_token_may_outlive_that_one_too() {
    let mut world = started(PART);
    for tokens in [2, 3] {
        let watch = until(&mut world, WATCH);
        world.step(Event::Heartbeat { ticket: watch });
        world.end(watch, Outcome::Refused);
        assert_eq!((world.state(), world.tokens.len()), (Standing::Processing, tokens));
    }
}

#[test]
fn cancelling_tells_the_server_whenever_it_comes() {
    for wanted in [CREATE, PUT] {
        let mut world = started(PART);
        until(&mut world, wanted);
        world.step(Event::Cancel);
        assert_eq!((world.state(), world.hung), (Standing::Cancelled, 0));
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
fn cancelling_after_the_content_was_copied_shows_the_picture() {
    let mut world = World::with(Limits { instant: true, ..Limits::default() }, PART, None, Vec::new());
    world.has_content = true;
    world.step(Event::Start);
    until(&mut world, |command| matches!(command, Command::Prove { .. }));
    world.uploads[0].upload.state = UploadState::Completed;
    world.step(Event::Cancel);
    world.settle(Outcome::Good);
    assert_eq!((world.state(), world.puts.len()), (Standing::Ready, 0));
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
    assert_eq!((world.state(), world.hung), (Standing::Processing, 3));
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
    world.out.remove(&look);
    let media_id = world.uploads[0].upload.media_id;
    world.step(Event::Looked { ticket: look, outcome: Ok(news(media_id, MediaState::Processing)) });
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
