"""What assets are found by: the words of their prompt, name, tags and model, and what they are (kind, tag, …) as one
word each, which no text can hold. Both databases index the same words, so both find the same."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Text, literal_column, text
from sqlalchemy.ext.asyncio import AsyncSession

# Scripts that are written without spaces: every character is a word.
_UNSPACED = "\u2e80-\u31ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
# A private character: part of no word, but of one for the databases' tokenizers.
_MARK = "\ue000"
_LONGEST = 64
_MOST = 1_000
_MOST_SOUGHT = 32
_MOST_CONTINUED = 64
INDEXED_BEGINNINGS = 3
# From each word to the next one behind it.
_CONTINUED = text(
    """
    WITH RECURSIVE found (word) AS (
        SELECT * FROM (SELECT term FROM asset_vocabulary WHERE term >= :begun AND term < :end LIMIT 1)
        UNION ALL
        SELECT (SELECT term FROM asset_vocabulary WHERE term >= found.word || char(1) AND term < :end LIMIT 1)
        FROM found WHERE found.word IS NOT NULL LIMIT :most
    )
    SELECT word FROM found WHERE word IS NOT NULL
    """
)
# PostgreSQL makes it of `words` (see the migration); SQLite has an FTS5 table beside.
LEXEMES: ColumnElement[str] = literal_column("assets.lexemes", Text())


def tokens(given: str) -> list[str]:
    """The words of a text, in order: without case, accents and punctuation."""
    plain = unicodedata.normalize("NFKD", given.casefold())
    bare = "".join(character for character in plain if not unicodedata.combining(character))
    return [word[:_LONGEST] for word in _WORD.findall(bare)]


def facet(name: str, value: str) -> str:
    """The word for a property that is not text, such as `kind` = `image`."""
    return _MARK + hashlib.blake2b(f"{name}\0{value}".encode(), digest_size=8).hexdigest()


def words_of(row: Mapping[str, Any]) -> str:
    """Everything an asset's row is found by, each word once."""
    texts = [row["name"], row["model"], *row["tags"], _prompt(row["provenance"])]
    found = dict.fromkeys(word for one in texts for word in tokens(one))
    return " ".join([*facets_of(row), *list(found)[:_MOST]])


def facets_of(row: Mapping[str, Any]) -> list[str]:
    """What an asset is, as words."""
    single = {name: row[name] for name in ("owner_id", "kind", "source", "model", "project_id") if row[name]}
    marks = [facet(name, value) for name, value in single.items()]
    if row["favourite"]:
        marks.append(facet("favourite", "yes"))
    return [*marks, *(facet("tag", tag) for tag in row["tags"])]


def split(given: str) -> tuple[list[str], str]:
    """The words that are sought, and the one somebody may still be writing; a finished one is followed by something."""
    found = tokens(given)[:_MOST_SOUGHT]
    if not found or not given[-1].isalnum():
        return found, ""
    return found[:-1], found[-1]


def fts5(exact: Iterable[str], begun: str, continued: Sequence[str]) -> str:
    """An FTS5 query for all words and, if there is a begun one, for any of those it may become."""
    parts = [f'"{word}"' for word in exact]
    if begun and continued:
        parts.append("(" + " OR ".join(f'"{word}"' for word in continued) + ")")
    elif begun:
        parts.append(f'"{begun}"*')
    return " AND ".join(parts)


def tsquery(exact: Iterable[str], begun: str) -> str:
    """The same as a tsquery."""
    return " & ".join([*(f"'{word}'" for word in exact), *([f"'{begun}':*"] if begun else [])])


async def continued(session: AsyncSession, begun: str) -> list[str]:
    """What a begun word may become, for SQLite: looking for a few known words takes what it finds, looking for a
    beginning takes as long as there are answers. Empty if FTS5's index of beginnings is as good, or if too many."""
    if len(begun) <= INDEXED_BEGINNINGS:
        return []
    bounds = {"begun": begun, "end": begun + "\U0010ffff", "most": _MOST_CONTINUED + 1}
    found = list(await session.scalars(_CONTINUED, bounds))
    # A word that nobody used finds nothing, by whichever query.
    return found or [begun] if len(found) <= _MOST_CONTINUED else []


def _prompt(provenance: Mapping[str, Any]) -> str:
    prompt = provenance.get("prompt")
    return prompt if isinstance(prompt, str) else ""
