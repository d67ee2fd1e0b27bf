/* A table that sorts by its headings, filters by words, and takes new rows while it is read. */
(() => {
  const aic = (window.aic ??= {});

  /* options: caption, rows (objects with an id), columns of {key, title, number, text(row), cell(row), value(row)}, sort
     [key, descending], filters {label: key}. `text` is what a cell shows, `cell` an element instead, `value` what sorts.
     Returns {set(rows)}: rows that were not there before are marked for a moment. */
  aic.table = (place, options) => {
    const make = aic.make;
    let rows = options.rows, [by, down] = options.sort, words = "";
    const chosen = {};
    let known = new Set(rows.map((row) => row.id));
    const column = (key) => options.columns.find((one) => one.key === key);
    const textOf = (one, row) => (one.text ? one.text(row) : row[one.key] ?? "–");
    const valueOf = (one, row) => (one.value ? one.value(row) : row[one.key]);

    const search = make("input", { type: "search", placeholder: "Filter", "aria-label": "Filter rows by words" });
    const count = make("span", { class: "soft", role: "status" });
    const bar = make("div", { class: "bar" }, search);
    const choosers = Object.entries(options.filters ?? {}).map(([label, key]) => {
      const chooser = make("select", { "aria-label": label });
      chooser.addEventListener("change", () => { chosen[key] = chooser.value; draw(); });
      bar.append(chooser);
      return { chooser, label, key };
    });
    bar.append(count);
    search.addEventListener("input", () => { words = search.value.toLowerCase(); draw(); });

    const body = make("tbody");
    const head = make("tr");
    for (const one of options.columns) {
      const button = make("button", { type: "button" }, one.title);
      button.addEventListener("click", () => {
        [by, down] = [one.key, by === one.key ? !down : Boolean(one.number)];
        draw();
      });
      head.append(make("th", { scope: "col", class: one.number ? "number" : null, "data-key": one.key }, button));
    }
    const table = make("table", {}, make("caption", { class: "skip" }, options.caption), make("thead", {}, head), body);
    place.replaceChildren(bar, make("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": options.caption }, table));

    const compare = (a, b) => {
      const one = column(by), [x, y] = [valueOf(one, a), valueOf(one, b)];
      const lacking = (x === null || x === undefined) - (y === null || y === undefined);
      if (lacking) return lacking;  // what is not known comes last either way
      const order = typeof x === "number" ? x - y : String(x ?? "").localeCompare(String(y ?? ""));
      return (down ? -order : order) || a.id - b.id;
    };
    const shown = () => rows
      .filter((row) => Object.entries(chosen).every(([key, value]) => !value || String(row[key]) === value))
      .filter((row) => !words || options.columns.some((one) => String(textOf(one, row)).toLowerCase().includes(words)))
      .sort(compare);

    const line = (row, fresh) => {
      const cells = options.columns.map((one) =>
        make("td", { class: [one.number && "number", one.wide && "wide"].filter(Boolean).join(" ") || null }, one.cell ? one.cell(row) : String(textOf(one, row))));
      return make("tr", { "data-id": row.id, class: fresh ? "fresh" : null }, ...cells);
    };
    const draw = (fresh = new Set()) => {
      for (const { chooser, label, key } of choosers) {
        const values = [...new Set(rows.map((row) => row[key]).filter((value) => value !== null && value !== undefined))].sort();
        if (chooser.dataset.values === values.join("\n")) continue;
        chooser.dataset.values = values.join("\n");
        chooser.replaceChildren(make("option", { value: "" }, `${label}: all`), ...values.map((value) => make("option", { value }, String(value))));
        chooser.value = chosen[key] ?? "";
      }
      const visible = shown();
      body.replaceChildren(...visible.map((row) => line(row, fresh.has(row.id))));
      const all = `${rows.length} ${rows.length === 1 ? "row" : "rows"}`;
      count.textContent = visible.length === rows.length ? all : `${visible.length} of ${all}`;
      for (const cell of head.children) {
        const sorted = cell.dataset.key === by;
        cell.setAttribute("aria-sort", sorted ? (down ? "descending" : "ascending") : "none");
      }
    };
    draw();
    return {
      set: (next) => {
        const fresh = new Set(next.map((row) => row.id).filter((id) => !known.has(id)));
        rows = next;
        known = new Set(rows.map((row) => row.id));
        draw(fresh);
      },
    };
  };
})();
