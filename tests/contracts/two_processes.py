"""Run under torch.distributed.run by test_trl: GRPO on two processes, completions logged to the folder given."""

import sys

from leaving import leave
from test_trl import TEXTS, every_kind, train
from tiny import tokenizer

if __name__ == "__main__":
    train(sys.argv[1], tokenizer(TEXTS), every_kind, per_device_train_batch_size=2, gradient_accumulation_steps=2)
    leave()
