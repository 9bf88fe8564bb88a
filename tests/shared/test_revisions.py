"""The schema that the code says it needs is the one its migrations make."""

from importlib import import_module
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from shared.revisions import head_revision


class TestHeadRevision:
    @pytest.mark.parametrize("service", ["registry", "planning", "monitoring"])
    def test_is_the_end_of_the_history(self, service: str) -> None:
        folder = import_module(f"services.{service}.app").MIGRATIONS
        config = Config()
        config.set_main_option("script_location", str(folder))
        config.set_main_option("path_separator", "os")

        assert head_revision(folder) == ScriptDirectory.from_config(config).get_current_head()

    def test_a_history_begins_with_a_migration(self, tmp_path: Path) -> None:
        with pytest.raises(LookupError):
            head_revision(tmp_path)
