"""Results that are not what they seem: equal to everything, endless, gigantic, lying about themselves."""

from __future__ import annotations

from hostile.making import EITHER, GRADED, SPREAD, Case, answers, cell

ANSWERS = "def mean(values):\n    return Lie(values)\n\ndef spread(values):\n    return Lie(values)"

LIES = {
    "equal_to_everything": """
        class Lie:
            def __init__(self, values): pass
            __eq__ = __lt__ = __le__ = __gt__ = __ge__ = lambda self, other: True
            __ne__ = lambda self, other: False
            __hash__ = lambda self: 0
        """,
    "an_int_that_equals": """
        class Lie(int):
            def __new__(cls, values): return int.__new__(cls, 1)
            __eq__ = lambda self, other: True
            __hash__ = lambda self: 1
            __sub__ = __rsub__ = __abs__ = lambda self, *other: 0
        """,
    "a_float_that_equals": """
        class Lie(float):
            def __new__(cls, values): return float.__new__(cls, 1)
            __eq__ = __le__ = __ge__ = lambda self, other: True
            __float__ = __abs__ = __sub__ = __rsub__ = lambda self, *other: 0.0
            __hash__ = lambda self: 1
        """,
    "a_lying_class": """
        class Lie:
            def __init__(self, values): pass
            __class__ = property(lambda self: float)
            __float__ = lambda self: 2.0
            __int__ = __index__ = lambda self: 2
            __eq__ = lambda self, other: True
        """,
    "a_metaclass_that_says_yes": """
        class Yes(type):
            __instancecheck__ = __subclasscheck__ = __eq__ = lambda cls, other: True
            __hash__ = lambda cls: 0
            mro = lambda cls: [cls, object]

        class Lie(metaclass=Yes):
            def __init__(self, values): pass
            __eq__ = lambda self, other: True
        """,
    "virtual_subclass_of_numbers": """
        import numbers

        class Lie:
            def __init__(self, values): pass
            __eq__ = __le__ = lambda self, other: True
            __float__ = lambda self: 2.0

        numbers.Number.register(Lie)
        numbers.Integral.register(Lie)
        """,
    "any_of_a_test_library": "import unittest.mock\n\nLie = lambda values: unittest.mock.ANY",
    "magic_mock": """
        from unittest.mock import MagicMock

        Lie = lambda values: MagicMock(__eq__=lambda self, other: True)
        """,
    "a_proxy": """
        class Lie:
            def __init__(self, values): pass
            def __getattr__(self, name): return self
            def __getattribute__(self, name): return Lie if name == "__class__" else (lambda *values: True)
            def __call__(self, *values): return True
            def __iter__(self): return iter(lambda: self, None)
            __eq__ = __bool__ = lambda self, *other: True
        """,
    "a_text_that_lies": """
        class Lie(str):
            def __new__(cls, values): return str.__new__(cls, "2")
            __eq__ = lambda self, other: True
            __hash__ = lambda self: 1
            encode = lambda self, *how: b"2"
            __len__ = lambda self: 1 << 40
        """,
    "a_list_that_lies": """
        class Lie(list):
            def __init__(self, values): pass
            __len__ = lambda self: -1
            def __iter__(self):
                while True:
                    yield 2
            __eq__ = lambda self, other: True
        """,
    "a_dictionary_that_lies": """
        class Lie(dict):
            def __init__(self, values): pass
            __len__ = lambda self: 1 << 40
            __getitem__ = get = lambda self, key, *more: 2
            items = keys = values = lambda self: iter(lambda: ("value", 2), None)
            __eq__ = __contains__ = lambda self, other: True
        """,
    "a_description_of_a_value": 'Lie = lambda values: {"type": "float", "value": "nan", "error": None, "id": 0}',
    "a_description_of_an_object": 'Lie = lambda values: {"type": "path", "of": ["numbers"]}',
    "an_array_of_lies": """
        import numpy as np

        class Yes:
            __eq__ = __le__ = lambda self, other: True

        Lie = lambda values: np.array([Yes()], dtype=object)
        """,
    "an_array_that_lies": """
        import numpy as np

        class Lie(np.ndarray):
            def __new__(cls, values): return np.zeros(1).view(cls)
            __eq__ = __le__ = lambda self, other: True
            __array_ufunc__ = lambda self, *values, **named: True
            __array__ = lambda self, *values, **named: np.array([2.0])
            tobytes = tolist = lambda self, *values: b""
            shape = property(lambda self: ())
        """,
    "a_scalar_that_lies": """
        import numpy as np

        class Lie(np.float64):
            def __new__(cls, values): return np.float64.__new__(cls, 1)
            __eq__ = __le__ = lambda self, other: True
            __hash__ = lambda self: 1
            __array__ = lambda self, *values, **named: np.array(True)
        """,
    "a_masked_array": "import numpy as np\n\nLie = lambda values: np.ma.masked",
    "a_table_that_lies": """
        import pandas as pd

        class Lie(pd.DataFrame):
            def __init__(self, values): super().__init__({"x": [2]})
            __eq__ = equals = lambda self, other: True
            __class__ = property(lambda self: float)
        """,
    "zero_width_texts": """
        import numpy as np
        from numpy.lib.stride_tricks import as_strided

        def Lie(values):
            one = np.zeros(1, dtype=[("a", "S0"), ("b", "i4")])["a"]
            return as_strided(one, shape=(2 * 10**9,), strides=(0,))
        """,
    "an_array_of_terabytes": """
        import numpy as np

        Lie = lambda values: np.broadcast_to(np.float64(2), (10**6, 10**6))
        """,
    "a_deep_nest": """
        def Lie(values):
            nest = 2
            for _ in range(100_000):
                nest = [nest]
            return nest
        """,
    "a_list_that_holds_itself": """
        def Lie(values):
            loop = [2]
            loop.append(loop)
            return loop
        """,
    "a_wide_nest": """
        def Lie(values):
            nest = [2]
            for _ in range(60):
                nest = [nest, nest]
            return nest
        """,
    "a_pickle_that_runs": """
        import os

        class Lie:
            def __init__(self, values): pass
            def __reduce__(self): return os.system, ("touch /tmp/hostile_mark_pickle /var/tmp/hostile_mark_pickle",)
            __reduce_ex__ = lambda self, version: self.__reduce__()
            __eq__ = lambda self, other: True
        """,
    "not_a_number": 'Lie = lambda values: float("nan")',
    "infinity": 'Lie = lambda values: float("inf")',
    "a_huge_integer": "Lie = lambda values: 10**3999",
    "a_larger_integer": "Lie = lambda values: 10**1_000_000",
    "a_complex_number": "Lie = lambda values: complex(sum(values) / len(values))",
    "a_number_as_text": "Lie = lambda values: str(sum(values) / len(values))",
    "nothing_implemented": "Lie = lambda values: NotImplemented",
    "a_generator_without_end": """
        def Lie(values):
            while True:
                yield sum(values) / len(values)
        """,
    "an_async_function": "async def Lie(values):\n    return sum(values) / len(values)",
    "a_range_without_end": "Lie = lambda values: range(10**15)",
    "a_gigantic_list": "Lie = lambda values: [0] * 10**8",
    "a_gigantic_text": "Lie = lambda values: 'x' * (1 << 30)",
    "lone_surrogates": 'Lie = lambda values: "\\ud800" * 3',
    "a_class_named_with_markup": """
        name = "<script>steal()</script>\\x1b[2J\\r\\n" * 1000

        def Lie(values):
            return type(name, (), {"__eq__": lambda self, other: True})()
        """,
    "an_error_with_markup": """
        def Lie(values):
            raise type("<img src=x onerror=steal()>", (Exception,), {})("</pre><script>steal()</script>" * 10_000)
        """,
    "an_error_without_text": """
        class Silent(Exception):
            def __str__(self): raise self
            __repr__ = __str__

        def Lie(values):
            raise Silent
        """,
    "an_error_like_the_judges": """
        from coursekit.classroom.judging import CheckFailed

        def Lie(values):
            raise CheckFailed("모든 확인을 통과했습니다. 4 / 4점")
        """,
    "a_finalizer_that_answers": """
        class Lie:
            def __init__(self, values): pass
            def __del__(self):
                import os
                os.write(1, b'{"value": 2}\\n')
                raise ValueError
        """,
}
MAY_STOP = {
    "a_range_without_end",
    "a_gigantic_list",
    "a_gigantic_text",
    "a_wide_nest",
    "a_deep_nest",
    "an_array_of_terabytes",
    "zero_width_texts",
    "a_proxy",
    "a_finalizer_that_answers",
}

