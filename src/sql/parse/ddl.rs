//! Statements about tables as such: CREATE, ALTER, DROP, TRUNCATE, RENAME, and what shows them. Only the names of
//! tables are read, and what makes a statement more than these names tell.

use crate::sql::tokens::{Op, TokenKind};

use super::ast::{CreateQuery, Ddl, DdlKind, Explain, ShowTable, TableName, View};
use super::cursor::Cursor;
use super::{Result, expression, query};

/// CREATE, DROP, ALTER, TRUNCATE or RENAME of tables and indexes, whose first word is next.
pub(super) fn read(cursor: &mut Cursor<'_, '_>) -> Result<Ddl> {
    let first = cursor.at;
    cursor.at += 1;
    let mut ddl = match () {
        () if cursor.tokens.is_word(first, "CREATE") => read_create(cursor)?,
        () if cursor.tokens.is_word(first, "DROP") => read_drop(cursor)?,
        () if cursor.tokens.is_word(first, "ALTER") => read_alter(cursor)?,
        () if cursor.tokens.is_word(first, "TRUNCATE") => {
            cursor.take_word("TABLE");
            of(DdlKind::TruncateTable, vec![expression::read_table_name(cursor)?])
        }
        () => read_rename(cursor)?,
    };
    read_rest(cursor, &mut ddl)?;
    ddl.is_tolerant = (first..cursor.end).any(|at| is_tolerant_at(cursor, at));
    Ok(ddl)
}

fn of(kind: DdlKind, targets: Vec<TableName>) -> Ddl {
    Ddl {
        kind,
        is_temporary: false,
        targets,
        others: Vec::new(),
        renames: false,
        like: None,
        references: Vec::new(),
        constraints: Vec::new(),
        checks: Vec::new(),
        dropped: Vec::new(),
        is_tolerant: false,
        replaces: false,
        is_view: false,
        is_complex: false,
        query: None,
    }
}

fn read_create(cursor: &mut Cursor<'_, '_>) -> Result<Ddl> {
    let replaces = cursor.take_words(&["OR", "REPLACE"]);
    let is_temporary = cursor.take_word("TEMPORARY");
    if cursor.take_word("TABLE") {
        cursor.take_words(&["IF", "NOT", "EXISTS"]);
        let targets = vec![expression::read_table_name(cursor)?];
        return Ok(Ddl { is_temporary, replaces, query: find_query(cursor), ..of(DdlKind::CreateTable, targets) });
    }
    cursor.skip_words(&["UNIQUE", "FULLTEXT", "SPATIAL", "ONLINE", "OFFLINE"]);
    cursor.expect_word("INDEX")?;
    cursor.take_words(&["IF", "NOT", "EXISTS"]);
    cursor.take_ident()?;
    if cursor.take_word("USING") {
        cursor.at += 1;
    }
    cursor.expect_word("ON")?;
    Ok(of(DdlKind::CreateIndex, vec![expression::read_table_name(cursor)?]))
}

/// The query of CREATE TABLE ... SELECT; the cursor is behind the table's name, and stays there.
fn find_query(cursor: &Cursor<'_, '_>) -> Option<CreateQuery> {
    let tokens = cursor.tokens;
    let mut at = cursor.at;
    let mut has_partitions = false;
    let begins = |at: usize| {
        tokens.opens_query(at)
            || tokens.is_any_word(at, &["SELECT", "VALUES", "TABLE"])
            || tokens.is_word(at, "WITH") && !tokens.is_word(at + 1, "SYSTEM")
    };
    while at < cursor.end && !begins(at) {
        has_partitions |= tokens.is_word(at, "PARTITION");
        at = if tokens.is_op(at, Op::LParen) { tokens.close_of(at) + 1 } else { at + 1 };
    }
    let before = if at > cursor.at && tokens.is_word(at - 1, "AS") { at - 1 } else { at };
    let verb = match before.checked_sub(1) {
        Some(last) if tokens.is_word(last, "IGNORE") => "INSERT IGNORE",
        Some(last) if tokens.is_word(last, "REPLACE") => "REPLACE",
        _ => "INSERT",
    };
    let (definition, query) = (tokens.span(cursor.at, at), tokens.span(at, cursor.end));
    (at < cursor.end).then_some(CreateQuery { definition, query, verb, has_partitions })
}

