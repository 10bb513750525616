//! ShardGate: a sharding database proxy for MySQL and MariaDB.

