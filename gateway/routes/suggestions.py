"""Help with prompts: completion, suggestions, enhancement, random ones."""

import random
from typing import Annotated

from fastapi import Path, Query
from starlette.responses import Response

from gateway import suggestion_schemas as schemas
from gateway.catalog import phrases as catalog
from gateway.preset_schemas import PresetKind
from gateway.routing import problems, router
from gateway.state import Asking, Caller, GatewayParts
from gateway.suggestions import asking, composing, phrases
from gateway.suggestions.index import Match
from gateway.suggestions.vocabulary import Category, Suggestion, vocabulary
from services.kit.failures import NotFound

routes = router("suggestions")

Kind = Annotated[PresetKind, Query(description="What it is for.")]
CategoryName = Annotated[str, Path(description="Name of a category.", examples=["lighting"])]


@routes.get(
    "/api/suggestions/autocomplete",
    operation_id="autocomplete_prompt",
    summary="Complete a phrase",
    responses=problems(422),
)
async def autocomplete_prompt(
    parts: GatewayParts,
    caller: Caller,
    q: Annotated[
        str,
        Query(max_length=2000, description="A prompt up to where one types, or its end.", examples=["a cat, gold"]),
    ],
    limit: Annotated[int, Query(ge=1, le=50, description="Most items to return.")] = 10,
) -> schemas.Completions:
    """What the phrase after the last comma may become: your own phrases and the built-in ones that begin so, then those
    with a word that does, then those that are meant in spite of typing errors. Phrases that are there already are left
    out. If nothing is typed yet, your own that are in use most."""
    found = await parts.completer.complete(caller.owner_id, q, limit)
    return schemas.Completions(fragment=phrases.fragment(q), items=[_completion(match) for match in found])


@routes.get(
    "/api/suggestions/categories",
    operation_id="list_suggestion_categories",
    summary="The sides of a picture",
    responses=problems(),
)
async def list_suggestion_categories(caller: Caller) -> list[schemas.SuggestionCategory]:
    """All of them."""
    return [
        schemas.SuggestionCategory(
            name=one.name, label=one.label, description=one.description, count=len(one.suggestions)
        )
        for one in vocabulary().categories.values()
    ]


@routes.get(
    "/api/suggestions/by-category/{category}",
    operation_id="list_suggestions",
    summary="Suggestions of a category",
    responses=problems(404),
)
async def list_suggestions(caller: Caller, category: CategoryName) -> list[schemas.Suggestion]:
    """All of them."""
    found = vocabulary().categories.get(category)
    if found is None:
        names = ", ".join(vocabulary().categories)
        raise NotFound(f"There is no category {category}.", hint=f"There are {names}.")
    return [_suggestion(found, one) for one in found.suggestions]


@routes.post(
    "/api/suggestions/enhance",
    operation_id="enhance_prompt",
    summary="Make more of a prompt",
    responses=problems(400, 404, 413, 415, 422, 429, 504),
)
async def enhance_prompt(parts: GatewayParts, asker: Asking, body: schemas.EnhanceRequest) -> schemas.Enhanced:
    """By rules: adds words on what the prompt says nothing of. By the language model: it writes the prompt anew."""
    seed = body.seed if body.seed is not None else random.randrange(schemas.SEEDS)
    if body.by == "rules":
        made = composing.enhanced(body.prompt, body.kind, seed)
        added = [part.suggestion.text for part in made.parts]
        return schemas.Enhanced(prompt=made.prompt, added=added, by="rules", seed=seed, model_used="", endpoint="")
    told = await asking.enhanced(parts, asker, body.prompt, body.kind, seed, body.model)
    before = phrases.split(body.prompt)
    added = [text for name, text in phrases.split(told.prompt).items() if name not in before]
    return schemas.Enhanced(
        prompt=told.prompt, added=added, by="model", seed=seed, model_used=told.model, endpoint=told.endpoint
    )


@routes.get(
    "/api/suggestions/random",
    operation_id="random_prompts",
    summary="Prompts made up",
    responses=problems(422),
)
async def random_prompts(
    caller: Caller,
    count: Annotated[int, Query(ge=1, le=50, description="How many.")] = 1,
    seed: Annotated[
        int | None, Query(ge=0, lt=schemas.SEEDS, description="The same one makes the same; absent = a random one.")
    ] = None,
    kind: Kind = "image",
) -> schemas.RandomPrompts:
    """Put together from the suggestions."""
    seed = seed if seed is not None else random.randrange(schemas.SEEDS)
    made = [composing.composed(kind, seed, number) for number in range(count)]
    items = [
        schemas.RandomPrompt(prompt=one.prompt, parts=[_suggestion(p.category, p.suggestion) for p in one.parts])
        for one in made
    ]
    return schemas.RandomPrompts(seed=seed, items=items)


@routes.get("/api/suggestions/learned", operation_id="get_learned", summary="What was learned", responses=problems())
async def get_learned(parts: GatewayParts, caller: Caller) -> schemas.Learned:
    """From the prompts of your own generation jobs, a moment behind."""
    async with parts.database.read() as session:
        book = await catalog.book(session, caller.owner_id)
    return schemas.Learned(prompts=book.prompts if book else 0, phrases=book.phrases if book else 0)


@routes.delete(
    "/api/suggestions/learned",
    operation_id="forget_learned",
    summary="Forget what was learned",
    status_code=204,
    response_class=Response,
    responses=problems(),
)
async def forget_learned(parts: GatewayParts, caller: Caller) -> Response:
    """For good. Jobs and pictures stay; what is asked from now on is learned anew."""
    await parts.learner.forget(caller.owner_id)
    return Response(status_code=204)


def _completion(match: Match) -> schemas.Completion:
    known = vocabulary().by_key.get(match.entry.key)
    return schemas.Completion(
        text=match.entry.text,
        source="yours" if match.entry.uses else "built_in",
        category=known[0].name if known else None,
        description=known[1].description if known else "",
        uses=match.entry.uses,
        errors=match.errors,
    )


def _suggestion(category: Category, one: Suggestion) -> schemas.Suggestion:
    return schemas.Suggestion(text=one.text, description=one.description, category=category.name, kind=one.kind)
