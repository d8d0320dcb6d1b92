"""The object storage of `make run`: what it acknowledged outlives being killed, which is how a run ends it."""

from __future__ import annotations

from pathlib import Path

import httpx

from services.kit.objects import ObjectStore
from services.kit.settings import Settings
from tests.servers import S3Server


async def test_what_was_acknowledged_is_there_after_a_kill(tmp_path: Path) -> None:
    server = S3Server.begin(tmp_path)
    try:
        access = {"s3_access_key": server.access_key, "s3_secret_key": server.secret_key}
        settings = Settings.model_validate({"home": tmp_path, "s3_endpoint": server.endpoint, **access})
        store = ObjectStore(settings)
        await store.ready()
        contents = {f"assets/{number}": str(number).encode() * number * 997 for number in range(1, 41)}
        for key, content in contents.items():
            await store.put(key, content, "application/octet-stream")
        server.process.restart()
        assert {key: await store.get(key) for key in contents} == contents
    finally:
        server.process.kill()


async def test_nobody_gets_in_without_the_password(object_server: S3Server) -> None:
    async with httpx.AsyncClient(base_url=f"http://{object_server.endpoint}") as stranger:
        for request in (stranger.get("/"), stranger.put("/strangers"), stranger.put("/atelier/a", content=b"a")):
            assert (await request).status_code == 403
