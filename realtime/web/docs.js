// Starts Swagger UI on its page. A file of its own, because the page's policy lets no script inside of it run.

const place = document.getElementById("swagger-ui");

SwaggerUIBundle({
  url: place.dataset.schema,
  domNode: place,
  deepLinking: true,
  tryItOutEnabled: true,
  validatorUrl: null, // nothing goes to anybody else
});
