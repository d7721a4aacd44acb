"""Base of the management commands: a reader that has seen enough, such as `head`, ends them quietly."""

import os

from django.core.management.base import BaseCommand

# What the shell reports of a program that a closed pipe ended (128 + SIGPIPE): quiet, yet not taken for a success.
PIPE_CLOSED = 141


class PipeCommand(BaseCommand):
    """A command whose output may be piped anywhere."""

    def execute(self, *args, **options):
        try:
            result = super().execute(*args, **options)
            self.stdout.flush()
        except BrokenPipeError as error:
            # What is left in the buffer has nowhere to go; without this Python complains of it on its way out.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.stdout.fileno())
            raise SystemExit(PIPE_CLOSED) from error
        return result
