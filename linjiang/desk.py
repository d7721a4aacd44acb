"""The street desk (街道工作台): the admin site whose rights come from posts in force, never from permission tables.

An admin of the desk says in `may_*` who may do what, and in `scope` which rows; lists, pages, autocompletes, history
and actions all start from the same scoped rows, and what is out of scope is 404.
"""

from collections.abc import Callable

from django.contrib.admin import ShowFacets
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import AutocompleteSelect
from django.contrib.auth.views import LogoutView
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, resolve_url
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from unfold.admin import ModelAdmin
from unfold.sites import UnfoldAdminSite

from linjiang.common.errors import InvalidInput, LinjiangError
from orgs.choices import DESK_ROLES

# The groups of the side bar, in their order.
WORK, PLACES, WORDS, TIMES, RECORDS = "work", "places", "words", "times", "records"
GROUPS = {
    WORK: gettext_lazy("Work"),
    PLACES: gettext_lazy("Organisation"),
    WORDS: gettext_lazy("Classification"),
    TIMES: gettext_lazy("Time limits"),
    RECORDS: gettext_lazy("Records"),
}


def place_name(request: HttpRequest) -> str:
    """Return the name of the unit the person works for, shown under the desk's name."""
    posts = getattr(request.user, "current_posts", ())
    return next((str(post.unit) for post in posts if post.unit_id), "")


