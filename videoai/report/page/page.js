"use strict";

// Tables: a click on a heading sorts; a second one turns the order round. Cells without a value stay at the end.
for (const button of document.querySelectorAll(".sortable th button")) {
  button.addEventListener("click", () => {
    const head = button.parentElement, body = head.closest("table").tBodies[0];
    const isNumber = head.classList.contains("number");
    const falls = head.ariaSort === "none" ? isNumber : head.ariaSort === "ascending";
    for (const other of head.parentElement.children) other.ariaSort = "none";
    head.ariaSort = falls ? "descending" : "ascending";
    const key = row => row.cells[head.cellIndex].dataset.sort;
    const compare = isNumber ? (a, b) => a - b : (a, b) => a.localeCompare(b);
    const order = (one, other) => {
      const [a, b] = [key(one), key(other)];
      if (a === "" || b === "") return (a === "") - (b === "");
      return falls ? compare(b, a) : compare(a, b);
    };
    body.append(...[...body.rows].sort(order));
  });
}

// Films: the frames lie side by side in one picture, which is moved behind its window. The mouse over a film or a focus
// plays it; a click holds it at a frame, or plays it on.
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
for (const screen of document.querySelectorAll("button.screen")) {
  const frames = +screen.dataset.frames, step = +screen.dataset.step;
  const [counter, progress] = screen.children;
  let frame = Math.floor(frames / 2), timer = 0;
  const show = () => {
    screen.style.backgroundPositionX = frames > 1 ? `${100 * frame / (frames - 1)}%` : "0";
    counter.textContent = `${frame * step + 1} / ${(frames - 1) * step + 1}`;
    progress.style.width = `${100 * (frame + 1) / frames}%`;
  };
  const next = () => { frame = (frame + 1) % frames; show(); };
  const play = () => {
    if (timer) return;
    timer = setInterval(next, +screen.dataset.ms);
    screen.ariaPressed = "true";
  };
  const stop = () => { clearInterval(timer); timer = 0; screen.ariaPressed = "false"; };
  screen.addEventListener("click", () => timer ? stop() : play());
  if (!still) {
    screen.addEventListener("pointerenter", event => event.pointerType === "mouse" && play());
    screen.addEventListener("pointerleave", stop);
  }
  screen.addEventListener("keydown", event => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    stop();
    frame = (frame + by + frames) % frames;
    show();
  });
  show();
}

for (const button of document.querySelectorAll(".copy")) {
  button.addEventListener("click", () => navigator.clipboard.writeText(button.previousElementSibling.textContent)
    .then(() => { button.textContent = "Copied"; }, () => { button.textContent = "Select and copy"; }));
}
