// A file of its own, for the Content-Security-Policy allows no script within the page.
(() => {
  try {
    const theme = localStorage.getItem("tally.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
    const language = localStorage.getItem("tally.language");
    if (language) document.documentElement.lang = language;
  } catch {
    // Without storage the system decides.
  }
})();
