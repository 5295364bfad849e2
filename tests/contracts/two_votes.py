"""Run under torch.distributed.run by test_trl_robustness: flips and votes on two processes, with the batch given."""

import sys

from leaving import leave
from test_trl import TEXTS, every_kind, train
from tiny import tokenizer

from sciie_rewards import GroupFlip, majority_vote


def zero(completions, **columns):
    """A reward in which a flip is seen."""
    return [0.0] * len(completions)


if __name__ == "__main__":
    rewards = [GroupFlip(zero, 0.5, seed=1), majority_vote]
    train(sys.argv[1], tokenizer(TEXTS), every_kind, rewards=rewards, per_device_train_batch_size=int(sys.argv[2]))
    leave()
