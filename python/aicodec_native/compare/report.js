/* Fills the report of a comparison from its data. */
(() => {
  const { make, number, plot, bars, viewer, colour } = window.aic;
  const data = JSON.parse(document.getElementById("data").textContent);
  const place = (id) => document.getElementById(id);
  const { clip, codecs, shown, titles } = data;
  const bytes = (value) => (value === null ? "–" : Math.round(value).toLocaleString("en"));
  const percent = (value) => (value === null ? "–" : `${value > 0 ? "+" : ""}${value.toFixed(1)}%`);

  place("title").textContent = clip.name;
  const round = (value) => Number(value.toFixed(2));
  const part = `${clip.frames} frames (${round(clip.seconds)} s from ${round(clip.start)} s)`;
  place("about").textContent = `${clip.width}×${clip.height}, ${clip.format}, ${part}, ${round(clip.frame_rate)} fps`;

  const cell = (text, best, name = "td") => make(name, { class: best ? "number best" : "number" }, text);
  const head = make("tr", {}, make("th", { scope: "col" }, "codec"));
  for (const level of data.levels) head.append(make("th", { scope: "col", class: "number" }, `bytes at ${Number(level.score.toFixed(1))}`));
  for (const metric of data.metrics) head.append(make("th", { scope: "col", class: "number" }, `BD, ${titles[metric].replace(/ \(.*/, "")}`));
  for (const title of ["encode (s)", "decode (s)"]) head.append(make("th", { scope: "col", class: "number" }, title));
  const body = make("tbody");
  const least = data.levels.map((_, i) => Math.min(...codecs.map((codec) => codec.bytes_at[i] ?? Infinity)));
  for (const codec of codecs) {
    const row = make("tr", {}, make("th", { scope: "row" }, codec.name));
    codec.bytes_at.forEach((size, i) => row.append(cell(bytes(size), size === least[i])));
    for (const metric of data.metrics) row.append(cell(codec === codecs[0] ? "" : percent(codec.bd_rate_of_aic[metric]), false));
    const near = codec.points.reduce((a, b) => (distance(b) < distance(a) ? b : a));
    row.append(cell(number(near.encode_seconds), false), cell(number(near.decode_seconds), false));
    body.append(row);
  }
  function distance(point) {
    return Math.abs(point.scores.ssimulacra2 - shown.quality);
  }
  place("times").textContent = `Times are those of each codec's file nearest to ${shown.quality}.`;
  const caption = make("caption", { class: "skip" }, "Bytes at equal quality");
  place("table").append(make("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Bytes at equal quality" },
    make("table", {}, caption, make("thead", {}, head), body)));

  if (codecs.some((codec) => codec.points.some((p) => data.metrics.some((metric) => p.scores[metric] === null))))
    place("exact").textContent = " Files without any error have infinite decibels, and no point there.";
  // Cards stand in pairs: one is left, and the first metric is the one that files are compared at.
  const alone = data.metrics.length % 2 === 1;
  data.metrics.forEach((metric, at) => {
    const first = at === 0 && alone;
    const card = make("div", { class: first ? "card whole" : "card" });
    place("plots").append(card);
    plot(card, {
      height: first ? 360 : undefined,
      title: `${titles[metric]} over bit rate`, x: "kbit/s", y: titles[metric], xLog: true, dots: true,
      series: codecs.map((codec, i) => ({
        name: codec.name, colour: colour(i),
        points: codec.points.filter((p) => p.scores[metric] !== null)
          .map((p) => [(p.bytes * 8) / 1000 / clip.seconds, p.scores[metric], `${p.setting}, ${bytes(p.bytes)} bytes`]),
      })),
    });
  });

  place("looking").textContent = `Of each codec the smallest file that was written and has SSIMULACRA2 ${shown.score}. Drag the line, or move it with the arrow keys; zoom with the wheel or + and −.`;
  viewer(place("viewer"), { width: clip.width, height: clip.height, frames: shown.frames });
  plot(place("per-frame"), {
    title: `SSIMULACRA2 of every frame, the same files`, x: "frame", y: "SSIMULACRA2",
    series: shown.per_frame.map((one) => ({
      name: one.name, colour: colour(codecs.findIndex((codec) => codec.name === one.name)), points: one.scores.map((score, i) => [i, score]),
    })),
  });
  bars(place("layers"), {
    title: ".aic: bytes of each segment's layers", unit: "bytes",
    bars: shown.layers.map((parts, i) => ({ name: `segment ${i}`, parts })),
  });

  const lines = codecs.map((codec) => make("tr", {}, make("th", { scope: "row" }, codec.name), make("td", { class: "wide" }, make("code", {}, codec.settings)), make("td", {}, codec.version)));
  place("settings").append(make("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Settings" }, make("table", {},
    make("thead", {}, make("tr", {}, ...["codec", "settings", "version"].map((title) => make("th", { scope: "col" }, title)))), make("tbody", {}, ...lines))));
})();