/// CREATE VIEW or ALTER VIEW, if it comes next.
pub(super) fn read_view(cursor: &mut Cursor<'_, '_>) -> Option<Result<View>> {
    let mut ahead = *cursor;
    let alters = ahead.take_word("ALTER");
    if !alters && !ahead.take_word("CREATE") {
        return None;
    }
    let replaces = ahead.take_words(&["OR", "REPLACE"]);
    skip_attributes(&mut ahead);
    if !ahead.take_word("VIEW") {
        return None;
    }
    *cursor = ahead;
    Some(read_view_rest(cursor).map(|view| View { is_tolerant: view.is_tolerant || alters || replaces, ..view }))
}

/// Steps over what may stand between CREATE and VIEW.
fn skip_attributes(cursor: &mut Cursor<'_, '_>) {
    loop {
        cursor.skip_words(&["ALGORITHM", "UNDEFINED", "MERGE", "TEMPTABLE", "SQL", "SECURITY", "INVOKER"]);
        let is_definer = cursor.take_word("DEFINER");
        let has_value = cursor.take_op(Op::Eq);
        if is_definer && has_value {
            skip_account(cursor);
        } else if !is_definer && !has_value {
            return;
        }
    }
}

/// Steps over `user@host`, a role, or CURRENT_USER().
fn skip_account(cursor: &mut Cursor<'_, '_>) {
    let kind = |cursor: &Cursor<'_, '_>| cursor.tokens.kind(cursor.at);
    if matches!(kind(cursor), Some(TokenKind::Word | TokenKind::QuotedIdent | TokenKind::String { .. })) {
        cursor.at += 1;
    }
    let _ = cursor.take_op(Op::LParen) && cursor.take_op(Op::RParen);
    cursor.at += usize::from(kind(cursor) == Some(TokenKind::UserVar));
}

fn read_view_rest(cursor: &mut Cursor<'_, '_>) -> Result<View> {
    let is_tolerant = cursor.take_words(&["IF", "NOT", "EXISTS"]);
    let target = expression::read_table_name(cursor)?;
    let columns = query::read_names(cursor)?;
    cursor.expect_word("AS")?;
    Ok(View { target, is_tolerant, columns, query: query::read(cursor)? })
}

fn read_drop(cursor: &mut Cursor<'_, '_>) -> Result<Ddl> {
    let is_temporary = cursor.take_word("TEMPORARY");
    if cursor.take_word("INDEX") {
        cursor.take_words(&["IF", "EXISTS"]);
        cursor.take_ident()?;
        cursor.expect_word("ON")?;
        return Ok(of(DdlKind::DropIndex, vec![expression::read_table_name(cursor)?]));
    }
    let is_view = cursor.take_word("VIEW");
    if !is_view && !cursor.take_word("TABLES") {
        cursor.expect_word("TABLE")?;
    }
    cursor.take_words(&["IF", "EXISTS"]);
    let mut targets = vec![expression::read_table_name(cursor)?];
    while cursor.take_op(Op::Comma) {
        targets.push(expression::read_table_name(cursor)?);
    }
    Ok(Ddl { is_temporary, is_view, ..of(DdlKind::DropTable, targets) })
}

fn read_alter(cursor: &mut Cursor<'_, '_>) -> Result<Ddl> {
    cursor.skip_words(&["ONLINE", "OFFLINE", "IGNORE"]);
    cursor.expect_word("TABLE")?;
    cursor.take_words(&["IF", "EXISTS"]);
    Ok(of(DdlKind::AlterTable, vec![expression::read_table_name(cursor)?]))
}

