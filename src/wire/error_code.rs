//! The errors that ShardGate itself reports: MySQL's number, and the SQLSTATE that goes with it.

/// One error of MySQL's list: its number and SQLSTATE.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ErrorCode {
    pub number: u16,
    pub sqlstate: [u8; 5],
}

impl ErrorCode {
    pub const fn new(number: u16, sqlstate: &[u8; 5]) -> Self {
        Self { number, sqlstate: *sqlstate }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal $state:literal;)*) => {
        $($(#[$doc])* pub const $name: ErrorCode = ErrorCode::new($number, $state);)*

        #[cfg(test)]
        const ALL: &[ErrorCode] = &[$($name),*];
    };
}

codes! {
    /// The database exists already.
    DB_CREATE_EXISTS = 1007 b"HY000";
    /// The database to drop does not exist.
    DB_DROP_EXISTS = 1008 b"HY000";
    /// Too many connections.
    CON_COUNT_ERROR = 1040 b"08004";
    /// Bad handshake.
    HANDSHAKE_ERROR = 1043 b"08S01";
    /// Access denied for user to database.
    DBACCESS_DENIED_ERROR = 1044 b"42000";
    /// Access denied for user.
    ACCESS_DENIED_ERROR = 1045 b"28000";
    /// No database selected.
    NO_DB_ERROR = 1046 b"3D000";
    /// Unknown command.
    UNKNOWN_COM_ERROR = 1047 b"08S01";
    /// Column cannot be null.
    BAD_NULL_ERROR = 1048 b"23000";
    /// Unknown database.
    BAD_DB_ERROR = 1049 b"42000";
    /// The table exists already.
    TABLE_EXISTS = 1050 b"42S01";
    /// Unknown table, in DROP.
    BAD_TABLE_ERROR = 1051 b"42S02";
    /// Server shutdown in progress.
    SERVER_SHUTDOWN = 1053 b"08S01";
    /// Unknown column.
    BAD_FIELD_ERROR = 1054 b"42S22";
    /// A column of the select list, or of ORDER BY, that GROUP BY does not determine.
    WRONG_FIELD_WITH_GROUP = 1055 b"42000";
    /// Duplicate entry for key.
    DUP_ENTRY = 1062 b"23000";
    /// The statement does not parse.
    PARSE_ERROR = 1064 b"42000";
    /// Out of sort memory.
    OUT_OF_SORTMEMORY = 1038 b"HY001";
    /// Query was empty.
    EMPTY_QUERY = 1065 b"42000";
    /// Unknown thread id, in KILL.
    NO_SUCH_THREAD = 1094 b"HY000";
    /// A table is used without its key in safe update mode.
    UPDATE_WITHOUT_KEY_IN_SAFE_MODE = 1175 b"HY000";
    /// A foreign key has no row to refer to.
    ROW_IS_REFERENCED_2 = 1451 b"23000";
    NO_REFERENCED_ROW = 1452 b"23000";
    /// A table is read by the statement that makes or writes it.
    UPDATE_TABLE_USED = 1093 b"HY000";
    /// Table has no partition for a value.
    NO_PARTITION_FOR_GIVEN_VALUE = 1526 b"HY000";
    /// You are not owner of thread, in KILL.
    KILL_DENIED_ERROR = 1095 b"HY000";
    /// A statement names a table that LOCK TABLES did not.
    TABLE_NOT_LOCKED = 1100 b"HY000";
    /// The SELECT would examine too many rows.
    TOO_BIG_SELECT = 1104 b"42000";
    /// Unknown error.
    UNKNOWN_ERROR = 1105 b"HY000";
    /// Unknown character set.
    UNKNOWN_CHARACTER_SET = 1115 b"42000";
    /// Column count does not match value count.
    WRONG_VALUE_COUNT_ON_ROW = 1136 b"21S01";
    /// Command denied to user for table.
    TABLEACCESS_DENIED_ERROR = 1142 b"42000";
    /// Table does not exist.
    NO_SUCH_TABLE = 1146 b"42S02";
    /// Aborted connection.
    ABORTING_CONNECTION = 1152 b"08S01";
    /// A packet bigger than max_allowed_packet.
    NET_PACKET_TOO_LARGE = 1153 b"08S01";
    /// Packets out of order.
    NET_PACKETS_OUT_OF_ORDER = 1156 b"08S01";
    /// Error reading communication packets.
    NET_READ_ERROR = 1158 b"08S01";
    /// Timeout reading communication packets.
    NET_READ_INTERRUPTED = 1159 b"08S01";
    /// Error writing communication packets.
    NET_ERROR_ON_WRITE = 1160 b"08S01";
    /// Timeout writing communication packets.
    NET_WRITE_INTERRUPTED = 1161 b"08S01";
    /// Unknown system variable.
    UNKNOWN_SYSTEM_VARIABLE = 1193 b"HY000";
    /// A value that is not in the range of its column.
    OUT_OF_RANGE = 1264 b"22003";
    /// NULL where there may be none.
    INVALID_USE_OF_NULL = 1138 b"22004";
    /// A value that is too long for its column.
    DATA_TOO_LONG = 1406 b"22001";
    /// The table's definition has changed.
    TABLE_DEF_CHANGED = 1412 b"HY000";
    /// A row that a CHECK constraint does not allow, as MySQL says it.
    CHECK_VIOLATED = 3819 b"HY000";
    /// The same as MariaDB says it.
    CONSTRAINT_FAILED = 4025 b"23000";
    /// A view does not exist, as MariaDB says it.
    UNKNOWN_VIEW = 4092 b"42S02";
    /// Lock wait timeout exceeded.
    LOCK_WAIT_TIMEOUT = 1205 b"HY000";
    /// Wrong arguments to a command.
    WRONG_ARGUMENTS = 1210 b"HY000";
    /// Deadlock found; the transaction is rolled back.
    LOCK_DEADLOCK = 1213 b"40001";
    /// An index, or a shard key, over a column that the table does not have.
    KEY_COLUMN_DOES_NOT_EXIST = 1072 b"42000";
    /// Access denied; a privilege is needed.
    SPECIFIC_ACCESS_DENIED_ERROR = 1227 b"42000";
    /// Variable can only be set globally.
    GLOBAL_VARIABLE = 1229 b"HY000";
    /// Wrong value for variable.
    WRONG_VALUE_FOR_VAR = 1231 b"42000";
    /// Wrong type of value for variable.
    WRONG_TYPE_FOR_VAR = 1232 b"42000";
    /// Not supported by this version: what ShardGate refuses to do over several shards.
    NOT_SUPPORTED_YET = 1235 b"42000";
    /// Variable can only be read.
    INCORRECT_GLOBAL_LOCAL_VAR = 1238 b"HY000";
    /// An error while a transaction ended: it was, or may have been, rolled back.
    ERROR_DURING_COMMIT = 1180 b"HY000";
    /// MariaDB: the connection was ended by KILL.
    CONNECTION_KILLED = 1927 b"70100";
    /// Unknown prepared statement.
    UNKNOWN_STMT_HANDLER = 1243 b"HY000";
    /// The client does not support the authentication protocol that the server requests.
    NOT_SUPPORTED_AUTH_MODE = 1251 b"08004";
    /// Illegal value found during parsing.
    ILLEGAL_VALUE_FOR_TYPE = 1367 b"22007";
    /// Incorrect value for column.
    TRUNCATED_WRONG_VALUE = 1292 b"22007";
    /// The server runs with an option that prevents the statement.
    OPTION_PREVENTS_STATEMENT = 1290 b"HY000";
    /// Prepared statement contains unsupported command.
    UNSUPPORTED_PS = 1295 b"HY000";
    /// SAVEPOINT or stored program does not exist.
    SP_DOES_NOT_EXIST = 1305 b"42000";
    /// A procedure's result set cannot be returned in this context.
    SP_BADSELECT = 1312 b"0A000";
    /// Query execution was interrupted.
    QUERY_INTERRUPTED = 1317 b"70100";
    /// Field does not have a default value: a shard key that an INSERT leaves out.
    NO_DEFAULT_FOR_FIELD = 1364 b"HY000";
    /// Prepared statement contains too many placeholders.
    PS_MANY_PARAM = 1390 b"HY000";
    /// Unknown XID.
    XAER_NOTA = 1397 b"XAE04";
    /// The command cannot be executed in this state of a global transaction.
    XAER_RMFAIL = 1399 b"XAE07";
    /// Some work is done outside of the global transaction.
    XAER_OUTSIDE = 1400 b"XAE09";
    /// The cursor of a statement is not open.
    STMT_HAS_NO_OPEN_CURSOR = 1421 b"HY000";
    /// Too many prepared statements.
    MAX_PREPARED_STMT_COUNT_REACHED = 1461 b"42000";
    /// Plugin is not loaded.
    PLUGIN_IS_NOT_LOADED = 1524 b"HY000";
    /// The transaction's characteristics cannot be changed while it is in progress.
    CANT_CHANGE_TX_CHARACTERISTICS = 1568 b"25001";
    /// Cannot write in a READ ONLY transaction.
    CANT_EXECUTE_IN_READ_ONLY_TRANSACTION = 1792 b"25006";
    /// The data for a statement's parameter is malformed.
    MALFORMED_PACKET = 1835 b"HY000";
    /// Idle, and closed by the server (`interactive_timeout`, `wait_timeout`).
    CLIENT_INTERACTION_TIMEOUT = 4031 b"HY000";
    /// Sessions wait for each other's named locks.
    USER_LOCK_DEADLOCK = 3058 b"HY000";
    /// Connections using insecure transport are prohibited.
    SECURE_TRANSPORT_REQUIRED = 3159 b"HY000";
    AUTOINC_READ_FAILED = 1467 b"HY000";
    NON_DEFAULT_VALUE_FOR_GENERATED_COLUMN = 1906 b"HY000";
    /// A client, or MariaDB, that does not load files of clients.
    NOT_ALLOWED_COMMAND = 1148 b"42000";
    /// The same in MySQL 8.
    CLIENT_LOCAL_FILES_DISABLED = 3948 b"42000";
    /// A backend cannot be reached. (Client libraries take an ERR packet with one of their own numbers, 2000 to 2999,
    /// for a malformed packet; 2003 is one of those.)
    CONNECT_TO_BACKEND = 1429 b"HY000";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_unique_and_states_well_formed() {
        for (i, code) in ALL.iter().enumerate() {
            assert!(ALL[..i].iter().all(|other| other.number != code.number), "{code:?}");
            assert!(code.sqlstate.iter().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase()), "{code:?}");
        }
    }
}
