"""Photos: what is taken, what is refused, what is stored, and who gets to see it."""

import io
import random
import struct
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import ExifTags, Image, ImageCms

from grievances.models import Attachment
from grievances.services import photos
from grievances.services.photos import prepare_photos
from linjiang.common.errors import InvalidInput
from tests.factories import NOON, file_case, make_world
from tests.grievances.browsing import signed_in
from tests.grievances.scenes import do

SECRET = "13812345678 secret"


def picture(size=(640, 480), mode: str = "RGB", colour="red") -> Image.Image:
    return Image.new(mode, size, colour)


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def upload(data: bytes, name: str = "photo.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, content_type="image/jpeg")


def located(latitude=(33, 50, 43.2), longitude=(115, 46, 44.4), **more) -> bytes:
    """Return EXIF with a position (Bozhou's), a comment and whatever else is given by tag."""
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = SECRET
    for tag, value in more.items():
        exif[ExifTags.Base[tag]] = value
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(
        {
            ExifTags.GPS.GPSLatitudeRef: "N",
            ExifTags.GPS.GPSLatitude: latitude,
            ExifTags.GPS.GPSLongitudeRef: "E",
            ExifTags.GPS.GPSLongitude: longitude,
        }
    )
    return exif.tobytes()


def stored(data: bytes, name: str = "photo.jpg") -> Image.Image:
    """Return the picture as it would be stored."""
    return Image.open(io.BytesIO(prepare_photos([upload(data, name)])[0].data))


def colour_of(image: Image.Image, at=(5, 5)) -> tuple[int, ...]:
    return image.convert("RGB").getpixel(at)


def near(got: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    return all(abs(one - other) <= 12 for one, other in zip(got, wanted, strict=True))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
@pytest.mark.parametrize("name", ["photo.jpg", "photo.txt", "photo.php", "没有后缀", "photo.png"])
def test_kinds_are_known_by_content_not_by_name(kind, name):
    result = stored(encoded(picture(), kind), name)
    assert result.format == "JPEG"
    assert result.size == (640, 480)
    assert near(colour_of(result), (254, 0, 0))


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"just words, no picture", "photo.jpg"),
        (b"", "photo.jpg"),
        (b"GIF89a" + bytes(100), "photo.jpg"),
        (b"%PDF-1.7\n", "photo.jpg"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "photo.jpg"),
        (b"\xff\xd8\xff\xe0" + bytes(200), "photo.jpg"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "photo.png"),
    ],
)
def test_what_is_no_photo_is_refused_by_name(data, name):
    with pytest.raises(InvalidInput) as refused:
        prepare_photos([upload(data, name)])
    assert name in refused.value.errors["photos"]


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "ICO"])
def test_other_kinds_of_pictures_are_refused(kind):
    with pytest.raises(InvalidInput):
        prepare_photos([upload(encoded(picture((64, 64)), kind))])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_damaged_files_are_refused_or_shown_but_never_break(kind):
    """Half of each file is cut off, the other half has bytes turned over at random."""
    chance = random.Random(20261122)
    whole = encoded(Image.effect_noise((160, 120), 60).convert("RGB"), kind)
    refused = 0
    for number in range(60):
        data = bytearray(whole)
        if number % 2:
            del data[chance.randrange(len(data)) :]
        for _turned in range(6):
            if data:
                data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            prepare_photos([upload(bytes(data))])
        except InvalidInput:
            refused += 1
    assert refused >= 15


def test_a_broken_exif_block_does_not_cost_the_photo():
    exif = located(Orientation=6)
    data = encoded(picture(), "JPEG", exif=exif)
    broken = data.replace(exif[10:60], b"\xff" * 50)
    assert broken != data
    assert prepare_photos([upload(broken)])[0].position is None


