"""Thirty completions that try to run script in a report, to end its data block, or to break its layout."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

__all__ = ["HOSTILE", "MARK", "NAME", "hostile_rows"]

MARK = "window.harmed = true"
"""What every script here would do; a test looks whether any did."""


NAME = "<b onclick=alert(1)>&amp;.jsonl"
"""A name for their file, from which the name of the system is made."""


def _answer(text: str, label: str = "Method") -> str:
    """A well-formed answer whose entity is the text, so that it reaches chips, arcs and titles."""
    body = {"ner": [[text, label], ["BERT", "Method"]], "rel": [[text, label, "BERT"], ["BERT", label, text]]}
    return f"<think>{text}</think>\n<answer>{json.dumps(body, ensure_ascii=False)}</answer>"


HOSTILE: dict[str, str] = {
    "script": _answer(f"<script>{MARK}</script>"),
    "script_closed": _answer(f"</script><script>{MARK}</script>"),
    "script_upper": _answer(f"</SCRIPT ><SCRIPT>{MARK}</SCRIPT>"),
    "script_in_label": _answer("BERT model", f"</script><script>{MARK}</script>"),
    "comment_script": _answer(f"<!--<script>{MARK}"),
    "comment_open": "<!-- " + _answer("x <!-- <script> -->"),
    "cdata": _answer(f"]]><script>{MARK}</script><![CDATA["),
    "image_error": _answer(f'<img src=x onerror="{MARK}">'),
    "svg_load": _answer(f'<svg onload="{MARK}"><animate onbegin="{MARK}" attributeName=x dur=1s></svg>'),
    "svg_use": _answer("<svg><use href='data:image/svg+xml,<svg id=x />#x'/></svg>"),
    "iframe": _answer(f'<iframe srcdoc="<script>{MARK}</script>"></iframe>'),
    "object": _answer('<object data="https://example.org/x.swf"></object><embed src="//example.org/x">'),
    "base": _answer('<base href="https://example.org/"><meta http-equiv=refresh content="0;url=https://example.org">'),
    "style": _answer("</style><style>*{display:none!important}</style>"),
    "style_import": _answer(
        '<link rel=stylesheet href="https://example.org/x.css"><style>@import "//example.org"</style>'
    ),
    "form": _answer('<form action="https://example.org"><input autofocus onfocus="window.harmed = true">'),
    "attribute_end": _answer(f'" onmouseover="{MARK}" x="'),
    "attribute_end_single": _answer(f"' autofocus onfocus='{MARK}' x='"),
    "javascript_link": _answer(f"<a href='javascript:{MARK}'>BERT</a>"),
    "entities": _answer(f"&lt;script&gt;{MARK}&lt;/script&gt; &#60;script&#62; &quot;&gt;&amp;lt;"),
    "template": _answer("{{ 7 * 7 }} {% raw %} ${7*7} <%= 49 %> {{ ''.__class__.__mro__ }}"),
    "prototype": _answer("__proto__", "constructor") + '{"__proto__": {"harmed": true}}',
    "separators": _answer("line\u2028paragraph\u2029next\u0085nul\u0000bell\u0007"),
    "right_to_left": _answer("\u202eTREB\u202d \u2067isolated\u2066 \u200f\u200e never closed"),
    "combining": _answer("Z" + "\u0301\u0336\u0489" * 3_000),
    "surrogates": _answer("lone \ud83d and \ude00 halves, whole \U0001f600"),
    "long_line": _answer("x" * 1_000_000),
    "long_raw": "<think>" + "<b>y</b>" * 150_000,
    "many_items": json.dumps({"ner": [[f"e{n}", "Method"] for n in range(4_000)], "rel": []}),
    "deep": "<div>" * 50_000 + "<answer>" + "[" * 50_000,
}


def hostile_rows() -> Iterator[dict[str, Any]]:
    """A row for each, with gold and a sentence that quotes its beginning."""
    for name, text in HOSTILE.items():
        sentence = f"BERT {text[:200]}".encode("utf-8", "replace").decode()
        gold = {"ner": [["BERT", "Method"]], "rel": []}
        yield {"id": f"<i>{name}", "doc_id": '"><script>', "sentence": sentence, "completion": text, "gold": gold}
