"""Run under torch.distributed.run by test_domains: GRPO by domain on two processes, what each drew put in a folder."""

import json
import sys
from pathlib import Path

from leaving import leave
from test_domains import by_copy, train
from torch import distributed

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    size = {"per_device_train_batch_size": 2, "gradient_accumulation_steps": 2, "max_steps": 4}
    done = train(folder / "out", rewards=[by_copy], **size)
    state = done.domains.state_dict()
    (folder / f"rank-{distributed.get_rank()}.json").write_text(json.dumps(state))
    leave()
