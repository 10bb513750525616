//! A table's definition as SHOW CREATE TABLE writes it, an element on each line: what a statement has changed in it, which
//! rows would be in the way of that, and what takes it back.
//!
//! Servers write these lines in one form whatever the client wrote, so nothing of ALTER TABLE's grammar must be known. What
//! is not understood is not checked, and not taken back; whoever takes a change back tries it on an empty table first.

/// The elements of a definition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Lines<'t> {
    columns: Vec<Column<'t>>,
    /// Keys and constraints, each as it is written.
    keys: Vec<&'t str>,
    /// From the closing parenthesis on.
    options: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Column<'t> {
    /// In backticks, as it is written.
    name: &'t str,
    /// What follows the name.
    rest: &'t str,
}

impl<'t> Lines<'t> {
    fn read(shown: &'t str) -> Lines<'t> {
        let mut lines = Lines::default();
        let mut rest = shown.lines().skip(1);
        for line in rest.by_ref() {
            let Some(element) = line.strip_prefix("  ") else {
                lines.options = without_counter(line);
                break;
            };
            let element = element.strip_suffix(',').unwrap_or(element);
            match element.starts_with('`').then(|| quoted_name(element)).flatten() {
                Some((name, rest)) => lines.columns.push(Column { name, rest: rest.trim_start() }),
                None => lines.keys.push(element),
            }
        }
        rest.for_each(|line| lines.options.push_str(line));
        lines
    }

    fn column(&self, name: &str) -> Option<&Column<'t>> {
        self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }
}

impl Column<'_> {
    /// The definition without what stands in quotes: comments, defaults and members say nothing of the column.
    fn words(&self) -> String {
        let mut within = None;
        let is_outside = |c: &char| {
            let was_within = within.is_some();
            match within {
                Some(quote) if quote == *c => within = None,
                None if "'`".contains(*c) => within = Some(*c),
                Some(_) | None => {}
            }
            !was_within && within.is_none()
        };
        // Quotes and backslashes within them are written twice.
        self.rest.chars().filter(is_outside).collect()
    }

    fn is_generated(&self) -> bool {
        self.words().contains(" GENERATED ALWAYS AS ")
    }

    fn is_nullable(&self) -> bool {
        !self.words().contains(" NOT NULL")
    }

    /// Type, the number behind it, and whether it is unsigned.
    fn data_type(&self) -> (&str, Option<u64>, bool) {
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(self.rest.len());
        let (word, behind) = self.rest.split_at(end);
        let inside = behind.strip_prefix('(').and_then(|behind| behind.split_once(')'));
        (word, inside.and_then(|(number, _)| number.parse().ok()), self.words().contains(" unsigned"))
    }

    /// Smallest and largest value of an integer type.
    fn range(&self) -> Option<(i128, i128)> {
        let (word, _, is_unsigned) = self.data_type();
        let bits = match word {
            "tinyint" => 8,
            "smallint" => 16,
            "mediumint" => 24,
            "int" => 32,
            "bigint" => 64,
            _ => return None,
        };
        Some(if is_unsigned { (0, (1 << bits) - 1) } else { (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) })
    }

    /// How many characters, or bytes, a value may have.
    fn length(&self) -> Option<(&str, u64)> {
        let (word, length, _) = self.data_type();
        match word {
            "char" | "varchar" => Some(("CHAR_LENGTH", length?)),
            "binary" | "varbinary" => Some(("LENGTH", length?)),
            _ => None,
        }
    }

    /// Character set and collation, as they are written.
    fn collation(&self) -> Vec<String> {
        let words = self.words();
        let words: Vec<&str> = words.split(' ').collect();
        let named = |pair: &[&str]| matches!(pair[0], "SET" | "COLLATE");
        words.windows(2).filter(|pair| named(pair)).map(|pair| pair[1].to_owned()).collect()
    }

    /// Whether this column can hold each value of `other` as it is.
    fn holds_all_of(&self, other: &Column<'_>) -> bool {
        if self.is_generated() || other.is_generated() || self.collation() != other.collation() {
            return false;
        }
        match (self.range(), other.range(), self.length(), other.length()) {
            (Some(own), Some(theirs), ..) => own.0 <= theirs.0 && own.1 >= theirs.1,
            (_, _, Some(own), Some(theirs)) => own.0 == theirs.0 && own.1 >= theirs.1,
            _ => self.type_text() == other.type_text(),
        }
    }

    /// The type with all that stands in its parentheses.
    fn type_text(&self) -> &str {
        let is_end = |(at, _): &(usize, char)| {
            let before = &self.rest[..*at];
            before.matches('(').count() <= before.matches(')').count()
        };
        let end = self.rest.char_indices().filter(|(_, c)| *c == ' ').find(is_end);
        end.map_or(self.rest, |(at, _)| &self.rest[..at])
    }
}

