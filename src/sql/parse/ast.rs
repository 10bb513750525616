//! What the parser makes of a statement: its skeleton. Everything that decides where rows come from is here as a tree
//! (query blocks, joins, predicates, target lists); the rest of an expression is a span, with the names, calls and
//! subqueries that it contains.
//!
//! Offsets are bytes of the statement's text. Text always goes to a backend as the client wrote it, so that nothing
//! here can be printed back.

use super::load::Load;

/// A stretch of the statement's text: `start..end` in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    /// Whether `inner` is part of it.
    pub fn contains(self, inner: Self) -> bool {
        self.start <= inner.start && inner.end <= self.end
    }
}

/// A name, unquoted, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ident {
    pub text: String,
    /// With its quotes.
    pub span: Span,
}

/// `t` or `db.t`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableName {
    pub database: Option<Ident>,
    pub table: Ident,
}

/// `c`, `t.c` or `db.t.c`; with the column `*` also `t.*` and `db.t.*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnName {
    pub database: Option<Ident>,
    pub table: Option<Ident>,
    pub column: Ident,
}

/// A function called in an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// What qualifies the name.
    pub database: Option<Ident>,
    /// In lower case.
    pub name: String,
    /// Neither quoted nor qualified, as the server's own functions are.
    pub is_plain: bool,
    /// From the name to the closing parenthesis.
    pub span: Span,
    /// What is between the parentheses.
    pub arguments: Span,
    /// OVER stands behind it.
    pub is_windowed: bool,
}

/// What stands behind OVER, or in WINDOW.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Window {
    /// It is one of those in WINDOW, or builds on one.
    pub is_named: bool,
    /// Elements of PARTITION BY that are nothing but a column.
    pub partition: Vec<ColumnName>,
}

/// An expression, or several in a row (an ORDER BY list): what it contains, in the order of the text. What is inside a
/// subquery belongs to that subquery alone.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Expression {
    pub span: Span,
    /// Names with a qualifier.
    pub columns: Vec<ColumnName>,
    /// Names without one that stand between the parentheses of a call.
    pub bare: Vec<Ident>,
    pub calls: Vec<Call>,
    pub queries: Vec<Query>,
    /// `@x := 1`
    pub assigns_variable: bool,
    /// OVER (...)
    pub has_window: bool,
    /// One for each OVER.
    pub windows: Vec<Window>,
}

impl Expression {
    /// What it contains and what one that stands behind it does.
    pub(super) fn followed_by(mut self, mut next: Expression) -> Self {
        self.span.end = next.span.end;
        self.columns.append(&mut next.columns);
        self.bare.append(&mut next.bare);
        self.calls.append(&mut next.calls);
        self.queries.append(&mut next.queries);
        self.assigns_variable |= next.assigns_variable;
        self.has_window |= next.has_window;
        self.windows.append(&mut next.windows);
        self
    }
}

/// A value that is known before the statement runs.
#[derive(Debug, Clone, PartialEq)]
pub enum Constant {
    Null,
    /// TRUE is 1, FALSE is 0.
    Bool(bool),
    /// `count` adjacent literals (more than one only for strings), the first of which begins at `start`; a character
    /// set introducer may stand before it.
    Literal {
        start: u32,
        count: u16,
        is_negative: bool,
    },
    /// The `n`th `?` of the statement.
    Param {
        index: u16,
        is_negative: bool,
    },
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    Column(ColumnName),
    Constant(Constant),
    Row(Vec<Operand>),
    /// A query, with the parentheses around it.
    Query(Span),
    /// Anything else.
    Opaque,
}

