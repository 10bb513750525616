//! Which named locks the sessions of this ShardGate hold and await. The servers keep the locks; this tells whose they are,
//! and finds circles of waiting over several servers, each of which sees only a part.
//!
//! Sessions of other ShardGates are not known here: a circle through one of them ends by the time-outs.

use std::collections::HashMap;

use parking_lot::Mutex;

/// See the module. Names are as the servers compare them.
#[derive(Debug, Default)]
pub(super) struct LockBoard(Mutex<Board>);

#[derive(Debug, Default)]
struct Board {
    holders: HashMap<String, u32>,
    /// By session.
    awaited: HashMap<u32, String>,
}

/// A session waits for a name while this lives.
#[derive(Debug)]
pub(super) struct Waiting<'a> {
    board: &'a LockBoard,
    session: u32,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.board.0.lock().awaited.remove(&self.session);
    }
}

impl LockBoard {
    /// Notes that the session is about to wait for the name; `None` if that would never end.
    pub(super) fn wait(&self, session: u32, name: &str) -> Option<Waiting<'_>> {
        let mut board = self.0.lock();
        if board.leads_to(name, session) {
            return None;
        }
        board.awaited.insert(session, name.to_owned());
        Some(Waiting { board: self, session })
    }

    /// A server has given the lock to the session.
    pub(super) fn take(&self, session: u32, name: &str) {
        self.0.lock().holders.insert(name.to_owned(), session);
    }

    /// The session gives the lock back; to be told before its server is.
    pub(super) fn release(&self, session: u32, name: &str) {
        let mut board = self.0.lock();
        if board.holders.get(name) == Some(&session) {
            board.holders.remove(name);
        }
    }

    /// The session that holds the lock, if it is one of this ShardGate's.
    pub(super) fn holder(&self, name: &str) -> Option<u32> {
        self.0.lock().holders.get(name).copied()
    }
}

impl Board {
    /// Whether who waits for `name` waits for `session` in the end. Each session waits for one name, so the way is a
    /// line, and it has no circle in it: none is let in.
    fn leads_to(&self, name: &str, session: u32) -> bool {
        let mut name = name;
        while let Some(holder) = self.holders.get(name).filter(|holder| self.awaited.contains_key(*holder)) {
            if *holder == session {
                return false;
            }
            name = &self.awaited[holder];
            if self.holders.get(name) == Some(&session) {
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_of_waiting_is_refused_and_a_line_is_not() {
        let board = LockBoard::default();
        for (session, name) in [(1, "a"), (2, "b"), (3, "c")] {
            board.take(session, name);
        }
        let first = board.wait(1, "b");
        let second = board.wait(2, "c");
        assert!(first.is_some() && second.is_some());
        assert!(board.wait(3, "a").is_none());
        assert!(board.wait(4, "a").is_some());
        drop(second);
        assert!(board.wait(3, "a").is_some());
    }

    #[test]
    fn a_lock_that_was_given_back_holds_nobody_up() {
        let board = LockBoard::default();
        board.take(1, "a");
        board.take(2, "b");
        let _first = board.wait(1, "b");
        board.release(2, "b");
        assert!(board.wait(2, "a").is_some());
        assert_eq!(board.holder("a"), Some(1));
        assert_eq!(board.holder("b"), None);
    }

    #[test]
    fn ones_own_lock_can_be_taken_again() {
        let board = LockBoard::default();
        board.take(1, "a");
        assert!(board.wait(1, "a").is_some());
    }
}
