// data-analytics and data-marketing are the ids of groups there.
function adapt() {
  on("OneTrustGroupsUpdated OTConsentApplied", () => {
    const groups = words(window.OnetrustActiveGroups);
    const has = (group) => groups.includes(group);
    // Groups may be active by default; only a closed banner is an answer.
    if (window.OneTrust?.IsAlertBoxClosedAndValid()) agree(has(option.analytics || "C0002"), has(option.marketing || "C0004"));
  });
}
