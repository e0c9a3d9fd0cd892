//! How long to wait, and for what: pure, so that the schedule is a table that tests can read.
//!
//! Answers for: which failed calls are made again and when, never without a limit; and when to ask how an upload is coming along.

use std::time::Duration;

/// The most that one limit on calls is waited for.
const LIMIT_WAIT_MAX: Duration = Duration::from_mins(2);
/// What is waited where a limit says nothing.
const LIMIT_WAIT: Duration = Duration::from_mins(1);
/// Waits before a call that may be repeated is made again.
const AGAIN: [Duration; 3] = [Duration::from_secs(2), Duration::from_secs(8), Duration::from_secs(20)];

/// Whether a call may be made more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeat {
    /// It changes nothing, or says again what is.
    Always,
    /// Only if an answer said that it was not taken: a second upload of one commit takes the first one's place.
    IfRefused,
    /// Never: it would be done twice.
    Never,
}

/// Why a call failed, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failed {
    /// No whole answer came.
    Lost,
    /// The server answered that it cannot, for now.
    Down,
    /// Too many calls: the server said how long to wait, or nothing.
    Limited(Option<Duration>),
}

/// How long to wait before a call is made again that failed `times` times; `None` to give up.
pub(super) fn again(repeat: Repeat, failed: Failed, times: usize) -> Option<Duration> {
    let may = match repeat {
        Repeat::Always => true,
        Repeat::IfRefused => failed != Failed::Lost,
        Repeat::Never => false,
    };
    if !may {
        return None;
    }
    let step = *AGAIN.get(times.checked_sub(1)?)?;
    match failed {
        Failed::Lost | Failed::Down => Some(step),
        // One long wait is enough: who is still limited then will be for long.
        Failed::Limited(_) if times > 1 => None,
        Failed::Limited(asked) => Some(asked.unwrap_or(LIMIT_WAIT)).filter(|wait| *wait <= LIMIT_WAIT_MAX),
    }
}

/// When to ask how an upload is coming along, counted from the upload.
pub(super) const ASKED_AT: [Duration; 5] =
    [Duration::from_secs(5), Duration::from_secs(15), Duration::from_secs(35), Duration::from_secs(75), Duration::from_secs(155)];

/// What was seen when it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// Not known yet, still at work, or not to be had just now.
    Pending,
    /// Done.
    Complete,
    /// Refused.
    Failed,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Wait so long, then ask.
    Wait(Duration),
    /// It is taken.
    Complete,
    /// It is refused.
    Failed,
    /// Nobody waits any longer.
    TimedOut,
}

/// The state of a wait for an upload. Its clock is what it said to wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Poll {
    now: Duration,
    until: Duration,
}

impl Poll {
    /// Begins at the upload and ends at the latest `until` after it.
    pub(super) fn new(until: Duration) -> Self {
        Self { now: Duration::ZERO, until }
    }

    /// The next step; `seen` is what the last question was answered with.
    pub(super) fn next(&mut self, seen: Option<Seen>) -> Step {
        match seen {
            Some(Seen::Complete) => return Step::Complete,
            Some(Seen::Failed) => return Step::Failed,
            Some(Seen::Pending) | None => {}
        }
        // Who wants to wait longer than the table is asked at its last distance.
        let last = ASKED_AT.last().copied().unwrap_or_default();
        let next = ASKED_AT.into_iter().find(|at| *at > self.now).unwrap_or(self.now + last / 2).min(self.until);
        if next <= self.now {
            return Step::TimedOut;
        }
        let wait = next.saturating_sub(self.now);
        self.now = next;
        Step::Wait(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// The moments at which it asks while nothing comes, and how it ends.
    fn asked(until: u64) -> (Vec<u64>, Step) {
        let (mut poll, mut now, mut at) = (Poll::new(seconds(until)), Duration::ZERO, Vec::new());
        let mut seen = None;
        loop {
            match poll.next(seen) {
                Step::Wait(wait) => {
                    now += wait;
                    at.push(now.as_secs());
                    seen = Some(Seen::Pending);
                }
                end => return (at, end),
            }
        }
    }

    #[test]
    fn an_upload_is_asked_for_at_moments_that_lie_further_and_further_apart() {
        assert_eq!(asked(155), (vec![5, 15, 35, 75, 155], Step::TimedOut));
        assert_eq!(asked(0), (vec![], Step::TimedOut));
        assert_eq!(asked(3), (vec![3], Step::TimedOut));
        assert_eq!(asked(40), (vec![5, 15, 35, 40], Step::TimedOut));
        assert_eq!(asked(300), (vec![5, 15, 35, 75, 155, 232, 300], Step::TimedOut));
    }

    #[test]
    fn an_answer_ends_it() {
        let mut poll = Poll::new(seconds(155));
        assert_eq!(poll.next(None), Step::Wait(seconds(5)));
        assert_eq!(poll.next(Some(Seen::Pending)), Step::Wait(seconds(10)));
        assert_eq!(poll.next(Some(Seen::Complete)), Step::Complete);
        assert_eq!(Poll::new(seconds(155)).next(Some(Seen::Failed)), Step::Failed);
    }

    #[test]
    fn calls_are_repeated_by_what_they_do_and_how_they_failed() {
        let waits = |repeat, failed| (1..6).map_while(|times| again(repeat, failed, times)).map(|wait| wait.as_secs()).collect();
        let rows: &[(Repeat, Failed, &[u64])] = &[
            (Repeat::Always, Failed::Lost, &[2, 8, 20]),
            (Repeat::Always, Failed::Down, &[2, 8, 20]),
            (Repeat::IfRefused, Failed::Lost, &[]),
            (Repeat::IfRefused, Failed::Down, &[2, 8, 20]),
            (Repeat::Never, Failed::Lost, &[]),
            (Repeat::Never, Failed::Down, &[]),
            (Repeat::Never, Failed::Limited(Some(seconds(1))), &[]),
            (Repeat::Always, Failed::Limited(None), &[60]),
            (Repeat::Always, Failed::Limited(Some(seconds(120))), &[120]),
            (Repeat::Always, Failed::Limited(Some(seconds(121))), &[]),
            (Repeat::IfRefused, Failed::Limited(Some(seconds(7))), &[7]),
        ];
        for (repeat, failed, expected) in rows {
            let found: Vec<u64> = waits(*repeat, *failed);
            assert_eq!(&found, expected, "{repeat:?} {failed:?}");
        }
    }
}
