//! The one trial of a Support Pattern that runs beside the pages: it reads every stored snapshot,
//! so there is one at a time, and a page tells how far it is.

use std::sync::{Arc, Mutex, PoisonError};

#[derive(Debug)]
struct Now {
    pattern: String,
    done: usize,
    all: usize,
}

/// The place of the trial that runs; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Hunting(Arc<Mutex<Option<Now>>>);

/// A trial that runs; the place is free again when it is dropped.
#[derive(Debug)]
pub struct Running(Hunting);

impl Hunting {
    /// Takes the place, or names the pattern that has it.
    ///
    /// # Errors
    /// The pattern that is being tried.
    pub fn begin(&self, pattern: &str) -> Result<Running, String> {
        let mut now = self.now();
        if let Some(other) = &*now {
            return Err(other.pattern.clone());
        }
        *now = Some(Now { pattern: pattern.to_owned(), done: 0, all: 0 });
        drop(now);
        Ok(Running(self.clone()))
    }

    /// Hosts done and hosts in all, while this pattern is tried.
    pub fn of(&self, pattern: &str) -> Option<(usize, usize)> {
        let now = self.now();
        now.as_ref().filter(|now| now.pattern == pattern).map(|now| (now.done, now.all))
    }

    fn now(&self) -> std::sync::MutexGuard<'_, Option<Now>> {
        // Each write is whole, so a panic elsewhere leaves nothing half.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    /// How many hosts of how many are done.
    pub fn tell(&self, done: usize, all: usize) {
        if let Some(now) = &mut *self.0.now() {
            (now.done, now.all) = (done, all);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        *self.0.now() = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_trial_at_a_time_and_the_place_is_freed_by_its_end() {
        let hunting = Hunting::default();
        let running = hunting.begin("a").unwrap();
        running.tell(2, 7);
        assert_eq!((hunting.of("a"), hunting.of("b")), (Some((2, 7)), None));
        assert_eq!(hunting.begin("b").unwrap_err(), "a");
        drop(running);
        assert_eq!(hunting.of("a"), None);
        assert!(hunting.begin("b").is_ok());
    }
}
