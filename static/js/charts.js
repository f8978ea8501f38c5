// Draws every [data-chart] from the JSON of the same id, in the colours of the page.
//
// A figure is Plotly's {data, layout} and says nothing about colours or fonts, except by token:
// any colour may be "primary", "gain", "loss", "muted", "warning" or "benchmark".
// layout.meta.rupees = "y" (or "x", or "xy") writes that axis in lakh and crore.
// layout.meta.directLabels = true writes each line's name at its end.
(() => {
  const plotlyAddress = document.currentScript.dataset.plotly;
  const drawn = new Set();
  let plotly;

  const load = () =>
    (plotly ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = plotlyAddress;
      script.onload = () => resolve(window.Plotly);
      script.onerror = () => reject(new Error("The chart library did not load."));
      document.head.append(script);
    }));

  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const palette = () => ({
    primary: token("--tblr-primary"),
    gain: token("--wh-gain"),
    loss: token("--wh-loss"),
    muted: token("--tblr-secondary"),
    warning: token("--wh-warning"),
    benchmark: token("--wh-benchmark"),
    text: token("--tblr-body-color"),
    line: token("--tblr-border-color"),
    surface: token("--tblr-bg-surface"),
  });

  const template = (c) => ({
    layout: {
      font: { family: token("--wh-font"), size: 12, color: c.muted },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      margin: { l: 8, r: 12, t: 12, b: 8 },
      colorway: [c.primary, c.benchmark, c.gain, c.muted, c.loss, c.warning],
      showlegend: false,
      bargap: 0.28,
      hoverlabel: { bgcolor: c.surface, bordercolor: c.line, font: { color: c.text, family: token("--wh-font") } },
      xaxis: { automargin: true, fixedrange: true, showgrid: false, zeroline: false, linecolor: c.line, ticks: "", title: { standoff: 8 } },
      yaxis: { automargin: true, fixedrange: true, gridcolor: c.line, zerolinecolor: c.muted, zerolinewidth: 1, linecolor: c.line, ticks: "", title: { standoff: 8 } },
      legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 },
    },
  });

  // Token names become colours, wherever in the figure they stand as a colour.
  const coloured = (value, c, key = "") => {
    if (Array.isArray(value)) return value.map((item) => coloured(item, c, key));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, coloured(item, c, name)]));
    }
    return /color/i.test(key) && typeof value === "string" && value in c ? c[value] : value;
  };

  const digits = new Intl.NumberFormat("en-IN", { maximumFractionDigits: 2 });
  const rupees = (value) => {
    const size = Math.abs(value);
    const sign = value < 0 ? "−" : "";
    if (size >= 1e7) return `${sign}₹${digits.format(size / 1e7)} Cr`;
    if (size >= 1e5) return `${sign}₹${digits.format(size / 1e5)} L`;
    return `${sign}₹${digits.format(size)}`;
  };

  // About five round steps between the ends of an axis.
  const steps = ([low, high]) => {
    const rough = (high - low) / 5;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
    const ticks = [];
    for (let tick = Math.ceil(low / step) * step; tick <= high; tick += step) ticks.push(Number(tick.toPrecision(12)));
    return ticks;
  };

  const hoverInRupees = (trace, axis) => {
    const values = trace[axis];
    if (!Array.isArray(values) || trace.hovertemplate) return trace;
    const other = axis === "y" ? "%{x}" : "%{y}";
    const name = trace.name ? `${trace.name}: ` : "";
    return { ...trace, customdata: values.map((v) => (v === null ? "—" : rupees(v))), hovertemplate: `${other}<br>${name}%{customdata}<extra></extra>` };
  };

  const endLabels = (data, c) =>
    data
      .filter((trace) => trace.type === "scatter" && trace.name && trace.x?.length)
      .map((trace) => {
        let last = trace.y.length - 1;
        while (last > 0 && trace.y[last] === null) last -= 1;
        return { x: trace.x[last], y: trace.y[last], text: trace.name, showarrow: false, xanchor: "right", yanchor: "bottom", yshift: 2, font: { color: c.muted } };
      });

  const draw = async (box) => {
    const source = document.getElementById(box.dataset.chart);
    if (!source) return;
    const Plotly = await load();
    if (!box.isConnected) return;
    const c = palette();
    const figure = coloured(JSON.parse(source.textContent), c);
    const meta = figure.layout?.meta ?? {};
    const axes = [...(meta.rupees ?? "")];
    const data = axes.length ? figure.data.map((trace) => hoverInRupees(trace, axes[0])) : figure.data;
    const layout = { ...figure.layout, template: template(c), autosize: true };
    if (meta.directLabels) layout.annotations = [...(layout.annotations ?? []), ...endLabels(data, c)];
    box.querySelector("noscript")?.remove();
    await Plotly.react(box, data, layout, { displayModeBar: false, responsive: true, locale: "en" });
    drawn.add(box);
    const update = {};
    for (const axis of axes) {
      const range = box.layout[`${axis}axis`]?.range;
      if (!range) continue;
      const ticks = steps(range);
      update[`${axis}axis.tickvals`] = ticks;
      update[`${axis}axis.ticktext`] = ticks.map(rupees);
    }
    if (Object.keys(update).length) await Plotly.relayout(box, update);
    box.dataset.drawn = "";
  };

  const drawAll = (root) => {
    if (root.matches?.("[data-chart]")) draw(root);
    root.querySelectorAll?.("[data-chart]").forEach(draw);
  };

  drawAll(document);
  document.addEventListener("htmx:load", (event) => {
    if (event.detail.elt !== document.body) drawAll(event.detail.elt);
  });
  document.addEventListener("htmx:beforeCleanupElement", (event) => {
    if (drawn.delete(event.target)) window.Plotly?.purge(event.target);
  });
  new MutationObserver(() => drawn.forEach((box) => (box.isConnected ? draw(box) : drawn.delete(box)))).observe(
    document.documentElement,
    { attributes: true, attributeFilter: ["data-bs-theme"] },
  );
})();
