// Draws the ECharts options that the server wrote (reporting/charts.py): <div data-chart="id of the JSON">.
// The server says what to draw; this file adds what JSON cannot hold: number formats by unit, the theme's colours, the tooltip.
(() => {
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const theme = () => ({
    hues: [1, 2, 3, 4, 5, 6].map((n) => token(`--chart-${n}`)),
    text: token("--chart-text"),
    line: token("--chart-line"),
    hatch: token("--chart-hatch"),
    strong: getComputedStyle(document.body).color,
    surface: token("--tblr-bg-surface"),
  });

  const formats = ({ locale, currency }) => {
    const make = (options) => {
      const format = new Intl.NumberFormat(locale, options);
      return (value) => (value == null ? "–" : format.format(value));
    };
    const money = { style: "currency", currency, currencyDisplay: "narrowSymbol" };
    const ratio = make({ maximumFractionDigits: 2, minimumFractionDigits: 2 });
    const whole = make({ ...money, maximumFractionDigits: 0 });
    const exact = make(money);
    return {
      value: {
        money: (value) => (Math.abs(value) < 1000 ? exact(value) : whole(value)),
        count: make({ maximumFractionDigits: 1 }),
        percent: make({ style: "percent", maximumFractionDigits: 2 }),
        factor: ratio,
        ratio: (value) => (value == null ? "–" : `${ratio(value)} : 1`),
      },
      axis: {
        money: (value) => (Math.abs(value) < 10 && value !== 0 ? exact(value) : whole(value)),
        count: make({ maximumFractionDigits: 1 }),
        percent: make({ style: "percent", maximumFractionDigits: 1 }),
        factor: make({ maximumFractionDigits: 1 }),
        ratio: make({ maximumFractionDigits: 1 }),
      },
    };
  };

  // Fine diagonal lines: days that may still change
  const hatch = (colour) => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 8;
    const pen = canvas.getContext("2d");
    pen.strokeStyle = colour;
    pen.beginPath();
    for (const x of [-4, 4, 12]) {
      pen.moveTo(x - 4, 12);
      pen.lineTo(x + 8, 0);
    }
    pen.stroke();
    return { image: canvas, repeat: "repeat" };
  };

  const mark = (area, look) => ({
    ...area,
    itemStyle: { color: area.hatched ? hatch(look.hatch) : look.line },
    label: { ...area.label, color: look.text, fontSize: 11 },
  });

  const dress = (series, look) => {
    const colour = look.hues[series.hue ?? 0];
    const dressed = {
      ...series,
      color: colour,
      itemStyle: { ...series.itemStyle, color: colour, opacity: series.faded ? 0.55 : 1 },
    };
    if (series.type === "line") dressed.lineStyle = { ...series.lineStyle, color: colour, opacity: series.faded ? 0.55 : 1 };
    if (series.markArea) dressed.markArea = mark(series.markArea, look);
    return dressed;
  };

  const dressAxis = (axis, look, format) => ({
    ...axis,
    axisLabel: {
      ...axis.axisLabel,
      color: look.text,
      fontSize: 12,
      ...(axis.unit ? { formatter: format.axis[axis.unit] } : {}),
    },
    axisLine: { lineStyle: { color: look.line }, ...axis.axisLine },
    splitLine: { ...axis.splitLine, lineStyle: { color: look.line } },
  });

  const each = (axis, act) => (Array.isArray(axis) ? axis.map(act) : act(axis));

  const tooltip = (option, format) => (points) => {
    const lines = new Map(); // an unfinished end is a series of its own with the same name: one line for both
    for (const point of points) {
      const series = option.series[point.seriesIndex];
      if (point.value == null && lines.has(point.seriesName)) continue;
      lines.set(point.seriesName, { point, value: format.value[series.unit](point.value) });
    }
    const box = document.createElement("div");
    const head = box.appendChild(document.createElement("div"));
    head.className = "chart-tip-title";
    head.textContent = option.mops.titles[points[0].dataIndex] ?? points[0].name;
    for (const [name, { point, value }] of lines) {
      const line = box.appendChild(document.createElement("div"));
      line.className = "chart-tip-line";
      const dot = line.appendChild(document.createElement("span"));
      dot.className = "chart-tip-dot";
      dot.style.background = point.color;
      line.appendChild(document.createElement("span")).textContent = name;
      line.appendChild(document.createElement("b")).textContent = value;
    }
    return box;
  };

  // The server's option with everything that depends on theme and language
  const complete = (option) => {
    const look = theme();
    const format = formats(option.mops);
    return {
      ...option,
      animation: !still.matches,
      animationDuration: 300,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      legend: { ...option.legend, textStyle: { color: look.text, fontSize: 12 }, pageTextStyle: { color: look.text }, inactiveColor: look.line },
      tooltip: {
        ...option.tooltip,
        backgroundColor: look.surface,
        borderColor: look.line,
        textStyle: { color: look.strong, fontSize: 13 },
        axisPointer: { type: option.series[0]?.type === "bar" ? "shadow" : "line", lineStyle: { color: look.text } },
        formatter: tooltip(option, format),
      },
      xAxis: each(option.xAxis, (axis) => dressAxis(axis, look, format)),
      yAxis: each(option.yAxis, (axis) => dressAxis(axis, look, format)),
      series: option.series.map((series) => dress(series, look)),
    };
  };

  const draw = (element) => {
    const option = JSON.parse(document.getElementById(element.dataset.chart).textContent);
    const chart = echarts.getInstanceByDom(element) ?? echarts.init(element, null, { renderer: "svg" });
    chart.setOption(complete(option), { notMerge: true });
    element.dataset.drawn = "";
  };
  // A picture of a chart for slides and mails: drawn anew on a canvas of its own, with the title that the page has beside it
  const WIDTH = 1200;
  const HEIGHT = 600;
  const HEAD = 64; // title and note
  const picture = ({ picture: source, title, note, name }) => {
    const option = complete(JSON.parse(document.getElementById(document.querySelector(source).dataset.chart).textContent));
    const look = theme();
    const paper = getComputedStyle(document.querySelector(source).closest(".card")).backgroundColor; // a canvas knows no var()
    const chart = echarts.init(document.createElement("div"), null, { renderer: "canvas", width: WIDTH, height: HEIGHT });
    chart.setOption({
      ...option,
      animation: false,
      backgroundColor: paper,
      title: {
        text: title,
        subtext: note,
        left: 24,
        top: 16,
        textStyle: { color: look.strong, fontSize: 18, fontWeight: 600 },
        subtextStyle: { color: look.text, fontSize: 13 },
      },
      tooltip: { show: false },
      legend: { ...option.legend, top: HEAD + 16, left: 24, right: 24 },
      grid: { ...option.grid, left: 24, right: 28, top: option.grid.top + HEAD + 16, bottom: 20 },
    });
    chart.renderToCanvas({ pixelRatio: 2 }).toBlob((blob) => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
      chart.dispose();
    });
  };
  document.addEventListener("click", (e) => {
    const button = e.target.closest?.("[data-picture]");
    if (button) picture(button.dataset);
  });

  const all = (act) => document.querySelectorAll("[data-chart]").forEach(act);
  const resize = new ResizeObserver((entries) =>
    entries.forEach(({ target }) => echarts.getInstanceByDom(target)?.resize()),
  );

  const start = () =>
    all((element) => {
      if ("drawn" in element.dataset) return;
      draw(element);
      resize.observe(element);
    });
  document.addEventListener("DOMContentLoaded", start);
  document.addEventListener("htmx:afterSettle", start);
  document.addEventListener("htmx:beforeCleanupElement", (e) => {
    const chart = e.target.matches?.("[data-chart]") && echarts.getInstanceByDom(e.target);
    if (chart) {
      resize.unobserve(e.target);
      chart.dispose();
    }
  });
  document.addEventListener("themechange", () => all(draw));
  still.addEventListener("change", () => all(draw));
})();
