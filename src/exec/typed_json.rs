//! MySQL's JSON on its way from one server to another, with the types of its scalars.
//!
//! A JSON column can hold a DECIMAL, a date or bytes beside what JSON knows. As text they become a DOUBLE and strings, so
//! that JSON_TYPE, comparisons and what is stored would be others. So such values are asked for with a list: which
//! scalars have a type that text does not tell, by their place in the document. Documents without any, nearly all, are
//! written as their text; the others as calls of JSON_ARRAY and JSON_OBJECT over values of the right types.
//!
//! A scalar's place is its number in what JSON_EXTRACT finds by `MEMBERS` and `ELEMENTS`: the members of all objects, then
//! the elements of all arrays, those of a parent together, parents before what is in them (MySQL 8.0 to 9.7).

use std::cell::Cell;
use std::collections::HashMap;
use std::ops::Range;

/// What a server says of the types that text does not tell.
const TYPES: &str = "'UNSIGNED INTEGER','DECIMAL','DATE','TIME','DATETIME','TIMESTAMP','BLOB','BIT','OPAQUE'";
// With their character set: a connection's may be binary, of which MySQL makes no path.
const MEMBERS: &str = "_utf8mb4'$**.*'";
const ELEMENTS: &str = "_utf8mb4'$**[*]'";

/// MySQL's documents are at most 100 deep; the document stands in an array here.
const DEEPEST: usize = 110;

/// How bytes of BINARY type are shown: those of other types cannot be made by an expression.
const BINARY: &[u8] = b"\"base64:type15:";

/// Longer bytes are of another type when they are computed.
const LONGEST_BINARY: usize = 60_000;

/// A document that cannot be written so that it stays what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unkept;

/// What is asked for to get a column: the list, if there is anything in it, a blank, and the document.
pub(super) fn expression(column: &str) -> String {
    format!(
        "CONCAT(COALESCE((SELECT JSON_OBJECTAGG(`shardgate place`, JSON_TYPE(`shardgate scalar`)) FROM \
         JSON_TABLE(JSON_EXTRACT(JSON_ARRAY({column}), {MEMBERS}, {ELEMENTS}), _utf8mb4'$[*]' COLUMNS \
         (`shardgate place` FOR ORDINALITY, `shardgate scalar` JSON PATH _utf8mb4'$')) AS `shardgate scalars` \
         WHERE JSON_TYPE(`shardgate scalar`) IN ({TYPES})), ''), ' ', {column})"
    )
}

/// Whether what came for `expression` is a blank and the document, which is its text.
pub(super) fn is_plain(cell: &[u8]) -> bool {
    cell.starts_with(b" ")
}

/// Writes what came for `expression`. `text` writes a string in utf8mb4.
pub(super) fn write(cell: &[u8], text: fn(&[u8], &mut Vec<u8>), out: &mut Vec<u8>) -> Result<(), Unkept> {
    if let Some(document) = cell.strip_prefix(b" ") {
        text(document, out);
        return Ok(());
    }
    let mut list = Reader { text: cell, at: 0, depth: 0 };
    let types = list.value()?;
    list.expect(b' ')?;
    let mut reader = Reader { text: cell, at: list.at, depth: 0 };
    let document = reader.value()?;
    if reader.at != cell.len() {
        return Err(Unkept);
    }
    let mut root = Node { span: document.span.clone(), place: 0, children: Children::Elements(vec![document]) };
    let mut place = 0;
    root.number(&mut place, true);
    root.number(&mut place, false);
    let writer = Writer { cell, types: types_of(cell, &types)?, typed: Cell::new(0), text };
    out.extend_from_slice(b"JSON_EXTRACT(");
    writer.node(&root, out)?;
    out.extend_from_slice(b",_utf8mb4'$[0]')");
    if writer.typed.get() == writer.types.len() { Ok(()) } else { Err(Unkept) }
}

/// The entries of the list.
fn types_of<'c>(cell: &'c [u8], list: &Node) -> Result<HashMap<usize, &'c [u8]>, Unkept> {
    let Children::Members(members) = &list.children else { return Err(Unkept) };
    let entry = |(key, value): &(Range<usize>, Node)| {
        let place = std::str::from_utf8(inner(&cell[key.clone()])).ok()?.parse().ok()?;
        Some((place, inner(&cell[value.span.clone()])))
    };
    members.iter().map(entry).collect::<Option<_>>().ok_or(Unkept)
}

/// Without its quotes.
fn inner(string: &[u8]) -> &[u8] {
    string.get(1..string.len().saturating_sub(1)).unwrap_or_default()
}

/// A value in a document.
#[derive(Debug)]
struct Node {
    span: Range<usize>,
    /// Counted from 1, as servers do.
    place: usize,
    children: Children,
}