fn read_rename(cursor: &mut Cursor<'_, '_>) -> Result<Ddl> {
    if !cursor.take_word("TABLES") {
        cursor.expect_word("TABLE")?;
    }
    let mut targets = Vec::new();
    loop {
        targets.push(expression::read_table_name(cursor)?);
        cursor.expect_word("TO")?;
        targets.push(expression::read_table_name(cursor)?);
        if !cursor.take_op(Op::Comma) {
            return Ok(of(DdlKind::RenameTable, targets));
        }
    }
}

/// The names and the surprises in the rest of the statement.
fn read_rest(cursor: &mut Cursor<'_, '_>, ddl: &mut Ddl) -> Result<()> {
    while !cursor.is_at_end() {
        let creates = ddl.kind == DdlKind::CreateTable;
        if cursor.is_word("RENAME") && ddl.kind == DdlKind::AlterTable && !is_part(cursor) {
            cursor.at += 1;
            if !cursor.take_word("TO") && !cursor.take_word("AS") {
                cursor.take_op(Op::Eq);
            }
            ddl.others.push(expression::read_table_name(cursor)?);
            ddl.renames = true;
            continue;
        }
        if cursor.is_word("EXCHANGE") {
            read_exchange(cursor, ddl)?;
            continue;
        }
        read_constraint(cursor, ddl)?;
        let is_like = cursor.is_word("LIKE") && creates;
        let is_reference = cursor.is_word("REFERENCES");
        ddl.is_complex |= cursor.is_any_word(&["SELECT", "DISCARD", "IMPORT", "UNION", "MERGE"])
            || cursor.is_any_word(&["VALUES", "TABLE"]) && creates && is_query_word(cursor);
        cursor.at += 1;
        if is_like {
            ddl.like = Some(expression::read_table_name(cursor)?);
        }
        if is_reference {
            ddl.references.push(expression::read_table_name(cursor)?);
        }
    }
    Ok(())
}

/// `EXCHANGE PARTITION p WITH TABLE t`
fn read_exchange(cursor: &mut Cursor<'_, '_>, ddl: &mut Ddl) -> Result<()> {
    cursor.at += 1;
    cursor.expect_word("PARTITION")?;
    cursor.take_ident()?;
    cursor.expect_word("WITH")?;
    cursor.expect_word("TABLE")?;
    ddl.others.push(expression::read_table_name(cursor)?);
    Ok(())
}

/// Notes the name of a foreign key, or CHECK, that is made or dropped here. The cursor stays.
fn read_constraint(cursor: &Cursor<'_, '_>, ddl: &mut Ddl) -> Result<()> {
    let mut ahead = *cursor;
    if ahead.take_words(&["DROP", "CONSTRAINT"]) {
        ahead.take_words(&["IF", "EXISTS"]);
        ddl.dropped.push(ahead.take_ident()?);
    } else if ahead.take_words(&["DROP", "CHECK"]) || ahead.take_words(&["ALTER", "CHECK"]) {
        ddl.checks.push(ahead.take_ident()?);
    } else if ahead.take_words(&["DROP", "FOREIGN", "KEY"]) {
        ahead.take_words(&["IF", "EXISTS"]);
        ddl.constraints.push(ahead.take_ident()?);
    } else if ahead.take_word("CONSTRAINT") && !ahead.is_any_word(&["FOREIGN", "CHECK", "PRIMARY", "UNIQUE"]) {
        let name = ahead.take_ident()?;
        if ahead.is_word("FOREIGN") {
            ddl.constraints.push(name);
        } else if ahead.is_word("CHECK") {
            ddl.checks.push(name);
        }
    }
    Ok(())
}

fn is_tolerant_at(cursor: &Cursor<'_, '_>, at: usize) -> bool {
    let is = |offset: usize, word: &str| cursor.tokens.is_word(at + offset, word);
    is(0, "IF") && (is(1, "EXISTS") || is(1, "NOT") && is(2, "EXISTS")) || is(0, "OR") && is(1, "REPLACE")
}