/// The name at the beginning, with its backticks, and what follows it.
fn quoted_name(text: &str) -> Option<(&str, &str)> {
    let mut at = 1;
    loop {
        at += text.get(at..)?.find('`')? + 1;
        if !text[at..].starts_with('`') {
            return Some(text.split_at(at));
        }
        at += 1;
    }
}

fn without_counter(options: &str) -> String {
    const WORD: &str = " AUTO_INCREMENT=";
    match options.split_once(WORD) {
        Some((head, tail)) => format!("{head}{}", tail.trim_start_matches(|digit: char| digit.is_ascii_digit())),
        None => options.to_owned(),
    }
}

/// What rows can be in the way of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hindrance {
    Duplicate,
    NoParent,
    Check,
    Null,
    TooLong,
    OutOfRange,
    /// The rows of each shard would be numbered from 1.
    Numbered,
    /// The rows of each copy would get another default.
    OfTheMoment,
    /// Not rows: the column is gone that the table's rule shards by.
    KeyGone,
}

/// A question to a shard: a row of the answer is one that is in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    pub hindrance: Hindrance,
    /// Of the key, the constraint or the column.
    pub name: String,
    /// A SELECT, which shows one value.
    pub query: String,
}

/// Whether a definition has a column of this name.
pub fn has_column(shown: &str, name: &str) -> bool {
    Lines::read(shown).column(&format!("`{}`", name.replace('`', "``"))).is_some()
}

/// How a statement looks at rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strictness {
    /// Values that do not fit are errors.
    pub of_values: bool,
    pub of_foreign_keys: bool,
    pub rows: Rows,
}

/// Where the rows of a table are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    OnOneShard,
    /// Each on one of several shards.
    InParts,
    /// Each on all of several shards.
    InCopies,
}

/// What to ask before a table is changed from one definition to another. `table`: as the query must name it.
pub fn probes(before: &str, after: &str, table: &str, strictness: Strictness) -> Vec<Probe> {
    let (before, after) = (Lines::read(before), Lines::read(after));
    let is_new = |key: &&&str| !before.keys.contains(*key);
    let is_as_it_was = |name: &str| {
        before
            .column(name)
            .zip(after.column(name))
            .is_some_and(|(one, other)| one.holds_all_of(other) && other.holds_all_of(one))
    };
    let mut probes: Vec<Probe> = Vec::new();
    for key in after.keys.iter().filter(is_new) {
        probes.extend(duplicates(key, table, is_as_it_was));
        probes.extend(orphans(key, table, is_as_it_was).filter(|_| strictness.of_foreign_keys));
        probes.extend(violations(key, table));
    }
    match strictness.rows {
        Rows::OnOneShard => {}
        Rows::InParts => probes.extend(numbered(&before, &after, table)),
        Rows::InCopies => probes.extend(of_the_moment(&before, &after, table)),
    }
    if strictness.of_values {
        for column in &after.columns {
            probes.extend(before.column(column.name).into_iter().flat_map(|was| misfits(was, column, table)));
        }
    }
    probes
}

