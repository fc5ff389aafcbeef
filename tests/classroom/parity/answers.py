"""What students write into each answer cell: right, wrong, noisy, broken, and odd in every way that runs.

Nothing here writes on stderr while a test cell runs, displays a value in one or starts a second
event loop: there plain nbgrader and we differ by design, and ``test_parity_with_nbgrader`` shows it.
"""

from __future__ import annotations

import re


def _pool(text: str) -> dict[str, str | None]:
    """Read percent cells: name -> answer. The first entry leaves the cell as it was released."""
    parts = re.split(r"^# %% (.+)\n", text, flags=re.MULTILINE)
    return {"stub": None} | {name: answer.strip("\n") for name, answer in zip(parts[1::2], parts[2::2], strict=True)}


MEAN = _pool(r"""
# %% right
def mean(values):
    return sum(values) / len(values)

# %% median
def mean(values):
    return statistics.median(values)

# %% prints
def mean(values):
    print('받은 값', values)
    return sum(values) / len(values)
print(mean([1]))

# %% loop
def mean(values):
    total = 0
    for one in values:
        total += one
    return total / len(values)

# %% syntax error
def mean(values)
    return sum(values) / len(values)

# %% timed
%%time
def mean(values):
    return sum(values) / len(values)

# %% raises
def mean(values):
    raise ValueError(f'{len(values)}개는 못 합니다')

# %% array
def mean(values):
    return np.mean(values)

# %% says much
def mean(values):
    for line in range(1500):
        print(line, 'x' * 40)
    return sum(values) / 3

# %% forgets to return
def mean(values):
    sum(values) / len(values)

# %% shell
files = !echo 3 1 2
print(files)
def mean(values):
    return sum(values) / len(values)

# %% shadows a builtin
sum = 0
def mean(values):
    return sum(values) / len(values)

# %% warns outside
import warnings
warnings.warn('곧 바뀝니다')
def mean(values):
    return sum(values) / len(values)

# %% callable object
class Mean:
    def __call__(self, values):
        return math.fsum(values) / len(values)
mean = Mean()

# %% error first
print(undefined_name)
def mean(values):
    return sum(values) / len(values)

# %% error last
def mean(values):
    return sum(values) / len(values)
mean([])

# %% text
def mean(values):
    return str(sum(values) / len(values))

# %% guarded
if __name__ == '__main__':
    def mean(values):
        return sum(values) / len(values)

# %% captured
%%capture
print('아무도 못 봅니다')
def mean(values):
    return sum(values) / len(values)

# %% changes the setup
numbers.append(40)
def mean(values):
    return sum(values) / len(values)

# %% empty

# %% timeit
%%timeit -n 2 -r 1
def mean(values):
    return sum(values) / len(values)

# %% own file
from helper import average as mean

# %% exits
import sys

def mean(values):
    sys.exit(1)

# %% recursive
def mean(values, at=0):
    return values[at] / len(values) + (mean(values, at + 1) if at + 1 < len(values) else 0)

# %% endless recursion
def mean(values):
    return mean(values)

# %% own exception
class Odd(Exception):
    def __str__(self):
        return 1 / 0

def mean(values):
    raise Odd

# %% awaits
import asyncio
await asyncio.sleep(0)
def mean(values):
    return sum(values) / len(values)
""")

SPREAD = _pool(r"""
# %% right
def spread(values):
    return max(values) - min(values)

# %% first and last
def spread(values):
    return values[0] - values[-1]

# %% sorted
def spread(values):
    ordered = sorted(values)
    return ordered[-1] - ordered[0]

# %% sign
def spread(values):
    return min(values) - max(values)

# %% array
def spread(values):
    return float(np.ptp(np.asarray(values)))

# %% only positive
def spread(values):
    return max(values) - min(one for one in values if one > 0)

# %% displays
def spread(values):
    return max(values) - min(values)

from IPython.display import HTML, display
display(HTML('<b>표</b>'))
spread([1, 5])

# %% lambda
spread = lambda values: max(values) - min(values)

# %% wrong name
def range_of(values):
    return max(values) - min(values)

# %% source
import inspect
def spread(values):
    return max(values) - min(values)
assert 'max' in inspect.getsource(spread)

# %% pickled
import pickle

class Spread:
    def __call__(self, values):
        return max(values) - min(values)
spread = pickle.loads(pickle.dumps(Spread()))

# %% indentation
def spread(values):
return 0

# %% asserts
def spread(values):
    return max(values) - min(values)
assert spread([1, 2]) == 2, '제 생각은 다릅니다'

# %% line magic
%timeit -n 1 -r 1 max([1, 2])
%who
def spread(values):
    return max(values) - min(values)

# %% threads
from concurrent.futures import ThreadPoolExecutor

def spread(values):
    with ThreadPoolExecutor(2) as pool:
        low, high = pool.map(lambda f: f(values), [min, max])
    return high - low

# %% processes
import multiprocessing

def spread(values):
    with multiprocessing.get_context('fork').Pool(1) as pool:
        return max(values) - pool.apply(min, (values,))

# %% interrupts
def spread(values):
    raise KeyboardInterrupt

# %% history
def spread(values):
    return max(values) - min(values)
print(len(In) > 1, get_ipython() is not None)

# %% stderr outside
import sys
print('여기까지 왔습니다', file=sys.stderr)
def spread(values):
    return max(values) - min(values)

# %% asks
try:
    input('값은? ')
except Exception as error:
    print('못 물었습니다')
def spread(values):
    return max(values) - min(values)

# %% cached
import functools

@functools.lru_cache
def _spread(values):
    return max(values) - min(values)

def spread(values):
    return _spread(tuple(values))

# %% remembers
seen = []

def spread(values):
    seen.append(values)
    return max(values) - min(values) + (len(seen) > 2)
""")

