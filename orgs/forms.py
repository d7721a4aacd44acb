"""Forms of signing in, and of a chief's households."""

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from linjiang.common.text import clean_phone
from orgs.models import User


class SignInForm(AuthenticationForm):
    """Phone number and password; a wrong pair is told apart from a closed account only to who knows the password."""

    error_messages = {
        "invalid_login": _(
            "Phone number and password do not match. Please check both; capital and small letters are different."
        ),
        "inactive": _("This account is closed. Please ask your community or street to open it again."),
    }

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        phone, password = self.fields["username"], self.fields["password"]
        phone.label = _("Phone number")
        phone.widget.attrs.update(autocomplete="username", inputmode="tel")
        phone.error_messages["required"] = _("Please enter your phone number.")
        password.label = _("Password")
        password.error_messages["required"] = _("Please enter your password.")

    def clean_username(self) -> str:
        """Accept full-width digits, spaces, dashes and +86; what is too long for a number is nobody's."""
        phone = clean_phone(self.cleaned_data["username"])
        if len(phone) > User._meta.get_field("phone").max_length:
            raise ValidationError(self.error_messages["invalid_login"], code="invalid_login")
        return phone

    def get_invalid_login_error(self) -> ValidationError:
        phone, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        user = User.objects.filter(phone=phone, is_active=False, is_system=False).first()
        closed = user is not None and user.check_password(password)
        code = "inactive" if closed else "invalid_login"
        return ValidationError(self.error_messages[code], code=code)


class OwnPasswordForm(PasswordChangeForm):
    """Old password once, new one twice."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.fields["new_password1"].help_text = _(
            "At least eight characters, not digits alone and not your name or phone number."
        )
        self.fields["new_password2"].help_text = ""


class HouseholdForm(forms.Form):
    """One household: its door and, as far as known, who to call and what to keep in mind."""

    label = forms.CharField(
        label=_("Door"),
        max_length=64,
        error_messages={"required": _("Please say which door, for example 3-2-501.")},
        help_text=_("As it is written on the door, for example 3-2-501."),
    )
    members = forms.IntegerField(label=_("How many people live here"), required=False, min_value=0, max_value=99)
    note = forms.CharField(
        label=_("To keep in mind"), max_length=200, required=False, help_text=_("For example: lives alone, over 80.")
    )
    contact_name = forms.CharField(label=_("Who to call"), max_length=64, required=False)
    contact_phone = forms.CharField(
        label=_("Phone number"), max_length=30, required=False, widget=forms.TextInput(attrs={"inputmode": "tel"})
    )
    forget_contact = forms.BooleanField(label=_("Delete the contact"), required=False)
    moved_out = forms.BooleanField(
        label=_("Nobody lives here any more"),
        required=False,
        help_text=_("The household is no longer offered and no longer counted; its cases stay."),
    )

    def __init__(self, *args, household=None, **kwargs) -> None:
        super().__init__(*args, label_suffix="", **kwargs)
        self.fields["members"].widget.attrs["inputmode"] = "numeric"
        if household is None:
            del self.fields["forget_contact"], self.fields["moved_out"]
        elif household.contact is None:
            del self.fields["forget_contact"]
        else:
            shown = f"{household.contact.masked_name} {household.contact.masked_phone}".strip()
            self.fields["contact_phone"].help_text = _("Now: %(contact)s. Leave both empty to keep it.") % {
                "contact": shown
            }
