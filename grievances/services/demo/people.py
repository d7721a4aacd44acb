"""Made-up names and phone numbers of the demo city."""

from collections.abc import Iterator
from random import Random

_FAMILY = (
    "王李张刘陈杨赵黄周吴徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯"
    "邓曹彭曾肖田董袁潘蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石"
)
_GIVEN = [
    "建国",
    "秀英",
    "桂兰",
    "志强",
    "玉梅",
    "海涛",
    "丽华",
    "俊杰",
    "春梅",
    "国庆",
    "凤霞",
    "永刚",
    "淑芬",
    "小军",
    "晓燕",
    "文斌",
    "红霞",
    "立新",
    "素珍",
    "德明",
    "彩云",
    "长顺",
    "美玲",
    "大勇",
    "桂花",
    "传喜",
    "敬业",
    "爱民",
    "明辉",
    "雪莲",
    "振华",
    "兰芳",
    "东升",
    "金凤",
    "学文",
    "翠萍",
    "保国",
    "月娥",
    "广才",
    "巧云",
    "宏伟",
    "艳丽",
    "家旺",
    "慧敏",
    "培林",
    "秋菊",
    "守信",
    "玉珍",
    "思远",
    "梦洁",
    "子涵",
    "宇航",
    "佳怡",
    "浩然",
    "静",
    "伟",
    "敏",
    "强",
    "磊",
    "洋",
    "勇",
    "杰",
    "娟",
    "涛",
    "超",
    "霞",
    "平",
    "刚",
    "芳",
    "玲",
    "军",
    "波",
    "辉",
    "丽",
]
_ELDERS = ("大爷", "奶奶", "大娘", "师傅", "大姐", "大哥", "阿姨", "婶子")


def person_name(rng: Random) -> str:
    """Return a full name."""
    return rng.choice(_FAMILY) + rng.choice(_GIVEN)


def neighbour(rng: Random) -> str:
    """Return how people call a neighbour: 李大爷."""
    return rng.choice(_FAMILY[:40]) + rng.choice(_ELDERS)


def phone_numbers(start: int) -> Iterator[str]:
    """Yield eleven-digit numbers from `start` on; nobody is ever called on them, the demo sends nothing outside."""
    while True:
        yield str(start)
        start += 1
