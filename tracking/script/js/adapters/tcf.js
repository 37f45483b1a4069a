// IAB TCF: purpose 1 (storing on the device) and 8 (measuring content). Its text goes along whole.
function adapt() {
  when("__tcfapi", (api) =>
    api("addEventListener", 2, (data, success) => {
      if (!success || data.eventStatus === "cmpuishown") return;
      const agreed = data.gdprApplies && [1, 8].every((purpose) => data.purpose.consents[purpose]);
      decide(!!agreed, { tcString: data.tcString });
    }),
  );
}
