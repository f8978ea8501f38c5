// Draws the OpenAPI document with Swagger UI. Try-it-out uses the session's sign-in and its CSRF cookie.
"use strict";
const place = document.getElementById("docs");
const cookie = (name) => document.cookie.split("; ").find((part) => part.startsWith(name + "="))?.split("=")[1] ?? "";
window.SwaggerUIBundle({
  url: place.dataset.schema,
  domNode: place,
  deepLinking: true,
  docExpansion: "none",
  validatorUrl: null,
  requestInterceptor: (request) => {
    if (!["GET", "HEAD"].includes((request.method || "GET").toUpperCase())) request.headers["X-CSRFToken"] = cookie("csrftoken");
    return request;
  },
});
