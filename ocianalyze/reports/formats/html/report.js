
(() => {
  // Copying what can be pasted.
  for (const block of document.querySelectorAll("pre")) {
    const button = make("button", { type: "button", className: "copy", textContent: "Copy" });
    button.setAttribute("aria-label", "Copy these lines");
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(block.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(block);
        button.textContent = "Press Ctrl+C";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
    const frame = make("div", { className: "copied" });
    block.replaceWith(frame);
    frame.append(block, button);
  }

  // Searching findings, and filtering them by severity.
  const section = document.getElementById("findings");
  const items = [...document.querySelectorAll("#findings .finding, #undecided .finding")]
    .map((node) => ({ node, state: node.dataset.s }));
  if (section && items.length > 1) {
    const known = ["error", "warning", "note", "undecided"].filter((state) => items.some((item) => item.state === state));
    const named = (state) => state[0].toUpperCase() + state.slice(1) + (state === "undecided" ? "" : "s");
    const words = known.map((state) => [state, named(state)]);
    searchable(section, items, { prompt: "Search findings", label: "Search findings", words });
  }

  // Going into the maps. The rectangles are those of the page, laid out again for what is looked at.
  const HEADER = 18, GAP = 2, LETTER = 6.4;

  const worst = (row, total, side) => {
    const square = side * side;
    return Math.max(square * row[0] / (total * total), total * total / (square * row[row.length - 1]));
  };

  const squarify = (sizes, box) => {
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const areas = sizes.map((size) => size * box.w * box.h / total);
    const boxes = [];
    let { x, y, w, h } = box;
    for (let start = 0; start < areas.length;) {
      const side = Math.min(w, h);
      let end = start + 1, taken = areas[start];
      let ratio = worst([areas[start]], taken, side);
      while (end < areas.length) {
        const next = worst(areas.slice(start, end + 1).sort((a, b) => b - a), taken + areas[end], side);
        if (next > ratio) break;
        taken += areas[end++];
        ratio = next;
      }
      const wide = w >= h, used = taken / (side || 1);
      let along = wide ? y : x;
      for (const area of areas.slice(start, end)) {
        const length = side * area / (taken || 1);
        boxes.push(wide ? { x, y: along, w: used, h: length } : { x: along, y, w: length, h: used });
        along += length;
      }
      if (wide) { x += used; w = Math.max(0, w - used); } else { y += used; h = Math.max(0, h - used); }
      start = end;
    }
    return boxes;
  };

  for (const map of document.querySelectorAll("svg.map")) {
    const cells = [...map.children].filter((child) => child.dataset.b).map((node) => {
      const [path, size] = node.querySelector("title").textContent.split("\n");
      return { node, path, size: size.split(",")[0], bytes: Number(node.dataset.b), inside: [], parent: null,
        hatched: node.children[2]?.tagName === "rect" };
    });
    const top = { path: "", inside: [], parent: null, node: null };
    for (const cell of cells) {
      cell.parent = cell.node.dataset.p === undefined ? top : cells[Number(cell.node.dataset.p)];
      cell.parent.inside.push(cell);
    }
    for (const cell of cells) {
      const rest = /: (other)$/.exec(cell.path) && cell.parent.path !== cell.path;
      const stem = cell.parent.path.replace(/\/$/, "");
      const relative = cell.path.startsWith(stem) ? cell.path.slice(stem.length).replace(/^(: )?\//, "") : cell.path;
      cell.name = rest ? "other" : relative || cell.path;
    }
    let current = top, scale = 1;

    const label = (cell, width, height) => {
      const old = cell.node.querySelector("text");
      if (old) old.remove();
      const room = Math.floor((width - 10) / LETTER);
      if (room < Math.min(cell.name.length, 7) || height < HEADER - 4) return;
      const both = `${cell.name} ${cell.size}`;
      const whole = both.length <= room ? both : cell.name;
      const text = document.createElementNS("http://www.w3.org/2000/svg", "text");
      text.setAttribute("x", 5);
      text.setAttribute("y", 13);
      if (cell.hatched) {
        text.setAttribute("class", "over");
        text.setAttribute("stroke-width", 3);
        text.setAttribute("paint-order", "stroke");
      } else {
        text.setAttribute("stroke", "none");
      }
      text.textContent = whole.length <= room ? whole : `${whole.slice(0, Math.max(1, room - 1))}\u2026`;
      cell.node.append(text);
    };
    const place = (cell, box) => {
      cell.node.removeAttribute("display");
      const across = (value) => `${(100 * Math.max(0, value) / scale).toFixed(3)}%`;
      const height = Math.max(0, box.h).toFixed(1);
      const sides = { x: across(box.x), y: box.y.toFixed(1), width: across(box.w), height };
      for (const [name, value] of Object.entries(sides)) cell.node.setAttribute(name, value);
      label(cell, box.w, box.h);
    };
    const fill = (owner, box) => {
      if (box.w < 3 || box.h < 3) return;
      squarify(owner.inside.map((cell) => cell.bytes), box).forEach((part, n) => {
        const cell = owner.inside[n];
        place(cell, part);
        if (cell.inside.length) {
          fill(cell, { x: part.x + GAP, y: part.y + HEADER, w: part.w - 2 * GAP, h: part.h - HEADER - GAP });
        }
      });
    };
    const crumbs = make("div", { className: "crumbs" });
    crumbs.setAttribute("role", "group");
    crumbs.setAttribute("aria-label", "Place that the map shows");
    const hint = make("p", { className: "muted", textContent: "Select a directory to look into it." });
    crumbs.append(hint);
    map.before(crumbs);

    const show = (cell, focus) => {
      current = cell;
      for (const item of cells) item.node.setAttribute("display", "none");
      map.classList.add("live");
      scale = map.getBoundingClientRect().width || 1;
      const box = { x: 0, y: 0, w: scale, h: Number(map.getAttribute("height")) };
      fill(cell, box);
      const way = [];
      for (let item = cell; item; item = item.parent) way.unshift(item);
      crumbs.replaceChildren(...(way.length < 2 ? [hint] : way.map((item) => {
        const button = make("button", { type: "button", textContent: item.node ? item.name : "whole image" });
        if (item === cell) button.setAttribute("aria-current", "true");
        button.addEventListener("click", () => show(item, false));
        return button;
      })));
      const first = cell.inside[0];
      if (first) settle(first, focus);
    };

    // One stop for the keyboard: arrows move among the cells, Enter goes in, Escape goes out.
    let chosen = null;
    const settle = (cell, focus) => {
      if (chosen) chosen.node.setAttribute("tabindex", "-1");
      chosen = cell;
      cell.node.setAttribute("tabindex", "0");
      if (focus) cell.node.focus();
    };
    const enter = (cell, focus) => {
      let inner = cell.inside.length ? cell : cell.parent;
      if (inner === current || !inner.node) return;
      while (inner.parent !== current && inner.parent.node) inner = inner.parent;
      show(inner, focus);
    };
    map.setAttribute("role", "group");
    const keys = "arrow keys move, Enter goes in, Escape goes out";
    map.setAttribute("aria-label", `${map.getAttribute("aria-label")}; ${keys}`);
    for (const cell of cells) {
      cell.node.setAttribute("role", cell.inside.length ? "button" : "img");
      cell.node.setAttribute("aria-label", `${cell.path}, ${cell.size}`);
      cell.node.addEventListener("click", (event) => { event.stopPropagation(); enter(cell, false); });
      cell.node.addEventListener("keydown", (event) => {
        const beside = cell.parent.inside, n = beside.indexOf(cell);
        const target = {
          ArrowRight: beside[n + 1], ArrowLeft: beside[n - 1], ArrowDown: cell.inside[0],
          ArrowUp: cell.parent !== current ? cell.parent : undefined,
        }[event.key];
        if (target) settle(target, true);
        else if (event.key === "Enter" || event.key === " ") enter(cell, true);
        else if (event.key === "Escape" && current.parent) show(current.parent, true);
        else return;
        event.preventDefault();
        event.stopPropagation();
      });
    }
    if (cells.length) settle(cells[0], false);
    const fit = () => { if (map.clientWidth < 900 || current !== top) show(current, false); };
    fit();
    addEventListener("resize", fit);
  }
})();
