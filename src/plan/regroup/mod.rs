//! Groups in two steps: each shard makes groups of its own rows, and one server makes the groups of all shards from
//! those, with the client's own statement over them.
//!
//! What a shard sends has a column for each column of FROM that the statement uses outside of its aggregates, for each
//! expression of GROUP BY, and for each aggregate: `SELECT city, SUM(total) ... GROUP BY city`. In the client's
//! statement these aggregates are replaced by ones over their parts, SUM(x) by the SUM of sums; all else stays, so that
//! HAVING, expressions, ORDER BY, windows and DISTINCT are the server's. An aggregate of different values
//! (`COUNT(DISTINCT x)`) stays too: the shards send each value once.
//!
//! A shard may group more finely than the statement does, and never less: so a text that is used for more than GROUP BY
//! is also grouped by its bytes. What has no parts (GROUP_CONCAT, STD) is not for this tier.
//!
//! The groups may be those of a derived table: what the statement makes of it stays as well. Of SELECT DISTINCT a shard
//! sends the different rows, and of a derived table with LIMIT the first ones.

mod average;
mod columns;
mod kept;
mod read;
mod within;

use crate::sharding::ShardId;

use super::merged::LimitTemplate;
use super::names::{Anchor, NewText, Part, write_quoted};
use super::narrow::TableId;
use super::{Binding, Plan};

pub(super) use read::plan;
pub(super) use within::plan_within;

/// The table of the groups. The connection has no other of this name: it is ShardGate's alone while it is used.
pub const TABLE: &str = "shardgate_groups";

/// How a statement is answered from the groups of its shards.
#[derive(Debug, Clone, PartialEq)]
pub struct RegroupPlan {
    columns: Vec<Column>,
    /// WITH and its queries.
    with: Option<(Anchor, Anchor)>,
    /// FROM and WHERE.
    rows: (Anchor, Anchor),
    /// The parameters in what the shards get, in order, as indexes of the statement's own.
    fetch_params: Vec<u16>,
    /// What is replaced in the client's text.
    edits: Vec<Edit>,
    params: Vec<u16>,
    /// Select items that are columns of the groups.
    shown_keys: Vec<usize>,
    is_one_row: bool,
    /// Where all rows come from, if that is one table.
    of_table: Option<TableId>,
    /// A server describes the columns otherwise: where there is room to gather the rows, it does.
    pub(super) is_loose: bool,
    /// No groups are made: of each shard the first rows are wanted.
    first: Option<First>,
}

/// The first rows of a shard.
#[derive(Debug, Clone, PartialEq)]
struct First {
    /// Behind ORDER BY; empty: any rows.
    order: Vec<Part>,
    limit: LimitTemplate,
}

/// A column of the groups.
#[derive(Debug, Clone, PartialEq)]
struct Column {
    name: String,
    value: Vec<Part>,
    role: Role,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Groups are made by it, and also by its bytes.
    ExactKey,
    Key,
    /// A part of an aggregate.
    Part,
}

/// A replacement in the client's text.
#[derive(Debug, Clone, PartialEq)]
struct Edit {
    from: Anchor,
    to: Anchor,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq)]
enum Piece {
    Text(String),
    /// A column of the groups.
    Column(usize),
    /// The sum of a column of sums, in the type of that column.
    Sum(usize, Use),
    /// An average that is compared, from a column of sums and one of counts.
    Average(usize, usize),
    /// ` AS` and this text of the statement, as a name.
    Title(Anchor, Anchor),
}

/// One statement, ready to be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Regrouping {
    /// Where the groups of all shards come together.
    pub scratch: ShardId,
    /// The groups of one shard. `?` stands for `fetch_params`.
    pub groups: Vec<(ShardId, Vec<u8>)>,
    pub fetch_params: Vec<u16>,
    /// The client's statement over the table of the groups.
    pub text: Vec<Chunk>,
    /// The parameters in it.
    pub params: Vec<u16>,
    /// The client's own text, as the scratch gets it alone.
    pub own: Vec<u8>,
    /// Columns of the answer that are columns of the groups. A single server would have them from a temporary table too,
    /// which may be wider than the expression.
    pub shown_keys: Vec<usize>,
    /// An aggregate without groups: FOUND_ROWS() is 1, whatever LIMIT leaves of it.
    pub is_one_row: bool,
    /// The table from which all rows come, if it is one: what a server may say of columns of the groups.
    pub of_table: Option<String>,
    pub resort: Resort,
}

/// A part of the statement over the groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chunk {
    Text(Vec<u8>),
    /// The sum of a column of the table, in the type of that column.
    Sum {
        column: usize,
        /// Quoted, with the table's.
        name: Vec<u8>,
        used: Use,
    },
    /// An average, with all of the digits by which servers compare it, from these columns.
    Average {
        column: usize,
        sum: Vec<u8>,
        count: Vec<u8>,
    },
}

