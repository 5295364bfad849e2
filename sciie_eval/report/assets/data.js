// Reading the data blocks of the page. Large ones are compressed; a browser too old for that is told so.

class TooOld extends Error {}

async function unpacked(base64) {
  if (typeof DecompressionStream === "undefined") throw new TooOld();
  const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

async function readBlock(id) {
  const block = byId(id);
  const value = JSON.parse(block.textContent);
  return block.dataset.packed === "gzip" ? JSON.parse(await unpacked(value)) : value;
}

/** The sample of a system that is shown: the asked one, or the last that it has. */
function sampleOf(sentence, system, number) {
  const samples = sentence.systems[system];
  return samples.length ? samples[Math.min(number, samples.length - 1)] : null;
}

/** Everything a sample can be filtered by: kinds of both sides, audits, parse status and issues. */
function kindsOf(sentence, sample) {
  if (sample !== null) return (sample.kindSet ??= new Set(sample.kinds));
  const missed = ["ner", "rel"].filter((task) => sentence.gold[task].length).map((task) => `${task}:missed`);
  if (sentence.gold.rel.length) missed.push("rel+:missed");
  return new Set(["parse:missing", "audit:prediction_missing", ...missed]);
}

/** Which gold items a sample has right. */
function foundIn(sample) {
  const found = new Set();
  if (sample === null) return found;
  for (const task of ["ner", "rel"]) {
    for (const [kind, place] of sample[task]) if (kind === "correct") found.add(`${task}${place}`);
  }
  return found;
}

/** An item as gold or a system states it. */
function stated([label, texts, places, types]) {
  return { label, texts, places, types };
}

/** The findings of a task: kind, gold item or null, predicted item or null. */
function findingsOf(sentence, sample, task) {
  const golds = sentence.gold[task].map(stated);
  if (sample === null) return golds.map((gold) => ({ kind: "missed", gold, predicted: null }));
  return sample[task].map(([kind, place, said]) => {
    const gold = place < 0 ? null : golds[place];
    return { kind, gold, place, predicted: said === 0 ? gold : said && stated(said) };
  });
}

/** Every label of gold and of a sample. */
function typesOf(sentence, sample) {
  const golds = [...sentence.gold.ner, ...sentence.gold.rel].map(([label]) => label);
  const said = sample === null ? [] : [...sample.ner, ...sample.rel].filter(([, , item]) => item).map(([, , item]) => item[0]);
  return new Set([...golds, ...said]);
}
