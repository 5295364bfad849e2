// One sentence as one side sees it: its entities in place, its relations as arcs, and both as lists.

/** Stretches of a sentence, cut wherever an entity starts or ends, each with the entities over it. */
function stretches(sentence, entities) {
  const cuts = new Set([0, sentence.length]);
  for (const entity of entities) for (const [start, end] of entity.places) cuts.add(start).add(end);
  const points = [...cuts].filter((at) => at >= 0 && at <= sentence.length).sort((a, b) => a - b);
  return points.slice(0, -1).map((start, place) => {
    const end = points[place + 1];
    const over = [];
    for (const entity of entities) {
      for (const [from, to] of entity.places) if (from <= start && end <= to) over.push({ entity, from, to });
    }
    over.sort((a, b) => b.to - b.from - (a.to - a.from));
    return { start, end, over };
  });
}

/**
 * The first word of a stretch with a strut of no width behind it, which arcs may make tall, then the rest and the tags.
 * Word, strut and what follows without a blank stay on one line.
 */
function withStrut(text, strut, tags) {
  const first = text.match(/^\s*\S+/)?.[0] ?? text;
  const rest = text.slice(first.length);
  if (first.length > 40) return [first, strut, rest, tags];
  return [el("span", { class: "together" }, first, strut, rest ? null : tags), rest ? [rest, tags] : null];
}

function typeClass(type, types) {
  const place = types.indexOf(type);
  return place < 0 ? "type-other" : `type-${place % 8}`;
}

/** The text with its entities; anchors by "start-end". */
function highlighted(sentence, entities, types) {
  const anchors = new Map();
  const nodes = stretches(sentence, entities).map(({ start, end, over }) => {
    const text = sentence.slice(start, end);
    if (!over.length) return text;
    const inner = over[over.length - 1];
    const strut = el("i", { class: "strut" });
    const starting = over.filter(({ from }) => from === start);
    const ending = over.filter(({ to }) => to === end);
    const node = el("span", {
      class: ["entity", typeClass(inner.entity.type, types), over.length > 1 && "nested", starting.length && "starts", ending.length && "ends",
        `tone-${inner.entity.tone}`].filter(Boolean).join(" "),
      title: over.map(({ entity }) => `${entity.type || "?"}: ${entity.note}`).join("; "),
    }, withStrut(text, strut, ending.map(({ entity }) => entity.type && el("small", { class: "tag" }, clipped(entity.type, 24)))));
    for (const { from, to } of starting) anchors.set(`${from}-${to}`, { node, strut });
    return node;
  });
  return { nodes, anchors };
}

/** Anchors of an argument: where its entity, or else its text, starts. */
function anchorsAt(places, anchors) {
  return places.map(([start, end]) => anchors.get(`${start}-${end}`)).filter(Boolean);
}

/**
 * The sentence of one side, with redraw() for its arcs and point(number) to bring one out.
 *
 * entities: {type, places, tone, note}; relations: {label, types, places, tone}, places being those of both arguments.
 */
function sentenceView(sentence, entities, relations, types) {
  const named = new Set(entities.flatMap((entity) => entity.places.map(String)));
  const { nodes, anchors } = highlighted(sentence, [...entities, ...bareArguments(relations, named)], types);
  const layer = svg("svg", { class: "arcs", "aria-hidden": "true" });
  const box = el("div", { class: "sentence" }, layer, el("p", { dir: "ltr" }, nodes));
  const edges = relations.map(({ label, places, tone }) => ({
    subjects: anchorsAt(places[0], anchors),
    objects: anchorsAt(places[1], anchors),
    label: clipped(label, 24),
    tone,
  }));
  box.point = (number) => {
    layer.classList.toggle("pointing", number !== null && layer.querySelector(`[data-edge="${number}"]`) !== null);
    for (const arc of layer.children) arc.classList.toggle("pointed", arc.dataset.edge === String(number));
  };
  box.redraw = () => drawArcs(box, layer, [...anchors.values()], edges);
  return box;
}

/** Arguments that are no entity of this side, each place once. */
function bareArguments(relations, named) {
  const seen = new Set(named);
  return relations
    .flatMap(({ types, places }) => places.map((found, end) => ({ type: types[end] ?? "", places: found, tone: "argument", note: "argument of a relation" })))
    .map((item) => ({ ...item, places: item.places.filter((place) => !seen.has(String(place)) && seen.add(String(place))) }))
    .filter((item) => item.places.length);
}

function clipped(text, most) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
