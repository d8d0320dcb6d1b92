// Runs before the first paint, as a file of its own, so that neither a flash of the wrong theme nor an inline script is needed.
(() => {
  let choice = null;
  try {
    choice = localStorage.getItem("atelier.theme");
  } catch {
    // Storage can be blocked by the browser; the system's theme then stands.
  }
  const dark = choice === "dark" || (choice !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
