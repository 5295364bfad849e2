// Start: theme at once, sentences when they are read, keys for both.

const KEYS = {
  j: (browser) => browser.list.step(1),
  k: (browser) => browser.list.step(-1),
  "/": () => byId("search").focus(),
  t: () => nextTheme(),
  r: (browser) => browser.reset(),
};

function onKey(event, browser) {
  if (event.ctrlKey || event.altKey || event.metaKey || !(event.key in KEYS)) return;
  if (event.target.closest("input, select, textarea")) return;
  event.preventDefault();
  KEYS[event.key](browser);
}

async function start() {
  startTheme();
  try {
    const [meta, sentences] = await Promise.all([readBlock("meta"), readBlock("sentence-data")]);
    const browser = new Browser(sentences, meta);
    document.addEventListener("keydown", (event) => onKey(event, browser));
    window.addEventListener("beforeprint", () => browser.print(true));
    window.addEventListener("afterprint", () => browser.print(false));
    document.documentElement.dataset.ready = "yes";
  } catch (error) {
    const old = "This browser is too old to unpack the sentences (DecompressionStream is missing); use one from 2023 or later.";
    byId("loading").textContent = error instanceof TooOld ? old : "The sentences of this page cannot be read; make the page again.";
    byId("loading").setAttribute("role", "alert");
    if (!(error instanceof TooOld)) throw error;
    return;
  }
  byId("loading").remove();
}

start();
