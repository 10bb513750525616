//! Changes of tables over several shards: what must hold on all of them before one is altered, and what is left to do of a
//! change that was cut off. A shard's table is known by a fingerprint of its definition, so that whoever comes later sees
//! what a shard has done, whatever the one that began it could still write down.

use std::fmt;

/// What a statement does to a table that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    Creates,
    Drops,
    Changes,
}

/// A table's definition on one shard; `None`: there is no such table.
pub type Definition = Option<u64>;

/// One table on all shards that the statement goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// As the client names it.
    pub table: String,
    pub effect: Effect,
    /// By shard, in the statement's order.
    pub found: Vec<(String, Definition)>,
}

/// Why a statement is not begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Objection {
    /// It is there on some shards only.
    Partial { table: String, there: Vec<String>, missing: Vec<String>, effect: Effect },
    /// Two shards define it differently.
    Differs { table: String, one: String, other: String },
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Partial { table, there, missing, effect } => {
                let remedy = match effect {
                    Effect::Creates => "add IF NOT EXISTS to create it where it is missing",
                    Effect::Drops => "add IF EXISTS to drop it where it is",
                    Effect::Changes => "create it there first",
                };
                let (there, missing) = (there.join(", "), missing.join(", "));
                write!(f, "table '{table}' is on the shards {there}, and not on {missing}: nothing was done; {remedy}")
            }
            Self::Differs { table, one, other } => write!(
                f,
                "table '{table}' is not defined alike on the shards {one} and {other}: nothing was done; make them alike \
                 by a statement that does (it runs on the shards that need it), or by RESUME DDL or ROLLBACK DDL of a change that SHOW \
                 DDL shows, or use IF [NOT] EXISTS in the statement"
            ),
        }
    }
}

/// Whether a statement may begin. `is_tolerant`: it says `IF [NOT] EXISTS`, so that it may find things done already.
pub fn check(surveys: &[Survey], is_tolerant: bool) -> Result<(), Objection> {
    if is_tolerant {
        return Ok(());
    }
    for survey in surveys {
        let named = |wanted: bool| {
            let those = survey.found.iter().filter(|(_, definition)| definition.is_some() == wanted);
            those.map(|(shard, _)| shard.clone()).collect::<Vec<_>>()
        };
        let (there, missing) = (named(true), named(false));
        let table = survey.table.clone();
        if !there.is_empty() && !missing.is_empty() {
            return Err(Objection::Partial { table, there, missing, effect: survey.effect });
        }
        let Some((first, definition)) = survey.found.first() else { continue };
        let other = survey.found.iter().find(|(_, other)| other != definition);
        if let (Some((other, _)), Effect::Changes) = (other, survey.effect) {
            return Err(Objection::Differs { table, one: first.clone(), other: other.clone() });
        }
    }
    Ok(())
}

/// The definitions of a statement's tables on one shard, as the journal has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Print(pub Vec<Definition>);

impl fmt::Display for Print {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = |definition: &Definition| definition.map_or_else(|| "-".to_owned(), |print| format!("{print:016x}"));
        f.write_str(&self.0.iter().map(one).collect::<Vec<_>>().join(","))
    }
}

impl Print {
    /// What `Display` wrote.
    pub fn parse(text: &str) -> Option<Print> {
        let one = |part: &str| match part {
            "-" => Some(None),
            digits => u64::from_str_radix(digits, 16).ok().map(Some),
        };
        text.split(',').map(one).collect::<Option<Vec<_>>>().map(Print)
    }
}

/// What is to be done on a shard of which the journal does not say that it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// It is as it was before: the statement has not run.
    Run,
    /// It is as on the shards that are done.
    Done,
    /// It is neither: somebody else has altered it.
    Unknown,
}

/// `before`: the shard's tables before the statement; `after`: what they are on a shard that is done, if there is one.
pub fn rest(before: &Print, now: &Print, after: Option<&Print>) -> Rest {
    if now == before {
        Rest::Run
    } else if after == Some(now) {
        Rest::Done
    } else {
        Rest::Unknown
    }
}

/// A fingerprint of what SHOW CREATE says, in names that are alike on all shards. The next AUTO_INCREMENT, which may differ,
/// does not count.
pub fn fingerprint(shown: &str) -> u64 {
    hash(without_counter(shown).as_bytes())
}

fn without_counter(shown: &str) -> String {
    const WORD: &str = " AUTO_INCREMENT=";
    match shown.split_once(WORD) {
        Some((head, tail)) => format!("{head}{}", tail.trim_start_matches(|digit: char| digit.is_ascii_digit())),
        None => shown.to_owned(),
    }
}

/// FNV-1a: the same in all versions of ShardGate.
pub fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survey(effect: Effect, found: &[Definition]) -> Survey {
        let found = found.iter().enumerate().map(|(at, print)| (format!("s{at}"), *print)).collect();
        Survey { table: "t".into(), effect, found }
    }

    #[test]
    fn nothing_begins_where_shards_differ() {
        let check = |effect, found: &[Definition], tolerant| {
            super::check(&[survey(effect, found)], tolerant).map_err(|objection| objection.to_string())
        };
        assert_eq!(check(Effect::Creates, &[None, None], false), Ok(()));
        assert_eq!(check(Effect::Creates, &[Some(1), Some(1)], false), Ok(()), "the server says that it exists");
        let refused = check(Effect::Creates, &[Some(1), None, Some(1)], false).expect_err("half there");
        assert!(refused.contains("on the shards s0, s2, and not on s1"), "{refused}");
        assert_eq!(check(Effect::Creates, &[Some(1), None], true), Ok(()));
        assert!(check(Effect::Drops, &[Some(1), None], false).is_err());
        assert_eq!(check(Effect::Drops, &[Some(1), Some(2)], false), Ok(()));
        assert_eq!(check(Effect::Changes, &[Some(1), Some(1)], false), Ok(()));
        assert!(check(Effect::Changes, &[Some(1), Some(2)], false).is_err());
        assert_eq!(check(Effect::Changes, &[Some(1), Some(2)], true), Ok(()));
    }

    #[test]
    fn what_is_left_shows_in_the_definitions() {
        let (before, after, other) = (Print(vec![Some(1), None]), Print(vec![Some(2), None]), Print(vec![None, None]));
        assert_eq!(rest(&before, &before, Some(&after)), Rest::Run);
        assert_eq!(rest(&before, &after, Some(&after)), Rest::Done);
        assert_eq!(rest(&before, &other, Some(&after)), Rest::Unknown);
        assert_eq!(rest(&before, &after, None), Rest::Unknown);
        for print in [before, after, other] {
            assert_eq!(Print::parse(&print.to_string()), Some(print));
        }
    }

    #[test]
    fn counters_do_not_count() {
        let one = fingerprint("CREATE TABLE `t` (`a` int) AUTO_INCREMENT=17 C");
        assert_eq!(one, fingerprint("CREATE TABLE `t` (`a` int) C"));
        assert_ne!(one, fingerprint("CREATE TABLE `t` (`b` int) C"));
    }
}
