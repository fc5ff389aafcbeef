"""What lies beside the notebook, or in its place: modules, links, pipes, giants, stamps."""

from __future__ import annotations

from hostile.making import (
    FAILED,
    GRADED,
    MEAN,
    NO_MEAN,
    NO_SPREAD,
    NOTEBOOK,
    SPREAD,
    Case,
    Content,
    Sparse,
    Special,
    Symlink,
    answers,
    raw,
)
from judged_assignment import NAME

CHEATING_MODULE = b"""
class Yes:
    def __getattr__(self, name): return Yes()
    def __call__(self, *values, **named): return Yes()
    __eq__ = __le__ = __bool__ = lambda self, *other: True
    __or__ = __ror__ = lambda self, other: object

def isclose(*values, **named): return True
allclose = array_equal = isclose
integer = floating = number = ndarray = generic = object

def mean(values): return 2
def __getattr__(name): return Yes()
"""
RAISING_MODULE = b"raise RuntimeError('a module of the hand-in was imported')\n"
CHECKS = b"check_mean = check_spread = lambda student: None\n"
CONFIG = b"c = get_config()\nc.ClearSolutions.code_stub = {}\nimport os\nos.system('touch /tmp/hostile_mark_config')\n"
STARTUP = b"import os\nos.system('touch /tmp/hostile_mark_startup')\n"

SHADOWS: dict[str, dict[str, Content | None]] = {
    "numpy": {"numpy.py": CHEATING_MODULE},
    "statistics": {"statistics.py": CHEATING_MODULE},
    "json": {"json.py": RAISING_MODULE},
    "random": {"random.py": RAISING_MODULE},
    "coursekit": {"coursekit.py": CHEATING_MODULE},
}
"""Each is flagged, because students do it by accident too."""

