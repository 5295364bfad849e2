"""``python -m sciie_eval`` is ``sciie-eval``."""

from sciie_eval.cli import main

if __name__ == "__main__":
    main()
