// mops("order", {…}): calls before this file had loaded were left in mops.q by the snippet.
const EVENTS = { product: "Product Viewed", cart: "Product Added", checkout: "Checkout Started", order: "Order Completed" };

let held = window.mops?.q || []; // until it is known whether somebody agreed; a refusal drops them
let watching;

function run(verb, first, second) {
  if (verb === "page") page(first, second);
  else if (verb === "identify") identify(first, second);
  else if (verb === "track") track(first, second);
  else if (EVENTS[verb]) commerce(verb, first);
}

function identify(userId, traits) {
  person = String(userId);
  add("identify", { traits });
}

// Names of Segment's e-commerce events; `id` may be written for order_id and product_id.
function commerce(verb, { id, products, ...properties } = {}) {
  const ofOrder = verb === "order" || verb === "checkout";
  if (id) properties[ofOrder ? "order_id" : "product_id"] = String(id);
  if (products) properties.products = products.map(({ id, ...rest }) => (id ? { product_id: String(id), ...rest } : rest));
  // An order page that is loaded again is the same order.
  const once = verb === "order" && properties.order_id;
  track(EVENTS[verb], properties, once ? `order-${writeKey}-${once}` : undefined);
}

function begin() {
  recognise();
  observe();
  if (!watching) watchHistory();
  watching = true;
  page();
}

function end() {
  if (visitor || consent === false) forget();
  overlook();
}

function start() {
  if (window.mops?.runs) return; // loaded twice, it would count twice
  window.mops = (...call) => {
    if (call[0] === "consent") decide(!!call[1].analytics, { purposes: call[1], given_at: call[2], text: call[3] });
    else if (consent) run(...call);
    else if (consent !== false) held.push(call);
  };
  mops.runs = true;
  held.splice(0).forEach((call) => mops(...call));
  adapt();
}

if (document.prerendering) document.addEventListener("prerenderingchange", start, { once: true });
else start();
