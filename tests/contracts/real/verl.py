"""verl's own loader and reward manager call the reward; prints every score, as JSON."""

import asyncio
import json

import numpy as np
import torch
from batch import cases
from code_points import CodePoints
from hydra import compose, initialize_config_module
from snippets import commands
from verl import DataProto
from verl.experimental.reward_loop.reward_manager.naive import NaiveRewardManager
from verl.trainer.ppo.reward import get_custom_reward_fn


async def scores() -> list[float]:
    (line,) = [words for words in commands("verl") if "verl.trainer.main_ppo" in words]
    with initialize_config_module("verl.trainer.config", version_base=None):
        config = compose("ppo_trainer", overrides=line[line.index("verl.trainer.main_ppo") + 1 :])
    manager = NaiveRewardManager(config, CodePoints(), get_custom_reward_fn(config))
    found = []
    for case in cases():
        ids = torch.tensor([CodePoints().encode(case.completion)])
        batch = DataProto.from_dict(
            {"responses": ids, "attention_mask": torch.ones_like(ids)},
            non_tensors={
                "data_source": np.array(["sciie/scier"], dtype=object),
                "reward_model": np.array([{"style": "rule", "ground_truth": case.gold}], dtype=object),
                "extra_info": np.array([{"index": 0}], dtype=object),
            },
        )
        found.append((await manager.run_single(batch))["reward_score"])
    return found


print(json.dumps(asyncio.run(scores())))
