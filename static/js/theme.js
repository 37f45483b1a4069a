// Loaded before the first paint: the device decides where the person did not. Charts listen for "themechange".
(() => {
  const root = document.documentElement;
  const device = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const chosen = root.dataset.theme;
    root.dataset.bsTheme = chosen === "light" || chosen === "dark" ? chosen : device.matches ? "dark" : "light";
    document.dispatchEvent(new Event("themechange"));
  };
  apply();
  device.addEventListener("change", apply);
})();
