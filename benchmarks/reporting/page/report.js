
"use strict";
// One query at a time, and only the runs that are ticked. The page says the same without this, one below the other.
for (const examples of document.querySelectorAll(".examples")) {
  const articles = [...examples.querySelectorAll("article")];
  const make = (tag, words) => Object.assign(document.createElement(tag), { textContent: words });
  const bar = make("div", "");
  bar.className = "controls";
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", "Examples of " + examples.dataset.of);
  const choose = document.createElement("select");
  choose.setAttribute("aria-label", "Query");
  articles.forEach((one, k) => choose.append(new Option(one.getAttribute("aria-label") + " of " + articles.length, k)));
  const show = (k) => {
    const n = articles.length;
    choose.value = String((k + n) % n);
    articles.forEach((one, j) => { one.hidden = j !== (k + n) % n; });
  };
  choose.addEventListener("change", () => show(Number(choose.value)));
  const back = make("button", "←"), next = make("button", "→");
  back.setAttribute("aria-label", "Previous query");
  next.setAttribute("aria-label", "Next query");
  back.addEventListener("click", () => show(Number(choose.value) - 1));
  next.addEventListener("click", () => show(Number(choose.value) + 1));
  bar.append(back, choose, next);
  const runs = new Map();
  for (const one of examples.querySelectorAll(".answer")) {
    runs.set(one.dataset.run, one.querySelector("h5"));
  }
  const which = document.createElement("details");
  which.append(make("summary", "Runs"));
  if (runs.size > 1) bar.append(which);
  for (const [run, head] of runs) {
    const label = document.createElement("label"), box = document.createElement("input");
    box.type = "checkbox";
    box.checked = true;
    box.addEventListener("change", () => {
      for (const one of examples.querySelectorAll(".answer")) {
        if (one.dataset.run === run) one.hidden = !box.checked;
      }
    });
    label.append(box, ...[...head.childNodes].map((node) => node.cloneNode(true)));
    which.append(label);
  }
  examples.prepend(bar);
  if (matchMedia("(max-width: 40rem)").matches) examples.querySelectorAll(".past").forEach((one) => { one.open = false; });
  const start = articles.findIndex((one) => "#" + one.id === location.hash);
  show(Math.max(0, start));
}
