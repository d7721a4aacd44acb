"""Arithmetic of the path."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgs import tree

positions = st.integers(1, tree.MAX_CHILDREN)


@given(positions, positions)
def test_segments_come_back_and_keep_their_order(one, other):
    assert tree.decode(tree.encode(one)) == one
    assert len(tree.encode(one)) == tree.SEGMENT
    assert (tree.encode(one) < tree.encode(other)) == (one < other)


@pytest.mark.parametrize("position", [0, -1, tree.MAX_CHILDREN + 1])
def test_positions_no_unit_can_have(position):
    with pytest.raises(ValueError, match="children"):
        tree.encode(position)


@given(st.lists(positions, min_size=1, max_size=7))
def test_a_path_knows_its_way_up(steps):
    path = ""
    above = []
    for position in steps:
        assert tree.parent_path(tree.child_path(path, position)) == path
        path = tree.child_path(path, position)
        above.append(path)
    assert tree.depth(path) == len(steps)
    assert tree.ancestor_paths(path, include_self=True) == above
    assert tree.ancestor_paths(path) == above[:-1]
    assert all(tree.covers(upper, path) for upper in above)


@given(positions, positions)
def test_siblings_do_not_cover_each_other(one, other):
    assert tree.covers(tree.encode(one), tree.child_path(tree.encode(other), 1)) == (one == other)
