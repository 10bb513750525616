//! The named locks (GET_LOCK) that a session may hold: while there is one, its connection is kept.
//!
//! Names are counted from the statements' text. A lock whose name is an expression counts as held until all are
//! released: a connection kept too long costs little, one given back with a lock would keep others waiting for ever.

use std::collections::HashMap;

use crate::sql::facts::{Facts, LockName};
use crate::sql::tokens::Mode;
use crate::sql::{Lexer, TokenKind};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct LockTally {
    /// Times that each name, as written, was taken.
    named: HashMap<Vec<u8>, u32>,
    unnamed: bool,
}

impl LockTally {
    /// A statement with lock functions has run.
    pub(super) fn note(&mut self, sql: &[u8], mode: Mode) {
        let facts = Facts::read(sql, mode);
        for name in &facts.gets_locks {
            match literal(sql, mode, *name) {
                Some(text) => *self.named.entry(text).or_default() += 1,
                None => self.unnamed = true,
            }
        }
        for text in facts.releases_locks.iter().filter_map(|name| literal(sql, mode, *name)) {
            if let Some(times) = self.named.get_mut(&text) {
                *times -= 1;
                if *times == 0 {
                    self.named.remove(&text);
                }
            }
        }
        if facts.releases_all_locks {
            *self = LockTally::default();
        }
    }

    pub(super) fn any(&self) -> bool {
        self.unnamed || !self.named.is_empty()
    }
}

/// The lock's name as it stands in the text; `None` if it is no literal.
fn literal(sql: &[u8], mode: Mode, name: LockName) -> Option<Vec<u8>> {
    let LockName::Literal(offset) = name else { return None };
    let token = Lexer::new(sql, mode).find(|token| token.start == offset)?;
    matches!(token.kind, TokenKind::String { .. }).then(|| token.text(sql).to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_counts_until_it_is_released_as_often_as_taken() {
        let mut tally = LockTally::default();
        let mut run = |sql: &str| {
            tally.note(sql.as_bytes(), Mode::default());
            tally.any()
        };
        assert!(run("SELECT GET_LOCK('a', 1), GET_LOCK('A', 1)"));
        assert!(run("SELECT RELEASE_LOCK('a')"));
        assert!(!run("DO RELEASE_LOCK('a')"));
        assert!(run("SELECT GET_LOCK(CONCAT('a', 'b'), 1)"));
        assert!(run("SELECT RELEASE_LOCK('ab')"));
        assert!(!run("SELECT RELEASE_ALL_LOCKS()"));
    }
}
