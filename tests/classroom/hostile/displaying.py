"""Outputs, prompts and magics: floods, scripts, noise; and honest notebooks that look odd."""

from __future__ import annotations

from hostile.making import EITHER, GRADED, MEAN, NO_MEAN, SPREAD, Case, answers, cell

FLOODS = {
    "120_mb_of_prints": "for _ in range(1200):\n    print('가' * 33_000)",
    "120_mb_in_one_print": "print('x' * 120_000_000)",
    "120_mb_on_descriptor_1": "import os\nfor _ in range(1200):\n    os.write(1, b'x' * 100_000)",
    "10_mb_from_a_shell": "!head -c 10000000 /dev/zero",
    "120_mb_from_a_program": "import subprocess\nsubprocess.run(['head', '-c', '120000000', '/dev/zero'])",
    "120_mb_on_stderr": "import sys\nfor _ in range(1200):\n    sys.stderr.write('x' * 100_000)",
    "a_display_of_50_mb": "from IPython.display import HTML, display\ndisplay(HTML('<p>' + 'x' * 50_000_000 + '</p>'))",
    "a_result_of_50_mb": "class Long:\n    def __repr__(self):\n        return 'x' * 50_000_000\n\nLong()",
    "twenty_thousand_displays": "from IPython.display import display\nfor _ in range(20_000):\n    display(None)",
    "three_hundred_thousand_lines": "for _ in range(300_000):\n    print()",
    "fifty_thousand_flushes": "for _ in range(50_000):\n    print('x', flush=True)",
    "three_thousand_updates": """
        from IPython.display import clear_output, display
        handle = display("x", display_id=True)
        for _ in range(3000):
            handle.update("y" * 1000)
            clear_output(wait=True)
        """,
    "an_error_of_50_mb": "raise ValueError('x' * 50_000_000)",
    "a_traceback_of_thousands": "def down(n):\n    return down(n - 1) if n else 1 / 0\n\ndown(900)",
    "a_picture_of_20_mb": """
        from IPython.display import display
        display({"image/png": "iVBOR" + "A" * 20_000_000, "text/plain": "picture"}, raw=True)
        """,
    "a_hundred_kinds_of_display": """
        from IPython.display import display
        display({f"application/x-{n}": "x" * 100_000 for n in range(100)} | {"text/plain": "all"}, raw=True)
        """,
    "a_deep_display": """
        from IPython.display import display
        nest = []
        for _ in range(900):
            nest = [nest]
        display({"application/json": nest, "text/plain": "deep"}, raw=True)
        """,
    "a_display_of_no_json": """
        from IPython.display import display
        display({"application/json": {1: float("nan"), "x": object()}, 3: b"x", "text/plain": 7}, {"m": {1}}, raw=True)
        """,
    "binary_junk_on_descriptor_1": "import os\nos.write(1, bytes(range(256)) * 400)\nos.write(2, b'\\xff\\xfe\\x00')",
    "half_a_character": "import os\nos.write(1, '가'.encode()[:2])",
    "control_characters": "print('\\x1b[2J\\x1b]0;title\\x07\\x00\\x08\\r\\x85\\u2028\\u202e' * 100)",
    "lone_surrogates": "print('\\ud800\\udfff')",
    "colours_without_end": "print('\\x1b[31m' * 50_000)",
}
"""In a cell after the right answers."""

