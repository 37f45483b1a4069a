// data-analytics is the name of a service in klaroConfig, "mops" by default.
function adapt() {
  when("klaro", (klaro) => {
    const manager = klaro.getManager();
    const update = () => {
      const saved = manager.savedConsents; // what is being ticked but not saved does not count
      if (manager.confirmed) agree(saved[option.analytics || "mops"], saved[option.marketing]);
      else if (consent) decide();
    };
    manager.watch({ update });
    update();
  });
}
