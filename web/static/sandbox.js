// Extras of the sandbox's page; it works without them. The slider tells its day, and conversations show their end.
(() => {
  const settle = () => {
    for (const log of document.querySelectorAll(".bubbles")) log.scrollTop = log.scrollHeight;
    const form = document.querySelector("form.year");
    if (!form || form.dataset.ready) return;
    form.dataset.ready = "yes";
    const [year, month, day] = form.dataset.begins.split("-").map(Number);
    const slider = form.querySelector("input[type=range]");
    slider.addEventListener("input", () => {
      const chosen = new Date(Date.UTC(year, month - 1, day + Number(slider.value)));
      const two = (number) => String(number).padStart(2, "0");
      form.querySelector("output").textContent =
        `${two(chosen.getUTCDate())}/${two(chosen.getUTCMonth() + 1)}/${chosen.getUTCFullYear()}`;
    });
  };
  document.addEventListener("htmx:load", settle);
  settle();
})();
