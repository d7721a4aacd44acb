"""Made-up matters told by many, for tests of the problem pool."""

from datetime import datetime, timedelta

from grievances.models import Cluster, Grievance
from grievances.services import pool_nightly
from tests.factories import NOON, World, file_case

PIPE = (
    "锦绣花园3号楼前的污水井又满溢了，脏水流到路上，臭得没法走",
    "锦绣花园小区污水井满溢，雨天脏水倒灌进一楼，已经第三回了",
    "锦绣花园门口污水井盖往外冒脏水，孩子上学要蹚过去",
    "锦绣花园污水井满溢好几天，清了又满，请查查是不是管子细了",
)
# Each something else, in words that nobody else uses.
OTHERS = (
    "老杨家的低保证过期了，问怎么续",
    "广场舞音响晚上十点还在放，吵得孩子写不了作业",
    "二路公交在梨园口不停车，老人要多走一站",
    "农药瓶扔在灌溉渠边上，怕羊喝了水中毒",
    "快递柜占了消防通道，轮椅过不去",
    "夜里有人在河滩放烟花，吓着了病人",
)
AGO = timedelta(days=10)


def tell(world: World, texts=PIPE, *, now: datetime = NOON, **fields) -> list[Grievance]:
    """File a case for each text, a day after another, the last one the day before `now`."""
    days = [now - timedelta(days=len(texts) - at) for at in range(len(texts))]
    return [file_case(world, description=text, now=day, **fields) for text, day in zip(texts, days, strict=True)]


def found(world: World, texts=PIPE, *, now: datetime = NOON, **fields) -> Cluster:
    """Tell one matter and a few others, search, and return the one cluster there is."""
    tell(world, texts, now=now, **fields)
    tell(world, OTHERS, now=now)
    pool_nightly.find(now=now)
    return Cluster.objects.get()
