function adapt() {
  on("CookiebotOnConsentReady CookiebotOnAccept CookiebotOnDecline", () => {
    const { hasResponse, consent: chosen } = window.Cookiebot || {};
    if (hasResponse && chosen.method !== "implied") agree(chosen.statistics, chosen.marketing);
  });
}
