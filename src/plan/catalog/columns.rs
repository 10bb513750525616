//! What the columns of catalogue tables hold, told by their names: servers of both families and all versions use the
//! same names for the same things.

/// What a column holds, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// What is the same for the client.
    Plain,
    /// The name of a schema.
    Schema,
    /// The name of the table that the row is about.
    Table,
    /// The name of another table of the same schema.
    OtherTable,
    /// The name of a constraint, or of an index.
    Constraint,
    /// SQL, with names in it.
    Text,
    /// An expression of a table's definition: names in it that stand alone are columns.
    Expression,
    /// A number to be added up over the shards.
    Sum,
    /// The greatest of the shards' values.
    Greatest,
    /// The least of the shards' values.
    Least,
    /// Bytes per row: DATA_LENGTH by TABLE_ROWS.
    Average,
}

impl Content {
    /// Whether all shards must be asked to know it.
    pub fn is_collected(self) -> bool {
        matches!(self, Self::Sum | Self::Greatest | Self::Least | Self::Average)
    }
}

/// Columns that, with the table, tell a row from the others.
pub fn is_identity(column: &str) -> bool {
    const NAMES: &[&str] = &[
        "INDEX_NAME",
        "SEQ_IN_INDEX",
        "KEY_NAME",
        "PARTITION_NAME",
        "SUBPARTITION_NAME",
        "COLUMN_NAME",
        "CONSTRAINT_NAME",
    ];
    NAMES.iter().any(|name| name.eq_ignore_ascii_case(column))
}

/// Of a column of an `information_schema` table.
pub fn of_catalog(table: &str, column: &str) -> Content {
    let column = column.to_ascii_uppercase();
    match column.as_str() {
        "TABLE_SCHEMA"
        | "CONSTRAINT_SCHEMA"
        | "INDEX_SCHEMA"
        | "TRIGGER_SCHEMA"
        | "EVENT_OBJECT_SCHEMA"
        | "ROUTINE_SCHEMA"
        | "SPECIFIC_SCHEMA"
        | "EVENT_SCHEMA"
        | "SCHEMA_NAME"
        | "F_TABLE_SCHEMA"
        | "G_TABLE_SCHEMA"
        | "UNIQUE_CONSTRAINT_SCHEMA"
        | "REFERENCED_TABLE_SCHEMA"
        | "VIEW_SCHEMA" => Content::Schema,
        "TABLE_NAME" if table.eq_ignore_ascii_case("VIEW_TABLE_USAGE") => Content::OtherTable,
        "TABLE_NAME" | "EVENT_OBJECT_TABLE" | "F_TABLE_NAME" => Content::Table,
        "REFERENCED_TABLE_NAME" | "G_TABLE_NAME" => Content::OtherTable,
        "CONSTRAINT_NAME" | "UNIQUE_CONSTRAINT_NAME" | "INDEX_NAME" => Content::Constraint,
        "VIEW_DEFINITION" | "ACTION_STATEMENT" | "ACTION_CONDITION" | "ROUTINE_DEFINITION" | "EVENT_DEFINITION"
        | "CREATE_OPTIONS" => Content::Text,
        "CHECK_CLAUSE" | "COLUMN_DEFAULT" | "GENERATION_EXPRESSION" => Content::Expression,
        "TABLE_ROWS"
        | "DATA_LENGTH"
        | "INDEX_LENGTH"
        | "DATA_FREE"
        | "CARDINALITY"
        | "ROWS_READ"
        | "ROWS_CHANGED"
        | "ROWS_CHANGED_X_INDEXES" => Content::Sum,
        "AUTO_INCREMENT" | "UPDATE_TIME" | "CHECK_TIME" => Content::Greatest,
        "CREATE_TIME" => Content::Least,
        "AVG_ROW_LENGTH" => Content::Average,
        _ => Content::Plain,
    }
}

/// Of a column of the answer to a SHOW.
pub fn of_show(column: &str) -> Content {
    let column = column.to_ascii_lowercase();
    match column.as_str() {
        "db" | "database" => Content::Schema,
        "table" | "view" => Content::Table,
        "key_name" => Content::Constraint,
        "create table"
        | "create view"
        | "create database"
        | "create procedure"
        | "create function"
        | "create event"
        | "create package"
        | "create package body"
        | "sql original statement"
        | "statement" => Content::Text,
        "rows" | "data_length" | "index_length" | "data_free" | "cardinality" | "in_use" | "name_locked" => {
            Content::Sum
        }
        "auto_increment" | "update_time" | "check_time" => Content::Greatest,
        "create_time" => Content::Least,
        "avg_row_length" => Content::Average,
        _ if column.starts_with("tables_in_") => Content::Table,
        _ => Content::Plain,
    }
}

/// What stands for TABLE_ROWS and DATA_LENGTH in the two kinds of answers.
pub(super) fn is_rows(column: &str) -> bool {
    column.eq_ignore_ascii_case("TABLE_ROWS") || column.eq_ignore_ascii_case("Rows")
}

pub(super) fn is_data_length(column: &str) -> bool {
    column.eq_ignore_ascii_case("DATA_LENGTH")
}
