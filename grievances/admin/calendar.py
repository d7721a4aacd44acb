"""The work calendar at the desk: by year, by day, and as CSV with a look at what a file would change."""

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.views import ChangeList

from grievances.admin.categories import text_of
from grievances.admin.rules import RulesAdmin
from grievances.services.calendar_watch import missing_years
from linjiang.common.clock import local_day, now
from linjiang.common.errors import InvalidInput
from linjiang.common.text import listed
from linjiang.desk import desk_site, put_on_form
from orgs.admin.scoping import may
from orgs.choices import Role
from orgs.models import CalendarYear, WorkCalendarDay
from orgs.services import calendar

# A year has some forty special days; a file of this size holds centuries.
MAX_BYTES = 100_000


class CalendarFile(forms.Form):
    """The days of one or more years as CSV."""

    file = forms.FileField(
        label=_("CSV file"),
        widget=forms.FileInput(attrs={"accept": ".csv"}),
        help_text=_(
            "Columns day, is_working, name: 2027-02-05, 0, 春节. 0 is a day off, 1 a weekend day that is worked. "
            "Each year in the file is replaced as a whole."
        ),
    )
    source = forms.CharField(
        label=_("Where do the days come from?"), max_length=120, help_text=_("e.g. the State Council's notice for 2027")
    )

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(_("The file is too large for a calendar."))
        return file


class CalendarText(forms.Form):
    """The same after the look at it: the text comes back as it was read.

    Where a year looks incomplete it is loaded with a tick only; or the days are only added.
    """

    text = forms.CharField(max_length=MAX_BYTES, widget=forms.HiddenInput, strip=False)
    source = forms.CharField(max_length=120, widget=forms.HiddenInput)
    whole = forms.BooleanField(label=_("I have checked it against the notice: the year is whole"), required=False)


class YearList(ChangeList):
    """The days of the chosen year, without one of this year; the years are tabs above the list."""

    def get_filters_params(self, params=None):
        found = super().get_filters_params(params)
        found.pop("year", None)
        return found

    def get_queryset(self, request, exclude_parameters=None):
        return super().get_queryset(request, exclude_parameters).filter(day__year=chosen_year(request))


def years_shown() -> list[int]:
    """Return the years that are known or have days, this and the next among them, the newest first."""
    this = local_day(now()).year
    days = {day.year for day in WorkCalendarDay.objects.order_by().dates("day", "year")}
    return sorted({this, this + 1, *days, *CalendarYear.objects.values_list("year", flat=True)}, reverse=True)


def chosen_year(request: HttpRequest) -> int:
    """Return the year asked for, else this one."""
    asked = request.GET.get("year", "")
    return int(asked) if asked.isascii() and asked.isdecimal() and 1990 <= int(asked) <= 2199 else local_day(now()).year


