//! What a statement does to its session or takes from it, whatever else it does: seen in its tokens, without a parse.
//!
//! When in doubt a fact is claimed: a user variable or a function that is only seemingly used costs a pinned connection,
//! a missed one gives a wrong answer. Names are found in executable comments too, and not in strings or quoted names.
//! What views, triggers and stored routines do is not seen.

use crate::sql::cursor::{Cursor, TableName, user_var};
use crate::sql::lexer::{Lexer, PieceKind};
use crate::sql::tokens::{Mode, Op, Token, TokenKind};

/// See the module. All of it is the same for all statements of a shape.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// `LAST_INSERT_ID()`, `@@last_insert_id`, `@@identity`.
    pub uses_last_insert_id: bool,
    pub uses_found_rows: bool,
    pub uses_row_count: bool,
    /// `CONNECTION_ID()`, `@@pseudo_thread_id`.
    pub uses_connection_id: bool,
    /// `DATABASE()`, `SCHEMA()`.
    pub uses_database: bool,
    /// `USER()`, `CURRENT_USER`, `SESSION_USER()`, `SYSTEM_USER()`, `CURRENT_ROLE`.
    pub uses_user: bool,
    /// `SELECT SQL_CALC_FOUND_ROWS`.
    pub calc_found_rows: bool,
    /// Names in lower case, without `@`; sorted, as all names here.
    pub reads_user_vars: Vec<String>,
    /// By `:=`, `INTO @x`, `SET @x`, `CALL p(@x)`, LOAD DATA.
    pub writes_user_vars: Vec<String>,
    /// Names in lower case, without `@@` but with a scope if there is one: `session.sql_mode`.
    pub reads_system_vars: Vec<String>,
    /// `GET_LOCK(name, ..)` and its kin.
    pub named_locks: bool,
    /// Those of them that change which locks are held.
    pub takes_named_locks: bool,
    /// `UUID()`, `RAND()`, `SLEEP()` ...: two servers answer differently.
    pub nondeterministic: bool,
    /// `NOW()` and its like.
    pub time_dependent: bool,
    pub creates_temporary: Option<TableName>,
    /// DROP TABLE, with or without TEMPORARY.
    pub drops_tables: Vec<TableName>,
    pub calls_procedure: bool,
    /// `INTO OUTFILE`, `INTO DUMPFILE`.
    pub into_outfile: bool,
    pub load_data: bool,
    pub load_data_local: bool,
    /// A hint of MySQL's sets a variable that is about the rows of the answer together: `SET_VAR(sql_select_limit = 3)`.
    pub hints_rows: bool,
    /// HANDLER, whose cursors belong to the connection.
    pub uses_handler: bool,
    /// Some token could not be read: the other facts may lack something.
    pub has_invalid: bool,
}

impl Facts {
    /// Whether what it computes may be another value on each server.
    pub fn is_of_server(&self) -> bool {
        self.nondeterministic || !self.reads_system_vars.is_empty()
    }

    /// The facts of one statement.
    pub fn read(sql: &[u8], mode: Mode) -> Self {
        let mut facts = Self::default();
        let verb = facts.note_verb(Cursor::new(sql, mode));
        let mut scan = Scan { verb, depth: 0, before: None, into: false };
        let mut cursor = Cursor::new(sql, mode);
        while let Some(token) = cursor.take() {
            facts.note(token, &cursor, &mut scan);
            scan.before = Some(token);
        }
        facts.hints_rows = hints_rows(sql, mode);
        sort(&mut facts.reads_user_vars);
        sort(&mut facts.writes_user_vars);
        sort(&mut facts.reads_system_vars);
        facts
    }

