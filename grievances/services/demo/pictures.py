"""Small drawings that stand for photos in the demo city; drawn here, stored the way every photo is."""

import io
from functools import cache
from random import Random

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw, ImageFilter

_SIZE = (960, 720)
SCENES = ("lamp", "rubbish", "stairs", "cars", "water", "road", "tree", "wall")


@cache
def drawing(scene: str, variant: int = 0) -> bytes:
    """Return a PNG of the scene; the same scene and variant give the same bytes."""
    rng = Random(f"{scene}{variant}")  # noqa: S311  (a drawing, not a secret)
    night = scene == "lamp"
    picture = Image.new("RGB", _SIZE, (38, 48, 74) if night else (196, 214, 226))
    draw = ImageDraw.Draw(picture)
    _ground(draw, rng, night=night)
    _DRAW[scene](draw, rng)
    picture = picture.filter(ImageFilter.GaussianBlur(0.8))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def upload(scene: str, variant: int = 0) -> SimpleUploadedFile:
    """Return the drawing as a person would upload it."""
    return SimpleUploadedFile(f"{scene}.png", drawing(scene, variant), content_type="image/png")


def _ground(draw, rng, *, night) -> None:
    draw.rectangle((0, 470, 960, 720), fill=(70, 74, 84) if night else (158, 154, 148))
    for left in range(-40, 960, 240):
        top = rng.randint(120, 220)
        wall = (56, 62, 84) if night else rng.choice(((214, 196, 170), (188, 178, 172), (206, 188, 180)))
        draw.rectangle((left, top, left + 200, 480), fill=wall)
        for row in range(top + 30, 440, 80):
            for column in range(left + 24, left + 170, 60):
                lit = night and rng.random() < 0.25
                pane = (236, 206, 130) if lit else ((40, 46, 66) if night else (122, 142, 160))
                draw.rectangle((column, row, column + 34, row + 44), fill=pane)


def _lamp(draw, rng) -> None:
    left = rng.randint(380, 560)
    draw.rectangle((left, 150, left + 12, 620), fill=(24, 26, 34))
    draw.rectangle((left - 90, 146, left + 12, 160), fill=(24, 26, 34))
    draw.ellipse((left - 120, 150, left - 60, 182), fill=(60, 62, 70))


def _rubbish(draw, rng) -> None:
    for left in (220, 400, 580):
        draw.rectangle((left, 400, left + 140, 620), fill=(44, 106, 78))
        draw.rectangle((left - 8, 384, left + 148, 410), fill=(34, 84, 62))
    for _ in range(46):
        left, top = rng.randint(120, 800), rng.randint(540, 680)
        colour = rng.choice(((60, 60, 66), (210, 204, 190), (150, 60, 56), (80, 110, 160)))
        draw.ellipse((left, top, left + rng.randint(30, 90), top + rng.randint(24, 60)), fill=colour)


def _stairs(draw, rng) -> None:
    draw.rectangle((0, 0, 960, 720), fill=(176, 172, 164))
    for step in range(9):
        top = 660 - step * 56
        draw.rectangle((120 + step * 50, top, 960, top + 56), fill=(150 - step * 6,) * 3)
    for _ in range(9):
        left, top = rng.randint(200, 680), rng.randint(380, 560)
        size = rng.randint(60, 130)
        draw.rectangle((left, top, left + size, top + size), fill=(170, 128, 84), outline=(120, 86, 54), width=4)


def _cars(draw, rng) -> None:
    for left in (60, 360, 660):
        colour = rng.choice(((240, 240, 242), (40, 44, 52), (150, 30, 34), (70, 90, 130)))
        draw.rounded_rectangle((left, 520, left + 250, 630), 26, fill=colour)
        draw.rounded_rectangle((left + 46, 450, left + 200, 540), 26, fill=colour)
        draw.rectangle((left + 62, 468, left + 184, 520), fill=(110, 130, 146))
        for wheel in (left + 30, left + 170):
            draw.ellipse((wheel, 600, wheel + 56, 656), fill=(24, 24, 28))


def _water(draw, rng) -> None:
    draw.ellipse((100, 520, 860, 690), fill=(96, 116, 128))
    for _ in range(14):
        left, top = rng.randint(180, 700), rng.randint(550, 660)
        draw.arc((left, top, left + 110, top + 24), 0, 180, fill=(170, 190, 200), width=4)


def _road(draw, rng) -> None:
    draw.rectangle((0, 440, 960, 720), fill=(92, 94, 98))
    for _ in range(3):
        left, top = rng.randint(120, 600), rng.randint(500, 620)
        draw.ellipse((left, top, left + 230, top + 84), fill=(52, 50, 48))
        draw.ellipse((left + 30, top + 18, left + 190, top + 66), fill=(92, 78, 62))


def _tree(draw, rng) -> None:
    draw.rectangle((440, 300, 500, 640), fill=(96, 70, 48))
    for _ in range(60):
        left, top = rng.randint(250, 620), rng.randint(60, 340)
        draw.ellipse((left, top, left + 90, top + 70), fill=(rng.randint(40, 80), rng.randint(100, 150), 60))


def _wall(draw, rng) -> None:
    draw.polygon(((120, 620), (180, 240), (820, 210), (800, 620)), fill=(178, 148, 112))
    points = [(480 + rng.randint(-60, 60), 218 + step * 50) for step in range(9)]
    draw.line(points, fill=(70, 54, 40), width=12)


_DRAW = {
    "lamp": _lamp,
    "rubbish": _rubbish,
    "stairs": _stairs,
    "cars": _cars,
    "water": _water,
    "road": _road,
    "tree": _tree,
    "wall": _wall,
}
