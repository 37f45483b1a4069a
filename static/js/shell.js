// Behaviours that any page switches on by attribute, so that pages rarely need a script of their own.
(() => {
  const on = (event, selector, act) =>
    document.addEventListener(event, (e) => {
      const element = e.target.closest?.(selector);
      if (element) act(element, e);
    });

  // <select data-submit-on-change>: filters apply without a button
  on("change", "[data-submit-on-change]", (control) => control.form.requestSubmit());

  // <button data-copy="#id">: the text or value of that element; the label answers
  on("click", "[data-copy]", async (button) => {
    const source = document.querySelector(button.dataset.copy);
    await navigator.clipboard.writeText(source.value ?? source.textContent.trim());
    const label = button.querySelector("[data-label]") ?? button;
    const before = label.textContent;
    label.textContent = button.dataset.copied ?? before;
    setTimeout(() => (label.textContent = before), 2000);
  });

  // <button data-dialog="#id"> opens a <dialog>; [data-close] inside closes it
  on("click", "[data-dialog]", (button) => document.querySelector(button.dataset.dialog).showModal());
  on("click", "[data-close]", (button) => {
    const dialog = button.closest("dialog");
    if (dialog) dialog.close();
    else button.closest("[data-closable]")?.remove();
  });

  // <input data-filter="#list">: hides the children whose text does not contain what was typed
  on("input", "[data-filter]", (input) => {
    const wanted = input.value.trim().toLocaleLowerCase();
    for (const item of document.querySelector(input.dataset.filter).children)
      item.hidden = !item.textContent.toLocaleLowerCase().includes(wanted);
  });

  // Dangerous steps ask first: <button data-confirm="…"> and hx-confirm share one dialog
  const ask = (question, label, then) => {
    const dialog = document.getElementById("confirm");
    dialog.querySelector("[data-question]").textContent = question;
    const yes = dialog.querySelector("[data-yes]");
    yes.textContent = label;
    yes.onclick = () => {
      dialog.close();
      then();
    };
    dialog.showModal();
  };
  on("click", "button[data-confirm]", (button, e) => {
    e.preventDefault();
    if (!button.formNoValidate && button.form && !button.form.reportValidity()) return; // what is missing is asked for first
    ask(button.dataset.confirm, button.dataset.confirmLabel ?? button.textContent.trim(), () => {
      const question = button.dataset.confirm;
      delete button.dataset.confirm;
      button.form.requestSubmit(button);
      button.dataset.confirm = question;
    });
  });
  document.addEventListener("htmx:confirm", (e) => {
    if (!e.detail.question) return;
    e.preventDefault();
    ask(e.detail.question, e.detail.elt.textContent.trim(), () => e.detail.issueRequest(true));
  });

  // Toasts: from Django's messages, or from a fragment's HX-Trigger {"toast": {"text": …, "level": …}}
  const STAY = { error: Infinity, warning: 12000 };
  const expire = (toast) => {
    const wait = STAY[toast.dataset.level] ?? 6000;
    if (wait !== Infinity) setTimeout(() => toast.remove(), wait);
  };
  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("#toasts > *").forEach(expire));
  document.addEventListener("toast", (e) => {
    const toast = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
    toast.dataset.level = e.detail.level ?? "success";
    toast.querySelector("[data-text]").textContent = e.detail.text;
    document.getElementById("toasts").append(toast);
    expire(toast);
  });

  // A fragment that fails says so instead of doing nothing
  const failed = () => {
    const text = document.getElementById("toasts").dataset.failed;
    document.dispatchEvent(new CustomEvent("toast", { detail: { text, level: "error" } }));
  };
  document.addEventListener("htmx:responseError", failed);
  document.addEventListener("htmx:sendError", failed);
})();
