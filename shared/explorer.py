"""The explorer: the three OpenAPI documents in one page that needs nothing from elsewhere."""

from importlib.resources import files

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from shared.errors import ResourceNotFound
from shared.routing import router

ASSETS = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}
POLICY = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Tridaya API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="explorer"></div><script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body></html>"""
START = """const services = ["registry", "planning", "monitoring"];
const chosen = new URLSearchParams(location.search).get("service");
const name = services.includes(chosen) ? chosen : services[0];
const bar = document.createElement("nav");
bar.style = "padding:.7rem 1.2rem;font:1rem system-ui;background:#1b3a2f";
for (const one of services) {
  const link = document.createElement("a");
  link.href = "/docs?service=" + one;
  link.textContent = one;
  link.style = "margin-right:1.5rem;text-decoration:none;color:" + (one === name ? "#ffd866" : "#fff");
  bar.append(link);
}
document.body.prepend(bar);
SwaggerUIBundle({
  url: "/" + name + "/v1/openapi.json",
  dom_id: "#explorer",
  deepLinking: true,
  persistAuthorization: true,
  validatorUrl: null,
  tryItOutEnabled: true,
});
"""


async def show_root() -> Response:
    """Go to the explorer."""
    return RedirectResponse("/docs", status_code=307)


async def show_explorer() -> Response:
    """Show the explorer."""
    return Response(
        PAGE, media_type="text/html", headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
    )


async def show_asset(name: str) -> Response:
    """Give a file of the explorer."""
    headers = {"Cache-Control": "public, max-age=86400"}
    if name == "start.js":
        return Response(START, media_type="text/javascript", headers={"Cache-Control": "no-cache"})
    if name not in ASSETS:
        raise ResourceNotFound
    content = files("fastapi_swagger").joinpath("resources", name).read_bytes()
    return Response(content, media_type=ASSETS[name], headers=headers)


def explorer_router() -> APIRouter:
    """Return the routes of the explorer; they are not part of an API document."""
    routes = router(judges_token=False)
    routes.get("/", include_in_schema=False)(show_root)
    routes.get("/docs", include_in_schema=False)(show_explorer)
    routes.get("/docs/{name}", include_in_schema=False)(show_asset)
    return routes
