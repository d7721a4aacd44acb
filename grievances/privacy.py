"""What words of a case tell whose it is: numbers, doors and names. Pure."""

import re
import unicodedata

from grievances.models import Grievance

# A telephone or identity number, also with blanks, strokes or dots between; a date is none.
_NUMBER = re.compile(r"(?:\d[ \-—.·]?){6,}[\dXx]")
_DATE = re.compile(r"\d{4}[-./年]\d{1,2}[-./月]\d{1,2}日?")
_SHORTEST_NAME = 2
# The hundred most frequent family names, one of which nearly everybody has.
_FAMILY = (
    "[王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊"
    "秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤]"
)
# A family name with how one calls its bearer.
_CALLED = re.compile(
    f"{_FAMILY}(?:大爷|大妈|大娘|大叔|大婶|大姐|大哥|大嫂|婶子|婶婶|阿姨|叔叔|伯伯|奶奶|爷爷|老太|老汉|师傅|先生|女士|小姐|老师)"
)
# “老王家”, “王秀英家”, “小李说”: whose words nobody looked over before neighbours read them.
_HOME = re.compile(f"(?:[老小]{_FAMILY}|{_FAMILY}[一-鿿]{{1,2}})(?:家|说|反映|的房)")
_DIGIT = "[0-9〇零一二三四五六七八九十百]"
# “1单元501”, “3-2-501”, “501室”, “十二户”. A building alone (“三号楼门口的灯”) is a place, no door.
_DOOR = re.compile(
    rf"单元{_DIGIT}{{2,4}}|(?<![\d.])\d{{1,3}}[-—#]\d{{1,2}}[-—]\d{{2,4}}(?!\d)|{_DIGIT}{{3,4}}(?:室|房)|{_DIGIT}{{1,4}}户(?!外)"
)


def holds_number(text: str) -> bool:
    """Say whether the text holds a telephone or identity number, in whatever signs and with whatever between."""
    return bool(_NUMBER.search(_DATE.sub("", _folded(text))))


def names_somebody(text: str, case: Grievance) -> bool:
    """Say whether the text holds the case's door or a resident's name, or calls somebody by the family name."""
    bare = _bare(text)
    return bool(_CALLED.search(bare)) or any(private in bare for private in _private_words(case))


def title_for_neighbours(case: Grievance) -> str:
    """Return the title as those may read it who hear of the case from next door.

    As it was typed, unless it holds a number, anybody's door or a name: then what kind of problem it is, and where.
    """
    bare = _bare(case.title)
    if not (
        holds_number(case.title) or names_somebody(case.title, case) or _DOOR.search(_DATE.sub("", bare))
        or _HOME.search(bare)
    ):  # fmt: skip
        return case.title
    kind = str(case.category) if case.category_id else ""
    return " · ".join(filter(None, [kind, case.unit.name]))


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
