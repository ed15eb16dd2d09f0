
"use strict";
(() => {
  const make = (name, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };

  // Searching images, and filtering them by verdict.
  const section = document.getElementById("images");
  const rows = [...document.querySelectorAll("#images tbody tr")].map((row) => {
    const badge = row.querySelector(".badge");
    const state = /v-(\w+)/.exec(badge.className)[1];
    return { row, state, word: badge.textContent, text: row.textContent.toLowerCase() };
  });
  if (rows.length > 1) {
    const input = make("input", { type: "search", placeholder: "Search images, users, rules and bases" });
    input.setAttribute("aria-label", "Search images");
    const said = make("output");
    const words = new Map(rows.map(({ state, word }) => [state, word]));
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
      for (const { row, state, text } of rows) {
        row.hidden = !states.includes(state) || !sought.every((word) => text.includes(word));
        shown += !row.hidden;
      }
      said.textContent = shown === rows.length ? "" : `${shown} of ${rows.length} shown`;
    };
    input.addEventListener("input", filter);
    section.querySelector("h2").after(make("div", { className: "tools" }, input, ...buttons, said));
  }

  // What is folded is printed, too.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const item of folded) item.open = true;
  });
  addEventListener("afterprint", () => { for (const item of folded) item.open = false; });
})();