/// Rows that a column numbers which did not before: one server counts all of them.
fn numbered(before: &Lines<'_>, after: &Lines<'_>, table: &str) -> Option<Probe> {
    let counts = |column: &&Column<'_>| column.words().contains(" AUTO_INCREMENT");
    let is = after.columns.iter().find(counts)?;
    let was = before.columns.iter().find(counts);
    if was.is_some_and(|was| was.name.eq_ignore_ascii_case(is.name) || after.column(was.name).is_none()) {
        // It has only another name, if anything.
        return None;
    }
    let Column { name, .. } = is;
    let query = match before.column(name) {
        Some(_) => format!("SELECT {name} FROM {table} WHERE {name} IS NULL OR {name} = 0 LIMIT 1"),
        None => format!("SELECT 1 FROM {table} LIMIT 1"),
    };
    Some(Probe { hindrance: Hindrance::Numbered, name: bare(name), query })
}

/// Any rows, where a new column takes a default that each server computes for itself.
fn of_the_moment(before: &Lines<'_>, after: &Lines<'_>, table: &str) -> Option<Probe> {
    const CALLS: [&str; 5] = ["uuid(", "uuid_short(", "rand(", "sysdate(", "connection_id("];
    let is_new = |column: &&Column<'_>| {
        let rest = column.words().to_ascii_lowercase();
        let default = rest.split_once(" default ").map_or("", |(_, default)| default);
        before.column(column.name).is_none() && CALLS.iter().any(|call| default.contains(call))
    };
    let Column { name, .. } = after.columns.iter().find(is_new)?;
    let query = format!("SELECT 1 FROM {table} LIMIT 1");
    Some(Probe { hindrance: Hindrance::OfTheMoment, name: bare(name), query })
}

fn duplicates(key: &str, table: &str, is_known: impl Fn(&str) -> bool) -> Option<Probe> {
    let (name, rest) = match key.strip_prefix("UNIQUE KEY ") {
        Some(rest) => quoted_name(rest)?,
        None => ("`PRIMARY`", key.strip_prefix("PRIMARY KEY")?),
    };
    let parts = key_parts(rest)?;
    if !parts.iter().all(|(column, _)| is_known(column)) {
        return None;
    }
    let value = |(column, length): &(&str, Option<u64>)| match length {
        Some(length) => format!("LEFT({column}, {length})"),
        None => (*column).to_owned(),
    };
    let values = parts.iter().map(value).collect::<Vec<_>>().join(", ");
    let filled = parts.iter().map(|(column, _)| format!("{column} IS NOT NULL")).collect::<Vec<_>>().join(" AND ");
    let query = format!(
        "SELECT CONCAT_WS('-', {values}) FROM {table} WHERE {filled} GROUP BY {values} HAVING COUNT(*) > 1 LIMIT 1"
    );
    Some(Probe { hindrance: Hindrance::Duplicate, name: bare(name), query })
}

fn orphans(key: &str, table: &str, is_known: impl Fn(&str) -> bool) -> impl Iterator<Item = Probe> {
    let read = || {
        let (name, rest) = quoted_name(key.strip_prefix("CONSTRAINT ")?)?;
        let (own, rest) = rest.strip_prefix(" FOREIGN KEY ")?.split_once(" REFERENCES ")?;
        let (parent, theirs) = rest.split_once(" (")?;
        let theirs = format!("({theirs}");
        let (own, theirs) = (key_parts(own)?, key_parts(&theirs)?);
        if !own.iter().all(|(column, _)| is_known(column)) {
            return None;
        }
        let filled = own.iter().map(|(column, _)| format!("c.{column} IS NOT NULL")).collect::<Vec<_>>().join(" AND ");
        let pairs = own.iter().zip(&theirs).map(|((own, _), (theirs, _))| format!("p.{theirs} = c.{own}"));
        let pairs = pairs.collect::<Vec<_>>().join(" AND ");
        let shown = own.first()?.0;
        let query = format!(
            "SELECT c.{shown} FROM {table} c WHERE {filled} AND NOT EXISTS (SELECT 1 FROM {parent} p WHERE {pairs}) LIMIT 1"
        );
        Some(Probe { hindrance: Hindrance::NoParent, name: bare(name), query })
    };
    read().into_iter()
}

