// A block that scrolls sideways can be reached with the keyboard, so that the arrow keys scroll it.
"use strict";

(() => {
  const reach = () => {
    for (const block of document.querySelectorAll("article pre, article .table-wrapper")) {
      if (block.scrollWidth > block.clientWidth) block.tabIndex = 0;
      else block.removeAttribute("tabindex");
    }
  };
  document.addEventListener("DOMContentLoaded", reach);
  window.addEventListener("load", reach);
  window.addEventListener("resize", reach);
  document.addEventListener("click", () => setTimeout(reach)); // the other tab of a set
})();