/// How a comparison compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NullSafeEqual,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A condition, as far as it can restrict rows. `Opaque` can have any truth value.
#[derive(Debug, Clone, PartialEq)]
pub enum Predicate {
    And(Vec<Predicate>),
    Or(Vec<Predicate>),
    Compare {
        left: Operand,
        comparison: Comparison,
        right: Operand,
    },
    In {
        operand: Operand,
        list: Vec<Operand>,
        /// Where the elements of the list stand.
        spans: Vec<Span>,
    },
    /// `a IN (SELECT ...)`
    InQuery {
        operand: Operand,
        /// The parentheses with the query.
        parentheses: Span,
    },
    Between {
        operand: Operand,
        low: Operand,
        high: Operand,
    },
    IsNull(Operand),
    /// A value that counts as a truth value by itself: `WHERE 0`.
    Truth(Constant),
    Opaque,
}

/// WHERE, or ON: the same text read as an expression and as a predicate.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    pub expression: Expression,
    pub predicate: Predicate,
}

/// `WITH name (columns) AS (query)`
#[derive(Debug, Clone, PartialEq)]
pub struct Cte {
    /// From the name to the closing parenthesis.
    pub span: Span,
    pub name: Ident,
    pub columns: Vec<Ident>,
    pub query: Query,
}

/// A WITH clause; empty if there is none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct With {
    pub is_recursive: bool,
    pub ctes: Vec<Cte>,
}

/// A query expression: one block, or several combined by set operations.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    pub span: Span,
    pub with: With,
    /// In the order of the text; more than one only with UNION, EXCEPT, INTERSECT.
    pub terms: Vec<Term>,
    /// What stands between them.
    pub operators: Vec<SetOperator>,
    pub order_by: Option<Expression>,
    pub limit: Option<Expression>,
    /// FOR UPDATE, FOR SHARE, LOCK IN SHARE MODE; MySQL takes one for each table.
    pub locking: Vec<Locking>,
    /// INTO OUTFILE, INTO @x.
    pub into: Option<Span>,
}

/// How two operands become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetOperator {
    pub kind: SetKind,
    /// ALL: equal rows are not made one.
    pub is_all: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetKind {
    Union,
    Intersect,
    Except,
}

/// `FOR UPDATE OF t, u SKIP LOCKED`
#[derive(Debug, Clone, PartialEq)]
pub struct Locking {
    pub span: Span,
    /// `OF t, u`, and the names in it: only the rows of these tables are locked.
    pub of: Option<(Span, Vec<TableName>)>,
}

/// One operand of a set operation.
#[derive(Debug, Clone, PartialEq)]
pub enum Term {
    Select(Box<Select>),
    /// In parentheses.
    Nested(Box<Query>),
    /// `VALUES (1, 2), (3, 4)`
    Values(Expression),
}

/// One SELECT block.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Select {
    pub span: Span,
    pub is_distinct: bool,
    /// SQL_CALC_FOUND_ROWS
    pub counts_found_rows: bool,
    pub items: Vec<Item>,
    /// Parts separated by commas.
    pub from: Vec<TableRef>,
    pub filter: Option<Condition>,
    pub group_by: Option<Expression>,
    /// Elements of GROUP BY that are nothing but a column; none WITH ROLLUP.
    pub group_columns: Vec<ColumnName>,
    pub having: Option<Expression>,
    pub window: Option<Expression>,
    /// What WINDOW defines.
    pub named_windows: Vec<Window>,
}

/// One element of a select list.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    pub expression: Expression,
    pub kind: ItemKind,
    pub alias: Option<Ident>,
}

impl Predicate {
    /// The comparisons that are all met where it is.
    pub fn comparisons(&self) -> Vec<(&Operand, &Operand)> {
        match self {
            Predicate::And(terms) => terms.iter().flat_map(Predicate::comparisons).collect(),
            Predicate::Compare { left, right, .. } => vec![(left, right)],
            _ => Vec::new(),
        }
    }
}

impl Item {
    /// `*`, `t.*`: it may be any number of columns.
    pub fn is_wildcard(&self) -> bool {
        matches!(self.kind, ItemKind::Wildcard(_))
    }
}

