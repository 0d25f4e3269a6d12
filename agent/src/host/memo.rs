//! What a collection has made of a host once and asks for again: the table of its processes.
//!
//! It lives as long as the [`Host`], which one collection makes for itself. It does not know what
//! it keeps; a sampler, which wants the present state each time, does not use it.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::Host;

/// One value of each type.
#[derive(Default)]
pub(super) struct Memo(Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl Host {
    /// The value that `make` gave the first time, on this host.
    pub fn once<T: Send + Sync + 'static>(&self, make: impl FnOnce(&Self) -> T) -> Arc<T> {
        if let Some(kept) = self.memo.kept() {
            return kept;
        }
        // Nothing is held meanwhile: a probe that hangs here holds up no other one.
        let made = Arc::new(make(self));
        let mut memo = self.memo.0.lock().unwrap_or_else(PoisonError::into_inner);
        memo.insert(TypeId::of::<T>(), made.clone());
        made
    }
}

impl Memo {
    fn kept<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        let memo = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        memo.get(&TypeId::of::<T>())?.clone().downcast().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_made_once_for_each_host() {
        let (one, other) = (Host::live(), Host::live());
        let made = |host: &Host, value: u8| *host.once(|_| value);
        assert_eq!([made(&one, 1), made(&one, 2), made(&other, 3)], [1, 1, 3]);
        assert_eq!(*one.once(|_| "of another type"), "of another type");
    }
}