def _bomb(width: int, height: int) -> bytes:
    """Return a PNG of a few hundred bytes that claims so many pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [8000, 12_000, 60_000])
def test_a_decompression_bomb_is_refused_before_it_is_decoded(side, monkeypatch):
    decoded = []
    monkeypatch.setattr(photos, "_in_rgb", decoded.append)
    with pytest.raises(InvalidInput) as refused:
        prepare_photos([upload(_bomb(side, side))])
    assert "像素" in refused.value.errors["photos"]
    assert decoded == []


def test_too_many_bytes_are_refused(settings):
    settings.ATTACHMENT_MAX_BYTES = 1000
    with pytest.raises(InvalidInput) as refused:
        prepare_photos([upload(encoded(picture(), "JPEG"))])
    assert "photo.jpg" in refused.value.errors["photos"]


def test_too_many_at_a_time_are_refused(settings):
    settings.ATTACHMENT_MAX_COUNT = 2
    with pytest.raises(InvalidInput):
        prepare_photos([upload(encoded(picture(), "JPEG")) for _number in range(3)])


def test_a_file_that_is_two_kinds_at_once_comes_out_as_a_picture_only():
    script = b"<script>alert(document.cookie)</script>"
    data = encoded(picture(), "JPEG", comment=script) + b"PK\x03\x04" + script
    prepared = prepare_photos([upload(data)])[0]
    for result in (prepared.data, prepared.thumbnail):
        assert b"script" not in result
        assert b"PK\x03\x04" not in result


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_nothing_but_pixels_is_stored(kind):
    words = SECRET.encode()
    options = {"exif": located(), "xmp": b"<x:xmpmeta>" + words + b"</x:xmpmeta>"}
    if kind == "JPEG":
        options["comment"] = words
    if kind == "PNG":
        options.pop("xmp")
    options["icc_profile"] = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = encoded(picture(), kind, **options)
    prepared = prepare_photos([upload(data)])[0]
    assert prepared.position == pytest.approx((33.8453, 115.779), abs=1e-3)
    for result in (prepared.data, prepared.thumbnail):
        assert words not in result
        image = Image.open(io.BytesIO(result))
        assert not image.getexif()
        assert not image.getexif().get_ifd(ExifTags.IFD.GPSInfo)
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [((0, 0, 0), (0, 0, 0)), ((91, 0, 0), (10, 0, 0)), ((33, 0, 0), (181, 0, 0))],
)
def test_an_impossible_position_counts_as_none(latitude, longitude):
    data = encoded(picture(), "JPEG", exif=located(latitude, longitude))
    assert prepare_photos([upload(data)])[0].position is None


def test_a_photo_taken_upright_is_stored_upright():
    image = picture((400, 300))
    image.paste("blue", (0, 0, 200, 300))
    result = stored(encoded(image, "JPEG", exif=located(Orientation=6)))
    assert result.size == (300, 400)
    assert near(colour_of(result, (150, 20)), (0, 0, 254))
    assert near(colour_of(result, (150, 380)), (254, 0, 0))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_transparent_parts_become_white(mode, kind):
    image = Image.new("RGBA", (60, 60), (0, 0, 0, 0))
    data = encoded(image.convert(mode), kind)
    assert colour_of(stored(data)) == (255, 255, 255)


def test_sixteen_bits_keep_their_grey():
    assert near(colour_of(stored(encoded(Image.new("I;16", (40, 40), 32_768), "PNG"))), (128, 128, 128))


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK"])
def test_other_colour_modes_come_out_right(mode):
    kind = "JPEG" if mode == "CMYK" else "PNG"
    assert near(colour_of(stored(encoded(picture((40, 40), "RGB", "white").convert(mode), kind))), (255, 255, 255))


def test_of_an_animation_the_first_frame_stays():
    data = encoded(picture(), "WEBP", save_all=True, append_images=[picture(colour="blue")])
    assert near(colour_of(stored(data)), (254, 0, 0))


@pytest.mark.parametrize("size", [(4000, 3000), (3000, 4000), (20_000, 3), (1, 1)])
def test_large_pictures_shrink_and_keep_their_shape(size):
    prepared = prepare_photos([upload(encoded(picture(size), "PNG"))])[0]
    assert max(prepared.width, prepared.height) == min(max(size), photos.LONG_SIDE)
    small = Image.open(io.BytesIO(prepared.thumbnail))
    assert max(small.size) == min(max(size), photos.THUMBNAIL_SIDE)
    if min(size) > 100:
        assert prepared.width / prepared.height == pytest.approx(size[0] / size[1], rel=0.01)


# On a case


@pytest.fixture
def world(db):
    return make_world()


def test_the_position_fills_an_empty_one_and_replaces_none(world):
    data = encoded(picture(), "JPEG", exif=located())
    without = file_case(world, photos=[upload(data)])
    assert (without.lat, without.lon) == pytest.approx((33.8453, 115.779), abs=1e-3)
    own = file_case(world, photos=[upload(data)], lat=33.1, lon=115.2)
    assert (own.lat, own.lon) == (33.1, 115.2)


def test_the_same_picture_is_kept_once_and_a_case_holds_only_so_many(world, settings):
    settings.ATTACHMENT_MAX_COUNT = 2
    one = encoded(picture(colour="green"), "PNG")
    case = file_case(world, photos=[upload(one), upload(one, "again.jpg")])
    assert case.attachments.count() == 1
    colours = iter(["black", "white", "grey", "yellow", "cyan"])
    for _number in range(2):
        pair = [upload(encoded(picture(colour=next(colours)), "PNG")) for _one in range(2)]
        case = do(world, case, "add_photo", world.chief, photos=pair)
    assert case.attachments.count() == 5
    pair = [upload(encoded(picture(colour=colour), "PNG")) for colour in ("pink", "brown")]
    with pytest.raises(InvalidInput) as refused:
        do(world, case, "add_photo", world.chief, photos=pair)
    assert "6" in refused.value.errors["photos"]
    assert case.attachments.count() == 5


@pytest.fixture
def attachment(world) -> Attachment:
    case = file_case(world, photos=[upload(encoded(picture(), "JPEG"))], now=NOON)
    return case.attachments.get()


@pytest.mark.parametrize("size", ["small", "full"])
def test_a_photo_is_served_as_a_picture_and_nothing_else(world, attachment, size):
    response = signed_in(world.chief).get(f"/photos/{attachment.uuid}/{size}/")
    assert response.status_code == 200
    assert response["Content-Type"] == "image/jpeg"
    assert response["Content-Disposition"].startswith("inline")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "private" in response["Cache-Control"]
    assert "public" not in response["Cache-Control"]
    body = b"".join(response.streaming_content)
    assert max(Image.open(io.BytesIO(body)).size) == (480 if size == "small" else 640)


def test_a_browser_that_has_it_is_not_sent_it_again(world, attachment):
    browser = signed_in(world.chief)
    first = browser.get(f"/photos/{attachment.uuid}/small/")
    assert b"".join(first.streaming_content)
    again = browser.get(f"/photos/{attachment.uuid}/small/", headers={"if-none-match": first["ETag"]})
    assert again.status_code == 304
    stranger = signed_in(world.others["chief"])
    assert (
        stranger.get(f"/photos/{attachment.uuid}/small/", headers={"if-none-match": first["ETag"]}).status_code == 404
    )


def test_exactly_those_who_see_the_case_see_its_photos(world, attachment):
    def seen(people) -> set[str]:
        found = set()
        for name, person in people.items():
            response = signed_in(person).get(f"/photos/{attachment.uuid}/full/")
            assert response.status_code in (200, 404), name
            if response.status_code == 200:
                assert b"".join(response.streaming_content)
                found.add(name)
        return found

    everybody = set(world.users) - {"second_chief", "handler", "second_handler"}
    assert seen(world.users) == everybody
    assert seen(world.others) == set()
    do(world, attachment.grievance, "assign", world.street)
    assert seen(world.users) == everybody | {"handler"}


def test_strangers_sign_in_first(client, attachment):
    assert client.get(f"/photos/{attachment.uuid}/full/").status_code == 302


@pytest.mark.parametrize("path", ["/photos/{uuid}/huge/", "/photos/{uuid}/../full/", "/photos/123/full/"])
def test_other_addresses_are_not_found(world, attachment, path):
    assert signed_in(world.chief).get(path.format(uuid=attachment.uuid)).status_code == 404


def test_files_have_no_address_of_their_own(world, attachment):
    browser = signed_in(world.chief)
    for path in (attachment.file.name, f"media/{attachment.file.name}"):
        assert browser.get(f"/{path}").status_code == 404


def test_a_file_that_is_gone_from_the_store_is_not_found(world, attachment):
    attachment.file.delete(save=False)
    Attachment.objects.filter(pk=attachment.pk).update(file="photos/gone.jpg")
    assert signed_in(world.chief).get(f"/photos/{attachment.uuid}/full/").status_code == 404
