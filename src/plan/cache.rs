//! Plans by shape. Bounded by entries and bytes; a lookup allocates nothing and holds one lock of many for a moment.
//!
//! A key is all that a plan depends on: the schema's version, the current database, the mode and the shape. What
//! replaces what is decided by a second chance: an entry that was used since it was last looked at stays.

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use parking_lot::Mutex;

use crate::sharding::DatabaseId;
use crate::sql::{Literal, Mode};

use super::Plan;

/// Longer shapes are not kept.
pub const MAX_SHAPE: usize = 64 * 1024;
/// Plans of one shape that guards tell apart.
const MAX_VARIANTS: usize = 8;
/// What a plan is taken to occupy beside its shape.
const PLAN_BYTES: usize = 1024;
const PARTS: usize = 16;

/// How much a cache keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Shapes; 0 keeps none.
    pub entries: usize,
    /// Of shapes and plans, roughly.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries: 10_000, bytes: 64 * 1024 * 1024 }
    }
}

/// What a plan depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key<'a> {
    schema_version: u64,
    database: Option<DatabaseId>,
    mode: u64,
    shape: &'a [u8],
}

impl<'a> Key<'a> {
    /// `shape`: `Shape::key` of the statement.
    pub fn new(schema_version: u64, database: Option<DatabaseId>, mode: Mode, shape: &'a [u8]) -> Key<'a> {
        Key { schema_version, database, mode: mode.bits(), shape }
    }
}

#[derive(Debug)]
struct Entry {
    hash: u64,
    schema_version: u64,
    database: Option<DatabaseId>,
    mode: u64,
    shape: Box<[u8]>,
    /// Told apart by guards.
    plans: Vec<Arc<Plan>>,
    was_used: bool,
    /// Tells it from entries that were here before it.
    id: u64,
}

impl Entry {
    fn key(&self) -> Key<'_> {
        Key { schema_version: self.schema_version, database: self.database, mode: self.mode, shape: &self.shape }
    }

    fn bytes(&self) -> usize {
        self.shape.len() + PLAN_BYTES
    }
}

#[derive(Debug, Default)]
struct Part {
    entries: HashTable<Entry>,
    /// Hash and id of all entries, in the order in which they are looked at for eviction.
    queue: VecDeque<(u64, u64)>,
    bytes: usize,
    next_id: u64,
}

/// See the module.
#[derive(Debug)]
pub struct Cache {
    parts: Vec<Mutex<Part>>,
    limits: Limits,
    seed: RandomState,
}

impl Cache {
    /// An empty cache.
    pub fn new(limits: Limits) -> Self {
        let parts = (0..PARTS).map(|_| Mutex::new(Part::default())).collect();
        Self { parts, limits, seed: RandomState::default() }
    }

    /// The plan for a statement of this key with these literals.
    pub fn get(&self, key: &Key<'_>, sql: &[u8], literals: &[Literal]) -> Option<Arc<Plan>> {
        let hash = self.hash_of(key);
        let mut part = self.part_of(hash).lock();
        let entry = part.entries.find_mut(hash, |entry| entry.key() == *key)?;
        let holds = |plan: &&Arc<Plan>| plan.guards.iter().all(|guard| guard.holds(sql, literals));
        let plan = entry.plans.iter().find(holds)?.clone();
        entry.was_used = true;
        Some(plan)
    }

    /// Keeps a plan, if it may be used again.
    pub fn put(&self, key: &Key<'_>, plan: Arc<Plan>) {
        if !plan.is_cacheable || key.shape.len() > MAX_SHAPE || self.limits.entries == 0 {
            return;
        }
        let hash = self.hash_of(key);
        let mut part = self.part_of(hash).lock();
        if let Some(entry) = part.entries.find_mut(hash, |entry| entry.key() == *key) {
            entry.plans.retain(|other| other.guards != plan.guards);
            if entry.plans.len() >= MAX_VARIANTS {
                entry.plans.remove(0);
            }
            entry.plans.push(plan);
            return;
        }
        part.add(hash, key, plan);
        part.shrink(self.limits.entries.div_ceil(PARTS), self.limits.bytes / PARTS);
    }

    /// Forgets all plans.
    pub fn clear(&self) {
        for part in &self.parts {
            *part.lock() = Part::default();
        }
    }

    /// How many shapes there are.
    pub fn len(&self) -> usize {
        self.parts.iter().map(|part| part.lock().entries.len()).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn hash_of(&self, key: &Key<'_>) -> u64 {
        let mut hasher = self.seed.build_hasher();
        // Most differ in their shapes. Version and mode, which are much the same for all, are left to the comparison.
        hasher.write_u32(key.database.map_or(u32::MAX, |id| u32::from(id.0)));
        hasher.write(key.shape);
        hasher.finish()
    }

    fn part_of(&self, hash: u64) -> &Mutex<Part> {
        // The low bits pick the place within the part.
        &self.parts[(hash >> 48) as usize % PARTS]
    }
}

impl Part {
    fn add(&mut self, hash: u64, key: &Key<'_>, plan: Arc<Plan>) {
        let id = self.next_id;
        self.next_id += 1;
        let entry = Entry {
            hash,
            schema_version: key.schema_version,
            database: key.database,
            mode: key.mode,
            shape: Box::from(key.shape),
            plans: vec![plan],
            was_used: false,
            id,
        };
        self.bytes += entry.bytes();
        self.queue.push_back((hash, id));
        self.entries.insert_unique(hash, entry, |entry| entry.hash);
    }

