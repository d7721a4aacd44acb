"""The tiles under the map: none unless a city says so, since most installations stand without the internet.

`MAP_TILES` is empty, `tianditu` (with `TIANDITU_KEY`), or the address of XYZ tiles with {z}, {x} and {y}.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

# The values of orgs.choices.Datum, which cannot be imported before the settings are there.
_DATUMS = ("wgs84", "cgcs2000", "gcj02")
_TIANDITU = (
    "https://t0.tianditu.gov.cn/{layer}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER={layer}&STYLE=default"
    "&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={{z}}&TILEROW={{y}}&TILECOL={{x}}&tk={key}"
)


@dataclass(frozen=True, slots=True)
class Tiles:
    """The addresses of tile layers, the lowest first; the datum they are drawn in; the one host they come from."""

    urls: tuple[str, ...] = ()
    datum: str = "wgs84"
    host: str = ""
    credit: str = ""
    max_zoom: int = 18


def tiles(*, template: str = "", key: str = "", datum: str = "", credit: str = "", max_zoom: int = 18) -> Tiles:
    """Return the tile layers of the settings. Raise ImproperlyConfigured, saying what to mend."""
    if not template:
        return Tiles()
    if template == "tianditu":
        if not re.fullmatch(r"[0-9A-Za-z]{8,64}", key):
            raise ImproperlyConfigured("MAP_TILES=tianditu needs TIANDITU_KEY, the key the city was given.")
        urls = tuple(_TIANDITU.format(layer=layer, key=key) for layer in ("vec", "cva"))
        return Tiles(urls, "cgcs2000", "https://t0.tianditu.gov.cn", "天地图", 18)
    datum = datum or "wgs84"
    if datum not in _DATUMS:
        raise ImproperlyConfigured(f"MAP_TILES_DATUM is one of {', '.join(_DATUMS)}.")
    parts = urlsplit(template)
    if parts.scheme not in ("http", "https") or not re.fullmatch(r"[0-9A-Za-z.\-]+(:\d+)?", parts.netloc):
        raise ImproperlyConfigured(
            "MAP_TILES is an address on one host, such as https://tiles.example.cn/{z}/{x}/{y}.png."
        )
    if any(mark not in template for mark in ("{z}", "{x}", "{y}")) or "{s}" in template:
        raise ImproperlyConfigured("MAP_TILES holds {z}, {x} and {y}, and no {s}: tiles come from one host.")
    return Tiles((template,), datum, f"{parts.scheme}://{parts.netloc}", credit, max_zoom)


def policy(chosen: Tiles) -> dict[str, list[str]]:
    """Return what the pages of the map need of the content security policy: pictures of the tiles' host alone."""
    return {"img-src": [chosen.host]} if chosen.host else {}


_env = environ.Env()
MAP_TILES = tiles(
    template=_env("MAP_TILES", default=""),
    key=_env("TIANDITU_KEY", default=""),
    datum=_env("MAP_TILES_DATUM", default=""),
    credit=_env("MAP_TILES_CREDIT", default=""),
    max_zoom=_env.int("MAP_TILES_MAX_ZOOM", default=18),
)