@admin.register(WorkCalendarDay, site=desk_site)
class CalendarAdmin(RulesAdmin):
    """The days that differ from Monday–Friday; everything is changed through the calendar's verbs."""

    desk_order, desk_icon = 10, "calendar_month"
    list_before_template = "desk/calendar_years.html"
    list_display = ("day_words", "weekday", "worked", "name")
    list_per_page = 120
    ordering = ("day",)
    sortable_by = ()
    fields = ("day", "is_working", "name")
    actions_list = ("download", "upload")

    def get_changelist(self, request, **kwargs):
        return YearList

    def get_readonly_fields(self, request, obj=None):
        return ("day",) if obj else ()

    def changelist_view(self, request, extra_context=None):
        shown, year, today = years_shown(), chosen_year(request), local_day(now()).year
        known = {row.year: row for row in CalendarYear.objects.select_related("loaded_by")}
        missing = missing_years(now=now())
        extra = {
            "title": gettext("Work calendar"),
            "years": [(one, one in known, one == year) for one in shown],
            "year": year,
            "year_row": known.get(year),
            "next_year": today + 1,
            "next_is_known": today + 1 in known,
            "missing_years": missing,
        }
        return super().changelist_view(request, {**extra, **(extra_context or {})})

    @admin.display(description=_("day"))
    def day_words(self, row: WorkCalendarDay) -> str:
        return date_format(row.day, "DATE_FORMAT")

    @admin.display(description=_("weekday"))
    def weekday(self, row: WorkCalendarDay) -> str:
        return date_format(row.day, "l")

    @admin.display(description=_("worked"))
    def worked(self, row: WorkCalendarDay) -> str:
        words = gettext("worked") if row.is_working else gettext("off")
        return format_html('<span class="desk-day desk-day--{}">{}</span>', "on" if row.is_working else "off", words)

    # Changes, through the verbs

    def save_model(self, request, obj, form, change):
        calendar.set_day(actor=request.user, day=obj.day, is_working=obj.is_working, name=obj.name, now=now())

    def delete_model(self, request, obj):
        calendar.forget_day(actor=request.user, day=obj.day, now=now())

    def delete_queryset(self, request, queryset):
        for day in list(queryset.values_list("day", flat=True)):
            calendar.forget_day(actor=request.user, day=day, now=now())

    # CSV

    def get_urls(self) -> list:
        own = [path("csv/apply/", self.admin_site.admin_view(self.apply_view), name="orgs_calendar_apply")]
        return own + super().get_urls()

    @action(description=_("Download as CSV"), url_path="csv", permissions=["view"], icon="download")
    def download(self, request: HttpRequest) -> HttpResponse:
        # The mark in front lets spreadsheets read the Chinese as UTF-8.
        response = HttpResponse("\ufeff" + calendar.dump_calendar(), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="work-calendar.csv"'
        return response

    @action(description=_("Upload CSV"), url_path="csv/upload", permissions=["add"], icon="upload")
    def upload(self, request: HttpRequest) -> HttpResponse:
        """Take a file and show what it would change; nothing is changed yet."""

        def run(given: dict) -> HttpResponse:
            text = text_of(given["file"])
            waiting = CalendarText(initial={"text": text, "source": given["source"]})
            return self._preview_page(request, waiting=waiting, text=text)

        form = CalendarFile(request.POST or None, request.FILES or None)
        return self.form_page(request, form=form, run=run, **self._upload_words(request))

    def apply_view(self, request: HttpRequest) -> HttpResponse:
        """Load the file that was looked at, or only add its days."""
        self.require(may(request.user, Role.SYSTEM_ADMIN))
        form = CalendarText(request.POST or None)
        if request.method != "POST" or not form.is_valid():
            return HttpResponseRedirect(self.url("upload"))
        given = form.cleaned_data
        only_days = "only_days" in request.POST
        try:
            if only_days:
                years = calendar.add_days(actor=request.user, text=given["text"], now=now())
            else:
                years = calendar.import_calendar(actor=request.user, now=now(), **given)
        except InvalidInput as error:
            if "whole" in error.errors:
                put_on_form(form, error)
                return self._preview_page(request, waiting=form, text=given["text"], status=error.status)
            again = CalendarFile({"source": given["source"]})
            again.full_clean()
            again.errors.clear()
            put_on_form(again, error)
            return self._upload_page(request, form=again, status=error.status)
        if only_days:
            words = gettext("The days of %(years)s are added. Open deadlines are computed anew within a minute.")
        else:
            words = gettext("The calendar of %(years)s is loaded. Open deadlines are computed anew within a minute.")
        messages.success(request, words % {"years": listed(years)})
        return HttpResponseRedirect(f"{self.list_url}?year={years[-1]}")

    def _preview_page(self, request: HttpRequest, *, waiting: CalendarText, text: str, status: int = 200):
        preview = calendar.preview_calendar(text=text)
        if all(change.check.looks_whole for change in preview):
            del waiting.fields["whole"]
        return self._upload_page(request, form=CalendarFile(), preview=preview, waiting=waiting, status=status)

    def _upload_words(self, request: HttpRequest) -> dict:
        return {
            "title": gettext("Load a year into the work calendar"),
            "template": "desk/calendar_upload.html",
            "submit_label": gettext("Show what it would do"),
            **self.note(request),
        }

    def _upload_page(self, request, *, status: int = 200, **context) -> HttpResponse:
        words = self._upload_words(request)
        return self.page(request, words.pop("template"), status=status, back_url=self.list_url, **words, **context)
