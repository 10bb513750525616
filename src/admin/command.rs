//! What an operator can say.

use crate::frontend::ddl_journal::Verb;
use crate::txn::decision::Decision;
use crate::txn::xid::Gtrid;

/// A command of the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Command {
    ShowTransactions,
    ShowMetrics,
    RecoverTransactions,
    End(Gtrid, Decision),
    ShowDdl,
    ShowSessions,
    /// KILL of a session, or of its statement only.
    Kill {
        id: u32,
        query_only: bool,
    },
    ShowRules,
    ReloadConfig,
    RollbackConfig,
    /// Of the change with this number.
    MendDdl(Verb, u64),
    Help,
    /// What client programs send by themselves, and need no more than an OK for.
    Ignored,
}

/// Each command, and what it does.
pub(super) const HELP: [(&str, &str); 15] = [
    ("SHOW TRANSACTIONS", "Open, preparing, committing and in doubt, with age, shards and statement"),
    ("RECOVER TRANSACTIONS", "Looks on all servers now, and ends branches in doubt that nobody else will end"),
    ("COMMIT TRANSACTION 'xid'", "Ends a transaction in doubt; refused if it is known that it must be rolled back"),
    ("ROLLBACK TRANSACTION 'xid'", "Ends a transaction in doubt; refused if it is known that it was committed"),
    ("SHOW DDL", "Changes of tables that are not done on all shards, shard by shard"),
    ("RESUME DDL id", "Runs such a change where it has not run"),
    ("ROLLBACK DDL id", "Takes it back where it was done, if that loses no rows and no values"),
    ("FORGET DDL id", "Takes it off the list, if all shards define the table alike"),
    ("SHOW METRICS", "Counts of sessions, commits and recovered branches"),
    ("SHOW PROCESSLIST", "Sessions of all users, and what they do"),
    ("KILL id, KILL QUERY id", "Ends a session, or its running statement"),
    ("SHOW RULES", "The rules of all tables, and the file of each"),
    ("RELOAD CONFIG", "Reads the files again, and runs by what they say; shows what has changed"),
    ("ROLLBACK CONFIG", "Goes back to the configuration before"),
    ("SHOW HELP", "This list; also HELP, which some client programs keep to themselves"),
];

/// The command, or what is wrong.
pub(super) fn parse(text: &[u8]) -> Result<Command, String> {
    let text = String::from_utf8_lossy(text);
    let text = text.trim().trim_end_matches(';').trim_end();
    let (first, rest) = word(text);
    let (second, rest) = word(rest);
    match ([first.to_ascii_uppercase().as_str(), second.to_ascii_uppercase().as_str()], rest) {
        (["SHOW", "TRANSACTIONS"], "") => Ok(Command::ShowTransactions),
        (["SHOW", "METRICS"], "") => Ok(Command::ShowMetrics),
        (["RECOVER", "TRANSACTIONS"], "") => Ok(Command::RecoverTransactions),
        (["SHOW", "DDL"], "") => Ok(Command::ShowDdl),
        (["RESUME", "DDL"], id) => numbered(id).map(|id| Command::MendDdl(Verb::Resume, id)),
        (["ROLLBACK", "DDL"], id) => numbered(id).map(|id| Command::MendDdl(Verb::RollBack, id)),
        (["FORGET", "DDL"], id) => numbered(id).map(|id| Command::MendDdl(Verb::Forget, id)),
        (["SHOW", "PROCESSLIST"], "") => Ok(Command::ShowSessions),
        (["SHOW", "FULL"], rest) if rest.eq_ignore_ascii_case("PROCESSLIST") => Ok(Command::ShowSessions),
        (["KILL", "QUERY"], id) => session(id).map(|id| Command::Kill { id, query_only: true }),
        (["KILL", "CONNECTION"], id) => session(id).map(|id| Command::Kill { id, query_only: false }),
        (["KILL", _], "") => session(second).map(|id| Command::Kill { id, query_only: false }),
        (["SHOW", "RULES"], "") => Ok(Command::ShowRules),
        (["RELOAD", "CONFIG"], "") => Ok(Command::ReloadConfig),
        (["ROLLBACK", "CONFIG"], "") => Ok(Command::RollbackConfig),
        (["HELP", ""] | ["SHOW", "HELP" | "COMMANDS"], "") => Ok(Command::Help),
        (["COMMIT", "TRANSACTION"], name) => named(name).map(|gtrid| Command::End(gtrid, Decision::Commit)),
        (["ROLLBACK", "TRANSACTION"], name) => named(name).map(|gtrid| Command::End(gtrid, Decision::Abort)),
        (["SET", _], _) => Ok(Command::Ignored),
        _ => Err(unknown(text)),
    }
}

