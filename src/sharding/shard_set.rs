//! Names of shards, and sets of them. A set is a bit mask, kept on the stack up to 128 shards.

use smallvec::SmallVec;

/// The most shards that one configuration may have.
pub const MAX_SHARDS: usize = 1024;

/// One shard: an index into `Schema::shards`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShardId(pub u16);

/// A set of shards. Iteration is in ascending order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ShardSet {
    /// Bit `n` of word `w` stands for shard `64 * w + n`; the last word is never 0, so that equal sets are equal.
    words: SmallVec<[u64; 2]>,
}

impl ShardSet {
    /// The set without shards.
    pub fn empty() -> Self {
        Self::default()
    }

    /// The set of one shard.
    pub fn single(shard: ShardId) -> Self {
        Self::from_iter([shard])
    }

    /// Adds `shard`; whether it is new.
    pub fn insert(&mut self, shard: ShardId) -> bool {
        let (word, bit) = position(shard);
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let is_new = self.words[word] & bit == 0;
        self.words[word] |= bit;
        is_new
    }

    /// Whether `shard` is in the set.
    pub fn contains(&self, shard: ShardId) -> bool {
        let (word, bit) = position(shard);
        self.words.get(word).is_some_and(|bits| bits & bit != 0)
    }

    /// Adds all shards of `other`.
    pub fn union_with(&mut self, other: &Self) {
        if other.words.len() > self.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        for (mine, theirs) in self.words.iter_mut().zip(&other.words) {
            *mine |= theirs;
        }
    }

    /// Keeps only the shards that are in `other` too.
    pub fn intersect_with(&mut self, other: &Self) {
        self.words.truncate(other.words.len());
        for (mine, theirs) in self.words.iter_mut().zip(&other.words) {
            *mine &= theirs;
        }
        while self.words.last() == Some(&0) {
            self.words.pop();
        }
    }

    /// Whether each shard of this set is in `other`.
    pub fn is_subset_of(&self, other: &Self) -> bool {
        self.iter().all(|shard| other.contains(shard))
    }

    /// How many shards are in the set.
    pub fn len(&self) -> usize {
        self.words.iter().map(|bits| bits.count_ones() as usize).sum()
    }

    /// Whether no shard is in the set.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The lowest shard of the set.
    pub fn first(&self) -> Option<ShardId> {
        self.iter().next()
    }

    /// The shards in ascending order.
    pub fn iter(&self) -> Iter<'_> {
        Iter { words: &self.words, word: 0, bits: self.words.first().copied().unwrap_or(0) }
    }
}

impl FromIterator<ShardId> for ShardSet {
    fn from_iter<I: IntoIterator<Item = ShardId>>(shards: I) -> Self {
        let mut set = Self::empty();
        set.extend(shards);
        set
    }
}

impl Extend<ShardId> for ShardSet {
    fn extend<I: IntoIterator<Item = ShardId>>(&mut self, shards: I) {
        for shard in shards {
            self.insert(shard);
        }
    }
}

impl<'a> IntoIterator for &'a ShardSet {
    type Item = ShardId;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// The shards of a [`ShardSet`], ascending.
#[derive(Debug, Clone)]
pub struct Iter<'a> {
    words: &'a [u64],
    word: usize,
    /// What is left of `words[word]`.
    bits: u64,
}

impl Iterator for Iter<'_> {
    type Item = ShardId;

    fn next(&mut self) -> Option<ShardId> {
        while self.bits == 0 {
            self.word += 1;
            self.bits = *self.words.get(self.word)?;
        }
        let bit = self.bits.trailing_zeros() as usize;
        self.bits &= self.bits - 1;
        Some(ShardId((self.word * 64 + bit) as u16))
    }
}

fn position(shard: ShardId) -> (usize, u64) {
    (usize::from(shard.0 / 64), 1 << (shard.0 % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(shards: &[u16]) -> ShardSet {
        shards.iter().map(|shard| ShardId(*shard)).collect()
    }

    #[test]
    fn sets_do_what_sets_of_numbers_do() {
        let cases: &[(&[u16], &[u16])] =
            &[(&[], &[]), (&[0], &[]), (&[0, 3], &[3, 64]), (&[1023, 5], &[5, 200]), (&[127, 128], &[128])];
        for (left, right) in cases {
            let (left_tree, right_tree): (std::collections::BTreeSet<_>, std::collections::BTreeSet<_>) =
                (left.iter().collect(), right.iter().collect());
            let mut union = set(left);
            union.union_with(&set(right));
            let wanted: Vec<u16> = left_tree.union(&right_tree).map(|shard| **shard).collect();
            assert_eq!(union.iter().map(|shard| shard.0).collect::<Vec<_>>(), wanted);
            assert_eq!(union, set(&wanted));
            assert_eq!(union.len(), wanted.len());

            let mut both = set(left);
            both.intersect_with(&set(right));
            let wanted: Vec<u16> = left_tree.intersection(&right_tree).map(|shard| **shard).collect();
            assert_eq!(both, set(&wanted));
            assert_eq!(both.is_empty(), wanted.is_empty());
            assert_eq!(both.first().map(|shard| shard.0), wanted.first().copied());
            assert!(both.is_subset_of(&set(left)) && set(left).is_subset_of(&union));
        }
    }

    #[test]
    fn insert_says_whether_the_shard_is_new() {
        let mut shards = ShardSet::empty();
        assert!(shards.insert(ShardId(70)));
        assert!(!shards.insert(ShardId(70)));
        assert!(shards.contains(ShardId(70)) && !shards.contains(ShardId(6)) && !shards.contains(ShardId(700)));
    }

    #[test]
    fn small_sets_stay_off_the_heap() {
        assert!(!set(&[0, 127]).words.spilled());
    }
}
