// The filter of the index of providers. Without this script, the page is the tables alone.
//
// The tables are the data: a column's title names what its cells contain. The filter is in the query of the address, so
// that a link keeps it: providers.html?q=twitter&status=active&flow=static_token
"use strict";

(() => {
  const FILTERS = [
    { name: "status", label: "Status", any: "any status" },
    { name: "keys", label: "Keys", any: "any" },
    { name: "flow", label: "Flow", any: "any flow" },
    { name: "grade", label: "Grade", any: "any grade" },
    { name: "category", label: "Category", any: "any category" },
  ];

  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const firstWord = (cell) => (cell ? cell.textContent.trim().split(/\s/)[0] : "");

  function read(table, status) {
    const titles = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
    return [...table.tBodies[0].rows].map((row) => {
      const cell = (title) => row.cells[titles.indexOf(title)];
      const flows = cell("flows") ? [...cell("flows").querySelectorAll("code")] : [];
      const values = {
        status: [status || firstWord(cell("status"))],
        keys: [firstWord(cell("keys"))],
        flow: flows.map((code) => code.textContent),
        grade: [firstWord(cell("grade"))],
        category: cell("categories").textContent.split(",").map((text) => text.trim()),
      };
      return { row, table, values, text: plain(row.textContent) };
    });
  }

  const element = (name, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };

  function formFor(rows) {
    const search = element("input", { type: "search", id: "provider-q", name: "q", autocomplete: "off", spellcheck: false });
    const fields = [element("p", {}, element("label", { htmlFor: search.id }, "Name or word"), search)];
    for (const { name, label, any } of FILTERS) {
      const found = [...new Set(rows.flatMap((row) => row.values[name]))].filter(Boolean);
      const select = element("select", { id: `provider-${name}`, name }, element("option", { value: "" }, any));
      select.append(...found.sort().map((value) => element("option", { value }, value)));
      fields.push(element("p", {}, element("label", { htmlFor: select.id }, label), select));
    }
    fields.push(element("p", {}, element("button", { type: "reset" }, "Show all")));
    const form = element("form", { className: "provider-filter", autocomplete: "off" }, ...fields);
    form.setAttribute("role", "search");
    form.setAttribute("aria-label", "Filter the providers");
    return form;
  }

  function start(tables) {
    const rows = tables.flatMap(({ table, status }) => read(table, status));
    const form = formFor(rows);
    const count = element("p", { className: "provider-count" });
    count.setAttribute("role", "status");

    const show = () => {
      const chosen = Object.fromEntries(new FormData(form));
      const words = plain(chosen.q).split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const one of rows) {
        const fits = FILTERS.every(({ name }) => !chosen[name] || one.values[name].includes(chosen[name]));
        one.row.hidden = !(fits && words.every((word) => one.text.includes(word)));
        shown += one.row.hidden ? 0 : 1;
      }
      for (const { table, section } of tables) {
        section.hidden = [...table.tBodies[0].rows].every((row) => row.hidden);
      }
      count.textContent = shown ? `${shown} of ${rows.length} providers` : "No provider matches. Remove a filter or a word.";
      return chosen;
    };
    const keep = () => {
      const query = new URLSearchParams(Object.entries(show()).filter(([, value]) => value.trim()));
      const address = query.size ? `?${query}` : location.pathname;
      history.replaceState(null, "", address + location.hash);
    };
    const restore = () => {
      const query = new URLSearchParams(location.search);
      for (const field of form.elements) {
        if (field.name) field.value = query.get(field.name) ?? "";
        if (field.name && field.value !== (query.get(field.name) ?? "")) field.value = "";
      }
      show();
    };

    let later;
    form.addEventListener("input", () => {
      clearTimeout(later);
      later = setTimeout(keep, 150); // a screen reader announces the number once, after the last letter
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(keep));
    window.addEventListener("popstate", restore);
    tables[0].section.before(form, count);
    restore();
  }

  const tables = [["in-use"], ["retired", "retired"]].map(([id, status]) => {
    const section = document.getElementById(id);
    return { section, status, table: section?.querySelector("table") };
  });
  if (tables.every(({ table }) => table)) start(tables);
})();
