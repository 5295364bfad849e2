"""ms-swift's own plugin loader, table and reward loop call the reward; prints every score, as JSON."""

import importlib.util
import json

import torch
from batch import cases
from swift.rewards import orms
from swift.rl_core.data import GRPOSample
from swift.rl_core.grpo_algorithm import compute_rewards_per_func
from swift.utils.utils import import_external_file

import_external_file(importlib.util.find_spec("sciie_rewards.trainers.ms_swift").origin)
samples = [
    GRPOSample.from_row(
        {
            "messages": [{"role": "user", "content": c.asked}, {"role": "assistant", "content": c.completion}],
            "id": str(place),
            "sentence": c.row["sentence"],
            "gold": c.gold,
        }
    )
    for place, c in enumerate(cases())
]
rewards = compute_rewards_per_func(samples, [orms["sciie_r2"](args=None)], None, torch.device("cpu"))
print(json.dumps(rewards[:, 0].tolist()))
