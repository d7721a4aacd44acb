"""manage.py generate_city: fill an empty database with a made-up city, to size machines and to measure."""

import time
from fractions import Fraction

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError, CommandParser
from django.utils import translation

from grievances.services.synthetic.city import MAX_CASES, PROFILES, Telling, generate_city
from grievances.services.synthetic.figures import FIGURES, NEIGHBOURHOODS
from linjiang.common.clock import now
from linjiang.common.commands import PipeCommand
from linjiang.common.errors import Conflict
from orgs.services.system import system_user

_WIDTH = 30


class Command(PipeCommand):
    help = (
        "Fill an empty database with a made-up city of full size: Bozhou's real divisions, as many zones, groups "
        "and neighbourhoods, a chief each, and up to ten million cases of the year before today. Nobody can sign in."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--profile", choices=PROFILES, default="bozhou", help="whose divisions (bozhou)")
        parser.add_argument("--grievances", type=int, help="how many cases; without it, as many as --figures says")
        parser.add_argument("--seed", type=int, default=1, help="another seed gives another city (1)")
        parser.add_argument(
            "--figures",
            choices=sorted(FIGURES),
            default="bozhou",
            help="bozhou: 208,000 cases, 206,000 closed; anshan: 2.8 million, 99.8 %% closed, satisfaction 95 %%",
        )
        parser.add_argument("--closed-share", type=_share, help="share of closed cases (0 to 1) instead of theirs")
        parser.add_argument("--households", action="store_true", help="5 to 15 households in each neighbourhood too")
        parser.add_argument(
            "--neighbourhoods", type=int, default=NEIGHBOURHOODS, help=f"a smaller city ({NEIGHBOURHOODS})"
        )
        parser.add_argument("--years", type=int, default=1, help="over how many years the cases are spread (1)")
        parser.add_argument("--processes", type=int, default=2, help="how many write at once (2)")
        parser.add_argument("--force", action="store_true", help="also where the site is served to the public")

    def handle(self, *args, **options) -> None:
        if settings.SESSION_COOKIE_SECURE and not options["force"]:
            raise CommandError("This is a production site; a made-up city belongs elsewhere. --force makes it anyway.")
        accepted = options["grievances"] or FIGURES[options["figures"]].accepted
        _check(accepted, options)
        began = time.monotonic()
        progress = Progress(self.stdout)
        try:
            made = generate_city(
                actor=system_user(),
                now=now(),
                grievances=accepted,
                seed=options["seed"],
                telling=Telling(progress.say, progress.count),
                profile=options["profile"],
                figures=options["figures"],
                closed_share=options["closed_share"],
                neighbourhoods=options["neighbourhoods"],
                households=options["households"],
                years=options["years"],
                processes=options["processes"],
            )
        except Conflict as conflict:
            raise CommandError(
                "There are units or cases here already. A made-up city needs an empty one."
            ) from conflict
        progress.say("rebuild_tallies")
        with translation.override("en"):  # a tool of those who measure; all its lines are English
            call_command("rebuild_tallies", stdout=self.stdout)
        counts = made.counts
        self.stdout.write(
            f"{counts.accepted:,} cases in {made.neighbourhoods:,} neighbourhoods, {counts.closed:,} closed "
            f"({counts.closed / counts.accepted:.2%}), in {time.monotonic() - began:.0f} s"
        )


def _check(accepted: int, options: dict) -> None:
    if not 1 <= accepted <= MAX_CASES:
        raise CommandError(f"--grievances: from 1 to {MAX_CASES}")
    for name, low in (("neighbourhoods", 1), ("years", 1), ("processes", 1)):
        if options[name] < low:
            raise CommandError(f"--{name}: at least {low}")
    if options["neighbourhoods"] > NEIGHBOURHOODS:
        raise CommandError(f"--neighbourhoods: at most {NEIGHBOURHOODS}")


def _share(text: str) -> Fraction:
    share = Fraction(text)
    if not 0 <= share <= 1:
        raise ValueError(text)
    return share


class Progress:
    """A bar with rate and time left on a terminal, a line now and then elsewhere."""

    def __init__(self, stream, every: float = 10.0) -> None:
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._began = self._shown = time.monotonic()
        self._every = 0.2 if self._is_terminal else every
        self._counting = False

    def say(self, text: str) -> None:
        """Tell a part that begins or is done."""
        self.end()
        self._stream.write(f"  {text}")
        self._stream.flush()

    def count(self, done: int, total: int) -> None:
        """Tell how many of `total` cases are written."""
        moment = time.monotonic()
        if not self._counting:
            self._counting, self._began, self._first = True, moment, done
        if moment - self._shown < self._every and done < total:
            return
        self._shown = moment
        passed = moment - self._began
        rate = (done - self._first) / passed if passed else 0
        text = f"{done:,} of {total:,} cases"
        if rate:
            text += f", {rate:,.0f} a second, {_clock((total - done) / rate)} left"
        if self._is_terminal:
            filled = round(_WIDTH * done / total)
            self._stream.write(f"\r\033[K  [{'#' * filled}{' ' * (_WIDTH - filled)}] {text}", ending="")
        else:
            self._stream.write(f"  {text}")
        self._stream.flush()

    def end(self) -> None:
        """Leave the bar."""
        if self._counting and self._is_terminal:
            self._stream.write("")
        self._counting = False


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
