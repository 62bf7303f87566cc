//! Who waits for news of which picture, where one stream brings the news of all.
//!
//! *Invariant:* pure.

use sealmark_protocol::MediaId;

use crate::{engine::Ticket, fleet::UploadNumber};

/// Pictures that one call asks for.
const MOST_LOOKS: usize = 100;

/// The uploads that wait; several may wait for one picture, for the same file may be in a list twice.
#[derive(Debug, Default)]
pub(crate) struct Followers {
    all: Vec<(MediaId, UploadNumber, Ticket)>,
    /// Pictures that were not looked at since their followers came; news of before would be missed.
    fresh: Vec<MediaId>,
}

impl Followers {
    pub(crate) fn add(&mut self, media_id: MediaId, number: UploadNumber, ticket: Ticket) {
        self.all.push((media_id, number, ticket));
        self.look_again(&[media_id]);
    }

    /// Lets one go; whether none is left.
    pub(crate) fn forget(&mut self, number: UploadNumber, ticket: Ticket) -> bool {
        self.all.retain(|follower| (follower.1, follower.2) != (number, ticket));
        self.all.is_empty()
    }

    /// Those who wait for any picture, or for this one.
    pub(crate) fn of(&self, media_id: Option<MediaId>) -> Vec<(UploadNumber, Ticket)> {
        let wait = self.all.iter().filter(|follower| media_id.is_none_or(|media_id| follower.0 == media_id));
        wait.map(|follower| (follower.1, follower.2)).collect()
    }

    /// As many pictures to look at as one look takes, from now on looked at.
    pub(crate) fn take_fresh(&mut self) -> Vec<MediaId> {
        self.fresh.split_off(self.fresh.len().saturating_sub(MOST_LOOKS))
    }

    /// These are still to be looked at, where anybody waits for them; whether any is.
    pub(crate) fn look_again(&mut self, pictures: &[MediaId]) -> bool {
        for media_id in pictures {
            if !self.fresh.contains(media_id) && self.all.iter().any(|follower| follower.0 == *media_id) {
                self.fresh.push(*media_id);
            }
        }
        !self.fresh.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::{Command, Event, Hint, Limits, Source},
        fleet::Fleet,
    };

    /// Tickets are made by engines alone.
    fn ticket() -> Ticket {
        let mut fleet = Fleet::new(Limits::default(), Hint::default());
        let source = Source {
            file_name: String::new(),
            size_bytes: 1,
            content_type: None,
            idempotency_key: String::new(),
            seed: 0,
        };
        let number = fleet.add(source, 0, 1);
        let commands = fleet.step(number, 1, Event::Start).remove(0).commands;
        commands
            .iter()
            .find_map(|command| if let Command::Identify { ticket } = command { Some(*ticket) } else { None })
            .unwrap()
    }

    fn picture(number: u8) -> MediaId {
        format!("00000000-0000-7000-8000-0000000000{number:02x}").parse().unwrap()
    }

    #[test]
    fn everybody_who_waits_for_a_picture_hears_of_it() {
        let (ticket, mut followers) = (ticket(), Followers::default());
        for (number, media_id) in [(1, 1), (2, 2), (3, 1)] {
            followers.add(picture(media_id), UploadNumber(number), ticket);
        }
        let heard: Vec<u32> = followers.of(Some(picture(1))).iter().map(|follower| follower.0.0).collect();
        assert_eq!(heard, [1, 3]);
        assert_eq!(followers.of(None).len(), 3);
    }

    #[test]
    fn a_look_that_failed_is_made_again_for_those_who_still_wait() {
        let (ticket, mut followers) = (ticket(), Followers::default());
        for number in [1, 2] {
            followers.add(picture(number), UploadNumber(number.into()), ticket);
        }
        followers.add(picture(2), UploadNumber(3), ticket);
        let fresh = followers.take_fresh();
        assert_eq!((fresh.len(), followers.take_fresh().len()), (2, 0));
        assert!(!followers.forget(UploadNumber(1), ticket));
        assert!(followers.look_again(&fresh));
        assert_eq!(followers.take_fresh(), [picture(2)]);
        followers.forget(UploadNumber(2), ticket);
        assert!(followers.forget(UploadNumber(3), ticket));
        assert!(!followers.look_again(&fresh));
    }
}
