// Starts Swagger UI on its page, and mends what it lacks. A file of its own, because the page's policy lets no script inside of it run.

const place = document.getElementById("swagger-ui");

SwaggerUIBundle({
  url: place.dataset.schema,
  domNode: place,
  deepLinking: true,
  tryItOutEnabled: true,
  validatorUrl: null, // nothing goes to anybody else
});

// What assistive technology and the keyboard need, and Swagger UI does not have: names of its fields, a stop at what
// scrolls, and no link inside of a button (the address follows the button's own click).
function mend() {
  for (const field of place.querySelectorAll("select:not([aria-label]), textarea:not([aria-label]), input:not([aria-label])")) {
    const row = field.closest("tr");
    const name = row?.querySelector(".parameter__name")?.firstChild?.textContent;
    const kind = { servers: "Server" }[field.id] ?? (field.matches("textarea") ? "Request body" : field.matches("select") ? "Kind" : "Value");
    if (field.id === "servers" || !field.labels?.length) field.setAttribute("aria-label", name ?? kind);
  }
  for (const text of place.querySelectorAll("pre:not([tabindex])")) text.tabIndex = 0;
  for (const link of place.querySelectorAll(".opblock-summary-control a[href]")) link.removeAttribute("href");
}

new MutationObserver(mend).observe(place, { childList: true, subtree: true, attributes: true, attributeFilter: ["href"] });