/// The first word, and what follows it.
fn word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim_start())
}

fn unknown(text: &str) -> String {
    let beginning: String = text.chars().take(60).collect();
    let known: Vec<&str> = HELP.iter().map(|(command, _)| *command).collect();
    format!("the console does not know \"{beginning}\"; it knows {}", known.join(", "))
}

/// The number of a change of tables.
fn numbered(rest: &str) -> Result<u64, String> {
    rest.parse().map_err(|_| "the number of the change, as SHOW DDL shows it, should be here".to_owned())
}

/// The number of a session.
fn session(rest: &str) -> Result<u32, String> {
    rest.parse().map_err(|_| "the number of a session, as SHOW PROCESSLIST shows it, should be here".to_owned())
}

/// The name of a transaction, in quotes.
fn named(rest: &str) -> Result<Gtrid, String> {
    let inside = ["'", "\""].iter().find_map(|quote| rest.strip_prefix(quote)?.strip_suffix(quote));
    let name = inside.ok_or("the transaction's xid, as SHOW TRANSACTIONS shows it, should be here in quotes")?;
    Gtrid::parse(name.as_bytes()).ok_or_else(|| format!("'{name}' is no xid of a ShardGate"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_and_others_are_told_what_there_is() {
        let xid = "shop.00000001.00000002.a";
        let gtrid = Gtrid::parse(xid.as_bytes()).expect("a name");
        let cases = [
            ("show  transactions ;", Some(Command::ShowTransactions)),
            ("  SHOW METRICS", Some(Command::ShowMetrics)),
            ("recover transactions", Some(Command::RecoverTransactions)),
            ("HELP", Some(Command::Help)),
            ("show commands;", Some(Command::Help)),
            ("SHOW FULL PROCESSLIST", Some(Command::ShowSessions)),
            ("KILL 7", Some(Command::Kill { id: 7, query_only: false })),
            ("kill query 7;", Some(Command::Kill { id: 7, query_only: true })),
            ("KILL CONNECTION 7", Some(Command::Kill { id: 7, query_only: false })),
            ("KILL", None),
            ("KILL QUERY", None),
            ("KILL all", None),
            ("RELOAD CONFIG", Some(Command::ReloadConfig)),
            ("ROLLBACK CONFIG", Some(Command::RollbackConfig)),
            ("ROLLBACK CONFIG 2", None),
            ("SHOW RULES", Some(Command::ShowRules)),
            ("SET NAMES utf8mb4", Some(Command::Ignored)),
            ("COMMIT TRANSACTION 'shop.00000001.00000002.a'", Some(Command::End(gtrid.clone(), Decision::Commit))),
            ("rollback transaction \"shop.00000001.00000002.a\";", Some(Command::End(gtrid, Decision::Abort))),
            ("show ddl;", Some(Command::ShowDdl)),
            ("FORGET DDL 7", Some(Command::MendDdl(Verb::Forget, 7))),
            ("ROLLBACK DDL", None),
            ("COMMIT TRANSACTION shop", None),
            ("COMMIT TRANSACTION 'shop'", None),
            ("COMMIT", None),
            ("SHOW TRANSACTIONS NOW", None),
            ("SELECT 1", None),
            ("", None),
        ];
        for (text, wanted) in cases {
            assert_eq!(parse(text.as_bytes()).ok(), wanted, "{text}");
        }
        assert!(parse(b"SHOW TABLES").is_err_and(|message| message.contains("SHOW TRANSACTIONS")));
    }
}
