"""Large hostile completions, made on demand (id -> text).

Every one must be parsed and rewarded within 0.2 s each, without an exception.
"""

OK = '{"ner": [["BERT", "Method"], ["NER", "Task"]], "rel": [["BERT", "Used-For", "NER"]]}'


def answer(text: str, think: str = "The BERT model is used for NER.") -> str:
    return f"<think>{think}</think>\n<answer>{text}</answer>"


def hostile() -> dict[str, str]:
    """Return every hostile completion by id."""
    return {
        "answer_tags_100k": "<answer>" * 100_000,
        "think_tags_then_answer_tags": "<think>" * 2_000 + "</think>" + "<answer>" * 2_000,
        "brackets_100k": answer("[" * 100_000),
        "brackets_balanced_5k": answer("[" * 5_000 + "]" * 5_000),
        "objects_20k": answer('{"a":' * 20_000),
        "int_5000_digits": answer('{"ner": [["BERT", "Method"]], "rel": [], "n": ' + "9" * 5_000 + "}"),
        "entity_5mb": answer('{"ner": [["' + "x" * 5_000_000 + '", "Method"]], "rel": []}'),
        "think_5mb": answer(OK, "because the rule implies " * 200_000),
        "items_200k": answer('{"ner": [' + ",".join(['["BERT", "Method"]'] * 200_000) + '], "rel": []}'),
        "distinct_items_20k": answer(
            '{"ner": [' + ",".join(f'["e{i}", "Method"]' for i in range(20_000)) + '], "rel": []}'
        ),
        "rule_then_blanks": answer(OK, "rule" + " " * 50_000),
        "rule_repeated": answer(OK, "rule " * 20_000),
        "relation_blanks": answer(OK, ("relation" + " " * 200) * 200),
        "quotes_unbalanced": answer(OK, '"' + "a" * 100_000),
        "quotes_20k_short": answer(OK, "'e' " * 20_000),
        "fences_10k": "```json\n" * 10_000 + OK,
        "braces_in_text": "{" * 50_000 + OK,
    }
