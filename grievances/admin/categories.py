"""Categories and reasons: kept by the system administrator, read by the desks; as CSV and by form."""

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.decorators import action

from grievances.models import Category, Reason
from grievances.services.defaults import dump_categories, load_categories
from grievances.services.limits import save_category
from linjiang.common.clock import now
from linjiang.common.errors import InvalidInput
from linjiang.desk import WORDS, DeskAdmin, desk_site
from orgs.admin.scoping import may
from orgs.choices import DESK_ROLES, Role

MAX_CSV_BYTES = 2 * 1024 * 1024


class CategoriesForm(forms.Form):
    """The category tree as a CSV file, saved from a spreadsheet."""

    file = forms.FileField(
        label=_("CSV file"),
        widget=forms.FileInput(attrs={"accept": ".csv"}),
        help_text=_("Start from the download. Rows are matched by their code."),
    )
    retire_missing = forms.BooleanField(
        label=_("Take out of use what the file does not have"),
        required=False,
        help_text=_("Without it, categories that are not in the file stay as they are."),
    )

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > MAX_CSV_BYTES:
            raise forms.ValidationError(_("The file is too large for a category tree."))
        return file


class CategoryForm(forms.ModelForm):
    """The tree has two levels: what has categories below it stays at the top."""

    def clean_parent(self):
        parent = self.cleaned_data["parent"]
        if parent is not None and self.instance.pk and self.instance.children.exists():
            raise forms.ValidationError(_("A category with others below it stays at the top level."))
        return parent


class TopFilter(DropdownFilter):
    """One top-level category and what lies below it."""

    title = _("belongs to")
    parameter_name = "top"

    def lookups(self, request, model_admin):
        tops = Category.objects.filter(parent__isnull=True).order_by("code")
        return [(category.code, str(category)) for category in tops] or [("", _("All"))]

    def queryset(self, request, queryset):
        return queryset.filter(parent__code=self.value()) if self.value() else queryset


class WordsAdmin(DeskAdmin):
    """Base of the lists of words: everybody at the desk reads, the system administrator writes."""

    desk_group = WORDS

    def may_view(self, user) -> bool:
        return may(user, *DESK_ROLES, Role.SUPERVISOR, Role.SYSTEM_ADMIN)

    def may_add(self, user) -> bool:
        return may(user, Role.SYSTEM_ADMIN)

    def may_change(self, user, obj=None) -> bool:
        return may(user, Role.SYSTEM_ADMIN)

    def scope(self, queryset, user):
        return queryset if self.may_view(user) else queryset.none()


@admin.register(Category, site=desk_site)
class CategoryAdmin(WordsAdmin):
    """What cases are about, with urgency and limits."""

    desk_order, desk_icon = 10, "category"
    form = CategoryForm
    list_display = ("code", "name", "parent", "urgency", "limits", "agency_kind", "photo", "is_active")
    list_display_links = ("code", "name")
    list_filter = (TopFilter, ("urgency", ChoicesDropdownFilter), "photo_required", "is_active")
    list_select_related = ("parent",)
    list_per_page = 150
    search_fields = ("code", "name", "name_en", "keywords")
    search_help_text = _("Code, name or a word people use")
    fields = (
        ("code", "parent"),
        ("name", "name_en"),
        ("urgency", "photo_required"),
        ("acknowledge_hours", "assign_hours"),
        ("resolve_hours", "feedback_hours"),
        ("agency_kind", "default_agency"),
        "keywords",
        ("position", "is_active"),
    )
    actions_list = ("download", "upload")

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "parent":
            kwargs["queryset"] = Category.objects.filter(parent__isnull=True)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request, obj, form, change):
        save_category(actor=request.user, now=now(), category=obj, changed=form.changed_data)

    @admin.display(description=_("hours to resolve"))
    def limits(self, category: Category) -> str:
        return str(category.resolve_hours) if category.resolve_hours is not None else "—"

    @admin.display(description=_("needs a photo"), ordering="photo_required")
    def photo(self, category: Category) -> str:
        return gettext("Yes") if category.photo_required else "—"

    @action(description=_("Download as CSV"), url_path="csv", permissions=["view"], icon="download")
    def download(self, request: HttpRequest) -> HttpResponse:
        # The mark in front lets spreadsheets read the Chinese as UTF-8.
        response = HttpResponse("\ufeff" + dump_categories(), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="categories.csv"'
        return response

    @action(description=_("Upload CSV"), url_path="csv/upload", permissions=["add"], icon="upload")
    def upload(self, request: HttpRequest) -> HttpResponse:
        def run(given: dict) -> HttpResponse:
            text, retire = text_of(given["file"]), given["retire_missing"]
            counts = load_categories(actor=request.user, text=text, retire_missing=retire)
            if retire:
                words = gettext(
                    "%(new)s new, %(changed)s changed, %(unchanged)s unchanged, %(retired)s out of use now."
                )
            else:
                words = gettext(
                    "%(new)s new, %(changed)s changed, %(unchanged)s unchanged; %(missing)s not in the file stay."
                )
            messages.success(request, words % counts)
            return HttpResponseRedirect(self.list_url)

        return self.form_page(
            request,
            form=CategoriesForm(request.POST or None, request.FILES or None),
            run=run,
            title=gettext("Upload categories"),
            intro=gettext("Either every line of the file is taken over, or none; bad lines are named."),
            submit_label=gettext("Upload"),
        )


@admin.register(Reason, site=desk_site)
class ReasonAdmin(WordsAdmin):
    """The listed reasons of the steps that need one."""

    desk_order, desk_icon = 20, "rule"
    list_display = ("name", "kind", "code", "position", "is_active")
    list_filter = (("kind", ChoicesDropdownFilter), "is_active")
    list_per_page = 150
    search_fields = ("name", "name_en", "code")
    search_help_text = _("Reason or code")
    fields = (("kind", "code"), ("name", "name_en"), ("position", "is_active"))


def text_of(file) -> str:
    """Return a CSV file's text: UTF-8, or the Chinese encoding that spreadsheets save by default."""
    raw = file.read()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InvalidInput({"file": gettext("This is not a text file. Save it as CSV (UTF-8) in the spreadsheet.")})
