// Small comforts. Every page works without this file.

const editable = (element) => element.closest("input, textarea, select, [contenteditable]");

// "/" goes to the search box, Escape closes what is open.
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !editable(event.target)) {
    const box = document.querySelector("[data-search]");
    if (box) {
      event.preventDefault();
      box.focus();
      box.select();
    }
  }
  if (event.key === "Escape") {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
    clearSuggestions();
  }
});

// Menus are <details>: they close when the reader goes elsewhere.
const closeMenus = (target) => {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(target)) menu.open = false;
  }
};
document.addEventListener("click", (event) => closeMenus(event.target));
document.addEventListener("focusin", (event) => {
  closeMenus(event.target);
  if (!event.target.closest(".site-search")) clearSuggestions();
});

// Suggestions under the search box: arrow keys walk through the links that the server sent.
function clearSuggestions() {
  document.getElementById("search-suggestions")?.replaceChildren();
}
document.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const search = event.target.closest(".site-search");
  if (!search) return;
  const stops = [search.querySelector("[data-search]"), ...search.querySelectorAll(".suggestions a")];
  const next = stops.indexOf(event.target) + (event.key === "ArrowDown" ? 1 : -1);
  if (stops[next]) {
    event.preventDefault();
    stops[next].focus();
  }
});

// Buttons that need this file are hidden until it is here.
const enhance = (root) => {
  for (const button of root.querySelectorAll("[data-dismiss][hidden], [data-copy][hidden]")) button.hidden = false;
  root.querySelector("[data-focus]")?.focus();
  for (const zone of root.querySelectorAll("[data-dropzone]")) dropzone(zone);
};

document.addEventListener("click", async (event) => {
  const dismiss = event.target.closest("[data-dismiss]");
  if (dismiss) dismiss.closest("[data-notice]").remove();

  const copy = event.target.closest("[data-copy]");
  if (copy) {
    await navigator.clipboard.writeText(copy.dataset.copy);
    copy.dataset.copied = "";
    setTimeout(() => delete copy.dataset.copied, 1500);
  }

  const printer = event.target.closest("[data-print]");
  if (printer) window.print();
});

// A file dropped on the zone goes into its own input, so the form is sent as always.
function dropzone(zone) {
  if (zone.dataset.ready !== undefined) return;
  zone.dataset.ready = "";
  const input = zone.querySelector("input[type=file]");
  const name = zone.querySelector("output");
  const limit = Number(zone.dataset.maxBytes || 0);
  const size = (bytes) => (bytes < 1048576 ? `${Math.ceil(bytes / 1024)} kB` : `${(bytes / 1048576).toFixed(1)} MB`);
  const show = () => {
    const file = input.files[0];
    const tooLarge = file && limit && file.size > limit;
    input.setCustomValidity(tooLarge ? `The file has ${size(file.size)}; the limit is ${size(limit)}.` : "");
    name.textContent = file ? (tooLarge ? input.validationMessage : `${file.name}, ${size(file.size)}`) : "";
  };
  input.addEventListener("change", show);
  for (const type of ["dragenter", "dragover"]) {
    zone.addEventListener(type, (event) => {
      event.preventDefault();
      zone.classList.add("is-over");
    });
  }
  zone.addEventListener("dragleave", (event) => {
    if (!zone.contains(event.relatedTarget)) zone.classList.remove("is-over");
  });
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("is-over");
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

enhance(document);
document.addEventListener("htmx:load", (event) => enhance(event.detail.elt));

// An empty filter says nothing: it stays out of the address.
document.addEventListener("htmx:configRequest", (event) => {
  if (!event.target.matches(".filters")) return;
  for (const [name, value] of [...event.detail.formData]) {
    if (value === "") event.detail.formData.delete(name);
  }
});

// The server answers errors to htmx with a fragment or a page; a lost connection has no answer, so say it here.
document.addEventListener("htmx:sendError", () => notice("The connection was lost. What you see may be old."));
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status === 401 || event.detail.xhr.status === 403) {
    notice("You are no longer allowed to do this. Sign in again.");
  } else {
    notice("The server could not answer. Try again in a moment.");
  }
});
function notice(text) {
  const box = document.createElement("div");
  box.className = "notice notice-error";
  const words = document.createElement("p");
  words.textContent = text;
  box.append(words);
  document.getElementById("messages")?.replaceChildren(box);
}