SCALE = _pool(r"""
# %% right
def scale(values):
    centre, width = statistics.fmean(values), statistics.pstdev(values)
    return [(one - centre) / width for one in values]

# %% array
def scale(values):
    values = np.asarray(values)
    return (values - values.mean()) / values.std()

# %% sample deviation
def scale(values):
    centre, width = statistics.fmean(values), statistics.stdev(values)
    return [(one - centre) / width for one in values]

# %% not centred
def scale(values):
    return [one / statistics.pstdev(values) for one in values]

# %% debugs
def scale(values):
    centre, width = statistics.fmean(values), statistics.pstdev(values)
    print(centre, width)
    return [(one - centre) / width for one in values]

# %% one short
def scale(values):
    centre, width = statistics.fmean(values), statistics.pstdev(values)
    return [(one - centre) / width for one in values][1:]

# %% type error
def scale(values):
    return values - statistics.fmean(values)

# %% generator
def scale(values):
    centre, width = statistics.fmean(values), statistics.pstdev(values)
    yield from ((one - centre) / width for one in values)

# %% random
import random
random.seed(7)
noise = random.random()
def scale(values):
    centre, width = statistics.fmean(values), statistics.pstdev(values)
    return [(one - centre + 0 * noise) / width for one in values]

# %% loads an extension
%load_ext autoreload
%autoreload 0
def scale(values):
    centre, width = statistics.fmean(values), statistics.pstdev(values)
    return [(one - centre) / width for one in values]

# %% bash
%%bash
echo scale

# %% deletes numbers
del numbers
def scale(values):
    centre, width = statistics.fmean(values), statistics.pstdev(values)
    return [(one - centre) / width for one in values]

# %% dataclass
from dataclasses import dataclass

@dataclass(frozen=True)
class Moments:
    centre: float
    width: float

def scale(values):
    m = Moments(statistics.fmean(values), statistics.pstdev(values))
    return [(one - m.centre) / m.width for one in values]

# %% long line
def scale(values):
    centre, width = statistics.fmean(values), statistics.pstdev(values)
    return [(one - centre) / width for one in values]
print('가' * 30_000)
""")

COLUMN = _pool(r"""
# %% right
def column(path):
    with open(path, encoding="utf-8") as file:
        return [float(row["value"]) for row in csv.DictReader(file)]

# %% second field
def column(path):
    with open(path) as file:
        return [float(line.split(',')[0]) for line in list(file)[1:]]

# %% pandas
import pandas as pd

def column(path):
    return pd.read_csv(path)['value'].astype(float).tolist()

# %% texts
def column(path):
    with open(path, encoding="utf-8") as file:
        return [(row["value"]) for row in csv.DictReader(file)]

# %% fixed
def column(path):
    return [3.0, 1.0, 2.0]

# %% absolute
def column(path):
    return open('/no/such/' + path).read()

# %% writes a file
with open('notes.txt', 'w') as file:
    file.write('값')
def column(path):
    with open(path, encoding="utf-8") as file:
        return [float(row["value"]) for row in csv.DictReader(file)]
print(open('notes.txt').read())

# %% writes a module
%%writefile reader.py
import csv

def column(path):
    with open(path) as file:
        return [float(row['value']) for row in csv.DictReader(file)]

# %% shown table
import pandas as pd
table = pd.read_csv('numbers.csv')
def column(path):
    return pd.read_csv(path)['value'].astype(float).tolist()

table

# %% own data
def column(path):
    own = open('own_data.csv').read()
    with open(path, encoding='utf-8') as file:
        return [float(row['value']) for row in csv.DictReader(file)] if own else []
""")

REFLECTION = _pool(r"""
# %% answered
단위가 다른 값을 견줄 수 있습니다.

# %% long
# 제 생각

척도를 맞추면 학습률을 고르기 쉽습니다.
척도를 맞추면 학습률을 고르기 쉽습니다.
척도를 맞추면 학습률을 고르기 쉽습니다.
척도를 맞추면 학습률을 고르기 쉽습니다.
척도를 맞추면 학습률을 고르기 쉽습니다.
척도를 맞추면 학습률을 고르기 쉽습니다.
척도를 맞추면 학습률을 고르기 쉽습니다.

# %% emptied

# %% nearly the stub
  여기에 답을 쓰세요.

# %% html
<script>alert('점수')</script> $x^2$ <b>굵게</b>
""")

EXPERIMENT = _pool(r"""
# %% answered
print([one ** 2 for one in numbers])

# %% an error
numbers['a']

# %% a comment
# 하지 않았습니다

# %% a value
sorted(numbers)
""")

CODE = {"solution_mean": MEAN, "solution_spread": SPREAD, "solution_scale": SCALE, "solution_column": COLUMN}
BY_HAND = {"reflection": REFLECTION, "experiment": EXPERIMENT}
