"""The inbox of the desk: the scoped case list, its search, its tabs and its bulk steps."""

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from grievances import search
from grievances.admin import bulk, case_page, order, saved, watching
from grievances.admin.filters import AreaFilter, ReportedFilter, TopCategoryFilter
from grievances.admin.tabs import ALL, LABELS, TabFilter, chosen_tab, tabs
from grievances.choices import Action
from grievances.filters import known_area
from grievances.models import Grievance
from grievances.querysets import RUNS_UNTIL
from grievances.stages import pressing
from grievances.views.exports import offer
from linjiang.common.clock import now
from linjiang.common.errors import InvalidInput
from linjiang.common.templatetags.lj import cn_datetime, icon, mask_phone, status_icon
from linjiang.common.text import clean_phone, is_phone
from linjiang.desk import WORK, DeskAdmin, desk_site
from orgs.admin.scoping import may
from orgs.choices import DESK_ROLES, LEVEL_ORDER, Level, Role

# More are not chosen by hand, and each is a transaction of its own.
MAX_AT_ONCE = 200


@admin.register(Grievance, site=desk_site)
class CaseAdmin(DeskAdmin):
    """Cases are read here and changed by the workflow's steps alone; nothing is edited, added or deleted by form."""

    desk_group, desk_order, desk_icon = WORK, 10, "inbox"
    desk_home = 9
    list_before_template = "desk/case_tabs.html"
    list_disable_select_all = True
    list_display = ("where", "category_name", "status_chip", "due", "holder", "pace")
    list_display_links = None
    list_filter = (
        TabFilter,
        ("status", ChoicesDropdownFilter),
        TopCategoryFilter,
        AreaFilter,
        ("urgency", ChoicesDropdownFilter),
        ("source", ChoicesDropdownFilter),
        ("reported_at", ReportedFilter),
    )
    list_select_related = ("unit__parent__parent__parent", "category", "lead_agency", "holder_unit")
    search_fields = ("number",)
    search_help_text = _("Number, words, door or the caller's phone number")
    sortable_by = ("due", "status_chip", "pace")
    # What a branch adds for the chosen cases (an export, say) is one more method with @admin.action, named here.
    actions = ("assign_chosen", "urge_chosen", "merge_chosen")

    class Media:
        js = ("js/desk-keys.js",)

    def may_view(self, user) -> bool:
        return may(user, *DESK_ROLES, Role.SUPERVISOR)

    def scope(self, queryset, user):
        return queryset.visible_to(user) if self.may_view(user) else queryset.none()

    def sidebar_items(self, request: HttpRequest) -> list[dict]:
        items = super().sidebar_items(request)
        if may(request.user, *DESK_ROLES):
            items.append(self.sidebar_item(request, gettext("File a case"), reverse("report"), "add_circle"))
        return items

    # The list

    def get_ordering(self, request) -> list:
        if chosen_tab(request.GET) == ALL:
            return ["-pk"]
        return [RUNS_UNTIL.asc(nulls_last=True), "pk"]

    def get_search_results(self, request, queryset, search_term):
        """Find by number, by the caller's exact phone number, else by words in title, description and door."""
        typed = search_term.replace("\x00", "")[:100]
        if not typed.strip():
            return queryset, False
        phone = clean_phone(typed)
        if is_phone(phone):
            return queryset.filter(Q(contact__phone=phone) | Q(household__contact__phone=phone)), False
        return queryset.worded(search.parse(typed), also=[search.below(known_area(request.user))]), False

    def changelist_view(self, request: HttpRequest, extra_context=None) -> HttpResponse:
        """As the theme's, with the tabs and saved filters above; without anything asked for, the one that opens."""
        if request.method == "GET" and not request.GET:
            chosen = saved.opening(request) if self.has_view_permission(request) else None
            if chosen is not None:
                return saved.lead_to(self, request, chosen)
        response = super().changelist_view(request, {"title": gettext("Cases"), **(extra_context or {})})
        # A bulk step answers with a redirect, which has no list.
        changelist = getattr(response, "context_data", {}).get("cl")
        if changelist is not None:
            response.context_data["export_url"] = reverse("admin:grievances_export") + changelist.get_query_string(
                remove=["p"]
            )
            response.context_data["desk_searched"] = searched(request.GET.get("q", ""))
            response.context_data["desk_saved"] = saved.chips(request)
            response.context_data["desk_save_url"] = order.along(
                reverse("admin:grievances_saved_new"), saved.kept(request)
            )
            response.context_data["desk_tabs"] = tabs(
                self.get_queryset(request),
                user=request.user,
                chosen=chosen_tab(request.GET),
                link=lambda key: changelist.get_query_string({"tab": key}, ["p", "status__exact"]),
                at=now(),
            )
        return response

    def get_list_display(self, request) -> tuple:
        """Return the columns; the links of this request carry its list along."""
        query = request.GET.urlencode() or f"tab={chosen_tab(request.GET)}"
        query = query if len(query) <= order.LONGEST else ""

        @admin.display(description=_("number"))
        def number_link(case: Grievance) -> str:
            return format_html('<a class="desk-number" href="{}">{}</a>', _address(case, query), case.number)

        @admin.display(description=_("title"))
        def title_words(case: Grievance) -> str:
            return format_html('<a class="desk-title" href="{}">{}</a>', _address(case, query), case.title)

        return (number_link, title_words, *self.list_display)

    @admin.display(description=_("unit"))
    def where(self, case: Grievance) -> str:
        names, unit = [], case.unit
        while LEVEL_ORDER[unit.level] > LEVEL_ORDER[Level.STREET]:
            names.append(unit.name)
            if LEVEL_ORDER[unit.level] == LEVEL_ORDER[Level.COMMUNITY]:
                break  # the street is the reader's own, and not joined
            unit = unit.parent
        names = names[::-1] or [case.unit.name]
        return format_html(
            '<span class="desk-place">{} <span class="desk-place__rest">{}</span></span>', names[0], " ".join(names[1:])
        )

    @admin.display(description=_("category"))
    def category_name(self, case: Grievance) -> str:
        return format_html('<span class="desk-category">{}</span>', case.category_name or "—")

    @admin.display(description=_("status"), ordering="status")
    def status_chip(self, case: Grievance) -> str:
        code, label = case.status, case.get_status_display()
        if case.suspended and case.is_live:
            code, label = "SUSPENDED", gettext("On hold")
        drawing = icon(status_icon(code), "sm")
        return format_html('<span class="chip chip--{}">{}<span>{}</span></span>', code.lower(), drawing, label)

    @admin.display(description=_("due"), ordering=RUNS_UNTIL.asc(nulls_last=True))
    def due(self, case: Grievance) -> str:
        clock = pressing(case, at=now())
        if clock is None:
            return format_html('<span class="due">{}</span>', "—")
        return format_html(
            '<span class="due due--{}" title="{}">{} {} {}</span>',
            clock.state,
            cn_datetime(clock.due_at),
            icon(clock.icon, "sm"),
            clock.label,
            clock.words,
        )

    @admin.display(description=_("held by"))
    def holder(self, case: Grievance) -> str:
        return str(case.lead_agency or case.holder_unit or "—") if case.is_live else "—"

    @admin.display(description=_("urgency"), ordering="urgency")
    def pace(self, case: Grievance) -> str:
        return format_html('<span class="desk-meta desk-meta--short">{}</span>', case.get_urgency_display())

    # The bulk steps, each on a page of its own

    @admin.action(description=_("Assign…"), permissions=["view"])
    def assign_chosen(self, request, queryset) -> HttpResponse:
        return self._to_bulk(Action.ASSIGN, queryset)

    @admin.action(description=_("Urge…"), permissions=["view"])
    def urge_chosen(self, request, queryset) -> HttpResponse:
        return self._to_bulk(Action.URGE, queryset)

    @admin.action(description=_("Merge…"), permissions=["view"])
    def merge_chosen(self, request, queryset) -> HttpResponse:
        return self._to_bulk(Action.MERGE, queryset)

    def _to_bulk(self, action: Action, queryset) -> HttpResponse:
        ids = ",".join(str(pk) for pk in queryset.values_list("pk", flat=True)[:MAX_AT_ONCE])
        return HttpResponseRedirect(f"{reverse('admin:grievances_bulk', args=[action])}?ids={ids}")

    # Pages

    def get_urls(self) -> list:
        wrap = self.admin_site.admin_view
        own = [
            path("export/", wrap(self.export_view), name="grievances_export"),
            path("bulk/<str:action>/", wrap(self.bulk_view), name="grievances_bulk"),
            path("saved/", wrap(self.save_view), name="grievances_saved_new"),
            path("saved/<int:pk>/", wrap(self.saved_view), name="grievances_saved"),
            path("saved/<int:pk>/manage/", wrap(self.manage_view), name="grievances_saved_manage"),
            path("<int:pk>/version/", wrap(self.version_view), name="grievances_version"),
            path("<int:pk>/next/", wrap(self.next_view), name="grievances_next"),
            path("<int:pk>/previous/", wrap(self.previous_view), name="grievances_previous"),
            path("<int:pk>/step/<str:action>/", wrap(self.action_view), name="grievances_step"),
            path("<int:pk>/contact/", wrap(self.contact_view), name="grievances_contact"),
        ]
        return own + super().get_urls()

    def change_view(self, request: HttpRequest, object_id, form_url="", extra_context=None) -> HttpResponse:
        """Show the case with everything that can be done about it."""
        return case_page.show(self, request, self.one(request, object_id))

    def export_view(self, request: HttpRequest) -> HttpResponse:
        """Offer the list, with its tab, filters and search, as a workbook."""
        self.require(self.has_view_permission(request))
        try:
            cases = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters as error:
            raise InvalidInput({"filter": gettext("One of the filters cannot be used.")}) from error
        asked = request.GET.urlencode()
        what = gettext("Cases at the desk: %(tab)s") % {"tab": LABELS[chosen_tab(request.GET)]}
        return offer(request, cases, what=what, back_url=f"{self.list_url}?{asked}")

    def action_view(self, request: HttpRequest, pk: int, action: str) -> HttpResponse:
        """Take one step of the workflow."""
        case = self.one(request, pk)
        if action not in case_page.FORMS:
            raise Http404(action)
        return case_page.take_step(self, request, case, Action(action))

    def version_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say at which version the case is, and what made it so."""
        return watching.version(self, request, pk)

    def next_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Lead to the next case of the list this one was opened from."""
        self.one(request, pk)
        return order.beside(self, request, pk, step=1)

    def previous_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Lead to the case before it."""
        self.one(request, pk)
        return order.beside(self, request, pk, step=-1)

    def save_view(self, request: HttpRequest) -> HttpResponse:
        """Keep the list under a name."""
        self.require(self.has_view_permission(request))
        return saved.save(self, request)

    def saved_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show a list that was kept."""
        self.require(self.has_view_permission(request))
        return saved.lead_to(self, request, saved.mine(request, pk))

    def manage_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Rename or remove one."""
        self.require(self.has_view_permission(request))
        return saved.manage(self, request, pk)

    def contact_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the resident's number for a purpose, on record."""
        return case_page.reveal(self, request, self.one(request, pk))

    def bulk_view(self, request: HttpRequest, action: str) -> HttpResponse:
        """Take one step on many cases, after a preview."""
        if action not in bulk.ACTIONS:
            raise Http404(action)
        self.require(self.has_view_permission(request))
        ids = [int(one) for one in request.GET.get("ids", "").split(",") if one.isascii() and one.isdigit()]
        ids = [pk for pk in ids if pk < 2**63][:MAX_AT_ONCE]
        cases = list(self.get_queryset(request).with_names().filter(pk__in=ids))
        position = {pk: place for place, pk in enumerate(ids)}
        cases.sort(key=lambda case: position[case.pk])
        return bulk.page(self, request, Action(action), cases)


def _address(case: Grievance, query: str) -> str:
    return order.along(reverse("admin:grievances_grievance_change", args=[case.pk]), query)


def searched(typed: str) -> str:
    """Return what was looked for, in words; a phone number is not written out again."""
    typed = typed.replace("\x00", "")[:100].strip()
    if not typed:
        return ""
    phone = clean_phone(typed)
    if is_phone(phone):
        return gettext("Looked for the caller's phone number %(phone)s") % {"phone": mask_phone(phone)}
    query = search.parse(typed)
    if query.number:
        return gettext("Looked for cases whose number begins with %(number)s") % {"number": query.number}
    return gettext("Looked for “%(words)s” in number, title, description, place and door") % {"words": typed}
