// IAB TCF: purpose 1 (storing on the device) and 8 (measuring content). Its text goes along whole.
function adapt() {
  when("__tcfapi", (api) =>
    api("addEventListener", 2, (data, success) => {
      if (!success || data.eventStatus === "cmpuishown") return;
      // Without the segment of disclosed vendors (type 1, so its first character is I to P) a text is no consent since 2.3.
      const valid = data.gdprApplies && /\.[I-P]/.test(data.tcString);
      decide(!!valid && [1, 8].every((purpose) => data.purpose.consents[purpose]), { tcString: data.tcString });
    }),
  );
}
