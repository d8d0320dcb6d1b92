"""Somebody new: from the first look at the studio to the first file that their own model wrote."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect

from tests.browser.conftest import CheckAccess, Studio, in_both_themes, running_small
from tests.service.stand_ins import StandIn, standing_in
from tests.stack import Stack

pytestmark = pytest.mark.browser

COUNTER = """Here is your counter.

### src/Counter.tsx
```tsx
import { useState } from "react";

export default function Counter() {
  const [clicks, setClicks] = useState(0);
  return <button onClick={() => setClicks(clicks + 1)}>Clicked {clicks} times</button>;
}
```
"""


@pytest.fixture(scope="module")
async def stack(chromium: str, house: StandIn, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """One that nobody has used yet."""
    assert chromium
    async with running_small(tmp_path_factory.mktemp("onboarding"), house, {}) as running:
        yield running


async def test_from_the_first_look_to_the_first_generated_file(studio: Studio, accessible: CheckAccess) -> None:
    coder = StandIn("lm_studio", ["qwen2.5-coder-7b"], COUNTER, fault="slow")
    async with standing_in(coder):
        page = await studio.open()
        await page.get_by_role("region", name="Bring your own model").get_by_role("link", name="Add a model").click()
        await page.get_by_role("button", name=re.compile("^LM Studio")).click()
        await page.get_by_role("textbox", name="Address").fill(coder.base_url)
        await page.keyboard.press("Enter")
        await expect(page.get_by_text(re.compile("^It answers in .* and lists one model"))).to_be_visible()
        await page.get_by_role("button", name="Continue").click()
        await page.get_by_role("textbox", name="Name").fill("My Coder")
        await page.keyboard.press("Enter")
        # The first of one's own is the active one at once.
        await expect(page.get_by_text("It is the active one")).to_be_visible()
        await in_both_themes(page, accessible)
        await page.get_by_role("link", name="Have code written").click()

        await expect(page.get_by_role("group", name="Who writes")).to_contain_text("My Coder")
        await expect(page.get_by_role("textbox", name="Project name")).to_be_focused()
        await page.keyboard.type("Counter")
        await page.get_by_role("textbox", name="Description").fill("A button that counts its clicks.")
        await page.get_by_role("button", name="Generate").click()
        await expect(page.get_by_text("Writing src/Counter.tsx …")).to_be_visible()
        await expect(page.get_by_role("tab", name="src/Counter.tsx")).to_have_attribute("data-state", "active")
        file = page.get_by_role("region", name="Code of src/Counter.tsx")
        await expect(file).to_contain_text("export default function Counter()")
        await expect(
            page.get_by_text(re.compile(r"^Generated with My Coder.*\(qwen2.5-coder-7b\) in \d"))
        ).to_be_visible()
        await expect(file).to_contain_text("Clicked {clicks} times")
        assert "A button that counts its clicks." in str(coder.bodies[-1]["messages"])
        await in_both_themes(page, accessible)
