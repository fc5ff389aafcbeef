// Draws one plotly figure with the page's one plotly.js, in the page's theme.
// Loaded by anywidget for each view, and inlined once in exported pages: keep it small.

const PAGE = Symbol.for("coursekit.explore"); // what all views of a page share
const page = (globalThis[PAGE] ??= { plotly: null, views: new Set() });

const KOREAN = {
  moduleType: "locale",
  name: "ko",
  dictionary: {
    Autoscale: "자동 범위",
    "Box Select": "사각형 선택",
    "Download plot as a PNG": "PNG로 저장",
    "Download plot": "그림 저장",
    "Double-click on legend to isolate one trace": "범례를 두 번 누르면 하나만 보입니다",
    "Double-click to zoom back out": "두 번 누르면 처음 크기로 돌아갑니다",
    "Lasso Select": "올가미 선택",
    Pan: "이동",
    Reset: "처음으로",
    "Reset axes": "축을 처음으로",
    "Reset camera to default": "시점을 처음으로",
    "Orbital rotation": "회전",
    "Turntable rotation": "수평 회전",
    "Taking snapshot - this may take a few seconds": "그림을 저장하고 있습니다",
    Zoom: "영역 확대",
    "Zoom in": "확대",
    "Zoom out": "축소",
  },
  format: {
    days: ["일요일", "월요일", "화요일", "수요일", "목요일", "금요일", "토요일"],
    shortDays: ["일", "월", "화", "수", "목", "금", "토"],
    months: [...Array(12).keys()].map((i) => `${i + 1}월`),
    shortMonths: [...Array(12).keys()].map((i) => `${i + 1}월`),
    date: "%Y년 %-m월 %-d일",
    year: "%Y년",
    month: "%Y년 %-m월",
    dayMonth: "%-m월 %-d일",
  },
};
const CONFIG = {
  displaylogo: false,
  showSendToCloud: false, // "Share chart...": students' figures stay on their machine
  responsive: false, // the view watches its own box, which changes without the window's
  locale: "ko",
  locales: { ko: KOREAN },
  modeBarButtonsToRemove: ["lasso2d", "select2d", "autoScale2d"],
};

function plotlyUrl(version) {
  const config = document.getElementById("jupyter-config-data");
  const base = config ? JSON.parse(config.textContent).baseUrl : document.body.dataset.baseUrl;
  return `${(base ?? "/").replace(/\/*$/, "/")}coursekit/plotly/${version}/plotly.min.js`;
}

function loadPlotly(version) {
  page.plotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = plotlyUrl(version);
    const fail = () => {
      script.remove();
      page.plotly = null; // the next view, or the button, tries again
      reject(new Error(script.src));
    };
    script.onerror = fail;
    script.onload = () => (globalThis.Plotly ? resolve(globalThis.Plotly) : fail());
    document.head.append(script);
  });
  return page.plotly;
}

