// Events wait here, in memory, as JSON, and leave in batches. Each has an id, so that sending it twice stores it once.
// A browser refuses more than 64 KiB under way that outlive their page. Half of it is a batch, and what the collector takes as one event.
const MOST_BYTES = 32768;
const LONGEST_WAIT = 60000; // milliseconds
const MOST_WAITING = 500;

let visitor, stored, person;
let waiting = [];
let flying = [];
let timer;
let failures = 0;

function readVisitor() {
  return document.cookie.match(/(?:^|; )mops_id=(\w+)/)?.[1];
}

function keepVisitor(value, seconds) {
  const domain = option.cookieDomain ? ";domain=" + option.cookieDomain : "";
  const secure = location.protocol === "https:" ? ";secure" : "";
  document.cookie = `mops_id=${value};path=/;max-age=${seconds};samesite=lax${domain}${secure}`;
}

function recognise() {
  visitor = readVisitor() || random();
  keepVisitor(visitor, 34e6); // 13 months
  stored = readVisitor(); // nothing where the browser refuses cookies
}

// Withdrawn in another tab, which has said so.
function isOver() {
  return stored && readVisitor() !== stored;
}

function forget() {
  clearTimeout(timer);
  timer = visitor = stored = person = undefined;
  waiting = [];
  keepVisitor("", 0);
}

function entry(type, content, context, messageId = random()) {
  return JSON.stringify({ type, ...content, messageId, anonymousId: visitor, timestamp: now(), context });
}

function fits(...texts) {
  return new Blob(texts).size <= MOST_BYTES;
}

function add(type, content, messageId) {
  if (isOver()) return decide(false);
  try {
    const text = entry(type, { ...content, userId: person }, { consent, ...pageContext() }, messageId);
    if (fits(text)) waiting.push(text);
  } catch {} // no JSON, such as an object that holds itself
  waiting = waiting.slice(-MOST_WAITING);
  timer ||= setTimeout(flush, 500);
}

function body(batch) {
  return `{"writeKey":"${writeKey}","sentAt":"${now()}","batch":[${batch}]}`;
}

// Takes a batch from the front.
function cut(events) {
  const batch = [];
  while (events[0] && fits(batch, events[0])) batch.push(events.shift());
  return batch;
}

// Whoever had agreed withdraws: one message under the id that ends with it.
function goodbye(consent) {
  navigator.sendBeacon(collector, body(entry("track", { event: "Consent Withdrawn" }, { consent, page: { url: here?.url } })));
}

async function flush() {
  clearTimeout(timer);
  timer = undefined;
  if (flying[0] || !waiting[0]) return;
  flying = cut(waiting);
  let status = 0;
  try {
    // text/plain needs no preflight
    status = (await fetch(collector, { method: "POST", body: body(flying), keepalive: true, credentials: "omit" })).status;
  } catch {} // offline, or the collector is away
  const again = !status || status === 429 || status > 499;
  failures = again ? failures + 1 : 0;
  if (again && consent) waiting.unshift(...flying);
  flying = [];
  if (waiting[0]) timer ||= setTimeout(flush, again ? Math.min(LONGEST_WAIT, 500 * 2 ** failures) * (0.5 + Math.random()) : 0);
}

// The page goes: whatever was not acknowledged leaves in beacons; last what is under way, which most browsers finish by themselves.
function farewell() {
  const rest = [...waiting, ...flying];
  waiting = [];
  while (rest[0]) {
    const batch = cut(rest);
    if (!navigator.sendBeacon(collector, body(batch))) waiting.push(...batch);
  }
}
