"""An endpoint of one's own on the running stack: registered, answering, gone, fallen back from."""

from __future__ import annotations

import httpx
import openai

from tests.api import until
from tests.service.stand_ins import StandIn, standing_in
from tests.stack import Stack

CAPITAL = "What is the capital of France?"


async def ask(client: openai.AsyncOpenAI) -> tuple[str, dict[str, object]]:
    answer = await client.chat.completions.create(
        model="auto", messages=[{"role": "user", "content": CAPITAL}], max_tokens=8, temperature=0
    )
    assert answer.model_extra is not None
    return answer.choices[0].message.content or "", answer.model_extra["atelier"]


async def test_ones_own_endpoint_answers_until_it_is_gone_and_then_the_embedded_model_does(
    stack: Stack, studio: httpx.AsyncClient
) -> None:
    stack.wait_chat()
    own = StandIn("lm_studio", ["gemma-2b"], "from my own machine")
    client = openai.AsyncOpenAI(base_url=f"{stack.url}/v1", api_key="none", max_retries=0)
    async with standing_in(own):
        found = (await studio.post("/api/endpoints/test", json={"kind": "lm_studio", "base_url": own.base_url})).json()
        assert found["status"] == "healthy" and found["models"][0]["id"] == "gemma-2b"
        asked = {"name": "My Gemma", "kind": "lm_studio", "base_url": found["base_url"]}
        made = (await studio.post("/api/endpoints", json=asked)).json()
        try:
            routing = (await studio.post(f"/api/endpoints/{made['id']}/activate")).json()
            assert routing["active"] == made["id"] and routing["fallback"] == ["embedded"]

            async def mine() -> bool:
                return (await ask(client))[0].strip() == "from my own machine"

            await until(mine)
            said, atelier = await ask(client)
            assert atelier["endpoint"] == "My Gemma" and atelier["model"] == "gemma-2b"

            async def listed() -> bool:
                # Its models are known once somebody has looked at it.
                models = {model.id for model in (await client.models.list()).data}
                return {"gemma-2b", "smollm2-135m-instruct"} <= models

            await until(listed)
            await own.stop()
            said, atelier = await ask(client)
            assert atelier["endpoint"] == "Built in" and said
            attempts = atelier["attempts"]
            assert isinstance(attempts, list)
            assert attempts[0]["endpoint"] == "My Gemma" and attempts[-1]["outcome"] == "answered"
        finally:
            assert (await studio.delete(f"/api/endpoints/{made['id']}")).status_code == 204
            await studio.put("/api/routing", json={})
    assert (await ask(client))[1]["endpoint"] == "Built in"
