-- about: statements that concern one server
-- refused: 1235 one server
FLUSH PRIVILEGES;
-- refused: 1235 one server
FLUSH LOCAL STATUS;
FLUSH TABLES;
-- refused: 1235 SHOW CREATE USER
SHOW CREATE USER CURRENT_USER();

-- about: and MariaDB's
-- only: MariaDB
-- refused: 1235 BACKUP
BACKUP STAGE START;
-- refused: 1235 BACKUP
BACKUP LOCK users;

-- about: and MySQL's
-- only: MySQL
-- refused: 1235 on the servers
LOCK INSTANCE FOR BACKUP;
-- refused: 1235 on the servers
UNLOCK INSTANCE;
-- refused: 1235 one server
ALTER INSTANCE RELOAD TLS;
-- refused: 1235 one server
CREATE RESOURCE GROUP rg TYPE = USER;
-- refused: 1235 one server
DROP TABLESPACE nothing;
