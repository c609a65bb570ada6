// Fetches what was received again every second and puts in what has changed.
(() => {
  const button = document.getElementById("pause");
  const liveness = document.getElementById("liveness");
  const regions = [...document.querySelectorAll("[data-live]")].map((element) => ({
    element,
    html: element.innerHTML,
    // What is read out aloud changes less often than what is seen.
    every: Number(element.dataset.seconds || 0) * 1000,
    changed: -Infinity,
  }));
  let paused = false;

  function show(state) {
    liveness.textContent = state;
    liveness.dataset.state = state;
  }

  function update(fresh, now) {
    for (const region of regions) {
      const next = fresh.getElementById(region.element.id);
      if (!next || next.innerHTML === region.html) continue;
      if (now - region.changed < region.every) continue;
      region.html = next.innerHTML;
      region.changed = now;
      region.element.replaceChildren(...next.childNodes);
    }
  }

  async function refresh() {
    try {
      const answer = await fetch(`/_sandbox/received${location.search}`, { cache: "no-store" });
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (paused) return;
      update(fresh, performance.now());
      show("Live");
    } catch {
      if (!paused) show("Sandbox not reachable");
    }
  }

  async function again() {
    if (!paused && !document.hidden) await refresh();
    setTimeout(again, 1000);
  }

  button.addEventListener("click", () => {
    paused = !paused;
    button.textContent = paused ? "Resume" : "Pause";
    show(paused ? "Paused" : "Live");
  });
  button.hidden = liveness.hidden = false;
  show("Live");
  setTimeout(again, 1000);
})();
