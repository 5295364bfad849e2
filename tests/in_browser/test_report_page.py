"""The HTML report in a real browser: opened from disk, searched, filtered, printed, and used by keyboard."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from browsing import SAMPLE, Make, Open, quiet, shown

from sciie_eval.report import html


def current(page: Any) -> str:
    """The id of the chosen sentence."""
    return str(page.inner_text("#detail h3 bdi >> nth=0"))


# -- opens -----------------------------------------------------------------------------------------------------------


def test_the_page_opens_from_disk_without_error_or_request(opened: Open, sample_report: Path) -> None:
    found = opened(sample_report)
    assert found.page.title() == "Extraction report: predictions, second"
    assert shown(found.page) == 60
    quiet(found)


def test_a_compressed_page_shows_the_same_sentences(opened: Open, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "PLAIN_UP_TO", 0)
    packed = make(SAMPLE / "predictions.jsonl", "--gold", SAMPLE / "gold.jsonl")
    assert 'data-packed="gzip"' in packed.read_text(encoding="utf-8")
    found = opened(packed)
    assert shown(found.page) == 60
    quiet(found)


def test_a_browser_that_cannot_unpack_says_so(opened: Open, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "PLAIN_UP_TO", 0)
    packed = make(SAMPLE / "predictions.jsonl", "--gold", SAMPLE / "gold.jsonl")
    found = opened(packed, before="delete window.DecompressionStream")
    found.page.wait_for_selector("#loading[role=alert]")
    assert "too old" in found.page.inner_text("#loading")
    assert found.page.inner_text("#summary table").count("predictions") == 3  # the numbers are there all the same
    quiet(found)


# -- finds -----------------------------------------------------------------------------------------------------------


def test_search_looks_in_sentences_ids_and_completions(opened: Open, sample_report: Path) -> None:
    page = opened(sample_report).page
    for words, ids in (("gold-17", {"gold-17"}), ("Automatic SPEECH noisy", {"gold-0"})):
        page.fill("#search", words)
        assert {option.inner_text() for option in page.query_selector_all("[role=option] bdi")} == ids
    page.fill("#search", "no such words")
    assert shown(page) == 0
    assert page.is_visible("#nothing")
    assert page.inner_text("#detail") == ""
    page.click("#reset")
    assert shown(page) == 60
    assert page.input_value("#search") == ""


@pytest.mark.parametrize(
    ("kind", "badge"),
    [
        ("ner:type", "type"),
        ("rel:reversed", "reversed"),
        ("rel:spurious, not in sentence", "spurious, not in sentence"),
    ],
)
def test_every_sentence_left_by_a_kind_has_it(opened: Open, sample_report: Path, kind: str, badge: str) -> None:
    page = opened(sample_report).page
    page.select_option("#kind", kind)
    page.select_option("#system", "0")
    number = shown(page)
    assert 0 < number < 60
    for _ in range(number):
        panel = page.locator(".panel[aria-label=predictions]")
        assert badge in panel.locator(".badge").all_inner_texts()
        page.keyboard.press("j")


def test_filters_by_document_type_and_status(opened: Open, sample_report: Path) -> None:
    page = opened(sample_report).page
    document = page.locator("#doc option").nth(1).get_attribute("value")
    page.select_option("#doc", document)
    assert 0 < shown(page) < 60
    assert document in page.inner_text("#detail h3")
    page.click("#reset")
    page.select_option("#type", "SubTask-Of")
    assert 0 < shown(page) < 60
    assert "SubTask-Of" in page.inner_text("#detail")
    page.click("#reset")
    page.select_option("#kind", "parse:invalid")
    page.select_option("#system", "0")
    assert page.locator(".panel[aria-label=predictions] .status").inner_text().startswith("invalid")


def test_numbers_of_the_summary_lead_to_as_many_items(opened: Open, sample_report: Path) -> None:
    page = opened(sample_report).page
    button = page.locator("#errors [data-value='ner:type'][data-system='0']")
    number = int(button.inner_text())
    button.click()
    found = 0
    for _ in range(shown(page)):
        items = page.locator(".panel[aria-label=predictions] .items").first
        found += items.locator(".badge", has_text="type").all_inner_texts().count("type")
        page.keyboard.press("j")
    assert found == number


def test_a_cell_of_a_matrix_shows_its_sentences(opened: Open, sample_report: Path) -> None:
    page = opened(sample_report).page
    cell = page.locator("#confusion button[data-name='gold Method, predicted Task'][data-system='0']")
    cell.click()
    assert 1 <= shown(page) <= int(cell.inner_text())
    assert page.inner_text("#pair") == "gold Method, predicted Task ×"
    page.click("#pair")
    assert shown(page) == 60


def test_changed_sentences_differ_between_the_two_systems(opened: Open, sample_report: Path) -> None:
    page = opened(sample_report).page
    numbers = {}
    for change in ("any", "won", "lost"):
        page.select_option("#change", change)
        numbers[change] = shown(page)
    assert max(numbers["won"], numbers["lost"]) <= numbers["any"] < 60
    page.select_option("#change", "won")
    won = page.locator("[role=option]").evaluate_all("(all) => all.map((one) => one.id)")
    page.select_option("#from", "1")
    page.select_option("#to", "0")
    page.select_option("#change", "lost")
    assert page.locator("[role=option]").evaluate_all("(all) => all.map((one) => one.id)") == won
    page.select_option("#to", "1")
    assert shown(page) == 0  # nothing changes from a system to itself


def test_samples_can_be_chosen(opened: Open, sample_report: Path) -> None:
    page = opened(sample_report).page
    before = page.locator(".panel[aria-label=predictions] pre").last.text_content()
    page.select_option("#sample", "1")
    after = page.locator(".panel[aria-label=predictions] pre").last.text_content()
    assert before != after
    second = page.locator(".panel[aria-label=second] pre").last.text_content()
    page.select_option("#sample", "2")
    assert page.locator(".panel[aria-label=predictions] pre").last.text_content() == second


# -- shows -----------------------------------------------------------------------------------------------------------


def test_entities_stand_in_the_sentence_and_every_placed_relation_has_an_arc(opened: Open, sample_report: Path) -> None:
    page = opened(sample_report, hash="#sentence=gold-4").page
    assert current(page) == "gold-4"
    gold = page.locator(".panel[aria-label=Gold]")
    entities = gold.locator(".items").nth(0).locator(".chip").all_inner_texts()
    sentence = gold.locator(".sentence p")
    marked = sentence.locator(".entity").all_inner_texts()
    assert entities
    assert all(any(text.startswith(entity) for text in marked) for entity in entities)
    relations = gold.locator(".items").nth(1).locator("li").count()
    assert gold.locator(".arc").count() == relations > 0


def has_its_arc_in_place(page: Any) -> None:
    """The one arc of gold-0 ends above its entity and stays in the box of the sentence."""
    box = page.locator(".panel[aria-label=Gold] .sentence")
    frame = box.bounding_box()
    head = box.locator(".arc .head").bounding_box()
    start = box.locator(".entity").nth(0).bounding_box()
    middle = head["x"] + head["width"] / 2
    assert start["x"] - 2 <= middle <= start["x"] + start["width"] + 2
    assert 0 <= start["y"] - (head["y"] + head["height"]) < 8
    line = box.locator(".arc .line").bounding_box()
    assert frame["x"] - 1 <= line["x"]
    assert line["x"] + line["width"] <= frame["x"] + frame["width"] + 1


@pytest.mark.parametrize("width", [1280, 390])
def test_arcs_end_at_the_entities_of_their_relation(opened: Open, sample_report: Path, width: int) -> None:
    page = opened(sample_report, hash="#sentence=gold-0", width=width).page
    has_its_arc_in_place(page)
    page.set_viewport_size({"width": 700, "height": 800})
    page.wait_for_function("document.querySelector('.arcs').clientWidth < 700 && new Promise(requestAnimationFrame)")
    has_its_arc_in_place(page)


@pytest.mark.parametrize("width", [1280, 390])
def test_arcs_stay_in_place_on_paper(opened: Open, sample_report: Path, width: int) -> None:
    page = opened(sample_report, hash="#sentence=gold-0", width=width).page
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 718, "height": 1000})
    has_its_arc_in_place(page)
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    has_its_arc_in_place(page)


def test_the_completion_stands_there_as_it_was_written(opened: Open, sample_report: Path) -> None:
    first = json.loads((SAMPLE / "predictions.jsonl").read_text(encoding="utf-8").splitlines()[0])
    page = opened(sample_report, hash=f"#sentence={first['id']}").page
    assert page.locator(".panel[aria-label=predictions] pre").last.text_content() == first["completions"][0]
    reasoning = page.locator(".panel[aria-label=predictions] pre").first.text_content()
    assert reasoning in first["completions"][0]
    assert "<" not in reasoning


def test_the_theme_follows_the_system_until_it_is_chosen(opened: Open, sample_report: Path) -> None:
    def background(page: Any) -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    light, dark = (opened(sample_report, color_scheme=scheme).page for scheme in ("light", "dark"))
    seen = background(light), background(dark)
    assert seen[0] != seen[1]
    light.keyboard.press("t")
    light.click("#theme")
    assert light.inner_text("#theme") == "Theme: dark"
    assert background(light) == seen[1]
    dark.click("#theme")
    assert (dark.inner_text("#theme"), background(dark)) == ("Theme: light", seen[0])


@pytest.mark.parametrize("width", [390, 820, 1280])
def test_nothing_is_wider_than_the_page(opened: Open, sample_report: Path, width: int) -> None:
    page = opened(sample_report, width=width).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_print_leaves_the_controls_out(opened: Open, sample_report: Path) -> None:
    page = opened(sample_report, color_scheme="dark").page
    page.emulate_media(media="print", color_scheme="dark")
    assert not page.is_visible("#filters")
    assert not page.is_visible("#list")
    assert page.is_visible("#summary table")
    assert page.is_visible("#detail .sentence >> nth=0")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


# -- keyboard --------------------------------------------------------------------------------------------------------


def test_the_browser_is_used_by_keyboard_alone(opened: Open, sample_report: Path) -> None:
    page = opened(sample_report).page
    page.keyboard.press("/")
    page.keyboard.type("ASR jk")  # letters of a search move nothing
    assert page.input_value("#search") == "ASR jk"
    page.fill("#search", "")
    page.focus("#list")
    for key, expected in (("ArrowDown", "gold-1"), ("PageDown", "gold-9"), ("End", "gold-59"), ("Home", "gold-0")):
        page.keyboard.press(key)
        assert current(page) == expected
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert current(page) == "gold-1"
    active = page.get_attribute("#list", "aria-activedescendant")
    assert page.get_attribute(f"#{active}", "aria-selected") == "true"
    assert page.locator("[aria-selected=true]").count() == 1


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("number", [0, 25, 59])
def test_the_chosen_sentence_is_in_sight_in_the_list(
    opened: Open, sample_report: Path, width: int, number: int
) -> None:
    page = opened(sample_report, hash=f"#sentence=gold-{number}", width=width).page
    box = page.locator("#list").bounding_box()
    option = page.locator("[aria-selected=true]").bounding_box()
    assert page.locator("[aria-selected=true] bdi").inner_text() == f"gold-{number}"
    assert box["y"] - 1 <= option["y"]
    assert option["y"] + option["height"] <= box["y"] + box["height"] + 1


def test_tab_reaches_every_control_in_order(opened: Open, sample_report: Path) -> None:
    page = opened(sample_report).page
    page.focus("#search")
    reached = []
    for _ in range(11):
        reached.append(page.evaluate("document.activeElement.id"))
        page.keyboard.press("Tab")
    assert reached == ["search", "kind", "system", "type", "doc", "sample", "change", "from", "to", "reset", "list"]
