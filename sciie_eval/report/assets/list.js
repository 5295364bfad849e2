// The list of sentences: a listbox that is filled as far as it was scrolled.

const CHUNK = 100;

class SentenceList {
  /** box: the listbox; choose: called with a sentence when it becomes the current one; mark: what to show beside a sentence. */
  constructor(box, choose, mark) {
    this.box = box;
    this.choose = choose;
    this.mark = mark;
    this.shown = [];
    this.current = -1;
    box.addEventListener("scroll", () => this.more());
    box.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.go(Number(option.dataset.place));
    });
    box.addEventListener("keydown", (event) => this.onKey(event));
  }

  /** Show these sentences; keep the current one where it is among them. */
  show(sentences) {
    const before = this.shown[this.current];
    this.shown = sentences;
    this.box.replaceChildren();
    this.box.scrollTop = 0;
    this.fillTo(CHUNK);
    this.current = -1;
    const place = before === undefined ? 0 : Math.max(0, sentences.indexOf(before));
    if (sentences.length) this.go(place);
    else {
      this.box.removeAttribute("aria-activedescendant");
      this.choose(null);
    }
  }

  fillTo(number) {
    const end = Math.min(this.shown.length, number);
    const nodes = [];
    for (let place = this.box.childElementCount; place < end; place += 1) nodes.push(this.option(place));
    this.box.append(...nodes);
  }

  more() {
    if (this.box.scrollTop + this.box.clientHeight * 2 > this.box.scrollHeight) this.fillTo(this.box.childElementCount + CHUNK);
  }

  option(place) {
    const sentence = this.shown[place];
    return el("div", { role: "option", id: `option-${place}`, "data-place": place, "aria-selected": "false" },
      el("span", { class: "option-head" }, el("bdi", {}, sentence.id), this.mark(sentence)),
      el("span", { class: "option-text" }, clipped(sentence.sentence, 160)));
  }

  go(place) {
    if (place < 0 || place >= this.shown.length) return;
    this.fillTo(place + 20);
    this.box.children[this.current]?.setAttribute("aria-selected", "false");
    this.current = place;
    const option = this.box.children[place];
    option.setAttribute("aria-selected", "true");
    this.box.setAttribute("aria-activedescendant", option.id);
    const { offsetTop, offsetHeight } = option;
    if (offsetTop < this.box.scrollTop) this.box.scrollTop = offsetTop;
    else if (offsetTop + offsetHeight > this.box.scrollTop + this.box.clientHeight) {
      this.box.scrollTop = offsetTop + offsetHeight - this.box.clientHeight;
    }
    this.choose(this.shown[place]);
  }

  step(by) {
    this.go(Math.max(0, Math.min(this.shown.length - 1, this.current + by)));
  }

  onKey(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8, Home: -Infinity, End: Infinity };
    if (!(event.key in steps) || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    this.step(steps[event.key]);
  }
}
