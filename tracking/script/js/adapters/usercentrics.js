// The Web CMP (__ucCmp) and its predecessor (UC_UI). data-analytics is the name of a service there, "mops" by default.
function adapt() {
  on("UC_UI_INITIALIZED UC_UI_CMP_EVENT UC_CONSENT", async () => {
    const { __ucCmp: cmp, UC_UI: old } = window;
    const manager = cmp || old;
    if (!(await manager?.isInitialized()) || (await manager.isConsentRequired())) return;
    const services = cmp ? Object.values((await cmp.getConsentDetails()).services) : old.getServicesBaseInfo();
    const given = (name) => services.some((service) => service.name === name && (service.consent?.given || service.consent?.status));
    agree(given(option.analytics || "mops"), given(option.marketing));
  });
}
