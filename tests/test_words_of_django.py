"""Django's own messages in the words of this project."""

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.utils import translation


@pytest.mark.parametrize(
    ("field", "given", "words"),
    [
        (forms.CharField(), "坏\x00了", "文字里有不能用的特殊字符，请删掉再试。"),
        (forms.CharField(max_length=3), "路灯坏了", "最多 3 个字，现在有 4 个。"),
        (forms.IntegerField(max_value=30), "31", "最大可以填 30。"),
        (forms.IntegerField(min_value=1), "0", "最小要填 1。"),
    ],
)
def test_what_is_wrong_is_said_plainly(field, given, words):
    with translation.override("zh-hans"):
        with pytest.raises(ValidationError) as wrong:
            field.clean(given)
        assert wrong.value.messages == [words]