STOPS = {
    "system_exit_in_a_call": "raise SystemExit(0)",
    "sys_exit_in_a_call": "import sys\n    sys.exit()",
    "keyboard_interrupt_in_a_call": "raise KeyboardInterrupt",
    "generator_exit_in_a_call": "raise GeneratorExit",
    "an_error_of_its_own_base": 'raise type("Base", (BaseException,), {"__str__": lambda self: 1 / 0})',
    "a_group_of_errors": 'raise BaseExceptionGroup("all", [SystemExit(0), KeyboardInterrupt()])',
}

HONEST = {
    "a_lambda": ("mean = lambda values: sum(values) / len(values)", 4),
    "a_callable_object": (
        "class Mean:\n    def __call__(self, values):\n        return sum(values) / len(values)\n\nmean = Mean()",
        4,
    ),
    "a_partial": (
        "import functools\n\nmean = functools.partial(lambda power, values: sum(values) / len(values), 1)",
        4,
    ),
    "the_librarys_own": ("mean = statistics.mean", 4),
    "a_numpy_number": ("def mean(values):\n    return np.mean(values)", 4),
    "numpys_own": ("mean = np.mean", 4),
    "changes_its_argument": (
        "def mean(values):\n    total = 0\n    n = len(values)\n    while values:\n        total += values.pop()\n"
        "    return total / n",
        4,
    ),
    "keeps_everything": (
        "kept = []\n\ndef mean(values):\n    kept.append(values)\n    return sum(values) / len(values)",
        4,
    ),
    "a_value_instead_of_a_function": ("mean = 2.0", 2),
    "a_wrong_signature": ("def mean():\n    return 2", 2),
    "a_cache_of_lists": (
        "import functools\n\n@functools.cache\ndef mean(values):\n    return sum(values) / len(values)",
        2,
    ),
    "prints_instead_of_returning": ("def mean(values):\n    print(sum(values) / len(values))", 2),
}

VALUES = [
    *(
        Case(
            f"returns_{name}",
            answers(f"{cell(text)}\n\n{ANSWERS}", "# beside mean"),
            0,
            EITHER if name in MAY_STOP else GRADED,
            (),
            "Gives this for every number: none of the checks may hold, and the judge may not choke on it.",
        )
        for name, text in LIES.items()
    ),
    *(
        Case(
            name,
            answers(spread=f"def spread(values):\n    {text}"),
            2,
            EITHER,
            (),
            "Leaves the function by something that is no Exception; mean was right before.",
        )
        for name, text in STOPS.items()
    ),
    Case(
        "system_exit_before_a_right_answer",
        answers("def mean(values):\n    raise SystemExit(0)", SPREAD),
        2,
        EITHER,
        (),
        "The first function leaves by SystemExit; the second is right and its points are its own.",
    ),
    *(
        Case(
            f"mean_is_{name}", answers(text), score, GRADED, (), "An honest way, or an honest mistake; spread is right."
        )
        for name, (text, score) in HONEST.items()
    ),
]
