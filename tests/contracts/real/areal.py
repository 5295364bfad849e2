"""AReaL's own loader and process pool call the reward; prints every score, as JSON."""

import asyncio
import json

from areal.api.reward_api import AsyncRewardWrapper
from areal.utils.dynamic_import import import_from_string
from batch import cases


async def scores() -> list[float]:
    reward = AsyncRewardWrapper(import_from_string("sciie_rewards.trainers.areal.r2"), max_workers=2)
    asked = [reward(c.asked, f"{c.completion}<|im_end|>", [1], [2], id="x", messages=[], gold=c.gold) for c in cases()]
    return list(await asyncio.gather(*asked))


if __name__ == "__main__":
    print(json.dumps(asyncio.run(scores())))
