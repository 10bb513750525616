//! What tables hold after a case: the same rows as on the plain server, each on the shard where its key belongs, and
//! copies alike. The servers are asked themselves, so that nothing that ShardGate says can hide a row.

use shardgate::sharding::{Located, Placement, Schema, ShardId, Sharded};
use shardgate::value::{Charset, Value};

use super::answer::{Answer, Row};
use super::client::Client;
use super::layout::{DATABASE, Layout, PhysicalTable};

/// One physical table, and where to ask for its rows.
#[derive(Debug)]
pub struct Held {
    /// Which of the servers.
    pub server: usize,
    /// `None`: it is the plain server's.
    pub layout: Option<Layout>,
    pub shard: Option<ShardId>,
    /// The logical table.
    pub table: String,
    /// The physical one, with its schema.
    pub place: String,
}

impl Held {
    pub fn new(server: usize, layout: Option<Layout>, table: &PhysicalTable<'_>) -> Self {
        let place = format!("{}.{}", table.schema, table.name);
        Self { server, layout, shard: table.shard, table: table.table.name.clone(), place }
    }

    fn read(&self, servers: &mut [&mut Client]) -> Contents {
        let answers = servers[self.server].query(format!("SELECT * FROM {}", self.place)).unwrap();
        let [Answer::Rows { columns, rows, .. }] = answers.as_slice() else { panic!("{answers:?}") };
        let columns = columns.iter().map(|column| (column.name.clone(), is_integer(column.kind))).collect();
        Contents { columns, rows: rows.clone() }
    }
}

struct Contents {
    /// Names, and whether they hold integers.
    columns: Vec<(String, bool)>,
    rows: Vec<Row>,
}

impl Contents {
    fn sorted(mut self) -> Vec<Row> {
        self.rows.sort();
        self.rows
    }
}

fn is_integer(kind: u8) -> bool {
    matches!(kind, 1 | 2 | 3 | 8 | 9)
}

/// What differs in the tables that `is_touched` names, in the placement of one ShardGate.
pub fn differences(
    servers: &mut [&mut Client],
    held: &[Held],
    (layout, schema): (Layout, &Schema),
    is_touched: impl Fn(&str) -> bool,
) -> Vec<String> {
    let mut found = Vec::new();
    let (_, database) = schema.database(DATABASE).unwrap();
    for plain in held.iter().filter(|held| held.layout.is_none() && is_touched(&held.table)) {
        let expected = plain.read(servers).sorted();
        let shares = held.iter().filter(|held| held.layout == Some(layout) && held.table == plain.table);
        let rule = database.table(&plain.table).map(|table| &table.placement);
        let mut all = Vec::new();
        for share in shares {
            let contents = share.read(servers);
            if let Some(Placement::Sharded(sharded)) = rule {
                found.extend(misplaced(share, sharded, &contents));
                all.extend(contents.rows);
            } else {
                found.extend(differing(&share.place, &expected, &contents.sorted()));
            }
        }
        if let Some(Placement::Sharded(_)) = rule {
            all.sort();
            found.extend(differing(&plain.table, &expected, &all));
        }
    }
    found
}

fn misplaced(share: &Held, sharded: &Sharded, contents: &Contents) -> Vec<String> {
    let key = contents.columns.iter().position(|(name, _)| *name == sharded.key_column).unwrap();
    let is_wrong = |row: &&Row| {
        let value = match &row[key] {
            None => Value::Null,
            Some(bytes) if contents.columns[key].1 => Value::Int(String::from_utf8_lossy(bytes).parse().unwrap()),
            Some(bytes) => Value::Text { bytes: bytes.as_slice().into(), charset: Charset::from_mysql_name("utf8mb4") },
        };
        sharded.place(&value) != Located::Shard(share.shard.unwrap())
    };
    contents
        .rows
        .iter()
        .filter(is_wrong)
        .map(|row| format!("{} has a row of another shard: {}", share.place, shown(row)))
        .collect()
}

fn differing(place: &str, expected: &[Row], got: &[Row]) -> Vec<String> {
    let lacking = expected.iter().filter(|row| !got.contains(row)).map(|row| format!("{place} lacks {}", shown(row)));
    let surplus = got.iter().filter(|row| !expected.contains(row)).map(|row| format!("{place} has {}", shown(row)));
    let mut lines: Vec<String> = lacking.chain(surplus).collect();
    if lines.is_empty() && expected.len() != got.len() {
        lines.push(format!("{place} has {} rows instead of {}", got.len(), expected.len()));
    }
    lines
}

fn shown(row: &Row) -> String {
    let cell = |cell: &Option<Vec<u8>>| {
        cell.as_ref().map_or("NULL".into(), |bytes| String::from_utf8_lossy(bytes).into_owned())
    };
    row.iter().map(cell).collect::<Vec<_>>().join(", ")
}
