"""The scripts in ``real/`` and ``two_processes.py`` run in processes of their own, beside a trainer; nothing collects them."""

collect_ignore = ["real", "two_processes.py"]
