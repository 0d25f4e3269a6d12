// A host's resources: each series as a chart. Drag to zoom in, double click to zoom out; the
// cursor and the zoom are the same on all of them.
"use strict";
(() => {
  const height = 160;
  const day = 86400;
  const charts = [];
  const zone = "Asia/Seoul";
  const moment = (lang) => new Intl.DateTimeFormat(lang, { timeZone: zone, month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const date = (lang) => new Intl.DateTimeFormat(lang, { timeZone: zone, month: "2-digit", day: "2-digit" });
  const zoomed = (self, key) => {
    if (key !== "x") return;
    const { min, max } = self.scales.x;
    for (const other of charts) {
      const seen = other.scales.x;
      if (other !== self && (seen.min !== min || seen.max !== max)) other.setScale("x", { min, max });
    }
  };
  const draw = (figure) => {
    const { unit, mean, max, lang } = figure.dataset;
    const data = JSON.parse(figure.dataset.plot);
    const place = figure.querySelector(".canvas");
    const told = moment(lang);
    const short = date(lang);
    const figureOf = (value) => (value === null ? "–" : `${value.toFixed(1)} ${unit}`);
    const options = {
      width: place.clientWidth,
      height,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone),
      cursor: { sync: { key: "resources" }, drag: { x: true, y: false } },
      scales: { y: { range: (_, low, high) => [0, unit === "%" ? 100 : Math.max(high * 1.1, 1)] } },
      axes: [
        { values: (_, at) => at.map((seconds) => (at.length && at[at.length - 1] - at[0] >= 3 * day ? short : told).format(seconds * 1000)), space: 90 },
        { size: 56 },
      ],
      series: [
        { label: "KST", value: (_, seconds) => (seconds === null ? "–" : told.format(seconds * 1000)) },
        { label: mean, stroke: "#275a8a", fill: "#cfdfee", width: 1.5, value: (_, value) => figureOf(value) },
        { label: max, stroke: "#8a5200", width: 1, value: (_, value) => figureOf(value) },
      ],
      hooks: { setScale: [zoomed] },
    };
    const chart = new uPlot(options, data, place);
    charts.push(chart);
    new ResizeObserver(() => {
      const width = place.clientWidth;
      if (width > 0 && width !== chart.width) chart.setSize({ width, height });
    }).observe(place);
  };
  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-plot]").forEach(draw);
  });
})();
