// Runs before the first paint. "System" needs the device's own wish, which only the browser knows:
// it is applied at once and kept in a cookie, so that the server sends the right colours next time.
(() => {
  const root = document.documentElement;
  if (root.dataset.themeChoice !== "system") return;
  const wish = window.matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const shade = wish.matches ? "dark" : "light";
    root.dataset.bsTheme = shade;
    document.cookie = `device_theme=${shade};path=/;max-age=31536000;samesite=lax`;
  };
  apply();
  wish.addEventListener("change", apply);
})();
