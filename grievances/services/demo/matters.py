"""A few matters of the demo city that many tell, so that the problem pool has something to show.

Each is one thing at one place, told within some days by several households of the neighbourhoods there.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Matter:
    """What is told: the category, and a sentence for each time; {estate} is the estate of the first place."""

    code: str
    say: tuple[str, ...]


MATTERS = (
    Matter(
        "0806",
        (
            "{estate}东门污水井又满溢了，脏水淌到路上，臭得没法走",
            "{estate}东门的污水井满溢，雨天倒灌进一楼人家，已经第三回了",
            "{estate}东门污水井盖往外冒脏水，孩子上学要蹚过去",
            "{estate}东门污水井满溢好几天，清了又满，请查查是不是管子细了",
            "{estate}东门口那口污水井又冒水，车一过溅行人一身",
            "老人反映{estate}东门污水井满溢，晚上看不见差点滑倒",
        ),
    ),
    Matter(
        "1002",
        (
            "{estate}北边工地夜里还在打桩，震得窗户响，睡不着觉",
            "{estate}北边的工地过了十点还打桩，孩子明天要考试",
            "{estate}北边工地连着三晚打桩到半夜，老人血压都高了",
            "夜里工地打桩太吵，{estate}北面这几栋都睡不好",
        ),
    ),
    Matter(
        "0404",
        (
            "{estate}的电动车充电桩坏了一半，大家从楼上拉线充电，怕着火",
            "{estate}充电桩扫码没反应，有人飞线充电，楼道里都是线",
            "{estate}电动车充电桩不够用又老坏，夜里有人拉线充电",
            "{estate}充电桩报修半个月没人来，飞线充电越来越多",
            "担心{estate}飞线充电着火，充电桩一直修不好",
        ),
    ),
)

# Hours before the present at which the first and the last of a matter's households tell it; the last ones just now.
FIRST, LAST = 8 * 24, 5
# What was told longer ago was dealt with each time, and came back.
DEALT_WITH = 70
RESULT = "当天去人处理了，先恢复原样；根上的原因还要再查。"


def hours_ago(matter: Matter) -> list[float]:
    """Return when each sentence is told, evenly over the days, the first one first."""
    step = (FIRST - LAST) / (len(matter.say) - 1)
    return [FIRST - at * step for at in range(len(matter.say))]
