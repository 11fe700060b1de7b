"""The application's tables: users, and their tokens."""

import os

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from oauth1_catalog.integrations.sqlalchemy_tokens import OAuth1TokenMixin

engine = create_async_engine(f"sqlite+aiosqlite:///{os.environ['DATABASE']}")
Session = async_sessionmaker(engine)


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "user"
    id: Mapped[int] = mapped_column(primary_key=True)
    twitter_id: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(100))

    @classmethod
    async def of(cls, database, *, twitter_id, name):
        user = await database.scalar(select(cls).where(cls.twitter_id == twitter_id))
        if user is None:
            user = cls(twitter_id=twitter_id)
            database.add(user)
        user.name = name
        await database.flush()
        return user


class OAuth1Token(OAuth1TokenMixin, Base):
    __tablename__ = "oauth1_token"
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))


async def create_tables():
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