class DeskSite(UnfoldAdminSite):
    """The desk: open to whoever `opens_desk`, on the cases first."""

    index_title = gettext_lazy("Street desk")

    def get_urls(self) -> list:
        # “View on site” redirects to any object by its key, whoever asks: it would tell numbers of foreign cases.
        return [one for one in super().get_urls() if getattr(one, "name", "") != "view_on_site"]

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return user.is_authenticated and user.is_active and user.opens_desk

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        """Sign in where everybody signs in; a person without a post at the desk is told so."""
        target = request.GET.get("next", "")
        if not url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
            target = reverse("admin:index")
        if self.has_permission(request):
            return HttpResponseRedirect(target)
        if request.user.is_authenticated:
            raise PermissionDenied(_("The desk is for community and street staff. Your post does not open it."))
        return redirect(f"{reverse('sign_in')}?next={target}")

    def logout(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        return LogoutView.as_view(next_page=resolve_url("sign_in"))(request)

    def index(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        """Open on the list that is most this person's: the cases for street staff, the records for the audit."""
        mine = [admin for admin in self._registry.values() if admin.has_view_permission(request)]
        return redirect(max(mine, key=lambda admin: admin.desk_home).list_url)

    def get_sidebar_list(self, request: HttpRequest) -> list[dict]:
        """Return the side bar from the registered admins that this person may see."""
        groups = []
        admins = sorted(self._registry.values(), key=lambda one: getattr(one, "desk_order", 0))
        for key, title in GROUPS.items():
            items = [
                item
                for admin in admins
                if getattr(admin, "desk_group", None) == key and admin.has_view_permission(request)
                for item in admin.sidebar_items(request)
            ]
            if key == WORK and request.user.holds(*DESK_ROLES):
                active = {"active": False, "has_permission": True}  # a page outside the desk
                items.append({"title": _("Notices"), "link": reverse("notices"), "icon": "news", **active})
            if items:
                groups.append({"title": title, "separator": False, "items": items})
        return groups


desk_site = DeskSite(name="admin")


class CappedPaginator(Paginator):
    """Counts no further than `ceiling`: nobody pages past it, and counting 208,000 rows helps no one."""

    ceiling = 5_000
    template_name = "desk/pagination.html"

    @cached_property
    def count(self) -> int:
        if isinstance(self.object_list, QuerySet):
            return min(self.object_list.order_by()[: self.ceiling + 1].count(), self.ceiling)
        return len(self.object_list)

    @property
    def is_capped(self) -> bool:
        """Whether there may be more rows than were counted."""
        return self.count >= self.ceiling


class KeySelect(AutocompleteSelect):
    """The look-up field; what was sent instead of a key is not asked of the database when the form comes back."""

    def optgroups(self, name, value, attrs=None):
        return super().optgroups(name, [one for one in value if str(one).isdecimal() or not one], attrs)


class DeskAdmin(ModelAdmin):
    """Base of every admin of the desk: nobody may anything unless a subclass says so."""

    desk_group: str | None = None
    desk_order = 0
    desk_icon = "folder"
    desk_home = 0  # the desk opens on the list of the highest number that the person may see
    empty_value_display = "—"
    paginator = CappedPaginator
    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False
    list_filter_submit = True
    list_fullwidth = True
    actions_on_top = True
    warn_unsaved_form = True
    save_as = False
    show_facets = ShowFacets.NEVER  # they count every choice over every case
    view_on_site = False

    # Rights

    def may_view(self, user) -> bool:
        """Say whether `user` may see the rows of `scope`."""
        return False

    def may_add(self, user) -> bool:
        """Say whether `user` may add rows."""
        return False

    def may_change(self, user, obj: Model | None = None) -> bool:
        """Say whether `user` may change `obj` (None: any at all)."""
        return False

    def scope(self, queryset: QuerySet, user) -> QuerySet:
        """Return the rows of `queryset` that `user` may see."""
        return queryset.none()

    def has_view_permission(self, request, obj=None) -> bool:
        return self.may_view(request.user)

    def has_add_permission(self, request) -> bool:
        return self.may_add(request.user)

    def has_change_permission(self, request, obj=None) -> bool:
        return self.may_change(request.user, obj)

    def has_delete_permission(self, request, obj=None) -> bool:
        return False

    def has_module_permission(self, request) -> bool:
        return self.may_view(request.user)

    def get_queryset(self, request) -> QuerySet:
        return self.scope(super().get_queryset(request), request.user)

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        related = self.admin_site._registry.get(db_field.remote_field.model)
        if related is not None:
            kwargs.setdefault("queryset", related.get_queryset(request))
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", KeySelect(db_field, self.admin_site, using=kwargs.get("using")))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change=change, **kwargs)
        refusal = getattr(request, "desk_refusal", None)
        return form if refusal is None else _refused(form, refusal)

    def _get_obj_does_not_exist_redirect(self, request, opts, object_id):
        raise Http404(f"{opts.model_name} {object_id}")

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None) -> HttpResponse:
        """As the theme's; a form that comes back with errors is a 400, with everything typed in it.

        So does one whose row a service refuses to save: all of the request is rolled back, and the form says why.
        """
        try:
            response = super().changeform_view(request, object_id, form_url, extra_context)
        except InvalidInput as error:
            request.desk_refusal = error
            response = super().changeform_view(request, object_id, form_url, extra_context)
        if request.method == "POST" and isinstance(response, TemplateResponse) and response.context_data.get("errors"):
            response.status_code = 400
        return response

    def delete_view(self, request, object_id, extra_context=None) -> HttpResponse:
        """Nobody deletes here; of a row out of scope not even that is said: 404."""
        if self.has_view_permission(request):
            self.one(request, unquote(object_id))
        return super().delete_view(request, object_id, extra_context)

    # Look

    def sidebar_items(self, request: HttpRequest) -> list[dict]:
        """Return this admin's lines in the side bar."""
        return [self.sidebar_item(request, capfirst(self.opts.verbose_name_plural), self.list_url, self.desk_icon)]

    def sidebar_item(self, request: HttpRequest, title: str, link: str, icon: str, *, exact: bool = False) -> dict:
        """Return one line of the side bar; `exact` marks it active on its own page only."""
        active = request.path == link if exact else request.path.startswith(link)
        return {"title": title, "link": link, "icon": icon, "active": active, "has_permission": True}

    @property
    def list_url(self) -> str:
        return self.url("changelist")

    def url(self, name: str, *args) -> str:
        """Return the address of this admin's view `name`."""
        return reverse(f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_{name}", args=args)

    def one(self, request: HttpRequest, pk) -> Model:
        """Return the row `pk` if it is in scope; raise Http404."""
        found = self.get_object(request, str(pk)) if self.has_view_permission(request) else None
        if found is None:
            raise Http404(f"{self.opts.model_name} {pk}")
        return found

    def sought(self, request: HttpRequest, object_id) -> Model | None:
        """Return the row that an action's right is asked about, None on a list; raise Http404 out of scope."""
        return self.one(request, object_id) if object_id else None

    @staticmethod
    def require(allowed: bool) -> None:
        """Raise PermissionDenied unless `allowed`."""
        if not allowed:
            raise PermissionDenied(_("Your posts do not include this."))

    def page(self, request: HttpRequest, template: str, *, title: str, status: int = 200, **context) -> HttpResponse:
        """Render a page of the desk's own inside the theme."""
        request.current_app = self.admin_site.name
        values = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "list_url": self.list_url,
            "is_popup": IS_POPUP_VAR in request.GET,
            **context,
        }
        return TemplateResponse(request, template, values, status=status)

    def form_page(
        self,
        request: HttpRequest,
        *,
        form: BaseForm,
        run: Callable[[dict], HttpResponse],
        title: str,
        template: str = "desk/form.html",
        **context,
    ) -> HttpResponse:
        """Show `form`, and on a POST run the service with what it holds.

        `run` takes the cleaned data and returns where to go. What a service refuses comes back on the form with its
        status, everything typed kept.
        """
        status = 200
        if request.method == "POST":
            try:
                if form.is_valid():
                    return run(form.cleaned_data)
                status = 400
            except LinjiangError as error:
                status = error.status
                put_on_form(form, error)
        context.setdefault("back_url", self.list_url)
        return self.page(request, template, title=title, status=status, form=form, **context)


def _refused(form: type[BaseForm], refusal: InvalidInput) -> type[BaseForm]:
    """Return the form as it comes back when a service has refused what was typed into it."""

    class Refused(form):
        def full_clean(self) -> None:
            super().full_clean()
            if self.is_bound:
                put_on_form(self, refusal)

    return Refused


def put_on_form(form: BaseForm, error: LinjiangError) -> None:
    """Show what a service refused at the fields to blame, else above the form."""
    if not isinstance(error, InvalidInput):
        form.add_error(None, str(error.message))
        return
    for field, message in error.errors.items():
        form.add_error(field if field in form.fields else None, str(message))
