"""Showing the neighbourhood what was done (公开), and taking it down again (撤下)."""

import re
import unicodedata
from datetime import datetime

from django.utils.translation import gettext as _

from grievances.choices import Action
from grievances.models import Attachment, Grievance, Publication
from grievances.services.steps import step
from linjiang.common.errors import InvalidInput
from orgs.models import User

TITLE_LENGTH, TEXT_LENGTH = 60, 300
# A telephone or identity number, also with blanks, strokes or dots between; a date is none.
_NUMBER = re.compile(r"(?:\d[ \-—.·]?){6,}[\dXx]")
_DATE = re.compile(r"\d{4}[-./年]\d{1,2}[-./月]\d{1,2}日?")
_SHORTEST_NAME = 2
# A family name with how one calls its bearer: the hundred most frequent names, which nearly everybody has one of.
_CALLED = re.compile(
    "[王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤]"
    "(?:大爷|大妈|大娘|大叔|大婶|大姐|大哥|大嫂|婶子|婶婶|阿姨|叔叔|伯伯|奶奶|爷爷|老太|老汉|师傅|先生|女士|小姐|老师)"
)


def publish(
    *,
    actor: User,
    grievance: Grievance,
    public_title: str,
    public_text: str,
    now: datetime,
    version: int | None = None,
    before: Attachment | None = None,
    after: Attachment | None = None,
) -> Grievance:
    """Show the case on its community's public page, in these words and with these photos; again, to mend them.

    Raise InvalidInput per field: words that hold a number like a telephone's, the household's door or the resident's
    name; a photo of another case.
    """
    title, text = " ".join(public_title.split()), public_text.strip()
    with step(
        actor=actor,
        grievance=grievance,
        action=Action.PUBLISH,
        now=now,
        version=version,
        public_title=title,
        public_text=text,
    ) as case:
        _check(case.grievance, {"public_title": title, "public_text": text}, before=before, after=after)
        Publication.objects.update_or_create(
            grievance=case.grievance,
            defaults={
                "title": title,
                "text": text,
                "before": before,
                "after": after,
                "published_at": now,
                "published_by": actor,
                "withdrawn_at": None,
            },
        )
        case.record(note=title, is_public=False)
        return case.grievance


def unpublish(*, actor: User, grievance: Grievance, note: str, now: datetime, version: int | None = None) -> Grievance:
    """Take the case off the public page at once."""
    note = note.strip()
    with step(actor=actor, grievance=grievance, action=Action.UNPUBLISH, now=now, version=version, note=note) as case:
        Publication.objects.filter(grievance=case.grievance).update(withdrawn_at=now)
        case.record(note=note, is_public=False)
        return case.grievance


def _check(case: Grievance, words: dict[str, str], **photos: Attachment | None) -> None:
    longest = {"public_title": TITLE_LENGTH, "public_text": TEXT_LENGTH}
    errors = {}
    for name, text in words.items():
        if len(text) > longest[name]:
            errors[name] = _("Please keep it under %(count)s characters.") % {"count": longest[name]}
        elif _NUMBER.search(_DATE.sub("", _folded(text))):
            errors[name] = _("Please leave out telephone and identity numbers: everybody reads this.")
        elif _CALLED.search(_bare(text)) or any(private in _bare(text) for private in _private_words(case)):
            errors[name] = _("Please leave out the door and the name of the household: everybody reads this.")
    for name, photo in photos.items():
        if photo is not None and photo.grievance_id != case.pk:
            errors[name] = _("Please choose a photo of this case.")
    if errors:
        raise InvalidInput(errors)


def _private_words(case: Grievance) -> list[str]:
    contacts = [case.contact, case.household.contact if case.household else None]
    words = [contact.name for contact in contacts if contact is not None]
    words.append(case.household.label if case.household else "")
    return [word for word in map(_bare, words) if len(word) >= _SHORTEST_NAME]


def _folded(text: str) -> str:
    """Return the text with full-width digits, letters and marks as half-width ones."""
    return unicodedata.normalize("NFKC", text)


def _bare(text: str) -> str:
    """Return the text without blanks, so that "李 桂芳" and "1 栋 1 单元" are found too."""
    return "".join(_folded(text).split())
