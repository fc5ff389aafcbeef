"""One plotly.js for all figures of a page, served by the Jupyter server that is there anyway."""

from __future__ import annotations

import gzip
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

ROUTE = r"/coursekit/plotly/([0-9A-Za-z.+!-]+)/plotly\.min\.js"
"""Path under the server's base_url; the group is the version of the plotly package."""
A_YEAR = 365 * 24 * 3600


def plotly_version() -> str:
    """Say which plotly package is installed, and so which plotly.js a figure is meant for.

    The version stands in the URL: a browser may then keep the file for good, and an update of
    the package is a new URL instead of a stale cache that nobody can explain.

    Examples
    --------
    >>> plotly_version().split(".")[0].isdigit()
    True
    """
    return version("plotly")


def plotly_js() -> Path:
    """Locate the plotly.js that the installed plotly package carries.

    Taking the package's own file keeps the drawing library equal to the Python library that
    describes the figures, and 5 MB out of this repository.

    Raises
    ------
    FileNotFoundError
        If the plotly package lacks the file.

    Examples
    --------
    >>> plotly_js().name
    'plotly.min.js'
    """
    import importlib.util

    # find_spec does not import plotly: the server has no use for it
    spec = importlib.util.find_spec("plotly")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "package_data" / "plotly.min.js"
        if path.is_file():
            return path
    raise FileNotFoundError("the plotly package holds no package_data/plotly.min.js: install plotly anew")


@cache
def _compressed(path: Path) -> bytes:
    # 4.8 MB become 1.4 MB, which matters to a class on one hub; level 6 takes 0.2 s, once
    return gzip.compress(path.read_bytes(), compresslevel=6, mtime=0)


def handlers(base_url: str) -> list[tuple[str, type]]:
    """Make the routes that this extension adds to a Jupyter server.

    JupyterLab, Notebook 7 and a server behind a hub differ in their base URL and in nothing
    else that matters here.

    Parameters
    ----------
    base_url
        The server's, ending in a slash.

    Examples
    --------
    >>> [(path, _)] = handlers("/user/kim/")
    >>> path.startswith("/user/kim/coursekit/plotly/")
    True
    """
    from jupyter_server.auth.decorator import allow_unauthenticated
    from jupyter_server.base.handlers import JupyterHandler

    class PlotlyJsHandler(JupyterHandler):
        """Serves the installed plotly.js: public code, as free to read as Lab's own scripts."""

        @allow_unauthenticated
        async def get(self, wanted: str) -> None:
            path = plotly_js()
            self.set_header("Content-Type", "text/javascript; charset=utf-8")
            self.set_header("Vary", "Accept-Encoding")
            # A kernel in another environment may ask for another version: it gets ours, uncached.
            exact = wanted == plotly_version()
            self.set_header("Cache-Control", f"public, max-age={A_YEAR}, immutable" if exact else "no-cache")
            if "gzip" in self.request.headers.get("Accept-Encoding", ""):
                self.set_header("Content-Encoding", "gzip")
                self.finish(_compressed(path))
            else:
                self.finish(path.read_bytes())

        @allow_unauthenticated
        async def head(self, wanted: str) -> None:
            await self.get(wanted)

    return [(base_url.rstrip("/") + ROUTE, PlotlyJsHandler)]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    return [{"module": "coursekit.explore.server"}]


def _load_jupyter_server_extension(serverapp: ServerApp) -> None:
    serverapp.web_app.add_handlers(".*$", handlers(serverapp.web_app.settings["base_url"]))
    serverapp.log.debug("coursekit.explore serves plotly.js %s", plotly_version())