    /// What the first words say.
    fn note_verb(&mut self, mut cursor: Cursor<'_>) -> Verb {
        while cursor.eat_op(Op::LParen) {}
        if cursor.eat_word("SET") {
            return if cursor.is_word("STATEMENT") { Verb::Other } else { Verb::Set };
        }
        if cursor.eat_word("CALL") {
            self.calls_procedure = true;
            return Verb::WritesVariables;
        }
        if cursor.eat_word("FETCH") {
            return Verb::WritesVariables;
        }
        if cursor.eat_word("LOAD") && cursor.eat_one_of(&["DATA", "XML"]) {
            cursor.eat_one_of(&["LOW_PRIORITY", "CONCURRENT"]);
            self.load_data = true;
            self.load_data_local = cursor.eat_word("LOCAL");
            return Verb::WritesVariables;
        }
        if cursor.eat_word("CREATE") {
            self.creates_temporary = created_temporary(&mut cursor);
        } else if cursor.eat_word("DROP") {
            self.drops_tables = dropped_tables(&mut cursor);
        } else {
            self.uses_handler = cursor.eat_word("HANDLER");
        }
        Verb::Other
    }

    /// `cursor` is behind the token.
    fn note(&mut self, token: Token, cursor: &Cursor<'_>, scan: &mut Scan) {
        match token.kind {
            TokenKind::Word if !scan.before.is_some_and(|before| before.is_op(Op::Dot)) => {
                self.note_word(token, cursor, scan);
            }
            TokenKind::UserVar => self.note_user_var(token, cursor, scan),
            TokenKind::SystemVar => self.note_system_var(token, cursor),
            TokenKind::Invalid => self.has_invalid = true,
            TokenKind::Op(Op::Comma) => {}
            TokenKind::Op(Op::LParen) => scan.depth += 1,
            TokenKind::Op(Op::RParen) => scan.depth = scan.depth.saturating_sub(1),
            _ => scan.into = false,
        }
    }

    fn note_word(&mut self, token: Token, cursor: &Cursor<'_>, scan: &mut Scan) {
        scan.into = token.is_word(cursor.sql, "INTO");
        if scan.into {
            self.into_outfile |= cursor.is_word("OUTFILE") || cursor.is_word("DUMPFILE");
        }
        let is_sequence = cursor.is_word("VALUE") && cursor.clone().eat_words(&["VALUE", "FOR"]);
        self.nondeterministic |=
            is_sequence && (token.is_word(cursor.sql, "NEXT") || token.is_word(cursor.sql, "PREVIOUS"));
        let Some(meaning) = meaning(token.text(cursor.sql), cursor.is_op(Op::LParen)) else { return };
        match meaning {
            Meaning::LastInsertId => self.uses_last_insert_id = true,
            Meaning::FoundRows => self.uses_found_rows = true,
            Meaning::RowCount => self.uses_row_count = true,
            Meaning::ConnectionId => self.uses_connection_id = true,
            Meaning::Database => self.uses_database = true,
            Meaning::User => self.uses_user = true,
            Meaning::CalcFoundRows => self.calc_found_rows = true,
            Meaning::NamedLock | Meaning::LockChange => {
                self.named_locks = true;
                self.takes_named_locks |= matches!(meaning, Meaning::LockChange);
                self.nondeterministic = true;
            }
            Meaning::Nondeterministic => self.nondeterministic = true,
            Meaning::Time => self.time_dependent = true,
            Meaning::TimeWithoutArguments => {
                let mut after = cursor.clone();
                self.time_dependent |= after.eat_op(Op::LParen) && after.is_op(Op::RParen);
            }
        }
    }

    fn note_user_var(&mut self, token: Token, cursor: &Cursor<'_>, scan: &Scan) {
        let Some(name) = user_var(token, cursor.sql, cursor.mode) else {
            self.has_invalid = true;
            return;
        };
        let is_target = scan.verb == Verb::Set
            && scan.depth == 0
            && scan.before.is_some_and(|before| before.is_op(Op::Comma) || before.is_word(cursor.sql, "SET"));
        let assigned = cursor.is_op(Op::Assign) || (is_target && cursor.is_op(Op::Eq));
        if assigned || scan.into || scan.verb == Verb::WritesVariables {
            self.writes_user_vars.push(name.clone());
        }
        if !assigned && !scan.into {
            self.reads_user_vars.push(name);
        }
    }

    fn note_system_var(&mut self, token: Token, cursor: &Cursor<'_>) {
        let text = String::from_utf8_lossy(token.text(cursor.sql));
        let name = text.trim_start_matches('@').replace('`', "").to_ascii_lowercase();
        match name.rsplit('.').next() {
            Some("last_insert_id" | "identity") => self.uses_last_insert_id = true,
            Some("pseudo_thread_id") => self.uses_connection_id = true,
            Some("timestamp") => self.time_dependent = true,
            _ => {}
        }
        self.reads_system_vars.push(name);
    }
}

