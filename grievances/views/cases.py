"""One case: what, where, who, its timeline, and what the viewer may do."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from grievances.models import Grievance


@login_required
def case(request: HttpRequest, number: str) -> HttpResponse:
    """Show the case; another unit's case is not found."""
    grievance = get_object_or_404(Grievance.objects.visible_to(request.user).with_names(), number=number)
    return render(request, "grievances/case.html", {"case": grievance})
