// Which sentences are listed: search, kind, type, document, change between two systems, a cell of a matrix.

const NO_FILTER = { search: "", kind: "", type: "", doc: "", change: "", from: 0, to: 1, sample: 0, system: -1, pair: "" };

/** The text that search looks through: id, document, sentence and what the systems wrote. */
function haystack(sentence) {
  const said = sentence.systems.flat().map((sample) => sample.raw);
  return [sentence.id, sentence.doc, sentence.sentence, ...said].join("\n").toLowerCase();
}

/** Which gold items each of two systems has and the other has not. */
function changes(sentence, from, to, number) {
  const before = foundIn(sampleOf(sentence, from, number));
  const after = foundIn(sampleOf(sentence, to, number));
  const wins = [...after].filter((item) => !before.has(item)).length;
  const losses = [...before].filter((item) => !after.has(item)).length;
  return { wins, losses };
}

function changedAsAsked(sentence, filter) {
  const { wins, losses } = changes(sentence, filter.from, filter.to, filter.sample);
  return { any: wins + losses > 0, won: wins > 0, lost: losses > 0 }[filter.change];
}

/** Whether some sample that is looked at has it. */
function someSample(sentence, filter, has) {
  return sentence.systems.some(
    (_, system) => (filter.system < 0 || filter.system === system) && has(sampleOf(sentence, system, filter.sample)),
  );
}

function passes(sentence, filter) {
  if (filter.doc && sentence.doc !== filter.doc) return false;
  if (filter.kind && !someSample(sentence, filter, (sample) => kindsOf(sentence, sample).has(filter.kind))) return false;
  if (filter.type && !someSample(sentence, filter, (sample) => typesOf(sentence, sample).has(filter.type))) return false;
  if (filter.pair && !someSample(sentence, filter, (sample) => pairHit(sample, filter.pair))) return false;
  if (filter.change && !changedAsAsked(sentence, filter)) return false;
  if (filter.search) {
    sentence.haystack ??= haystack(sentence);
    return filter.search.toLowerCase().split(/\s+/).every((word) => sentence.haystack.includes(word));
  }
  return true;
}

/** The pairs of a matrix cell, one a line. */
function pairHit(sample, pairs) {
  return sample !== null && pairs.split("\n").some((pair) => sample.pairs.includes(pair));
}
