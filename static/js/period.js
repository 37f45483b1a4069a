// Keys of the period bar: every link with data-key is one key away. Letters work only outside of fields and without modifiers.
(() => {
  const TYPING = "input, textarea, select, dialog, [contenteditable], [popover]:popover-open";
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
    if (e.key === "c") {
      const button = document.getElementById("period-button");
      if (!button) return;
      e.preventDefault();
      button.click();
      document.getElementById("since")?.focus();
      return;
    }
    const link = document.querySelector(`.period-bar a[data-key="${CSS.escape(e.key)}"]`);
    if (link) {
      e.preventDefault();
      link.click();
    }
  });
})();
