"""The snippets of docs/trainers.md, by section and language."""

from __future__ import annotations

import re
import shlex

from toy import ROOT

TEXT = (ROOT / "docs" / "trainers.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"(?ms)^## ([^\n]+)\n(.*?)(?=^## |\Z)", TEXT))


def snippets(section: str, language: str) -> list[str]:
    """Every snippet of a section in a language."""
    return re.findall(rf"(?s)```{language}\n(.*?)```", SECTIONS[section])


def commands(section: str) -> list[list[str]]:
    """The shell commands of a section, as words; what a command substitution gives is one word."""
    lines = "".join(snippets(section, "bash")).replace("\\\n", " ").splitlines()
    return [shlex.split(re.sub(r'"\$\(.*\)"', "FILE", line)) for line in lines]


def flags(section: str, program: str) -> list[str]:
    """The options that a section gives a program, without their dashes."""
    (words,) = [words for words in commands(section) if program in words]
    return [word.removeprefix("--") for word in words if word.startswith("--")]
