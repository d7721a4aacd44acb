"""Households: the chiefs keep the lists; the desk reads them and reveals a number only for a purpose."""

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from linjiang.desk import PLACES, DeskAdmin, desk_site
from orgs.admin.scoping import may, scope_in
from orgs.choices import DESK_ROLES, Level
from orgs.models import Household
from orgs.services.contacts import looks_today, reveal_contact

# The neighbourhood and the three units above it, up to the community, come in the list's own statement.
_JOINED = 4


class PurposeForm(forms.Form):
    """What a resident's number is needed for; kept on record."""

    purpose = forms.CharField(
        label=_("What do you need the number for?"),
        max_length=200,
        help_text=_("Kept on record with your name and the time."),
    )


@admin.register(Household, site=desk_site)
class HouseholdAdmin(DeskAdmin):
    """The households below the viewer's desk, numbers masked."""

    desk_group, desk_order, desk_icon = PLACES, 20, "home"
    list_display = ("label", "neighbourhood", "members", "contact_masked", "note", "is_active")
    list_filter = ("is_active",)
    list_select_related = ("contact", "unit__parent__parent__parent")
    search_fields = ("label", "unit__name")
    search_help_text = _("Door or neighbourhood")
    ordering = ("unit__path", "label")
    fields = readonly_fields = ("label", "neighbourhood", "members", "contact_masked", "note", "is_active")
    actions_detail = ("reveal",)

    def may_view(self, user) -> bool:
        return may(user, *DESK_ROLES)

    def scope(self, queryset, user):
        return queryset.filter(scope_in(user, DESK_ROLES).units_q(field="unit__path"))

    @admin.display(description=_("neighbourhood"), ordering="unit__path")
    def neighbourhood(self, household: Household) -> str:
        unit = household.unit
        names = [unit.name]
        while unit.level != Level.COMMUNITY and unit.parent_id and len(names) < _JOINED:
            unit = unit.parent
            names.append(unit.name)
        return " / ".join(reversed(names))

    @admin.display(description=_("contact"))
    def contact_masked(self, household: Household) -> str:
        if household.contact is None:
            return "—"
        return f"{household.contact.masked_name} {household.contact.masked_phone}".strip()

    @action(description=_("Show the number"), url_path="contact", permissions=["view"], icon="visibility")
    def reveal(self, request: HttpRequest, object_id: str) -> HttpResponse:
        household = self.one(request, object_id)
        title = gettext("Contact of %(label)s") % {"label": household.label}
        back_url = self.url("change", household.pk)
        if household.contact is None:
            text = gettext("No contact is kept for this household.")
            return self.page(request, "desk/contact.html", title=title, back_url=back_url, text=text)

        def run(given: dict) -> HttpResponse:
            contact = reveal_contact(
                actor=request.user,
                contact=household.contact,
                purpose=given["purpose"],
                about=f"{household.unit.name} {household.label}"[:64],
            )
            looks = looks_today(request.user)
            return self.page(request, "desk/contact.html", title=title, back_url=back_url, contact=contact, looks=looks)

        return self.form_page(
            request,
            form=PurposeForm(request.POST or None),
            run=run,
            title=title,
            submit_label=gettext("Show the number"),
            back_url=back_url,
            looks=looks_today(request.user),
        )