#[derive(Debug)]
enum Children {
    None,
    Elements(Vec<Node>),
    /// With their keys, as they are quoted.
    Members(Vec<(Range<usize>, Node)>),
}

impl Node {
    fn children(&mut self) -> Vec<&mut Node> {
        match &mut self.children {
            Children::None => Vec::new(),
            Children::Elements(elements) => elements.iter_mut().collect(),
            Children::Members(members) => members.iter_mut().map(|(_, value)| value).collect(),
        }
    }

    /// Numbers the members in it, or the elements.
    fn number(&mut self, place: &mut usize, members: bool) {
        if matches!((&self.children, members), (Children::Members(_), true) | (Children::Elements(_), false)) {
            for child in self.children() {
                *place += 1;
                child.place = *place;
            }
        }
        self.children().into_iter().for_each(|child| child.number(place, members));
    }
}

/// Reads JSON as MySQL writes it.
struct Reader<'c> {
    text: &'c [u8],
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn expect(&mut self, byte: u8) -> Result<(), Unkept> {
        self.take(byte).then_some(()).ok_or(Unkept)
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_it = self.text.get(self.at) == Some(&byte);
        self.at += usize::from(is_it);
        is_it
    }

    fn skip_blanks(&mut self) {
        while self.take(b' ') {}
    }

    fn value(&mut self) -> Result<Node, Unkept> {
        let start = self.at;
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Unkept);
        }
        let children = match self.text.get(self.at) {
            Some(b'[') => Children::Elements(self.list(b']', Self::value)?),
            Some(b'{') => Children::Members(self.list(b'}', Self::member)?),
            Some(b'"') => self.string().map(|_| Children::None)?,
            _ => self.word().map(|()| Children::None)?,
        };
        self.depth -= 1;
        Ok(Node { span: start..self.at, place: 0, children })
    }

    fn list<T>(&mut self, end: u8, item: fn(&mut Self) -> Result<T, Unkept>) -> Result<Vec<T>, Unkept> {
        self.at += 1;
        let mut items = Vec::new();
        if self.take(end) {
            return Ok(items);
        }
        loop {
            items.push(item(self)?);
            if self.take(end) {
                return Ok(items);
            }
            self.expect(b',')?;
            self.skip_blanks();
        }
    }

    fn member(&mut self) -> Result<(Range<usize>, Node), Unkept> {
        let key = self.string()?;
        self.expect(b':')?;
        self.skip_blanks();
        Ok((key, self.value()?))
    }

    fn string(&mut self) -> Result<Range<usize>, Unkept> {
        let start = self.at;
        self.expect(b'"')?;
        loop {
            match self.text.get(self.at) {
                Some(b'\\') => self.at += 2,
                Some(b'"') => break,
                Some(_) => self.at += 1,
                None => return Err(Unkept),
            }
        }
        self.at += 1;
        Ok(start..self.at)
    }

    /// A number, or true, false and null.
    fn word(&mut self) -> Result<(), Unkept> {
        let start = self.at;
        while self.text.get(self.at).is_some_and(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte)) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(Unkept) }
    }
}

/// Writes a document as an expression.
struct Writer<'c> {
    cell: &'c [u8],
    types: HashMap<usize, &'c [u8]>,
    /// So many of them were met.
    typed: Cell<usize>,
    text: fn(&[u8], &mut Vec<u8>),
}