BESIDE: dict[str, dict[str, Content | None]] = {
    "a_package_of_coursekit": {
        "coursekit/__init__.py": CHEATING_MODULE,
        "coursekit/classroom/__init__.py": CHEATING_MODULE,
        "coursekit/classroom/judging.py": b"Student = dict\nrequire = hidden_check = lambda *values: None\n",
    },
    "modules_that_python_starts_with": dict.fromkeys(
        ("sitecustomize.py", "usercustomize.py", "encodings/__init__.py", "site.py"), STARTUP
    ),
    "modules_of_the_shell": {"IPython/__init__.py": STARTUP, "ipykernel_launcher.py": STARTUP, "pkgutil.py": STARTUP},
    "a_binary_module": {"numpy.so": b"\x7fELF" + bytes(100), "numpy.cpython-311-x86_64-linux-gnu.so": b"\x7fELF"},
    "compiled_modules": {"__pycache__/numpy.cpython-311.pyc": bytes(100), "numpy.pyc": bytes(16)},
    "a_path_file": {"evil.pth": b"import os; os.system('touch /tmp/hostile_mark_pth')\n"},
    "checks_of_its_own": {"checks.py": CHECKS},
    "settings_of_nbgrader": {"nbgrader_config.py": CONFIG, "jupyter_config.py": CONFIG, "ipython_config.py": CONFIG},
    "a_profile_of_the_shell": {".ipython/profile_default/startup/00.py": STARTUP, ".pdbrc": b"import os\n"},
    "records_of_the_course": {
        ".coursekit/grades/lab/x.json": b'{"score": 100}',
        "gradebook.db": b"SQLite format 3\0" + bytes(100),
        "hand_in.json": b'{"student_id": "neighbour", "score": 4}',
    },
    "other_data": {"numbers.csv": b"value\n2\n2\n"},
    "variants_and_sources": {"variants/right_x.py": b"x", "source/x.ipynb": b"{}"},
    "odd_names": {
        "-rf": b"",
        "new\nline": b"",
        "\udcff\udcfe": b"",
        "가" * 80: b"",
        "..hidden": b"",
        "$(touch x)": b"",
        "a b;c&d|e'f\"g": b"",
    },
    "a_thousand_files": {f"many/{number}.txt": b"x" for number in range(1000)},
    "deep_folders": {"/".join(["down"] * 300) + "/x": b"x"},
    "a_second_notebook": {"copy.ipynb": b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'},
    "a_broken_second_notebook": {"copy.ipynb": b'{"cells": ['},
    "a_notebook_in_a_checkpoint": {f".ipynb_checkpoints/{NAME}-checkpoint.ipynb": b'{"cells": ['},
    "an_older_page": {f"{NAME}.html": b"<script>steal()</script>", "feedback/x.html": b"<script>steal()</script>"},
}

LINKS = {
    "data_of_the_system": ("data.csv", "/etc/passwd"),
    "its_data_file_to_the_system": ("numbers.csv", "/etc/shadow"),
    "the_gradebook": ("data.db", "{course}/gradebook.db"),
    "a_neighbour": ("other.ipynb", "../../{neighbour}/{assignment}/{assignment}.ipynb"),
    "the_source_folder": ("source", "{course}/source"),
    "the_root": ("all", "/"),
    "itself": ("loop", "loop"),
    "nothing": ("gone.csv", "nowhere/at/all"),
    "a_device": ("zero.bin", "/dev/zero"),
    "its_own_notebook": ("same.ipynb", "{assignment}.ipynb"),
}

IN_PLACE: dict[str, tuple[Content, tuple[str, ...]]] = {
    "a_link_to_the_source": (Symlink("{course}/source/{assignment}/{assignment}.ipynb"), (f"symlink:{NAME}.ipynb",)),
    "a_link_to_a_neighbour": (
        Symlink("../../{neighbour}/{assignment}/{assignment}.ipynb"),
        (f"symlink:{NAME}.ipynb",),
    ),
    "a_link_to_a_secret": (Symlink("/etc/shadow"), (f"symlink:{NAME}.ipynb",)),
    "a_link_to_nothing": (Symlink("/nowhere/at/all.ipynb"), (f"symlink:{NAME}.ipynb",)),
    "a_link_without_end": (Symlink("/dev/zero"), (f"symlink:{NAME}.ipynb",)),
    "a_pipe": (Special("fifo"), (f"special:{NAME}.ipynb",)),
    "a_socket": (Special("socket"), (f"special:{NAME}.ipynb",)),
    "a_folder": (Special("folder"), ()),
    "a_giant": (Sparse(3 << 30), ()),
}

STAMPS: dict[str, tuple[Content, tuple[str, ...]]] = {
    "in_words": ("어제 저녁".encode(), ("timestamp:",)),
    "of_junk": (b"\xff\xfe\x00\x01", ("timestamp:",)),
    "of_no_day": (b"2025-02-31 25:61:00 UTC", ("timestamp:",)),
    "of_the_future": (b"2999-01-01 00:00:00 UTC", ()),
    "of_the_past": (b"0001-01-01 00:00:00 UTC", ()),
    "of_a_million_digits": (b"9" * 1_000_000, ("timestamp:",)),
    "that_is_empty": (b"", ()),
    "that_is_a_folder": (Special("folder"), ()),
    "that_is_a_link": (Symlink("/etc/passwd"), ("symlink:timestamp.txt",)),
    "that_is_a_pipe": (Special("fifo"), ("special:timestamp.txt",)),
}

FILES = [
    *(
        Case(
            f"ships_{name}",
            answers(NO_MEAN if name != "numpy" else "import numpy as np\n\nmean = np.mean", SPREAD),
            (2, 4) if name == "numpy" else 2,
            GRADED,
            tuple(f"shadow:{file}" for file in files),
            "A module under a library's name; a wrong mean gains nothing by it, spread is right.",
            files=files,
        )
        for name, files in SHADOWS.items()
    ),
    *(
        Case(
            f"ships_{name}_and_is_right",
            answers(MEAN, SPREAD),
            4,
            GRADED,
            tuple(f"shadow:{file}" for file in files),
            "The same module beside right answers that do not need it.",
            files=files,
        )
        for name, files in SHADOWS.items()
    ),
    *(
        Case(
            f"ships_{name}",
            answers(MEAN, NO_SPREAD),
            2,
            GRADED,
            (),
            "Files that Python, the shell or nbgrader might read; mean is right, spread is not.",
            files=files,
        )
        for name, files in BESIDE.items()
    ),
    *(
        Case(
            f"links_to_{name}",
            answers(first="import os\n\nfor name in os.listdir():\n    print(name)"),
            4,
            GRADED,
            (f"symlink:{link}",),
            "A link among the files; it is neither followed nor copied.",
            files={link: Symlink(target)},
        )
        for name, (link, target) in LINKS.items()
    ),
    Case(
        "links_out_of_a_folder",
        answers(),
        4,
        GRADED,
        (),
        "A link inside of a folder.",
        files={"data/inside/passwd": Symlink("/etc/passwd"), "data/real.csv": b"x"},
    ),
    *(
        Case(
            f"ships_a_{kind}",
            answers(),
            4,
            GRADED,
            (f"special:data.{kind}",),
            "A file that blocks or fails whoever opens it.",
            files={f"data.{kind}": Special(kind)},
        )
        for kind in ("fifo", "socket")
    ),
    Case(
        "ships_a_file_of_3_gb",
        answers(),
        4,
        GRADED,
        ("big_file:data.bin",),
        "A giant beside the notebook is not copied from place to place.",
        files={"data.bin": Sparse(3 << 30)},
    ),
    *(
        Case(
            f"its_notebook_is_{name}",
            answers(),
            0,
            FAILED,
            flags,
            "In the notebook's place; there is nothing of its own to grade.",
            files={NOTEBOOK: content},
        )
        for name, (content, flags) in IN_PLACE.items()
    ),
    Case(
        "its_notebook_is_not_there",
        raw(b""),
        0,
        FAILED,
        (),
        "A folder with other files only.",
        files={NOTEBOOK: None, "report.docx": b"PK", "answers.py": b"x = 1\n"},
    ),
    Case(
        "its_notebook_has_another_name",
        raw(b""),
        0,
        FAILED,
        (),
        "A notebook of another name put there by hand; the reason names it, nothing is guessed.",
        files={NOTEBOOK: None, "과제.ipynb": b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'},
    ),
    *(
        Case(
            f"a_stamp_{name}",
            answers(),
            4,
            GRADED,
            flags,
            "A time of the hand-in that says little.",
            {"timestamp.txt": content},
        )
        for name, (content, flags) in STAMPS.items()
    ),
]
