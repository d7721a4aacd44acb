"""The category suggested while a sentence is typed: the word list, what is learnt, the command."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from grievances.choices import Action, Status
from grievances.models import Category, Grievance, LearntCategories
from grievances.services import suggesting
from grievances.services.suggesting import forget_suggestions, learn_categories, suggest_categories
from grievances.suggestions.bayes import train, unpacked
from grievances.suggestions.features import features, pairs
from grievances.suggestions.measuring import learn, measure
from grievances.suggestions.wordlist import WordList
from grievances.tasks import learn_categories as learn_task
from tests.factories import NOON, World, category, file_case, make_world
from tests.grievances.scenes import do

LIGHT = ["楼道路灯坏了很黑", "路灯不亮看不见", "门口路灯一直闪", "路灯灯杆歪了", "三号楼路灯不亮"]
WATER = ["水管爆裂跑水", "停水两天没有水", "自来水发黄有味", "水压太小上不去", "楼上水管漏水"]
SAMPLES = [(text, "light") for text in LIGHT] + [(text, "water") for text in WATER]


@pytest.fixture
def world() -> World:
    return make_world()


def test_features_are_characters_pairs_and_words_and_no_numbers():
    assert features("路灯坏ＡＢ12 12") == {"路": 1, "灯": 1, "坏": 1, "路灯": 1, "灯坏": 1, "ab12": 1}
    assert pairs("路灯坏 wifi") == {"路灯", "灯坏", "wifi"}
    assert features("") == {}


def test_a_model_tells_classes_apart_and_its_shares_sum_to_one():
    model = train(SAMPLES)
    guesses = model.guess("路灯又不亮了")
    assert guesses[0][0] == "light"
    assert sum(share for _label, share in guesses) == pytest.approx(1)
    assert model.guess("water pipe") == []
    assert model.guess("") == []


def test_a_packed_model_says_the_same():
    model = train(SAMPLES)
    again = unpacked(model.packed())
    for text in (*LIGHT, *WATER, "水边的路灯"):
        for (one, share), (other, same) in zip(model.guess(text), again.guess(text), strict=True):
            assert one == other
            assert share == pytest.approx(same, abs=0.01)
    with pytest.raises(ValueError, match="no packed model"):
        unpacked(b"nonsense")


def test_one_class_alone_is_nothing_to_learn():
    assert train([("路灯", "light")]) is None
    assert learn([("路灯", "light")] * 9)[0] is None


def test_pairs_that_few_texts_have_are_not_kept():
    samples = [*SAMPLES, ("王小二家路灯坏", "light")]
    assert "王小" in train(samples).known
    assert "王小" not in train(samples, seen_in=2).known
    assert "王小" in train(samples, [("王小", "light")], seen_in=2).known


def test_what_is_measured_was_not_learnt_from():
    told = [(f"{where}{text}", label) for text, label in SAMPLES for where in ("东门", "西门", "后院")]
    model, found = learn(told, folds=5)
    assert found.count == len(told) == 30
    assert found.top_1 >= 0.9
    assert found.top_3 == 1
    assert found.right_above(0) == (30, found.first)
    assert model.guess("路灯")[0][0] == "light"
    # Texts without any meaning cannot be told apart: what was held out shows it.
    noise = [(f"{chr(0x4E00 + number)}{chr(0x5E00 + number)}", "ab"[number % 2]) for number in range(40)]
    assert learn(noise)[1].top_1 <= 0.5


def test_the_longest_word_counts_and_likeness_where_none_stands():
    words = WordList([("路灯", 1), ("灯不亮", 1), ("水管", 2), ("燃气管", 3)], [("照明设施", 1)])
    assert words.guess("路灯坏了")[0][0] == 1
    assert words.guess("照明不好")[0][0] == 1
    assert words.guess("xyz") == []
    both = dict(words.guess("水管旁边的燃气管"))
    assert both[3] > both[2] > both.get(1, 0)
    assert measure([("路灯坏了", 1)], words.guess).top_1 == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sentence", "code"),
    [("楼道的路灯坏了", "0703"), ("有人飞线充电", "0105"), ("小区电梯坏了", "0403"), ("老板拖欠工资三个月", "1304")],
)
def test_the_word_list_answers_until_there_are_cases(world, sentence, code):
    assert suggest_categories(sentence)[0].category.code == code


@pytest.mark.django_db
def test_one_rare_word_does_not_decide_alone(world):
    first = suggest_categories("小区电梯又坏了")[0]
    assert "电梯" in first.category.name


@pytest.mark.django_db
@pytest.mark.parametrize("sentence", ["坏照片测试", "今天天气不错", "谢谢大家", "试一试", "照片"])
def test_single_characters_and_one_chance_pair_suggest_nothing(world, sentence):
    assert suggest_categories(sentence) == []


@pytest.mark.django_db
@pytest.mark.parametrize("sentence", ["停电", "漏水", "电梯坏了", "狗咬人"])
def test_a_short_sentence_that_says_it_is_enough(world, sentence):
    assert suggest_categories(sentence)


def test_what_was_learnt_suggests_only_what_several_pairs_speak_for():
    model = train([("路灯不亮了", 1), ("路灯又不亮", 1), ("水管漏水了", 2), ("水管又漏水", 2)])
    assert model.sure("门口路灯不亮")[0][0] == 1
    assert model.guess("管灯")
    assert model.sure("管灯") == []


@pytest.mark.django_db
def test_weak_guesses_and_categories_out_of_use_are_not_shown(world):
    assert suggest_categories("") == []
    assert suggest_categories("今天") == []
    assert len(suggest_categories("路灯坏了 物业不管 垃圾没人清 电梯坏 停水")) <= 3
    Category.objects.filter(code="0703").update(is_active=False)
    forget_suggestions()
    assert "0703" not in {one.category.code for one in suggest_categories("路灯坏了")}


def closed_cases(world, count: int) -> tuple[Category, Category]:
    """Make closed cases of two categories in words that no word list has."""
    pair = category("0703"), category("0801")
    case = file_case(world)
    do(world, case, Action.WITHDRAW, world.chief)
    Grievance.objects.bulk_create(
        Grievance(
            number=f"LJ20250101-{number:05d}",
            title=("哗啦啦咕咚咚", "乌漆嘛黑瞎摸")[number % 2],
            description=f"第{number}次反映 {('龙头哗啦啦', '拐角乌漆嘛黑')[number % 2]}",
            status=Status.CLOSED,
            closed_at=NOON,
            confirmation="told",
            category=pair[(number + 1) % 2],
            source="chief",
            unit=case.unit,
            unit_path=case.unit_path,
            filed_by=world.chief,
            discovered_at=NOON,
        )
        for number in range(count)
    )
    return pair


@pytest.mark.django_db
def test_learning_every_night_takes_over_when_it_does_better(world, monkeypatch):
    monkeypatch.setattr(suggesting, "MIN_CASES", 40)
    lamp, water = closed_cases(world, 40)
    before = suggest_categories("乌漆嘛黑的拐角")
    assert lamp not in [one.category for one in before]
    learn_task()
    learn_task()
    row = LearntCategories.objects.first()
    assert (LearntCategories.objects.count(), row.cases, row.held_out) == (2, 40, 40)
    assert row.top_1 == 1 > row.words_top_1
    forget_suggestions()
    assert suggest_categories("乌漆嘛黑的拐角")[0].category == lamp
    assert suggest_categories("咕咚咚哗啦啦")[0].category == water
    assert {case.category for case in Grievance.objects.filter(status=Status.CLOSED)} == {lamp, water}


@pytest.mark.django_db
def test_too_few_cases_or_a_worse_model_leave_the_word_list_in_force(world, monkeypatch):
    closed_cases(world, 20)
    assert learn_categories(now=NOON) is None
    monkeypatch.setattr(suggesting, "MIN_CASES", 20)
    row = learn_categories(now=NOON)
    LearntCategories.objects.filter(pk=row.pk).update(top_1=0.1, words_top_1=0.5)
    forget_suggestions()
    assert suggest_categories("路灯坏了")[0].category.code == "0703"
    assert suggest_categories("咕咚咚哗啦啦") == []


@pytest.mark.django_db
def test_old_versions_are_thrown_away(world, monkeypatch):
    monkeypatch.setattr(suggesting, "MIN_CASES", 20)
    closed_cases(world, 20)
    for _night in range(5):
        learn_categories(now=NOON)
    assert LearntCategories.objects.count() == 3


@pytest.mark.django_db
def test_a_model_is_loaded_once_and_again_when_a_newer_one_is_there(world, monkeypatch):
    monkeypatch.setattr(suggesting, "MIN_CASES", 20)
    closed_cases(world, 20)
    learn_categories(now=NOON)
    loaded = []
    real = suggesting.unpacked
    monkeypatch.setattr(suggesting, "unpacked", lambda data: loaded.append(1) or real(data))
    for _turn in range(3):
        suggest_categories("咕咚咚")
    monkeypatch.setattr(suggesting, "KEPT_SECONDS", 0)
    suggest_categories("咕咚咚")
    assert len(loaded) == 1
    learn_categories(now=NOON)
    suggest_categories("咕咚咚")
    assert len(loaded) == 2


@pytest.mark.django_db
def test_the_command_measures_a_file_and_keeps_nothing_of_it(world, tmp_path, english):
    file = tmp_path / "texts.csv"
    lines = [f"{text},{label}" for text, label in SAMPLES] + ["没有类别的,"]
    file.write_text(
        "\n".join(["words,kind", *lines]).replace("light", "路灯不亮").replace("water", "停水与水质"), "utf-8"
    )
    out = StringIO()
    call_command("suggest_categories", evaluate=file, text=["words"], label="kind", folds=5, stdout=out)
    said = out.getvalue()
    assert sum("n=10 " in line for line in said.splitlines() if not line.startswith(" ")) == 3
    assert "Word list: n=10 top-1=" in said
    assert "路灯不亮: n=5" in said
    assert not LearntCategories.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"learn": True},
        {"evaluate": "missing.csv", "text": ["a"], "label": "b"},
        {"evaluate": "texts.csv"},
        {"evaluate": "texts.csv", "text": ["nowhere"], "label": "b"},
        {"evaluate": "texts.csv", "text": ["a"], "label": "b"},
        {"evaluate": "texts.csv", "text": ["a"], "label": "b", "folds": 1},
        {"evaluate": "broken.csv", "text": ["a"], "label": "b"},
    ],
)
def test_the_command_says_what_is_wrong(world, tmp_path, given):
    (tmp_path / "texts.csv").write_text("a,b\n路灯,x\n", "utf-8")
    (tmp_path / "broken.csv").write_bytes(b"a,b\n\xff\xfe,x\n")
    if "evaluate" in given:
        given = {**given, "evaluate": tmp_path / given["evaluate"]}
    with pytest.raises(CommandError):
        call_command("suggest_categories", **given)


@pytest.mark.django_db
def test_the_command_suggests_for_a_sentence(world):
    out = StringIO()
    call_command("suggest_categories", "路灯坏了", stdout=out)
    assert "0703" in out.getvalue()
