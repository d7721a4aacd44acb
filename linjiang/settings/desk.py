"""How the street desk's theme looks: our colours, one light look. Rights are no settings; see `linjiang.desk`."""

from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _


def _stylesheet(name: str):
    return lambda _request: static(f"css/{name}.css")


UNFOLD = {
    "SITE_TITLE": _("Street desk"),
    "SITE_HEADER": _("Street desk"),
    "SITE_SUBHEADER": "linjiang.desk.place_name",
    "SITE_URL": "/",
    "SITE_ICON": lambda _request: static("img/brand.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("img/brand.svg")},
    ],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "THEME": "light",
    "BORDER_RADIUS": "8px",
    "STYLES": [_stylesheet("tokens"), _stylesheet("components"), _stylesheet("desk")],
    # The values of static/css/tokens.css; the theme builds its own palette from them.
    "COLORS": {
        "base": {
            "50": "#f4f6fa",
            "100": "#e9edf3",
            "200": "#dde3ec",
            "300": "#c5cedb",
            "400": "#8a96aa",
            "500": "#5f6c82",
            "600": "#515e73",
            "700": "#2c384b",
            "800": "#2c384b",
            "900": "#131c2b",
            "950": "#131c2b",
        },
        "primary": {
            "50": "#f0f5fc",
            "100": "#e1ecf9",
            "200": "#c7dbf4",
            "300": "#9dbfea",
            "400": "#9dbfea",
            "500": "#1f5db0",
            "600": "#17498c",
            "700": "#103a72",
            "800": "#0b2750",
            "900": "#0b2750",
            "950": "#0b2750",
        },
        "font": {
            "subtle-light": "#5f6c82",
            "subtle-dark": "#8a96aa",
            "default-light": "#2c384b",
            "default-dark": "#c5cedb",
            "important-light": "#131c2b",
            "important-dark": "#e9edf3",
        },
    },
}
