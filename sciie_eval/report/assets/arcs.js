// Relations as arcs over the lines of a sentence: lanes above a line, the margin between lines.

const LANE = 15;
const MOST_LANES = 12;
const LETTER = 6.2;
const MARGIN = 17;
const MARGIN_STEP = 3.5;
const MOST_MARGINS = 5;

/** Lines of text that hold anchors, each with the anchors on it. */
function linesOf(box, anchors) {
  const frame = box.getBoundingClientRect();
  const lines = [];
  for (const anchor of anchors) {
    const rect = anchor.node.getClientRects()[0];
    if (!rect) continue;
    anchor.x = rect.left - frame.left + rect.width / 2;
    anchor.top = rect.top - frame.top;
    const near = lines.find((line) => Math.abs(line.top - anchor.top) < rect.height);
    if (near) near.anchors.push(anchor);
    else lines.push({ top: anchor.top, anchors: [anchor], runs: [], lanes: 0 });
    anchor.line = near ?? lines[lines.length - 1];
  }
  return lines;
}

/** The closest pair of places of two arguments. */
function closest(subjects, objects) {
  let best = null;
  for (const one of subjects) {
    for (const two of objects) {
      if (one === two || !one.line || !two.line) continue;
      const distance = Math.abs(one.line.top - two.line.top) * 100 + Math.abs(one.x - two.x);
      if (best === null || distance < best.distance) best = { one, two, distance };
    }
  }
  return best;
}

/** Horizontal runs of an edge: one on a line, or one to the margin on each of two lines. */
function route(edge, width) {
  const { one, two } = edge;
  const wide = edge.label.length * LETTER + 8;
  if (one.line === two.line) {
    edge.runs = [runOf(one.line, one.x, two.x, wide)];
    return;
  }
  edge.right = (one.x + two.x) / 2 > width / 2;
  edge.margin = edge.right ? width - MARGIN : MARGIN;
  edge.runs = [runOf(one.line, one.x, edge.margin, 0), runOf(two.line, two.x, edge.margin, 0)];
  const longer = Math.abs(one.x - edge.margin) > Math.abs(two.x - edge.margin) ? edge.runs[0] : edge.runs[1];
  const middle = (longer.from + longer.to) / 2;
  longer.low = Math.min(longer.low, middle - wide / 2);
  longer.high = Math.max(longer.high, middle + wide / 2);
  longer.labelled = true;
}

function runOf(line, from, to, wide) {
  const middle = (from + to) / 2;
  const half = Math.max(Math.abs(to - from), wide) / 2;
  const run = { line, from, to, low: middle - half, high: middle + half, labelled: wide > 0 };
  line.runs.push(run);
  return run;
}

/** Short runs lie low, long ones above them; none crosses another in its lane. */
function giveLanes(line) {
  const taken = [];
  for (const run of [...line.runs].sort((a, b) => a.high - a.low - (b.high - b.low) || a.low - b.low)) {
    let lane = 0;
    while (lane < MOST_LANES && (taken[lane] ?? []).some((other) => run.low < other.high + 3 && other.low < run.high + 3)) lane += 1;
    run.lane = lane;
    (taken[lane] ??= []).push(run);
    line.lanes = Math.max(line.lanes, lane + 1);
  }
}

/** Edges between lines that pass the same lines run beside each other in the margin, the shortest next to the text. */
function giveMargins(edges, width) {
  for (const right of [false, true]) {
    const taken = [];
    const found = edges.filter((edge) => edge.right === right);
    for (const edge of found) edge.reach = edge.runs.map(heightOf).sort((a, b) => a - b);
    for (const edge of found.sort((a, b) => a.reach[1] - a.reach[0] - (b.reach[1] - b.reach[0]))) {
      const [low, high] = edge.reach;
      let place = 0;
      while (place < MOST_MARGINS - 1 && (taken[place] ?? []).some((other) => low < other[1] + 4 && other[0] < high + 4)) place += 1;
      (taken[place] ??= []).push(edge.reach);
      const at = MARGIN - place * MARGIN_STEP;
      edge.margin = right ? width - at : at;
    }
  }
}

