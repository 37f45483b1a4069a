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

function decide(granted, record) {
  const before = consent;
  consent = granted && record;
  if (consent) {
    if (!before) begin();
    held.splice(0).forEach((call) => run(...call));
  } else {
    end();
    if (granted === false) held = [];
  }
}
