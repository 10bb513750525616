//! Who waits for whose row locks on a server.

use std::time::Duration;

use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use super::control::{self, ControlError, within};
use super::options::{Address, ReplicaSetOptions};

/// Longest wait for the list.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// Unknown table.
const ABSENT: [u16; 2] = [1109, 1146];

/// What a server calls its waits, and their transactions.
struct Source {
    waits: &'static str,
    requesting: &'static str,
    blocking: &'static str,
}

/// MariaDB, and MySQL up to 5.7.
const OLDER: Source = Source {
    waits: "information_schema.INNODB_LOCK_WAITS",
    requesting: "requesting_trx_id",
    blocking: "blocking_trx_id",
};

/// MySQL from 8.0.1 on (manual, "The data_lock_waits Table").
const NEWER: Source = Source {
    waits: "performance_schema.data_lock_waits",
    requesting: "requesting_engine_transaction_id",
    blocking: "blocking_engine_transaction_id",
};

/// The server's ids of the waiting and the holding connection. Needs the right PROCESS, and on MySQL SELECT on
/// performance_schema.
pub async fn lock_waits(set: &ReplicaSetOptions, server: &Address) -> Result<Vec<(u32, u32)>, ControlError> {
    let mut connection = control::connect(set, server).await?;
    let waits = ask(&mut connection).await?;
    connection.disconnect().await?;
    Ok(waits)
}

/// The same over a connection that is there.
pub(super) async fn ask(connection: &mut Conn) -> Result<Vec<(u32, u32)>, ControlError> {
    match ask_source(connection, &OLDER).await {
        Err(ControlError::Server(mysql_async::Error::Server(error))) if ABSENT.contains(&error.code) => {
            ask_source(connection, &NEWER).await
        }
        other => other,
    }
}

async fn ask_source(connection: &mut Conn, source: &Source) -> Result<Vec<(u32, u32)>, ControlError> {
    let Source { waits, requesting, blocking } = source;
    let sql = format!(
        "SELECT DISTINCT r.trx_mysql_thread_id, b.trx_mysql_thread_id FROM {waits} w \
         JOIN information_schema.INNODB_TRX r ON r.trx_id = w.{requesting} \
         JOIN information_schema.INNODB_TRX b ON b.trx_id = w.{blocking}"
    );
    within(ANSWER_TIMEOUT, connection.query(sql)).await
}
