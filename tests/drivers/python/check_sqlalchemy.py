"""SQLAlchemy's ORM against the demo shop: check_sqlalchemy.py PORT"""
import datetime
import sys
from decimal import Decimal

from sqlalchemy import BigInteger, ForeignKey, MetaData, Numeric, String, create_engine, inspect, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

engine = create_engine(f"mysql+pymysql://app:app@127.0.0.1:{sys.argv[1]}/shop?charset=utf8mb4", pool_size=3)


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str] = mapped_column(String(120))
    country_code: Mapped[str] = mapped_column(String(2))
    created_at: Mapped[datetime.datetime]
    orders: Mapped[list["Order"]] = relationship(back_populates="user", order_by="Order.order_id", cascade="all, delete-orphan")


class Order(Base):
    __tablename__ = "orders"
    user_id: Mapped[int] = mapped_column(ForeignKey("users.user_id"), primary_key=True)
    order_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    total: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    status: Mapped[str]
    placed_at: Mapped[datetime.datetime]
    user: Mapped[User] = relationship(back_populates="orders")


now = datetime.datetime(2025, 6, 1, 12, 0)
with Session(engine) as session:
    user = session.get(User, 42)
    assert user.email == "user42@example.org"
    assert all(order.user_id == 42 for order in user.orders)

    # One user's rows are on one shard, so that this is a transaction on one shard.
    new = User(user_id=20_000, name="Zoë", email="zoe@example.org", country_code="IS", created_at=now)
    new.orders = [Order(order_id=n, total=Decimal("9.99") * n, status="new", placed_at=now) for n in (1, 2, 3)]
    session.add(new)
    session.commit()

with Session(engine) as session:
    found = session.scalars(select(User).where(User.user_id == 20_000)).one()
    assert found.name == "Zoë" and [order.total for order in found.orders] == [Decimal("9.99"), Decimal("19.98"), Decimal("29.97")]
    found.name = "Zoe"
    session.flush()
    session.rollback()
    assert session.get(User, 20_000).name == "Zoë"
    joined = session.execute(select(User.name, Order.total).join(Order).where(User.user_id == 20_000, Order.order_id == 2)).one()
    assert tuple(joined) == ("Zoë", Decimal("19.98"))

    session.delete(session.get(User, 20_000))
    session.commit()
    assert session.get(User, 20_000) is None

with engine.connect() as connection:
    assert connection.execute(text("SELECT DATABASE()")).scalar() == "shop"
    assert len(connection.execute(select(User.user_id)).all()) == 600
    nested = connection.begin_nested()
    connection.execute(text("UPDATE users SET name = 'x' WHERE user_id = 42"))
    nested.rollback()
    assert connection.execute(text("SELECT name FROM users WHERE user_id = 42")).scalar() != "x"
    connection.rollback()
engine.dispose()

# Reflection: what SHOW and information_schema say is one logical database.
tables = ["countries", "order_items", "orders", "products", "settings", "users"]
inspector = inspect(engine)
assert inspector.get_schema_names() == ["information_schema", "shop"]
assert inspector.get_table_names() == tables and inspector.get_view_names() == []
assert inspector.has_table("users") and not inspector.has_table("users_0")
assert inspector.get_pk_constraint("orders")["constrained_columns"] == ["user_id", "order_id"]
assert [index["name"] for index in inspector.get_indexes("users")] == ["by_country"]
for schema in [None, "shop"]:
    reflected = MetaData(schema=schema)
    reflected.reflect(engine)
    assert [table.name for table in sorted(reflected.tables.values(), key=lambda table: table.name)] == tables
with engine.connect() as connection:
    rows = connection.execute(
        text("SELECT table_rows > 0 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = :name"),
        {"name": "users"},
    ).all()
    assert rows == [(1,)]
