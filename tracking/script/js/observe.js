// What is noticed on a page, from the moment somebody agreed until they withdraw.
const IDLE = 15000; // milliseconds without a sign of life after which time does not count as engaged

let listening; // aborts all listeners at once
let here; // the page as it was when it was counted
let campaign; // UTM values of its address, by Segment's names
let shown, depth, engaged, lastSign, clock;

function pageContext() {
  return {
    page: here,
    campaign,
    locale: navigator.language,
    userAgent: navigator.userAgent,
    library: { name: "mops.js", version: "1" },
  };
}

// Addresses are kept without what could name a person: of the query only campaign and click ids, of a referrer nothing.
function page(name, properties) {
  const asked = new URLSearchParams(location.search);
  const kept = new URLSearchParams();
  campaign = undefined;
  for (const [key, value] of asked) {
    const utm = key.split("utm_")[1];
    if (utm) (campaign ||= {})[utm === "campaign" ? "name" : utm] = value;
    if (utm || CLICK_ID.test(key) || words(option.keep).includes(key)) kept.append(key, value);
  }
  const search = kept.size ? "?" + kept : "";
  const path = location.pathname;
  const referrer = here ? here.url : document.referrer.split(/[?#]/)[0];
  here = { url: location.origin + path + search, path, search, title: document.title, referrer };
  shown = path + location.search;
  depth = engaged = 0;
  lastSign = Date.now();
  add("page", { name, properties: { ...here, ...properties } });
}

function track(event, properties, messageId) {
  add("track", { event, properties }, messageId);
}

function leave() {
  const seconds = engaged;
  engaged = 0;
  if (seconds) track("Page Engaged", { engaged_seconds: seconds, scroll_percent: depth });
}

function moved() {
  if (!consent || shown === location.pathname + location.search) return;
  leave();
  if (consent) page();
}

function clicked({ target }) {
  const marked = target.closest?.("[data-mops-event]:not(form)");
  if (marked) track(marked.dataset.mopsEvent, marks(marked));
  const link = target.closest?.("a[href]");
  if (!consent || !/^http/.test(link?.protocol) || isOwn(link.hostname)) return;
  track("Outbound Link Clicked", { url: link.origin + link.pathname });
}

function isOwn(host) {
  return [location.hostname, ...ownDomains].some((domain) => host === domain || host.endsWith("." + domain));
}

// data-mops-list-name="Sale" → {list_name: "Sale"}
function marks({ dataset }) {
  const found = {};
  for (const key in dataset)
    if (/^mops(?!Event$)[A-Z]/.test(key)) found[key.slice(4).replace(/[A-Z]/g, (c) => "_" + c.toLowerCase()).slice(1)] = dataset[key];
  return found;
}

// That a form was sent, never what was written into it.
function submitted({ target }) {
  const form = target.getAttribute("id") || target.getAttribute("name") || "";
  track(target.dataset.mopsEvent || "Form Sent", { form, ...marks(target) });
}

function scrolled() {
  const percent = ((scrollY + innerHeight + 2) / document.documentElement.scrollHeight) * 100;
  while (consent && depth < 100 && percent >= depth + 25) track("Page Scrolled", { scroll_percent: (depth += 25) });
}

function listen(target, names, act) {
  words(names).forEach((name) => target.addEventListener(name, act, { capture: true, passive: true, signal: listening.signal }));
}

function observe() {
  listening = new AbortController();
  listen(document, "click auxclick", clicked);
  listen(document, "submit", submitted);
  listen(window, "scroll", scrolled);
  listen(window, "pointerdown pointermove keydown scroll touchmove", () => (lastSign = Date.now()));
  listen(window, "popstate", moved);
  listen(window, "online", flush);
  listen(document, "visibilitychange", () => {
    if (document.hidden) leave(), flush();
  });
  listen(window, "pagehide", () => {
    leave();
    farewell();
  });
  listen(window, "pageshow", (e) => e.persisted && page());
  clock = setInterval(() => document.hidden || Date.now() - lastSign > IDLE || engaged++, 1000);
}

function overlook() {
  listening?.abort();
  clearInterval(clock);
  here = undefined;
}

// Frameworks change the address without a page load.
function watchHistory() {
  for (const name of ["pushState", "replaceState"]) {
    const original = history[name];
    history[name] = function (...values) {
      original.apply(this, values);
      moved();
    };
  }
}
