// The column chooser: a tick moves a column to the end of the shown ones, arrows and dragging put them in order.
// What is sent is the order of the list; without this file ticks still work.
(() => {
  const shown = () => document.getElementById("columns-shown");
  const column = (element) => element.closest?.(".column-chooser [data-column]");

  document.addEventListener("change", (e) => {
    const item = column(e.target);
    if (!item || !e.target.checked || shown().contains(item)) return;
    shown().append(item);
    item.draggable = true;
    e.target.focus();
    item.scrollIntoView({ block: "nearest" });
  });

  document.addEventListener("click", (e) => {
    const button = e.target.closest?.(".column-chooser [data-move]");
    if (!button) return;
    const item = column(button);
    if (button.dataset.move === "up") item.previousElementSibling?.before(item);
    else item.nextElementSibling?.after(item);
    button.focus();
  });

  let dragged = null;
  document.addEventListener("dragstart", (e) => {
    dragged = column(e.target);
    if (!dragged) return;
    e.dataTransfer.effectAllowed = "move";
    dragged.classList.add("is-dragged");
  });
  document.addEventListener("dragover", (e) => {
    const over = dragged && column(e.target);
    if (!over || !shown().contains(over)) return;
    e.preventDefault();
    const box = over.getBoundingClientRect();
    if (over !== dragged) over[e.clientY < box.top + box.height / 2 ? "before" : "after"](dragged);
  });
  document.addEventListener("drop", (e) => dragged && e.preventDefault());
  document.addEventListener("dragend", () => {
    dragged?.classList.remove("is-dragged");
    dragged = null;
  });
})();
