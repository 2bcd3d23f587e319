const version = document.documentElement.dataset.version;
const ended = document.getElementById("ended");

for (const select of document.querySelectorAll("select")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}

// Asks what the version is, and is answered when it has changed.
async function follow() {
  for (;;) {
    try {
      const answer = await fetch("/changes?since=" + encodeURIComponent(version));
      ended.hidden = answer.ok;
      if (answer.ok && (await answer.text()) !== version) {
        location.reload();
        return;
      }
    } catch {
      ended.hidden = false;
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

follow();