impl Writer<'_> {
    fn node(&self, node: &Node, out: &mut Vec<u8>) -> Result<(), Unkept> {
        let shown = &self.cell[node.span.clone()];
        match &node.children {
            Children::None => match self.types.get(&node.place) {
                Some(name) => return self.scalar(name, shown, out),
                None => self.call("CAST(", shown, " AS JSON)", out),
            },
            Children::Elements(elements) => {
                out.extend_from_slice(b"JSON_ARRAY(");
                for (index, element) in elements.iter().enumerate() {
                    out.extend_from_slice(if index > 0 { b"," } else { b"" });
                    self.node(element, out)?;
                }
                out.push(b')');
            }
            Children::Members(members) => {
                out.extend_from_slice(b"JSON_OBJECT(");
                for (index, (key, value)) in members.iter().enumerate() {
                    out.extend_from_slice(if index > 0 { b"," } else { b"" });
                    self.call("JSON_UNQUOTE(", &self.cell[key.clone()], "),", out);
                    self.node(value, out)?;
                }
                out.push(b')');
            }
        }
        Ok(())
    }

    /// A scalar of a type that its text does not tell.
    fn scalar(&self, name: &[u8], shown: &[u8], out: &mut Vec<u8>) -> Result<(), Unkept> {
        self.typed.set(self.typed.get() + 1);
        let is_number = shown.iter().all(|byte| byte.is_ascii_digit() || b"-.".contains(byte));
        let is_time = || shown.first() == Some(&b'"');
        match name {
            b"UNSIGNED INTEGER" if is_number => self.call("CAST(", shown, " AS UNSIGNED)", out),
            b"DECIMAL" if is_number => {
                let digits = shown.iter().filter(|byte| byte.is_ascii_digit()).count();
                let point = shown.iter().position(|byte| *byte == b'.');
                let decimals = point.map_or(0, |point| shown.len() - point - 1);
                self.call("CAST(", shown, &format!(" AS DECIMAL({},{decimals}))", digits.max(1)), out);
            }
            b"DATE" if is_time() => self.call("CAST(", inner(shown), " AS DATE)", out),
            b"TIME" if is_time() => self.call("CAST(", inner(shown), " AS TIME(6))", out),
            b"DATETIME" if is_time() => self.call("CAST(", inner(shown), " AS DATETIME(6))", out),
            // No expression but a column is a TIMESTAMP.
            b"TIMESTAMP" if is_time() => {
                let array = [b"[", shown, b"]"].concat();
                let columns = ",_utf8mb4'$[0]' COLUMNS (c TIMESTAMP(6) PATH _utf8mb4'$' ERROR ON ERROR)) AS t)";
                self.call("(SELECT c FROM JSON_TABLE(", &array, columns, out);
            }
            b"BLOB" if shown.starts_with(BINARY) && shown.len() <= LONGEST_BINARY => {
                // Line breaks are shown as they are escaped; FROM_BASE64 needs none.
                let base64 = &shown[BINARY.len()..shown.len() - 1];
                let parts: Vec<u8> = String::from_utf8_lossy(base64).replace("\\n", "").into_bytes();
                self.call("FROM_BASE64(", &parts, ")", out);
            }
            _ => return Err(Unkept),
        }
        Ok(())
    }

    fn call(&self, head: &str, text: &[u8], tail: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(head.as_bytes());
        (self.text)(text, out);
        out.extend_from_slice(tail.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(cell: &str) -> Result<String, Unkept> {
        let text = |bytes: &[u8], out: &mut Vec<u8>| {
            out.push(b'\'');
            out.extend_from_slice(bytes);
            out.push(b'\'');
        };
        let mut out = Vec::new();
        write(cell.as_bytes(), text, &mut out).map(|()| String::from_utf8_lossy(&out).into_owned())
    }

    #[test]
    fn documents_of_json_s_own_types_are_their_text() {
        assert_eq!(written(" {\"a\": [1.5]}").as_deref(), Ok("'{\"a\": [1.5]}'"));
    }

    #[test]
    fn scalars_keep_their_types() {
        let cases = [
            ("{\"1\": \"DECIMAL\"} 1.50", "JSON_EXTRACT(JSON_ARRAY(CAST('1.50' AS DECIMAL(3,2))),_utf8mb4'$[0]')"),
            (
                "{\"2\": \"DATE\"} [\"2024-01-01\"]",
                "JSON_EXTRACT(JSON_ARRAY(JSON_ARRAY(CAST('2024-01-01' AS DATE))),_utf8mb4'$[0]')",
            ),
            (
                // Members come first, then elements; those of a parent before what is in them.
                "{\"3\": \"DECIMAL\", \"5\": \"BLOB\"} {\"a\": {\"x\": -4.5}, \"b\": [\"base64:type15:yv4=\", 1]}",
                "JSON_EXTRACT(JSON_ARRAY(JSON_OBJECT(JSON_UNQUOTE('\"a\"'),JSON_OBJECT(JSON_UNQUOTE('\"x\"'),\
                 CAST('-4.5' AS DECIMAL(2,1))),JSON_UNQUOTE('\"b\"'),JSON_ARRAY(FROM_BASE64('yv4='),\
                 CAST('1' AS JSON)))),_utf8mb4'$[0]')",
            ),
        ];
        for (cell, wanted) in cases {
            assert_eq!(written(cell).as_deref(), Ok(wanted), "{cell}");
        }
    }

    #[test]
    fn what_cannot_be_kept_is_refused() {
        let deep = format!("{{\"1\": \"DATE\"}} {}{}", "[".repeat(5000), "]".repeat(5000));
        let cases = [
            "",
            "{\"1\": \"BIT\"} \"base64:type16:BQ==\"",
            "{\"1\": \"BLOB\"} \"base64:type252:BQ==\"",
            // A list that does not fit.
            "{\"1\": \"DATE\"} [1]",
            "{\"2\": \"DATE\"} \"2024-01-01\"",
            "{\"1\": \"DECIMAL\"} \"a\"",
            "{\"1\": \"DATE\"} 5",
            "{\"1\": \"DATE\"} [1",
            "{\"1\": \"DATE\"} [1] ",
            "{\"1\": \"DATE\" [1]",
            "{\"1\": \"DATE\"} \"a\\",
            &deep,
        ];
        for cell in cases {
            assert_eq!(written(cell), Err(Unkept), "{cell:.60}");
        }
    }
}
