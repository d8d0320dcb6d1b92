"""Completes what owners type, from their own phrases and the built-in vocabulary.

Each copy of the gateway keeps an index for the owners that ask it, and follows the catalog a few seconds behind.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import structlog
from sqlalchemy.exc import SQLAlchemyError

from gateway.catalog import phrases as catalog
from gateway.catalog.database import Database
from gateway.suggestions import phrases
from gateway.suggestions.index import Entry, Match, PhraseIndex
from gateway.suggestions.learning import heat
from gateway.suggestions.vocabulary import vocabulary
from services.kit.tasks import end

log = structlog.get_logger(__name__)

# How old what a copy knows may be before it looks again.
_FRESH_S = 1.0
_PATIENCE_S = 0.01
# Rows read at once, so that other requests have their turn.
_PART = 5000
# Phrases in the small index of what came lately; more of them go into the large one.
_RECENT = 2000
MOST_KEPT = 500_000
"""Phrases of all owners in memory, at some two hundred bytes each; who asked longest ago goes first."""
_MOST_OWNERS = 1000
# A built-in suggestion ranks like a phrase used once, so long ago.
_BUILT_IN_AGE_S = 60 * 86400.0


@dataclass
class _Book:
    """An owner's phrases as this copy knows them."""

    revision: int = 0
    edition: int = 0
    whole: PhraseIndex = field(default_factory=lambda: PhraseIndex(()))
    """As they were when it was made."""
    changed: dict[str, Entry] = field(default_factory=dict[str, Entry])
    recent: PhraseIndex = field(default_factory=lambda: PhraseIndex(()))
    """What changed since."""
    looked_at: float = 0.0
    loaded: bool = False
    refreshing: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self.whole) + len(self.changed)


class Completer:
    """Completes phrases."""

    def __init__(self, database: Database, most_kept: int = MOST_KEPT) -> None:
        """Nothing is read before somebody asks."""
        self._database = database
        self._most_kept = most_kept
        self._books: OrderedDict[str, _Book] = OrderedDict()
        # One thread beside the event loop: more would only take the interpreter from each other.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="completing")
        built_in = heat([time.time() - _BUILT_IN_AGE_S])
        self._built_in = PhraseIndex(
            Entry(name, one.text, 0, built_in) for name, (_, one) in vocabulary().by_key.items()
        )

    async def complete(self, owner_id: str, text: str, limit: int) -> list[Match]:
        """What the phrase at the end of a text may become, best first; nothing that the text says already. With no
        phrase begun, the owner's own that are in use most."""
        book = await self._book(owner_id)
        typed = phrases.fragment(text)
        said = phrases.split(text[: len(text) - len(typed)])
        loop = asyncio.get_running_loop()
        indexes = (book.recent, book.whole, self._built_in)
        return await loop.run_in_executor(self._thread, _complete, indexes, phrases.key(typed), said, limit)

    async def stop(self) -> None:
        """End what is being read."""
        for book in self._books.values():
            await end(book.refreshing)
        self._thread.shutdown()

    async def _book(self, owner_id: str) -> _Book:
        book = self._books.setdefault(owner_id, _Book())
        self._books.move_to_end(owner_id)
        stale = time.monotonic() - book.looked_at > _FRESH_S
        if (stale or not book.loaded) and (book.refreshing is None or book.refreshing.done()):
            book.refreshing = asyncio.create_task(self._refresh(owner_id, book), name="phrases")
        if book.refreshing is not None and not book.refreshing.done():
            # Whoever asks first waits; later what is known is given, and what is new if it comes quickly.
            await asyncio.wait({book.refreshing}, timeout=_PATIENCE_S if book.loaded else None)
        return book

    async def _refresh(self, owner_id: str, book: _Book) -> None:
        try:
            await self._follow(owner_id, book)
        except (SQLAlchemyError, OSError) as error:
            # What comes with Atelier can be given all the same.
            log.warning("phrases_not_read", error=str(error))
        book.looked_at = time.monotonic()
        self._make_room()

    async def _follow(self, owner_id: str, book: _Book) -> None:
        async with self._database.read() as session:
            told = await catalog.book(session, owner_id)
            if told is not None and book.loaded and told.edition == book.edition and told.revision > book.revision:
                rows = await catalog.changes(session, owner_id, book.revision, _PART)
            else:
                rows = []
        if told is None or not book.loaded or told.edition != book.edition or len(rows) == _PART:
            entries = await self._all(owner_id) if told is not None else []
            book.whole = await asyncio.to_thread(PhraseIndex, entries)
            book.changed, book.recent = {}, PhraseIndex(())
        elif rows:
            book.changed |= {row[0]: Entry(*row) for row in rows}
            if len(book.changed) > _RECENT:
                entries = {entry.key: entry for entry in book.whole.entries} | book.changed
                book.whole = await asyncio.to_thread(PhraseIndex, entries.values())
                book.changed = {}
            book.recent = await asyncio.to_thread(PhraseIndex, book.changed.values())
        book.revision, book.edition = (told.revision, told.edition) if told is not None else (0, 0)
        book.loaded = True

    async def _all(self, owner_id: str) -> list[Entry]:
        found = list[Entry]()
        after = ""
        while True:
            async with self._database.read() as session:
                rows = await catalog.part(session, owner_id, after, _PART)
            found += [Entry(*row) for row in rows]
            if len(rows) < _PART:
                return found
            after = rows[-1][0]

    def _make_room(self) -> None:
        """Forget the phrases of those who asked longest ago; the last one to ask keeps theirs."""
        kept = sum(map(len, self._books.values()))
        while len(self._books) > 1 and (kept > self._most_kept or len(self._books) > _MOST_OWNERS):
            _, book = self._books.popitem(last=False)
            kept -= len(book)


def _complete(indexes: Sequence[PhraseIndex], typed: str, said: dict[str, str], limit: int) -> list[Match]:
    # The first index that has a phrase knows it best.
    found: dict[str, Match] = {}
    for index in indexes[: 2 if not typed else None]:
        for match in index.complete(typed, limit + len(said)) if typed else index.hottest(limit + len(said)):
            if match.entry.key not in said:
                found.setdefault(match.entry.key, match)
    return sorted(found.values(), key=lambda match: match.order)[:limit]