fn violations(key: &str, table: &str) -> Option<Probe> {
    let (name, rest) = quoted_name(key.strip_prefix("CONSTRAINT ")?)?;
    let condition = rest.strip_prefix(" CHECK ")?;
    if condition.contains("NOT ENFORCED") {
        return None;
    }
    let query = format!("SELECT 1 FROM {table} WHERE NOT {condition} LIMIT 1");
    Some(Probe { hindrance: Hindrance::Check, name: bare(name), query })
}

fn misfits(was: &Column<'_>, is: &Column<'_>, table: &str) -> Vec<Probe> {
    let name = is.name;
    let probe = |hindrance, condition: String| Probe {
        hindrance,
        name: bare(name),
        query: format!("SELECT {name} FROM {table} WHERE {condition} LIMIT 1"),
    };
    let mut probes = Vec::new();
    if was.is_generated() || is.is_generated() {
        return probes;
    }
    // Such columns take NULL for "now", or for the next number.
    let fills_itself = is.rest.starts_with("timestamp") || is.words().contains(" AUTO_INCREMENT");
    if was.is_nullable() && !is.is_nullable() && !fills_itself {
        probes.push(probe(Hindrance::Null, format!("{name} IS NULL")));
    }
    if let (Some(from), Some((low, high))) = (was.range(), is.range())
        && (from.0 < low || from.1 > high)
    {
        probes.push(probe(Hindrance::OutOfRange, format!("{name} NOT BETWEEN {low} AND {high}")));
    }
    if let (Some((counts, from)), Some((same, most))) = (was.length(), is.length())
        && counts == same
        && from > most
        && was.collation() == is.collation()
    {
        // Blanks at the end are cut off without an error.
        probes.push(probe(Hindrance::TooLong, format!("{counts}(TRIM(TRAILING ' ' FROM {name})) > {most}")));
    }
    probes
}

/// The columns of a key, in backticks, with the lengths of prefixes. `None`: it has other parts, such as expressions.
fn key_parts(text: &str) -> Option<Vec<(&str, Option<u64>)>> {
    let mut rest = text.trim_start().strip_prefix('(')?;
    let mut parts = Vec::new();
    loop {
        let (name, behind) = rest.starts_with('`').then(|| quoted_name(rest)).flatten()?;
        let (length, behind) = match behind.strip_prefix('(') {
            Some(inside) => {
                let (number, behind) = inside.split_once(')')?;
                (Some(number.parse().ok()?), behind)
            }
            None => (None, behind),
        };
        parts.push((name, length));
        let behind = behind.strip_prefix(" DESC").or_else(|| behind.strip_prefix(" ASC")).unwrap_or(behind);
        match behind.strip_prefix(',') {
            Some(next) => rest = next.trim_start(),
            None => return behind.starts_with(')').then_some(parts),
        }
    }
}

fn bare(name: &str) -> String {
    name.trim_matches('`').replace("``", "`")
}

/// What takes a change back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reversal {
    /// The clauses of an ALTER TABLE.
    pub clauses: String,
    /// The table may not have a row for which one of these holds: its value would be lost.
    pub lost: Vec<Lost>,
}

/// A column that the change has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    pub column: String,
    /// It holds for a row whose value is not the one that the change gave it.
    pub condition: String,
}

/// How a table gets from `after` back to `before`; or what would be lost by that.
pub fn reversal(before: &str, after: &str) -> Result<Reversal, String> {
    let (before, after) = (Lines::read(before), Lines::read(after));
    if before.options != after.options {
        return Err(
            "options of the table, or its partitions, were changed: alter them back by a statement of your own".into(),
        );
    }
    let mut clauses = Vec::new();
    let mut lost = Vec::new();
    for key in after.keys.iter().filter(|key| !before.keys.contains(*key)) {
        clauses.push(drop_key(key).ok_or_else(|| format!("it has made what cannot be dropped: {key}"))?);
    }
    clauses.sort_by_key(|clause| !clause.starts_with("DROP FOREIGN KEY"));
    for column in &after.columns {
        match before.column(column.name) {
            None => {
                clauses.push(format!("DROP COLUMN {}", column.name));
                lost.extend((!column.is_generated()).then(|| lost_with(column)));
            }
            Some(was) if was.rest == column.rest => {}
            Some(was) if was.holds_all_of(column) => clauses.push(format!("MODIFY COLUMN {} {}", was.name, was.rest)),
            Some(was) => {
                return Err(format!(
                    "column {} was changed from {} to {}, and values may not come back as they were",
                    column.name,
                    was.type_text(),
                    column.type_text()
                ));
            }
        }
    }
    if let Some(gone) = before.columns.iter().find(|column| after.column(column.name).is_none()) {
        return Err(format!("column {} was dropped or renamed, and its values are not there any more", gone.name));
    }
    clauses.extend(before.keys.iter().filter(|key| !after.keys.contains(*key)).map(|key| format!("ADD {key}")));
    if clauses.is_empty() {
        return Err("the definition does not tell what it has changed".to_owned());
    }
    Ok(Reversal { clauses: clauses.join(", "), lost })
}

