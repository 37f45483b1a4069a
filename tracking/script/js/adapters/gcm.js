// Google Consent Mode v2. A default never raises what an earlier default denied; a default for a region can only deny.
function adapt() {
  const layer = (window.dataLayer ||= []);
  const said = {};
  let chosen = false;
  const read = (entry) => {
    if (entry?.[0] !== "consent") return false;
    const update = entry[1] === "update";
    const values = entry[2] || {};
    chosen ||= update;
    for (const name in values) {
      const raises = values[name] === "granted" && (said[name] === "denied" || values.region);
      if (/^ad_|_storage$/.test(name) && (update || !raises)) said[name] = values[name];
    }
    return true;
  };
  const tell = () => decide(said.analytics_storage === "granted" || (chosen ? false : undefined), { ...said });
  const push = layer.push;
  layer.push = function (...entries) {
    const result = push.apply(this, entries);
    if (entries.filter(read).length) tell();
    return result;
  };
  if (layer.filter(read).length) tell();
}
