"""Pages of cases: the cursors of the pages, in the shape of the API."""

from django.utils.translation import gettext as _
from rest_framework.pagination import BasePagination
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from grievances import paging
from linjiang.common.errors import InvalidInput
from linjiang.common.text import listed

_ORDERS = {"newest": paging.newest_first, "due": paging.due_first}
_MOST = 100


class CaseCursor(BasePagination):
    """`cursor`, `page_size` (1 to 100) and `order`: newest (default) or due (what is due first on top)."""

    def paginate_queryset(self, queryset, request, view=None) -> list:
        given = request.query_params
        order = _ORDERS.get(given.get("order", "newest"))
        if order is None:
            raise InvalidInput({"order": _("Choose one of: %(choices)s.") % {"choices": listed(_ORDERS)}})
        size = given.get("page_size", str(paging.PAGE))
        if not (size.isascii() and size.isdigit() and len(size) < 5 and 1 <= int(size) <= _MOST):
            raise InvalidInput({"page_size": _("A whole number from 1 to %(high)s.") % {"high": _MOST}})
        try:
            self.page = order(queryset, given.get("cursor", ""), size=int(size))
        except paging.BadCursor as error:
            raise InvalidInput({"cursor": _("This page is no longer there. Please start from the first.")}) from error
        self.url = request.build_absolute_uri()
        return list(self.page.cases)

    def get_paginated_response(self, data) -> Response:
        return Response(
            {"next": self._link(self.page.next), "previous": self._link(self.page.previous), "results": data}
        )

    def _link(self, cursor: str) -> str | None:
        return replace_query_param(remove_query_param(self.url, "cursor"), "cursor", cursor) if cursor else None

    def get_paginated_response_schema(self, schema: dict) -> dict:
        link = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view) -> list[dict]:
        kinds = {
            "cursor": ({"type": "string"}, "from `next` or `previous`"),
            "order": ({"type": "string", "enum": list(_ORDERS)}, "newest (default), or what is due first"),
            "page_size": ({"type": "integer", "minimum": 1, "maximum": _MOST}, "cases on a page"),
        }
        return [
            {"name": name, "in": "query", "required": False, "schema": schema, "description": words}
            for name, (schema, words) in kinds.items()
        ]