/// What the pass over the tokens must remember.
#[derive(Debug)]
struct Scan {
    verb: Verb,
    /// Of parentheses.
    depth: u32,
    before: Option<Token>,
    /// In the list of variables after INTO.
    into: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Set,
    /// Any user variable in it may be one that is written.
    WritesVariables,
    Other,
}

#[derive(Debug, Clone, Copy)]
enum Meaning {
    LastInsertId,
    FoundRows,
    RowCount,
    ConnectionId,
    Database,
    User,
    CalcFoundRows,
    NamedLock,
    LockChange,
    Nondeterministic,
    Time,
    TimeWithoutArguments,
}

/// Whether a function is certainly one of the server's own that changes no table: a sequence is one.
pub fn is_native(name: &str) -> bool {
    let is_of_sequence = ["NEXTVAL", "SETVAL", "LASTVAL"].iter().any(|known| name.eq_ignore_ascii_case(known));
    !is_of_sequence && meaning(name.as_bytes(), true).is_some()
}

/// What a word means, given whether a parenthesis follows it.
fn meaning(word: &[u8], is_call: bool) -> Option<Meaning> {
    const CALLS: &[(&str, Meaning)] = &[
        ("LAST_INSERT_ID", Meaning::LastInsertId),
        ("FOUND_ROWS", Meaning::FoundRows),
        ("ROW_COUNT", Meaning::RowCount),
        ("CONNECTION_ID", Meaning::ConnectionId),
        ("DATABASE", Meaning::Database),
        ("SCHEMA", Meaning::Database),
        ("USER", Meaning::User),
        ("SESSION_USER", Meaning::User),
        ("SYSTEM_USER", Meaning::User),
        ("GET_LOCK", Meaning::LockChange),
        ("RELEASE_LOCK", Meaning::LockChange),
        ("RELEASE_ALL_LOCKS", Meaning::LockChange),
        ("IS_FREE_LOCK", Meaning::NamedLock),
        ("IS_USED_LOCK", Meaning::NamedLock),
        ("UUID", Meaning::Nondeterministic),
        ("UUID_SHORT", Meaning::Nondeterministic),
        ("SYS_GUID", Meaning::Nondeterministic),
        ("RAND", Meaning::Nondeterministic),
        ("RANDOM_BYTES", Meaning::Nondeterministic),
        ("SLEEP", Meaning::Nondeterministic),
        ("BENCHMARK", Meaning::Nondeterministic),
        ("LOAD_FILE", Meaning::Nondeterministic),
        ("NEXTVAL", Meaning::Nondeterministic),
        ("LASTVAL", Meaning::Nondeterministic),
        ("SETVAL", Meaning::Nondeterministic),
        ("MASTER_POS_WAIT", Meaning::Nondeterministic),
        ("MASTER_GTID_WAIT", Meaning::Nondeterministic),
        ("SOURCE_POS_WAIT", Meaning::Nondeterministic),
        ("WAIT_FOR_EXECUTED_GTID_SET", Meaning::Nondeterministic),
        ("NOW", Meaning::Time),
        ("CURDATE", Meaning::Time),
        ("CURTIME", Meaning::Time),
        ("SYSDATE", Meaning::Nondeterministic),
        ("UNIX_TIMESTAMP", Meaning::TimeWithoutArguments),
    ];
    // These need no parentheses.
    const WORDS: &[(&str, Meaning)] = &[
        ("CURRENT_USER", Meaning::User),
        ("CURRENT_ROLE", Meaning::User),
        ("SQL_CALC_FOUND_ROWS", Meaning::CalcFoundRows),
        ("CURRENT_TIMESTAMP", Meaning::Time),
        ("CURRENT_DATE", Meaning::Time),
        ("CURRENT_TIME", Meaning::Time),
        ("LOCALTIME", Meaning::Time),
        ("LOCALTIMESTAMP", Meaning::Time),
        ("UTC_DATE", Meaning::Time),
        ("UTC_TIME", Meaning::Time),
        ("UTC_TIMESTAMP", Meaning::Time),
    ];
    let find = |table: &[(&str, Meaning)]| {
        table.iter().find(|(name, _)| word.eq_ignore_ascii_case(name.as_bytes())).map(|(_, meaning)| *meaning)
    };
    find(WORDS).or_else(|| if is_call { find(CALLS) } else { None })
}

