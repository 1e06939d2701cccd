"use strict";
(() => {
  const [tools, find, state, region, clear, status] =
    ["tools", "find", "state", "region", "clear", "shown"].map((id) => document.getElementById(id));
  const plain = (text) => text.normalize("NFKC").toLowerCase();
  const rows = [...document.querySelectorAll(".targets tbody tr")].map((item) => ({
    item, text: plain(`${item.textContent} ${item.dataset.more}`),
  }));
  const fields = { find, state, region };

  function filter() {
    const wanted = plain(find.value).split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { item, text } of rows) {
      const fits = (!state.value || item.dataset.state === state.value)
        && (!region.value || item.dataset.region === region.value) && wanted.every((term) => text.includes(term));
      item.hidden = !fits;
      shown += fits;
    }
    clear.disabled = !Object.values(fields).some((field) => field.value);
    status.textContent = status.dataset[clear.disabled ? "every" : "some"]
      .replace("{0}", shown).replace("{1}", rows.length);
    const chosen = Object.entries(fields).filter(([, field]) => field.value).map(([name, field]) => [name, field.value]);
    history.replaceState(null, "", chosen.length ? `#${new URLSearchParams(chosen)}` : location.pathname + location.search);
  }

  function read() { // the address keeps what is shown, so that it can be sent to a colleague
    const given = new URLSearchParams(location.hash.slice(1));
    for (const [name, field] of Object.entries(fields)) {
      if (given.has(name)) field.value = given.get(name);
    }
  }

  function sort(table) {
    const heads = [...table.querySelectorAll("thead th")];
    const words = new Intl.Collator(document.documentElement.lang, { numeric: true });
    heads.forEach((head, place) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const falls = head.getAttribute("aria-sort") === "ascending";
        const key = (row) => {
          const time = row.cells[place].querySelector("time");
          return time ? time.dateTime : row.cells[place].textContent.trim().replaceAll(",", "");
        };
        const body = table.tBodies[0];
        const sorted = [...body.rows].sort((a, b) => words.compare(key(a), key(b)));
        body.append(...(falls ? sorted.reverse() : sorted));
        heads.forEach((each) => each.setAttribute("aria-sort", "none"));
        head.setAttribute("aria-sort", falls ? "descending" : "ascending");
      });
    });
  }

  find.addEventListener("input", filter);
  [state, region].forEach((list) => list.addEventListener("change", filter));
  clear.addEventListener("click", () => {
    Object.values(fields).forEach((field) => { field.value = ""; });
    filter();
    find.focus();
  });
  document.querySelectorAll(".states button").forEach((button) => button.addEventListener("click", () => {
    state.value = state.value === button.dataset.state ? "" : button.dataset.state;
    filter();
  }));
  window.addEventListener("hashchange", () => { read(); filter(); });
  document.querySelectorAll("table.list").forEach(sort);
  tools.hidden = false;
  read();
  filter();
})();
