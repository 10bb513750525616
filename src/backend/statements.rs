//! The server-side prepared statements of one connection, least recently used out first.

use std::sync::Arc;

use lru::LruCache;

use super::settings::Settings;

/// Most statements kept on one connection. (MySQL's `max_prepared_stmt_count` is 16,382 for a whole server.)
pub const KEPT: usize = 128;

/// A statement as a server knows it.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub id: u32,
    /// What the statement's meaning was fixed with when it was prepared.
    pub schema: Option<Box<str>>,
    pub settings: Arc<Settings>,
}

/// Text -> statement.
#[derive(Debug)]
pub struct StatementCache {
    known: LruCache<Box<[u8]>, Prepared>,
    /// No longer wanted; closed along with the next command.
    stale: Vec<u32>,
}

impl Default for StatementCache {
    fn default() -> Self {
        StatementCache { known: LruCache::unbounded(), stale: Vec::new() }
    }
}

impl StatementCache {
    /// The id of the statement of this text, if it was prepared under the same schema and settings.
    pub fn get(&mut self, text: &[u8], schema: Option<&str>, settings: &Arc<Settings>) -> Option<u32> {
        // The one that ran last often runs next: it need not be looked up, nor moved to the front.
        let found = match self.known.peek_mru() {
            Some((last, found)) if **last == *text => found,
            _ => self.known.get(text)?,
        };
        if found.schema.as_deref() == schema && Arc::ptr_eq(&found.settings, settings) {
            return Some(found.id);
        }
        None
    }

    pub fn insert(&mut self, text: &[u8], prepared: Prepared) {
        if let Some((_, replaced)) = self.known.push(text.into(), prepared) {
            self.stale.push(replaced.id);
        }
        while self.known.len() > KEPT {
            self.stale.extend(self.known.pop_lru().map(|(_, old)| old.id));
        }
    }

    /// The statement turned out unusable (the server forgot it, or its tables changed).
    pub fn remove(&mut self, text: &[u8]) {
        self.stale.extend(self.known.pop(text).map(|old| old.id));
    }

    /// Statements that may read user variables, whose types have changed.
    pub fn forget_users_of_variables(&mut self) {
        let texts: Vec<Box<[u8]>> =
            self.known.iter().map(|(text, _)| text).filter(|text| text.contains(&b'@')).cloned().collect();
        texts.iter().for_each(|text| self.remove(text));
    }

    /// A statement that is not kept.
    pub fn discard(&mut self, id: u32) {
        self.stale.push(id);
    }

    /// Ids to close; asked for once.
    pub fn take_stale(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.stale)
    }
}
