//! What surrounds the statements of a seed: settings of the sessions, of ShardGate, and a transaction that has written.
//!
//! None of it changes which statements grow, so that a difference can be looked for under other circumstances as well.

use std::fmt::{self, Display, Formatter};

use crate::dice::Dice;
use crate::schema::{Schema, TableShape};

/// What the answer of a statement can depend on is the same in all sessions.
pub const SESSION: &str = "SET SESSION sql_mode = 'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,\
                           NO_ENGINE_SUBSTITUTION', time_zone = '+00:00', group_concat_max_len = 1000000";

/// Each is said behind [`SESSION`].
const SETTINGS: [&str; 9] = [
    "SET SESSION time_zone = '+05:30'",
    "SET SESSION time_zone = '-08:00'",
    "SET SESSION div_precision_increment = 0",
    "SET SESSION div_precision_increment = 9",
    "SET SESSION character_set_results = utf8mb3",
    "SET SESSION sql_mode = ''",
    "SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,ONLY_FULL_GROUP_BY'",
    "SET SESSION sql_mode = 'HIGH_NOT_PRECEDENCE,NO_UNSIGNED_SUBTRACTION,IGNORE_SPACE'",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
];

const SETTINGS_OF_WRITES: [&str; 5] = [
    "SET SESSION time_zone = '+05:30'",
    "SET SESSION sql_mode = ''",
    "SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES'",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE",
];

/// Of ShardGate's configuration.
const CONFIGURATIONS: [&str; 4] = [
    "[gather]\nship_from = 0\n",
    "[gather]\nship_from = false\n",
    "[gather]\nscratch = \"rs2\"\n",
    "[transactions]\natomic_visibility = true\n",
];

#[derive(Clone, Debug)]
pub struct Circumstances {
    /// What each session says first.
    pub session: String,
    /// Behind the configuration.
    pub configuration: &'static str,
    /// The sessions are in a transaction that nobody else sees.
    pub in_transaction: bool,
}

impl Display for Circumstances {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let said = self.session.strip_prefix(SESSION).unwrap_or(&self.session);
        write!(formatter, "in sessions with {said:?}, by {:?}", self.configuration)
    }
}

impl Circumstances {
    /// For writes, which have transactions of their own.
    pub fn of_writes(seed: u64) -> Circumstances {
        let mut dice = Dice::new(!seed);
        // NULL is the present moment for a TIMESTAMP that is NOT NULL.
        let mut session = format!("{SESSION}, timestamp = 1700000000.25");
        if dice.percent(40) {
            session = format!("{session}; {}", dice.word(&SETTINGS_OF_WRITES));
        }
        let configuration = if dice.percent(60) { dice.word(&CONFIGURATIONS) } else { "" };
        Circumstances { session, configuration, in_transaction: false }
    }

    pub fn of_seed(seed: u64, schema: &Schema) -> Circumstances {
        let mut dice = Dice::new(!seed);
        let mut session = SESSION.to_owned();
        if dice.percent(50) {
            session = format!("{session}; {}", dice.word(&SETTINGS));
        }
        // The plain server beside itself would wait for its own locks.
        let in_transaction = dice.percent(25) && std::env::var_os("RANDOM_SELF").is_none();
        if in_transaction {
            let deletes = dice.some(&schema.shapes, 50).iter().map(delete).collect::<String>();
            session = format!("{session}; {}{deletes}", dice.word(&["START TRANSACTION", "SET autocommit = 0"]));
        }
        let configuration = if dice.percent(60) { dice.word(&CONFIGURATIONS) } else { "" };
        Circumstances { session, configuration, in_transaction }
    }
}

/// Takes away some rows of a table, on all of its shards.
fn delete(shape: &TableShape) -> String {
    let key = shape.key[0];
    format!("; DELETE FROM {} WHERE CHAR_LENGTH({key}) + ASCII({key}) % 3 = 1", shape.name)
}
