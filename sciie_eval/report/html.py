"""The HTML report as one self-contained page.

What a model wrote is untrusted. It reaches the page in two ways only: through templates that escape everything, and as
JSON in a data block whose text cannot end the block; the page's script makes text nodes of it. A content security
policy names the page's one script and one style sheet by their hashes and forbids everything else, network included.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["data_block", "page"]

SCRIPTS = ("dom", "data", "filters", "arcs", "sentence", "panels", "theme", "list", "browser", "main")
STYLES = ("report", "browser")
PLAIN_UP_TO = 400_000
"""Characters of JSON that stand in the page as they are; more are compressed."""
_ESCAPES = str.maketrans({char: f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"})


def data_block(value: Any) -> tuple[str, str]:
    r"""JSON for a ``script`` element of type ``application/json``, and how it is packed: "" or "gzip".

    >>> data_block("</script>")
    ('"\\u003c/script\\u003e"', '')
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    text = text.encode("utf-8", "replace").decode("utf-8")  # lone surrogates have no form in UTF-8
    if len(text) <= PLAIN_UP_TO:
        return text.translate(_ESCAPES), ""
    packed = gzip.compress(text.encode("utf-8"), compresslevel=9, mtime=0)
    return json.dumps(base64.b64encode(packed).decode("ascii")), "gzip"


@cache
def _asset(name: str) -> str:
    return files("sciie_eval.report").joinpath("assets", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}'"


def policy(script: str, style: str) -> str:
    """The content security policy of a page with this script and this style sheet."""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {_hash(script)}",
            f"style-src {_hash(style)}",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
        ]
    )


def page(view: Mapping[str, Any], meta: Any, sentences: Any) -> str:
    """The page.

    Args:
        view: what the template shows (`html_view.view_of`).
        meta: names and labels, for the page's script.
        sentences: the sentences (`html_data.sentence_data`).
    """
    from jinja2 import Environment, FunctionLoader, StrictUndefined
    from markupsafe import Markup

    script = '(() => {\n"use strict";\n' + "\n".join(_asset(f"{name}.js") for name in SCRIPTS) + "})();\n"
    style = "\n" + "\n".join(_asset(f"{name}.css") for name in STYLES)
    environment = Environment(
        loader=FunctionLoader(_asset), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    blocks = {name: data_block(value) for name, value in (("meta", meta), ("sentence-data", sentences))}
    return environment.get_template("page.html").render(
        view=view,
        policy=policy(script, style),
        script=Markup(script),
        style=Markup(style),
        blocks=[(name, Markup(text), packed) for name, (text, packed) in blocks.items()],
    )
