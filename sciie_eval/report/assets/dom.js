// Building the page out of nodes. Text reaches it as text only: nothing here reads markup.

const SVG = "http://www.w3.org/2000/svg";
const INVISIBLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

const HEAPS = /(\p{M}{6})\p{M}+/gu;

/** Control and direction characters as names, marks heaped on a letter cut: no text turns or overruns the page. */
function visible(text) {
  const named = (char) => `‹U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}›`;
  return String(text).replace(INVISIBLE, named).replace(HEAPS, "$1…");
}

function fill(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(visible(child)));
  }
  return node;
}

function setAttributes(node, attributes) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on") && typeof value === "function") node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : visible(value));
  }
  return node;
}

/** An HTML element; children are nodes or text. */
function el(name, attributes, ...children) {
  return fill(setAttributes(document.createElement(name), attributes), children);
}

/** An SVG element. */
function svg(name, attributes, ...children) {
  return fill(setAttributes(document.createElementNS(SVG, name), attributes), children);
}

function byId(id) {
  return document.getElementById(id);
}

function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}
