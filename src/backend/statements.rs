//! The server-side prepared statements of one connection, least recently used out first.

use std::sync::Arc;

use lru::LruCache;
use smallvec::{SmallVec, smallvec};

use super::settings::Settings;
use crate::wire::command::Kinds;

/// Most texts whose statements are kept on one connection. (MySQL's `max_prepared_stmt_count` is 16,382 for a whole server.)
pub const KEPT: usize = 128;

/// Most statements of one text.
const OF_A_TEXT: usize = 8;

/// A text as a server knows it.
#[derive(Debug)]
struct Prepared {
    /// Its statements, the oldest first, with what they have been executed with: only the last one perhaps with nothing.
    ids: SmallVec<[(u32, Option<Kinds>); 1]>,
    /// What their meaning was fixed with when they were prepared.
    schema: Option<Box<str>>,
    settings: Arc<Settings>,
}

impl Prepared {
    fn is_for(&self, schema: Option<&str>, settings: &Arc<Settings>) -> bool {
        self.schema.as_deref() == schema && Arc::ptr_eq(&self.settings, settings)
    }

    /// The one that was executed with such parameters, unless a newer one waits for its first execution.
    fn known(&self, kinds: Kinds) -> Option<u32> {
        self.ids.last().filter(|(_, newest)| newest.is_some())?;
        self.ids.iter().find(|(_, known)| *known == Some(kinds)).map(|(id, _)| *id)
    }
}

/// Text -> statements.
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
    /// The id of a statement of this text that was prepared under the same schema and settings, to be executed with such
    /// parameters: one that was never executed yet, or with such.
    pub fn get(&mut self, text: &[u8], kinds: Kinds, schema: Option<&str>, settings: &Arc<Settings>) -> Option<u32> {
        // The one that ran last often runs next: it need not be looked up, nor moved to the front.
        if let Some((last, found)) = self.known.peek_mru()
            && **last == *text
            && found.is_for(schema, settings)
            && let Some(id) = found.known(kinds)
        {
            return Some(id);
        }
        let found = self.known.get_mut(text).filter(|found| found.is_for(schema, settings))?;
        let Some((id, fresh @ None)) = found.ids.last_mut() else { return found.known(kinds) };
        let id = *id;
        *fresh = Some(kinds);
        // What was prepared last knows the tables as they are now.
        if let Some(older) = found.ids.iter().position(|(other, known)| *known == Some(kinds) && *other != id) {
            self.stale.push(found.ids.remove(older).0);
        }
        Some(id)
    }

    /// A statement that was prepared, and not executed yet.
    pub fn insert(&mut self, text: &[u8], id: u32, schema: Option<&str>, settings: &Arc<Settings>) {
        if let Some(known) = self.known.get_mut(text).filter(|known| known.is_for(schema, settings)) {
            match known.ids.last() {
                Some((unused, None)) => {
                    self.stale.push(*unused);
                    known.ids.pop();
                }
                _ if known.ids.len() == OF_A_TEXT => self.stale.push(known.ids.remove(0).0),
                _ => {}
            }
            known.ids.push((id, None));
            return;
        }
        let ids = smallvec![(id, None)];
        let prepared = Prepared { ids, schema: schema.map(Box::from), settings: Arc::clone(settings) };
        if let Some((_, replaced)) = self.known.push(text.into(), prepared) {
            self.close(replaced);
        }
        while self.known.len() > KEPT {
            let Some((_, old)) = self.known.pop_lru() else { break };
            self.close(old);
        }
    }

    fn close(&mut self, prepared: Prepared) {
        self.stale.extend(prepared.ids.iter().map(|(id, _)| *id));
    }

    /// Lends the statement to a cursor: nobody else is to execute it, which would close the cursor, nor to close it.
    /// [`Self::discard`] ends that.
    pub fn lend(&mut self, id: u32) {
        for (_, prepared) in &mut self.known {
            prepared.ids.retain(|(known, _)| *known != id);
        }
    }

    /// The statement turned out unusable (the server forgot it, or its tables changed).
    pub fn remove(&mut self, text: &[u8]) {
        if let Some(old) = self.known.pop(text) {
            self.close(old);
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::command::Kinds;

    #[test]
    fn statements_serve_one_kind_of_execution() {
        let (mut cache, settings) = (StatementCache::default(), Arc::new(Settings::default()));
        let (one, other) = (Kinds::default(), Kinds::default().with_cursor());
        let get = |cache: &mut StatementCache, kinds| cache.get(b"SELECT ?", kinds, Some("s"), &settings);
        assert_eq!(get(&mut cache, one), None);
        cache.insert(b"SELECT ?", 1, Some("s"), &settings);
        cache.insert(b"SELECT ?", 2, Some("s"), &settings);
        assert_eq!(cache.take_stale(), [1], "it was prepared again before it was executed");
        assert_eq!(get(&mut cache, one), Some(2));
        assert_eq!(get(&mut cache, other), None, "it was executed in another way");
        cache.insert(b"SELECT ?", 3, Some("s"), &settings);
        assert_eq!((get(&mut cache, other), get(&mut cache, one)), (Some(3), Some(2)));
        cache.insert(b"SELECT ?", 5, Some("s"), &settings);
        assert_eq!(
            (get(&mut cache, one), get(&mut cache, other)),
            (Some(5), Some(3)),
            "the newest knows the tables best"
        );
        assert_eq!(cache.take_stale(), [2]);
        assert_eq!(cache.get(b"SELECT ?", one, Some("t"), &settings), None, "in another schema");
        cache.insert(b"SELECT ?", 4, Some("t"), &settings);
        assert_eq!(cache.take_stale(), [3, 5]);
        cache.remove(b"SELECT ?");
        assert_eq!(cache.take_stale(), [4]);
    }

    #[test]
    fn there_are_never_more_than_so_many() {
        let (mut cache, settings) = (StatementCache::default(), Arc::new(Settings::default()));
        for number in 0..2 * KEPT as u32 {
            cache.insert(format!("SELECT {number}").as_bytes(), number, None, &settings);
        }
        assert_eq!(cache.take_stale().len(), KEPT);
        for number in 0..KEPT as u64 {
            cache.insert(b"SELECT ?", 1000 + number as u32, None, &settings);
            let kinds = Kinds::numbered(number);
            assert_eq!(cache.get(b"SELECT ?", kinds, None, &settings), Some(1000 + number as u32));
        }
        assert_eq!(cache.take_stale().len(), 1 + KEPT - OF_A_TEXT);
    }
}
