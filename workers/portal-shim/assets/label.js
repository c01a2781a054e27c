// The print button of the label page. Without it, the browser's own command prints just as well.
const button = document.getElementById("print");
button.hidden = false;
button.addEventListener("click", () => window.print());
