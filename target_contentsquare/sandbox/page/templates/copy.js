// Buttons with data-copy="id" copy the text of that element.
(() => {
  function reveal() {
    for (const button of document.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent);
      button.textContent = "Copied";
    } catch {
      // Without a permission the text is selected instead, ready for Ctrl-C.
      getSelection().selectAllChildren(source);
      button.textContent = "Selected";
    }
  });
  // Parts that are fetched again come with hidden buttons too.
  new MutationObserver(reveal).observe(document.body, { childList: true, subtree: true });
  reveal();
})();
