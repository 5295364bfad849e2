// The sentence that was chosen: gold and every system beside each other.

const NEAR = new Set(["type", "boundary", "boundary+type", "argument type", "argument boundary", "wrong relation", "reversed"]);

function toneOf(kind) {
  return kind === "correct" ? "good" : kind === "missed" ? "missed" : NEAR.has(kind) ? "near" : "bad";
}

function badge(text, tone, title) {
  return el("span", { class: `badge tone-${tone}`, title }, text);
}

function itemText(item, types) {
  const [subject, object] = item.texts;
  if (object === undefined) return [el("bdi", { class: `chip ${typeClass(item.label, types)}` }, subject), " ", el("bdi", { class: "muted" }, item.label)];
  const end = (text, type) => [el("bdi", { class: "argument" }, text), type ? el("small", { class: "muted" }, " (", el("bdi", {}, type), ")") : null];
  return [end(subject, item.types[0]), el("span", { class: "relation" }, " — ", el("bdi", {}, item.label), " → "), end(object, item.types[1])];
}

/** Under the pointer a relation of the list brings out its arc. */
function pointing(item, box, number) {
  if (box === undefined || number < 0) return item;
  item.addEventListener("mouseenter", () => box.point(number));
  item.addEventListener("mouseleave", () => box.point(null));
  return item;
}

/** Findings with their kinds, what is wrong first, each with the gold item that it was taken for. */
function findingList(title, findings, types, box) {
  const drawn = findings.filter(({ predicted }) => predicted);
  if (!findings.length) return el("p", { class: "muted none" }, `${title}: none`);
  return el("div", { class: "items" }, el("h5", {}, title), el("ul", {}, findings.map((finding) => {
    const { kind, gold, predicted } = finding;
    const instead = predicted && gold && kind !== "correct" ? el("div", { class: "partner" }, "gold: ", itemText(gold, types)) : null;
    const item = el("li", {}, badge(kind, toneOf(kind)), " ", itemText(predicted ?? gold, types), instead);
    return pointing(item, box, drawn.indexOf(finding));
  })));
}

/** What a side states, as the sentence view takes it. */
function entityOf(item, tone, note) {
  return { type: item.label, places: item.places[0], tone, note };
}

function relationOf(item, tone) {
  return { label: item.label, types: item.types, places: item.places, tone };
}

/** The completion as it was written, its reasoning apart. */
function completionView({ raw, reasoning, cut }) {
  const parts = [];
  if (reasoning) parts.push(folded("Reasoning", raw.slice(reasoning[0], reasoning[1]), true));
  parts.push(folded(`Completion as written${cut ? ` (${count(cut, "more character")} left out)` : ""}`, raw, false));
  return parts;
}

function folded(title, text, open) {
  const pre = el("pre", { tabindex: "0", role: "group", "aria-label": title, dir: "ltr" }, text);
  return el("details", { open }, el("summary", {}, title), pre);
}

function statusLine(sample, meta) {
  const issues = sample.issues.map((code) => badge(code.replaceAll("_", " "), "near", meta.issues[code]));
  return el("p", { class: "status" }, badge(sample.status.replaceAll("_", " "), sample.status === "ok" ? "good" : "near", "parse status"), issues);
}

/** What the audits found, each with its item. */
function flagList(flags, meta) {
  if (!flags.length) return null;
  return el("div", { class: "items" }, el("h5", {}, "Audits"), el("ul", {}, flags.map(([code, ...item]) =>
    el("li", {}, badge(code.replaceAll("_", " "), "near", meta.audits[code]), " ", item.filter(Boolean).map((part, place) => [place ? " · " : null, el("bdi", {}, part)])))));
}

/** What one system said. */
function systemPanel(sentence, system, filter, meta) {
  const name = meta.systems[system];
  const sample = sampleOf(sentence, system, filter.sample);
  const title = el("h4", {}, el("span", { class: `dot system-${system % 7}` }), " ", el("bdi", {}, name));
  const ner = findingsOf(sentence, sample, "ner");
  const rel = findingsOf(sentence, sample, "rel");
  const entities = ner.filter(({ predicted }) => predicted).map(({ kind, predicted }) => entityOf(predicted, toneOf(kind), kind));
  const relations = rel.filter(({ predicted }) => predicted).map(({ kind, predicted }) => relationOf(predicted, toneOf(kind)));
  const view = sentenceView(sentence.sentence, entities, relations, meta.entityTypes);
  return el("section", { class: "panel", "aria-label": name }, title,
    sample === null ? el("p", { class: "muted" }, "No prediction for this sentence: it counts as empty.") : statusLine(sample, meta),
    view,
    findingList("Entities", ner, meta.entityTypes),
    findingList("Relations", rel, meta.entityTypes, view),
    sample === null ? null : [flagList(sample.flags, meta), completionView(sample)]);
}

/** Which systems have a gold item right. */
function finders(sentence, task, place, filter, meta) {
  return meta.systems.map((name, system) => {
    const sample = sampleOf(sentence, system, filter.sample);
    const kind = sample?.[task].find((finding) => finding[1] === place)?.[0] ?? "missed";
    const mark = kind === "correct" ? "✓ " : "✗ ";
    return [" ", el("span", { class: `badge tone-${toneOf(kind)}`, title: `${name}: ${kind}` }, mark, el("bdi", {}, clipped(name, 20)))];
  });
}

function goldPanel(sentence, filter, meta) {
  const [ner, rel] = ["ner", "rel"].map((task) => sentence.gold[task].map(stated));
  const entities = ner.map((item) => entityOf(item, "gold", "gold"));
  const view = sentenceView(sentence.sentence, entities, rel.map((item) => relationOf(item, "gold")), meta.entityTypes);
  const list = (title, task, items, box) => {
    if (!items.length) return el("p", { class: "muted none" }, `${title}: none`);
    return el("div", { class: "items" }, el("h5", {}, title), el("ul", {}, items.map((item, place) =>
      pointing(el("li", {}, itemText(item, meta.entityTypes), finders(sentence, task, place, filter, meta)), box, place))));
  };
  return el("section", { class: "panel", "aria-label": "Gold" }, el("h4", {}, "Gold"), view,
    list("Entities", "ner", ner), list("Relations", "rel", rel, view));
}

/** All panels of a sentence. */
function sentencePanels(sentence, filter, meta) {
  return [goldPanel(sentence, filter, meta), ...meta.systems.map((_, system) => systemPanel(sentence, system, filter, meta))];
}
