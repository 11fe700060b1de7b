// What the theme leaves to the mouse.
"use strict";

(() => {
  // A block that scrolls sideways can be reached with the keyboard, so that the arrow keys scroll it.
  const reach = () => {
    for (const block of document.querySelectorAll("article pre, article .table-wrapper")) {
      if (block.scrollWidth > block.clientWidth) block.tabIndex = 0;
      else block.removeAttribute("tabindex");
    }
  };

  // In a narrow window, labels open the menu and the contents of the page. Here they become buttons, and what is closed
  // cannot have the focus.
  const drawer = (toggle, panel, name) => {
    const buttons = [...document.querySelectorAll(`label[for="${toggle.id}"]:not(.overlay)`)];
    const update = () => {
      panel.inert = getComputedStyle(panel).position === "fixed" && !toggle.checked;
      for (const button of buttons) button.setAttribute("aria-expanded", String(toggle.checked));
    };
    const set = (open) => {
      toggle.checked = open;
      update();
      const candidates = open ? [...panel.querySelectorAll("a, input")] : buttons;
      candidates.find((one) => one.checkVisibility())?.focus();
    };
    for (const button of buttons) {
      Object.assign(button, { role: "button", tabIndex: 0, ariaLabel: name });
      button.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        set(!toggle.checked);
      });
    }
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && toggle.checked) set(false);
    });
    toggle.addEventListener("change", update);
    window.addEventListener("resize", update);
    update();
  };

  document.addEventListener("DOMContentLoaded", () => {
    reach();
    const menus = { __navigation: [".sidebar-drawer", "Menu"], __toc: [".toc-drawer", "On this page"] };
    for (const [id, [panel, name]] of Object.entries(menus)) {
      const [toggle, found] = [document.getElementById(id), document.querySelector(panel)];
      if (toggle && found) drawer(toggle, found, name);
    }
  });
  window.addEventListener("load", reach);
  window.addEventListener("resize", reach);
  document.addEventListener("click", () => setTimeout(reach)); // the other tab of a set
})();
