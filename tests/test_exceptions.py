"""The exception tree."""

from __future__ import annotations

from sciie_eval.exceptions import CorpusError, InputError, LostWorkerError, MissingExtraError, SciieError, UsageError


def test_tree() -> None:
    assert issubclass(CorpusError, InputError)
    assert issubclass(MissingExtraError, InputError)
    assert issubclass(LostWorkerError, InputError)
    assert issubclass(MissingExtraError, ImportError)
    for error in (InputError, UsageError):
        assert issubclass(error, SciieError)
        assert issubclass(error, ValueError)
    assert not issubclass(UsageError, InputError)


def test_missing_extra_says_what_to_install() -> None:
    message = str(MissingExtraError("reading .zst files", "zstandard", "io"))
    assert message == (
        "reading .zst files needs the package zstandard, which is not installed; run: pip install 'sciie-eval[io]'"
    )
