"""How one of several training processes ends, once its work is done and written."""

import os
import sys

from torch import distributed

__all__ = ["leave"]


def leave() -> None:
    """End together, and without the interpreter's clean-up.

    Whoever ends first would break the other's connection. And threads that torch left behind were seen to abort the
    process (SIGABRT, "terminate called without an active exception") while it was cleaned up after its last line.
    """
    distributed.barrier()
    distributed.destroy_process_group()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