/// Whether an optimizer hint says how many rows an answer has, or how far texts are sorted by.
fn hints_rows(sql: &[u8], mode: Mode) -> bool {
    const VARIABLES: [&str; 2] = ["sql_select_limit", "max_sort_length"];
    if mode.mariadb || memchr::memmem::find(sql, b"/*+").is_none() {
        return false;
    }
    let mut lexer = Lexer::new(sql, mode);
    while let Some(piece) = lexer.next_piece() {
        if piece.kind == PieceKind::OptimizerHint {
            let hints = String::from_utf8_lossy(&sql[piece.start..piece.end]).to_ascii_lowercase();
            if VARIABLES.iter().any(|name| hints.contains(name)) {
                return true;
            }
        }
    }
    false
}

/// After CREATE.
fn created_temporary(cursor: &mut Cursor<'_>) -> Option<TableName> {
    cursor.eat_words(&["OR", "REPLACE"]);
    if !cursor.eat_word("TEMPORARY") || !cursor.eat_one_of(&["TABLE", "SEQUENCE"]) {
        return None;
    }
    cursor.eat_words(&["IF", "NOT", "EXISTS"]);
    cursor.eat_table()
}

/// After DROP.
fn dropped_tables(cursor: &mut Cursor<'_>) -> Vec<TableName> {
    let mut tables = Vec::new();
    cursor.eat_word("TEMPORARY");
    if cursor.eat_one_of(&["TABLE", "TABLES", "SEQUENCE"]) {
        cursor.eat_words(&["IF", "EXISTS"]);
        while let Some(table) = cursor.eat_table() {
            tables.push(table);
            if !cursor.eat_op(Op::Comma) {
                break;
            }
        }
    }
    tables
}

