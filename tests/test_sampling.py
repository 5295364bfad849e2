"""What can be asked of K samples."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from sciie_eval.exceptions import InputError, UsageError
from sciie_eval.passk import threshold_count
from sciie_eval.sampling import Sampling, powers_of_two


def test_defaults() -> None:
    sampling = Sampling()
    assert (sampling.k, sampling.oracle, sampling.theta) == (None, "per-task", 0.5)
    assert [sampling.allowed(n, "x") for n in (1, 2, 3, 1024)] == [(1,), (1, 2), (1, 2), powers_of_two(1024)]
    assert len(powers_of_two(1024)) == 11


def test_k_in_rising_order_and_each_once() -> None:
    assert Sampling((4, 2, 4)).k == (2, 4)
    assert Sampling(range(1, 4)).k == (1, 2, 3)  # type: ignore[arg-type]
    assert Sampling(3).k == (3,)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"k": ()}, r"k: expected whole numbers from 1 up, got \(\)"),
        ({"k": (0,)}, "k: expected whole numbers from 1 up"),
        ({"k": (1.5,)}, "k: expected whole numbers from 1 up"),
        ({"k": "12"}, "k: expected whole numbers from 1 up, got '12'"),
        ({"k": True}, "k: expected whole numbers from 1 up"),
        ({"oracle": "both"}, "oracle: expected one of per-task, joint, got 'both'"),
        ({"theta": 0}, "theta: expected a share above 0 and at most 1, got 0"),
        ({"theta": 1.1}, "theta: expected a share above 0 and at most 1"),
        ({"theta": float("nan")}, "theta: expected a share above 0 and at most 1"),
        ({"theta": "x"}, "theta: expected a share above 0 and at most 1"),
    ],
)
def test_wrong_values(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=f"^{message}"):
        Sampling(**wrong)


def test_more_than_there_is() -> None:
    with pytest.raises(InputError, match=r"^f, line 3: K = 4 asks for more than its 2 samples; give a smaller --k$"):
        Sampling((1, 4)).allowed(2, "f, line 3")
    with pytest.raises(InputError, match="its 1 sample;"):
        Sampling((4,)).allowed(1, "f")


def test_a_threshold_may_be_a_fraction() -> None:
    third = Sampling(theta=Fraction(1, 3))  # type: ignore[arg-type]  # a number, too
    assert threshold_count(3, third.theta) == 1
    assert "|theta:0.333333333333|" in third.signature((3,), "3", None, True)


def test_signature() -> None:
    sampling = Sampling((1, 2), "joint", 0.25)
    assert (
        sampling.signature((1, 2), "2-4", None, True) == "k:1,2|n:2-4|oracle:joint|theta:0.25|estimator:exact-subsets"
    )
    assert sampling.signature((2,), "4", "r2grpo", False) == "k:2|n:4|oracle:joint|estimator:first-k"
