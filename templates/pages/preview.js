const version = document.documentElement.dataset.version;
const ended = document.getElementById("ended");

for (const select of document.querySelectorAll("select")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}

// What can be scrolled: the page itself, the text, and the mail in each frame.
function scrolled() {
  const frames = [...document.querySelectorAll("iframe")].map((frame) => frame.contentDocument?.scrollingElement);
  return [document.scrollingElement, document.querySelector("pre"), ...frames];
}

// Whoever works on the end of a mail wants to see the end again.
function reload() {
  history.replaceState(scrolled().map((place) => place?.scrollTop ?? 0), "");
  location.reload();
}

addEventListener("load", () => {
  for (const [index, place] of scrolled().entries()) {
    if (place) place.scrollTop = history.state?.[index] ?? 0;
  }
});

// Asks what the version is, and is answered when it has changed.
async function follow() {
  for (;;) {
    try {
      const answer = await fetch("/changes?since=" + encodeURIComponent(version));
      ended.hidden = answer.ok;
      if (answer.ok && (await answer.text()) !== version) {
        reload();
        return;
      }
    } catch {
      ended.hidden = false;
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

follow();