// Colours of the page, as plain rgb: themes may write them as var() or color-mix(), which plotly cannot read.
function pageColours(el) {
  const probe = el.appendChild(document.createElement("span"));
  probe.style.display = "none";
  const read = (name) => {
    if (!getComputedStyle(el).getPropertyValue(name).trim()) return null;
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const colours = {
    text: read("--jp-content-font-color1"),
    grid: read("--jp-border-color2"),
    surface: read("--jp-layout-color1"),
  };
  probe.remove();
  return colours;
}

function isDark() {
  const light = document.body.dataset.jpThemeLight;
  return light === undefined ? matchMedia("(prefers-color-scheme: dark)").matches : light === "false";
}

// The project's template with the theme's own text, grid and font; the paper lets the page shine through.
function themed(templates, el) {
  const template = structuredClone(isDark() ? templates.dark : templates.light);
  const { text, grid, surface } = pageColours(el);
  const { layout } = template;
  layout.paper_bgcolor = layout.plot_bgcolor = "rgba(0,0,0,0)";
  const font = getComputedStyle(el).getPropertyValue("--jp-ui-font-family").trim();
  if (font) layout.font.family = `${font}, ${layout.font.family}`;
  if (text) {
    layout.font.color = layout.hoverlabel.font.color = text;
    layout.annotationdefaults.font.color = layout.annotationdefaults.arrowcolor = layout.shapedefaults.line.color = text;
    for (const axis of ["error_x", "error_y"]) template.data.bar[0][axis].color = text;
  }
  if (grid) {
    for (const axis of [layout.xaxis, layout.yaxis]) {
      axis.gridcolor = axis.linecolor = axis.zerolinecolor = axis.tickcolor = grid;
    }
    const [table] = template.data.table;
    table.header.fill.color = table.header.line.color = table.cells.line.color = grid;
    layout.hoverlabel.bordercolor = grid;
  }
  if (surface) layout.hoverlabel.bgcolor = surface;
  return template;
}

const EVENTS = { click: "plotly_click", hover: "plotly_hover" };

function describe(points) {
  return points.map((p) => ({
    curve: p.curveNumber,
    index: p.pointIndex ?? p.pointNumber ?? null,
    x: p.x ?? p.label ?? null,
    y: p.y ?? p.value ?? null,
    name: p.data?.name ?? null,
    customdata: p.customdata ?? null,
  }));
}

// The kernel sends what changed; a patch whose base we do not have is answered by asking for the whole.
function initialize({ model }) {
  const apply = () => {
    const patch = model.get("_patch");
    const figure = model.get("_figure");
    if (!patch?.version || patch.version <= figure.version) return;
    if (patch.base !== figure.version) {
      model.send({ kind: "stale" });
      return;
    }
    const data = Array.from({ length: patch.length }, (_, i) => patch.traces[i] ?? figure.data[i]);
    model.set("_figure", { version: patch.version, data, layout: patch.layout ?? figure.layout });
  };
  model.on("change:_patch", apply);
  apply();
  model.send({ kind: "ready" });
}

function render({ model, el }) {
  el.classList.add("coursekit-view");
  const note = el.appendChild(document.createElement("div"));
  note.className = "coursekit-note";
  note.setAttribute("role", "status");
  const plot = el.appendChild(document.createElement("div"));
  plot.className = "coursekit-plot";

  let Plotly = null;
  let alive = true;
  let drawing = false;
  let stale = true; // something is not on the screen yet
  let width = 0;
  let template = null; // the page's, until its theme changes: reading colours makes the browser lay out the page
  let missed = 0; // frames in which there was no room to draw
  let waiting = 0; // the frame asked for

  const showNote = () => {
    note.textContent = model.get("_message");
    note.dataset.tone = model.get("_tone");
    note.hidden = !note.textContent;
  };

  const showFailure = (error) => {
    const retry = document.createElement("button");
    retry.textContent = "다시 시도";
    retry.onclick = () => {
      showNote();
      start();
    };
    note.replaceChildren(
      "그림을 그리는 데 필요한 plotly.js를 불러오지 못했습니다. JupyterLab을 껐다가 다시 켜 주세요. " +
        "그래도 보이지 않으면 jupyter server extension list에 coursekit.explore.server가 있는지 확인해 주세요. ",
      Object.assign(document.createElement("small"), { textContent: error.message }),
      retry,
    );
    note.dataset.tone = "error";
    note.hidden = false;
  };

  const fit = (layout) => {
    plot.style.height = `${layout.height ?? model.get("_height")}px`;
    plot.style.maxWidth = layout.width ? `${layout.width}px` : "";
    delete layout.height; // the box has them, and follows the page
    delete layout.width;
  };

  const draw = async () => {
    stale = true;
    if (drawing || !Plotly) return;
    drawing = true;
    try {
      while (stale && alive) {
        const figure = model.get("_figure");
        plot.hidden = !figure.data.length && !Object.keys(figure.layout).length;
        if (plot.hidden) break;
        if (!el.clientWidth) {
          // Gone for a frame (Lab changes its theme) or for long (a hidden tab): the observer sees only the latter.
          if (++missed < 30) waiting = requestAnimationFrame(draw);
          break;
        }
        stale = false;
        missed = 0;
        const layout = structuredClone(figure.layout); // plotly writes into what it is given
        fit(layout);
        layout.template ??= template ??= themed(model.get("_templates"), el);
        layout.uirevision ??= "kept"; // a zoom survives the next value of a slider
        layout.autosize = true;
        width = plot.clientWidth;
        await Plotly.react(plot, figure.data.map((trace) => ({ ...trace })), layout, CONFIG);
        if (!alive) return;
        listen();
        plot.dataset.drawn = figure.version;
      }
    } catch (error) {
      console.error(error);
      note.textContent = `그림을 그리지 못했습니다: ${error.message}`;
      note.dataset.tone = "error";
      note.hidden = false;
    } finally {
      drawing = false;
    }
  };

  const listened = new Set();
  const listen = () => {
    for (const event of model.get("_events")) {
      if (listened.has(event) || !plot.on) continue;
      listened.add(event);
      plot.on(EVENTS[event], ({ points }) => model.send({ kind: "event", event, points: describe(points) }));
    }
  };

  const start = () =>
    loadPlotly(model.get("_plotly_version")).then(
      (loaded) => {
        Plotly = loaded;
        if (alive) draw();
      },
      (error) => alive && showFailure(error),
    );

  const resized = new ResizeObserver(() => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => {
      if (!alive || !Plotly || !el.clientWidth) return;
      missed = 0;
      if (stale) draw();
      else if (!plot.hidden && plot.clientWidth !== width) {
        width = plot.clientWidth;
        Plotly.Plots.resize(plot);
      }
    });
  });
  const restyle = () => {
    template = null;
    draw();
  };
  const retheme = new MutationObserver(restyle);
  const scheme = matchMedia("(prefers-color-scheme: dark)");

  model.on("change:_figure", draw);
  model.on("change:_height", draw);
  model.on("change:_events", listen);
  model.on("change:_message", showNote);
  model.on("change:_tone", showNote);
  resized.observe(el);
  retheme.observe(document.body, { attributeFilter: ["data-jp-theme-light", "data-jp-theme-name"] });
  scheme.addEventListener("change", restyle);
  page.views.add(plot);

  plot.style.height = `${model.get("_figure").layout.height ?? model.get("_height")}px`; // the page must not jump later
  showNote();
  start();

  return () => {
    alive = false;
    cancelAnimationFrame(waiting);
    resized.disconnect();
    retheme.disconnect();
    scheme.removeEventListener("change", restyle);
    page.views.delete(plot);
    if (Plotly) Plotly.purge(plot);
    el.replaceChildren();
  };
}

export default { initialize, render };
