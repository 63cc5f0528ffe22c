// The inbox works without this: it only copies at a press and shows new mail by itself.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const label = button.textContent;
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = label; }, 1200);
  });
}

const { newest, to } = document.body.dataset;
const address = "/dev/inbox.json?limit=1" + (to ? "&to=" + encodeURIComponent(to) : "");
setInterval(async () => {
  if (document.hidden || document.activeElement?.type === "search") return;
  try {
    const { data } = await (await fetch(address)).json();
    if ((data[0]?.id ?? "") !== newest) location.reload();
  } catch { /* the server is away; the next look may find it again */ }
}, 2000);
