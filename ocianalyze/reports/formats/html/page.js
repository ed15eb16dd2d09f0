
"use strict";
const make = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

// Searching items by words, and filtering them by their states: { node, state } each; words are those of the buttons.
const searchable = (section, items, { prompt, label, words }) => {
  const input = make("input", { type: "search", placeholder: prompt });
  input.setAttribute("aria-label", label);
  const said = make("output");
  const buttons = [...words].map(([state, word]) => {
    const button = make("button", { type: "button", textContent: word });
    button.dataset.s = state;
    button.setAttribute("aria-pressed", "true");
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
      filter();
    });
    return button;
  });
  const filter = () => {
    const sought = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const states = buttons.filter((button) => button.getAttribute("aria-pressed") === "true")
      .map((button) => button.dataset.s);
    let shown = 0;
    for (const { node, state } of items) {
      const text = node.textContent.toLowerCase();
      node.hidden = !states.includes(state) || !sought.every((word) => text.includes(word));
      shown += !node.hidden;
    }
    said.textContent = shown === items.length ? "" : `${shown} of ${items.length} shown`;
  };
  input.addEventListener("input", filter);
  section.querySelector("h2").after(make("div", { className: "tools" }, input, ...buttons, said));
};

// What is folded is printed, too.
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open])")];
  for (const item of folded) item.open = true;
});
addEventListener("afterprint", () => { for (const item of folded) item.open = false; });
