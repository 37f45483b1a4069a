// The script tag says everything: <script async src="https://mops.example.org/t.js?k=WRITEKEY&cmp=cookiebot">.
// Until somebody agreed, nothing of this file reads or writes the device: no cookie, no storage, no address, no request.
const tag = document.currentScript;
const option = tag.dataset;
const asked = new URL(tag.src).searchParams;
const writeKey = asked.get("k");
const collector = new URL("v1/batch", tag.src).href;
const ownDomains = words(option.domains);
const CLICK_ID = /^(gclid|gbraid|wbraid|dclid|fbclid|msclkid|ttclid|li_fat_id)$/;

let consent; // undefined: nobody chose yet, false: refused, object: what was agreed to, as context.consent

function words(text) {
  return (text || "").split(/[\s,]+/).filter(Boolean);
}

function random() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function now() {
  return new Date().toISOString();
}
