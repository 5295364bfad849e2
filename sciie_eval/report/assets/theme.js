// Light or dark: what the system says, unless the reader says otherwise.

const THEMES = { auto: "Theme: automatic", light: "Theme: light", dark: "Theme: dark" };

function remembered() {
  try {
    return localStorage.getItem("sciie-eval-theme") ?? "auto";
  } catch {
    return "auto"; // no storage for pages from disk in some browsers
  }
}

function setTheme(name) {
  document.documentElement.dataset.theme = name;
  byId("theme").textContent = THEMES[name];
  try {
    localStorage.setItem("sciie-eval-theme", name);
  } catch {
    // the choice holds for this view only
  }
}

function nextTheme() {
  const names = Object.keys(THEMES);
  setTheme(names[(names.indexOf(document.documentElement.dataset.theme) + 1) % names.length]);
}

function startTheme() {
  const name = remembered();
  setTheme(name in THEMES ? name : "auto");
  byId("theme").addEventListener("click", nextTheme);
}
