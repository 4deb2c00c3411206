// The large-text switch of every page, remembered in this browser. Runs before the page is drawn.
(function () {
  const KEY = "linli.large";
  const root = document.documentElement;
  const remembered = () => { try { return localStorage.getItem(KEY) === "1"; } catch { return false; } };
  const apply = (large) => { root.dataset.size = large ? "large" : "normal"; };
  apply(remembered());
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("size");
    if (!button) return;
    const show = () => button.setAttribute("aria-pressed", String(root.dataset.size === "large"));
    show();
    button.addEventListener("click", () => {
      const large = root.dataset.size !== "large";
      apply(large);
      try { localStorage.setItem(KEY, large ? "1" : "0"); } catch { /* private mode: holds for this page */ }
      show();
      document.dispatchEvent(new CustomEvent("linli:size"));
    });
  });
})();
