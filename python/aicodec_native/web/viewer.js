/* Two pictures of one frame with a split between them: drag the line (or the arrow keys on it), zoom to single pixels
   (wheel, + and -), move the picture (drag it), or look at their difference. Pixels are never read back, so it works
   on pages opened from a disk, too. */
(() => {
  const aic = (window.aic ??= {});
  const ZOOMS = [1, 2, 4, 8, 16, 32];

  /* options: width, height, and frames of {label, pictures: [{name, url}, ...]}, the source first in each. */
  aic.viewer = (place, options) => {
    const make = aic.make;
    const state = { frame: 0, left: 0, right: 1, split: 0.5, zoom: 0, x: 0.5, y: 0.5, difference: false, doublings: 3 };
    const canvas = make("canvas", { width: options.width, height: options.height, tabindex: 0, role: "img" });
    const handle = make("div", {
      class: "handle", tabindex: 0, role: "slider", "aria-label": "Split between the two pictures",
      "aria-valuemin": 0, "aria-valuemax": 100, "aria-orientation": "horizontal",
    });
    const names = { left: make("span", { class: "name left" }), right: make("span", { class: "name right" }) };
    const stage = make("div", { class: "stage" }, canvas, handle, names.left, names.right);
    const said = make("span", { class: "soft", "aria-live": "polite" });
    const images = new Map();
    const scratch = document.createElement("canvas");
    [scratch.width, scratch.height] = [options.width, options.height];

    const pictures = () => options.frames[state.frame].pictures;
    const image = (picture) => {
      if (!images.has(picture.url)) {
        const loaded = new Image();
        loaded.addEventListener("load", draw);
        loaded.src = picture.url;
        images.set(picture.url, loaded);
      }
      return images.get(picture.url);
    };

    const zoomed = () => ZOOMS[state.zoom];
    const clampView = () => {
      const half = 0.5 / zoomed();
      for (const axis of ["x", "y"]) state[axis] = Math.min(1 - half, Math.max(half, state[axis]));
    };
    const paint = (context, picture) => {
      const of = image(picture), zoom = zoomed();
      if (!of.complete || !of.naturalWidth) return;
      context.imageSmoothingEnabled = false;
      const [w, h] = [options.width * zoom, options.height * zoom];
      context.drawImage(of, Math.round(options.width / 2 - state.x * w), Math.round(options.height / 2 - state.y * h), w, h);
    };

    const draw = () => {
      clampView();
      const context = canvas.getContext("2d"), { width, height } = options;
      const [left, right] = [pictures()[state.left], pictures()[state.right]];
      context.globalCompositeOperation = "source-over";
      context.clearRect(0, 0, width, height);
      if (state.difference) {
        const own = scratch.getContext("2d");
        own.globalCompositeOperation = "source-over";
        own.clearRect(0, 0, width, height);
        paint(own, left);
        own.globalCompositeOperation = "difference";
        paint(own, right);
        own.globalCompositeOperation = "lighter";
        for (let i = 0; i < state.doublings; i++) own.drawImage(scratch, 0, 0);
        context.drawImage(scratch, 0, 0);
      } else {
        paint(context, right);
        context.save();
        context.beginPath();
        context.rect(0, 0, state.split * width, height);
        context.clip();
        context.clearRect(0, 0, width, height);
        paint(context, left);
        context.restore();
      }
      handle.hidden = state.difference;
      handle.style.left = `${100 * state.split}%`;
      handle.setAttribute("aria-valuenow", Math.round(100 * state.split));
      names.left.textContent = state.difference ? `${left.name} − ${right.name}, × ${2 ** state.doublings}` : left.name;
      names.right.textContent = right.name;
      names.right.hidden = state.difference;
      canvas.setAttribute("aria-label", `${options.frames[state.frame].label}: ${names.left.textContent}${state.difference ? "" : ` beside ${right.name}`}`);
      said.textContent = zoomed() === 1 ? "" : `${zoomed()}×`;
    };

    const select = (label, entries, key) => {
      const chooser = make("select", { onchange: (event) => { state[key] = Number(event.target.value); draw(); } });
      entries.forEach((entry, i) => chooser.append(make("option", { value: i }, entry)));
      chooser.value = state[key];
      return make("label", {}, `${label} `, chooser);
    };
    const zoomBy = (steps, at = { x: 0.5, y: 0.5 }) => {
      const before = zoomed();
      state.zoom = Math.min(ZOOMS.length - 1, Math.max(0, state.zoom + steps));
      // What lies under the pointer stays there.
      for (const axis of ["x", "y"]) state[axis] += (at[axis] - 0.5) * (1 / before - 1 / zoomed());
      draw();
    };
    const button = (text, label, act) => make("button", { class: "plain", type: "button", "aria-label": label, onclick: act }, text);
    const difference = make("button", { class: "plain", type: "button", "aria-pressed": "false" }, "Difference");
    difference.addEventListener("click", () => {
      state.difference = !state.difference;
      difference.setAttribute("aria-pressed", String(state.difference));
      draw();
    });
    const own = pictures().map((picture) => picture.name);
    const bar = make("div", { class: "bar" },
      select("Frame", options.frames.map((frame) => frame.label), "frame"),
      select("Left", own, "left"), select("Right", own, "right"),
      make("span", { class: "together" }, button("−", "Zoom out", () => zoomBy(-1)), button("+", "Zoom in", () => zoomBy(1))), difference,
      select("Gain", [1, 2, 4, 8, 16, 32].map((gain) => `× ${gain}`), "doublings"), said);
    place.classList.add("viewer");
    place.replaceChildren(bar, stage);

    const placeOf = (event) => {
      const area = stage.getBoundingClientRect();
      return { x: (event.clientX - area.left) / area.width, y: (event.clientY - area.top) / area.height };
    };
    const dragged = (element, moved) => {
      element.addEventListener("pointerdown", (event) => {
        element.setPointerCapture(event.pointerId);
        let last = placeOf(event);
        const move = (next) => { const now = placeOf(next); moved(now, last); last = now; };
        const end = () => { element.removeEventListener("pointermove", move); element.removeEventListener("pointerup", end); };
        element.addEventListener("pointermove", move);
        element.addEventListener("pointerup", end);
        event.preventDefault();
        element.focus();
      });
    };
    const splitTo = (share) => { state.split = Math.min(1, Math.max(0, share)); draw(); };
    dragged(handle, (now) => splitTo(now.x));
    dragged(canvas, (now, last) => {
      state.x -= (now.x - last.x) / zoomed();
      state.y -= (now.y - last.y) / zoomed();
      draw();
    });
    handle.addEventListener("keydown", (event) => {
      const to = { ArrowLeft: state.split - 0.02, ArrowRight: state.split + 0.02, Home: 0, End: 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      splitTo(to);
    });
    canvas.addEventListener("keydown", (event) => {
      const step = 0.1 / zoomed();
      const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
      if (event.key === "+" || event.key === "=") zoomBy(1);
      else if (event.key === "-") zoomBy(-1);
      else if (event.key in moves) { state.x += moves[event.key][0]; state.y += moves[event.key][1]; draw(); }
      else return;
      event.preventDefault();
    });
    canvas.addEventListener("wheel", (event) => { event.preventDefault(); zoomBy(event.deltaY < 0 ? 1 : -1, placeOf(event)); }, { passive: false });
    draw();
  };
})();
