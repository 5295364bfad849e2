"""``python -m sciie_eval`` is ``sciie-eval``."""

from sciie_eval.process import begin

__all__ = ["main"]


def main() -> None:
    """Run the command line, an interrupt during whose imports ends it like any other."""
    begin("sciie-eval")
    from sciie_eval.cli import main as run

    run()


if __name__ == "__main__":
    main()
