// The banner of mops: vanilla-cookieconsent with "reject" beside "accept", in German or English.
// <script src="…/banner.js" data-privacy="/privacy" data-ads="ads_measurement:google …">
// After a refusal nothing is kept and the next page asks again; data-remember="refusal" keeps it, without an id.
// It tells t.js what was chosen by mops("consent", {…}).
const { privacy, imprint, ads = "", remember, cookieDomain, language } = document.currentScript.dataset;
const NAME = "mops_choice";
const DAYS = 182; // then it asks again
const TEXTS = "mops banner 1"; // version of the texts below: count it up when one of them changes
const spoken = language || (document.documentElement.lang.startsWith("de") ? "de" : "en");
const advertising = ads.split(/[\s,]+/).filter(Boolean);
const inEnglish = {
  title: "Your choice",
  description:
    "With your consent we measure how this site is used, and recognise your browser by an id kept on your device for it. " +
    "You can withdraw at any time with effect for the future.",
  alsoAdvertising: " We also tell the platforms we advertise with when an ad led to an order.",
  accept: "Accept",
  reject: "Reject",
  settings: "Choose",
  save: "Save choice",
  close: "Close",
  necessary: ["Necessary", remember ? "Keeps your choice. Nothing else." : "Keeps your consent, so that you are asked only once."],
  analytics: ["Measuring the use of this site", "Pages, clicks and orders under a random id, kept for up to 13 months."],
  advertising: ["Measuring advertising", "Tells the platforms we advertise with that an ad led to an order."],
  privacy: "Privacy policy",
  imprint: "Legal notice",
};
const inGerman = {
  title: "Ihre Entscheidung",
  description:
    "Mit Ihrer Einwilligung messen wir, wie diese Website genutzt wird, und erkennen dafür Ihren Browser an einer Kennung, " +
    "die auf Ihrem Gerät gespeichert wird. Sie können jederzeit mit Wirkung für die Zukunft widerrufen.",
  alsoAdvertising: " Außerdem teilen wir Werbeplattformen mit, wenn eine Anzeige zu einer Bestellung geführt hat.",
  accept: "Zustimmen",
  reject: "Ablehnen",
  settings: "Auswählen",
  save: "Auswahl speichern",
  close: "Schließen",
  necessary: ["Notwendig", remember ? "Merkt sich Ihre Entscheidung. Sonst nichts." : "Merkt sich Ihre Zustimmung, damit wir nur einmal fragen."],
  analytics: ["Nutzung der Website messen", "Seiten, Klicks und Bestellungen unter einer Zufallskennung, bis zu 13 Monate."],
  advertising: ["Werbung messen", "Teilt den Werbeplattformen mit, dass eine Anzeige zu einer Bestellung geführt hat."],
  privacy: "Datenschutzerklärung",
  imprint: "Impressum",
};

const link = (address, text) => {
  if (!address) return "";
  const a = document.createElement("a");
  a.href = address;
  a.textContent = text;
  return a.outerHTML;
};

const section = ([title, description], linkedCategory) => ({ title, description, linkedCategory });

const texts = (words) => {
  const buttons = { acceptAllBtn: words.accept, acceptNecessaryBtn: words.reject };
  const description = words.description + (advertising.length ? words.alsoAdvertising : "");
  const optional = [section(words.analytics, "analytics"), ...(advertising.length ? [section(words.advertising, "advertising")] : [])];
  return {
    consentModal: {
      ...buttons,
      title: words.title,
      description,
      showPreferencesBtn: words.settings,
      footer: link(privacy, words.privacy) + link(imprint, words.imprint),
    },
    preferencesModal: {
      ...buttons,
      title: words.title,
      savePreferencesBtn: words.save,
      closeIconLabel: words.close,
      sections: [{ description }, section(words.necessary, "necessary"), ...optional],
    },
  };
};

// The day of the refusal and nothing that could tell one visitor from another.
const keepRefusal = () => {
  const domain = cookieDomain ? ";domain=" + cookieDomain : "";
  const day = new Date().toISOString().slice(0, 10) + "T00:00:00.000Z";
  const kept = { ...CookieConsent.getCookie(), consentId: "refused", consentTimestamp: day, lastConsentTimestamp: day, expirationTime: 0 };
  const age = remember === "refusal" ? DAYS * 86400 : 0;
  const secure = location.protocol === "https:" ? ";secure" : "";
  document.cookie = `${NAME}=${encodeURIComponent(JSON.stringify(kept))};path=/;max-age=${age};samesite=lax${domain}${secure}`;
};

const tell = () => {
  const analytics = CookieConsent.acceptedCategory("analytics");
  const ad = CookieConsent.acceptedCategory("advertising");
  if (!analytics && !ad) keepRefusal();
  window.mops ||= (...call) => (mops.q ||= []).push(call);
  const purposes = { analytics, ...Object.fromEntries(advertising.map((purpose) => [purpose, ad])) };
  mops("consent", purposes, CookieConsent.getCookie("lastConsentTimestamp"), `${TEXTS} ${spoken}`);
};

CookieConsent.run({
  hideFromBots: false, // those who check websites shall see it
  cookie: { name: NAME, expiresAfterDays: (choice) => (choice === "necessary" ? 0 : DAYS), ...(cookieDomain && { domain: cookieDomain }) },
  categories: { necessary: { enabled: true, readOnly: true }, analytics: {}, ...(advertising.length && { advertising: {} }) },
  guiOptions: {
    consentModal: { layout: "box", position: "bottom left", equalWeightButtons: true, flipButtons: false },
    preferencesModal: { layout: "box", equalWeightButtons: true },
  },
  language: {
    default: spoken,
    translations: { de: texts(inGerman), en: texts(inEnglish) },
  },
  onConsent: tell,
  onChange: tell,
});

// <button data-mops-withdraw>: one click, as giving took one
document.addEventListener("click", ({ target }) => {
  if (target.closest?.("[data-mops-withdraw]")) CookieConsent.acceptCategory([]);
});