/// Whether RENAME is of a column or index, not of the table.
fn is_part(cursor: &Cursor<'_, '_>) -> bool {
    cursor.tokens.is_any_word(cursor.at + 1, &["COLUMN", "INDEX", "KEY"])
}

/// `CREATE TABLE t VALUES ROW(1)`, not `PARTITION p VALUES LESS THAN` or `VALUES IN`.
fn is_query_word(cursor: &Cursor<'_, '_>) -> bool {
    !cursor.tokens.is_any_word(cursor.at + 1, &["LESS", "IN"])
}

/// SHOW CREATE TABLE, SHOW COLUMNS and their kind, DESCRIBE t: whose first word is next. Anything else is a problem.
pub(super) fn read_show(cursor: &mut Cursor<'_, '_>) -> Result<ShowTable> {
    // EXPLAIN FOR CONNECTION n
    let is_of_connection = |at| {
        let mut ahead = *cursor;
        ahead.at = at;
        ahead.take_words(&["FOR", "CONNECTION"])
    };
    if (cursor.at..cursor.end).any(is_of_connection) {
        return Err(cursor.problem());
    }
    let show = read_shown_table(cursor)?;
    // What is left filters or picks columns of the answer; subqueries could name other tables.
    match (cursor.at..cursor.end).find(|index| cursor.tokens.opens_query(*index)) {
        Some(_) => Err(cursor.problem()),
        None => {
            cursor.at = cursor.end;
            Ok(show)
        }
    }
}

fn read_shown_table(cursor: &mut Cursor<'_, '_>) -> Result<ShowTable> {
    if cursor.take_words(&["SHOW", "CREATE", "TABLE"]) {
        return Ok(ShowTable { table: expression::read_table_name(cursor)?, database: None });
    }
    if !cursor.take_word("SHOW") {
        // DESCRIBE t, DESC t column
        cursor.at += 1;
        return Ok(ShowTable { table: expression::read_table_name(cursor)?, database: None });
    }
    cursor.skip_words(&["FULL", "EXTENDED"]);
    if !cursor.is_any_word(&["COLUMNS", "FIELDS", "INDEX", "INDEXES", "KEYS"]) {
        return Err(cursor.problem());
    }
    cursor.at += 1;
    if !cursor.take_word("IN") {
        cursor.expect_word("FROM")?;
    }
    let table = expression::read_table_name(cursor)?;
    let start = cursor.at;
    let has_database = cursor.take_word("FROM") || cursor.take_word("IN");
    let database = if has_database { Some(cursor.take_ident()?) } else { None };
    Ok(ShowTable { table, database: database.map(|name| (name, cursor.tokens.span(start, cursor.at))) })
}

/// EXPLAIN, DESCRIBE or ANALYZE and its options, if they come next and a statement follows. The cursor is at that
/// statement then.
pub(super) fn read_explain(cursor: &mut Cursor<'_, '_>) -> Option<bool> {
    let mut ahead = *cursor;
    let mut is_run = ahead.is_word("ANALYZE");
    if !ahead.is_any_word(&["EXPLAIN", "DESCRIBE", "DESC", "ANALYZE"]) {
        return None;
    }
    ahead.at += 1;
    while ahead.is_any_word(&["EXTENDED", "PARTITIONS", "ANALYZE", "FORMAT"]) {
        is_run |= ahead.is_word("ANALYZE");
        ahead.at += if ahead.is_word("FORMAT") { 3 } else { 1 };
    }
    let follows = ahead.is_any_word(&["SELECT", "INSERT", "REPLACE", "UPDATE", "DELETE", "WITH", "VALUES"])
        || ahead.is_op(Op::LParen)
        || ahead.is_word("TABLE") && !is_run;
    follows.then(|| {
        *cursor = ahead;
        is_run
    })
}

/// An EXPLAIN of `statement`.
pub(super) fn explain(statement: super::ast::Statement, is_run: bool) -> Explain {
    Explain { statement: Box::new(statement), is_run }
}