SCRIPTS = {
    "html": """
        from IPython.display import HTML, display
        display(HTML('<script>steal()</script><b onclick="x()">b</b>'))
        """,
    "javascript": "from IPython.display import Javascript, display\ndisplay(Javascript('steal()'))",
    "svg": "from IPython.display import SVG, display\n"
    'display(SVG(\'<svg xmlns="http://www.w3.org/2000/svg" onload="steal()"><script>steal()</script></svg>\'))',
    "markdown": "from IPython.display import Markdown, display\n"
    "display(Markdown('[x](javascript:steal()) <img src=x onerror=steal()>'))",
    "latex": "from IPython.display import Latex, display\ndisplay(Latex('$\\\\href{javascript:steal()}{x}$'))",
    "frame": "from IPython.display import IFrame, display\ndisplay(IFrame('https://x.example/', 10, 10))",
    "remote_picture": "from IPython.display import Image, display\ndisplay(Image(url='https://x.example/pixel.png'))",
    "html_in_a_picture": """
        from IPython.display import display
        script = '"><script>steal()</script>'
        pictures = {"image/png": script, "image/jpeg": ["x"], "image/svg+xml": "<svg onload=steal()>"}
        display(pictures, {"image/png": {"width": '1" onload="steal()', "alt": script}}, raw=True)
        """,
    "half_open_tags": """
        from IPython.display import HTML, display
        texts = [
            "<scr<script>ipt>steal()</scr</script>ipt>",
            "<!--><script>steal()</script>",
            "<style>@import 'x'",
            "<math><mi//xlink:href='javascript:steal()'>",
            "<a href=' &#1;javascript:steal()'>x</a>",
            "<svg><foreignObject><script>steal()",
            "</div></body></html><form action=x><input autofocus onfocus=x()>",
            "<textarea><script>steal()</script>",
            "<base href='https://x.example/'>",
            "<meta http-equiv=refresh content='0;url=https://x.example/'>",
        ]
        for text in texts:
            display(HTML(text))
        """,
    "prints": "print('</pre><script>steal()</script><pre>')",
    "errors": "raise type('<script>steal()</script>', (Exception,), {})('<img src=x onerror=steal()>')",
    "names": "exec(compile('1 / 0', '<script>steal()</script>', 'exec'))",
    "widgets": """
        from IPython.display import display
        kinds = {
            "application/vnd.jupyter.widget-view+json": {"model_id": "<script>"},
            "application/vnd.plotly.v1+json": {"data": [{"name": "<script>"}], "layout": {"title": "</script>"}},
            "text/plain": "<script>steal()</script>",
        }
        display(kinds, raw=True)
        """,
}

MAGICS = {
    "bash": "%%bash\necho one\nfalse",
    "shell_line": "!cat /etc/hostname\n!exit 3",
    "shell_value": "listed = !ls\nprint(len(listed))",
    "an_unknown_extension": "%load_ext autoreload_of_nothing",
    "autoreload": "%load_ext autoreload\n%autoreload 2",
    "matplotlib": "%matplotlib inline",
    "time": "%%time\nsum(range(1000))",
    "timeit": "%timeit -n 1 -r 1 sum(range(10))",
    "html_cell": "%%html\n<b>bold</b><script>steal()</script>",
    "javascript_cell": "%%javascript\nsteal()",
    "another_folder": "%cd ..\n%cd /\n%pwd",
    "a_written_file": "%%writefile helper.py\nx = 1",
    "a_run_file": "%run helper_that_is_not_there.py",
    "an_installer": "%pip install --quiet --dry-run --no-index nothing_of_this_name",
    "environment": "%env LMS=1\n%env",
    "reset": "%reset_selective -f nothing_like_this",
    "history": "%history -n 1-3\n%whos",
    "help": "sum?\nprint??",
    "an_unknown_magic": "%nothing_like_this\n",
    "system_cell": "%%sh\nls",
    "capture": "%%capture kept\nprint('hidden')",
    "python2": "%%python2\nprint 'x'",
    "prun": "%prun -q sum(range(10))",
    "debug": "%pdb on",
    "precision": "%precision 2\n3.14159",
}

