// Small helps that work without: menu on narrow screens, going back, jumping to search, one
// submission a form.
"use strict";
document.addEventListener("click", (event) => {
  const toggler = event.target.closest("[data-toggle]");
  if (toggler) {
    const menu = document.querySelector(toggler.dataset.toggle);
    const open = menu.classList.toggle("show");
    toggler.setAttribute("aria-expanded", String(open));
  }
  if (event.target.closest("[data-back]")) history.back();
});
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    const search = document.querySelector("form.search input");
    if (search) { event.preventDefault(); search.focus(); }
  }
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  const question = form.dataset.confirm;
  if (question && !window.confirm(question)) { event.preventDefault(); return; }
  if (form.method === "post") {
    const button = form.querySelector("button[type=submit]");
    if (button) setTimeout(() => { button.disabled = true; }, 0);
  }
});
window.addEventListener("pageshow", () => {
  document.querySelectorAll("button[type=submit][disabled]").forEach((button) => { button.disabled = false; });
});