fn sort(names: &mut Vec<String>) {
    names.sort_unstable();
    names.dedup();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(sql: &str) -> Facts {
        Facts::read(sql.as_bytes(), Mode::default())
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn table(database: Option<&str>, table: &str) -> TableName {
        TableName { database: database.map(str::to_owned), table: table.to_owned() }
    }

    #[test]
    fn session_functions_are_seen() {
        let none = Facts::default();
        let cases = [
            ("SELECT last_insert_id ()", Facts { uses_last_insert_id: true, ..none.clone() }),
            ("SELECT found_rows(), ROW_COUNT()", Facts { uses_found_rows: true, uses_row_count: true, ..none.clone() }),
            ("SELECT CONNECTION_ID/**/()", Facts { uses_connection_id: true, ..none.clone() }),
            ("SELECT schema()", Facts { uses_database: true, ..none.clone() }),
            ("SELECT current_user", Facts { uses_user: true, ..none.clone() }),
            ("(SELECT SQL_CALC_FOUND_ROWS 1)", Facts { calc_found_rows: true, ..none.clone() }),
            ("SELECT /*!50001 uuid() */", Facts { nondeterministic: true, ..none.clone() }),
            ("SELECT NOW(6), current_date", Facts { time_dependent: true, ..none.clone() }),
            ("SELECT UNIX_TIMESTAMP ( )", Facts { time_dependent: true, ..none.clone() }),
            ("SELECT UNIX_TIMESTAMP(placed), unix_timestamp", none.clone()),
            ("SELECT /*+ BKA(t) Set_Var(SQL_Select_Limit=1) */ 1", Facts { hints_rows: true, ..none.clone() }),
            ("SELECT /*+ SET_VAR(sort_buffer_size=1) */ 'sql_select_limit' /* max_sort_length */", none.clone()),
            ("SELECT NEXT VALUE FOR s", Facts { nondeterministic: true, ..none.clone() }),
            ("SELECT next, t.uuid, `rand`, user, 'NOW()', x.now() FROM database -- sleep()", none.clone()),
            ("SELECT /*!99999 uuid() */ 1", none.clone()),
            ("CREATE DATABASE x", none),
        ];
        for (sql, expected) in cases {
            assert_eq!(read(sql), expected, "{sql}");
        }
    }

    #[test]
    fn user_variables_are_read_or_written() {
        let cases: [(&str, &[&str], &[&str]); 14] = [
            ("SELECT @a, @B, @`c d`, @'e', @a", &["a", "b", "c d", "e"], &[]),
            ("SELECT @a := @b + 1", &["b"], &["a"]),
            ("SELECT a, b INTO @x, @Y FROM t WHERE c = @z", &["z"], &["x", "y"]),
            ("SELECT a FROM t WHERE b = @z INTO @x", &["z"], &["x"]),
            ("INSERT INTO t VALUES (@a, @b)", &["a", "b"], &[]),
            ("SET @a = 1, @b := @c, x = @d", &["c", "d"], &["a", "b"]),
            ("UPDATE t SET a = @a, b = @b = 1", &["a", "b"], &[]),
            ("CALL p(@a)", &["a"], &["a"]),
            ("LOAD DATA INFILE 'x' INTO TABLE t (a, @b) SET c = @b", &["b"], &["b"]),
            ("EXECUTE s USING @a, @b", &["a", "b"], &[]),
            ("SELECT '@a', `@b`", &[], &[]),
            ("SELECT 1 INTO @a; ", &[], &["a"]),
            ("SET @x = f(1, @a = 2), @y = @b = 3", &["a", "b"], &["x", "y"]),
            ("SET STATEMENT x = 1 FOR SELECT @b = 1", &["b"], &[]),
        ];
        for (sql, reads, writes) in cases {
            let facts = read(sql);
            assert_eq!((facts.reads_user_vars, facts.writes_user_vars), (names(reads), names(writes)), "{sql}");
        }
    }

    #[test]
    fn system_variables_are_seen() {
        let facts = read("SELECT @@Session.`sql_mode`, @@identity, @@identity");
        assert_eq!(facts.reads_system_vars, names(&["identity", "session.sql_mode"]));
        assert!(facts.uses_last_insert_id);
    }

    #[test]
    fn lock_functions_are_seen() {
        assert!(read("SELECT GET_LOCK('a', 1)").named_locks);
        assert!(read("DO release_all_locks ()").named_locks);
        assert!(!read("SELECT get_lock, 'RELEASE_LOCK(1)'").named_locks);
        assert!(read("SELECT IS_FREE_LOCK('a'), RELEASE_LOCK('a')").takes_named_locks);
        assert!(!read("SELECT IS_FREE_LOCK('a'), IS_USED_LOCK('a')").takes_named_locks);
    }

    #[test]
    fn temporary_and_dropped_tables_are_named() {
        let created = [
            ("CREATE TEMPORARY TABLE t (a INT)", Some(table(None, "t"))),
            ("create or replace temporary table if not exists d.`t 1` select 1", Some(table(Some("d"), "t 1"))),
            ("CREATE TABLE t (a INT)", None),
        ];
        for (sql, expected) in created {
            assert_eq!(read(sql).creates_temporary, expected, "{sql}");
        }
        let dropped = [
            ("DROP TABLE a, d.b", vec![table(None, "a"), table(Some("d"), "b")]),
            ("drop temporary table if exists `a` cascade", vec![table(None, "a")]),
            ("DROP DATABASE a", vec![]),
        ];
        for (sql, expected) in dropped {
            assert_eq!(read(sql).drops_tables, expected, "{sql}");
        }
    }

    #[test]
    fn files_and_procedures_are_seen() {
        assert!(read("SELECT 1 INTO OUTFILE 'x'").into_outfile);
        assert!(read("SELECT 1 FROM t INTO DUMPFILE 'x'").into_outfile);
        assert!(read("CALL p()").calls_procedure);
        let load = |sql| (read(sql).load_data, read(sql).load_data_local);
        assert_eq!(load("LOAD DATA INFILE 'x' INTO TABLE t"), (true, false));
        assert_eq!(load("load data low_priority local infile 'x' into table t"), (true, true));
        assert_eq!(load("LOAD INDEX INTO CACHE t"), (false, false));
        assert!(read("HANDLER t OPEN").uses_handler);
        assert!(read("SELECT 'x").has_invalid);
    }
}