ODD = {
    "prompt": "name = input('이름: ')",
    "secret_prompt": "import getpass\ngetpass.getpass()",
    "read_standard_input": "import sys\nprint(sys.stdin.read())",
    "breakpoint": "breakpoint()",
    "sys_exit": "import sys\nsys.exit(1)",
    "system_exit": "raise SystemExit",
    "interrupt": "raise KeyboardInterrupt",
    "top_level_await": "import asyncio\nawait asyncio.sleep(0)\nprint(await asyncio.gather(asyncio.sleep(0, 3)))",
    "own_event_loop": """
        import asyncio
        try:
            asyncio.run(asyncio.sleep(0))
        except RuntimeError as error:
            print(error)
        """,
    "plotly": "import plotly.graph_objects as go\nfigure = go.Figure(go.Scatter(y=[1, 2]))\nfigure.show()\nfigure",
    "missing_library": "import matplotlib_that_nobody_has.pyplot as plt\nplt.plot([1])",
    "a_table": "import pandas as pd\npd.DataFrame({'<b>x</b>': [1, 2]})",
    "warnings": "import warnings\nwarnings.warn('곧 바뀝니다', DeprecationWarning)\nwarnings.warn('곧 바뀝니다')",
    "warnings_as_errors": "import warnings\nwarnings.simplefilter('error')",
    "logging": "import logging\nlogging.basicConfig(level=10)\nlogging.warning('x')",
    "progress": "import sys, time\nfor n in range(100):\n    print(f'\\r{n}%', end='', file=sys.stderr)",
    "a_syntax_error": "def unfinished(:",
    "an_indentation_error": "  x = 1\n y = 2",
    "an_error_before_the_answers": "1 / 0",
    "a_stop_iteration": "raise StopIteration",
    "text_only": "여기는 코드가 아닙니다",
    "a_changed_recursion_limit": "import sys\nsys.setrecursionlimit(120)",
    "a_changed_locale": "import locale, os\nos.environ['LANG'] = 'C'\nlocale.setlocale(locale.LC_ALL, 'C')",
    "a_changed_umask": "import os\nos.umask(0o777)",
    "a_thread_that_goes_on": "import threading, time\nthreading.Thread(target=time.sleep, args=[5]).start()",
    "a_child_that_goes_on": "import subprocess\nsubprocess.Popen(['sleep', '5'])",
    "multiprocessing": "import multiprocessing\nwith multiprocessing.get_context('fork').Pool(2) as pool:\n"
    "    print(pool.map(abs, [-1]))",
    "much_random": "import random\nimport numpy as np\nrandom.seed(1)\nnp.random.seed(1)",
    "a_name_of_a_module": "math = random = json = os = sys = np = None",
    "a_name_of_a_builtin": "sum_ = sum\nlist = dict = print = open = type = str = None",
}
"""Before the right answers, in a cell of the student's own, as honest students do."""

NOISY = "import os, sys, threading, warnings\n\n" + cell("""
    def mean(values):
        warnings.warn("곧 바뀝니다")
        print("평균", file=sys.stderr)
        os.write(2, b"from C\\n")
        os.system("echo from a shell >&2")
        threading.Thread(target=lambda: print("x", file=sys.stderr)).start()
        return sum(values) / len(values)
    """)

OUTPUTS = [
    *(
        Case(
            f"floods_by_{name}",
            answers(between=text),
            4,
            EITHER,
            (),
            "More output than anybody reads; a limit cuts it.",
        )
        for name, text in FLOODS.items()
    ),
    Case(
        "floods_in_a_call",
        answers(MEAN.replace("    return", "    print('x' * 30_000_000)\n    return")),
        4,
        EITHER,
        (),
        "Prints 30 MB at each call of a right function.",
    ),
    *(
        Case(f"script_in_{name}", answers(last=text), 4, GRADED, (), "A script for whoever reads the page.")
        for name, text in SCRIPTS.items()
    ),
    *(
        Case(
            f"script_in_{name}_of_a_call",
            answers("def mean(values):\n" + "\n".join(f"    {line}" for line in cell(SCRIPTS[name]).split("\n"))),
            2,
            GRADED,
            (),
            "A script in what a check shows; spread is right.",
        )
        for name in ("html", "prints", "errors")
    ),
    *(
        Case(f"magic_{name}", answers(first=text), 4, GRADED, (), "A magic before right answers, working or not.")
        for name, text in MAGICS.items()
    ),
    *(
        Case(f"odd_{name}", answers(first=text), 4, GRADED, (), "Odd or wrong, but the functions are right.")
        for name, text in ODD.items()
    ),
    *(
        Case(
            f"odd_{name}_at_the_{place}",
            answers(first=name if place == "start" else (), last=name if place == "end" else ()),
            4 if place == "end" else (4, 0),
            EITHER,
            (),
            "Leaves the shell as one leaves a terminal; at the start it may take the answers with it.",
        )
        for name in ("exit", "quit")
        for place in ("start", "end")
    ),
    Case(
        "noise_on_every_stderr",
        answers(NOISY, SPREAD),
        4,
        GRADED,
        (),
        "Warnings, prints, threads, C and shells on stderr: plain nbgrader takes the points for it.",
    ),
    Case(
        "warns_and_is_wrong",
        answers(NO_MEAN + "\n\nimport warnings\nwarnings.warn('x')", SPREAD),
        2,
        GRADED,
        (),
        "Noise beside a wrong answer.",
    ),
]
