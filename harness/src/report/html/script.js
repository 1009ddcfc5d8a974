// Adds a search, copy buttons and "open all"; the page reads the same without it.
(() => {
  "use strict";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const cases = all(".case");
  const words = new Map(cases.map((it) => [it, it.textContent.toLowerCase()]));
  const search = document.getElementById("search");
  const fold = document.getElementById("fold");
  const none = document.getElementById("none");
  const visible = () => cases.filter((it) => it.offsetParent !== null);

  all(".scripted, .copy").forEach((it) => { it.hidden = false; });

  const refresh = () => {
    const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    cases.forEach((it) => { it.hidden = !wanted.every((word) => words.get(it).includes(word)); });
    none.hidden = visible().length > 0;
  };
  search.addEventListener("input", refresh);
  all(".choice").forEach((it) => it.addEventListener("change", refresh));

  fold.addEventListener("click", () => {
    const open = fold.textContent === "Open all";
    visible().forEach((it) => { it.open = open; });
    fold.textContent = open ? "Close all" : "Open all";
  });

  all(".copy").forEach((button) => button.addEventListener("click", () => {
    const done = () => {
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    };
    const command = button.previousElementSibling;
    if (navigator.clipboard) {
      navigator.clipboard.writeText(command.textContent).then(done, () => {});
    } else {
      getSelection().selectAllChildren(command);
    }
  }));

  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== search) {
      event.preventDefault();
      search.focus();
    }
  });

  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let it = target; it; it = it.parentElement) {
      if (it.tagName === "DETAILS") it.open = true;
    }
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  addEventListener("beforeprint", () => visible().forEach((it) => { it.open = true; }));
  reveal();
})();
