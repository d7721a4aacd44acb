"""Charts drawn on the server: layouts as pure functions, and pictures that stand by themselves."""

from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reporting.charts.pictures import Bar, Heading, bars_picture, columns_picture, tiles_picture
from reporting.charts.sparks import HEIGHT, spark_paths
from reporting.charts.tiles import Part, tiled
from reporting.charts.treemap import Box, squarified
from reporting.charts.words import fitted, width_of

SQUARE = Box(0, 0, 100, 100)


def parts(*cases: int) -> list[Part]:
    return [Part(f"类别{number}", count, f"{count:,}", f"/{number}/") for number, count in enumerate(cases)]


# Treemap


def test_the_example_of_the_paper_is_laid_out_as_in_the_paper():
    tiles = squarified([6, 6, 4, 3, 2, 2, 1], Box(0, 0, 6, 4))
    assert [(round(tile.x, 3), round(tile.y, 3)) for tile in tiles] == [
        (0, 0),
        (0, 2),
        (3, 0),
        (4.714, 0),
        (3, 2.333),
        (4.2, 2.333),
        (5.4, 2.333),
    ]
    assert [round(tile.area, 6) for tile in tiles] == [6, 6, 4, 3, 2, 2, 1]


def test_one_value_fills_the_box_and_none_is_no_tile():
    assert squarified([7], SQUARE) == [SQUARE]
    assert squarified([], SQUARE) == []


@pytest.mark.parametrize(("values", "box"), [([1, 0], SQUARE), ([-1], SQUARE), ([1], Box(0, 0, 0, 5))])
def test_what_has_no_area_is_refused(values, box):
    with pytest.raises(ValueError, match="positive"):
        squarified(values, box)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.integers(1, 100_000), min_size=1, max_size=40),
    st.integers(50, 2_000),
    st.integers(50, 2_000),
)
def test_tiles_fill_the_box_in_proportion_and_never_overlap(values, width, height):
    values.sort(reverse=True)
    box = Box(0, 0, width, height)
    tiles = squarified(values, box)
    whole = sum(values)
    for value, tile in zip(values, tiles, strict=True):
        assert tile.area == pytest.approx(value / whole * box.area, rel=1e-6)
        assert tile.x >= -1e-6
        assert tile.y >= -1e-6
        assert tile.x + tile.width <= width + 1e-6
        assert tile.y + tile.height <= height + 1e-6
    for number, one in enumerate(tiles):
        for other in tiles[number + 1 :]:
            apart = (
                one.x + one.width <= other.x + 1e-6
                or other.x + other.width <= one.x + 1e-6
                or one.y + one.height <= other.y + 1e-6
                or other.y + other.height <= one.y + 1e-6
            )
            assert apart, (one, other)


def test_alike_values_become_near_squares():
    assert max(tile.aspect for tile in squarified([1] * 12, Box(0, 0, 400, 300))) < 1.5


def test_a_tile_says_its_name_and_number_where_they_fit_and_small_parts_stand_in_the_table():
    drawn = tiled(parts(800, 190, 9, 1), width=1000, height=300, least=0.012)
    assert [(tile.label, tile.number) for tile in drawn.tiles] == [("类别0", "800"), ("类别1", "190")]
    assert drawn.left_out == 2
    assert [tile.part.url for tile in drawn.tiles] == ["/0/", "/1/"]
    for tile in drawn.tiles:
        assert tile.text_x + width_of(tile.label, 14) <= tile.box.x + tile.box.width
        assert tile.number_y <= tile.box.y + tile.box.height


def test_a_number_is_shown_whole_or_not_at_all():
    drawn = tiled(parts(12_345, 12_345, 12_345, 12_345), width=60, height=400, least=0.01)
    assert {tile.number for tile in drawn.tiles} == {""}
    assert tiled([], width=100, height=100, least=0.01).tiles == []


# Words


def test_words_are_cut_with_a_sign_and_dropped_when_hardly_any_fits():
    assert fitted("路灯照明", 60, 14) == "路灯照明"
    assert fitted("路灯照明设施损坏", 60, 14) == "路灯照…"
    assert fitted("路灯照明", 20, 14) == ""
    assert width_of(fitted("Street lights and more", 80, 14), 14) <= 80


# Small bars


def test_the_tallest_bar_fills_the_height_and_one_case_can_be_seen():
    accepted, closed = spark_paths([(1000, 500), (0, 0), (1, 0)])
    assert accepted == "M0 0h25.6V24H0zM64 23h25.6V24H64z"
    assert closed == f"M0 {HEIGHT // 2}h25.6V24H0z"
    assert spark_paths([(0, 0)]) == spark_paths([]) == ("", "")


# Pictures


def texts(svg: str) -> list[str]:
    root = ElementTree.fromstring(svg)  # noqa: S314  (our own drawing)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert not [node for node in root.iter() if "style" in node.attrib or "class" in node.attrib]
    return ["".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text")]


HEADING = Heading("五步 & <漏斗>", "花戏楼街道 · 2026年3月", "说明", "亳州市")


def test_pictures_are_whole_documents_with_their_words_escaped():
    shown = texts(bars_picture(HEADING, [Bar("发现", 10, "10"), Bar("反映", 5, "5", inner=2, note="两件超期")]))
    assert shown == ["五步 & <漏斗>", "花戏楼街道 · 2026年3月", "说明", "亳州市", "发现", "10", "反映", "5", "两件超期"]
    shown = texts(columns_picture(HEADING, [("3月", 1200, 900), ("4月", 0, 0)]))
    assert shown[4:] == ["1,200", "3月", "4月"]
    shown = texts(tiles_picture(HEADING, tiled(parts(10, 5), width=896, height=480, least=0.01)))
    assert shown[4:] == ["类别0", "10", "类别1", "5"]


def test_pictures_of_nothing_are_drawn_too():
    assert len(texts(bars_picture(HEADING, []))) == 4
    assert len(texts(columns_picture(HEADING, []))) == 4
    assert len(texts(tiles_picture(HEADING, tiled([], width=896, height=480, least=0.01)))) == 4
