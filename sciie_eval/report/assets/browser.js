// The sentence browser: controls, list and panels held together.

class Browser {
  constructor(sentences, meta) {
    this.sentences = sentences;
    this.meta = meta;
    this.filter = { ...NO_FILTER, to: Math.min(1, meta.systems.length - 1), sample: meta.sample };
    this.list = new SentenceList(byId("list"), (sentence) => this.showSentence(sentence), (sentence) => this.marks(sentence));
    this.fillControls();
    this.listen();
    this.apply();
    this.fromHash();
  }

  fillControls() {
    const documents = [...new Set(this.sentences.map((sentence) => sentence.doc))].filter(Boolean);
    byId("doc").append(...documents.map((name) => el("option", { value: name }, name)));
    const most = Math.max(1, ...this.sentences.flatMap((sentence) => sentence.systems.map((samples) => samples.length)));
    byId("sample").append(...Array.from({ length: most }, (_, number) => el("option", { value: number }, `${number + 1} of ${most}`)));
    byId("sample").closest("label").hidden = most < 2;
    byId("sample").value = String(this.filter.sample);
    for (const node of document.querySelectorAll("[data-several]")) node.hidden = this.meta.systems.length < 2;
    byId("to").value = String(this.filter.to);
  }

  listen() {
    for (const name of ["kind", "type", "doc", "change"]) {
      byId(name).addEventListener("change", (event) => this.set({ [name]: event.target.value }));
    }
    for (const name of ["sample", "from", "to", "system"]) {
      byId(name).addEventListener("change", (event) => this.set({ [name]: Number(event.target.value) }));
    }
    byId("search").addEventListener("input", (event) => this.set({ search: event.target.value.trim() }));
    byId("reset").addEventListener("click", () => this.reset());
    byId("pair").addEventListener("click", () => this.set({ pair: "" }));
    byId("filters").addEventListener("submit", (event) => event.preventDefault());
    for (const link of document.querySelectorAll("[data-show]")) link.addEventListener("click", () => this.showOnly(link));
    window.addEventListener("hashchange", () => this.fromHash());
    window.addEventListener("resize", () => this.redrawSoon());
  }

  set(change) {
    Object.assign(this.filter, change);
    for (const [name, value] of Object.entries(this.filter)) {
      const control = byId(name);
      if (control && "value" in control && name !== "pair" && control.value.trim() !== String(value)) control.value = String(value);
    }
    this.apply();
  }

  reset() {
    this.set({ ...NO_FILTER, from: this.filter.from, to: this.filter.to, sample: this.filter.sample });
  }

  /** A number in the summary was chosen: show the sentences behind it. */
  showOnly(link) {
    const { show, value, system, name } = link.dataset;
    this.pairName = name;
    this.set({ ...NO_FILTER, from: this.filter.from, to: this.filter.to, sample: this.meta.sample, [show]: value, system: Number(system ?? -1) });
    byId("sentences").scrollIntoView();
    byId("list").focus({ preventScroll: true });
  }

  apply() {
    byId("pair").hidden = !this.filter.pair;
    byId("pair").textContent = visible(`${this.pairName ?? ""} ×`);
    const found = this.sentences.filter((sentence) => passes(sentence, this.filter));
    byId("found").textContent = `${count(found.length, "sentence")} of ${this.sentences.length.toLocaleString("en")}`;
    byId("nothing").hidden = found.length > 0;
    this.list.show(found);
  }

  /** How many items each system has right in a sentence. */
  marks(sentence) {
    const all = sentence.gold.ner.length + sentence.gold.rel.length;
    return this.meta.systems.map((name, system) => {
      const found = foundIn(sampleOf(sentence, system, this.filter.sample)).size;
      return el("span", { class: "mark", title: `${name}: ${found} of ${all} gold items found` }, el("span", { class: `dot system-${system % 7}` }), ` ${found}/${all}`);
    });
  }

  showSentence(sentence) {
    const detail = byId("detail");
    if (sentence === null) {
      detail.replaceChildren();
      return;
    }
    const place = this.list.current;
    const heading = el("h3", {}, el("bdi", {}, sentence.id), sentence.doc ? el("span", { class: "muted" }, " in ", el("bdi", {}, sentence.doc)) : null,
      el("span", { class: "muted" }, ` · ${place + 1} of ${this.list.shown.length}`));
    detail.replaceChildren(heading, el("div", { class: "panels" }, sentencePanels(sentence, this.filter, this.meta)));
    this.redraw();
    const hash = `#sentence=${encodeURIComponent(sentence.id)}`;
    if (this.started) history.replaceState(null, "", hash);
    this.started = true;
  }

  /** Scripts cannot measure paper, so the sentence is laid out for it beforehand. */
  print(starts) {
    byId("detail").classList.toggle("printing", starts);
    this.redraw();
  }

  redraw() {
    for (const box of byId("detail").querySelectorAll(".sentence")) box.redraw();
  }

  redrawSoon() {
    cancelAnimationFrame(this.waiting);
    this.waiting = requestAnimationFrame(() => this.redraw());
  }

  /** An address that names a sentence shows it. */
  fromHash() {
    const [name, value] = location.hash.slice(1).split("=");
    if (name !== "sentence" || value === undefined) return;
    let id = value;
    try {
      id = decodeURIComponent(value);
    } catch {
      return;
    }
    const place = this.list.shown.findIndex((sentence) => sentence.id === id);
    if (place >= 0) this.list.go(place);
  }
}
