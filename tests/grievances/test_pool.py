"""Finding what many tell: pure, whatever the order, and as good as it was measured."""

import random
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from grievances.management.commands.find_clusters import read_pairs, read_told, together
from grievances.pool.clusters import find_clusters
from grievances.pool.identity import plan
from grievances.pool.likeness import Rareness, Weighed, likeness
from grievances.pool.measuring import choose, halves, measure
from grievances.pool.naming import common_words
from grievances.pool.words import Told, features
from grievances.services.pool_counting import common_path
from tests.grievances.pooled import OTHERS, PIPE

COLUMNS = {"key": "id", "title": "title", "text": "body", "day": "reported_at"}
PAIRS = Path(__file__).with_name("data") / "pool_pairs.csv"
LAMP = ("楼道声控灯不亮，摸黑上楼", "声控灯不亮，楼道里一片黑", "楼道的声控灯坏了不亮")


def told(texts, *, start=1, community="", **fields) -> list[Told]:
    return [
        Told(key, text[:20], text, community=community, day=date(2026, 3, 1) + timedelta(days=key), **fields)
        for key, text in enumerate(texts, start)
    ]


def clusters(cases) -> list[set[int]]:
    return [set(group) for group in find_clusters(cases, Rareness.of(map(features, cases)))]


def alike(one: Told, other: Told, others=()) -> float:
    cases = [one, other, *others, *told(OTHERS, start=90)]
    rare = Rareness.of(map(features, cases))
    first, second = (Weighed.of(case, features(case), rare) for case in (one, other))
    return likeness(first, second, rare)


def test_what_is_told_alike_is_one_cluster():
    cases = [*told(PIPE), *told(OTHERS, start=10), *told(LAMP, start=20)]
    assert clusters(cases) == [{1, 2, 3, 4}, {20, 21, 22}]


@pytest.mark.parametrize("seed", range(12))
def test_the_order_of_the_cases_makes_no_difference(seed):
    cases = [*told(PIPE), *told(OTHERS, start=10), *told(LAMP, start=20), *told(PIPE[::-1], start=30, community="A")]
    rare = Rareness.of(map(features, cases))
    expected = find_clusters(cases, rare)
    random.Random(seed).shuffle(cases)
    assert find_clusters(cases, Rareness.of(map(features, cases))) == expected
    members = [key for group in expected for key in group]
    assert len(members) == len(set(members)), "no case is in two clusters"


@pytest.mark.parametrize(
    "text", ["", "   ", "。。。", "1", "12345", "🙂🙂🙂", "a" * 5000, "路" * 5000, "\x00\n\t", "<b>&"]
)
def test_odd_texts_are_alike_to_nothing_else_and_break_nothing(text):
    cases = [*told([text] * 2), *told(PIPE, start=10)]
    assert {10, 11, 12, 13} in clusters(cases)
    assert 0 <= alike(*told([text, PIPE[0]])) < 0.1


def test_nothing_is_nothing():
    assert find_clusters([], Rareness.of([])) == []
    assert clusters(told(PIPE[:2])) == []


def test_likeness_is_the_same_both_ways_and_never_more_than_one():
    cases = told([*PIPE, *OTHERS, *LAMP])
    for one in cases:
        for other in cases:
            assert alike(one, other) == alike(other, one) <= 1.0
    assert alike(cases[0], cases[0]) > 0.4


def test_a_chain_does_not_hang_together():
    """The first and the last have nothing in common, though each is like the next."""
    words = ["东门水管", "水管漏水", "漏水赔偿", "赔偿收费", "收费发票", "发票骂人", "骂人报警"]
    steps = [f"{one}，{other}" for one, other in pairwise(words)]
    found = clusters([*told(steps), *told(OTHERS, start=50)])
    assert all(len(group) < len(steps) for group in found)


def test_time_category_and_place_speak_for_and_against():
    one, other = told(PIPE[:2])
    near = alike(one, other)
    far = alike(one, Told(2, other.title, other.text, day=one.day + timedelta(days=180)))
    same = alike(*told(PIPE[:2], category=3))
    unlike = alike(told(PIPE[:1], category=3)[0], told(PIPE[1:2], start=2, category=4)[0])
    here = alike(*told(PIPE[:2], community="0001"))
    assert far < near < same
    assert unlike < near < here


def test_one_address_alone_is_not_one_matter():
    cases = [
        Told(1, "电梯困人", "电梯困人，按铃没人应", place="锦绣花园", community="A"),
        Told(2, "狗叫", "邻居养的狗整夜叫", place="锦绣花园", community="B"),
    ]
    assert alike(*cases) == 0


def test_a_name_that_stands_in_many_communities_is_no_place():
    station = "公交站旁的路灯不亮，等车看不见人"
    cases = [case for at in range(12) for case in told([station] * 3, start=100 * at + 1, community=f"{at:04}")]
    assert sorted(map(len, clusters(cases))) == [3] * 12


def test_a_cluster_is_called_by_what_its_titles_share():
    assert common_words(PIPE) in {"锦绣花园 · 污水井", "污水井 · 锦绣花园"}
    assert common_words(["老张家漏水", "电梯坏了", "狗叫"]) == ""
    assert common_words([]) == ""
    assert common_words(["老张家漏水了"] * 2) == "", "what two say may be a person's name"
    assert common_words(list(PIPE)) == common_words(list(PIPE)[::-1])


