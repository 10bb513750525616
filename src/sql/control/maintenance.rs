//! ANALYZE, CHECK, CHECKSUM, OPTIMIZE and REPAIR TABLE.

use super::catalog::{Place, table};
use super::{Control, Parsed};
use crate::sql::Op;
use crate::sql::cursor::{Cursor, TableName};

/// One such statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maintenance {
    pub tables: Vec<Place<TableName>>,
    /// CHECKSUM TABLE, which tells a number and ends no transaction.
    pub sums: bool,
}

/// After the verb. `None` for what is none of these; the cursor is where it was then.
pub(super) fn maintain(cursor: &mut Cursor<'_>, sums: bool) -> Option<Parsed<Control>> {
    let start = cursor.clone();
    cursor.eat_one_of(&["NO_WRITE_TO_BINLOG", "LOCAL"]);
    if !cursor.eat_one_of(&["TABLE", "TABLES"]) {
        *cursor = start;
        return None;
    }
    Some(tables(cursor).map(|tables| Control::Maintain(Maintenance { tables, sums })))
}

fn tables(cursor: &mut Cursor<'_>) -> Parsed<Vec<Place<TableName>>> {
    let mut tables = Vec::new();
    loop {
        tables.push(table(cursor)?);
        if !cursor.eat_op(Op::Comma) {
            break;
        }
    }
    // What else is said is the server's to understand.
    cursor.take_rest();
    Ok(tables)
}