/// What is made of a sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Nothing, or what makes use of the value that can be seen.
    AsItIs,
    /// An average, of whose further digits use may be made.
    Divided,
    /// An average that is shown or sorted by, and nothing else.
    DividedToBeShown,
}

/// How near an answer must be to that of one server where it depends on how that runs the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resort {
    /// As it would most often be: the rows can be gathered as well.
    First,
    /// As it may be. An average in an expression may be rounded first to the digits that it shows, as MySQL does where it
    /// has put it into a temporary table, and an integer be called wider or less wide.
    Last,
}

impl Plan {
    /// How the statement is answered from groups, if it can be.
    pub fn regroup(&self) -> Option<&RegroupPlan> {
        match &self.action {
            super::Action::Route(template) => template.regroup(),
            super::Action::Insert(_) | super::Action::Control(_) | super::Action::LocalSelect(_) => None,
        }
    }

    /// The statement on these shards; there must be one.
    pub fn regrouping(&self, input: &Binding<'_>, shards: &crate::sharding::ShardSet) -> Option<Regrouping> {
        let regroup = self.regroup()?;
        let scratch = shards.first()?;
        let mut own = input.sql.to_vec();
        self.render_own(input, scratch, &mut own);
        Some(Regrouping {
            scratch,
            groups: shards.iter().map(|shard| (shard, self.groups_of(regroup, input, shard))).collect(),
            fetch_params: regroup.fetch_params.clone(),
            text: self.over_groups(regroup, input, scratch),
            params: regroup.params.clone(),
            own,
            shown_keys: regroup.shown_keys.clone(),
            is_one_row: regroup.is_one_row,
            of_table: regroup.of_table.and_then(|id| Some(id.table(input.schema)?.name.clone())),
            resort: Resort::First,
        })
    }

    /// The query for the groups of one shard.
    fn groups_of(&self, regroup: &RegroupPlan, input: &Binding<'_>, shard: ShardId) -> Vec<u8> {
        let mut out = Vec::new();
        let copy = |(from, to): (Anchor, Anchor), out: &mut Vec<u8>| {
            self.names.render_share_between(input, shard, from.offset(input.literals)..to.offset(input.literals), out);
        };
        if let Some(with) = regroup.with {
            copy(with, &mut out);
        }
        let mut before: &[u8] = b"SELECT ";
        for column in &regroup.columns {
            out.extend_from_slice(before);
            self.names.render_parts(&column.value, input, shard, &mut out);
            out.extend_from_slice(b" AS ");
            write_quoted(column.name.as_bytes(), &mut out);
            before = b", ";
        }
        out.push(b' ');
        copy(regroup.rows, &mut out);
        if let Some(first) = &regroup.first {
            if !first.order.is_empty() {
                out.extend_from_slice(b" ORDER BY ");
                self.names.render_parts(&first.order, input, shard, &mut out);
            }
            if let Some(limit) = first.limit.limit(input) {
                out.extend_from_slice(format!(" LIMIT {}", limit.of_each()).as_bytes());
            }
            return out;
        }
        before = b" GROUP BY ";
        for (place, column) in (1..).zip(&regroup.columns) {
            if column.role == Role::Part {
                continue;
            }
            out.extend_from_slice(before);
            before = b", ";
            out.extend_from_slice(format!("{place}").as_bytes());
            if column.role == Role::ExactKey {
                out.extend_from_slice(b", CAST(");
                self.names.render_parts(&column.value, input, shard, &mut out);
                out.extend_from_slice(b" AS BINARY)");
            }
        }
        out
    }

    /// The client's statement over the groups.
    fn over_groups(&self, regroup: &RegroupPlan, input: &Binding<'_>, scratch: ShardId) -> Vec<Chunk> {
        let mut chunks = Vec::new();
        let mut text = Vec::new();
        let mut done = 0;
        for edit in &regroup.edits {
            self.names.render_between(input, scratch, done..edit.from.offset(input.literals), &mut text);
            for piece in &edit.pieces {
                match piece {
                    Piece::Text(written) => text.extend_from_slice(written.as_bytes()),
                    Piece::Column(index) => write_column(&regroup.columns[*index].name, &mut text),
                    Piece::Title(from, to) => {
                        NewText::Title { from: *from, to: *to }.write(input, scratch, &mut text);
                    }
                    Piece::Sum(index, used) => {
                        chunks.push(Chunk::Text(std::mem::take(&mut text)));
                        let mut name = Vec::new();
                        write_column(&regroup.columns[*index].name, &mut name);
                        chunks.push(Chunk::Sum { column: *index, name, used: *used });
                    }
                    Piece::Average(sum, count) => {
                        chunks.push(Chunk::Text(std::mem::take(&mut text)));
                        let name = |index: usize| {
                            let mut name = Vec::new();
                            write_column(&regroup.columns[index].name, &mut name);
                            name
                        };
                        chunks.push(Chunk::Average { column: *sum, sum: name(*sum), count: name(*count) });
                    }
                }
            }
            done = edit.to.offset(input.literals);
        }
        self.names.render_between(input, scratch, done..input.sql.len(), &mut text);
        chunks.push(Chunk::Text(text));
        chunks
    }
}