def test_tonights_groups_find_the_clusters_of_the_nights_before():
    known = {1: 7, 2: 7, 3: 8}
    none = {"closed": (), "taken_out": (), "fewest": 3}
    grown = plan([{1: 0.5, 2: 0.5, 3: 0.5, 4: 0.4}], belongs=known, **none)
    assert (grown.added, grown.new) == ({7: {4: 0.4}}, [])
    new = plan([{5: 0.5, 6: 0.5, 9: 0.5}], belongs=known, **none)
    assert (new.added, new.new) == ({}, [{5: 0.5, 6: 0.5, 9: 0.5}])
    few = plan([{5: 0.5, 6: 0.5}], belongs=known, **none)
    assert (few.added, few.new) == ({}, [])
    tie = plan([{2: 0.5, 3: 0.5, 4: 0.4}], belongs=known, **none)
    assert tie.added == {7: {4: 0.4}}
    out = plan([{1: 0.5, 4: 0.5}], belongs=known, closed=(), taken_out={(7, 4)}, fewest=3)
    assert (out.added, out.new) == ({}, [])
    done = plan([{1: 0.5, 4: 0.5, 5: 0.5, 6: 0.5}], belongs=known, closed={7}, taken_out=(), fewest=3)
    assert (done.added, done.new) == ({}, [{4: 0.5, 5: 0.5, 6: 0.5}])


def test_the_smallest_unit_over_two_paths():
    assert common_path("000100010001", "000100010002") == "00010001"
    assert common_path("00010001", "000100010002") == "00010001"
    assert common_path("0001", "0001") == "0001"


def test_measuring_counts_what_was_called_and_what_was_right():
    pairs = [(1, 2, True), (3, 4, True), (5, 6, False), (7, 8, False)]
    found = measure(pairs, lambda one, _other: one in (1, 5))
    assert (found.precision, found.recall, found.balance) == (0.5, 0.5, 0.5)
    assert measure(pairs, lambda *_pair: False).precision == 0
    scores = {1: 0.9, 3: 0.8, 5: 0.3, 7: 0.1}
    assert choose(pairs, lambda one, _other: scores[one]) == pytest.approx(0.55)
    first, second = halves(pairs[::-1])
    assert (first, second) == ([pairs[0], pairs[2]], [pairs[1], pairs[3]])


def test_as_good_on_real_petitions_as_was_measured(shared_data):
    """docs/pool.md has the figures; the pairs were read and judged by hand, and only their keys are kept."""
    cases = list(read_told(shared_data / "messages" / "hotspots.csv", COLUMNS))
    pairs = read_pairs(PAIRS)
    assert len(pairs) >= 120
    rare = Rareness.of(map(features, cases))
    _chosen_by, measured_on = halves(pairs)
    found = measure(measured_on, together(find_clusters(cases, rare, fewest=2)))
    assert found.precision >= 0.93
    assert found.recall >= 0.88


def test_the_command_says_how_good_it_is(tmp_path, capsys):
    messages, pairs = tmp_path / "messages.csv", tmp_path / "pairs.csv"
    rows = [f'{key},{text[:12]},"{text}",2026-03-0{key % 9 + 1}' for key, text in enumerate([*PIPE, *OTHERS], 1)]
    messages.write_text("\n".join(["id,title,body,reported_at", *rows]), "utf-8")
    pairs.write_text("id_a,id_b,same\n1,2,1\n1,3,1\n1,5,0\n1,6,0\n2,4,1\n2,3,1\n", "utf-8")
    call_command("find_clusters", "--evaluate", messages, pairs)
    assert "the second half, in one cluster: n=3 same=2 precision=100.0% recall=100.0%" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "judged"),
    [
        ("id,title\n1,x\n", "id_a,id_b,same\n1,2,1\n"),
        ("id,title,body,reported_at\nx,y,z,2026-01-01\n", "id_a,id_b,same\n1,2,1\n"),
        ("id,title,body,reported_at\n1,y,z,gestern\n", "id_a,id_b,same\n1,2,1\n"),
        ("id,title,body,reported_at\n1,y,z,2026-01-01\n", "id_a,id_b,same\n1,2,1\n3,4,0\n5,6,1\n7,8,0\n"),
        ("id,title,body,reported_at\n1,y,z,2026-01-01\n", "id_a,id_b,same\n1,2,perhaps\n"),
        ("id,title,body,reported_at\n1,y,z,2026-01-01\n", "id_a,id_b,same\n1,2,1\n"),
    ],
)
def test_files_that_cannot_be_used_are_refused_in_words(tmp_path, text, judged):
    messages, pairs = tmp_path / "messages.csv", tmp_path / "pairs.csv"
    messages.write_text(text, "utf-8")
    pairs.write_text(judged, "utf-8")
    with pytest.raises(CommandError):
        call_command("find_clusters", "--evaluate", messages, pairs)
    with pytest.raises(CommandError):
        call_command("find_clusters", "--evaluate", tmp_path / "none.csv", pairs)