/// What a select list element is, as far as its place or name matters.
#[derive(Debug, Clone, PartialEq)]
pub enum ItemKind {
    /// `*`, `t.*`, `db.t.*`: the qualifier.
    Wildcard(Option<TableName>),
    /// Nothing but a column name.
    Column(ColumnName),
    Constant(Constant),
    /// Nothing but the call of a function without arguments.
    BareCall(String),
    Other,
}

/// What joins do with rows that have no match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinKind {
    Inner,
    Left,
    Right,
}

/// How the sides of a join find each other.
#[derive(Debug, Clone, PartialEq)]
pub enum JoinCondition {
    None,
    On(Box<Condition>),
    Using(Vec<Ident>),
    Natural,
}

/// What FROM lists.
#[derive(Debug, Clone, PartialEq)]
pub enum TableRef {
    Table(NamedTable),
    Derived(Box<DerivedTable>),
    /// JSON_TABLE(...)
    Function {
        arguments: Expression,
        alias: Option<Ident>,
    },
    Join {
        left: Box<TableRef>,
        right: Box<TableRef>,
        kind: JoinKind,
        condition: JoinCondition,
    },
    /// `(t1, t2)`
    List(Vec<TableRef>),
}

/// A table, view or common table expression that FROM names.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedTable {
    pub name: TableName,
    pub alias: Option<Ident>,
    /// Where an alias may be put in.
    pub alias_at: u32,
    /// Not after TABLE, the statement.
    pub takes_alias: bool,
    /// `PARTITION (p0, p1)`
    pub partition: Option<Span>,
    /// USE INDEX, FORCE INDEX, IGNORE INDEX: all of them.
    pub index_hints: Option<Span>,
}

/// `(SELECT ...) AS alias (columns)`
#[derive(Debug, Clone, PartialEq)]
pub struct DerivedTable {
    pub query: Query,
    pub is_lateral: bool,
    pub alias: Option<Ident>,
    pub columns: Vec<Ident>,
}

/// `column = value` of SET and ON DUPLICATE KEY UPDATE.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    pub column: ColumnName,
    pub value: Operand,
    /// `VALUES(c)`, `VALUE(c)`: the column of the row that was to be inserted.
    pub inserted: Option<ColumnName>,
    /// `LAST_INSERT_ID(c)`.
    pub noted: Option<ColumnName>,
}

/// INSERT and REPLACE.
#[derive(Debug, Clone, PartialEq)]
pub struct Insert {
    pub is_replace: bool,
    pub ignores: bool,
    pub target: TableName,
    /// `PARTITION (p0, p1)`
    pub has_partition: bool,
    pub columns: Option<Vec<ColumnName>>,
    pub source: Source,
    /// The names and subqueries of `source` (unless it is a query), of ON DUPLICATE KEY UPDATE and of RETURNING.
    pub expression: Expression,
    pub on_duplicate: Vec<Assignment>,
    /// What stands between the rows and RETURNING: ON DUPLICATE KEY UPDATE, and before it an alias of the row.
    pub tail: Option<Tail>,
    pub has_returning: bool,
}

/// The end of an INSERT.
#[derive(Debug, Clone, PartialEq)]
pub struct Tail {
    pub span: Span,
    /// The parameters in it: `params.0..params.1`.
    pub params: (u16, u16),
}

/// What INSERT inserts.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    Rows(Vec<Row>),
    /// `INSERT INTO t SET a = 1`
    Set {
        columns: Vec<ColumnName>,
        row: Row,
    },
    Query(Box<Query>),
}

/// One row of VALUES.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// From the parenthesis (or ROW) to the closing one.
    pub span: Span,
    pub values: Vec<Cell>,
    /// The parameters in the row: `params.0..params.1`.
    pub params: (u16, u16),
}

/// One value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Constant(Constant),
    /// DEFAULT
    Default,
    Opaque,
}

/// UPDATE of one or several tables.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    pub with: With,
    /// UPDATE IGNORE.
    pub ignores: bool,
    pub tables: Vec<TableRef>,
    pub assignments: Vec<Assignment>,
    /// The names and subqueries of SET.
    pub set: Expression,
    pub filter: Option<Condition>,
    pub order_by: Option<Expression>,
    pub limit: Option<Expression>,
    pub has_returning: bool,
}

