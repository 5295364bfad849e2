"""AReaL's own loader and process pool call the reward; prints every score, as JSON."""

import asyncio
import json
from typing import Any

from areal.api.reward_api import AsyncRewardWrapper
from batch import cases
from snippets import snippets


async def scores() -> list[float]:
    names: dict[str, Any] = {}
    exec(snippets("AReaL", "python")[0], names)
    reward = AsyncRewardWrapper(names["reward_fn"], max_workers=2)
    asked = [reward(c.asked, f"{c.completion}<|im_end|>", [1], [2], id="x", messages=[], gold=c.gold) for c in cases()]
    return list(await asyncio.gather(*asked))


if __name__ == "__main__":
    print(json.dumps(asyncio.run(scores())))