fn lost_with(column: &Column<'_>) -> Lost {
    let name = column.name;
    let condition = match column.data_type().0 {
        _ if column.is_nullable() || column.words().contains(" DEFAULT ") => {
            format!("NOT ({name} <=> DEFAULT({name}))")
        }
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "decimal" | "float" | "double" => {
            format!("{name} <> 0")
        }
        "char" | "varchar" | "binary" | "varbinary" | "tinytext" | "text" | "mediumtext" | "longtext" | "tinyblob"
        | "blob" | "mediumblob" | "longblob" => format!("LENGTH({name}) > 0"),
        _ => "TRUE".to_owned(),
    };
    Lost { column: bare(name), condition }
}

fn drop_key(key: &str) -> Option<String> {
    if key.starts_with("PRIMARY KEY") {
        return Some("DROP PRIMARY KEY".to_owned());
    }
    if let Some(rest) = key.strip_prefix("CONSTRAINT ") {
        let (name, rest) = quoted_name(rest)?;
        let word = if rest.starts_with(" FOREIGN KEY") { "FOREIGN KEY" } else { "CONSTRAINT" };
        return Some(format!("DROP {word} {name}"));
    }
    let kinds = ["UNIQUE KEY ", "FULLTEXT KEY ", "SPATIAL KEY ", "KEY "];
    let rest = kinds.iter().find_map(|kind| key.strip_prefix(kind))?;
    Some(format!("DROP INDEX {}", quoted_name(rest)?.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "CREATE TABLE `t` (\n  `id` bigint(20) NOT NULL,\n  `a` varchar(20) DEFAULT NULL,\n  `n` int(11) DEFAULT NULL,\n  \
                          PRIMARY KEY (`id`),\n  KEY `old` (`n`)\n) ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4";
    const STRICT: Strictness = Strictness { of_values: true, of_foreign_keys: true, rows: Rows::OnOneShard };

    fn with(lines: &[(&str, &str)]) -> String {
        lines.iter().fold(BEFORE.to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replace(from, to)
        })
    }

    fn asked(after: &str) -> Vec<(Hindrance, String)> {
        probes(BEFORE, after, "`t_0`", STRICT).into_iter().map(|probe| (probe.hindrance, probe.query)).collect()
    }

    #[test]
    fn comments_and_defaults_say_nothing_of_a_column() {
        for text in
            ["COMMENT 'it''s NOT NULL'", "COMMENT ' AUTO_INCREMENT'", "COMMENT 'not unsigned'", "DEFAULT 'uuid()'"]
        {
            let spoken = with(&[("`n` int(11) DEFAULT NULL", &format!("`n` int(11) DEFAULT NULL {text}"))]);
            assert_eq!(asked(&spoken), [], "{text}");
        }
        let real = with(&[("`n` int(11) DEFAULT NULL", "`n` int(11) NOT NULL COMMENT 'it''s'")]);
        assert_eq!(asked(&real).len(), 1);
    }

    #[test]
    fn rows_in_the_way_are_asked_for() {
        let unique = with(&[("  KEY `old`", "  UNIQUE KEY `u``x` (`a`(3),`n`),\n  KEY `old`")]);
        let query = "SELECT CONCAT_WS('-', LEFT(`a`, 3), `n`) FROM `t_0` WHERE `a` IS NOT NULL AND `n` IS NOT NULL \
                     GROUP BY LEFT(`a`, 3), `n` HAVING COUNT(*) > 1 LIMIT 1";
        assert_eq!(asked(&unique), [(Hindrance::Duplicate, query.to_owned())]);
        assert_eq!(probes(BEFORE, &unique, "t", STRICT)[0].name, "u`x");
        let check = with(&[("(`n`)\n", "(`n`),\n  CONSTRAINT `c` CHECK (`n` <> 5)\n")]);
        assert_eq!(asked(&check), [(Hindrance::Check, "SELECT 1 FROM `t_0` WHERE NOT (`n` <> 5) LIMIT 1".to_owned())]);
        let foreign = with(&[(
            "(`n`)\n",
            "(`n`),\n  CONSTRAINT `f` FOREIGN KEY (`n`) REFERENCES `p` (`id`) ON DELETE CASCADE\n",
        )]);
        let query = "SELECT c.`n` FROM `t_0` c WHERE c.`n` IS NOT NULL AND NOT EXISTS (SELECT 1 FROM `p` p WHERE \
                     p.`id` = c.`n`) LIMIT 1";
        assert_eq!(asked(&foreign), [(Hindrance::NoParent, query.to_owned())]);
        let lenient = Strictness { of_foreign_keys: false, ..STRICT };
        assert!(probes(BEFORE, &foreign, "t", lenient).is_empty());
        let narrow = with(&[("`n` int(11) DEFAULT NULL", "`n` smallint(6) NOT NULL"), ("varchar(20)", "varchar(4)")]);
        let kinds: Vec<Hindrance> = asked(&narrow).into_iter().map(|(hindrance, _)| hindrance).collect();
        assert_eq!(kinds, [Hindrance::TooLong, Hindrance::Null, Hindrance::OutOfRange]);
        assert!(
            asked(&with(&[("varchar(20)", "text"), ("(`n`)\n", "(`n`),\n  UNIQUE KEY `e` ((`n` + 1))\n")])).is_empty()
        );
        // A key over a column whose type is changed as well: equal values may differ then, and the other way round.
        assert!(
            asked(&with(&[("varchar(20)", "int(11)"), ("  KEY `old`", "  UNIQUE KEY `u` (`a`),\n  KEY `old`")]))
                .is_empty()
        );
    }

    #[test]
    fn what_was_added_is_dropped_and_what_was_dropped_is_added() {
        let undo = |after: &str| reversal(BEFORE, after).map(|reversal| reversal.clauses);
        let added = with(&[
            ("  PRIMARY", "  `new` int(11) NOT NULL,\n  PRIMARY"),
            (
                "(`n`)\n",
                "(`n`),\n  UNIQUE KEY `u` (`a`),\n  CONSTRAINT `f` FOREIGN KEY (`n`) REFERENCES `p` (`id`),\n  CONSTRAINT `c` CHECK (1)\n",
            ),
            ("AUTO_INCREMENT=7", "AUTO_INCREMENT=9"),
        ]);
        let clauses = "DROP FOREIGN KEY `f`, DROP INDEX `u`, DROP CONSTRAINT `c`, DROP COLUMN `new`";
        assert_eq!(undo(&added), Ok(clauses.to_owned()));
        let lost = reversal(BEFORE, &added).expect("a way back").lost;
        assert_eq!(lost, [Lost { column: "new".into(), condition: "`new` <> 0".into() }]);
        assert_eq!(undo(&with(&[(",\n  KEY `old` (`n`)", "")])), Ok("ADD KEY `old` (`n`)".to_owned()));
        assert_eq!(
            undo(&with(&[("varchar(20)", "varchar(4)")])),
            Ok("MODIFY COLUMN `a` varchar(20) DEFAULT NULL".to_owned())
        );
        for (from, to) in
            [("varchar(20)", "varchar(90)"), ("  `n` int(11) DEFAULT NULL,\n", ""), ("InnoDB", "Aria"), ("`a`", "`b`")]
        {
            assert!(undo(&with(&[(from, to)])).is_err(), "{from} {to}");
        }
        assert!(undo(BEFORE).is_err());
    }
}
