"""Scripts that tests start in processes of their own are not collected."""

collect_ignore = ["real", "two_processes.py", "two_votes.py"]
