"""The scripts in ``real/`` run in processes of their own, beside a trainer; nothing collects them."""

collect_ignore = ["real"]