/** Ends at one anchor stand beside each other. */
function spreadEnds(edges) {
  const ends = new Map();
  for (const edge of edges) for (const anchor of [edge.one, edge.two]) ends.set(anchor, [...(ends.get(anchor) ?? []), edge]);
  for (const [anchor, found] of ends) {
    const step = Math.min(7, (anchor.node.getClientRects()[0].width - 6) / Math.max(1, found.length));
    found.forEach((edge, place) => edge.shift.set(anchor, (place - (found.length - 1) / 2) * Math.max(2, step)));
  }
}

/** A path through points with round corners. */
function rounded(points, radius = 5) {
  let path = `M${points[0].join(" ")}`;
  for (let place = 1; place < points.length - 1; place += 1) {
    const [before, here, after] = [points[place - 1], points[place], points[place + 1]];
    const cut = (end) => {
      const length = Math.hypot(end[0] - here[0], end[1] - here[1]) || 1;
      const share = Math.min(radius, length / 2) / length;
      return `${here[0] + (end[0] - here[0]) * share} ${here[1] + (end[1] - here[1]) * share}`;
    };
    path += `L${cut(before)}Q${here.join(" ")} ${cut(after)}`;
  }
  return `${path}L${points[points.length - 1].join(" ")}`;
}

function heightOf(run) {
  return run.line.top - 7 - (run.lane + 0.5) * LANE;
}

function drawEdge(layer, edge) {
  const start = edge.one.x + edge.shift.get(edge.one);
  const end = edge.two.x + edge.shift.get(edge.two);
  const heights = edge.runs.map(heightOf);
  const points = [[start, edge.one.line.top - 1], [start, heights[0]]];
  if (edge.runs.length === 2) points.push([edge.margin, heights[0]], [edge.margin, heights[1]], [end, heights[1]]);
  else points.push([end, heights[0]]);
  const tip = edge.two.line.top - 2;
  points.push([end, tip]);
  const run = edge.runs.find((one) => one.labelled) ?? edge.runs[0];
  const at = Math.max(edge.label.length * LETTER / 2, Math.min((run.from + run.to) / 2, edge.width - edge.label.length * LETTER / 2));
  const group = svg("g", { class: `arc tone-${edge.tone}`, "data-edge": edge.number },
    svg("path", { class: "line", d: rounded(points) }),
    svg("path", { class: "head", d: `M${end - 4} ${tip - 6}L${end + 4} ${tip - 6}L${end} ${tip + 1}Z` }),
    svg("text", { x: at, y: heightOf(run) + 3.5, "text-anchor": "middle" }, edge.label));
  layer.append(group);
}

/**
 * Draw relations over a sentence.
 *
 * box: the positioned element around text and layer; anchors: {node, strut}, by place; edges: {subjects, objects, label,
 * tone}, subjects and objects being lists of anchors.
 */
function drawArcs(box, layer, anchors, edges) {
  layer.replaceChildren();
  for (const anchor of anchors) anchor.strut.style.height = "";
  const width = box.clientWidth;
  const lines = linesOf(box, anchors);
  const drawn = [];
  edges.forEach((edge, number) => {
    const ends = closest(edge.subjects, edge.objects);
    if (ends) drawn.push({ ...edge, ...ends, number, width, shift: new Map() });
  });
  for (const edge of drawn) route(edge, width);
  lines.forEach(giveLanes);
  for (const line of lines) {
    if (line.lanes) line.anchors[0].strut.style.height = `${line.lanes * LANE + 34}px`;
  }
  const moved = linesOf(box, anchors); // the struts have pushed the lines apart
  for (const line of lines) line.top = (moved.find((one) => one.anchors.includes(line.anchors[0])) ?? line).top;
  for (const line of lines) for (const anchor of line.anchors) anchor.line = line;
  spreadEnds(drawn);
  giveMargins(drawn, width);
  layer.setAttribute("viewBox", `0 0 ${width} ${box.clientHeight}`);
  layer.setAttribute("width", width);
  layer.setAttribute("height", box.clientHeight);
  for (const edge of drawn) drawEdge(layer, edge);
  return drawn.length;
}
