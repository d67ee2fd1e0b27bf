/* Draws tables, plots and lineage from the data in the page; on a live page, asks for news every two seconds. */
(() => {
  const { make, table, plot, viewer, colour } = window.aic;
  const NEWS_EVERY = 2000;
  const live = document.body.dataset.live === "yes";
  const place = (id) => document.getElementById(id);
  const data = (id) => (place(id) ? JSON.parse(place(id).textContent) : null);
  const fixed = (digits) => (value) => (value === null || value === undefined ? "–" : value.toFixed(digits));
  const whole = (value) => (value === null || value === undefined ? "–" : Math.round(value).toLocaleString("en"));
  const percent = (value) => (value === null ? "–" : `${(100 * value).toFixed(1)}%`);
  const time = (seconds) => (seconds ? new Date(seconds * 1000).toISOString().slice(5, 19).replace("T", " ") : "–");
  const column = (key, title, form) => ({ key, title, number: true, text: (row) => form(row[key]) });
  const tag = (words) => make("span", { class: `tag ${words}` }, words);

  /* Asks `address` again and again, never twice at once; what cannot be had now is asked for again. */
  const follow = (address, take) => {
    let seen = "";
    const ask = async () => {
      try {
        const answer = await fetch(address, { cache: "no-store" });
        const text = await answer.text();
        if (answer.ok && text !== seen) take(JSON.parse((seen = text)));
      } catch {
        document.body.dataset.news = "none";
      }
      setTimeout(ask, NEWS_EVERY);
    };
    setTimeout(ask, NEWS_EVERY);
  };

  const runs = data("data-runs");
  if (runs) {
    const list = table(place("runs"), {
      caption: "Runs", rows: runs, sort: ["id", true], filters: { State: "state", Proposer: "proposer" },
      columns: [
        { key: "id", title: "run", number: true, cell: (row) => make("a", { href: `run-${row.id}.html` }, String(row.id)) },
        { key: "state", title: "state", cell: (row) => tag(row.state) },
        { key: "source", title: "source", text: (row) => row.source.split("/").at(-1) },
        column("saved", "saved", percent), column("best_bytes", "bytes now", whole), column("first_bytes", "at first", whole),
        column("improvements", "improvements", whole), column("experiments", "experiments", whole),
        { key: "proposer", title: "proposer", text: (row) => (row.model ? `${row.proposer} (${row.model})` : row.proposer) },
        { key: "target", title: "asked", text: (row) => `${row.metric} ${row.target}` },
        column("usd", "USD", fixed(2)),
        { key: "created", title: "since (UTC)", text: (row) => time(row.created) },
        { key: "writeup", title: "write-up", value: (row) => row.improvements, text: () => "",
          cell: (row) => (row.improvements ? make("a", { href: `writeup-${row.id}.html`, "aria-label": `Write-up of run ${row.id}` }, "read") : "") },
      ],
    });
    if (live) follow("data/runs.json", list.set);
  }

  /* The bytes of all segments' best, after each round in which a segment got better. */
  const progress = (experiments) => {
    const best = new Map(), rounds = new Map();
    const kept = experiments.filter((row) => row.status === "kept" && row.bytes !== null).sort((a, b) => a.round - b.round || a.id - b.id);
    for (const row of kept) {
      best.set(row.segment, Math.min(row.bytes, best.get(row.segment) ?? Infinity));
      rounds.set(row.round, [...best.values()].reduce((a, b) => a + b, 0));
    }
    const points = [...rounds].map(([round, bytes]) => [round, bytes]);
    const last = Math.max(0, ...experiments.map((row) => row.round));
    if (points.length && points.at(-1)[0] < last) points.push([last, points.at(-1)[1]]);
    return [{ name: "all segments", colour: colour(0), points }];
  };

  const COLUMNS = [
    { key: "id", title: "id", number: true, cell: (row) => make("a", { href: `experiment-${row.id}.html` }, String(row.id)) },
    { key: "status", title: "status", text: (row) => `${row.status} ${row.error_class ?? ""}`, cell: (row) => tag(row.status) },
    { key: "phase", title: "phase" },
    { key: "created", title: "time (UTC)", text: (row) => time(row.created) },
    column("segment", "segment", String), column("round", "round", String),
    { key: "proposer", title: "proposer" },
    { key: "stack", title: "methods" },
    column("bytes", "bytes", whole), column("bitrate", "kbit/s", (value) => fixed(1)(value === null ? null : value / 1000)),
    column("psnr", "PSNR", fixed(2)), column("ssim", "SSIM", fixed(4)), column("ssimulacra2", "SSIMULACRA2", fixed(2)),
    column("against_hevc", "÷ HEVC", fixed(3)), column("against_av1", "÷ AV1", fixed(3)),
    column("encode_seconds", "runtime (s)", fixed(1)), column("usd", "USD", fixed(4)),
    { key: "error_class", title: "failed as" },
    { key: "hypothesis", title: "hypothesis", wide: true },
  ];

  const facts = (run) => {
    const shown = [["state", run.state], ["bytes now", whole(run.best_bytes)], ["at first", whole(run.first_bytes)], ["saved", percent(run.saved)],
      ["experiments", whole(run.experiments)], ["improvements", whole(run.improvements)], ["USD", fixed(2)(run.usd)]];
    place("facts").replaceChildren(...shown.map(([title, text]) => make("div", {}, make("dt", {}, title), make("dd", {}, text))));
  };

  const lineage = (experiments) => {
    const children = new Map();
    for (const row of experiments) children.set(row.parent, [...(children.get(row.parent) ?? []), row]);
    const branch = (parent) => make("ul", {}, ...(children.get(parent) ?? []).map((row) => make("li", {},
      make("a", { href: `experiment-${row.id}.html` }, String(row.id)), ` ${row.stack ?? ""} ${row.bytes === null ? "" : `${whole(row.bytes)} bytes`} `, tag(row.status),
      children.has(row.id) ? branch(row.id) : null)));
    place("lineage").replaceChildren(branch(null));
  };

  const run = data("data-run");
  if (run) {
    const options = { title: "Bytes over rounds", x: "round", y: "bytes", step: true, dots: true, series: progress(run.experiments) };
    const chart = plot(place("bytes"), options);
    if (place("experiments")) {
      const list = table(place("experiments"), {
        caption: "Experiments", rows: run.experiments, columns: COLUMNS, sort: ["id", true],
        filters: { Status: "status", Proposer: "proposer", Methods: "stack", Segment: "segment" },
      });
      const show = (news) => {
        facts(news.run);
        lineage(news.experiments);
      };
      show(run);
      if (live) follow(`data/run-${run.run.id}.json`, (news) => {
        show(news);
        list.set(news.experiments);
        chart.set(progress(news.experiments));
      });
    }
  }

  const frames = data("data-viewer");
  if (frames) viewer(place("viewer"), frames);

  const awaited = data("data-awaited");
  if (awaited) follow(`data/run-${awaited.run}.json`, (news) => {
    const row = news.experiments.find((one) => one.id === awaited.experiment);
    if (row.phase !== awaited.phase) location.reload();
  });
})();