    fn shrink(&mut self, entries: usize, bytes: usize) {
        // A second chance is used up when it is given, so that this ends.
        while self.entries.len() > entries || self.bytes > bytes && self.entries.len() > 1 {
            let Some((hash, id)) = self.queue.pop_front() else { return };
            let Ok(mut found) = self.entries.find_entry(hash, |entry| entry.id == id) else { continue };
            if std::mem::take(&mut found.get_mut().was_used) {
                self.queue.push_back((hash, id));
            } else {
                self.bytes = self.bytes.saturating_sub(found.get().bytes());
                found.remove();
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail")]
mod tests {
    use super::*;
    use crate::plan::{Context, Gathers, Guard, plan};
    use crate::sql::Shape;

    fn planned(sql: &str, shape: &mut Shape) -> Arc<Plan> {
        let schema = crate::plan::tests::example_schema(false);
        let mode = Mode::default();
        shape.read(sql.as_bytes(), mode);
        let database = schema.database("shop").map(|(id, _)| id);
        Arc::new(
            plan(
                sql.as_bytes(),
                shape,
                &Context { schema: &schema, database, in_catalog: false, mode, gathers: Gathers::IfNeeded },
            )
            .unwrap(),
        )
    }

    fn key(shape: &[u8]) -> Key<'_> {
        Key::new(1, Some(DatabaseId(0)), Mode::default(), shape)
    }

    #[test]
    fn a_plan_is_found_by_all_that_it_depends_on() {
        let cache = Cache::new(Limits::default());
        let mut shape = Shape::default();
        let plan = planned("SELECT * FROM orders WHERE user_id = 5", &mut shape);
        cache.put(&key(shape.key()), plan);
        let found = |key: &Key<'_>| cache.get(key, b"", &[]).is_some();
        let here = key(shape.key());
        assert!(found(&here));
        assert!(!found(&Key { schema_version: 2, ..here }));
        assert!(!found(&Key { database: None, ..here }));
        assert!(!found(&Key { mode: Mode { ansi_quotes: true, ..Mode::default() }.bits(), ..here }));
        assert!(!found(&Key { shape: b"SELECT 1", ..here }));
    }

    #[test]
    fn guards_tell_plans_of_one_shape_apart() {
        let cache = Cache::new(Limits::default());
        let mut shape = Shape::default();
        for limit in ["1", "2"] {
            let mut plan = (*planned(&format!("SELECT DATABASE() LIMIT {limit}"), &mut shape)).clone();
            plan.guards = vec![Guard { literal: 0, text: limit.into() }];
            cache.put(&key(shape.key()), Arc::new(plan));
        }
        for (limit, is_known) in [("1", true), ("2", true), ("3", false)] {
            let sql = format!("SELECT DATABASE() LIMIT {limit}");
            shape.read(sql.as_bytes(), Mode::default());
            let plan = cache.get(&key(shape.key()), sql.as_bytes(), shape.literals());
            assert_eq!(plan.is_some(), is_known, "{limit}");
        }
    }

    #[test]
    fn it_stays_within_its_limits_and_keeps_what_is_used() {
        let cache = Cache::new(Limits { entries: 64, bytes: 1 << 20 });
        let mut shape = Shape::default();
        let plan = planned("SELECT 1", &mut shape);
        cache.put(&key(b"used"), plan.clone());
        for number in 0..10_000 {
            cache.put(&key(format!("shape {number}").as_bytes()), plan.clone());
            assert!(cache.get(&key(b"used"), b"", &[]).is_some());
        }
        assert!(cache.len() <= 64);
        cache.put(&key(&[b'x'; MAX_SHAPE + 1]), plan);
        assert!(cache.get(&key(&[b'x'; MAX_SHAPE + 1]), b"", &[]).is_none());
        cache.clear();
        assert!(cache.is_empty());
    }

    #[test]
    fn bytes_are_a_limit_too() {
        let cache = Cache::new(Limits { entries: 1_000_000, bytes: 1 << 20 });
        let mut shape = Shape::default();
        let plan = planned("SELECT 1", &mut shape);
        for number in 0..1000 {
            cache.put(&key(format!("{number}{}", "x".repeat(10_000)).as_bytes()), plan.clone());
        }
        assert!(cache.len() < 110, "{}", cache.len());
    }
}
