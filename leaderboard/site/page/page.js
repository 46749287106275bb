// Sorting and filtering of tables that are whole without this script. Nothing is fetched, nothing is stored.
"use strict";

(() => {
  const order = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const other = { ascending: "descending", descending: "ascending" };

  // The value that a row has in a column; null where the result is missing.
  function valueOf(row, column, kind) {
    const value = row.cells[column].dataset.value;
    if (value === undefined) return null;
    return kind === "number" ? Number(value) : value;
  }

  function sort(table, head) {
    const now = head.getAttribute("aria-sort");
    const way = now ? other[now] : head.dataset.first;
    const column = Number(head.dataset.column);
    const kind = head.dataset.kind;
    const body = table.querySelector("tbody.models") || table.tBodies[0];
    const sign = way === "ascending" ? 1 : -1;
    const rows = Array.from(body.rows, (row, place) => ({ row, place, value: valueOf(row, column, kind) }));
    rows.sort((a, b) => {
      if (a.value === null || b.value === null) return (a.value === null) - (b.value === null) || a.place - b.place;
      const by = kind === "number" ? a.value - b.value : order.compare(a.value, b.value);
      return sign * by || a.place - b.place;
    });
    const sorted = document.createDocumentFragment();
    for (const { row } of rows) sorted.append(row);
    body.append(sorted);
    for (const one of table.querySelectorAll("th[aria-sort]")) one.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", way);
  }

  function makeSortable(table) {
    for (const head of table.querySelectorAll("th[data-column]")) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      button.addEventListener("click", () => sort(table, head));
      head.append(button);
    }
  }

  // A form filters the rows of one table, or of all tables in a part of the page.
  function makeFilter(form) {
    const root = document.getElementById(form.dataset.for);
    const tables = root.matches("table") ? [root] : Array.from(root.querySelectorAll("table"));
    const rows = tables.flatMap((table) => Array.from((table.querySelector("tbody.models") || table.tBodies[0]).rows));
    const words = form.elements.namedItem("words");
    const count = form.querySelector(".count");
    const texts = new Map(
      rows.map((row) => {
        const named = row.querySelectorAll("th, .who, .words");
        return [row, Array.from(named, (cell) => cell.textContent).join(" ").toLowerCase()];
      }),
    );

    function apply() {
      const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const [row, text] of texts) {
        const fits = wanted.every((word) => text.includes(word));
        row.hidden = !fits;
        shown += fits;
      }
      count.textContent = `${shown} of ${texts.size} ${tables[0]?.dataset.rows ?? "rows"} shown`;
    }

    form.addEventListener("input", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.hidden = false;
    apply();
  }

  for (const table of document.querySelectorAll("table.sortable")) makeSortable(table);
  for (const form of document.querySelectorAll("form.filter")) makeFilter(form);
})();
