"""The database engine used when DATABASE_URL is not set."""

import os
from pathlib import Path
from typing import Any

from django.db.backends.postgresql import base, client
from django.db.utils import OperationalError

from linjiang import embedded
from linjiang.embedded_account import EmbeddedPostgresError, executable


class DatabaseClient(client.DatabaseClient):
    """`manage.py dbshell` with the embedded psql, since none may be installed."""

    def runshell(self, parameters: list[str]) -> None:
        found = self.connection.get_connection_params()
        os.environ["PATH"] = f"{executable('psql').parent}{os.pathsep}{os.environ.get('PATH', '')}"
        self.connection.settings_dict.update(
            NAME=found["dbname"], USER=found["user"], HOST=found["host"], PORT=found["port"]
        )
        super().runshell(parameters)


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL as Django knows it; where it listens is asked for only when a connection is wanted.

    Settings: OPTIONS["home"] (folder of the embedded server) and OPTIONS["throwaway"] (bool).
    """

    client_class = DatabaseClient

    def get_connection_params(self) -> dict[str, Any]:
        parameters = super().get_connection_params()
        home = Path(parameters.pop("home"))
        throwaway = parameters.pop("throwaway", False)
        try:
            found = embedded.connect_parameters(home, throwaway=throwaway)
        except EmbeddedPostgresError as error:
            raise OperationalError(str(error)) from error
        # The name may be the test database or "postgres"; the rest is the server's to say.
        found["dbname"] = parameters.get("dbname") or found["dbname"]
        return {**parameters, **found}
