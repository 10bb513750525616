"""PyMySQL against the demo shop: check_pymysql.py PORT"""
import datetime
import decimal
import sys

import pymysql
import pymysql.cursors

port = int(sys.argv[1])


def connect(**more):
    return pymysql.connect(host="127.0.0.1", port=port, user="app", password="app", database="shop", **more)


def refused(code, action):
    try:
        action()
    except pymysql.MySQLError as error:
        assert error.args[0] == code, error
    else:
        raise AssertionError(f"error {code} expected")


# Statements that write to several shards are their own transactions for now, hence autocommit.
db = connect(autocommit=True)
with db.cursor() as cursor:
    cursor.execute("SELECT user_id, name, email, country_code, created_at FROM users WHERE user_id = %s", (42,))
    row = cursor.fetchone()
    assert row[0] == 42 and row[2] == "user42@example.org" and isinstance(row[4], datetime.datetime), row
    assert [column[0] for column in cursor.description] == ["user_id", "name", "email", "country_code", "created_at"]
    assert cursor.execute("SELECT user_id FROM users") == 600
    assert sorted(user for (user,) in cursor.fetchall()) == list(range(1, 601))
    cursor.execute("SELECT name FROM countries WHERE code = %s", ("JP",))
    assert cursor.fetchone() == ("日本",)
    cursor.execute("SELECT price FROM products WHERE product_id = 1")
    assert isinstance(cursor.fetchone()[0], decimal.Decimal)

    # Values that need quoting, and rows for several shards in one statement.
    rows = [(10_000 + n, f"O'Neil \\ {n} \U0001f680", f"n{n}@example.org", "FR", datetime.datetime(2025, 1, 1)) for n in range(50)]
    cursor.executemany("INSERT INTO users (user_id, name, email, country_code, created_at) VALUES (%s, %s, %s, %s, %s)", rows)
    assert cursor.rowcount == 50
    cursor.execute("SELECT name FROM users WHERE user_id = 10007")
    assert cursor.fetchone() == (rows[7][1],)

    # PyMySQL sends bytes as a literal with an introducer.
    cursor.execute("SELECT %s, LENGTH(%s)", (b"\x00\xff'", b"\x00\xff'"))
    assert cursor.fetchone() == (b"\x00\xff'", 3)

    refused(1062, lambda: cursor.execute("INSERT INTO users VALUES (42, 'x', 'x', 'FR', NOW())"))
    refused(1054, lambda: cursor.execute("SELECT nope FROM users WHERE user_id = 42"))
    refused(1064, lambda: cursor.execute("SELEC 1"))

    # A transaction on one shard.
    db.begin()
    cursor.execute("UPDATE users SET name = 'changed' WHERE user_id = 10007")
    db.rollback()
    cursor.execute("SELECT name FROM users WHERE user_id = 10007")
    assert cursor.fetchone() == (rows[7][1],)

    cursor.execute("INSERT INTO settings (name, value) VALUES ('from_python', '1')")
    first = cursor.lastrowid
    assert first > 0
    cursor.execute("SELECT LAST_INSERT_ID()")
    assert cursor.fetchone() == (first,)
    cursor.execute("DELETE FROM settings WHERE name = 'from_python'")
    cursor.execute("DELETE FROM users WHERE user_id >= 10000")
    assert cursor.rowcount == 50
db.ping(reconnect=False)
db.select_db("shop")
db.close()

# Rows as they come, and a session that leaves in the middle.
db = connect(cursorclass=pymysql.cursors.SSDictCursor)
cursor = db.cursor()
cursor.execute("SELECT * FROM order_items")
assert cursor.fetchone()["quantity"] > 0
# Else PyMySQL would try to read the rest.
cursor._result.unbuffered_active = False
db._force_close()

db = connect(client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS, charset="latin1")
cursor = db.cursor()
cursor.execute("SELECT 1; SELECT name FROM countries WHERE code = 'IS'")
assert cursor.fetchall() == ((1,),)
assert cursor.nextset() and cursor.fetchall() == (("Ísland",),)
db.close()

refused(1045, lambda: pymysql.connect(host="127.0.0.1", port=port, user="app", password="wrong"))
