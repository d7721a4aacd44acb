"""What people say: a place, a matter in a category's own words, since when, what is asked for.

A few words stand in many cases, many in few, and some in one of ten thousand, as in a city's own records.
"""

from itertools import accumulate
from random import Random

_BUILDINGS = [f"{number}栋{stair}单元" for number in range(1, 41) for stair in (1, 2, 3)]
_SPOTS = (
    *(
        "小区东门",
        "小区西门",
        "南门口",
        "北门口",
        "菜市场旁",
        "小学门口",
        "公交站旁",
        "卫生室对面",
        "广场边",
        "健身器材旁",
    ),
    *("村口", "河堤边", "老井旁", "超市门前", "停车场里", "快递柜旁", "地下车库", "楼道里", "巷子口", "十字路口"),
    *(
        "文化墙前",
        "公厕旁",
        "变压器下",
        "桥头",
        "幼儿园后门",
        "祠堂前",
        "戏台边",
        "桑树林边",
        "养老院门口",
        "药材市场外",
    ),
)
WHERE = (*_SPOTS, *_BUILDINGS)
_SINCE = (
    "已经三天了",
    "从昨天晚上开始",
    "好几个月了",
    "下雨以后更厉害",
    "每天早上都这样",
    "上周修过又坏了",
    "今天刚发现",
    "快一年了",
)
_ASK = (
    "请来看看",
    "希望尽快处理",
    "老人出门不方便",
    "孩子上学要经过，很危险",
    "邻居们都有意见",
    "麻烦联系相关部门",
    "晚上没法休息",
    "请给个答复",
    "希望能彻底解决",
    "之前打过电话没有结果",
)
# Each stands in one of that many cases.
_RARE = (("望远镜", 10_000), ("琉璃瓦", 5_000), ("拖拉机", 1_000), ("石榴树", 300), ("轮椅", 100))
DONE = (
    "已到现场处理好，住户看过。",
    "已修好，恢复正常使用。",
    "已清理干净并加强巡查。",
    "已上门说明情况，双方谈妥。",
    "已更换新件，后续有问题随时联系。",
)
AGAIN = "没有真正弄好，第二天又这样了。"

_WHERE_WEIGHTS = list(accumulate(1 / (place + 3) for place in range(len(WHERE))))
_RESTS = [f"{since}，{ask}。" for since in _SINCE for ask in _ASK]


def matters(name: str, keywords: str) -> tuple[str, ...]:
    """Return what cases of a category are about: the words people use, else the category's name."""
    return tuple(word for word in keywords.split("|") if word) or (name,)


def say(rng: Random, matter: str) -> tuple[str, str]:
    """Return a title and the rest of what is said; the description is the title, a full stop and the rest."""
    where = rng.choices(WHERE, cum_weights=_WHERE_WEIGHTS)[0]
    rest = _RESTS[int(rng.random() * len(_RESTS))]
    chance = rng.random()
    for word, one_in in _RARE:
        if chance < 1 / one_in:
            rest = f"旁边有{word}，{rest}"
            break
    return f"{where}{matter}", rest
