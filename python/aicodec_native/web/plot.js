/* Line plots and stacked bars as SVG, drawn from data. A plot is read with the pointer or, once focused, with the arrow
   keys; what it shows is also written below it. Without dependencies: docs/decisions/0008-plots.md says why. */
(() => {
  const aic = (window.aic ??= {});
  const SVG = "http://www.w3.org/2000/svg";
  const MARGIN = { left: 62, right: 14, top: 10, bottom: 40 };

  aic.colour = (index) => `var(--s${index % 8})`;

  /* An element; text goes in as text, never as markup. */
  aic.make = (name, attributes = {}, ...children) => {
    const svg = ["svg", "g", "line", "path", "circle", "text", "rect", "title"].includes(name);
    const element = svg ? document.createElementNS(SVG, name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
      else if (value !== null && value !== undefined) element.setAttribute(key, value);
    }
    element.append(...children.filter((child) => child !== null));
    return element;
  };
  const make = aic.make;

  aic.number = (value, digits = 2) => {
    if (value === null || value === undefined) return "–";
    for (const [unit, name] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
      if (Math.abs(value) >= (unit === 1e3 ? 1e4 : unit)) return `${Number((value / unit).toPrecision(3))} ${name}`;
    }
    return Number.isInteger(value) ? String(value) : value.toFixed(digits);
  };

  const scaleOf = (values, log, pixels) => {
    let low = Math.min(...values), high = Math.max(...values);
    if (low === high) [low, high] = log ? [low / 1.5, high * 1.5] : [low - 1, high + 1];
    const of = log ? Math.log10 : (x) => x;
    const pad = (of(high) - of(low)) * 0.04;
    const from = of(low) - pad, to = of(high) + pad;
    const at = (value) => pixels[0] + ((of(value) - from) / (to - from)) * (pixels[1] - pixels[0]);
    const bounds = log ? [10 ** from, 10 ** to] : [from, to];
    return { at, ticks: log ? logTicks(...bounds) : linearTicks(...bounds, values.every(Number.isInteger) ? 1 : 0) };
  };

  const linearTicks = (low, high, least, count = 5) => {
    const rough = (high - low) / count, power = 10 ** Math.floor(Math.log10(rough));
    const step = Math.max(least, [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough));
    const ticks = [];
    for (let i = Math.ceil(low / step); i * step <= high; i++) ticks.push(Number((i * step).toPrecision(12)));
    return ticks;
  };

  const logTicks = (low, high) => {
    const dense = high / low < 30 ? [1, 1.5, 2, 3, 5, 7] : high / low < 1000 ? [1, 2, 5] : [1];
    const ticks = [];
    for (let decade = Math.floor(Math.log10(low)); decade <= Math.log10(high); decade++) {
      for (const mark of dense) {
        const value = mark * 10 ** decade;
        if (value >= low && value <= high) ticks.push(value);
      }
    }
    return ticks;
  };

  /* options: title, x and y (labels), xLog, step (a line of stairs), dots, height, and series of {name, colour, points:
     [[x, y, words?], ...]}. Draws into `place`, and again whenever its width changes. */
  aic.plot = (place, options) => {
    const hidden = new Set();
    const figure = make("figure", { class: "plot" }, make("figcaption", {}, options.title));
    const box = make("div", { tabindex: 0, role: "img", "aria-label": describe(options) });
    const reading = make("div", { class: "reading", "aria-live": "polite" });
    figure.append(box, reading, legend(options, hidden, () => draw()));
    place.replaceChildren(figure);
    let marks = [], chosen = -1, cursor = null;

    const draw = () => {
      const width = Math.max(280, box.clientWidth), height = options.height ?? 280;
      const series = options.series.filter((one) => !hidden.has(one.name) && one.points.length);
      const all = series.flatMap((one) => one.points);
      box.replaceChildren();
      marks = [];
      if (!all.length) return;
      const x = scaleOf(all.map((p) => p[0]), options.xLog, [MARGIN.left, width - MARGIN.right]);
      const y = scaleOf(all.map((p) => p[1]), false, [height - MARGIN.bottom, MARGIN.top]);
      const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, height, "aria-hidden": "true" });
      axes(svg, x, y, width, height, options);
      for (const one of series) {
        const at = one.points.map(([px, py]) => [x.at(px), y.at(py)]);
        const line = at.map(([px, py], i) => (i === 0 ? `M${px},${py}` : options.step ? `H${px}V${py}` : `L${px},${py}`));
        svg.append(make("path", { class: "curve", d: line.join(""), stroke: one.colour }));
        at.forEach(([px, py], i) => {
          if (options.dots) svg.append(make("circle", { cx: px, cy: py, r: 3.2, fill: one.colour }));
          marks.push({ x: px, y: py, series: one, point: one.points[i] });
        });
      }
      marks.sort((a, b) => a.x - b.x);
      cursor = make("circle", { r: 6, fill: "none", stroke: "var(--text)", "stroke-width": 2, visibility: "hidden" });
      svg.append(cursor);
      box.append(svg);
    };

    const choose = (index) => {
      chosen = index;
      const mark = marks[index];
      if (!mark) return;
      cursor.setAttribute("cx", mark.x);
      cursor.setAttribute("cy", mark.y);
      cursor.setAttribute("visibility", "visible");
      const [px, py, words] = mark.point;
      reading.textContent = `${mark.series.name}: ${options.x} ${aic.number(px)}, ${options.y} ${aic.number(py)}${words ? ` (${words})` : ""}`;
    };
    box.addEventListener("pointermove", (event) => {
      const area = box.getBoundingClientRect();
      const [px, py] = [event.clientX - area.left, event.clientY - area.top];
      let nearest = -1, least = Infinity;
      marks.forEach((mark, i) => {
        const distance = (mark.x - px) ** 2 + (mark.y - py) ** 2;
        if (distance < least) [nearest, least] = [i, distance];
      });
      choose(nearest);
    });
    box.addEventListener("keydown", (event) => {
      const steps = { ArrowRight: 1, ArrowLeft: -1 };
      if (!(event.key in steps) || !marks.length) return;
      event.preventDefault();
      choose(Math.max(0, Math.min(marks.length - 1, chosen + steps[event.key])));
    });
    let width = 0;
    new ResizeObserver(() => {
      if (box.clientWidth !== width) [width] = [box.clientWidth, draw()];
    }).observe(box);
    return { set: (series) => { options.series = series; figure.lastChild.replaceWith(legend(options, hidden, draw)); draw(); } };
  };

  const describe = (options) => `${options.title}: ${options.y} over ${options.x}. Arrow keys read its points.`;

  const axes = (svg, x, y, width, height, options) => {
    for (const tick of y.ticks) {
      svg.append(make("line", { class: "grid-line", x1: MARGIN.left, x2: width - MARGIN.right, y1: y.at(tick), y2: y.at(tick) }));
      svg.append(make("text", { x: MARGIN.left - 8, y: y.at(tick) + 4, "text-anchor": "end" }, aic.number(tick, 1)));
    }
    let last = -Infinity;
    for (const tick of x.ticks) {
      const at = x.at(tick);
      svg.append(make("line", { class: "grid-line", x1: at, x2: at, y1: MARGIN.top, y2: height - MARGIN.bottom }));
      if (at - last < 46) continue;
      last = at;
      svg.append(make("text", { x: at, y: height - MARGIN.bottom + 16, "text-anchor": "middle" }, aic.number(tick, 1)));
    }
    svg.append(make("text", { x: (MARGIN.left + width) / 2, y: height - 4, "text-anchor": "middle" }, options.x));
    const middle = (MARGIN.top + height - MARGIN.bottom) / 2;
    svg.append(make("text", { transform: `translate(13 ${middle}) rotate(-90)`, "text-anchor": "middle" }, options.y));
  };

  const legend = (options, hidden, draw) => {
    const place = make("div", { class: "legend" });
    for (const one of options.series) {
      const button = make("button", { type: "button", "aria-pressed": String(!hidden.has(one.name)) },
        make("span", { class: "swatch", style: `background:${one.colour}` }), one.name);
      button.addEventListener("click", () => {
        if (!hidden.delete(one.name)) hidden.add(one.name);
        button.setAttribute("aria-pressed", String(!hidden.has(one.name)));
        draw();
      });
      place.append(button);
    }
    return place;
  };

  /* options: title, unit, and bars of {name, parts: [{name, value}]}; parts of one name have one colour. */
  aic.bars = (place, options) => {
    const names = [...new Set(options.bars.flatMap((bar) => bar.parts.map((part) => part.name)))];
    const total = (bar) => bar.parts.reduce((sum, part) => sum + part.value, 0);
    const most = Math.max(1, ...options.bars.map(total));
    const stack = make("div", { class: "stack" });
    for (const bar of options.bars) {
      const track = make("div", { class: "track", role: "img", "aria-label": bar.parts.map((p) => `${p.name} ${p.value}`).join(", ") || "nothing" });
      for (const part of bar.parts) {
        const share = (100 * part.value) / most;
        track.append(make("span", { style: `width:${share}%;background:${aic.colour(names.indexOf(part.name))}`, title: `${part.name}: ${part.value}` }));
      }
      stack.append(make("span", {}, bar.name), track, make("span", { class: "number" }, `${total(bar).toLocaleString("en")} ${options.unit}`));
    }
    const key = make("div", { class: "legend" });
    names.forEach((name, i) => key.append(make("span", { class: "bar" }, make("span", { class: "swatch", style: `background:${aic.colour(i)}` }), name)));
    place.replaceChildren(make("figure", {}, make("figcaption", {}, options.title), stack, key));
  };
})();
