"use strict";
(() => {
  const [tools, find, severity, state, order, clear, status] =
    ["tools", "find", "severity", "state", "order", "clear", "shown"].map((id) => document.getElementById(id));
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const words = new Intl.Collator(document.documentElement.lang, { numeric: true });
  const plain = (text) => text.normalize("NFKC").toLowerCase();
  const number = (value) => value.toLocaleString("en");

  // Problems: an entry of several is filtered one by one, unless its common words fit.
  const problems = all(".problems > li").map((item) => {
    const parts = all(".alike > li", item).map((part) => ({ item: part, text: plain(part.textContent) }));
    const common = item.cloneNode(true);
    all(".alike", common).forEach((list) => list.remove());
    return { item, parts, text: plain(common.textContent), severity: item.dataset.severity };
  });
  const project = document.getElementById("project"); // only where the page shows several
  const lists = [severity, state, ...(project ? [project] : [])];
  const table = document.querySelector(".calendar table");
  const groups = table ? [...table.tBodies] : [];
  const resources = groups.flatMap((group, place) => all("tr", group).slice(1).map((item) => {
    const success = item.lastElementChild.querySelector("time");
    return {
      item, group, state: String(place), text: plain(item.cells[0].textContent),
      name: item.cells[0].textContent, last: success ? success.dateTime : "",
    };
  }));
  const folded = all("#calendar .found > li").map((item) => ({ item, text: plain(item.textContent) }));
  const flat = document.createElement("tbody");
  let later = 0;

  const terms = () => plain(find.value).split(/\s+/).filter(Boolean)
    .map((term) => term.replace(/^([0-9a-f]{8})-[0-9a-f-]+$/, "$1")); // the page shows the first part of an id
  const has = (text, wanted) => wanted.every((term) => text.includes(term));
  const show = (item, isShown) => { if (item.hidden === isShown) item.hidden = !isShown; return isShown; };

  const belongs = (item) => !project || !project.value || !item.dataset.projects // what belongs to none is always shown
    || item.dataset.projects.split(" ").includes(project.value);

  function showProblem(problem, wanted) {
    const fits = (!severity.value || problem.severity === severity.value) && belongs(problem.item);
    const whole = fits && has(problem.text, wanted);
    const shown = problem.parts.filter((part) =>
      show(part.item, belongs(part.item) && (whole || (fits && has(`${problem.text} ${part.text}`, wanted))))).length;
    show(problem.item, problem.parts.length ? shown > 0 : whole);
    return problem.parts.length ? shown : Number(whole);
  }

  function filter() {
    const wanted = terms();
    const problemsShown = problems.reduce((sum, problem) => sum + showProblem(problem, wanted), 0);
    const resourcesShown = resources.filter((line) =>
      show(line.item, (!state.value || line.state === state.value) && belongs(line.item) && has(line.text, wanted))).length;
    groups.forEach((group) => show(group, resources.some((line) => line.group === group && !line.item.hidden)));
    folded.forEach((line) => show(line.item, belongs(line.item) && has(line.text, wanted)));
    all("#calendar details").forEach((list) => show(list, all(".found > li", list).some((item) => !item.hidden)));
    tell(wanted, problemsShown, resourcesShown);
  }

  function tell(wanted, problemsShown, resourcesShown) {
    const chosen = lists.filter((list) => list.value).map((list) => list.selectedOptions[0].textContent);
    const filters = [...(wanted.length ? [`“${find.value.trim()}”`] : []), ...chosen];
    document.body.classList.toggle("filtered", filters.length > 0);
    clear.disabled = filters.length === 0;
    const every = problems.reduce((sum, problem) => sum + (problem.parts.length || 1), 0);
    const counts = [problemsShown, every, resourcesShown, resources.length];
    const text = status.dataset[filters.length ? "some" : "every"]
      .replace(/\{(\d)\}/g, (_, place) => (place === "4" ? filters.join(", ") : number(counts[place])));
    clearTimeout(later);
    later = setTimeout(() => { status.textContent = text; }, 200); // one announcement, not one for each letter
  }

  function arrange(by, falls = false) {
    const [who, last] = all("thead .who, thead .last", table);
    mark([who, last], { name: who, last }[by], falls);
    if (by === "state") {
      flat.remove();
      resources.forEach((line) => line.group.append(line.item));
      groups.forEach((group) => table.append(group));
      return;
    }
    const sorted = [...resources].sort((a, b) => words.compare(a[by], b[by]) || words.compare(a.name, b.name));
    flat.append(...(falls ? sorted.reverse() : sorted).map((line) => line.item));
    groups.forEach((group) => group.remove());
    table.append(flat);
  }

  function mark(heads, chosen, falls) {
    heads.forEach((head) => head.setAttribute("aria-sort", head !== chosen ? "none" : falls ? "descending" : "ascending"));
  }

  function makeButton(head, sort, falls = false) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(head.firstChild);
    head.prepend(button);
    head.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => {
      const now = head.getAttribute("aria-sort");
      sort(now === "none" ? falls : now === "ascending");
    });
  }

  function makeSortable(list) {
    const heads = all("thead th", list);
    const body = list.tBodies[0];
    if (body.rows.length < 2) return;
    heads.forEach((head, place) => {
      const isNumber = head.classList.contains("number");
      const key = (row) => {
        const time = row.cells[place].querySelector("time");
        return time ? time.dateTime : row.cells[place].textContent.trim();
      };
      makeButton(head, (falls) => {
        const rows = [...body.rows].map((row) => [key(row), row]).sort(([a], [b]) => words.compare(
          isNumber ? a.replaceAll(",", "") : a, isNumber ? b.replaceAll(",", "") : b));
        body.append(...(falls ? rows.reverse() : rows).map(([, row]) => row));
        mark(heads, head, falls);
      }, isNumber);
    });
  }

  function unfold(place) {
    const found = document.getElementById(place.slice(1));
    if (found && found.matches("details")) found.open = true;
  }

  function reset() {
    [find, ...lists].forEach((field) => { field.value = ""; });
    filter();
  }

  find.addEventListener("input", filter);
  lists.forEach((list) => list.addEventListener("change", filter));
  order.addEventListener("change", () => arrange(order.value));
  clear.addEventListener("click", () => { reset(); find.focus(); });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.body.classList.contains("filtered")) reset();
  });
  document.addEventListener("click", (event) => { // a link to what is folded unfolds it
    const link = event.target.closest('a[href^="#"]');
    if (link) unfold(link.getAttribute("href"));
  });
  unfold(location.hash);
  all("table.list").forEach(makeSortable);
  if (table) {
    const sortBy = (by) => (falls) => { order.value = by; arrange(by, falls); };
    makeButton(table.querySelector("thead .who"), sortBy("name"));
    makeButton(table.querySelector("thead .last"), sortBy("last"));
  }
  clear.disabled = true;
  tools.hidden = false;
})();
