"""verl's own loader and reward manager call the reward; prints every score, as JSON."""

import asyncio
import json

import numpy as np
import torch
from batch import cases
from code_points import CodePoints
from omegaconf import OmegaConf
from verl import DataProto
from verl.experimental.reward_loop.reward_manager.naive import NaiveRewardManager
from verl.trainer.ppo.reward import get_custom_reward_fn

CHOICE = {"path": "pkg://sciie_rewards.trainers.verl", "name": "compute_score", "reward_kwargs": {}}


async def scores() -> list[float]:
    config = OmegaConf.create({"reward": {"custom_reward_function": CHOICE}})
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
