// The builder's comforts; everything works without this file, button by button.
(() => {
  const form = () => document.getElementById("rule-form");

  // A name that decides which inputs follow (an event, a trait) is redrawn when it is complete
  document.addEventListener("change", (e) => {
    if (e.target.matches?.("[data-shapes]")) redraw(e.target);
  });
  const redraw = (input) => htmx.ajax("POST", form().getAttribute("action"), { source: input, target: "#blocks", swap: "outerHTML" });

  // Ctrl+Z and Ctrl+Y press the buttons, except where the browser itself undoes typing
  document.addEventListener("keydown", (e) => {
    if (!form() || !(e.ctrlKey || e.metaKey) || e.altKey || e.target.matches?.("input:not([type=checkbox]), textarea")) return;
    const key = e.key.toLowerCase();
    const wanted = key === "y" || (key === "z" && e.shiftKey) ? "redo" : key === "z" ? "undo" : "";
    const button = wanted && document.querySelector(`[data-key=${wanted}]:not(:disabled)`);
    if (!button) return;
    e.preventDefault();
    button.click();
  });

  // An open list of choices closes on Escape and on a click elsewhere
  const open = () => document.querySelectorAll(".rule-many[open]");
  document.addEventListener("click", (e) => open().forEach((list) => list.contains(e.target) || (list.open = false)));
  document.addEventListener("keydown", (e) => {
    if (e.key !== "Escape") return;
    open().forEach((list) => {
      list.open = false;
      list.querySelector("summary").focus();
    });
  });
  // Its label follows what is ticked
  document.addEventListener("change", (e) => {
    const list = e.target.closest?.(".rule-many");
    if (!list) return;
    const ticked = [...list.querySelectorAll("input:checked")].map((box) => box.nextElementSibling.textContent.trim());
    if (ticked.length) list.querySelector("summary").textContent = ticked.join(", ");
  });

  // Counting never gets in the way of a change of the rows: it follows when they are drawn
  let changing = false;
  const ofRows = (e) => e.detail.target?.id === "blocks";
  document.addEventListener("htmx:beforeRequest", (e) => ofRows(e) && (changing = true));
  document.addEventListener("htmx:afterRequest", (e) => ofRows(e) && (changing = false));
  document.addEventListener("htmx:confirm", (e) => {
    if (changing && e.target.closest("#preview")) e.preventDefault();
  });

  // What was typed while a redraw was under way is put back
  const typed = new Map();
  document.addEventListener("htmx:beforeRequest", (e) => {
    if (e.detail.target?.id === "blocks") typed.clear();
  });
  document.addEventListener("input", (e) => {
    if (e.target.id && e.target.closest?.("#blocks")) typed.set(e.target.id, e.target.value);
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const [id, value] of typed) {
      const input = document.getElementById(id);
      if (input?.matches("input[type=text]") && input === document.activeElement) input.value = value;
    }
    typed.clear();
  });
})();
