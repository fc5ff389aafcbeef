"""How this course configures nbgrader: one place, for our commands and for formgrader."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from traitlets.config import Config

TIMEZONE = "Asia/Seoul"
CONFIG_NAME = "nbgrader_config.py"
CONFIG_TEXT = '''"""nbgrader's settings for this course; formgrader reads them too.

Start Jupyter in this folder. Without this file nbgrader would begin a second, empty gradebook.
"""

from pathlib import Path

from coursekit.classroom.settings import nbgrader_config

c = get_config()  # noqa: F821
c.merge(nbgrader_config(Path(__file__).resolve().parent))
'''


def class_time(moment: datetime) -> datetime:
    """Give a time of nbgrader's, which is UTC without saying so, as the class's clocks show it.

    A deadline that is told nine hours late is a deadline that somebody misses.

    Parameters
    ----------
    moment
        The time, with a zone or without.

    Examples
    --------
    >>> f"{class_time(datetime(2026, 9, 10, 9, 0)):%Y-%m-%d %H:%M}"
    '2026-09-10 18:00'
    """
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(ZoneInfo(TIMEZONE))


def nbgrader_config(root: Path | None = None) -> Config:
    """Give nbgrader's configuration for a course directory.

    Formgrader's buttons and our commands must do the same thing to a submission; both read this.
    What differs from nbgrader's defaults: Korean stubs, no header injected, the bounded run,
    stderr that costs no points, feedback without hidden tests and scripts, Seoul time, and a
    gradebook that waits for its lock when two submissions are graded at once, or that stands on
    the PostgreSQL server whose address the course keeps.

    Parameters
    ----------
    root
        The course directory; without it only what a release needs is set. The gradebook is
        ``gradebook.db`` in it, or the database that ``.coursekit/settings.json`` names; the
        environment variable ``COURSEKIT_DB_URL`` takes the place of that address.

    Examples
    --------
    >>> nbgrader_config().ClearSolutions.text_stub
    '여기에 답을 쓰세요.'
    """
    from traitlets.config import Config

    from coursekit.classroom.releases import CODE_STUB, TEXT_STUB

    config = Config()
    config.ClearSolutions.code_stub = {"python": CODE_STUB}
    config.ClearSolutions.text_stub = TEXT_STUB
    if root is not None:
        _set_course(config, root)
    return config


def _set_course(config: Config, root: Path) -> None:
    from coursekit.classroom import databases, execution, feedback, releases

    config.CourseDirectory.root = str(root)
    config.CourseDirectory.course_id = root.name
    config.CourseDirectory.db_url = databases.gradebook_url(root)
    config.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback", "variants", "checks.py"]
    config.Exchange.timezone = TIMEZONE
    config.NbGraderAPI.timezone = TIMEZONE  # formgrader shows times by this one
    config.GenerateAssignment.preprocessors = releases.release_steps(gradebook=True)
    config.Autograde.autograde_preprocessors = execution.grading_steps()
    config.Autograde.create_student = False  # an id that is not on the roster is a mistake, not a student
    config.GenerateFeedback.preprocessors = feedback.feedback_steps()
    config.GenerateFeedback.exporter_class = feedback.feedback_exporter()
    config.HTMLExporter.template_name = feedback.TEMPLATE
    config.HTMLExporter.exclude_anchor_links = True
    config.HTMLExporter.extra_template_basedirs = [str(Path(__file__).parent / "templates")]
