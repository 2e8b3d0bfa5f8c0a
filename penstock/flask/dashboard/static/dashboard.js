// What the pages add where there is JavaScript: live times, quiet polling, choosing lines, the keyboard. htmx does the requests.
(function () {
  "use strict";
  const all = (selector, root) => Array.from((root || document).querySelectorAll(selector));
  const one = (selector, root) => (root || document).querySelector(selector);

  // -- times: by the server's clock, for a visitor's may be wrong ---------------------------------------------------------
  const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const ahead = Date.parse(document.documentElement.dataset.now) - Date.now();

  function ago(at) {
    const seconds = (Date.now() + ahead - at) / 1000;
    for (const [size, unit] of UNITS) {
      if (Math.abs(seconds) >= size) {
        const count = Math.floor(Math.abs(seconds) / size);
        return seconds > 0 ? `${count} ${unit} ago` : `in ${count} ${unit}`;
      }
    }
    return "now";
  }

  function tick() {
    if (document.hidden) return;
    for (const time of all("time")) {
      const words = one(".ago", time);
      const text = ago(Date.parse(time.dateTime));
      if (words && words.textContent !== text) words.textContent = text;
    }
  }

  // -- live parts: nobody watches a hidden tab, so it asks for nothing ---------------------------------------------------
  document.addEventListener("htmx:beforeRequest", (event) => {
    const asks = event.target.matches("[data-poll]");
    if (asks && (document.hidden || one("details.inline[open], form :focus", event.target))) event.preventDefault();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) all("[data-poll]").forEach((part) => window.htmx.trigger(part, "wake"));
    tick();
  });

  const complaint = one("#complaint");
  let from = null;
  function complain(words, part) {
    from = part;
    const line = document.createElement("p");
    line.className = "complaint";
    line.textContent = words;
    complaint.replaceChildren(line);
  }
  document.addEventListener("htmx:sendError", (event) => complain("The server cannot be reached. What you see may be old.", event.target.id));
  document.addEventListener("htmx:timeout", (event) => complain("The server did not answer in time.", event.target.id));
  document.addEventListener("htmx:responseError", (event) => { from = event.target.id; });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful && from && from === event.target.id) complaint.replaceChildren();
  });

  // -- choosing lines ------------------------------------------------------------------------------------------------------
  function count(form) {
    const boxes = all("tbody [name=id]", form);
    const chosen = boxes.filter((box) => box.checked).length;
    const words = one("[data-chosen]", form);
    if (words) words.textContent = chosen === 0 ? "None chosen" : `${chosen} chosen`;
    all("[data-needs-choice]", form).forEach((button) => { button.disabled = chosen === 0; });
    const whole = one("[data-choose-all]", form);
    if (whole) {
      whole.checked = chosen > 0 && chosen === boxes.length;
      whole.indeterminate = chosen > 0 && chosen < boxes.length;
    }
  }
  document.addEventListener("change", (event) => {
    const form = event.target.closest("[data-choose]");
    if (!form) return;
    if (event.target.matches("[data-choose-all]")) {
      all("tbody [name=id]", form).forEach((box) => { box.checked = event.target.checked; });
    }
    count(form);
  });

  // -- small buttons ---------------------------------------------------------------------------------------------------------
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.copy) {
      navigator.clipboard.writeText(one(button.dataset.copy).textContent).then(
        () => { button.textContent = "Copied"; },
        () => { button.textContent = "Not allowed"; },
      );
    } else if ("dismiss" in button.dataset) {
      complaint.replaceChildren();
    } else if ("help" in button.dataset) {
      one("#help").showModal();
    }
  });

  // -- the keyboard: every key has a way without it ------------------------------------------------------------------------
  function move(step) {
    const rows = all("[data-list] [data-row]").filter((row) => one("a.open", row));
    if (!rows.length) return;
    const here = rows.findIndex((row) => row.contains(document.activeElement));
    const next = here < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(here + step, 0), rows.length - 1);
    const link = one("a.open", rows[next]);
    link.focus();
    link.scrollIntoView({ block: "nearest" });
  }
  function choose() {
    const row = document.activeElement.closest("[data-row]");
    const box = row && one("[name=id]", row);
    if (!box) return;
    box.checked = !box.checked;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  }
  const KEYS = {
    "/": () => { const field = one("[data-filter]"); if (field) { field.focus(); field.select(); } },
    "?": () => one("#help").showModal(),
    j: () => move(1),
    k: () => move(-1),
    x: choose,
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !one("#help") || one("#help").open) return;
    const typing = event.target.closest("input:not([type=checkbox]), textarea, select");
    if (typing) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const act = KEYS[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  });

  const here = one(".top nav [aria-current]");
  if (here) here.parentElement.parentElement.parentElement.scrollLeft = here.offsetLeft - 40; // on a phone, where they do not fit
  all("[data-copy], [data-help]").forEach((button) => { button.hidden = false; });
  all("[data-choose]").forEach(count);
  tick();
  setInterval(tick, 5000);
})();
