// Motion with a reason: a bar grows to its length once, a new message slides in so that it is seen.
// Nothing moves for readers who asked for less motion, and nothing waits for it.
(() => {
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  const move = (root) => {
    if (still.matches || !window.anime) return;
    const bars = root.querySelectorAll(".share-bar-fill");
    if (bars.length) window.anime.animate(bars, { scaleX: [0, 1], duration: 350, ease: "outQuad" });
    const notices = root.querySelectorAll("[data-notice]");
    if (notices.length) window.anime.animate(notices, { translateY: [-6, 0], duration: 200, ease: "outQuad" });
  };
  move(document);
  document.addEventListener("htmx:load", (event) => move(event.detail.elt));
})();
