// The adapter of the page's consent manager says what was chosen by decide(), again whenever that changes.
// Only a choice that was made counts: what a manager assumes before the visitor said anything does not.

// Reads now, and a moment after each of these events: some managers tell before they keep.
function on(names, read) {
  words(names).forEach((name) => addEventListener(name, () => setTimeout(read, 50)));
  read();
}

function when(name, act, tries = 60) {
  if (window[name]) act(window[name]);
  else if (tries) setTimeout(when, 250, name, act, tries - 1);
}

// What the category for marketing covers differs from site to site: data-ads="ads_measurement:google ads_audience:meta".
function agree(analytics, marketing) {
  const purposes = { analytics: !!analytics };
  for (const purpose of words(option.ads)) purposes[purpose] = !!marketing;
  decide(!!analytics, { purposes });
}

let spoken; // what the consent manager said last, as text

// A change is told at once, a withdrawal with the last message there is. When it was made is known only if it is a change of what
// held on this page and the visitor has just clicked: managers also change what they say while they load.
function decide(granted, record) {
  const before = consent;
  const said = JSON.stringify(record);
  const changed = before !== undefined && said !== spoken;
  spoken = said;
  record = { cmp: asked.get("cmp") || "page", ...record };
  record.text ||= option.text;
  if (changed && navigator.userActivation?.isActive) record.given_at ||= now();
  if (granted) {
    if (!before || changed) consent = record;
    if (!before) begin();
    else if (changed) track("Consent Changed");
    held.splice(0).forEach((call) => run(...call));
  } else {
    consent = granted;
    if (before && !isOver()) goodbye(record);
    end();
    if (granted === false) held = [];
  }
}
