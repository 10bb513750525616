//! XA, as clients say it. The names of branches are the server's to read.

use super::{Control, Parsed, syntax};
use crate::sql::cursor::Cursor;

/// What an XA statement is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum XaVerb {
    Start,
    End,
    Prepare,
    Commit,
    Rollback,
    Recover,
}

/// After XA: the verb; the rest is left to the server.
pub(super) fn xa(cursor: &mut Cursor<'_>) -> Parsed<Control> {
    const VERBS: [(&str, XaVerb); 7] = [
        ("START", XaVerb::Start),
        ("BEGIN", XaVerb::Start),
        ("END", XaVerb::End),
        ("PREPARE", XaVerb::Prepare),
        ("COMMIT", XaVerb::Commit),
        ("ROLLBACK", XaVerb::Rollback),
        ("RECOVER", XaVerb::Recover),
    ];
    let verb = VERBS.iter().find(|(word, _)| cursor.eat_word(word)).map(|(_, verb)| *verb);
    let verb = verb.ok_or_else(|| syntax(cursor))?;
    while cursor.take().is_some() {}
    Ok(Control::Xa(verb))
}
