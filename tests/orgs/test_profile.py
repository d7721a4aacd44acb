"""A city's own words and rules."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import translation

from orgs import profile as module
from orgs.choices import Level, Role
from orgs.profile import PROFILES, load_profile, profile


@pytest.fixture
def profiles(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PROFILES", tmp_path)
    load_profile.cache_clear()
    yield tmp_path
    load_profile.cache_clear()


def test_every_shipped_profile_is_complete():
    keys = [file.stem for file in PROFILES.glob("*.toml")]
    assert "bozhou" in keys
    for key in keys:
        city = load_profile(key)
        for language in ("zh-hans", "en"):
            with translation.override(language):
                assert all(city.level_name(level) for level in Level.values)
                assert all(city.role_title(role) for role in Role.values)
                assert city.city_name


def test_words_follow_the_readers_language():
    with translation.override("zh-hans"):
        assert (profile().level_name(Level.ZONE), profile().role_title(Role.CHIEF)) == ("片", "邻长")
    with translation.override("en"):
        assert (profile().level_name(Level.ZONE), profile().city_name) == ("Zone", "Bozhou")


def test_a_neighbourhood_has_five_to_fifteen_households():
    rule = profile().sizes[Level.NEIGHBOURHOOD]
    assert [count for count in range(30) if rule.fits(count)] == list(range(5, 16))


def test_an_unknown_profile_is_named(profiles):
    (profiles / "elsewhere.toml").write_text("", "utf-8")
    with pytest.raises(ImproperlyConfigured, match=r"nowhere.*elsewhere"):
        load_profile("nowhere")


def test_a_profile_that_lacks_something_says_what(profiles):
    text = (PROFILES / "bozhou.toml").read_text("utf-8").replace('zone = { zh = "片", en = "Zone" }\n', "")
    (profiles / "half.toml").write_text(text, "utf-8")
    with pytest.raises(ImproperlyConfigured, match=r"levels\.zone"):
        load_profile("half")
