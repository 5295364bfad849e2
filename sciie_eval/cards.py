"""Dataset cards: what a dataset is called, which labels it knows, which files it has and where they come from.

A card is a TOML file. Those of this package are found by name (``scier``); a user's own is given by its path.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from sciie_eval.exceptions import InputError
from sciie_eval.labels import LabelSchema

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

__all__ = ["Card", "SplitFile", "data_root", "list_cards", "load_card", "load_schema"]

DEFAULT_CARD = "scier"
PlainName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
"""A name that is safe as a file or folder name: a card from elsewhere must not write outside its own folder."""
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class SplitFile(BaseModel):
    """One file of a dataset.

    Attributes:
        path: where it stands upstream, relative to the card's ``base_url``.
        sha256: its checksum, 64 hexadecimal digits in lower case.
        rows: lines in the file: sentences in string form, documents in token-span form.
        form: ``string`` (SciER's ``ner`` / ``rel`` / ``rel_plus``) or ``spans`` (token offsets, one document a line).
        local: its name under ``<data dir>/<dataset>/``, such as ``test.jsonl``.
        docs: document ids in order of appearance; empty when the card does not say.
        gold_sha256: hash of the gold extractions as the readers give them; empty when the card does not say.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = Field(min_length=1)
    sha256: Sha256
    rows: int = Field(ge=0)
    form: Literal["string", "spans"]
    local: PlainName
    docs: tuple[str, ...] = ()
    gold_sha256: Sha256 | Literal[""] = ""


class Card(BaseModel):
    """A dataset as its card describes it.

    Attributes:
        name: what users type; also the folder name under the data directory.
        title: the full name.
        description: what the dataset holds, in a few sentences.
        homepage: where people find it.
        licence: licence of the DATA, not of this package; empty when unknown.
        citation: BibTeX.
        base_url: folder upstream, at a pinned commit, ending in ``/``; empty when the files are the user's to provide.
        notes: annotation hints, one sentence each, that a prompt may carry.
        schema: entity and relation types. (The field is stored as ``label_schema``, since pydantic has an old method
            called ``schema``; cards, constructors and dumps ``by_alias`` say ``schema``.)
        splits: the files by split name.

    >>> load_card("scier").schema.entity_names
    ('Method', 'Task', 'Dataset')
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: PlainName
    title: str
    description: str = ""
    homepage: str = ""
    licence: str = ""
    citation: str = ""
    base_url: str = Field(default="", pattern=r"^$|^(https?|file)://.*/$")
    notes: tuple[str, ...] = ()
    label_schema: LabelSchema = Field(alias="schema")
    splits: dict[PlainName, SplitFile] = Field(default_factory=dict)

    @property
    def schema(self) -> LabelSchema:  # type: ignore[override]
        """The label inventory."""
        return self.label_schema

    @model_validator(mode="before")
    @classmethod
    def _schema_has_the_cards_name(cls, data: object) -> object:
        """A card says its name once."""
        if not isinstance(data, dict) or not isinstance(data.get("schema"), dict):
            return data
        return {**data, "schema": {"name": data.get("name"), **data["schema"]}}

    @field_validator("label_schema", mode="before")
    @classmethod
    def _label_lists_are_lists(cls, schema: object) -> object:
        for field in ("entity_types", "relation_types"):
            value = schema.get(field, ()) if isinstance(schema, dict) else ()
            if not isinstance(value, list | tuple):
                raise ValueError(f"{field} should be a list of tables, [[schema.{field}]]")
        return schema


def data_root() -> Path:
    """Return the folder that holds the cards and the sample, in a checkout and in an installed wheel alike.

    Raises:
        InputError: neither place has the cards; the installation is incomplete.
    """
    package = Path(__file__).resolve().parent
    # The wheel's folder comes first: beside an installed package, `datasets` is the Hugging Face library.
    for root in (package / "_datasets", package.parent / "datasets"):
        if (root / f"{DEFAULT_CARD}.toml").is_file():
            return root
    raise InputError(f"{package}: the dataset cards are missing; reinstall: pip install --force-reinstall sciie-eval")


def list_cards() -> list[str]:
    """Return the names of the cards of this package, sorted.

    >>> list_cards()
    ['scier', 'scierc', 'semeval2010_task8']
    """
    return sorted(path.stem for path in data_root().glob("*.toml"))


def load_card(name_or_path: str | Path) -> Card:
    """Load a card; each is read once per process.

    Args:
        name_or_path: a name of `list_cards`, or the path of a card: anything with a folder in it or ending in
            ``.toml``.

    Raises:
        InputError: an unknown name (the known ones are listed), or a file that is not a card (file, field and what
            was expected there).
    """
    text = os.fspath(name_or_path)
    is_path = text.endswith(".toml") or os.path.basename(text) != text
    return _card_at(os.path.abspath(text)) if is_path else _card_named(text)


def load_schema(schema: LabelSchema | str | Path | None = None) -> LabelSchema:
    """Return the label schema meant: a schema is returned as it is, a card's name or path is looked up.

    Cheap enough to be called once per sentence.

    Args:
        schema: a schema, a card's name, a card's path, or None for SciER.

    Raises:
        InputError: as `load_card`.

    >>> load_schema() is load_schema("scier")
    True
    """
    if isinstance(schema, LabelSchema):
        return schema
    return load_card(DEFAULT_CARD if schema is None else schema).label_schema


@cache
def _card_named(name: str) -> Card:
    known = list_cards()
    if name not in known:
        raise InputError(
            f"no dataset card is called {name!r}; known cards: {', '.join(known)}; "
            "for a card of your own give its path, such as ./mine.toml"
        )
    return _card_at(str(data_root() / f"{name}.toml"))


@cache
def _card_at(path: str) -> Card:
    try:
        return Card.model_validate(_toml(path))
    except ValidationError as error:
        raise InputError(f"{path}: {_first(error.errors()[0])}") from None


def _toml(path: str) -> dict[str, Any]:
    import tomllib  # costs more than the rest of this module, and scoring with a schema at hand needs no card

    try:
        return tomllib.loads(Path(path).read_bytes().decode("utf-8"))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}; known cards: {', '.join(list_cards())}") from None
    except ValueError as error:
        raise InputError(f"{path}: not a TOML file in UTF-8: {error}") from None


def _first(error: ErrorDetails) -> str:
    """Say in one line which field is wrong and what was expected."""
    field = ".".join(str(part) for part in error["loc"])
    if error["type"] == "missing":
        return f"field {field}: expected, but it is not there"
    if error["type"] == "extra_forbidden":
        return f"field {field}: a card has no such field; check the spelling"
    message = error["msg"].removeprefix("Value error, ")
    got = repr(error["input"])
    return f"field {field}: {message}; got {got if len(got) <= 80 else got[:77] + '...'}"