impl Regrouping {
    /// The statement over the groups, for people: as `written` makes it where no type must be named.
    pub fn shown(&self) -> Vec<u8> {
        let text = |chunk: &Chunk| match chunk {
            Chunk::Text(text) => text.clone(),
            Chunk::Sum { name, .. } => [b"SUM(", name.as_slice(), b")"].concat(),
            Chunk::Average { sum, count, .. } => [b"(SUM(", sum.as_slice(), b") / ", &counted(count), b")"].concat(),
        };
        self.text.iter().flat_map(text).collect()
    }

    /// Whether an average is compared.
    pub fn compares_averages(&self) -> bool {
        self.text.iter().any(|chunk| matches!(chunk, Chunk::Average { .. }))
    }

    /// The statement over the groups, by the types of their table's columns; `None` where a column is of a type that
    /// may not hold its sums, or whose sum is not the sum of its sums. An average has more digits than it shows: so has a
    /// quotient of MariaDB's, and that of MySQL (9.7) does not.
    pub fn written(&self, types: &[String], is_mariadb: bool) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let may_divide = is_mariadb || self.resort == Resort::Last;
        for chunk in &self.text {
            match chunk {
                Chunk::Text(text) => out.extend_from_slice(text),
                Chunk::Sum { column, name, used } => {
                    let data_type = types.get(*column)?.to_ascii_lowercase();
                    match data_type.as_str() {
                        "double" => out.extend_from_slice(&[b"SUM(", name.as_slice(), b")"].concat()),
                        // A sum may have more digits than any column, and so may be cut.
                        widest if widest.starts_with("decimal(65,") => return None,
                        // A sum of sums has more digits.
                        exact if exact.starts_with("decimal(") && (may_divide || *used != Use::Divided) => {
                            out.extend_from_slice(&exact_sum(name, exact));
                        }
                        _ => return None,
                    }
                }
                Chunk::Average { column, sum, count } => {
                    let data_type = types.get(*column)?.to_ascii_lowercase();
                    let count = counted(count);
                    let total = match data_type.as_str() {
                        "double" => [b"SUM(", sum.as_slice(), b")"].concat(),
                        widest if widest.starts_with("decimal(65,") => return None,
                        exact => exact_sum(sum, exact),
                    };
                    let rest = if is_mariadb { None } else { Some(&data_type) }.filter(|exact| *exact != "double");
                    let rest = match rest {
                        Some(exact) => {
                            [&b" - MOD("[..], &total, b", ", &count, b" * ", &last_digit(exact)?, b")"].concat()
                        }
                        None => Vec::new(),
                    };
                    out.extend_from_slice(&[b"((", total.as_slice(), &rest, b") / ", &count, b")"].concat());
                }
            }
        }
        Some(out)
    }
}

/// The sum of a column of sums, in the type of the column: a sum of sums has more digits.
fn exact_sum(name: &[u8], data_type: &str) -> Vec<u8> {
    [b"CAST(SUM(", name, b") AS ", data_type.as_bytes(), b")"].concat()
}

/// The sum of a column of counts, as a count. Where there are none, it is 0.
fn counted(name: &[u8]) -> Vec<u8> {
    [b"CAST(IFNULL(SUM(", name, b"),0) AS SIGNED)"].concat()
}

/// One in the last digit that MySQL (9.7) computes of an average of such sums, which it cuts there: decimals are kept nine by
/// nine, and four more are wanted than a sum has (the default of `div_precision_increment`). `None`: no type has so many.
fn last_digit(sums: &str) -> Option<Vec<u8>> {
    let (digits, decimals) = sums.strip_prefix("decimal(")?.split_once(')')?.0.split_once(',')?;
    let (digits, decimals) = (digits.parse::<usize>().ok()?, decimals.parse::<usize>().ok()?);
    let kept = decimals.next_multiple_of(9);
    let wanted = (kept + 4_usize.saturating_sub(kept - decimals)).next_multiple_of(9);
    let fits = wanted <= 27 && digits - decimals + wanted <= 65;
    fits.then(|| format!("0.{}1", "0".repeat(wanted - 1)).into_bytes())
}

fn write_column(name: &str, out: &mut Vec<u8>) {
    write_quoted(TABLE.as_bytes(), out);
    out.push(b'.');
    write_quoted(name.as_bytes(), out);
}