/// DELETE from one or several tables.
#[derive(Debug, Clone, PartialEq)]
pub struct Delete {
    pub with: With,
    /// Of the multi-table forms; empty for `DELETE FROM t`.
    pub targets: Vec<TableName>,
    pub tables: Vec<TableRef>,
    pub filter: Option<Condition>,
    pub order_by: Option<Expression>,
    pub limit: Option<Expression>,
    /// RETURNING, and what else follows.
    pub returning: Option<Expression>,
}

/// What a statement about tables as such does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DdlKind {
    CreateTable,
    DropTable,
    AlterTable,
    TruncateTable,
    CreateIndex,
    DropIndex,
    RenameTable,
}

/// A statement about tables as such.
#[derive(Debug, Clone, PartialEq)]
pub struct Ddl {
    pub kind: DdlKind,
    pub is_temporary: bool,
    /// The tables that it makes, changes or drops.
    pub targets: Vec<TableName>,
    /// After each ALTER TABLE ... RENAME TO, and the table of EXCHANGE PARTITION.
    pub others: Vec<TableName>,
    /// Whether `others` are what the table is called afterwards.
    pub renames: bool,
    /// CREATE TABLE ... LIKE.
    pub like: Option<TableName>,
    /// Of foreign keys.
    pub references: Vec<TableName>,
    /// Names of constraints that a server has but once in a schema.
    pub constraints: Vec<Ident>,
    /// Names of CHECK constraints, which MySQL has but once in a schema, and MariaDB in each table.
    pub checks: Vec<Ident>,
    /// Names behind DROP CONSTRAINT, which does not tell what kind it drops.
    pub dropped: Vec<Ident>,
    /// `IF [NOT] EXISTS`, OR REPLACE: it may find its work done.
    pub is_tolerant: bool,
    /// CREATE OR REPLACE.
    pub replaces: bool,
    /// DROP VIEW.
    pub is_view: bool,
    /// CREATE TABLE ... SELECT, DISCARD TABLESPACE and the like: more than names of tables tell.
    pub is_complex: bool,
    /// Of CREATE TABLE ... SELECT.
    pub query: Option<CreateQuery>,
}

/// What follows the name in CREATE TABLE ... SELECT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateQuery {
    /// Columns, options, IGNORE or REPLACE, AS.
    pub definition: Span,
    pub query: Span,
    /// The first words of an INSERT that treats rows with a key that is there already alike.
    pub verb: &'static str,
    pub has_partitions: bool,
}

/// SHOW COLUMNS FROM t and its kind.
#[derive(Debug, Clone, PartialEq)]
pub struct ShowTable {
    pub table: TableName,
    /// `FROM t FROM db`: the database, and the text from the word before it to its end.
    pub database: Option<(Ident, Span)>,
}

/// CREATE VIEW, ALTER VIEW.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    pub target: TableName,
    /// OR REPLACE, IF NOT EXISTS, ALTER: it may be there already.
    pub is_tolerant: bool,
    /// Names of its columns; empty where those of the query are used.
    pub columns: Vec<Ident>,
    pub query: Query,
}

/// EXPLAIN of a statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Explain {
    pub statement: Box<Statement>,
    /// It runs the statement: EXPLAIN ANALYZE, ANALYZE.
    pub is_run: bool,
}

/// A statement whose skeleton is understood.
#[derive(Debug, Clone, PartialEq)]
pub enum Statement {
    Query(Query),
    Insert(Insert),
    Update(Update),
    Delete(Delete),
    Ddl(Ddl),
    Load(Box<Load>),
    View(Box<View>),
    /// SHOW CREATE TABLE, SHOW COLUMNS, SHOW INDEX, DESCRIBE.
    ShowTable(ShowTable),
    Explain(Explain),
}
