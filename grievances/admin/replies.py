"""Reply templates at the desk: kept by a unit's staff, by system administrators for all, and tried on a case."""

from django import forms
from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextareaWidget

from grievances import replies
from grievances.choices import Action
from grievances.models import Grievance, ReplyTemplate
from grievances.services.replies import facts_of, save_reply
from linjiang.common.clock import now
from linjiang.common.text import clean
from linjiang.desk import WORDS, DeskAdmin, desk_site
from orgs import tree
from orgs.admin.scoping import may, scope_in
from orgs.choices import DESK_ROLES, Role
from orgs.models import Unit

_KEEPERS = (*DESK_ROLES, Role.SYSTEM_ADMIN)
_VIEWERS = (*_KEEPERS, Role.SUPERVISOR)


class ReplyForm(forms.ModelForm):
    """A template; what it may name stands beside the text, and anything else is refused."""

    actions = forms.MultipleChoiceField(
        label=_("for the steps"),
        choices=[(one.value, one.label) for one in Action if one in replies.FIELD_OF],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    text = forms.CharField(
        label=_("text"), max_length=replies.LENGTH, widget=UnfoldAdminTextareaWidget(attrs={"rows": 6})
    )

    class Meta:
        model = ReplyTemplate
        fields = ("name", "actions", "category", "unit", "text", "position", "is_active")

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if "actions" in self.fields:  # not where the row is only read
            self.initial["actions"] = self.instance.steps
            known = gettext(", ").join(f"{{{name}}}" for name in replies.NAMES)
            self.fields["text"].help_text = gettext("Placeholders: %(known)s") % {"known": known}

    def clean_actions(self) -> str:
        return ",".join(self.cleaned_data["actions"])

    def clean_text(self) -> str:
        text = self.cleaned_data["text"].replace("\r\n", "\n").strip()
        if bad := replies.problems(text):
            raise forms.ValidationError(bad)
        return text

    def clean_unit(self) -> Unit | None:
        """A template for the whole city is for who administers the whole city."""
        unit = self.cleaned_data["unit"]
        if unit is None and not self.may_be_for_all:
            raise forms.ValidationError(gettext("Please say for which unit; the whole city is not yours to write for."))
        return unit

    may_be_for_all = False


class TryForm(forms.Form):
    """The case a template is tried on."""

    case = forms.CharField(label=_("Number of a case"), max_length=30, required=False)


@admin.register(ReplyTemplate, site=desk_site)
class ReplyTemplateAdmin(DeskAdmin):
    """Words that are written again and again."""

    desk_group, desk_order, desk_icon = WORDS, 30, "quick_phrases"
    form = ReplyForm
    list_display = ("name", "for_steps", "kind", "where", "is_active")
    list_filter = ("is_active",)
    list_select_related = ("category", "unit")
    search_fields = ("name", "text")
    search_help_text = _("Name or words")
    autocomplete_fields = ("category", "unit")
    sortable_by = ()
    fields = ("name", "actions", ("category", "unit"), "text", ("position", "is_active"))
    actions_detail = ("preview",)

    def may_view(self, user) -> bool:
        return may(user, *_VIEWERS)

    def may_add(self, user) -> bool:
        return may(user, *_KEEPERS)

    def may_change(self, user, obj: ReplyTemplate | None = None) -> bool:
        if not may(user, *_KEEPERS):
            return False
        if obj is None:
            return True
        return self._may_write_for_all(user) if obj.unit is None else scope_in(user, _KEEPERS).covers(obj.unit.path)

    def scope(self, queryset, user):
        """Return those offered in the person's part of the city: the whole city's, the units' above and below."""
        scope = scope_in(user, _VIEWERS)
        if scope.is_empty:
            return queryset.none()
        above = [path for covered in scope.paths for path in tree.ancestor_paths(covered)]
        return queryset.filter(Q(unit__isnull=True) | Q(unit__path__in=above) | scope.units_q(field="unit__path"))

    @staticmethod
    def _may_write_for_all(user) -> bool:
        return any(tree.depth(path) <= 1 for path in scope_in(user, (Role.SYSTEM_ADMIN,)).paths)

    def get_readonly_fields(self, request, obj=None):
        return () if self.has_change_permission(request, obj) else ("for_steps",)

    def get_fields(self, request, obj=None):
        """Who only reads sees the steps in words."""
        if self.has_change_permission(request, obj):
            return self.fields
        return ["for_steps" if name == "actions" else name for name in self.fields]

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "unit":
            kwargs["queryset"] = Unit.objects.filter(scope_in(request.user, _KEEPERS).units_q())
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_changeform_initial_data(self, request):
        """Begin with the person's own unit."""
        units = [post.unit_id for post in request.user.current_posts if post.role in DESK_ROLES]
        return {"unit": units[0] if units else None, **super().get_changeform_initial_data(request)}

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change, **kwargs)
        form.may_be_for_all = self._may_write_for_all(request.user)
        return form

    def save_model(self, request, obj, form, change):
        save_reply(actor=request.user, now=now(), template=obj)

    @admin.display(description=_("for the steps"))
    def for_steps(self, template: ReplyTemplate) -> str:
        names = [str(Action(one).label) for one in template.steps if one in Action.values]
        return gettext(", ").join(names)

    @admin.display(description=_("category"))
    def kind(self, template: ReplyTemplate) -> str:
        return str(template.category or gettext("any"))

    @admin.display(description=_("unit"))
    def where(self, template: ReplyTemplate) -> str:
        return str(template.unit or gettext("the whole city"))

    @action(description=_("Try it on a case"), url_path="preview", permissions=["view"], icon="visibility")
    def preview(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the text with the facts of a case: the one asked for, else the newest the person sees."""
        template = self.one(request, object_id)
        form = TryForm(request.GET or None)
        case = self._tried(request, form)
        words = replies.filled(template.text, facts_of(case, user=request.user, now=now())) if case else ""
        return self.page(
            request,
            "desk/reply_preview.html",
            title=template.name,
            status=400 if form.errors else 200,
            form=form,
            reply=template,
            case=case,
            words=words,
            missing=replies.MISSING in words,
            back_url=self.url("change", template.pk),
        )

    @staticmethod
    def _tried(request: HttpRequest, form: TryForm) -> Grievance | None:
        """Return the case asked for, without one the newest the person sees; a wrong number is an error of the form."""
        cases = Grievance.objects.visible_to(request.user).with_names()
        if not form.is_bound:
            return cases.order_by("-pk").first()
        number = clean(form.cleaned_data["case"]).upper() if form.is_valid() else ""
        if form.is_valid() and not number:
            return cases.order_by("-pk").first()
        found = cases.filter(number=number).first() if number else None
        if found is None and not form.errors:
            form.add_error("case", gettext("There is no case of yours with this number."))
        return found
