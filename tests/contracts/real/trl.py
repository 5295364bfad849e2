"""TRL's own trainers, GRPO and RLOO, train and evaluate with the reward; prints what it was asked and what it said."""

import json
import sys
from typing import Any

from datasets import load_dataset
from trl import GRPOConfig, GRPOTrainer, RLOOConfig, RLOOTrainer

from sciie_rewards.trainers.trl import r2_reward

data, model, out = sys.argv[1:]


class Recorder:
    """Passes every call on, and keeps it beside the answer."""

    def __init__(self, reward: Any) -> None:
        self.reward, self.__name__, self.calls = reward, reward.__name__, []

    def __call__(self, *arguments: Any, **named: Any) -> list[float | None]:
        assert not arguments
        got: list[float | None] = self.reward(**named)
        kept = {key: named[key] for key in ("completions", "prompts", "gold", "sentence", "id")}
        self.calls.append({"keys": sorted(named), "rewards": got, **kept})
        return got


def run(trainer_class: Any, config_class: Any, reward: Any) -> Any:
    settings = config_class(
        output_dir=out,
        use_cpu=True,
        bf16=False,
        max_steps=2,
        per_device_train_batch_size=4,
        num_generations=4,
        per_device_eval_batch_size=4,
        max_completion_length=8,
        report_to=[],
        logging_steps=1,
        eval_strategy="steps",
        eval_steps=2,
        log_completions=True,
        save_strategy="no",
        disable_tqdm=True,
        beta=0.0,
    )
    rows = load_dataset("json", data_files=data, split="train")
    trainer = trainer_class(
        model=model, reward_funcs=[reward], args=settings, train_dataset=rows, eval_dataset=rows.select(range(2))
    )
    trainer.train()
    return trainer


found: dict[str, Any] = {}
for name, trainer_class, config_class in (("grpo", GRPOTrainer, GRPOConfig), ("rloo", RLOOTrainer, RLOOConfig)):
    recorder = Recorder(r2_reward)
    trainer = run(trainer_class, config_class, recorder)
    found[name] = {"calls": recorder.calls, "log": trainer.state.log_history}
print(json.dumps(found))
