// mysql2 (text and prepared statements, pools) against the demo shop: check_mysql2.js PORT
'use strict';
const assert = require('node:assert/strict');
const mysql = require('mysql2/promise');

const options = { host: '127.0.0.1', port: Number(process.argv[2]), user: 'app', password: 'app', database: 'shop' };

async function main() {
  const db = await mysql.createConnection(options);
  const [[user], fields] = await db.query('SELECT user_id, name, email, created_at FROM users WHERE user_id = ?', [42]);
  assert.equal(user.email, 'user42@example.org');
  assert.ok(user.created_at instanceof Date);
  assert.deepEqual(fields.map((field) => field.name), ['user_id', 'name', 'email', 'created_at']);
  assert.equal(fields[0].table ?? fields[0].orgTable, 'users');

  // execute() prepares on the server and binds.
  for (let id = 1; id <= 20; id++) {
    const [[row]] = await db.execute('SELECT user_id, email FROM users WHERE user_id = ?', [id]);
    assert.deepEqual({ ...row }, { user_id: id, email: `user${id}@example.org` });
  }
  const [orders] = await db.execute(
    'SELECT o.order_id, o.total FROM users u JOIN orders o ON o.user_id = u.user_id WHERE u.user_id = ? AND o.total > ?', [42, 0]);
  assert.ok(orders.every((order) => /^\d+\.\d\d$/.test(order.total)));

  // JSON is told by MariaDB's extended metadata, by MySQL's type.
  for (const [[made]] of [await db.query("SELECT JSON_OBJECT('a', 1) AS doc"), await db.execute("SELECT JSON_OBJECT('a', 1) AS doc")]) {
    assert.deepEqual(made.doc, { a: 1 });
  }
  const [gathered] = await db.query(
    "SELECT JSON_ARRAY(u.user_id) AS doc FROM users u JOIN users o ON o.user_id = u.user_id + 1 WHERE u.user_id < 3 ORDER BY u.user_id");
  assert.deepEqual(gathered.map((row) => row.doc), [[1], [2]]);

  const [all] = await db.query('SELECT user_id FROM users');
  assert.equal(all.length, 600);

  const rows = Array.from({ length: 20 }, (_, n) => [30000 + n, `it's \\ ${n} 🚀`, 'x@example.org', 'FR', '2025-01-01 00:00:00']);
  const [inserted] = await db.query('INSERT INTO users (user_id, name, email, country_code, created_at) VALUES ?', [rows]);
  assert.equal(inserted.affectedRows, 20);
  const [[back]] = await db.execute('SELECT name FROM users WHERE user_id = ?', [30007]);
  assert.equal(back.name, rows[7][1]);

  await db.beginTransaction();
  await db.execute('UPDATE users SET name = ? WHERE user_id = ?', ['changed', 30007]);
  await db.rollback();
  const [[same]] = await db.execute('SELECT name FROM users WHERE user_id = ?', [30007]);
  assert.equal(same.name, rows[7][1]);

  const [removed] = await db.query('DELETE FROM users WHERE user_id >= 30000');
  assert.equal(removed.affectedRows, 20);
  await assert.rejects(db.query("INSERT INTO users VALUES (42, 'x', 'x', 'FR', NOW())"), { errno: 1062, sqlState: '23000' });
  await assert.rejects(db.execute('SELECT nope FROM users WHERE user_id = ?', [1]), { errno: 1054 });
  await db.ping();
  await db.changeUser({ user: 'app', password: 'app', database: 'shop' });
  const [[now]] = await db.query('SELECT DATABASE() AS db');
  assert.equal(now.db, 'shop');
  await db.end();

  const pool = mysql.createPool({ ...options, connectionLimit: 8 });
  const names = await Promise.all(Array.from({ length: 200 }, (_, n) =>
    pool.execute('SELECT user_id FROM users WHERE user_id = ?', [1 + n]).then(([[row]]) => row.user_id)));
  assert.deepEqual(names, Array.from({ length: 200 }, (_, n) => 1 + n));
  await pool.end();

  await assert.rejects(mysql.createConnection({ ...options, password: 'wrong' }), { errno: 1045 });
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
