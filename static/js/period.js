// Keys of the period bar: every link with data-key is one key away. Letters work only outside of fields and without modifiers.
(() => {
  const TYPING = "input, textarea, select, dialog, [contenteditable], [popover]:popover-open";
  const FORMS = { c: ["period-button", "since"], v: ["comparison-button", "compare_since"] }; // key: what opens, where to type
  const ARROWS = new Set(["ArrowLeft", "ArrowRight"]);
  // Arrows belong to whatever has the focus and uses them itself
  const usesArrows = (element) => element.closest(".metric-table-box, [role=menu], .dropdown-menu, [data-chart]");

  // A bare address shows the last choice: say which, so that going back leads to what was seen
  document.addEventListener("DOMContentLoaded", () => {
    const board = document.getElementById("board");
    if (board && !location.search) history.replaceState(history.state, "", board.dataset.url);
  });

  document.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.shiftKey || e.defaultPrevented || e.repeat) return;
    if (e.target.closest(TYPING) || (ARROWS.has(e.key) && usesArrows(e.target))) return;
    if (FORMS[e.key]) {
      const [button, field] = FORMS[e.key].map((id) => document.getElementById(id));
      if (!button) return;
      e.preventDefault();
      if (button.parentElement.contains(field)) button.click();
      field.focus();
      return;
    }
    const link = document.querySelector(`.period-bar a[data-key="${CSS.escape(e.key)}"]`);
    if (link) {
      e.preventDefault();
      link.click();
    }
  });

  // The end of a range is not before its beginning
  document.addEventListener("change", (e) => {
    if (e.target.type !== "date" || !e.target.value) return;
    const [since, last] = e.target.form?.matches("[data-range]") ? e.target.form.querySelectorAll("[type=date]") : [];
    if (e.target === since && last.value && last.value < since.value) last.value = since.value;
  });

  // What a panel changed is on the board: the panel has done its work
  document.addEventListener("htmx:afterSwap", (e) => {
    if (e.detail.target.id === "board") document.getElementById("panel")?.close();
  });
})();
